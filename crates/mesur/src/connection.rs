//! How the command reaches the services: where they are, whose token it shows, in which language
//! it answers. Every mutation has a request id of its own.
//!
//! It calls once. Only sending a return is repeated, with the same request id, because a file that
//! was read must not be lost to a broken connection.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use mesur_proto::aggregation::v1 as aggregation;
use mesur_proto::aggregation::v1::aggregation_service_client::AggregationServiceClient;
use mesur_proto::catalogue::v1 as catalogue;
use mesur_proto::catalogue::v1::catalogue_service_client::CatalogueServiceClient;
use mesur_proto::operations::v1::store_service_client::StoreServiceClient;
use mesur_proto::publication::v1 as publication;
use mesur_proto::publication::v1::publication_service_client::PublicationServiceClient;
use mesur_proto::submission::v1 as submission;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_proto::validation::v1 as validation;
use mesur_proto::validation::v1::validation_service_client::ValidationServiceClient;
use mesur_rpc::access::Bearer;
use mesur_rpc::channel::{Connection, MESSAGE_BYTES_MAX, connect_lazy};
use mesur_wording::{Args, Wording};
use tonic::Status;
use uuid::Uuid;

use crate::refusal::{is_foreign, may_be_elsewhere, told};
use crate::{login, refusal, trust, words};

/// The variable that names the token's file.
const TOKEN_FILE: &str = "MESUR_TOKEN_FILE";
/// Where `mesur up` writes tokens, unless it is told otherwise.
const TOKENS: &str = "mesur-data/access";
/// The longest file that is read as a token, in bytes.
const TOKEN_BYTES_MAX: u64 = 16 * 1024;
/// The items of a page of a list: the most that a service gives.
pub(crate) const PAGE_SIZE: i32 = 1_000;
/// How often what answers is asked what it is.
const ASKED_MAX: usize = 5;
/// How many files a complaint names.
const FILES_NAMED: usize = 5;

/// How the answer is printed.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Print {
    /// Print JSON instead of tables: the answer of the service, with the field names of proto/.
    #[arg(long)]
    pub(crate) json: bool,
    /// The language of messages and headings: en or cy.
    #[arg(long, default_value = "en", value_name = "LANGUAGE")]
    pub(crate) language: String,
}

/// Where the services are, and who calls.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Server {
    /// Where submission is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7401")]
    submission: String,
    /// Where validation is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7402")]
    validation: String,
    /// Where aggregation is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7403")]
    aggregation: String,
    /// Where publication is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7404")]
    publication: String,
    /// The file with the caller's token; the variable `MESUR_TOKEN_FILE` names one too.
    #[arg(
        long,
        value_name = "FILE",
        help = "The file with the caller's token; MESUR_TOKEN_FILE names one too"
    )]
    token_file: Option<PathBuf>,
    /// The certificates, in PEM, of who vouches for services at `https` addresses; the variable
    /// `MESUR_CA` names them too. Without them those count that the platform trusts.
    #[arg(
        long,
        value_name = "FILE",
        help = "The certificates of who vouches for services at https addresses; MESUR_CA names them too"
    )]
    ca: Option<PathBuf>,
}

/// What every command that asks a service takes.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) server: Server,
    #[command(flatten)]
    pub(crate) print: Print,
}

/// Clients of the services, and how to answer.
#[derive(Clone)]
pub(crate) struct Clients {
    pub(crate) catalogue: CatalogueServiceClient<Connection>,
    pub(crate) submission: SubmissionServiceClient<Connection>,
    pub(crate) validation: ValidationServiceClient<Connection>,
    pub(crate) aggregation: AggregationServiceClient<Connection>,
    pub(crate) publication: PublicationServiceClient<Connection>,
}

