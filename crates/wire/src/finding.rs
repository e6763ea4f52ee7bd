//! Findings on the wire, and their words.

use mesur_catalogue::{RuleText, Severity};
use mesur_proto::types::v1 as pb;
use mesur_returns::{Finding, FindingKind};
use mesur_rpc::Violation;
use mesur_wording::{Args, Language, Wording};

/// A finding with its words in the language of `wording`.
pub fn finding_to_wire(finding: &Finding, wording: &Wording) -> pb::Finding {
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    pb::Finding {
        id: finding.id.clone(),
        kind: finding.kind.as_str().to_owned(),
        severity: severity_to_wire(finding.severity).into(),
        rule: text(finding.rule.as_ref()),
        metric: finding.metric.clone(),
        category: finding.category.clone(),
        cells: finding.cells.iter().map(ToString::to_string).collect(),
        expected: text(finding.expected.as_ref()),
        found: text(found_in(finding)),
        reference: finding.reference.clone(),
        explanation: String::new(),
        message: message_of(finding, wording),
        previous: text(finding.previous.as_ref()),
        standing: pb::finding::Standing::Unspecified.into(),
        effect: i64::try_from(finding.effect).unwrap_or(i64::MAX),
        place: place_in_file(finding, wording),
    }
}

/// What was worked out, or else what was sent.
fn found_in(finding: &Finding) -> Option<&String> {
    finding.found.as_ref().or(finding.value.as_ref())
}

/// Where in a file the finding is, in words; empty for what came in a message.
fn place_in_file(finding: &Finding, wording: &Wording) -> String {
    let Some(line) = finding.line.map(|line| line.to_string()) else {
        return finding.sheet.clone();
    };
    let args = Args::new()
        .text("sheet", &finding.sheet)
        .text("line", &line);
    let id = if finding.sheet.is_empty() {
        "finding-place-line"
    } else {
        "finding-place-row"
    };
    wording.text(id, &args).unwrap_or(line)
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

/// What is wrong and what to do, in the language of `wording`: the rule's own sentence or else that
/// of the kind; then the value of an earlier period, the rule, and what may have been meant. A
/// kind without words, which the tests of the wording rule out, gives its plain values: a finding
/// is never lost for want of a sentence.
pub fn message_of(finding: &Finding, wording: &Wording) -> String {
    let mut message = match &finding.text {
        Some(text) => rule_sentence(finding, text, wording.language()),
        None => kind_sentence(finding, wording),
    };
    for (id, name, value) in [
        ("finding-previous", "previous", previous_beside(finding)),
        ("finding-rule", "rule", finding.rule.as_ref()),
        ("finding-suggestion", "advice", finding.advice.as_ref()),
    ] {
        let args = value.map(|value| Args::new().text(name, value));
        if let Some(sentence) = args.and_then(|args| wording.text(id, &args).ok()) {
            message.push(' ');
            message.push_str(&sentence);
        }
    }
    message
}

/// The earlier value, where the sentence does not have it already.
fn previous_beside(finding: &Finding) -> Option<&String> {
    let said = finding.text.as_ref().is_some_and(|text| {
        let texts = [&text.en, &text.cy];
        texts.iter().any(|text| text.contains("{previous}"))
    });
    let compared = matches!(
        finding.kind,
        FindingKind::YearOnYear | FindingKind::SuspiciousZero
    );
    let beside = finding.previous.as_ref();
    beside.filter(|_| !said && !compared)
}

fn rule_sentence(finding: &Finding, text: &RuleText, language: Language) -> String {
    let own = match language {
        Language::En => &text.en,
        Language::Cy => &text.cy,
    };
    RuleText::fill(own, |name| match name {
        "found" => found_in(finding).cloned().unwrap_or_default(),
        "expected" => finding.expected.clone().unwrap_or_default(),
        "previous" => finding.previous.clone().unwrap_or_else(|| "–".to_owned()),
        _ => {
            let cells: Vec<String> = finding.cells.iter().map(ToString::to_string).collect();
            cells.join(", ")
        }
    })
}

fn kind_sentence(finding: &Finding, wording: &Wording) -> String {
    let kind = finding.kind.as_str();
    let place = place_of(&finding.metric, &finding.category);
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let (expected, found) = (
        text(finding.expected.as_ref()),
        text(finding.found.as_ref()),
    );
    let args = Args::new()
        .text("metric_cell", &place)
        .text("expected", &expected)
        .text("found", &found)
        .text("value", &text(finding.value.as_ref()))
        .text("column", &text(finding.column.as_ref()));
    wording
        .text(&format!("finding-{kind}"), &args)
        .unwrap_or_else(|_| format!("{kind} {place} {expected} {found}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn wording(language: Language) -> Wording {
        Wording::new(language, None).expect("the house wording")
    }

    fn finding() -> Finding {
        Finding {
            id: "AD/005-sum:AD/005".to_owned(),
            rule: Some("AD/005-sum".to_owned()),
            metric: "AD/005".to_owned(),
            expected: Some("3400".to_owned()),
            found: Some("3440".to_owned()),
            previous: Some("3300".to_owned()),
            effect: 11,
            line: Some(9),
            ..Finding::new(FindingKind::SumMismatch)
        }
    }

    #[test]
    fn a_message_says_found_expected_before_and_the_rule_in_both_languages() {
        for language in [Language::En, Language::Cy] {
            let sent = finding_to_wire(&finding(), &wording(language));
            for said in ["AD/005", "3440", "3400", "3300", "AD/005-sum"] {
                assert!(sent.message.contains(said), "{said}: {}", sent.message);
            }
            let figures = (sent.found.as_str(), sent.expected.as_str(), sent.effect);
            assert_eq!(figures, ("3440", "3400", 11));
        }
        let sheet = Finding {
            sheet: "Adults".to_owned(),
            ..finding()
        };
        let place =
            |finding: &Finding, language| finding_to_wire(finding, &wording(language)).place;
        assert_eq!(place(&finding(), Language::En), "line 9");
        assert_eq!(place(&sheet, Language::Cy), "Adults, rhes 9");
    }

    #[test]
    fn a_rules_own_sentence_takes_the_place_of_that_of_its_kind() {
        let text = RuleText {
            en: "{found} homes, not {expected}; {previous} before.".to_owned(),
            cy: "{found} cartref, nid {expected}.".to_owned(),
        };
        let own = Finding {
            text: Some(Arc::new(text)),
            ..finding()
        };
        assert_eq!(
            message_of(&own, &wording(Language::En)),
            "3440 homes, not 3400; 3300 before. Rule AD/005-sum."
        );
        assert_eq!(
            message_of(&own, &wording(Language::Cy)),
            "3440 cartref, nid 3400. Rheol AD/005-sum."
        );
    }

    #[test]
    fn every_kind_has_a_sentence_in_both_languages() {
        for language in [Language::En, Language::Cy] {
            let wording = wording(language);
            for kind in FindingKind::ALL {
                let message = message_of(&Finding::new(*kind), &wording);
                assert!(!message.starts_with(kind.as_str()), "{message}");
            }
        }
    }
}
