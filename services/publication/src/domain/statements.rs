//! The statements of the main points, with their figures in the order of the sentence.

use mesur_catalogue::{Authority, Edition};
use mesur_wording::{Args, Error, Language, Span};

use super::figure::FigureFact;
use super::totals::CheckedTotals;
use super::wordings::Wordings;

/// A section of the main points; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    /// Its id; the heading is the message `section-<id>`.
    pub(crate) id: String,
    /// Its groups.
    pub(crate) groups: Vec<Group>,
}

/// Statements under one heading; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    /// Its id; the heading is the message `group-<id>`.
    pub(crate) id: String,
    /// Its statements.
    pub(crate) statements: Vec<Statement>,
}

/// A statement and its figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    /// Its id; the words are the message `statement-<id>`.
    pub(crate) id: String,
    /// Its figures in the order of the English sentence.
    pub(crate) figures: Vec<FigureFact>,
}

/// The planned sections without the statements that rest on a withheld metric, and the ids of
/// those. What is left empty is left out.
pub(crate) fn sections(
    edition: &Edition,
    wordings: &Wordings,
    totals: &CheckedTotals,
) -> Result<(Vec<Section>, Vec<String>), Error> {
    let mut omitted = Vec::new();
    let mut sections = Vec::new();
    for planned in &edition.release().sections {
        let mut groups = Vec::new();
        for group in &planned.groups {
            let mut statements = Vec::new();
            for id in &group.statements {
                let statement = statement(wordings, &totals.figures, id)?;
                let mut figures = statement.figures.iter();
                let is_published = figures.all(|figure| totals.standings.allows(edition, figure));
                if !is_published || lacks_a_figure(&statement) {
                    omitted.push(id.clone());
                } else {
                    statements.push(statement);
                }
            }
            if !statements.is_empty() {
                groups.push(Group {
                    id: group.id.clone(),
                    statements,
                });
            }
        }
        if !groups.is_empty() {
            sections.push(Section {
                id: planned.id.clone(),
                groups,
            });
        }
    }
    Ok((sections, omitted))
}

/// What a statement's template is written out with.
pub(crate) fn statement_args(figures: &[FigureFact], language: Language, no_area: &str) -> Args {
    figures.iter().fold(Args::new(), |args, figure| {
        let area = figure.authority.as_ref();
        let area = area.map_or(no_area, |authority| area_name(authority, language));
        let args = args.figure(&figure.id, Some(figure.plural_number()), Some(area));
        match figure.direction() {
            Some(direction) => args.text(&format!("{}-direction", figure.id), direction),
            None => args,
        }
    })
}

/// The name of an area in a language; English where there is no Welsh name.
pub(crate) fn area_name(area: &Authority, language: Language) -> &str {
    match language {
        Language::Cy if !area.name_cy.is_empty() => &area.name_cy,
        Language::Cy | Language::En => &area.name_en,
    }
}

fn statement(wordings: &Wordings, figures: &[FigureFact], id: &str) -> Result<Statement, Error> {
    let message = format!("statement-{id}");
    let mut named = named(wordings, figures, &message);
    let english = wordings.of(Language::En);
    let args = statement_args(&named, Language::En, "");
    let mut order: Vec<String> = Vec::new();
    for span in english.spans(&message, &args)? {
        if let Span::Figure(figure) = span
            && !order.contains(&figure)
        {
            order.push(figure);
        }
    }
    // A figure that this form of the sentence does not print still is a fact of the statement.
    named.sort_by_key(|figure| {
        order
            .iter()
            .position(|printed| *printed == figure.id)
            .unwrap_or(usize::MAX)
    });
    Ok(Statement {
        id: id.to_owned(),
        figures: named,
    })
}

/// The figures that a statement names in either language, in the order of the edition.
fn named(wordings: &Wordings, figures: &[FigureFact], message: &str) -> Vec<FigureFact> {
    let mut variables: Vec<String> = Vec::new();
    for language in Language::ALL {
        if let Some(used) = wordings.of(language).variables(message) {
            variables.extend(used.printed.into_iter().chain(used.choosing));
        }
    }
    let is_named = |figure: &&FigureFact| {
        variables
            .iter()
            .any(|variable| match variable.strip_prefix(&figure.id) {
                Some(rest) => matches!(rest, "" | "-n" | "-area" | "-direction"),
                None => false,
            })
    };
    figures.iter().filter(is_named).cloned().collect()
}

/// A sentence with a hole would read worse than none: the statement is left out and named.
fn lacks_a_figure(statement: &Statement) -> bool {
    statement
        .figures
        .iter()
        .any(|figure| figure.units.is_none())
}
