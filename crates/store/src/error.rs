//! What can go wrong in a store.

use std::path::PathBuf;

use crate::Key;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An expectation of the commit does not hold; nothing was written. Read again, decide again.
    #[error("key {} is not as expected", .key.escape_ascii())]
    Conflict {
        /// The first key whose expectation failed.
        key: Key,
    },
    /// Something is over its limit; nothing was written.
    #[error("{what} is {size}, over the limit of {limit}")]
    TooLarge {
        /// What was measured, with its unit.
        what: &'static str,
        /// Its size.
        size: usize,
        /// The largest size accepted.
        limit: usize,
    },
    /// The lease that the commit was made under was no longer held; nothing was written.
    #[error("the lease {name:?} is lost")]
    LeaseLost {
        /// What was held.
        name: String,
    },
    /// The store could not be reached in time; it may be tried again. A commit that gets this answer
    /// may have happened or happen yet.
    #[error("{doing}: the store cannot be reached")]
    Unavailable {
        /// What was being done, in the present participle.
        doing: &'static str,
        /// What was reported.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The request id was used before for a different request.
    #[error("the request id was used before with other content")]
    RequestReused,
    /// A stored value or key cannot be what was written.
    #[error("the value at {} is corrupt: {problem}", .key.escape_ascii())]
    Corrupt {
        /// Where it is stored.
        key: Key,
        /// What does not fit.
        problem: String,
    },
    /// The records were written by a newer Mesur; nothing was changed.
    #[error(
        "the records of the store have format {found}; this program reads up to {supported}: use a newer one"
    )]
    NewerRecords {
        /// The format found.
        found: u32,
        /// The newest format this program reads.
        supported: u32,
    },
    /// A commit came while rows of a dump are being loaded.
    #[error("the store is being loaded")]
    Loading,
    /// Nothing of the commit was written, and the store goes on: free what it is short of and try
    /// again.
    #[error("nothing was written: {reason}")]
    NotWritten {
        /// What was reported, with its causes.
        reason: String,
    },
    /// Rows of a dump were to be loaded into a store that has commits already.
    #[error("the store is not empty")]
    NotEmpty,
    /// The folder is open in another store, in this process or another.
    #[error("{} is already open", .path.display())]
    AlreadyOpen {
        /// The store's folder.
        path: PathBuf,
    },
    /// The folder was written by a newer Mesur.
    #[error("{} has store format {found}; this program reads up to {supported}", .path.display())]
    NewerFormat {
        /// The store's folder.
        path: PathBuf,
        /// The format found.
        found: u32,
        /// The newest format this program reads.
        supported: u32,
    },
    /// The folder cannot be opened as a store.
    #[error("{} cannot be used: {problem}", .path.display())]
    Unusable {
        /// The store's folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The operating system or the storage engine reported a fault.
    #[error("{doing}")]
    Backend {
        /// What was being done, in the present participle.
        doing: &'static str,
        /// What was reported.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An earlier commit could not be made durable, so no later one is accepted. The commit that
    /// gets this answer may or may not be there after a restart.
    #[error("the store has failed: {reason}")]
    Failed {
        /// The first failure, with its causes.
        reason: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl Error {
    /// Whether the store cannot be reached for now.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// A fault reported from below while `doing`.
    pub(crate) fn backend(
        doing: &'static str,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::Backend {
            doing,
            source: Box::new(source),
        }
    }

    /// A stored value at `key` that cannot be right.
    pub(crate) fn corrupt(key: &[u8], problem: impl Into<String>) -> Self {
        Self::Corrupt {
            key: key.to_vec(),
            problem: problem.into(),
        }
    }
}
