//! Bringing a store from the format of its records that an earlier release wrote to that of this
//! one.
//!
//! A service lists its steps, one a file, oldest first: the first leads from format 1 to format 2.
//! A step gives its commits one after the other. Each is made together with the place behind it, so
//! whatever ends the process on the way, the next start goes on there, and no commit is made twice;
//! of two replicas that start at once one does the work and the other follows. A store whose records
//! are newer than the program is refused, and left as it is.
//!
//! A store without the row below has format 1, so a new one goes through every step, of which there
//! is nothing to do in an empty store. There is no way back: that is a backup.

use async_trait::async_trait;
use prost::Message;

use crate::{Commit, Error, Expect, IsConflict, Key, KeyBuilder, Store, record};

/// The kind of the one key of this module, and of those of [`compact`](crate::compact). No service uses it.
pub const KIND: u8 = 0;
/// The format of records that the first release wrote.
const FIRST: u32 = 1;
/// The format of the row itself.
const FORMAT: u8 = 1;

/// How far a store has come.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Progress {
    /// The format of its records; all of it is reached.
    #[prost(uint32, tag = "1")]
    format: u32,
    /// Where the step to the next format stands; empty before its first commit.
    #[prost(bytes = "vec", tag = "2")]
    place: Vec<u8>,
}

/// The way from one format of a service's records to the next.
#[async_trait]
pub trait Step: Send + Sync {
    /// The commit that comes behind `place`, which is empty at the beginning, and the place behind
    /// that; `None` when nothing is left to do.
    async fn next(
        &self,
        store: &dyn Store,
        place: &[u8],
    ) -> Result<Option<(Commit, Vec<u8>)>, Error>;
}

/// Takes a store through the `steps` that it has not gone through, before anything else uses it.
pub async fn migrate(store: &dyn Store, steps: &[&dyn Step]) -> Result<(), Error> {
    loop {
        let (progress, relied) = progress(store).await?;
        let done = progress.format.saturating_sub(FIRST);
        let Some(step) = usize::try_from(done).ok().and_then(|done| steps.get(done)) else {
            let supported = u32::try_from(steps.len()).unwrap_or(u32::MAX);
            let supported = FIRST.saturating_add(supported);
            return if progress.format == supported {
                Ok(())
            } else {
                Err(Error::NewerRecords {
                    found: progress.format,
                    supported,
                })
            };
        };
        let made = step.next(store, &progress.place).await?;
        let (commit, next) = if let Some((commit, place)) = made {
            (commit, Progress { place, ..progress })
        } else {
            let format = progress.format.saturating_add(1);
            let place = Vec::new();
            (Commit::new(), Progress { format, place })
        };
        let commit = commit
            .expect(key(), relied)
            .put(key(), record::seal(FORMAT, &next));
        match store.commit(commit).await {
            // Another replica was faster: where it left off is read again.
            Err(error) if error.is_conflict() => {}
            made => drop(made?),
        }
    }
}

async fn progress(store: &dyn Store) -> Result<(Progress, Expect), Error> {
    let found = store.get(&key()).await?;
    let Some(entry) = found else {
        let progress = Progress {
            format: FIRST,
            place: Vec::new(),
        };
        return Ok((progress, Expect::Absent));
    };
    let relied = Expect::At(entry.version);
    Ok((read(&key(), &entry.value)?, relied))
}

pub(crate) fn read(key: &[u8], value: &[u8]) -> Result<Progress, Error> {
    record::open(FORMAT, key, value)
}

fn key() -> Key {
    KeyBuilder::new(KIND).build()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::{KeyRange, MemoryStore};

    const ROWS: u8 = 20;
    const KIND_OF_TEST: u8 = 7;

    /// Adds 1 to every value, a row a commit, and is killed behind so many commits.
    struct AddOne {
        commits_left: AtomicUsize,
    }

    #[async_trait]
    impl Step for AddOne {
        async fn next(
            &self,
            store: &dyn Store,
            place: &[u8],
        ) -> Result<Option<(Commit, Vec<u8>)>, Error> {
            if self.commits_left.load(Ordering::Relaxed) == 0 {
                return Err(Error::Closed);
            }
            self.commits_left.fetch_sub(1, Ordering::Relaxed);
            let range = KeyRange::prefix([KIND_OF_TEST]).after(place);
            let found = store.scan(range, 1).await?;
            let next = found.into_iter().next().map(|(key, entry)| {
                let value: Vec<u8> = entry.value.iter().map(|byte| byte + 1).collect();
                (Commit::new().put(key.clone(), value), key)
            });
            Ok(next)
        }
    }

    async fn values(store: &dyn Store) -> Vec<u8> {
        let rows = store.scan(KeyRange::prefix([KIND_OF_TEST]), 99).await;
        let rows = rows.unwrap().into_iter();
        rows.flat_map(|(_, entry)| entry.value).collect()
    }

    #[tokio::test]
    async fn a_step_that_is_killed_after_any_commit_goes_on_and_does_nothing_twice() {
        let step = |commits| AddOne {
            commits_left: AtomicUsize::new(commits),
        };
        // One more commit says that the step is done.
        for killed_after in 0..=usize::from(ROWS) {
            let store = MemoryStore::new();
            for row in 0..ROWS {
                let commit = Commit::new().put([KIND_OF_TEST, row], [row]);
                store.commit(commit).await.unwrap();
            }
            let killed = migrate(&store, &[&step(killed_after)]).await;
            assert!(matches!(killed, Err(Error::Closed)), "{killed_after}");
            migrate(&store, &[&step(99)]).await.unwrap();
            let due: Vec<u8> = (1..=ROWS).collect();
            assert_eq!(values(&store).await, due, "killed after {killed_after}");
            // Every start from then on finds nothing to do.
            migrate(&store, &[&step(0)]).await.unwrap();
        }
    }

    #[tokio::test]
    async fn two_that_start_at_once_do_every_commit_once_together() {
        let store = MemoryStore::new();
        for row in 0..ROWS {
            let commit = Commit::new().put([KIND_OF_TEST, row], [row]);
            store.commit(commit).await.unwrap();
        }
        let step = AddOne {
            commits_left: AtomicUsize::new(999),
        };
        let steps: [&dyn Step; 1] = [&step];
        let (one, other) = tokio::join!(migrate(&store, &steps), migrate(&store, &steps));
        one.and(other).unwrap();
        assert_eq!(values(&store).await, (1..=ROWS).collect::<Vec<u8>>());
    }

    #[tokio::test]
    async fn a_store_with_newer_records_is_refused_and_left_as_it_is() {
        let store = MemoryStore::new();
        let step = AddOne {
            commits_left: AtomicUsize::new(9),
        };
        migrate(&store, &[&step]).await.unwrap();
        let before = store.get(&key()).await.unwrap();
        let refused = migrate(&store, &[]).await;
        let Err(Error::NewerRecords { found, supported }) = refused else {
            panic!("taken")
        };
        assert_eq!((found, supported), (2, 1));
        assert_eq!(store.get(&key()).await.unwrap(), before);
    }

    #[test]
    fn how_far_a_store_has_come_is_read_as_the_first_release_wrote_it() {
        let stored = b"\x01\x08\x02\x12\x03abc\x9b\xb8\x39\x42";
        let progress = read(b"k", stored).unwrap();
        assert_eq!((progress.format, &*progress.place), (2, &b"abc"[..]));
    }
}
