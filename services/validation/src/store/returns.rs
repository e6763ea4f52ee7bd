//! How far each return has come.

use mesur_catalogue::{AuthorityCode, EditionName};
use mesur_proto::storage::v1::ReturnProgressRecord;
use mesur_rpc::clock;
use mesur_store::{Commit, KeyRange, KeyReader, Store, record};
use mesur_wire::ReturnName;

use super::{FORMAT, RETURN, Versioned, corrupt, edition_key, return_key, time_of, versioned};
use crate::domain::{Counts, OpenCounts, ReturnProgress, ReturnState};
use crate::error::Error;

/// How many returns are read at a time.
const PAGE: usize = 1_000;

/// How far a return has come; `None` when nothing of it was reported on.
pub(crate) async fn progress(
    store: &dyn Store,
    name: &ReturnName,
) -> Result<Versioned<Option<ReturnProgress>>, Error> {
    let key = return_key(RETURN, name).build();
    let Some(Versioned { value, version }) = versioned(store, &key).await? else {
        return Ok(Versioned::default());
    };
    Ok(Versioned {
        value: Some(progress_of(&name.to_string(), &value)?),
        version,
    })
}

/// How far every return of an edition has come.
pub(crate) async fn progress_of_edition(
    store: &dyn Store,
    edition: &EditionName,
) -> Result<Vec<(AuthorityCode, ReturnProgress)>, Error> {
    let mut range = KeyRange::prefix(edition_key(RETURN, edition).build());
    let mut found = Vec::new();
    loop {
        let rows = store.scan(range.clone(), PAGE).await?;
        let Some((last, _)) = rows.last() else {
            return Ok(found);
        };
        range = range.after(last);
        for (key, entry) in &rows {
            found.push(progress_of_row(key, &entry.value)?);
        }
    }
}

fn progress_of_row(key: &[u8], value: &[u8]) -> Result<(AuthorityCode, ReturnProgress), Error> {
    let mut reader = KeyReader::new(key);
    reader.kind()?;
    let (_, _) = (reader.text()?, reader.text()?);
    let authority = reader.text()?;
    let progress = progress_of(&authority, &record::open(FORMAT, key, value)?)?;
    let authority =
        AuthorityCode::parse(&authority).map_err(|error| corrupt(&authority, &error))?;
    Ok((authority, progress))
}

/// Adds to a commit how far a return has come, upon what was read.
pub(crate) fn put_progress<T>(
    commit: Commit,
    name: &ReturnName,
    read: &Versioned<T>,
    progress: &ReturnProgress,
) -> Commit {
    let key = return_key(RETURN, name).build();
    let stored = ReturnProgressRecord {
        state: match progress.state {
            ReturnState::Submitted => 1,
            ReturnState::SignedOff => 2,
            ReturnState::Reopened => 3,
        },
        revision: progress.revision,
        late: progress.late,
        edition_digest: progress.edition_digest.clone(),
        errors: progress.counts.errors,
        warnings: progress.counts.warnings,
        infos: progress.counts.infos,
        open_errors: progress.open.errors,
        open_warnings: progress.open.warnings,
        values: progress.values,
        remarks: progress.remarks,
        queries: progress.queries,
        open_queries: progress.open_queries,
        update_time: Some(clock::to_proto(progress.updated)),
        seal_end_time: progress.seal().map(clock::to_proto),
    };
    commit
        .expect(key.clone(), read.expect())
        .put(key, record::seal(FORMAT, &stored))
}

fn progress_of(name: &str, stored: &ReturnProgressRecord) -> Result<ReturnProgress, Error> {
    Ok(ReturnProgress {
        state: match stored.state {
            1 => ReturnState::Submitted,
            2 => ReturnState::SignedOff,
            3 => ReturnState::Reopened,
            other => return Err(corrupt(name, &format!("state {other} is not known"))),
        },
        revision: stored.revision,
        late: stored.late,
        edition_digest: stored.edition_digest.clone(),
        counts: Counts {
            errors: stored.errors,
            warnings: stored.warnings,
            infos: stored.infos,
        },
        open: OpenCounts {
            errors: stored.open_errors,
            warnings: stored.open_warnings,
        },
        values: stored.values,
        remarks: stored.remarks,
        queries: stored.queries,
        open_queries: stored.open_queries,
        updated: time_of(name, stored.update_time)?,
        sealed_until: match stored.seal_end_time {
            Some(time) => Some(time_of(name, Some(time))?),
            None => None,
        },
    })
}
