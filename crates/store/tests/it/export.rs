//! Exports: the same bytes for the same state, and nothing but what was written.

use std::sync::Arc;

use mesur_store::export::{self, Error, Reading};
use mesur_store::{Commit, KeyRange, Log, MemoryStore, Store, Version, large};

use crate::chain;
use crate::conformance::Shared;

/// A store with short and long values, replaced and deleted ones, two logs and a chain.
async fn filled(store: &dyn Store) {
    let (log, other) = (Log::new("events"), Log::new("other"));
    for n in 0..100u8 {
        let commit = Commit::new().put([1, n % 70], vec![n; usize::from(n) * 60]);
        let commit = commit.append(&log, [n]).append(&log, [n, n]);
        let commit = commit.chain(vec![n; usize::from(n) * 10]);
        store.commit(commit.append(&other, [n])).await.unwrap();
    }
    store
        .commit(Commit::new().delete([1, 3]).delete([1, 4]))
        .await
        .unwrap();
    let staged = vec![7; large::INLINE_BYTES + 5];
    let commit = large::put_large(store, Commit::new(), &[2], &staged).await;
    store.commit(commit.unwrap()).await.unwrap();
}

pub(crate) async fn export(store: &dyn Store) -> Vec<u8> {
    let mut bytes = Vec::new();
    let contents = export::write(store, "submission", &mut bytes)
        .await
        .unwrap();
    assert_eq!(contents.bytes, u64::try_from(bytes.len()).unwrap());
    assert_eq!(export::check(&mut bytes.as_slice()).unwrap(), contents);
    bytes
}

pub(crate) async fn a_store_that_was_exported_and_loaded_cannot_be_told_from_the_first(
    store: Shared,
) {
    let from = MemoryStore::new();
    filled(&from).await;
    let bytes = export(&from).await;
    let contents = export::load(&mut bytes.as_slice(), &*store).await.unwrap();
    assert_eq!(contents.header.name, "submission");
    assert!(
        export(&*store).await == bytes,
        "the same state is the same bytes"
    );
    let all = async |store: &dyn Store| store.scan(KeyRange::all(), 999).await.unwrap();
    assert_eq!(all(&*store).await, all(&from).await);
    // Positions of followers stay good, and both go on with the same commit.
    let log = Log::new("events");
    let entries = from.read_log(&log, None, 999).await.unwrap();
    let middle = Some(entries[80].position);
    let rest = store.read_log(&log, middle, 999).await.unwrap();
    assert_eq!(rest, entries[81..]);
    let next = || Commit::new().put([1], [1]).chain("next");
    let (here, there) = (store.commit(next()).await, from.commit(next()).await);
    assert_eq!(here.unwrap(), there.unwrap());
    // So do their chains.
    let ((here, head), (there, _)) = (chain::read(&*store).await, chain::read(&from).await);
    assert!(here == there && here.len() == 101);
    head.unwrap();
    // What has commits takes no load.
    let again = export::load(&mut bytes.as_slice(), &*store).await;
    let again = again.expect_err("refused");
    assert!(
        matches!(again, Error::Store(mesur_store::Error::NotEmpty)),
        "{again}"
    );
}

/// The rows of a small export, read in pieces of so many bytes.
fn read(bytes: &[u8], piece: usize) -> Result<usize, Error> {
    let mut reading = Reading::default();
    let mut rows = 0;
    for piece in bytes.chunks(piece) {
        rows += reading.push(piece)?.len();
    }
    reading.finish()?;
    Ok(rows)
}

#[tokio::test]
async fn an_export_that_is_cut_or_changed_anywhere_is_refused_and_says_what_to_do() {
    let store = MemoryStore::new();
    let commit = Commit::new().put([1], [7; 300]).put([2], []);
    store
        .commit(commit.append(&Log::new("events"), [3]))
        .await
        .unwrap();
    let bytes = export(&store).await;
    for piece in [1, 2, 7, bytes.len()] {
        assert_eq!(read(&bytes, piece).unwrap(), 3, "pieces of {piece}");
    }
    for end in 0..bytes.len() {
        let cut = read(&bytes[..end], 64).expect_err("cut");
        assert!(matches!(cut, Error::Damaged { .. }), "cut at {end}: {cut}");
    }
    let mut refusals = std::collections::BTreeMap::new();
    for byte in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[byte] ^= 1 << bit;
            let refusal = read(&changed, 64).expect_err("changed").to_string();
            // The place is of less interest than the words.
            let words = refusal.split(|c: char| c.is_ascii_digit()).next_back();
            *refusals.entry(words.unwrap().to_owned()).or_insert(0) += 1;
        }
    }
    let mut longer = bytes.clone();
    longer.push(0);
    let behind = read(&longer, 64).expect_err("longer").to_string();
    assert!(behind.contains("behind its end"), "{behind}");
    let named = |part: &str| refusals.keys().any(|words| words.contains(part));
    for part in [
        "no export",
        "use a newer one",
        "its digest",
        "not in order",
        "version of a row",
    ] {
        assert!(named(part), "{part}: {refusals:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_cut_never_becomes_a_store_that_goes_on() {
    let from = MemoryStore::new();
    filled(&from).await;
    let bytes = export(&from).await;
    let to = MemoryStore::new();
    let cut = &bytes[..bytes.len() - 1];
    let loaded = export::load(&mut &cut[..], &to).await.expect_err("cut");
    assert!(loaded.to_string().contains("cut short"), "{loaded}");
    // The load was never ended, so the store has no commit yet.
    assert_eq!(to.dump().await.unwrap().version(), Version::ZERO);
}

#[tokio::test]
async fn a_dump_shows_one_moment_while_commits_go_on() {
    let store = Arc::new(MemoryStore::new());
    filled(&*store).await;
    let before = export(&*store).await;
    let mut running = export::Export::of(&*store, "submission").await.unwrap();
    let mut bytes = running.next().await.unwrap().unwrap();
    let commit = Commit::new().put([1, 1], "later").put([9], "later");
    store.commit(commit).await.unwrap();
    while let Some(piece) = running.next().await.unwrap() {
        bytes.extend(piece);
    }
    assert!(bytes == before);
}

#[tokio::test]
async fn the_name_of_an_exported_store_has_so_many_bytes_and_no_more() {
    let store = MemoryStore::new();
    let longest = "a".repeat(export::NAME_BYTES_MAX);
    assert!(export::Export::of(&store, &longest).await.is_ok());
    let refused = export::Export::of(&store, &format!("{longest}a")).await;
    let refused = refused.err().expect("refused").to_string();
    assert!(refused.contains("a store's name"), "{refused}");
}
