//! Looking through a store: whether every row can be read, and what stands against it.
//!
//! A service says what its kinds of keys are made of and hold ([`Kind`]); [`walk`] goes through
//! every row. What one row says of another only the service knows: it goes on with the same
//! [`Report`]. Nothing is ever changed or repaired here.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as StdError;
use std::fmt::{self, Display};

use prost::Message;

use crate::{Entry, Error, Key, KeyRange, KeyReader, Log, LogEntry, Position, Store};
use crate::{chain, compact, large, migrate, record, requests};

/// Rows that are read at a time.
const PAGE_ROWS: usize = 64;
/// What the chain is called.
const CHAIN: &str = "audit";
/// Problems that are kept; further ones are counted.
const PROBLEMS_MAX: usize = 1_000;

/// The entries of a range of keys, some at a time.
pub struct Pages {
    range: KeyRange,
}

impl Pages {
    /// Those whose keys begin with `prefix`.
    pub fn of(prefix: impl Into<Key>) -> Self {
        Self {
            range: KeyRange::prefix(prefix),
        }
    }

    /// The next ones in order; none at the end.
    pub async fn next(&mut self, store: &dyn Store) -> Result<Vec<(Key, Entry)>, Error> {
        let rows = store.scan(self.range.clone(), PAGE_ROWS).await?;
        if let Some((last, _)) = rows.last() {
            self.range = self.range.clone().after(last);
        }
        Ok(rows)
    }
}

/// The keys that begin with `prefix`.
pub async fn keys(store: &dyn Store, prefix: impl Into<Key>) -> Result<BTreeSet<Key>, Error> {
    let mut pages = Pages::of(prefix);
    let mut found = BTreeSet::new();
    loop {
        let rows = pages.next(store).await?;
        if rows.is_empty() {
            return Ok(found);
        }
        found.extend(rows.into_iter().map(|(key, _)| key));
    }
}

/// The sealed bytes at a key; none where there are none.
pub async fn sealed_bytes(store: &dyn Store, key: &[u8]) -> Result<Vec<u8>, Error> {
    match store.get(key).await? {
        Some(entry) => Ok(record::unseal(key, &entry.value)?.1.to_vec()),
        None => Ok(Vec::new()),
    }
}

/// The entries of a log, some at a time.
pub struct Entries {
    log: Log,
    after: Option<Position>,
}

impl Entries {
    /// Those of the log.
    pub fn of(log: Log) -> Self {
        Self { log, after: None }
    }

    /// The next ones in order; none at the end.
    pub async fn next(&mut self, store: &dyn Store) -> Result<Vec<LogEntry>, Error> {
        let entries = store.read_log(&self.log, self.after, PAGE_ROWS).await?;
        if let Some(last) = entries.last() {
            self.after = Some(last.position);
        }
        Ok(entries)
    }
}

/// A part of a key behind its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A text.
    Text,
    /// A number.
    Number,
}

/// Reads an entry of a log, and says what is wrong with it.
pub type ReadEntry = fn(&[u8]) -> Result<(), String>;

/// What is stored at keys of a kind.
#[derive(Clone, Copy)]
pub enum Holds {
    /// Nothing: that the key is there says it.
    Nothing,
    /// Something that this reads.
    Record(fn(&[u8], &[u8]) -> Result<(), Error>),
    /// A large value.
    Large,
}

/// A kind of keys.
#[derive(Clone, Copy)]
pub struct Kind {
    /// The first byte of its keys.
    pub number: u8,
    /// What an operator calls it.
    pub name: &'static str,
    /// What its keys are made of.
    pub parts: &'static [Part],
    /// What stands there.
    pub holds: Holds,
}

impl Kind {
    /// A kind of keys.
    pub const fn new(number: u8, name: &'static str, parts: &'static [Part], holds: Holds) -> Self {
        Self {
            number,
            name,
            parts,
            holds,
        }
    }

    /// A kind that holds records of format 1.
    pub const fn of<M: Message + Default>(
        number: u8,
        name: &'static str,
        parts: &'static [Part],
    ) -> Self {
        Self::new(number, name, parts, Holds::Record(reads::<M>))
    }
}

/// How many rows there are of something, and how much room they take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Rows.
    pub rows: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What it is about.
    pub item: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.item, self.problem)
    }
}

