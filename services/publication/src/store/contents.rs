//! What stands under its digest: files as they are compiled, and what is long of a revision.

use mesur_catalogue::ContentHash;
use mesur_proto::storage::v1::{
    FileRecord, LanguageGapRecord, MetricColumnRecord, MetricTableRecord, ReleaseDetailsRecord,
    ReleaseTablesRecord, StatedFigureRecord,
};
use mesur_store::{Commit, Expect, Key, KeyBuilder, Store, Version, large, record};
use prost::Message;

use super::files::{content_key, is_held};
use super::{DETAILS, FILES, FORMAT, TABLES, corrupt};
use crate::domain::{Shown, ShownColumn, ShownFigure, ShownMetric, ShownTables, marks_of};
use crate::error::Error;
use crate::releases::{Details, FileFacts, Gap};

/// How many bytes of content go into one commit; what is longer is staged before it.
const COMMIT_BYTES: usize = 512 * 1024;
/// How many rows of content go into one commit.
const COMMIT_ROWS: usize = 96;
/// At most how many rows a file has beside its content.
const FILE_ROWS: usize = 5;
/// The fewest bytes of content in each of its rows but the last.
const ROW_BYTES: usize = 16 * 1024;
/// There is a value.
const HAS_VALUE: u32 = 1;
/// It covers part of the period.
const PART_PERIOD: u32 = 2;

/// Keeps contents under their digests; one that is there already is the same.
pub(crate) async fn keep_content(
    store: &dyn Store,
    contents: &[(&str, &[u8])],
) -> Result<(), Error> {
    let mut rest = contents;
    while !rest.is_empty() {
        let (mut commit, mut bytes, mut rows, mut count) = (Commit::new(), 0_usize, 0_usize, 0);
        let mut digests: Vec<&str> = Vec::new();
        for (digest, content) in rest {
            let own = Some(content.len()).filter(|length| *length <= large::INLINE_BYTES);
            let own = own.unwrap_or(0);
            bytes = bytes.saturating_add(own);
            rows = rows.saturating_add(FILE_ROWS.saturating_add(own.div_ceil(ROW_BYTES)));
            if count > 0 && (bytes > COMMIT_BYTES || rows > COMMIT_ROWS) {
                break;
            }
            count += 1;
            let key = content_key(digest);
            let is_new = !digests.contains(digest) && !is_held(store, digest).await?;
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

fn files_key() -> Key {
    KeyBuilder::new(FILES).build()
}

/// Where files were last named or swept: to be read before content is kept, and given to
/// [`name_files`] with the commit that names it.
pub(crate) async fn files_version(store: &dyn Store) -> Result<Option<Version>, Error> {
    let found = store.get(&files_key()).await?;
    Ok(found.map(|entry| entry.version))
}

/// Lets a commit that names files, or deletes them, conflict if another one did so since `version`: so
/// nothing is swept that is just being named, whoever shares the store.
pub(crate) fn name_files(commit: Commit, version: Option<Version>) -> Commit {
    let expected = version.map_or(Expect::Absent, Expect::At);
    commit
        .expect(files_key(), expected)
        .put(files_key(), record::seal_bytes(FORMAT, &[]))
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
        label_en: column.labels[0].clone(),
        label_cy: column.labels[1].clone(),
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
        title_en: metric.titles[0].clone(),
        title_cy: metric.titles[1].clone(),
        decimals: metric.decimals.into(),
        columns: metric.columns.iter().map(column).collect(),
    });
    let stored = ReleaseTablesRecord {
        nation: tables.nation.clone(),
        authorities: tables.authorities.clone(),
        metrics: metrics.collect(),
        breaks: tables.breaks.clone(),
        figures: tables.figures.iter().map(figure_record).collect(),
    };
    keep(store, TABLES, &stored).await
}

fn figure_record(figure: &ShownFigure) -> StatedFigureRecord {
    StatedFigureRecord {
        figure: figure.id.clone(),
        units: figure.units,
        decimals: figure.decimals.into(),
        nearly_100: figure.nearly_100,
        authority: figure.authority.clone(),
    }
}

fn figure_of(stored: StatedFigureRecord) -> Option<ShownFigure> {
    Some(ShownFigure {
        id: stored.figure,
        units: stored.units,
        decimals: u8::try_from(stored.decimals).ok()?,
        nearly_100: stored.nearly_100,
        authority: stored.authority,
    })
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
                labels: [column.label_en, column.label_cy],
                provided: column.provided,
                expected: column.expected,
                values: values.collect::<Option<_>>().ok_or_else(malformed)?,
            });
        }
        metrics.push(ShownMetric {
            code: metric.metric,
            titles: [metric.title_en, metric.title_cy],
            decimals: u8::try_from(metric.decimals).map_err(|_| malformed())?,
            columns,
        });
    }
    let figures = stored.figures.into_iter().map(figure_of);
    Ok(ShownTables {
        nation: stored.nation,
        authorities: stored.authorities,
        metrics,
        breaks: stored.breaks,
        figures: figures.collect::<Option<_>>().ok_or_else(malformed)?,
    })
}
