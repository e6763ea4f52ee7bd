//! Figures: the counts and percentages that an edition's release states, and what they rest on.

use mesur_figures::{DECIMALS_MAX, parse_quantity};

use crate::expression::Expression;
use crate::fault::Faults;
use crate::folder::Folder;
use crate::ids::{CellId, CellRef};
use crate::rule::THRESHOLD_DECIMALS;
use crate::table::{Row, Table};

const FIGURES: &str = "figures.csv";
const OUTSIDE: &str = "outside.csv";
const REASONS: &str = "reasons.csv";
const FIGURE_COLUMNS: [&str; 9] = [
    "figure",
    "kind",
    "numerator",
    "denominator",
    "of",
    "rank",
    "threshold",
    "source_id",
    "note",
];
const OUTSIDE_COLUMNS: [&str; 8] = [
    "figure",
    "value",
    "decimals",
    "unit",
    "source_title_en",
    "source_title_cy",
    "source_url",
    "note",
];
const REASON_COLUMNS: [&str; 4] = ["reason", "label_en", "label_cy", "note"];

/// Which authority a figure is about, in the order of a percentage over authorities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// The lowest.
    Lowest,
    /// The one above the lowest.
    SecondLowest,
    /// The highest.
    Highest,
}

/// What a figure states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FigureKind {
    /// A national count.
    Count {
        /// What is added up.
        numerator: Expression,
    },
    /// A national percentage.
    Percent {
        /// The part.
        numerator: Expression,
        /// The stated base.
        denominator: Expression,
    },
    /// A national number per 1,000 people.
    Rate {
        /// What is counted.
        numerator: Expression,
    },
    /// The change of a national count on the previous edition, in per cent.
    Change {
        /// What is counted.
        numerator: Expression,
    },
    /// The percentage of one authority.
    AuthorityPercent {
        /// The id of the percentage.
        of: String,
        /// Which authority.
        rank: Rank,
    },
    /// How many authorities have a percentage at or above a threshold.
    AuthorityCount {
        /// The id of the percentage.
        of: String,
        /// Per cent, in thousandths.
        threshold: i64,
        /// Whether the highest authority is left out, because it is named beside the count.
        excluding_highest: bool,
    },
    /// A figure of another collection, with its source.
    Outside(OutsideFigure),
}

/// A figure that comes from outside the collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideFigure {
    /// The value, scaled by `decimals`.
    pub units: i64,
    /// Digits after the point.
    pub decimals: u8,
    /// `percent`, or a unit that the statement's words name, such as `gbp_billion`.
    pub unit: String,
    /// The English title of the source.
    pub source_title_en: String,
    /// The Welsh title of the source; empty when not held.
    pub source_title_cy: String,
    /// The address of the source; empty when not held.
    pub source_url: String,
}

/// A figure of the edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Its id within the edition, which is also its name in the statements' templates.
    pub id: String,
    /// What it states.
    pub kind: FigureKind,
}

/// A reason for a missing or partial value, recognised in an observation's comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Its id.
    pub id: String,
    /// English words.
    pub label_en: String,
    /// Welsh words; empty when not held.
    pub label_cy: String,
}

/// The figures, and what is known of those whose rows have faults.
#[derive(Default)]
pub(crate) struct Figures {
    /// The figures without a fault.
    pub(crate) stated: Vec<Figure>,
    /// Every row that names a figure, with or without a fault: what names it in turn is not
    /// faulted too.
    declared: Vec<Declared>,
    /// The table could not be read, so nothing can be said about an id.
    unread: bool,
}

struct Declared {
    id: String,
    kind: String,
}

impl Figures {
    /// Whether the table has the figure, or may have it.
    pub(crate) fn may_have(&self, id: &str) -> bool {
        self.unread || self.declared.iter().any(|figure| figure.id == id)
    }

    /// Whether the figure is, or may be, of a kind.
    pub(crate) fn may_be(&self, id: &str, kind: &str) -> bool {
        self.unread || self.is(id, kind)
    }

    /// Whether the figure is of a kind.
    pub(crate) fn is(&self, id: &str, kind: &str) -> bool {
        let is = |figure: &Declared| figure.id == id && figure.kind == kind;
        self.declared.iter().any(is)
    }
}

/// Reads the figures; an edition without the table has none. `populated` is whether the population
/// of any authority is held.
pub(crate) fn load(
    folder: &Folder,
    cell: impl Fn(&CellRef) -> Option<CellId>,
    populated: bool,
    faults: &mut Faults,
) -> Figures {
    let outside = load_outside(folder, faults);
    let rows = Table::read(folder, FIGURES, &FIGURE_COLUMNS, faults);
    let mut figures = Figures {
        unread: rows.is_none() && folder.has(FIGURES),
        ..Figures::default()
    };
    for row in rows.unwrap_or_default() {
        let id = row.get("figure");
        let form = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !id.starts_with(|c: char| c.is_ascii_lowercase()) || !id.chars().all(form) {
            row.fault(
                faults,
                "figure",
                "a figure id is lower-case letters, digits and hyphens, a letter first",
            );
        }
        if figures.declared.iter().any(|known| known.id == id) {
            row.fault(faults, "figure", format!("{id} stands twice"));
        }
        if let Some(kind) = read_kind(&row, &figures, &outside, (&cell, populated), faults) {
            figures.stated.push(Figure {
                id: id.to_owned(),
                kind,
            });
        }
        figures.declared.push(Declared {
            id: id.to_owned(),
            kind: row.get("kind").to_owned(),
        });
    }
    for row in &outside.rows {
        let id = row.place.get("figure");
        if !figures.may_be(id, "outside") {
            let message = format!("{id:?} is not a figure of kind outside in {FIGURES}");
            row.place.fault(faults, "figure", message);
        }
    }
    figures
}

