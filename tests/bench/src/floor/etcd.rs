//! A cluster of etcd on this machine, and what its own command measures of it.

use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use anyhow::Context;
use mesur_tests::ports::free_addresses;
use tempfile::TempDir;

use crate::process;

const MEMBERS: usize = 3;
/// The most that etcd's authors advise: 8 GiB.
const QUOTA_BYTES: u64 = 8 * 1024 * 1024 * 1024;
/// The writers of the load that is asked of `etcdctl check perf`, `l`: it asks for no more than 8,000
/// writes a second of 1,024 bytes, and takes a minute.
pub(crate) const WRITERS: u32 = 500;
const LOAD: &str = "l";
/// What stands before the rate in its answer, which fails where it is far below what was asked for.
const RATES: [&str; 2] = ["Throughput is ", "Throughput too low: "];

/// A running cluster of three members.
pub(crate) struct Cluster {
    members: Vec<Child>,
    clients: Vec<SocketAddr>,
    _folder: TempDir,
}

impl Cluster {
    /// Starts the members; `None` where there is no etcd with its command.
    pub(crate) fn start() -> anyhow::Result<Option<Self>> {
        let (Some(program), Some(_)) = (process::find("etcd"), process::find("etcdctl")) else {
            return Ok(None);
        };
        let folder = tempfile::tempdir().context("a folder")?;
        let addresses = free_addresses(2 * MEMBERS)?;
        let (clients, peers) = addresses.split_at(MEMBERS);
        let all = peers.iter().enumerate();
        let all: Vec<_> = all.map(|(n, at)| format!("m{n}=http://{at}")).collect();
        let mut members = Vec::new();
        for (n, (client, peer)) in clients.iter().zip(peers).enumerate() {
            let data = folder.path().join(format!("m{n}"));
            let started = Command::new(&program)
                .args([
                    format!("--name=m{n}"),
                    format!("--data-dir={}", data.display()),
                    format!("--listen-client-urls=http://{client}"),
                    format!("--advertise-client-urls=http://{client}"),
                    format!("--listen-peer-urls=http://{peer}"),
                    format!("--initial-advertise-peer-urls=http://{peer}"),
                    format!("--initial-cluster={}", all.join(",")),
                    // What is written here is never compacted, and by default no more than 2 GB fit.
                    format!("--quota-backend-bytes={QUOTA_BYTES}"),
                    "--logger=zap".to_owned(),
                    "--log-level=error".to_owned(),
                ])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            members.push(started.context("starting etcd")?);
        }
        let cluster = Self {
            members,
            clients: clients.to_vec(),
            _folder: folder,
        };
        process::until(|| Ok(clients.iter().all(|at| TcpStream::connect(at).is_ok())))?;
        Ok(Some(cluster))
    }

    /// Where clients find the members.
    pub(crate) fn endpoints(&self) -> Vec<String> {
        let clients = self.clients.iter();
        clients.map(|at| format!("http://{at}")).collect()
    }

    /// Writes a second by `etcdctl check perf`.
    pub(crate) fn check_perf(&self) -> anyhow::Result<f64> {
        let answer = Command::new("etcdctl")
            .env("ETCDCTL_API", "3")
            .arg(format!("--endpoints={}", self.endpoints().join(",")))
            .args(["check", "perf", &format!("--load={LOAD}")])
            .output()
            .context("etcdctl")?;
        let text = String::from_utf8_lossy(&answer.stdout).into_owned()
            + &String::from_utf8_lossy(&answer.stderr);
        let rate = RATES.iter().find_map(|words| text.split(words).nth(1));
        let rate = rate.and_then(|rest| rest.split_whitespace().next());
        let rate = rate.and_then(|rate| rate.parse().ok());
        // Before its answer it draws a bar of progress, over and over.
        let told = || text.lines().last().unwrap_or_default().to_owned();
        rate.with_context(|| format!("etcdctl told no rate: {}", told()))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for member in &mut self.members {
            // Whoever looks at the processes sees one that stays.
            let _ = member.kill();
            let _ = member.wait();
        }
    }
}