/// Clients of what operators do with the services, by their names.
pub(crate) struct StoreClients([(&'static str, StoreServiceClient<Connection>); 4]);

impl StoreClients {
    /// Clients that connect at the first call.
    pub(crate) fn new(at: [(&'static str, &str); 4], bearer: &Bearer) -> anyhow::Result<Self> {
        let [first, second, third, fourth] = at.map(|(name, address)| {
            let connection = connect_lazy(address, bearer.clone())?;
            Ok::<_, anyhow::Error>((name, StoreServiceClient::new(connection)))
        });
        Ok(Self([first?, second?, third?, fourth?]))
    }

    /// The client of a service.
    pub(crate) fn of(&self, name: &str) -> anyhow::Result<StoreServiceClient<Connection>> {
        let found = self.0.iter().find(|(of, _)| *of == name);
        let (_, client) = found.with_context(|| format!("{name} is no service"))?;
        Ok(client.clone())
    }
}

/// A command at work.
pub(crate) struct Session {
    pub(crate) clients: Clients,
    pub(crate) wording: Wording,
    pub(crate) json: bool,
}

/// A new request id.
pub(crate) fn request_id() -> String {
    Uuid::new_v4().to_string()
}

/// Runs what asks services.
pub(crate) fn run(
    options: &Options,
    work: impl AsyncFnOnce(Session) -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let wording = words::named(&options.print.language)?;
        let clients = options.server.connect(&wording).await?;
        let session = Session {
            clients: clients.clone(),
            wording,
            json: options.print.json,
        };
        match Box::pin(work(session)).await {
            Err(error) if may_be_elsewhere(&error) => {
                let wording = words::named(&options.print.language)?;
                Err(options
                    .server
                    .misdirected(&clients, &wording)
                    .await
                    .unwrap_or(error))
            }
            Err(error) => Err(options.server.noted(error, &options.print)),
            ended => ended,
        }
    })
}

/// Everything in a list, page by page; `ask` gives the items of a page and the token of the next.
pub(crate) async fn pages<T>(
    ask: impl AsyncFn(String) -> Result<(Vec<T>, String), Status>,
) -> Result<Vec<T>, Status> {
    let mut all = Vec::new();
    let mut token = String::new();
    loop {
        let (items, next) = ask(token).await?;
        all.extend(items);
        if next.is_empty() {
            return Ok(all);
        }
        token = next;
    }
}

impl Session {
    /// The language of the answers.
    pub(crate) fn language_code(&self) -> String {
        self.wording.language().code().to_owned()
    }

    /// What was refused, for the user.
    pub(crate) fn told(&self) -> impl Fn(Status) -> anyhow::Error {
        told(&self.wording)
    }

    /// A text without variables.
    pub(crate) fn label(&self, id: &str) -> String {
        words::label(&self.wording, id)
    }

    /// The edition as the service has it.
    pub(crate) async fn edition(&self, name: String) -> anyhow::Result<catalogue::Edition> {
        let request = catalogue::GetEditionRequest { name };
        let answer = self.clients.catalogue.clone().get_edition(request).await;
        Ok(answer.map_err(self.told())?.into_inner())
    }
}

impl Server {
    /// Clients that connect at the first call.
    pub(crate) async fn connect(&self, wording: &Wording) -> anyhow::Result<Clients> {
        let bearer = self.shown(wording).await?;
        let submission = connect_lazy(&self.submission, bearer.clone())?;
        let validation = connect_lazy(&self.validation, bearer.clone())?;
        let aggregation = connect_lazy(&self.aggregation, bearer.clone())?;
        let publication = connect_lazy(&self.publication, bearer)?;
        Ok(Clients {
            catalogue: CatalogueServiceClient::new(submission.clone())
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
            submission: SubmissionServiceClient::new(submission)
                .max_decoding_message_size(MESSAGE_BYTES_MAX)
                .max_encoding_message_size(MESSAGE_BYTES_MAX),
            validation: ValidationServiceClient::new(validation)
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
            aggregation: AggregationServiceClient::new(aggregation)
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
            publication: PublicationServiceClient::new(publication)
                .max_decoding_message_size(MESSAGE_BYTES_MAX)
                .max_encoding_message_size(MESSAGE_BYTES_MAX),
        })
    }

    /// Clients for operators, that connect at the first call.
    pub(crate) async fn stores(&self, wording: &Wording) -> anyhow::Result<StoreClients> {
        let at = [
            ("submission", self.submission.as_str()),
            ("validation", &self.validation),
            ("aggregation", &self.aggregation),
            ("publication", &self.publication),
        ];
        StoreClients::new(at, &self.shown(wording).await?)
    }

    /// What was refused, with whom the user is logged in as where that matters.
    fn noted(&self, error: anyhow::Error, print: &Print) -> anyhow::Error {
        let is_logged_in = self.token_file.is_none() && env::var_os(TOKEN_FILE).is_none();
        let note = is_logged_in
            .then(|| login::note(&words::named(&print.language).ok()?))
            .flatten();
        refusal::denied_with(error, note)
    }

    /// Which address is not that of its service, if one is not.
    async fn misdirected(&self, clients: &Clients, wording: &Wording) -> Option<anyhow::Error> {
        // What speaks HTTP/1.1 answers and closes; now and then the end is seen before the answer.
        for _ in 0..ASKED_MAX {
            let told = self.asked_once(clients, wording).await;
            if told.is_some() {
                return told;
            }
        }
        None
    }

    async fn asked_once(&self, clients: &Clients, wording: &Wording) -> Option<anyhow::Error> {
        // Requests that the right service refuses with a reason, whoever asks.
        let of_submission = submission::GetReturnRequest::default();
        let submission = clients.submission.clone().get_return(of_submission).await;
        let of_validation = validation::GetReportRequest::default();
        let validation = clients.validation.clone().get_report(of_validation).await;
        let of_aggregation = aggregation::GetSnapshotRequest::default();
        let mut aggregation = clients.aggregation.clone();
        let aggregation = aggregation.get_snapshot(of_aggregation).await;
        let of_publication = publication::GetReleaseRequest::default();
        let mut publication = clients.publication.clone();
        let publication = publication.get_release(of_publication).await;
        let asked = [
            (submission.err(), &self.submission, "service-submission"),
            (validation.err(), &self.validation, "service-validation"),
            (aggregation.err(), &self.aggregation, "service-aggregation"),
            (publication.err(), &self.publication, "service-publication"),
        ];
        let mut asked = asked.into_iter();
        let wrong = asked.find(|(status, ..)| status.as_ref().is_some_and(is_foreign));
        let (_, address, service) = wrong?;
        let args = Args::new()
            .text("address", address)
            .text("service", &words::label(wording, service));
        Some(anyhow!(words::text(wording, "not-the-service", &args)))
    }

    /// What is shown to the services, and whom they are to be vouched for by.
    async fn shown(&self, wording: &Wording) -> anyhow::Result<Bearer> {
        let bearer = self.bearer(wording).await?;
        let at = [
            &self.submission,
            &self.validation,
            &self.aggregation,
            &self.publication,
        ];
        if at.iter().any(|address| address.starts_with("https:")) {
            return Ok(bearer.with_tls(trust::tls(self.ca.as_deref())?));
        }
        Ok(bearer)
    }

    async fn bearer(&self, wording: &Wording) -> anyhow::Result<Bearer> {
        let named = env::var_os(TOKEN_FILE).map(PathBuf::from);
        if let Some(path) = self.token_file.clone().or(named) {
            return read_token(&path);
        }
        match Box::pin(login::bearer(wording)).await? {
            Some(bearer) => Ok(bearer),
            None => match token_files(Path::new(TOKENS)) {
                Some(files) => bail!(
                    "no token: log in, give --token-file FILE or set {TOKEN_FILE}; {TOKENS} holds {files}"
                ),
                // The service says what needs one.
                None => Ok(Bearer::none()),
            },
        }
    }
}

fn read_token(path: &Path) -> anyhow::Result<Bearer> {
    let context = || format!("reading the token in {}", path.display());
    let length = fs::metadata(path).with_context(context)?.len();
    if length > TOKEN_BYTES_MAX {
        bail!("{} is too long for a token", path.display());
    }
    let token = fs::read_to_string(path).with_context(context)?;
    Bearer::new(&token).with_context(context)
}

/// The names of the tokens in a folder, those of no authority first.
fn token_files(folder: &Path) -> Option<String> {
    let names = fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.file_name());
    let mut names: Vec<OsString> = names
        .filter(|name| {
            Path::new(name)
                .extension()
                .is_some_and(|kind| kind == "token")
        })
        .collect();
    names.sort_by_key(|name| (name.to_string_lossy().starts_with('W'), name.clone()));
    let shown = names
        .iter()
        .take(FILES_NAMED)
        .map(|name| name.display().to_string());
    let shown = shown.collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => None,
        count if count > FILES_NAMED => Some(format!("{shown}, … ({count} files)")),
        _ => Some(shown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_a_token_has_so_many_bytes_and_no_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.token");
        let room = usize::try_from(TOKEN_BYTES_MAX).expect("few");
        fs::write(&path, format!("{:room$}", "a.b.c")).expect("written");
        assert!(read_token(&path).is_ok());
        fs::write(&path, format!("{:room$} ", "a.b.c")).expect("written");
        let refused = read_token(&path).err().expect("refused");
        assert!(refused.to_string().contains("too long for a token"));
    }

    #[test]
    fn a_complaint_names_the_tokens_that_are_there() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(token_files(folder.path()), None);
        let names = [
            "W06000003-approver",
            "W06000003-submitter",
            "publisher",
            "statistician",
        ];
        for name in names {
            fs::write(folder.path().join(format!("{name}.token")), "").expect("written");
        }
        fs::write(folder.path().join("jwks.json"), "").expect("written");
        assert_eq!(
            token_files(folder.path()).as_deref(),
            Some(
                "publisher.token, statistician.token, W06000003-approver.token, W06000003-submitter.token"
            )
        );
        assert!(token_files(&folder.path().join("none")).is_none());
    }
}
