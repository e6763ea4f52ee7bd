//! What the rows of servers ask, standing: for load generators that no one here wrote.
//!
//! Starts Mesur with its releases published and the bare servers beside it, says on one line of JSON
//! where each is, what to send and how long the answer is, and ends when standard input does.
//! `tests/bench/confirm` is who asks for it.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use anyhow::Context;
use serde::Serialize;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::content::previous_values;
use crate::floor::echo::Payload;
use crate::floor::nginx::Nginx;
use crate::history::History;
use crate::load::{Asking, Client, QUERY, SUBMIT};
use crate::pages::{Reader, Taken};
use crate::rows::submit::Material;
use crate::rows::{check_one, page, query};
use crate::server::Server;

/// The authority that checks its return.
const AUTHORITY: u32 = 1;
/// Before a message of gRPC: that it is not compressed, and how long it is.
const NOT_COMPRESSED: u8 = 0;

/// One thing that can be asked for.
#[derive(Debug, Serialize)]
struct Target {
    /// As in the report.
    row: &'static str,
    /// As in the report, without the number of clients.
    size: String,
    /// Mesur, and what stands beside it.
    sides: Vec<Asked>,
}

/// A request that can be repeated as it is.
#[derive(Debug, Serialize)]
struct Asked {
    name: &'static str,
    url: String,
    headers: BTreeMap<&'static str, String>,
    /// What is posted; nothing where a page is got.
    body: Option<PathBuf>,
    /// Bytes of the body that comes back.
    answer_bytes: usize,
}

/// Stands until standard input ends.
pub(crate) fn run() -> anyhow::Result<()> {
    let runtime = Runtime::new().context("the runtime")?;
    let folder = tempfile::tempdir().context("a folder")?;
    let history = History::make(&runtime, 1)?;
    let suite = history.suite();
    let mut stand = Stand {
        runtime,
        targets: Vec::new(),
        servers: Vec::new(),
        nginx: Vec::new(),
        folder,
    };
    stand.queries(suite.address("publication")?)?;
    stand.checks()?;
    stand.pages(&format!("{}/{}", suite.address("web")?, history.release))?;
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, &stand.targets)?;
    writeln!(out)?;
    out.flush()?;
    // An input that fails has ended too.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    Ok(())
}

struct Stand {
    runtime: Runtime,
    targets: Vec<Target>,
    servers: Vec<Server>,
    nginx: Vec<Nginx>,
    // Last, for the stores of servers are in it.
    folder: TempDir,
}

impl Stand {
    fn queries(&mut self, mesur: &str) -> anyhow::Result<()> {
        for request in query::requests() {
            let answer = self.runtime.block_on(async {
                let mut asking = Asking::connect(mesur, request.clone().into()).await?;
                asking.ask().await
            })?;
            let values = query::values(&answer)?;
            let file = self.folder.path().join("answer");
            std::fs::write(&file, &answer)?;
            let floor = Server::answering(&file)?;
            let echoed = Payload::encoded(request.clone());
            let sides = vec![
                self.call("Mesur", mesur, QUERY, &request, answer.len(), None)?,
                self.call(
                    "echo",
                    floor.address(),
                    QUERY,
                    &echoed,
                    Payload::encoded(answer.to_vec()).len(),
                    None,
                )?,
            ];
            self.stand(query::NAME, format!("{values} values"), sides);
            self.servers.push(floor);
        }
        Ok(())
    }

    fn checks(&mut self) -> anyhow::Result<()> {
        for material in [Material::bundled, Material::invented] {
            let folder = self.folder.path().join(self.targets.len().to_string());
            let edition = folder.join("edition");
            std::fs::create_dir_all(&edition)?;
            let material = material(&edition)?;
            let mesur = Server::submission(&folder.join("store"), &edition)?;
            let floor = Server::floor()?;
            let submissions = material.submissions(AUTHORITY, true)?;
            let token = mesur.token(AUTHORITY)?;
            let previous = previous_values(AUTHORITY, &material.edition_before, &material.cells);
            let (request, answer) = self.runtime.block_on(async {
                let mut client = Client::connect(mesur.address(), token, submissions).await?;
                client.record_previous(previous).await?;
                let request = client.next();
                client.next();
                anyhow::Ok((request, client.submit().await?))
            })?;
            let echoed = Payload::encoded(request.clone());
            let sides = vec![
                self.call(
                    "Mesur",
                    mesur.address(),
                    SUBMIT,
                    &request,
                    answer.len(),
                    Some(token),
                )?,
                self.call(
                    "echo",
                    floor.address(),
                    SUBMIT,
                    &echoed,
                    echoed.len(),
                    Some(token),
                )?,
            ];
            let size = format!("{} cells", material.cells.len());
            self.stand(check_one::NAME, size, sides);
            self.servers.extend([mesur, floor]);
        }
        Ok(())
    }

    fn pages(&mut self, release: &str) -> anyhow::Result<()> {
        for (file, taken) in page::FILES {
            let address = format!("{release}/{file}");
            let (body, _) = self.runtime.block_on(async {
                let mut reader = Reader::connect(&address, taken).await?;
                reader.page().await
            })?;
            let copy = self.folder.path().join("copy");
            std::fs::write(&copy, &body)?;
            let axum = Server::web(&copy)?;
            let nginx = Nginx::start(&body)?;
            let mut sides = vec![
                got("Mesur", &address, taken, body.len()),
                got("axum", axum.address(), taken, body.len()),
            ];
            if let Some(nginx) = &nginx {
                sides.push(got("nginx", nginx.address(), taken, body.len()));
            }
            self.stand(page::NAME, page::title(file, taken), sides);
            self.servers.push(axum);
            self.nginx.extend(nginx);
        }
        Ok(())
    }

    /// A call of gRPC with these bytes.
    fn call(
        &self,
        name: &'static str,
        address: &str,
        path: &str,
        message: &[u8],
        answer_bytes: usize,
        token: Option<&str>,
    ) -> anyhow::Result<Asked> {
        let number = self.targets.len();
        let body = self.folder.path().join(format!("{name}-{number}.body"));
        std::fs::write(&body, framed(message)?)?;
        let mut headers = BTreeMap::from([
            ("content-type", "application/grpc".to_owned()),
            ("te", "trailers".to_owned()),
        ]);
        if let Some(token) = token {
            headers.insert("authorization", format!("Bearer {token}"));
        }
        Ok(Asked {
            name,
            url: format!("{address}{path}"),
            headers,
            body: Some(body),
            answer_bytes: answer_bytes + framed(&[])?.len(),
        })
    }

    fn stand(&mut self, row: &'static str, size: String, sides: Vec<Asked>) {
        self.targets.push(Target { row, size, sides });
    }
}

/// A message as gRPC sends it.
fn framed(message: &[u8]) -> anyhow::Result<Vec<u8>> {
    let length = u32::try_from(message.len())?.to_be_bytes();
    Ok([&[NOT_COMPRESSED][..], &length, message].concat())
}

fn got(name: &'static str, url: &str, taken: Taken, answer_bytes: usize) -> Asked {
    let mut headers = BTreeMap::new();
    if taken == Taken::Compressed {
        headers.insert("accept-encoding", "gzip, deflate, br".to_owned());
    }
    Asked {
        name,
        url: url.to_owned(),
        headers,
        body: None,
        answer_bytes,
    }
}
