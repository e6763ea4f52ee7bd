//! Which values are not robust.

use mesur_catalogue::{AuthorityCode, EditionName, MetricCode};
use mesur_proto::storage::v1::RobustnessRecord;
use mesur_store::{Commit, KeyRange, KeyReader, Store, record};

use super::{FORMAT, ROBUSTNESS, SCAN, corrupt, edition_key, edition_parts};
use crate::domain::NotRobust;
use crate::error::Error;

/// Adds to a commit whether an authority's value of a metric is robust.
pub(crate) fn put_robustness(
    commit: Commit,
    edition: &EditionName,
    authority: &AuthorityCode,
    metric: &MetricCode,
    record: &RobustnessRecord,
) -> Commit {
    let key = edition_parts(ROBUSTNESS, edition)
        .text(authority.as_str())
        .text(metric.as_str());
    commit
        .put(edition_key(edition), Vec::new())
        .put(key.build(), record::seal(FORMAT, record))
}

/// The values of an edition that are not robust.
pub(crate) async fn not_robust(
    store: &dyn Store,
    edition: &EditionName,
) -> Result<NotRobust, Error> {
    let mut found = NotRobust::new();
    let mut range = KeyRange::prefix(edition_parts(ROBUSTNESS, edition).build());
    loop {
        let rows = store.scan(range.clone(), SCAN).await?;
        let Some((last, _)) = rows.last() else {
            return Ok(found);
        };
        range = range.after(last);
        for (key, entry) in &rows {
            let stored: RobustnessRecord = record::open(FORMAT, key, &entry.value)?;
            if !stored.robust {
                let (authority, metric) = marked_of(key)?;
                found.entry(authority).or_default().insert(metric);
            }
        }
    }
}

fn marked_of(key: &[u8]) -> Result<(AuthorityCode, MetricCode), Error> {
    let problem =
        |error: &dyn std::fmt::Display| corrupt("a mark of robustness", &error.to_string());
    let mut reader = KeyReader::new(key);
    reader.kind()?;
    reader.text()?;
    reader.text()?;
    let authority = AuthorityCode::parse(&reader.text()?).map_err(|error| problem(&error))?;
    let metric = MetricCode::parse(&reader.text()?).map_err(|error| problem(&error))?;
    Ok((authority, metric))
}
