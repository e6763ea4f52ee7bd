//! What the clients were told: everything here must be true for ever after.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tonic::Status;

/// One acknowledged revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revision {
    pub(crate) number: i32,
    pub(crate) digest: String,
}

/// What is known of one return.
#[derive(Debug, Clone, Default)]
pub(crate) struct Return {
    /// Every revision, the first first.
    pub(crate) revisions: Vec<Revision>,
    /// Every etag that was told; none comes back.
    pub(crate) etags: BTreeSet<String>,
    /// Whether the last revision is signed off.
    pub(crate) signed: bool,
}

/// A published revision of a release.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    /// `releases/{release}/revisions/{revision}`.
    pub(crate) name: String,
    /// Each file with its digest.
    pub(crate) files: Vec<(String, String)>,
}

/// Sends a request once more; the answer as bytes.
pub(crate) type Again =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Vec<u8>, Status>> + Send>> + Send + Sync>;

/// A mutation that was answered.
pub(crate) struct Answered {
    /// The method's name.
    pub(crate) method: &'static str,
    /// The first answer.
    pub(crate) answer: Vec<u8>,
    /// The same request with the same id.
    pub(crate) again: Again,
}

/// Everything that was acknowledged.
#[derive(Default)]
pub(crate) struct Told {
    /// By name.
    pub(crate) returns: BTreeMap<String, Return>,
    /// The digests of inputs and content by name.
    pub(crate) snapshots: BTreeMap<String, (String, String)>,
    /// In the order of their publication.
    pub(crate) published: Vec<Published>,
    /// In the order of the answers.
    pub(crate) answered: Vec<Answered>,
    /// How many changes were acknowledged, by method.
    pub(crate) acknowledged: BTreeMap<&'static str, usize>,
    /// How many requests were answered, one way or the other.
    pub(crate) requests: usize,
    /// How many requests were sent once more because no answer came.
    pub(crate) repeated: usize,
    /// How often one request was sent until there was an answer, at most.
    pub(crate) attempts_max: usize,
    /// How many clients have waited for long.
    pub(crate) starving: usize,
    /// How many requests were sent once more although an answer had come.
    pub(crate) doubled: usize,
    /// How often a service said that something has to happen first, by method and reason.
    pub(crate) refused: BTreeMap<(&'static str, String), usize>,
    /// What must not be.
    pub(crate) problems: Vec<String>,
}

/// The journal that all clients write to.
#[derive(Default)]
pub(crate) struct Journal(Mutex<Told>);

impl Journal {
    /// What is in it, for as long as nobody waits.
    pub(crate) fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what must not be.
    pub(crate) fn problem(&self, what: impl Into<String>) {
        self.told().problems.push(what.into());
    }

    /// Notes a revision that was acknowledged: it comes right behind the one before.
    pub(crate) fn revision(&self, name: &str, number: i32, digest: &str, etag: &str) {
        let mut told = self.told();
        let known = told.returns.entry(name.to_owned()).or_default();
        let before = known.revisions.last().map_or(0, |last| last.number);
        known.signed = false;
        known.revisions.push(Revision {
            number,
            digest: digest.to_owned(),
        });
        if number != before + 1 {
            let problem = format!("{name}: revision {number} was made behind revision {before}");
            told.problems.push(problem);
        }
        drop(told);
        self.etag(name, etag);
    }

    /// Notes an etag of a return that just changed.
    pub(crate) fn etag(&self, name: &str, etag: &str) {
        let mut told = self.told();
        let known = told.returns.entry(name.to_owned()).or_default();
        if !known.etags.insert(etag.to_owned()) {
            let problem = format!("{name}: the etag {etag} came back after a change");
            told.problems.push(problem);
        }
    }

    /// Notes that the last revision was signed off, or no longer is.
    pub(crate) fn signed(&self, name: &str, signed: bool) {
        let mut told = self.told();
        told.returns.entry(name.to_owned()).or_default().signed = signed;
    }
}
