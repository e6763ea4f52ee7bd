//! Values of earlier periods: of a return, or recorded.
//!
//! A sender checks a return again and again while putting it right, each time against the same earlier
//! values. They are kept as they were read, under what they were read from: a revision, whose content
//! never changes, or the commit that recorded them, and by the numbers of the cells of the edition that
//! is checked. What they are to be read from now is looked up each time.

use std::sync::Arc;

use mesur_catalogue::{Edition, EditionName};
use mesur_proto::storage::v1::{PreviousValueRecord, PreviousValuesRecord};
use mesur_proto::types::v1::PreviousValue;
use mesur_returns::{Cells, Previous};
use mesur_rpc::audit::Subject;
use mesur_rpc::etag::etag;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, KeyRange, Store, Version, large};
use mesur_wire::{
    PreviousValuesName, PreviousValuesReader, ReturnName, RevisionName, previous_values_from,
};
use prost::Message;

use super::Returns;
use crate::domain::{Revision, State};
use crate::error::{Error, invalid};
use crate::recent::Recent;
use crate::repeats::once;
use crate::sight::Sight;
use crate::store::contents::Parts;
use crate::store::{corrupt, keys, revisions, scan_all};

/// The most periods of one collection of which values are recorded for an authority.
const PERIODS_MAX: usize = 200;

/// The most bytes of earlier values that are kept: 16 MiB. A nation's are kept together up to 42,000
/// cells each, and those of one authority alone up to 930,000; more than that are read each time.
const KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Earlier values that were read lately, for returns of an edition.
pub(crate) struct EarlierValues(Recent<(Source, EditionName), Previous>);

impl Default for EarlierValues {
    fn default() -> Self {
        Self(Recent::new(KEPT_BYTES_MAX / 2))
    }
}

/// What there is of an earlier period.
pub(crate) enum Earlier {
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

impl Earlier {
    /// Whose, and of which period.
    pub(crate) fn name(&self) -> &ReturnName {
        match self {
            Self::Returned(revision) => &revision.name.data_return,
            Self::Recorded(name, _) => name,
        }
    }

    fn source(&self) -> Source {
        match self {
            Self::Returned(revision) => Source::Returned(revision.name.clone()),
            Self::Recorded(name, version) => Source::Recorded(name.clone(), *version),
        }
    }
}

/// Earlier values as they are read: a part at a time, for there may be millions.
pub(crate) enum EarlierReading<'a> {
    Returned(&'a Edition, Parts<'a>),
    /// All of what was recorded, which has its limit, until it is read.
    Recorded(Option<Vec<PreviousValueRecord>>),
}

/// Some of them.
pub(crate) enum EarlierPart<'a> {
    /// Cells of a return, of which the first has this number.
    Returned(&'a Edition, usize, Cells),
    Recorded(Vec<PreviousValueRecord>),
}

impl<'a> EarlierReading<'a> {
    /// The next part, `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<EarlierPart<'a>>, Error> {
        match self {
            Self::Returned(edition, parts) => {
                let part = parts.next().await?;
                Ok(part.map(|(first, cells)| EarlierPart::Returned(edition, first, cells)))
            }
            Self::Recorded(values) => Ok(values.take().map(EarlierPart::Recorded)),
        }
    }
}

