//! The life of a return, pure: every rule about states is in [`State::after`].

use jiff::Timestamp;
use mesur_returns::DataReturn;
use mesur_wire::{ReturnName, RevisionName};

/// Where a revision is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Taken in.
    Submitted,
    /// Signed off by the authority.
    SignedOff,
}

/// What somebody wants to do with a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Send a revision.
    Submit,
    /// Sign the latest revision off.
    SignOff,
}

/// A move that the table does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IllegalMove {
    /// There is no return yet.
    NothingSent,
    /// The return is signed off.
    SignedOff,
}

impl State {
    /// The state that an action leads to, from the state of the latest revision, if any.
    pub(crate) fn after(current: Option<Self>, action: Action) -> Result<Self, IllegalMove> {
        match (current, action) {
            (None | Some(Self::Submitted), Action::Submit) => Ok(Self::Submitted),
            (Some(Self::Submitted), Action::SignOff) => Ok(Self::SignedOff),
            (None, Action::SignOff) => Err(IllegalMove::NothingSent),
            (Some(Self::SignedOff), Action::Submit | Action::SignOff) => {
                Err(IllegalMove::SignedOff)
            }
        }
    }
}

/// A revision of a return, apart from its observations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revision {
    /// Which revision of which return.
    pub(crate) name: RevisionName,
    /// The digest of the edition that its cells are in the order of.
    pub(crate) edition_digest: String,
    /// The digest of its content.
    pub(crate) digest: String,
    /// When it was taken in.
    pub(crate) created: Timestamp,
    /// When it was signed off.
    pub(crate) signed_off: Option<Timestamp>,
}

impl Revision {
    /// Where it is in its life.
    pub(crate) fn state(&self) -> State {
        if self.signed_off.is_some() {
            State::SignedOff
        } else {
            State::Submitted
        }
    }

    /// What a caller saw: changes with the revision and with its state.
    pub(crate) fn etag(&self) -> String {
        let name = self.name.to_string();
        let signed: &[u8] = if self.signed_off.is_some() {
            b"signed"
        } else {
            b""
        };
        mesur_rpc::etag::etag([name.as_bytes(), self.digest.as_bytes(), signed])
    }

    /// The revision that a content sent now becomes.
    pub(crate) fn receive(
        current: Option<&Self>,
        content: &DataReturn,
        now: Timestamp,
    ) -> Result<Self, IllegalMove> {
        State::after(current.map(Self::state), Action::Submit)?;
        let before = current.map_or(0, |revision| revision.name.revision);
        let data_return = ReturnName {
            authority: content.authority.clone(),
            edition: content.edition.clone(),
        };
        Ok(Self {
            name: RevisionName {
                data_return,
                revision: before.saturating_add(1),
            },
            edition_digest: content.edition_digest.clone(),
            digest: content.digest(),
            created: now,
            signed_off: None,
        })
    }

    /// The same revision, signed off now.
    pub(crate) fn sign_off(&self, now: Timestamp) -> Result<Self, IllegalMove> {
        State::after(Some(self.state()), Action::SignOff)?;
        Ok(Self {
            signed_off: Some(now),
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_move_of_the_table_is_as_written() {
        use Action::{SignOff, Submit};
        let (submitted, signed) = (Some(State::Submitted), Some(State::SignedOff));
        for (from, action, to) in [
            (None, Submit, Ok(State::Submitted)),
            (None, SignOff, Err(IllegalMove::NothingSent)),
            (submitted, Submit, Ok(State::Submitted)),
            (submitted, SignOff, Ok(State::SignedOff)),
            (signed, Submit, Err(IllegalMove::SignedOff)),
            (signed, SignOff, Err(IllegalMove::SignedOff)),
        ] {
            assert_eq!(State::after(from, action), to, "{from:?} {action:?}");
        }
    }
}
