//! The chain: what holds of it in every back end, and that nothing in it is changed unnoticed.

use std::collections::BTreeSet;
use std::sync::Arc;

use mesur_store::chain::{Broken, CHAINED_BYTES_MAX, Link, Linked, Pages, Verifier};
use mesur_store::{
    Commit, DumpRow, Error, Expect, Log, MemoryStore, Settings, SledStore, Store, Version, check,
};
use tokio::task::JoinSet;

use crate::conformance::Shared;

const TASKS: usize = 8;
const COMMITS: usize = 12;

/// The entries of a chain, and what verifying them comes to.
pub(crate) async fn read(store: &dyn Store) -> (Vec<Linked>, Result<Link, Broken>) {
    let (mut pages, mut all) = (Pages::default(), Vec::new());
    loop {
        let page = pages.next(store).await.unwrap();
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let mut verifier = Verifier::default();
    let broken = all.iter().try_for_each(|linked| verifier.take(linked));
    (all, broken.map(|()| verifier.head()))
}

/// Commits of many at once to any of the stores, short and long entries, one or two at a time.
pub(crate) async fn write_at_once(stores: &[Shared]) -> usize {
    let log = Log::new("events");
    let mut tasks = JoinSet::new();
    for number in 0..TASKS {
        let (store, log) = (Arc::clone(&stores[number % stores.len()]), log.clone());
        tasks.spawn(async move {
            let mut written = 0;
            for n in 0..COMMITS {
                let short = format!("{number} {n}");
                let entry = format!("{short} {}", "long".repeat(n * 30));
                let mut commit = Commit::new().append(&log, "event").chain(entry);
                if n % 3 == 0 {
                    commit = commit.chain(short).put([1, u8::try_from(n).unwrap()], []);
                    written += 1;
                }
                store.commit(commit).await.unwrap();
                written += 1;
            }
            written
        });
    }
    tasks.join_all().await.into_iter().sum()
}

pub(crate) async fn entries_of_commits_that_run_at_once_are_one_chain(store: Shared) {
    let written = write_at_once(std::slice::from_ref(&store)).await;
    let (entries, head) = read(&*store).await;
    assert_eq!(entries.len(), written);
    assert_eq!(head.unwrap(), entries.last().unwrap().link);
    let texts: BTreeSet<_> = entries.iter().map(|linked| &linked.entry).collect();
    assert!(texts.len() == written, "every entry is there once");
    // The entry stands behind the events of its commit, in the order of the calls.
    let commit = Commit::new().chain("one").chain("two");
    let version = store.commit(commit).await.unwrap();
    let (entries, head) = read(&*store).await;
    let last: Vec<_> = entries[written..]
        .iter()
        .map(|linked| (linked.position.version(), linked.entry.as_slice()))
        .collect();
    assert_eq!(last, [(version, &b"one"[..]), (version, &b"two"[..])]);
    head.unwrap();
}

pub(crate) async fn a_commit_that_is_refused_leaves_nothing_in_the_chain(store: Shared) {
    store.commit(Commit::new().chain("first")).await.unwrap();
    let relied = Commit::new().expect("a", Expect::At(Version::new(9)));
    let conflict = store.commit(relied.chain("never").put("a", "1")).await;
    assert!(matches!(conflict, Err(Error::Conflict { .. })));
    let longest = || vec![b'e'; CHAINED_BYTES_MAX];
    let over = Commit::new().chain([longest(), vec![0]].concat());
    let refused = store.commit(over).await;
    assert!(
        matches!(refused, Err(Error::TooLarge { .. })),
        "{refused:?}"
    );
    store.commit(Commit::new().chain(longest())).await.unwrap();
    let (entries, head) = read(&*store).await;
    let lengths: Vec<_> = entries.iter().map(|linked| linked.entry.len()).collect();
    assert_eq!(lengths, [5, CHAINED_BYTES_MAX]);
    head.unwrap();
}

#[tokio::test]
async fn a_chain_goes_on_after_every_opening_and_when_files_of_the_journal_are_tidied_up() {
    let folder = tempfile::tempdir().unwrap();
    let settings = || Settings {
        // Files are mostly waste before long, and what is needed of them is moved.
        journal_file_bytes: 64 * 1024,
        ..Settings::default()
    };
    let (mut head, mut written) = (Link::START, 0);
    for opening in 0..12 {
        let store = SledStore::open(folder.path(), settings()).unwrap();
        let (entries, now) = read(&store).await;
        assert_eq!((entries.len(), now.unwrap()), (written, head), "{opening}");
        // The first commits after an opening find the last link where the index or the journal has it.
        for n in 0..10u8 {
            let entry = vec![b'0' + n; usize::from(n) * 100];
            let commit = Commit::new().put("waste", vec![n; 20_000]).chain(entry);
            store.commit(commit).await.unwrap();
            written += 1;
        }
        if opening % 2 == 0 {
            // An export has the index take in all there is.
            drop(store.dump().await.unwrap());
        }
        head = read(&store).await.1.unwrap();
    }
}

/// A store with these rows.
async fn loaded(rows: &[DumpRow], version: Version) -> MemoryStore {
    let store = MemoryStore::new();
    store.load(rows.to_vec()).await.unwrap();
    store.finish_load(version).await.unwrap();
    store
}

async fn problems(store: &dyn Store) -> Vec<String> {
    let report = check::walk(store, &[], ("events", |_| Ok(())))
        .await
        .unwrap();
    let problems = report.problems.iter();
    problems.map(ToString::to_string).collect()
}

#[tokio::test]
async fn an_entry_that_is_changed_dropped_swapped_or_put_in_is_found_with_its_place() {
    let store = MemoryStore::new();
    for n in 1..=9u8 {
        let commit = Commit::new().chain(format!("entry {n}"));
        store.commit(commit).await.unwrap();
    }
    let mut dump = store.dump().await.unwrap();
    let (rows, version) = (dump.next().await.unwrap(), dump.version());
    assert!(rows.iter().all(DumpRow::is_chained) && rows.len() == 9);
    assert!(problems(&loaded(&rows, version).await).await.is_empty());

    let broken_at = async |what: &str, change: &dyn Fn(&mut Vec<DumpRow>), entry: usize, commit| {
        let mut changed = rows.clone();
        change(&mut changed);
        let found = problems(&loaded(&changed, version).await).await;
        let due = format!("audit: the chain is broken at entry {entry}, of commit {commit}:");
        assert!(
            found.len() == 1 && found[0].starts_with(&due),
            "{what}: {found:?}"
        );
    };
    for byte in 0..rows[4].value.len() {
        let change = |rows: &mut Vec<DumpRow>| rows[4].value[byte] ^= 1;
        broken_at("changed", &change, 5, 5).await;
    }
    let first = |rows: &mut Vec<DumpRow>| drop(rows.remove(0));
    broken_at("the first dropped", &first, 1, 2).await;
    let one = |rows: &mut Vec<DumpRow>| drop(rows.remove(4));
    broken_at("dropped", &one, 5, 6).await;
    let swapped = |rows: &mut Vec<DumpRow>| {
        let (one, other) = (rows[3].value.clone(), rows[4].value.clone());
        (rows[3].value, rows[4].value) = (other, one);
    };
    broken_at("swapped", &swapped, 4, 4).await;
    let moved = |rows: &mut Vec<DumpRow>| {
        let last = rows.len() - 1;
        *rows[last].key.last_mut().unwrap() += 1;
    };
    broken_at("moved", &moved, 9, 9).await;
    let put_in = |rows: &mut Vec<DumpRow>| {
        let mut more = rows[4].clone();
        *more.key.last_mut().unwrap() += 1;
        rows.insert(5, more);
    };
    broken_at("put in", &put_in, 6, 5).await;

    // What is cut off at the end shows only to who knows a later link.
    let cut = loaded(&rows[..8], version).await;
    assert!(problems(&cut).await.is_empty());
    let (whole, head) = read(&store).await;
    let (rest, earlier) = read(&cut).await;
    assert_ne!(head.unwrap(), earlier.unwrap());
    assert!(whole[8].link == head.unwrap() && rest == whole[..8]);
}
