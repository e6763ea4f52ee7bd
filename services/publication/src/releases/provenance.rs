//! Where a published figure comes from: its statement, the snapshot, the returns, the edition, the
//! decisions and the people.

use mesur_access::Grant;
use mesur_catalogue::{CellId, Edition, Expression, FigureKind, MetricCode};
use mesur_figures::format_quantity;
use mesur_proto::aggregation::v1::{ReturnInput, Totals};
use mesur_proto::types::v1::observation::Status;
use mesur_wire::{AnyReleaseName, SnapshotName, place_of};
use serde::Deserialize;

use super::{Details, Release, Releases};
use crate::domain::ShownTables;
use crate::error::Error;
use crate::render::FACTS_FILE;
use crate::store;

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A figure of a statement, by its id.
    Figure(String),
    /// A cell of the nation: the metric's code and the category's, empty for the metric itself.
    Cell(String, String),
}

/// Where a figure comes from.
#[derive(Debug)]
pub(crate) struct Provenance {
    /// The revision that it stands in.
    pub(crate) release: Release,
    /// The statement in English and Welsh; `None` for a cell.
    pub(crate) statement: Option<[String; 2]>,
    /// The value as published.
    pub(crate) value: String,
    /// How it is worked out.
    pub(crate) expression: String,
    /// The returns with every value that it needs.
    pub(crate) returns: Vec<ReturnInput>,
    /// The decisions in force on its metrics.
    pub(crate) decisions: Vec<String>,
}

/// The facts of a release, as far as they are needed here.
#[derive(Deserialize)]
struct Facts {
    sections: Vec<Section>,
}

#[derive(Deserialize)]
struct Section {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    statements: Vec<Statement>,
}

#[derive(Deserialize)]
struct Statement {
    text: Both,
    figures: Vec<Figure>,
}

#[derive(Deserialize, Default)]
struct Both {
    en: Option<String>,
    cy: Option<String>,
}

#[derive(Deserialize)]
struct Figure {
    id: String,
    printed: Both,
    metrics: Vec<String>,
}

/// A subject as it was published.
struct Found {
    statement: Option<[String; 2]>,
    value: String,
    expression: String,
    cells: Vec<CellId>,
    metrics: Vec<String>,
}

impl Releases {
    /// Where a figure or a cell of a release comes from.
    pub(crate) async fn provenance(
        &self,
        name: &AnyReleaseName,
        subject: &Subject,
        by: &Grant,
    ) -> Result<Provenance, Error> {
        let (release, details) = self.get(name, by).await?;
        let snapshot = SnapshotName::parse(&release.snapshot).map_err(Error::name("snapshot"))?;
        let (_, totals) = self.snapshot(&snapshot).await?;
        let edition = self.catalogue.get(&release.name.0);
        let edition = edition.ok_or_else(|| Error::EditionNotFound {
            name: release.name.0.clone(),
        })?;
        if edition.digest() != release.edition_digest {
            return Err(Error::EditionMismatch {
                name: release.name.0.clone(),
                ours: edition.digest().to_owned(),
                theirs: release.edition_digest,
            });
        }
        let found = match subject {
            Subject::Figure(id) => {
                let facts = self.facts(&details).await?;
                figure(edition, facts, id)
            }
            Subject::Cell(metric, category) => {
                let tables = store::tables(&*self.store, &release.tables).await?;
                cell(edition, &tables, metric, category)
            }
        };
        let found = found.ok_or_else(|| Error::FigureNotFound {
            name: name.to_string(),
            figure: text_of(subject),
        })?;
        Ok(Provenance {
            returns: returns(edition, &totals, &found.cells),
            decisions: decisions(&totals, &found.metrics),
            statement: found.statement,
            value: found.value,
            expression: found.expression,
            release,
        })
    }

    async fn facts(&self, details: &Details) -> Result<Facts, Error> {
        let problem = |problem: &str| store::corrupt(FACTS_FILE, problem);
        let file = details
            .file(FACTS_FILE)
            .ok_or_else(|| problem("no such file"))?;
        let bytes = super::shelf::read_content(&*self.store, file).await?;
        serde_json::from_slice(&bytes).map_err(|error| problem(&error.to_string()))
    }
}

