//! What each authority provided, and totals in pieces of a bounded size.

use mesur_catalogue::{AuthorityCode, CellId, Edition};
use mesur_proto::aggregation::v1 as pb;
use mesur_returns::{DataReturn, Observed};
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
