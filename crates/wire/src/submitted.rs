//! The message of `SubmitReturn`, read where it lies.
//!
//! A return has a thousand observations and more, each with several texts. The generated message
//! makes a `String` of every one of them, only for the texts to be looked up; that is most of what
//! taking a return in would cost. This reader borrows them from the bytes that came. What the
//! generated message takes it takes with the same meaning: fields in any order, the last of a field
//! that comes twice, parts of `data_return` put together, unknown fields passed over.
//!
//! Deliberately not read: what is output only in `DataReturn`. Nobody looks at it in a request.

use mesur_proto::types::v1 as pb;
use mesur_returns::{RawObservation, RawValue};

use crate::observation::status_word;

/// Bytes that are not the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message cannot be decoded: {0}")]
pub struct SubmittedError(&'static str);

/// A `SubmitReturnRequest` that borrows from its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Submitted<'a> {
    /// `data_return.name`.
    pub name: &'a str,
    /// `data_return.etag`.
    pub etag: &'a str,
    /// `data_return.edition_digest`.
    pub edition_digest: &'a str,
    /// `data_return.observations`.
    pub observations: Vec<SubmittedObservation<'a>>,
    /// Check only.
    pub validate_only: bool,
    /// Keep as a draft.
    pub draft: bool,
    /// What makes a repeat safe.
    pub request_id: &'a str,
    /// The language of the findings' messages.
    pub language_code: &'a str,
}

/// An observation of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SubmittedObservation<'a> {
    metric: &'a str,
    category: &'a str,
    value: Option<i64>,
    status: i32,
    comment: &'a str,
    reference: &'a str,
    end_date: &'a str,
    reason: &'a str,
}

/// About how few bytes an observation has: by them room is made.
const OBSERVATION_BYTES: usize = 16;
/// The most observations that room is made for before they are seen.
const OBSERVATIONS_ROOM: usize = 2_048;
/// How deep unknown groups may stand in one another.
const GROUPS_MAX: u32 = 100;

impl<'a> Submitted<'a> {
    /// Reads the whole message.
    pub fn read(bytes: &'a [u8]) -> Result<Self, SubmittedError> {
        let mut request = Self::default();
        let mut fields = Fields(bytes);
        while let Some(key) = fields.key()? {
            match key {
                Key(1, BYTES) => request.read_return(fields.bytes()?)?,
                Key(2, NUMBER) => request.validate_only = fields.number()? != 0,
                Key(3, BYTES) => request.request_id = fields.text()?,
                Key(4, BYTES) => request.language_code = fields.text()?,
                Key(5, NUMBER) => request.draft = fields.number()? != 0,
                Key(1..=5, _) => return Err(OTHER_KIND),
                unknown => fields.pass(unknown, 0)?,
            }
        }
        Ok(request)
    }

    fn read_return(&mut self, bytes: &'a [u8]) -> Result<(), SubmittedError> {
        let room = bytes.len() / OBSERVATION_BYTES;
        self.observations.reserve(room.min(OBSERVATIONS_ROOM));
        let mut fields = Fields(bytes);
        while let Some(key) = fields.key()? {
            match key {
                Key(5, BYTES) => {
                    let observation = SubmittedObservation::read(fields.bytes()?)?;
                    self.observations.push(observation);
                }
                Key(1, BYTES) => self.name = fields.text()?,
                Key(2, BYTES) => self.etag = fields.text()?,
                Key(4, BYTES) => self.edition_digest = fields.text()?,
                Key(1 | 2 | 4 | 5, _) => return Err(OTHER_KIND),
                unread => fields.pass(unread, 0)?,
            }
        }
        Ok(())
    }

