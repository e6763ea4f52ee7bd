//! `mesur release`: compile, review, approve, put on the calendar, publish, and read.

mod files;
mod provenance;

use std::process::ExitCode;

use mesur_proto::publication::v1 as publication;
use mesur_proto::publication::v1::release::State;

use crate::connection::{Options, PAGE_SIZE, Session, pages, request_id, run};
use crate::names::{ReleaseArgument, SnapshotArgument, short};
use crate::output::table::{Table, Tone, cell, plain};
use crate::output::{json, say};
use crate::{times, words};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Compile the release of a snapshot; of a published release, its next revision.
    Compile(Compile),
    /// Put a compiled release before those who approve.
    Submit(Change),
    /// Take a release back to be compiled again, with a reason.
    Reject(ChangeWithReason),
    /// Approve a release in review.
    Approve(Change),
    /// Publish at 09:30 of a day.
    Schedule(Schedule),
    /// Publish at once, outside the standard time, with a reason.
    Publish(ChangeWithReason),
    /// List the releases.
    List(List),
    /// Show a release: state, people, files, what it lacks.
    Show(One),
    /// List the revisions of a release.
    Revisions(One),
    /// List what happened to a release.
    History(One),
    /// Fetch a file of a published release, or all of them.
    Fetch(files::Fetch),
    /// Look at a file of a release that is not published yet; every look is recorded.
    Preview(files::Fetch),
    /// Check a signed bundle of a release, with no network at all.
    Verify(files::Verify),
    /// Say where a published figure comes from.
    Where(provenance::Where),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Compile {
    /// The snapshot as it is listed.
    #[arg(value_name = "SNAPSHOT")]
    snapshot: SnapshotArgument,
    #[command(flatten)]
    note: Note,
    #[command(flatten)]
    options: Options,
}

/// What a revision says of itself.
#[derive(Debug, clap::Args)]
struct Note {
    /// For a revision: what changes, in English.
    #[arg(long, value_name = "TEXT", default_value = "")]
    what: String,
    /// For a revision: what changes, in Welsh.
    #[arg(long, value_name = "TEXT", default_value = "")]
    what_cy: String,
    /// For a revision: why, in English.
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    /// For a revision: why, in Welsh.
    #[arg(long, value_name = "TEXT", default_value = "")]
    why_cy: String,
}

/// What takes a release alone.
#[derive(Debug, clap::Args)]
pub(crate) struct One {
    /// The release, such as pif-2022-23, or a revision of it, such as pif-2022-23/2.
    #[arg(value_name = "RELEASE")]
    name: ReleaseArgument,
    #[command(flatten)]
    options: Options,
}

/// A change of a release.
#[derive(Debug, clap::Args)]
pub(crate) struct Change {
    /// The release, such as pif-2022-23.
    #[arg(value_name = "RELEASE")]
    name: ReleaseArgument,
    /// The etag of the release that is changed [default: the latest].
    #[arg(long, value_name = "ETAG")]
    etag: Option<String>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ChangeWithReason {
    #[command(flatten)]
    change: Change,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Schedule {
    #[command(flatten)]
    change: Change,
    /// The day, such as 2024-04-09.
    #[arg(long, value_name = "DAY")]
    date: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run_command(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Compile(arguments) => compile(arguments),
        Command::Submit(arguments) => submit(arguments),
        Command::Reject(arguments) => reject(arguments),
        Command::Approve(arguments) => approve(arguments),
        Command::Schedule(arguments) => schedule(arguments),
        Command::Publish(arguments) => publish(arguments),
        Command::List(arguments) => list(arguments),
        Command::Show(arguments) => run(&arguments.options, async |session| {
            let release = get(&session, &arguments.name).await?;
            show(&session, &release)
        }),
        Command::Revisions(arguments) => revisions(arguments),
        Command::History(arguments) => history(arguments),
        Command::Fetch(arguments) => files::fetch(arguments, false),
        Command::Preview(arguments) => files::fetch(arguments, true),
        Command::Verify(arguments) => files::verify(arguments),
        Command::Where(arguments) => provenance::whence(arguments),
    }
}

async fn get(session: &Session, name: &ReleaseArgument) -> anyhow::Result<publication::Release> {
    let request = publication::GetReleaseRequest {
        name: name.0.clone(),
    };
    let mut publication = session.clients.publication.clone();
    let answer = publication.get_release(request).await;
    Ok(answer.map_err(session.told())?.into_inner())
}

/// The etag that was given, or that of the release as it is now.
async fn etag(session: &Session, change: &Change) -> anyhow::Result<String> {
    match &change.etag {
        Some(etag) => Ok(etag.clone()),
        None => Ok(get(session, &change.name).await?.etag),
    }
}

fn compile(arguments: &Compile) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let note = &arguments.note;
        let text = |en: &String, cy: &String| publication::BilingualText {
            en: en.clone(),
            cy: cy.clone(),
        };
        let update_note = publication::UpdateNote {
            what: Some(text(&note.what, &note.what_cy)),
            why: Some(text(&note.why, &note.why_cy)),
        };
        let given = [&note.what, &note.what_cy, &note.why, &note.why_cy];
        let is_given = given.iter().any(|text| !text.is_empty());
        let request = publication::CompileReleaseRequest {
            snapshot: arguments.snapshot.0.clone(),
            request_id: request_id(),
            update_note: is_given.then_some(update_note),
        };
        let mut publication = session.clients.publication.clone();
        let answer = publication.compile_release(request).await;
        show(&session, &answer.map_err(session.told())?.into_inner())
    })
}

