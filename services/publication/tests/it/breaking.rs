//! A store that can be made to take nothing, and to be away.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use mesur_store::{Call, Error, Front, MemoryStore, Store};

#[derive(Default)]
pub(crate) struct Breaking {
    store: MemoryStore,
    /// Whether commits fail.
    pub(crate) is_full: AtomicBool,
    /// Whether everything is answered as when the store cannot be reached.
    pub(crate) is_away: AtomicBool,
}

#[async_trait]
impl Front for Breaking {
    fn behind(&self) -> &dyn Store {
        &self.store
    }

    async fn pass(&self, call: Call) -> Result<(), Error> {
        let is_asked = matches!(call, Call::Get | Call::Scan | Call::Commit | Call::ReadLog);
        if is_asked && self.is_away.load(Ordering::SeqCst) {
            let source = "nobody answers".into();
            let doing = "asking";
            return Err(Error::Unavailable { doing, source });
        }
        if call == Call::Commit && self.is_full.load(Ordering::SeqCst) {
            return Err(Error::Closed);
        }
        Ok(())
    }
}
