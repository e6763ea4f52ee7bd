//! The dense stored form of a return's observations, which submission and aggregation both keep.

use mesur_catalogue::{AuthorityCode, Edition};
use mesur_proto::storage::v1::{CellText, ReturnContent};
use mesur_returns::{DataReturn, Date, Observation, Observed};

/// A stored content that does not fit its edition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the content does not fit the edition: {problem}")]
pub struct ContentError {
    problem: String,
}

/// The states of a cell as they are stored; never given another meaning.
const PROVIDED: u8 = 1;
const PART_PERIOD: u8 = 2;
const NOT_PROVIDED: u8 = 3;
const NOT_APPLICABLE: u8 = 4;

/// The stored form of a return.
pub fn content_of(data_return: &DataReturn) -> ReturnContent {
    let mut content = ReturnContent::default();
    for (cell, observation) in (0..).zip(&data_return.observations) {
        let (state, end) = match observation.value {
            Observed::Provided(_) => (PROVIDED, None),
            Observed::PartPeriod { end, .. } => (PART_PERIOD, end),
            Observed::NotProvided => (NOT_PROVIDED, None),
            Observed::NotApplicable => (NOT_APPLICABLE, None),
        };
        content.states.push(state);
        content.values.push(observation.value.value().unwrap_or(0));
        let Observation {
            comment, reference, ..
        } = observation;
        if end.is_some() || !comment.is_empty() || !reference.is_empty() {
            content.texts.push(CellText {
                cell,
                comment: comment.clone(),
                reference: reference.clone(),
                end_date: end.map(|end| end.to_string()).unwrap_or_default(),
            });
        }
    }
    content
}

/// The return that a stored content is of. The edition must be the one, by digest, that it was
/// stored in the order of.
pub fn return_from_content(
    edition: &Edition,
    authority: &AuthorityCode,
    content: ReturnContent,
) -> Result<DataReturn, ContentError> {
    let error = |problem: &str| ContentError {
        problem: problem.to_owned(),
    };
    let cells = edition.cells().len();
    if content.states.len() != cells || content.values.len() != cells {
        return Err(error("another number of cells"));
    }
    let mut observations = Vec::with_capacity(cells);
    for (state, value) in content.states.into_iter().zip(content.values) {
        let value = match state {
            PROVIDED => Observed::Provided(value),
            PART_PERIOD => Observed::PartPeriod { value, end: None },
            NOT_PROVIDED => Observed::NotProvided,
            NOT_APPLICABLE => Observed::NotApplicable,
            _ => return Err(error("an unknown state")),
        };
        observations.push(Observation {
            value,
            comment: String::new(),
            reference: String::new(),
        });
    }
    for text in content.texts {
        let place = usize::try_from(text.cell)
            .ok()
            .and_then(|cell| observations.get_mut(cell));
        let observation = place.ok_or_else(|| error("a text of no cell"))?;
        if !text.end_date.is_empty() {
            let Observed::PartPeriod { end, .. } = &mut observation.value else {
                return Err(error(
                    "an end date of a value that is not of part of the period",
                ));
            };
            let date = Date::parse(&text.end_date);
            *end = Some(date.ok_or_else(|| error("an end date that is no date"))?);
        }
        observation.comment = text.comment;
        observation.reference = text.reference;
    }
    Ok(DataReturn {
        authority: authority.clone(),
        edition: edition.name().clone(),
        edition_digest: edition.digest().to_owned(),
        observations,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, LazyLock};

    use mesur_catalogue::{Catalogue, EditionName};
    use proptest::prelude::*;

    use super::*;

    static EDITION: LazyLock<Arc<Edition>> = LazyLock::new(|| {
        let catalogue = Catalogue::bundled().expect("bundled");
        let name = EditionName::parse("pif/2020-21").expect("a name");
        Arc::clone(catalogue.get(&name).expect("bundled"))
    });

    fn authority() -> AuthorityCode {
        AuthorityCode::parse("W06000003").expect("a code")
    }

    fn read(content: ReturnContent) -> Result<DataReturn, ContentError> {
        return_from_content(&EDITION, &authority(), content)
    }

    fn observation() -> impl Strategy<Value = Observation> {
        let date = (1_u16..=9_999, 1_u8..=12, 1_u8..=28)
            .prop_map(|(year, month, day)| Date::parse(&format!("{year:04}-{month:02}-{day:02}")));
        let date = date.prop_filter("a date", Option::is_some);
        let value = prop_oneof![
            any::<i64>().prop_map(Observed::Provided),
            (any::<i64>(), prop_oneof![Just(None), date])
                .prop_map(|(value, end)| Observed::PartPeriod { value, end }),
            Just(Observed::NotProvided),
            Just(Observed::NotApplicable),
        ];
        (value, ".{0,8}", ".{0,8}").prop_map(|(value, comment, reference)| Observation {
            value,
            comment,
            reference,
        })
    }

    fn data_return() -> impl Strategy<Value = DataReturn> {
        let cells = EDITION.cells().len();
        prop::collection::vec(observation(), cells).prop_map(|observations| DataReturn {
            authority: authority(),
            edition: EDITION.name().clone(),
            edition_digest: EDITION.digest().to_owned(),
            observations,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_return_is_read_back_as_it_was_stored(data_return in data_return()) {
            prop_assert_eq!(read(content_of(&data_return)), Ok(data_return));
        }
    }

    #[test]
    fn a_content_that_does_not_fit_is_refused_with_its_reason() {
        let cells = EDITION.cells().len();
        let problem = |states: Vec<u8>, values: usize, texts: &[(u32, &str)]| {
            let texts = texts.iter().map(|(cell, end_date)| CellText {
                cell: *cell,
                end_date: (*end_date).to_owned(),
                ..CellText::default()
            });
            let content = ReturnContent {
                states,
                values: vec![7; values],
                texts: texts.collect(),
            };
            read(content).err().map(|error| error.problem)
        };
        let all = |state: u8| vec![state; cells];
        assert_eq!(problem(all(PROVIDED), cells, &[]), None);
        let end = [(0, "2020-11-23")];
        assert_eq!(problem(all(PART_PERIOD), cells, &end), None);
        for (found, said) in [
            (problem(vec![PROVIDED], cells, &[]), "number of cells"),
            (problem(all(PROVIDED), cells + 1, &[]), "number of cells"),
            (problem(all(0), cells, &[]), "unknown state"),
            (problem(all(5), cells, &[]), "unknown state"),
            (problem(all(PROVIDED), cells, &[(u32::MAX, "")]), "no cell"),
            (problem(all(PROVIDED), cells, &end), "not of part"),
            (problem(all(PART_PERIOD), cells, &[(0, "soon")]), "no date"),
        ] {
            let found = found.expect(said);
            assert!(found.contains(said), "{found}");
        }
    }
}
