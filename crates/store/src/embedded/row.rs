//! How sled holds a row: a short value beside its version, a long one apart, in a slot.
//!
//! | row | holds |
//! | --- | --- |
//! | key or log entry | version, `0`, the value |
//! | key or log entry | version, `1`, the number of a slot, the place in it |
//!
//! [`super::slot`] says why.

use sled::IVec;

use super::slot;
use crate::Version;

/// The longest value that stands in its row: one short enough to be written several times.
const INLINE_BYTES_MAX: usize = 512;

const INLINE: u8 = 0;
const APART: u8 = 1;

/// A value as a commit brings it.
pub(super) enum Value {
    /// Stands in its row.
    Inline(Vec<u8>),
    /// Stands in a slot with others.
    Shared(Vec<u8>),
    /// Stands in a slot of its own, which holds this.
    Alone(IVec),
}

impl Value {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        if bytes.len() <= INLINE_BYTES_MAX {
            Self::Inline(bytes)
        } else if bytes.len() <= slot::SHARED_BYTES_MAX {
            Self::Shared(bytes)
        } else {
            Self::Alone(slot::content(&[bytes]))
        }
    }
}

/// A place in a slot.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) slot: u64,
    pub(super) index: u8,
}

/// What a row says about its value.
pub(super) enum Found<'a> {
    Value(&'a [u8]),
    At(Place),
}

/// A row with its value in it.
pub(super) fn inline(version: Version, value: &[u8]) -> IVec {
    let parts = [&version.get().to_be_bytes()[..], &[INLINE], value];
    parts.concat().into()
}

/// A row with its value apart.
pub(super) fn apart(version: Version, place: Place) -> IVec {
    let mut row = [APART; 18];
    let (head, rest) = row.split_at_mut(8);
    head.copy_from_slice(&version.get().to_be_bytes());
    if let [_, slot @ .., index] = rest {
        slot.copy_from_slice(&place.slot.to_be_bytes());
        *index = place.index;
    }
    IVec::from(&row)
}

/// Reads a row; `None` when it is not one.
pub(super) fn read(row: &[u8]) -> Option<(Version, Found<'_>)> {
    let (version, rest) = row.split_first_chunk::<8>()?;
    let found = match rest {
        [INLINE, value @ ..] => Found::Value(value),
        [APART, slot @ .., index] => Found::At(Place {
            slot: u64::from_be_bytes(slot.try_into().ok()?),
            index: *index,
        }),
        _ => return None,
    };
    Some((Version::new(u64::from_be_bytes(*version)), found))
}

/// Where a row's value stands, if it is apart.
pub(super) fn place(row: &[u8]) -> Option<Place> {
    match read(row)? {
        (_, Found::At(place)) => Some(place),
        (_, Found::Value(_)) => None,
    }
}
