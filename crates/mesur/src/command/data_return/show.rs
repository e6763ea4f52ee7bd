//! Looking: `mesur return show`, `revisions` and `compare`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use mesur_figures::format_quantity;
use mesur_proto::catalogue::v1 as catalogue;
use mesur_proto::submission::v1 as submission;
use mesur_proto::submission::v1::data_return::State;
use mesur_proto::types::v1::Observation;
use mesur_proto::types::v1::observation::Status;
use mesur_wire::{EditionResource, place_of};
use mesur_wording::{Args, Wording};

use super::latest;
use crate::command::form::same_edition;
use crate::connection::{Options, PAGE_SIZE, Session, pages, run};
use crate::form::Form;
use crate::names::{ReturnArgument, short};
use crate::output::table::{Cell, Table, Tone, cell, plain};
use crate::output::{json, say};
use crate::{editions, times, words};

/// How many characters of a digest or an etag are shown in a table.
const DIGEST_SHOWN: usize = 19;

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The return, such as W06000003/pif-2022-23, or one revision of it: W06000003/pif-2022-23/2.
    #[arg(value_name = "RETURN")]
    name: ReturnArgument,
    /// The revision [default: the latest].
    #[arg(long, value_name = "NUMBER")]
    revision: Option<u32>,
    /// Write it to a file that can be sent again: .csv, .xlsx or .ods.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    out: Option<PathBuf>,
    /// The folder of the edition, for --out, where it is not a bundled one.
    #[arg(long, value_name = "DIR")]
    edition: Option<String>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Revisions {
    /// The return, such as W06000003/pif-2022-23.
    #[arg(value_name = "RETURN")]
    name: ReturnArgument,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Compare {
    /// The earlier revision, such as W06000003/pif-2022-23/1.
    #[arg(value_name = "REVISION")]
    from: ReturnArgument,
    /// The later revision, or its number alone.
    #[arg(value_name = "REVISION")]
    to: String,
    #[command(flatten)]
    options: Options,
}

pub(super) fn show(arguments: &Show) -> anyhow::Result<ExitCode> {
    let mut name = arguments.name.clone();
    if let (Some(named), Some(asked)) = (name.revision, arguments.revision)
        && named != asked
    {
        bail!("the name says revision {named} and --revision {asked}: give one of them");
    }
    name.revision = arguments.revision.or(name.revision);
    run(&arguments.options, async |session| {
        let data_return = latest(&session, name.resource()).await?;
        if let Some(out) = &arguments.out {
            let named = arguments.edition.clone();
            let named = named.unwrap_or_else(|| name.name.edition.to_string());
            let (catalogue, edition) = editions::find(&named)?;
            same_edition(&edition, &data_return)?;
            let mut form = Form::new(&edition, &name.name.authority, session.wording.language());
            form.fill(&data_return.observations, &catalogue)?;
            form.write(out)?;
            let args = Args::new().text("file", &out.display().to_string());
            say!("{}", words::text(&session.wording, "written", &args));
        } else if session.json {
            json::print("mesur.submission.v1.DataReturn", &data_return)?;
        } else {
            tell(&session, &data_return).await?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn tell(session: &Session, data_return: &submission::DataReturn) -> anyhow::Result<()> {
    let wording = &session.wording;
    let edition = session.edition(data_return.edition.clone()).await?;
    let columns = [
        "col-cell",
        "#col-value",
        "col-status",
        "col-reason",
        "col-comment",
    ];
    let mut cells = Table::new(wording, &columns);
    for observation in &data_return.observations {
        cells.row([
            plain(place_of(&observation.metric, &observation.category)),
            plain(figure(observation, &edition)),
            status(wording, observation),
            plain(&observation.reason),
            plain(&observation.comment),
        ]);
    }
    say!("{}\n", cells.render());
    say!("{}\n", moves(wording, &data_return.history));
    let state = words::value(wording, "state", data_return.state().as_str_name());
    let late = if data_return.late {
        "receipt-late"
    } else {
        "receipt-in-time"
    };
    let args = Args::new()
        .text(
            "revision",
            &format!("{}/{}", short(&data_return.name), data_return.revision),
        )
        .text("state", &state)
        .text("late", &session.label(late))
        .text("time", &times::shown(data_return.create_time.as_ref()))
        .text("digest", &data_return.digest)
        .text("edition_digest", &data_return.edition_digest)
        .text("etag", &data_return.etag);
    say!("{}", words::text(wording, "receipt", &args));
    Ok(())
}

fn moves(wording: &Wording, history: &[submission::Move]) -> String {
    let columns = ["col-time", "col-state", "col-identity", "col-reason"];
    let mut table = Table::new(wording, &columns);
    for step in history {
        table.row([
            plain(times::shown(step.time.as_ref())),
            state(wording, step.state()),
            plain(&step.identity),
            plain(&step.reason),
        ]);
    }
    table.render()
}

fn state(wording: &Wording, state: State) -> Cell {
    let tone = match state {
        State::SignedOff => Tone::Good,
        State::Queried | State::Reopened => Tone::Doubt,
        State::Draft => Tone::Faint,
        State::Submitted | State::Unspecified => Tone::Plain,
    };
    cell(words::value(wording, "state", state.as_str_name()), tone)
}

/// The value as printed, with the decimals of its metric.
fn figure(observation: &Observation, edition: &catalogue::Edition) -> String {
    let metric = edition
        .metrics
        .iter()
        .find(|metric| metric.code == observation.metric);
    let decimals = metric.and_then(|metric| u8::try_from(metric.decimals).ok());
    let value = observation.value;
    value.map_or_else(String::new, |value| {
        format_quantity(value, decimals.unwrap_or(0))
    })
}

fn status(wording: &Wording, observation: &Observation) -> Cell {
    let status = observation.status();
    let (mut text, tone) = match status {
        Status::Provided | Status::Unspecified => return plain(""),
        Status::PartPeriod | Status::NotProvided => (
            words::value(wording, "status", status.as_str_name()),
            Tone::Doubt,
        ),
        Status::NotApplicable => (
            words::value(wording, "status", status.as_str_name()),
            Tone::Faint,
        ),
    };
    if !observation.end_date.is_empty() {
        text = format!("{text} {}", observation.end_date);
    }
    cell(text, tone)
}

pub(super) fn revisions(arguments: &Revisions) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let parent = arguments.name.name.to_string();
        let revisions = pages(async |page_token| {
            let request = submission::ListRevisionsRequest {
                parent: parent.clone(),
                page_size: PAGE_SIZE,
                page_token,
            };
            let page = session
                .clients
                .submission
                .clone()
                .list_revisions(request)
                .await?;
            let page = page.into_inner();
            Ok((page.revisions, page.next_page_token))
        });
        let all = submission::ListRevisionsResponse {
            revisions: revisions.await.map_err(session.told())?,
            next_page_token: String::new(),
        };
        if session.json {
            json::print("mesur.submission.v1.ListRevisionsResponse", &all)?;
            return Ok(ExitCode::SUCCESS);
        }
        let columns = [
            "#col-revision",
            "col-state",
            "col-late",
            "col-time",
            "col-identity",
            "col-digest",
        ];
        let mut table = Table::new(&session.wording, &columns);
        for revision in &all.revisions {
            let late = if revision.late {
                session.label("late")
            } else {
                String::new()
            };
            let sender = revision
                .history
                .first()
                .map_or("", |step| step.identity.as_str());
            table.row([
                plain(revision.revision.to_string()),
                state(&session.wording, revision.state()),
                cell(late, Tone::Doubt),
                plain(times::shown(revision.create_time.as_ref())),
                plain(sender),
                plain(
                    revision
                        .digest
                        .chars()
                        .take(DIGEST_SHOWN)
                        .collect::<String>(),
                ),
            ]);
        }
        say!("{}", table.render());
        Ok(ExitCode::SUCCESS)
    })
}

pub(super) fn compare(arguments: &Compare) -> anyhow::Result<ExitCode> {
    let from = &arguments.from;
    let to = match arguments.to.parse() {
        Ok(number) => ReturnArgument {
            name: from.name.clone(),
            revision: Some(number),
        },
        Err(_) => arguments.to.parse()?,
    };
    if from.revision.is_none() || to.revision.is_none() {
        bail!("name two revisions, such as W06000003/pif-2022-23/1 and 2");
    }
    run(&arguments.options, async |session| {
        let request = submission::CompareRevisionsRequest {
            from: from.resource(),
            to: to.resource(),
        };
        let answer = session
            .clients
            .submission
            .clone()
            .compare_revisions(request)
            .await;
        let answer = answer.map_err(session.told())?.into_inner();
        if session.json {
            json::print("mesur.submission.v1.CompareRevisionsResponse", &answer)?;
            return Ok(ExitCode::SUCCESS);
        }
        let edition = EditionResource(from.name.edition.clone()).to_string();
        let edition = session.edition(edition).await?;
        let columns = ["col-cell", "col-remark", "col-from", "col-to"];
        let mut table = Table::new(&session.wording, &columns);
        for difference in &answer.differences {
            let sides = [&difference.from, &difference.to];
            let [earlier, later] = sides.map(|side| side.clone().unwrap_or_default());
            let place = sides
                .into_iter()
                .flatten()
                .next()
                .context("a difference of nothing")?;
            let of_both = |of: &dyn Fn(&Observation) -> Cell| [of(&earlier), of(&later)];
            let parts = [
                ("col-value", of_both(&|side| plain(figure(side, &edition)))),
                (
                    "col-status",
                    of_both(&|side| status(&session.wording, side)),
                ),
                ("col-reason", of_both(&|side| plain(&side.reason))),
                ("col-comment", of_both(&|side| plain(&side.comment))),
            ];
            for (part, [from, to]) in parts {
                if from != to {
                    let cell = place_of(&place.metric, &place.category);
                    table.row([plain(cell), plain(session.label(part)), from, to]);
                }
            }
        }
        if table.is_empty() {
            say!("{}", session.label("no-difference"));
        } else {
            say!("{}", table.render());
        }
        Ok(ExitCode::SUCCESS)
    })
}
