//! Findings on the wire, and their words.

use mesur_catalogue::Severity;
use mesur_proto::types::v1 as pb;
use mesur_returns::Finding;
use mesur_rpc::Violation;
use mesur_wording::{Args, Wording};

/// A finding with its words in the language of `wording`.
pub fn finding_to_wire(finding: &Finding, wording: &Wording) -> pb::Finding {
    pb::Finding {
        number: 0,
        kind: finding.kind.as_str().to_owned(),
        severity: severity_to_wire(finding.severity).into(),
        rule: finding.rule.clone().unwrap_or_default(),
        metric: finding.metric.clone(),
        category: finding.category.clone(),
        cells: finding.cells.iter().map(ToString::to_string).collect(),
        expected: finding.expected.clone().unwrap_or_default(),
        found: finding
            .found
            .clone()
            .or_else(|| finding.value.clone())
            .unwrap_or_default(),
        reference: finding.reference.clone(),
        explanation: String::new(),
        message: message_of(finding, wording),
    }
}

/// What keeps a return from being whole, as a violation of the request's `field`, which holds the
/// observations. The cell stands in brackets, because rows have no order.
pub fn violation_of(field: &str, finding: &Finding) -> Violation {
    let place = place_of(&finding.metric, &finding.category);
    let texts = [&finding.value, &finding.expected, &finding.advice];
    let texts: Vec<&str> = texts.into_iter().flatten().map(String::as_str).collect();
    Violation {
        field: format!("{field}[{place}]"),
        reason: "INVALID_OBSERVATION",
        description: format!("{}: {}", finding.kind.as_str(), texts.join("; ")),
    }
}

fn severity_to_wire(severity: Severity) -> pb::finding::Severity {
    match severity {
        Severity::Error => pb::finding::Severity::Error,
        Severity::Warning => pb::finding::Severity::Warning,
        Severity::Info => pb::finding::Severity::Info,
    }
}

/// Where the finding is, written as the catalogue writes cells: `AD/005[b]`.
pub fn place_of(metric: &str, category: &str) -> String {
    if category.is_empty() {
        metric.to_owned()
    } else {
        format!("{metric}[{category}]")
    }
}

/// What is wrong and what to do, in the language of `wording`. A kind without words, which the
/// tests of the wording rule out, gives its plain values: a finding is never lost for want of a
/// sentence.
pub fn message_of(finding: &Finding, wording: &Wording) -> String {
    let kind = finding.kind.as_str();
    let place = place_of(&finding.metric, &finding.category);
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (expected, found) = (text(&finding.expected), text(&finding.found));
    let args = Args::new()
        .text("metric_cell", &place)
        .text("rule", &text(&finding.rule))
        .text("expected", &expected)
        .text("found", &found)
        .text("value", &text(&finding.value))
        .text("column", &text(&finding.column));
    let message = wording
        .text(&format!("finding-{kind}"), &args)
        .unwrap_or_else(|_| format!("{kind} {place} {expected} {found}"));
    let suggestion = finding.advice.as_ref().and_then(|advice| {
        let args = Args::new().text("advice", advice);
        wording.text("finding-suggestion", &args).ok()
    });
    match suggestion {
        Some(suggestion) => format!("{message} {suggestion}"),
        None => message,
    }
}
