//! `mesur robust` and `mesur compare-authorities`: what statisticians decide about single
//! authorities' values, and what they look at before.

use std::process::ExitCode;

use mesur_proto::validation::v1 as validation;
use mesur_wording::Args;

use crate::connection::{Options, PAGE_SIZE, Session, pages, request_id, run};
use crate::names::{AuthorityArgument, EditionArgument};
use crate::output::table::{Table, Tone, cell, plain};
use crate::output::{json, say};
use crate::{times, words};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Mark an authority's value of a metric as not robust, or with --robust as robust again.
    Mark(Mark),
    /// List every mark of an edition.
    List(Of),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Mark {
    /// The edition, such as pif/2022-23.
    #[arg(long, value_name = "EDITION")]
    edition: EditionArgument,
    /// The authority's code, such as W06000003.
    #[arg(long, value_name = "CODE")]
    authority: AuthorityArgument,
    /// The metric's code, such as AD/012.
    #[arg(long, value_name = "CODE")]
    metric: String,
    /// The value may be shown for the authority after all.
    #[arg(long)]
    robust: bool,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    options: Options,
}

/// What takes an edition alone.
#[derive(Debug, clap::Args)]
pub(crate) struct Of {
    /// The edition, such as pif/2022-23.
    #[arg(long, value_name = "EDITION")]
    edition: EditionArgument,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run_command(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Mark(arguments) => mark(arguments),
        Command::List(arguments) => list(arguments),
    }
}

fn mark(arguments: &Mark) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let request = validation::MarkRobustnessRequest {
            parent: arguments.edition.resource(""),
            authority: arguments.authority.0.to_string(),
            metric: arguments.metric.clone(),
            robust: arguments.robust,
            reason: arguments.reason.clone(),
            request_id: request_id(),
        };
        let answer = session
            .clients
            .validation
            .clone()
            .mark_robustness(request)
            .await;
        tell(&session, vec![answer.map_err(session.told())?.into_inner()])
    })
}

fn list(arguments: &Of) -> anyhow::Result<ExitCode> {
    let parent = arguments.edition.resource("");
    run(&arguments.options, async |session| {
        let marks = pages(async |page_token| {
            let request = validation::ListRobustnessMarksRequest {
                parent: parent.clone(),
                page_size: PAGE_SIZE,
                page_token,
            };
            let page = session
                .clients
                .validation
                .clone()
                .list_robustness_marks(request)
                .await?;
            let page = page.into_inner();
            Ok((page.marks, page.next_page_token))
        });
        let marks = marks.await.map_err(session.told())?;
        tell(&session, marks)
    })
}

fn tell(session: &Session, marks: Vec<validation::RobustnessMark>) -> anyhow::Result<ExitCode> {
    if session.json {
        let all = validation::ListRobustnessMarksResponse {
            marks,
            next_page_token: String::new(),
        };
        json::print("mesur.validation.v1.ListRobustnessMarksResponse", &all)?;
        return Ok(ExitCode::SUCCESS);
    }
    let columns = [
        "col-authority",
        "col-metric",
        "col-robust",
        "col-time",
        "col-identity",
        "col-reason",
    ];
    let mut table = Table::new(&session.wording, &columns);
    for mark in &marks {
        let (robust, tone) = if mark.robust {
            ("robust", Tone::Good)
        } else {
            ("not-robust", Tone::Doubt)
        };
        table.row([
            plain(&mark.authority),
            plain(&mark.metric),
            cell(session.label(robust), tone),
            plain(times::shown(mark.time.as_ref())),
            plain(&mark.identity),
            plain(&mark.reason),
        ]);
    }
    if table.is_empty() {
        say!("{}", session.label("no-marks"));
    } else {
        say!("{}", table.render());
    }
    Ok(ExitCode::SUCCESS)
}

/// `mesur compare-authorities`.
pub(crate) fn compare(arguments: &Of) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let request = validation::CompareAuthoritiesRequest {
            parent: arguments.edition.resource(""),
            language_code: session.language_code(),
        };
        let answer = session
            .clients
            .validation
            .clone()
            .compare_authorities(request)
            .await;
        let answer = answer.map_err(session.told())?.into_inner();
        if session.json {
            json::print("mesur.validation.v1.CompareAuthoritiesResponse", &answer)?;
            return Ok(ExitCode::SUCCESS);
        }
        let columns = ["col-authority", "col-id", "col-finding"];
        let mut table = Table::new(&session.wording, &columns);
        for peer in &answer.findings {
            let finding = peer.finding.clone().unwrap_or_default();
            table.row([
                plain(&peer.authority),
                plain(finding.id),
                plain(finding.message),
            ]);
        }
        if !table.is_empty() {
            say!("{}", table.render());
        }
        let args = Args::new()
            .text("findings", &answer.finding_count.to_string())
            .text("returns", &answer.return_count.to_string());
        say!("{}", words::text(&session.wording, "compared", &args));
        Ok(ExitCode::SUCCESS)
    })
}
