//! What a revision changed, and the shorthand of the values, as structured facts.

use mesur_figures::{Marks, Shorthand};
use serde::Serialize;

use super::Both;
use crate::domain::{self, Compiled, FigureChange, Shown};
use crate::render::Error;
use crate::render::speaker::Speaker;

/// Which revision it is and what it changed of the one before.
#[derive(Serialize)]
pub(super) struct Revision<'a> {
    number: u32,
    update_note: Option<UpdateNote<'a>>,
    changed_values: Vec<ChangedValue<'a>>,
    changed_figures: Vec<ChangedFigure<'a>>,
}

#[derive(Serialize)]
struct UpdateNote<'a> {
    what: Words<'a>,
    why: Words<'a>,
}

#[derive(Serialize)]
struct Words<'a> {
    en: &'a str,
    cy: &'a str,
}

#[derive(Serialize)]
struct ChangedValue<'a> {
    metric: &'a str,
    category: &'a str,
    area: &'a str,
    decimals: u8,
    before: Value,
    after: Value,
}

/// A figure of the main points that differs, by the first statement that has it.
#[derive(Serialize)]
struct ChangedFigure<'a> {
    statement: &'a str,
    figure: &'a str,
    before: StatedValue<'a>,
    after: StatedValue<'a>,
}

/// A figure as it is published, scaled by its decimals.
#[derive(Serialize)]
struct StatedValue<'a> {
    #[serde(rename = "value")]
    units: Option<i64>,
    decimals: u8,
    nearly_100: bool,
    authority: Option<&'a str>,
}

/// A value as it is published, scaled by its decimals.
#[derive(Serialize)]
struct Value {
    #[serde(rename = "value")]
    units: Option<i64>,
    shorthand: Vec<&'static str>,
    part_period: bool,
}

/// A letter of the shorthand, and how many values have it.
#[derive(Serialize)]
pub(super) struct Mark {
    code: &'static str,
    meaning: Both,
    values: usize,
}

/// What the compilation says of its revision.
pub(super) fn revision(compiled: &Compiled) -> Revision<'_> {
    let changed = compiled.changes.iter().map(|change| ChangedValue {
        metric: &change.metric,
        category: &change.category,
        area: &change.area,
        decimals: change.decimals,
        before: value(&change.before),
        after: value(&change.after),
    });
    Revision {
        number: compiled.revision,
        update_note: compiled.update_note.as_ref().map(note),
        changed_values: changed.collect(),
        changed_figures: compiled.figure_changes.iter().map(figure).collect(),
    }
}

fn figure(change: &FigureChange) -> ChangedFigure<'_> {
    let (before, after) = (&change.before, &change.after);
    let authority = after.authority.as_ref();
    ChangedFigure {
        statement: &change.statement,
        figure: &after.id,
        before: StatedValue {
            units: before.units,
            decimals: before.decimals,
            nearly_100: before.nearly_100,
            authority: Some(before.authority.as_str()).filter(|code| !code.is_empty()),
        },
        after: StatedValue {
            units: after.units,
            decimals: after.decimals,
            nearly_100: after.nearly_100,
            authority: authority.map(|authority| authority.code.as_str()),
        },
    }
}

fn note(note: &domain::UpdateNote) -> UpdateNote<'_> {
    fn words([en, cy]: &[String; 2]) -> Words<'_> {
        Words { en, cy }
    }
    UpdateNote {
        what: words(&note.what),
        why: words(&note.why),
    }
}

fn value(shown: &Shown) -> Value {
    Value {
        units: shown.units,
        shorthand: codes(shown.marks),
        part_period: shown.part_period,
    }
}

fn codes(marks: Marks) -> Vec<&'static str> {
    marks.iter().map(Shorthand::code).collect()
}

/// Every letter that stands at a value of the tables.
pub(super) fn marks(
    compiled: &Compiled,
    en: &Speaker<'_>,
    cy: &Speaker<'_>,
) -> Result<Vec<Mark>, Error> {
    let mut marks = Vec::new();
    for shorthand in Shorthand::ALL {
        let columns = compiled.tables.iter().flat_map(|table| &table.columns);
        let shown = columns.flat_map(|column| column.values.iter().chain([&column.shown]));
        let values = shown.filter(|shown| shown.marks.has(shorthand)).count();
        if values > 0 {
            let message = format!("shorthand-{}", shorthand.code());
            marks.push(Mark {
                code: shorthand.code(),
                meaning: Both {
                    en: Some(en.label(&message)?),
                    cy: Some(cy.label(&message)?),
                },
                values,
            });
        }
    }
    Ok(marks)
}
