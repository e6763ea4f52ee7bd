//! Decisions on what is published: numbered, and never changed.

use std::collections::BTreeSet;

use mesur_catalogue::{AuthorityCode, EditionName, MetricCode};
use mesur_proto::storage::v1::decision_record::Ruling as Stored;
use mesur_proto::storage::v1::{DecisionRecord, MarksRecord};
use mesur_rpc::clock;
use mesur_store::{Commit, Expect, Key, KeyRange, KeyReader, Store, record};

use super::{DECISION, DECISION_COUNT, FORMAT, SCAN, corrupt, edition_key, edition_parts};
use crate::domain::{Decision, DecisionReason, Decisions, Mark, Ruling};
use crate::error::Error;

fn decision_key(edition: &EditionName, number: u32) -> Key {
    edition_parts(DECISION, edition)
        .number(number.into())
        .build()
}

fn count_key(edition: &EditionName) -> Key {
    edition_parts(DECISION_COUNT, edition).build()
}

/// How many decisions were taken on an edition, with what the next one must expect.
pub(crate) async fn decision_count(
    store: &dyn Store,
    edition: &EditionName,
) -> Result<(u32, Expect), Error> {
    let key = count_key(edition);
    let Some(entry) = store.get(&key).await? else {
        return Ok((0, Expect::Absent));
    };
    let (_, bytes) = record::unseal(&key, &entry.value)?;
    let count = bytes.try_into().map(u32::from_be_bytes);
    let count = count.map_err(|_| corrupt("the count of decisions", "not a number"))?;
    Ok((count, Expect::At(entry.version)))
}

/// Adds a decision to a commit, upon the count that was read.
pub(crate) fn put_decision(
    commit: Commit,
    edition: &EditionName,
    decision: &Decision,
    expect: Expect,
) -> Commit {
    let ruling = match &decision.ruling {
        Ruling::National(published) => Stored::National(*published),
        Ruling::Authorities(published) => Stored::Authorities(*published),
        Ruling::Marks { authority, marks } => Stored::Marks(MarksRecord {
            authority: authority
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            letters: marks.iter().map(|mark| mark.letter().to_owned()).collect(),
        }),
    };
    let stored = DecisionRecord {
        metric: decision.metric.to_string(),
        ruling: Some(ruling),
        reason: decision.reason.as_str().to_owned(),
        decider: decision.decider.clone(),
        create_time: Some(clock::to_proto(decision.created)),
    };
    let key = decision_key(edition, decision.number);
    let count = record::seal_bytes(FORMAT, &decision.number.to_be_bytes());
    commit
        .expect(count_key(edition), expect)
        .put(count_key(edition), count)
        .put(edition_key(edition), Vec::new())
        .put(key, record::seal(FORMAT, &stored))
}

/// The decision of a number.
pub(crate) async fn decision(
    store: &dyn Store,
    edition: &EditionName,
    number: u32,
) -> Result<Option<Decision>, Error> {
    let key = decision_key(edition, number);
    match store.get(&key).await? {
        Some(entry) => Ok(Some(decision_of(&key, &entry.value)?)),
        None => Ok(None),
    }
}

/// At most `limit` decisions of an edition after a number, oldest first.
pub(crate) async fn decisions(
    store: &dyn Store,
    edition: &EditionName,
    after: u32,
    limit: usize,
) -> Result<Vec<Decision>, Error> {
    let range = KeyRange::prefix(edition_parts(DECISION, edition).build());
    let range = range.after(&decision_key(edition, after));
    let rows = store.scan(range, limit).await?;
    let decisions = rows
        .iter()
        .map(|(key, entry)| decision_of(key, &entry.value));
    decisions.collect()
}

/// The decisions of an edition that are in force.
pub(crate) async fn in_force(store: &dyn Store, edition: &EditionName) -> Result<Decisions, Error> {
    let mut in_force = Decisions::default();
    let mut after = 0;
    loop {
        let found = decisions(store, edition, after, SCAN).await?;
        let Some(last) = found.last() else {
            return Ok(in_force);
        };
        after = last.number;
        for decision in found {
            in_force.take(decision);
        }
    }
}

fn decision_of(key: &[u8], value: &[u8]) -> Result<Decision, Error> {
    let problem = |error: &dyn std::fmt::Display| corrupt("a decision", &error.to_string());
    let mut reader = KeyReader::new(key);
    reader.kind()?;
    reader.text()?;
    reader.text()?;
    let number = u32::try_from(reader.number()?).map_err(|error| problem(&error))?;
    let stored: DecisionRecord = record::open(FORMAT, key, value)?;
    let ruling = match stored
        .ruling
        .ok_or_else(|| problem(&"it decides nothing"))?
    {
        Stored::National(published) => Ruling::National(published),
        Stored::Authorities(published) => Ruling::Authorities(published),
        Stored::Marks(marks) => {
            let code = Some(marks.authority).filter(|code| !code.is_empty());
            let authority = code.map(|code| AuthorityCode::parse(&code)).transpose();
            let letters = marks.letters.iter().map(|letter| Mark::of_letter(letter));
            let marks: Option<BTreeSet<Mark>> = letters.collect();
            Ruling::Marks {
                authority: authority.map_err(|error| problem(&error))?,
                marks: marks.ok_or_else(|| problem(&"a mark is not known"))?,
            }
        }
    };
    let created = stored.create_time.ok_or_else(|| problem(&"no time"))?;
    Ok(Decision {
        number,
        metric: MetricCode::parse(&stored.metric).map_err(|error| problem(&error))?,
        ruling,
        reason: DecisionReason::parse(&stored.reason).map_err(|error| problem(&error))?,
        decider: stored.decider,
        created: clock::from_proto(&created).map_err(|error| problem(&error))?,
    })
}
