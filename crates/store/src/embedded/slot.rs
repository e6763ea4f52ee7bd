//! Slots: where sled holds the values that are too long for their rows.
//!
//! sled writes a leaf of its tree again whenever it splits it or has linked ten changes to it, with
//! every value in it, and each row that it is given costs some microseconds however short it is. So
//! long values stand apart from the rows that change:
//!
//! - A slot's number only goes up. Slots are made **empty and ahead of their use**: the leaves that
//!   they are in have been split by then, at the cost of nothing, into nine rows each, and nine
//!   changes are less than ten. So a value is written once.
//! - Values of one group that are not so long share a slot.
//! - A value that is overwritten or deleted is cut out of its slot, and the slot goes with the last.
//!   Its number is not used again.
//!
//! A slot holds how many values it was given, the length of each, and the values. One that was cut
//! out has length 0, so that those behind it keep their places.

use std::collections::BTreeMap;

use sled::IVec;

use super::row::Place;
use super::shared::Shared;
use crate::Error;
use crate::layout::BESIDE;

/// The longest value that shares a slot.
pub(super) const SHARED_BYTES_MAX: usize = 8 * 1024;
/// A slot that has come to so many bytes is shared no further.
const FULL_BYTES: usize = 8 * 1024;
const LENGTH_BYTES: usize = 4;

/// The first slot with a value. Those before it stay empty: sled's leaf in which the keys end and
/// the slots begin is written with every key that comes at the end, and holds no more than 20 rows.
pub(super) const FIRST: u64 = 32;
/// Slots are made at least so far ahead: sled's leaf at the end has up to 16 rows and is still to
/// be split, so values are kept out of it.
const AHEAD: u64 = 32;
/// How many slots are made at a time.
const MADE_AT_ONCE: u64 = 224;

/// The key of a slot.
pub(super) fn key(slot: u64) -> [u8; 9] {
    let mut key = [BESIDE; 9];
    if let Some(number) = key.last_chunk_mut() {
        *number = slot.to_be_bytes();
    }
    key
}

/// A slot with these values; no more than 255, and none empty.
pub(super) fn content(values: &[Vec<u8>]) -> IVec {
    let count = u8::try_from(values.len()).unwrap_or(u8::MAX);
    let bytes: usize = values.iter().map(Vec::len).sum();
    let mut content = Vec::with_capacity(1 + values.len() * LENGTH_BYTES + bytes);
    content.push(count);
    for value in values {
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        content.extend_from_slice(&length.to_be_bytes());
    }
    for value in values {
        content.extend_from_slice(value);
    }
    content.into()
}

/// The values in a slot, empty where one was cut out; `None` when it is no slot.
fn values(content: &[u8]) -> Option<Vec<&[u8]>> {
    let (count, rest) = content.split_first()?;
    let (lengths, mut rest) = rest.split_at_checked(usize::from(*count) * LENGTH_BYTES)?;
    let mut values = Vec::with_capacity(usize::from(*count));
    for length in lengths.as_chunks::<LENGTH_BYTES>().0 {
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (value, behind) = rest.split_at_checked(length)?;
        values.push(value);
        rest = behind;
    }
    rest.is_empty().then_some(values)
}

/// The value at `index` of a slot.
pub(super) fn value(content: &[u8], index: u8) -> Option<&[u8]> {
    let value = *values(content)?.get(usize::from(index))?;
    (!value.is_empty()).then_some(value)
}

/// The slot without the value at `index`; `None` when nothing is left.
fn without(content: &[u8], index: u8) -> Option<IVec> {
    let mut left: Vec<_> = values(content)?.into_iter().map(<[u8]>::to_vec).collect();
    left.get_mut(usize::from(index))?.clear();
    (!left.iter().all(Vec::is_empty)).then(|| self::content(&left))
}

/// Gives out slots.
pub(super) struct Slots {
    next: u64,
    made: u64,
}

impl Slots {
    /// Goes on at `next`. Those that were made before are made again, which changes nothing.
    pub(super) fn new(next: u64) -> Self {
        let made = if next == FIRST { 0 } else { next };
        Self { next, made }
    }

    /// The slot that a store opened again goes on at.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Makes room for `count` more values.
    fn make(&mut self, shared: &Shared, count: u64) -> Result<(), Error> {
        let end = self.next.saturating_add(count).saturating_add(AHEAD);
        if count > 0 && self.made < end {
            while self.made < end.saturating_add(MADE_AT_ONCE) {
                shared.make_empty(&key(self.made))?;
                self.made = self.made.saturating_add(1);
            }
        }
        Ok(())
    }
}

/// What one group changes in slots.
pub(super) struct Filling<'a> {
    slots: &'a mut Slots,
    open: Vec<Vec<u8>>,
    open_bytes: usize,
    changed: BTreeMap<u64, Option<IVec>>,
}

impl<'a> Filling<'a> {
    /// A group of at most `count` values apart.
    pub(super) fn new(slots: &'a mut Slots, shared: &Shared, count: usize) -> Result<Self, Error> {
        slots.make(shared, u64::try_from(count).unwrap_or(u64::MAX))?;
        Ok(Self {
            slots,
            open: Vec::new(),
            open_bytes: 0,
            changed: BTreeMap::new(),
        })
    }

    /// Gives the value a slot of its own.
    pub(super) fn alone(&mut self, content: IVec) -> Place {
        self.close();
        let slot = self.take();
        self.changed.insert(slot, Some(content));
        Place { slot, index: 0 }
    }

    /// Puts the value beside the ones before it.
    pub(super) fn beside(&mut self, value: Vec<u8>) -> Place {
        if self.open_bytes >= FULL_BYTES {
            self.close();
        }
        let place = Place {
            slot: self.slots.next,
            index: u8::try_from(self.open.len()).unwrap_or(u8::MAX),
        };
        self.open_bytes = self.open_bytes.saturating_add(value.len());
        self.open.push(value);
        place
    }

    /// Cuts a value out. `before` is what sled has in its slot.
    pub(super) fn cut(
        &mut self,
        place: Place,
        before: impl FnOnce() -> Result<Option<IVec>, Error>,
    ) -> Result<(), Error> {
        let content = match self.changed.get(&place.slot) {
            Some(content) => content.clone(),
            None => before()?,
        };
        let left = content.and_then(|content| without(&content, place.index));
        self.changed.insert(place.slot, left);
        Ok(())
    }

    /// The slots as the group leaves them; `None` is gone.
    pub(super) fn finish(mut self) -> BTreeMap<u64, Option<IVec>> {
        self.close();
        self.changed
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            let values = std::mem::take(&mut self.open);
            self.open_bytes = 0;
            let slot = self.take();
            self.changed.insert(slot, Some(content(&values)));
        }
    }

    fn take(&mut self) -> u64 {
        let slot = self.slots.next;
        self.slots.next = slot.saturating_add(1);
        slot
    }
}
