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

/// The severity on the wire.
pub fn severity_to_wire(severity: Severity) -> pb::finding::Severity {
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

/// What is wrong and what to do, in the language of `wording`.
pub fn message_of(finding: &Finding, wording: &Wording) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let message = FindingText {
        kind: finding.kind.as_str(),
        place: &place_of(&finding.metric, &finding.category),
        rule: &text(&finding.rule),
        expected: &text(&finding.expected),
        found: &text(&finding.found),
        value: &text(&finding.value),
        column: &text(&finding.column),
    }
    .message(wording);
    match &finding.advice {
        Some(advice) => {
            let args = Args::new().text("advice", advice);
            match wording.text("finding-suggestion", &args) {
                Ok(suggestion) => format!("{message} {suggestion}"),
                Err(_) => message,
            }
        }
        None => message,
    }
}

/// The machine values that a finding's words are made of; a stored finding has them too.
#[derive(Debug, Clone, Copy, Default)]
pub struct FindingText<'a> {
    /// The kind.
    pub kind: &'a str,
    /// Where it is.
    pub place: &'a str,
    /// The id of the rule.
    pub rule: &'a str,
    /// What is asked for.
    pub expected: &'a str,
    /// What was worked out.
    pub found: &'a str,
    /// What was sent.
    pub value: &'a str,
    /// The column of the file.
    pub column: &'a str,
}

impl FindingText<'_> {
    /// The words. A kind without words, which the tests of the wording rule out, gives its plain
    /// values: a finding is never lost for want of a sentence.
    pub fn message(&self, wording: &Wording) -> String {
        let args = Args::new()
            .text("metric_cell", self.place)
            .text("rule", self.rule)
            .text("expected", self.expected)
            .text("found", self.found)
            .text("value", self.value)
            .text("column", self.column);
        wording
            .text(&format!("finding-{}", self.kind), &args)
            .unwrap_or_else(|_| {
                format!(
                    "{} {} {} {}",
                    self.kind, self.place, self.expected, self.found
                )
            })
    }
}
