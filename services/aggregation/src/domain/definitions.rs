//! What returns are added up by: their edition, and how it goes on from the one before.

use mesur_catalogue::Edition;

use super::change::{Comparison, Lineage};

/// An edition, beside the one that changes are told from.
#[derive(Debug)]
pub(crate) struct Definitions<'a> {
    /// The edition.
    pub(crate) edition: &'a Edition,
    /// The edition before, if the collection has one.
    pub(crate) previous: Option<&'a Edition>,
    /// How the two compare.
    pub(crate) comparison: Option<Comparison<'a>>,
}

impl<'a> Definitions<'a> {
    /// Compares the two.
    pub(crate) fn new(edition: &'a Edition, previous: Option<&'a Edition>) -> Self {
        Self {
            edition,
            previous,
            comparison: previous.map(|previous| Comparison::new(edition, previous)),
        }
    }

    /// The same of two that were compared before.
    pub(crate) fn along(edition: &'a Edition, previous: Option<(&'a Edition, &Lineage)>) -> Self {
        Self {
            edition,
            previous: previous.map(|(previous, _)| previous),
            comparison: previous.map(|(previous, lineage)| lineage.of(edition, previous)),
        }
    }
}
