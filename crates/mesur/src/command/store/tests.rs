//! A whole year, backed up while the services run, moved about, and looked through.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Parser as _;
use indicatif::ProgressBar;
use mesur_access::Role;
use mesur_catalogue::{Catalogue, EditionName};
use mesur_publication::Timetable;
use mesur_rpc::clock::SystemClock;
use mesur_rpc::server::Limits;
use mesur_store::{Commit, KeyRange, MemoryStore, export};
use mesur_suite::{Config, Ports, Stores as Where, Suite};
use mesur_wording::{Language, Wording};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::files::{self, Making, Manifest, Stored};
use super::service::{Service, Stores};
use super::{Place, Which, backup, check, compact, moving};
use crate::connection::StoreClients;
use crate::production::{Outcome, PreviousByAuthority, Run};
use crate::{samples, words};

const YEAR: &str = "pif/2022-23";

fn wording() -> Wording {
    words::of(Language::En).expect("words")
}

async fn suite(stores: Where) -> Suite {
    let config = Config {
        catalogue: Arc::new(Catalogue::bundled().expect("bundled")),
        stores,
        ports: Ports::default(),
        clock: Arc::new(SystemClock),
        limits: Limits::default(),
        timetable: Timetable::bundled().expect("a timetable"),
    };
    let started = Suite::start(config, CancellationToken::new()).await;
    started.expect("the suite starts")
}

/// From 22 returns to a published release.
async fn produce(suite: &Suite) {
    let catalogue = Catalogue::bundled().expect("bundled");
    let name = EditionName::parse(YEAR).expect("a name");
    let wording = wording();
    let run = Run {
        suite,
        catalogue: &catalogue,
        edition: catalogue.get(&name).expect("bundled"),
        wording: &wording,
        progress: ProgressBar::hidden(),
    };
    let returns = samples::returns(name.period.as_str());
    let mut rows = Vec::new();
    let previous = PreviousByAuthority::new();
    let outcome = run.produce(&previous, &returns, &mut rows).await;
    let outcome = outcome.expect("a production run");
    assert!(matches!(outcome, Outcome::Published(_)));
}

fn clients(suite: &Suite, role: Role) -> StoreClients {
    let at = suite.endpoints();
    let at = [
        ("submission", at.submission.as_str()),
        ("validation", &at.validation),
        ("aggregation", &at.aggregation),
        ("publication", &at.publication),
    ];
    let bearer = suite.bearer("somebody", &[role]).expect("a token");
    StoreClients::new(at, &bearer).expect("clients")
}

async fn back_up(suite: &Suite, to: &Path) -> anyhow::Result<Manifest> {
    let clients = clients(suite, Role::Operator);
    let making = Making::begin(to)?;
    backup::backup(making, &Service::ALL, &clients, &wording()).await
}

/// The stores of a backup in memory.
async fn loaded(from: &Path) -> Stores {
    let mut stores = Stores::new();
    for stored in files::read(from).expect("a manifest").stores {
        let mut file = files::open(from, &stored).expect("an export");
        let store = MemoryStore::new();
        let contents = export::load(&mut file, &store).await;
        contents.expect("loaded");
        stores.insert(stored.service().expect("a service"), Arc::new(store));
    }
    stores
}

/// What is wrong, one line each.
async fn wrong(stores: &Stores) -> Vec<String> {
    let found = check::check(stores).await.expect("looked through");
    let reports = found.reports.into_iter();
    let problems = reports.flat_map(|(_, report)| report.problems);
    let all = problems.chain(found.misfits);
    all.map(|problem| problem.to_string()).collect()
}

/// A backup of a year that was produced in memory.
pub(super) async fn a_year() -> (TempDir, PathBuf) {
    let suite = suite(Where::Memory).await;
    produce(&suite).await;
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("backup");
    back_up(&suite, &to).await.expect("backed up");
    suite.stop().await.expect("stopped");
    (folder, to)
}

fn place(data: &Path) -> Place {
    let words = ["test", "--data", data.to_str().expect("a path")];
    Placed::parse_from(words).place
}

#[derive(clap::Parser)]
struct Placed {
    #[command(flatten)]
    place: Place,
}

