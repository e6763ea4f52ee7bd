//! Where everything stands.

use mesur_catalogue::{AuthorityCode, CollectionId, EditionName, Period};
use mesur_store::{Key, KeyBuilder, KeyReader};
use mesur_wire::{DelegationName, ReturnName, RevisionName};

use super::corrupt;
use crate::error::Error;

pub(super) const HEAD: u8 = 1;
pub(super) const REVISION: u8 = 2;
pub(super) const CONTENT: u8 = 3;
pub(super) const REQUEST: u8 = 4;
pub(super) const PREVIOUS: u8 = 5;
pub(super) const PREVIOUS_CONTENT: u8 = 6;
pub(super) const PAGE_KEY: u8 = 7;
pub(super) const MOVE: u8 = 8;
pub(super) const SCHEDULE: u8 = 9;
pub(super) const SCHEDULE_CHANGE: u8 = 10;
pub(super) const DELEGATIONS: u8 = 11;
pub(super) const DELEGATION: u8 = 12;
pub(super) const LIVE_DELEGATION: u8 = 13;
pub(super) const CURSOR: u8 = 14;
pub(super) const REQUEST_DAYS: u8 = 15;

/// An identity in a key: its digest, because it may be longer than a key.
fn identity_part(identity: &str) -> String {
    mesur_rpc::etag::etag([identity.as_bytes()])
}

/// Where the key stands that page tokens are signed with.
pub(crate) fn page_key() -> Key {
    KeyBuilder::new(PAGE_KEY).build()
}

/// What the keys of a caller's requests begin with: ids of different callers never meet.
pub(crate) fn requests(identity: &str) -> Key {
    KeyBuilder::new(REQUEST)
        .text(&identity_part(identity))
        .build()
}

/// What the keys of all requests begin with.
pub(super) fn all_requests() -> Key {
    KeyBuilder::new(REQUEST).build()
}

/// Where the marks stand by which requests are past their time.
pub fn request_days() -> Key {
    KeyBuilder::new(REQUEST_DAYS).build()
}

/// What the heads of an authority, and of its returns for one collection, begin with. The order
/// of the keys is that of the returns' names.
pub(crate) fn heads(authority: Option<&AuthorityCode>, collection: Option<&CollectionId>) -> Key {
    prefix(KeyBuilder::new(HEAD), authority, collection)
}

/// Where the latest revision of a return stands.
pub(super) fn head(name: &ReturnName) -> Key {
    of_period(HEAD, &name.authority, &name.edition).build()
}

/// What the revisions of a return begin with.
pub(super) fn revisions(name: &ReturnName) -> Key {
    of_period(REVISION, &name.authority, &name.edition).build()
}

/// Where a revision stands.
pub(super) fn revision(name: &RevisionName) -> Key {
    of_revision(REVISION, name).build()
}

/// Where the cells of a revision stand that are too many to stand in its row.
pub(crate) fn content(name: &RevisionName) -> Key {
    of_revision(CONTENT, name).build()
}

/// What the later moves of a return begin with.
pub(super) fn moves(name: &ReturnName) -> Key {
    of_period(MOVE, &name.authority, &name.edition).build()
}

/// What the later moves of a revision begin with.
pub(super) fn moves_of(name: &RevisionName) -> Key {
    of_revision(MOVE, name).build()
}

/// Where a move of a revision behind the first stands, counted with the first.
pub(super) fn step(name: &RevisionName, number: u32) -> Key {
    of_revision(MOVE, name).number(number.into()).build()
}

/// The revision in the key of a move.
pub(super) fn revision_of_step(key: &[u8]) -> Result<u32, Error> {
    let [revision, _] = numbers_of_step(key)?;
    Ok(revision)
}

/// The revision that a key of one, of its content or of one of its moves is about.
pub(super) fn revision_in(key: &[u8]) -> Result<RevisionName, Error> {
    let problem = |error: &dyn std::fmt::Display| corrupt("a revision", &error.to_string());
    let mut reader = KeyReader::new(key);
    reader.kind()?;
    let authority = AuthorityCode::parse(&reader.text()?).map_err(|error| problem(&error))?;
    let edition = edition_of(&mut reader)?;
    let revision = u32::try_from(reader.number()?).map_err(|error| problem(&error))?;
    Ok(RevisionName {
        data_return: ReturnName { authority, edition },
        revision,
    })
}

/// The edition in the key of a schedule.
pub(super) fn edition_in(key: &[u8]) -> Result<EditionName, Error> {
    let mut reader = KeyReader::new(key);
    reader.kind()?;
    edition_of(&mut reader)
}

fn edition_of(reader: &mut KeyReader<'_>) -> Result<EditionName, Error> {
    let problem = |error: mesur_catalogue::IdError| corrupt("a key", &error.to_string());
    Ok(EditionName {
        collection: CollectionId::parse(&reader.text()?).map_err(problem)?,
        period: Period::parse(&reader.text()?).map_err(problem)?,
    })
}

/// The number in the key of a move.
pub(super) fn number_of_step(key: &[u8]) -> Result<u32, Error> {
    let [_, number] = numbers_of_step(key)?;
    Ok(number)
}

