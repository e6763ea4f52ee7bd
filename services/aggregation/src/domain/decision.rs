//! Decisions on what is published of a metric, and how it is marked.
//!
//! They are numbered, and none is ever changed: the newest on a subject is in force. A subject is a
//! metric together with what is decided of it: whether the national value is published, whether those
//! of the authorities are, how all values are marked, or how one authority's are.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use mesur_catalogue::{AuthorityCode, MetricCode};

/// The most characters of a reason.
pub(crate) const REASON_CHARS_MAX: usize = 2_000;

/// A mark on published values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    /// May be revised.
    Provisional,
    /// Of low reliability, and shown.
    LowReliability,
    /// Estimated.
    Estimated,
}

impl Mark {
    /// Every mark.
    pub(crate) const ALL: [Self; 3] = [Self::Provisional, Self::LowReliability, Self::Estimated];

    /// The letter of StatsWales.
    pub(crate) fn letter(self) -> &'static str {
        match self {
            Self::Provisional => "p",
            Self::LowReliability => "u",
            Self::Estimated => "e",
        }
    }

    /// The mark of a letter.
    pub(crate) fn of_letter(letter: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.letter() == letter)
    }
}

/// What is decided of a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// Whether the national value is published.
    National(bool),
    /// Whether the values of the authorities are published.
    Authorities(bool),
    /// The marks from now on, of one authority's values or of all.
    Marks {
        /// Whose; `None` for all values.
        authority: Option<AuthorityCode>,
        /// Which.
        marks: BTreeSet<Mark>,
    },
}

/// What a decision is on: a later one on the same takes its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// The national value.
    National,
    /// The values of the authorities.
    Authorities,
    /// The marks of one authority's values, or of all.
    Marks(Option<AuthorityCode>),
}

impl Ruling {
    /// What it is on.
    pub(crate) fn subject(&self) -> Subject {
        match self {
            Self::National(_) => Subject::National,
            Self::Authorities(_) => Subject::Authorities,
            Self::Marks { authority, .. } => Subject::Marks(authority.clone()),
        }
    }
}

/// Why a text is no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("has 1 to {REASON_CHARS_MAX} characters and no control characters but line ends and tabs")]
pub(crate) struct ReasonError;

/// Why a decision was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DecisionReason(String);

impl DecisionReason {
    /// Reads a reason without the space around it.
    pub(crate) fn parse(text: &str) -> Result<Self, ReasonError> {
        let text = text.trim().replace("\r\n", "\n");
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        let fits = !text.is_empty() && text.chars().nth(REASON_CHARS_MAX).is_none();
        if fits && !text.chars().any(control) {
            Ok(Self(text))
        } else {
            Err(ReasonError)
        }
    }

    /// The words.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A decision that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Counted from 1 for each edition.
    pub(crate) number: u32,
    /// The metric.
    pub(crate) metric: MetricCode,
    /// What is decided.
    pub(crate) ruling: Ruling,
    /// Why.
    pub(crate) reason: DecisionReason,
    /// The identity of who decided.
    pub(crate) decider: String,
    /// When.
    pub(crate) created: Timestamp,
}

impl Decision {
    /// Texts of people stand with their length before them, so that no reason can read as another
    /// input.
    fn digest_line(&self) -> String {
        let ruling = match &self.ruling {
            Ruling::National(published) => format!("national {published}"),
            Ruling::Authorities(published) => format!("authorities {published}"),
            Ruling::Marks { authority, marks } => {
                let letters: String = marks.iter().map(|mark| mark.letter()).collect();
                let whose = authority.as_ref().map_or("all", AuthorityCode::as_str);
                format!("marks {whose} [{letters}]")
            }
        };
        let (reason, decider) = (self.reason.as_str(), &self.decider);
        format!(
            "\ndecision {} {} {ruling} {} {}:{decider} {}:{reason}",
            self.number,
            self.metric,
            self.created,
            decider.len(),
            reason.len(),
        )
    }

    fn subject(&self) -> (MetricCode, Subject) {
        (self.metric.clone(), self.ruling.subject())
    }
}

/// The decisions of an edition that are in force.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Decisions(BTreeMap<(MetricCode, Subject), Decision>);

impl Decisions {
    /// Takes the next decision in; they come in the order of their numbers.
    pub(crate) fn take(&mut self, decision: Decision) {
        self.0.insert(decision.subject(), decision);
    }

    /// The decision in force on a subject.
    pub(crate) fn on(&self, metric: &MetricCode, subject: &Subject) -> Option<&Decision> {
        self.0.get(&(metric.clone(), subject.clone()))
    }

    /// Whether a decision is in force.
    pub(crate) fn has(&self, decision: &Decision) -> bool {
        let held = self.0.get(&decision.subject());
        held.is_some_and(|held| held.number == decision.number)
    }

    /// Those on a metric.
    pub(crate) fn of_metric(&self, metric: &MetricCode) -> impl Iterator<Item = &Decision> {
        let first = (metric.clone(), Subject::National);
        let own = self.0.range(first..).map(|(_, decision)| decision);
        own.take_while(move |decision| decision.metric == *metric)
    }

    /// All, in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Decision> {
        let mut all: Vec<&Decision> = self.0.values().collect();
        all.sort_by_key(|decision| decision.number);
        all.into_iter()
    }

    /// What the digest of a snapshot's inputs has of them: everything, each once, in the order of
    /// their numbers.
    pub(crate) fn digest_input(&self) -> String {
        self.iter().map(Decision::digest_line).collect()
    }
}
