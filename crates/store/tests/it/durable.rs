//! What the embedded store alone promises: what was answered is there afterwards.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use mesur_store::{
    Commit, Error, Expect, KEY_BYTES_MAX, KeyRange, Log, Settings, SledStore, Store,
    VALUE_BYTES_MAX, Version, large,
};
use tempfile::TempDir;
use tokio::task::JoinSet;

pub(crate) fn open(path: &Path) -> Result<SledStore, Error> {
    SledStore::open(path, Settings::default())
}

fn blobs(path: &Path) -> usize {
    fs::read_dir(path.join("blobs")).unwrap().count()
}

/// A store's folder in which no unsynced blob may be left.
pub(crate) struct NoBlobs(pub(crate) TempDir);

impl Drop for NoBlobs {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(blobs(self.0.path()), 0);
        }
    }
}

/// Copies a store's folder as a crash would leave it.
fn copy(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    fs::create_dir(to.path().join("blobs")).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.path().join(entry.file_name())).unwrap();
        }
    }
    to
}

#[tokio::test]
async fn a_reopened_store_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new("events");
    let mut last = Version::ZERO;
    for n in 0..20u8 {
        let store = open(folder.path()).unwrap();
        let version = store
            .commit(Commit::new().put([n], [n]).append(&log, [n]))
            .await
            .unwrap();
        assert_eq!(version.get(), last.get() + 1);
        last = version;
        assert_eq!(
            store.scan(KeyRange::all(), 99).await.unwrap().len(),
            usize::from(n) + 1
        );
        assert_eq!(
            store.read_log(&log, None, 99).await.unwrap().len(),
            usize::from(n) + 1
        );
    }
}

#[tokio::test]
async fn a_folder_is_open_once_and_a_follower_does_not_keep_it_open() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let _watch = store.watch(Log::new("events"), None).await.unwrap();
    assert!(matches!(
        open(folder.path()),
        Err(Error::AlreadyOpen { .. })
    ));
    drop(store);
    open(folder.path()).unwrap();
}

#[tokio::test]
async fn commits_queued_when_the_store_is_dropped_are_there_when_it_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    for n in 0..50u8 {
        let mut commit = Box::pin(store.commit(Commit::new().put([n], [n])));
        // Polled once, which queues it, then given up by its author.
        std::future::poll_fn(|cx| {
            let _ = commit.as_mut().poll(cx);
            std::task::Poll::Ready(())
        })
        .await;
    }
    drop(store);
    let store = open(folder.path()).unwrap();
    assert_eq!(store.scan(KeyRange::all(), 99).await.unwrap().len(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_taken_after_the_answers_opens_with_everything() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(folder.path()).unwrap());
    let mut tasks = JoinSet::new();
    for task in 0..64u8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for n in 0..8u8 {
                let commit = Commit::new().put([task, n], vec![n; 9_000]);
                store
                    .commit(commit.append(&Log::new("events"), [task, n]))
                    .await
                    .unwrap();
            }
        });
    }
    tasks.join_all().await;
    let crashed = copy(folder.path());
    let survivor = open(crashed.path()).unwrap();
    let range = KeyRange::all();
    let all = store.scan(range.clone(), 999).await.unwrap();
    assert_eq!(all.len(), 512);
    assert_eq!(survivor.scan(range, 999).await.unwrap(), all);
    let events = store
        .read_log(&Log::new("events"), None, 999)
        .await
        .unwrap();
    assert_eq!(
        survivor
            .read_log(&Log::new("events"), None, 999)
            .await
            .unwrap(),
        events
    );
}

#[tokio::test]
async fn a_commit_of_eight_mebibytes_torn_anywhere_is_there_wholly_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    store
        .commit(Commit::new().put("a", "acknowledged"))
        .await
        .unwrap();
    let before = fs::read(folder.path().join("db")).unwrap().len();
    let chunk = vec![7; 16 * 1024];
    let rows = 512_u32;
    let commit = (0..rows).fold(Commit::new().put("b", "b"), |commit, row| {
        commit.put(row.to_be_bytes(), chunk.clone())
    });
    store.commit(commit).await.unwrap();
    let crashed = copy(folder.path());
    let whole = fs::read(crashed.path().join("db")).unwrap();
    assert!(whole.len() > before + 8 * 1024 * 1024);

    let (mut torn, mut complete) = (0, 0);
    for part in 0..=16 {
        let length = before + (whole.len() - before) * part / 16;
        let crashed = copy(crashed.path());
        fs::write(crashed.path().join("db"), &whole[..length]).unwrap();
        let survivor = open(crashed.path()).unwrap();
        assert_eq!(
            survivor.get(b"a").await.unwrap().unwrap().value,
            b"acknowledged"
        );
        let found = survivor.scan(KeyRange::all(), 999).await.unwrap();
        if survivor.get(b"b").await.unwrap().is_some() {
            assert_eq!(found.len(), 514);
            let rows = found.iter().filter(|(key, _)| key.len() == 4);
            assert!(rows.into_iter().all(|(_, entry)| entry.value == chunk));
            complete += 1;
        } else {
            assert_eq!(found.len(), 1);
            torn += 1;
        }
        // What survived is a store that works.
        survivor.commit(Commit::new().put("c", "c")).await.unwrap();
    }
    assert!(torn > 8 && complete > 0, "{torn} torn, {complete} complete");
}

