//! Messages from and to the domain.

use mesur_catalogue::{AuthorityCode, Period, Severity};
use mesur_proto::types::v1 as types;
use mesur_proto::types::v1::finding as pb_finding;
use mesur_proto::validation::v1 as pb;
use mesur_returns::{Finding, Previous};
use mesur_rpc::clock;
use mesur_wire::{
    PREVIOUS_VALUES_MAX, QueryName, ReturnName, RoundName, finding_to_wire,
    previous_values_from_wire,
};
use mesur_wording::Wording;

use crate::domain::{Filter, QueryState, Remark, RemarkKind, Said, Standing, Subject};
use crate::error::Error;
use crate::queries::Named;
use crate::reports::Opened;
use crate::store::Mark;

/// A count as the wire has it.
pub(super) fn count(count: impl TryInto<i32>) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
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
            Err(Error::field("previous_period", problem))
        };
    }
    let period = Period::parse(&message.previous_period)
        .map_err(|error| Error::field("previous_period", error.to_string()))?;
    if message.previous_values.len() > PREVIOUS_VALUES_MAX {
        let most = format!("has at most {PREVIOUS_VALUES_MAX} values");
        return Err(Error::field("previous_values", most));
    }
    let values = previous_values_from_wire(&message.previous_values).map_err(|error| {
        let field = format!("previous_values[{}]", error.place);
        Error::field(&field, error.problem)
    })?;
    Ok(Some(Previous {
        authority: authority.clone(),
        period,
        values,
    }))
}

/// A report; `open` has how many findings of each rule are open.
pub(super) fn report_message(opened: &Opened, open: &[u64]) -> pb::Report {
    let (report, progress) = (&opened.held.report, &opened.progress);
    let rules = report
        .rules
        .iter()
        .zip(open)
        .map(|(rule, open)| pb::report::RuleSummary {
            rule: rule.rule.clone(),
            kind: rule.kind.as_str().to_owned(),
            severity: severity_to_wire(rule.severity).into(),
            finding_count: count(rule.findings),
            open_count: count(*open),
        });
    let open_of = |severity: Severity| {
        let rules = report.rules.iter().zip(open);
        let rules = rules.filter(|(rule, _)| rule.severity == severity);
        count(rules.fold(0_u64, |sum, (_, open)| sum.saturating_add(*open)))
    };
    let counts = report.counts();
    let previous = report.previous_period.as_ref();
    pb::Report {
        name: report.name.to_string(),
        etag: report.etag(progress.remarks),
        return_digest: report.return_digest.clone(),
        edition_digest: report.edition_digest.clone(),
        previous_period: previous.map(ToString::to_string).unwrap_or_default(),
        error_count: count(counts.errors),
        warning_count: count(counts.warnings),
        info_count: count(counts.infos),
        open_error_count: open_of(Severity::Error),
        open_warning_count: open_of(Severity::Warning),
        open_query_count: count(progress.open_queries),
        create_time: Some(clock::to_proto(report.created)),
        rules: rules.collect(),
    }
}

/// A finding of a report.
pub(super) fn finding_message(finding: &Finding, said: &Said, wording: &Wording) -> types::Finding {
    types::Finding {
        explanation: said.explanation.clone(),
        standing: said
            .standing
            .map_or(0, |standing| standing_to_wire(standing).into()),
        ..finding_to_wire(finding, wording)
    }
}

/// The most values of one list of a filter.
const FILTER_MAX: usize = 1_000;

/// Refuses a list of a filter that has too many values.
fn within<T>(field: &str, values: &[T]) -> Result<(), Error> {
    if values.len() > FILTER_MAX {
        let problem = format!("has at most {FILTER_MAX} values");
        return Err(Error::field(field, problem));
    }
    Ok(())
}

/// The findings that a caller wants.
pub(super) fn filter(message: Option<pb::FindingFilter>) -> Result<Filter, Error> {
    let message = message.unwrap_or_default();
    within("filter.severities", &message.severities)?;
    within("filter.rules", &message.rules)?;
    within("filter.metrics", &message.metrics)?;
    within("filter.standings", &message.standings)?;
    let severities = message.severities().map(|severity| match severity {
        pb_finding::Severity::Error => Ok(Severity::Error),
        pb_finding::Severity::Warning => Ok(Severity::Warning),
        pb_finding::Severity::Info => Ok(Severity::Info),
        pb_finding::Severity::Unspecified => {
            Err(Error::field("filter.severities", "names no severity"))
        }
    });
    let standings = message.standings().map(|standing| match standing {
        pb_finding::Standing::Unspecified => None,
        pb_finding::Standing::Open => Some(Standing::Open),
        pb_finding::Standing::Explained => Some(Standing::Explained),
        pb_finding::Standing::Accepted => Some(Standing::Accepted),
        pb_finding::Standing::Rejected => Some(Standing::Rejected),
        pb_finding::Standing::Overridden => Some(Standing::Overridden),
    });
    Ok(Filter {
        severities: severities.collect::<Result<_, _>>()?,
        standings: standings.collect(),
        rules: message.rules.iter().cloned().collect(),
        metrics: message.metrics.iter().cloned().collect(),
    })
}

