//! Releases, events and early access as messages.

use mesur_proto::publication::v1 as pb;
use mesur_rpc::clock;
use mesur_wire::EditionResource;

use crate::domain::{State, UpdateNote};
use crate::releases::{Details, Reader, Release, Window};
use crate::store::{Event, Look};

/// A release as its reader sees it: who worked on it is not for everybody. The long lists are in it
/// where they are given.
pub(super) fn release_message(
    release: &Release,
    details: Option<&Details>,
    reader: Reader,
) -> pb::Release {
    let named = |identity: &str| match reader {
        Reader::Public => String::new(),
        Reader::Staff => identity.to_owned(),
    };
    let files = details.into_iter().flat_map(|details| &details.files);
    let files = files.map(|file| pb::File {
        file_name: file.name.clone(),
        media_type: file.media_type.clone(),
        size_bytes: i64::try_from(file.size_bytes).unwrap_or(i64::MAX),
        digest: file.digest.clone(),
    });
    let gaps = details
        .into_iter()
        .flat_map(|details| &details.language_gaps);
    let gaps = gaps.map(|gap| pb::LanguageGap {
        kind: gap.kind.clone(),
        item: gap.item.clone(),
    });
    let omitted = details.map(|details| details.omitted_statements.clone());
    let [en, cy] = release.titles.clone();
    pb::Release {
        name: release.name.to_string(),
        etag: release.etag(),
        state: state_message(release.state).into(),
        edition: EditionResource(release.name.0.clone()).to_string(),
        edition_digest: release.edition_digest.clone(),
        snapshot: release.snapshot.clone(),
        snapshot_digest: release.snapshot_digest.clone(),
        reference: release.reference.clone(),
        files: files.collect(),
        language_gaps: gaps.collect(),
        omitted_statements: omitted.unwrap_or_default(),
        compile_time: Some(clock::to_proto(release.compiled)),
        publish_time: release.published.map(clock::to_proto),
        compiler: named(&release.compiled_by),
        publisher: named(&release.published_by),
        revision: i32::try_from(release.revision).unwrap_or(i32::MAX),
        scheduled_time: release.scheduled.map(clock::to_proto),
        approver: named(&release.approved_by),
        update_note: release.update_note.as_ref().map(note_message),
        title: Some(pb::BilingualText { en, cy }),
        exception_reason: release.exception_reason.clone(),
    }
}

fn state_message(state: State) -> pb::release::State {
    match state {
        State::Nothing => pb::release::State::Unspecified,
        State::Compiled => pb::release::State::Compiled,
        State::InReview => pb::release::State::InReview,
        State::Approved => pb::release::State::Approved,
        State::Scheduled => pb::release::State::Scheduled,
        State::Published => pb::release::State::Published,
        State::Revised => pb::release::State::Revised,
    }
}

fn note_message(note: &UpdateNote) -> pb::UpdateNote {
    let text = |[en, cy]: [String; 2]| Some(pb::BilingualText { en, cy });
    pb::UpdateNote {
        what: text(note.what.clone()),
        why: text(note.why.clone()),
    }
}

/// An event as a message.
pub(super) fn event_message(event: &Event) -> pb::ReleaseEvent {
    pb::ReleaseEvent {
        action: event.action.clone(),
        revision: i32::try_from(event.revision).unwrap_or(i32::MAX),
        actor: event.actor.clone(),
        time: Some(clock::to_proto(event.time)),
        reason: event.reason.clone(),
    }
}

/// Early access as a message, without looks.
pub(super) fn access_message(window: &Window) -> pb::EarlyAccess {
    let access = &window.access;
    pb::EarlyAccess {
        reader: access.reader.clone(),
        post: access.post.clone(),
        justification: access.justification.clone(),
        granter: access.granter.clone(),
        create_time: Some(clock::to_proto(access.granted)),
        open_time: window.opens.map(clock::to_proto),
        close_time: window.closes.map(clock::to_proto),
        revoked: access.revoked.is_some(),
        looks: Vec::new(),
    }
}

fn look_message(look: &Look) -> pb::Look {
    pb::Look {
        reader: look.reader.clone(),
        file_name: look.file_name.clone(),
        time: Some(clock::to_proto(look.time)),
    }
}

/// A page of the list. Somebody whose access was taken back and given again stands on it twice: a look
/// belongs to the access that stood then, and to the first where a clock was set back. None is left out.
pub(super) fn list_message(
    windows: &[Window],
    looks: &[&Look],
    next_page_token: String,
) -> pb::ListEarlyAccessResponse {
    let mut readers: Vec<_> = windows.iter().map(access_message).collect();
    let mut staff_looks = Vec::new();
    for look in looks {
        let is_theirs = |window: &Window| !look.is_staff && window.access.reader == look.reader;
        let stood = |window: &Window| is_theirs(window) && window.access.granted <= look.time;
        let place = windows.iter().rposition(stood);
        let place = place.or_else(|| windows.iter().position(is_theirs));
        let made = match place.and_then(|place| readers.get_mut(place)) {
            Some(reader) => &mut reader.looks,
            None => &mut staff_looks,
        };
        made.push(look_message(look));
    }
    pb::ListEarlyAccessResponse {
        readers,
        staff_looks,
        next_page_token,
    }
}
