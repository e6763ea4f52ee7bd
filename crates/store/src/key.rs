//! Keys written so that their byte order is the order of their parts.
//!
//! A text part ends in `00 00`, and a zero byte inside it is written `00 ff`: so a text sorts
//! before every text it begins, no text runs into the part after it, and a key built from the
//! first parts of another is a prefix of it exactly when those parts are equal.

use crate::Error;

/// A stored key.
pub type Key = Vec<u8>;

const ESCAPE: u8 = 0x00;
const ESCAPED_ZERO: u8 = 0xff;
const END: u8 = 0x00;

/// Builds a key from a kind and parts.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until its key is taken"]
pub struct KeyBuilder {
    bytes: Key,
}

impl KeyBuilder {
    /// A key of this kind.
    pub fn new(kind: u8) -> Self {
        Self { bytes: vec![kind] }
    }

    /// Goes on from a key that another builder began.
    pub fn from_prefix(prefix: impl Into<Key>) -> Self {
        Self {
            bytes: prefix.into(),
        }
    }

    /// Adds a text part.
    pub fn text(mut self, text: &str) -> Self {
        for &byte in text.as_bytes() {
            self.bytes.push(byte);
            if byte == ESCAPE {
                self.bytes.push(ESCAPED_ZERO);
            }
        }
        self.bytes.extend([ESCAPE, END]);
        self
    }

    /// Adds a number part: eight bytes, big-endian.
    pub fn number(mut self, number: u64) -> Self {
        self.bytes.extend(number.to_be_bytes());
        self
    }

    /// The key.
    pub fn build(self) -> Key {
        self.bytes
    }
}

impl From<KeyBuilder> for Key {
    fn from(builder: KeyBuilder) -> Self {
        builder.build()
    }
}

/// Reads a key's parts back in the order they were written.
#[derive(Debug, Clone)]
pub struct KeyReader<'a> {
    key: &'a [u8],
    rest: &'a [u8],
}

impl<'a> KeyReader<'a> {
    /// Starts at the front of `key`.
    pub fn new(key: &'a [u8]) -> Self {
        Self { key, rest: key }
    }

    /// Takes the kind.
    pub fn kind(&mut self) -> Result<u8, Error> {
        let (kind, rest) = self
            .rest
            .split_first()
            .ok_or_else(|| self.fault("no kind"))?;
        self.rest = rest;
        Ok(*kind)
    }

    /// Takes a text part.
    pub fn text(&mut self) -> Result<String, Error> {
        let mut bytes = Vec::new();
        let mut rest = self.rest;
        loop {
            rest = match rest {
                [ESCAPE, END, after @ ..] => {
                    self.rest = after;
                    return String::from_utf8(bytes).map_err(|_| self.fault("text is not UTF-8"));
                }
                [ESCAPE, ESCAPED_ZERO, after @ ..] => {
                    bytes.push(ESCAPE);
                    after
                }
                [] | [ESCAPE, ..] => return Err(self.fault("text has no proper end")),
                [byte, after @ ..] => {
                    bytes.push(*byte);
                    after
                }
            };
        }
    }

    /// Takes a number part.
    pub fn number(&mut self) -> Result<u64, Error> {
        let (number, rest) = self
            .rest
            .split_first_chunk::<8>()
            .ok_or_else(|| self.fault("number is cut short"))?;
        self.rest = rest;
        Ok(u64::from_be_bytes(*number))
    }

    /// What was not read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Refuses a key with more in it than was read.
    pub fn finish(self) -> Result<(), Error> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.fault("key has more parts"))
        }
    }

    fn fault(&self, problem: &str) -> Error {
        Error::corrupt(self.key, problem)
    }
}

/// The keys from a start up to, and without, an end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a range reads nothing by itself"]
pub struct KeyRange {
    pub(crate) start: Key,
    pub(crate) end: Option<Key>,
}

impl KeyRange {
    /// The keys from `start` up to, and without, `end`; none when `end` is not after `start`.
    pub fn new(start: impl Into<Key>, end: impl Into<Key>) -> Self {
        Self {
            start: start.into(),
            end: Some(end.into()),
        }
    }

    /// Every key.
    pub fn all() -> Self {
        Self {
            start: Key::new(),
            end: None,
        }
    }

    /// The keys that begin with `prefix`.
    pub fn prefix(prefix: impl Into<Key>) -> Self {
        let start = prefix.into();
        let end = successor(&start);
        Self { start, end }
    }

    /// The part of this range behind `key`: where a list goes on.
    pub fn after(mut self, key: &[u8]) -> Self {
        let mut next = key.to_vec();
        next.push(0);
        self.start = self.start.max(next);
        self
    }
}

/// The first key behind all keys that begin with `prefix`, if there is one.
pub(crate) fn successor(prefix: &[u8]) -> Option<Key> {
    let kept = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix.get(..=kept)?.to_vec();
    if let Some(last) = end.last_mut() {
        *last = last.saturating_add(1);
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            prop_oneof![
                Just('\0'),
                Just('\u{1}'),
                Just('a'),
                Just('ŵ'),
                Just('\u{10ffff}')
            ],
            0..5,
        )
        .prop_map(String::from_iter)
    }

    fn parts() -> impl Strategy<Value = (u8, String, u64, String)> {
        (0u8..3, text(), prop_oneof![0u64..3, any::<u64>()], text())
    }

    fn build((kind, first, number, second): &(u8, String, u64, String)) -> Key {
        KeyBuilder::new(*kind)
            .text(first)
            .number(*number)
            .text(second)
            .build()
    }

    proptest! {
        #[test]
        fn keys_sort_as_their_parts(left in parts(), right in parts()) {
            prop_assert_eq!(build(&left).cmp(&build(&right)), left.cmp(&right));
        }

        #[test]
        fn parts_come_back_as_written(parts in parts()) {
            let key = build(&parts);
            let mut reader = KeyReader::new(&key);
            let read = (
                reader.kind().unwrap(),
                reader.text().unwrap(),
                reader.number().unwrap(),
                reader.text().unwrap(),
            );
            prop_assert!(reader.finish().is_ok());
            prop_assert_eq!(read, parts);
        }

        #[test]
        fn a_key_begins_with_another_only_when_its_first_parts_are_equal(
            left in text(), right in text(), number: u64
        ) {
            let prefix = KeyBuilder::new(1).text(&left).build();
            let key = KeyBuilder::new(1).text(&right).number(number).build();
            prop_assert_eq!(key.starts_with(&prefix), left == right);
        }

        #[test]
        fn a_prefix_range_holds_the_keys_with_the_prefix_and_no_other(
            prefix in proptest::collection::vec(prop_oneof![Just(0u8), Just(254), Just(255)], 0..4),
            key in proptest::collection::vec(prop_oneof![Just(0u8), Just(254), Just(255)], 0..5),
        ) {
            let range = KeyRange::prefix(prefix.clone());
            let inside = key >= range.start && range.end.as_ref().is_none_or(|end| key < *end);
            prop_assert_eq!(inside, key.starts_with(&prefix));
        }

        #[test]
        fn reading_any_bytes_never_panics(bytes: Vec<u8>) {
            let mut reader = KeyReader::new(&bytes);
            let _ = (reader.kind(), reader.text(), reader.number());
        }
    }

    #[test]
    fn a_committed_key_keeps_its_bytes() {
        let key = KeyBuilder::new(7).text("a\0b").number(258).build();
        assert_eq!(key, [7, b'a', 0, 0xff, b'b', 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    }
}
