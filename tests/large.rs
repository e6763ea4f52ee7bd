//! A very large return, through submission and validation: what it takes in memory beside the file
//! itself grows with the number of cells as little as is promised.
//!
//! The promise is made for 5 million cells; the test takes the growth between two smaller numbers, in
//! which what every call and every store takes has no part. Next year's return is compared with it, so
//! its values go from one service to the other once more.
#![expect(clippy::expect_used, reason = "a test says what it needs")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mesur_access::Role;
use mesur_catalogue::{AuthorityCode, Catalogue, ContentHash};
use mesur_proto::aggregation::v1 as aggregation;
use mesur_proto::aggregation::v1::aggregation_service_client::AggregationServiceClient;
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_proto::submission::v1::upload_return_request::{Header, Part};
use mesur_proto::validation::v1 as validation;
use mesur_proto::validation::v1::validation_service_client::ValidationServiceClient;
use mesur_proto::validation::v1::watch_reports_response::Event;
use mesur_publication::Timetable;
use mesur_rpc::channel::{Connection, connect_lazy};
use mesur_rpc::clock::SystemClock;
use mesur_rpc::server::Limits;
use mesur_suite::{Config, Ports, Stores, Suite};
use peak_alloc::PeakAlloc;
use tokio_util::sync::CancellationToken;
use tonic::Code;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const METRICS: usize = 40;
const AUTHORITY: &str = "W06000003";
const YEARS: [&str; 2] = ["2031", "2032"];

/// Rows that are made, and sent, together.
const ROWS_OF_CHUNK: usize = 500;

/// What 5 million cells may take beside their file, in tenths of a byte for a cell: 64 MB.
const UPLOAD_TENTHS: usize = 128;
/// The same for all that both services then keep of it, here in memory, and for the report: 160 MB, and
/// 50 MB more with the values of the year before.
const REPORT_TENTHS: [usize; 2] = [320, 420];

/// How long a test waits before it fails.
const PATIENCE: Duration = Duration::from_mins(2);

/// What was taken for a year's return, in bytes.
struct Taken {
    /// Beside the file, while it was sent.
    upload: usize,
    /// From then until the report was there.
    report: usize,
}

fn codes(cell: usize) -> (String, String) {
    // As long as codes may be, so that the return does not fit a message.
    let (metric, category) = (cell % METRICS, cell / METRICS);
    (format!("M/{metric:030}"), format!("c{category:031}"))
}

/// The cells in catalogue order.
fn in_order(cells: usize) -> impl Iterator<Item = usize> {
    let categories = cells / METRICS;
    (0..METRICS).flat_map(move |metric| (0..categories).map(move |at| at * METRICS + metric))
}

fn name(year: &str) -> String {
    format!("authorities/{AUTHORITY}/returns/large-{year}")
}

fn report(year: &str) -> String {
    format!("{}/revisions/1/report", name(year))
}

/// The cells that a rule of the second year compares with the first: they are five times as large.
fn compared(cells: usize) -> [usize; 3] {
    [0, cells / 2, cells - 1]
}

fn value(year: &str, cell: usize, cells: usize) -> i64 {
    let grown = year == YEARS[1] && compared(cells).contains(&cell);
    let value = 1_000 + cell * 7_919 % 90_000;
    i64::try_from(if grown { value * 5 } else { value }).expect("small")
}

fn write_edition(folder: &Path, year: &str, cells: usize) {
    let settings = format!("collection = \"large\"\nperiod = \"{year}\"\n");
    fs::write(folder.join("edition.toml"), settings).expect("written");
    let mut metrics = "edition,code,code_status,family,population,title_en,title_status,\
         title_source,title_cy,period,period_status,unit,answer,has_total,based_on,based_on_status,\
         in_release,in_release_status,published,published_status,note\n"
        .to_owned();
    for metric in 0..METRICS {
        let (code, _) = codes(metric);
        let rest = "F,adults,,,,,during_year,,people,single,no,,,no,,yes,,";
        writeln!(metrics, "{year},{code},,{rest}").expect("written");
    }
    fs::write(folder.join("metrics.csv"), metrics).expect("written");
    let mut categories = "edition,code,category,dimension,answer,label_en,label_cy,label_status,\
         is_unknown_remainder,note\n"
        .to_owned();
    for cell in in_order(cells) {
        let (metric, category) = codes(cell);
        writeln!(categories, "{year},{metric},{category},by,single,,,,no,").expect("written");
    }
    fs::write(folder.join("categories.csv"), categories).expect("written");
    if year == YEARS[1] {
        let mut rules = "edition,rule_id,kind,left,operator,right,threshold,severity,basis,\
             basis_status,note\n"
            .to_owned();
        for cell in compared(cells) {
            let (metric, category) = codes(cell);
            let code = format!("{metric}[{category}]");
            let rule = format!("r{cell},year_on_year,{code},~,prev:{code},\"50%,50\",warning,,,");
            writeln!(rules, "{year},{rule}").expect("written");
        }
        fs::write(folder.join("rules.csv"), rules).expect("written");
    }
}