fn severity_to_wire(severity: Severity) -> pb_finding::Severity {
    match severity {
        Severity::Error => pb_finding::Severity::Error,
        Severity::Warning => pb_finding::Severity::Warning,
        Severity::Info => pb_finding::Severity::Info,
    }
}

fn standing_to_wire(standing: Standing) -> pb_finding::Standing {
    match standing {
        Standing::Open => pb_finding::Standing::Open,
        Standing::Explained => pb_finding::Standing::Explained,
        Standing::Accepted => pb_finding::Standing::Accepted,
        Standing::Rejected => pb_finding::Standing::Rejected,
        Standing::Overridden => pb_finding::Standing::Overridden,
    }
}

/// A remark on a return.
pub(super) fn remark_message(name: &ReturnName, remark: &Remark, lapsed: bool) -> pb::Remark {
    let kind = match remark.kind {
        RemarkKind::Explanation => pb::remark::Kind::Explanation,
        RemarkKind::Acceptance => pb::remark::Kind::Acceptance,
        RemarkKind::Rejection => pb::remark::Kind::Rejection,
        RemarkKind::Override => pb::remark::Kind::Override,
        RemarkKind::Query => pb::remark::Kind::Query,
        RemarkKind::Answer => pb::remark::Kind::Answer,
        RemarkKind::AnswerAccepted => pb::remark::Kind::AnswerAccepted,
        RemarkKind::AnswerRejected => pb::remark::Kind::AnswerRejected,
        RemarkKind::Withdrawal => pb::remark::Kind::Withdrawal,
    };
    let subject = match &remark.subject {
        Subject::Finding { id, .. } => id.clone(),
        Subject::Query(number) => QueryName {
            data_return: name.clone(),
            number: *number,
        }
        .to_string(),
    };
    pb::Remark {
        subject,
        kind: kind.into(),
        identity: remark.identity.clone(),
        text: remark.text.clone(),
        revision: count(remark.revision),
        time: Some(clock::to_proto(remark.time)),
        lapsed,
    }
}

/// A query with what was said.
pub(super) fn query_message(named: &Named) -> pb::Query {
    let Named { name, query } = named;
    let state = match query.state() {
        QueryState::Open => pb::query::State::Open,
        QueryState::Answered => pb::query::State::Answered,
        QueryState::Accepted => pb::query::State::Accepted,
        QueryState::Withdrawn => pb::query::State::Withdrawn,
    };
    let round = RoundName {
        edition: name.data_return.edition.clone(),
        number: query.round,
    };
    let text = name.to_string();
    let said = u64::try_from(query.remarks.len()).unwrap_or(u64::MAX);
    let remarks = query.remarks.iter();
    let remarks = remarks.map(|remark| remark_message(&name.data_return, remark, false));
    pb::Query {
        etag: mesur_rpc::etag::etag([text.as_bytes(), &said.to_be_bytes()]),
        name: text,
        round: round.to_string(),
        cells: query.cells.iter().map(ToString::to_string).collect(),
        state: state.into(),
        remarks: remarks.collect(),
    }
}

/// The states that a caller wants.
pub(super) fn query_states(message: &pb::ListQueriesRequest) -> Result<Vec<QueryState>, Error> {
    within("states", &message.states)?;
    let states = message.states().map(|state| match state {
        pb::query::State::Open => Ok(QueryState::Open),
        pb::query::State::Answered => Ok(QueryState::Answered),
        pb::query::State::Accepted => Ok(QueryState::Accepted),
        pb::query::State::Withdrawn => Ok(QueryState::Withdrawn),
        pb::query::State::Unspecified => Err(Error::field("states", "names no state")),
    });
    states.collect()
}

/// A mark of robustness.
pub(super) fn mark_message(mark: &Mark) -> pb::RobustnessMark {
    pb::RobustnessMark {
        authority: mark.authority.to_string(),
        metric: mark.metric.to_string(),
        robust: mark.robust,
        reason: mark.reason.clone(),
        identity: mark.identity.clone(),
        time: Some(clock::to_proto(mark.time)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_a_filter_has_so_many_values_and_no_more() {
        let many = |lists: [usize; 4]| {
            let [severities, rules, metrics, standings] = lists;
            filter(Some(pb::FindingFilter {
                severities: vec![pb_finding::Severity::Error.into(); severities],
                rules: vec!["AD/005-sum".to_owned(); rules],
                metrics: vec!["AD/005".to_owned(); metrics],
                standings: vec![pb_finding::Standing::Open.into(); standings],
            }))
        };
        assert!(many([FILTER_MAX; 4]).is_ok());
        for place in 0..4 {
            let mut lists = [0; 4];
            lists[place] = FILTER_MAX + 1;
            assert!(
                matches!(many(lists), Err(Error::InvalidFields(_))),
                "{place}"
            );
        }
        let of_states = |count| {
            query_states(&pb::ListQueriesRequest {
                states: vec![pb::query::State::Open.into(); count],
                ..pb::ListQueriesRequest::default()
            })
        };
        assert_eq!(of_states(FILTER_MAX).unwrap().len(), FILTER_MAX);
        assert!(of_states(FILTER_MAX + 1).is_err());
    }
}
