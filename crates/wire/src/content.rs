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

/// The stored form of a return.
pub fn content_of(data_return: &DataReturn) -> ReturnContent {
    let mut content = ReturnContent::default();
    for (cell, observation) in (0..).zip(&data_return.observations) {
        let (state, end) = match observation.value {
            Observed::Provided(_) => (1, None),
            Observed::PartPeriod { end, .. } => (2, end),
            Observed::NotProvided => (3, None),
            Observed::NotApplicable => (4, None),
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
            1 => Observed::Provided(value),
            2 => Observed::PartPeriod { value, end: None },
            3 => Observed::NotProvided,
            4 => Observed::NotApplicable,
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
        if let Observed::PartPeriod { end, .. } = &mut observation.value {
            *end = Date::parse(&text.end_date);
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
