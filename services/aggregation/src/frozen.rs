//! What a snapshot froze, read back: its totals without the authorities, and what they rest on.

use std::sync::Arc;

use mesur_catalogue::{Catalogue, Edition, EditionName};
use mesur_proto::aggregation::v1 as pb;
use mesur_rpc::clock;
use mesur_store::Store;
use mesur_wire::{DecisionName, EditionResource, RevisionName};

use crate::domain::{Decisions, Input, Inputs, Snapshot};
use crate::error::Error;
use crate::store;

/// A snapshot's content, apart from the values of its authorities.
pub(crate) struct Frozen {
    /// The edition.
    pub(crate) edition: Arc<Edition>,
    /// The totals without the authorities.
    pub(crate) totals: pb::Totals,
    /// The returns and marks.
    pub(crate) inputs: Inputs,
    /// The decisions that were in force.
    pub(crate) decisions: Decisions,
    /// The name of the snapshot.
    item: String,
}

impl Frozen {
    /// Reads it. Fails when an edition is known by another digest here than it was frozen with.
    pub(crate) async fn read(
        store: &dyn Store,
        catalogue: &Catalogue,
        snapshot: &Snapshot,
    ) -> Result<Self, Error> {
        let (totals, not_robust) = store::frozen(store, &snapshot.name).await?;
        let item = snapshot.name.to_string();
        let problem = |error: &dyn std::fmt::Display| store::corrupt(&item, &error.to_string());
        let digest = &totals.edition_digest;
        let edition = known(catalogue, &snapshot.edition, digest, &item)?;
        let inputs = |messages: &[pb::ReturnInput]| -> Result<Vec<Input>, Error> {
            let inputs = messages.iter().map(|message| {
                let time = message.sign_off_time.as_ref().map(clock::from_proto);
                Ok(Input {
                    name: RevisionName::parse(&message.name).map_err(|error| problem(&error))?,
                    digest: message.digest.clone(),
                    signed_off: time.transpose().map_err(|error| problem(&error))?,
                })
            });
            inputs.collect()
        };
        let inputs = Inputs {
            returns: inputs(&totals.returns)?,
            previous: inputs(&totals.previous_returns)?,
            not_robust,
        };
        let mut numbers = Vec::new();
        for name in totals.metrics.iter().flat_map(|metric| &metric.decisions) {
            let name = DecisionName::parse(name).map_err(|error| problem(&error))?;
            numbers.push(name.number);
        }
        numbers.sort_unstable();
        let mut decisions = Decisions::default();
        for number in numbers {
            let decision = store::decision(store, &snapshot.edition, number).await?;
            decisions.take(decision.ok_or_else(|| problem(&"a decision is gone"))?);
        }
        Ok(Self {
            edition: Arc::clone(edition),
            item,
            totals,
            inputs,
            decisions,
        })
    }

    /// The edition that its changes are told from; `None` where there was nothing to tell them from.
    pub(crate) fn previous<'a>(
        &self,
        catalogue: &'a Catalogue,
    ) -> Result<Option<&'a Arc<Edition>>, Error> {
        if self.totals.previous_edition.is_empty() {
            return Ok(None);
        }
        let name = EditionResource::parse(&self.totals.previous_edition);
        let name = name.map_err(|error| store::corrupt(&self.item, &error.to_string()))?;
        let digest = &self.totals.previous_edition_digest;
        known(catalogue, &name.0, digest, &self.item).map(Some)
    }
}

/// An edition that is known by a digest.
fn known<'a>(
    catalogue: &'a Catalogue,
    name: &EditionName,
    theirs: &str,
    item: &str,
) -> Result<&'a Arc<Edition>, Error> {
    match catalogue.get(name) {
        None => Err(Error::EditionNotFound { name: name.clone() }),
        Some(edition) if edition.digest() == theirs => Ok(edition),
        Some(edition) => Err(Error::EditionMismatch {
            name: name.clone(),
            ours: edition.digest().to_owned(),
            theirs: theirs.to_owned(),
            item: item.to_owned(),
        }),
    }
}