/// The file, a chunk at a time: a whole one would be among what is counted.
fn chunks(year: &'static str, cells: usize) -> impl Iterator<Item = Vec<u8>> {
    let header = "authority,edition,metric,category,value,status,comment\n";
    let mut rest = in_order(cells).peekable();
    let rows = std::iter::from_fn(move || {
        rest.peek()?;
        let mut text = String::new();
        for cell in rest.by_ref().take(ROWS_OF_CHUNK) {
            let (metric, category) = codes(cell);
            let value = value(year, cell, cells);
            writeln!(
                text,
                "{AUTHORITY},{year},{metric},{category},{value},provided,"
            )
            .expect("written");
        }
        Some(text.into_bytes())
    });
    std::iter::once(header.as_bytes().to_vec()).chain(rows)
}

fn header(year: &'static str, cells: usize) -> Header {
    let (mut hash, mut size) = (ContentHash::default(), 0);
    for chunk in chunks(year, cells) {
        hash.update(&chunk);
        size += chunk.len();
    }
    Header {
        name: name(year),
        size_bytes: i64::try_from(size).expect("a size"),
        digest: hash.finish(),
        row_count: i32::try_from(cells).expect("a count"),
        ..Header::default()
    }
}

type Submission = SubmissionServiceClient<Connection>;

async fn suite(cells: usize) -> Suite {
    let mut catalogue = Catalogue::default();
    for year in YEARS {
        let folder = tempfile::tempdir().expect("a folder");
        write_edition(folder.path(), year, cells);
        let edition = catalogue.add_folder(folder.path()).expect("an edition");
        assert_eq!(edition.cells().len(), cells);
    }
    let config = Config {
        catalogue: Arc::new(catalogue),
        stores: Stores::Memory,
        ports: Ports::default(),
        clock: Arc::new(SystemClock),
        limits: Limits::default(),
        timetable: Timetable::bundled().expect("a timetable"),
    };
    let starting = Suite::start(config, CancellationToken::new());
    let suite = starting.await.expect("the suite starts");
    // It answers when its totals are set up, which every edition takes room for before any return.
    let endpoint = &suite.endpoints().aggregation;
    let aggregation = connection(&suite, endpoint, Role::Statistician);
    let mut aggregation = AggregationServiceClient::new(aggregation);
    let request = aggregation::ListSnapshotsRequest::default();
    aggregation.list_snapshots(request).await.expect("a list");
    suite
}

fn connection(suite: &Suite, endpoint: &str, role: Role) -> Connection {
    let bearer = suite.bearer("somebody", &[role]).expect("a token");
    connect_lazy(endpoint, bearer).expect("an endpoint")
}

type Validation = ValidationServiceClient<Connection>;

