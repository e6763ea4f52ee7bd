//! The message of `SubmitReturn`, read where it lies.
//!
//! A return has a thousand observations and more, each with several texts. The generated message
//! makes a `String` of every one of them, only for the texts to be looked up; that is most of what
//! taking a return in would cost. This reader borrows them from the bytes that came, and hands them
//! on one by one: it keeps none. What the generated message takes it takes with the same meaning:
//! fields in any order, the last of a field that comes twice, parts of `data_return` put together,
//! unknown fields passed over.
//!
//! Deliberately not read: what is output only in `DataReturn`. Nobody looks at it in a request.

use mesur_catalogue::{AuthorityCode, Catalogue, Edition};
use mesur_proto::types::v1 as pb;
use mesur_returns::{Assembler, Assembly, RawObservation, RawValue};

use crate::fields::{BYTES, DecodeError, Fields, Key, NUMBER, OTHER_KIND};
use crate::observation::status_word;
use crate::openings::Openings;

/// A `SubmitReturnRequest` that borrows from its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Submitted<'a> {
    /// `data_return.name`.
    pub name: &'a str,
    /// `data_return.etag`.
    pub etag: &'a str,
    /// `data_return.edition_digest`.
    pub edition_digest: &'a str,
    /// How many `data_return.observations` there are.
    pub observation_count: usize,
    /// Check only.
    pub validate_only: bool,
    /// Keep as a draft.
    pub draft: bool,
    /// What makes a repeat safe.
    pub request_id: &'a str,
    /// The language of the findings' messages.
    pub language_code: &'a str,
    /// `data_return`, in as many parts as it came in: one.
    parts: Vec<&'a [u8]>,
}

/// An observation of the message.
#[derive(Debug, Clone, Copy, Default)]
struct SubmittedObservation<'a> {
    metric: &'a str,
    category: &'a str,
    value: Option<i64>,
    status: i32,
    comment: &'a str,
    reference: &'a str,
    end_date: &'a str,
    reason: &'a str,
}

impl<'a> Submitted<'a> {
    /// Reads the whole message but what is in its observations.
    pub fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
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

