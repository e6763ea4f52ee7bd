//! From return files to what is sent.

use std::collections::BTreeMap;

use anyhow::bail;
use mesur_catalogue::{AuthorityCode, Catalogue, Edition};
use mesur_proto::types::v1::Observation;
use mesur_returns::{
    CellState, FileReading, Finding, Previous, PreviousError, check_file, read_csv,
};
use mesur_wire::{ReturnName, observation_to_wire};
use mesur_wording::{Args, Wording};

use crate::files::ReturnFile;
use crate::findings::{Row, table};

/// A return to send.
pub(crate) struct Sent {
    /// The name of its file.
    pub(crate) file: String,
    /// The return.
    pub(crate) name: ReturnName,
    /// Its observations; each has the line of its row as reference.
    pub(crate) observations: Vec<Observation>,
}

/// The earlier values of each authority.
pub(crate) type PreviousByAuthority = BTreeMap<AuthorityCode, Previous>;

/// Reads return files of an edition.
pub(crate) struct Reader<'a> {
    pub(crate) edition: &'a Edition,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) wording: &'a Wording,
}

impl Reader<'_> {
    /// Reads every file. A file that is no whole return is checked here, all of it, and not sent:
    /// what is found is in `rows`. Of the others only what the service cannot see is.
    pub(crate) fn read_returns(
        &self,
        files: &[ReturnFile],
        previous: &PreviousByAuthority,
        rows: &mut Vec<Row>,
    ) -> anyhow::Result<Vec<Sent>> {
        let mut sent = Vec::new();
        let mut seen: BTreeMap<AuthorityCode, &str> = BTreeMap::new();
        for file in files {
            let (authority, findings, cells) =
                match read_csv(&file.bytes, self.edition, self.catalogue) {
                    FileReading::Refused { findings } => (None, findings, Vec::new()),
                    FileReading::Read {
                        authority,
                        notes,
                        assembly,
                    } => {
                        let findings = notes.into_iter().chain(assembly.findings).collect();
                        (Some(authority), findings, assembly.cells)
                    }
                };
            let Some(authority) = authority else {
                self.note(file, None, &findings, rows);
                continue;
            };
            if findings.iter().any(Finding::is_error) {
                let previous = previous.get(&authority);
                let checked = check_file(&file.bytes, self.edition, self.catalogue, previous);
                self.note(file, Some(&authority), &checked.findings, rows);
                continue;
            }
            self.note(file, Some(&authority), &findings, rows);
            if let Some(other) = seen.insert(authority.clone(), &file.name) {
                rows.push(self.duplicate(file, &authority, other)?);
                continue;
            }
            sent.push(self.to_send(file, authority, &cells));
        }
        Ok(sent)
    }

    fn note(
        &self,
        file: &ReturnFile,
        authority: Option<&AuthorityCode>,
        findings: &[Finding],
        rows: &mut Vec<Row>,
    ) {
        rows.extend(findings.iter().map(|finding| Row {
            authority: authority.map(ToString::to_string).unwrap_or_default(),
            ..Row::of_file(&file.name, finding, self.wording)
        }));
    }

    fn duplicate(
        &self,
        file: &ReturnFile,
        authority: &AuthorityCode,
        other: &str,
    ) -> anyhow::Result<Row> {
        let args = Args::new()
            .text("file", &file.name)
            .text("authority", authority.as_str())
            .text("other", other);
        let message = self.wording.text("finding-duplicate_return", &args)?;
        Ok(Row::of_folder(
            &file.name,
            authority.as_str(),
            "duplicate_return",
            message,
        ))
    }

    fn to_send(&self, file: &ReturnFile, authority: AuthorityCode, cells: &[CellState]) -> Sent {
        let observations = self
            .edition
            .cells()
            .iter()
            .zip(cells)
            .filter_map(|(cell, state)| {
                let CellState::Observed { observation, line } = state else {
                    return None;
                };
                let reference = line.map(|line| line.to_string()).unwrap_or_default();
                Some(Observation {
                    reference,
                    ..observation_to_wire(cell, observation)
                })
            });
        Sent {
            file: file.name.clone(),
            observations: observations.collect(),
            name: ReturnName {
                authority,
                edition: self.edition.name().clone(),
            },
        }
    }

    /// Reads the earlier values in a folder's files: one file an authority.
    pub(crate) fn read_previous(
        &self,
        files: &[ReturnFile],
    ) -> anyhow::Result<PreviousByAuthority> {
        let mut values = PreviousByAuthority::new();
        for file in files {
            let previous = read_previous(file, self.edition, self.wording)?;
            if let Some(other) = values.insert(previous.authority.clone(), previous) {
                bail!(
                    "{} is a second earlier return of {}",
                    file.name,
                    other.authority
                );
            }
        }
        Ok(values)
    }
}

/// The earlier values in a file, which must be of a period before the edition's.
pub(crate) fn read_previous(
    file: &ReturnFile,
    edition: &Edition,
    wording: &Wording,
) -> anyhow::Result<Previous> {
    let previous = match Previous::read_csv(&file.bytes) {
        Ok(previous) => previous,
        Err(error @ PreviousError::Unnamed) => bail!("{}: {error}", file.name),
        Err(PreviousError::Unreadable { findings }) => {
            let rows = findings
                .iter()
                .map(|finding| Row::of_file(&file.name, finding, wording));
            let rows: Vec<Row> = rows.collect();
            bail!(
                "an earlier return cannot be read\n{}",
                table(&rows, wording)?
            );
        }
    };
    let (period, ours) = (&previous.period, &edition.name().period);
    if period >= ours {
        bail!("{} is of {period}, which is not before {ours}", file.name);
    }
    Ok(previous)
}
