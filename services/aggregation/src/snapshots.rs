//! The use cases on snapshots: freeze what is signed off now, and hand out what is frozen.

use std::sync::Arc;

use mesur_catalogue::{Catalogue, Edition, EditionName};
use mesur_proto::aggregation::v1 as pb;
use mesur_rpc::audit::Subject;
use mesur_rpc::clock::Clock;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, Expect, Store, Version, with_retry};
use mesur_wire::{RevisionName, SnapshotName};

use crate::domain::{
    self, Contribution, Decisions, Definitions, Inputs, RankTally, Snapshot, inputs_digest,
    percent_sides, ranks, robust_share,
};
use crate::error::Error;
use crate::follower::Submission;
use crate::frozen::Frozen;
use crate::live::Live;
use crate::message::{code_of, ranked_message};
use crate::recount::{Absence, Held, Pass, Recount};
use crate::store;
use crate::whole::Whole;

/// The signed-off returns and the snapshots of all editions.
pub(crate) struct Snapshots {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) live: Arc<Live>,
    /// Where a return is read that is no longer held as it was.
    pub(crate) submission: Submission,
}

/// What an edition's totals rest on, as it was held at one time.
struct Standing {
    inputs: Inputs,
    decisions: Decisions,
    /// How often the edition's snapshots were overtaken.
    overtaken: u64,
    /// What a commit that relies on it must expect.
    expected: Vec<(EditionName, Option<Version>)>,
}

impl Standing {
    fn rest_on(&self) -> Commit {
        let expected = self.expected.iter();
        expected.fold(Commit::new(), |commit, (edition, version)| {
            let version = version.map_or(Expect::Absent, Expect::At);
            commit.expect(store::edition_key(edition), version)
        })
    }
}

impl Snapshots {
    /// An edition by name.
    pub(crate) fn edition(&self, name: &EditionName) -> Result<&Arc<Edition>, Error> {
        match self.catalogue.get(name) {
            Some(edition) => Ok(edition),
            None => Err(Error::EditionNotFound { name: name.clone() }),
        }
    }

    /// Freezes the totals of the returns that are held now, once every revision in `wanted` is
    /// among them. The snapshot of the same inputs, if there is one, is given back as it is.
    pub(crate) async fn create(
        &self,
        edition: &Arc<Edition>,
        wanted: &[RevisionName],
        (identity, mutation): (&str, &Mutation),
    ) -> Result<Snapshot, Error> {
        let prefix = store::request_prefix(identity);
        with_retry(|| async {
            if let Some(name) = mutation.earlier(&*self.store, &prefix).await? {
                return self.made_before(&name).await;
            }
            let standing = self.standing(edition).await?;
            check_received(edition, &standing.inputs, wanted)?;
            let previous = self.catalogue.previous(edition.name());
            let decided = standing.decisions.digest_input();
            let compared = previous.map(|previous| &**previous);
            let digest = inputs_digest(edition, compared, &standing.inputs, &decided);
            let name = SnapshotName::of_digest(&digest);
            let commit = match store::snapshot(&*self.store, &name).await? {
                Some(existing) if existing.digest != digest => {
                    let problem = format!("another digest begins like {digest}");
                    return Err(store::corrupt(&name.to_string(), &problem));
                }
                Some(existing) => {
                    let snapshot = Snapshot {
                        overtaken_before: standing.overtaken,
                        ..existing.clone()
                    };
                    let commit = standing.rest_on();
                    let commit = if snapshot == existing {
                        commit
                    } else {
                        store::put_standing(commit, &snapshot)
                    };
                    (commit, snapshot)
                }
                None => {
                    self.frozen_now(edition, &standing, (name, digest, identity))
                        .await?
                }
            };
            let (commit, snapshot) = commit;
            let answer = snapshot.name.to_string();
            let subject = Subject::new(&snapshot.name).digest(snapshot.digest.as_str());
            let commit = mutation.remember(commit, &prefix, answer.as_bytes(), &subject);
            self.store.commit(commit).await?;
            Ok(snapshot)
        })
        .await
    }

    /// Adds the returns up, with the commit that freezes them.
    async fn frozen_now(
        &self,
        edition: &Arc<Edition>,
        standing: &Standing,
        (name, digest, identity): (SnapshotName, String, &str),
    ) -> Result<(Commit, Snapshot), Error> {
        let previous = self.catalogue.previous(edition.name());
        let held = Arc::new(self.held(Absence::Replaced));
        let recount = Recount::new(edition, previous, standing.inputs.clone(), held);
        let recounted = recount.run(&standing.decisions).await?;
        let snapshot = Snapshot {
            name,
            digest,
            content_digest: recounted.content_digest,
            edition: edition.name().clone(),
            created: self.clock.now(),
            creator: identity.to_owned(),
            overtaken_before: standing.overtaken,
        };
        let content = (&recounted.totals, &standing.inputs.not_robust);
        let previous = previous.filter(|_| !standing.inputs.previous.is_empty());
        let previous = previous.map(|previous| previous.name());
        let commit = standing.rest_on();
        let commit =
            store::put_snapshot(&*self.store, commit, &snapshot, content, previous).await?;
        Ok((commit, snapshot))
    }

    /// The snapshot that an earlier request with the same id led to.
    async fn made_before(&self, name: &[u8]) -> Result<Snapshot, Error> {
        let name = String::from_utf8_lossy(name);
        let problem = || store::corrupt("a request", "it led to no snapshot");
        let name = SnapshotName::parse(&name).map_err(|_| problem())?;
        let found = store::snapshot(&*self.store, &name).await?;
        found.ok_or_else(problem)
    }

