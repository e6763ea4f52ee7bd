//! What people leave out of a form, and how they write days.
//!
//! A form has a row for each cell before anything is filled in. A value alone is a value for the
//! whole period; a row with nothing in it was not filled in, and is never taken for a zero. The
//! end of a part period may be written as a day is written here: the day first.

use std::borrow::Cow;

use crate::date::Date;
use crate::row::{RawObservation, RawValue};

/// The row with the status that it has by its value; `None` for one that was not filled in. The
/// sender's reference alone fills in nothing.
pub(crate) fn settled(mut row: RawObservation<'_>) -> Option<RawObservation<'_>> {
    if !row.end_date.is_empty()
        && let [day] = Date::all_in(&row.end_date).as_slice()
    {
        row.end_date = Cow::Owned(day.to_string());
    }
    if !row.status.trim().is_empty() {
        return Some(row);
    }
    let has_value = match &row.value {
        Some(RawValue::Text(text)) => !text.trim().is_empty(),
        Some(RawValue::Scaled(_)) => true,
        None => false,
    };
    if has_value {
        row.status = Cow::Borrowed("provided");
        return Some(row);
    }
    let texts = [&row.reason, &row.comment, &row.end_date];
    let says_something = texts.iter().any(|text| !text.trim().is_empty());
    says_something.then_some(row)
}
