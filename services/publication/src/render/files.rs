//! The files for those who use the figures again: what was compiled, as the one data set that
//! `mesur-outputs` writes them from.

use std::collections::BTreeMap;

use mesur_catalogue::{Authority, Edition};
use mesur_outputs::{Area, Cell, Column, Coverage, Dataset, File, Table, Text};
use mesur_wire::EditionResource;
use mesur_wording::Args;

use super::Error;
use super::document::Document;
use super::line::{Line, Run};
use super::speaker::Speaker;
use crate::domain::{self, Compiled, NationalCell, Shown};

/// One language's document and voice.
type Told<'a> = (&'a Document, &'a Speaker<'a>);

/// Writes the files.
pub(super) fn write(
    edition: &Edition,
    compiled: &Compiled,
    told: [Told<'_>; 2],
) -> Result<Vec<File>, Error> {
    let dataset = dataset(edition, compiled, told)?;
    let [(_, en), (_, cy)] = told;
    Ok(mesur_outputs::write(&dataset, en.wording(), cy.wording())?)
}

/// A release as its figures.
pub(super) fn dataset(
    edition: &Edition,
    compiled: &Compiled,
    told: [Told<'_>; 2],
) -> Result<Dataset, Error> {
    let [(en, _), (cy, _)] = told;
    let mut printer = Printer::new(told)?;
    let mut tables = Vec::new();
    for (place, table) in compiled.tables.iter().enumerate() {
        tables.push(printer.table(table, place)?);
    }
    let name = edition.name();
    let areas = std::iter::once(edition.nation()).chain(edition.authorities());
    Ok(Dataset {
        collection: name.collection.to_string(),
        period: name.period.to_string(),
        edition: EditionResource(name.clone()).to_string(),
        edition_digest: compiled.edition_digest.clone(),
        snapshot: compiled.snapshot.name.clone(),
        snapshot_digest: compiled.snapshot.digest.clone(),
        reference: compiled.reference.clone().unwrap_or_default(),
        revision: compiled.revision,
        publish_day: compiled.release_date.map(|date| date.to_string()),
        title: held(&en.title, &cy.title),
        about: printer.about(compiled),
        quality: printer.lines(&en.quality, &cy.quality),
        notes: printer.notes,
        areas: areas.map(area).collect(),
        tables,
    })
}

fn area(area: &Authority) -> Area {
    Area {
        code: area.code.to_string(),
        name: text(&area.name_en, &area.name_cy),
    }
}

fn text(en: &str, cy: &str) -> Text {
    Text {
        en: en.to_owned(),
        cy: cy.to_owned(),
    }
}

/// A line of both documents as it is held; a Welsh one with English in it is not.
fn held(en: &Line, cy: &Line) -> Text {
    let welsh = if cy.has_english() {
        String::new()
    } else {
        cy.words()
    };
    Text {
        en: en.words(),
        cy: welsh,
    }
}

fn cell(shown: &Shown) -> Cell {
    Cell {
        units: shown.units,
        marks: shown.marks,
        part_period: shown.part_period,
    }
}

/// Words what stands in the tables, and numbers the notes by first appearance. Equal notes are one.
struct Printer<'a> {
    told: [Told<'a>; 2],
    english_only: String,
    total: Text,
    numbers: BTreeMap<(&'static str, u32), usize>,
    notes: Vec<Text>,
}

impl<'a> Printer<'a> {
    fn new(told: [Told<'a>; 2]) -> Result<Self, Error> {
        let [(_, en), (_, cy)] = told;
        Ok(Self {
            told,
            english_only: cy.label("english-only")?,
            total: text(&en.label("table-total")?, &cy.label("table-total")?),
            numbers: BTreeMap::new(),
            notes: Vec::new(),
        })
    }

    fn table(&mut self, table: &domain::Table, place: usize) -> Result<Table, Error> {
        let [(en, _), (cy, _)] = self.told;
        let coverage = |document: &Document| {
            let worded = document.tables.get(place);
            let first = worded.and_then(|table| table.coverage.first());
            first.cloned().unwrap_or_default()
        };
        let mut columns = Vec::new();
        for column in &table.columns {
            columns.push(self.column(column)?);
        }
        Ok(Table {
            metric: table.metric.code.to_string(),
            title: text(&table.metric.title_en, &table.metric.title_cy),
            unit: table.metric.unit.clone(),
            decimals: table.metric.decimals,
            coverage: text(&coverage(en), &coverage(cy)),
            columns,
        })
    }

    fn column(&mut self, column: &domain::Column) -> Result<Column, Error> {
        let label = match &column.category {
            Some(category) => text(&category.words.label_en, &category.words.label_cy),
            None => self.total.clone(),
        };
        let cells = std::iter::once(&column.shown).chain(&column.values);
        Ok(Column {
            category: column
                .category
                .as_ref()
                .map(|category| category.code.to_string()),
            label,
            notes: self.notes_on(&column.national)?,
            coverage: Coverage {
                provided: column.national.provided,
                expected: column.national.expected,
            },
            cells: cells.map(cell).collect(),
        })
    }

    /// What a national value lacks.
    fn notes_on(&mut self, national: &NationalCell) -> Result<Vec<usize>, Error> {
        let lacks = [
            ("footnote-not-provided", national.not_provided),
            ("footnote-part-period-only", national.part_period),
        ];
        let mut notes = Vec::new();
        for (message, authorities) in lacks {
            if authorities > 0 {
                notes.push(self.note(message, authorities)?);
            }
        }
        Ok(notes)
    }

    fn note(&mut self, message: &'static str, authorities: u32) -> Result<usize, Error> {
        let next = self.notes.len();
        let place = *self.numbers.entry((message, authorities)).or_insert(next);
        if place == next {
            let [(_, en), (_, cy)] = self.told;
            let args = Args::new().number("n", authorities.into());
            self.notes
                .push(text(&en.house(message, &args)?, &cy.house(message, &args)?));
        }
        Ok(place)
    }

    /// What stands on a cover: what the release is, and what an update says of itself.
    fn about(&self, compiled: &Compiled) -> Vec<Text> {
        let [(en, _), (cy, _)] = self.told;
        let of = |document: &'a Document| {
            let optional = document.description.iter().chain(&document.designation);
            optional.chain(&document.details).chain(&document.contact)
        };
        let lines = of(en).zip(of(cy));
        let mut about: Vec<Text> = lines.map(|(en, cy)| self.line(en, cy)).collect();
        if let Some(note) = &compiled.update_note {
            for [en, cy] in [&note.what, &note.why] {
                about.push(text(en, cy));
            }
        }
        about
    }

    fn lines(&self, en: &[Line], cy: &[Line]) -> Vec<Text> {
        let lines = en.iter().zip(cy);
        lines.map(|(en, cy)| self.line(en, cy)).collect()
    }

    /// A line ready to print; English in a Welsh one says so.
    fn line(&self, en: &Line, cy: &Line) -> Text {
        text(&self.printed(en), &self.printed(cy))
    }

    fn printed(&self, line: &Line) -> String {
        let mut words = String::new();
        for run in &line.runs {
            match run {
                Run::Text(text) => words.push_str(text),
                Run::English(text) => words.push_str(&self.marked(text)),
                Run::Figure(figure) => words.push_str(&figure.printed),
            }
        }
        if line.english_only {
            self.marked(&words)
        } else {
            words
        }
    }

    fn marked(&self, words: &str) -> String {
        format!("{words} ({})", self.english_only)
    }
}
