//! Three members of etcd on loopback, each reached by a way of its own that can be cut.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use mesur_tests::ports::free_addresses;
use tokio::time::{Instant, sleep};

use super::http;
use super::proxy::Proxy;

/// How many members there are.
const MEMBERS: usize = 3;
/// How long the members may take to choose a leader.
const LEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// How often they are asked who leads.
const LEADER_INTERVAL: Duration = Duration::from_millis(20);

/// A cluster; its members are killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Cluster {
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    arguments: Vec<String>,
    client: SocketAddr,
    way: Proxy,
    process: Option<Child>,
}

impl Member {
    fn start(&mut self) -> anyhow::Result<()> {
        let started = Command::new("etcd")
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.process = Some(started.context("starting etcd")?);
        Ok(())
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // One that is gone already needs no end.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Cluster {
    /// Starts the members; it has a leader when this returns.
    pub(crate) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let addresses = free_addresses(2 * MEMBERS)?;
        let (clients, peers) = addresses.split_at(MEMBERS);
        let all = peers.iter().enumerate();
        let all: Vec<_> = all
            .map(|(n, at)| format!("member{n}=http://{at}"))
            .collect();
        let mut members = Vec::new();
        for (n, (client, peer)) in clients.iter().zip(peers).enumerate() {
            let way = Proxy::to(*client).await?;
            let data = folder.join(format!("member{n}"));
            let mut member = Member {
                arguments: vec![
                    format!("--name=member{n}"),
                    format!("--data-dir={}", data.display()),
                    format!("--listen-client-urls=http://{client}"),
                    format!("--advertise-client-urls=http://{}", way.address),
                    format!("--listen-peer-urls=http://{peer}"),
                    format!("--initial-advertise-peer-urls=http://{peer}"),
                    format!("--initial-cluster={}", all.join(",")),
                    "--logger=zap".to_owned(),
                    "--log-level=error".to_owned(),
                ],
                client: *client,
                way,
                process: None,
            };
            member.start()?;
            members.push(member);
        }
        let cluster = Self { members };
        cluster.leader().await?;
        Ok(cluster)
    }

    /// The members as the services are told of them.
    pub(crate) fn endpoints(&self) -> String {
        let at = |member: &Member| format!("http://{}", member.way.address);
        let endpoints: Vec<String> = self.members.iter().map(at).collect();
        endpoints.join(",")
    }

    /// Which member leads.
    pub(crate) async fn leader(&self) -> anyhow::Result<usize> {
        let begun = Instant::now();
        while begun.elapsed() < LEADER_TIMEOUT {
            for (n, member) in self.members.iter().enumerate() {
                let metrics = http::get(member.client, "/metrics").await;
                let metrics = metrics.unwrap_or_default();
                if metrics
                    .lines()
                    .any(|line| line == "etcd_server_is_leader 1")
                {
                    return Ok(n);
                }
            }
            sleep(LEADER_INTERVAL).await;
        }
        bail!("the cluster has no leader after {LEADER_TIMEOUT:?}");
    }

    /// The bytes of what a member keeps, the past that is not compacted included.
    pub(crate) async fn bytes(&self) -> anyhow::Result<u64> {
        let member = self.members.first().context("a member")?;
        let metrics = http::get(member.client, "/metrics").await?;
        let named = "etcd_mvcc_db_total_size_in_use_in_bytes ";
        let told = metrics.lines().find_map(|line| line.strip_prefix(named));
        // Prometheus writes large numbers as 1.234e+06.
        let told: f64 = told.context("the size of the database")?.trim().parse()?;
        Ok(format!("{told:.0}").parse()?)
    }

    /// The member some places behind another.
    pub(crate) fn behind(member: usize, places: usize) -> usize {
        (member + places) % MEMBERS
    }

    pub(crate) fn kill(&mut self, member: usize) -> anyhow::Result<()> {
        self.members.get_mut(member).context("a member")?.kill();
        Ok(())
    }

    pub(crate) fn start_again(&mut self, member: usize) -> anyhow::Result<()> {
        self.members.get_mut(member).context("a member")?.start()
    }

    /// Cuts a member off from the services, or lets them reach it again.
    pub(crate) fn reachable(&self, member: usize, is_reachable: bool) -> anyhow::Result<()> {
        let member = self.members.get(member).context("a member")?;
        member.way.open(is_reachable);
        Ok(())
    }
}
