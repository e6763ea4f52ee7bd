//! Adding an edition up from the contents of its returns, however many they are.
//!
//! The returns are read one after the other by as many workers as there are processors, each of which
//! holds one return and what it has added up so far; their results are merged in the order of the
//! authorities. Some passes are made over the returns: one adds them up, and for how the values of
//! very many authorities lie a few more narrow it down. Nothing here depends on the order in
//! which returns arrived or on how many workers there are.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use mesur_catalogue::{AuthorityCode, Edition};
use mesur_proto::aggregation::v1 as pb;
use mesur_returns::DataReturn;
use mesur_store::Store;
use prost::Message;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::domain::{
    self, CellTallies, CellTotal, ContentDigest, Contribution, Counts, Decisions, Definitions,
    Input, Inputs, NotRobust, Search, Spread, Step, Tally, Values,
};
use crate::error::Error;
use crate::message::{Known, authority_message, totals_message, untimed};
use crate::store;

/// The fewest returns for which another worker is worth its start.
const WORKER_RETURNS_MIN: usize = 64;

/// Where the contents of returns are read.
#[async_trait]
pub(crate) trait Contents: Send + Sync {
    /// The content of a return.
    async fn data_return(&self, edition: &Edition, input: &Input) -> Result<DataReturn, Error>;
}

/// What to make of a content that is not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absence {
    /// The return was replaced while it was read: a conflict.
    Replaced,
    /// It was to be kept: the store is damaged.
    Damage,
}

/// The contents that the service holds.
pub(crate) struct Held {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) absence: Absence,
}

#[async_trait]
impl Contents for Held {
    async fn data_return(&self, edition: &Edition, input: &Input) -> Result<DataReturn, Error> {
        let found = store::content(&*self.store, edition, input.authority(), &input.digest).await?;
        found.ok_or_else(|| match self.absence {
            Absence::Replaced => {
                let key = store::edition_key(edition.name());
                mesur_store::Error::Conflict { key }.into()
            }
            Absence::Damage => store::corrupt(&input.name.to_string(), "its content is gone"),
        })
    }
}

/// What is made of the returns as they pass.
pub(crate) trait Pass: Send + Sized + 'static {
    /// Whether it looks at the returns of the edition before.
    const COMPARES: bool;

    /// Takes an authority in.
    fn take(
        &mut self,
        definitions: &Definitions<'_>,
        own: &Contribution<'_>,
    ) -> Result<(), domain::Error>;

    /// Takes in what another made of other authorities.
    fn merge(&mut self, edition: &Edition, other: Self) -> Result<(), domain::Error>;
}

/// The returns of an edition, to be added up.
#[derive(Clone)]
pub(crate) struct Recount {
    edition: Arc<Edition>,
    previous: Option<Arc<Edition>>,
    inputs: Arc<Inputs>,
    /// The place of each return's authority.
    places: Arc<Vec<usize>>,
    contents: Arc<dyn Contents>,
}

/// Totals without the authorities, and the digest of both.
pub(crate) struct Recounted {
    pub(crate) totals: pb::Totals,
    pub(crate) content_digest: String,
}

impl Recount {
    /// Adds nothing up yet.
    pub(crate) fn new(
        edition: &Arc<Edition>,
        previous: Option<&Arc<Edition>>,
        mut inputs: Inputs,
        contents: Arc<dyn Contents>,
    ) -> Self {
        let by_place = Inputs::by_place(&inputs.returns, edition).into_iter();
        let held = by_place.filter_map(|(place, input)| Some((place, input?.clone())));
        let (places, returns) = held.unzip();
        inputs.returns = returns;
        Self {
            edition: Arc::clone(edition),
            previous: previous.cloned(),
            inputs: Arc::new(inputs),
            places: Arc::new(places),
            contents,
        }
    }

