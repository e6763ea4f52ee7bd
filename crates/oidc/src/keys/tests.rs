use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use mesur_access::dev::Issuer;
use tokio::task::JoinSet;
use tokio::time::{advance, timeout};

use super::*;

const PACE: Pace = Pace {
    interval: Duration::from_mins(5),
    gap: Duration::from_secs(10),
    age_max: Duration::from_hours(24),
};

/// A provider that counts how often it is asked.
#[derive(Clone, Default)]
struct Provider {
    asked: Arc<AtomicUsize>,
    is_away: Arc<AtomicBool>,
    text: Arc<Mutex<Bytes>>,
}

impl Provider {
    fn new() -> Self {
        let this = Self::default();
        this.rotate();
        this
    }

    fn rotate(&self) {
        let keys = Issuer::generate().jwks_json().to_owned();
        *self.text.lock().unwrap() = keys.into();
    }

    fn count(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    fn keys(&self, stop: &CancellationToken) -> Arc<ProviderKeys> {
        let this = self.clone();
        let fetch = move || {
            let this = this.clone();
            async move {
                this.asked.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_millis(100)).await;
                if this.is_away.load(Ordering::Relaxed) {
                    return Err(http::Error::Late);
                }
                Ok(this.text.lock().unwrap().clone())
            }
        };
        ProviderKeys::start_with(fetch, PACE, stop.clone())
    }
}

async fn settle(keys: &ProviderKeys) {
    keys.renewal()
        .expect("the first answer is waited for")
        .await;
    advance(2 * JUST_NOW).await;
}

#[tokio::test(start_paused = true)]
async fn who_comes_before_the_first_answer_waits_for_it() {
    let (provider, stop) = (Provider::new(), CancellationToken::new());
    let keys = provider.keys(&stop);
    assert!(keys.keys().is_none());
    keys.renewal().expect("it is being asked").await;
    assert!(keys.keys().is_some());
    assert_eq!(provider.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_provider_is_asked_at_the_interval_and_the_same_keys_stay_the_same() {
    let (provider, stop) = (Provider::new(), CancellationToken::new());
    let keys = provider.keys(&stop);
    settle(&keys).await;
    let first = keys.keys().expect("keys");
    sleep(3 * PACE.interval).await;
    assert_eq!(provider.count(), 4);
    assert!(Arc::ptr_eq(&first, &keys.keys().expect("keys")));
    provider.rotate();
    sleep(2 * PACE.interval).await;
    assert!(!Arc::ptr_eq(&first, &keys.keys().expect("keys")));
    stop.cancel();
    sleep(2 * PACE.interval).await;
    let asked = provider.count();
    sleep(10 * PACE.interval).await;
    assert_eq!(provider.count(), asked, "it ends with the service");
}

#[tokio::test(start_paused = true)]
async fn a_crowd_with_a_new_key_has_the_provider_asked_once_and_waits_for_that_answer() {
    let (provider, stop) = (Provider::new(), CancellationToken::new());
    let keys = provider.keys(&stop);
    settle(&keys).await;
    sleep(PACE.gap).await;
    let old = keys.keys().expect("keys");
    provider.rotate();
    let mut crowd = JoinSet::new();
    for _ in 0..1_000 {
        let keys = Arc::clone(&keys);
        crowd.spawn(async move {
            keys.renewal().expect("it is asked").await;
            keys.keys().expect("keys")
        });
    }
    while let Some(new) = crowd.join_next().await {
        assert!(!Arc::ptr_eq(&old, &new.unwrap()));
    }
    assert_eq!(provider.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_unknown_keys_costs_one_question_in_each_gap() {
    let (provider, stop) = (Provider::new(), CancellationToken::new());
    let keys = provider.keys(&stop);
    settle(&keys).await;
    let (begun, mut waited) = (Instant::now(), 0);
    let minute = Duration::from_mins(1);
    while begun.elapsed() < minute {
        if let Some(renewal) = keys.renewal() {
            waited += 1;
            drop(renewal);
        }
        sleep(Duration::from_millis(10)).await;
    }
    // A minute has six gaps, and the first question was before it.
    assert!((6..=8).contains(&provider.count()), "{}", provider.count());
    assert!(waited > 0);
}

#[tokio::test(start_paused = true)]
async fn the_last_keys_stay_while_the_provider_is_away_until_they_are_too_old() {
    let (provider, stop) = (Provider::new(), CancellationToken::new());
    let keys = provider.keys(&stop);
    settle(&keys).await;
    provider.is_away.store(true, Ordering::Relaxed);
    sleep(Duration::from_hours(23)).await;
    assert!(keys.keys().is_some());
    let asked = provider.count();
    sleep(Duration::from_hours(2)).await;
    assert!(keys.keys().is_none());
    assert!(provider.count() > asked, "it is asked on");
    provider.is_away.store(false, Ordering::Relaxed);
    // Somebody who needs a key has it asked at once, and is answered.
    let renewed = timeout(Duration::from_secs(1), keys.renewal().expect("asked")).await;
    assert!(renewed.is_ok());
    assert!(keys.keys().is_some());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_key_set_changes_nothing() {
    let (provider, stop) = (Provider::new(), CancellationToken::new());
    let keys = provider.keys(&stop);
    settle(&keys).await;
    let first = keys.keys().expect("keys");
    for nonsense in ["", "nonsense", r#"{"keys":[]}"#, "<html>"] {
        *provider.text.lock().unwrap() = nonsense.into();
        sleep(2 * PACE.interval).await;
        assert!(
            Arc::ptr_eq(&first, &keys.keys().expect("keys")),
            "{nonsense}"
        );
    }
}
