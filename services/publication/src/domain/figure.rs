//! One figure of the release and what it lacks.

use std::cmp::Ordering;

use mesur_catalogue::{Authority, FigureKind, Reason};

use super::date::Date;

/// A percentage before rounding, and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    /// The part, on the edition's largest number of decimals.
    pub(crate) numerator: i64,
    /// The base, on the same scale.
    pub(crate) denominator: i64,
    /// The rounded percentage, scaled by the figure's decimals; `None` without a base.
    pub(crate) units: Option<i64>,
    /// The authorities in it.
    pub(crate) authorities: u32,
}

/// Authorities whose values cover the same part of the period for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartPeriod {
    /// The last day covered, where it is known.
    pub(crate) end: Option<Date>,
    /// Why, where it is known.
    pub(crate) reason: Option<Reason>,
    /// How many authorities.
    pub(crate) authorities: u32,
}

/// What a footnote says. Equal notes have equal texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    /// So many authorities provided nothing.
    NotProvided(u32),
    /// Some provided part of the period.
    PartPeriod(PartPeriod),
}

/// A figure as the release states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FigureFact {
    /// Its id in the edition.
    pub(crate) id: String,
    /// What it states, with its expressions or its source.
    pub(crate) kind: FigureKind,
    /// The value, scaled by `decimals`; `None` when it cannot be worked out.
    pub(crate) units: Option<i64>,
    /// Digits after the point.
    pub(crate) decimals: u8,
    /// A share below 100 that rounds to 100.
    pub(crate) nearly_100: bool,
    /// A percentage over the authorities that provided every value in it.
    pub(crate) matched: Option<Share>,
    /// The same over the national sums, each over whoever provided it.
    pub(crate) plain: Option<Share>,
    /// Authorities of the edition.
    pub(crate) expected: u32,
    /// Authorities that did not provide every value that the figure needs.
    pub(crate) not_provided: u32,
    /// The part-period values in the figure.
    pub(crate) part_periods: Vec<PartPeriod>,
    /// The authority that the figure is about.
    pub(crate) authority: Option<Authority>,
    /// The codes of the metrics that the figure rests on.
    pub(crate) metrics: Vec<String>,
    /// The places of its footnotes in the release.
    pub(crate) footnotes: Vec<usize>,
    /// This revision of the release changed it: the letter `r`.
    pub(crate) is_revised: bool,
}

impl FigureFact {
    /// What a reader must be told about a national figure. A figure about single authorities
    /// rests on those that provided it, and one from outside on its own source.
    pub(crate) fn notes(&self) -> Vec<Note> {
        match self.kind {
            FigureKind::Count { .. }
            | FigureKind::Percent { .. }
            | FigureKind::Rate { .. }
            | FigureKind::Change { .. } => {
                let missing =
                    (self.not_provided > 0).then_some(Note::NotProvided(self.not_provided));
                let parts = self.part_periods.iter().cloned().map(Note::PartPeriod);
                missing.into_iter().chain(parts).collect()
            }
            FigureKind::AuthorityPercent { .. }
            | FigureKind::AuthorityCount { .. }
            | FigureKind::Outside(_) => Vec::new(),
        }
    }

    /// Whether a change is a `rise`, a `fall` or `none`, as it is printed.
    pub(crate) fn direction(&self) -> Option<&'static str> {
        let FigureKind::Change { .. } = self.kind else {
            return None;
        };
        Some(match self.units.unwrap_or(0).cmp(&0) {
            Ordering::Less => "fall",
            Ordering::Equal => "none",
            Ordering::Greater => "rise",
        })
    }

    /// The number that chooses a form of the words around the figure, without its sign. Where there is no whole
    /// number to count by, it is one that takes the general form and no form of its own, so that
    /// a value that is not there is never worded as none.
    pub(crate) fn plural_number(&self) -> i64 {
        const GENERAL: i64 = 100;
        match (self.units, self.decimals) {
            (Some(units), 0) => units.saturating_abs(),
            (Some(_) | None, _) => GENERAL,
        }
    }
}