const EVERY: &Which = &Which {
    services: Vec::new(),
};

async fn save(data: &Path, out: &Path) -> anyhow::Result<Manifest> {
    moving::save(&place(data), out, EVERY).await
}

async fn load(from: &Path, data: &Path) -> anyhow::Result<Manifest> {
    moving::load(from, &place(data), EVERY).await
}

/// The exports of a folder.
fn files_in(folder: &Path) -> BTreeMap<Service, Vec<u8>> {
    let read = |service: Service| {
        let path = folder.join(format!("{}.mesur", service.name()));
        (service, fs::read(path).expect("a file"))
    };
    Service::ALL.into_iter().map(read).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_is_backed_up_while_serving_and_moved_twice_to_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let suite_of_year = suite(Where::Folder(at("data"))).await;
    produce(&suite_of_year).await;
    let manifest = back_up(&suite_of_year, &at("backup")).await;
    let manifest = manifest.expect("backed up");
    suite_of_year.stop().await.expect("stopped");
    for stored in &manifest.stores {
        let Stored { bytes, rows, .. } = stored;
        // A year is there, and not the frame of one.
        assert!(*bytes > 30_000 && *rows > 30, "{stored:?}");
    }
    // What the stopped services have is what was backed up; what is made of it, too.
    let saved = save(&at("data"), &at("export")).await;
    saved.expect("exported");
    assert!(files_in(&at("export")) == files_in(&at("backup")));
    let restored = load(&at("backup"), &at("restored")).await;
    restored.expect("restored");
    let saved = save(&at("restored"), &at("again")).await;
    saved.expect("exported again");
    assert!(files_in(&at("again")) == files_in(&at("backup")));
    assert_eq!(
        wrong(&loaded(&at("again")).await).await,
        Vec::<String>::new()
    );
    // Made smaller it is sound, and there is less of it.
    for service in Service::ALL {
        let opened = place(&at("restored")).open(service).await.expect("opened");
        let store = opened.expect("a store");
        let made = compact::compact(service, &*store, 0).await;
        let compact::Compacted { before, after, .. } = made.expect("made smaller");
        if service == Service::Publication {
            assert_eq!(after.counts.get("file"), None);
            assert!(2 * after.counts["packed file"].bytes < before.counts["file"].bytes);
        }
        let again = compact::compact(service, &*store, 0).await;
        assert_eq!(again.expect("made smaller").after, after);
    }
    // It goes on: services start on it, and it is sound with what they do.
    let suite = suite(Where::Folder(at("restored"))).await;
    back_up(&suite, &at("later")).await.expect("backed up");
    suite.stop().await.expect("stopped");
    assert_eq!(
        wrong(&loaded(&at("later")).await).await,
        Vec::<String>::new()
    );
    // Nothing is restored over it.
    let over = load(&at("backup"), &at("restored")).await;
    let over = over.expect_err("refused");
    assert!(over.to_string().contains("is not empty"), "{over}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_backup_makes_no_store() {
    let (folder, to) = a_year().await;
    let data = folder.path().join("data");
    for service in Service::ALL {
        let path = to.join(format!("{}.mesur", service.name()));
        let whole = fs::read(&path).expect("a file");
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 1;
        let another = whole[..whole.len() - 1].to_vec();
        for damaged in [changed, another, Vec::new()] {
            fs::write(&path, damaged).expect("damaged");
            let refused = load(&to, &data).await;
            let refused = format!("{:#}", refused.expect_err("refused"));
            assert!(refused.contains("another copy"), "{refused}");
            assert!(refused.contains(service.name()), "{refused}");
            assert!(!data.exists(), "something was made");
        }
        fs::write(&path, whole).expect("mended");
    }
    fs::remove_file(to.join(files::MANIFEST)).expect("removed");
    let refused = load(&to, &data).await;
    let refused = format!("{:#}", refused.expect_err("refused"));
    assert!(refused.contains("no whole backup"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_of_different_times_do_not_fit_and_it_is_told() {
    let suite = suite(Where::Memory).await;
    let folder = tempfile::tempdir().expect("a folder");
    let [before, after] = ["before", "after"].map(|name| folder.path().join(name));
    back_up(&suite, &before).await.expect("backed up");
    produce(&suite).await;
    back_up(&suite, &after).await.expect("backed up");
    suite.stop().await.expect("stopped");
    let (early, mut stores) = (loaded(&before).await, loaded(&after).await);
    assert_eq!(wrong(&stores).await, Vec::<String>::new());
    stores.extend(
        early
            .into_iter()
            .filter(|(service, _)| *service == Service::Submission),
    );
    let told = wrong(&stores).await;
    let due = ["aggregation", "validation"].map(|name| {
        format!("{name}: it follows submission from an event that submission does not have")
    });
    assert_eq!(told, due);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_operator_backs_up_and_only_into_a_new_folder() {
    let suite = suite(Where::Memory).await;
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("backup");
    for role in [Role::Statistician, Role::Publisher, Role::Service] {
        let clients = clients(&suite, role);
        let making = Making::begin(&to).expect("a new folder");
        let refused = backup::backup(making, &Service::ALL, &clients, &wording()).await;
        let refused = format!("{:#}", refused.expect_err("refused"));
        assert!(refused.contains("PERMISSION_DENIED"), "{refused}");
        assert!(!to.exists());
    }
    back_up(&suite, &to).await.expect("backed up");
    let again = back_up(&suite, &to).await.expect_err("refused");
    assert!(again.to_string().contains("is not empty"), "{again}");
    let left = fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 1, "nothing is left of what was refused");
    suite.stop().await.expect("stopped");
}

/// Kinds of which a row may go missing unnoticed, because nothing else speaks of it: requests and their
/// days, cursors, the keys of page tokens, what is signed off now where a snapshot names it too, and a
/// mark that is made anew.
const UNNOTICED: &[(&str, &[u8])] = &[
    ("aggregation", &[1, 3, 6, 8, 13, 16]),
    ("publication", &[3, 4, 7, 18, 20]),
    ("submission", &[4, 7, 14, 15]),
    ("validation", &[12, 13, 14, 15]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_changed_or_lost_is_found_and_nothing_is_repaired() {
    let (_folder, to) = a_year().await;
    let stores = loaded(&to).await;
    let mut unnoticed = BTreeMap::<&str, BTreeSet<u8>>::new();
    let mut damages = 0;
    for (service, store) in &stores {
        let alone = Stores::from([(*service, Arc::clone(store))]);
        let rows = store.scan(KeyRange::all(), usize::MAX).await.expect("rows");
        let mut tried = BTreeMap::<u8, usize>::new();
        for (key, entry) in &rows {
            // The second of each kind, so that there is one before it.
            let of_kind = tried.entry(key[0]).or_default();
            *of_kind += 1;
            let is_last_of_kind = !rows
                .iter()
                .any(|(other, _)| other[0] == key[0] && other > key);
            if *of_kind != 2 && !(*of_kind == 1 && is_last_of_kind) {
                continue;
            }
            let as_it_was = Commit::new().put(key.clone(), entry.value.clone());
            if let Some(middle) = entry.value.len().checked_sub(1) {
                let mut changed = entry.value.clone();
                changed[middle / 2] ^= 4;
                let changed = Commit::new().put(key.clone(), changed);
                store.commit(changed).await.expect("changed");
                let problems = wrong(&alone).await;
                assert!(!problems.is_empty(), "{}: {key:?}", service.name());
                damages += 1;
            }
            let lost = store.commit(Commit::new().delete(key.clone())).await;
            lost.expect("lost");
            if wrong(&alone).await.is_empty() {
                unnoticed.entry(service.name()).or_default().insert(key[0]);
            }
            store.commit(as_it_was).await.expect("as it was");
        }
        assert!(tried.len() > 5, "{}: {tried:?}", service.name());
        assert_eq!(wrong(&alone).await, Vec::<String>::new());
    }
    assert!(damages > 30, "{damages}");
    let due = UNNOTICED
        .iter()
        .map(|(name, kinds)| (*name, kinds.iter().copied().collect()));
    assert_eq!(unnoticed, due.collect());
}
