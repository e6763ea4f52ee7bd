//! Figures of the main points as they were published, and which of them a revision changed.

use super::super::figure::FigureFact;
use super::super::statements::{Section, Statement};

/// A figure as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShownFigure {
    /// Its id in the edition.
    pub(crate) id: String,
    /// The value, scaled by `decimals`.
    pub(crate) units: Option<i64>,
    /// Digits after the point.
    pub(crate) decimals: u8,
    /// A share below 100 that rounds to 100.
    pub(crate) nearly_100: bool,
    /// The code of the authority that it is about; empty where it is about none.
    pub(crate) authority: String,
}

/// A figure that a revision changed, in the first statement that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FigureChange {
    /// The id of the statement.
    pub(crate) statement: String,
    /// What was published before.
    pub(crate) before: ShownFigure,
    /// What is published now.
    pub(crate) after: FigureFact,
}

impl ShownFigure {
    fn of(figure: &FigureFact) -> Self {
        let authority = figure.authority.as_ref();
        Self {
            id: figure.id.clone(),
            units: figure.units,
            decimals: figure.decimals,
            nearly_100: figure.nearly_100,
            authority: authority.map_or_else(String::new, |one| one.code.to_string()),
        }
    }
}

/// The figures of the statements, each once, in their order.
pub(in crate::domain) fn stated(sections: &[Section]) -> Vec<ShownFigure> {
    let mut stated: Vec<ShownFigure> = Vec::new();
    let groups = sections.iter().flat_map(|section| &section.groups);
    for figure in groups
        .flat_map(|group| &group.statements)
        .flat_map(|statement| &statement.figures)
    {
        if stated.iter().all(|known| known.id != figure.id) {
            stated.push(ShownFigure::of(figure));
        }
    }
    stated
}

/// Marks the figures that differ from those published before. One that was not stated before is new
/// and not revised.
pub(in crate::domain) fn revise_figures(
    sections: &mut [Section],
    before: &[ShownFigure],
) -> Vec<FigureChange> {
    let mut changes: Vec<FigureChange> = Vec::new();
    let groups = sections.iter_mut().flat_map(|section| &mut section.groups);
    for Statement { id, figures } in groups.flat_map(|group| &mut group.statements) {
        for figure in figures {
            let earlier = before.iter().find(|known| known.id == figure.id);
            let Some(earlier) = earlier.filter(|known| **known != ShownFigure::of(figure)) else {
                continue;
            };
            figure.is_revised = true;
            if changes.iter().all(|known| known.after.id != figure.id) {
                changes.push(FigureChange {
                    statement: id.clone(),
                    before: earlier.clone(),
                    after: figure.clone(),
                });
            }
        }
    }
    changes
}
