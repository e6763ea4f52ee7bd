//! What an operator does with a service while it runs: export its store.
//!
//! Every service serves the same [`StoreService`](mesur_proto::operations::v1) over its own store,
//! which it knows nothing of but that it is one. Only operators get here; the table says so.
//!
//! An export holds a store as it was at one moment, which may keep a back end from tidying up: there
//! is one at a time, and a caller that stops taking pieces loses it. It has all figures in it, so the
//! [`audit`] has that it was asked for before the first piece is given.

use std::sync::Arc;
use std::time::Duration;

use mesur_proto::operations::v1::store_service_server::{StoreService, StoreServiceServer};
use mesur_proto::operations::v1::{ExportStoreRequest, ExportStoreResponse};
use mesur_store::Store;
use mesur_store::export::{self, Export};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status};

use crate::access;
use crate::audit::{self, Call, Subject};
use crate::status::{Kind, Reason, to_status};

pub use mesur_proto::operations::v1::store_service_server::SERVICE_NAME;

/// Bytes of one piece: 256 KiB.
const PIECE_BYTES: usize = 256 * 1024;
/// Exports of the store that are made at one time.
const EXPORTS_MAX: usize = 1;
/// Pieces that wait for a slow caller, at most.
const QUEUE_PIECES: usize = 4;
/// How long a caller may take for a piece.
const PIECE_TIMEOUT: Duration = Duration::from_secs(30);

type Pieces = mpsc::Sender<Result<ExportStoreResponse, Status>>;

/// Why an export is not made.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The caller came by another way than the check of who calls.
    #[error("the caller may not do this")]
    Denied,
    /// Another is being made.
    #[error("another export of this store is being made")]
    UnderWay,
    /// The caller does not take it.
    #[error("the export was given up: the caller took no piece of it for too long")]
    TooSlow,
    /// The store failed.
    #[error("exporting the store")]
    Export(#[source] export::Error),
}

impl Reason for Error {
    fn reason(&self) -> &'static str {
        match self {
            Self::Denied => "PERMISSION_DENIED",
            Self::UnderWay => "EXPORT_UNDER_WAY",
            Self::TooSlow => "EXPORT_TOO_SLOW",
            Self::Export(export::Error::Store(error)) if error.is_unavailable() => "STORE_AWAY",
            Self::Export(_) => "STORE",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Denied => Kind::Denied,
            Self::UnderWay => Kind::TooMuch,
            Self::TooSlow => Kind::Deadline,
            Self::Export(export::Error::Store(error)) if error.is_unavailable() => {
                Kind::Unavailable
            }
            Self::Export(_) => Kind::Bug,
        }
    }
}

/// The methods of an operator, over the store of the service `name`. Exports end when `stop` is
/// cancelled.
pub fn store_service(
    name: &'static str,
    store: Arc<dyn Store>,
    stop: CancellationToken,
) -> StoreServiceServer<impl StoreService> {
    StoreServiceServer::new(Operations {
        name,
        store,
        room: Arc::new(Semaphore::new(EXPORTS_MAX)),
        stop,
    })
}

struct Operations {
    name: &'static str,
    store: Arc<dyn Store>,
    room: Arc<Semaphore>,
    stop: CancellationToken,
}

#[tonic::async_trait]
impl StoreService for Operations {
    type ExportStoreStream = ReceiverStream<Result<ExportStoreResponse, Status>>;

    async fn export_store(
        &self,
        request: Request<ExportStoreRequest>,
    ) -> Result<Response<Self::ExportStoreStream>, Status> {
        let name = self.name;
        let grant = access::grant(&request);
        let by = Call::from(&grant.map_err(|_| to_status(name, &Error::Denied))?);
        let permit = Arc::clone(&self.room).try_acquire_owned();
        let permit = permit.map_err(|_| to_status(name, &Error::UnderWay))?;
        let subject = Subject::new(format!("stores/{name}"));
        let read = audit::read(&*self.store, &by, &subject).await;
        let read = read.map_err(export::Error::Store);
        read.map_err(|error| to_status(name, &Error::Export(error)))?;
        let export = Export::of(&*self.store, name).await;
        let export = export.map_err(|error| to_status(name, &Error::Export(error)))?;
        let (pieces, receiver) = mpsc::channel(QUEUE_PIECES);
        let stop = self.stop.clone();
        tokio::spawn(async move {
            let ended = tokio::select! {
                () = stop.cancelled() => {
                    Err(Status::new(Code::Unavailable, "the service stops"))
                }
                () = pieces.closed() => Ok(()),
                ended = send(export, &pieces) => {
                    ended.map_err(|error| to_status(name, &error))
                }
            };
            // The store is let go before a caller that takes nothing is told so.
            drop(permit);
            if let Err(status) = ended {
                let _ = pieces.send(Err(status)).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }
}

async fn send(mut export: Export, pieces: &Pieces) -> Result<(), Error> {
    while let Some(bytes) = export.next().await.map_err(Error::Export)? {
        for piece in bytes.chunks(PIECE_BYTES) {
            let content = piece.to_vec();
            let sent = pieces.send(Ok(ExportStoreResponse { content }));
            match timeout(PIECE_TIMEOUT, sent).await {
                Ok(Ok(())) => {}
                // The caller has gone.
                Ok(Err(_)) => return Ok(()),
                Err(_) => return Err(Error::TooSlow),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use mesur_store::{Commit, MemoryStore};
    use tokio::time::{Instant, sleep};

    use super::*;

    /// An export of more pieces than wait for a slow caller.
    async fn export() -> Export {
        let store = MemoryStore::new();
        for row in 0..80_u8 {
            let commit = Commit::new().put([row], vec![7; mesur_store::VALUE_BYTES_MAX]);
            store.commit(commit).await.unwrap();
        }
        Export::of(&store, "submission").await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_piece_may_be_taken_until_its_time_is_up_and_so_many_wait_for_it() {
        let (pieces, mut taken) = mpsc::channel(QUEUE_PIECES);
        let begun = Instant::now();
        let ended = send(export().await, &pieces).await;
        assert!(matches!(ended, Err(Error::TooSlow)), "{ended:?}");
        assert_eq!(begun.elapsed(), PIECE_TIMEOUT);
        taken.close();
        let mut waiting = 0;
        while taken.recv().await.is_some() {
            waiting += 1;
        }
        assert_eq!(waiting, QUEUE_PIECES);

        let (pieces, mut taken): (Pieces, _) = mpsc::channel(QUEUE_PIECES);
        let just_in_time = async {
            for _ in 0..3 {
                sleep(PIECE_TIMEOUT.saturating_sub(Duration::from_millis(1))).await;
                assert!(taken.recv().await.unwrap().is_ok());
            }
            while taken.recv().await.is_some() {}
        };
        let sending = async {
            let ended = send(export().await, &pieces).await;
            drop(pieces);
            ended
        };
        let (ended, ()) = tokio::join!(sending, just_in_time);
        assert!(ended.is_ok(), "{ended:?}");
    }
}
