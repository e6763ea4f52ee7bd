//! Adding returns up, at three sizes: a snapshot from the store beside a scan of the same bytes from
//! the store, and one more signed-off return among many.
//!
//! The aggregation service runs here with an embedded store of its own, which the scan reads too, and
//! follows a bare submission that hands out invented returns. A snapshot is of inputs that were never
//! frozen: before each one more return is signed off.

mod upstream;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use mesur_access::Role;
use mesur_access::dev::Issuer;
use mesur_aggregation::Config;
use mesur_catalogue::{Catalogue, Edition};
use mesur_proto::aggregation::v1 as pb;
use mesur_proto::aggregation::v1::aggregation_service_client::AggregationServiceClient;
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::channel::{self, Connection, MESSAGE_BYTES_MAX};
use mesur_rpc::clock::{Clock, SystemClock};
use mesur_rpc::server::{Limits, Listener};
use mesur_store::{KeyBuilder, KeyRange, Settings, SledStore, Store, record};
use mesur_wire::EditionResource;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::{Effort, WINDOW_MIN};
use crate::invented::Shape;
use crate::measure::{Better, Measured, Side, alternate};
use crate::process::{forget_peak, memory};
use crate::report::{Aim, Growth, Row};
use upstream::Upstream;

pub(crate) const NAME: &str = "aggregate";

/// Authorities of an edition.
const SIZES: [u32; 3] = [22, 2_200, 22_000];
/// The same where it is only to be seen that it runs.
const QUICK_SIZES: [u32; 2] = [22, 220];
/// Returns of which the time of one is told.
const MORE: u32 = 100;
/// Returns that come one by one, of which the median is told.
const ALONE: usize = 21;
/// How often it is looked whether a return had its effect.
const GLANCE: Duration = Duration::from_micros(50);
/// How much a scan reads at a time.
const SCAN_ROWS: usize = 64;
/// The kinds of the keys at which the service keeps contents, and how far it follows submission.
const CONTENT: u8 = 11;
const CURSOR: u8 = 1;
/// Where nobody listens: no value is marked.
const NOBODY: &str = "http://127.0.0.1:1";
/// This process, as `/proc` names it.
const OWN: &str = "self";
/// How long a token is good for.
const TOKEN_LIFETIME: Duration = Duration::from_hours(24);
/// How long live totals may take to follow, in microseconds.
const FOLLOW_AIM: f64 = 5_000.0;

pub(crate) fn run(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let runtime = Runtime::new().context("the runtime")?;
    let sizes: &[u32] = if effort.window < WINDOW_MIN {
        &QUICK_SIZES
    } else {
        &SIZES
    };
    let mut rows = Vec::new();
    let mut growth: [Growth; 4] = Default::default();
    let mut before = None;
    for authorities in sizes {
        let times = authorities / before.replace(*authorities).unwrap_or(*authorities);
        let mut these = rows_of(&runtime, effort, *authorities)?;
        for (row, growth) in these.iter_mut().zip(&mut growth) {
            let grown = row.measured.as_ref().map(|it| growth.note(times, it));
            row.note += &grown.unwrap_or_default();
        }
        rows.extend(these);
    }
    Ok(rows)
}

