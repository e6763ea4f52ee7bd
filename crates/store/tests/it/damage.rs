//! What the embedded store does with damage: it is told, and nothing is passed over or made worse.

use std::fs;
use std::path::Path;

use mesur_store::{Commit, Error, Expect, Log, SledStore, Store};

use crate::durable::{SMALL, copy, copy_into, journal, open};

#[tokio::test]
async fn a_store_that_cannot_make_its_index_durable_acknowledges_no_other_commit() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new("events");
    let store = open(folder.path()).unwrap();
    let commit = |value: &'static str| Commit::new().put("a", value).append(&log, value);
    let durable = store.commit(commit("durable")).await.unwrap();
    let mut watch = store.watch(log.clone(), None).await.unwrap();
    // A file there is what sled leaves when it writes something without syncing it.
    let blob = folder.path().join("blobs").join("1");
    fs::write(&blob, "unsynced").unwrap();
    assert!(matches!(store.dump().await, Err(Error::Unusable { .. })));
    fs::remove_file(&blob).unwrap();
    for _ in 0..2 {
        let answer = store.commit(commit("lost")).await;
        assert!(matches!(answer, Err(Error::Failed { .. })), "{answer:?}");
    }
    let conflict = store
        .commit(commit("lost").expect("a", Expect::Absent))
        .await;
    assert!(matches!(conflict, Err(Error::Failed { .. })));
    let entry = store.get(b"a").await.unwrap().unwrap();
    assert_eq!(
        (entry.version, entry.value.as_slice()),
        (durable, b"durable".as_slice())
    );
    assert_eq!(store.read_log(&log, None, 9).await.unwrap().len(), 1);
    assert_eq!(watch.next().await.unwrap().value, b"durable");
    assert!(matches!(watch.next().await, Err(Error::Failed { .. })));
    drop(store);
    let store = open(folder.path()).unwrap();
    assert_eq!(
        store.get(b"a").await.unwrap().unwrap().value.as_slice(),
        b"durable"
    );
    store.commit(commit("goes on")).await.unwrap();
}

#[tokio::test]
async fn a_bit_that_flipped_in_the_journal_is_found_and_the_rest_stays_readable() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    for n in 1..=3u8 {
        let commit = Commit::new().put([n], vec![n; 2000]);
        store.commit(commit).await.unwrap();
    }
    let crashed = copy(folder.path());
    drop(store);
    let flip = |path: &Path, byte: usize| {
        let file = journal(path).pop().unwrap();
        let mut bytes = fs::read(&file).unwrap();
        bytes[byte] ^= 1;
        fs::write(&file, bytes).unwrap();
    };
    // Not in the index yet: commits behind it rest on it, so nothing is opened.
    flip(crashed.path(), 16 + 29 + 1000);
    let refused = open(crashed.path()).err().unwrap();
    assert!(matches!(refused, Error::Unusable { .. }), "{refused:?}");
    assert!(refused.to_string().contains("byte 16"), "{refused}");
    // In the index: one value is gone, the others are not.
    flip(folder.path(), 16 + 29 + 1000);
    let store = open(folder.path()).unwrap();
    assert!(matches!(store.get(&[1]).await, Err(Error::Corrupt { key, .. }) if key == [1]));
    assert_eq!(store.get(&[2]).await.unwrap().unwrap().value, [2; 2000]);
}

#[tokio::test]
async fn a_journal_that_lacks_something_or_its_index_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(folder.path(), SMALL).unwrap();
    // Keeps the index as it is: a copy of a folder that is being written is no crash.
    let held = store.dump().await.unwrap();
    for n in 0..20u8 {
        let commit = Commit::new().put([n], vec![n; 20_000]);
        store.commit(commit).await.unwrap();
    }
    let [unindexed, indexed] = [copy(folder.path()), tempfile::tempdir().unwrap()];
    drop(held);
    drop(store);
    copy_into(folder.path(), indexed.path());
    let is_refused = |from: &Path, harm: &dyn Fn(&Path)| {
        let harmed = copy(from);
        harm(harmed.path());
        let refused = SledStore::open(harmed.path(), SMALL).err();
        assert!(
            matches!(refused, Some(Error::Unusable { .. })),
            "{refused:?}"
        );
    };
    for from in [unindexed.path(), indexed.path()] {
        is_refused(from, &|path| fs::remove_file(&journal(path)[1]).unwrap());
        is_refused(from, &|path| {
            let last = journal(path).pop().unwrap();
            fs::remove_file(last).unwrap();
            let last = journal(path).pop().unwrap();
            fs::write(last, "this is no journal").unwrap();
        });
        is_refused(from, &|path| {
            fs::write(path.join("journal/other"), "").unwrap();
        });
        is_refused(from, &|path| {
            fs::remove_file(path.join("db")).unwrap();
            fs::remove_file(path.join("conf")).unwrap();
        });
    }
    let cut = |path: &Path| {
        let last = journal(path).pop().unwrap();
        let bytes = fs::read(&last).unwrap();
        fs::write(last, &bytes[..bytes.len() - 1]).unwrap();
    };
    is_refused(indexed.path(), &cut);
}

#[tokio::test]
async fn a_folder_that_this_program_cannot_read_safely_is_refused() {
    let open_with = |rows: &[(&str, &[u8])]| {
        let folder = tempfile::tempdir().unwrap();
        let config = sled::Config::new()
            .path(folder.path())
            .segment_size(4 * 1024 * 1024);
        let db = config.flush_every_ms(None).open().unwrap();
        for (key, value) in rows {
            db.insert(key, *value).unwrap();
        }
        drop(db);
        open(folder.path()).err().unwrap()
    };
    let other = open_with(&[("other", b"program's")]);
    assert!(matches!(other, Error::Unusable { .. }), "{other:?}");
    let newer = open_with(&[("\0format", &2u32.to_be_bytes())]);
    assert!(
        matches!(
            newer,
            Error::NewerFormat {
                found: 2,
                supported: 1,
                ..
            }
        ),
        "{newer:?}"
    );
    let lost = open_with(&[("\0format", &1u32.to_be_bytes())]);
    assert!(matches!(lost, Error::Unusable { .. }), "{lost:?}");

    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("blobs")).unwrap();
    fs::write(folder.path().join("blobs").join("1"), "unsynced").unwrap();
    assert!(matches!(open(folder.path()), Err(Error::Unusable { .. })));
}