#[tokio::test]
async fn a_crash_while_a_value_is_staged_leaves_the_old_one_and_nothing_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let [old, new] = [5, 6].map(|byte| vec![byte; 3 * large::INLINE_BYTES]);
    let put = async |store: &SledStore, value| {
        let commit = large::put_large(store, Commit::new(), b"big", value).await;
        store.commit(commit.unwrap()).await.unwrap();
    };
    let crash = async |expected: &Vec<u8>| {
        let crashed = copy(folder.path());
        let survivor = open(crashed.path()).unwrap();
        let found = large::get_large(&survivor, b"big").await.unwrap();
        assert!(found.as_ref() == Some(expected));
        put(&survivor, &new).await;
        let found = large::get_large(&survivor, b"big").await.unwrap();
        assert!(found.as_ref() == Some(&new));
        large::sweep(&survivor, b"big").await.unwrap();
        let rows = survivor.scan(KeyRange::all(), 9999).await.unwrap();
        assert_eq!(rows.len(), 1 + 3 * 64);
        assert_eq!(blobs(crashed.path()), 0);
    };
    put(&store, &old).await;
    let mut writer = large::Writer::new(&store, b"big");
    for piece in new.chunks(large::INLINE_BYTES) {
        writer.write(piece).await.unwrap();
        crash(&old).await;
    }
    let commit = writer.finish(Commit::new()).await.unwrap();
    crash(&old).await;
    store.commit(commit).await.unwrap();
    crash(&new).await;
}

#[tokio::test]
async fn leaves_full_of_the_longest_rows_leave_no_blob() {
    let folder = NoBlobs(tempfile::tempdir().unwrap());
    let store = open(folder.0.path()).unwrap();
    let key = |n: u32| {
        let mut key = vec![b'k'; KEY_BYTES_MAX];
        key[KEY_BYTES_MAX - 4..].copy_from_slice(&n.to_be_bytes());
        key
    };
    for round in 0..3u32 {
        for start in (0..300).step_by(100) {
            let put = (start..start + 100).fold(Commit::new(), |c, n| {
                c.put(key(n * 7 % 300), vec![7; VALUE_BYTES_MAX])
            });
            store.commit(put).await.unwrap();
        }
        // Thinned out unevenly, so that neighbours are merged into full leaves.
        let thin = (0..300)
            .filter(|n| n / 16 % 2 == round % 2 && n % 16 > 1)
            .fold(Commit::new(), |c, n| c.delete(key(n)));
        store.commit(thin).await.unwrap();
        let left = store.scan(KeyRange::all(), 999).await.unwrap();
        assert!((100..200).contains(&left.len()));
    }
}

/// The slots of a closed store that hold values.
fn slots(path: &Path) -> usize {
    let config = sled::Config::new().path(path).segment_size(4 * 1024 * 1024);
    let db = config.flush_every_ms(None).open().unwrap();
    let slots = db.scan_prefix([3]).values();
    slots
        .filter(|slot| !slot.as_ref().unwrap().is_empty())
        .count()
}

#[tokio::test]
async fn of_values_kept_together_each_goes_alone_and_the_last_takes_their_room_along() {
    let folder = tempfile::tempdir().unwrap();
    let value = |n: u8| vec![n; 2_000];
    let check = async |store: &SledStore, expected: &[(u8, u8)]| {
        let found = store.scan(KeyRange::all(), 9).await.unwrap();
        let expected = expected.iter().map(|(key, n)| (vec![*key], value(*n)));
        let found = found.into_iter().map(|(key, entry)| (key, entry.value));
        assert!(found.eq(expected));
    };
    let step = async |commit: Commit, expected: &[(u8, u8)], rooms| {
        let store = open(folder.path()).unwrap();
        store.commit(commit).await.unwrap();
        check(&store, expected).await;
        drop(store);
        check(&open(folder.path()).unwrap(), expected).await;
        assert_eq!(slots(folder.path()), rooms);
    };
    let four = (1..=4).fold(Commit::new(), |commit, n| commit.put([n], value(n)));
    step(four, &[(1, 1), (2, 2), (3, 3), (4, 4)], 1).await;
    let two = Commit::new().put([2], value(12)).delete([3]);
    step(two, &[(1, 1), (2, 12), (4, 4)], 2).await;
    let short = Commit::new().delete([1]).put([4], [4]).delete([4]);
    step(short, &[(2, 12)], 1).await;
    step(Commit::new().delete([2]), &[], 0).await;
}

#[tokio::test]
async fn a_store_that_cannot_make_a_commit_durable_acknowledges_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new("events");
    let store = open(folder.path()).unwrap();
    let commit = |value: &'static str| Commit::new().put("a", value).append(&log, value);
    let durable = store.commit(commit("durable")).await.unwrap();
    let mut watch = store.watch(log.clone(), None).await.unwrap();
    // A file there is what sled leaves when it writes something without syncing it.
    fs::write(folder.path().join("blobs").join("1"), "unsynced").unwrap();
    for _ in 0..2 {
        let answer = store.commit(commit("lost")).await;
        assert!(matches!(answer, Err(Error::Failed { .. })), "{answer:?}");
        fs::remove_file(folder.path().join("blobs").join("1")).ok();
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
