//! A store's folder that was damaged, or that the system does not let it use: it says so, nothing is
//! made worse, and nothing is ever read that was not written. Some of it in processes of their own.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails where what it needs is missing"
)]
#![expect(clippy::print_stdout, reason = "a child tells its test what it saw")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mesur_store::{Commit, Error, KeyRange, Log, Settings, SledStore, Store};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const COMMITS: u8 = 80;
/// Where a child finds its folder.
const FOLDER: &str = "MESUR_TEST_FOLDER";
/// Starts a program as root without the right to write what its rights forbid. Another user would not do:
/// the way to this program may be closed to it.
const WITHOUT_OVERRIDE: [&str; 2] = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];

fn settings() -> Settings {
    Settings {
        cache_bytes: 1024 * 1024,
        journal_file_bytes: 64 * 1024,
    }
}

/// What commit `n` writes: short values, and long ones that stay in the journal.
fn value(n: u8) -> Vec<u8> {
    let length = if n.is_multiple_of(3) { 9_000 } else { 90 };
    (0..length).map(|at: u32| n ^ at.to_le_bytes()[0]).collect()
}

async fn fill(store: &SledStore) {
    for n in 0..COMMITS {
        let commit = Commit::new().put([n], value(n));
        let commit = commit.append(&Log::new("events"), [n]);
        store.commit(commit).await.expect("committed");
    }
}

fn filled() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = Runtime::new().expect("a runtime");
    let store = SledStore::open(folder.path(), settings()).expect("a store");
    runtime.block_on(fill(&store));
    drop(store);
    folder
}

/// Every file under a folder with its content, by its path there.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut due = vec![folder.to_owned()];
    while let Some(next) = due.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                due.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("under it").to_owned();
                found.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

fn write(contents: &BTreeMap<PathBuf, Vec<u8>>) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("blobs")).expect("a folder");
    for (name, bytes) in contents {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("written");
    }
    folder
}

/// What becomes of a damaged folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// It is not opened.
    Refused,
    /// It is opened, and some reads fail.
    Told,
    /// Nothing is missing.
    Whole,
    /// The last commit is not there: it cannot be told from one that was never answered.
    LastIsGone,
}

fn outcome(runtime: &Runtime, folder: &Path) -> Outcome {
    let store = match SledStore::open(folder, settings()) {
        Ok(store) => store,
        Err(error) => {
            let told = error.to_string();
            assert!(told.len() > 10, "{told}");
            return Outcome::Refused;
        }
    };
    runtime.block_on(async {
        let (mut missing, mut told) = (Vec::new(), false);
        for n in 0..COMMITS {
            match store.get(&[n]).await {
                Ok(Some(entry)) => assert!(entry.value == value(n), "another value at {n}"),
                Ok(None) => missing.push(n),
                Err(_) => told = true,
            }
        }
        match store.read_log(&Log::new("events"), None, 999).await {
            Ok(entries) => {
                let found = entries.iter().map(|entry| entry.value[0]);
                assert!(found.eq(0..u8::try_from(entries.len()).expect("few")));
                let lost = usize::from(COMMITS) - entries.len();
                assert!(
                    lost == missing.len() || told,
                    "{lost} of the log, {missing:?}"
                );
            }
            Err(_) => told = true,
        }
        match missing.as_slice() {
            [] if told => Outcome::Told,
            [] => Outcome::Whole,
            [last] if *last == COMMITS - 1 => Outcome::LastIsGone,
            _ if told => Outcome::Told,
            lost => panic!("{lost:?} are gone without a word"),
        }
    })
}

/// The same numbers each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }
}

/// Damages each file of a store in so many ways, and says what became of it.
fn damage(each: usize, how: impl Fn(&mut Vec<u8>, &mut Numbers)) -> BTreeMap<Outcome, usize> {
    let whole = contents(filled().path());
    let runtime = Runtime::new().expect("a runtime");
    let mut numbers = Numbers(7);
    let mut outcomes = BTreeMap::new();
    for (name, bytes) in &whole {
        // The lock is held, and says nothing.
        if bytes.is_empty() {
            continue;
        }
        for _ in 0..each {
            let mut damaged = whole.clone();
            how(damaged.get_mut(name).expect("there"), &mut numbers);
            let folder = write(&damaged);
            let seen = catch_unwind(AssertUnwindSafe(|| outcome(&runtime, folder.path())));
            let seen = seen.unwrap_or_else(|_| panic!("{} was damaged", name.display()));
            *outcomes.entry(seen).or_insert(0) += 1;
            if seen == Outcome::Refused {
                let journal = |name: &Path| name.starts_with("journal");
                let after = contents(folder.path());
                for (name, bytes) in damaged.iter().filter(|(name, _)| journal(name)) {
                    assert!(
                        after.get(name) == Some(bytes),
                        "{} was changed",
                        name.display()
                    );
                }
            }
        }
    }
    outcomes
}

