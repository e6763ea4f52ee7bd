//! A return file: reading it, and checking all of it.
//!
//! A file is what its content says, whatever its name: CSV in the long form or the wide form, XLSX
//! or ODS. It is read within limits that grow with the edition, and refused as a whole where it
//! cannot be read for certain, is another kind of file, or is a form of another edition.
//!
//! Where to look: `table` takes any format; `long` and `wide` are CSV, and `one_return` is how most
//! files in the long form are read; `container`, `xlsx`, `ods` and `sheet` spreadsheets; `columns`
//! knows the words of headers. Deliberately not here: writing a form, which is another crate's.

mod columns;
mod container;
mod form;
mod format;
mod guard;
mod long;
mod ods;
mod one_return;
mod records;
mod sheet;
mod survey;
mod table;
mod text;
mod wide;
mod xlsx;

use mesur_catalogue::{AuthorityCode, Catalogue, Edition};

pub use self::guard::guarded;
pub(crate) use self::one_return::{OneReturn, Rows};
use self::sheet::{Slip, value_text};
pub(crate) use self::table::{Opened, Table};
use crate::assemble::Assembler;
use crate::data_return::DataReturn;
use crate::finding::{self, Finding, shortened};
use crate::kind::FindingKind;
use crate::outcome::Assembly;
use crate::previous::Previous;

/// What is kept of the rows of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// The cells, and where they stand.
    Places,
    /// The cells.
    CellsAlone,
}

/// What keeps a file from being read; boxed, because a finding is large beside what is read.
type Refusal = Box<Finding>;

/// What a file came to before any rule is held against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileReading {
    /// The file as a whole cannot be taken for a return of the edition.
    Refused {
        /// Why, with at least one error.
        findings: Vec<Finding>,
    },
    /// Its rows were put together.
    Read {
        /// The authority that the file names.
        authority: AuthorityCode,
        /// Notes on the file, none of them errors.
        notes: Vec<Finding>,
        /// The cells and their findings.
        assembly: Assembly,
    },
}

impl FileReading {
    /// The same, refused where the file is not the return of `authority`.
    #[must_use]
    pub fn expecting(self, expected: &AuthorityCode) -> Self {
        match self {
            Self::Read {
                authority, notes, ..
            } if &authority != expected => Self::Refused {
                findings: whole(
                    notes,
                    [wrong_authority(authority.as_str()).expecting(expected.as_str())],
                ),
            },
            reading => reading,
        }
    }
}

/// What a checked file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The file as a whole cannot be taken for a return of the edition.
    Refused,
    /// The rows are no complete return; never to be taken in.
    Incomplete,
    /// A complete return, whose findings of rules may be errors.
    Complete(DataReturn),
}

/// A checked file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCheck {
    /// The authority that the rows name; `None` when refused.
    pub authority: Option<AuthorityCode>,
    /// What the file is.
    pub outcome: Outcome,
    /// What was found: on the whole file first, then in the order of findings.
    pub findings: Vec<Finding>,
}

impl FileCheck {
    /// Whether the file could be read as rows of a return. One that is another return, such as
    /// that of another year, is readable and not accepted.
    pub fn is_readable(&self) -> bool {
        !self
            .findings
            .iter()
            .any(|finding| finding.kind.is_unreadable())
    }

    /// Whether the file is a complete return without any error.
    pub fn is_accepted(&self) -> bool {
        self.data_return().is_some() && !self.findings.iter().any(Finding::is_error)
    }

    /// The return, if the file is a complete one.
    pub fn data_return(&self) -> Option<&DataReturn> {
        match &self.outcome {
            Outcome::Complete(data_return) => Some(data_return),
            Outcome::Refused | Outcome::Incomplete => None,
        }
    }
}

/// Reads a file as a return of `edition`. The authority is the one that the cover names, or
/// without a cover most rows.
pub fn read_file(bytes: &[u8], edition: &Edition, catalogue: &Catalogue) -> FileReading {
    read(bytes, edition, catalogue, Kept::Places)
}

/// The same for a file against which no rules will be held: beside the cells next to nothing is
/// kept, and what rules would find had no line.
pub fn read_file_for_cells(bytes: &[u8], edition: &Edition, catalogue: &Catalogue) -> FileReading {
    read(bytes, edition, catalogue, Kept::CellsAlone)
}

fn read(bytes: &[u8], edition: &Edition, catalogue: &Catalogue, kept: Kept) -> FileReading {
    let opened = match Opened::read(bytes, edition) {
        Ok(opened) => opened,
        Err(findings) => return refused(findings),
    };
    if let Some((authority, assembly)) = read_one_return(&opened, edition, catalogue, kept) {
        return FileReading::Read {
            authority,
            notes: whole(opened.into_notes(), []),
            assembly,
        };
    }
    read_table(opened, edition, catalogue, kept)
}

