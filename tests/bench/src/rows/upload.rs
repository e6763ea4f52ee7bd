//! A very large return, streamed in through `UploadReturn`: how long it takes beside a bare server
//! that reads the same messages, and what memory it takes beyond its own size.
//!
//! Memory is that of the service's process: its highest resident set while the file comes in and
//! is kept, less the resident set before the first one, with the edition loaded and what that took
//! given back, less the bytes of the file.

use std::cell::RefCell;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, ensure};
use bytes::Bytes;
use mesur_catalogue::ContentHash;
use mesur_proto::submission::v1::UploadReturnRequest;
use mesur_proto::submission::v1::upload_return_request::{Header, Part};
use prost::Message;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use uuid::Uuid;

use super::Effort;
use crate::content::{Submission, write_csv};
use crate::invented::{COLLECTION, PERIOD, Shape, authority_code};
use crate::load::Client;
use crate::measure::{Better, Measured, Side, alternate};
use crate::process::{forget_peak, memory, settled};
use crate::report::{Aim, Growth, Row};
use crate::server::Server;

pub(crate) const NAME: &str = "upload";

/// Bytes of a chunk: the most that the contract takes.
const CHUNK_BYTES: usize = 1024 * 1024;
/// Messages on their way to the connection.
const QUEUE: usize = 2;
/// A megabyte.
const MB: f64 = 1e6;

/// Ten times a large edition of today, and five million cells.
const SHAPES: [Shape; 2] = [large(2_000, 9), large(5_000, 999)];

