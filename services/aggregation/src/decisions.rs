//! The use cases on decisions: what is published of a metric, said by a person with a reason.

use mesur_catalogue::{EditionName, MetricCode};
use mesur_rpc::audit::Subject;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, with_retry};
use mesur_wire::DecisionName;

use crate::domain::{Decision, DecisionReason, Decisions, Ruling};
use crate::error::Error;
use crate::snapshots::Snapshots;
use crate::store;

/// A decision that somebody wants to take.
pub(crate) struct NewDecision {
    pub(crate) edition: EditionName,
    pub(crate) metric: MetricCode,
    pub(crate) ruling: Ruling,
    pub(crate) reason: DecisionReason,
    /// The name of the decision on the subject that the caller saw in force; empty for none.
    pub(crate) seen: String,
}

impl Snapshots {
    /// Takes a decision, unless another one on its subject came since the caller looked. Snapshots
    /// that were made before rest on what no longer holds.
    pub(crate) async fn decide(
        &self,
        new: &NewDecision,
        (identity, mutation): (&str, &Mutation),
    ) -> Result<Decision, Error> {
        let name = &new.edition;
        let prefix = store::request_prefix(identity);
        with_retry(|| async {
            if let Some(number) = mutation.earlier(&*self.store, &prefix).await? {
                return self.taken(name, &number).await;
            }
            let (count, expect) = store::decision_count(&*self.store, name).await?;
            let in_force = store::in_force(&*self.store, name).await?;
            let held = in_force.on(&new.metric, &new.ruling.subject());
            let held = held.map_or_else(String::new, |held| decision_name(name, held));
            if held != new.seen {
                return Err(Error::DecisionOvertaken { in_force: held });
            }
            let decision = Decision {
                number: count.saturating_add(1),
                metric: new.metric.clone(),
                ruling: new.ruling.clone(),
                reason: new.reason.clone(),
                decider: identity.to_owned(),
                created: self.clock.now(),
            };
            let commit = store::overtake(&*self.store, Commit::new(), name).await?;
            let commit = store::put_decision(commit, name, &decision, expect);
            let answer = decision.number.to_be_bytes();
            let subject = Subject::new(decision_name(name, &decision));
            let commit = mutation.remember(commit, &prefix, &answer, &subject);
            self.store.commit(commit).await?;
            Ok(decision)
        })
        .await
    }

    /// The decision that an earlier request with the same id took.
    async fn taken(&self, edition: &EditionName, number: &[u8]) -> Result<Decision, Error> {
        let problem = || store::corrupt("a request", "it took no decision");
        let number = number.try_into().map(u32::from_be_bytes);
        let number = number.map_err(|_| problem())?;
        let decision = store::decision(&*self.store, edition, number).await?;
        decision.ok_or_else(problem)
    }

    /// Whether a decision is in force.
    pub(crate) async fn is_in_force(
        &self,
        edition: &EditionName,
        decision: &Decision,
    ) -> Result<bool, Error> {
        Ok(store::in_force(&*self.store, edition).await?.has(decision))
    }

    /// At most `limit` decisions after a number, oldest first, with those in force.
    pub(crate) async fn decisions(
        &self,
        edition: &EditionName,
        after: u32,
        (limit, in_force_only): (usize, bool),
    ) -> Result<(Vec<Decision>, Decisions), Error> {
        self.edition(edition)?;
        // Read before those in force: one that comes in between is then told as overtaking, and never
        // one that is in force as overtaken.
        let all = store::decisions(&*self.store, edition, after, limit).await?;
        let in_force = store::in_force(&*self.store, edition).await?;
        if !in_force_only {
            return Ok((all, in_force));
        }
        let later = in_force.iter().filter(|one| one.number > after);
        let found = later.take(limit).cloned().collect();
        Ok((found, in_force))
    }
}

/// The name of a decision.
pub(crate) fn decision_name(edition: &EditionName, decision: &Decision) -> String {
    let (edition, number) = (edition.clone(), decision.number);
    DecisionName { edition, number }.to_string()
}
