//! `mesur delegation`: letting a supplier's system send for an authority.

use std::process::ExitCode;

use anyhow::bail;
use mesur_proto::submission::v1 as submission;

use crate::connection::{Options, PAGE_SIZE, Session, pages, request_id, run};
use crate::names::{AuthorityArgument, EditionArgument, short};
use crate::output::table::{Table, Tone, cell, plain};
use crate::output::{json, say};
use crate::times;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Let a supplier's system send for an authority, for one edition. It never signs.
    Create(Create),
    /// Take a delegation back.
    Revoke(Revoke),
    /// List the delegations of an authority, those that were taken back too.
    List(List),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// The authority's code, such as W06000003.
    #[arg(value_name = "AUTHORITY")]
    authority: AuthorityArgument,
    /// The edition, such as pif/2022-23.
    #[arg(long, value_name = "EDITION")]
    edition: EditionArgument,
    /// The supplier's identity: the subject of its tokens.
    #[arg(long, value_name = "IDENTITY")]
    supplier: String,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Revoke {
    /// The delegation as it is listed, such as W06000003/1, or its full name.
    #[arg(value_name = "DELEGATION")]
    name: String,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// The authority's code, such as W06000003.
    #[arg(value_name = "AUTHORITY")]
    authority: AuthorityArgument,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run_command(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Create(arguments) => create(arguments),
        Command::Revoke(arguments) => revoke(arguments),
        Command::List(arguments) => list(arguments),
    }
}

fn create(arguments: &Create) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let request = submission::CreateDelegationRequest {
            parent: arguments.authority.to_string(),
            edition: arguments.edition.resource(""),
            supplier: arguments.supplier.clone(),
            request_id: request_id(),
        };
        let answer = session
            .clients
            .submission
            .clone()
            .create_delegation(request)
            .await;
        tell(&session, vec![answer.map_err(session.told())?.into_inner()])
    })
}

fn revoke(arguments: &Revoke) -> anyhow::Result<ExitCode> {
    let name = match arguments.name.split('/').collect::<Vec<_>>().as_slice() {
        ["authorities", _, "delegations", _] => arguments.name.clone(),
        [authority, id] => format!("authorities/{authority}/delegations/{id}"),
        _ => bail!(
            "{:?} is not a delegation such as W06000003/1",
            arguments.name
        ),
    };
    run(&arguments.options, async |session| {
        let request = submission::RevokeDelegationRequest {
            name: name.clone(),
            request_id: request_id(),
        };
        let answer = session
            .clients
            .submission
            .clone()
            .revoke_delegation(request)
            .await;
        tell(&session, vec![answer.map_err(session.told())?.into_inner()])
    })
}

fn list(arguments: &List) -> anyhow::Result<ExitCode> {
    let parent = arguments.authority.to_string();
    run(&arguments.options, async |session| {
        let delegations = pages(async |page_token| {
            let request = submission::ListDelegationsRequest {
                parent: parent.clone(),
                page_size: PAGE_SIZE,
                page_token,
            };
            let page = session
                .clients
                .submission
                .clone()
                .list_delegations(request)
                .await?;
            let page = page.into_inner();
            Ok((page.delegations, page.next_page_token))
        });
        let delegations = delegations.await.map_err(session.told())?;
        tell(&session, delegations)
    })
}

fn tell(session: &Session, delegations: Vec<submission::Delegation>) -> anyhow::Result<ExitCode> {
    if session.json {
        let all = submission::ListDelegationsResponse {
            delegations,
            next_page_token: String::new(),
        };
        json::print("mesur.submission.v1.ListDelegationsResponse", &all)?;
        return Ok(ExitCode::SUCCESS);
    }
    let columns = [
        "col-delegation",
        "col-edition",
        "col-supplier",
        "col-made",
        "col-revoked",
    ];
    let mut table = Table::new(&session.wording, &columns);
    for delegation in &delegations {
        let by = |who: &str, when| format!("{} {who}", times::shown(when));
        let revoked = delegation.revoke_time.as_ref();
        let revoked = revoked.map_or_else(String::new, |when| by(&delegation.revoker, Some(when)));
        table.row([
            plain(short(&delegation.name)),
            plain(short(&delegation.edition)),
            plain(&delegation.supplier),
            plain(by(&delegation.identity, delegation.create_time.as_ref())),
            cell(revoked, Tone::Faint),
        ]);
    }
    if table.is_empty() {
        say!("{}", session.label("no-delegations"));
    } else {
        say!("{}", table.render());
    }
    Ok(ExitCode::SUCCESS)
}
