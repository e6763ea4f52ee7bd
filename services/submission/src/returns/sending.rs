//! Sending: a whole return, a draft, some cells, or a draft that is handed in.

use std::borrow::Cow;

use mesur_access::table::HANDED_IN;
use mesur_catalogue::Edition;
use mesur_returns::{Assembly, Cells, Draft, Finding, FindingKind, Status, assemble};
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, Version};
use mesur_telemetry::trace;
use mesur_wire::ReturnName;
use tracing::Instrument as _;

use super::{Outcome, Relied, Returns, check_etag, illegal};
use crate::domain::revision::Step;
use crate::domain::{Family, IllegalMove, Move, Revision, State, families_of, life_cycle};
use crate::error::Error;
use crate::repeats::once;
use crate::sight::Sight;
use crate::store::contents::put_revision;
use crate::store::events;
use crate::store::revisions::put_step;

/// The field that findings of changed cells are told of.
const CHANGES_FIELD: &str = "observations";

/// Cells with their digest, which is worked out once.
#[derive(Debug, Clone)]
pub(crate) struct Digested {
    content: Draft,
    digest: String,
}

impl From<Draft> for Digested {
    fn from(content: Draft) -> Self {
        Self {
            digest: content.digest(),
            content,
        }
    }
}

impl Digested {
    /// What tells a repeat from another sending: all that was sent, references too.
    pub(crate) fn fingerprint(&self) -> String {
        let references = self.content.cells().references().unwrap_or_default();
        format!("{}{references}", self.digest)
    }
}

/// What is sent.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// A whole return.
    Whole(Digested),
    /// A draft.
    Draft(Digested),
    /// Some cells, to be changed in the latest revision.
    Changes(Assembly),
}

/// What a caller sends.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    /// The return.
    pub(crate) name: ReturnName,
    /// What the caller saw; empty for nothing.
    pub(crate) etag: String,
    /// What is sent.
    pub(crate) content: Content,
    /// How much of each family is sent.
    pub(crate) families: Vec<Family>,
}

/// A step that is decided on: what is to be committed, and what it rests on.
struct Decided {
    revision: Revision,
    step: Move,
    version: Option<Version>,
    relied: Relied,
}

impl Returns {
    /// What sending this now would lead to, refused as [`Returns::send`] would.
    pub(crate) async fn rehearse(&self, sending: &Sending, by: &Sight) -> Result<Outcome, Error> {
        let (decided, _) = self.decide(sending, by).await?;
        Ok(Outcome {
            revision: decided.revision,
            history: vec![decided.step],
            families: Vec::new(),
        })
    }

    /// Takes what is sent in as the next revision.
    pub(crate) async fn send(
        &self,
        sending: &Sending,
        by: &Sight,
        mutation: &Mutation,
    ) -> Result<Outcome, Error> {
        let _turn = self.turns.wait(&sending.name).await;
        let attempt = || async {
            let (decided, content) = self.decide(sending, by).await?;
            let Decided {
                revision,
                step,
                version,
                relied,
            } = decided;
            let commit = put_event(Commit::new(), &revision, &step);
            let (made, cells) = ((&revision, &step), content.content.cells());
            let commit = put_revision(&*self.store, commit, made, cells, version).await?;
            let sent = (revision, step, sending.families.clone());
            self.finish(commit, relied, sent, (by, mutation)).await
        };
        once(|| self.earlier(by, mutation), attempt).await
    }

    /// Hands a draft in as it stands.
    pub(crate) async fn hand_in(
        &self,
        name: &ReturnName,
        etag: &str,
        by: &Sight,
        mutation: &Mutation,
    ) -> Result<Outcome, Error> {
        let _turn = self.turns.wait(name).await;
        let attempt = || async {
            let (current, version) = self.seen(name, etag, by).await?;
            if !by.grant().returns().lead(current.state, State::Submitted) {
                let name = name.to_string();
                return Err(Error::NotADraft { name });
            }
            let span = trace::later("hand a draft in", &current.traceparent);
            let handed_in = self.hand_in_draft((current, version), by, mutation);
            handed_in.instrument(span).await
        };
        once(|| self.earlier(by, mutation), attempt).await
    }

    async fn hand_in_draft(
        &self,
        (current, version): (Revision, Version),
        by: &Sight,
        mutation: &Mutation,
    ) -> Result<Outcome, Error> {
        let name = &current.name.data_return;
        let (is_late, relied) = self.admit(name, by).await?;
        let (edition, draft) = self.content(&current).await?;
        let families = families_of(edition, draft.cells());
        self.check_whole(edition, &draft)?;
        let (next, step) = current
            .step(State::Submitted, self.step(by, ""))
            .map_err(|move_| illegal(name, move_))?;
        let next = Revision { is_late, ..next };
        let commit = put_step(Commit::new(), &next, &step, version);
        let commit = put_event(commit, &next, &step);
        let handed_in = (next, step, families);
        self.finish(commit, relied, handed_in, (by, mutation)).await
    }