fn submit(change: &Change) -> anyhow::Result<ExitCode> {
    run(&change.options, async |session| {
        let request = publication::SubmitReleaseRequest {
            name: change.name.0.clone(),
            etag: etag(&session, change).await?,
            request_id: request_id(),
        };
        let mut publication = session.clients.publication.clone();
        let answer = publication.submit_release(request).await;
        show(&session, &answer.map_err(session.told())?.into_inner())
    })
}

fn reject(arguments: &ChangeWithReason) -> anyhow::Result<ExitCode> {
    let change = &arguments.change;
    run(&change.options, async |session| {
        let request = publication::RejectReleaseRequest {
            name: change.name.0.clone(),
            etag: etag(&session, change).await?,
            reason: arguments.reason.clone(),
            request_id: request_id(),
        };
        let mut publication = session.clients.publication.clone();
        let answer = publication.reject_release(request).await;
        show(&session, &answer.map_err(session.told())?.into_inner())
    })
}

fn approve(change: &Change) -> anyhow::Result<ExitCode> {
    run(&change.options, async |session| {
        let request = publication::ApproveReleaseRequest {
            name: change.name.0.clone(),
            etag: etag(&session, change).await?,
            request_id: request_id(),
        };
        let mut publication = session.clients.publication.clone();
        let answer = publication.approve_release(request).await;
        show(&session, &answer.map_err(session.told())?.into_inner())
    })
}

fn schedule(arguments: &Schedule) -> anyhow::Result<ExitCode> {
    let change = &arguments.change;
    run(&change.options, async |session| {
        let request = publication::ScheduleReleaseRequest {
            name: change.name.0.clone(),
            etag: etag(&session, change).await?,
            publish_date: arguments.date.clone(),
            request_id: request_id(),
        };
        let mut publication = session.clients.publication.clone();
        let answer = publication.schedule_release(request).await;
        show(&session, &answer.map_err(session.told())?.into_inner())
    })
}

fn publish(arguments: &ChangeWithReason) -> anyhow::Result<ExitCode> {
    let change = &arguments.change;
    run(&change.options, async |session| {
        let request = publication::PublishReleaseRequest {
            name: change.name.0.clone(),
            etag: etag(&session, change).await?,
            reason: arguments.reason.clone(),
            request_id: request_id(),
        };
        let mut publication = session.clients.publication.clone();
        let answer = publication.publish_release(request).await;
        show(&session, &answer.map_err(session.told())?.into_inner())
    })
}

fn list(arguments: &List) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let releases = pages(async |page_token| {
            let request = publication::ListReleasesRequest {
                page_size: PAGE_SIZE,
                page_token,
            };
            let mut publication = session.clients.publication.clone();
            let page = publication.list_releases(request).await?.into_inner();
            Ok((page.releases, page.next_page_token))
        });
        let releases = releases.await.map_err(session.told())?;
        if session.json {
            let all = publication::ListReleasesResponse {
                releases,
                next_page_token: String::new(),
            };
            json::print("mesur.publication.v1.ListReleasesResponse", &all)?;
            return Ok(ExitCode::SUCCESS);
        }
        table(&session, &releases);
        Ok(ExitCode::SUCCESS)
    })
}

