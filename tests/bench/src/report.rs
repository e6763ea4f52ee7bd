//! The rows as people and programs read them: an aligned table, or JSON.

use std::fmt::Write;

use serde::Serialize;
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style};

use crate::measure::{Better, Measured, Spread};

/// What a row is to reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Aim {
    /// At least so much of the slower side beside it.
    Ratio(f64),
    /// Mesur's own figure, in the row's unit, better than this.
    Figure(f64),
}

/// One row of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    /// What is measured; `--row` picks it.
    pub(crate) name: &'static str,
    /// How large it is run.
    pub(crate) size: String,
    /// What the figures count.
    pub(crate) unit: &'static str,
    /// Whether more of it is better.
    pub(crate) better: Better,
    /// What it came to; absent when it could not be run.
    #[serde(flatten)]
    pub(crate) measured: Option<Measured>,
    /// What it is to reach.
    pub(crate) aims: Vec<Aim>,
    /// What a reader has to know beside the figures, or why there are none.
    pub(crate) note: String,
}

impl Row {
    /// Whether every aim is reached by the median; a row that could not be run reaches none.
    /// Without an aim there is nothing to say.
    fn is_met(&self) -> Option<bool> {
        let Some(measured) = &self.measured else {
            return Some(false);
        };
        let met = self.aims.iter().all(|aim| match aim {
            Aim::Ratio(least) => measured.ratio.is_some_and(|ratio| ratio.median >= *least),
            Aim::Figure(bound) => match self.better {
                Better::More => measured.mesur.median > *bound,
                Better::Less => measured.mesur.median < *bound,
            },
        });
        (!self.aims.is_empty()).then_some(met)
    }

    fn aim(&self) -> String {
        let aims = self.aims.iter().map(|aim| match (aim, self.better) {
            (Aim::Ratio(least), _) => format!("ratio ≥ {least}"),
            (Aim::Figure(bound), Better::More) => format!("> {bound} {}", self.unit),
            (Aim::Figure(bound), Better::Less) => format!("< {bound} {}", self.unit),
        });
        aims.collect::<Vec<_>>().join(", ")
    }

    fn fields(&self) -> [String; 7] {
        let measured = self.measured.as_ref();
        let beside = measured.map_or(&[][..], |measured| &measured.beside);
        let beside = beside
            .iter()
            .map(|(name, spread)| format!("{name} {}", figure(spread.median)));
        let ratio = measured.and_then(|measured| measured.ratio);
        [
            self.name.to_owned(),
            self.size.clone(),
            measured.map_or_else(String::new, |measured| {
                format!("{} {}", spread(&measured.mesur), self.unit)
            }),
            beside.collect::<Vec<_>>().join("\n"),
            ratio.map_or_else(String::new, |ratio| spread(&ratio)),
            self.aim(),
            match self.is_met() {
                Some(true) => "met".to_owned(),
                Some(false) => "missed".to_owned(),
                None => String::new(),
            },
        ]
    }
}

/// How a row has grown beside the same at a smaller size.
#[derive(Debug, Default)]
pub(crate) struct Growth(Option<f64>);

impl Growth {
    /// What there is to say of the next size, which is `times` the one before.
    pub(crate) fn note(&mut self, times: u32, measured: &Measured) -> String {
        let now = measured.mesur.median;
        match self.0.replace(now) {
            Some(before) if before > 0.0 => format!(
                "; {} times as much as for one {times}th of it",
                figure(now / before)
            ),
            _ => String::new(),
        }
    }

    /// The same of a row whose figure is a rate, for one of what it counts.
    pub(crate) fn rate(&mut self, one: &str, times: u32, measured: &Measured) -> String {
        let now = measured.mesur.median;
        match self.0.replace(now) {
            Some(before) if now > 0.0 => format!(
                "; {one} takes {} times as long as at one {times}th of the size",
                figure(before / now)
            ),
            _ => String::new(),
        }
    }
}

/// The rows as JSON, one object with a list.
pub(crate) fn json(rows: &[Row]) -> anyhow::Result<String> {
    #[derive(Serialize)]
    struct Judged<'a> {
        #[serde(flatten)]
        row: &'a Row,
        met: Option<bool>,
    }
    let judged: Vec<_> = rows
        .iter()
        .map(|row| Judged {
            row,
            met: row.is_met(),
        })
        .collect();
    Ok(serde_json::to_string_pretty(
        &serde_json::json!({ "rows": judged }),
    )?)
}

/// The rows as a table, and their notes below it.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut builder = Builder::default();
    builder.push_record(["row", "size", "Mesur", "beside it", "ratio", "aim", ""]);
    for row in rows {
        builder.push_record(row.fields());
    }
    let mut table = builder.build();
    table
        .with(Style::sharp())
        .modify(Columns::one(2), Alignment::right())
        .modify(Columns::one(4), Alignment::right());
    let mut text = table.to_string();
    for row in rows.iter().filter(|row| !row.note.is_empty()) {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{}, {}: {}", row.name, row.size, row.note);
    }
    text
}

fn spread(spread: &Spread) -> String {
    let [median, low, high] = [spread.median, spread.low, spread.high].map(figure);
    format!("{median} [{low} to {high}]")
}

/// Three digits that count.
fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 || size == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}
