//! How sled holds a row: a short value beside its version, a long one in a slot of its own.
//!
//! sled writes a leaf of its tree again when it splits it, with every value in it, and the leaves
//! that change most are those with small rows. So a value over [`INLINE_BYTES_MAX`] bytes stands
//! apart, under a number that only goes up, and its row says which:
//!
//! | row | holds |
//! | --- | --- |
//! | key or log entry | version, `0`, the value |
//! | key or log entry | version, `1`, the number of a slot |
//! | slot | the value; nothing while it waits for one |
//!
//! Slots are made in order, ahead of their use and empty: the leaves they are in have been split by
//! then, at no cost. One that is given its value is not split again, and the value is written once.
//! A slot that has lost its value is gone; its number is not used again.

use sled::IVec;

use super::shared::Shared;
use crate::layout::BESIDE;
use crate::{Error, Version};

/// The longest value that stands in its row: one short enough to be written several times.
const INLINE_BYTES_MAX: usize = 512;

const INLINE: u8 = 0;
const SLOT: u8 = 1;

/// Slots are made at least so far ahead: sled's leaf at the end has up to 16 rows and is still to
/// be split, so values are kept out of it.
const AHEAD: u64 = 32;
/// How many slots are made at a time.
const MADE_AT_ONCE: u64 = 224;

/// A value as it is handed to sled.
pub(super) enum Value {
    /// Stands in its row.
    Inline(Vec<u8>),
    /// Stands in a slot.
    Long(IVec),
}

impl Value {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        if bytes.len() <= INLINE_BYTES_MAX {
            Self::Inline(bytes)
        } else {
            Self::Long(bytes.into())
        }
    }
}

/// Where a row's value is.
pub(super) enum Place<'a> {
    Inline(&'a [u8]),
    Slot(u64),
}

/// A row with its value in it.
pub(super) fn inline(version: Version, value: &[u8]) -> IVec {
    let parts = [&version.get().to_be_bytes()[..], &[INLINE], value];
    parts.concat().into()
}

/// A row with its value in a slot.
pub(super) fn pointer(version: Version, slot: u64) -> IVec {
    let parts = [
        &version.get().to_be_bytes()[..],
        &[SLOT],
        &slot.to_be_bytes(),
    ];
    parts.concat().into()
}

/// Reads a row; `None` when it is not one.
pub(super) fn read(row: &[u8]) -> Option<(Version, Place<'_>)> {
    let (version, rest) = row.split_first_chunk::<8>()?;
    let place = match rest.split_first()? {
        (&INLINE, value) => Place::Inline(value),
        (&SLOT, slot) => Place::Slot(u64::from_be_bytes(slot.try_into().ok()?)),
        _ => return None,
    };
    Some((Version::new(u64::from_be_bytes(*version)), place))
}

/// The slot that a row's value stands in, if it does.
pub(super) fn slot_of(row: &[u8]) -> Option<u64> {
    match read(row)? {
        (_, Place::Slot(slot)) => Some(slot),
        (_, Place::Inline(_)) => None,
    }
}

/// The key of a slot.
pub(super) fn slot_key(slot: u64) -> [u8; 9] {
    let mut key = [BESIDE; 9];
    if let Some(number) = key.last_chunk_mut() {
        *number = slot.to_be_bytes();
    }
    key
}

/// Gives out slots.
pub(super) struct Slots {
    next: u64,
    made: u64,
}

impl Slots {
    /// Goes on at `next`. Those that were made before are made again, which changes nothing.
    pub(super) fn new(next: u64) -> Self {
        Self { next, made: next }
    }

    /// Makes room for `count` more values.
    pub(super) fn make(&mut self, shared: &Shared, count: u64) -> Result<(), Error> {
        let end = self.next.saturating_add(count).saturating_add(AHEAD);
        if count > 0 && self.made < end {
            while self.made < end.saturating_add(MADE_AT_ONCE) {
                shared.make_empty(&slot_key(self.made))?;
                self.made = self.made.saturating_add(1);
            }
        }
        Ok(())
    }

    /// The next slot.
    pub(super) fn take(&mut self) -> u64 {
        let slot = self.next;
        self.next = slot.saturating_add(1);
        slot
    }

    /// The slot that a store opened again goes on at.
    pub(super) fn next(&self) -> u64 {
        self.next
    }
}
