//! Reports and answers, pure: how a return is examined, what a report says, and which findings
//! take an explanation.

use jiff::Timestamp;
use mesur_catalogue::{AuthorityCode, Catalogue, Edition, Period, Severity};
use mesur_returns::{DataReturn, Finding, Previous, RawObservation, assemble};
use mesur_wire::ReportName;

/// The longest explanation, in characters.
pub(crate) const EXPLANATION_CHARS_MAX: usize = 1_000;

/// A whole return and everything that was found in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Examined {
    /// The return.
    pub(crate) content: DataReturn,
    /// Everything that was found, in catalogue order.
    pub(crate) findings: Vec<Finding>,
}

/// Puts rows together and holds the rules of the edition against them. `Err` has the findings
/// that keep the rows from being a whole return.
pub(crate) fn examine(
    edition: &Edition,
    catalogue: &Catalogue,
    authority: &AuthorityCode,
    rows: impl IntoIterator<Item = RawObservation>,
    previous: Option<&Previous>,
) -> Result<Examined, Vec<Finding>> {
    let assembly = assemble(edition, catalogue, authority, rows);
    let findings = assembly.check(edition, previous);
    let content = assembly.into_return(edition, authority)?;
    Ok(Examined { content, findings })
}

/// Why a value is right, in the words of the authority: not empty, not longer than
/// [`EXPLANATION_CHARS_MAX`], without space around it or control characters in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Explanation(String);

impl Explanation {
    /// Reads an explanation; `None` when it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let plain = !text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
        let fits = !text.is_empty() && text.chars().nth(EXPLANATION_CHARS_MAX).is_none() && plain;
        fits.then(|| Self(text.to_owned()))
    }
}

/// A finding of a report and what was said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    /// The finding.
    pub(crate) finding: Finding,
    /// The explanation; empty before there is one.
    pub(crate) explanation: String,
}

/// An answer that cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The report has no finding of that number.
    NoSuchFinding,
    /// Only warnings are explained: an error is corrected, and a note asks for nothing.
    NotAWarning,
}

/// The findings on one revision of a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// Which revision of which return it is on.
    pub(crate) name: ReportName,
    /// The digest of the return's content.
    pub(crate) return_digest: String,
    /// The digest of the edition.
    pub(crate) edition_digest: String,
    /// The earlier period that was compared with.
    pub(crate) previous_period: Option<Period>,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// The findings in their order; a finding's number is its place, counted from 1.
    pub(crate) findings: Vec<Answered>,
    /// How often an answer changed it.
    pub(crate) answers: u32,
}

impl Report {
    /// The report on a return that was examined now.
    pub(crate) fn new(
        name: ReportName,
        examined: Examined,
        previous_period: Option<Period>,
        now: Timestamp,
    ) -> Self {
        let unanswered = |finding| Answered {
            finding,
            explanation: String::new(),
        };
        Self {
            name,
            return_digest: examined.content.digest(),
            edition_digest: examined.content.edition_digest,
            previous_period,
            created: now,
            findings: examined.findings.into_iter().map(unanswered).collect(),
            answers: 0,
        }
    }

    /// What a caller saw: changes with every answer.
    pub(crate) fn etag(&self) -> String {
        let name = self.name.to_string();
        let answers = self.answers.to_be_bytes();
        mesur_rpc::etag::etag([name.as_bytes(), self.return_digest.as_bytes(), &answers])
    }

    /// How many errors there are.
    pub(crate) fn error_count(&self) -> usize {
        self.of(Severity::Error).count()
    }

    /// How many warnings there are.
    pub(crate) fn warning_count(&self) -> usize {
        self.of(Severity::Warning).count()
    }

    /// How many warnings have no explanation.
    pub(crate) fn open_count(&self) -> usize {
        let warnings = self.of(Severity::Warning);
        warnings.filter(|one| one.explanation.is_empty()).count()
    }

    fn of(&self, severity: Severity) -> impl Iterator<Item = &Answered> {
        let findings = self.findings.iter();
        findings.filter(move |one| one.finding.severity == severity)
    }

    /// The report with a warning explained, and that warning. A later explanation takes the place
    /// of an earlier one.
    pub(crate) fn answer(
        mut self,
        number: i32,
        explanation: &Explanation,
    ) -> Result<(Self, Answered), Refusal> {
        let place = usize::try_from(number).ok();
        let place = place.and_then(|number| number.checked_sub(1));
        let warning = place
            .and_then(|place| self.findings.get_mut(place))
            .ok_or(Refusal::NoSuchFinding)?;
        match warning.finding.severity {
            Severity::Warning => {}
            Severity::Error | Severity::Info => return Err(Refusal::NotAWarning),
        }
        warning.explanation.clone_from(&explanation.0);
        let answered = warning.clone();
        self.answers = self.answers.saturating_add(1);
        Ok((self, answered))
    }
}

#[cfg(test)]
mod tests {
    use mesur_returns::FindingKind;
    use mesur_wire::RevisionName;

    use super::*;

    fn finding(severity: Severity) -> Answered {
        let finding = Finding {
            kind: FindingKind::YearOnYear,
            severity,
            rule: None,
            cells: Vec::new(),
            metric: String::new(),
            category: String::new(),
            line: None,
            column: None,
            value: None,
            expected: None,
            found: None,
            advice: None,
            reference: String::new(),
        };
        Answered {
            finding,
            explanation: String::new(),
        }
    }

    fn report() -> Report {
        let name = "authorities/W06000012/returns/pif-2022-23/revisions/1";
        let severities = [Severity::Warning, Severity::Error, Severity::Info];
        Report {
            name: ReportName(RevisionName::parse(name).expect("a name")),
            return_digest: "sha256:1".to_owned(),
            edition_digest: "sha256:2".to_owned(),
            previous_period: None,
            created: Timestamp::UNIX_EPOCH,
            findings: severities.map(finding).into(),
            answers: 0,
        }
    }

    #[test]
    fn only_a_warning_takes_an_explanation_and_a_later_one_replaces_it() {
        let explain = |text| Explanation::parse(text).expect("an explanation");
        let fresh = report();
        assert_eq!((fresh.error_count(), fresh.warning_count()), (1, 1));
        assert_eq!(fresh.open_count(), 1);
        for (number, refusal) in [
            (i32::MIN, Refusal::NoSuchFinding),
            (0, Refusal::NoSuchFinding),
            (2, Refusal::NotAWarning),
            (3, Refusal::NotAWarning),
            (4, Refusal::NoSuchFinding),
        ] {
            let refused = fresh.clone().answer(number, &explain("counted twice"));
            assert_eq!(refused, Err(refusal), "{number}");
        }
        let (first, _) = fresh.clone().answer(1, &explain("a new team")).unwrap();
        let (second, answered) = first.clone().answer(1, &explain("a new office")).unwrap();
        assert_eq!(answered.explanation, "a new office");
        assert_eq!((second.open_count(), second.warning_count()), (0, 1));
        let etags = [fresh.etag(), first.etag(), second.etag()];
        assert!(etags[0] != etags[1] && etags[1] != etags[2], "{etags:?}");
    }

    #[test]
    fn an_explanation_has_1_to_1000_characters_besides_the_space_around_it() {
        let longest = "ŵ".repeat(EXPLANATION_CHARS_MAX);
        let padded = format!(" {longest}\n");
        assert_eq!(
            Explanation::parse(&padded),
            Some(Explanation(longest.clone()))
        );
        for text in ["", " \t\n", &format!("{longest}ŵ")] {
            assert_eq!(Explanation::parse(text), None, "{}", text.len());
        }
    }
}
