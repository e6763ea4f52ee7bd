//! The fields of a protobuf message, read where they lie: keys, numbers, bytes and texts that borrow
//! from what came.
//!
//! What prost takes is taken with the same meaning; whatever else is refused, and nothing panics.

/// Bytes that are not the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message cannot be decoded: {0}")]
pub struct DecodeError(&'static str);

/// How deep unknown groups may stand in one another.
pub(crate) const GROUPS_MAX: u32 = 100;

/// What stands before a value: the number of its field and its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) u32, pub(crate) u32);

pub(crate) const NUMBER: u32 = 0;
const EIGHT_BYTES: u32 = 1;
pub(crate) const BYTES: u32 = 2;
const GROUP: u32 = 3;
const GROUP_END: u32 = 4;
const FOUR_BYTES: u32 = 5;

/// The fields of a message that are still to be read.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    /// The key of the next field; `None` at the end.
    #[inline]
    pub(crate) fn key(&mut self) -> Result<Option<Key>, DecodeError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = u32::try_from(self.number()?).map_err(|_| NO_KEY)?;
        match key >> 3 {
            0 => Err(NO_KEY),
            number => Ok(Some(Key(number, key & 7))),
        }
    }

    #[inline]
    pub(crate) fn text(&mut self) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| DecodeError("a text that is not UTF-8"))
    }

    #[inline]
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = usize::try_from(self.number()?).map_err(|_| CUT_SHORT)?;
        self.take(length)
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(CUT_SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The number of a field of this key, if that is what comes next.
    #[inline]
    pub(crate) fn number_of(&mut self, key: u8) -> Option<u64> {
        let (found, rest) = self.0.split_first()?;
        if *found != key {
            return None;
        }
        self.0 = rest;
        self.number().ok()
    }

    /// Passes over the value behind a key.
    pub(crate) fn pass(&mut self, Key(number, kind): Key, depth: u32) -> Result<(), DecodeError> {
        match kind {
            NUMBER => self.number().map(|_| ()),
            BYTES => self.bytes().map(|_| ()),
            EIGHT_BYTES => self.take(8).map(|_| ()),
            FOUR_BYTES => self.take(4).map(|_| ()),
            GROUP if depth < GROUPS_MAX => loop {
                match self.key()?.ok_or(CUT_SHORT)? {
                    Key(end, GROUP_END) if end == number => return Ok(()),
                    inner => self.pass(inner, depth + 1)?,
                }
            },
            _ => Err(OTHER_KIND),
        }
    }

    /// A number of seven bits a byte, the lowest first.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<u64, DecodeError> {
        match self.0.split_first() {
            // Keys, lengths of codes and most figures.
            Some((byte, rest)) if *byte < 0x80 => {
                self.0 = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_number(),
        }
    }

    fn long_number(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0;
        for (place, byte) in self.0.iter().enumerate().take(NUMBER_BYTES_MAX) {
            if place + 1 == NUMBER_BYTES_MAX && *byte > 1 {
                return Err(DecodeError("a number of more than 64 bits"));
            }
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                self.0 = self.0.get(place + 1..).unwrap_or_default();
                return Ok(number);
            }
        }
        Err(CUT_SHORT)
    }
}

/// The most bytes of a number.
const NUMBER_BYTES_MAX: usize = 10;
const CUT_SHORT: DecodeError = DecodeError("it is cut short");
const NO_KEY: DecodeError = DecodeError("a field without a number");
pub(crate) const OTHER_KIND: DecodeError = DecodeError("a field of another kind");
