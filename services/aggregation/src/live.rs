//! Live totals: those over the returns that are signed off now.
//!
//! For each edition they are kept in memory as sums, counts and rankings, without the returns
//! themselves. A return that comes, goes or is replaced, and a mark on an authority's values, take the
//! authority out as it was and put it in as it is: one return's work, however many there are. They
//! are added up from the store once, at the start, or when they are asked for first.
//!
//! Whoever changes what they rest on holds [`Live::changing`], reads with [`Live::prepare`] what the
//! change takes away, commits, and then tells the change, so that memory is never ahead of the
//! store. What another replica of the service has changed is noticed when totals are asked for: they rest on
//! other returns than the store has, and are added up again. A change that does not fit its numbers drops the edition's totals; they are added up again,
//! and refused, when they are asked for.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use mesur_catalogue::{AuthorityCode, Catalogue, Edition, EditionName, MetricCode};
use mesur_proto::aggregation::v1 as pb;
use mesur_returns::DataReturn;
use mesur_store::{Store, with_retry};
use mesur_wire::EditionResource;
use tokio::sync::{Mutex, MutexGuard};
use tracing::warn;

use crate::domain::{
    self, CellTotal, Contribution, Definitions, Input, Inputs, Lineage, NotRobust, SignedReturn,
    Step, Tally,
};
use crate::error::Error;
use crate::message::{Known, totals_message};
use crate::recount::{Absence, Held, Recount};
use crate::store;
use crate::whole::Whole;

/// The live totals of all editions.
pub(crate) struct Live {
    store: Arc<dyn Store>,
    catalogue: Arc<Catalogue>,
    changing: Mutex<()>,
    editions: RwLock<Editions>,
}

type Editions = BTreeMap<EditionName, State>;

/// The totals of an edition, without the values of the authorities.
struct State {
    edition: Arc<Edition>,
    previous: Option<(Arc<Edition>, Lineage)>,
    places: HashMap<AuthorityCode, usize>,
    tally: Tally,
    returns: BTreeMap<AuthorityCode, Input>,
    not_robust: NotRobust,
}

/// What a change of one authority takes away, as it was read before.
#[derive(Default)]
pub(crate) struct Before {
    /// Its return.
    own: Option<DataReturn>,
    /// Its return of the edition before.
    previous: Option<DataReturn>,
    /// Its return of the edition that tells changes from this one.
    later: Option<(EditionName, DataReturn)>,
}

/// Held by whoever changes what live totals rest on.
pub(crate) struct Changing<'a> {
    _guard: MutexGuard<'a, ()>,
}

impl Live {
    /// Nothing added up yet.
    pub(crate) fn new(store: &Arc<dyn Store>, catalogue: &Arc<Catalogue>) -> Self {
        Self {
            store: Arc::clone(store),
            catalogue: Arc::clone(catalogue),
            changing: Mutex::default(),
            editions: RwLock::default(),
        }
    }

    /// Adds every edition up that has returns. One that cannot be added up is told when it is asked
    /// for.
    pub(crate) async fn load(&self) {
        for edition in self.catalogue.editions() {
            let changing = self.changing().await;
            if let Err(error) = self.build(edition, &changing).await {
                let error: &dyn std::error::Error = &error;
                warn!(edition = %edition.name(), error, "an edition cannot be added up");
            }
        }
    }

