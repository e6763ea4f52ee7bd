//! Snapshots and their differences as streams.

use std::future::Future;

use mesur_proto::aggregation::v1 as pb;
use mesur_proto::aggregation::v1::compare_snapshots_response::Difference as Wire;
use mesur_rpc::audit::Call;
use mesur_rpc::stream::{self, Messages, Outlet};
use mesur_wire::SnapshotName;

use super::decisions::decision_message;
use super::{Api, snapshot_message, status};
use crate::compare::Difference;
use crate::error::Error;
use crate::store;

impl Api {
    pub(super) async fn read(
        &self,
        by: &Call,
        name: &str,
    ) -> Result<Messages<pb::ReadSnapshotResponse>, Error> {
        let name = SnapshotName::parse(name).map_err(Error::name("name"))?;
        self.told(by, &name).await?;
        let reading = self.snapshots.read(&name).await?;
        Ok(stream::batches(&self.stop, |outlet| async move {
            let tell = |part| send(&outlet, pb::ReadSnapshotResponse { part: Some(part) });
            let first = |snapshot: &_, totals| snapshot_message(snapshot, Some(totals));
            reading.parts(first, tell).await.map_err(status)
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
    ) -> Result<Messages<pb::CompareSnapshotsResponse>, Error> {
        let from = SnapshotName::parse(&message.from).map_err(Error::name("from"))?;
        let to = SnapshotName::parse(&message.to).map_err(Error::name("to"))?;
        let pair = self.snapshots.pair(&from, &to).await?;
        for name in [&from, &to] {
            self.told(by, name).await?;
        }
        let edition = pair.edition().clone();
        let in_force = store::in_force(&*self.snapshots.store, &edition).await?;
        Ok(stream::batches(&self.stop, |outlet| async move {
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
                send(&outlet, pb::CompareSnapshotsResponse { difference })
            };
            pair.differences(tell).await.map_err(status)
        }))
    }
}

/// Sends a message; answers whether the reader is still there.
fn send<M: Send + 'static>(
    outlet: &Outlet<M>,
    message: M,
) -> impl Future<Output = bool> + Send + use<M> {
    let outlet = outlet.clone();
    async move { outlet.send(message).await }
}
