//! Between the wire and the domain: resource names, and the shared messages both ways.
//!
//! Every service and the command line meet the same names, observations and findings; they are
//! parsed and made here, once. Nothing is decided here: what a return must be is in
//! `mesur-returns`, what a service does with it is in the service.

mod content;
mod fields;
mod finding;
mod name;
mod observation;
mod openings;
mod previous;
mod submitted;
mod wordings;

pub use content::{
    ContentError, ContentReader, Frames, cells_of_part, content_frames, content_parts,
};
pub use fields::DecodeError;
pub use finding::{finding_to_wire, message_of, place_of, violation_of};
pub use name::{
    AnyReleaseName, AnyReportName, AuthorityName, DecisionName, DelegationName, EditionResource,
    NameError, PreviousValuesName, ProgressName, QueryName, ReleaseName, ReportName, ReturnName,
    ReturnsPattern, RevisionName, RoundName, ScheduleName, SnapshotName,
};
pub use observation::{
    all_observations, count_violation, observation_to_wire, observations_from,
    observations_to_wire, rows_from_wire, status_to_wire,
};
pub use openings::Openings;
pub use previous::{
    PREVIOUS_VALUES_MAX, PreviousValueError, PreviousValuesReader, previous_values_from,
    previous_values_from_wire, previous_values_to_wire,
};
pub use submitted::Submitted;
pub use wordings::{LanguageError, Wordings};
