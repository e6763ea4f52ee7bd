//! Sending as a file, in chunks.
//!
//! A file is held in memory until it is whole, and is read away from the threads that serve. What
//! all files at once may take is bounded: one that does not fit is refused at its header. A few are
//! read at a time, because a spreadsheet takes several times its size while it is read. A stream
//! that is cut off, or that lasts longer than a call may, leaves nothing behind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mesur_access::Grant;
use mesur_catalogue::ContentHash;
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::upload_return_request::{Header, Part};
use mesur_returns::{Assembly, FileReading, FindingKind, Status as CellStatus};
use mesur_returns::{file_bytes_max, read_file, read_file_for_cells};
use mesur_rpc::Violation;
use mesur_rpc::idempotency::Mutation;
use mesur_wire::ReturnName;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Status, Streaming};

use super::fields::Fields;
use super::sending::{Options, Purpose, Sent, bare_message, checked_message};
use super::{Api, status};
use crate::error::{Error, invalid};

/// The most bytes of a chunk.
const CHUNK_BYTES_MAX: usize = 1024 * 1024;

/// What all files that are being taken in may take together: 256 MiB, some of the largest files of
/// an ordinary edition, and many real ones.
const ROOM_BYTES: usize = 256 * 1024 * 1024;

/// How much of that one caller may take with several files: a quarter, so that nobody keeps the
/// others out. A single file is let in whatever it takes.
const ROOM_BYTES_OF_ONE: usize = ROOM_BYTES / 4;

/// How many files are read at a time; the others wait.
const READINGS_MAX: usize = 4;

/// Room is given in pieces of this size.
const PIECE_BYTES: usize = 1024;

/// The field that findings of a file are told of.
const FIELD: &str = "file";

/// The room for files that are being taken in.
pub(crate) struct Room {
    pieces: Arc<Semaphore>,
    readings: Arc<Semaphore>,
    /// What each caller takes, in bytes.
    callers: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// Room that a file takes, until it is dropped.
struct Taken {
    _pieces: OwnedSemaphorePermit,
    callers: Arc<Mutex<BTreeMap<String, usize>>>,
    identity: String,
    size_bytes: usize,
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut callers = locked(&self.callers);
        if let Some(held) = callers.get_mut(&self.identity) {
            *held = held.saturating_sub(self.size_bytes);
            if *held == 0 {
                callers.remove(&self.identity);
            }
        }
    }
}

fn locked(callers: &Mutex<BTreeMap<String, usize>>) -> MutexGuard<'_, BTreeMap<String, usize>> {
    callers.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Room {
    fn default() -> Self {
        Self {
            pieces: Arc::new(Semaphore::new(ROOM_BYTES / PIECE_BYTES)),
            readings: Arc::new(Semaphore::new(READINGS_MAX)),
            callers: Arc::default(),
        }
    }
}

impl Room {
    /// The turn of a file to be read; given back when it is dropped.
    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed, and a reading without a turn would be one too many at the worst.
        Arc::clone(&self.readings).acquire_owned().await.ok()
    }

    /// Room for a file of so many bytes. A single file larger than all of it gets all of it.
    fn take(&self, identity: &str, size_bytes: usize) -> Result<Taken, Error> {
        let size_bytes = size_bytes.min(ROOM_BYTES);
        let mut callers = locked(&self.callers);
        let held = callers.get(identity).copied().unwrap_or(0);
        let after = held.saturating_add(size_bytes);
        if held > 0 && after > ROOM_BYTES_OF_ONE {
            return Err(Error::TooManyUploads);
        }
        let pieces = u32::try_from(size_bytes.div_ceil(PIECE_BYTES));
        let pieces = pieces.map_err(|_| Error::TooManyUploads)?;
        let room = Arc::clone(&self.pieces).try_acquire_many_owned(pieces);
        let room = room.map_err(|_| Error::TooManyUploads)?;
        callers.insert(identity.to_owned(), after);
        Ok(Taken {
            _pieces: room,
            callers: Arc::clone(&self.callers),
            identity: identity.to_owned(),
            size_bytes,
        })
    }
}

/// What the header declares.
struct Declared {
    size_bytes: usize,
    digest: String,
    row_count: i32,
}

