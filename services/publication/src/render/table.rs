//! The tables in words: captions, headings, and cells as printed.

use mesur_catalogue::Edition;
use mesur_figures::{Marks, Shorthand};
use mesur_wording::{Args, thousands};

use super::Error;
use super::figure::whole_percent;
use super::line::{Line, Run};
use super::speaker::Speaker;
use crate::domain::{Column, Compiled, NationalCell, Shown, Table};

/// A table of one metric.
#[derive(Debug)]
pub(crate) struct WordedTable {
    /// The metric's code.
    pub(crate) code: String,
    /// Code and title.
    pub(crate) caption: Line,
    /// The headings of the columns.
    pub(crate) headings: Vec<Heading>,
    /// The nation first, then the authorities in the edition's order.
    pub(crate) rows: Vec<Row>,
    /// The coverage of each column.
    pub(crate) coverage: Vec<String>,
}

/// The heading of a column.
#[derive(Debug)]
pub(crate) struct Heading {
    /// The category's code; `None` over the total.
    pub(crate) code: Option<String>,
    /// The label.
    pub(crate) label: Run,
}

/// One area.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its cells as printed.
    pub(crate) cells: Vec<String>,
}

/// Words the tables.
pub(crate) fn worded(
    speaker: &Speaker<'_>,
    edition: &Edition,
    tables: &[Table],
) -> Result<Vec<WordedTable>, Error> {
    let part = speaker.label("part-period-short")?;
    let printer = Printer {
        speaker: *speaker,
        part,
    };
    tables
        .iter()
        .map(|table| printer.table(edition, table))
        .collect()
}

struct Printer<'a> {
    speaker: Speaker<'a>,
    /// Stands beside a value that covers part of the period.
    part: String,
}

impl Printer<'_> {
    fn table(&self, edition: &Edition, table: &Table) -> Result<WordedTable, Error> {
        let (speaker, metric) = (&self.speaker, &table.metric);
        let title = speaker.held_or_not(&metric.title_en, &metric.title_cy)?;
        let args = Args::new().text("code", metric.code.as_str());
        let headings = table.columns.iter().map(|column| self.heading(column));
        let coverage = table
            .columns
            .iter()
            .map(|column| self.coverage(&column.national));
        let decimals = metric.decimals;
        let national = table
            .columns
            .iter()
            .map(|column| self.cell(&column.shown, decimals));
        let mut rows = vec![Row {
            cells: national.collect(),
        }];
        let mut columns: Vec<_> = table
            .columns
            .iter()
            .map(|column| column.values.iter())
            .collect();
        for _ in edition.authorities() {
            let values = columns.iter_mut().filter_map(Iterator::next);
            rows.push(Row {
                cells: values.map(|shown| self.cell(shown, decimals)).collect(),
            });
        }
        Ok(WordedTable {
            code: metric.code.to_string(),
            caption: speaker.line("table-caption", args, &[("title", title)])?,
            headings: headings.collect::<Result<_, _>>()?,
            rows,
            coverage: coverage.collect::<Result<_, _>>()?,
        })
    }

    fn heading(&self, column: &Column) -> Result<Heading, Error> {
        Ok(match &column.category {
            Some(category) => Heading {
                code: Some(category.code.to_string()),
                label: self
                    .speaker
                    .held_or_not(&category.words.label_en, &category.words.label_cy)?,
            },
            None => Heading {
                code: None,
                label: Run::Text(self.speaker.label("table-total")?),
            },
        })
    }

    /// Authorities that a cell does not apply to are not missing.
    fn coverage(&self, national: &NationalCell) -> Result<String, Error> {
        let covered = national.expected.saturating_sub(national.not_provided);
        let args = Args::new()
            .number("provided", covered.into())
            .number("authorities", national.expected.into())
            .text(
                "share",
                &whole_percent(&self.speaker, national.coverage_percent)?,
            );
        self.speaker.house("table-coverage-value", &args)
    }

    fn cell(&self, shown: &Shown, decimals: u8) -> String {
        let printed = shown.units.map_or_else(String::new, |units| {
            thousands(units, decimals, self.speaker.language())
        });
        marks_of(printed, shown, &self.part)
    }
}

/// A value with its marks behind it, or the marks alone. That a row is the nation's is plain from its
/// name.
pub(crate) fn marks_of(mut printed: String, shown: &Shown, part: &str) -> String {
    let mut mark = |code: &str| {
        if !printed.is_empty() {
            printed.push(' ');
        }
        printed.push_str(&bracketed(code));
    };
    if shown.part_period && shown.units.is_some() {
        mark(part);
    }
    for shorthand in shown.marks.without(Shorthand::Total).iter() {
        mark(shorthand.code());
    }
    printed
}

/// Shorthand as it stands beside or instead of a value.
pub(crate) fn bracketed(code: &str) -> String {
    format!("[{code}]")
}

/// The shorthand that stands in the tables, in the main points and in the data file, with its meaning.
pub(crate) fn shorthand(
    speaker: &Speaker<'_>,
    compiled: &Compiled,
) -> Result<Vec<(String, String)>, Error> {
    let columns = compiled.tables.iter().flat_map(|table| &table.columns);
    let shown = columns.flat_map(|column| column.values.iter().chain([&column.shown]));
    let stated = (!compiled.figure_changes.is_empty()).then_some(Shorthand::Revised);
    let used: Marks = shown
        .flat_map(|shown| shown.marks.iter())
        .chain(stated)
        .collect();
    let mut lines = Vec::new();
    for shorthand in used.iter() {
        let code = shorthand.code();
        lines.push((
            bracketed(code),
            speaker.label(&format!("shorthand-{code}"))?,
        ));
    }
    let part = bracketed(&speaker.label("part-period-short")?);
    lines.push((part, speaker.label("part-period-mark")?));
    Ok(lines)
}
