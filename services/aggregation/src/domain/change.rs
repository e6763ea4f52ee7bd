//! How an edition differs from the one before, over the authorities that are in both.
//!
//! A change is told by matched authorities alone: those that provided a value for the whole period
//! in both editions. The rest of a difference between two national sums would be who reported. Where
//! the definition changed nothing is told but that. Exact until the percentage, which is rounded
//! once.

use std::sync::Arc;

use mesur_catalogue::{CellId, Edition, Expression, FigureKind, Operand, Overflow, Series};
use mesur_figures::{percent, rescale};
use mesur_returns::{DataReturn, Observed};

use super::Step;
use super::figure::FigureValue;
use super::rate::whole;
use super::share::Share;

/// The sums over the authorities that are in both, on one scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Matched {
    /// This period.
    pub(crate) value: i128,
    /// The period before.
    pub(crate) previous: i128,
    /// The authorities.
    pub(crate) authorities: u32,
}

impl Matched {
    /// The change in per cent of the period before, by the edition's rule; `None` where that is
    /// nothing to tell a share of.
    pub(crate) fn percent(&self, edition: &Edition) -> Option<i64> {
        let settings = edition.settings();
        let rounded = percent(
            self.value.checked_sub(self.previous)?,
            self.previous,
            settings.percent_decimals,
            settings.rounding,
        );
        rounded.map(|percent| percent.units)
    }

    /// A figure of kind `change`; `matched` is `None` where there is nothing to tell it from.
    pub(crate) fn figure(edition: &Edition, expected: u32, matched: Option<&Self>) -> FigureValue {
        let matched = matched.copied().unwrap_or_default();
        let difference = matched.value.checked_sub(matched.previous);
        FigureValue {
            value: matched.percent(edition),
            decimals: edition.settings().percent_decimals,
            matched: difference.map(|numerator| Share {
                numerator,
                denominator: matched.previous,
                authorities: matched.authorities,
            }),
            not_provided: expected.saturating_sub(matched.authorities),
            ..FigureValue::default()
        }
    }

    fn step(&mut self, step: Step, value: i128, previous: i128) -> Option<()> {
        self.value = step.sum(self.value, value)?;
        self.previous = step.sum(self.previous, previous)?;
        self.authorities = step.count(self.authorities)?;
        Some(())
    }

    fn merge(&mut self, other: &Self) -> Option<()> {
        self.value = self.value.checked_add(other.value)?;
        self.previous = self.previous.checked_add(other.previous)?;
        self.authorities = self.authorities.checked_add(other.authorities)?;
        Some(())
    }
}

/// Two editions side by side: where each series of the later one goes on from.
#[derive(Debug)]
pub(crate) struct Comparison<'a> {
    edition: &'a Edition,
    earlier: &'a Edition,
    lineage: Lineage,
}

/// What two editions come to side by side, apart from them: worked out once, and shared.
#[derive(Debug, Clone)]
pub(crate) struct Lineage {
    series: Arc<[Series]>,
    /// By figure: the cells of the earlier edition that the expression of a change names, in its
    /// order; `None` for another kind, or where one of the series does not go on.
    figures: Arc<[Option<Vec<CellId>>]>,
}

impl Lineage {
    /// Compares the definitions.
    pub(crate) fn new(edition: &Edition, earlier: &Edition) -> Self {
        let series = edition.series_from(earlier);
        let goes = |cell: CellId| match series.get(cell.index()) {
            Some(Series::Goes(before)) => Some(*before),
            Some(Series::New | Series::Broken) | None => None,
        };
        let figures = edition.figures().iter();
        let figures = figures.map(|figure| counted(&figure.kind)?.cells().map(goes).collect());
        Self {
            figures: figures.collect(),
            series: series.into(),
        }
    }

    /// The comparison of the two editions that this is of.
    pub(crate) fn of<'a>(&self, edition: &'a Edition, earlier: &'a Edition) -> Comparison<'a> {
        Comparison {
            edition,
            earlier,
            lineage: self.clone(),
        }
    }
}

impl<'a> Comparison<'a> {
    /// Compares the definitions.
    pub(crate) fn new(edition: &'a Edition, earlier: &'a Edition) -> Self {
        Lineage::new(edition, earlier).of(edition, earlier)
    }

    /// How a cell stands to the same cell of the earlier edition.
    pub(crate) fn series(&self, cell: CellId) -> Series {
        self.lineage
            .series
            .get(cell.index())
            .copied()
            .unwrap_or(Series::New)
    }

