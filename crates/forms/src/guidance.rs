//! The guidance of a form: what may be chosen, and what the return is held against.

use mesur_catalogue::{Edition, RuleKind};
use mesur_returns::Observed;

use crate::error::Error;
use crate::words::Words;

/// The lines of the guidance, and where the lists stand that a cell may choose from.
#[derive(Debug, Default)]
pub(crate) struct Guidance {
    pub(crate) lines: Vec<Line>,
    /// The lines of the statuses, from 0, as first and last.
    pub(crate) statuses: (usize, usize),
    /// The lines of the reasons, from 0, as first and last; `None` where the edition has none.
    pub(crate) reasons: Option<(usize, usize)>,
}

/// A line of the guidance.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Heading(String),
    Text(String),
    /// A word or id, and what it stands for.
    Pair(String, String),
    Empty,
}

impl Guidance {
    fn heading(&mut self, text: String) {
        if !self.lines.is_empty() {
            self.lines.push(Line::Empty);
        }
        self.lines.push(Line::Heading(text));
    }

    /// Adds pairs; where they stand comes back.
    fn pairs(&mut self, pairs: Vec<(String, String)>) -> (usize, usize) {
        let first = self.lines.len();
        self.lines
            .extend(pairs.into_iter().map(|(word, text)| Line::Pair(word, text)));
        (first, self.lines.len().saturating_sub(1))
    }
}

pub(crate) fn write(edition: &Edition, words: &Words) -> Result<Guidance, Error> {
    let mut guidance = Guidance::default();
    guidance.heading(words.plain("form-statuses-heading")?);
    let status = |word: &str| {
        let id = format!("form-status-{word}");
        Ok::<_, Error>((word.to_owned(), words.plain(&id)?))
    };
    let statuses = Observed::STATUSES.into_iter().map(status);
    guidance.statuses = guidance.pairs(statuses.collect::<Result<_, _>>()?);
    if !edition.reasons().is_empty() {
        guidance.heading(words.plain("form-reasons-heading")?);
        // Both languages, whichever the form is in: an authority's staff read either.
        let reasons = edition.reasons().iter().map(|reason| {
            let labels = [reason.label_en.as_str(), reason.label_cy.as_str()];
            let labels: Vec<&str> = labels
                .into_iter()
                .filter(|label| !label.is_empty())
                .collect();
            (reason.id.clone(), labels.join(" / "))
        });
        guidance.reasons = Some(guidance.pairs(reasons.collect()));
    }
    guidance.heading(words.plain("form-rules-heading")?);
    guidance
        .lines
        .push(Line::Text(words.plain("form-rules-signs")?));
    let mut kinds: Vec<RuleKind> = Vec::new();
    for rule in edition.rules() {
        if !kinds.contains(&rule.kind) {
            kinds.push(rule.kind);
        }
    }
    for kind in kinds {
        guidance.heading(words.plain(&format!("form-rule-{}", kind.as_str()))?);
        let rules = edition.rules().iter().filter(|rule| rule.kind == kind);
        let rules = rules.map(|rule| (rule.id.clone(), rule.test.describe()));
        guidance.pairs(rules.collect());
    }
    Ok(guidance)
}
