//! Values of earlier periods: of a return, or recorded.
//!
//! A sender checks a return again and again while putting it right, each time against the same earlier
//! values. They are kept as they were read, under what they were read from: a revision, whose content
//! never changes, or the commit that recorded them. What that is now is looked up each time.

use std::sync::Arc;

use mesur_catalogue::{CellRef, EditionName};
use mesur_proto::storage::v1::{PreviousValueRecord, PreviousValuesRecord};
use mesur_returns::{Previous, PreviousValue, PreviousValues};
use mesur_rpc::audit::Subject;
use mesur_rpc::etag::etag;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, KeyRange, Store, Version, large};
use mesur_wire::{PreviousValuesName, ReturnName, RevisionName};
use prost::Message;

use super::Returns;
use crate::domain::{Revision, State};
use crate::error::{Error, invalid};
use crate::recent::Recent;
use crate::repeats::once;
use crate::sight::Sight;
use crate::store::{corrupt, keys, revisions, scan_all};

/// The most periods of one collection of which values are recorded for an authority.
const PERIODS_MAX: usize = 200;

/// Of how many authorities earlier values are kept, half of them at the least: all of a nation's.
const KEPT_HALF: usize = 32;

/// Earlier values with more than this are read each time: 4,000, three times an ordinary return, about
/// a megabyte.
const KEPT_VALUES_MAX: usize = 4_000;

/// Earlier values that were read lately.
pub(crate) struct EarlierValues(Recent<Source, Previous>);

impl Default for EarlierValues {
    fn default() -> Self {
        Self(Recent::new(KEPT_HALF))
    }
}

/// What there is of an earlier period.
enum Found {
    /// A revision that was handed in.
    Returned(Revision),
    /// What a commit recorded.
    Recorded(ReturnName, Version),
}

/// The same, as far as it tells which values they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Returned(RevisionName),
    Recorded(ReturnName, Version),
}

impl Found {
    fn source(&self) -> Source {
        match self {
            Self::Returned(revision) => Source::Returned(revision.name.clone()),
            Self::Recorded(name, version) => Source::Recorded(name.clone(), *version),
        }
    }
}

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
        let name = PreviousValuesName {
            authority: values.authority.clone(),
            edition: edition.clone(),
        };
        let subject = Subject::new(&name).digest(etag([bytes.as_slice()]));
        let earlier = || async {
            let earlier = mutation.earlier(&*self.store, &requests).await?;
            Ok(earlier.map(drop))
        };
        let attempt = || async {
            self.admit_period(values, edition).await?;
            let commit = Commit::new().put(key.clone(), Vec::new());
            let commit = large::put_large(&*self.store, commit, &content_key, &bytes).await?;
            let commit = mutation.remember(commit, &requests, &[], &subject);
            self.store.commit(commit).await?;
            Ok(())
        };
        once(earlier, attempt).await
    }

    /// Whether there is room for one more period, or it is one that is held.
    async fn admit_period(&self, values: &Previous, edition: &EditionName) -> Result<(), Error> {
        let periods = keys::previous_periods(&values.authority, &edition.collection);
        let periods = KeyRange::prefix(periods);
        let held = self.store.scan(periods, PERIODS_MAX).await?;
        let key = keys::previous(&values.authority, edition);
        if held.len() < PERIODS_MAX || held.iter().any(|(other, _)| *other == key) {
            return Ok(());
        }
        let problem = format!("is of one more period than the {PERIODS_MAX} that are kept");
        Err(invalid("previous_values.name", &problem).into())
    }

    /// The values of the latest earlier period that is held for the authority of a return: those
    /// of its return, if it was handed in, or recorded ones.
    pub(crate) async fn previous(&self, name: &ReturnName) -> Result<Option<Arc<Previous>>, Error> {
        let returned = self.latest_returned(name).await?;
        let recorded = latest_recorded(&*self.store, name).await?;
        let period = |name: &ReturnName| name.edition.period.clone();
        let returned_period = returned.as_ref().map(|one| period(&one.name.data_return));
        let recorded = recorded.filter(|(name, _)| Some(period(name)) > returned_period);
        let found = match (returned, recorded) {
            (_, Some((name, version))) => Found::Recorded(name, version),
            (Some(revision), None) => Found::Returned(revision),
            (None, None) => return Ok(None),
        };
        let source = found.source();
        if let Some(kept) = self.earlier_values.0.get(&source) {
            return Ok(Some(kept));
        }
        let values = match found {
            Found::Returned(revision) => {
                let (edition, data_return) = self.data_return(&revision).await?;
                Previous::from_return(edition, &data_return)
            }
            Found::Recorded(name, _) => read_recorded(&*self.store, &name).await?,
        };
        let values = Arc::new(values);
        if values.values.len() <= KEPT_VALUES_MAX {
            self.earlier_values.0.put(source, Arc::clone(&values));
        }
        Ok(Some(values))
    }

    /// The latest earlier return that was handed in.
    async fn latest_returned(&self, name: &ReturnName) -> Result<Option<Revision>, Error> {
        let ReturnName { authority, edition } = name;
        let heads = keys::heads(Some(authority), Some(&edition.collection));
        let mut latest = None;
        // One for each edition of the collection that is loaded here.
        for (key, value) in scan_all(&*self.store, heads).await? {
            let revision = revisions::read(&key, &value)?;
            // Keys are in the order of periods, so the last earlier one is the latest.
            if revision.name.data_return.edition.period < edition.period
                && revision.state != State::Draft
            {
                latest = Some(revision);
            }
        }
        Ok(latest)
    }
}

/// The latest recorded period before that of a return, and the commit that recorded it.
async fn latest_recorded(
    store: &dyn Store,
    name: &ReturnName,
) -> Result<Option<(ReturnName, Version)>, Error> {
    let ReturnName { authority, edition } = name;
    let periods = keys::previous_periods(authority, &edition.collection);
    let mut latest = None;
    for (key, entry) in store.scan(KeyRange::prefix(periods), PERIODS_MAX).await? {
        let period = keys::period_of(&key)?;
        if period < edition.period {
            let edition = EditionName {
                collection: edition.collection.clone(),
                period,
            };
            let authority = authority.clone();
            latest = Some((ReturnName { authority, edition }, entry.version));
        }
    }
    Ok(latest)
}

/// The values that are recorded for an authority and a period.
async fn read_recorded(store: &dyn Store, name: &ReturnName) -> Result<Previous, Error> {
    let ReturnName { authority, edition } = name;
    let period = &edition.period;
    let corrupt = |error: &dyn std::fmt::Display| {
        corrupt(
            &format!("previous values of {authority} for {period}"),
            &error.to_string(),
        )
    };
    let bytes = large::get_large(store, &keys::previous_content(authority, edition)).await?;
    let bytes = bytes.ok_or_else(|| corrupt(&"no content"))?;
    let stored = PreviousValuesRecord::decode(bytes.as_slice()).map_err(|error| corrupt(&error))?;
    let mut values = PreviousValues::default();
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
    Ok(Previous {
        authority: authority.clone(),
        period: period.clone(),
        values,
    })
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
