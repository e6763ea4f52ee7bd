//! The use cases that look at a whole edition: how far its collection has come, and how its
//! authorities compare.

use std::collections::BTreeMap;
use std::sync::Arc;

use mesur_catalogue::{AuthorityCode, Edition, EditionName};
use mesur_returns::Cells;
use mesur_wire::{ReportName, ReturnName, RevisionName};

use crate::domain::{MetricState, ReturnProgress};
use crate::error::{Error, Refusal};
use crate::reports::Validation;
use crate::store;

/// How many returns have a metric in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct MetricCounts {
    /// With every value for the whole period.
    pub(crate) provided: u32,
    /// With some value missing or for part of the period.
    pub(crate) part: u32,
    /// With no value.
    pub(crate) missing: u32,
    /// That do not have it.
    pub(crate) not_applicable: u32,
}

/// How far the collection of an edition has come.
pub(crate) struct CollectionProgress {
    pub(crate) edition: Arc<Edition>,
    /// For each authority of the edition, in its order; `None` before anything was handed in.
    pub(crate) returns: Vec<Option<ReturnProgress>>,
    /// For each metric of the edition, in its order, over the returns that were handed in.
    pub(crate) metrics: Vec<MetricCounts>,
}

impl Validation {
    /// How far the collection of an edition has come. Reads one record of each return and one byte
    /// of each of its metrics.
    pub(crate) async fn collection_progress(
        &self,
        name: &EditionName,
    ) -> Result<CollectionProgress, Error> {
        let edition = Arc::clone(self.edition(name, "")?);
        let mut held: BTreeMap<AuthorityCode, ReturnProgress> =
            store::progress_of_edition(&*self.store, name)
                .await?
                .into_iter()
                .collect();
        let mut metrics = vec![MetricCounts::default(); edition.metrics().len()];
        let mut returns = Vec::new();
        for authority in edition.authorities() {
            let progress = held.remove(&authority.code);
            if let Some(progress) = &progress {
                // A return of another content of the edition has other metrics.
                self.edition(name, &progress.edition_digest)?;
                let report = latest(name, &authority.code, progress);
                let states = store::metrics(&*self.store, &report).await?;
                for (counts, state) in metrics.iter_mut().zip(states) {
                    counts.add(state);
                }
            }
            returns.push(progress);
        }
        Ok(CollectionProgress {
            edition,
            returns,
            metrics,
        })
    }

    /// The cells of every latest return of an edition, in the order of its authorities.
    pub(crate) async fn latest_cells(
        &self,
        name: &EditionName,
    ) -> Result<Vec<(AuthorityCode, Cells)>, Error> {
        let held = store::progress_of_edition(&*self.store, name).await?;
        let mut cells = Vec::new();
        for (authority, progress) in held {
            let edition = self.edition(name, &progress.edition_digest)?;
            let report = latest(name, &authority, &progress);
            let held = store::report(&*self.store, &report).await?;
            let held = held.ok_or_else(|| Refusal::ReportNotFound.of(&report))?;
            cells.push((authority, store::cells(&*self.store, edition, &held).await?));
        }
        Ok(cells)
    }
}

impl MetricCounts {
    fn add(&mut self, state: MetricState) {
        let count = match state {
            MetricState::Provided => &mut self.provided,
            MetricState::Part => &mut self.part,
            MetricState::Missing => &mut self.missing,
            MetricState::NotApplicable => &mut self.not_applicable,
        };
        *count = count.saturating_add(1);
    }
}

fn latest(name: &EditionName, authority: &AuthorityCode, progress: &ReturnProgress) -> ReportName {
    ReportName(RevisionName {
        data_return: ReturnName {
            authority: authority.clone(),
            edition: name.clone(),
        },
        revision: progress.revision,
    })
}
