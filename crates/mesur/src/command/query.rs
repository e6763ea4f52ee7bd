//! `mesur query`: what statisticians ask, and what authorities answer.

use std::process::ExitCode;

use anyhow::bail;
use mesur_proto::validation::v1 as validation;
use mesur_proto::validation::v1::query::State;
use mesur_proto::validation::v1::resolve_query_request::Resolution;

use crate::connection::{Options, PAGE_SIZE, Session, pages, request_id, run};
use crate::names::{AuthorityArgument, EditionArgument, QueryArgument, ReturnArgument, short};
use crate::output::table::{Table, Tone, cell, plain};
use crate::output::{json, say};
use crate::{times, words};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Open a round of queries, to be answered by a day; without --due, list the rounds.
    Round(Round),
    /// Ask an authority about cells of its return.
    Raise(Raise),
    /// Answer a query, for the authority.
    Answer(Said),
    /// Accept the answer and close the query.
    Accept(Said),
    /// Reject the answer and ask again.
    Reject(Said),
    /// Take the question back.
    Withdraw(Said),
    /// List queries: of a return, of an authority, or all.
    List(List),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Round {
    /// The edition, such as pif/2022-23.
    #[arg(long, value_name = "EDITION")]
    edition: EditionArgument,
    /// The day by which answers are asked for, such as 2023-07-31.
    #[arg(long, value_name = "DATE")]
    due: Option<String>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Raise {
    /// The return, such as W06000003/pif-2022-23.
    #[arg(value_name = "RETURN")]
    name: ReturnArgument,
    /// A cell that is asked about, such as `AD/012` or `AD/005[b]`; may be given again. Without one
    /// the question is about the return as a whole.
    #[arg(long = "cell", value_name = "CELL")]
    cells: Vec<String>,
    /// The question, at most 1,000 characters.
    #[arg(long, value_name = "TEXT")]
    text: String,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Said {
    /// The query, such as W06000003/pif-2022-23/1.
    #[arg(value_name = "QUERY")]
    name: QueryArgument,
    /// The answer or the reason, at most 1,000 characters.
    #[arg(long, value_name = "TEXT")]
    text: String,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// The return, such as W06000003/pif-2022-23, or the authority; all when left out.
    #[arg(value_name = "RETURN_OR_AUTHORITY")]
    of: Option<String>,
    /// Only in this state: open, answered, accepted or withdrawn; may be given again.
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Vec<State>,
    #[command(flatten)]
    options: Options,
}

fn state(text: &str) -> Result<State, String> {
    let state = State::from_str_name(&text.to_uppercase());
    state
        .filter(|state| *state != State::Unspecified)
        .ok_or_else(|| "open, answered, accepted or withdrawn".to_owned())
}

pub(crate) fn run_command(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Round(arguments) => round(arguments),
        Command::Raise(arguments) => raise(arguments),
        Command::Answer(said) => say_on(said, None),
        Command::Accept(said) => say_on(said, Some(Resolution::Accept)),
        Command::Reject(said) => say_on(said, Some(Resolution::Reject)),
        Command::Withdraw(said) => say_on(said, Some(Resolution::Withdraw)),
        Command::List(arguments) => list(arguments),
    }
}

fn round(arguments: &Round) -> anyhow::Result<ExitCode> {
    let parent = arguments.edition.resource("");
    run(&arguments.options, async |session| {
        let rounds = if let Some(due) = &arguments.due {
            let request = validation::OpenRoundRequest {
                parent,
                due_date: due.clone(),
                request_id: request_id(),
            };
            let opened = session.clients.validation.clone().open_round(request).await;
            vec![opened.map_err(session.told())?.into_inner()]
        } else {
            let rounds = pages(async |page_token| {
                let request = validation::ListRoundsRequest {
                    parent: parent.clone(),
                    page_size: PAGE_SIZE,
                    page_token,
                };
                let page = session
                    .clients
                    .validation
                    .clone()
                    .list_rounds(request)
                    .await?;
                let page = page.into_inner();
                Ok((page.rounds, page.next_page_token))
            });
            rounds.await.map_err(session.told())?
        };
        if session.json {
            let all = validation::ListRoundsResponse {
                rounds,
                next_page_token: String::new(),
            };
            json::print("mesur.validation.v1.ListRoundsResponse", &all)?;
            return Ok(ExitCode::SUCCESS);
        }
        let columns = ["col-round", "col-due", "col-time", "col-identity"];
        let mut table = Table::new(&session.wording, &columns);
        for round in &rounds {
            table.row([
                plain(short(&round.name)),
                plain(&round.due_date),
                plain(times::shown(round.create_time.as_ref())),
                plain(&round.identity),
            ]);
        }
        say!("{}", table.render());
        Ok(ExitCode::SUCCESS)
    })
}

fn raise(arguments: &Raise) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let request = validation::RaiseQueryRequest {
            parent: arguments.name.name.to_string(),
            cells: arguments.cells.clone(),
            text: arguments.text.clone(),
            request_id: request_id(),
        };
        let answer = session
            .clients
            .validation
            .clone()
            .raise_query(request)
            .await;
        tell(&session, vec![answer.map_err(session.told())?.into_inner()])
    })
}