    /// Goes over all returns once.
    pub(crate) async fn pass<P: Pass>(
        &self,
        new: impl Fn(&Definitions<'_>) -> P + Clone + Send + 'static,
    ) -> Result<P, Error> {
        let returns = self.places.len();
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let workers = processors.min(returns.div_ceil(WORKER_RETURNS_MIN)).max(1);
        if workers == 1 {
            return self.work(0..returns, new).await;
        }
        let share = returns.div_ceil(workers);
        let mut working = Vec::new();
        for start in (0..returns).step_by(share) {
            let range = start..start.saturating_add(share).min(returns);
            let (this, new, runtime) = (self.clone(), new.clone(), Handle::current());
            // A worker has more to compute than to wait for.
            working.push(spawn_blocking(move || {
                runtime.block_on(this.work(range, new))
            }));
        }
        let mut merged: Option<P> = None;
        for worker in working {
            let part = match worker.await {
                Ok(part) => part?,
                Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
                Err(_) => return Err(mesur_store::Error::Closed.into()),
            };
            match &mut merged {
                None => merged = Some(part),
                Some(merged) => merged.merge(&self.edition, part)?,
            }
        }
        match merged {
            Some(merged) => Ok(merged),
            None => self.work(0..0, new).await,
        }
    }

    async fn work<P: Pass>(
        &self,
        range: Range<usize>,
        new: impl Fn(&Definitions<'_>) -> P + Send,
    ) -> Result<P, Error> {
        let (edition, previous) = (&*self.edition, self.previous.as_deref());
        let definitions = Definitions::new(edition, previous.filter(|_| P::COMPARES));
        let mut pass = new(&definitions);
        let before = self.inputs.previous.iter();
        let before: HashMap<&AuthorityCode, &Input> = before
            .filter(|_| P::COMPARES)
            .map(|input| (input.authority(), input))
            .collect();
        let inputs = self.inputs.returns.iter().zip(self.places.iter());
        for (input, place) in inputs.skip(range.start).take(range.len()) {
            let data_return = self.contents.data_return(edition, input).await?;
            let before = previous.zip(before.get(input.authority()));
            let before = match before {
                Some((previous, input)) => Some(self.contents.data_return(previous, input).await?),
                None => None,
            };
            let own = Contribution {
                place: *place,
                data_return: &data_return,
                previous: before.as_ref(),
                not_robust: self.inputs.not_robust.get(input.authority()),
            };
            pass.take(&definitions, &own)?;
        }
        Ok(pass)
    }

    /// The totals of the edition before, by cell; none without returns of it.
    pub(crate) async fn previous_totals(&self) -> Result<Vec<CellTotal>, Error> {
        let previous = self.previous.as_ref();
        let Some(previous) = previous.filter(|_| !self.inputs.previous.is_empty()) else {
            return Ok(Vec::new());
        };
        let inputs = Inputs {
            returns: self.inputs.previous.clone(),
            ..Inputs::default()
        };
        let recount = Self::new(previous, None, inputs, Arc::clone(&self.contents));
        let cells: Cells = recount.pass(Cells::new).await?;
        Ok(cells.0.totals(previous)?)
    }

    /// The totals, and the digest of the content.
    pub(crate) async fn run(&self, decisions: &Decisions) -> Result<Recounted, Error> {
        let not_robust = Arc::new(self.inputs.not_robust.clone());
        let new = move |definitions: &Definitions<'_>| Sums::new(definitions, &not_robust);
        let sums: Sums = self.pass(new).await?;
        let spreads = match sums.values.spreads() {
            Ok(spreads) => spreads,
            Err(search) => self.search(search).await?,
        };
        let previous = self.previous_totals().await?;
        let definitions = Definitions::new(&self.edition, self.previous.as_deref());
        let mut totals = totals_message(&Known {
            definitions: &definitions,
            inputs: &self.inputs,
            decisions,
            tally: &sums.tally,
            spreads: &spreads,
            previous: &previous,
        })?;
        let mut digest = ContentDigest::default();
        digest.take(&ContentDigest::part(&untimed(&mut totals)));
        let mut parts = self.places.iter().zip(&sums.parts).peekable();
        let nothing = nothing_provided(&self.edition);
        for (place, authority) in self.edition.authorities().iter().enumerate() {
            if let Some((_, part)) = parts.next_if(|(own, _)| **own == place) {
                digest.take(part);
            } else {
                let named = pb::AuthorityValues {
                    authority: authority.code.to_string(),
                    values: Vec::new(),
                };
                digest.take(&ContentDigest::part(
                    &[named.encode_to_vec(), nothing.clone()].concat(),
                ));
            }
        }
        Ok(Recounted {
            totals,
            content_digest: digest.finish(),
        })
    }

    async fn search(&self, mut search: Search) -> Result<Vec<Option<Spread>>, Error> {
        loop {
            if let Some(spreads) = search.spreads() {
                return Ok(spreads);
            }
            let shared = Arc::new(search);
            let new = {
                let search = Arc::clone(&shared);
                move |_: &Definitions<'_>| Narrowing(Counts::new(&search))
            };
            let Narrowing(counts) = self.pass(new).await?;
            search = shared.narrowed(&counts);
        }
    }
}

/// The values of an authority without a return, encoded: behind its code they are its message.
fn nothing_provided(edition: &Edition) -> Vec<u8> {
    let nobody = &edition.nation().code;
    let message = authority_message(edition, nobody, None, &NotRobust::new());
    let message = pb::AuthorityValues {
        authority: String::new(),
        ..message
    };
    message.encode_to_vec()
}

fn too_many(edition: &Edition) -> domain::Error {
    domain::Error::TotalTooLarge {
        item: edition.name().to_string(),
    }
}

/// The pass that adds up.
struct Sums {
    tally: Tally,
    values: Values,
    not_robust: Arc<NotRobust>,
    /// The digest of each authority's values.
    parts: Vec<String>,
}

impl Sums {
    fn new(definitions: &Definitions<'_>, not_robust: &Arc<NotRobust>) -> Self {
        Self {
            tally: Tally::new(definitions),
            values: Values::new(definitions.edition),
            not_robust: Arc::clone(not_robust),
            parts: Vec::new(),
        }
    }
}

impl Pass for Sums {
    const COMPARES: bool = true;

    fn take(
        &mut self,
        definitions: &Definitions<'_>,
        own: &Contribution<'_>,
    ) -> Result<(), domain::Error> {
        let edition = definitions.edition;
        self.tally.step(Step::Add, definitions, own)?;
        let taken = self.values.take(edition, own);
        taken.ok_or_else(|| too_many(edition))?;
        let authority = &own.data_return.authority;
        let values = authority_message(edition, authority, Some(own.data_return), &self.not_robust);
        self.parts
            .push(ContentDigest::part(&values.encode_to_vec()));
        Ok(())
    }

    fn merge(&mut self, edition: &Edition, other: Self) -> Result<(), domain::Error> {
        self.tally.merge(edition, other.tally)?;
        let merged = self.values.merge(other.values);
        merged.ok_or_else(|| too_many(edition))?;
        self.parts.extend(other.parts);
        Ok(())
    }
}

/// A pass that narrows down where the quartiles lie.
struct Narrowing(Counts);

impl Pass for Narrowing {
    const COMPARES: bool = false;

    fn take(
        &mut self,
        definitions: &Definitions<'_>,
        own: &Contribution<'_>,
    ) -> Result<(), domain::Error> {
        let taken = self.0.take(definitions.edition, own);
        taken.ok_or_else(|| too_many(definitions.edition))
    }

    fn merge(&mut self, edition: &Edition, other: Self) -> Result<(), domain::Error> {
        self.0.merge(&other.0).ok_or_else(|| too_many(edition))
    }
}

/// A pass that adds nothing up but the cells.
struct Cells(CellTallies);

impl Cells {
    fn new(definitions: &Definitions<'_>) -> Self {
        Self(CellTallies::new(definitions.edition))
    }
}

impl Pass for Cells {
    const COMPARES: bool = false;

    fn take(
        &mut self,
        definitions: &Definitions<'_>,
        own: &Contribution<'_>,
    ) -> Result<(), domain::Error> {
        let stepped = self.0.step(Step::Add, own.data_return.cells());
        stepped.ok_or_else(|| too_many(definitions.edition))
    }

    fn merge(&mut self, edition: &Edition, other: Self) -> Result<(), domain::Error> {
        self.0.merge(&other.0).ok_or_else(|| too_many(edition))
    }
}

/// A pass that adds all up that is kept of live totals.
impl Pass for Tally {
    const COMPARES: bool = true;

    fn take(
        &mut self,
        definitions: &Definitions<'_>,
        own: &Contribution<'_>,
    ) -> Result<(), domain::Error> {
        self.step(Step::Add, definitions, own)
    }

    fn merge(&mut self, edition: &Edition, other: Self) -> Result<(), domain::Error> {
        Self::merge(self, edition, other)
    }
}
