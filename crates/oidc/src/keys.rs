//! The keys of a provider, renewed in the background.
//!
//! The provider is asked at the start, then at an [interval](Pace::interval), and at once when a
//! token names a key that is not there; but never twice within a [gap](Pace::gap), however many such
//! tokens come. When it is away the last keys stay, until they are [too old](Pace::age_max): who can
//! keep the provider from being heard must not be able to keep a key alive that it took back.

use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use mesur_access::keys::{self, KeySet};
use mesur_access::{KeySource, Renewal};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::discovery::Provider;
use crate::http::{self, Client, Url};

/// A call that was looked at before the keys changed is looked at again within this time.
const JUST_NOW: Duration = Duration::from_secs(1);

/// When the provider is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long after it answered.
    pub interval: Duration,
    /// How long after it was asked at the least, whatever comes.
    pub gap: Duration,
    /// How long keys are trusted without an answer.
    pub age_max: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            interval: Duration::from_mins(5),
            gap: Duration::from_secs(10),
            age_max: Duration::from_hours(24),
        }
    }
}

/// Where the keys are.
#[derive(Debug, Clone)]
pub enum KeysAt {
    /// At this address.
    Url(Url),
    /// Where the issuer says; it is asked for the place each time.
    Issuer(String),
}

impl KeysAt {
    async fn fetch(&self, client: &Client) -> Result<Bytes, http::Error> {
        let answer = match self {
            Self::Url(url) => client.get(url).await?,
            Self::Issuer(issuer) => {
                let provider = Provider::discover(client, issuer).await?;
                client.get(&provider.keys).await?
            }
        };
        Ok(answer.body)
    }
}

/// Why there are no new keys.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("asking the provider")]
    Ask(#[from] http::Error),
    #[error("reading its keys")]
    Keys(#[from] keys::Error),
}

/// The keys of a provider as it last said them.
pub struct ProviderKeys {
    pace: Pace,
    state: Mutex<State>,
    wanted: Notify,
    /// Counts how often the provider was asked.
    asked: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// When the provider was last asked.
    begun: Option<Instant>,
    is_asking: bool,
    failures: u32,
}

struct Held {
    keys: Arc<KeySet>,
    text: Bytes,
    /// When the provider last said them.
    at: Instant,
    /// When it first did.
    since: Instant,
}

impl ProviderKeys {
    /// Begins to ask in a task of its own, until `stop` is cancelled. There are no keys yet when it
    /// returns: a service starts although its provider is away. Must be called inside a tokio runtime.
    pub fn start(at: KeysAt, client: Client, pace: Pace, stop: CancellationToken) -> Arc<Self> {
        let fetch = move || {
            let (at, client) = (at.clone(), client.clone());
            async move { at.fetch(&client).await }
        };
        Self::start_with(fetch, pace, stop)
    }

    fn start_with<F>(
        fetch: impl Fn() -> F + Send + 'static,
        pace: Pace,
        stop: CancellationToken,
    ) -> Arc<Self>
    where
        F: Future<Output = Result<Bytes, http::Error>> + Send,
    {
        let this = Arc::new(Self {
            pace,
            // Who comes before the task has begun waits for it too.
            state: Mutex::new(State {
                is_asking: true,
                ..State::default()
            }),
            wanted: Notify::new(),
            asked: watch::Sender::new(0),
        });
        let asking = Arc::clone(&this);
        tokio::spawn(async move {
            stop.run_until_cancelled(asking.ask_on(fetch)).await;
        });
        this
    }

    async fn ask_on<F>(&self, fetch: impl Fn() -> F)
    where
        F: Future<Output = Result<Bytes, http::Error>>,
    {
        loop {
            {
                let mut state = self.state();
                state.is_asking = true;
                state.begun = Some(Instant::now());
            }
            let fetched = fetch().await;
            self.take(fetched);
            self.asked.send_modify(|asked| *asked += 1);
            tokio::select! {
                () = sleep(self.pause()) => {}
                () = self.wanted() => {}
            }
        }
    }

    /// How long to wait: after a failure the gap, then twice as long each time, up to the interval.
    fn pause(&self) -> Duration {
        match self.state().failures {
            0 => self.pace.interval,
            failures => {
                let factor = 2_u32.saturating_pow(failures.min(16).saturating_sub(1));
                self.pace.gap.saturating_mul(factor).min(self.pace.interval)
            }
        }
    }

    /// Ends when somebody wants the keys renewed and that may be.
    async fn wanted(&self) {
        loop {
            self.wanted.notified().await;
            // A wish that came before the provider was asked last is answered by that.
            if !self.state().is_too_soon(self.pace.gap) {
                return;
            }
        }
    }

    fn take(&self, fetched: Result<Bytes, http::Error>) {
        let mut state = self.state();
        let taken = fetched
            .map_err(Error::from)
            .and_then(|text| state.hold(text));
        state.is_asking = false;
        let away = match taken {
            Ok(is_new) => {
                if is_new {
                    info!("the provider's keys were read");
                } else if state.failures > 0 {
                    info!("the provider answers again");
                }
                state.failures = 0;
                return;
            }
            Err(error) => error,
        };
        let causes = causes(&away);
        if state.failures == 0 {
            warn!(error = %away, causes, "the provider's keys cannot be renewed, the last stay");
        } else {
            debug!(error = %away, causes, "the provider's keys still cannot be renewed");
        }
        state.failures = state.failures.saturating_add(1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Keeps what was fetched, and says whether it is new.
    fn hold(&mut self, text: Bytes) -> Result<bool, Error> {
        let at = Instant::now();
        match &mut self.held {
            Some(held) if held.text == text => {
                held.at = at;
                Ok(false)
            }
            held => {
                let keys = Arc::new(KeySet::parse(&text)?);
                *held = Some(Held {
                    keys,
                    text,
                    at,
                    since: at,
                });
                Ok(true)
            }
        }
    }

    fn is_too_soon(&self, gap: Duration) -> bool {
        self.begun.is_some_and(|begun| begun.elapsed() < gap)
    }
}

impl KeySource for ProviderKeys {
    fn keys(&self) -> Option<Arc<KeySet>> {
        let state = self.state();
        let held = state.held.as_ref()?;
        (held.at.elapsed() < self.pace.age_max).then(|| Arc::clone(&held.keys))
    }

    fn renewal(&self) -> Option<Renewal> {
        let mut asked = {
            let state = self.state();
            // The token may have been held against the keys before these.
            if state
                .held
                .as_ref()
                .is_some_and(|held| held.since.elapsed() < JUST_NOW)
            {
                return Some(Box::pin(ready(())));
            }
            if !state.is_asking && state.is_too_soon(self.pace.gap) {
                return None;
            }
            // Within the lock: an answer that comes now is seen by whoever waits.
            let asked = self.asked.subscribe();
            if !state.is_asking {
                self.wanted.notify_one();
            }
            asked
        };
        // It fails when nobody asks any more, which ends the waiting too.
        Some(Box::pin(async move { drop(asked.changed().await) }))
    }
}

/// Everything below an error, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut texts = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts.join(": ")
}

#[cfg(test)]
mod tests;
