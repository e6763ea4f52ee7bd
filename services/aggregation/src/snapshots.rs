//! The use cases: read the returns that are held, add them up in `domain`, freeze the result.

use std::sync::Arc;

use mesur_catalogue::{Catalogue, Edition, EditionName};
use mesur_proto::aggregation::v1 as pb;
use mesur_rpc::clock::Clock;
use mesur_store::{Commit, Expect, Store, Version, with_retry};
use mesur_wire::{RevisionName, SnapshotName};

use crate::domain::{
    self, NotRobust, Returns, SignedReturn, Snapshot, inputs_digest, percent_sides,
    rank_authorities,
};
use crate::error::Error;
use crate::message::{code_of, ranked_message, return_of, totals_message};
use crate::store;

/// The signed-off returns and the snapshots of all editions.
pub(crate) struct Snapshots {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The returns and marks of an edition that were held at one time.
struct Held {
    /// In the order of the edition's authorities.
    returns: Vec<SignedReturn>,
    /// The values that are not robust.
    not_robust: NotRobust,
    /// How often the edition's snapshots were overtaken.
    overtaken: u64,
    /// What a commit that relies on them must expect of the edition.
    version: Option<Version>,
}

impl Snapshots {
    /// An edition by name.
    pub(crate) fn edition(&self, name: &EditionName) -> Result<&Edition, Error> {
        match self.catalogue.get(name) {
            Some(edition) => Ok(edition),
            None => Err(Error::EditionNotFound { name: name.clone() }),
        }
    }

    /// The totals of the returns that are held now.
    pub(crate) async fn live_totals(&self, edition: &Edition) -> Result<pb::Totals, Error> {
        let held = with_retry(|| self.held(edition)).await?;
        Ok(totals_message(edition, &held.returns, &held.not_robust)?)
    }

    /// Freezes the totals of the returns that are held now, once every revision in `wanted` is
    /// among them. The snapshot of the same returns, if there is one, is given back as it is.
    pub(crate) async fn create(
        &self,
        edition: &Edition,
        wanted: &[RevisionName],
    ) -> Result<(Snapshot, pb::Totals), Error> {
        with_retry(|| async {
            let held = self.held(edition).await?;
            check_received(edition, &held.returns, wanted)?;
            let digest = inputs_digest(edition.digest(), &held.returns, &held.not_robust);
            let name = SnapshotName::of_digest(&digest);
            if let Some(existing) = store::snapshot(&*self.store, &name).await? {
                if existing.digest != digest {
                    let problem = format!("another digest begins like {digest}");
                    return Err(store::corrupt(&name.to_string(), &problem));
                }
                let totals = store::totals(&*self.store, &name).await?;
                let existing = self.let_stand(existing, &held).await?;
                return Ok((existing, totals));
            }
            let totals = totals_message(edition, &held.returns, &held.not_robust)?;
            let snapshot = Snapshot {
                name,
                digest,
                edition: edition.name().clone(),
                created: self.clock.now(),
                overtaken_before: held.overtaken,
            };
            let expect = held.version.map_or(Expect::Absent, Expect::At);
            let commit = Commit::new().expect(store::edition_key(edition.name()), expect);
            let commit = store::put_snapshot(&*self.store, commit, &snapshot, &totals).await?;
            self.store.commit(commit).await?;
            Ok((snapshot, totals))
        })
        .await
    }

    /// A snapshot whose inputs hold again, if it was overtaken in between.
    async fn let_stand(&self, snapshot: Snapshot, held: &Held) -> Result<Snapshot, Error> {
        if snapshot.overtaken_before == held.overtaken {
            return Ok(snapshot);
        }
        let standing = Snapshot {
            overtaken_before: held.overtaken,
            ..snapshot
        };
        let expect = held.version.map_or(Expect::Absent, Expect::At);
        let commit = Commit::new().expect(store::edition_key(&standing.edition), expect);
        let commit = store::put_standing(commit, &standing);
        self.store.commit(commit).await?;
        Ok(standing)
    }

    /// A snapshot with its totals.
    pub(crate) async fn get(&self, name: &SnapshotName) -> Result<(Snapshot, pb::Totals), Error> {
        let found = store::snapshot(&*self.store, name).await?;
        let snapshot = found.ok_or_else(|| Error::SnapshotNotFound {
            name: name.to_string(),
        })?;
        let totals = store::totals(&*self.store, name).await?;
        Ok((snapshot, totals))
    }

    /// Ranks the authorities of a snapshot by a percentage.
    pub(crate) async fn rank(
        &self,
        name: &SnapshotName,
        figure: &str,
    ) -> Result<pb::RankAuthoritiesResponse, Error> {
        let (snapshot, totals) = self.get(name).await?;
        let edition = self.edition(&snapshot.edition)?;
        if totals.edition_digest != edition.digest() {
            return Err(Error::EditionMismatch {
                name: snapshot.edition,
                ours: edition.digest().to_owned(),
                theirs: totals.edition_digest,
                item: name.to_string(),
            });
        }
        let sides = percent_sides(edition, figure).ok_or_else(|| Error::FigureNotFound {
            figure: figure.chars().take(64).collect(),
            edition: snapshot.edition,
        })?;
        let authorities = edition.authorities().iter();
        // An authority without a return stands in the totals with nothing provided.
        let returns = authorities.map(|one| return_of(edition, &one.code, &totals));
        let returns: Option<Vec<_>> = returns.collect();
        let returns = returns.ok_or_else(|| {
            store::corrupt(&name.to_string(), "the totals are not of the edition")
        })?;
        let ranking = rank_authorities(&Returns::new(edition, &returns), sides);
        let ranking = ranking.map_err(|_| domain::Error::TotalTooLarge {
            item: figure.to_owned(),
        })?;
        let ranked = ranking.ranked.iter();
        let ranked = ranked.map(|ranked| ranked_message(edition, figure, ranked));
        let missing = ranking.missing.iter().map(|place| code_of(edition, *place));
        Ok(pb::RankAuthoritiesResponse {
            authorities: ranked.collect::<Result<_, _>>()?,
            missing_authorities: missing.collect(),
        })
    }

    /// The returns of an edition. They are read one by one, so the edition's version is read
    /// before and after: another one in between is a conflict, to be tried again.
    async fn held(&self, edition: &Edition) -> Result<Held, Error> {
        let version = store::edition_version(&*self.store, edition.name()).await?;
        let mut returns = Vec::new();
        for authority in edition.authorities() {
            let found = store::signed_return(&*self.store, edition, &authority.code).await?;
            returns.extend(found);
        }
        let not_robust = store::not_robust(&*self.store, edition.name()).await?;
        let (overtaken, _) = store::overtaken(&*self.store, edition.name()).await?;
        if store::edition_version(&*self.store, edition.name()).await? != version {
            let key = store::edition_key(edition.name());
            return Err(mesur_store::Error::Conflict { key }.into());
        }
        Ok(Held {
            returns,
            not_robust,
            overtaken,
            version,
        })
    }
}

fn check_received(
    edition: &Edition,
    held: &[SignedReturn],
    wanted: &[RevisionName],
) -> Result<(), Error> {
    let is_held = |name: &RevisionName| held.iter().any(|signed| &signed.name == name);
    let missing = wanted.iter().filter(|name| !is_held(name));
    let names: Vec<String> = missing.map(ToString::to_string).collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(Error::ReturnsNotReceived {
        edition: edition.name().clone(),
        names,
    })
}
