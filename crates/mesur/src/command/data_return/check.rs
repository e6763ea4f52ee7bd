//! `mesur return check`: a file, here or by the service, with the same findings.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use mesur_catalogue::{AuthorityCode, Catalogue, Edition};
use mesur_returns::{FileCheck, FileReading, check_file, file_bytes_max, read_file};
use mesur_wording::{Args, Wording};
use serde_json::json;

use super::send::{self, Upload};
use crate::connection::{Options, Session, run as with_session};
use crate::files::{self, ReturnFile};
use crate::findings::{Row, summary_of, table, to_json};
use crate::output::say;
use crate::production::read_previous;
use crate::refusal::{USE, WRONG};
use crate::{editions, words};

/// The characters of an authority's code.
const CODE_LENGTH: usize = 9;

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The return file: CSV, XLSX or ODS.
    file: PathBuf,
    /// The edition: a bundled one such as pif/2022-23, or a folder.
    #[arg(long, value_name = "NAME_OR_DIR")]
    edition: String,
    /// The same authority's return of an earlier period, for the rules that compare with it.
    #[arg(long, value_name = "FILE", conflicts_with = "server")]
    previous: Option<PathBuf>,
    /// Let the service check it, without keeping anything.
    #[arg(long = "server", id = "server")]
    by_server: bool,
    #[command(flatten)]
    options: Options,
}

/// What was found, wherever it was looked for.
pub(super) struct Checked {
    edition: String,
    edition_digest: String,
    authority: Option<String>,
    previous_period: Option<String>,
    readable: bool,
    rows: Vec<Row>,
}

impl Checked {
    /// What was found here, with no earlier return beside it.
    pub(super) fn of(checked: &FileCheck, edition: &Edition, wording: &Wording) -> Self {
        let rows = checked.findings.iter();
        Self {
            edition: edition.name().to_string(),
            edition_digest: edition.digest().to_owned(),
            authority: checked.authority.as_ref().map(ToString::to_string),
            previous_period: None,
            readable: checked.is_readable(),
            rows: rows
                .map(|finding| Row::of_file("", finding, wording))
                .collect(),
        }
    }

    fn is_accepted(&self) -> bool {
        self.readable && !self.rows.iter().any(Row::is_error)
    }
}

pub(super) fn run(arguments: &Check) -> anyhow::Result<ExitCode> {
    let wording = words::named(&arguments.options.print.language)?;
    let (catalogue, edition) = editions::find(&arguments.edition)?;
    let file = files::read(&arguments.file, file_bytes_max(&edition))?;
    if arguments.by_server {
        return with_session(&arguments.options, async |session| {
            let found = check_file(&file.bytes, &edition, &catalogue, None);
            let authority = found.authority.clone();
            let authority = authority.or_else(|| whose(&file, &edition, &catalogue));
            let checked = if let Some(authority) = authority {
                Checked {
                    readable: found.is_readable(),
                    ..by_service(&session, &file, &edition, &authority).await?
                }
            } else {
                let args = Args::new().text("file", &file.name);
                let note = words::text(&session.wording, "checked-here", &args);
                let _ = writeln!(std::io::stderr(), "mesur: {note}");
                Checked::of(&found, &edition, &session.wording)
            };
            tell(&file, &checked, &session.wording, session.json)
        });
    }
    let checked = here(arguments, &file, &edition, &catalogue, &wording)?;
    tell(&file, &checked, &wording, arguments.options.print.json)
}

fn here(
    arguments: &Check,
    file: &ReturnFile,
    edition: &Edition,
    catalogue: &Catalogue,
    wording: &Wording,
) -> anyhow::Result<Checked> {
    let previous = match &arguments.previous {
        Some(path) => Some(read_previous(path, edition, wording)?),
        None => None,
    };
    let checked = check_file(&file.bytes, edition, catalogue, previous.as_ref());
    if let (Some(previous), Some(authority)) = (&previous, &checked.authority)
        && &previous.authority != authority
    {
        bail!(
            "the earlier return is {}'s, this one is {authority}'s",
            previous.authority
        );
    }
    Ok(Checked {
        previous_period: previous.map(|previous| previous.period.to_string()),
        ..Checked::of(&checked, edition, wording)
    })
}

/// Whose return a file is that is refused as a whole, such as one of another edition: it still
/// names its authority, as the return of a bundled edition or in its text.
fn whose(file: &ReturnFile, edition: &Edition, catalogue: &Catalogue) -> Option<AuthorityCode> {
    let mut others = catalogue.editions();
    let found = others.find_map(|other| match read_file(&file.bytes, other, catalogue) {
        FileReading::Read { authority, .. } => Some(authority),
        FileReading::Refused { .. } => None,
    });
    found.or_else(|| most_named(&file.bytes, edition))
}

/// The authority of the edition whose code a text names most often.
fn most_named(bytes: &[u8], edition: &Edition) -> Option<AuthorityCode> {
    let text = String::from_utf8_lossy(bytes);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        if word.len() == CODE_LENGTH {
            let count = counts.entry(word).or_default();
            *count = count.saturating_add(1);
        }
    }
    let known = counts.into_iter().filter_map(|(word, count)| {
        let code = AuthorityCode::parse(word).ok()?;
        edition.authority(&code)?;
        Some((count, code))
    });
    let (_, code) = known.max_by_key(|(count, _)| *count)?;
    Some(code)
}

async fn by_service(
    session: &Session,
    file: &ReturnFile,
    edition: &Edition,
    authority: &AuthorityCode,
) -> anyhow::Result<Checked> {
    let upload = Upload::new(file, authority, edition, session).only_checked();
    let answer = send::upload(session, &upload).await?;
    let rows = answer.findings.into_iter().map(|finding| Row {
        file: String::new(),
        authority: String::new(),
        finding,
    });
    Ok(Checked {
        edition: edition.name().to_string(),
        edition_digest: edition.digest().to_owned(),
        authority: Some(authority.to_string()),
        previous_period: None,
        readable: true,
        rows: rows.collect(),
    })
}

/// Prints what was found; the exit code says what it came to.
pub(super) fn tell(
    file: &ReturnFile,
    checked: &Checked,
    wording: &Wording,
    json: bool,
) -> anyhow::Result<ExitCode> {
    if json {
        let report = json!({
            "file": file.name,
            "edition": checked.edition,
            "edition_digest": checked.edition_digest,
            "authority": checked.authority,
            "previous_period": checked.previous_period,
            "readable": checked.readable,
            "accepted": checked.is_accepted(),
            "findings": to_json(checked.rows.iter().map(|row| &row.finding))?,
        });
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        if !checked.rows.is_empty() {
            say!("{}", table(&checked.rows, wording));
        }
        let verdict = match (checked.readable, checked.is_accepted()) {
            (false, _) => "check-unreadable",
            (true, false) => "check-not-accepted",
            (true, true) => "check-accepted",
        };
        let args = Args::new()
            .text("file", &file.name)
            .text("edition", &checked.edition)
            .text("verdict", &words::label(wording, verdict))
            .text("summary", &summary_of(&checked.rows, wording));
        say!("{}", words::text(wording, "check-result", &args));
    }
    Ok(match (checked.readable, checked.is_accepted()) {
        (false, _) => ExitCode::from(USE),
        (true, false) => ExitCode::from(WRONG),
        (true, true) => ExitCode::SUCCESS,
    })
}
