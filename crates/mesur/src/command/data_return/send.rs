//! Sending: `mesur return submit`, `amend` and `submit-draft`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use mesur_catalogue::{AuthorityCode, ContentHash, Edition};
use mesur_proto::submission::v1 as submission;
use mesur_proto::submission::v1::upload_return_request::{Header, Part};
use mesur_wire::{ReturnName, observations_to_wire};
use mesur_wording::Args;
use tonic::Status;
use uuid::Uuid;

use super::etag;
use super::read::{Due, Sendable, read};
use crate::connection::{Options, Session, request_id, run};
use crate::files::ReturnFile;
use crate::names::{ReturnArgument, short};
use crate::output::table::{Table, Tone, count, plain};
use crate::output::{json, say};
use crate::refusal::{self, WRONG};
use crate::{times, words};

/// The bytes of a chunk of a file: the most that the service takes.
const CHUNK_BYTES: usize = 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(crate) struct Submit {
    /// The return file: CSV, XLSX or ODS. It says whose it is and for which edition.
    file: PathBuf,
    /// The edition, a bundled one or a folder, where the file is of none of the bundled ones.
    #[arg(long, value_name = "NAME_OR_DIR")]
    edition: Option<String>,
    /// Keep it as a draft, which may lack cells and which nobody but the authority sees.
    #[arg(long)]
    draft: bool,
    /// The etag of the revision that it takes the place of: refused if there is another by now.
    #[arg(long, value_name = "ETAG")]
    etag: Option<String>,
    /// The id that makes a repeat safe: give it again when it is not known whether this arrived.
    #[arg(long, value_name = "UUID")]
    request_id: Option<Uuid>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Amend {
    /// The file with the rows of the changed cells alone.
    file: PathBuf,
    /// The edition, a bundled one or a folder, where the file is of none of the bundled ones.
    #[arg(long, value_name = "NAME_OR_DIR")]
    edition: Option<String>,
    /// The etag of the revision that is changed [default: the latest].
    #[arg(long, value_name = "ETAG")]
    etag: Option<String>,
    /// The id that makes a repeat safe.
    #[arg(long, value_name = "UUID")]
    request_id: Option<Uuid>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SubmitDraft {
    /// The return, such as W06000003/pif-2022-23.
    #[arg(value_name = "RETURN")]
    name: ReturnArgument,
    /// The etag of the draft [default: the latest].
    #[arg(long, value_name = "ETAG")]
    etag: Option<String>,
    #[command(flatten)]
    options: Options,
}

/// A file to send.
pub(super) struct Upload<'a> {
    file: &'a ReturnFile,
    name: ReturnName,
    edition_digest: String,
    validate_only: bool,
    draft: bool,
    etag: String,
    request_id: String,
    language_code: String,
}

impl<'a> Upload<'a> {
    /// A file as the return of an authority.
    pub(super) fn new(
        file: &'a ReturnFile,
        authority: &AuthorityCode,
        edition: &Edition,
        session: &Session,
    ) -> Self {
        Self {
            file,
            name: ReturnName {
                authority: authority.clone(),
                edition: edition.name().clone(),
            },
            edition_digest: edition.digest().to_owned(),
            validate_only: false,
            draft: false,
            etag: String::new(),
            request_id: String::new(),
            language_code: session.language_code(),
        }
    }

    /// The same, to be checked and not kept.
    pub(super) fn only_checked(mut self) -> Self {
        self.validate_only = true;
        self
    }

    /// The messages, each chunk made when it is sent: a file is held once, however large.
    fn messages(
        &self,
    ) -> anyhow::Result<impl Iterator<Item = submission::UploadReturnRequest> + Send + use<>> {
        let bytes = Arc::clone(&self.file.bytes);
        let header = Header {
            name: self.name.to_string(),
            etag: self.etag.clone(),
            edition_digest: self.edition_digest.clone(),
            size_bytes: i64::try_from(bytes.len())?,
            digest: ContentHash::of(&bytes),
            row_count: 0,
            validate_only: self.validate_only,
            draft: self.draft,
            request_id: self.request_id.clone(),
            language_code: self.language_code.clone(),
        };
        let starts = (0..bytes.len()).step_by(CHUNK_BYTES);
        let chunks = starts.map(move |start| {
            let chunk = bytes.iter().copied().skip(start).take(CHUNK_BYTES);
            Part::Chunk(chunk.collect())
        });
        let parts = std::iter::once(Part::Header(header)).chain(chunks);
        Ok(parts.map(|part| submission::UploadReturnRequest { part: Some(part) }))
    }
}

/// Sends a file, and once more with the same request id when the connection broke.
pub(super) async fn upload(
    session: &Session,
    upload: &Upload<'_>,
) -> anyhow::Result<submission::SubmitReturnResponse> {
    let mut client = session.clients.submission.clone();
    let mut answer = client
        .upload_return(tokio_stream::iter(upload.messages()?))
        .await;
    if let Err(status) = &answer
        && is_worth_repeating(status, &upload.request_id)
    {
        tokio::time::sleep(mesur_rpc::status::RETRY_DELAY).await;
        answer = client
            .upload_return(tokio_stream::iter(upload.messages()?))
            .await;
    }
    Ok(answer.map_err(session.told())?.into_inner())
}

/// Whether nobody knows if it arrived. Without a request id a repeat could make a second revision.
fn is_worth_repeating(status: &Status, request_id: &str) -> bool {
    refusal::is_unanswered(status) && !request_id.is_empty()
}

fn id_or_new(id: Option<Uuid>) -> String {
    id.map_or_else(request_id, |id| id.to_string())
}

pub(super) fn submit(arguments: &Submit) -> anyhow::Result<ExitCode> {
    let due = if arguments.draft {
        Due::Part
    } else {
        Due::Whole
    };
    let read = read(&arguments.file, arguments.edition.as_deref(), due)?;
    let Sendable {
        file: content,
        edition,
        authority,
        ..
    } = match read {
        Ok(sendable) => sendable,
        Err(unsendable) => return unsendable.tell(&arguments.options.print),
    };
    run(&arguments.options, async |session| {
        let file = Upload {
            draft: arguments.draft,
            etag: arguments.etag.clone().unwrap_or_default(),
            request_id: id_or_new(arguments.request_id),
            ..Upload::new(&content, &authority, &edition, &session)
        };
        let sent = upload(&session, &file).await;
        let sent = sent.with_context(|| {
            let args = Args::new()
                .text("file", &content.name)
                .text("id", &file.request_id);
            words::text(&session.wording, "sending", &args)
        })?;
        receipt(&session, &sent)
    })
}

pub(super) fn amend(arguments: &Amend) -> anyhow::Result<ExitCode> {
    let known = match read(&arguments.file, arguments.edition.as_deref(), Due::Part)? {
        Ok(sendable) => sendable,
        Err(unsendable) => return unsendable.tell(&arguments.options.print),
    };
    let observations = observations_to_wire(&known.edition, &known.assembly.cells);
    if observations.is_empty() {
        let wording = words::named(&arguments.options.print.language)?;
        let args = Args::new().text("file", &known.file.name);
        let line = words::text(&wording, "nothing-filled-in", &args);
        let _ = writeln!(std::io::stderr(), "mesur: {line}");
        return Ok(ExitCode::from(WRONG));
    }
    let name = ReturnName {
        authority: known.authority,
        edition: known.edition.name().clone(),
    };
    run(&arguments.options, async |session| {
        let request = submission::UpdateObservationsRequest {
            name: name.to_string(),
            etag: etag(&session, &name, arguments.etag.as_deref()).await?,
            observations: observations.clone(),
            validate_only: false,
            request_id: id_or_new(arguments.request_id),
            language_code: session.language_code(),
        };
        let answer = session
            .clients
            .submission
            .clone()
            .update_observations(request)
            .await;
        receipt(&session, &answer.map_err(session.told())?.into_inner())
    })
}

pub(super) fn submit_draft(arguments: &SubmitDraft) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let name = &arguments.name.name;
        let request = submission::SubmitDraftRequest {
            name: name.to_string(),
            etag: etag(&session, name, arguments.etag.as_deref()).await?,
            request_id: request_id(),
        };
        let answer = session
            .clients
            .submission
            .clone()
            .submit_draft(request)
            .await;
        receipt(&session, &answer.map_err(session.told())?.into_inner())
    })
}

