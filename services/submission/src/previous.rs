//! Values of earlier periods that were not collected with Mesur.

use std::collections::BTreeMap;

use mesur_catalogue::{CellRef, EditionName};
use mesur_proto::storage::v1::{PreviousValueRecord, PreviousValuesRecord};
use mesur_returns::{Previous, PreviousValue};
use mesur_store::{KeyRange, Store, large};
use mesur_wire::ReturnName;
use prost::Message;

use crate::error::Error;
use crate::store;

/// The most periods of one collection that are looked at for an authority.
pub(crate) const PERIODS_MAX: usize = 1_000;

/// The latest recorded period before that of a return.
pub(crate) async fn latest_recorded(
    store: &dyn Store,
    name: &ReturnName,
) -> Result<Option<Previous>, Error> {
    let ReturnName { authority, edition } = name;
    let periods = store::previous_prefix(authority, &edition.collection);
    let mut latest = None;
    for (key, _) in store.scan(KeyRange::prefix(periods), PERIODS_MAX).await? {
        let period = store::period_of_key(&key)?;
        if period < edition.period {
            latest = Some(period);
        }
    }
    let Some(period) = latest else {
        return Ok(None);
    };
    let corrupt = |error: &dyn std::fmt::Display| {
        store::corrupt(
            &format!("previous values of {authority} for {period}"),
            &error.to_string(),
        )
    };
    let found = EditionName {
        collection: edition.collection.clone(),
        period: period.clone(),
    };
    let bytes = large::get_large(store, &store::previous_content_key(authority, &found)).await?;
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
pub(crate) fn stored(values: &Previous) -> Vec<u8> {
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