/// Sends a year's return of so many cells and waits for its report.
async fn send(
    submission: &mut Submission,
    reports: &mut Validation,
    (year, cells): (&'static str, usize),
) -> Taken {
    let request = validation::WatchReportsRequest::default();
    let watching = reports.watch_reports(request);
    let watching = tokio::time::timeout(PATIENCE, watching).await;
    let mut events = watching.expect("in time").expect("a stream").into_inner();

    let header = header(year, cells);
    let size = usize::try_from(header.size_bytes).expect("a size");
    let parts = chunks(year, cells).map(Part::Chunk);
    let parts = std::iter::once(Part::Header(header)).chain(parts);
    let messages = parts.map(|part| pb::UploadReturnRequest { part: Some(part) });
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    let sent = submission.upload_return(tokio_stream::iter(messages)).await;
    let upload = HEAP.peak_usage() - before;
    HEAP.reset_peak_usage();
    let receipt = sent.expect("taken in").into_inner().receipt;
    let families = receipt.expect("a receipt").families;
    let rows: i32 = families.iter().map(|family| family.row_count).sum();
    assert_eq!(usize::try_from(rows), Ok(cells));

    loop {
        let reported = tokio::time::timeout(PATIENCE, events.message()).await;
        let reported = reported.expect("in time").expect("a stream");
        let reported = reported.expect("an event");
        assert_eq!(reported.event(), Event::Reported);
        if reported.name == report(year) {
            break;
        }
    }
    Taken {
        upload: upload.saturating_sub(size),
        report: HEAP.peak_usage().saturating_sub(before),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_grows_with_the_cells_of_a_return_no_more_than_is_promised() {
    const CELLS: [usize; 2] = [10_000, 230_000];
    let submitter = || Role::Submitter(AuthorityCode::parse(AUTHORITY).expect("a code"));
    let mut taken = Vec::new();
    for cells in CELLS {
        let suite = suite(cells).await;
        let endpoints = suite.endpoints();
        let sending = connection(&suite, &endpoints.submission, submitter());
        let mut submission = SubmissionServiceClient::new(sending);
        let reading = connection(&suite, &endpoints.validation, Role::Statistician);
        let mut reports = ValidationServiceClient::new(reading);
        let mut of_years = Vec::new();
        for year in YEARS {
            of_years.push(send(&mut submission, &mut reports, (year, cells)).await);
        }
        taken.push(of_years);
        if cells == CELLS[1] {
            check_reading(&mut submission, cells).await;
            check_earlier(&mut submission, cells).await;
        }
        check_compared(&mut reports, cells).await;
        drop((submission, reports));
        suite.stop().await.expect("the suite stops");
    }
    let more = CELLS[1] - CELLS[0];
    for (at, year) in YEARS.into_iter().enumerate() {
        let of = |what: fn(&Taken) -> usize| {
            let taken = taken.iter().map(|years| what(&years[at]));
            taken.collect::<Vec<_>>()
        };
        for (what, of, tenths) in [
            ("upload", of(|taken| taken.upload), UPLOAD_TENTHS),
            ("report", of(|taken| taken.report), REPORT_TENTHS[at]),
        ] {
            let grown = of[1].saturating_sub(of[0]) * 10;
            assert!(
                grown <= more * tenths,
                "{what} of {year}: {of:?} bytes for {CELLS:?} cells, {} tenths of a byte for a cell",
                grown / more
            );
        }
    }
}

/// The return is given back whole, in catalogue order, as a stream, and not as one message.
async fn check_reading(submission: &mut Submission, cells: usize) {
    let name = name(YEARS[0]);
    let request = pb::GetReturnRequest { name: name.clone() };
    let refused = submission.get_return(request).await.expect_err("too large");
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    let request = pb::ReadReturnRequest {
        name: format!("{name}/revisions/1"),
    };
    let stream = submission.read_return(request).await.expect("a stream");
    let mut stream = stream.into_inner();
    let first = stream
        .message()
        .await
        .expect("a stream")
        .expect("a message");
    let data_return = first.data_return.expect("the return");
    assert_eq!((data_return.name, data_return.revision), (name, 1));
    assert!(first.observations.is_empty() && data_return.observations.is_empty());
    let mut expected = in_order(cells);
    while let Some(message) = stream.message().await.expect("a stream") {
        assert!(message.data_return.is_none());
        assert!((1..=1_000).contains(&message.observations.len()));
        for observation in message.observations {
            let cell = expected.next().expect("no more than there are");
            let (metric, category) = codes(cell);
            assert_eq!(
                (observation.metric, observation.category),
                (metric, category)
            );
            assert_eq!(observation.value, Some(value(YEARS[0], cell, cells)));
        }
    }
    assert_eq!(expected.next(), None);
}

/// The values of the year before do not fit a message, and come as a stream.
async fn check_earlier(submission: &mut Submission, cells: usize) {
    let name = name(YEARS[1]);
    let request = pb::GetPreviousValuesRequest { name: name.clone() };
    let refused = submission.get_previous_values(request).await;
    let refused = refused.expect_err("too large");
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    let request = pb::ReadPreviousValuesRequest { name };
    let stream = submission.read_previous_values(request).await;
    let mut stream = stream.expect("a stream").into_inner();
    let mut expected = in_order(cells);
    while let Some(message) = stream.message().await.expect("a stream") {
        assert!(message.values.len() <= 1_000);
        for held in message.values {
            let cell = expected.next().expect("no more than there are");
            assert_eq!((held.metric, held.category), codes(cell));
            assert_eq!(held.value, value(YEARS[0], cell, cells));
        }
    }
    assert_eq!(expected.next(), None);
}

/// The report of the second year has what a rule finds that looks at the first, and nothing else.
async fn check_compared(reports: &mut Validation, cells: usize) {
    let request = validation::ListFindingsRequest {
        parent: report(YEARS[1]),
        ..validation::ListFindingsRequest::default()
    };
    let found = reports.list_findings(request).await.expect("findings");
    let found = found.into_inner().findings.into_iter();
    let found = found.map(|one| (one.rule, one.found, one.previous));
    let expected = compared(cells).map(|cell| {
        let [before, now] = YEARS.map(|year| value(year, cell, cells).to_string());
        (format!("r{cell}"), now, before)
    });
    assert_eq!(found.collect::<BTreeSet<_>>(), BTreeSet::from(expected));
}
