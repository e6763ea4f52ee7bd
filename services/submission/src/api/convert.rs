//! Messages from and to the domain.

use mesur_catalogue::{AuthorityCode, CollectionId, Edition, EditionName};
use mesur_proto::submission::v1 as pb;
use mesur_returns::Previous;
use mesur_rpc::{Violation, clock};
use mesur_store::LogEntry;
use mesur_wire::{AuthorityName, EditionResource, PreviousValuesName, previous_values_to_wire};

use crate::domain::{Revision, State};
use crate::error::Error;
use crate::store::{self, Event};

/// A field that is wrong.
pub(super) fn invalid(field: &str, description: &str) -> Error {
    Error::InvalidField(Violation {
        field: field.to_owned(),
        reason: "INVALID_FIELD",
        description: description.to_owned(),
    })
}

/// A field that must be set.
pub(super) fn required(field: &str) -> Error {
    invalid(field, "must be set")
}

/// An authority that does not report for an edition.
pub(super) fn not_an_authority(field: &str, code: &AuthorityCode, edition: &Edition) -> Error {
    invalid(
        field,
        &format!("{code} is not an authority of {}", edition.name()),
    )
}

/// `authorities/{authority}`, or `None` for `authorities/-`.
pub(super) fn parent_authority(parent: &str) -> Result<Option<AuthorityCode>, Error> {
    if parent == "authorities/-" {
        return Ok(None);
    }
    let name = AuthorityName::parse(parent).map_err(Error::name("parent"))?;
    Ok(Some(name.0))
}

/// A revision without its observations.
pub(super) fn return_message(revision: &Revision) -> pb::DataReturn {
    let state = match revision.state() {
        State::Submitted => pb::data_return::State::Submitted,
        State::SignedOff => pb::data_return::State::SignedOff,
    };
    let name = &revision.name.data_return;
    pb::DataReturn {
        name: name.to_string(),
        etag: revision.etag(),
        edition: EditionResource(name.edition.clone()).to_string(),
        edition_digest: revision.edition_digest.clone(),
        observations: Vec::new(),
        state: state.into(),
        revision: i32::try_from(revision.name.revision).unwrap_or(i32::MAX),
        digest: revision.digest.clone(),
        create_time: Some(clock::to_proto(revision.created)),
        sign_off_time: revision.signed_off.map(clock::to_proto),
    }
}

/// An entry of the log.
pub(super) fn event_message(entry: &LogEntry) -> Result<pb::WatchReturnsResponse, Error> {
    let (event, happened) = store::event_of(&entry.value)?;
    let event = match event {
        Event::Submitted => pb::watch_returns_response::Event::Submitted,
        Event::SignedOff => pb::watch_returns_response::Event::SignedOff,
    };
    Ok(pb::WatchReturnsResponse {
        cursor: entry.position.to_bytes().to_vec(),
        event: event.into(),
        name: happened.name,
        digest: happened.digest,
    })
}

/// Values of an earlier period.
pub(super) fn previous_message(
    collection: &CollectionId,
    previous: &Previous,
) -> pb::PreviousValues {
    let name = PreviousValuesName {
        authority: previous.authority.clone(),
        edition: EditionName {
            collection: collection.clone(),
            period: previous.period.clone(),
        },
    };
    pb::PreviousValues {
        name: name.to_string(),
        values: previous_values_to_wire(previous),
    }
}
