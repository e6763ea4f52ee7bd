//! Values of earlier periods: of a return, or recorded.

use std::collections::BTreeMap;

use mesur_catalogue::{CellRef, EditionName};
use mesur_proto::storage::v1::{PreviousValueRecord, PreviousValuesRecord};
use mesur_returns::{Previous, PreviousValue};
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, KeyRange, Store, large};
use mesur_wire::ReturnName;
use prost::Message;

use super::Returns;
use crate::domain::{Revision, State};
use crate::error::Error;
use crate::repeats::once;
use crate::sight::Sight;
use crate::store::{corrupt, keys, revisions};

/// The most periods of one collection that are looked at for an authority.
const PERIODS_MAX: usize = 1_000;

impl Returns {
    /// Records values of an earlier period, in place of what was recorded for it.
    pub(crate) async fn record_previous(
        &self,
        values: &Previous,
        edition: &EditionName,
        by: &Sight,
        mutation: &Mutation,
    ) -> Result<(), Error> {
        let key = keys::previous(&values.authority, edition);
        let content_key = keys::previous_content(&values.authority, edition);
        let requests = keys::requests(by.identity());
        let bytes = stored(values);
        let earlier = || async {
            let earlier = mutation.earlier(&*self.store, &requests).await?;
            Ok(earlier.map(drop))
        };
        let attempt = || async {
            let commit = Commit::new().put(key.clone(), Vec::new());
            let commit = large::put_large(&*self.store, commit, &content_key, &bytes).await?;
            let commit = mutation.remember(commit, &requests, &[]);
            self.store.commit(commit).await?;
            Ok(())
        };
        once(earlier, attempt).await
    }

    /// The values of the latest earlier period that is held for the authority of a return: those
    /// of its return, if it was handed in, or recorded ones.
    pub(crate) async fn previous(&self, name: &ReturnName) -> Result<Option<Previous>, Error> {
        let ReturnName { authority, edition } = name;
        let heads = keys::heads(Some(authority), Some(&edition.collection));
        let heads = self
            .store
            .scan(KeyRange::prefix(heads), PERIODS_MAX)
            .await?;
        let mut returned: Option<Revision> = None;
        for (key, entry) in heads {
            let revision = revisions::read(&key, &entry.value)?;
            // Keys are in the order of periods, so the last earlier one is the latest.
            if revision.name.data_return.edition.period < edition.period
                && revision.state != State::Draft
            {
                returned = Some(revision);
            }
        }
        let recorded = latest_recorded(&*self.store, name).await?;
        let Some(revision) = returned else {
            return Ok(recorded);
        };
        let period = &revision.name.data_return.edition.period;
        if let Some(recorded) = recorded.filter(|recorded| &recorded.period > period) {
            return Ok(Some(recorded));
        }
        let (edition, data_return) = self.data_return(&revision).await?;
        Ok(Some(Previous::from_return(edition, &data_return)))
    }
}

/// The latest recorded period before that of a return.
async fn latest_recorded(store: &dyn Store, name: &ReturnName) -> Result<Option<Previous>, Error> {
    let ReturnName { authority, edition } = name;
    let periods = keys::previous_periods(authority, &edition.collection);
    let mut latest = None;
    for (key, _) in store.scan(KeyRange::prefix(periods), PERIODS_MAX).await? {
        let period = keys::period_of(&key)?;
        if period < edition.period {
            latest = Some(period);
        }
    }
    let Some(period) = latest else {
        return Ok(None);
    };
    let corrupt = |error: &dyn std::fmt::Display| {
        corrupt(
            &format!("previous values of {authority} for {period}"),
            &error.to_string(),
        )
    };
    let found = EditionName {
        collection: edition.collection.clone(),
        period: period.clone(),
    };
    let bytes = large::get_large(store, &keys::previous_content(authority, &found)).await?;
    let bytes = bytes.ok_or_else(|| corrupt(&"no content"))?;
    let stored = PreviousValuesRecord::decode(bytes.as_slice()).map_err(|error| corrupt(&error))?;
    let mut values = BTreeMap::new();
    for value in stored.values {
        let cell =
            CellRef::from_codes(&value.metric, &value.category).map_err(|error| corrupt(&error))?;
        let decimals = u8::try_from(value.decimals).map_err(|error| corrupt(&error))?;
        values.insert(
            cell,
            PreviousValue {
                value: value.value,
                decimals,
            },
        );
    }
    Ok(Some(Previous {
        authority: authority.clone(),
        period,
        values,
    }))
}

/// The stored form of values.
fn stored(values: &Previous) -> Vec<u8> {
    let values = values
        .values
        .iter()
        .map(|(cell, value)| PreviousValueRecord {
            metric: cell.metric.to_string(),
            category: cell.category_str().to_owned(),
            value: value.value,
            decimals: value.decimals.into(),
        });
    PreviousValuesRecord {
        values: values.collect(),
    }
    .encode_to_vec()
}
