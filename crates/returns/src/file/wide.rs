//! The wide form of a CSV file: one row for each authority, one column for each cell.
//!
//! The columns are `authority`, `edition`, and cells by their references (`AD/012`, `AD/005[b]`).
//! A field holds a number, or a status with its reason behind a colon: `not_provided: …`,
//! `not_applicable: …`, `123 part_period: …`. A reason that is one of the edition's ids is that
//! reason, any other text is a comment. An empty field says nothing: the cell is missing.

use std::borrow::Cow;

use mesur_catalogue::{CellRef, Edition};

use crate::file::columns::too_many_columns;
use crate::file::long::{is_empty, too_many_rows, unclosed_quotation, wrong_width};
use crate::file::records::Records;
use crate::file::survey::Survey;
use crate::finding::Finding;
use crate::kind::FindingKind;
use crate::observation::Observed;
use crate::row::{RawObservation, RawValue};

/// The columns that are no cells.
const KEYS: [&str; 3] = ["authority", "edition", "edition_digest"];

/// The columns that only the long form has.
const OF_LONG_FORM: [&str; 4] = ["metric", "category", "value", "status"];

/// Whether a header is that of the wide form.
pub(crate) fn is_header(header: &[Cow<'_, str>]) -> bool {
    let has = |word: &&str| {
        let mut names = header.iter().map(|name| name.trim());
        names.any(|name| name.eq_ignore_ascii_case(word))
    };
    KEYS.iter().take(2).all(has) && !OF_LONG_FORM.iter().any(has)
}

/// What a header of the wide form says: where authority, edition and digest stand, and the cell of
/// each column, its metric and category.
struct Header {
    keys: [Option<usize>; 3],
    cells: Vec<Option<(String, String)>>,
}

impl Header {
    fn read(line: u64, names: &[Cow<'_, str>]) -> Result<Self, Vec<Finding>> {
        let mut header = Self {
            keys: [None; 3],
            cells: Vec::with_capacity(names.len()),
        };
        let mut faults = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let name = name.trim();
            let key = KEYS.iter().position(|key| name.eq_ignore_ascii_case(key));
            header.cells.push(match key {
                Some(_) => None,
                // What is no reference is left to be told as an unknown metric.
                None => Some(CellRef::parse(name).map_or_else(
                    |_| (name.to_owned(), String::new()),
                    |cell| (cell.metric.to_string(), cell.category_str().to_owned()),
                )),
            });
            let place = key.and_then(|key| header.keys.get_mut(key));
            if let Some(place) = place
                && place.replace(at).is_some()
            {
                let fault = Finding::new(FindingKind::DuplicateColumn).on_line(line);
                faults.push(fault.in_column(name));
            }
        }
        if faults.is_empty() {
            Ok(header)
        } else {
            Err(faults)
        }
    }
}

/// Reads the rows below a header of the wide form; `edition` tells reasons from comments.
pub(crate) fn read<'a>(
    mut records: Records<'a>,
    (line, names): (u64, &[Cow<'a, str>]),
    edition: &Edition,
    rows_max: usize,
) -> Result<(Survey, Vec<RawObservation<'a>>), Vec<Finding>> {
    if names.len() > rows_max {
        return Err(vec![too_many_columns(line, names.len(), rows_max)]);
    }
    let header = Header::read(line, names)?;
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    let mut survey = Survey::default();
    let mut fields = Vec::with_capacity(names.len());
    while let Some(record) = records.next(&mut fields) {
        let line = record.map_err(|unclosed| vec![unclosed_quotation(unclosed)])?;
        if fields.len() != names.len() {
            faults.push(wrong_width(line, names.len(), fields.len()));
        } else if !is_empty(&fields) {
            survey.rows = survey.rows.saturating_add(1);
            let [authority, edition_text, digest] = header.keys.map(|place| {
                place
                    .and_then(|at| fields.get(at).cloned())
                    .unwrap_or_default()
            });
            survey.authorities.add(&authority);
            survey.editions.add(&edition_text);
            if !digest.is_empty() {
                survey.digests.add(&digest);
            }
            for (cell, field) in header.cells.iter().zip(&fields) {
                let Some((metric, category)) = cell else {
                    continue;
                };
                if let Some(row) = row(field, edition) {
                    rows.push(RawObservation {
                        authority: Some(authority.clone()),
                        edition: Some(edition_text.clone()),
                        metric: Cow::Owned(metric.clone()),
                        category: Cow::Owned(category.clone()),
                        line: Some(line),
                        ..row
                    });
                }
            }
        }
        if rows.len() > rows_max || faults.len() > rows_max {
            return Err(vec![too_many_rows(rows_max)]);
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    if survey.rows == 0 {
        return Err(vec![Finding::new(FindingKind::NoRows)]);
    }
    Ok((survey, rows))
}

/// What a field says; `None` where it is empty.
fn row<'a>(field: &Cow<'a, str>, edition: &Edition) -> Option<RawObservation<'a>> {
    let text = field.trim();
    if text.is_empty() {
        return None;
    }
    let owned = |text: &str| Cow::Owned(text.to_owned());
    let (head, note) = text.split_once(':').unwrap_or((text, ""));
    let (value, status) = match head.trim().rsplit_once(char::is_whitespace) {
        Some((value, status)) => (value.trim(), status),
        None => ("", head.trim()),
    };
    if !Observed::STATUSES.contains(&status) {
        return Some(RawObservation {
            value: Some(RawValue::Text(owned(text))),
            status: Cow::Borrowed("provided"),
            ..RawObservation::default()
        });
    }
    let note = note.trim();
    let is_reason = edition.reason(note).is_some();
    Some(RawObservation {
        value: (!value.is_empty()).then(|| RawValue::Text(owned(value))),
        status: owned(status),
        reason: owned(if is_reason { note } else { "" }),
        comment: owned(if is_reason { "" } else { note }),
        ..RawObservation::default()
    })
}
