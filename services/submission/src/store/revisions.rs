//! Revisions, their moves, and what a request led to.

use mesur_catalogue::{AuthorityCode, CollectionId, EditionName, Period};
use mesur_proto::storage::v1::outcome_record::Family as FamilyRecord;
use mesur_proto::storage::v1::{MoveRecord, OutcomeRecord, ReturnRecord};
use mesur_rpc::clock;
use mesur_store::{Commit, Expect, KeyRange, Store, Version, record};
use mesur_wire::{ReturnName, RevisionName};
use prost::Message as _;

use super::{FORMAT, corrupt, keys, scan_all, time};
use crate::domain::{Family, Move, Revision, State};
use crate::error::Error;

/// The latest revision of a return, with the version that a change of it must expect.
pub(crate) async fn head(
    store: &dyn Store,
    name: &ReturnName,
) -> Result<Option<(Revision, Version)>, Error> {
    let key = keys::head(name);
    match store.get(&key).await? {
        Some(entry) => Ok(Some((read(&key, &entry.value)?, entry.version))),
        None => Ok(None),
    }
}

/// A revision of a return.
pub(crate) async fn revision(
    store: &dyn Store,
    name: &RevisionName,
) -> Result<Option<Revision>, Error> {
    let key = keys::revision(name);
    match store.get(&key).await? {
        Some(entry) => Ok(Some(read(&key, &entry.value)?)),
        None => Ok(None),
    }
}

/// The moves that a revision has made; moves that it made since it was read are left out.
pub(crate) async fn history(store: &dyn Store, revision: &Revision) -> Result<Vec<Move>, Error> {
    let wanted = usize::try_from(revision.moves).unwrap_or(usize::MAX);
    let range = KeyRange::prefix(keys::moves_of(&revision.name));
    let rows = store.scan(range, wanted).await?;
    if rows.len() != wanted {
        let name = revision.name.to_string();
        return Err(corrupt(&name, "moves are missing"));
    }
    let moves = rows.iter().map(|(key, entry)| read_move(key, &entry.value));
    moves.collect()
}

/// Every move of a return in order, with the revision that made it.
pub(crate) async fn moves(store: &dyn Store, name: &ReturnName) -> Result<Vec<(u32, Move)>, Error> {
    let rows = scan_all(store, keys::moves(name)).await?;
    let read = |(key, value): &(Vec<u8>, Vec<u8>)| {
        Ok((keys::revision_of_step(key)?, read_move(key, value)?))
    };
    rows.iter().map(read).collect()
}

/// Adds a step of a revision to a commit that relies on the head at `version`.
pub(crate) fn put(
    commit: Commit,
    revision: &Revision,
    step: &Move,
    version: Option<Version>,
) -> Commit {
    let head = keys::head(&revision.name.data_return);
    let expect = version.map_or(Expect::Absent, Expect::At);
    let sealed = record::seal(FORMAT, &record_of(revision));
    let made = MoveRecord {
        state: step.state as u32,
        identity: step.identity.clone(),
        reason: step.reason.clone(),
        time: Some(clock::to_proto(step.time)),
    };
    commit
        .expect(head.clone(), expect)
        .put(head, sealed.clone())
        .put(keys::revision(&revision.name), sealed)
        .put(
            keys::step(&revision.name, revision.moves),
            record::seal(FORMAT, &made),
        )
}

/// What a request led to, as it is remembered.
pub(crate) fn outcome(revision: &Revision, families: &[Family]) -> Vec<u8> {
    let families = families.iter().map(|family| FamilyRecord {
        family: family.id.clone(),
        row_count: family.rows,
        value_count: family.values,
    });
    OutcomeRecord {
        revision: Some(record_of(revision)),
        families: families.collect(),
    }
    .encode_to_vec()
}

/// What an earlier request led to: the revision as it was then, and what was sent.
pub(crate) fn outcome_of(bytes: &[u8]) -> Result<(Revision, Vec<Family>), Error> {
    let problem = |text: &str| corrupt("a request", text);
    let outcome = OutcomeRecord::decode(bytes).map_err(|error| problem(&error.to_string()))?;
    let revision = outcome.revision.ok_or_else(|| problem("no revision"))?;
    let families = outcome.families.into_iter().map(|family| Family {
        id: family.family,
        rows: family.row_count,
        values: family.value_count,
    });
    Ok((from_record(revision)?, families.collect()))
}

/// The revision in a stored record.
pub(crate) fn read(key: &[u8], value: &[u8]) -> Result<Revision, Error> {
    from_record(record::open(FORMAT, key, value)?)
}

fn from_record(stored: ReturnRecord) -> Result<Revision, Error> {
    let name = format!("{} of {}", stored.period, stored.authority);
    let problem = |error: &dyn std::fmt::Display| corrupt(&name, &error.to_string());
    let data_return = ReturnName {
        authority: AuthorityCode::parse(&stored.authority).map_err(|error| problem(&error))?,
        edition: EditionName {
            collection: CollectionId::parse(&stored.collection).map_err(|error| problem(&error))?,
            period: Period::parse(&stored.period).map_err(|error| problem(&error))?,
        },
    };
    Ok(Revision {
        created: time(&name, stored.create_time.as_ref())?,
        state: state_of(&name, stored.state)?,
        name: RevisionName {
            data_return,
            revision: stored.revision,
        },
        edition_digest: stored.edition_digest,
        digest: stored.digest,
        is_late: stored.late,
        moves: stored.moves,
    })
}

fn record_of(revision: &Revision) -> ReturnRecord {
    let ReturnName { authority, edition } = &revision.name.data_return;
    ReturnRecord {
        authority: authority.to_string(),
        collection: edition.collection.to_string(),
        period: edition.period.to_string(),
        edition_digest: revision.edition_digest.clone(),
        revision: revision.name.revision,
        digest: revision.digest.clone(),
        create_time: Some(clock::to_proto(revision.created)),
        late: revision.is_late,
        state: revision.state as u32,
        moves: revision.moves,
    }
}

fn read_move(key: &[u8], value: &[u8]) -> Result<Move, Error> {
    let stored: MoveRecord = record::open(FORMAT, key, value)?;
    Ok(Move {
        state: state_of("a move", stored.state)?,
        time: time("a move", stored.time.as_ref())?,
        identity: stored.identity,
        reason: stored.reason,
    })
}

fn state_of(name: &str, number: u32) -> Result<State, Error> {
    let state = State::from_number(number).filter(|state| *state != State::Nothing);
    state.ok_or_else(|| corrupt(name, &format!("state {number} is not known")))
}
