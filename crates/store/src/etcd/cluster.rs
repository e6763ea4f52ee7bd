//! The cluster as the store speaks to it: bounded in time, and asked again while that may help.
//!
//! One member is spoken to as long as it answers. A request that it has not answered after [`ATTEMPT`]
//! is given up and sent again to the next member, until patience ends. So a request must be one that
//! may happen twice.

use std::future::Future;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use etcd_client::{
    Certificate, Client, ConnectOptions, GetOptions, GetResponse, Identity, KvClient, TlsOptions,
    Txn, TxnResponse,
};
use tokio::sync::{OnceCell, watch};
use tokio::time::{Instant, sleep, timeout_at};
use tonic::Code;

use super::{EtcdSettings, EtcdTls};
use crate::{Error, VALUE_BYTES_MAX};

/// How long one attempt of a request may take: longer than the cluster needs to choose a leader.
const ATTEMPT: Duration = Duration::from_secs(2);
/// The wait after the first failed attempt, doubled after each.
const PAUSE: Duration = Duration::from_millis(20);
/// The longest wait between attempts.
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// A connection with a request or a watch on it is asked this often whether it still lives. etcd cuts
/// off who asks more often than every five seconds.
const KEEP_ALIVE: Duration = Duration::from_secs(7);
/// How long it may take to answer that, and how long connecting may take.
const ANSWER: Duration = Duration::from_secs(3);
/// The most bytes of a file with a certificate, a key or a password: 1 MiB.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Rows that are read at a time.
pub(super) const PAGE_ROWS: usize = 256;
/// The longest answer: a page of the longest rows.
const ANSWER_BYTES_MAX: usize = PAGE_ROWS * (VALUE_BYTES_MAX + 1024);

/// A cluster, and the prefix of a store in it.
#[derive(Clone)]
pub(super) struct Cluster {
    members: Arc<[Member]>,
    /// Counts the times that a member was found wanting: which one is spoken to.
    turn: watch::Sender<usize>,
    user: Option<(String, PathBuf)>,
    tls: Option<EtcdTls>,
    prefix: Vec<u8>,
    patience: Duration,
}

/// A member; connected to when it is needed first, and anew when it was found wanting: what it is known
/// by may have been replaced.
struct Member {
    endpoint: String,
    client: Mutex<Arc<OnceCell<Client>>>,
}

impl Member {
    fn client(&self) -> Arc<OnceCell<Client>> {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&client)
    }

    fn forget(&self) {
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        *client = Arc::default();
    }
}

impl Cluster {
    /// Gets ready to speak to the cluster; whether it is there shows at the first request. Fails when it
    /// cannot be read by what the cluster is known.
    pub(super) fn new(settings: &EtcdSettings) -> Result<Self, Error> {
        let members = settings.endpoints.iter().map(|endpoint| Member {
            endpoint: endpoint.clone(),
            client: Mutex::default(),
        });
        let cluster = Self {
            members: members.collect(),
            turn: watch::Sender::default(),
            user: settings.user.clone(),
            tls: settings.tls.clone(),
            prefix: [settings.prefix.as_bytes(), b"/"].concat(),
            patience: settings.patience,
        };
        let readable = cluster.options();
        readable.map_err(|error| Error::backend("getting ready for etcd", error))?;
        Ok(cluster)
    }

    /// How a member is connected to, by the files as they are now.
    fn options(&self) -> io::Result<ConnectOptions> {
        let mut options = ConnectOptions::new()
            .with_keep_alive(KEEP_ALIVE, ANSWER)
            .with_keep_alive_while_idle(false)
            .with_connect_timeout(ANSWER)
            .with_require_leader(true);
        if let Some((user, password)) = &self.user {
            let password = String::from_utf8(read(password)?).map_err(io::Error::other)?;
            options = options
                .with_user(user, password.trim_end())
                .with_auto_token_refresh(true);
        }
        if let Some(tls) = &self.tls {
            let authority = Certificate::from_pem(read(&tls.authority)?);
            let mut known = TlsOptions::new().ca_certificate(authority);
            if let Some((certificate, key)) = &tls.identity {
                known = known.identity(Identity::from_pem(read(certificate)?, read(key)?));
            }
            options = options.with_tls(known);
        }
        Ok(options)
    }

    fn member(&self, turn: usize) -> Option<&Member> {
        let place = turn.checked_rem(self.members.len())?;
        self.members.get(place)
    }

    /// Whose turn it is.
    pub(super) fn turn(&self) -> usize {
        *self.turn.borrow()
    }

    /// Lets the next member have its turn, unless somebody has seen to that already.
    pub(super) fn pass_on(&self, turn: usize) {
        self.turn.send_if_modified(|now| {
            let is_first = *now == turn;
            if is_first {
                if let Some(member) = self.member(turn) {
                    member.forget();
                }
                *now = turn.wrapping_add(1);
            }
            is_first
        });
    }

    /// Waits until the next member has its turn.
    pub(super) async fn passed_on(&self, turn: usize) {
        // The sender is held here, so there is an end to wait for.
        let _ = self.turn.subscribe().wait_for(|now| *now != turn).await;
    }

