//! From return files to what is sent.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::bail;
use mesur_catalogue::{AuthorityCode, Catalogue, Edition};
use mesur_proto::types::v1::Observation;
use mesur_returns::{
    Assembly, FileReading, Finding, Previous, PreviousError, check_file, file_bytes_max, read_file,
};
use mesur_wire::{ReturnName, observations_to_wire};
use mesur_wording::{Args, Wording};

use crate::files::{self, ReturnFile};
use crate::findings::{Row, table};
use crate::words;

/// A return to send.
pub(crate) struct Sent {
    /// The name of its file.
    pub(crate) file: String,
    /// The return.
    pub(crate) name: ReturnName,
    /// Its observations.
    pub(crate) observations: Vec<Observation>,
    /// Where each cell stands in the file, by metric and category.
    pub(crate) places: Places,
}

/// Where the cells stand in a file, in words, by metric and category.
pub(crate) type Places = BTreeMap<(String, String), String>;

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
    ) -> Vec<Sent> {
        let mut sent = Vec::new();
        let mut seen: BTreeMap<AuthorityCode, &str> = BTreeMap::new();
        for file in files {
            let (authority, notes, assembly) =
                match read_file(&file.bytes, self.edition, self.catalogue) {
                    FileReading::Refused { findings } => {
                        self.note(file, None, &findings, rows);
                        continue;
                    }
                    FileReading::Read {
                        authority,
                        notes,
                        assembly,
                    } => (authority, notes, assembly),
                };
            let findings: Vec<Finding> =
                notes.into_iter().chain(assembly.findings.clone()).collect();
            if findings.iter().any(Finding::is_error) {
                let previous = previous.get(&authority);
                let checked = check_file(&file.bytes, self.edition, self.catalogue, previous);
                self.note(file, Some(&authority), &checked.findings, rows);
                continue;
            }
            self.note(file, Some(&authority), &findings, rows);
            if let Some(other) = seen.insert(authority.clone(), &file.name) {
                rows.push(self.duplicate(file, &authority, other));
                continue;
            }
            sent.push(self.to_send(file, authority, &assembly));
        }
        sent
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

    fn duplicate(&self, file: &ReturnFile, authority: &AuthorityCode, other: &str) -> Row {
        let args = Args::new()
            .text("file", &file.name)
            .text("authority", authority.as_str())
            .text("other", other);
        let message = words::text(self.wording, "finding-duplicate_return", &args);
        Row::of_folder(&file.name, authority.as_str(), "duplicate_return", message)
    }

    fn to_send(&self, file: &ReturnFile, authority: AuthorityCode, assembly: &Assembly) -> Sent {
        Sent {
            file: file.name.clone(),
            observations: observations_to_wire(self.edition, &assembly.cells),
            name: ReturnName {
                authority,
                edition: self.edition.name().clone(),
            },
            places: self.places(assembly),
        }
    }

    fn places(&self, assembly: &Assembly) -> Places {
        let mut places = Places::new();
        for cell in self.edition.cells() {
            let reference = &cell.reference;
            let id = self.edition.cell_id(reference);
            let Some((id, line)) = id.and_then(|id| Some((id, assembly.line(id)?))) else {
                continue;
            };
            let sheet = assembly.sheet(id);
            let args = Args::new()
                .text("line", &line.to_string())
                .text("sheet", sheet);
            let words_id = if sheet.is_empty() {
                "finding-place-line"
            } else {
                "finding-place-row"
            };
            let cell = (
                reference.metric.to_string(),
                reference.category_str().to_owned(),
            );
            places.insert(cell, words::text(self.wording, words_id, &args));
        }
        places
    }

    /// Reads the earlier values in a folder's files: one file an authority.
    pub(crate) fn read_previous(
        &self,
        files: &[ReturnFile],
    ) -> anyhow::Result<PreviousByAuthority> {
        let mut values = PreviousByAuthority::new();
        for file in files {
            let previous = earlier_values(file, self.edition, self.wording)?;
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
    path: &Path,
    edition: &Edition,
    wording: &Wording,
) -> anyhow::Result<Previous> {
    let file = files::read(path, file_bytes_max(edition))?;
    earlier_values(&file, edition, wording)
}

fn earlier_values(
    file: &ReturnFile,
    edition: &Edition,
    wording: &Wording,
) -> anyhow::Result<Previous> {
    let previous = match Previous::read_file(&file.bytes, edition) {
        Ok(previous) => previous,
        Err(error @ PreviousError::Unnamed) => bail!("{}: {error}", file.name),
        Err(PreviousError::Unreadable { findings }) => {
            let rows = findings
                .iter()
                .map(|finding| Row::of_file(&file.name, finding, wording));
            let rows: Vec<Row> = rows.collect();
            bail!(
                "an earlier return cannot be read\n{}",
                table(&rows, wording)
            );
        }
    };
    let (period, ours) = (&previous.period, &edition.name().period);
    if period >= ours {
        bail!("{} is of {period}, which is not before {ours}", file.name);
    }
    Ok(previous)
}