const fn large(metrics: u32, categories: u32) -> Shape {
    Shape {
        metrics,
        categories,
        authorities: 1,
        rules: false,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every row")]
pub(crate) fn run(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let [small, large] = SHAPES.map(Shape::cells);
    let mut growth = [Growth::default(), Growth::default()];
    for shape in SHAPES {
        let (measured, note) = match upload(effort, shape) {
            Ok((time, memory, note)) => ([Some(time), Some(memory)], note),
            // That so large a return is refused is a result too.
            Err(error) => ([None, None], format!("{error:#}")),
        };
        let grown = |(measured, growth): (&Option<Measured>, &mut Growth)| {
            let measured = measured.as_ref();
            measured.map_or_else(String::new, |it| growth.note(large / small, it))
        };
        let mut grown = measured.iter().zip(&mut growth).map(grown);
        let [of_time, of_memory] = [grown.next(), grown.next()].map(Option::unwrap_or_default);
        let [time, memory] = measured;
        let size = format!("{} cells", shape.cells());
        rows.push(Row {
            name: NAME,
            size: format!("{size}, time"),
            unit: "s",
            better: Better::Less,
            measured: time,
            aims: Vec::new(),
            note: format!("{note}{of_time}"),
        });
        rows.push(Row {
            name: NAME,
            size: format!("{size}, memory above its own"),
            unit: "MB",
            better: Better::Less,
            measured: memory,
            aims: vec![Aim::Figure(64.0)],
            note: note + &of_memory,
        });
    }
    Ok(rows)
}

fn upload(effort: Effort, shape: Shape) -> anyhow::Result<(Measured, Measured, String)> {
    let runtime = Runtime::new().context("the runtime")?;
    let folder = tempfile::tempdir().context("a folder")?;
    let edition = folder.path().join("edition");
    std::fs::create_dir(&edition)?;
    shape.write_edition(&edition)?;
    let write = |turn| Upload::write(folder.path(), shape, turn);
    let (one, other) = (write(0)?, write(1)?);
    let start = Instant::now();
    let mesur = Server::submission(&folder.path().join("store"), &edition)?;
    let loaded = start.elapsed();
    let floor = Server::floor()?;
    let token = mesur.token(0)?;
    let connect = |server: &Server| {
        let nothing = Submission::new(&authority_code(0), PERIOD, &[], true)?;
        let submissions = [nothing.clone(), nothing];
        runtime.block_on(Client::connect(server.address(), token, submissions))
    };
    let (mut sender, mut caller) = (connect(&mesur)?, connect(&floor)?);
    let process = mesur.id().to_string();
    let before = settled(&process)?;
    let peaks = RefCell::new(Vec::new());
    let mut turn = false;
    let ours = || {
        // No two revisions in a row are the same.
        turn = !turn;
        // What the one before has freed is not this one's.
        settled(&process)?;
        forget_peak(&process)?;
        let file = if turn { &other } else { &one };
        let took = file.send(&runtime, &mut sender)?;
        let above = memory(&process, "VmHWM")? - before - f64::from(file.size_bytes);
        peaks.borrow_mut().push(above / MB);
        Ok(took)
    };
    let bare = || one.send(&runtime, &mut caller);
    let sides = vec![Side::new("Mesur", ours), Side::new("bare reading", bare)];
    let time = alternate(effort.rounds, Better::Less, sides)?;
    let memory = Measured::alone(&peaks.borrow());
    let note = format!(
        "a file of {:.1} MB; {:.0} MB resident with the edition loaded, which took {:.1} s",
        f64::from(one.size_bytes) / MB,
        before / MB,
        loaded.as_secs_f64(),
    );
    Ok((time, memory, note))
}

/// A file that is sent again and again.
struct Upload {
    file: PathBuf,
    size_bytes: u32,
    digest: String,
    rows: u32,
}

impl Upload {
    /// Writes a return; at another turn its first value is another one.
    fn write(folder: &Path, shape: Shape, turn: i64) -> anyhow::Result<Self> {
        let file = folder.join(format!("return-{turn}.csv"));
        let mut cells = shape.cells_of(1);
        let mut first = cells.next().context("a cell")?;
        first.value = first.value.map(|value| value ^ turn);
        let mut out = BufWriter::new(File::create(&file)?);
        let cells = std::iter::once(first).chain(cells);
        write_csv(&mut out, &authority_code(0), PERIOD, cells)?;
        out.flush()?;
        let mut hash = ContentHash::default();
        let mut size_bytes = 0;
        let mut bytes = File::open(&file)?;
        while let Some(chunk) = chunk(&mut bytes)? {
            size_bytes += u32::try_from(chunk.len())?;
            hash.update(chunk);
        }
        Ok(Self {
            file,
            size_bytes,
            digest: hash.finish(),
            rows: shape.cells(),
        })
    }

    /// The seconds from the first message to the answer.
    fn send(&self, runtime: &Runtime, client: &mut Client) -> anyhow::Result<f64> {
        let header = Header {
            name: format!(
                "authorities/{}/returns/{COLLECTION}-{PERIOD}",
                authority_code(0)
            ),
            size_bytes: self.size_bytes.into(),
            digest: self.digest.clone(),
            row_count: i32::try_from(self.rows)?,
            request_id: Uuid::new_v4().to_string(),
            ..Header::default()
        };
        let mut file = File::open(&self.file)?;
        let (sender, messages) = mpsc::channel(QUEUE);
        let start = Instant::now();
        let reading = std::thread::spawn(move || -> anyhow::Result<()> {
            // A server that has enough lets the stream go; its answer says why.
            let send = |part| sender.blocking_send(encoded(part)).is_ok();
            let mut goes_on = send(Part::Header(header));
            while goes_on && let Some(chunk) = chunk(&mut file)? {
                goes_on = send(Part::Chunk(chunk));
            }
            Ok(())
        });
        let answer = runtime.block_on(client.upload(ReceiverStream::new(messages)));
        let took = start.elapsed().as_secs_f64();
        let read = reading.join();
        answer?;
        ensure!(read.is_ok(), "the thread that reads the file panicked");
        Ok(took)
    }
}

fn encoded(part: Part) -> Bytes {
    UploadReturnRequest { part: Some(part) }
        .encode_to_vec()
        .into()
}

fn chunk(file: &mut File) -> anyhow::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::with_capacity(CHUNK_BYTES);
    file.take(u64::try_from(CHUNK_BYTES)?)
        .read_to_end(&mut bytes)?;
    Ok((!bytes.is_empty()).then_some(bytes))
}
