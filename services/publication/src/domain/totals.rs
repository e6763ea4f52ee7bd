//! A snapshot's totals, checked against the edition and in plain types.

use mesur_catalogue::{Authority, AuthorityCode, CellId, Edition, FigureKind};
use mesur_proto::aggregation::v1 as wire;
use mesur_proto::types::v1::observation::Status;

use super::date::Date;
use super::figure::{FigureFact, PartPeriod, Share};
use super::standing::Standings;

/// Totals that do not belong to the edition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TotalsError {
    /// They were made with another content of the edition.
    #[error("the totals are of edition {found}, not of {expected}")]
    EditionMismatch {
        /// The digest of the edition at hand.
        expected: String,
        /// The digest that the totals name.
        found: String,
    },
    /// They name the edition but do not have its shape.
    #[error("the totals do not fit their edition: {problem}")]
    Malformed {
        /// What is wrong.
        problem: String,
    },
}

/// What one authority provided for one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellValue {
    /// A value, scaled by the metric's decimals.
    Value {
        /// The scaled value.
        units: i64,
        /// Whether it covers only part of the period.
        part_period: bool,
    },
    /// A value that is not robust: it is in the national value, and not shown.
    NotRobust,
    /// Nothing.
    NotProvided,
    /// The cell does not apply to the authority.
    NotApplicable,
}

/// The national value of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NationalCell {
    /// The sum, scaled by the metric's decimals; `None` when nobody provided a value.
    pub(crate) units: Option<i64>,
    /// Authorities whose value is in the sum.
    pub(crate) provided: u32,
    /// Those of them whose value covers part of the period.
    pub(crate) part_period: u32,
    /// Authorities that provided nothing.
    pub(crate) not_provided: u32,
    /// Authorities that the cell does not apply to.
    pub(crate) not_applicable: u32,
    /// Authorities of the edition.
    pub(crate) expected: u32,
    /// The share of the expected authorities that are not missing, a whole percentage.
    pub(crate) coverage_percent: i64,
}

/// A cell over the authorities, in the edition's order, and over the nation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CellTotals {
    /// The nation.
    pub(crate) national: NationalCell,
    /// Each authority.
    pub(crate) values: Vec<CellValue>,
}

/// The totals of one edition.
#[derive(Debug)]
pub(crate) struct CheckedTotals {
    cells: Vec<CellTotals>,
    /// The figures in the order of the edition.
    pub(crate) figures: Vec<FigureFact>,
    /// The authorities without a return.
    pub(crate) missing_authorities: Vec<Authority>,
    /// What is published of every metric.
    pub(crate) standings: Standings,
}

impl CheckedTotals {
    /// Checks that the totals are those of the edition: its digest, cells, authorities, figures,
    /// metrics.
    pub(crate) fn new(edition: &Edition, totals: &wire::Totals) -> Result<Self, TotalsError> {
        if totals.edition_digest != edition.digest() {
            return Err(TotalsError::EditionMismatch {
                expected: edition.digest().to_owned(),
                found: totals.edition_digest.chars().take(100).collect(),
            });
        }
        let authorities = authorities(edition, totals)?;
        let cells = check_length("cells", totals.cells.len(), edition.cells().len())
            .and_then(|()| cells(edition, totals, &authorities))?;
        check_length("figures", totals.figures.len(), edition.figures().len())?;
        let figures = edition.figures().iter().zip(&totals.figures);
        let figures =
            figures.map(|(planned, found)| figure(edition, &planned.id, &planned.kind, found));
        let missing = totals.missing_authorities.iter();
        Ok(Self {
            cells,
            figures: figures.collect::<Result<_, _>>()?,
            missing_authorities: missing
                .map(|code| authority(edition, code))
                .collect::<Result<_, _>>()?,
            standings: Standings::read(edition, totals)?,
        })
    }

    /// The cells of a metric, by the metric's place: its total if it has one, then its categories.
    pub(crate) fn cells_of(
        &self,
        edition: &Edition,
        metric: usize,
    ) -> impl Iterator<Item = (CellId, &CellTotals)> {
        let ids = edition.cells_of(metric);
        ids.filter_map(|id| Some((id, self.cells.get(id.index())?)))
    }

    /// Every cell in catalogue order.
    pub(crate) fn cells(&self) -> &[CellTotals] {
        &self.cells
    }

    /// The national value of the cell that says whether a metric was provided.
    pub(crate) fn lead(&self, edition: &Edition, metric: usize) -> Option<NationalCell> {
        let (_, lead) = self.cells_of(edition, metric).next()?;
        Some(lead.national)
    }
}

pub(super) fn malformed(problem: impl Into<String>) -> TotalsError {
    TotalsError::Malformed {
        problem: problem.into(),
    }
}

pub(super) fn check_length(what: &str, found: usize, expected: usize) -> Result<(), TotalsError> {
    if found == expected {
        Ok(())
    } else {
        Err(malformed(format!(
            "{found} {what} where {expected} are due"
        )))
    }
}

fn count(what: &str, number: i32) -> Result<u32, TotalsError> {
    u32::try_from(number).map_err(|_| malformed(format!("{what} has the count {number}")))
}