fn rows_of(runtime: &Runtime, effort: Effort, authorities: u32) -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir().context("a folder")?;
    let world = runtime.block_on(World::start(folder.path(), authorities))?;
    let cells = f64::from(world.shape.cells()) * f64::from(authorities);
    let mut memory = Vec::new();
    let sides = vec![
        Side::new("Mesur", || {
            let (time, above) = runtime.block_on(world.snapshot())?;
            memory.push(above);
            Ok(time.as_secs_f64() * 1e9 / cells)
        }),
        Side::new("scan", || {
            let time = runtime.block_on(world.scan())?;
            Ok(time.as_secs_f64() * 1e9 / cells)
        }),
    ];
    let snapshot = alternate(effort.rounds, Better::Less, sides)?;
    let seconds = snapshot.mesur.median * cells / 1e9;
    let million = cells / 1e6;
    let megabytes: Vec<f64> = memory.iter().map(|bytes| bytes / 1e6).collect();
    let mut rows = vec![
        Row {
            aims: vec![Aim::Ratio(0.5)],
            note: format!("{million:.1} million cells in {seconds:.2} s"),
            ..row(authorities, "snapshot", "ns/cell", snapshot)
        },
        Row {
            note:
                "highest resident set above that before, with what the store reads into its cache"
                    .to_owned(),
            ..row(authorities, "memory of a snapshot", "MB", warm(&megabytes))
        },
    ];
    rows.extend(one_more(runtime, effort, &world, authorities)?);
    runtime.block_on(world.stop())?;
    Ok(rows)
}

/// What it takes until one more return had its effect.
fn one_more(
    runtime: &Runtime,
    effort: Effort,
    world: &World,
    authorities: u32,
) -> anyhow::Result<[Row; 2]> {
    let (mut more, mut by_one) = (Vec::new(), Vec::new());
    for _ in 0..=effort.rounds {
        more.push(runtime.block_on(world.more())?);
        by_one.push(runtime.block_on(world.alone())?);
    }
    // Totals of more authorities do not fit a message.
    if authorities == SIZES[0] {
        runtime.block_on(world.has_last())?;
    }
    Ok([
        Row {
            aims: vec![Aim::Figure(FOLLOW_AIM)],
            note: format!("fetched, checked, durable and in the live totals; of {MORE} at once"),
            ..row(authorities, "one more return", "µs", warm(&more))
        },
        Row {
            aims: vec![Aim::Figure(FOLLOW_AIM)],
            note: "the same, from its sign-off; the median".to_owned(),
            ..row(
                authorities,
                "one more return by itself",
                "µs",
                warm(&by_one),
            )
        },
    ])
}

fn row(authorities: u32, what: &str, unit: &'static str, measured: Measured) -> Row {
    Row {
        name: NAME,
        size: format!("{authorities} authorities, {what}"),
        unit,
        better: Better::Less,
        measured: Some(measured),
        aims: Vec::new(),
        note: String::new(),
    }
}

/// The first round was to warm up.
fn warm(rounds: &[f64]) -> Measured {
    Measured::alone(rounds.get(1..).unwrap_or_default())
}

