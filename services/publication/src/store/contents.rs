//! What stands under its digest: files, and what is long of a revision.

use mesur_catalogue::ContentHash;
use mesur_proto::storage::v1::{
    FileRecord, LanguageGapRecord, MetricColumnRecord, MetricTableRecord, ReleaseDetailsRecord,
    ReleaseTablesRecord,
};
use mesur_store::{Commit, Key, KeyBuilder, Store, large};
use prost::Message;

use super::{DETAILS, FILE, TABLES, corrupt};
use crate::domain::{Shown, ShownColumn, ShownMetric, ShownTables, marks_of};
use crate::error::Error;
use crate::releases::{Details, FileFacts, Gap};

/// How many bytes of content go into one commit, about.
const COMMIT_BYTES: usize = 4 * 1024 * 1024;
/// How many files go into one commit at the most.
const COMMIT_FILES: usize = 256;
/// There is a value.
const HAS_VALUE: u32 = 1;
/// It covers part of the period.
const PART_PERIOD: u32 = 2;

/// Where a file's content stands.
pub(crate) fn content_key(digest: &str) -> Key {
    KeyBuilder::new(FILE).text(digest).build()
}

/// Keeps contents under their digests; one that is there already is the same.
pub(crate) async fn keep_content(
    store: &dyn Store,
    contents: &[(&str, &[u8])],
) -> Result<(), Error> {
    let mut rest = contents;
    while !rest.is_empty() {
        let (mut commit, mut bytes, mut count) = (Commit::new(), 0_usize, 0);
        let mut digests: Vec<&str> = Vec::new();
        for (digest, content) in rest.iter().take(COMMIT_FILES) {
            let next = bytes.saturating_add(content.len());
            if count > 0 && next > COMMIT_BYTES {
                break;
            }
            (bytes, count) = (next, count + 1);
            let key = content_key(digest);
            let is_new =
                !digests.contains(digest) && large::Reader::open(store, &key).await?.is_none();
            if is_new {
                commit = large::put_large(store, commit, &key, content).await?;
                digests.push(digest);
            }
        }
        if !digests.is_empty() {
            store.commit(commit).await?;
        }
        rest = rest.get(count..).unwrap_or_default();
    }
    Ok(())
}

/// Keeps a message under its digest; one that is there already is the same.
async fn keep(store: &dyn Store, kind: u8, message: &impl Message) -> Result<String, Error> {
    let bytes = message.encode_to_vec();
    let digest = ContentHash::of(&bytes);
    let key = KeyBuilder::new(kind).text(&digest).build();
    if large::Reader::open(store, &key).await?.is_none() {
        let commit = large::put_large(store, Commit::new(), &key, &bytes).await?;
        store.commit(commit).await?;
    }
    Ok(digest)
}

async fn kept<M: Message + Default>(store: &dyn Store, kind: u8, digest: &str) -> Result<M, Error> {
    let key = KeyBuilder::new(kind).text(digest).build();
    let bytes = large::get_large(store, &key).await?;
    let bytes = bytes.ok_or_else(|| corrupt(digest, "it is not there"))?;
    M::decode(bytes.as_slice()).map_err(|error| corrupt(digest, &error.to_string()))
}

/// Keeps the details of a revision; answers their digest.
pub(crate) async fn keep_details(store: &dyn Store, details: &Details) -> Result<String, Error> {
    let files = details.files.iter().map(|file| FileRecord {
        file_name: file.name.clone(),
        media_type: file.media_type.clone(),
        size_bytes: file.size_bytes,
        digest: file.digest.clone(),
    });
    let gaps = details.language_gaps.iter().map(|gap| LanguageGapRecord {
        kind: gap.kind.clone(),
        item: gap.item.clone(),
    });
    let stored = ReleaseDetailsRecord {
        files: files.collect(),
        language_gaps: gaps.collect(),
        omitted_statements: details.omitted_statements.clone(),
    };
    keep(store, DETAILS, &stored).await
}

/// The details of a revision.
pub(crate) async fn details(store: &dyn Store, digest: &str) -> Result<Details, Error> {
    let stored: ReleaseDetailsRecord = kept(store, DETAILS, digest).await?;
    let files = stored.files.into_iter().map(|file| FileFacts {
        name: file.file_name,
        media_type: file.media_type,
        size_bytes: file.size_bytes,
        digest: file.digest,
    });
    let gaps = stored.language_gaps.into_iter().map(|gap| Gap {
        kind: gap.kind,
        item: gap.item,
    });
    Ok(Details {
        files: files.collect(),
        language_gaps: gaps.collect(),
        omitted_statements: stored.omitted_statements,
    })
}

/// Keeps the tables of a revision; answers their digest.
pub(crate) async fn keep_tables(store: &dyn Store, tables: &ShownTables) -> Result<String, Error> {
    let column = |column: &ShownColumn| MetricColumnRecord {
        category: column.category.clone(),
        provided: column.provided,
        expected: column.expected,
        units: column
            .values
            .iter()
            .map(|shown| shown.units.unwrap_or(0))
            .collect(),
        flags: column.values.iter().map(flags).collect(),
        marks: column
            .values
            .iter()
            .map(|shown| shown.marks.to_string())
            .collect(),
    };
    let metrics = tables.metrics.iter().map(|metric| MetricTableRecord {
        metric: metric.code.clone(),
        decimals: metric.decimals.into(),
        columns: metric.columns.iter().map(column).collect(),
    });
    let stored = ReleaseTablesRecord {
        nation: tables.nation.clone(),
        authorities: tables.authorities.clone(),
        metrics: metrics.collect(),
        breaks: tables.breaks.clone(),
    };
    keep(store, TABLES, &stored).await
}

fn flags(shown: &Shown) -> u32 {
    let value = if shown.units.is_some() { HAS_VALUE } else { 0 };
    let part = if shown.part_period { PART_PERIOD } else { 0 };
    value | part
}

/// The tables of a revision.
pub(crate) async fn tables(store: &dyn Store, digest: &str) -> Result<ShownTables, Error> {
    let stored: ReleaseTablesRecord = kept(store, TABLES, digest).await?;
    let areas = stored.authorities.len().saturating_add(1);
    let malformed = || corrupt(digest, "the tables do not have their shape");
    let mut metrics = Vec::with_capacity(stored.metrics.len());
    for metric in stored.metrics {
        let mut columns = Vec::with_capacity(metric.columns.len());
        for column in metric.columns {
            let MetricColumnRecord {
                units,
                flags,
                marks,
                ..
            } = column;
            if [units.len(), flags.len(), marks.len()] != [areas; 3] {
                return Err(malformed());
            }
            let values = units.into_iter().zip(flags).zip(marks);
            let values = values.map(|((units, flags), marks)| {
                Some(Shown {
                    units: (flags & HAS_VALUE != 0).then_some(units),
                    marks: marks_of(&marks)?,
                    part_period: flags & PART_PERIOD != 0,
                })
            });
            columns.push(ShownColumn {
                category: column.category,
                provided: column.provided,
                expected: column.expected,
                values: values.collect::<Option<_>>().ok_or_else(malformed)?,
            });
        }
        metrics.push(ShownMetric {
            code: metric.metric,
            decimals: u8::try_from(metric.decimals).map_err(|_| malformed())?,
            columns,
        });
    }
    Ok(ShownTables {
        nation: stored.nation,
        authorities: stored.authorities,
        metrics,
        breaks: stored.breaks,
    })
}
