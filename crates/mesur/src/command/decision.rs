//! `mesur decision`: what is published of a metric, and how it is marked.

use std::process::ExitCode;

use mesur_proto::aggregation::v1 as aggregation;
use mesur_proto::aggregation::v1::Mark;
use mesur_proto::aggregation::v1::decision::{Marks, Publishing, Subject};

use crate::connection::{Options, PAGE_SIZE, Session, pages, request_id, run};
use crate::names::{AuthorityArgument, EditionArgument, short};
use crate::output::table::{Table, Tone, cell};
use crate::output::{json, say};
use crate::times;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Publish a metric: its national value, or with --authorities the authorities' values.
    Publish(Publish),
    /// Withhold a metric: its national value, or with --authorities the authorities' values.
    Withhold(Publish),
    /// Mark a metric's values as provisional, of low reliability or estimated, or no longer.
    Mark(MarkValues),
    /// List the decisions of an edition.
    List(List),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Publish {
    #[command(flatten)]
    on: On,
    /// Decide about the authorities' values, not the national value.
    #[arg(long)]
    authorities: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MarkValues {
    #[command(flatten)]
    on: On,
    /// Only the values of this authority.
    #[arg(long, value_name = "CODE")]
    authority: Option<AuthorityArgument>,
    /// The marks from now on: p, u, e, or several with commas; none takes all away.
    #[arg(long, value_name = "MARKS", value_delimiter = ',', value_parser = mark_of)]
    marks: Vec<Mark>,
}

/// What every decision takes.
#[derive(Debug, clap::Args)]
struct On {
    /// The edition, such as pif/2022-23.
    #[arg(long, value_name = "EDITION")]
    edition: EditionArgument,
    /// The metric's code, such as AD/012.
    #[arg(long, value_name = "CODE")]
    metric: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The decision that is in force on the same subject [default: as it is now].
    #[arg(long, value_name = "DECISION")]
    etag: Option<String>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// The edition, such as pif/2022-23.
    #[arg(long, value_name = "EDITION")]
    edition: EditionArgument,
    /// Only those in force.
    #[arg(long)]
    in_force: bool,
    #[command(flatten)]
    options: Options,
}

fn mark_of(text: &str) -> Result<Mark, String> {
    match text {
        "p" => Ok(Mark::Provisional),
        "u" => Ok(Mark::LowReliability),
        "e" => Ok(Mark::Estimated),
        _ => Err(format!("{text:?} is not p, u or e")),
    }
}

const fn letter(mark: Mark) -> &'static str {
    match mark {
        Mark::Provisional => "p",
        Mark::LowReliability => "u",
        Mark::Estimated => "e",
        Mark::Unspecified => "",
    }
}

pub(crate) fn run_command(command: &Command) -> anyhow::Result<ExitCode> {
    let publishing = |arguments: &Publish, publishing: Publishing| {
        let subject = if arguments.authorities {
            Subject::Authorities(publishing.into())
        } else {
            Subject::National(publishing.into())
        };
        decide(&arguments.on, "", &subject)
    };
    match command {
        Command::Publish(arguments) => publishing(arguments, Publishing::Publish),
        Command::Withhold(arguments) => publishing(arguments, Publishing::Withhold),
        Command::Mark(arguments) => {
            let marks = arguments.marks.iter().map(|mark| (*mark).into()).collect();
            let authority = arguments.authority.as_ref();
            let authority = authority.map_or_else(String::new, |code| code.0.to_string());
            decide(&arguments.on, &authority, &Subject::Marks(Marks { marks }))
        }
        Command::List(arguments) => list(arguments),
    }
}

