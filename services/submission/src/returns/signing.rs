//! Signing off, taking the sign-off back, and what follows by itself from validation.
//!
//! No return is signed off with something open: validation seals the conversation when it clears a
//! revision, and the sign-off is committed while the seal holds. A sign-off that fails in between
//! takes no seal back: it ends by itself.

use jiff::SignedDuration;
use mesur_access::table::RETURN_FOLLOWS;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, Version, with_retry};
use mesur_telemetry::{table, trace};
use mesur_wire::ReturnName;
use tracing::Instrument as _;

use super::{Clearance, Outcome, Returns, illegal};
use crate::domain::revision::{Step, senders};
use crate::domain::{Revision, State, life_cycle};
use crate::error::Error;
use crate::repeats::once;
use crate::sight::Sight;
use crate::store::{self, events};

/// How long a clearance counts, from when it was asked for: well within the time that validation's
/// seal holds, which begins later.
pub(crate) const CLEARANCE_VALIDITY: SignedDuration = SignedDuration::from_secs(10);

/// How often a clearance is asked for when each comes too late.
const CLEARANCE_ATTEMPTS: usize = 3;

impl Returns {
    /// Signs the latest revision off, when validation has nothing open against it and somebody
    /// else sent it.
    pub(crate) async fn sign_off(
        &self,
        name: &ReturnName,
        etag: &str,
        by: &Sight,
        mutation: &Mutation,
    ) -> Result<Outcome, Error> {
        let attempt = || async {
            let seen = self.seen(name, etag, by).await?;
            let span = trace::later("sign off", &seen.0.traceparent);
            self.sign(seen, by, mutation).instrument(span).await
        };
        once(|| self.earlier(by, mutation), attempt).await
    }

    async fn sign(
        &self,
        (current, version): (Revision, Version),
        by: &Sight,
        mutation: &Mutation,
    ) -> Result<Outcome, Error> {
        let name = &current.name.data_return;
        let (_, relied) = self.admit(name, by).await?;
        let (next, step) = current
            .step(State::SignedOff, self.step(by, ""))
            .map_err(|move_| illegal(name, move_))?;
        self.check_other_person(name, &next, by).await?;
        self.clear(&next).await?;
        let commit = store::revisions::put_step(Commit::new(), &next, &step, version);
        let commit = events::put(commit, events::Event::SignedOff, &next, step.time);
        let moved = (next, step, Vec::new());
        self.finish(commit, relied, moved, (by, mutation)).await
    }

    /// Takes the sign-off of the latest revision back.
    pub(crate) async fn reopen(
        &self,
        name: &ReturnName,
        (etag, reason): (&str, &str),
        by: &Sight,
        mutation: &Mutation,
    ) -> Result<Outcome, Error> {
        let attempt = || async {
            let (current, version) = self.seen(name, etag, by).await?;
            let (_, relied) = self.admit(name, by).await?;
            let (next, step) = current
                .step(State::Reopened, self.step(by, reason))
                .map_err(|move_| illegal(name, move_))?;
            let span = trace::later("reopen", &current.traceparent);
            let reopening = async {
                let commit = store::revisions::put_step(Commit::new(), &next, &step, version);
                let commit = events::put(commit, events::Event::Reopened, &next, step.time);
                let moved = (next, step, Vec::new());
                self.finish(commit, relied, moved, (by, mutation)).await
            };
            reopening.instrument(span).await
        };
        once(|| self.earlier(by, mutation), attempt).await
    }

    /// The place in validation's stream; empty before the first event.
    pub(crate) async fn cursor(&self) -> Result<Vec<u8>, Error> {
        store::cursor(&*self.store).await
    }

    /// Goes on in validation's stream without a change.
    pub(crate) async fn pass_over(&self, cursor: &[u8]) -> Result<(), Error> {
        let commit = store::put_cursor(Commit::new(), cursor);
        self.store.commit(commit).await?;
        Ok(())
    }

    /// Has a query raised or settled, as the event says, and goes on in validation's stream, in one
    /// commit. What the life cycle does not have is passed over.
    pub(crate) async fn queried(
        &self,
        name: &ReturnName,
        event: events::Event,
        cursor: &[u8],
    ) -> Result<(), Error> {
        with_retry(|| async {
            let head = store::revisions::head(&*self.store, name).await?;
            let Some((current, version)) = head else {
                tracing::warn!(%name, ?event, "passed over: the return is not known");
                return self.pass_over(cursor).await;
            };
            let step = Step {
                identity: "",
                reason: "",
                time: self.clock.now(),
                rules: RETURN_FOLLOWS,
            };
            let to = match event {
                events::Event::Queried => State::Queried,
                _ => life_cycle::settled(current.state),
            };
            let (next, step) = match current.step(to, step) {
                Ok((next, step)) if next.state != current.state => (next, step),
                Ok(_) => return self.pass_over(cursor).await,
                Err(illegal) => {
                    let reason = illegal.reason();
                    tracing::warn!(%name, ?event, reason, "passed over: the return does not make the move");
                    return self.pass_over(cursor).await;
                }
            };
            let commit = store::revisions::put_step(Commit::new(), &next, &step, version);
            let commit = events::put(commit, event, &next, step.time);
            self.store.commit(store::put_cursor(commit, cursor)).await?;
            table::RETURN_STEPS.one([life_cycle::label(next.state)]);
            Ok(())
        })
        .await
    }

    async fn check_other_person(
        &self,
        name: &ReturnName,
        revision: &Revision,
        by: &Sight,
    ) -> Result<(), Error> {
        let moves = store::revisions::moves(&*self.store, name).await?;
        if senders(revision.name.revision, &moves).contains(&by.identity()) {
            let name = name.to_string();
            return Err(Error::SamePerson { name });
        }
        Ok(())
    }

    /// Has a clearance that counts still.
    async fn clear(&self, revision: &Revision) -> Result<(), Error> {
        for _ in 0..CLEARANCE_ATTEMPTS {
            let asked = self.clock.now();
            self.check_clearance(revision).await?;
            if self.clock.now().duration_since(asked) < CLEARANCE_VALIDITY {
                return Ok(());
            }
        }
        Err(Error::ValidationSlow)
    }

    async fn check_clearance(&self, revision: &Revision) -> Result<(), Error> {
        let name = &revision.name;
        match self.reports.clearance(name, &revision.digest).await? {
            Clearance::NotYetValidated => Err(Error::NotYetValidated {
                name: name.to_string(),
            }),
            Clearance::Report {
                errors: 0,
                warnings: 0,
                queries: 0,
            } => Ok(()),
            Clearance::Report {
                errors,
                warnings,
                queries,
            } => Err(Error::FindingsOpen {
                name: name.to_string(),
                errors,
                warnings,
                queries,
            }),
        }
    }
}
