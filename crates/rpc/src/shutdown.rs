//! When the process is asked to stop.
//!
//! The first SIGTERM or SIGINT cancels a token, and everything drains in its own time; the second
//! ends the process at once, because whoever asks twice does not want to wait.

use std::io;
use std::process;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Exit code of a process ended by its second signal.
pub const EXIT_CODE_INTERRUPTED: i32 = 130;

/// Returns a token that the first SIGTERM or SIGINT cancels. Call once, inside a tokio runtime.
///
/// The handlers are in place when this returns: a signal that comes later is never the default
/// sudden death.
pub fn on_signal() -> io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let first = stop.clone();
    tokio::spawn(async move {
        let name = either(&mut terminate, &mut interrupt).await;
        // First of all: nothing that the log does may come between a signal and the stop.
        first.cancel();
        info!(signal = name, "stopping");
        let name = either(&mut terminate, &mut interrupt).await;
        warn!(signal = name, "second signal, leaving at once");
        process::exit(EXIT_CODE_INTERRUPTED);
    });
    Ok(stop)
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}
