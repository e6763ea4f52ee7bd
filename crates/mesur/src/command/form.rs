//! `mesur form`: the form that an authority fills in and sends back as its return.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use mesur_catalogue::{AuthorityCode, Catalogue, Edition};
use mesur_proto::submission::v1 as submission;
use mesur_returns::Previous;
use mesur_wire::{PreviousValuesName, ReturnName, previous_values_from_wire};
use mesur_wording::{Args, Wording};
use tonic::Code;

use crate::connection::{Options, Session, run as with_session};
use crate::form::Form;
use crate::names::AuthorityArgument;
use crate::output::say;
use crate::production::read_previous;
use crate::{editions, words};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The edition: a bundled one such as pif/2022-23, or a folder.
    #[arg(long, value_name = "NAME_OR_DIR")]
    edition: String,
    /// The authority's code, such as W06000003.
    #[arg(long, value_name = "CODE")]
    authority: AuthorityArgument,
    /// Where the form is written: .xlsx, .ods or .csv.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The same authority's return of an earlier period, whose values stand beside the cells.
    #[arg(long, value_name = "FILE", conflicts_with = "server")]
    previous: Option<PathBuf>,
    /// Take the earlier values, and what was sent so far, from the services.
    #[arg(long = "server", id = "server")]
    by_server: bool,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let wording = words::named(&arguments.options.print.language)?;
    let (catalogue, edition) = editions::find(&arguments.edition)?;
    let authority = &arguments.authority.0;
    let mut form = Form::new(&edition, authority, wording.language());
    if arguments.by_server {
        return with_session(&arguments.options, async |session| {
            fill(&session, &mut form, &catalogue).await?;
            write(arguments, &form, &session.wording)
        });
    }
    if let Some(path) = &arguments.previous {
        let previous = read_previous(path, &edition, &wording)?;
        if &previous.authority != authority {
            bail!(
                "the earlier return is {}'s, the form {authority}'s",
                previous.authority
            );
        }
        form.previous = Some(previous);
    }
    write(arguments, &form, &wording)
}

fn write(arguments: &Arguments, form: &Form<'_>, wording: &Wording) -> anyhow::Result<ExitCode> {
    form.write(&arguments.out)?;
    let args = Args::new().text("file", &arguments.out.display().to_string());
    say!("{}", words::text(wording, "written", &args));
    Ok(ExitCode::SUCCESS)
}

/// What the services hold for the form: earlier values, and the return or draft as it stands.
async fn fill(session: &Session, form: &mut Form<'_>, catalogue: &Catalogue) -> anyhow::Result<()> {
    let name = ReturnName {
        authority: form.authority.clone(),
        edition: form.edition.name().clone(),
    };
    let mut client = session.clients.submission.clone();
    let request = submission::GetPreviousValuesRequest {
        name: name.to_string(),
    };
    match client.get_previous_values(request).await {
        Ok(values) => form.previous = Some(previous(form.authority, values.get_ref())?),
        Err(status) if status.code() == Code::NotFound => {}
        Err(status) => return Err(session.told()(status)),
    }
    let request = submission::GetReturnRequest {
        name: name.to_string(),
    };
    match client.get_return(request).await {
        Ok(data_return) => {
            let data_return = data_return.into_inner();
            same_edition(form.edition, &data_return)?;
            form.fill(&data_return.observations, catalogue)
        }
        Err(status) if status.code() == Code::NotFound => Ok(()),
        Err(status) => Err(session.told()(status)),
    }
}

/// A form of other definitions would come back with values under them.
pub(crate) fn same_edition(
    edition: &Edition,
    data_return: &submission::DataReturn,
) -> anyhow::Result<()> {
    if edition.digest() != data_return.edition_digest {
        bail!(
            "the service has another {}: give its folder with --edition",
            edition.name()
        );
    }
    Ok(())
}

fn previous(
    authority: &AuthorityCode,
    values: &submission::PreviousValues,
) -> anyhow::Result<Previous> {
    let name = PreviousValuesName::parse(&values.name).context("the earlier values")?;
    let values = previous_values_from_wire(&values.values).context("the earlier values")?;
    Ok(Previous {
        authority: authority.clone(),
        period: name.edition.period,
        values,
    })
}