fn revisions(arguments: &One) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let revisions = pages(async |page_token| {
            let request = publication::ListReleaseRevisionsRequest {
                name: arguments.name.0.clone(),
                page_size: PAGE_SIZE,
                page_token,
            };
            let mut publication = session.clients.publication.clone();
            let page = publication.list_release_revisions(request).await?;
            let page = page.into_inner();
            Ok((page.revisions, page.next_page_token))
        });
        let revisions = revisions.await.map_err(session.told())?;
        if session.json {
            let all = publication::ListReleaseRevisionsResponse {
                revisions,
                next_page_token: String::new(),
            };
            json::print("mesur.publication.v1.ListReleaseRevisionsResponse", &all)?;
            return Ok(ExitCode::SUCCESS);
        }
        table(&session, &revisions);
        for revision in &revisions {
            if let Some(note) = &revision.update_note {
                let what = note.what.clone().unwrap_or_default();
                let why = note.why.clone().unwrap_or_default();
                say!("{}: {} {}", short(&revision.name), what.en, why.en);
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn history(arguments: &One) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let events = pages(async |page_token| {
            let request = publication::ListReleaseEventsRequest {
                name: arguments.name.0.clone(),
                page_size: PAGE_SIZE,
                page_token,
            };
            let mut publication = session.clients.publication.clone();
            let page = publication.list_release_events(request).await?;
            let page = page.into_inner();
            Ok((page.events, page.next_page_token))
        });
        let events = events.await.map_err(session.told())?;
        if session.json {
            let all = publication::ListReleaseEventsResponse {
                events,
                next_page_token: String::new(),
            };
            json::print("mesur.publication.v1.ListReleaseEventsResponse", &all)?;
            return Ok(ExitCode::SUCCESS);
        }
        let columns = [
            "col-time",
            "col-revision",
            "col-action",
            "col-identity",
            "col-reason",
        ];
        let mut table = Table::new(&session.wording, &columns);
        for event in &events {
            table.row([
                plain(times::shown(event.time.as_ref())),
                plain(event.revision.to_string()),
                plain(words::value(
                    &session.wording,
                    "release-action",
                    &event.action,
                )),
                plain(&event.actor),
                plain(&event.reason),
            ]);
        }
        say!("{}", table.render());
        Ok(ExitCode::SUCCESS)
    })
}

fn state_cell(session: &Session, release: &publication::Release) -> crate::output::table::Cell {
    let state = release.state();
    let tone = match state {
        State::Published => Tone::Good,
        State::Revised => Tone::Faint,
        State::Unspecified | State::Compiled | State::InReview => Tone::Doubt,
        State::Approved | State::Scheduled => Tone::Plain,
    };
    let name = words::value(&session.wording, "release-state", state.as_str_name());
    cell(name, tone)
}

fn table(session: &Session, releases: &[publication::Release]) {
    let columns = [
        "col-release",
        "col-reference",
        "col-state",
        "col-due",
        "col-published",
    ];
    let mut table = Table::new(&session.wording, &columns);
    for release in releases {
        table.row([
            plain(short(&release.name)),
            plain(&release.reference),
            state_cell(session, release),
            plain(times::shown(release.scheduled_time.as_ref())),
            plain(times::shown(release.publish_time.as_ref())),
        ]);
    }
    if table.is_empty() {
        say!("{}", session.label("no-releases"));
    } else {
        say!("{}", table.render());
    }
}

fn show(session: &Session, release: &publication::Release) -> anyhow::Result<ExitCode> {
    if session.json {
        json::print("mesur.publication.v1.Release", release)?;
        return Ok(ExitCode::SUCCESS);
    }
    table(session, std::slice::from_ref(release));
    let title = release.title.clone().unwrap_or_default();
    let facts = [
        ("fact-title", title.en),
        ("fact-snapshot", short(&release.snapshot)),
        ("fact-compiler", release.compiler.clone()),
        ("fact-approver", release.approver.clone()),
        ("fact-publisher", release.publisher.clone()),
        ("fact-exception", release.exception_reason.clone()),
        ("fact-omitted", release.omitted_statements.join(" ")),
        ("fact-files", count(release.files.len())),
        ("fact-english-only", count(release.language_gaps.len())),
        ("fact-etag", release.etag.clone()),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    for (label, value) in facts {
        say!(
            "{}: {}",
            session.label(label),
            crate::output::printable(&value)
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// How many; empty for none.
fn count(number: usize) -> String {
    if number == 0 {
        String::new()
    } else {
        number.to_string()
    }
}
