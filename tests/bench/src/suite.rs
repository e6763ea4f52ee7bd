//! `mesur up` in a process of its own, started as an operator starts it, or a process for each service; and
//! the clients of those who have a part in a year.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, bail};
use mesur_proto::aggregation::v1::aggregation_service_client::AggregationServiceClient;
use mesur_proto::publication::v1::publication_service_client::PublicationServiceClient;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_proto::validation::v1::validation_service_client::ValidationServiceClient;
use mesur_rpc::access::Bearer;
use mesur_rpc::channel::{Connection, MESSAGE_BYTES_MAX, connect_lazy};
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::process;

/// The services, as `mesur up` names them.
const SERVICES: [&str; 4] = ["submission", "validation", "aggregation", "publication"];
/// What it says when all of them listen.
const READY: &str = "ready";
/// Ports that follow one another, which a process for each service takes.
const PORTS: u16 = 6;
/// Where it is looked for them: below those that the system gives to clients.
const PORTS_FROM: std::ops::Range<u16> = 20_000..30_000;

/// A running suite.
pub(crate) struct Suite {
    process: Child,
    /// Kept open, for the suite goes on printing.
    _output: BufReader<ChildStdout>,
    addresses: BTreeMap<String, String>,
    tokens: PathBuf,
}

impl Suite {
    /// Starts it with its stores in a folder, and with the editions in these.
    pub(crate) fn start(data: &Path, editions: &[PathBuf]) -> anyhow::Result<Self> {
        let mut command = Command::new(process::mesur()?);
        command.args(["up", "--port", "0"]);
        Self::start_by(command, data, editions)
    }

    /// The same as four processes.
    pub(crate) fn apart(data: &Path, editions: &[PathBuf]) -> anyhow::Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/local/run");
        let programs = process::mesur()?;
        let mut command = Command::new(script);
        command
            .arg("--bin")
            .arg(programs.parent().context("a folder")?);
        command.arg("--port").arg(free_ports()?.to_string());
        Self::start_by(command, data, editions)
    }

    fn start_by(mut command: Command, data: &Path, editions: &[PathBuf]) -> anyhow::Result<Self> {
        command.arg("--data").arg(data);
        for edition in editions {
            command.arg("--edition").arg(edition);
        }
        let mut process = command
            .env("MESUR_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the services")?;
        let output = process.stdout.take().context("its output")?;
        let mut output = BufReader::new(output);
        let mut addresses = BTreeMap::new();
        loop {
            let mut line = String::new();
            if output.read_line(&mut line)? == 0 {
                let ended = process.wait()?;
                bail!("the services ended before they were ready: {ended}");
            }
            if line.starts_with(READY) {
                break;
            }
            if let Some((name, address)) = line.trim().split_once(' ') {
                addresses.insert(name.to_owned(), address.trim().to_owned());
            }
        }
        let tokens = addresses.get("tokens").context("where its tokens are")?;
        Ok(Self {
            process,
            _output: output,
            tokens: PathBuf::from(tokens),
            addresses,
        })
    }

    /// Where a service is, or `web`.
    pub(crate) fn address(&self, name: &str) -> anyhow::Result<&str> {
        let address = self.addresses.get(name).map(String::as_str);
        address.with_context(|| format!("where {name} is"))
    }

    /// The number of its process, as text.
    pub(crate) fn id(&self) -> String {
        self.process.id().to_string()
    }

    /// Returns once every service says that it serves.
    pub(crate) async fn healthy(&self) -> anyhow::Result<()> {
        for name in SERVICES {
            let channel = Endpoint::from_shared(self.address(name)?.to_owned())?;
            let mut client = HealthClient::new(channel.connect().await?);
            let request = HealthCheckRequest::default();
            let health = client.check(request).await?;
            if health.get_ref().status() != ServingStatus::Serving {
                bail!("{name} is {}", health.get_ref().status().as_str_name());
            }
        }
        Ok(())
    }

    /// The token of somebody who has a part: `statistician`, `W06000001-submitter`.
    pub(crate) fn token(&self, part: &str) -> anyhow::Result<String> {
        let token = std::fs::read_to_string(self.tokens.join(format!("{part}.token")));
        let token = token.with_context(|| format!("the token of the {part}"))?;
        Ok(token.trim().to_owned())
    }

    /// Clients as somebody who has a part.
    pub(crate) fn clients(&self, part: &str) -> anyhow::Result<Clients> {
        let bearer = Bearer::new(&self.token(part)?)?;
        let connect = |name: &str| {
            let connection = connect_lazy(self.address(name)?, bearer.clone());
            connection.with_context(|| format!("a connection to {name}"))
        };
        Ok(Clients {
            submission: SubmissionServiceClient::new(connect("submission")?)
                .max_encoding_message_size(MESSAGE_BYTES_MAX),
            validation: ValidationServiceClient::new(connect("validation")?)
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
            aggregation: AggregationServiceClient::new(connect("aggregation")?)
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
            publication: PublicationServiceClient::new(connect("publication")?),
        })
    }
}

impl Drop for Suite {
    fn drop(&mut self) {
        // One that does not end is seen by whoever looks at the processes; nothing depends on it.
        let _ = process::stop(&mut self.process);
    }
}

/// The first of so many ports that nobody has. Nobody is likely to take one between here and there.
fn free_ports() -> anyhow::Result<u16> {
    let is_free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let mut tries = std::iter::repeat_with(|| fastrand::u16(PORTS_FROM)).take(100);
    tries
        .find(|first| (*first..first + PORTS).all(is_free))
        .context("ports that nobody has")
}

/// A client of each service, as one caller.
#[derive(Clone)]
pub(crate) struct Clients {
    pub(crate) submission: SubmissionServiceClient<Connection>,
    pub(crate) validation: ValidationServiceClient<Connection>,
    pub(crate) aggregation: AggregationServiceClient<Connection>,
    pub(crate) publication: PublicationServiceClient<Connection>,
}