impl Api {
    pub(super) async fn upload(
        &self,
        grant: Grant,
        mut stream: Streaming<pb::UploadReturnRequest>,
    ) -> Result<pb::SubmitReturnResponse, Status> {
        let header = read_header(&mut stream).await?;
        let (sent, declared) = self.read_declared(grant, header).await.map_err(status)?;
        let room = self.room.take(sent.sight.identity(), declared.size_bytes);
        let room = room.map_err(status)?;
        let bytes = read_chunks(&mut stream, &declared).await?;
        let taken = self.take_file(sent, declared.row_count, bytes, room);
        taken.await.map_err(status)
    }

    async fn read_declared(
        &self,
        grant: Grant,
        mut header: Header,
    ) -> Result<(Sent<'_>, Declared), Error> {
        let name = ReturnName::parse(&header.name).map_err(Error::name("header.name"))?;
        let sight = self.sight(grant).await?;
        sight.require(&name)?;
        let edition = self.edition_of(&name, &header.edition_digest, "header.name")?;
        let id = std::mem::take(&mut header.request_id);
        let mut fields = Fields::default();
        let bytes_max = file_bytes_max(&edition);
        let size_bytes = usize::try_from(header.size_bytes).unwrap_or(0);
        if !(1..=bytes_max).contains(&size_bytes) {
            let problem = format!("must be 1 to {bytes_max}");
            fields.fault(invalid("header.size_bytes", &problem));
        }
        if !is_digest(&header.digest) {
            let problem = "must be sha256: and 64 lower-case hexadecimal digits";
            fields.fault(invalid("header.digest", problem));
        }
        if header.row_count < 0 {
            fields.fault(invalid("header.row_count", "must not be negative"));
        }
        let options = Options {
            validate_only: header.validate_only,
            draft: header.draft,
            language_code: &header.language_code,
            mutation: Mutation::read(sight.grant(), "UploadReturn", &id, &header),
        };
        let (purpose, mutation, wording) = options.read(&self.wordings, fields)?;
        let declared = Declared {
            size_bytes,
            digest: header.digest,
            row_count: header.row_count,
        };
        let sent = Sent {
            name,
            edition,
            etag: header.etag,
            purpose,
            mutation,
            wording,
            sight,
            field: FIELD,
        };
        Ok((sent, declared))
    }

    async fn take_file(
        &self,
        sent: Sent<'_>,
        row_count: i32,
        bytes: Vec<u8>,
        room: Taken,
    ) -> Result<pb::SubmitReturnResponse, Error> {
        let (edition, catalogue) = (
            Arc::clone(&sent.edition),
            Arc::clone(&self.returns.catalogue),
        );
        let authority = sent.name.authority.clone();
        let is_checked = sent.purpose == Purpose::Check;
        let turn = self.room.turn().await;
        // The room goes with the bytes: the reading goes on although the caller may have gone.
        let reading = tokio::task::spawn_blocking(move || {
            let read = if is_checked {
                read_file
            } else {
                read_file_for_cells
            };
            let reading = read(&bytes, &edition, &catalogue).expecting(&authority);
            drop((bytes, turn, room));
            reading
        });
        let reading = reading.await.map_err(Error::Reader)?;
        match reading {
            FileReading::Refused { findings } if sent.purpose == Purpose::Check => {
                let bare = bare_message(&sent.name, &sent.edition);
                checked_message(bare, &findings, sent.wording)
            }
            FileReading::Refused { mut findings } => {
                findings.retain(mesur_returns::Finding::is_error);
                let field = FIELD;
                Err(Error::InvalidReturn { field, findings })
            }
            FileReading::Read {
                assembly, notes, ..
            } => {
                check_row_count(row_count, &assembly)?;
                self.take_in(sent, assembly, notes).await
            }
        }
    }
}

async fn read_header(stream: &mut Streaming<pb::UploadReturnRequest>) -> Result<Header, Status> {
    let first = stream.message().await?;
    match first.and_then(|message| message.part) {
        Some(Part::Header(header)) => Ok(header),
        Some(Part::Chunk(_)) => Err(wrong("chunk", "the header must come before it")),
        None => Err(wrong("header", "must be the first message")),
    }
}

