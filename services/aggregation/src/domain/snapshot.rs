//! What is frozen, and the digests that say so.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mesur_catalogue::{AuthorityCode, ContentHash, Edition, EditionName};
use mesur_returns::DataReturn;
use mesur_wire::{RevisionName, SnapshotName};

use super::totals::NotRobust;

/// A signed-off return that is added up, apart from its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    /// Which revision of which return.
    pub(crate) name: RevisionName,
    /// The digest of its content.
    pub(crate) digest: String,
    /// When it was signed off, where submission tells.
    pub(crate) signed_off: Option<Timestamp>,
}

impl Input {
    /// Whose it is.
    pub(crate) fn authority(&self) -> &AuthorityCode {
        &self.name.data_return.authority
    }

    /// What the digest of the inputs says of it. When it was signed off changes no figure: it is told
    /// beside what is frozen, and in no digest.
    fn line(&self) -> String {
        format!("\n{} {} {}", self.authority(), self.name, self.digest)
    }
}

/// A signed-off return with its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignedReturn {
    /// Which it is.
    pub(crate) input: Input,
    /// The content.
    pub(crate) data_return: DataReturn,
}

/// All that totals rest on beside the edition and the decisions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Inputs {
    /// The returns, in the order of the edition's authorities.
    pub(crate) returns: Vec<Input>,
    /// Those of the edition before, in the order of its authorities.
    pub(crate) previous: Vec<Input>,
    /// The values that are not robust.
    pub(crate) not_robust: NotRobust,
}

impl Inputs {
    /// The returns by the places of their authorities; one of anyone else is left out: the edition
    /// says who reports.
    pub(crate) fn by_place<'a>(
        returns: &'a [Input],
        edition: &'a Edition,
    ) -> Vec<(usize, Option<&'a Input>)> {
        let own: BTreeMap<&AuthorityCode, &Input> = returns
            .iter()
            .map(|input| (input.authority(), input))
            .collect();
        let authorities = edition.authorities().iter().enumerate();
        let found = authorities.map(|(place, one)| (place, own.get(&one.code).copied()));
        found.collect()
    }
}

/// A snapshot, apart from its totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Its name, which comes from the digest.
    pub(crate) name: SnapshotName,
    /// The digest of its inputs.
    pub(crate) digest: String,
    /// The digest of its content.
    pub(crate) content_digest: String,
    /// The edition that it adds up.
    pub(crate) edition: EditionName,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// The identity of who froze it.
    pub(crate) creator: String,
    /// How often the edition's snapshots had been overtaken when it was made or last stood again.
    pub(crate) overtaken_before: u64,
}

/// The identity of a snapshot: SHA-256 over the edition's digest, every return's authority,
/// revision name and digest in the order of the authorities' codes, the same of the edition before
/// behind its digest, the values that are not robust, and what the decisions in force say.
pub(crate) fn inputs_digest(
    edition: &Edition,
    previous: Option<&Edition>,
    inputs: &Inputs,
    decisions: &str,
) -> String {
    let sorted = |inputs: &[Input]| {
        let mut lines: Vec<String> = inputs.iter().map(Input::line).collect();
        lines.sort();
        lines
    };
    let mut hash = ContentHash::default();
    hash.update(edition.digest());
    for line in sorted(&inputs.returns) {
        hash.update(line);
    }
    // Without any return of it the edition before says nothing.
    if let Some(previous) = previous.filter(|_| !inputs.previous.is_empty()) {
        hash.update(format!("\nprevious {}", previous.digest()));
        for line in sorted(&inputs.previous) {
            hash.update(line);
        }
    }
    for (authority, metrics) in &inputs.not_robust {
        for metric in metrics {
            hash.update(format!("\nnot robust {authority} {metric}"));
        }
    }
    hash.update(decisions);
    hash.finish()
}

/// The digest of a snapshot's content: SHA-256 over the digests of its parts, which are the totals
/// without the authorities and without the times of sign-off, and then each authority's values, as
/// encoded messages. Digests of parts are what workers can make at once.
#[derive(Debug, Default)]
pub(crate) struct ContentDigest(ContentHash);

impl ContentDigest {
    /// The digest of a part.
    pub(crate) fn part(bytes: &[u8]) -> String {
        let mut hash = ContentHash::default();
        hash.update(bytes);
        hash.finish()
    }

    /// Takes the digest of the next part in.
    pub(crate) fn take(&mut self, part: &str) {
        self.0.update(part);
        self.0.update("\n");
    }

    /// The digest of all parts.
    pub(crate) fn finish(self) -> String {
        self.0.finish()
    }
}