    /// The client of the member whose turn it is.
    pub(super) async fn client(&self, turn: usize) -> Result<Client, etcd_client::Error> {
        let nobody = || etcd_client::Error::InvalidArgs("there is no member".to_owned());
        let member = self.member(turn).ok_or_else(nobody)?;
        let connecting = || async {
            let options = self.options()?;
            Client::connect([&member.endpoint], Some(options)).await
        };
        Ok(member.client().get_or_try_init(connecting).await?.clone())
    }

    /// Where the store is, for people.
    pub(super) fn place(&self) -> String {
        format!("etcd:{}", self.prefix.escape_ascii())
    }

    /// The key in etcd of a row.
    pub(super) fn key(&self, row: &[u8]) -> Vec<u8> {
        [&self.prefix, row].concat()
    }

    /// The row of a key in etcd, which begins with the prefix.
    pub(super) fn row<'a>(&self, key: &'a [u8]) -> &'a [u8] {
        key.get(self.prefix.len()..).unwrap_or_default()
    }

    /// When patience with a request that is made now ends.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Has the transaction happen, once or more, or tells why not.
    pub(super) async fn txn(
        &self,
        doing: &'static str,
        deadline: Instant,
        txn: &Txn,
    ) -> Result<TxnResponse, Error> {
        self.attempt(doing, deadline, |client| {
            let (mut kv, txn) = (kv(&client), txn.clone());
            async move { kv.txn(txn).await }
        })
        .await
    }

    /// Reads one key in etcd, or with options a range from it.
    pub(super) async fn read(
        &self,
        doing: &'static str,
        deadline: Instant,
        key: &[u8],
        options: Option<GetOptions>,
    ) -> Result<GetResponse, Error> {
        self.attempt(doing, deadline, |client| {
            let (mut kv, key, options) = (kv(&client), key.to_vec(), options.clone());
            async move { kv.get(key, options).await }
        })
        .await
    }

    /// Sends a request until it is answered, refused for good, or the deadline has come.
    pub(super) async fn attempt<T, F>(
        &self,
        doing: &'static str,
        deadline: Instant,
        mut request: impl FnMut(Client) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, etcd_client::Error>>,
    {
        let mut pause = PAUSE;
        loop {
            let turn = self.turn();
            let until = deadline.min(Instant::now() + ATTEMPT);
            let asking = async { request(self.client(turn).await?).await };
            let source: Box<dyn std::error::Error + Send + Sync> =
                match timeout_at(until, asking).await {
                    Ok(Ok(answer)) => return Ok(answer),
                    Ok(Err(error)) if !is_passing(&error) => {
                        return Err(Error::backend(doing, error));
                    }
                    Ok(Err(error)) => Box::new(error),
                    Err(elapsed) => Box::new(elapsed),
                };
            self.pass_on(turn);
            if Instant::now() + pause >= deadline {
                return Err(Error::Unavailable { doing, source });
            }
            tracing::debug!(doing, error = %source, "a member of etcd did not answer");
            sleep(pause).await;
            pause = PAUSE_MAX.min(pause * 2);
        }
    }
}

/// What stands in a small file of the operator's.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let told = |error: io::Error| {
        let problem = format!("reading {}: {error}", file.display());
        io::Error::new(error.kind(), problem)
    };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(told)?;
    let mut limited = opened.take(FILE_BYTES_MAX + 1);
    let length = limited.read_to_end(&mut bytes).map_err(told)?;
    if u64::try_from(length).is_ok_and(|length| length <= FILE_BYTES_MAX) {
        Ok(bytes)
    } else {
        let problem = format!("it has more than {FILE_BYTES_MAX} bytes");
        Err(told(io::Error::new(io::ErrorKind::FileTooLarge, problem)))
    }
}

fn kv(client: &Client) -> KvClient {
    let kv = client.kv_client();
    kv.max_decoding_message_size(ANSWER_BYTES_MAX)
}

/// Whether the same request may be answered later: all that says nothing about the request itself.
fn is_passing(error: &etcd_client::Error) -> bool {
    use etcd_client::Error as Etcd;
    match error {
        Etcd::GRpcStatus(status) => !matches!(
            status.code(),
            Code::InvalidArgument
                | Code::NotFound
                | Code::AlreadyExists
                | Code::PermissionDenied
                | Code::FailedPrecondition
                | Code::OutOfRange
                | Code::Unimplemented
                | Code::DataLoss
                | Code::Unauthenticated
        ),
        Etcd::IoError(_) | Etcd::TransportError(_) | Etcd::WatchError(_) => true,
        _ => false,
    }
}

/// Whether a read failed because the state that it asked for is compacted away.
pub(super) fn is_compacted(error: &Error) -> bool {
    let Error::Backend { source, .. } = error else {
        return false;
    };
    matches!(
        source.downcast_ref(),
        Some(etcd_client::Error::GRpcStatus(status))
            if status.code() == Code::OutOfRange && status.message().contains("compacted")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_for_a_connection_has_so_many_bytes_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let most = usize::try_from(FILE_BYTES_MAX).unwrap();
        std::fs::write(&file, vec![b'x'; most]).unwrap();
        assert_eq!(read(&file).unwrap().len(), most);
        std::fs::write(&file, vec![b'x'; most + 1]).unwrap();
        let told = read(&file).unwrap_err().to_string();
        assert!(
            told.contains("ca.pem: it has more than 1048576 bytes"),
            "{told}"
        );
        std::fs::remove_file(&file).unwrap();
        assert!(read(&file).unwrap_err().to_string().contains("ca.pem"));
    }
}