/// The service with every return of its edition signed off.
struct World {
    shape: Shape,
    edition: String,
    upstream: Upstream,
    client: AggregationServiceClient<Connection>,
    store: Arc<SledStore>,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl World {
    async fn start(folder: &Path, authorities: u32) -> anyhow::Result<Self> {
        let shape = Shape::ordinary(authorities);
        let edition_folder = folder.join("edition");
        std::fs::create_dir(&edition_folder)?;
        shape.write_edition(&edition_folder)?;
        let mut catalogue = Catalogue::default();
        let edition: Arc<Edition> = catalogue.add_folder(&edition_folder)?;
        let store = Arc::new(SledStore::open(&folder.join("store"), Settings::default())?);
        let (upstream, submission) = Upstream::start(&edition, shape)?;
        let (issuer, clock) = (Issuer::generate(), Arc::new(SystemClock));
        let token = |role| issuer.token("the benchmark", &[role], TOKEN_LIFETIME, clock.now());
        let listener = Listener::loopback(0).await?;
        let address = format!("http://{}", listener.local_addr());
        let bearer = Bearer::new(&token(Role::Statistician))?;
        let connection = channel::connect_lazy(&address, bearer)?;
        let config = Config {
            catalogue: Arc::new(catalogue),
            store: Arc::<SledStore>::clone(&store),
            clock: Arc::<SystemClock>::clone(&clock),
            submission,
            validation: NOBODY.to_owned(),
            authenticator: Authenticator::trusting(&issuer, clock.clone()),
            bearer: Bearer::new(&token(Role::Service))?,
            limits: Limits {
                identity_rate: None,
                ..Limits::default()
            },
        };
        let stop = CancellationToken::new();
        let running = mesur_aggregation::run(config, listener, stop.clone());
        let world = Self {
            shape,
            edition: EditionResource(edition.name().clone()).to_string(),
            upstream,
            client: AggregationServiceClient::new(connection)
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
            store,
            stop,
            running: tokio::spawn(async move {
                running.await?;
                Ok(())
            }),
        };
        world.sign_off(authorities).await?;
        Ok(world)
    }

    /// Signs so many more returns off; answers how long it took until the last had its effect.
    async fn sign_off(&self, count: u32) -> anyhow::Result<Duration> {
        let start = Instant::now();
        let last = self.upstream.tell(count);
        let key = KeyBuilder::new(CURSOR).build();
        loop {
            let entry = self.store.get(&key).await?;
            let cursor = entry
                .as_ref()
                .map(|entry| record::unseal(&key, &entry.value));
            if let Some((_, cursor)) = cursor.transpose()?
                && cursor == last
            {
                return Ok(start.elapsed());
            }
            ensure!(!self.running.is_finished(), "the service ended");
            // Nothing else is to be done by this thread, which is none of the runtime's.
            std::thread::sleep(GLANCE);
        }
    }

    /// Microseconds that one more return takes.
    async fn more(&self) -> anyhow::Result<f64> {
        self.upstream.prepare(MORE)?;
        let took = self.sign_off(MORE).await?;
        Ok(took.as_secs_f64() * 1e6 / f64::from(MORE))
    }

    /// The median, in microseconds, of returns each of which comes when the one before had its effect.
    async fn alone(&self) -> anyhow::Result<f64> {
        let mut times = Vec::with_capacity(ALONE);
        for _ in 0..ALONE {
            self.upstream.prepare(1)?;
            times.push(self.sign_off(1).await?);
        }
        times.sort_unstable();
        let median = times.get(ALONE / 2).copied().unwrap_or_default();
        Ok(median.as_secs_f64() * 1e6)
    }

    /// That what had its effect is in the live totals.
    async fn has_last(&self) -> anyhow::Result<()> {
        let request = pb::GetTotalsRequest {
            edition: self.edition.clone(),
        };
        let totals = self.client.clone().get_totals(request).await?.into_inner();
        let last = self.upstream.last()?.to_string();
        let is_in = totals.returns.iter().any(|input| input.name == last);
        ensure!(is_in, "{last} is not in the live totals");
        Ok(())
    }

    /// Freezes what was never frozen: how long it takes, and how many bytes of memory at once.
    async fn snapshot(&self) -> anyhow::Result<(Duration, f64)> {
        self.sign_off(1).await?;
        let request = pb::CreateSnapshotRequest {
            edition: self.edition.clone(),
            ..pb::CreateSnapshotRequest::default()
        };
        forget_peak(OWN)?;
        let before = memory(OWN, "VmRSS")?;
        let start = Instant::now();
        let made = self.client.clone().create_snapshot(request).await?;
        let took = start.elapsed();
        ensure!(!made.get_ref().content_digest.is_empty(), "a snapshot");
        Ok((took, memory(OWN, "VmHWM")? - before))
    }

    /// Reads every byte of the contents that are held.
    async fn scan(&self) -> anyhow::Result<Duration> {
        let start = Instant::now();
        let mut range = KeyRange::prefix([CONTENT]);
        let mut sum: u64 = 0;
        loop {
            let rows = self.store.scan(range.clone(), SCAN_ROWS).await?;
            let Some((last, _)) = rows.last() else { break };
            range = range.after(last);
            for (_, entry) in &rows {
                let bytes = entry.value.iter();
                sum = bytes.fold(sum, |sum, byte| sum.wrapping_add(u64::from(*byte)));
            }
        }
        let took = start.elapsed();
        ensure!(sum > 0, "nothing is held");
        Ok(took)
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.running.await?
    }
}
