//! Everything that is done, and every reading of what is not published, is in the audit: a year by
//! every method of the table, and then the logs of the four stores beside the table.

mod asking;
mod year;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use mesur_access::table::ROWS;
use mesur_rpc::audit::{Entry, Kind};
use mesur_store::chain::{Pages, Verifier};
use mesur_store::check::Report;
use mesur_store::export::{self, Reading};
use mesur_store::{DUMP_PAGE_ROWS, DumpRow, MemoryStore, Settings, SledStore, Store};

use asking::Asker;

/// The methods that change something.
const CHANGES: &[&str] = &[
    "SubmitReturn",
    "UploadReturn",
    "UpdateObservations",
    "SubmitDraft",
    "SignOffReturn",
    "ReopenReturn",
    "RecordPreviousValues",
    "UpdateSchedule",
    "GrantExtension",
    "CreateDelegation",
    "RevokeDelegation",
    "SealReport",
    "ExplainFinding",
    "ReviewExplanation",
    "OverrideFinding",
    "OpenRound",
    "RaiseQuery",
    "AnswerQuery",
    "ResolveQuery",
    "MarkRobustness",
    "CreateSnapshot",
    "CreateDecision",
    "CompileRelease",
    "SubmitRelease",
    "RejectRelease",
    "ApproveRelease",
    "ScheduleRelease",
    "PublishRelease",
    "GrantEarlyAccess",
    "RevokeEarlyAccess",
    "ImportTexts",
];

/// The methods that tell people figures that are not published.
const READS: &[&str] = &[
    "GetReturn",
    "ReadReturn",
    "CompareRevisions",
    "GetPreviousValues",
    "ReadPreviousValues",
    "ListFindings",
    "StreamFindings",
    "CompareAuthorities",
    "GetTotals",
    "GetSnapshot",
    "ReadSnapshot",
    "RankAuthorities",
    "CompareSnapshots",
    "PreviewFile",
    "AuditDisclosure",
    "GetProvenance",
    "ExportStore",
];

/// The methods that do neither: they tell what is published, what is no figure, or what the caller sent.
const NEITHER: &[&str] = &[
    "GetEdition",
    "ListEditions",
    "CompareEditions",
    "ListReturns",
    "ListRevisions",
    "WatchReturns",
    "GetSchedule",
    "ListDelegations",
    "ValidateReturn",
    "GetReport",
    "ListRemarks",
    "ListRounds",
    "ListQueries",
    "ListRobustnessMarks",
    "GetCollectionProgress",
    "WatchReports",
    "ListSnapshots",
    "VerifySnapshot",
    "ListDecisions",
    "WatchSnapshots",
    "GetRelease",
    "ListReleases",
    "ListReleaseRevisions",
    "ListReleaseEvents",
    "DownloadFile",
    "ListEarlyAccess",
    "QueryDataset",
    "StreamDataset",
    "ExportTexts",
    "ListFeedback",
];

const SERVICES: [&str; 4] = ["submission", "validation", "aggregation", "publication"];

/// The store of a service that has stopped.
fn opened(folder: &Path, service: &str) -> Arc<dyn Store> {
    let store = SledStore::open(&folder.join(service), Settings::default());
    Arc::new(store.expect("a store"))
}

/// The entries of a log, of which the chain holds.
async fn entries(store: &dyn Store) -> Vec<Entry> {
    let (mut pages, mut verifier) = (Pages::default(), Verifier::default());
    let mut all = Vec::new();
    loop {
        let page = pages.next(store).await.expect("entries");
        if page.is_empty() {
            return all;
        }
        for linked in page {
            verifier.take(&linked).expect("the chain holds");
            all.push(serde_json::from_slice(&linked.entry).expect("an entry"));
        }
    }
}

async fn checked(service: &str, store: &dyn Store) -> Report {
    let report = match service {
        "submission" => mesur_submission::check_store(store).await,
        "validation" => mesur_validation::check_store(store).await,
        "aggregation" => mesur_aggregation::check_store(store).await,
        _ => mesur_publication::check_store(store).await,
    };
    report.expect("a report")
}

/// The methods that left entries of each kind.
fn methods_of(entries: &[Entry], kind: Kind) -> BTreeSet<&str> {
    let of_calls = entries
        .iter()
        .filter(|entry| entry.kind == kind && entry.method.starts_with('/'));
    let names = of_calls.map(|entry| entry.method.rsplit('/').next().unwrap_or_default());
    names.collect()
}

