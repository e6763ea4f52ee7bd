//! Revisions, their moves, and what a request led to.

use mesur_catalogue::{AuthorityCode, CollectionId, EditionName, Period};
use mesur_proto::storage::v1::outcome_record::Family as FamilyRecord;
use mesur_proto::storage::v1::{MoveRecord, OutcomeRecord, ReturnRecord, RevisionRecord};
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

/// A revision as it was made. Nothing in the row of one changes, but how its content stands there.
pub(super) struct Made {
    revision: Revision,
    first: Move,
    /// The content, unless it is packed, or too large to stand here.
    pub(super) content: Option<Vec<u8>>,
    /// The packed content, and the revision that it is packed against.
    pub(super) packed: Option<(Vec<u8>, u32)>,
}

/// A revision as it was made, if there is one of this name.
pub(super) async fn made(store: &dyn Store, name: &RevisionName) -> Result<Option<Made>, Error> {
    let key = keys::revision(name);
    match store.get(&key).await? {
        Some(entry) => Ok(Some(read_made(&key, &entry.value)?)),
        None => Ok(None),
    }
}

/// A revision of a return as it is now.
pub(crate) async fn revision(
    store: &dyn Store,
    name: &RevisionName,
) -> Result<Option<Revision>, Error> {
    let Some(Made { revision, .. }) = made(store, name).await? else {
        return Ok(None);
    };
    let rows = scan_all(store, keys::moves_of(name)).await?;
    let Some((key, value)) = rows.last() else {
        return Ok(Some(revision));
    };
    let (last, is_late) = read_move(record::open(FORMAT, key, value)?)?;
    Ok(Some(Revision {
        state: last.state,
        moves: keys::number_of_step(key)?,
        is_late,
        ..revision
    }))
}

/// The moves that a revision has made; moves that it made since it was read are left out.
pub(crate) async fn history(store: &dyn Store, revision: &Revision) -> Result<Vec<Move>, Error> {
    let name = &revision.name;
    let made = made(store, name).await?;
    let made = made.ok_or_else(|| corrupt(&name.to_string(), "not held"))?;
    let later = usize::try_from(revision.moves.saturating_sub(1)).unwrap_or(usize::MAX);
    let range = KeyRange::prefix(keys::moves_of(name));
    let rows = store.scan(range, later).await?;
    if rows.len() != later {
        return Err(corrupt(&name.to_string(), "moves are missing"));
    }
    let mut history = vec![made.first];
    for (key, entry) in &rows {
        let (step, _) = read_move(record::open(FORMAT, key, &entry.value)?)?;
        history.push(step);
    }
    Ok(history)
}

/// How many revisions are read at a time, with their contents.
const REVISIONS: usize = 64;

/// Every move of a return, those of a revision in their order, with the revision that made it.
pub(crate) async fn moves(store: &dyn Store, name: &ReturnName) -> Result<Vec<(u32, Move)>, Error> {
    let mut moves = Vec::new();
    let mut range = KeyRange::prefix(keys::revisions(name));
    loop {
        let rows = store.scan(range.clone(), REVISIONS).await?;
        let Some((last, _)) = rows.last() else { break };
        range = range.after(last);
        for (key, entry) in &rows {
            let Made {
                revision, first, ..
            } = read_made(key, &entry.value)?;
            moves.push((revision.name.revision, first));
        }
    }
    for (key, value) in scan_all(store, keys::moves(name)).await? {
        let (step, _) = read_move(record::open(FORMAT, &key, &value)?)?;
        moves.push((keys::revision_of_step(&key)?, step));
    }
    // The first move of each stays before the others.
    moves.sort_by_key(|(revision, _)| *revision);
    Ok(moves)
}

/// Adds a new revision to a commit that relies on the head at `version`. Its content is put beside
/// it where it does not stand in its row.
pub(super) fn put_made(
    commit: Commit,
    (revision, first): (&Revision, &Move),
    content: Option<Vec<u8>>,
    version: Option<Version>,
) -> Commit {
    let made = RevisionRecord {
        made: Some(record_of(revision)),
        first: Some(record_of_move(revision, first)),
        content,
        ..RevisionRecord::default()
    };
    // No revision of this number can be there: the head would be of it, or of a later one.
    put_head(commit, revision, version)
        .put(keys::revision(&revision.name), record::seal(FORMAT, &made))
}

/// Adds a further step of a revision to a commit that relies on the head at `version`.
pub(crate) fn put_step(
    commit: Commit,
    revision: &Revision,
    step: &Move,
    version: Version,
) -> Commit {
    put_head(commit, revision, Some(version)).put(
        keys::step(&revision.name, revision.moves),
        record::seal(FORMAT, &record_of_move(revision, step)),
    )
}

fn put_head(commit: Commit, revision: &Revision, version: Option<Version>) -> Commit {
    let head = keys::head(&revision.name.data_return);
    let expect = version.map_or(Expect::Absent, Expect::At);
    commit
        .expect(head.clone(), expect)
        .put(head, record::seal(FORMAT, &record_of(revision)))
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
        traceparent: stored.traceparent,
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
        traceparent: revision.traceparent.clone(),
    }
}

fn read_made(key: &[u8], value: &[u8]) -> Result<Made, Error> {
    let stored: RevisionRecord = record::open(FORMAT, key, value)?;
    let missing = || corrupt("a revision", "it is not whole");
    let (first, _) = read_move(stored.first.ok_or_else(missing)?)?;
    Ok(Made {
        revision: from_record(stored.made.ok_or_else(missing)?)?,
        first,
        content: stored.content,
        packed: stored.packed.map(|packed| (packed, stored.packed_against)),
    })
}

fn record_of_move(revision: &Revision, step: &Move) -> MoveRecord {
    MoveRecord {
        state: step.state as u32,
        identity: step.identity.clone(),
        reason: step.reason.clone(),
        time: Some(clock::to_proto(step.time)),
        late: revision.is_late,
    }
}

/// A move, and whether the revision that it led to is late.
fn read_move(stored: MoveRecord) -> Result<(Move, bool), Error> {
    let step = Move {
        state: state_of("a move", stored.state)?,
        time: time("a move", stored.time.as_ref())?,
        identity: stored.identity,
        reason: stored.reason,
    };
    Ok((step, stored.late))
}

fn state_of(name: &str, number: u32) -> Result<State, Error> {
    let state = State::from_number(number).filter(|state| *state != State::Nothing);
    state.ok_or_else(|| corrupt(name, &format!("state {number} is not known")))
}
