//! `mesur return`: one return file.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use mesur_returns::check_file;
use mesur_wording::{Args, Language, Wording};
use serde::Serialize;

use crate::findings::{Row, summary, table};
use crate::output::say;
use crate::production::read_previous;
use crate::{editions, files};

/// No finding that is an error.
const ACCEPTED: u8 = 0;
/// Errors.
const REFUSED: u8 = 1;
/// The file cannot be read as a table of rows.
const UNREADABLE: u8 = 2;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Check a return file: no network, the same findings as the service.
    ///
    /// Exits with 0 when the file may be sent (warnings allowed), 1 when it has errors, and 2
    /// when it cannot be read as a table of rows.
    Check(Check),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The return file, CSV.
    file: PathBuf,
    /// The edition: a bundled one such as pif/2022-23, or a folder.
    #[arg(long, value_name = "NAME_OR_DIR")]
    edition: String,
    /// The same authority's return of an earlier period, for the rules that compare with it.
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// The language of the messages: en or cy.
    #[arg(long, default_value = "en", value_name = "LANGUAGE")]
    language: String,
}

#[derive(Serialize)]
struct Report<'a> {
    file: &'a str,
    edition: String,
    edition_digest: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_period: Option<String>,
    readable: bool,
    accepted: bool,
    findings: &'a [Row],
}

pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let Command::Check(check) = command;
    let Ok(language) = Language::parse(&check.language) else {
        bail!("the language {:?} is not en or cy", check.language);
    };
    let wording = Wording::new(language, None)?;
    let (catalogue, edition) = editions::find(&check.edition)?;
    let file = files::read(&check.file)?;
    let previous = match &check.previous {
        Some(path) => Some(read_previous(&files::read(path)?, &edition, &wording)?),
        None => None,
    };
    let checked = check_file(&file.bytes, &edition, &catalogue, previous.as_ref());
    if let (Some(previous), Some(authority)) = (&previous, &checked.authority)
        && &previous.authority != authority
    {
        bail!(
            "the earlier return is {}'s, this one is {authority}'s",
            previous.authority
        );
    }
    let rows: Vec<Row> = checked
        .findings
        .iter()
        .map(|finding| Row::of_file("", finding, &wording))
        .collect();
    if check.json {
        let report = Report {
            file: &file.name,
            edition: edition.name().to_string(),
            edition_digest: edition.digest(),
            authority: checked.authority.as_ref().map(ToString::to_string),
            previous_period: previous.map(|previous| previous.period.to_string()),
            readable: checked.is_readable(),
            accepted: checked.is_accepted(),
            findings: &rows,
        };
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        if !rows.is_empty() {
            say!("{}", table(&rows, &wording)?);
        }
        let verdict = match (checked.is_readable(), checked.is_accepted()) {
            (false, _) => "check-unreadable",
            (true, false) => "check-not-accepted",
            (true, true) => "check-accepted",
        };
        let args = Args::new()
            .text("file", &file.name)
            .text("edition", &edition.name().to_string())
            .text("verdict", &wording.text(verdict, &Args::new())?)
            .text("summary", &summary(&rows, &wording)?);
        say!("{}", wording.text("check-result", &args)?);
    }
    Ok(ExitCode::from(
        match (checked.is_readable(), checked.is_accepted()) {
            (false, _) => UNREADABLE,
            (true, false) => REFUSED,
            (true, true) => ACCEPTED,
        },
    ))
}
