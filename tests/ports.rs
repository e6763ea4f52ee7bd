//! Ports for servers that are started, and started again, by their addresses.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below those that Linux gives to who connects (`net.ipv4.ip_local_port_range`, from 32,768 on): one of
/// them could be taken between the moment it is found free and the server's start, or between its stop and
/// its next start.
const PORTS: Range<u16> = 20_000..32_000;

/// An address on loopback where nobody listens now; none is given twice in a process.
///
/// # Errors
///
/// `AddrInUse` if there is none.
pub fn free_address() -> io::Result<SocketAddr> {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    // Two processes begin at two places.
    let first = std::process::id().wrapping_mul(97);
    let ports = std::iter::repeat_with(|| {
        let tried = TRIED.fetch_add(1, Ordering::Relaxed);
        let place = first.wrapping_add(tried.into()) % u32::from(PORTS.end - PORTS.start);
        PORTS.start + u16::try_from(place).unwrap_or_default()
    });
    let addresses = ports.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let free = addresses
        .take(PORTS.len())
        .find(|address| TcpListener::bind(address).is_ok());
    free.ok_or_else(|| io::Error::new(io::ErrorKind::AddrInUse, "all ports of tests are taken"))
}

/// As many addresses as asked for, each as from [`free_address`].
///
/// # Errors
///
/// `AddrInUse` if there are fewer.
pub fn free_addresses(count: usize) -> io::Result<Vec<SocketAddr>> {
    std::iter::repeat_with(free_address).take(count).collect()
}
