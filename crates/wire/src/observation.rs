//! Observations both ways.

use mesur_catalogue::{Cell, Edition};
use mesur_proto::types::v1 as pb;
use mesur_returns::{Cells, Observation, Observed, RawObservation, RawValue};
use mesur_rpc::Violation;

/// The rows of a message, as loose as those of a file: `mesur_returns::assemble` checks them.
pub fn rows_from_wire(
    observations: &[pb::Observation],
) -> impl Iterator<Item = RawObservation<'_>> {
    observations.iter().map(|observation| RawObservation {
        metric: observation.metric.as_str().into(),
        category: observation.category.as_str().into(),
        value: observation.value.map(RawValue::Scaled),
        status: status_word(observation.status()).into(),
        reason: observation.reason.as_str().into(),
        comment: observation.comment.as_str().into(),
        end_date: observation.end_date.as_str().into(),
        reference: observation.reference.as_str().into(),
        ..RawObservation::default()
    })
}

/// How many observations a request may have beyond those of a whole return, so that slips can be
/// told one by one; a request with more is refused before any of them is looked at.
const OBSERVATIONS_SPARE: usize = 1_000;

/// Whether `field` of a request has far more observations than a return of the edition.
pub fn count_violation(field: &str, edition: &Edition, observations: usize) -> Option<Violation> {
    let cells = edition.cells().len();
    (observations > cells.saturating_add(OBSERVATIONS_SPARE)).then(|| Violation {
        field: field.to_owned(),
        reason: "TOO_MANY_OBSERVATIONS",
        description: format!(
            "{observations} observations, where a return of {} has {cells}",
            edition.name()
        ),
    })
}

/// The observations of a return or a draft in catalogue order; a missing cell has none.
pub fn observations_to_wire(edition: &Edition, cells: &Cells) -> Vec<pb::Observation> {
    all_observations(edition, cells).collect()
}

/// The same one by one: there may be millions.
pub fn all_observations(edition: &Edition, cells: &Cells) -> impl Iterator<Item = pb::Observation> {
    observations_from(edition, 0, cells)
}

/// The same of some cells of which the first has the number `first`.
pub fn observations_from(
    edition: &Edition,
    first: usize,
    cells: &Cells,
) -> impl Iterator<Item = pb::Observation> {
    let known = edition.cells().iter().skip(first);
    known
        .zip(cells.observations())
        .filter_map(|(cell, observation)| Some(observation_to_wire(cell, observation?)))
}

/// One observation with its cell.
pub fn observation_to_wire(cell: &Cell, observation: Observation<'_>) -> pb::Observation {
    let end_date = match observation.value {
        Observed::PartPeriod { end: Some(end), .. } => end.to_string(),
        Observed::PartPeriod { end: None, .. }
        | Observed::Provided(_)
        | Observed::NotProvided
        | Observed::NotApplicable => String::new(),
    };
    pb::Observation {
        metric: cell.reference.metric.to_string(),
        category: cell.reference.category_str().to_owned(),
        value: observation.value.value(),
        status: status_to_wire(observation.value).into(),
        comment: observation.comment.to_owned(),
        reference: observation.reference.to_owned(),
        end_date,
        reason: observation.reason.to_owned(),
    }
}

/// The status of an observation.
pub fn status_to_wire(observed: Observed) -> pb::observation::Status {
    match observed {
        Observed::Provided(_) => pb::observation::Status::Provided,
        Observed::PartPeriod { .. } => pb::observation::Status::PartPeriod,
        Observed::NotProvided => pb::observation::Status::NotProvided,
        Observed::NotApplicable => pb::observation::Status::NotApplicable,
    }
}

pub(crate) fn status_word(status: pb::observation::Status) -> &'static str {
    match status {
        pb::observation::Status::Unspecified => "",
        pb::observation::Status::Provided => "provided",
        pb::observation::Status::PartPeriod => "part_period",
        pb::observation::Status::NotProvided => "not_provided",
        pb::observation::Status::NotApplicable => "not_applicable",
    }
}
