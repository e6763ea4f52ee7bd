//! The long form of a CSV file: one row for each cell, the columns in any order.
//!
//! The file is gone through twice, once to see whether it can be read for certain and whose it
//! is, and once for its rows, which borrow from it: nothing is held for a row. What `one_return`
//! decides in going through it once has not to be. A form that Mesur wrote is known by its column
//! `edition_digest`.

use std::borrow::Cow;

use crate::file::columns::{Column, Layout};
use crate::file::form;
use crate::file::guard::unguarded;
use crate::file::records::{Records, Unclosed};
use crate::file::survey::Survey;
use crate::finding::Finding;
use crate::kind::FindingKind;
use crate::row::RawObservation;

/// A CSV file in the long form, below its header.
#[derive(Debug, Clone)]
pub(crate) struct Long<'a> {
    pub(crate) records: Records<'a>,
    pub(crate) layout: Layout,
}

impl<'a> Long<'a> {
    /// Whether the file is a form that Mesur wrote.
    pub(crate) fn is_form(&self) -> bool {
        self.layout.at(Column::EditionDigest).is_some()
    }

    /// Goes through all records; `Err` has what keeps them from being read for certain.
    pub(crate) fn survey(&self, rows_max: usize) -> Result<Survey, Vec<Finding>> {
        let mut survey = Survey::default();
        let mut faults = Vec::new();
        let mut records = self.records.clone();
        let mut fields = Vec::with_capacity(self.layout.width);
        let mut count = 0_usize;
        while let Some(record) = records.next(&mut fields) {
            let line = record.map_err(|unclosed| vec![unclosed_quotation(unclosed)])?;
            count = count.saturating_add(1);
            if count > rows_max {
                return Err(vec![too_many_rows(rows_max)]);
            }
            if fields.len() != self.layout.width {
                faults.push(wrong_width(line, self.layout.width, fields.len()));
            } else if !is_empty(&fields) {
                survey.rows = survey.rows.saturating_add(1);
                let text = |column| self.layout.text(&fields, column);
                survey.authorities.add(text(Column::Authority));
                survey.editions.add(text(Column::Edition));
                if self.is_form() {
                    survey.digests.add(text(Column::EditionDigest));
                }
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        if survey.rows == 0 {
            return Err(vec![Finding::new(FindingKind::NoRows)]);
        }
        Ok(survey)
    }

    /// The rows of a file that was gone through.
    pub(crate) fn rows(&self) -> impl Iterator<Item = RawObservation<'a>> {
        let mut records = self.records.clone();
        let mut fields = Vec::with_capacity(self.layout.width);
        let is_form = self.is_form();
        let layout = self.layout.clone();
        std::iter::from_fn(move || {
            let line = loop {
                let line = records.next(&mut fields)?.ok()?;
                if !is_empty(&fields) {
                    break line;
                }
            };
            let row = layout.row(&mut fields, line);
            Some(if is_form {
                form::settled(RawObservation {
                    metric: unguarded(row.metric),
                    category: unguarded(row.category),
                    comment: unguarded(row.comment),
                    reference: unguarded(row.reference),
                    ..row
                })
            } else {
                row
            })
        })
    }
}

/// Spreadsheets write rows of bare commas below the last one; they say nothing.
pub(crate) fn is_empty(fields: &[Cow<'_, str>]) -> bool {
    fields.iter().all(|field| field.is_empty())
}

pub(crate) fn unclosed_quotation(Unclosed(line): Unclosed) -> Finding {
    Finding::new(FindingKind::MalformedCsv)
        .on_line(line)
        .with_value("\"")
}

pub(crate) fn wrong_width(line: u64, expected: usize, found: usize) -> Finding {
    Finding::new(FindingKind::MalformedCsv)
        .on_line(line)
        .expecting(expected.to_string())
        .having_found(found.to_string())
}

pub(crate) fn too_many_rows(rows_max: usize) -> Finding {
    Finding::new(FindingKind::TooManyRows)
        .expecting(rows_max.to_string())
        .having_found(format!("more than {rows_max}"))
}