async fn read_chunks(
    stream: &mut Streaming<pb::UploadReturnRequest>,
    declared: &Declared,
) -> Result<Vec<u8>, Status> {
    let mut bytes = Vec::new();
    // At once: a file that grew would leave its smaller selves behind. Memory that no bytes came for
    // is not taken from the machine.
    let room = bytes.try_reserve_exact(declared.size_bytes);
    room.map_err(|_| status(Error::TooManyUploads))?;
    let mut hash = ContentHash::default();
    while let Some(message) = stream.message().await? {
        let chunk = match message.part {
            Some(Part::Chunk(chunk)) => chunk,
            Some(Part::Header(_)) => return Err(wrong("header", "must not come twice")),
            None => return Err(wrong("chunk", "must be set")),
        };
        if chunk.len() > CHUNK_BYTES_MAX {
            let problem = format!("has {} bytes, more than {CHUNK_BYTES_MAX}", chunk.len());
            return Err(wrong("chunk", &problem));
        }
        if bytes.len().saturating_add(chunk.len()) > declared.size_bytes {
            let problem = "more bytes came than were declared";
            return Err(status(incomplete("header.size_bytes", problem)));
        }
        hash.update(&chunk);
        bytes.extend_from_slice(&chunk);
    }
    if bytes.len() < declared.size_bytes {
        let problem = format!("{} of {} bytes came", bytes.len(), declared.size_bytes);
        return Err(status(incomplete("header.size_bytes", &problem)));
    }
    let digest = hash.finish();
    if digest != declared.digest {
        let problem = format!("what came has the digest {digest}");
        return Err(status(incomplete("header.digest", &problem)));
    }
    Ok(bytes)
}

/// Refuses a file with another number of rows than was declared; 0 declares none.
fn check_row_count(declared: i32, assembly: &Assembly) -> Result<(), Error> {
    let cells = assembly.cells.statuses().iter();
    let in_cells = cells
        .filter(|status| **status != CellStatus::Missing)
        .count();
    // Rows that are in no cell of their own have a finding each.
    let findings = assembly.findings.iter();
    let beside = findings.filter(|finding| {
        matches!(
            finding.kind,
            FindingKind::UnknownMetric
                | FindingKind::MetricNotInEdition
                | FindingKind::UnknownCategory
                | FindingKind::TotalNotAllowed
                | FindingKind::DuplicateRow
        )
    });
    let found = in_cells.saturating_add(beside.count());
    if declared == 0 || usize::try_from(declared) == Ok(found) {
        return Ok(());
    }
    let problem = format!("the file has {found} observations, and {declared} were declared");
    Err(incomplete("header.row_count", &problem))
}

fn is_digest(text: &str) -> bool {
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    let digits = text.strip_prefix("sha256:");
    digits.is_some_and(|digits| digits.len() == 64 && digits.bytes().all(hex))
}

fn wrong(field: &str, problem: &str) -> Status {
    status(invalid(field, problem).into())
}

fn incomplete(field: &str, problem: &str) -> Error {
    Error::UploadIncomplete(vec![Violation {
        field: field.to_owned(),
        reason: "UPLOAD_INCOMPLETE",
        description: problem.to_owned(),
    }])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[test]
    fn with_several_files_one_caller_takes_a_quarter_of_the_room_and_no_more() {
        let room = Room::default();
        let _first = room.take("greedy", ROOM_BYTES_OF_ONE - 1).ok().unwrap();
        let second = room.take("greedy", 1).ok().unwrap();
        assert!(matches!(room.take("greedy", 1), Err(Error::TooManyUploads)));
        assert!(room.take("other", 1).is_ok());
        drop(second);
        assert!(room.take("greedy", 2).is_err());
        assert!(room.take("greedy", 1).is_ok());
    }

    #[test]
    fn all_callers_together_take_the_room_and_no_byte_more() {
        let room = Room::default();
        let quarter = |caller: &str| room.take(caller, ROOM_BYTES / 4);
        let taken: Vec<_> = ["a", "b", "c", "d"].map(quarter).into_iter().collect();
        assert!(taken.iter().all(Result::is_ok));
        assert!(matches!(room.take("e", 1), Err(Error::TooManyUploads)));
        drop(taken);
        assert!(room.take("e", 1).is_ok());
    }

    #[tokio::test]
    async fn so_many_files_are_read_at_one_time_and_the_next_waits_for_its_turn() {
        let room = Room::default();
        let mut turns = Vec::new();
        for _ in 0..READINGS_MAX {
            turns.push(room.turn().await.unwrap());
        }
        let next = timeout(Duration::ZERO, room.turn()).await;
        assert!(next.is_err(), "there is a turn too many");
        drop(turns.pop());
        assert!(room.turn().await.is_some());
    }
}
