//! Sums and differences of cells: the sides of a rule, the numerator and base of a percentage.
//!
//! Written as references joined by ` + ` and ` - `; `prev:` before a reference is the same
//! authority's value in an earlier period, and a whole number with `*` before either is how often
//! it counts (`2*AD/001`, `3*prev:AD/001`). Operators stand between spaces, so that codes may
//! contain `+` and `-` (`a.65+`, `18-64`).

use std::fmt;

use crate::ids::{CellId, CellRef};

/// One operand of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// A cell of this edition.
    Cell(CellId),
    /// A cell of an earlier period, which may have had other codes.
    Previous(CellRef),
}

/// The largest number that an operand may be multiplied by: any sum of an edition's cells still
/// fits 128 bits with room to spare.
const COEFFICIENT_MAX: i64 = 1_000_000;

/// An operand that is added or taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// How often the operand counts; below zero it is taken away.
    pub coefficient: i64,
    /// What is added or taken away.
    pub operand: Operand,
}

/// A sum of terms; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// The terms in the order in which they are written.
    pub terms: Vec<Term>,
    text: String,
}

/// A sum that does not fit 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sum is too large")]
pub struct Overflow;

impl Expression {
    /// Reads an expression; `cell` finds a reference in the edition's cell index.
    pub(crate) fn parse(
        text: &str,
        cell: impl Fn(&CellRef) -> Option<CellId>,
    ) -> Result<Self, String> {
        let mut terms = Vec::new();
        let mut negative = Some(false);
        for token in text.split_whitespace() {
            match (negative, token) {
                (None, "+") => negative = Some(false),
                (None, "-") => negative = Some(true),
                (Some(sign), reference) => {
                    let (times, reference) = coefficient(reference)?;
                    terms.push(Term {
                        coefficient: if sign { times.saturating_neg() } else { times },
                        operand: operand(reference, &cell)?,
                    });
                    negative = None;
                }
                (None, other) => return Err(format!("{other:?} stands where + or - is due")),
            }
        }
        if negative.is_some() {
            return Err("a reference such as AD/012 or AD/005[b] is due".to_owned());
        }
        Ok(Self {
            terms,
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
        })
    }

    /// The cells of this edition that the expression names.
    pub fn cells(&self) -> impl Iterator<Item = CellId> + '_ {
        self.terms.iter().filter_map(|term| match &term.operand {
            Operand::Cell(cell) => Some(*cell),
            Operand::Previous(_) => None,
        })
    }

    /// The cells of an earlier period that the expression names.
    pub fn previous(&self) -> impl Iterator<Item = &CellRef> + '_ {
        self.terms.iter().filter_map(|term| match &term.operand {
            Operand::Cell(_) => None,
            Operand::Previous(cell) => Some(cell),
        })
    }

    /// Works the sum out. `None` when a value is not there; all values are on one scale.
    pub fn evaluate(
        &self,
        value: impl Fn(&Operand) -> Option<i128>,
    ) -> Result<Option<i128>, Overflow> {
        let mut sum: i128 = 0;
        for term in &self.terms {
            let Some(value) = value(&term.operand) else {
                return Ok(None);
            };
            let value = value.checked_mul(term.coefficient.into());
            sum = value
                .and_then(|value| sum.checked_add(value))
                .ok_or(Overflow)?;
        }
        Ok(Some(sum))
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What stands before `*` in a term, and the reference behind it.
fn coefficient(text: &str) -> Result<(i64, &str), String> {
    let Some((times, reference)) = text.split_once('*') else {
        return Ok((1, text));
    };
    let plain = !times.is_empty() && times.bytes().all(|byte| byte.is_ascii_digit());
    match times.parse() {
        Ok(number @ 1..=COEFFICIENT_MAX) if plain => Ok((number, reference)),
        _ => Err(format!(
            "{times:?} is not a whole number from 1 to {COEFFICIENT_MAX}"
        )),
    }
}

fn operand(text: &str, cell: impl Fn(&CellRef) -> Option<CellId>) -> Result<Operand, String> {
    if let Some(previous) = text.strip_prefix("prev:") {
        return CellRef::parse(previous)
            .map(Operand::Previous)
            .map_err(|error| error.to_string());
    }
    let reference = CellRef::parse(text).map_err(|error| error.to_string())?;
    match cell(&reference) {
        Some(id) => Ok(Operand::Cell(id)),
        None => Err(format!("{reference} is not a cell of this edition")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An edition with the cells `A`, `A[65+]` and `A[18-64]`, numbered in that order.
    fn parse(text: &str) -> Result<Expression, String> {
        Expression::parse(text, |reference| {
            let place = ["A", "A[65+]", "A[18-64]"]
                .iter()
                .position(|known| *known == reference.to_string())?;
            u32::try_from(place).ok().map(CellId)
        })
    }

    #[test]
    fn signs_between_spaces_are_operators_and_within_a_code_are_not() {
        let sum = parse("A -  A[65+] + A[18-64]").expect("an expression");
        let signs: Vec<i64> = sum.terms.iter().map(|term| term.coefficient).collect();
        assert_eq!(signs, [1, -1, 1]);
        let often = parse("2*A - 30*A[65+] + 4*prev:B").expect("an expression");
        let often: Vec<i64> = often.terms.iter().map(|term| term.coefficient).collect();
        assert_eq!(often, [2, -30, 4]);
        let most = parse("1000000*A").expect("the largest");
        assert_eq!(most.terms[0].coefficient, COEFFICIENT_MAX);
        let cells: Vec<CellId> = sum.cells().collect();
        assert_eq!(cells, [CellId(0), CellId(1), CellId(2)]);
        assert_eq!(sum.to_string(), "A - A[65+] + A[18-64]");
        let before = parse("prev:Z[9] + A").expect("codes of an earlier period may be others");
        let previous: Vec<String> = before.previous().map(ToString::to_string).collect();
        assert_eq!(
            (previous, before.cells().count()),
            (vec!["Z[9]".to_owned()], 1)
        );
    }

    #[test]
    fn what_is_no_sum_of_cells_is_refused_with_what_is_due() {
        for (text, said) in [
            ("", "is due"),
            ("A +", "is due"),
            ("A A", "where + or - is due"),
            ("A -A", "where + or - is due"),
            ("B", "B is not a cell"),
            ("A[b", "A[b"),
            ("prev:", "not a metric code"),
            ("0*A", "not a whole number"),
            ("-2*A", "not a whole number"),
            ("+2*A", "not a whole number"),
            ("*A", "not a whole number"),
            ("1000001*A", "not a whole number"),
            ("2*2*A", "2*A"),
        ] {
            let problem = parse(text).expect_err(text);
            assert!(problem.contains(said), "{text}: {problem}");
        }
    }

    #[test]
    fn a_sum_needs_every_value_and_must_fit() {
        let sum = parse("A - A[65+]").expect("an expression");
        let value = |first: i128, second: Option<i128>| {
            sum.evaluate(|operand| match operand {
                Operand::Cell(CellId(0)) => Some(first),
                Operand::Cell(_) => second,
                Operand::Previous(_) => None,
            })
        };
        assert_eq!(value(5, Some(7)), Ok(Some(-2)));
        assert_eq!(value(5, None), Ok(None));
        assert_eq!(value(i128::MIN, Some(1)), Err(Overflow));
        let twice = parse("2*A").expect("an expression");
        assert_eq!(twice.evaluate(|_| Some(21)), Ok(Some(42)));
        assert_eq!(twice.evaluate(|_| Some(i128::MAX)), Err(Overflow));
    }
}
