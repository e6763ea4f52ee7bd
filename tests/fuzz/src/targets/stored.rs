//! What stores hold: keys, exports, and the journal.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use anyhow::Context as _;
use mesur_store::{
    Commit, Key, KeyBuilder, KeyRange, KeyReader, Settings, SledStore, Store as _, export,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{Target, outcome};

pub(crate) const KEY: Target = Target {
    name: "key",
    run: read_key,
    seeds: || {
        let key = KeyBuilder::new(7).text("a\0b").number(9).text("c").build();
        Ok(vec![key.clone(), vec![1]])
    },
    words: &["\0", "\0\u{1}", "\0\u{7f}"],
};

pub(crate) const EXPORT: Target = Target {
    name: "export",
    run: |bytes| match export::check(&mut &*bytes) {
        Ok(contents) => outcome(format!("{contents:?}")),
        Err(error) => {
            let told = error.to_string();
            outcome(
                told.chars()
                    .filter(|c| !c.is_ascii_digit())
                    .collect::<String>(),
            )
        }
    },
    seeds: exports,
    words: &["\0\0\0\0", "\0\0\0\u{1}"],
};

pub(crate) const JOURNAL: Target = Target {
    name: "journal",
    run: read_journal,
    seeds: || Ok(vec![STORE.journal.clone()]),
    words: &["\0\0\0\0", "\0\0\0\u{1}"],
};

/// What is read is what was written, part by part.
fn read_key(bytes: &[u8]) -> u64 {
    let mut reader = KeyReader::new(bytes);
    let Ok(kind) = reader.kind() else {
        return 0;
    };
    let mut builder = KeyBuilder::new(kind);
    let mut parts = Vec::new();
    loop {
        let mut text = reader.clone();
        if let Ok(part) = text.text() {
            builder = builder.text(&part);
            parts.push(true);
            reader = text;
        } else if let Ok(part) = reader.number() {
            builder = builder.number(part);
            parts.push(false);
        } else {
            break;
        }
    }
    if reader.finish().is_ok() {
        let written: Key = builder.build();
        assert_eq!(written.as_slice(), bytes, "two keys for one name");
    }
    parts.truncate(8);
    outcome(parts)
}

fn exports() -> anyhow::Result<Vec<Vec<u8>>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data/stores");
    let mut seeds = Vec::new();
    for entry in std::fs::read_dir(folder).context("the stores")? {
        let bytes = std::fs::read(entry?.path())?;
        if bytes.len() < 64 * 1024 {
            seeds.push(bytes);
        }
    }
    // Made before, as that needs the runtime too.
    let store = Arc::clone(&STORE.store);
    let written = RUNTIME.block_on(async {
        let mut written = Vec::new();
        export::write(&*store, "fuzz", &mut written).await?;
        anyhow::Ok(written)
    })?;
    seeds.push(written);
    Ok(seeds)
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| match Runtime::new() {
    Ok(runtime) => runtime,
    Err(error) => panic!("no runtime: {error}"),
});

/// A small store, and its journal.
struct Small {
    store: Arc<SledStore>,
    journal: Vec<u8>,
    /// The journal's place within the folder.
    place: PathBuf,
    _folder: TempDir,
}

static STORE: LazyLock<Small> = LazyLock::new(|| match small() {
    Ok(small) => small,
    Err(error) => panic!("a small store: {error:#}"),
});

fn small() -> anyhow::Result<Small> {
    let folder = tempfile::tempdir()?;
    let store = Arc::new(SledStore::open(folder.path(), Settings::default())?);
    RUNTIME.block_on(async {
        for number in 0..6_u64 {
            let key = KeyBuilder::new(1).number(number).build();
            let value = vec![b'v'; usize::try_from(number * 200)?];
            store.commit(Commit::new().put(key, value)).await?;
        }
        anyhow::Ok(())
    })?;
    let (path, journal) = journal_of(folder.path())?;
    let place = path.strip_prefix(folder.path())?.to_owned();
    Ok(Small {
        store,
        journal,
        place,
        _folder: folder,
    })
}

/// The one file of the journal, without the room that was made behind it.
fn journal_of(folder: &std::path::Path) -> anyhow::Result<(PathBuf, Vec<u8>)> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().contains("journal") {
                let mut bytes = std::fs::read(&path)?;
                let used = bytes.iter().rposition(|byte| *byte != 0);
                bytes.truncate(used.map_or(0, |last| last.saturating_add(1)));
                return Ok((path, bytes));
            }
        }
    }
    anyhow::bail!("the store has no journal")
}

/// A store with this journal opens with what is whole in it, or not at all.
fn read_journal(bytes: &[u8]) -> u64 {
    let open = || -> anyhow::Result<u64> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join(&STORE.place);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&file, bytes)?;
        let store = SledStore::open(folder.path(), Settings::default())?;
        let rows = RUNTIME.block_on(store.scan(KeyRange::all(), 100))?;
        Ok(outcome(rows.len()))
    };
    open().unwrap_or(1)
}
