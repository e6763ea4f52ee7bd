//! `mesur schedule`: when returns of an edition are due, and when it closes.

use std::process::ExitCode;

use mesur_proto::submission::v1 as submission;
use mesur_wording::Args;

use crate::connection::{Options, Session, request_id, run};
use crate::names::{AuthorityArgument, EditionArgument, short};
use crate::output::table::{Table, plain};
use crate::output::{json, say};
use crate::times::{self, TimeArgument};
use crate::words;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show the dates of an edition, with every setting and extension.
    Show(Show),
    /// Set when returns are due and when the edition closes.
    Set(Set),
    /// Give one authority until a later time.
    Extend(Extend),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The edition, such as pif/2022-23.
    #[arg(long, value_name = "EDITION")]
    edition: EditionArgument,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Set {
    /// The edition, such as pif/2022-23.
    #[arg(long, value_name = "EDITION")]
    edition: EditionArgument,
    /// When returns are due: 2023-06-30T17:00:00+01:00, or a day, which lasts until its end in
    /// UTC. Never, when left out.
    #[arg(long, value_name = "TIME")]
    due: Option<TimeArgument>,
    /// When the edition closes to authorities. Never, when left out.
    #[arg(long, value_name = "TIME")]
    close: Option<TimeArgument>,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The etag of the schedule that is changed [default: the latest].
    #[arg(long, value_name = "ETAG")]
    etag: Option<String>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Extend {
    /// The edition, such as pif/2022-23.
    #[arg(long, value_name = "EDITION")]
    edition: EditionArgument,
    /// The authority's code, such as W06000003.
    #[arg(long, value_name = "CODE")]
    authority: AuthorityArgument,
    /// Until when its return is not late.
    #[arg(long, value_name = "TIME")]
    until: TimeArgument,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run_command(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Show(arguments) => run(&arguments.options, async |session| {
            let schedule = get(&session, &arguments.edition).await?;
            tell(&session, &schedule)
        }),
        Command::Set(arguments) => set(arguments),
        Command::Extend(arguments) => extend(arguments),
    }
}

async fn get(session: &Session, edition: &EditionArgument) -> anyhow::Result<submission::Schedule> {
    let request = submission::GetScheduleRequest {
        name: edition.resource("schedule"),
    };
    let answer = session
        .clients
        .submission
        .clone()
        .get_schedule(request)
        .await;
    Ok(answer.map_err(session.told())?.into_inner())
}

fn set(arguments: &Set) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let etag = match &arguments.etag {
            Some(etag) => etag.clone(),
            None => get(&session, &arguments.edition).await?.etag,
        };
        let request = submission::UpdateScheduleRequest {
            name: arguments.edition.resource("schedule"),
            etag,
            due_time: arguments.due.map(Into::into),
            close_time: arguments.close.map(Into::into),
            reason: arguments.reason.clone(),
            request_id: request_id(),
        };
        let answer = session
            .clients
            .submission
            .clone()
            .update_schedule(request)
            .await;
        tell(&session, &answer.map_err(session.told())?.into_inner())
    })
}

fn extend(arguments: &Extend) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let request = submission::GrantExtensionRequest {
            name: arguments.edition.resource("schedule"),
            authority: arguments.authority.0.to_string(),
            due_time: Some(arguments.until.into()),
            reason: arguments.reason.clone(),
            request_id: request_id(),
        };
        let answer = session
            .clients
            .submission
            .clone()
            .grant_extension(request)
            .await;
        tell(&session, &answer.map_err(session.told())?.into_inner())
    })
}

fn tell(session: &Session, schedule: &submission::Schedule) -> anyhow::Result<ExitCode> {
    if session.json {
        json::print("mesur.submission.v1.Schedule", schedule)?;
        return Ok(ExitCode::SUCCESS);
    }
    let wording = &session.wording;
    if !schedule.history.is_empty() {
        let columns = [
            "col-time",
            "col-identity",
            "col-due",
            "col-close",
            "col-reason",
        ];
        let mut settings = Table::new(wording, &columns);
        for setting in &schedule.history {
            settings.row([
                plain(times::shown(setting.time.as_ref())),
                plain(&setting.identity),
                plain(times::shown(setting.due_time.as_ref())),
                plain(times::shown(setting.close_time.as_ref())),
                plain(&setting.reason),
            ]);
        }
        say!("{}\n", settings.render());
    }
    if !schedule.extensions.is_empty() {
        let columns = [
            "col-time",
            "col-identity",
            "col-authority",
            "col-due",
            "col-reason",
        ];
        let mut extensions = Table::new(wording, &columns);
        for extension in &schedule.extensions {
            extensions.row([
                plain(times::shown(extension.time.as_ref())),
                plain(&extension.identity),
                plain(&extension.authority),
                plain(times::shown(extension.due_time.as_ref())),
                plain(&extension.reason),
            ]);
        }
        say!("{}\n", extensions.render());
    }
    let edition = short(schedule.name.trim_end_matches("/schedule"));
    let args = Args::new()
        .text("edition", &edition)
        .text("due", &times::shown(schedule.due_time.as_ref()))
        .text("close", &times::shown(schedule.close_time.as_ref()));
    say!("{}", words::text(wording, "schedule", &args));
    Ok(ExitCode::SUCCESS)
}