fn decide(on: &On, authority: &str, subject: &Subject) -> anyhow::Result<ExitCode> {
    run(&on.options, async |session| {
        let decision = aggregation::Decision {
            metric: on.metric.clone(),
            authority: authority.to_owned(),
            subject: Some(subject.clone()),
            reason: on.reason.clone(),
            ..aggregation::Decision::default()
        };
        let etag = match &on.etag {
            Some(etag) => etag.clone(),
            None => in_force(&session, &on.edition, &decision).await?,
        };
        let request = aggregation::CreateDecisionRequest {
            parent: on.edition.resource(""),
            decision: Some(decision),
            etag,
            request_id: request_id(),
        };
        let mut aggregation = session.clients.aggregation.clone();
        let answer = aggregation.create_decision(request).await;
        tell(&session, vec![answer.map_err(session.told())?.into_inner()])
    })
}

/// The name of the decision in force on the subject of another; empty where there is none.
async fn in_force(
    session: &Session,
    edition: &EditionArgument,
    about: &aggregation::Decision,
) -> anyhow::Result<String> {
    let same_kind = |one: &aggregation::Decision| {
        let kind = |decision: &aggregation::Decision| {
            decision.subject.as_ref().map(std::mem::discriminant)
        };
        kind(one) == kind(about)
    };
    let decisions = decisions(session, edition, true).await?;
    let found = decisions.into_iter().find(|one| {
        one.metric == about.metric && one.authority == about.authority && same_kind(one)
    });
    Ok(found.map(|one| one.name).unwrap_or_default())
}

async fn decisions(
    session: &Session,
    edition: &EditionArgument,
    in_force_only: bool,
) -> anyhow::Result<Vec<aggregation::Decision>> {
    let found = pages(async |page_token| {
        let request = aggregation::ListDecisionsRequest {
            parent: edition.resource(""),
            in_force_only,
            page_size: PAGE_SIZE,
            page_token,
        };
        let mut aggregation = session.clients.aggregation.clone();
        let page = aggregation.list_decisions(request).await?.into_inner();
        Ok((page.decisions, page.next_page_token))
    });
    found.await.map_err(session.told())
}

fn list(arguments: &List) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let found = decisions(&session, &arguments.edition, arguments.in_force).await?;
        tell(&session, found)
    })
}

fn tell(session: &Session, decisions: Vec<aggregation::Decision>) -> anyhow::Result<ExitCode> {
    if session.json {
        let all = aggregation::ListDecisionsResponse {
            decisions,
            next_page_token: String::new(),
        };
        json::print("mesur.aggregation.v1.ListDecisionsResponse", &all)?;
        return Ok(ExitCode::SUCCESS);
    }
    let columns = [
        "col-decision",
        "col-metric",
        "col-area",
        "col-decided",
        "col-time",
        "col-identity",
        "col-reason",
    ];
    let mut table = Table::new(&session.wording, &columns);
    for decision in &decisions {
        let tone = if decision.in_force {
            Tone::Plain
        } else {
            Tone::Faint
        };
        table.row([
            cell(short(&decision.name), tone),
            cell(&decision.metric, tone),
            cell(&decision.authority, tone),
            cell(subject_text(session, decision.subject.as_ref()), tone),
            cell(times::shown(decision.create_time.as_ref()), tone),
            cell(&decision.decider, tone),
            cell(&decision.reason, tone),
        ]);
    }
    if table.is_empty() {
        say!("{}", session.label("no-decisions"));
    } else {
        say!("{}", table.render());
    }
    Ok(ExitCode::SUCCESS)
}

fn subject_text(session: &Session, subject: Option<&Subject>) -> String {
    let publishing = |which: &str, number: i32| match Publishing::try_from(number) {
        Ok(Publishing::Publish) => session.label(&format!("publish-{which}")),
        Ok(Publishing::Withhold) => session.label(&format!("withhold-{which}")),
        Ok(Publishing::Unspecified) | Err(_) => String::new(),
    };
    match subject {
        Some(Subject::National(number)) => publishing("national", *number),
        Some(Subject::Authorities(number)) => publishing("authorities", *number),
        Some(Subject::Marks(marks)) => {
            let letters: Vec<&str> = marks.marks().map(letter).collect();
            match letters.as_slice() {
                [] => session.label("marks-none"),
                letters => format!("[{}]", letters.join("][")),
            }
        }
        None => String::new(),
    }
}
