//! The structured facts of a release: everything that the main points and the quality section
//! state, with what it rests on, for programs and for checking.
//!
//! Figures are integers scaled by a stated number of decimals. A text is an object with `en` and
//! `cy`; `cy` is null where it is held in English only. Fields stand in the order written here.

mod facts;
mod revision;

use mesur_catalogue::{DefinitionalChange, Edition};
use serde::Serialize;

use super::document::{Document, WordedStatement};
use super::line::{Line, Run};
use super::quality::population_name;
use super::speaker::Speaker;
use super::{Error, FACTS_FILE};
use crate::domain::{self, Compiled, Held, LanguageReport, Quality};
use facts::{Figure, Footnote, figure};
use revision::{Mark, Revision, marks, revision};

#[derive(Serialize)]
struct Release<'a> {
    edition: String,
    edition_digest: &'a str,
    snapshot: &'a str,
    snapshot_digest: &'a str,
    frame: Frame<'a>,
    revision: Revision<'a>,
    marks: Vec<Mark>,
    sections: Vec<Section<'a>>,
    footnotes: Vec<Footnote<'a>>,
    omitted_statements: &'a [String],
    quality: QualityFacts<'a>,
    changes: Vec<Change<'a>>,
    language_report: Languages<'a>,
}

/// A text in both languages.
#[derive(Serialize, Clone)]
struct Both {
    en: Option<String>,
    cy: Option<String>,
}

#[derive(Serialize)]
struct Frame<'a> {
    title: Both,
    description: Option<Both>,
    designation: Option<Both>,
    reference: Option<&'a str>,
    release_date: Option<String>,
    period: &'a str,
    period_start: &'a str,
    period_end: &'a str,
    contact: Option<Both>,
    licence: Both,
    acknowledgement: Both,
}

#[derive(Serialize)]
struct Section<'a> {
    id: &'a str,
    heading: Both,
    groups: Vec<Group<'a>>,
}

#[derive(Serialize)]
struct Group<'a> {
    id: &'a str,
    heading: Both,
    statements: Vec<Statement<'a>>,
}

#[derive(Serialize)]
struct Statement<'a> {
    id: &'a str,
    text: Both,
    figures: Vec<Figure<'a>>,
}

#[derive(Serialize)]
struct QualityFacts<'a> {
    sentences: Vec<Both>,
    published: Vec<Population>,
    lowest_coverage: Option<LowestCoverage>,
    metrics_not_complete: Incomplete,
    unpublished: Unpublished<'a>,
    authorities_without_return: Vec<&'a str>,
}

#[derive(Serialize)]
struct Population {
    name: Both,
    published: u32,
    metrics: u32,
}

#[derive(Serialize)]
struct LowestCoverage {
    not_provided: u32,
    expected: u32,
    percent: i64,
}

#[derive(Serialize)]
struct Incomplete {
    count: u32,
    base: u32,
    percent: Option<i64>,
    decimals: u8,
    nearly_100: bool,
}

#[derive(Serialize)]
struct Unpublished<'a> {
    codes: &'a [String],
    incomplete: u32,
}

#[derive(Serialize)]
struct Change<'a> {
    code_as_printed: &'a str,
    code_read_as: &'a str,
    text: &'a str,
    text_read_as: Option<&'a str>,
    kind: &'a str,
    comparable_with_previous: &'static str,
}

#[derive(Serialize)]
struct Languages<'a> {
    messages: HeldFacts,
    metric_titles: HeldFacts,
    category_labels: HeldFacts,
    definitional_changes: HeldFacts,
    source_titles: HeldFacts,
    held_in_english_only: Vec<Gap<'a>>,
}

#[derive(Serialize)]
struct HeldFacts {
    all: u32,
    en: u32,
    cy: u32,
}

#[derive(Serialize)]
struct Gap<'a> {
    kind: &'static str,
    item: &'a str,
}

/// One language's voice and document.
type Told<'a> = (&'a Speaker<'a>, &'a Document);

/// Writes the facts, from the documents of both languages.
pub(crate) fn write(
    edition: &Edition,
    compiled: &Compiled,
    en: Told<'_>,
    cy: Told<'_>,
) -> Result<Vec<u8>, Error> {
    let writer = Writer {
        edition,
        compiled,
        en,
        cy,
    };
    let mut json =
        serde_json::to_vec_pretty(&writer.release()?).map_err(|source| Error::Write {
            file: FACTS_FILE,
            source: source.into(),
        })?;
    json.push(b'\n');
    Ok(json)
}

struct Writer<'a> {
    edition: &'a Edition,
    compiled: &'a Compiled,
    en: Told<'a>,
    cy: Told<'a>,
}

