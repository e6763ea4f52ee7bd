//! What the embedded store alone promises: what was answered is there afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mesur_store::{
    Commit, Error, KEY_BYTES_MAX, KeyRange, Log, Settings, SledStore, Store, Version, large,
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
pub(crate) fn copy(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    copy_into(from, to.path());
    to
}

pub(crate) fn copy_into(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to).unwrap();
        } else {
            fs::create_dir(&to).unwrap();
            copy_into(&entry.path(), &to);
        }
    }
}

/// The files of the journal, in order.
pub(crate) fn journal(path: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(path.join("journal")).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// Where the frames of a file end, of which the last does not end with zeros; behind it there may be room.
fn frames_end(file: &Path) -> usize {
    let bytes = fs::read(file).unwrap();
    let last = bytes.iter().rposition(|byte| *byte != 0);
    last.unwrap() + 1
}

#[tokio::test]
async fn room_that_was_made_behind_the_last_commit_is_used_and_is_never_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(folder.path(), SMALL).unwrap();
    let length = |path: &Path| fs::read(journal(path).pop().unwrap()).unwrap().len();
    let commit = async |store: &SledStore, n: u8| {
        let commit = Commit::new().put([n], vec![7; 600]);
        store.commit(commit).await.unwrap();
    };
    commit(&store, 0).await;
    let made = length(folder.path());
    for n in 1..20 {
        commit(&store, n).await;
    }
    let file = journal(folder.path()).pop().unwrap();
    assert_eq!(length(folder.path()), made);
    assert!(frames_end(&file) > 20 * 600 && made > frames_end(&file));
    // A crash leaves it, and whoever opens the folder does not take it for commits.
    let crashed = copy(folder.path());
    let survivor = open(crashed.path()).unwrap();
    assert_eq!(length(crashed.path()), frames_end(&file));
    assert_eq!(survivor.scan(KeyRange::all(), 99).await.unwrap().len(), 20);
    // A file that another follows has none, nor has the last one of a store that was closed.
    for n in 20..220 {
        commit(&store, n).await;
    }
    drop(store);
    let files = journal(folder.path());
    assert!(files.len() > 1);
    for file in files {
        assert_eq!(fs::read(&file).unwrap().len(), frames_end(&file));
    }
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
        // Polled twice, for first others have their turn and then it is queued; then given up by its author.
        std::future::poll_fn(|cx| {
            assert!(commit.as_mut().poll(cx).is_pending());
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
async fn a_long_commit_torn_anywhere_is_there_wholly_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    store
        .commit(Commit::new().put("a", "acknowledged"))
        .await
        .unwrap();
    let file = journal(folder.path()).pop().unwrap();
    let before = frames_end(&file);
    let chunk = vec![7; 8 * 1024];
    let rows = 100_u32;
    let commit = (0..rows).fold(Commit::new().put("b", "b"), |commit, row| {
        commit.put(row.to_be_bytes(), chunk.clone())
    });
    store.commit(commit).await.unwrap();
    let crashed = copy(folder.path());
    let whole = fs::read(&file).unwrap();
    let name = Path::new("journal").join(file.file_name().unwrap());

    let parts = (0..=32).map(|part| before + (whole.len() - before) * part / 32);
    for length in parts.chain([before + 1, before + 28, whole.len() - 1]) {
        for is_cut in [true, false] {
            let crashed = copy(crashed.path());
            // What was written and not synced may be gone, or be something else.
            let mut torn = whole.clone();
            torn[length..].fill(0);
            torn.truncate(if is_cut { length } else { whole.len() });
            fs::write(crashed.path().join(&name), &torn).unwrap();
            let survivor = open(crashed.path()).unwrap();
            let found = survivor.scan(KeyRange::all(), 999).await.unwrap();
            let expected = if length == whole.len() { 102 } else { 1 };
            assert_eq!(found.len(), expected, "torn at {length}");
            assert_eq!(
                survivor.get(b"a").await.unwrap().unwrap().value,
                b"acknowledged"
            );
            // What survived is a store that works.
            survivor.commit(Commit::new().put("c", "c")).await.unwrap();
            drop(survivor);
            let survivor = open(crashed.path()).unwrap();
            assert!(survivor.get(b"c").await.unwrap().is_some());
        }
    }
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
        assert_eq!(rows.len(), 1 + 3 * 16);
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
        for start in (0..300).step_by(30) {
            let put = (start..start + 30)
                .fold(Commit::new(), |c, n| c.put(key(n * 7 % 300), vec![7; 512]));
            store.commit(put).await.unwrap();
        }
        // Thinned out unevenly, so that neighbours are merged into full leaves.
        let thin = (0..300).filter(|n| n / 16 % 2 == round % 2 && n % 16 > 1);
        for thin in thin.collect::<Vec<_>>().chunks(100) {
            let thin = thin.iter().fold(Commit::new(), |c, n| c.delete(key(*n)));
            store.commit(thin).await.unwrap();
        }
        drop(store.dump().await.unwrap());
        let left = store.scan(KeyRange::all(), 999).await.unwrap();
        assert!((100..200).contains(&left.len()));
    }
}

pub(crate) const SMALL: Settings = Settings {
    cache_bytes: 1024 * 1024,
    journal_file_bytes: 64 * 1024,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_the_journal_go_when_nothing_in_them_is_needed_and_no_value_goes_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(folder.path(), SMALL).unwrap();
    let value = |key: u32, round: u8| [vec![round; 900], key.to_be_bytes().to_vec()].concat();
    // Values that stay, one in many, so that files are moved out of and not just emptied.
    for key in 0..200u32 {
        let commit = Commit::new().put(key.to_be_bytes(), value(key, 0));
        store.commit(commit).await.unwrap();
        let waste = (0..8).fold(Commit::new(), |c, n: u32| {
            c.put((1000 + n).to_be_bytes(), value(n, 1))
        });
        store.commit(waste).await.unwrap();
    }
    let mut written = 0;
    for round in 0..40u8 {
        for start in (0..1000u32).step_by(100) {
            let commit = (start..start + 100).fold(Commit::new(), |c, n| {
                written += value(n, round).len();
                c.put((1000 + n).to_be_bytes(), value(n, round))
            });
            store.commit(commit).await.unwrap();
        }
    }
    let check = async |store: &SledStore| {
        let found = store.scan(KeyRange::all(), 9999).await.unwrap();
        let found = found.into_iter().filter(|(key, _)| key != b"n");
        let found: Vec<_> = found.collect();
        assert_eq!(found.len(), 1200);
        for (key, entry) in found {
            let key = u32::from_be_bytes(key.try_into().unwrap());
            let round = if key < 1000 { 0 } else { 39 };
            assert_eq!(entry.value, value(key % 1000, round));
        }
    };
    check(&store).await;
    drop(store);
    // Closing puts all into the index; what has become waste goes with the next jobs.
    let store = SledStore::open(folder.path(), SMALL).unwrap();
    check(&store).await;
    for n in 0..3u32 {
        store
            .commit(Commit::new().put("n", n.to_be_bytes()))
            .await
            .unwrap();
        drop(store.dump().await.unwrap());
    }
    let kept: u64 = journal(folder.path())
        .iter()
        .map(|file| fs::metadata(file).unwrap().len())
        .sum();
    assert!(
        kept < 6 * 1024 * 1024,
        "{kept} bytes kept of {written} written; 1.1 MB are needed"
    );
}

#[tokio::test]
async fn a_dump_holds_one_moment_and_a_half_loaded_store_is_not_opened() {
    let [from, to, half] = [0; 3].map(|_| tempfile::tempdir().unwrap());
    let log = Log::new("events");
    let store = open(from.path()).unwrap();
    for n in 0..100u8 {
        let commit = Commit::new().put([n], vec![n; 20 * usize::from(n)]);
        store.commit(commit.append(&log, [n])).await.unwrap();
    }
    let mut dump = store.dump().await.unwrap();
    let commit = Commit::new().put([0], "later").delete([1]);
    store.commit(commit).await.unwrap();
    let mut rows = Vec::new();
    loop {
        let page = dump.next().await.unwrap();
        if page.is_empty() {
            break;
        }
        rows.push(page);
    }
    assert_eq!(rows.iter().flatten().count(), 200);
    let loaded = open(to.path()).unwrap();
    let unfinished = open(half.path()).unwrap();
    for page in &rows {
        loaded.load(page.clone()).await.unwrap();
        unfinished.load(page.clone()).await.unwrap();
    }
    let early = loaded.commit(Commit::new().put("a", "a")).await;
    assert!(matches!(early, Err(Error::Loading)));
    loaded.finish_load(dump.version()).await.unwrap();
    let again = loaded.load(Vec::new()).await;
    assert!(matches!(again, Err(Error::NotEmpty)));
    drop(loaded);
    let loaded = open(to.path()).unwrap();
    let mut copied = loaded.dump().await.unwrap();
    assert_eq!(copied.version(), dump.version());
    for page in rows {
        assert_eq!(copied.next().await.unwrap(), page);
    }
    drop(copied);
    let next = loaded.commit(Commit::new().put("a", "a")).await.unwrap();
    assert_eq!(next.get(), dump.version().get() + 1);
    drop(unfinished);
    assert!(matches!(open(half.path()), Err(Error::Unusable { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_ten_times_larger_than_its_cache_answers_everything() {
    const ROWS: u32 = 24_000;
    let folder = tempfile::tempdir().unwrap();
    // Short enough to stand in the index, which alone has a cache.
    let value = |n: u32| n.to_be_bytes().repeat(110);
    let store = SledStore::open(folder.path(), SMALL).unwrap();
    for first in (0..ROWS).step_by(100) {
        let rows = first..first + 100;
        let commit = rows.fold(Commit::new(), |commit, n| {
            commit.put(n.to_be_bytes(), value(n))
        });
        store.commit(commit).await.unwrap();
    }
    drop(store);
    let index = fs::metadata(folder.path().join("db")).unwrap().len();
    assert!(index > 10 * SMALL.cache_bytes, "{index} bytes");
    let store = SledStore::open(folder.path(), SMALL).unwrap();
    for n in 0..ROWS {
        // In no order that a cache would help.
        let n = n * 7_919 % ROWS;
        let entry = store.get(&n.to_be_bytes()).await.unwrap().unwrap();
        assert_eq!(entry.value, value(n));
    }
    let mut range = KeyRange::all();
    let mut count = 0;
    loop {
        let rows = store.scan(range.clone(), 1_000).await.unwrap();
        let Some((last, _)) = rows.last() else { break };
        count += rows.len();
        range = range.after(last);
    }
    assert_eq!(u32::try_from(count).unwrap(), ROWS);
}