fn numbers_of_step(key: &[u8]) -> Result<[u32; 2], Error> {
    let mut reader = KeyReader::new(key);
    reader.kind()?;
    for _ in 0..3 {
        reader.text()?;
    }
    let mut next = || {
        let number = u32::try_from(reader.number()?);
        number.map_err(|error| corrupt("a move", &error.to_string()))
    };
    Ok([next()?, next()?])
}

/// What the recorded earlier values of an authority begin with.
pub(crate) fn previous_periods(authority: &AuthorityCode, collection: &CollectionId) -> Key {
    prefix(KeyBuilder::new(PREVIOUS), Some(authority), Some(collection))
}

/// Where it stands that values of an earlier period are recorded.
pub(crate) fn previous(authority: &AuthorityCode, edition: &EditionName) -> Key {
    of_period(PREVIOUS, authority, edition).build()
}

/// Where these values stand.
pub(crate) fn previous_content(authority: &AuthorityCode, edition: &EditionName) -> Key {
    of_period(PREVIOUS_CONTENT, authority, edition).build()
}

/// The period in the key of earlier values.
pub(crate) fn period_of(key: &[u8]) -> Result<Period, Error> {
    let mut reader = KeyReader::new(key);
    reader.kind()?;
    reader.text()?;
    reader.text()?;
    Period::parse(&reader.text()?).map_err(|error| corrupt("previous values", &error.to_string()))
}

/// Where it stands how often a schedule was changed.
pub(super) fn schedule(edition: &EditionName) -> Key {
    of_edition(SCHEDULE, edition).build()
}

/// What the changes of a schedule begin with.
pub(super) fn schedule_changes(edition: &EditionName) -> Key {
    of_edition(SCHEDULE_CHANGE, edition).build()
}

/// Where a change of a schedule stands, counted from 1.
pub(super) fn schedule_change(edition: &EditionName, number: u32) -> Key {
    of_edition(SCHEDULE_CHANGE, edition)
        .number(number.into())
        .build()
}

/// Where it stands how many delegations an authority has made.
pub(super) fn delegation_count(authority: &AuthorityCode) -> Key {
    KeyBuilder::new(DELEGATIONS)
        .text(authority.as_str())
        .build()
}

/// What the delegations of an authority begin with.
pub(crate) fn delegations(authority: &AuthorityCode) -> Key {
    KeyBuilder::new(DELEGATION).text(authority.as_str()).build()
}

/// Where a delegation stands.
pub(crate) fn delegation(name: &DelegationName) -> Key {
    KeyBuilder::from_prefix(delegations(&name.authority))
        .number(name.number.into())
        .build()
}

/// What the delegations that hold for a supplier begin with.
pub(super) fn live_delegations(supplier: &str) -> Key {
    KeyBuilder::new(LIVE_DELEGATION)
        .text(&identity_part(supplier))
        .build()
}

/// Where it stands that a delegation holds.
pub(super) fn live_delegation(
    supplier: &str,
    authority: &AuthorityCode,
    edition: &EditionName,
) -> Key {
    KeyBuilder::from_prefix(live_delegations(supplier))
        .text(authority.as_str())
        .text(edition.collection.as_str())
        .text(edition.period.as_str())
        .build()
}

/// Of whom and for what the delegation with this key holds.
pub(super) fn delegated_by(key: &[u8]) -> Result<ReturnName, Error> {
    let problem = |error: mesur_catalogue::IdError| corrupt("a delegation", &error.to_string());
    let mut reader = KeyReader::new(key);
    reader.kind()?;
    reader.text()?;
    Ok(ReturnName {
        authority: AuthorityCode::parse(&reader.text()?).map_err(problem)?,
        edition: EditionName {
            collection: CollectionId::parse(&reader.text()?).map_err(problem)?,
            period: Period::parse(&reader.text()?).map_err(problem)?,
        },
    })
}

/// Where the place in validation's stream stands.
pub(crate) fn cursor() -> Key {
    KeyBuilder::new(CURSOR).build()
}

fn prefix(
    key: KeyBuilder,
    authority: Option<&AuthorityCode>,
    collection: Option<&CollectionId>,
) -> Key {
    match (authority, collection) {
        (Some(authority), Some(collection)) => key
            .text(authority.as_str())
            .text(collection.as_str())
            .build(),
        (Some(authority), None) => key.text(authority.as_str()).build(),
        (None, _) => key.build(),
    }
}

fn of_edition(kind: u8, edition: &EditionName) -> KeyBuilder {
    KeyBuilder::new(kind)
        .text(edition.collection.as_str())
        .text(edition.period.as_str())
}

fn of_period(kind: u8, authority: &AuthorityCode, edition: &EditionName) -> KeyBuilder {
    KeyBuilder::new(kind)
        .text(authority.as_str())
        .text(edition.collection.as_str())
        .text(edition.period.as_str())
}

fn of_revision(kind: u8, name: &RevisionName) -> KeyBuilder {
    let ReturnName { authority, edition } = &name.data_return;
    of_period(kind, authority, edition).number(name.revision.into())
}
