//! Snapshots and their differences as streams.

use std::future::Future;
use std::sync::Arc;

use mesur_proto::aggregation::v1 as pb;
use mesur_proto::aggregation::v1::compare_snapshots_response::Difference as Wire;
use mesur_rpc::audit::Call;
use mesur_wire::SnapshotName;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::decisions::decision_message;
use super::{Api, snapshot_message, status};
use crate::compare::Difference;
use crate::error::Error;
use crate::store;

/// How many messages wait for a slow reader.
const QUEUE: usize = 4;

/// A stream whose messages are made as they are read.
pub(super) type Stream<M> = ReceiverStream<Result<M, Status>>;

type Sender<M> = mpsc::Sender<Result<M, Status>>;

impl Api {
    pub(super) async fn read(
        &self,
        by: &Call,
        name: &str,
    ) -> Result<Stream<pb::ReadSnapshotResponse>, Error> {
        let name = SnapshotName::parse(name).map_err(Error::name("name"))?;
        self.told(by, &name).await?;
        let reading = self.snapshots.read(&name).await?;
        Ok(self.stream(async move |sender| {
            let tell = |part| send(&sender, pb::ReadSnapshotResponse { part: Some(part) });
            let first = |snapshot: &_, totals| snapshot_message(snapshot, Some(totals));
            reading.parts(first, tell).await
        }))
    }

    pub(super) async fn verify(&self, name: &str) -> Result<pb::VerifySnapshotResponse, Error> {
        let name = SnapshotName::parse(name).map_err(Error::name("name"))?;
        self.snapshots.verify(&name).await
    }

    pub(super) async fn compare(
        &self,
        by: &Call,
        message: &pb::CompareSnapshotsRequest,
    ) -> Result<Stream<pb::CompareSnapshotsResponse>, Error> {
        let from = SnapshotName::parse(&message.from).map_err(Error::name("from"))?;
        let to = SnapshotName::parse(&message.to).map_err(Error::name("to"))?;
        let pair = self.snapshots.pair(&from, &to).await?;
        for name in [&from, &to] {
            self.told(by, name).await?;
        }
        let edition = pair.edition().clone();
        let in_force = store::in_force(&*self.snapshots.store, &edition).await?;
        Ok(self.stream(async move |sender| {
            let tell = |difference| {
                let difference = match difference {
                    Difference::Decision(decision, in_later) => {
                        let is_in_force = in_force.has(&decision);
                        Wire::Decision(pb::DecisionDifference {
                            decision: Some(decision_message(&edition, &decision, is_in_force)),
                            in_later,
                        })
                    }
                    Difference::Cell(cell) => Wire::Cell(cell),
                    Difference::Figure(figure) => Wire::Figure(*figure),
                };
                let difference = Some(difference);
                send(&sender, pb::CompareSnapshotsResponse { difference })
            };
            pair.differences(tell).await
        }))
    }

    /// A stream of what `tell` sends, until it has told all, the reader goes or the service stops.
    fn stream<M, T>(&self, tell: impl FnOnce(Arc<Sender<M>>) -> T + Send + 'static) -> Stream<M>
    where
        M: Send + 'static,
        T: Future<Output = Result<(), Error>> + Send,
    {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (sender, stop) = (Arc::new(sender), self.stop.clone());
        tokio::spawn(async move {
            let telling = tell(Arc::clone(&sender));
            let failure = match stop.run_until_cancelled(telling).await {
                None => Status::unavailable("the service stops"),
                Some(Err(error)) => status(error),
                Some(Ok(())) => return,
            };
            // A reader who has gone need not be told.
            let _ = sender.send(Err(failure)).await;
        });
        ReceiverStream::new(receiver)
    }
}

/// Sends a message; answers whether the reader is still there.
fn send<M: Send + 'static>(
    sender: &Arc<Sender<M>>,
    message: M,
) -> impl Future<Output = bool> + Send + use<M> {
    let sender = Arc::clone(sender);
    async move { sender.send(Ok(message)).await.is_ok() }
}
