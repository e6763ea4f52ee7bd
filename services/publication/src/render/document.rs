//! A release worded in one language: what every reader of that language is told, in order.

use mesur_catalogue::{DefinitionalChange, Edition, FigureKind};
use mesur_figures::Shorthand;
use mesur_wording::{Args, Language, Span};

use super::Error;
use super::figure;
use super::line::{Line, NoteReference, PrintedFigure, Run};
use super::quality;
use super::speaker::Speaker;
use super::table::{self, WordedTable, bracketed};
use super::topic::{Topic, topics};
use crate::domain::{self, Compiled, FigureFact, Footnote, statement_args};

/// A release in one language.
#[derive(Debug)]
pub(crate) struct Document {
    /// The language.
    pub(crate) language: Language,
    /// The title.
    pub(crate) title: Line,
    /// What the release is about, where the edition says so.
    pub(crate) description: Option<Line>,
    /// The designation, where it has one.
    pub(crate) designation: Option<Line>,
    /// Reference, period and day of publication, as far as they are known.
    pub(crate) details: Vec<Line>,
    /// The main points; empty for an edition without statements.
    pub(crate) sections: Vec<Section>,
    /// The footnotes of the main points.
    pub(crate) footnotes: Vec<WordedFootnote>,
    /// The sentences of the quality section.
    pub(crate) quality: Vec<Line>,
    /// The codes of the metrics that are not published.
    pub(crate) unpublished: Vec<String>,
    /// The definitional changes, one line each.
    pub(crate) changes: Vec<Line>,
    /// What is held in which language, one line a kind.
    pub(crate) languages: Vec<Line>,
    /// The tables of the published metrics.
    pub(crate) tables: Vec<WordedTable>,
    /// The topics that they are shown under.
    pub(crate) topics: Vec<Topic>,
    /// The shorthand that stands in them, with its meaning.
    pub(crate) shorthand: Vec<(String, String)>,
    /// The contact, a role.
    pub(crate) contact: Option<Line>,
}

/// A section of the main points.
#[derive(Debug)]
pub(crate) struct Section {
    /// Its heading.
    pub(crate) heading: Line,
    /// Its groups.
    pub(crate) groups: Vec<Group>,
}

/// Statements under one heading.
#[derive(Debug)]
pub(crate) struct Group {
    /// The heading.
    pub(crate) heading: Line,
    /// The statements.
    pub(crate) statements: Vec<WordedStatement>,
}

/// A statement in words.
#[derive(Debug)]
pub(crate) struct WordedStatement {
    /// Its id in the edition.
    pub(crate) id: String,
    /// The sentence or sentences.
    pub(crate) text: Line,
    /// The sources of its figures from outside, each once.
    pub(crate) sources: Vec<Source>,
    /// The codes of the metrics that it rests on, each once.
    pub(crate) metrics: Vec<String>,
}

/// The source of a figure from outside the collection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The line that names it.
    pub(crate) text: Line,
    /// Its address; empty when not held.
    pub(crate) url: String,
}

/// A footnote in words.
#[derive(Debug)]
pub(crate) struct WordedFootnote {
    /// The mark.
    pub(crate) mark: String,
    /// The text.
    pub(crate) text: Line,
    /// How often the main points refer to it.
    pub(crate) references: usize,
}

impl Document {
    /// Words a release.
    pub(crate) fn new(
        speaker: &Speaker<'_>,
        edition: &Edition,
        compiled: &Compiled,
    ) -> Result<Self, Error> {
        let plan = edition.release();
        let mut marks = Marks::new(&compiled.footnotes);
        let sections = sections(speaker, &compiled.sections, &mut marks)?;
        let footnotes =
            compiled
                .footnotes
                .iter()
                .zip(marks.references)
                .map(|(footnote, references)| {
                    Ok(WordedFootnote {
                        mark: footnote.mark.clone(),
                        text: figure::footnote(speaker, footnote)?,
                        references,
                    })
                });
        let notes = plan.frame_notes.iter().map(|note| speaker.edition(note));
        let mut quality = quality::sentences(speaker, edition, &compiled.quality)?;
        quality.extend(notes.collect::<Result<Vec<_>, _>>()?);
        let message = |id: &String| speaker.edition(id);
        let description = speaker
            .has("description")
            .then(|| speaker.edition("description"));
        let designation = plan
            .designation
            .as_ref()
            .map(|id| format!("designation-{id}"));
        let changes = edition
            .changes()
            .iter()
            .map(|change| change_line(speaker, change));
        Ok(Self {
            language: speaker.language(),
            title: title(speaker, edition)?,
            description: description.transpose()?,
            designation: designation.as_ref().map(message).transpose()?,
            details: details(speaker, edition, compiled)?,
            sections,
            footnotes: footnotes.collect::<Result<_, Error>>()?,
            quality,
            unpublished: compiled.quality.unpublished.clone(),
            changes: changes.collect::<Result<_, _>>()?,
            languages: quality::languages(speaker, &compiled.languages)?,
            tables: table::worded(speaker, edition, &compiled.tables)?,
            topics: topics(speaker, edition, compiled)?,
            shorthand: table::shorthand(speaker, compiled)?,
            contact: plan.contact.as_ref().map(message).transpose()?,
        })
    }
}

/// The title of an edition's release.
pub(super) fn title(speaker: &Speaker<'_>, edition: &Edition) -> Result<Line, Error> {
    if speaker.has("title") {
        return speaker.edition("title");
    }
    let name = edition.name();
    let args = Args::new()
        .text("collection", name.collection.as_str())
        .text("period", name.period.as_str());
    speaker.line("default-title", args, &[])
}