/// What the sender keeps as proof.
fn receipt(
    session: &Session,
    response: &submission::SubmitReturnResponse,
) -> anyhow::Result<ExitCode> {
    if session.json {
        json::print("mesur.submission.v1.SubmitReturnResponse", response)?;
        return Ok(ExitCode::SUCCESS);
    }
    let receipt = response
        .receipt
        .as_ref()
        .context("the answer has no receipt")?;
    let data_return = response.data_return.as_ref();
    let data_return = data_return.context("the answer has no return")?;
    let mut families = Table::new(
        &session.wording,
        &["col-family", "#col-rows", "#col-values"],
    );
    for family in &receipt.families {
        families.row([
            plain(&family.family),
            count(family.row_count, Tone::Plain),
            count(family.value_count, Tone::Plain),
        ]);
    }
    say!("{}", families.render());
    let state = words::value(&session.wording, "state", data_return.state().as_str_name());
    let late = if receipt.late {
        "receipt-late"
    } else {
        "receipt-in-time"
    };
    let args = Args::new()
        .text("revision", &short(&receipt.revision))
        .text("state", &state)
        .text("late", &session.label(late))
        .text("time", &times::shown(receipt.create_time.as_ref()))
        .text("digest", &receipt.digest)
        .text("edition_digest", &receipt.edition_digest)
        .text("etag", &data_return.etag);
    say!("{}", words::text(&session.wording, "receipt", &args));
    Ok(ExitCode::SUCCESS)
}
