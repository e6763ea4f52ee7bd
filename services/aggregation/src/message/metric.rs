//! What is published of every metric, as messages.

use std::collections::BTreeSet;

use mesur_proto::aggregation::v1 as pb;
use mesur_wire::DecisionName;

use super::{Known, code_of, count, whole};
use crate::domain::{CellTotal, Mark, MetricStanding, standings};

/// The standing of every metric, in catalogue order.
pub(super) fn metric_messages(known: &Known<'_>, totals: &[CellTotal]) -> Vec<pb::MetricStanding> {
    let edition = known.definitions.edition;
    let standings = standings(edition, totals, known.tally.breakdowns(), known.decisions);
    let metrics = edition.metrics().iter().zip(&standings);
    let messages = metrics.map(|(metric, standing)| message(known, metric.code.as_str(), standing));
    messages.collect()
}

fn message(known: &Known<'_>, metric: &str, standing: &MetricStanding) -> pb::MetricStanding {
    let edition = known.definitions.edition;
    let decisions = standing.decisions.iter().map(|number| {
        let (edition, number) = (edition.name().clone(), *number);
        DecisionName { edition, number }.to_string()
    });
    let authority_marks = standing.authority_marks.iter();
    let [total_provided, breakdown_provided] = standing.provided;
    let [total_coverage, breakdown_coverage] = standing.coverage_percent;
    pb::MetricStanding {
        metric: metric.to_owned(),
        national_published: standing.national_published,
        authorities_published: standing.authorities_published,
        withholding_proposed: standing.withholding_proposed,
        marks: marks_to_wire(&standing.marks),
        total_provided_count: count(total_provided),
        breakdown_provided_count: count(breakdown_provided),
        total_coverage_percent: whole(total_coverage),
        breakdown_coverage_percent: whole(breakdown_coverage),
        decisions: decisions.collect(),
        authority_marks: authority_marks
            .map(|(place, own)| pb::AuthorityMarks {
                authority: code_of(edition, *place),
                marks: marks_to_wire(own),
            })
            .collect(),
    }
}

/// Marks in their order.
pub(crate) fn marks_to_wire(marks: &BTreeSet<Mark>) -> Vec<i32> {
    let marks = marks.iter().map(|mark| match mark {
        Mark::Provisional => pb::Mark::Provisional,
        Mark::LowReliability => pb::Mark::LowReliability,
        Mark::Estimated => pb::Mark::Estimated,
    });
    marks.map(i32::from).collect()
}
