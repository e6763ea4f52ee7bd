//! Reading a snapshot of any size: its totals in pieces, then its authorities one by one.

use std::future::Future;

use mesur_proto::aggregation::v1 as pb;
use mesur_proto::aggregation::v1::read_snapshot_response::Part;
use mesur_wire::SnapshotName;

use crate::domain::{Inputs, Snapshot};
use crate::error::Error;
use crate::frozen::Frozen;
use crate::message::{authority_message, pieces};
use crate::recount::{Absence, Contents, Held};
use crate::snapshots::Snapshots;

/// About how many bytes a piece of the totals has at most.
const PIECE_BYTES: usize = 4 * 1024 * 1024;

/// How many values one message has at most: about 400 KB of them.
const VALUES: usize = 32 * 1024;

/// A snapshot that is read.
pub(crate) struct Reading {
    /// The snapshot, apart from its totals.
    pub(crate) snapshot: Snapshot,
    frozen: Frozen,
    held: Held,
}

impl Snapshots {
    /// A snapshot, to be read.
    pub(crate) async fn read(&self, name: &SnapshotName) -> Result<Reading, Error> {
        let snapshot = self.snapshot(name).await?;
        Ok(Reading {
            frozen: self.frozen(&snapshot).await?,
            snapshot,
            held: self.held(Absence::Damage),
        })
    }
}

impl Reading {
    /// Tells every part in order, as long as `tell` takes them; `first` makes the first of the piece of
    /// the totals that stands in it.
    pub(crate) async fn parts<F, T>(
        self,
        first: impl FnOnce(&Snapshot, pb::Totals) -> pb::Snapshot,
        tell: F,
    ) -> Result<(), Error>
    where
        F: Fn(Part) -> T + Send + Sync,
        T: Future<Output = bool> + Send,
    {
        let Frozen {
            edition,
            inputs,
            totals,
            ..
        } = self.frozen;
        let mut pieces = pieces(totals, PIECE_BYTES).into_iter();
        let snapshot = first(&self.snapshot, pieces.next().unwrap_or_default());
        let rest = pieces.map(Part::Totals);
        for part in std::iter::once(Part::Snapshot(snapshot)).chain(rest) {
            if !tell(part).await {
                return Ok(());
            }
        }
        let by_place = Inputs::by_place(&inputs.returns, &edition);
        for (authority, (_, input)) in edition.authorities().iter().zip(by_place) {
            let content = match input {
                Some(input) => Some(self.held.data_return(&edition, input).await?),
                None => None,
            };
            let (code, marks) = (&authority.code, &inputs.not_robust);
            let message = authority_message(&edition, code, content.as_ref(), marks);
            for values in message.values.chunks(VALUES) {
                let part = Part::Authority(pb::AuthorityValues {
                    authority: message.authority.clone(),
                    values: values.to_vec(),
                });
                if !tell(part).await {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
