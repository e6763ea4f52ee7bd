//! Messages from and to the domain.

use mesur_catalogue::{AuthorityCode, Edition};
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::data_return::State as StateMessage;
use mesur_rpc::channel::MESSAGE_BYTES_MAX;
use mesur_rpc::{Violation, clock};
use mesur_wire::{AuthorityName, EditionResource};
use prost::Message;

use crate::domain::{Family, Move, Revision, State};
use crate::error::{Error, invalid};
use crate::returns::Outcome;

/// An authority that does not report for an edition.
pub(super) fn not_an_authority(field: &str, code: &AuthorityCode, edition: &Edition) -> Violation {
    let problem = format!("{code} is not an authority of {}", edition.name());
    invalid(field, &problem)
}

/// `authorities/{authority}`, or `None` for `authorities/-`.
pub(super) fn parent_authority(parent: &str) -> Result<Option<AuthorityCode>, Error> {
    if parent == "authorities/-" {
        return Ok(None);
    }
    let name = AuthorityName::parse(parent).map_err(Error::name("parent"))?;
    Ok(Some(name.0))
}

/// The most bytes of what is many in an answer: the rest of it, and the frame, need a little too.
const ANSWER_BYTES_MAX: usize = MESSAGE_BYTES_MAX - 64 * 1024;

/// Bytes before each of them, at most.
const ITEM_HEAD_BYTES: usize = 6;

/// What is many in an answer about `name`, as long as it fits a message.
pub(super) fn within_answer<T: Message>(
    name: &str,
    items: impl Iterator<Item = T>,
) -> Result<Vec<T>, Error> {
    let mut bytes = 0_usize;
    let mut all = Vec::new();
    for item in items {
        let size = item.encoded_len().saturating_add(ITEM_HEAD_BYTES);
        bytes = bytes.saturating_add(size);
        if bytes > ANSWER_BYTES_MAX {
            let name = name.to_owned();
            return Err(Error::AnswerTooLarge { name });
        }
        all.push(item);
    }
    Ok(all)
}

/// A number on the wire, where numbers have a sign.
pub(super) fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A revision with its history, without its observations.
pub(super) fn return_message(outcome: &Outcome) -> pb::DataReturn {
    let revision = &outcome.revision;
    let name = &revision.name.data_return;
    let signed = outcome
        .history
        .last()
        .filter(|step| step.state == State::SignedOff);
    pb::DataReturn {
        name: name.to_string(),
        etag: revision.etag(),
        edition: EditionResource(name.edition.clone()).to_string(),
        edition_digest: revision.edition_digest.clone(),
        observations: Vec::new(),
        state: state_message(revision.state).into(),
        revision: number(revision.name.revision),
        digest: revision.digest.clone(),
        create_time: Some(clock::to_proto(revision.created)),
        sign_off_time: signed.map(|step| clock::to_proto(step.time)),
        late: revision.is_late,
        history: outcome.history.iter().map(move_message).collect(),
    }
}

/// What the sender keeps as proof of what was taken in.
pub(super) fn receipt_message(outcome: &Outcome) -> pb::Receipt {
    let Revision {
        name,
        digest,
        edition_digest,
        is_late,
        created,
        ..
    } = &outcome.revision;
    let taken_in = outcome.history.last().map_or(*created, |step| step.time);
    pb::Receipt {
        revision: name.to_string(),
        digest: digest.clone(),
        edition_digest: edition_digest.clone(),
        families: outcome.families.iter().map(family_message).collect(),
        create_time: Some(clock::to_proto(taken_in)),
        late: *is_late,
    }
}

/// What was taken in, with its receipt.
pub(super) fn taken_message(outcome: &Outcome) -> pb::SubmitReturnResponse {
    pb::SubmitReturnResponse {
        data_return: Some(return_message(outcome)),
        findings: Vec::new(),
        receipt: Some(receipt_message(outcome)),
    }
}

fn family_message(family: &Family) -> pb::receipt::Family {
    pb::receipt::Family {
        family: family.id.clone(),
        row_count: number(family.rows),
        value_count: number(family.values),
    }
}

fn move_message(step: &Move) -> pb::Move {
    pb::Move {
        state: state_message(step.state).into(),
        identity: step.identity.clone(),
        reason: step.reason.clone(),
        time: Some(clock::to_proto(step.time)),
    }
}

fn state_message(state: State) -> StateMessage {
    match state {
        State::Nothing => StateMessage::Unspecified,
        State::Draft => StateMessage::Draft,
        State::Submitted => StateMessage::Submitted,
        State::Queried => StateMessage::Queried,
        State::SignedOff => StateMessage::SignedOff,
        State::Reopened => StateMessage::Reopened,
    }
}

#[cfg(test)]
mod tests {
    use mesur_rpc::channel::fits;

    use super::*;
    use crate::api::fields::REASON_CHARS_MAX;
    use crate::domain::revision::MOVES_MAX;
    use crate::domain::schedule::{EXTENSIONS_MAX, SETTINGS_MAX};

    #[test]
    fn the_longest_history_and_the_longest_schedule_fit_a_message() {
        const IDENTITY_CHARS_MAX: usize = 200;
        let longest = |chars| "\u{10ffff}".repeat(chars);
        let time = Some(clock::to_proto(jiff::Timestamp::MAX));
        let step = pb::Move {
            state: StateMessage::Reopened.into(),
            identity: longest(IDENTITY_CHARS_MAX),
            reason: longest(REASON_CHARS_MAX),
            time,
        };
        let settling = 2;
        let moves = usize::try_from(MOVES_MAX).unwrap() + settling;
        assert!(fits(&pb::DataReturn {
            history: vec![step.clone(); moves],
            ..pb::DataReturn::default()
        }));
        let extension = pb::schedule::Extension {
            authority: longest(IDENTITY_CHARS_MAX),
            due_time: time,
            reason: step.reason.clone(),
            identity: step.identity.clone(),
            time,
        };
        let setting = pb::schedule::Setting {
            due_time: time,
            close_time: time,
            reason: step.reason,
            identity: step.identity,
            time,
        };
        let closing = 1;
        assert!(fits(&pb::Schedule {
            extensions: vec![extension; EXTENSIONS_MAX],
            history: vec![setting; SETTINGS_MAX + closing],
            ..pb::Schedule::default()
        }));
    }

    #[test]
    fn an_answer_is_told_up_to_what_a_message_holds_and_refused_beyond_it() {
        let item = |bytes: usize| pb::UploadReturnRequest {
            part: Some(pb::upload_return_request::Part::Chunk(vec![7; bytes])),
        };
        let of_item = item(1_000_000).encoded_len() + ITEM_HEAD_BYTES;
        let (whole, rest) = (ANSWER_BYTES_MAX / of_item, ANSWER_BYTES_MAX % of_item);
        let last = rest - (of_item - 1_000_000);
        let told = |last: usize| {
            let items = (0..whole).map(|_| item(1_000_000)).chain([item(last)]);
            within_answer("a return", items)
        };
        assert_eq!(told(last).unwrap().len(), whole + 1);
        assert!(matches!(told(last + 1), Err(Error::AnswerTooLarge { .. })));
    }
}