    pub(crate) fn held(&self, absence: Absence) -> Held {
        Held {
            store: Arc::clone(&self.store),
            absence,
        }
    }

    /// A snapshot, apart from its totals.
    pub(crate) async fn snapshot(&self, name: &SnapshotName) -> Result<Snapshot, Error> {
        let found = store::snapshot(&*self.store, name).await?;
        found.ok_or_else(|| Error::SnapshotNotFound {
            name: name.to_string(),
        })
    }

    /// A snapshot with its totals, where they fit one message.
    pub(crate) async fn get(&self, name: &SnapshotName) -> Result<(Snapshot, pb::Totals), Error> {
        let snapshot = self.snapshot(name).await?;
        let frozen = self.frozen(&snapshot).await?;
        let (held, item) = (self.held(Absence::Damage), name.to_string());
        let whole = Whole::read(&frozen.edition, &frozen.inputs, &held, &item).await?;
        Ok((snapshot, whole.complete(frozen.totals, &item)?))
    }

    /// What a snapshot froze.
    pub(crate) async fn frozen(&self, snapshot: &Snapshot) -> Result<Frozen, Error> {
        Frozen::read(&*self.store, &self.catalogue, snapshot).await
    }

    /// Ranks the authorities of a snapshot by a percentage.
    pub(crate) async fn rank(
        &self,
        name: &SnapshotName,
        figure: &str,
    ) -> Result<pb::RankAuthoritiesResponse, Error> {
        let snapshot = self.snapshot(name).await?;
        let frozen = self.frozen(&snapshot).await?;
        let edition = Arc::clone(&frozen.edition);
        if percent_sides(&edition, figure).is_none() {
            return Err(Error::FigureNotFound {
                figure: figure.chars().take(64).collect(),
                edition: snapshot.edition,
            });
        }
        let held = Arc::new(self.held(Absence::Damage));
        let recount = Recount::new(&edition, None, frozen.inputs, held);
        let of = figure.to_owned();
        let new = move |_: &Definitions<'_>| Ranking::new(&of);
        let ranking: Ranking = recount.pass(new).await?;
        let ranked = ranks(&ranking.tally);
        let ranked = ranked
            .iter()
            .map(|ranked| ranked_message(&edition, figure, ranked));
        let mut provided = ranking.provided.into_iter().peekable();
        let places = 0..edition.authorities().len();
        let missing = places.filter(|place| provided.next_if_eq(place).is_none());
        Ok(pb::RankAuthoritiesResponse {
            authorities: ranked.collect::<Result<_, _>>()?,
            missing_authorities: missing.map(|place| code_of(&edition, place)).collect(),
        })
    }

    /// What the totals of an edition rest on now. It is read one by one, so the versions are read
    /// before and after: another one in between is a conflict, to be tried again.
    async fn standing(&self, edition: &Edition) -> Result<Standing, Error> {
        let previous = self.catalogue.previous(edition.name());
        let editions = std::iter::once(edition).chain(previous.map(|previous| &**previous));
        let mut expected = Vec::new();
        for edition in editions {
            let version = store::edition_version(&*self.store, edition.name()).await?;
            expected.push((edition.name().clone(), version));
        }
        let previous = previous.map(|previous| &**previous);
        let inputs = store::inputs(&*self.store, edition, previous).await?;
        let decisions = store::in_force(&*self.store, edition.name()).await?;
        let (overtaken, _) = store::overtaken(&*self.store, edition.name()).await?;
        for (edition, version) in &expected {
            if store::edition_version(&*self.store, edition).await? != *version {
                let key = store::edition_key(edition);
                return Err(mesur_store::Error::Conflict { key }.into());
            }
        }
        Ok(Standing {
            inputs,
            decisions,
            overtaken,
            expected,
        })
    }
}

fn check_received(
    edition: &Edition,
    inputs: &Inputs,
    wanted: &[RevisionName],
) -> Result<(), Error> {
    let held: std::collections::BTreeSet<String> = inputs
        .returns
        .iter()
        .map(|input| input.name.to_string())
        .collect();
    let names: Vec<String> = wanted
        .iter()
        .map(ToString::to_string)
        .filter(|name| !held.contains(name))
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(Error::ReturnsNotReceived {
        edition: edition.name().clone(),
        names,
    })
}

/// A pass that ranks the authorities by a percentage.
struct Ranking {
    figure: String,
    tally: RankTally,
    /// The places of those that provided both sides, in their order.
    provided: Vec<usize>,
}

impl Ranking {
    fn new(figure: &str) -> Self {
        Self {
            figure: figure.to_owned(),
            tally: RankTally::default(),
            provided: Vec::new(),
        }
    }

    fn too_large(&self) -> domain::Error {
        domain::Error::TotalTooLarge {
            item: self.figure.clone(),
        }
    }
}

impl Pass for Ranking {
    const COMPARES: bool = false;

    fn take(
        &mut self,
        definitions: &Definitions<'_>,
        own: &Contribution<'_>,
    ) -> Result<(), domain::Error> {
        let edition = definitions.edition;
        let Some(sides) = percent_sides(edition, &self.figure) else {
            return Ok(());
        };
        let share = robust_share(edition, sides, own).map_err(|_| self.too_large())?;
        if share.is_some() {
            self.provided.push(own.place);
        }
        let ranked = self.tally.step(domain::Step::Add, edition, sides, own);
        ranked.map_err(|_| self.too_large())?;
        Ok(())
    }

    fn merge(&mut self, _: &Edition, other: Self) -> Result<(), domain::Error> {
        let too_large = self.too_large();
        self.provided.extend(other.provided);
        self.tally.merge(other.tally).ok_or(too_large)
    }
}
