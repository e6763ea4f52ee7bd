//! The cluster as the store speaks to it: bounded in time, and asked again while that may help.
//!
//! One member is spoken to as long as it answers. A request that it has not answered after [`ATTEMPT`]
//! is given up and sent again to the next member, until patience ends. So a request must be one that
//! may happen twice.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use etcd_client::{
    Certificate, Client, ConnectOptions, GetOptions, GetResponse, Identity, KvClient, TlsOptions,
    Txn, TxnResponse,
};
use tokio::sync::{OnceCell, watch};
use tokio::time::{Instant, sleep, timeout_at};
use tonic::Code;

use super::EtcdSettings;
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
    options: ConnectOptions,
    prefix: Vec<u8>,
    patience: Duration,
}

/// A member; connected to when it is needed first.
struct Member {
    endpoint: String,
    client: OnceCell<Client>,
}

impl Cluster {
    /// Gets ready to speak to the cluster; whether it is there shows at the first request.
    pub(super) fn new(settings: &EtcdSettings) -> Self {
        let mut options = ConnectOptions::new()
            .with_keep_alive(KEEP_ALIVE, ANSWER)
            .with_keep_alive_while_idle(false)
            .with_connect_timeout(ANSWER)
            .with_require_leader(true);
        if let Some((user, password)) = &settings.user {
            options = options
                .with_user(user, password)
                .with_auto_token_refresh(true);
        }
        if let Some(tls) = &settings.tls {
            let mut known = TlsOptions::new().ca_certificate(Certificate::from_pem(&tls.authority));
            if let Some((certificate, key)) = &tls.identity {
                known = known.identity(Identity::from_pem(certificate, key));
            }
            options = options.with_tls(known);
        }
        let members = settings.endpoints.iter().map(|endpoint| Member {
            endpoint: endpoint.clone(),
            client: OnceCell::new(),
        });
        Self {
            members: members.collect(),
            turn: watch::Sender::default(),
            options,
            prefix: [settings.prefix.as_bytes(), b"/"].concat(),
            patience: settings.patience,
        }
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
        let place = turn.checked_rem(self.members.len()).ok_or_else(nobody)?;
        let member = self.members.get(place).ok_or_else(nobody)?;
        let connecting = || Client::connect([&member.endpoint], Some(self.options.clone()));
        Ok(member.client.get_or_try_init(connecting).await?.clone())
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