fn read_kind(
    row: &Row,
    earlier: &Figures,
    outside: &Outside,
    (cell, populated): (&impl Fn(&CellRef) -> Option<CellId>, bool),
    faults: &mut Faults,
) -> Option<FigureKind> {
    let side = |column, faults: &mut Faults| {
        row.parse(faults, column, |text| {
            let expression = Expression::parse(text, cell)?;
            if expression.previous().next().is_some() {
                return Err("a figure cannot use prev:".to_owned());
            }
            Ok(expression)
        })
    };
    let of = |faults: &mut Faults| {
        row.parse(faults, "of", |text| {
            if earlier.may_be(text, "percent") {
                Ok(text.to_owned())
            } else {
                let problem = "is not a percent figure of an earlier row";
                Err(format!("{text:?} {problem}"))
            }
        })
    };
    match row.get("kind") {
        kind @ ("count" | "rate" | "change") => {
            if kind == "rate" && !populated {
                let message = "no authority of the edition has a population to tell a rate of";
                row.fault(faults, "kind", message);
            }
            let numerator = side("numerator", faults)?;
            Some(match kind {
                "rate" => FigureKind::Rate { numerator },
                "change" => FigureKind::Change { numerator },
                _ => FigureKind::Count { numerator },
            })
        }
        "percent" => {
            let (numerator, denominator) = (side("numerator", faults), side("denominator", faults));
            Some(FigureKind::Percent {
                numerator: numerator?,
                denominator: denominator?,
            })
        }
        "authority_percent" => {
            let ranks = [
                ("lowest", Rank::Lowest),
                ("second_lowest", Rank::SecondLowest),
                ("highest", Rank::Highest),
            ];
            let (of, rank) = (of(faults), row.one_of(faults, "rank", &ranks));
            Some(FigureKind::AuthorityPercent {
                of: of?,
                rank: rank?,
            })
        }
        "authority_count" => {
            let ranks = [("", false), ("excluding_highest", true)];
            let (of, excluding) = (of(faults), row.one_of(faults, "rank", &ranks));
            let threshold = row.parse(faults, "threshold", |text| {
                parse_quantity(text, THRESHOLD_DECIMALS)
            });
            Some(FigureKind::AuthorityCount {
                of: of?,
                threshold: threshold?,
                excluding_highest: excluding?,
            })
        }
        "outside" => Some(FigureKind::Outside(find_outside(row, outside, faults)?)),
        other => {
            let kinds = "count, percent, rate, change, authority_percent, authority_count, outside";
            row.fault(faults, "kind", format!("{other:?} is not one of: {kinds}"));
            None
        }
    }
}

fn find_outside(row: &Row, outside: &Outside, faults: &mut Faults) -> Option<OutsideFigure> {
    let id = row.get("figure");
    let mut rows = outside.rows.iter();
    let found = rows.find(|outside| outside.place.get("figure") == id);
    if found.is_none() && !outside.unread {
        row.fault(faults, "figure", format!("{id} has no row in {OUTSIDE}"));
    }
    found?.figure.clone()
}

/// The table of outside figures.
#[derive(Default)]
struct Outside {
    rows: Vec<OutsideRow>,
    /// It could not be read.
    unread: bool,
}

struct OutsideRow {
    place: Row,
    /// `None` when the row has a fault.
    figure: Option<OutsideFigure>,
}

fn load_outside(folder: &Folder, faults: &mut Faults) -> Outside {
    let rows = Table::read(folder, OUTSIDE, &OUTSIDE_COLUMNS, faults);
    let mut outside = Outside {
        unread: rows.is_none() && folder.has(OUTSIDE),
        ..Outside::default()
    };
    for row in rows.unwrap_or_default() {
        let id = row.get("figure");
        if outside
            .rows
            .iter()
            .any(|known| known.place.get("figure") == id)
        {
            row.fault(faults, "figure", format!("{id:?} stands twice"));
        }
        let figure = read_outside(&row, faults);
        outside.rows.push(OutsideRow { place: row, figure });
    }
    outside
}

fn read_outside(row: &Row, faults: &mut Faults) -> Option<OutsideFigure> {
    let decimals = row.parse(faults, "decimals", |text| match text.parse::<u8>() {
        Ok(decimals) if decimals <= DECIMALS_MAX => Ok(decimals),
        _ => Err(format!("not a number from 0 to {DECIMALS_MAX}")),
    });
    if row.get("source_title_en").is_empty() {
        row.fault(
            faults,
            "source_title_en",
            "an outside figure needs its source",
        );
    }
    let decimals = decimals?;
    let units = row.parse(faults, "value", |text| parse_quantity(text, decimals))?;
    Some(OutsideFigure {
        units,
        decimals,
        unit: row.get("unit").to_owned(),
        source_title_en: row.get("source_title_en").to_owned(),
        source_title_cy: row.get("source_title_cy").to_owned(),
        source_url: row.get("source_url").to_owned(),
    })
}

/// Reads the vocabulary of reasons; an edition without the table has none.
pub(crate) fn load_reasons(folder: &Folder, faults: &mut Faults) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = Vec::new();
    for row in Table::read_optional(folder, REASONS, &REASON_COLUMNS, faults) {
        let id = row.get("reason");
        if id.is_empty() || reasons.iter().any(|known| known.id == id) {
            row.fault(
                faults,
                "reason",
                "a reason needs an id that no other row has",
            );
        }
        if row.get("label_en").is_empty() {
            row.fault(faults, "label_en", "a reason needs its English words");
        }
        reasons.push(Reason {
            id: id.to_owned(),
            label_en: row.get("label_en").to_owned(),
            label_cy: row.get("label_cy").to_owned(),
        });
    }
    reasons
}
