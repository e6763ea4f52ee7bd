//! Time that passes when a test says so.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use mesur_publication::Timer;
use tokio::sync::watch;

/// A timer that stands still until it is moved.
pub(crate) struct SteppedTimer {
    elapsed: watch::Sender<Duration>,
    /// Until when somebody sleeps, as far as is known.
    sleeping: watch::Sender<Option<Duration>>,
    moving: Mutex<()>,
}

impl SteppedTimer {
    pub(crate) fn new() -> Self {
        Self {
            elapsed: watch::Sender::new(Duration::ZERO),
            sleeping: watch::Sender::new(None),
            moving: Mutex::new(()),
        }
    }

    /// Lets time pass.
    pub(crate) fn step(&self, by: Duration) {
        let _alone = self.moving.lock().expect("no panic");
        self.elapsed.send_modify(|elapsed| *elapsed += by);
    }

    /// Waits until whoever sleeps has seen what time it is, and sleeps on.
    pub(crate) async fn until_asleep(&self) {
        let mut sleeping = self.sleeping.subscribe();
        let now = self.elapsed();
        let is_later = |until: &Option<Duration>| until.is_some_and(|until| until > now);
        sleeping.wait_for(is_later).await.expect("somebody sleeps");
    }
}

#[async_trait]
impl Timer for SteppedTimer {
    fn elapsed(&self) -> Duration {
        *self.elapsed.borrow()
    }

    async fn sleep_until(&self, until: Duration) {
        let mut elapsed = self.elapsed.subscribe();
        self.sleeping.send_replace(Some(until));
        elapsed
            .wait_for(|elapsed| *elapsed >= until)
            .await
            .expect("time goes on");
    }
}
