//! `mesur texts`: the words of a release go out to be translated, and come back.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use mesur_proto::publication::v1 as publication;
use mesur_rpc::channel::REQUEST_BYTES_MAX;
use mesur_wording::Args;

use crate::connection::{Options, request_id, run};
use crate::names::EditionArgument;
use crate::output::{json, say};
use crate::words;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Write the texts of an edition's release with their keys, as CSV.
    Export(Export),
    /// Take translations in from such a file; the next compilation uses them.
    Import(Import),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// The edition, such as pif/2022-23.
    #[arg(long, value_name = "EDITION")]
    edition: EditionArgument,
    /// Only the texts without Welsh.
    #[arg(long)]
    missing: bool,
    /// Where to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// The edition, such as pif/2022-23.
    #[arg(long, value_name = "EDITION")]
    edition: EditionArgument,
    /// The file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run_command(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Export(arguments) => export(arguments),
        Command::Import(arguments) => import(arguments),
    }
}

fn export(arguments: &Export) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let request = publication::ExportTextsRequest {
            edition: arguments.edition.resource(""),
            missing_only: arguments.missing,
        };
        let mut publication = session.clients.publication.clone();
        let answer = publication.export_texts(request).await;
        let mut pieces = answer.map_err(session.told())?.into_inner();
        let mut bytes = Vec::new();
        while let Some(piece) = pieces.message().await.map_err(session.told())? {
            bytes.extend(piece.content);
        }
        let file = arguments.out.display().to_string();
        fs::write(&arguments.out, bytes).with_context(|| format!("writing {file}"))?;
        let args = Args::new().text("file", &file);
        say!("{}", words::text(&session.wording, "written", &args));
        Ok(ExitCode::SUCCESS)
    })
}

fn import(arguments: &Import) -> anyhow::Result<ExitCode> {
    let file = arguments.file.display();
    let content = fs::read(&arguments.file).with_context(|| format!("reading {file}"))?;
    if content.len() > REQUEST_BYTES_MAX {
        bail!("{file} is longer than {REQUEST_BYTES_MAX} bytes");
    }
    run(&arguments.options, async |session| {
        let request = publication::ImportTextsRequest {
            edition: arguments.edition.resource(""),
            content: content.clone(),
            request_id: request_id(),
        };
        let mut publication = session.clients.publication.clone();
        let answer = publication.import_texts(request).await;
        let answer = answer.map_err(session.told())?.into_inner();
        if session.json {
            json::print("mesur.publication.v1.ImportTextsResponse", &answer)?;
            return Ok(ExitCode::SUCCESS);
        }
        let args = Args::new()
            .text("changed", &answer.changed_count.to_string())
            .text("missing", &answer.missing_count.to_string());
        say!("{}", words::text(&session.wording, "texts-imported", &args));
        Ok(ExitCode::SUCCESS)
    })
}
