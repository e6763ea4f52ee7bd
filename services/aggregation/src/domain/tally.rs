//! All that the totals of an edition rest on, while authorities come and go.
//!
//! An authority is added with its return, its return of the edition before and the marks on its
//! values, and is taken out with the same: both cost one return's work, whoever else is in. Two
//! tallies of different authorities merge, so that many returns are added up by several workers. A
//! tally is the same in whatever order its authorities came and went.
//!
//! A step that does not fit its numbers leaves the tally half stepped, and of no further use.

use mesur_catalogue::{Edition, FigureKind, Overflow};

use super::change::Changes;
use super::definitions::Definitions;
use super::figure::FigureTally;
use super::rank::{RankTally, sides};
use super::rate::Rates;
use super::share::Share;
use super::standing::Breakdowns;
use super::totals::{CellTallies, Contribution};
use super::{Error, Step};

/// Sums, counts and rankings over some authorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(super) cells: CellTallies,
    pub(super) rates: Rates,
    breakdowns: Breakdowns,
    pub(super) changes: Option<Changes>,
    /// By the place of the percent figure that the ranking is by.
    pub(super) rankings: Vec<(usize, RankTally)>,
    pub(super) figures: Vec<FigureTally>,
}

impl Tally {
    /// Over no authority.
    pub(crate) fn new(definitions: &Definitions<'_>) -> Self {
        let edition = definitions.edition;
        let figures = edition.figures();
        let place = |id: &str| figures.iter().position(|figure| figure.id == id);
        let mut ranked: Vec<usize> = figures
            .iter()
            .filter_map(|figure| ranked_by(&figure.kind))
            .filter_map(place)
            .filter(|place| {
                figures
                    .get(*place)
                    .is_some_and(|figure| sides(figure).is_some())
            })
            .collect();
        ranked.sort_unstable();
        ranked.dedup();
        let ranking = |id: &str| ranked.binary_search(&place(id)?).ok();
        Self {
            cells: CellTallies::new(edition),
            rates: Rates::new(edition),
            breakdowns: Breakdowns::new(edition),
            changes: definitions.comparison.as_ref().map(Changes::new),
            figures: figures
                .iter()
                .map(|figure| FigureTally::new(figure, ranking))
                .collect(),
            rankings: ranked
                .into_iter()
                .map(|figure| (figure, RankTally::default()))
                .collect(),
        }
    }

    /// Adds an authority, or takes out one that was added.
    pub(crate) fn step(
        &mut self,
        step: Step,
        definitions: &Definitions<'_>,
        own: &Contribution<'_>,
    ) -> Result<(), Error> {
        let edition = definitions.edition;
        let too_large = |item: &str| Error::TotalTooLarge {
            item: item.to_owned(),
        };
        let of_edition = |Overflow| too_large(&edition.name().to_string());
        self.cells
            .step(step, own.data_return.cells())
            .ok_or_else(|| of_edition(Overflow))?;
        self.rates
            .step(step, edition, own.data_return)
            .map_err(of_edition)?;
        self.breakdowns
            .step(step, edition, own.data_return)
            .map_err(of_edition)?;
        let comparison = definitions.comparison.as_ref();
        let parts = (&mut self.changes, comparison, own.previous);
        if let (Some(changes), Some(comparison), Some(previous)) = parts {
            let pair = [own.data_return, previous];
            changes.step(step, comparison, pair).map_err(of_edition)?;
        }
        let mut shares: Vec<Option<Share>> = Vec::with_capacity(self.rankings.len());
        for (figure, ranking) in &mut self.rankings {
            let figure = edition.figures().get(*figure);
            let share = match figure.and_then(|figure| Some((figure, sides(figure)?))) {
                Some((figure, sides)) => {
                    let stepped = ranking.step(step, edition, sides, own);
                    stepped.map_err(|Overflow| too_large(&figure.id))?
                }
                None => None,
            };
            shares.push(share);
        }
        for (tally, figure) in self.figures.iter_mut().zip(edition.figures()) {
            let stepped = tally.step(step, (edition, &figure.kind), own, &shares);
            stepped.map_err(|Overflow| too_large(&figure.id))?;
        }
        Ok(())
    }

    /// Adds a tally of other authorities of the same edition.
    pub(crate) fn merge(&mut self, edition: &Edition, other: Self) -> Result<(), Error> {
        let merged = self.merge_parts(other);
        merged.ok_or_else(|| Error::TotalTooLarge {
            item: edition.name().to_string(),
        })
    }

    fn merge_parts(&mut self, other: Self) -> Option<()> {
        self.cells.merge(&other.cells)?;
        self.rates.merge(&other.rates).ok()?;
        self.breakdowns.merge(&other.breakdowns).ok()?;
        if let Some((changes, others)) = self.changes.as_mut().zip(other.changes.as_ref()) {
            changes.merge(others).ok()?;
        }
        for ((_, ranking), (_, others)) in self.rankings.iter_mut().zip(other.rankings) {
            ranking.merge(others)?;
        }
        for (figure, others) in self.figures.iter_mut().zip(&other.figures) {
            figure.merge(others)?;
        }
        Some(())
    }

    /// The total of every cell.
    pub(crate) fn cell_totals(&self, edition: &Edition) -> Result<Vec<super::CellTotal>, Error> {
        self.cells.totals(edition)
    }

    /// What the coverage of the breakdowns is worked out from.
    pub(crate) fn breakdowns(&self) -> &Breakdowns {
        &self.breakdowns
    }

    /// What the rates of the cells are worked out from.
    pub(crate) fn rates(&self) -> &Rates {
        &self.rates
    }

    /// What the changes of the cells are worked out from, with an edition to tell them from.
    pub(crate) fn changes(&self) -> Option<&Changes> {
        self.changes.as_ref()
    }
}

/// The percent figure that a figure ranks the authorities by.
fn ranked_by(kind: &FigureKind) -> Option<&str> {
    match kind {
        FigureKind::AuthorityPercent { of, .. } | FigureKind::AuthorityCount { of, .. } => Some(of),
        FigureKind::Count { .. }
        | FigureKind::Percent { .. }
        | FigureKind::Rate { .. }
        | FigureKind::Change { .. }
        | FigureKind::Outside(_) => None,
    }
}