impl<'a> Writer<'a> {
    fn release(&self) -> Result<Release<'a>, Error> {
        let footnotes = self.footnotes();
        Ok(Release {
            edition: self.edition.name().to_string(),
            edition_digest: &self.compiled.edition_digest,
            snapshot: &self.compiled.snapshot.name,
            snapshot_digest: &self.compiled.snapshot.digest,
            frame: self.frame()?,
            revision: revision(self.compiled),
            marks: marks(self.compiled, self.en.0, self.cy.0)?,
            sections: self.sections(&footnotes)?,
            footnotes,
            omitted_statements: &self.compiled.omitted_statements,
            quality: self.quality()?,
            changes: self.edition.changes().iter().map(change).collect(),
            language_report: languages(&self.compiled.languages),
        })
    }

    fn frame(&self) -> Result<Frame<'a>, Error> {
        let ((english, en), (welsh, cy)) = (self.en, self.cy);
        let settings = self.edition.settings();
        let house = |message: &str| -> Result<Both, Error> {
            Ok(Both {
                en: Some(english.label(message)?),
                cy: Some(welsh.label(message)?),
            })
        };
        let optional = |en: &Option<Line>, cy: &Option<Line>| {
            en.as_ref().zip(cy.as_ref()).map(|(en, cy)| both(en, cy))
        };
        Ok(Frame {
            title: both(&en.title, &cy.title),
            description: optional(&en.description, &cy.description),
            designation: optional(&en.designation, &cy.designation),
            reference: self.compiled.reference.as_deref(),
            release_date: self.compiled.release_date.map(|date| date.to_string()),
            period: settings.name.period.as_str(),
            period_start: &settings.period_start,
            period_end: &settings.period_end,
            contact: optional(&en.contact, &cy.contact),
            licence: house("licence")?,
            acknowledgement: house("acknowledgement")?,
        })
    }

    fn footnotes(&self) -> Vec<Footnote<'a>> {
        let ((_, en), (_, cy)) = (self.en, self.cy);
        let pairs = en.footnotes.iter().zip(&cy.footnotes);
        let footnotes = pairs.map(|(en, cy)| Footnote {
            mark: &en.mark,
            text: both(&en.text, &cy.text),
        });
        footnotes.collect()
    }

    fn sections(&self, footnotes: &[Footnote<'a>]) -> Result<Vec<Section<'a>>, Error> {
        let ((_, en), (_, cy)) = (self.en, self.cy);
        let worded = en.sections.iter().zip(&cy.sections);
        let sections = self
            .compiled
            .sections
            .iter()
            .zip(worded)
            .map(|(section, (en, cy))| {
                let worded = en.groups.iter().zip(&cy.groups);
                let groups = section.groups.iter().zip(worded).map(|(group, (en, cy))| {
                    let worded = en.statements.iter().zip(&cy.statements);
                    let statements = group.statements.iter().zip(worded);
                    let statements = statements
                        .map(|(statement, worded)| self.statement(statement, worded, footnotes));
                    Ok(Group {
                        id: &group.id,
                        heading: both(&en.heading, &cy.heading),
                        statements: statements.collect::<Result<_, Error>>()?,
                    })
                });
                Ok(Section {
                    id: &section.id,
                    heading: both(&en.heading, &cy.heading),
                    groups: groups.collect::<Result<_, Error>>()?,
                })
            });
        sections.collect()
    }

    fn statement(
        &self,
        statement: &'a domain::Statement,
        (en, cy): (&WordedStatement, &WordedStatement),
        footnotes: &[Footnote<'a>],
    ) -> Result<Statement<'a>, Error> {
        let figures = statement.figures.iter();
        let figures =
            figures.map(|fact| figure(self.edition, [self.en.0, self.cy.0], fact, footnotes));
        Ok(Statement {
            id: &statement.id,
            text: both(&en.text, &cy.text),
            figures: figures.collect::<Result<_, _>>()?,
        })
    }

    fn quality(&self) -> Result<QualityFacts<'a>, Error> {
        let ((english, en), (welsh, cy)) = (self.en, self.cy);
        let quality: &'a Quality = &self.compiled.quality;
        let published = quality.populations.iter().map(|population| {
            let name = |speaker| population_name(speaker, &population.name);
            Ok(Population {
                name: both_runs(&name(english)?, &name(welsh)?),
                published: population.published,
                metrics: population.metrics,
            })
        });
        let missing = quality.missing_authorities.iter();
        let share = quality.incomplete_share;
        Ok(QualityFacts {
            sentences: en
                .quality
                .iter()
                .zip(&cy.quality)
                .map(|(en, cy)| both(en, cy))
                .collect(),
            published: published.collect::<Result<_, Error>>()?,
            lowest_coverage: quality.lowest_coverage.map(|lowest| LowestCoverage {
                not_provided: lowest.not_provided,
                expected: lowest.expected,
                percent: lowest.percent,
            }),
            metrics_not_complete: Incomplete {
                count: quality.incomplete,
                base: quality.metrics,
                percent: share.map(|share| share.units),
                decimals: share.map_or(0, |share| share.decimals),
                nearly_100: share.is_some_and(|share| share.nearly_100),
            },
            unpublished: Unpublished {
                codes: &quality.unpublished,
                incomplete: quality.unpublished_incomplete,
            },
            authorities_without_return: missing.map(|area| area.code.as_str()).collect(),
        })
    }
}

fn change(change: &DefinitionalChange) -> Change<'_> {
    Change {
        code_as_printed: &change.code_as_printed,
        code_read_as: &change.code_read_as,
        text: &change.text,
        text_read_as: Some(change.text_read_as.as_str()).filter(|text| !text.is_empty()),
        kind: &change.kind,
        comparable_with_previous: change.comparable.as_str(),
    }
}

fn languages(report: &LanguageReport) -> Languages<'_> {
    let held = |held: Held| HeldFacts {
        all: held.all,
        en: held.en,
        cy: held.cy,
    };
    let gaps = report.gaps.iter().map(|gap| Gap {
        kind: gap.kind,
        item: &gap.item,
    });
    Languages {
        messages: held(report.messages),
        metric_titles: held(report.titles),
        category_labels: held(report.labels),
        definitional_changes: held(report.changes),
        source_titles: held(report.sources),
        held_in_english_only: gaps.collect(),
    }
}

/// A line of both documents; a Welsh one that is in English is none.
fn both(en: &Line, cy: &Line) -> Both {
    Both {
        en: Some(en.words()),
        cy: (!cy.english_only).then(|| cy.words()),
    }
}

fn both_runs(en: &Run, cy: &Run) -> Both {
    let welsh = !matches!(cy, Run::English(_));
    Both {
        en: Some(en.words().to_owned()),
        cy: welsh.then(|| cy.words().to_owned()),
    }
}