/// What was looked through, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What there is, by its name.
    pub counts: BTreeMap<String, Count>,
    /// What is wrong, the first of it.
    pub problems: Vec<Problem>,
    /// How much is wrong in all.
    pub problems_total: u64,
}

impl Report {
    /// Adds that something is wrong.
    pub fn problem(&mut self, item: impl Display, problem: impl Display) {
        self.problems_total = self.problems_total.saturating_add(1);
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem {
                item: item.to_string(),
                problem: problem.to_string(),
            });
        }
    }

    /// Adds that something is wrong unless it holds.
    pub fn require(&mut self, holds: bool, item: impl Display, problem: impl Display) {
        if !holds {
            self.problem(item, problem);
        }
    }

    /// What was read, or a problem.
    pub fn take<T, E: StdError>(&mut self, item: impl Display, read: Result<T, E>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(error) => {
                let mut text = error.to_string();
                let mut source = error.source();
                while let Some(error) = source {
                    text = format!("{text}: {error}");
                    source = error.source();
                }
                self.problem(item, text);
                None
            }
        }
    }

    fn count(&mut self, name: &str, bytes: usize) {
        let count = self.counts.entry(name.to_owned()).or_default();
        count.rows = count.rows.saturating_add(1);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        count.bytes = count.bytes.saturating_add(bytes);
    }
}

/// Whether a value is a sealed message of format 1: what most records are.
pub fn reads<M: Message + Default>(key: &[u8], value: &[u8]) -> Result<(), Error> {
    record::open::<M>(1, key, value).map(drop)
}

/// Whether a value is sealed, in format 1.
pub fn is_sealed(key: &[u8], value: &[u8]) -> Result<(), Error> {
    match record::unseal(key, value)? {
        (1, _) => Ok(()),
        (other, _) => {
            let problem = format!("unknown record format {other}");
            Err(Error::corrupt(key, problem))
        }
    }
}

/// A kind with the one key that page tokens are signed with.
pub const fn page_key(number: u8) -> Kind {
    Kind {
        number,
        name: "page key",
        parts: &[],
        holds: Holds::Record(is_sealed),
    }
}

/// A kind with what [`mod@requests`] keeps of requests.
pub const fn requests(number: u8, parts: &'static [Part]) -> Kind {
    Kind {
        number,
        name: "request",
        parts,
        holds: Holds::Record(requests::check_entry),
    }
}

/// A kind with the marks that [`requests::sweep`] leaves.
pub const fn request_days(number: u8) -> Kind {
    Kind {
        number,
        name: "request days",
        parts: &[],
        holds: Holds::Record(requests::check_days),
    }
}

/// The row of [`migrate`].
const FORMAT: Kind = Kind::new(
    migrate::KIND,
    "format",
    &[],
    Holds::Record(|key, value| migrate::read(key, value).map(drop)),
);
/// The rows of [`compact`].
const LEFT_OUT: Kind = Kind::new(
    migrate::KIND,
    "left out of log",
    &[Part::Text],
    Holds::Record(|key, value| compact::read(key, value).map(drop)),
);

/// Looks at every row of a store by itself: those of the `kinds`, and the entries of the log, each by
/// what reads it; and along the [`chain`].
///
/// Fails only where the store cannot be read at all.
pub async fn walk(
    store: &dyn Store,
    kinds: &[Kind],
    (log, entry): (&str, ReadEntry),
) -> Result<Report, Error> {
    let mut report = Report::default();
    let mut pages = Pages::of(Key::new());
    loop {
        let rows = pages.next(store).await?;
        if rows.is_empty() {
            break;
        }
        for (key, found) in &rows {
            let number = key.first().copied();
            let own = match key.as_slice() {
                [migrate::KIND] => Some(&FORMAT),
                [migrate::KIND, ..] => Some(&LEFT_OUT),
                _ => None,
            };
            let mut kinds = kinds.iter().filter(|kind| Some(kind.number) == number);
            match own.or_else(|| kinds.next()) {
                Some(kind) => row(store, &mut report, kind, key, found).await?,
                None => report.problem(key.escape_ascii(), "a key of no kind"),
            }
        }
    }
    walk_log(store, &mut report, log, entry).await?;
    walk_chain(store, &mut report).await?;
    Ok(report)
}

