//! A real cluster of three etcd members on loopback.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use etcd_client::Client;
use mesur_store::{EtcdSettings, EtcdStore};
use mesur_tests::ports::free_address;

use super::network::Network;

pub(crate) const MEMBERS: usize = 3;
/// Runs a member until nobody holds its standard input any more: however the test ends, the member
/// ends with it.
const GUARD: &str = r#"
"$@" >/dev/null 2>&1 &
member=$!
echo "$member"
cat >/dev/null
kill -9 "$member" 2>/dev/null
wait "$member" 2>/dev/null
"#;

/// A cluster; its members are killed and its files removed when the test process ends or this is
/// dropped.
pub(crate) struct Cluster {
    members: Vec<Member>,
    network: Option<Network>,
    folder: PathBuf,
    remover: Option<Child>,
}

pub(crate) struct Member {
    /// The program and its arguments.
    command: Vec<String>,
    pub(crate) endpoint: String,
    guard: Option<(Child, u32)>,
}

impl Member {
    /// One that is not started yet.
    pub(crate) fn new(command: Vec<String>, endpoint: String) -> Self {
        Self {
            command,
            endpoint,
            guard: None,
        }
    }

    pub(crate) fn start(&mut self) {
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "sh"])
            .args(&self.command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let said = guard.stdout.take().unwrap();
        BufReader::new(said).read_line(&mut line).unwrap();
        self.guard = Some((guard, line.trim().parse().unwrap()));
    }

    fn signal(&self, signal: &str) {
        let (_, id) = self.guard.as_ref().unwrap();
        let sent = Command::new("kill")
            .args([signal, &id.to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    pub(crate) fn kill(&mut self) {
        if let Some((mut guard, _)) = self.guard.take() {
            drop(guard.stdin.take());
            guard.wait().unwrap();
        }
    }
}

impl Cluster {
    /// Starts the members; whether they answer shows when a store is opened.
    pub(crate) fn start() -> Self {
        Self::at(&[(); 2 * MEMBERS].map(|()| free_address().unwrap()), None)
    }

    /// Starts each member on a host of its own, so that the network between them can be cut.
    pub(crate) fn apart() -> Self {
        let network = Network::new(MEMBERS);
        let ports = [2379, 2380];
        let addresses = ports.map(|port| network.hosts().map(move |host| (host, port).into()));
        let addresses: Vec<_> = addresses.into_iter().flatten().collect();
        Self::at(&addresses, Some(network))
    }

    /// Starts the members: where each is for clients, then where each is for the others.
    fn at(addresses: &[SocketAddr], network: Option<Network>) -> Self {
        let folder = tempfile::tempdir().unwrap().keep();
        // Gone with the test process, too.
        let remover = Command::new("sh")
            .args(["-c", "cat >/dev/null; sleep 1; rm -rf \"$1\"", "sh"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let urls: Vec<_> = addresses.iter().map(|at| format!("http://{at}")).collect();
        let (clients, peers) = urls.split_at(MEMBERS);
        let all = peers.iter().enumerate();
        let all: Vec<_> = all.map(|(n, url)| format!("member{n}={url}")).collect();
        let mut members = Vec::new();
        for (n, (client, peer)) in clients.iter().zip(peers).enumerate() {
            let mut command = network.as_ref().map_or_else(Vec::new, |one| one.on(n));
            command.push("etcd".to_owned());
            command.extend(arguments(&folder, n, client, peer, &all.join(",")));
            let mut member = Member::new(command, client.clone());
            member.start();
            members.push(member);
        }
        Self {
            members,
            network,
            folder,
            remover: Some(remover),
        }
    }

    /// Cuts a member off from the others, not from its clients.
    pub(crate) fn cut_off(&self, member: usize) {
        self.network.as_ref().unwrap().cut_off(member);
    }

    pub(crate) fn join_again(&self, member: usize) {
        self.network.as_ref().unwrap().join_again(member);
    }

    /// Settings for a store of its own name.
    pub(crate) fn settings(&self, name: &str) -> EtcdSettings {
        let endpoints = self.members.iter().map(|member| member.endpoint.clone());
        let mut settings = EtcdSettings::new(endpoints.collect(), format!("test/{name}"));
        // The machine may have much else to do.
        settings.patience = Duration::from_secs(30);
        settings.lease_ttl = Duration::from_secs(2);
        settings
    }

    /// Opens a store, once the cluster answers.
    pub(crate) async fn open(&self, name: &str) -> Arc<EtcdStore> {
        Arc::new(EtcdStore::open(self.settings(name)).await.unwrap())
    }

    /// A client of nothing but one member.
    pub(crate) async fn client(&self, member: usize) -> Client {
        let endpoint = &self.members[member].endpoint;
        Client::connect([endpoint], None).await.unwrap()
    }

    /// Which member leads.
    pub(crate) async fn leader(&self) -> usize {
        loop {
            for n in 0..MEMBERS {
                let mut client = self.client(n).await;
                if let Ok(status) = client.status().await
                    && status.header().unwrap().member_id() == status.leader()
                {
                    return n;
                }
            }
        }
    }

    pub(crate) fn kill(&mut self, member: usize) {
        self.members[member].kill();
    }

    pub(crate) fn start_again(&mut self, member: usize) {
        self.members[member].start();
    }

    /// Stops a member's process where it is.
    pub(crate) fn pause(&self, member: usize) {
        self.members[member].signal("-STOP");
    }

    pub(crate) fn resume(&self, member: usize) {
        self.members[member].signal("-CONT");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for member in &mut self.members {
            member.kill();
        }
        if let Some(mut remover) = self.remover.take() {
            drop(remover.stdin.take());
            remover.wait().unwrap();
        }
        assert!(!self.folder.exists());
    }
}

pub(crate) fn arguments(
    folder: &Path,
    n: usize,
    client: &str,
    peer: &str,
    all: &str,
) -> Vec<String> {
    let name = format!("member{n}");
    let data = folder.join(&name).display().to_string();
    let flags = [
        ("--name", name.as_str()),
        ("--data-dir", &data),
        ("--listen-client-urls", client),
        ("--advertise-client-urls", client),
        ("--listen-peer-urls", peer),
        ("--initial-advertise-peer-urls", peer),
        ("--initial-cluster", all),
        ("--logger", "zap"),
        ("--log-level", "error"),
    ];
    let words = flags.into_iter().flat_map(|(flag, value)| [flag, value]);
    words.map(str::to_owned).collect()
}

/// The cluster of all tests that do not break it.
pub(crate) fn shared() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(Cluster::start)
}

/// A name that no other store has.
pub(crate) fn name() -> String {
    static NAMES: AtomicU32 = AtomicU32::new(0);
    format!("store{}", NAMES.fetch_add(1, Ordering::Relaxed))
}
