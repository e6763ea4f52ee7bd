//! Verifying a snapshot: adding it up again from the returns that it names.
//!
//! A content is taken as it is held if it still has its digest, and is otherwise fetched from
//! submission by its revision. Whatever is not as the snapshot says is told, and the rest is looked at
//! all the same.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use mesur_catalogue::{Catalogue, CellId, Edition};
use mesur_proto::aggregation::v1 as pb;
use mesur_returns::{CellsBuilder, DataReturn, Observation, Observed};
use mesur_store::Store;
use mesur_wire::SnapshotName;

use crate::domain::{Input, Snapshot, inputs_digest};
use crate::error::Error;
use crate::follower::Submission;
use crate::recount::{Contents, Recount};
use crate::snapshots::Snapshots;
use crate::store;

/// The most problems that are told of a snapshot; the rest of them are counted.
const PROBLEMS_MAX: usize = 1_000;

impl Snapshots {
    /// Adds a snapshot up again, and says whether it is what it says.
    pub(crate) async fn verify(
        &self,
        name: &SnapshotName,
    ) -> Result<pb::VerifySnapshotResponse, Error> {
        let mut answer = pb::VerifySnapshotResponse::default();
        match self.recounted(name, &mut answer).await {
            // What is damaged is what is asked for here.
            Err(error) if error.is_damage() => {
                let error: &dyn std::error::Error = &error;
                let causes = std::iter::successors(Some(error), |error| error.source());
                let causes: Vec<String> = causes.map(ToString::to_string).collect();
                answer
                    .problems
                    .push(format!("what is stored is damaged: {}", causes.join(": ")));
            }
            recounted => recounted?,
        }
        conclude(&mut answer);
        Ok(answer)
    }

    async fn recounted(
        &self,
        name: &SnapshotName,
        answer: &mut pb::VerifySnapshotResponse,
    ) -> Result<(), Error> {
        let snapshot = self.snapshot(name).await?;
        let frozen = self.frozen(&snapshot).await?;
        let previous = frozen.previous(&self.catalogue)?;
        let decided = frozen.decisions.digest_input();
        let compared = previous.map(|previous| &**previous);
        answer.digest = inputs_digest(&frozen.edition, compared, &frozen.inputs, &decided);
        check_identity(&snapshot, answer);
        let checked = Arc::new(Checked {
            store: Arc::clone(&self.store),
            catalogue: Arc::clone(&self.catalogue),
            submission: self.submission.clone(),
            found: Mutex::default(),
        });
        let contents: Arc<dyn Contents> = Arc::<Checked>::clone(&checked);
        let recount = Recount::new(&frozen.edition, previous, frozen.inputs.clone(), contents);
        let recounted = recount.run(&frozen.decisions).await?;
        let found = std::mem::take(&mut *checked.found());
        let returns = frozen
            .inputs
            .returns
            .len()
            .saturating_sub(found.lacking.len());
        answer.return_count = i32::try_from(returns).unwrap_or(i32::MAX);
        // Totals without a return are others, which says nothing more.
        if found.lacking.is_empty() {
            answer.content_digest = recounted.content_digest;
            if recounted.totals != frozen.totals {
                let problem = "the national figures are not what the returns add up to";
                answer.problems.push(problem.to_owned());
            }
            if answer.content_digest != snapshot.content_digest {
                let problem = format!(
                    "the snapshot says that its content has {}",
                    snapshot.content_digest
                );
                answer.problems.push(problem);
            }
        }
        // Behind those of the snapshot as a whole, which are told in any case.
        answer.problems.extend(found.problems);
        Ok(())
    }
}

/// Says whether all is well, and leaves out the last of too many problems.
fn conclude(answer: &mut pb::VerifySnapshotResponse) {
    let problems = &mut answer.problems;
    answer.verified = problems.is_empty();
    answer.problem_count = i32::try_from(problems.len()).unwrap_or(i32::MAX);
    problems.truncate(PROBLEMS_MAX);
}

fn check_identity(snapshot: &Snapshot, answer: &mut pb::VerifySnapshotResponse) {
    if answer.digest != snapshot.digest {
        let problem = format!("the snapshot says that its inputs have {}", snapshot.digest);
        answer.problems.push(problem);
    }
    if SnapshotName::of_digest(&answer.digest) != snapshot.name {
        let problem = "the name is not that of the inputs";
        answer.problems.push(problem.to_owned());
    }
}

/// Contents of which each is what its digest says.
struct Checked {
    store: Arc<dyn Store>,
    catalogue: Arc<Catalogue>,
    submission: Submission,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    problems: BTreeSet<String>,
    /// The returns that could not be had as they were.
    lacking: BTreeSet<String>,
}

impl Checked {
    fn found(&self) -> std::sync::MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn problem(&self, problem: String) {
        // A return is read again by every pass.
        self.found().problems.insert(problem);
    }

    fn lacking(&self, name: &str) {
        self.found().lacking.insert(name.to_owned());
    }

    /// The content as it is held, if it is what its digest says.
    async fn held(&self, edition: &Edition, input: &Input) -> Result<Option<DataReturn>, Error> {
        let read = store::content(&*self.store, edition, input.authority(), &input.digest).await;
        let damage = match read {
            Ok(None) => return Ok(None),
            Ok(Some(held)) if held.digest() == input.digest => return Ok(Some(held)),
            Ok(Some(held)) => format!("it has {}", held.digest()),
            Err(error) if error.is_damage() => "it cannot be read".to_owned(),
            Err(error) => return Err(error),
        };
        self.problem(format!(
            "the content of {} is damaged where it is held: {damage}",
            input.name
        ));
        Ok(None)
    }
}

#[async_trait]
impl Contents for Checked {
    async fn data_return(&self, edition: &Edition, input: &Input) -> Result<DataReturn, Error> {
        if let Some(held) = self.held(edition, input).await? {
            return Ok(held);
        }
        let name = input.name.to_string();
        let problem = match self.submission.fetch(&self.catalogue, &input.name).await {
            Ok(fetched) if fetched.input.digest == input.digest => {
                return Ok(fetched.data_return);
            }
            Ok(fetched) => format!(
                "{name} has {} at submission, and {} in the snapshot",
                fetched.input.digest, input.digest
            ),
            Err(error) => format!("{name} is not held as it was, and cannot be fetched: {error}"),
        };
        self.problem(problem);
        self.lacking(&name);
        let nothing = nothing(edition, input);
        nothing.ok_or_else(|| store::corrupt(&name, "the edition has no such cells"))
    }
}

/// A return that provides nothing, in the place of one that cannot be had, so that the others are
/// still looked at.
fn nothing(edition: &Edition, input: &Input) -> Option<DataReturn> {
    let mut cells = CellsBuilder::new(edition.cells().len());
    for cell in (0..).take(edition.cells().len()) {
        cells.set(CellId(cell), Observation::of(Observed::NotProvided));
    }
    DataReturn::new(edition, input.authority().clone(), cells.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_problems_are_told_and_one_more_is_counted() {
        let concluded = |problems: usize| {
            let mut answer = pb::VerifySnapshotResponse {
                problems: (0..problems).map(|number| number.to_string()).collect(),
                ..pb::VerifySnapshotResponse::default()
            };
            conclude(&mut answer);
            (answer.verified, answer.problems.len(), answer.problem_count)
        };
        assert_eq!(concluded(0), (true, 0, 0));
        assert_eq!(concluded(PROBLEMS_MAX), (false, 1_000, 1_000));
        assert_eq!(concluded(PROBLEMS_MAX + 1), (false, 1_000, 1_001));
    }
}
