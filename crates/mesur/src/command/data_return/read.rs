//! Reading a return file before it is sent, and saying of one that cannot be sent what `mesur return
//! check` would say.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use mesur_catalogue::{AuthorityCode, Catalogue, Edition};
use mesur_returns::{
    Assembly, FileCheck, FileReading, Finding, FindingKind, Outcome, check_file, file_bytes_max,
    read_file,
};

use super::check;
use crate::connection::Print;
use crate::files::{self, ReturnFile};
use crate::{editions, words};

/// What a file has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// A whole return.
    Whole,
    /// Rows that can be taken, whatever is missing.
    Part,
}

/// A file that can be sent.
pub(super) struct Sendable {
    pub(super) file: ReturnFile,
    pub(super) edition: Arc<Edition>,
    pub(super) authority: AuthorityCode,
    pub(super) assembly: Assembly,
}

/// A file that cannot be sent, and why.
pub(super) struct Unsendable {
    file: ReturnFile,
    edition: Arc<Edition>,
    check: FileCheck,
}

impl Unsendable {
    /// Prints what was found, as a check does.
    pub(super) fn tell(&self, print: &Print) -> anyhow::Result<ExitCode> {
        let wording = words::named(&print.language)?;
        let checked = check::Checked::of(&self.check, &self.edition, &wording);
        check::tell(&self.file, &checked, &wording, print.json)
    }
}

/// Reads a file and finds out whose return it is. Where no edition is named, it is the one of the
/// bundled editions that the file is of.
pub(super) fn read(
    path: &Path,
    edition: Option<&str>,
    due: Due,
) -> anyhow::Result<Result<Sendable, Box<Unsendable>>> {
    let candidates = match edition {
        Some(edition) => vec![editions::find(edition)?],
        None => editions::bundled()?,
    };
    let limits = candidates
        .iter()
        .map(|(_, edition)| file_bytes_max(edition));
    let file = files::read(path, limits.max().unwrap_or(0))?;
    let mut refused: Option<(Arc<Edition>, Vec<Finding>)> = None;
    for (catalogue, edition) in candidates {
        match read_file(&file.bytes, &edition, &catalogue) {
            FileReading::Read {
                authority,
                notes,
                assembly,
            } => {
                let read = Sendable {
                    file,
                    edition,
                    authority,
                    assembly,
                };
                return Ok(read.required(due, notes, &catalogue));
            }
            // What is wrong with it as a return of its own edition says more.
            FileReading::Refused { findings } => match &refused {
                Some((_, before)) if !is_of_other(before) || is_of_other(&findings) => {}
                _ => refused = Some((edition, findings)),
            },
        }
    }
    let Some((edition, findings)) = refused else {
        bail!("there is no edition to read {} for", file.name);
    };
    Ok(Err(Box::new(Unsendable {
        file,
        edition,
        check: FileCheck {
            authority: None,
            outcome: Outcome::Refused,
            findings,
        },
    })))
}

impl Sendable {
    /// The same, unless it is not what is due.
    fn required(
        self,
        due: Due,
        mut notes: Vec<Finding>,
        catalogue: &Catalogue,
    ) -> Result<Self, Box<Unsendable>> {
        let found = self.assembly.findings.iter();
        let mut against = found.filter(|finding| stands_against(due, finding));
        if against.next().is_none() {
            return Ok(self);
        }
        let check = match due {
            Due::Whole => check_file(&self.file.bytes, &self.edition, catalogue, None),
            Due::Part => {
                let mut findings = self.assembly.findings;
                findings.retain(|finding| finding.kind != FindingKind::MissingRow);
                notes.append(&mut findings);
                FileCheck {
                    authority: Some(self.authority),
                    outcome: Outcome::Incomplete,
                    findings: notes,
                }
            }
        };
        Err(Box::new(Unsendable {
            file: self.file,
            edition: self.edition,
            check,
        }))
    }
}

/// Every cell that is not there is missing in a part of a return.
fn stands_against(due: Due, finding: &Finding) -> bool {
    finding.is_error() && (due == Due::Whole || finding.kind != FindingKind::MissingRow)
}

fn is_of_other(findings: &[Finding]) -> bool {
    let kinds = findings.iter().map(|finding| finding.kind);
    kinds
        .into_iter()
        .any(|kind| kind == FindingKind::WrongEdition)
}