impl EarlierPart<'_> {
    /// The values of the part.
    pub(crate) fn values(&self) -> Box<dyn Iterator<Item = PreviousValue> + Send + '_> {
        match self {
            Self::Returned(edition, first, cells) => {
                Box::new(previous_values_from(edition, *first, cells))
            }
            Self::Recorded(values) => Box::new(values.iter().map(recorded_value)),
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

    /// The latest earlier period of which values are held for the authority of a return: its return,
    /// if it was handed in, or what was recorded.
    pub(crate) async fn earlier_period(&self, name: &ReturnName) -> Result<Option<Earlier>, Error> {
        let returned = self.latest_returned(name).await?;
        let recorded = latest_recorded(&*self.store, name).await?;
        let period = |name: &ReturnName| name.edition.period.clone();
        let returned_period = returned.as_ref().map(|one| period(&one.name.data_return));
        let recorded = recorded.filter(|(name, _)| Some(period(name)) > returned_period);
        let recorded = recorded.map(|(name, version)| Earlier::Recorded(name, version));
        Ok(recorded.or_else(|| returned.map(Earlier::Returned)))
    }

    /// The values of that period.
    pub(crate) async fn previous(&self, name: &ReturnName) -> Result<Option<Arc<Previous>>, Error> {
        let Some(earlier) = self.earlier_period(name).await? else {
            return Ok(None);
        };
        let key = (earlier.source(), name.edition.clone());
        if let Some(kept) = self.earlier_values.0.get(&key) {
            return Ok(Some(kept));
        }
        let known = self.catalogue.get(&name.edition).map(Arc::as_ref);
        let known = known.or(self.edition_of_earlier(&earlier)?);
        let mut values = PreviousValuesReader::new(known);
        let mut reading = self.read_earlier(&earlier).await?;
        let ReturnName { authority, edition } = earlier.name();
        while let Some(part) = reading.next().await? {
            for value in part.values() {
                let taken = values.take(&value);
                taken.map_err(|error| unreadable(earlier.name(), &error))?;
            }
        }
        let previous = Arc::new(Previous {
            authority: authority.clone(),
            period: edition.period.clone(),
            values: values.finish(),
        });
        let bytes = previous.values.bytes();
        let kept = Arc::clone(&previous);
        self.earlier_values.0.put(key, kept, bytes);
        Ok(Some(previous))
    }

    /// The edition of an earlier return, which must be the one that it was sent for; recorded values
    /// need none.
    pub(crate) fn edition_of_earlier(&self, earlier: &Earlier) -> Result<Option<&Edition>, Error> {
        match earlier {
            Earlier::Returned(revision) => {
                let name = &revision.name.data_return.edition;
                Ok(Some(self.edition(name, &revision.edition_digest)?))
            }
            Earlier::Recorded(..) => Ok(None),
        }
    }

    /// Begins to read earlier values.
    pub(crate) async fn read_earlier<'a>(
        &'a self,
        earlier: &'a Earlier,
    ) -> Result<EarlierReading<'a>, Error> {
        match earlier {
            Earlier::Returned(revision) => {
                let name = &revision.name;
                let of = &name.data_return.edition;
                let edition = self.edition(of, &revision.edition_digest)?;
                let parts = Parts::open(&*self.store, name).await?;
                Ok(EarlierReading::Returned(edition, parts))
            }
            Earlier::Recorded(name, _) => {
                let values = read_recorded(&*self.store, name).await?;
                Ok(EarlierReading::Recorded(Some(values)))
            }
        }
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
async fn read_recorded(
    store: &dyn Store,
    name: &ReturnName,
) -> Result<Vec<PreviousValueRecord>, Error> {
    let key = keys::previous_content(&name.authority, &name.edition);
    let bytes = large::get_large(store, &key).await?;
    let bytes = bytes.ok_or_else(|| unreadable(name, &"no content"))?;
    let stored = PreviousValuesRecord::decode(bytes.as_slice());
    Ok(stored.map_err(|error| unreadable(name, &error))?.values)
}

fn recorded_value(stored: &PreviousValueRecord) -> PreviousValue {
    PreviousValue {
        metric: stored.metric.clone(),
        category: stored.category.clone(),
        value: stored.value,
        // More than are possible are told by whoever takes the value.
        decimals: i32::try_from(stored.decimals).unwrap_or(i32::MAX),
    }
}

fn unreadable(name: &ReturnName, error: &dyn std::fmt::Display) -> Error {
    let ReturnName { authority, edition } = name;
    let what = format!("previous values of {authority} for {}", edition.period);
    corrupt(&what, &error.to_string())
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
