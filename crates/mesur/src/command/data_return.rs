//! `mesur return`: one return, from the file to the sign-off and after.

mod check;
mod read;
mod send;
mod show;
mod sign;

use std::process::ExitCode;

use mesur_proto::submission::v1 as submission;
use mesur_wire::ReturnName;

use crate::connection::Session;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Check a return file: no network, the same findings as the service.
    ///
    /// Exits with 0 when the file may be sent (warnings allowed), 1 when it has errors, and 2
    /// when it cannot be read as a return.
    Check(check::Check),
    /// Send a return file: CSV, XLSX or ODS.
    Submit(send::Submit),
    /// Change some cells of the latest revision: a file with only their rows.
    Amend(send::Amend),
    /// Hand a draft in as it stands.
    SubmitDraft(send::SubmitDraft),
    /// Show a return, or write it to a file.
    Show(show::Show),
    /// List the revisions of a return.
    Revisions(show::Revisions),
    /// Say in which cells two revisions differ.
    Compare(show::Compare),
    /// Sign the latest revision off. The signer is not one of those who sent it.
    SignOff(sign::SignOff),
    /// Take the sign-off back, with a reason.
    Reopen(sign::Reopen),
}

pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(arguments) => check::run(arguments),
        Command::Submit(arguments) => send::submit(arguments),
        Command::Amend(arguments) => send::amend(arguments),
        Command::SubmitDraft(arguments) => send::submit_draft(arguments),
        Command::Show(arguments) => show::show(arguments),
        Command::Revisions(arguments) => show::revisions(arguments),
        Command::Compare(arguments) => show::compare(arguments),
        Command::SignOff(arguments) => sign::sign_off(arguments),
        Command::Reopen(arguments) => sign::reopen(arguments),
    }
}

/// The etag that the user saw, or that of the latest revision.
async fn etag(session: &Session, name: &ReturnName, seen: Option<&str>) -> anyhow::Result<String> {
    match seen {
        Some(etag) => Ok(etag.to_owned()),
        None => Ok(latest(session, name.to_string()).await?.etag),
    }
}

/// A return or a revision.
async fn latest(session: &Session, name: String) -> anyhow::Result<submission::DataReturn> {
    let request = submission::GetReturnRequest { name };
    let answer = session.clients.submission.clone().get_return(request).await;
    Ok(answer.map_err(session.told())?.into_inner())
}
