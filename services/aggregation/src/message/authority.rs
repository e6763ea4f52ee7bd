//! What each authority provided, and totals in pieces of a bounded size.

use mesur_catalogue::{AuthorityCode, CellId, Edition};
use mesur_proto::aggregation::v1 as pb;
use mesur_proto::types::v1::observation::Status as WireStatus;
use mesur_returns::{DataReturn, Observed, Status};
use mesur_wire::status_to_wire;
use prost::Message;

use crate::domain::{NotRobust, is_robust};

/// The values of one authority; without a return it provided nothing.
pub(crate) fn authority_message(
    edition: &Edition,
    authority: &AuthorityCode,
    data_return: Option<&DataReturn>,
    not_robust: &NotRobust,
) -> pb::AuthorityValues {
    let marked = not_robust.get(authority);
    let cells = (0..).map(CellId).take(edition.cells().len());
    let values = cells.map(|cell| {
        let observed = data_return.and_then(|data_return| data_return.observed(cell));
        let observed = observed.unwrap_or(Observed::NotProvided);
        let robust = observed.value().is_none() || is_robust(edition, marked, cell);
        pb::AuthorityValue {
            value: observed.value().filter(|_| robust),
            status: status_to_wire(observed).into(),
            not_robust: !robust,
        }
    });
    pb::AuthorityValues {
        authority: authority.to_string(),
        values: values.collect(),
    }
}

/// The message of a return encoded into `bytes`, which is emptied before. It is what [`authority_message`] encodes to,
/// without anything being made of every value.
pub(crate) fn encode_authority(
    edition: &Edition,
    data_return: &DataReturn,
    not_robust: &NotRobust,
    bytes: &mut Vec<u8>,
) {
    let marked = not_robust.get(&data_return.authority);
    let cells = data_return.cells();
    bytes.clear();
    bytes.reserve(cells.len().saturating_mul(VALUE_BYTES_MAX));
    let named = pb::AuthorityValues {
        authority: data_return.authority.to_string(),
        values: Vec::new(),
    };
    bytes.extend_from_slice(&named.encode_to_vec());
    let columns = cells.statuses().iter().zip(cells.values());
    for ((status, value), cell) in columns.zip((0..).map(CellId)) {
        let robust = marked.is_none() || !status.has_value() || is_robust(edition, marked, cell);
        let value = (status.has_value() && robust).then_some(*value);
        encode_value(value, *status, robust, bytes);
    }
}

/// The most bytes of a value with what stands before it: one that is shown is robust.
const VALUE_BYTES_MAX: usize = 15;
/// What stands before a field: its number, and whether a length or a number follows.
const VALUES: u64 = 2 << 3 | 2;
const VALUE: u64 = 1 << 3;
const STATUS: u64 = 2 << 3;
const NOT_ROBUST: u64 = 3 << 3;

/// Bytes that are put together in a register and written at once.
#[derive(Default)]
struct Few {
    bytes: u128,
    bits: u32,
}

impl Few {
    fn put(&mut self, byte: u64) {
        self.append(u128::from(byte), u8::BITS);
    }

    fn append(&mut self, bytes: u128, bits: u32) {
        self.bytes |= bytes.checked_shl(self.bits).unwrap_or(0);
        self.bits = self.bits.saturating_add(bits);
    }

    fn count(&self) -> u32 {
        self.bits / u8::BITS
    }
}

fn encode_value(value: Option<i64>, status: Status, robust: bool, bytes: &mut Vec<u8>) {
    let status = match status {
        Status::Provided => WireStatus::Provided,
        Status::PartPeriod => WireStatus::PartPeriod,
        Status::NotApplicable => WireStatus::NotApplicable,
        Status::NotProvided | Status::Missing | Status::Erroneous => WireStatus::NotProvided,
    };
    let mut few = Few::default();
    if let Some(value) = value {
        few.put(VALUE);
        let mut rest = value.cast_unsigned();
        while rest >= 0x80 {
            few.put(rest & 0x7f | 0x80);
            rest >>= 7;
        }
        few.put(rest);
    }
    few.put(STATUS);
    few.put(u64::from(i32::from(status).cast_unsigned()));
    if !robust {
        few.put(NOT_ROBUST);
        few.put(1);
    }
    let mut all = Few::default();
    all.put(VALUES);
    all.put(few.count().into());
    all.append(few.bytes, few.bits);
    let length = usize::try_from(all.count()).unwrap_or(VALUE_BYTES_MAX);
    bytes.extend_from_slice(all.bytes.to_le_bytes().get(..length).unwrap_or_default());
}