/// Answers a query, or says what becomes of it.
fn say_on(said: &Said, resolution: Option<Resolution>) -> anyhow::Result<ExitCode> {
    run(&said.options, async |session| {
        let mut client = session.clients.validation.clone();
        let (name, text) = (said.name.0.clone(), said.text.clone());
        let answer = if let Some(resolution) = resolution {
            let request = validation::ResolveQueryRequest {
                name,
                resolution: resolution.into(),
                reason: text,
                request_id: request_id(),
            };
            client.resolve_query(request).await
        } else {
            let request = validation::AnswerQueryRequest {
                name,
                text,
                request_id: request_id(),
            };
            client.answer_query(request).await
        };
        tell(&session, vec![answer.map_err(session.told())?.into_inner()])
    })
}

fn list(arguments: &List) -> anyhow::Result<ExitCode> {
    let parent = match arguments.of.as_deref() {
        None => "authorities/-/returns/-".to_owned(),
        Some(of) => match (
            of.parse::<ReturnArgument>(),
            of.parse::<AuthorityArgument>(),
        ) {
            (Ok(data_return), _) => data_return.name.to_string(),
            (_, Ok(authority)) => format!("{authority}/returns/-"),
            _ => bail!("{of:?} is neither a return such as W06000003/pif-2022-23 nor an authority"),
        },
    };
    let states: Vec<i32> = arguments
        .state
        .iter()
        .map(|state| (*state).into())
        .collect();
    run(&arguments.options, async |session| {
        let queries = pages(async |page_token| {
            let request = validation::ListQueriesRequest {
                parent: parent.clone(),
                states: states.clone(),
                page_size: PAGE_SIZE,
                page_token,
            };
            let page = session
                .clients
                .validation
                .clone()
                .list_queries(request)
                .await?;
            let page = page.into_inner();
            Ok((page.queries, page.next_page_token))
        });
        let queries = queries.await.map_err(session.told())?;
        tell(&session, queries)
    })
}

fn tell(session: &Session, queries: Vec<validation::Query>) -> anyhow::Result<ExitCode> {
    if session.json {
        let all = validation::ListQueriesResponse {
            queries,
            next_page_token: String::new(),
        };
        json::print("mesur.validation.v1.ListQueriesResponse", &all)?;
        return Ok(ExitCode::SUCCESS);
    }
    let columns = ["col-query", "col-state", "col-cells", "col-text"];
    let mut table = Table::new(&session.wording, &columns);
    for query in &queries {
        let tone = match query.state() {
            State::Open => Tone::Bad,
            State::Answered => Tone::Doubt,
            State::Accepted => Tone::Good,
            State::Withdrawn | State::Unspecified => Tone::Faint,
        };
        let said = query.remarks.iter().map(|remark| {
            let kind = words::value(&session.wording, "remark", remark.kind().as_str_name());
            format!(
                "{kind} ({}): {}",
                remark.identity,
                crate::output::printable(&remark.text)
            )
        });
        table.row([
            plain(short(&query.name)),
            cell(
                words::value(&session.wording, "query", query.state().as_str_name()),
                tone,
            ),
            plain(query.cells.join("\n")),
            plain(said.collect::<Vec<_>>().join("\n")),
        ]);
    }
    if table.is_empty() {
        say!("{}", session.label("no-queries"));
    } else {
        say!("{}", table.render());
    }
    Ok(ExitCode::SUCCESS)
}