    fn read_return(&mut self, bytes: &'a [u8]) -> Result<(), DecodeError> {
        self.parts.push(bytes);
        let mut fields = Fields(bytes);
        while let Some(key) = fields.key()? {
            match key {
                OBSERVATION => {
                    fields.bytes()?;
                    self.observation_count = self.observation_count.saturating_add(1);
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

    /// Puts the observations together, as `mesur_returns::assemble` does with the rows of a file;
    /// `openings` are those of the catalogue.
    pub fn assemble(
        &self,
        edition: &Edition,
        (catalogue, openings): (&Catalogue, &Openings),
        authority: &AuthorityCode,
    ) -> Result<Assembly, DecodeError> {
        let mut assembler = Assembler::new(edition, catalogue, authority);
        let openings = openings.get(edition);
        for bytes in self.observations() {
            let bytes = bytes?;
            if assembler.take_next(|cell| bare_value(bytes, openings?.of(cell)?)) {
                continue;
            }
            let observation = SubmittedObservation::read(bytes)?;
            let (metric, category) = (observation.metric, observation.category);
            let bare = observation.bare();
            if !bare.is_some_and(|value| assembler.take_bare(metric, category, value)) {
                assembler.take(&observation.row());
            }
        }
        Ok(assembler.finish())
    }

    /// The observations as rows, as loose as those of a file; nothing follows on an error.
    pub fn rows(&self) -> impl Iterator<Item = Result<RawObservation<'a>, DecodeError>> {
        self.observations()
            .map(|bytes| Ok(SubmittedObservation::read(bytes?)?.row()))
    }

    /// The observations as they came.
    fn observations(&self) -> impl Iterator<Item = Result<&'a [u8], DecodeError>> {
        let mut parts = self.parts.iter();
        let mut fields = Fields(&[]);
        std::iter::from_fn(move || {
            loop {
                match next(&mut fields) {
                    Ok(None) => fields = Fields(parts.next()?),
                    Ok(Some(observation)) => return Some(Ok(observation)),
                    Err(error) => {
                        (fields, parts) = (Fields(&[]), [].iter());
                        return Some(Err(error));
                    }
                }
            }
        })
    }
}

impl<'a> SubmittedObservation<'a> {
    #[inline]
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
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

    /// The value for the whole period, if the observation says nothing else of its cell: nearly all do.
    #[inline]
    fn bare(&self) -> Option<i64> {
        let texts = [self.comment, self.reference, self.end_date, self.reason];
        let is_bare = self.status == PROVIDED && texts.iter().all(|text| text.is_empty());
        self.value.filter(|_| is_bare)
    }

    /// The row, as loose as that of a file.
    fn row(&self) -> RawObservation<'a> {
        let status = pb::observation::Status::try_from(self.status);
        RawObservation {
            metric: self.metric.into(),
            category: self.category.into(),
            value: self.value.map(RawValue::Scaled),
            status: status_word(status.unwrap_or_default()).into(),
            reason: self.reason.into(),
            comment: self.comment.into(),
            end_date: self.end_date.into(),
            reference: self.reference.into(),
            ..RawObservation::default()
        }
    }
}

/// [`Status::Provided`](pb::observation::Status::Provided) as it is sent.
const PROVIDED: i32 = pb::observation::Status::Provided as i32;
/// Keys of an observation's fields as they are sent: the number of the field and its kind.
const VALUE: u8 = 0x18;
const STATUS: u8 = 0x20;
/// The key of an observation in a return.
const OBSERVATION: Key = Key(5, BYTES);

/// What [`SubmittedObservation::bare`] would say of an observation of the cell that begins with
/// `opening`, where it has its fields in their order, as nearly every sender writes them: then it is
/// compared instead of read. `None` for every other.
#[inline]
fn bare_value(bytes: &[u8], opening: &[u8]) -> Option<i64> {
    let mut fields = Fields(bytes.strip_prefix(opening)?);
    let value = fields.number_of(VALUE)?;
    (fields.number_of(STATUS)? == u64::from(PROVIDED.cast_unsigned()) && fields.0.is_empty())
        .then_some(value.cast_signed())
}

/// The next observation of a return, past all else.
#[inline]
fn next<'a>(fields: &mut Fields<'a>) -> Result<Option<&'a [u8]>, DecodeError> {
    while let Some(key) = fields.key()? {
        if key == OBSERVATION {
            return fields.bytes().map(Some);
        }
        fields.pass(key, 0)?;
    }
    Ok(None)
}

