//! The printed list of definitional changes against the year before.

use crate::fault::Faults;
use crate::folder::Folder;
use crate::ids::{CellRef, MetricCode};
use crate::table::Table;

const FILE: &str = "changes.csv";
const COLUMNS: [&str; 7] = [
    "order",
    "code_as_printed",
    "code_read_as",
    "change_text",
    "kind",
    "comparable_with_previous",
    "note",
];

/// Whether values can be compared with the year before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparable {
    /// They can.
    Yes,
    /// The definition broke the series.
    No,
    /// Not said.
    Unknown,
}

impl Comparable {
    /// `yes`, `no` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// One printed line of the list of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionalChange {
    /// The code as the source prints it, misprints included.
    pub code_as_printed: String,
    /// The code that is meant.
    pub code_read_as: String,
    /// The change as printed.
    pub text: String,
    /// What the printed text must mean, where it has a misprint; empty otherwise.
    pub text_read_as: String,
    /// The change in Welsh; empty when it is not held.
    pub text_cy: String,
    /// `addition`, `amendment` or `rebased`.
    pub kind: String,
    /// Whether the series goes on.
    pub comparable: Comparable,
    /// What is known about the line.
    pub note: String,
}

impl DefinitionalChange {
    /// Whether the line is of a cell: it names the metric, or a part of it by its letter (`CH/037c`).
    pub(crate) fn is_of(&self, cell: &CellRef) -> bool {
        let rest = self.code_read_as.strip_prefix(cell.metric.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest == cell.category_str())
    }
}

/// Reads the list; an edition without the table has no changes.
pub(crate) fn load(folder: &Folder, faults: &mut Faults) -> Vec<DefinitionalChange> {
    let comparable = [
        ("yes", Comparable::Yes),
        ("no", Comparable::No),
        ("unknown", Comparable::Unknown),
    ];
    let kinds = [("addition", ()), ("amendment", ()), ("rebased", ())];
    let mut changes = Vec::new();
    for row in Table::read_optional(folder, FILE, &COLUMNS, faults) {
        let comparable = row.one_of(faults, "comparable_with_previous", &comparable);
        row.one_of(faults, "kind", &kinds);
        // The list is kept as printed: it may name a part by its letter (CH/037c) or a metric that
        // this edition leaves out.
        let code = row.parse(faults, "code_read_as", MetricCode::parse);
        let (Some(comparable), Some(code)) = (comparable, code) else {
            continue;
        };
        changes.push(DefinitionalChange {
            code_as_printed: row.get("code_as_printed").to_owned(),
            code_read_as: code.to_string(),
            text: row.get("change_text").to_owned(),
            text_read_as: row.get("change_text_read_as").to_owned(),
            text_cy: row.get("change_text_cy").to_owned(),
            kind: row.get("kind").to_owned(),
            comparable,
            note: row.get("note").to_owned(),
        });
    }
    changes
}