    /// The rows, as loose as those of a file: `mesur_returns::assemble` checks them.
    pub fn rows(&self) -> impl Iterator<Item = RawObservation<'a>> + use<'a, '_> {
        self.observations.iter().map(|observation| {
            let status = pb::observation::Status::try_from(observation.status);
            RawObservation {
                metric: observation.metric.into(),
                category: observation.category.into(),
                value: observation.value.map(RawValue::Scaled),
                status: status_word(status.unwrap_or_default()).into(),
                reason: observation.reason.into(),
                comment: observation.comment.into(),
                end_date: observation.end_date.into(),
                reference: observation.reference.into(),
                ..RawObservation::default()
            }
        })
    }
}

impl<'a> SubmittedObservation<'a> {
    #[inline]
    fn read(bytes: &'a [u8]) -> Result<Self, SubmittedError> {
        let mut observation = Self::default();
        let mut fields = Fields(bytes);
        while let Some(key) = fields.key()? {
            match key {
                Key(1, BYTES) => observation.metric = fields.text()?,
                Key(2, BYTES) => observation.category = fields.text()?,
                Key(3, NUMBER) => observation.value = Some(fields.number()?.cast_signed()),
                Key(4, NUMBER) => observation.status = low_half(fields.number()?),
                Key(5, BYTES) => observation.comment = fields.text()?,
                Key(6, BYTES) => observation.reference = fields.text()?,
                Key(7, BYTES) => observation.end_date = fields.text()?,
                Key(8, BYTES) => observation.reason = fields.text()?,
                Key(1..=8, _) => return Err(OTHER_KIND),
                unknown => fields.pass(unknown, 0)?,
            }
        }
        Ok(observation)
    }
}

/// The number of an enum: of more bits the lower ones count.
fn low_half(number: u64) -> i32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

/// What stands before a value: the number of its field and its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key(u32, u32);

const NUMBER: u32 = 0;
const EIGHT_BYTES: u32 = 1;
const BYTES: u32 = 2;
const GROUP: u32 = 3;
const GROUP_END: u32 = 4;
const FOUR_BYTES: u32 = 5;

