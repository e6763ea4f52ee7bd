//! `mesur status --watch`: shown again whenever an event says that something has happened.
//!
//! Nothing is asked at intervals. A stream that breaks, because its service stops or its
//! connection has reached its age, is opened again after the last event that was seen. What an
//! event says is not shown itself: it is only the sign to ask how far the collection has come.

use std::io::Write;
use std::time::Duration;

use mesur_proto::submission::v1::WatchReturnsRequest;
use mesur_proto::validation::v1::WatchReportsRequest;
use mesur_wording::Args;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tonic::{Code, Status};

use super::Board;
use crate::output::say;
use crate::refusal::Refusal;
use crate::words;

/// Before a broken stream is opened again.
const REOPEN_DELAY: Duration = Duration::from_secs(1);
/// After an event validation may need a moment to take it in: once it was quiet for as long, the
/// last state is shown.
const QUIET: Duration = Duration::from_millis(500);

/// Shows the board until the process is stopped, or the caller is refused.
pub(super) async fn watch(board: &Board) -> anyhow::Result<()> {
    let happened = Notify::new();
    let told = board.session.told();
    tokio::select! {
        refused = returns(board, &happened) => Err(told(refused)),
        refused = reports(board, &happened) => Err(told(refused)),
        failed = draw(board, &happened) => failed,
    }
}

async fn draw(board: &Board, happened: &Notify) -> anyhow::Result<()> {
    let mut shown = String::new();
    loop {
        match board.text().await {
            Ok(text) if text == shown => {}
            Ok(text) => {
                show(board, &text)?;
                shown = text;
            }
            // A stream is opened again when its service is back, and that is an event too.
            Err(error) if !is_final(&error) => {
                let args = Args::new().text("problem", &error.to_string());
                let line = words::text(&board.session.wording, "away", &args);
                let _ = writeln!(std::io::stderr(), "{line}");
            }
            Err(error) => return Err(error),
        }
        // The first event is shown at once, and what validation makes of it when it is quiet.
        if timeout(QUIET, happened.notified()).await.is_err() {
            happened.notified().await;
        }
    }
}

/// Whether asking again would not help; a call that a break cut off has any of the other codes.
fn is_final(error: &anyhow::Error) -> bool {
    let refusal = error.downcast_ref::<Refusal>();
    refusal.is_none_or(|refusal| is_refusal(refusal.code()))
}

fn show(board: &Board, text: &str) -> anyhow::Result<()> {
    let terminal = console::Term::stdout();
    if terminal.is_term() && !board.session.json {
        terminal.clear_screen()?;
    }
    say!("{text}");
    Ok(())
}

/// Follows the returns; ends when the caller is refused.
async fn returns(board: &Board, happened: &Notify) -> Status {
    let mut cursor = Vec::new();
    loop {
        let request = WatchReturnsRequest {
            cursor: cursor.clone(),
        };
        match board
            .session
            .clients
            .submission
            .clone()
            .watch_returns(request)
            .await
        {
            Ok(stream) => {
                let mut stream = stream.into_inner();
                happened.notify_one();
                while let Ok(Some(event)) = stream.message().await {
                    cursor = event.cursor;
                    happened.notify_one();
                }
            }
            Err(status) if is_refusal(status.code()) => return status,
            Err(_) => {}
        }
        sleep(REOPEN_DELAY).await;
    }
}

/// Follows the reports; ends when the caller is refused.
async fn reports(board: &Board, happened: &Notify) -> Status {
    let mut cursor = Vec::new();
    loop {
        let request = WatchReportsRequest {
            cursor: cursor.clone(),
        };
        match board
            .session
            .clients
            .validation
            .clone()
            .watch_reports(request)
            .await
        {
            Ok(stream) => {
                let mut stream = stream.into_inner();
                happened.notify_one();
                while let Ok(Some(event)) = stream.message().await {
                    cursor = event.cursor;
                    happened.notify_one();
                }
            }
            Err(status) if is_refusal(status.code()) => return status,
            Err(_) => {}
        }
        sleep(REOPEN_DELAY).await;
    }
}

fn is_refusal(code: Code) -> bool {
    matches!(
        code,
        Code::Unauthenticated
            | Code::PermissionDenied
            | Code::InvalidArgument
            | Code::NotFound
            | Code::Unimplemented
    )
}
