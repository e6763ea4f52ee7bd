//! Rounds of queries and marks of robustness, which belong to an edition.

use jiff::Timestamp;
use jiff::civil::Date;
use mesur_catalogue::{AuthorityCode, EditionName, MetricCode};
use mesur_proto::storage::v1::{EditionProgressRecord, RobustnessMarkRecord, RoundRecord};
use mesur_rpc::clock;
use mesur_store::{Commit, Expect, KeyRange, Store, record};

use super::log::mark_record;
use super::{EDITION, FORMAT, MARK, ROUND, Versioned, corrupt, edition_key, time_of, versioned};
use crate::error::Error;

/// How many rounds and marks an edition has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct EditionProgress {
    /// The number of the last round.
    pub(crate) rounds: u32,
    /// The number of the last mark.
    pub(crate) marks: u64,
}

/// A round of queries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Round {
    /// The day by which answers are asked for.
    pub(crate) due: Date,
    /// Who opened it.
    pub(crate) identity: String,
    /// When.
    pub(crate) created: Timestamp,
}

/// That an authority's value of a metric is robust or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The authority.
    pub(crate) authority: AuthorityCode,
    /// The metric.
    pub(crate) metric: MetricCode,
    /// Whether the value may be shown for the authority.
    pub(crate) robust: bool,
    /// Why.
    pub(crate) reason: String,
    /// Who decided.
    pub(crate) identity: String,
    /// When.
    pub(crate) time: Timestamp,
}

/// How many rounds and marks an edition has.
pub(crate) async fn edition_progress(
    store: &dyn Store,
    edition: &EditionName,
) -> Result<Versioned<EditionProgress>, Error> {
    let key = edition_key(EDITION, edition).build();
    let Some(Versioned { value, version }) = versioned(store, &key).await? else {
        return Ok(Versioned::default());
    };
    let EditionProgressRecord { rounds, marks } = value;
    Ok(Versioned {
        value: EditionProgress { rounds, marks },
        version,
    })
}

/// Adds to a commit how many rounds and marks an edition has, upon what was read.
pub(crate) fn put_edition(
    commit: Commit,
    edition: &EditionName,
    read: &Versioned<EditionProgress>,
    progress: EditionProgress,
) -> Commit {
    let key = edition_key(EDITION, edition).build();
    let EditionProgress { rounds, marks } = progress;
    let stored = EditionProgressRecord { rounds, marks };
    commit
        .expect(key.clone(), read.expect())
        .put(key, record::seal(FORMAT, &stored))
}

/// Adds a round with its number to a commit.
pub(crate) fn put_round(
    commit: Commit,
    edition: &EditionName,
    number: u32,
    round: &Round,
) -> Commit {
    let key = edition_key(ROUND, edition).number(number.into()).build();
    let stored = RoundRecord {
        due_date: round.due.to_string(),
        identity: round.identity.clone(),
        create_time: Some(clock::to_proto(round.created)),
    };
    commit
        .expect(key.clone(), Expect::Absent)
        .put(key, record::seal(FORMAT, &stored))
}

/// The round of this number, which must be there.
pub(crate) async fn round(
    store: &dyn Store,
    edition: &EditionName,
    number: u32,
) -> Result<Round, Error> {
    let found = rounds(store, edition, number.saturating_sub(1), 1).await?;
    let found = found.into_iter().find(|(found, _)| *found == number);
    let missing = || corrupt(&edition.to_string(), &format!("no round {number}"));
    found.map(|(_, round)| round).ok_or_else(missing)
}

/// At most `limit` rounds of an edition behind `after`, with their numbers.
pub(crate) async fn rounds(
    store: &dyn Store,
    edition: &EditionName,
    after: u32,
    limit: usize,
) -> Result<Vec<(u32, Round)>, Error> {
    let prefix = edition_key(ROUND, edition);
    let last = prefix.clone().number(after.into()).build();
    let range = KeyRange::prefix(prefix.build()).after(&last);
    let mut found = Vec::new();
    for (key, entry) in store.scan(range, limit).await? {
        let stored: RoundRecord = record::open(FORMAT, &key, &entry.value)?;
        let due = stored.due_date.parse::<Date>();
        let round = Round {
            due: due.map_err(|error| corrupt("a round", &error))?,
            identity: stored.identity,
            created: time_of("a round", stored.create_time)?,
        };
        let number = key.last_chunk().copied().map_or(0, u64::from_be_bytes);
        let number = u32::try_from(number).map_err(|error| corrupt("a round", &error))?;
        found.push((number, round));
    }
    Ok(found)
}

/// Adds a mark with its number to a commit.
pub(crate) fn put_mark(commit: Commit, edition: &EditionName, number: u64, mark: &Mark) -> Commit {
    let key = edition_key(MARK, edition).number(number).build();
    commit
        .expect(key.clone(), Expect::Absent)
        .put(key, record::seal(FORMAT, &mark_record(mark)))
}

/// The mark of this number, which must be there.
pub(crate) async fn mark(
    store: &dyn Store,
    edition: &EditionName,
    number: u64,
) -> Result<Mark, Error> {
    let found = marks(store, edition, number.saturating_sub(1), 1).await?;
    let found = found.into_iter().find(|(found, _)| *found == number);
    let missing = || corrupt(&edition.to_string(), &format!("no mark {number}"));
    found.map(|(_, mark)| mark).ok_or_else(missing)
}

/// At most `limit` marks of an edition behind `after`, with their numbers.
pub(crate) async fn marks(
    store: &dyn Store,
    edition: &EditionName,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, Mark)>, Error> {
    let prefix = edition_key(MARK, edition);
    let last = prefix.clone().number(after).build();
    let range = KeyRange::prefix(prefix.build()).after(&last);
    let mut found = Vec::new();
    for (key, entry) in store.scan(range, limit).await? {
        let stored = record::open(FORMAT, &key, &entry.value)?;
        let number = key.last_chunk().copied().map_or(0, u64::from_be_bytes);
        found.push((number, mark_of(stored)?));
    }
    Ok(found)
}

/// The mark of a record.
pub(super) fn mark_of(stored: RobustnessMarkRecord) -> Result<Mark, Error> {
    let problem = |error: &dyn std::fmt::Display| corrupt("a mark", error);
    Ok(Mark {
        authority: AuthorityCode::parse(&stored.authority).map_err(|error| problem(&error))?,
        metric: MetricCode::parse(&stored.metric).map_err(|error| problem(&error))?,
        robust: stored.robust,
        reason: stored.reason,
        identity: stored.identity,
        time: time_of("a mark", stored.time)?,
    })
}