    /// The latest revision with some cells changed, and whether it is a draft.
    pub(crate) async fn merged(
        &self,
        name: &ReturnName,
        etag: &str,
        changes: Assembly,
        by: &Sight,
    ) -> Result<(Assembly, bool), Error> {
        let (current, _) = self.seen(name, etag, by).await?;
        let (edition, content) = self.content(&current).await?;
        let merged = merge(edition, content.cells(), changes);
        Ok((merged, current.state == State::Draft))
    }

    /// A step that the caller takes now.
    pub(super) fn step<'a>(&self, by: &'a Sight, reason: &'a str) -> Step<'a> {
        Step {
            identity: by.identity(),
            reason,
            time: self.clock.now(),
            rules: by.grant().returns(),
        }
    }

    async fn decide<'s>(
        &self,
        sending: &'s Sending,
        by: &Sight,
    ) -> Result<(Decided, Cow<'s, Digested>), Error> {
        let name = &sending.name;
        let (current, version) = self.current(name).await?;
        if current.is_none() && matches!(sending.content, Content::Changes(_)) {
            return Err(illegal(name, IllegalMove::NothingSent));
        }
        check_etag(name, current.as_ref(), &sending.etag)?;
        let (is_late, relied) = self.admit(name, by).await?;
        let (content, to) = match &sending.content {
            Content::Whole(content) => (Cow::Borrowed(content), State::Submitted),
            Content::Draft(content) => (Cow::Borrowed(content), State::Draft),
            Content::Changes(changes) => {
                let amended = self.amended(name, current.as_ref(), changes, by).await?;
                (Cow::Owned(amended.0.into()), amended.1)
            }
        };
        let step = self.step(by, "");
        let sent = (&content.content, content.digest.as_str());
        let (revision, step) = Revision::receive(current.as_ref(), sent, to, is_late, step)
            .map_err(|move_| illegal(name, move_))?;
        let traceparent = trace::current();
        let decided = Decided {
            revision: Revision {
                traceparent,
                ..revision
            },
            step,
            version,
            relied,
        };
        Ok((decided, content))
    }

    /// The content of the latest revision with some cells changed: a draft stays one.
    async fn amended(
        &self,
        name: &ReturnName,
        current: Option<&Revision>,
        changes: &Assembly,
        by: &Sight,
    ) -> Result<(Draft, State), Error> {
        let current = current.ok_or_else(|| illegal(name, IllegalMove::NothingSent))?;
        let to = match current.state {
            State::Draft => State::Draft,
            State::Nothing
            | State::Submitted
            | State::Queried
            | State::SignedOff
            | State::Reopened => State::Submitted,
        };
        // Refused before the cells are looked at: a signed-off return is not amended at all.
        life_cycle::go(by.grant().returns(), current.state, to)
            .map_err(|move_| illegal(name, move_))?;
        let (edition, content) = self.content(current).await?;
        let merged = merge(edition, content.cells(), changes.clone());
        let content = if to == State::Draft {
            merged.into_draft(edition, &name.authority)
        } else {
            merged
                .into_return(edition, &name.authority)
                .map(Draft::from)
        };
        let content = content.map_err(|findings| Error::InvalidReturn {
            field: CHANGES_FIELD,
            findings,
        })?;
        Ok((content, to))
    }

    fn check_whole(&self, edition: &Edition, draft: &Draft) -> Result<(), Error> {
        let nothing = assemble(edition, &self.catalogue, &draft.authority, []);
        let whole = merge(edition, draft.cells(), nothing);
        match whole.into_return(edition, &draft.authority) {
            Ok(_) => Ok(()),
            Err(findings) => Err(Error::InvalidReturn {
                field: CHANGES_FIELD,
                findings,
            }),
        }
    }
}

/// A draft is the authority's own business: nobody is told of it.
fn put_event(commit: Commit, revision: &Revision, step: &Move) -> Commit {
    if !HANDED_IN.contains(&revision.state) {
        return commit;
    }
    events::put(commit, events::Event::Submitted, revision, step.time)
}

/// Cells with some of them changed. A cell that is missing among the changes stays as it is.
fn merge(edition: &Edition, cells: &Cells, mut changes: Assembly) -> Assembly {
    changes.cells = cells.with(&changes.cells);
    let merged = &changes.cells;
    let is_missing = |finding: &Finding| {
        let cell = finding.cells.first().and_then(|cell| edition.cell_id(cell));
        cell.is_some_and(|cell| merged.status(cell) == Status::Missing)
    };
    changes
        .findings
        .retain(|finding| finding.kind != FindingKind::MissingRow || is_missing(finding));
    changes
}
