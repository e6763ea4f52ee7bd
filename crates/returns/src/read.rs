//! A return file: reading it, and checking all of it.

use mesur_catalogue::{AuthorityCode, Catalogue, Edition};

use crate::assemble::assemble;
use crate::finding::Finding;
use crate::kind::FindingKind;
use crate::observation::DataReturn;
use crate::outcome::Assembly;
use crate::previous::Previous;
use crate::row::RawObservation;
use crate::table::{most_frequent, read_table};

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
        /// The authority that the rows name.
        authority: AuthorityCode,
        /// Notes on the file, none of them errors.
        notes: Vec<Finding>,
        /// The cells and their findings.
        assembly: Assembly,
    },
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
    /// What was found: on the whole file first, then in catalogue order.
    pub findings: Vec<Finding>,
}

impl FileCheck {
    /// Whether the file could be read as a table of rows. One that is another return, such as that
    /// of another year, is readable and not accepted.
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

/// Reads a file as a return of `edition`. The authority is the one that most rows name.
pub fn read_csv(bytes: &[u8], edition: &Edition, catalogue: &Catalogue) -> FileReading {
    let table = match read_table(bytes) {
        Ok(table) => table,
        Err(findings) => return FileReading::Refused { findings },
    };
    let own = |row: &RawObservation| {
        let code = AuthorityCode::parse(row.authority.as_deref()?.trim()).ok()?;
        edition
            .authority(&code)
            .map(|authority| authority.code.clone())
    };
    let mut faults = Vec::new();
    let period = edition.name().period.as_str();
    if let Some(other) = the_only(&table.rows, |row| row.edition.as_deref())
        && other != period
    {
        let finding = Finding::new(FindingKind::WrongEdition).in_column("edition");
        faults.push(finding.with_value(other).expecting(period));
    }
    let authority = most_frequent(table.rows.iter().filter_map(own));
    if authority.is_none() {
        let named = table.rows.iter().filter_map(|row| row.authority.as_deref());
        let named = most_frequent(named.map(str::trim)).unwrap_or_default();
        let finding = Finding::new(FindingKind::WrongAuthority).in_column("authority");
        faults.push(finding.with_value(named));
    }
    match authority {
        Some(authority) if faults.is_empty() => FileReading::Read {
            assembly: assemble(edition, catalogue, &authority, table.rows),
            authority,
            notes: table.notes,
        },
        _ => FileReading::Refused {
            findings: table.notes.into_iter().chain(faults).collect(),
        },
    }
}

/// Reads a file as a return of `edition` and holds the rules against it; `previous` is the same
/// authority's values of an earlier period.
pub fn check_file(
    bytes: &[u8],
    edition: &Edition,
    catalogue: &Catalogue,
    previous: Option<&Previous>,
) -> FileCheck {
    match read_csv(bytes, edition, catalogue) {
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
                findings: notes.into_iter().chain(findings).collect(),
            }
        }
    }
}

/// The text that every row has in a column, if it is one.
fn the_only<'a>(
    rows: &'a [RawObservation],
    column: impl Fn(&'a RawObservation) -> Option<&'a str>,
) -> Option<&'a str> {
    let mut texts = rows
        .iter()
        .map(|row| column(row).unwrap_or_default().trim());
    let first = texts.next()?;
    texts.all(|text| text == first).then_some(first)
}