/// The fields of a message that are still to be read.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The key of the next field; `None` at the end.
    #[inline]
    fn key(&mut self) -> Result<Option<Key>, SubmittedError> {
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
    fn text(&mut self) -> Result<&'a str, SubmittedError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| SubmittedError("a text that is not UTF-8"))
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'a [u8], SubmittedError> {
        let length = usize::try_from(self.number()?).map_err(|_| CUT_SHORT)?;
        self.take(length)
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], SubmittedError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(CUT_SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Passes over the value behind a key.
    fn pass(&mut self, Key(number, kind): Key, depth: u32) -> Result<(), SubmittedError> {
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
    fn number(&mut self) -> Result<u64, SubmittedError> {
        match self.0.split_first() {
            // Keys, lengths of codes and most figures.
            Some((byte, rest)) if *byte < 0x80 => {
                self.0 = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_number(),
        }
    }

    fn long_number(&mut self) -> Result<u64, SubmittedError> {
        let mut number = 0;
        for (place, byte) in self.0.iter().enumerate().take(NUMBER_BYTES_MAX) {
            if place + 1 == NUMBER_BYTES_MAX && *byte > 1 {
                return Err(SubmittedError("a number of more than 64 bits"));
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
const CUT_SHORT: SubmittedError = SubmittedError("it is cut short");
const NO_KEY: SubmittedError = SubmittedError("a field without a number");
const OTHER_KIND: SubmittedError = SubmittedError("a field of another kind");

#[cfg(test)]
mod tests {
    use mesur_proto::submission::v1::{DataReturn, SubmitReturnRequest};
    use proptest::prelude::*;
    use prost::Message;

    use super::*;
    use crate::rows_from_wire;

    fn observation() -> impl Strategy<Value = pb::Observation> {
        let texts = prop::array::uniform6(prop_oneof![Just(String::new()), ".{0,9}"]);
        (texts, any::<Option<i64>>(), -2..7_i32).prop_map(|(texts, value, status)| {
            let [metric, category, comment, reference, end_date, reason] = texts;
            pb::Observation {
                metric,
                category,
                value,
                status,
                comment,
                reference,
                end_date,
                reason,
            }
        })
    }

    fn request() -> impl Strategy<Value = SubmitReturnRequest> {
        let observations = prop::collection::vec(observation(), 0..4);
        let data_return = (prop::array::uniform4(".{0,9}"), observations, any::<i32>());
        let data_return = data_return.prop_map(|(texts, observations, revision)| {
            let [name, etag, edition, edition_digest] = texts;
            DataReturn {
                name,
                etag,
                edition,
                edition_digest,
                observations,
                revision,
                create_time: (revision > 0).then(prost_types::Timestamp::default),
                ..DataReturn::default()
            }
        });
        let rest = (any::<[bool; 2]>(), prop::array::uniform2(".{0,9}"));
        (prop::option::of(data_return), rest).prop_map(|(data_return, (flags, texts))| {
            let [validate_only, draft] = flags;
            let [request_id, language_code] = texts;
            SubmitReturnRequest {
                data_return,
                validate_only,
                request_id,
                language_code,
                draft,
            }
        })
    }

    /// Whether both readers say the same of what the generated one takes.
    fn assert_agreement(bytes: &[u8]) -> Result<(), TestCaseError> {
        let read = Submitted::read(bytes);
        let Ok(decoded) = SubmitReturnRequest::decode(bytes) else {
            return Ok(());
        };
        let read = read.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let data_return = decoded.data_return.unwrap_or_default();
        prop_assert_eq!(read.name, data_return.name);
        prop_assert_eq!(read.etag, data_return.etag);
        prop_assert_eq!(read.edition_digest, data_return.edition_digest);
        prop_assert_eq!(read.validate_only, decoded.validate_only);
        prop_assert_eq!(read.draft, decoded.draft);
        prop_assert_eq!(read.request_id, decoded.request_id);
        prop_assert_eq!(read.language_code, decoded.language_code);
        prop_assert!(read.rows().eq(rows_from_wire(&data_return.observations)));
        Ok(())
    }

    /// An unknown field of every kind, a group with one within it among them.
    const UNKNOWN: &[u8] = &[
        0x78, 0xac, 0x02, 0x7a, 0x01, 0x00, 0x7d, 1, 2, 3, 4, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7b,
        0x73, 0x08, 0x01, 0x74, 0x7c,
    ];

    proptest! {
        #[test]
        fn the_message_is_read_as_the_generated_one_reads_it(one in request(), other in request()) {
            let [one, other] = [one, other].map(|request| request.encode_to_vec());
            // Messages one behind the other are one, with the fields of both.
            assert_agreement(&[one.as_slice(), UNKNOWN, &other].concat())?;
        }

        #[test]
        fn bytes_that_were_changed_are_refused_or_read_as_the_generated_one_reads_them(
            request in request(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            kept in any::<prop::sample::Index>(),
        ) {
            let mut bytes = [&request.encode_to_vec(), UNKNOWN].concat();
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            assert_agreement(&bytes)?;
            bytes.truncate(kept.index(bytes.len()));
            assert_agreement(&bytes)?;
        }
    }

    #[test]
    fn bytes_that_are_not_the_message_are_refused() {
        let deep = [0x7b; 200];
        let within = |bytes: &[u8]| {
            let length = u8::try_from(bytes.len()).expect("few");
            [&[0x0a, length + 2, 0x2a, length], bytes].concat()
        };
        for bytes in [
            &[0x0a][..],
            &[0x0a, 0x05, 0x00],
            &[0x08, 0x01],
            &[0x1a, 0x01, 0xff],
            &[0x00, 0x00],
            &[0x7e],
            &[0x7b, 0x74],
            &[
                0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02,
            ],
            &deep,
            &within(&[0x0a, 0x01, 0xff]),
            &within(&[0x18]),
            &within(&[0x1a, 0x00]),
        ] {
            assert!(SubmitReturnRequest::decode(bytes).is_err(), "{bytes:?}");
            assert!(Submitted::read(bytes).is_err(), "{bytes:?}");
        }
    }
}
