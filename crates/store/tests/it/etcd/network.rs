//! Hosts of the test's own: network namespaces on one bridge, gone when this is dropped.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;

/// What the names begin with; the process follows, and names of interfaces are 15 letters at most.
const PREFIX: &str = "mt";

pub(crate) struct Network {
    process: u32,
    hosts: usize,
}

impl Network {
    /// Makes a bridge and so many hosts on it. Needs root.
    pub(crate) fn new(hosts: usize) -> Self {
        let network = Self {
            process: std::process::id(),
            hosts,
        };
        let bridge = network.bridge();
        ip(&format!("link add {bridge} type bridge"));
        ip(&format!("addr add {}/24 dev {bridge}", address(1)));
        ip(&format!("link set {bridge} up"));
        for host in 0..hosts {
            let name = network.host(host);
            ip(&format!("netns add {name}"));
            ip(&format!(
                "link add {name} type veth peer name eth0 netns {name}"
            ));
            ip(&format!("link set {name} master {bridge} up"));
            ip(&format!("-n {name} addr add {}/24 dev eth0", of_host(host)));
            ip(&format!("-n {name} link set eth0 up"));
            ip(&format!("-n {name} link set lo up"));
        }
        network
    }

    /// The addresses of the hosts.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = IpAddr> + use<> {
        (0..self.hosts).map(|host| of_host(host).into())
    }

    /// What stands before a command that runs on a host.
    pub(crate) fn on(&self, host: usize) -> Vec<String> {
        let words = ["ip", "netns", "exec", &self.host(host)];
        words.map(str::to_owned).to_vec()
    }

    /// Has a host drop all that it sends to the others.
    pub(crate) fn cut_off(&self, host: usize) {
        self.route(host, "add");
    }

    pub(crate) fn join_again(&self, host: usize) {
        self.route(host, "del");
    }

    fn route(&self, host: usize, what: &str) {
        for other in (0..self.hosts).filter(|other| *other != host) {
            let (name, other) = (self.host(host), of_host(other));
            ip(&format!("-n {name} route {what} blackhole {other}/32"));
        }
    }

    fn bridge(&self) -> String {
        format!("{PREFIX}{}", self.process)
    }

    fn host(&self, host: usize) -> String {
        format!("{PREFIX}{}-{host}", self.process)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // Its interfaces go with a host.
        for host in 0..self.hosts {
            ip(&format!("netns del {}", self.host(host)));
        }
        ip(&format!("link del {}", self.bridge()));
    }
}

fn of_host(host: usize) -> Ipv4Addr {
    address(u8::try_from(host).unwrap() + 2)
}

/// An address that nobody else here is likely to have.
fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 213, 77, last)
}

fn ip(words: &str) {
    let run = Command::new("ip").args(words.split(' ')).status();
    assert!(run.unwrap().success(), "ip {words}");
}
