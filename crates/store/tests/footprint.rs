//! What the embedded store writes for what it is given, and what it holds in memory. In a process of
//! its own, for that is what both are counted by, and one test at a time.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    reason = "a test fails where what it needs is missing"
)]

use mesur_store::{Commit, Settings, SledStore, Store};
use peak_alloc::PeakAlloc;
use tokio::sync::Mutex;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Whoever counts.
static COUNTING: Mutex<()> = Mutex::const_new(());

const VALUES: u32 = 1_000;
const VALUE_BYTES: u32 = 20_000;

/// Bytes that this process has written so far, to whatever.
fn written() -> u64 {
    let counts = std::fs::read_to_string("/proc/self/io").expect("what the system counts");
    let written = counts.lines().find_map(|line| line.strip_prefix("wchar: "));
    let written = written.and_then(|bytes| bytes.parse().ok());
    written.expect("how much was written")
}

/// sled's tree alone would write it three to five times.
#[tokio::test]
async fn a_long_value_is_written_once() {
    let _alone = COUNTING.lock().await;
    let folder = tempfile::tempdir().expect("a folder");
    let store = SledStore::open(folder.path(), Settings::default()).expect("a store");
    let before = written();
    for start in (0..VALUES).step_by(10) {
        let commit = (start..start + 10).fold(Commit::new(), |commit, n| {
            // At the end of the keys, and in the midst of them.
            let key = if n % 2 == 0 { n } else { n * 7919 % VALUES };
            let key = [key.to_be_bytes(), n.to_be_bytes()].concat();
            commit.put(key, vec![7; VALUE_BYTES as usize])
        });
        store.commit(commit).await.expect("a commit");
    }
    let (written, given) = (written() - before, u64::from(VALUES * VALUE_BYTES));
    assert!(written > given, "{written} of {given}");
    assert!(written < given * 11 / 10, "{written} of {given}");
}

/// sled looks for what it can let go of each 128th time that a thread comes, and a batch of rows is one time:
/// with batches of thousands it held eleven megabytes more after each of these rounds.
#[tokio::test]
async fn what_the_index_replaces_leaves_memory() {
    const ROUNDS: u32 = 6;
    const ROWS: u32 = 5_000;
    let _alone = COUNTING.lock().await;
    let folder = tempfile::tempdir().expect("a folder");
    let store = SledStore::open(folder.path(), Settings::default()).expect("a store");
    let mut held = Vec::new();
    for round in 0..ROUNDS {
        for start in (0..ROWS).step_by(100) {
            let commit = (start..start + 100).fold(Commit::new(), |commit, row| {
                commit.put(format!("{round:050}{row:050}"), "a value")
            });
            store.commit(commit).await.expect("a commit");
        }
        // A dump begins when all is in the index.
        drop(store.dump().await.expect("a dump"));
        held.push(HEAP.current_usage());
    }
    let [first, .., last] = *held else {
        panic!("{held:?}")
    };
    // The rows themselves take less than a megabyte of each round; buffers of 4 MiB come and go.
    assert!(last < first + 20_000_000, "{held:?}");
}