fn authority(edition: &Edition, code: &str) -> Result<Authority, TotalsError> {
    let known = AuthorityCode::parse(code)
        .ok()
        .and_then(|code| edition.authority(&code));
    known.cloned().ok_or_else(|| {
        let code: String = code.chars().take(32).collect();
        malformed(format!("{code:?} is not an authority"))
    })
}

/// The values of each authority in the edition's order, one for every cell.
fn authorities(
    edition: &Edition,
    totals: &wire::Totals,
) -> Result<Vec<Vec<CellValue>>, TotalsError> {
    check_length(
        "authorities",
        totals.authorities.len(),
        edition.authorities().len(),
    )?;
    let pairs = edition.authorities().iter().zip(&totals.authorities);
    let values = pairs.map(|(expected, found)| {
        let code = expected.code.as_str();
        if found.authority != code {
            return Err(malformed(format!("{code} is not in its place")));
        }
        check_length(
            &format!("values of {code}"),
            found.values.len(),
            edition.cells().len(),
        )?;
        found
            .values
            .iter()
            .map(|value| cell_value(code, value))
            .collect()
    });
    values.collect()
}

fn cell_value(code: &str, value: &wire::AuthorityValue) -> Result<CellValue, TotalsError> {
    match (value.status(), value.value) {
        (Status::Provided | Status::PartPeriod, None) if value.not_robust => {
            Ok(CellValue::NotRobust)
        }
        (Status::Provided, Some(units)) => Ok(CellValue::Value {
            units,
            part_period: false,
        }),
        (Status::PartPeriod, Some(units)) => Ok(CellValue::Value {
            units,
            part_period: true,
        }),
        (Status::NotProvided, None) => Ok(CellValue::NotProvided),
        (Status::NotApplicable, None) => Ok(CellValue::NotApplicable),
        (status, _) => {
            let status = status.as_str_name();
            Err(malformed(format!(
                "{code} has a value that does not go with {status}"
            )))
        }
    }
}

fn cells(
    edition: &Edition,
    totals: &wire::Totals,
    authorities: &[Vec<CellValue>],
) -> Result<Vec<CellTotals>, TotalsError> {
    let mut columns: Vec<_> = authorities.iter().map(|values| values.iter()).collect();
    let mut cells = Vec::with_capacity(totals.cells.len());
    for (expected, found) in edition.cells().iter().zip(&totals.cells) {
        let reference = &expected.reference;
        if found.metric != reference.metric.as_str() || found.category != reference.category_str() {
            return Err(malformed(format!("{reference} is not in its place")));
        }
        let what = reference.to_string();
        let national = NationalCell {
            units: found.value,
            provided: count(&what, found.provided_count)?,
            part_period: count(&what, found.part_period_count)?,
            not_provided: count(&what, found.not_provided_count)?,
            not_applicable: count(&what, found.not_applicable_count)?,
            expected: count(&what, found.expected_count)?,
            coverage_percent: found.coverage_percent.into(),
        };
        let values = columns
            .iter_mut()
            .filter_map(|column| column.next().copied())
            .collect();
        cells.push(CellTotals { national, values });
    }
    Ok(cells)
}

fn figure(
    edition: &Edition,
    id: &str,
    kind: &FigureKind,
    found: &wire::Figure,
) -> Result<FigureFact, TotalsError> {
    if found.id != id {
        return Err(malformed(format!("the figure {id} is not in its place")));
    }
    let share = |share: &wire::Share| {
        Ok(Share {
            numerator: share.numerator,
            denominator: share.denominator,
            units: share.value,
            authorities: count(id, share.authority_count)?,
        })
    };
    let about = Some(found.authority.as_str()).filter(|code| !code.is_empty());
    let parts = found
        .part_periods
        .iter()
        .map(|part| part_period(edition, id, part));
    Ok(FigureFact {
        id: id.to_owned(),
        kind: kind.clone(),
        units: found.value,
        decimals: u8::try_from(found.decimals)
            .map_err(|_| malformed(format!("{id} has {} decimals", found.decimals)))?,
        nearly_100: found.nearly_100,
        matched: found.matched.as_ref().map(share).transpose()?,
        plain: found.plain.as_ref().map(share).transpose()?,
        expected: count(id, found.expected_count)?,
        not_provided: count(id, found.not_provided_count)?,
        part_periods: parts.collect::<Result<_, _>>()?,
        authority: about.map(|code| authority(edition, code)).transpose()?,
        metrics: found.metrics.clone(),
        footnotes: Vec::new(),
        is_revised: false,
    })
}

fn part_period(
    edition: &Edition,
    id: &str,
    part: &wire::PartPeriod,
) -> Result<PartPeriod, TotalsError> {
    let end = match part.end_date.as_str() {
        "" => None,
        text => Some(
            Date::parse(text)
                .ok_or_else(|| malformed(format!("{id} has a part period without a date")))?,
        ),
    };
    let reason = match part.reason.as_str() {
        "" => None,
        reason => Some(edition.reason(reason).cloned().ok_or_else(|| {
            malformed(format!(
                "{id} has a part period for a reason that is not known"
            ))
        })?),
    };
    Ok(PartPeriod {
        end,
        reason,
        authorities: count(id, part.authority_count)?,
    })
}
