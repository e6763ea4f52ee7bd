//! A whole store at one moment, row by row: what a backup, an export and a move to another back end
//! are made of.
//!
//! A dump has every key and log entry with the version of the commit that wrote it, and the version
//! of the last commit. A store that it was loaded into cannot be told from the one it is of: etags,
//! cursors and positions in logs stay good.

use async_trait::async_trait;

use crate::layout;
use crate::{Error, Version};

/// The most rows of one page of a dump, and of one call of [`Store::load`](crate::Store::load).
pub const DUMP_PAGE_ROWS: usize = 64;

/// One key or log entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DumpRow {
    /// Where it stands among all rows; opaque, and the same in every back end.
    pub key: Vec<u8>,
    /// The commit that wrote it.
    pub version: Version,
    /// What it wrote.
    pub value: Vec<u8>,
}

impl DumpRow {
    /// The kind of key that it is; `None` for a log entry.
    pub fn kind(&self) -> Option<u8> {
        if layout::is_log_row(&self.key) {
            return None;
        }
        layout::service_key(&self.key).first().copied()
    }

    /// Whether it is an entry of the [`chain`](crate::chain).
    pub fn is_chained(&self) -> bool {
        layout::is_chain_row(&self.key)
    }
}

/// Where a back end's dump comes from.
#[async_trait]
pub(crate) trait Source: Send {
    /// The first `limit` rows behind `after`, in order; all from the same state in every call.
    async fn rows(&mut self, after: Option<&[u8]>, limit: usize) -> Result<Vec<DumpRow>, Error>;
}

/// A store as it was after one commit. The back end may hold things up while this lives, so read it
/// to its end and drop it.
pub struct Dump {
    version: Version,
    source: Box<dyn Source>,
    after: Option<Vec<u8>>,
}

impl Dump {
    pub(crate) fn new(version: Version, source: Box<dyn Source>) -> Self {
        Self {
            version,
            source,
            after: None,
        }
    }

    /// The last commit that is in it.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The next rows in order, no more than [`DUMP_PAGE_ROWS`]; none at the end.
    pub async fn next(&mut self) -> Result<Vec<DumpRow>, Error> {
        let rows = self
            .source
            .rows(self.after.as_deref(), DUMP_PAGE_ROWS)
            .await?;
        if let Some(last) = rows.last() {
            self.after = Some(last.key.clone());
        }
        Ok(rows)
    }
}

/// Refuses rows that no dump has.
pub(crate) fn check(rows: &[DumpRow]) -> Result<(), Error> {
    crate::commit::within("rows of a page", rows.len(), DUMP_PAGE_ROWS)?;
    for row in rows {
        if !layout::is_dumped(&row.key) {
            return Err(Error::corrupt(&row.key, "it is no row of a dump"));
        }
        crate::commit::within(
            "bytes of a value",
            row.value.len(),
            crate::commit::VALUE_BYTES_MAX,
        )?;
    }
    Ok(())
}
