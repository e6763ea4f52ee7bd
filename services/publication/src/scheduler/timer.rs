//! Waiting as an argument, so that a test can let time pass.

use std::time::{Duration, Instant};

use async_trait::async_trait;

/// Counts the time that passes, which nobody can set, and waits.
#[async_trait]
pub trait Timer: Send + Sync {
    /// How much time has passed since some moment that stays the same.
    fn elapsed(&self) -> Duration;

    /// Returns when that much has passed; may be dropped.
    async fn sleep_until(&self, elapsed: Duration);
}

/// The timer of the machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemTimer(Instant);

impl SystemTimer {
    /// Counts from now.
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

#[async_trait]
impl Timer for SystemTimer {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep_until(&self, elapsed: Duration) {
        tokio::time::sleep(elapsed.saturating_sub(self.elapsed())).await;
    }
}
