//! `mesur return sign-off` and `reopen`.

use std::process::ExitCode;

use mesur_proto::submission::v1 as submission;
use mesur_wording::Args;

use super::etag;
use crate::connection::{Options, Session, request_id, run};
use crate::names::ReturnArgument;
use crate::output::{json, say};
use crate::words;

#[derive(Debug, clap::Args)]
pub(crate) struct SignOff {
    /// The return, such as W06000003/pif-2022-23.
    #[arg(value_name = "RETURN")]
    name: ReturnArgument,
    /// The etag of the revision that is signed [default: the latest].
    #[arg(long, value_name = "ETAG")]
    etag: Option<String>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Reopen {
    /// The return, such as W06000003/pif-2022-23.
    #[arg(value_name = "RETURN")]
    name: ReturnArgument,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The etag of the revision [default: the latest].
    #[arg(long, value_name = "ETAG")]
    etag: Option<String>,
    #[command(flatten)]
    options: Options,
}

pub(super) fn sign_off(arguments: &SignOff) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let name = &arguments.name.name;
        let request = submission::SignOffReturnRequest {
            name: name.to_string(),
            etag: etag(&session, name, arguments.etag.as_deref()).await?,
            request_id: request_id(),
        };
        let answer = session
            .clients
            .submission
            .clone()
            .sign_off_return(request)
            .await;
        tell(
            &session,
            &name.to_string(),
            &answer.map_err(session.told())?.into_inner(),
        )
    })
}

pub(super) fn reopen(arguments: &Reopen) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let name = &arguments.name.name;
        let request = submission::ReopenReturnRequest {
            name: name.to_string(),
            etag: etag(&session, name, arguments.etag.as_deref()).await?,
            reason: arguments.reason.clone(),
            request_id: request_id(),
        };
        let answer = session
            .clients
            .submission
            .clone()
            .reopen_return(request)
            .await;
        tell(
            &session,
            &name.to_string(),
            &answer.map_err(session.told())?.into_inner(),
        )
    })
}

fn tell(
    session: &Session,
    name: &str,
    data_return: &submission::DataReturn,
) -> anyhow::Result<ExitCode> {
    if session.json {
        json::print("mesur.submission.v1.DataReturn", data_return)?;
    } else {
        let name = format!("{}/{}", crate::names::short(name), data_return.revision);
        let state = words::value(&session.wording, "state", data_return.state().as_str_name());
        let args = Args::new()
            .text("name", &name)
            .text("state", &state)
            .text("digest", &data_return.digest)
            .text("etag", &data_return.etag);
        say!("{}", words::text(&session.wording, "return-moved", &args));
    }
    Ok(ExitCode::SUCCESS)
}