#[test]
fn a_flipped_bit_in_any_file_is_told_or_harmless_and_never_another_value() {
    let outcomes = damage(25, |bytes, numbers| {
        let at = numbers.below(bytes.len());
        bytes[at] ^= 1 << numbers.below(8);
    });
    let told = [Outcome::Refused, Outcome::Told];
    assert!(
        told.iter().all(|one| outcomes.contains_key(one)),
        "{outcomes:?}"
    );
}

#[test]
fn a_file_that_is_cut_anywhere_is_told_or_harmless_and_never_another_value() {
    let outcomes = damage(12, |bytes, numbers| {
        let end = numbers.below(bytes.len());
        bytes.truncate(end);
    });
    assert!(outcomes.contains_key(&Outcome::Refused), "{outcomes:?}");
}

/// A child that runs one of the tests below that are left out otherwise, started by `starter` if any.
fn child_by(starter: &[&str], test: &str, folder: &Path) -> Command {
    let this = std::env::current_exe().expect("this test");
    let mut command = match starter {
        [] => Command::new(this),
        [program, arguments @ ..] => {
            let mut command = Command::new(program);
            command.args(arguments).arg(this);
            command
        }
    };
    let exact = [
        "--exact",
        test,
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ];
    command.args(exact).env(FOLDER, folder);
    command
}

fn child(test: &str, folder: &Path) -> Command {
    child_by(&[], test, folder)
}

fn folder_of_child() -> PathBuf {
    std::env::var_os(FOLDER)
        .expect("run by another test")
        .into()
}

#[test]
#[ignore = "a process of its own, run by another test"]
fn holds_a_store_until_it_is_told() {
    let _store = SledStore::open(&folder_of_child(), settings()).expect("a store");
    println!("\nopen");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("told");
}

#[test]
fn a_second_process_on_a_folder_is_refused_and_the_first_goes_on() {
    let folder = filled();
    let mut holder = child("holds_a_store_until_it_is_told", folder.path());
    let holder = holder.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut holder = holder.expect("a process");
    let output = BufReader::new(holder.stdout.take().expect("its output"));
    let mut lines = output.lines();
    assert!(lines.any(|line| line.expect("a line") == "open"));
    let refused = SledStore::open(folder.path(), settings()).err();
    let refused = refused.expect("refused");
    assert!(matches!(refused, Error::AlreadyOpen { .. }), "{refused}");
    let named = refused
        .to_string()
        .contains(&folder.path().display().to_string());
    assert!(named, "{refused}");
    let mut input = holder.stdin.take().expect("its input");
    input.write_all(b"\n").expect("told");
    // What it says at its end is read, or it could not end.
    assert!(lines.all(|line| line.is_ok()));
    assert!(holder.wait().expect("ended").success());
    let runtime = Runtime::new().expect("a runtime");
    assert_eq!(outcome(&runtime, folder.path()), Outcome::Whole);
}

#[test]
#[ignore = "a process of its own, run by another test"]
fn opens_a_folder_that_it_may_not_write() {
    let refused = SledStore::open(&folder_of_child(), settings()).err();
    let refused = refused.expect("refused");
    let mut told = refused.to_string();
    let mut source = std::error::Error::source(&refused);
    while let Some(error) = source {
        told = format!("{told}: {error}");
        source = error.source();
    }
    println!("\ntold {told}");
}

#[test]
fn a_folder_that_may_not_be_written_is_refused_and_left_as_it_is() {
    let folder = filled();
    let before = contents(folder.path());
    let may = |mode| {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(folder.path(), mode).expect("rights");
    };
    for name in before.keys() {
        let path = folder.path().join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o444)).expect("rights");
    }
    may(0o555);
    // Rights say nothing to root.
    let probe = folder.path().join("probe");
    let starter: &[&str] = match fs::write(&probe, "") {
        Ok(()) => &WITHOUT_OVERRIDE,
        Err(_) => &[],
    };
    if probe.exists() {
        fs::remove_file(&probe).expect("removed");
    }
    let reader = "opens_a_folder_that_it_may_not_write";
    let mut reader = child_by(starter, reader, folder.path());
    let ended = reader.output().expect("a process");
    may(0o755);
    let output = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success(), "{output}");
    let told = output.lines().find_map(|line| line.strip_prefix("told "));
    let told = told.expect("a word").to_lowercase();
    assert!(told.contains("permission denied"), "{told}");
    assert!(contents(folder.path()) == before, "something was changed");
}

