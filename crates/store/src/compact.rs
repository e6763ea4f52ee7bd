//! Making the past of a log smaller, with nothing lost that somebody who reads on needs.
//!
//! Entries of a log tell the latest of something, their subject: a later one of the same subject
//! stands for those before it. [`log`] leaves out what is older than a commit and is stood for, so
//! what stays is the last entry of every subject, all that are young, and all that have no subject;
//! in their order, under their positions. Whoever reads on from anywhere, an entry that was left out
//! included, comes to the last of every subject, and to nothing older behind it.
//!
//! How far entries were left out stands beside the log ([`left_out`]), in the commit that leaves them
//! out: a place up to there may be of one of them. The [`chain`](crate::chain) is never touched.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::check::Entries;
use crate::{
    Commit, Error, Expect, IsConflict, Key, KeyBuilder, Log, LogEntry, Position, Store, Version,
    migrate, record,
};

const FORMAT: u8 = 1;
/// What tells subjects apart: the first half of a SHA-256.
type Tag = [u8; 16];

/// Before which commits something is old enough to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Old {
    /// What is remembered of requests.
    pub requests: Version,
    /// Entries of logs for which later ones stand.
    pub entries: Version,
}

/// What an entry of a log tells the latest of; `None` for one that is never left out.
pub type Subject = fn(&[u8]) -> Option<String>;

/// Leaves out of the log `name` what came before the commit `before` and a later entry stands for;
/// answers how many entries that were.
///
/// Readers and followers go on meanwhile. Whatever ends it on the way, what was done is right, and the
/// next goes on. Of several at once one does it.
pub async fn log(
    store: &dyn Store,
    name: &str,
    subject: Subject,
    before: Version,
) -> Result<u64, Error> {
    let mut left_out = 0;
    if before == Version::ZERO {
        return Ok(left_out);
    }
    let log = Log::new(name);
    let last = last_of_subjects(store, &log, subject).await?;
    let is_stood_for = |entry: &&LogEntry| {
        let last = subject(&entry.value).and_then(|subject| last.get(&tag(&subject)));
        last.is_some_and(|last| *last > entry.position)
    };
    let mut entries = Entries::of(log.clone());
    loop {
        let page = entries.next(store).await?;
        let old = page
            .iter()
            .take_while(|entry| entry.position.version() < before);
        let positions: Vec<Position> = old
            .filter(is_stood_for)
            .map(|entry| entry.position)
            .collect();
        if !positions.is_empty() {
            match leave_out(store, name, &log, &positions).await {
                Err(error) if error.is_conflict() => return Ok(left_out),
                done => done?,
            }
            left_out = left_out.saturating_add(u64::try_from(positions.len()).unwrap_or(u64::MAX));
        }
        let end = page.last().map(|entry| entry.position.version());
        if end.is_none_or(|end| end >= before) {
            return Ok(left_out);
        }
    }
}

/// How far entries of the log `name` were left out: behind this position none ever was.
pub async fn left_out(store: &dyn Store, name: &str) -> Result<Option<Position>, Error> {
    Ok(stored(store, name).await?.0)
}

async fn stored(store: &dyn Store, name: &str) -> Result<(Option<Position>, Expect), Error> {
    let key = key(name);
    match store.get(&key).await? {
        Some(entry) => Ok((Some(read(&key, &entry.value)?), Expect::At(entry.version))),
        None => Ok((None, Expect::Absent)),
    }
}

pub(crate) fn read(key: &[u8], value: &[u8]) -> Result<Position, Error> {
    match record::unseal(key, value)? {
        (FORMAT, bytes) => Position::from_bytes(bytes)
            .ok_or_else(|| Error::corrupt(key, "it is no position in a log")),
        (other, _) => {
            let problem = format!("unknown record format {other}");
            Err(Error::corrupt(key, problem))
        }
    }
}

async fn leave_out(
    store: &dyn Store,
    name: &str,
    log: &Log,
    positions: &[Position],
) -> Result<(), Error> {
    let (before, expect) = stored(store, name).await?;
    let Some(reached) = before.max(positions.last().copied()) else {
        return Ok(());
    };
    let commit = Commit::new()
        .expect(key(name), expect)
        .put(key(name), record::seal_bytes(FORMAT, &reached.to_bytes()));
    let positions = positions.iter();
    let commit = positions.fold(commit, |commit, position| commit.omit(log, *position));
    store.commit(commit).await.map(drop)
}

async fn last_of_subjects(
    store: &dyn Store,
    log: &Log,
    subject: Subject,
) -> Result<HashMap<Tag, Position>, Error> {
    let mut last = HashMap::new();
    let mut entries = Entries::of(log.clone());
    loop {
        let page = entries.next(store).await?;
        if page.is_empty() {
            return Ok(last);
        }
        let subjects = page
            .iter()
            .filter_map(|entry| Some((subject(&entry.value)?, entry.position)));
        last.extend(subjects.map(|(subject, position)| (tag(&subject), position)));
    }
}

fn tag(subject: &str) -> Tag {
    let digest = Sha256::digest(subject);
    let mut tag = Tag::default();
    for (place, byte) in tag.iter_mut().zip(digest) {
        *place = byte;
    }
    tag
}

/// Where it stands how far entries of a log were left out.
fn key(name: &str) -> Key {
    KeyBuilder::new(migrate::KIND).text(name).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_entries_were_left_out_is_read_as_the_first_release_wrote_it() {
        let position = Position::new(Version::new(7), 2);
        let stored = b"\x01\0\0\0\0\0\0\0\x07\0\x02";
        let checksum = crc32c::crc32c(stored).to_be_bytes();
        let stored = [stored.as_slice(), &checksum].concat();
        assert_eq!(record::seal_bytes(FORMAT, &position.to_bytes()), stored);
        assert_eq!(read(b"k", &stored).unwrap(), position);
    }
}
