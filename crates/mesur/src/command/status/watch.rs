//! `mesur status --watch`: shown again whenever an event says that something has happened.
//!
//! Nothing is asked at intervals. A stream that breaks, because its service stops or its
//! connection has reached its age, is opened again after the last event that was seen. What an
//! event says is not shown itself: it is only the sign to ask how far the collection has come.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mesur_proto::submission::v1::WatchReturnsRequest;
use mesur_proto::validation::v1::WatchReportsRequest;
use mesur_rpc::clock::{Clock, SystemClock};
use mesur_wording::Args;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tonic::{Code, Status};

use super::Board;
use crate::output::say;
use crate::refusal::Refusal;
use crate::{times, words};

/// Before a broken stream is opened again.
const REOPEN_DELAY: Duration = Duration::from_secs(1);
/// After an event validation may need a moment to take it in: once it was quiet for as long, the
/// last state is shown.
const QUIET: Duration = Duration::from_millis(500);

/// Shows the board until the process is stopped, or the caller is refused.
pub(super) async fn watch(board: &Board) -> anyhow::Result<()> {
    let followed = Followed::default();
    let told = board.session.told();
    tokio::select! {
        refused = returns(board, &followed) => Err(told(refused)),
        refused = reports(board, &followed) => Err(told(refused)),
        failed = draw(board, &followed) => failed,
    }
}

/// What the streams tell whoever draws.
#[derive(Debug, Default)]
struct Followed {
    happened: Notify,
    returns_away: AtomicBool,
    reports_away: AtomicBool,
}

impl Followed {
    /// Notes whether a stream is away, and wakes whoever draws. One that stays away is no news.
    fn note(&self, stream: &AtomicBool, is_away: bool) {
        let was_away = stream.swap(is_away, Ordering::Relaxed);
        if !(was_away && is_away) {
            self.happened.notify_one();
        }
    }

    fn is_away(&self) -> bool {
        let streams = [&self.returns_away, &self.reports_away];
        streams.into_iter().any(|away| away.load(Ordering::Relaxed))
    }
}

async fn draw(board: &Board, followed: &Followed) -> anyhow::Result<()> {
    let mut screen = Screen::default();
    loop {
        let is_broken = match board.text().await {
            Ok(text) => {
                screen.text = text;
                let now = SystemClock.now();
                screen.time = Some(prost_types::Timestamp {
                    seconds: now.as_second(),
                    nanos: now.subsec_nanosecond(),
                });
                followed.is_away()
            }
            // A stream is opened again when its service is back, and that is an event too.
            Err(error) if !is_final(&error) => true,
            Err(error) => return Err(error),
        };
        screen.show(board, is_broken)?;
        // The first event is shown at once, and what validation makes of it when it is quiet.
        let happened = &followed.happened;
        if timeout(QUIET, happened.notified()).await.is_err() {
            happened.notified().await;
        }
    }
}

/// What the user sees.
#[derive(Debug, Default)]
struct Screen {
    text: String,
    /// When the text was asked for.
    time: Option<prost_types::Timestamp>,
    shown: String,
    is_broken: bool,
}

impl Screen {
    /// Shows what has changed: the figures, and below them whether they are behind. A terminal is
    /// drawn anew, so that the line goes when the services are back.
    fn show(&mut self, board: &Board, is_broken: bool) -> anyhow::Result<()> {
        let terminal = console::Term::stdout();
        let redraws = terminal.is_term() && !board.session.json;
        let turned = self.is_broken != is_broken;
        if self.shown != self.text || (turned && redraws) {
            if redraws {
                terminal.clear_screen()?;
            }
            if !self.text.is_empty() {
                say!("{}", self.text);
            }
            self.shown.clone_from(&self.text);
        }
        if turned && is_broken {
            let args = Args::new().text("time", &times::shown(self.time.as_ref()));
            let line = words::text(&board.session.wording, "as-of", &args);
            let _ = writeln!(std::io::stderr(), "{line}");
        }
        self.is_broken = is_broken;
        Ok(())
    }
}

/// Whether asking again would not help; a call that a break cut off has any of the other codes.
fn is_final(error: &anyhow::Error) -> bool {
    let refusal = error.downcast_ref::<Refusal>();
    refusal.is_none_or(|refusal| is_refusal(refusal.code()))
}

/// Follows the returns; ends when the caller is refused.
async fn returns(board: &Board, followed: &Followed) -> Status {
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
                followed.note(&followed.returns_away, false);
                while let Ok(Some(event)) = stream.message().await {
                    cursor = event.cursor;
                    followed.happened.notify_one();
                }
            }
            Err(status) if is_refusal(status.code()) => return status,
            Err(_) => followed.note(&followed.returns_away, true),
        }
        sleep(REOPEN_DELAY).await;
    }
}

/// Follows the reports; ends when the caller is refused.
async fn reports(board: &Board, followed: &Followed) -> Status {
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
                followed.note(&followed.reports_away, false);
                while let Ok(Some(event)) = stream.message().await {
                    cursor = event.cursor;
                    followed.happened.notify_one();
                }
            }
            Err(status) if is_refusal(status.code()) => return status,
            Err(_) => followed.note(&followed.reports_away, true),
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