/// Reads any file, after a look at all of its rows.
fn read_table(
    opened: Opened<'_>,
    edition: &Edition,
    catalogue: &Catalogue,
    kept: Kept,
) -> FileReading {
    let mut table = match opened.survey() {
        Ok(table) => table,
        Err(findings) => return refused(findings),
    };
    let mut faults = Vec::from_iter(table.other_edition(edition));
    let authority = match table.authority(edition) {
        Ok(authority) if faults.is_empty() => authority,
        named => {
            faults.extend(named.err().map(|named| wrong_authority(&named)));
            return refused(table.notes.into_iter().chain(faults).collect());
        }
    };
    let mut assembler = assembler(edition, catalogue, &authority, kept);
    let is_form = table.is_form();
    for row in table.rows() {
        if is_form && form::is_blank(&row) {
            assembler.pass(&row);
        } else {
            assembler.take(&row);
        }
    }
    let mut assembly = assembler.finish();
    if table.is_wide() {
        name_columns_of_wide_form(&mut assembly.findings);
    }
    for slip in &table.slips {
        tell_slip(slip, edition, &mut assembly.findings);
    }
    finding::sort(edition, &mut assembly.findings);
    FileReading::Read {
        assembly,
        authority,
        notes: whole(table.notes, []),
    }
}

fn refused(findings: Vec<Finding>) -> FileReading {
    FileReading::Refused {
        findings: whole(findings, []),
    }
}

fn assembler<'a>(
    edition: &'a Edition,
    catalogue: &'a Catalogue,
    authority: &'a AuthorityCode,
    kept: Kept,
) -> Assembler<'a> {
    let assembler = Assembler::new(edition, catalogue, authority);
    match kept {
        Kept::Places => assembler,
        Kept::CellsAlone => assembler.without_places(),
    }
}

/// Reads a file at once, if all of its rows are of one authority and of the period of `edition`.
fn read_one_return(
    opened: &Opened<'_>,
    edition: &Edition,
    catalogue: &Catalogue,
    kept: Kept,
) -> Option<(AuthorityCode, Assembly)> {
    let mut rows = opened.one_return(edition)?;
    if rows.period != edition.name().period {
        return None;
    }
    let authority = edition.authority(&rows.authority)?.code.clone();
    let mut assembler = assembler(edition, catalogue, &authority, kept);
    while let Some(next) = rows.next(assembler.before()).ok()? {
        match next {
            Rows::Whole(first, line) => assembler.take_whole(first, rows.values(), line),
            Rows::Other(line) => assembler.take(&rows.observation(line)),
        }
    }
    let assembly = assembler.finish();
    Some((authority, assembly))
}

/// Reads a file as a return of `edition` and holds the rules against it; `previous` is the same
/// authority's values of an earlier period.
pub fn check_file(
    bytes: &[u8],
    edition: &Edition,
    catalogue: &Catalogue,
    previous: Option<&Previous>,
) -> FileCheck {
    match read_file(bytes, edition, catalogue) {
        FileReading::Refused { findings } => FileCheck {
            authority: None,
            outcome: Outcome::Refused,
            findings,
        },
        FileReading::Read {
            authority,
            notes,
            assembly,
        } => {
            let findings = assembly.check(edition, previous);
            FileCheck {
                outcome: assembly
                    .into_return(edition, &authority)
                    .map_or_else(|_| Outcome::Incomplete, Outcome::Complete),
                authority: Some(authority),
                findings: whole(notes, findings),
            }
        }
    }
}

/// Notes on the file, and what comes after them, each with its id among all of them.
fn whole(notes: Vec<Finding>, findings: impl IntoIterator<Item = Finding>) -> Vec<Finding> {
    let mut all = notes;
    all.extend(findings);
    finding::identify(&mut all);
    all
}

fn wrong_authority(named: &str) -> Finding {
    if named.is_empty() {
        return Finding::new(FindingKind::NoAuthority).in_column("authority");
    }
    Finding::new(FindingKind::WrongAuthority)
        .in_column("authority")
        .with_value(named)
}

/// A column of the wide form is a cell.
fn name_columns_of_wide_form(findings: &mut [Finding]) {
    let in_cell = |finding: &&mut Finding| finding.column.is_some() && !finding.metric.is_empty();
    for finding in findings.iter_mut().filter(in_cell) {
        finding.column = Some(if finding.category.is_empty() {
            finding.metric.clone()
        } else {
            format!("{}[{}]", finding.metric, finding.category)
        });
    }
}

/// Says what a spreadsheet made of a cell. What was found of the value that it made of it is the
/// same slip, and is said no more.
fn tell_slip(slip: &Slip, edition: &Edition, findings: &mut Vec<Finding>) {
    let row = &slip.row;
    let column = slip.column.name();
    findings.retain(|finding| {
        let same = finding.sheet == row.sheet && finding.line == row.line;
        !(same
            && finding.column.as_deref() == Some(column)
            && finding.value == Some(value_text(row)))
    });
    let (metric, category) = (row.metric.trim(), row.category.trim());
    let cell = edition
        .find(metric, category)
        .and_then(|id| edition.cell(id));
    let mut finding = Finding::new(slip.kind)
        .about(
            cell.map(|cell| cell.reference.clone())
                .into_iter()
                .collect(),
        )
        .in_column(column)
        .with_value(&slip.text)
        .on_sheet(&row.sheet, row.line.unwrap_or_default());
    finding.metric = shortened(metric);
    finding.category = shortened(category);
    finding.reference = shortened(&row.reference);
    findings.push(finding);
}

#[cfg(test)]
mod tests;
