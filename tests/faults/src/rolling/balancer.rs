//! What stands before the replicas of a service, as a Service of Kubernetes does: a new connection goes to one of
//! those that say that they are ready, and one that is open stays where it is.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::bail;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep};

use crate::replicas::http;

/// How often a replica is asked.
const ASK_INTERVAL: Duration = Duration::from_millis(50);
/// How long replicas may take until they are ready.
const READY_TIMEOUT: Duration = Duration::from_mins(1);

/// Those that are ready, the next one first.
type Ready = Arc<Mutex<Vec<SocketAddr>>>;

/// One address before several.
#[derive(Debug)]
pub(crate) struct Balancer {
    /// Where it is reached.
    pub(crate) address: SocketAddr,
    ready: Ready,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Balancer {
    /// With nobody behind it yet.
    pub(crate) async fn new() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let ready = Ready::default();
        Ok(Self {
            address: listener.local_addr()?,
            ready: Arc::clone(&ready),
            tasks: Mutex::new(vec![tokio::spawn(pass(listener, ready))]),
        })
    }

    /// Sends connections to `address` too, while `admin` says that it is ready.
    pub(crate) fn put(&self, address: SocketAddr, admin: SocketAddr) {
        let asking = tokio::spawn(ask(address, admin, Arc::clone(&self.ready)));
        locked(&self.tasks).push(asking);
    }

    /// Waits until so many are ready.
    pub(crate) async fn ready(&self, count: usize) -> anyhow::Result<()> {
        let begun = Instant::now();
        while locked(&self.ready).len() < count {
            if begun.elapsed() > READY_TIMEOUT {
                bail!("{count} replicas are not ready after {READY_TIMEOUT:?}");
            }
            sleep(ASK_INTERVAL).await;
        }
        Ok(())
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        for task in locked(&self.tasks).drain(..) {
            task.abort();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps an address among those that are ready while it is.
async fn ask(address: SocketAddr, admin: SocketAddr, ready: Ready) {
    loop {
        let is_ready = http::get(admin, "/readyz").await.is_ok();
        {
            let mut ready = locked(&ready);
            let is_in = ready.contains(&address);
            if is_ready && !is_in {
                ready.push(address);
            } else if !is_ready {
                ready.retain(|other| *other != address);
            }
        }
        sleep(ASK_INTERVAL).await;
    }
}

async fn pass(listener: TcpListener, ready: Ready) {
    // Ended with the balancer.
    let mut ways = JoinSet::new();
    while let Ok((mut near, _)) = listener.accept().await {
        while ways.try_join_next().is_some() {}
        let to = next(&mut locked(&ready));
        ways.spawn(async move {
            // Who is not there is not reached: the near side sees its connection closed.
            let Some(to) = to else { return };
            let Ok(mut far) = TcpStream::connect(to).await else {
                return;
            };
            let _ = (near.set_nodelay(true), far.set_nodelay(true));
            // Either side may end it at any time.
            let _ = copy_bidirectional(&mut near, &mut far).await;
        });
    }
}

/// Whose turn it is.
fn next(ready: &mut [SocketAddr]) -> Option<SocketAddr> {
    let to = ready.first().copied()?;
    ready.rotate_left(1);
    Some(to)
}
