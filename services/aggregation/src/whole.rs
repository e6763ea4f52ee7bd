//! Totals with the values of their authorities in one message, where they fit one.

use std::sync::Arc;

use mesur_catalogue::Edition;
use mesur_proto::aggregation::v1 as pb;
use mesur_rpc::channel::MESSAGE_BYTES_MAX;
use prost::Message;

use crate::domain::{Contribution, Inputs, Spread, Values};
use crate::error::Error;
use crate::message::authority_message;
use crate::recount::Contents;

/// What one value takes in a message at the least.
const VALUE_BYTES_MIN: usize = 4;

/// What stands around the totals in a message at the most.
const FRAME_BYTES: usize = 2 * 1024;

/// How totals of any size can be had.
const ADVICE: &str = "freeze them with CreateSnapshot, and read the snapshot with ReadSnapshot";

/// The values of the authorities, and how they lie.
pub(crate) struct Whole {
    authorities: Vec<pb::AuthorityValues>,
    pub(crate) spreads: Vec<Option<Spread>>,
}

impl Whole {
    /// Reads the values of every authority; `item` is what they are of, for whoever is refused.
    pub(crate) async fn read(
        edition: &Arc<Edition>,
        inputs: &Inputs,
        contents: &dyn Contents,
        item: &str,
    ) -> Result<Self, Error> {
        let values = edition
            .cells()
            .len()
            .saturating_mul(edition.authorities().len());
        if values.saturating_mul(VALUE_BYTES_MIN) > MESSAGE_BYTES_MAX {
            return Err(too_large(item));
        }
        let mut lying = Values::new(edition);
        let mut authorities = Vec::with_capacity(edition.authorities().len());
        let mut bytes: usize = 0;
        for (place, input) in Inputs::by_place(&inputs.returns, edition) {
            let Some(authority) = edition.authorities().get(place) else {
                continue;
            };
            let data_return = match input {
                Some(input) => Some(contents.data_return(edition, input).await?),
                None => None,
            };
            let data_return = data_return.as_ref();
            let (code, marks) = (&authority.code, &inputs.not_robust);
            if let Some(data_return) = data_return {
                let own = Contribution {
                    place,
                    data_return,
                    previous: None,
                    not_robust: marks.get(code),
                };
                lying.take(edition, &own).ok_or_else(|| too_large(item))?;
            }
            let message = authority_message(edition, code, data_return, marks);
            bytes = bytes.saturating_add(message.encoded_len());
            if bytes > MESSAGE_BYTES_MAX {
                return Err(too_large(item));
            }
            authorities.push(message);
        }
        Ok(Self {
            authorities,
            spreads: lying.spreads().map_err(|_| too_large(item))?,
        })
    }

    /// The totals with the authorities.
    pub(crate) fn complete(self, national: pb::Totals, item: &str) -> Result<pb::Totals, Error> {
        let totals = pb::Totals {
            authorities: self.authorities,
            ..national
        };
        if totals.encoded_len().saturating_add(FRAME_BYTES) > MESSAGE_BYTES_MAX {
            return Err(too_large(item));
        }
        Ok(totals)
    }
}

fn too_large(item: &str) -> Error {
    Error::SnapshotTooLarge {
        item: item.to_owned(),
        advice: ADVICE,
    }
}

#[cfg(test)]
mod tests {
    use mesur_rpc::channel::fits;

    use super::*;

    #[test]
    fn totals_are_told_in_one_message_up_to_what_it_holds_with_all_around_them() {
        let complete = |bytes: usize| {
            let whole = Whole {
                authorities: Vec::new(),
                spreads: Vec::new(),
            };
            // Beside the name they have a tag, and its length of four bytes.
            let national = pb::Totals {
                edition: "x".repeat(bytes - 5),
                ..pb::Totals::default()
            };
            whole.complete(national, "it")
        };
        let most = MESSAGE_BYTES_MAX - FRAME_BYTES;
        let totals = complete(most).expect("it fits");
        assert_eq!(totals.encoded_len(), most);
        let refused = complete(most + 1);
        assert!(matches!(refused, Err(Error::SnapshotTooLarge { .. })));
        // With the longest name that a creator may have.
        let digest = format!("sha256:{}", "0".repeat(64));
        let snapshot = pb::Snapshot {
            name: format!("snapshots/{digest}"),
            digest: digest.clone(),
            totals: Some(totals),
            create_time: Some(mesur_rpc::clock::to_proto(jiff::Timestamp::MAX)),
            content_digest: digest,
            creator: "\u{10ffff}".repeat(200),
        };
        assert!(fits(&snapshot));
    }
}