/// The number of an enum: of more bits the lower ones count.
fn low_half(number: u64) -> i32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use mesur_proto::submission::v1::{DataReturn, SubmitReturnRequest};
    use proptest::prelude::*;
    use prost::Message;

    use super::*;
    use crate::fields::GROUPS_MAX;
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

    /// The message with its rows.
    fn read(bytes: &[u8]) -> Result<(Submitted<'_>, Vec<RawObservation<'_>>), DecodeError> {
        let read = Submitted::read(bytes)?;
        let rows: Result<_, _> = read.rows().collect();
        Ok((read, rows?))
    }

    /// Whether both readers say the same of what the generated one takes.
    fn assert_agreement(bytes: &[u8]) -> Result<(), TestCaseError> {
        let read = read(bytes);
        let Ok(decoded) = SubmitReturnRequest::decode(bytes) else {
            return Ok(());
        };
        let (read, rows) = read.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let data_return = decoded.data_return.unwrap_or_default();
        prop_assert_eq!(read.name, data_return.name);
        prop_assert_eq!(read.etag, data_return.etag);
        prop_assert_eq!(read.edition_digest, data_return.edition_digest);
        prop_assert_eq!(read.validate_only, decoded.validate_only);
        prop_assert_eq!(read.draft, decoded.draft);
        prop_assert_eq!(read.request_id, decoded.request_id);
        prop_assert_eq!(read.language_code, decoded.language_code);
        prop_assert_eq!(read.observation_count, rows.len());
        prop_assert!(
            rows.into_iter()
                .eq(rows_from_wire(&data_return.observations))
        );
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

    proptest! {
        #[test]
        fn a_bare_value_is_compared_out_of_an_observation_as_it_is_read_out_of_it(
            mut sent in observation(),
            (strip, change) in (any::<bool>(), prop::option::of(any::<(prop::sample::Index, u8)>())),
        ) {
            if strip {
                let status = PROVIDED;
                let (metric, category, value) = (sent.metric, sent.category, sent.value);
                sent = pb::Observation { metric, category, value, status, ..Default::default() };
            }
            let mut bytes = sent.encode_to_vec();
            if let Some((place, byte)) = change && !bytes.is_empty() {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            let (metric, category) = (sent.metric.clone(), sent.category.clone());
            let opening = pb::Observation { metric, category, ..Default::default() };
            let found = bare_value(&bytes, &opening.encode_to_vec());
            let read = SubmittedObservation::read(&bytes);
            let same = read.ok().filter(|read| {
                read.metric == sent.metric && read.category == sent.category
            });
            let due = same.and_then(|read| read.bare());
            // What is written in another order or at greater length is left to be read.
            prop_assert!(found.is_none() || found == due, "{found:?} {due:?}");
            if strip && change.is_none() && !sent.metric.is_empty() {
                prop_assert_eq!(found, due);
            }
        }
    }

    #[test]
    fn unknown_groups_stand_in_one_another_so_deep_and_no_deeper() {
        let read = |depth: u32| {
            let depth = usize::try_from(depth).expect("few");
            let bytes = [vec![0x7b; depth], vec![0x7c; depth]].concat();
            Submitted::read(&bytes).is_ok()
        };
        assert!(read(GROUPS_MAX) && !read(GROUPS_MAX + 1));
    }

    /// An observation of the cell with this number, or of no cell, and how much it says.
    fn observation_of(edition: &Edition, (cell, kind): (usize, u8)) -> pb::Observation {
        let cell = edition.cells().get(cell).map(|cell| &cell.reference);
        let mut observation = pb::Observation {
            metric: cell.map_or_else(|| "AD/999".to_owned(), |cell| cell.metric.to_string()),
            category: cell.map_or_else(String::new, |cell| cell.category_str().to_owned()),
            value: Some(7),
            status: PROVIDED,
            ..pb::Observation::default()
        };
        match kind {
            0 => observation.status = pb::observation::Status::PartPeriod.into(),
            1 => observation.status = 0,
            2 => observation.value = None,
            3 => observation.comment = "seen".to_owned(),
            4 => observation.reference = "row 1".to_owned(),
            5 => observation.metric.push(' '),
            6 => observation.end_date = "2022-11-23".to_owned(),
            _ => {}
        }
        observation
    }

    proptest! {
        #[test]
        fn observations_that_say_little_are_put_together_as_all_are(
            drawn in prop::collection::vec((0..330_usize, 0..20_u8), 0..40),
            first in 0..300_usize,
        ) {
            let catalogue = Catalogue::bundled().unwrap();
            let edition = catalogue.editions().last().unwrap();
            let authority = AuthorityCode::parse("W06000003").unwrap();
            // In their order first, and then as they come.
            let in_order = (first..first + 20).map(|cell| (cell, 19));
            let observations = in_order.chain(drawn).map(|drawn| observation_of(edition, drawn));
            let data_return = DataReturn { observations: observations.collect(), ..DataReturn::default() };
            let rows = rows_from_wire(&data_return.observations);
            let expected = mesur_returns::assemble(edition, &catalogue, &authority, rows);
            let request = SubmitReturnRequest { data_return: Some(data_return.clone()), ..SubmitReturnRequest::default() };
            let bytes = request.encode_to_vec();
            let definitions = (&catalogue, &Openings::of(&catalogue));
            let put_together = Submitted::read(&bytes).and_then(|read| read.assemble(edition, definitions, &authority));
            prop_assert_eq!(put_together, Ok(expected));
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
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }
}
