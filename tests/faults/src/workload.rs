//! What the writer writes: changes that follow from a seed alone, so that whoever finds the store
//! afterwards knows every byte that must be in it.
//!
//! Each worker makes its rounds one after another, and each round is one commit: it writes a group
//! of keys whole, deletes what the group had before, notes the round, and appends to a log. Nothing
//! of a round can be there without the rest of it going unnoticed.

use std::collections::BTreeMap;

use fastrand::Rng;
use mesur_store::{Commit, Key, KeyBuilder, Log};

/// Groups of keys that a worker writes to by turns.
const GROUPS: u64 = 6;
/// The most keys of a group.
const MEMBERS_MAX: u64 = 6;
/// The most entries that a round appends.
const ENTRIES_MAX: u64 = 3;
/// The kinds of keys.
const MEMBER_KIND: u8 = 1;
const ROUND_KIND: u8 = 2;

/// The changes of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Workload {
    /// What everything follows from.
    pub(crate) seed: u64,
    /// How many write at once.
    pub(crate) workers: u64,
}

/// What one round changes.
#[derive(Debug)]
pub(crate) struct Round {
    group: u64,
    /// The group's values from now on.
    members: Vec<Vec<u8>>,
    /// What is appended to the log.
    pub(crate) entries: Vec<Vec<u8>>,
}

/// The log that every round appends to.
pub(crate) fn log() -> Log {
    Log::new("changes")
}

/// Where a worker notes its latest round.
pub(crate) fn round_key(worker: u64) -> Key {
    KeyBuilder::new(ROUND_KIND).number(worker).build()
}

fn member_key(worker: u64, group: u64, member: u64) -> Key {
    KeyBuilder::new(MEMBER_KIND)
        .number(worker)
        .number(group)
        .number(member)
        .build()
}

impl Workload {
    /// What a worker does in a round, counted from 1.
    pub(crate) fn round(&self, worker: u64, round: u64) -> Round {
        let mut rng = Rng::with_seed(
            self.seed ^ worker.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ round.rotate_left(40),
        );
        // The generator's first numbers are alike for seeds that are.
        let _ = (rng.u64(..), rng.u64(..));
        let group = rng.u64(..GROUPS);
        let count = if rng.u8(..10) == 0 {
            0
        } else {
            rng.u64(1..=MEMBERS_MAX)
        };
        let members = (0..count).map(|_| value(&mut rng)).collect();
        let count = rng.u64(1..=ENTRIES_MAX);
        let entries = (0..count).map(|index| {
            let mut entry = Vec::new();
            for number in [worker, round, index, count] {
                entry.extend(number.to_be_bytes());
            }
            let padding = rng.usize(..200);
            entry.resize(entry.len() + padding, b'.');
            entry
        });
        Round {
            group,
            entries: entries.collect(),
            members,
        }
    }

    /// The round as one commit.
    pub(crate) fn commit(&self, worker: u64, round: u64) -> Commit {
        let change = self.round(worker, round);
        let mut commit = Commit::new().put(round_key(worker), round.to_be_bytes());
        for member in 0..MEMBERS_MAX {
            commit = commit.delete(member_key(worker, change.group, member));
        }
        for (member, value) in (0..).zip(change.members) {
            commit = commit.put(member_key(worker, change.group, member), value);
        }
        let log = log();
        for entry in change.entries {
            commit = commit.append(&log, entry);
        }
        commit
    }

    /// What a worker has left behind after so many rounds: each key with its value and the round
    /// that wrote it.
    pub(crate) fn left_by(&self, worker: u64, rounds: u64) -> BTreeMap<Key, (Vec<u8>, u64)> {
        let mut latest: BTreeMap<u64, (u64, Vec<Vec<u8>>)> = BTreeMap::new();
        for round in (1..=rounds).rev() {
            let change = self.round(worker, round);
            latest
                .entry(change.group)
                .or_insert((round, change.members));
            if latest.len() == usize::try_from(GROUPS).unwrap_or(usize::MAX) {
                break;
            }
        }
        let mut left = BTreeMap::new();
        for (group, (round, members)) in latest {
            for (member, value) in (0..).zip(members) {
                left.insert(member_key(worker, group, member), (value, round));
            }
        }
        left
    }
}

/// Mostly short, sometimes as long as a value may be.
fn value(rng: &mut Rng) -> Vec<u8> {
    let length = match rng.u8(..20) {
        0 => rng.usize(16 * 1024..=32 * 1024),
        1..=3 => rng.usize(1024..4096),
        _ => rng.usize(0..300),
    };
    let mut value = vec![0; length];
    rng.fill(&mut value);
    value
}