#[test]
fn every_method_of_the_table_changes_or_tells_something_or_does_neither() {
    let named: Vec<&str> = [CHANGES, READS, NEITHER].concat();
    let all: BTreeSet<&str> = named.iter().copied().collect();
    assert_eq!(named.len(), all.len(), "a method stands twice");
    let rows = ROWS.iter().map(|(path, _)| path.rsplit('/').next());
    let rows: BTreeSet<&str> = rows.map(Option::unwrap_or_default).collect();
    assert_eq!(
        all, rows,
        "left: the methods here; right: those of the table"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_method_that_changes_something_or_tells_what_is_not_published_leaves_an_entry() {
    let folder = tempfile::tempdir().expect("a folder");
    let asker = Asker::start(folder.path()).await;
    year::go_through(&asker).await;
    asker.stop().await;

    let mut all = Vec::new();
    let mut sizes = BTreeMap::new();
    for service in SERVICES {
        let store = opened(folder.path(), service);
        let report = checked(service, &*store).await;
        assert_eq!(report.problems, [], "{service}");
        assert!(report.counts.contains_key("audit"), "{service}");
        let entries = entries(&*store).await;
        sizes.insert(service, entries.len());
        all.extend(entries);
    }
    let due = |names: &[&'static str]| names.iter().copied().collect::<BTreeSet<_>>();
    let (changes, reads) = (methods_of(&all, Kind::Change), methods_of(&all, Kind::Read));
    assert_eq!(changes, due(CHANGES), "left: seen; right: due");
    assert_eq!(reads, due(READS), "left: seen; right: due");
    for entry in &all {
        let is_whole = entry.format == 1
            && entry.time.is_some()
            && !entry.identity.is_empty()
            && !entry.roles.is_empty()
            && entry.address.starts_with("127.0.0.1:")
            && !entry.resource.is_empty();
        assert!(is_whole, "{entry:?}");
        let is_by_service = entry.roles == ["service"];
        assert_eq!(
            is_by_service,
            entry.method.ends_with("/SealReport"),
            "{entry:?}"
        );
    }
    // What is signed off is the revision and the content that the report was on.
    let of = |method: &str| {
        let last = all.iter().rfind(|entry| entry.method.ends_with(method));
        last.expect("an entry")
    };
    let (sealed, signed) = (of("/SealReport"), of("/SignOffReturn"));
    assert_eq!(sealed.digest, signed.digest);
    assert_eq!(sealed.revision, signed.revision);
    assert!(signed.revision > 0 && signed.digest.starts_with("sha256:"));
    assert_eq!(signed.request_id, year::REQUEST_ID);
    assert!(sizes.values().all(|size| *size > 0), "{sizes:?}");
}

/// The rows of a store.
async fn rows(store: &dyn Store) -> Vec<DumpRow> {
    let mut bytes = Vec::new();
    let written = export::write(store, "submission", &mut bytes).await;
    written.expect("an export");
    Reading::default().push(&bytes).expect("rows")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_flipped_byte_of_an_entry_is_found_by_the_check_of_the_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let asker = Asker::start(folder.path()).await;
    year::collect(&asker).await;
    asker.stop().await;
    let store = opened(folder.path(), "submission");
    let rows = rows(&*store).await;
    let places = rows.iter().enumerate().filter(|(_, row)| row.is_chained());
    let places: Vec<usize> = places.map(|(place, _)| place).collect();
    let version = store.dump().await.expect("a dump").version();
    // The first entry, one in the middle and the last; a byte of the link, and one of what it says.
    for place in [0, places.len() / 2, places.len() - 1] {
        for byte in [3, 60] {
            let mut changed = rows.clone();
            changed[places[place]].value[byte] ^= 1;
            let copy = MemoryStore::new();
            for page in changed.chunks(DUMP_PAGE_ROWS) {
                copy.load(page.to_vec()).await.expect("loaded");
            }
            copy.finish_load(version).await.expect("loaded");
            let problems = checked("submission", &copy).await.problems;
            let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
            let due = format!("audit: the chain is broken at entry {},", place + 1);
            assert!(told.len() == 1 && told[0].starts_with(&due), "{told:?}");
        }
    }
}
