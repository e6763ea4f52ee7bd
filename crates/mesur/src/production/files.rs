//! From return files to messages.

use std::collections::BTreeMap;

use anyhow::bail;
use mesur_catalogue::{AuthorityCode, Catalogue, Edition, EditionName};
use mesur_proto::submission::v1::{PreviousValue, PreviousValues};
use mesur_proto::types::v1::Observation;
use mesur_returns::{CellState, FileReading, Finding, Previous, read_csv};
use mesur_wire::{PreviousValuesName, ReturnName, observation_to_wire};
use mesur_wording::Wording;

use crate::files::ReturnFile;
use crate::findings::Row;

/// A return to send.
pub(crate) struct Sent {
    /// The name of its file.
    pub(crate) file: String,
    /// The return.
    pub(crate) name: ReturnName,
    /// Its observations; each has the line of its row as reference.
    pub(crate) observations: Vec<Observation>,
}

/// Reads every file. What keeps a file from being a whole return is noted in `rows`, and the
/// file is not sent.
pub(crate) fn read_returns(
    files: &[ReturnFile],
    edition: &Edition,
    catalogue: &Catalogue,
    wording: &Wording,
    rows: &mut Vec<Row>,
) -> anyhow::Result<Vec<Sent>> {
    let mut sent = Vec::new();
    let mut seen: BTreeMap<AuthorityCode, &str> = BTreeMap::new();
    for file in files {
        let (findings, read) = match read_csv(&file.bytes, edition, catalogue) {
            FileReading::Unreadable { findings } => (findings, None),
            FileReading::Read {
                authority,
                notes,
                assembly,
            } => {
                let findings = notes.into_iter().chain(assembly.findings);
                (findings.collect(), Some((authority, assembly.cells)))
            }
        };
        let first = rows.len();
        rows.extend(
            findings
                .iter()
                .map(|finding| Row::of_file(&file.name, finding, wording)),
        );
        let Some((authority, cells)) = read else {
            continue;
        };
        for row in rows.iter_mut().skip(first) {
            row.authority = authority.to_string();
        }
        if let Some(other) = seen.insert(authority.clone(), &file.name) {
            bail!("{other} and {} are both returns of {authority}", file.name);
        }
        if findings.iter().any(Finding::is_error) {
            continue;
        }
        let name = ReturnName {
            authority,
            edition: edition.name().clone(),
        };
        let observations = edition
            .cells()
            .iter()
            .zip(&cells)
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
        let observations = observations.collect();
        sent.push(Sent {
            file: file.name.clone(),
            name,
            observations,
        });
    }
    Ok(sent)
}

/// Reads the earlier values in a folder's files.
pub(crate) fn read_previous(
    files: &[ReturnFile],
    edition: &Edition,
) -> anyhow::Result<Vec<PreviousValues>> {
    let mut values = Vec::new();
    for file in files {
        let previous = match Previous::read_csv(&file.bytes) {
            Ok(previous) => previous,
            Err(error) => bail!("{}: {error}", file.name),
        };
        let collection = edition.name().collection.clone();
        let period = previous.period.clone();
        let edition = EditionName { collection, period };
        let name = PreviousValuesName {
            authority: previous.authority,
            edition,
        };
        let cells = previous
            .values
            .into_iter()
            .map(|(cell, value)| PreviousValue {
                metric: cell.metric.to_string(),
                category: cell.category_str().to_owned(),
                value: value.value,
                decimals: value.decimals.into(),
            });
        values.push(PreviousValues {
            name: name.to_string(),
            values: cells.collect(),
        });
    }
    Ok(values)
}
