//! Messages from and to the domain.

use mesur_catalogue::{AuthorityCode, Period};
use mesur_proto::types::v1::Finding;
use mesur_proto::validation::v1 as pb;
use mesur_returns::Previous;
use mesur_rpc::{Violation, clock};
use mesur_store::LogEntry;
use mesur_wire::{PREVIOUS_VALUES_MAX, finding_to_wire, previous_values_from_wire};
use mesur_wording::Wording;

use crate::domain::{Answered, Report};
use crate::error::Error;
use crate::store;

/// A field that is wrong.
pub(super) fn invalid(field: &str, description: &str) -> Error {
    Error::InvalidField(Violation {
        field: field.to_owned(),
        reason: "INVALID_FIELD",
        description: description.to_owned(),
    })
}

/// The earlier values that a caller gives to compare with.
pub(super) fn previous(
    authority: &AuthorityCode,
    message: &pb::ValidateReturnRequest,
) -> Result<Option<Previous>, Error> {
    if message.previous_period.is_empty() {
        return if message.previous_values.is_empty() {
            Ok(None)
        } else {
            let problem = "must be set where there are previous values";
            Err(invalid("previous_period", problem))
        };
    }
    let period = Period::parse(&message.previous_period)
        .map_err(|error| invalid("previous_period", &error.to_string()))?;
    if message.previous_values.len() > PREVIOUS_VALUES_MAX {
        let most = format!("has at most {PREVIOUS_VALUES_MAX} values");
        return Err(invalid("previous_values", &most));
    }
    let values = previous_values_from_wire(&message.previous_values).map_err(|error| {
        let field = format!("previous_values[{}]", error.place);
        invalid(&field, &error.problem)
    })?;
    Ok(Some(Previous {
        authority: authority.clone(),
        period,
        values,
    }))
}

/// A report with the words of its findings.
pub(super) fn report_message(report: &Report, wording: &Wording) -> pb::Report {
    let count = |count| i32::try_from(count).unwrap_or(i32::MAX);
    let previous = report.previous_period.as_ref();
    let findings = (1..).zip(&report.findings);
    let findings = findings.map(|(number, one)| finding_message(number, one, wording));
    pb::Report {
        name: report.name.to_string(),
        etag: report.etag(),
        return_digest: report.return_digest.clone(),
        edition_digest: report.edition_digest.clone(),
        previous_period: previous.map(ToString::to_string).unwrap_or_default(),
        findings: findings.collect(),
        error_count: count(report.error_count()),
        warning_count: count(report.warning_count()),
        open_count: count(report.open_count()),
        create_time: Some(clock::to_proto(report.created)),
    }
}

/// A finding of a report.
pub(super) fn finding_message(number: i32, answered: &Answered, wording: &Wording) -> Finding {
    Finding {
        number,
        explanation: answered.explanation.clone(),
        ..finding_to_wire(&answered.finding, wording)
    }
}

/// An entry of the log.
pub(super) fn event_message(entry: &LogEntry) -> Result<pb::WatchReportsResponse, Error> {
    Ok(pb::WatchReportsResponse {
        cursor: entry.position.to_bytes().to_vec(),
        name: store::made_of(&entry.value)?,
    })
}