/// What was asked about, cut short.
fn text_of(subject: &Subject) -> String {
    let text = match subject {
        Subject::Figure(id) => id.clone(),
        Subject::Cell(metric, category) => place_of(metric, category),
    };
    text.chars().take(64).collect()
}

fn figure(edition: &Edition, facts: Facts, id: &str) -> Option<Found> {
    let groups = facts
        .sections
        .into_iter()
        .flat_map(|section| section.groups);
    for statement in groups.flat_map(|group| group.statements) {
        let stated = statement.figures.into_iter().find(|figure| figure.id == id);
        let Some(stated) = stated else {
            continue;
        };
        let (expression, cells) = basis(edition, id)?;
        let text = |both: Both| [both.en.unwrap_or_default(), both.cy.unwrap_or_default()];
        let [value, _] = text(stated.printed);
        return Some(Found {
            statement: Some(text(statement.text)),
            value,
            expression,
            cells,
            metrics: stated.metrics,
        });
    }
    None
}

/// How a figure of the edition is worked out, and from which cells.
fn basis(edition: &Edition, id: &str) -> Option<(String, Vec<CellId>)> {
    let cells = |sides: &[&Expression]| {
        let cells = sides.iter().flat_map(|side| side.cells());
        cells.collect::<Vec<_>>()
    };
    Some(match &edition.figure(id)?.kind {
        FigureKind::Count { numerator } => (numerator.to_string(), cells(&[numerator])),
        FigureKind::Rate { numerator } => {
            let expression = format!("{numerator} per 1,000 people");
            (expression, cells(&[numerator]))
        }
        FigureKind::Change { numerator } => {
            let expression = format!("{numerator} against the previous period");
            (expression, cells(&[numerator]))
        }
        FigureKind::Percent {
            numerator,
            denominator,
        } => (
            format!("{numerator} / {denominator}"),
            cells(&[numerator, denominator]),
        ),
        FigureKind::AuthorityPercent { of, .. } | FigureKind::AuthorityCount { of, .. } => {
            basis(edition, of)?
        }
        FigureKind::Outside(outside) => (outside.source_title_en.clone(), Vec::new()),
    })
}

fn cell(edition: &Edition, tables: &ShownTables, metric: &str, category: &str) -> Option<Found> {
    let table = tables.metrics.iter().find(|table| table.code == metric)?;
    let mut columns = table.columns.iter();
    let column = columns.find(|column| column.category == category)?;
    let nation = column.values.first()?;
    let value = nation
        .units
        .map(|units| format_quantity(units, table.decimals));
    let marks = nation.marks.to_string();
    let code = MetricCode::parse(metric).ok()?;
    let cell = edition.find(code.as_str(), category);
    Some(Found {
        statement: None,
        value: value.unwrap_or_else(|| format!("[{marks}]")),
        expression: place_of(metric, category),
        cells: cell.into_iter().collect(),
        metrics: vec![metric.to_owned()],
    })
}

/// The returns that have a value, or say that none applies, for each of the cells.
fn returns(edition: &Edition, totals: &Totals, cells: &[CellId]) -> Vec<ReturnInput> {
    let has_all = |input: &&ReturnInput| {
        let mut authorities = edition.authorities().iter();
        let place = authorities.position(|one| one.code.as_str() == input.authority);
        let values = place.and_then(|place| totals.authorities.get(place));
        let provided = |cell: &CellId| {
            let value = values.and_then(|values| values.values.get(cell.index()));
            value.is_some_and(|value| value.status() != Status::NotProvided)
        };
        cells.iter().all(provided)
    };
    totals.returns.iter().filter(has_all).cloned().collect()
}

fn decisions(totals: &Totals, metrics: &[String]) -> Vec<String> {
    let on_them = totals.metrics.iter();
    let on_them = on_them.filter(|standing| metrics.contains(&standing.metric));
    let mut names: Vec<String> = on_them
        .flat_map(|standing| standing.decisions.iter().cloned())
        .collect();
    names.dedup();
    names
}
