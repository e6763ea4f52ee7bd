//! What people leave out of a form, and how they write days.
//!
//! A form has a row for each cell before anything is filled in. A value alone is a value for the
//! whole period; a row with nothing in it was not filled in, and is never taken for a zero. The
//! end of a part period may be written as a day is written here: the day first.

use std::borrow::Cow;

use crate::date::Date;
use crate::row::{RawObservation, RawValue};

/// The row with the status that it has by its value, and days as they are read.
pub(crate) fn settled(mut row: RawObservation<'_>) -> RawObservation<'_> {
    if !row.end_date.is_empty()
        && let [day] = Date::all_in(&row.end_date).as_slice()
    {
        row.end_date = Cow::Owned(day.to_string());
    }
    if row.status.trim().is_empty() && has_value(&row) {
        row.status = Cow::Borrowed("provided");
    }
    row
}

/// Whether a row was not filled in. The sender's reference alone fills in nothing.
pub(crate) fn is_blank(row: &RawObservation<'_>) -> bool {
    let texts = [&row.status, &row.reason, &row.comment, &row.end_date];
    !has_value(row) && texts.iter().all(|text| text.trim().is_empty())
}

fn has_value(row: &RawObservation<'_>) -> bool {
    match &row.value {
        Some(RawValue::Text(text)) => !text.trim().is_empty(),
        Some(RawValue::Scaled(_)) => true,
        None => false,
    }
}