#[test]
#[ignore = "a process of its own, run by another test"]
fn commits_until_the_disk_is_full() {
    let runtime = Runtime::new().expect("a runtime");
    let store = SledStore::open(&folder_of_child(), Settings::default()).expect("a store");
    runtime.block_on(async {
        let mut answered = 0_u32;
        let refused = loop {
            let commit = Commit::new().put(answered.to_be_bytes(), vec![7; 20_000]);
            match store.commit(commit).await {
                Ok(_) => answered += 1,
                Err(refused) => break refused,
            }
            assert!(answered < 5_000, "the disk is never full");
        };
        println!("\ntold {refused}");
        // What was answered is still read, and the store is of use or says that it is not.
        let rows = store.scan(KeyRange::all(), usize::MAX).await.expect("rows");
        assert_eq!(rows.len(), usize::try_from(answered).expect("few"));
        println!("answered {answered}");
    });
}

#[test]
fn a_full_disk_is_told_and_takes_nothing_that_was_answered() {
    const LIMIT_BLOCKS: u32 = 24 * 1024;
    let folder = tempfile::tempdir().expect("a folder");
    let writer = child("commits_until_the_disk_is_full", folder.path());
    // No file may grow beyond the limit, and the signal that would kill the process is ignored: the
    // system answers a write with an error, as a full disk does.
    let mut shell = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {LIMIT_BLOCKS}; exec \"$@\"");
    shell.args(["-c", &script, "sh"]).arg(writer.get_program());
    shell.args(writer.get_args()).env(FOLDER, folder.path());
    let ended = shell.output().expect("a process");
    let output = String::from_utf8_lossy(&ended.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{output}{complaint}");
    let line = |name: &str| {
        let found = output.lines().find_map(|line| line.strip_prefix(name));
        found
            .unwrap_or_else(|| panic!("no {name} in {output}"))
            .to_owned()
    };
    assert!(line("told ").len() > 10);
    let answered: usize = line("answered ").parse().expect("a number");
    assert!(answered > 100, "{answered}");
    let store = SledStore::open(folder.path(), Settings::default()).expect("opened again");
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let rows = store.scan(KeyRange::all(), usize::MAX).await.expect("rows");
        assert!(rows.len() >= answered, "{} of {answered}", rows.len());
        let more = store.commit(Commit::new().put("more", "room")).await;
        more.expect("there is room again");
    });
}

#[test]
fn a_store_that_is_far_larger_than_its_cache_answers() {
    const CACHE_BYTES: u64 = 256 * 1024;
    const ROWS: u32 = 40_000;
    const VALUE: [u8; 100] = [5; 100];
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings {
        cache_bytes: CACHE_BYTES,
        journal_file_bytes: 1024 * 1024,
    };
    let key = |n: u32| n.wrapping_mul(2_654_435_761).to_be_bytes();
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = SledStore::open(folder.path(), settings).expect("a store");
        for start in (0..ROWS).step_by(100) {
            let rows = start..start + 100;
            let commit = rows.fold(Commit::new(), |commit, n| commit.put(key(n), VALUE));
            store.commit(commit).await.expect("committed");
        }
        drop(store);
        let store = SledStore::open(folder.path(), settings).expect("opened again");
        for n in (0..ROWS).step_by(7) {
            let entry = store.get(&key(n)).await.expect("read").expect("there");
            assert_eq!(entry.value, VALUE);
        }
        let (mut count, mut range) = (0, KeyRange::all());
        loop {
            let rows = store.scan(range.clone(), 512).await.expect("scanned");
            let Some((last, _)) = rows.last() else { break };
            range = range.after(last);
            count += rows.len();
        }
        assert_eq!(u32::try_from(count), Ok(ROWS));
        // The rows alone, without the tree over them, are more than ten times the cache.
        assert!(u64::from(ROWS) * 104 > 10 * CACHE_BYTES);
    });
}