/// Totals in pieces of about so many bytes at most: merged in their order, as messages are, they are
/// the totals. There is always one, and all but the lists stands in it.
pub(crate) fn pieces(mut totals: pb::Totals, bytes_max: usize) -> Vec<pb::Totals> {
    let lists = pb::Totals {
        returns: std::mem::take(&mut totals.returns),
        missing_authorities: std::mem::take(&mut totals.missing_authorities),
        cells: std::mem::take(&mut totals.cells),
        figures: std::mem::take(&mut totals.figures),
        metrics: std::mem::take(&mut totals.metrics),
        previous_returns: std::mem::take(&mut totals.previous_returns),
        authorities: std::mem::take(&mut totals.authorities),
        ..pb::Totals::default()
    };
    let mut pieces = Pieces {
        bytes: totals.encoded_len(),
        done: Vec::new(),
        next: totals,
        bytes_max,
    };
    for one in lists.returns {
        pieces.room(one.encoded_len()).returns.push(one);
    }
    for one in lists.missing_authorities {
        pieces.room(one.len()).missing_authorities.push(one);
    }
    for one in lists.cells {
        pieces.room(one.encoded_len()).cells.push(one);
    }
    for one in lists.figures {
        pieces.room(one.encoded_len()).figures.push(one);
    }
    for one in lists.authorities {
        pieces.room(one.encoded_len()).authorities.push(one);
    }
    for one in lists.metrics {
        pieces.room(one.encoded_len()).metrics.push(one);
    }
    for one in lists.previous_returns {
        pieces.room(one.encoded_len()).previous_returns.push(one);
    }
    pieces.done.push(pieces.next);
    pieces.done
}

/// The most bytes that stand before an item of a list.
const ITEM_BYTES: usize = 11;

struct Pieces {
    done: Vec<pb::Totals>,
    next: pb::Totals,
    bytes: usize,
    bytes_max: usize,
}

impl Pieces {
    /// The piece that has room for an item.
    fn room(&mut self, bytes: usize) -> &mut pb::Totals {
        let bytes = bytes.saturating_add(ITEM_BYTES);
        if self.bytes > 0 && self.bytes.saturating_add(bytes) > self.bytes_max {
            self.done.push(std::mem::take(&mut self.next));
            self.bytes = 0;
        }
        self.bytes = self.bytes.saturating_add(bytes);
        &mut self.next
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use mesur_catalogue::Catalogue;
    use mesur_returns::{CellsBuilder, Observation};
    use proptest::prelude::*;

    use super::*;

    fn observed() -> impl Strategy<Value = Observed> {
        let value = prop_oneof![0..1_000_i64, any::<i64>()];
        (0..4, value).prop_map(|(status, value)| match status {
            0 => Observed::Provided(value),
            1 => Observed::PartPeriod { value, end: None },
            2 => Observed::NotProvided,
            _ => Observed::NotApplicable,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_encoded_by_hand_is_what_the_message_encodes_to(
            observed in proptest::collection::vec(observed(), 1_000),
            marked in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let catalogue = Catalogue::bundled().expect("the bundled editions");
            let edition = catalogue.editions().next().expect("an edition");
            let authority = edition.authorities().first().expect("an authority").code.clone();
            let mut cells = CellsBuilder::new(edition.cells().len());
            for (value, cell) in observed.into_iter().cycle().zip(0..).take(edition.cells().len()) {
                cells.set(CellId(cell), Observation::of(value));
            }
            let data_return = DataReturn::new(edition, authority.clone(), cells.finish());
            let data_return = data_return.expect("a whole return");
            let metrics = marked.iter().map(|marked| marked.get(edition.metrics()).code.clone());
            let metrics: BTreeSet<_> = metrics.collect();
            let marks = NotRobust::from([(authority.clone(), metrics)]);
            let mut bytes = b"of another".to_vec();
            for marks in [NotRobust::new(), marks] {
                encode_authority(edition, &data_return, &marks, &mut bytes);
                let message = authority_message(edition, &authority, Some(&data_return), &marks);
                prop_assert_eq!(&bytes, &message.encode_to_vec());
            }
        }
    }
}
