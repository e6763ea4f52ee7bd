//! The use cases on rounds of queries and marks of robustness.

use jiff::civil::Date;
use mesur_catalogue::{AuthorityCode, EditionName, MetricCode};
use mesur_rpc::audit;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, with_retry};
use mesur_wire::{EditionResource, RoundName};

use crate::domain::Text;
use crate::error::Error;
use crate::reports::Validation;
use crate::store::{self, Event, Made, Mark, Round};

/// A mark that somebody wants to make.
pub(crate) struct NewMark {
    pub(crate) authority: AuthorityCode,
    pub(crate) metric: String,
    pub(crate) robust: bool,
    pub(crate) reason: Text,
}

impl Validation {
    /// Opens the next round of an edition.
    pub(crate) async fn open_round(
        &self,
        edition: &EditionName,
        due: Date,
        (identity, mutation): (&str, &Mutation),
    ) -> Result<(u32, Round), Error> {
        self.edition(edition, "")?;
        let prefix = store::request_prefix(identity);
        let number = with_retry(|| async {
            if let Some(bytes) = mutation.earlier(&*self.store, &prefix).await? {
                return Ok(Made::of_bytes(&bytes)?.query);
            }
            let read = store::edition_progress(&*self.store, edition).await?;
            let mut progress = read.value;
            progress.rounds = progress.rounds.saturating_add(1);
            let round = Round {
                due,
                identity: identity.to_owned(),
                created: self.clock.now(),
            };
            let made = Made {
                query: progress.rounds,
                ..Made::default()
            };
            let commit = store::put_edition(Commit::new(), edition, &read, progress);
            let commit = store::put_round(commit, edition, progress.rounds, &round);
            let subject = audit::Subject::new(RoundName {
                edition: edition.clone(),
                number: progress.rounds,
            });
            let commit = mutation.remember(commit, &prefix, &made.to_bytes(), &subject);
            self.store.commit(commit).await?;
            Ok::<_, Error>(progress.rounds)
        })
        .await?;
        Ok((number, store::round(&*self.store, edition, number).await?))
    }

    /// Marks an authority's value of a metric as robust or not. Earlier marks stay.
    pub(crate) async fn mark_robustness(
        &self,
        name: &EditionName,
        new: NewMark,
        (identity, mutation): (&str, &Mutation),
    ) -> Result<Mark, Error> {
        let edition = self.edition(name, "")?;
        if edition.authority(&new.authority).is_none() {
            let problem = format!("{} is not an authority of {name}", new.authority);
            return Err(Error::field("authority", problem));
        }
        let metric = MetricCode::parse(&new.metric)
            .map_err(|error| Error::unknown_metric(error.to_string()))?;
        if edition.metric(&metric).is_none() {
            let problem = format!("{metric} is not a metric of {name}");
            return Err(Error::unknown_metric(problem));
        }
        let prefix = store::request_prefix(identity);
        let reason = new.reason.into_string();
        let number = with_retry(|| async {
            if let Some(bytes) = mutation.earlier(&*self.store, &prefix).await? {
                return Ok(Made::of_bytes(&bytes)?.number);
            }
            let read = store::edition_progress(&*self.store, name).await?;
            let mut progress = read.value;
            progress.marks = progress.marks.saturating_add(1);
            let mark = Mark {
                authority: new.authority.clone(),
                metric: metric.clone(),
                robust: new.robust,
                reason: reason.clone(),
                identity: identity.to_owned(),
                time: self.clock.now(),
            };
            let made = Made {
                number: progress.marks,
                ..Made::default()
            };
            let commit = store::put_edition(Commit::new(), name, &read, progress);
            let commit = store::put_mark(commit, name, progress.marks, &mark);
            let marked = format!(
                "{}/robustnessMarks/{} {} {metric}",
                EditionResource(name.clone()),
                progress.marks,
                mark.authority
            );
            let subject = audit::Subject::new(marked);
            let commit = store::append(commit, &Event::Marked(name.clone(), mark));
            let commit = mutation.remember(commit, &prefix, &made.to_bytes(), &subject);
            self.store.commit(commit).await?;
            Ok::<_, Error>(progress.marks)
        })
        .await?;
        store::mark(&*self.store, name, number).await
    }
}