/// Goes along the chain to its end, or to where it is broken.
async fn walk_chain(store: &dyn Store, report: &mut Report) -> Result<(), Error> {
    let mut pages = chain::Pages::default();
    let mut verifier = chain::Verifier::default();
    loop {
        let page = match pages.next(store).await {
            Err(error @ Error::Corrupt { .. }) => {
                report.problem(CHAIN, problem_of(&error));
                return Ok(());
            }
            page => page?,
        };
        if page.is_empty() {
            return Ok(());
        }
        for linked in &page {
            report.count(CHAIN, chain::LINK_BYTES + linked.entry.len());
            if let Err(broken) = verifier.take(linked) {
                report.problem(CHAIN, broken);
                return Ok(());
            }
        }
    }
}

async fn walk_log(
    store: &dyn Store,
    report: &mut Report,
    name: &str,
    read: ReadEntry,
) -> Result<(), Error> {
    let item = format!("log {name}");
    let mut pages = Entries::of(Log::new(name));
    loop {
        let entries = pages.next(store).await?;
        if entries.is_empty() {
            return Ok(());
        }
        for entry in &entries {
            report.count(&item, entry.position.to_bytes().len() + entry.value.len());
            if let Err(problem) = read(&entry.value) {
                let version = entry.position.version().get();
                report.problem(format!("{item}, commit {version}"), problem);
            }
        }
    }
}

async fn row(
    store: &dyn Store,
    report: &mut Report,
    kind: &Kind,
    key: &Key,
    found: &Entry,
) -> Result<(), Error> {
    report.count(kind.name, key.len() + found.value.len());
    let (item, own) = match named(kind, key) {
        Ok(read) => read,
        Err(error) => {
            report.problem(format!("{} {}", kind.name, key.escape_ascii()), error);
            return Ok(());
        }
    };
    let tail = key.get(own..).unwrap_or_default();
    let read = match kind.holds {
        Holds::Large => {
            let start = key.get(..own).unwrap_or_default();
            match large::part_of(tail) {
                Some(large::Part::Manifest) => whole(store, start).await?,
                Some(large::Part::Chunk) => is_sealed(key, &found.value),
                Some(large::Part::Ticket) => nothing(key, found),
                None => Err(Error::corrupt(key, "no part of a large value")),
            }
        }
        _ if !tail.is_empty() => Err(Error::corrupt(key, "its key has more parts")),
        Holds::Nothing => nothing(key, found),
        Holds::Record(read) => read(key, &found.value),
    };
    if let Err(error) = read {
        report.problem(item, problem_of(&error));
    }
    Ok(())
}

fn nothing(key: &[u8], found: &Entry) -> Result<(), Error> {
    if found.value.is_empty() {
        Ok(())
    } else {
        Err(Error::corrupt(key, "there is a value where none belongs"))
    }
}

/// Reads a large value to its end. One that is replaced meanwhile is whole by another's word.
async fn whole(store: &dyn Store, key: &[u8]) -> Result<Result<(), Error>, Error> {
    let read = async {
        if let Some(mut reader) = large::Reader::open(store, key).await? {
            while reader.next().await?.is_some() {}
        }
        Ok(())
    };
    match read.await {
        Ok(()) | Err(Error::Conflict { .. }) => Ok(Ok(())),
        Err(error @ Error::Corrupt { .. }) => Ok(Err(error)),
        Err(error) => Err(error),
    }
}

/// What a key is called, and how many bytes of it are its kind and parts.
fn named(kind: &Kind, key: &[u8]) -> Result<(String, usize), Error> {
    let mut reader = KeyReader::new(key);
    reader.kind()?;
    let mut item = kind.name.to_owned();
    for part in kind.parts {
        item.push(' ');
        match part {
            Part::Text => item.push_str(&reader.text()?),
            Part::Number => item.push_str(&reader.number()?.to_string()),
        }
    }
    Ok((item, key.len().saturating_sub(reader.rest().len())))
}

/// What an error says without the key, which is told beside it.
fn problem_of(error: &Error) -> String {
    match error {
        Error::Corrupt { problem, .. } => problem.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_problems_are_kept_and_all_are_counted() {
        let mut report = Report::default();
        for number in 0..=PROBLEMS_MAX {
            assert_eq!(report.problems.len(), number);
            report.problem(number, "is wrong");
        }
        assert_eq!(report.problems.len(), PROBLEMS_MAX);
        assert_eq!(report.problems_total, PROBLEMS_MAX as u64 + 1);
    }
}