    /// Waits until nobody else changes anything.
    pub(crate) async fn changing(&self) -> Changing<'_> {
        Changing {
            _guard: self.changing.lock().await,
        }
    }

    /// The totals of the returns that are held now.
    pub(crate) async fn totals(&self, edition: &Arc<Edition>) -> Result<pb::Totals, Error> {
        self.catch_up(edition).await?;
        with_retry(|| async {
            if !self.read(|editions| editions.contains_key(edition.name())) {
                let changing = self.changing().await;
                self.build(edition, &changing).await?;
            }
            let conflict = || {
                let key = store::edition_key(edition.name());
                Error::from(mesur_store::Error::Conflict { key })
            };
            let inputs = self.read(|editions| inputs_of(editions, edition.name()));
            let inputs = inputs.ok_or_else(conflict)?;
            let held = Held {
                store: Arc::clone(&self.store),
                absence: Absence::Replaced,
            };
            let name = EditionResource(edition.name().clone()).to_string();
            let whole = Whole::read(edition, &inputs, &held, &name).await?;
            let decisions = store::in_force(&*self.store, edition.name()).await?;
            let national = self.read(|editions| {
                // What was read above must be what is told here.
                let state = editions.get(edition.name())?;
                if inputs_of(editions, edition.name()).as_ref() != Some(&inputs) {
                    return None;
                }
                Some(state.previous_totals(editions).and_then(|previous| {
                    let definitions = state.definitions();
                    totals_message(&Known {
                        definitions: &definitions,
                        inputs: &inputs,
                        decisions: &decisions,
                        tally: &state.tally,
                        spreads: &whole.spreads,
                        previous: &previous,
                    })
                }))
            });
            whole.complete(national.ok_or_else(conflict)??, &name)
        })
        .await
    }

    /// Forgets the totals of an edition when another replica has changed what they rest on.
    async fn catch_up(&self, edition: &Arc<Edition>) -> Result<(), Error> {
        if self.is_current(edition).await? {
            return Ok(());
        }
        // Whoever changes it here is behind the store for a moment; that one is waited for.
        let _changing = self.changing().await;
        if !self.is_current(edition).await? {
            let previous = self.catalogue.previous(edition.name());
            self.drop_totals(previous.unwrap_or(edition).name());
            self.drop_totals(edition.name());
        }
        Ok(())
    }

    /// Whether the totals rest on what is in the store; what is not added up will.
    async fn is_current(&self, edition: &Arc<Edition>) -> Result<bool, Error> {
        let Some(inputs) = self.read(|editions| inputs_of(editions, edition.name())) else {
            return Ok(true);
        };
        let previous = self.catalogue.previous(edition.name());
        let now = store::inputs(&*self.store, edition, previous.map(|one| &**one)).await?;
        Ok(inputs == now)
    }

    /// Reads what a change of an authority will take away; nothing where the edition is not added up.
    /// A content that is damaged holds nothing up: the totals are dropped, to be added up again.
    pub(crate) async fn prepare(
        &self,
        _: &Changing<'_>,
        edition: &EditionName,
        authority: &AuthorityCode,
    ) -> Result<Before, Error> {
        match self.before(edition, authority).await {
            Err(error) if error.is_damage() => {
                warn!(%edition, %error, "live totals cannot be kept");
                self.drop_totals(edition);
                Ok(Before::default())
            }
            before => before,
        }
    }

    async fn before(
        &self,
        edition: &EditionName,
        authority: &AuthorityCode,
    ) -> Result<Before, Error> {
        let held = self.read(|editions| {
            let state = editions.get(edition)?;
            let find = |state: &State| {
                let input = state.returns.get(authority)?;
                Some((Arc::clone(&state.edition), input.digest.clone()))
            };
            let previous = state.before(editions);
            let later = later(editions, edition);
            Some((find(state), previous.and_then(find), later.and_then(find)))
        });
        let (own, previous, later) = held.unwrap_or_default();
        let read = async |held: Option<(Arc<Edition>, String)>| match held {
            None => Ok(None),
            Some((edition, digest)) => {
                let found = store::content(&*self.store, &edition, authority, &digest).await?;
                let item = format!("{} of {authority}", edition.name());
                let found = found.ok_or_else(|| store::corrupt(&item, "its content is gone"));
                found.map(Some)
            }
        };
        let later_edition = later.as_ref().map(|(edition, _)| edition.name().clone());
        Ok(Before {
            own: read(own).await?,
            previous: read(previous).await?,
            later: later_edition.zip(read(later).await?),
        })
    }

    /// Tells that an authority's return was replaced, or taken out.
    pub(crate) fn replaced(
        &self,
        edition: &EditionName,
        authority: &AuthorityCode,
        before: &Before,
        now: Option<&SignedReturn>,
    ) {
        self.change(edition, |editions| {
            let Some(state) = editions.get_mut(edition) else {
                return Ok(());
            };
            let previous = before.previous.as_ref();
            state.step(Step::Remove, before.own.as_ref(), previous)?;
            state.step(Step::Add, now.map(|now| &now.data_return), previous)?;
            match now {
                Some(now) => state.returns.insert(authority.clone(), now.input.clone()),
                None => state.returns.remove(authority),
            };
            let Some((later, own)) = &before.later else {
                return Ok(());
            };
            let Some(later) = editions.get_mut(later) else {
                return Ok(());
            };
            later.step(Step::Remove, Some(own), before.own.as_ref())?;
            later.step(Step::Add, Some(own), now.map(|now| &now.data_return))
        });
    }

    /// Tells whether an authority's values of a metric are robust.
    pub(crate) fn marked(
        &self,
        edition: &EditionName,
        authority: &AuthorityCode,
        before: &Before,
        (metric, robust): (&MetricCode, bool),
    ) {
        self.change(edition, |editions| {
            let Some(state) = editions.get_mut(edition) else {
                return Ok(());
            };
            let (own, previous) = (before.own.as_ref(), before.previous.as_ref());
            state.step(Step::Remove, own, previous)?;
            if robust {
                if let Some(marked) = state.not_robust.get_mut(authority) {
                    marked.remove(metric);
                }
                state.not_robust.retain(|_, marked| !marked.is_empty());
            } else {
                let marked = state.not_robust.entry(authority.clone()).or_default();
                marked.insert(metric.clone());
            }
            state.step(Step::Add, own, previous)
        });
    }

    fn change(
        &self,
        edition: &EditionName,
        change: impl FnOnce(&mut Editions) -> Result<(), domain::Error>,
    ) {
        let mut editions = self
            .editions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut editions);
        drop(editions);
        if let Err(error) = changed {
            warn!(%edition, %error, "live totals cannot be kept");
            self.drop_totals(edition);
        }
    }

    /// Forgets the totals of an edition, and those that are told from it.
    fn drop_totals(&self, edition: &EditionName) {
        let mut editions = self
            .editions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let mut next = Some(edition.clone());
        while let Some(name) = next {
            next = later(&editions, &name).map(|state| state.edition.name().clone());
            editions.remove(&name);
        }
    }

    fn read<T>(&self, read: impl FnOnce(&Editions) -> T) -> T {
        read(&self.editions.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds an edition up from the store, and those before it that are not added up.
    async fn build(&self, target: &Arc<Edition>, _: &Changing<'_>) -> Result<(), Error> {
        let mut chain = vec![Arc::clone(target)];
        while let Some(last) = chain.last()
            && let Some(previous) = self.catalogue.previous(last.name())
        {
            chain.push(Arc::clone(previous));
        }
        for edition in chain.iter().rev() {
            if self.read(|editions| editions.contains_key(edition.name())) {
                continue;
            }
            let state = match self.added_up(edition).await {
                // Without the edition before there is nothing to tell changes from.
                Err(Error::EditionMismatch { name, .. }) if name != *target.name() => continue,
                added_up => added_up?,
            };
            let mut editions = self
                .editions
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            editions.insert(edition.name().clone(), state);
        }
        Ok(())
    }

    async fn added_up(&self, edition: &Arc<Edition>) -> Result<State, Error> {
        let previous = self.catalogue.previous(edition.name());
        let inputs = store::inputs(&*self.store, edition, previous.map(|one| &**one)).await?;
        let held = Held {
            store: Arc::clone(&self.store),
            absence: Absence::Damage,
        };
        let returns = inputs.returns.iter();
        let returns = returns.map(|input| (input.authority().clone(), input.clone()));
        let (returns, not_robust) = (returns.collect(), inputs.not_robust.clone());
        let recount = Recount::new(edition, previous, inputs, Arc::new(held));
        let places = edition.authorities().iter().enumerate();
        Ok(State {
            tally: recount.pass(Tally::new).await?,
            edition: Arc::clone(edition),
            previous: previous.map(|previous| {
                let lineage = Lineage::new(edition, previous);
                (Arc::clone(previous), lineage)
            }),
            places: places
                .map(|(place, one)| (one.code.clone(), place))
                .collect(),
            returns,
            not_robust,
        })
    }
}

impl State {
    fn definitions(&self) -> Definitions<'_> {
        definitions(&self.edition, self.previous.as_ref())
    }

    /// The edition before, if it is added up.
    fn before<'a>(&self, editions: &'a Editions) -> Option<&'a Self> {
        let (previous, _) = self.previous.as_ref()?;
        editions.get(previous.name())
    }

    /// Adds an authority, or takes it out; one that does not report for the edition is left out.
    fn step(
        &mut self,
        step: Step,
        data_return: Option<&DataReturn>,
        previous: Option<&DataReturn>,
    ) -> Result<(), domain::Error> {
        let Some(data_return) = data_return else {
            return Ok(());
        };
        let authority = &data_return.authority;
        let Some(place) = self.places.get(authority) else {
            return Ok(());
        };
        let definitions = definitions(&self.edition, self.previous.as_ref());
        let own = Contribution {
            place: *place,
            data_return,
            previous,
            not_robust: self.not_robust.get(authority),
        };
        self.tally.step(step, &definitions, &own)
    }

    /// The returns in the order of the edition's authorities.
    fn in_order(&self) -> Vec<Input> {
        let authorities = self.edition.authorities().iter();
        let own = authorities.filter_map(|one| self.returns.get(&one.code).cloned());
        own.collect()
    }

    /// The totals of the edition before; none without returns of it.
    fn previous_totals(&self, editions: &Editions) -> Result<Vec<CellTotal>, domain::Error> {
        match self
            .before(editions)
            .filter(|previous| !previous.in_order().is_empty())
        {
            Some(previous) => previous.tally.cell_totals(&previous.edition),
            None => Ok(Vec::new()),
        }
    }
}

fn definitions<'a>(
    edition: &'a Edition,
    previous: Option<&'a (Arc<Edition>, Lineage)>,
) -> Definitions<'a> {
    let previous = previous.map(|(previous, lineage)| (&**previous, lineage));
    Definitions::along(edition, previous)
}

/// What the totals of an edition rest on.
fn inputs_of(editions: &Editions, name: &EditionName) -> Option<Inputs> {
    let state = editions.get(name)?;
    Some(Inputs {
        returns: state.in_order(),
        previous: state
            .before(editions)
            .map(State::in_order)
            .unwrap_or_default(),
        not_robust: state.not_robust.clone(),
    })
}

/// The edition that tells its changes from this one, if it is added up.
fn later<'a>(editions: &'a Editions, name: &EditionName) -> Option<&'a State> {
    let tells = |state: &&State| {
        let previous = state.previous.as_ref();
        previous.is_some_and(|(previous, _)| previous.name() == name)
    };
    editions.values().find(tells)
}