    /// A value of the earlier cell on the scale of the later one, which has no fewer decimals where
    /// the series goes on.
    pub(crate) fn rescaled(&self, cell: CellId, before: CellId, value: i64) -> Option<i128> {
        let from = self.earlier.cell(before)?.decimals;
        rescale(value, from, self.edition.cell(cell)?.decimals)
    }

    /// Both sides of the expression of a change, where an authority is in both.
    fn figure(
        &self,
        expression: &Expression,
        cells: &[CellId],
        [now, before]: [&DataReturn; 2],
    ) -> Result<Option<(i128, i128)>, Overflow> {
        let scale = self.edition.decimals_max();
        let Some(value) = whole(self.edition, now, expression)? else {
            return Ok(None);
        };
        let mut provided = false;
        for cell in cells {
            match before.observed(*cell) {
                Some(Observed::Provided(_)) => provided = true,
                Some(Observed::NotApplicable) => {}
                Some(Observed::PartPeriod { .. } | Observed::NotProvided) | None => {
                    return Ok(None);
                }
            }
        }
        let previous = expression.evaluate(|operand| {
            let Operand::Cell(cell) = operand else {
                return None;
            };
            let place = expression.cells().position(|own| own == *cell)?;
            let cell = *cells.get(place)?;
            let value = before.observed(cell)?.counted()?;
            rescale(value, self.earlier.cell(cell)?.decimals, scale)
        })?;
        Ok(previous
            .filter(|_| provided)
            .map(|previous| (value, previous)))
    }
}

/// The matched sums of every cell and of the figures of kind `change`. One pair of returns more or
/// less costs one return's work, in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changes {
    /// In catalogue order, scaled by the metric's decimals.
    pub(crate) cells: Vec<Matched>,
    /// In the order of the table of figures, on the edition's largest number of decimals; `None` for
    /// a figure of another kind, or whose series do not all go on.
    pub(crate) figures: Vec<Option<Matched>>,
}

impl Changes {
    /// Those of no return.
    pub(crate) fn new(comparison: &Comparison<'_>) -> Self {
        let figures = comparison.lineage.figures.iter();
        Self {
            cells: vec![Matched::default(); comparison.lineage.series.len()],
            figures: figures
                .map(|cells| cells.as_ref().map(|_| Matched::default()))
                .collect(),
        }
    }

    /// Adds what an authority sent in both periods, or takes it out.
    pub(crate) fn step(
        &mut self,
        step: Step,
        comparison: &Comparison<'_>,
        [now, before]: [&DataReturn; 2],
    ) -> Result<(), Overflow> {
        let cells = self.cells.iter_mut().zip((0..).map(CellId));
        for ((matched, cell), series) in cells.zip(comparison.lineage.series.iter()) {
            let Series::Goes(earlier) = series else {
                continue;
            };
            let pair = (now.observed(cell), before.observed(*earlier));
            let (Some(Observed::Provided(value)), Some(Observed::Provided(previous))) = pair else {
                continue;
            };
            let previous = comparison
                .rescaled(cell, *earlier, previous)
                .ok_or(Overflow)?;
            matched.step(step, value.into(), previous).ok_or(Overflow)?;
        }
        let kinds = comparison.edition.figures().iter();
        let expressions = kinds.map(|figure| counted(&figure.kind));
        let figures = self
            .figures
            .iter_mut()
            .zip(comparison.lineage.figures.iter());
        for ((matched, cells), expression) in figures.zip(expressions) {
            let parts = (matched.as_mut(), cells.as_deref(), expression);
            let (Some(matched), Some(cells), Some(expression)) = parts else {
                continue;
            };
            if let Some((value, previous)) = comparison.figure(expression, cells, [now, before])? {
                matched.step(step, value, previous).ok_or(Overflow)?;
            }
        }
        Ok(())
    }

    /// Adds those of other authorities.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), Overflow> {
        for (matched, other) in self.cells.iter_mut().zip(&other.cells) {
            matched.merge(other).ok_or(Overflow)?;
        }
        let figures = self.figures.iter_mut().zip(&other.figures);
        for (matched, other) in figures.filter_map(|(one, other)| one.as_mut().zip(other.as_ref()))
        {
            matched.merge(other).ok_or(Overflow)?;
        }
        Ok(())
    }
}

/// What a figure of kind `change` counts.
fn counted(kind: &FigureKind) -> Option<&Expression> {
    match kind {
        FigureKind::Change { numerator } => Some(numerator),
        FigureKind::Count { .. }
        | FigureKind::Percent { .. }
        | FigureKind::Rate { .. }
        | FigureKind::AuthorityPercent { .. }
        | FigureKind::AuthorityCount { .. }
        | FigureKind::Outside(_) => None,
    }
}