fn details(
    speaker: &Speaker<'_>,
    edition: &Edition,
    compiled: &Compiled,
) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    if let Some(reference) = &compiled.reference {
        let args = Args::new().text("reference", reference);
        lines.push(speaker.line("release-reference", args, &[])?);
    }
    let period = Args::new().text("period", edition.name().period.as_str());
    lines.push(speaker.line("release-period", period, &[])?);
    if let Some(date) = compiled.release_date {
        let args = Args::new().text("date", &speaker.date(date)?);
        lines.push(speaker.line("release-date", args, &[])?);
    }
    Ok(lines)
}

/// The footnotes' marks, and how often each has been set.
struct Marks<'a> {
    footnotes: &'a [Footnote],
    references: Vec<usize>,
}

impl<'a> Marks<'a> {
    fn new(footnotes: &'a [Footnote]) -> Self {
        Self {
            footnotes,
            references: vec![0; footnotes.len()],
        }
    }

    fn set(
        &mut self,
        speaker: &Speaker<'_>,
        figure: &FigureFact,
    ) -> Result<Vec<NoteReference>, Error> {
        let mut marks = Vec::new();
        for place in &figure.footnotes {
            let footnote = self.footnotes.get(*place);
            let Some((footnote, references)) = footnote.zip(self.references.get_mut(*place)) else {
                continue;
            };
            *references = references.saturating_add(1);
            let mark = footnote.mark.clone();
            let label = speaker.house(
                "footnote-mark",
                &Args::new().text("mark", &bracketed(&mark)),
            )?;
            marks.push(NoteReference {
                mark,
                number: *references,
                label,
            });
        }
        Ok(marks)
    }
}

fn sections(
    speaker: &Speaker<'_>,
    sections: &[domain::Section],
    marks: &mut Marks<'_>,
) -> Result<Vec<Section>, Error> {
    let mut worded = Vec::new();
    for section in sections {
        let mut groups = Vec::new();
        for group in &section.groups {
            let mut statements = Vec::new();
            for statement in &group.statements {
                statements.push(worded_statement(speaker, statement, marks)?);
            }
            let heading = speaker.edition(&format!("group-{}", group.id))?;
            groups.push(Group {
                heading,
                statements,
            });
        }
        let heading = speaker.edition(&format!("section-{}", section.id))?;
        worded.push(Section { heading, groups });
    }
    Ok(worded)
}

fn worded_statement(
    speaker: &Speaker<'_>,
    statement: &domain::Statement,
    marks: &mut Marks<'_>,
) -> Result<WordedStatement, Error> {
    let message = format!("statement-{}", statement.id);
    let voice = speaker.for_message(&message);
    let no_area = voice.label("not-available")?;
    let args = statement_args(&statement.figures, voice.language(), &no_area);
    let mut runs = Vec::new();
    for span in voice.holding(&message).spans(&message, &args)? {
        runs.push(match span {
            Span::Text(text) => Run::Text(text),
            Span::Figure(id) => {
                let found = statement.figures.iter().find(|figure| figure.id == id);
                let Some(found) = found else {
                    return Err(Error::NoFigure {
                        message,
                        figure: id,
                    });
                };
                Run::Figure(PrintedFigure {
                    printed: figure::printed(&voice, found)?,
                    revised: found.is_revised.then(|| revised(speaker)).transpose()?,
                    marks: marks.set(speaker, found)?,
                })
            }
        });
    }
    let english_only = voice.language() != speaker.language();
    let mut metrics: Vec<String> = Vec::new();
    for code in statement.figures.iter().flat_map(|figure| &figure.metrics) {
        if !metrics.contains(code) {
            metrics.push(code.clone());
        }
    }
    Ok(WordedStatement {
        id: statement.id.clone(),
        metrics,
        text: Line { runs, english_only },
        sources: sources(speaker, &statement.figures)?,
    })
}

/// What is read out for the `r` of a figure.
fn revised(speaker: &Speaker<'_>) -> Result<String, Error> {
    let code = Shorthand::Revised.code();
    let meaning = speaker.label(&format!("shorthand-{code}"))?;
    Ok(format!("{} {meaning}", bracketed(code)))
}

fn sources(speaker: &Speaker<'_>, figures: &[FigureFact]) -> Result<Vec<Source>, Error> {
    let mut sources: Vec<Source> = Vec::new();
    for figure in figures {
        let FigureKind::Outside(outside) = &figure.kind else {
            continue;
        };
        let title = speaker.held_or_not(&outside.source_title_en, &outside.source_title_cy)?;
        let source = Source {
            text: speaker.line("figure-source", Args::new(), &[("source", title)])?,
            url: outside.source_url.clone(),
        };
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    Ok(sources)
}

/// The list of changes is held as it is printed, in English; a misprint stands beside what it is
/// read as.
fn change_line(speaker: &Speaker<'_>, change: &DefinitionalChange) -> Result<Line, Error> {
    let args = Args::new().text("code", &change.code_read_as);
    let code = if change.code_as_printed == change.code_read_as {
        change.code_read_as.clone()
    } else {
        let args = args.text("printed", &change.code_as_printed);
        speaker.house("change-code-misprint", &args)?
    };
    let args = Args::new().text("code", &code);
    let printed = (
        "change",
        speaker.held_or_not(&change.text, &change.text_cy)?,
    );
    if change.text_read_as.is_empty() {
        return speaker.line("change-line", args, &[printed]);
    }
    let read_as = ("read-as", speaker.held_or_not(&change.text_read_as, "")?);
    speaker.line("change-line-misprint", args, &[printed, read_as])
}
