//! The content of a return as a sender holds it, and the two forms in which it leaves: the message
//! of `SubmitReturn`, and a CSV file in the long form.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, ensure};
use bytes::Bytes;
use mesur_proto::submission::v1::{
    DataReturn, PreviousValues, RecordPreviousValuesRequest, SubmitReturnRequest,
};
use mesur_proto::types::v1::observation::Status;
use mesur_proto::types::v1::{Observation, PreviousValue};
use mesur_wire::PREVIOUS_VALUES_MAX;
use prost::Message;
use uuid::Uuid;

use crate::invented::authority_code;

/// One row of a return.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Cell {
    /// The metric's code.
    pub(crate) metric: String,
    /// The category's code; empty for the metric itself.
    pub(crate) category: String,
    /// The value, if there is one.
    pub(crate) value: Option<i64>,
    /// The word of the status column.
    pub(crate) status: String,
    /// The comment.
    pub(crate) comment: String,
}

/// The rows of a CSV file in the long form, of whole numbers.
pub(crate) fn read_cells(file: &Path) -> anyhow::Result<Vec<Cell>> {
    let mut reader = csv::Reader::from_path(file)?;
    let mut cells = Vec::new();
    for record in reader.records() {
        let record = record?;
        let field = |place| record.get(place).unwrap_or_default().to_owned();
        let value = field(4);
        cells.push(Cell {
            metric: field(2),
            category: field(3),
            value: (!value.is_empty()).then(|| value.parse()).transpose()?,
            status: field(5),
            comment: field(6),
        });
    }
    ensure!(!cells.is_empty(), "{} has no rows", file.display());
    Ok(cells)
}

/// Writes the rows as a file.
pub(crate) fn write_csv(
    out: &mut impl Write,
    authority: &str,
    period: &str,
    cells: impl IntoIterator<Item = Cell>,
) -> io::Result<()> {
    writeln!(
        out,
        "authority,edition,metric,category,value,status,comment"
    )?;
    for cell in cells {
        let value = cell.value.map(|value| value.to_string());
        let value = value.unwrap_or_default();
        let comment = if cell.comment.contains([',', '"', '\n']) {
            format!("\"{}\"", cell.comment.replace('"', "\"\""))
        } else {
            cell.comment
        };
        writeln!(
            out,
            "{authority},{period},{},{},{value},{},{comment}",
            cell.metric, cell.category, cell.status
        )?;
    }
    Ok(())
}

/// A `SubmitReturn` request, encoded but for its request id.
#[derive(Debug, Clone)]
pub(crate) struct Submission(Bytes);

impl Submission {
    /// The request of an authority for an edition, `pif-2022-23`.
    pub(crate) fn new(
        authority: &str,
        edition: &str,
        cells: &[Cell],
        validate_only: bool,
    ) -> anyhow::Result<Self> {
        let observations = cells.iter().map(observation);
        let request = SubmitReturnRequest {
            data_return: Some(DataReturn {
                name: format!("authorities/{authority}/returns/{edition}"),
                observations: observations.collect::<anyhow::Result<_>>()?,
                ..DataReturn::default()
            }),
            validate_only,
            ..SubmitReturnRequest::default()
        };
        Ok(Self(request.encode_to_vec().into()))
    }

    /// The request with a request id of its own, as every mutation of a real client has one.
    pub(crate) fn next(&self) -> Vec<u8> {
        let id = SubmitReturnRequest {
            request_id: Uuid::new_v4().to_string(),
            ..SubmitReturnRequest::default()
        };
        // Messages one behind the other are one message, with the fields of both.
        [&*self.0, &id.encode_to_vec()].concat()
    }
}

/// The cells with another number in the first one that has any: another content, as long.
pub(crate) fn amended(cells: &[Cell]) -> Vec<Cell> {
    let mut cells = cells.to_vec();
    if let Some(value) = cells.iter_mut().find_map(|cell| cell.value.as_mut()) {
        *value ^= 1;
    }
    cells
}

/// A request that records values a little below these as those of the edition before; of so many as one
/// request may have.
pub(crate) fn previous_values(authority: u32, edition_before: &str, cells: &[Cell]) -> Bytes {
    let code = authority_code(authority);
    let values = cells.iter().take(PREVIOUS_VALUES_MAX).filter_map(|cell| {
        let value = cell.value?;
        Some(PreviousValue {
            metric: cell.metric.clone(),
            category: cell.category.clone(),
            value: value - value / 10,
            decimals: 0,
        })
    });
    let request = RecordPreviousValuesRequest {
        previous_values: Some(PreviousValues {
            name: format!("authorities/{code}/previousValues/{edition_before}"),
            values: values.collect(),
        }),
        request_id: Uuid::new_v4().to_string(),
    };
    request.encode_to_vec().into()
}

fn observation(cell: &Cell) -> anyhow::Result<Observation> {
    let status = match cell.status.as_str() {
        "provided" => Status::Provided,
        "part_period" => Status::PartPeriod,
        "not_provided" => Status::NotProvided,
        "not_applicable" => Status::NotApplicable,
        other => anyhow::bail!("the status {other:?}"),
    };
    Ok(Observation {
        metric: cell.metric.clone(),
        category: cell.category.clone(),
        value: cell.value,
        status: status.into(),
        comment: cell.comment.clone(),
        ..Observation::default()
    })
}

/// The sample return of an authority and a period.
pub(crate) fn sample(authority: &str, period: &str) -> anyhow::Result<Vec<Cell>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../crates/mesur/samples")
        .join(period)
        .join(format!("{authority}.csv"));
    read_cells(&file).with_context(|| format!("reading {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submission_is_one_message_with_a_request_id_of_its_own() {
        let cells = [Cell {
            metric: "AD/001".to_owned(),
            value: Some(8),
            status: "provided".to_owned(),
            ..Cell::default()
        }];
        let submission = Submission::new("W06000001", "pif-2022-23", &cells, true);
        let submission = submission.expect("a submission");
        let sent = [submission.next(), submission.next()]
            .map(|bytes| SubmitReturnRequest::decode(bytes.as_slice()).expect("a message"));
        let [one, other] = &sent;
        assert_ne!(one.request_id, other.request_id);
        assert!(Uuid::parse_str(&one.request_id).is_ok());
        assert!(one.validate_only);
        assert_eq!(one.data_return, other.data_return);
        let content = one.data_return.as_ref().expect("a return");
        assert_eq!(content.observations.len(), 1);
    }

    #[test]
    fn an_amended_return_is_another_one_of_the_same_length() {
        let cells = [None, Some(12_000), Some(7)].map(|value| Cell {
            value,
            ..Cell::default()
        });
        let amended = amended(&cells);
        assert_eq!(amended[1].value, Some(12_001));
        assert_eq!((&amended[0], &amended[2]), (&cells[0], &cells[2]));
    }
}
