//! What a release was made from: the returns in its totals and the decisions in force.

use std::collections::BTreeMap;

use mesur_proto::aggregation::v1::Totals;

/// A return that is in the totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceReturn {
    /// The authority's code.
    pub(crate) authority: String,
    /// `authorities/{authority}/returns/{return}/revisions/{revision}`.
    pub(crate) name: String,
    /// The digest of its content.
    pub(crate) digest: String,
    /// When it was signed off, in seconds since 1970 and nanoseconds; `None` where that is not told.
    pub(crate) signed_off: Option<(i64, i32)>,
}

/// What a release was made from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sources {
    /// The returns in the order of the edition's authorities.
    pub(crate) returns: Vec<SourceReturn>,
    /// The names of the decisions in force on a metric, by its code.
    pub(crate) decisions: BTreeMap<String, Vec<String>>,
}

impl Sources {
    /// What the totals say that they were made from.
    pub(crate) fn of(totals: &Totals) -> Self {
        let returns = totals.returns.iter().map(|source| SourceReturn {
            authority: source.authority.clone(),
            name: source.name.clone(),
            digest: source.digest.clone(),
            signed_off: source
                .sign_off_time
                .as_ref()
                .map(|time| (time.seconds, time.nanos)),
        });
        let decided = totals
            .metrics
            .iter()
            .filter(|metric| !metric.decisions.is_empty());
        Self {
            returns: returns.collect(),
            decisions: decided
                .map(|metric| (metric.metric.clone(), metric.decisions.clone()))
                .collect(),
        }
    }
}
