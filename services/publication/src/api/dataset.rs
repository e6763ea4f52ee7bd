//! Reading published values, in pages and as a stream.

use mesur_proto::publication::v1 as pb;
use mesur_rpc::page::SizeLimits;
use prost::Message;
use prost::bytes::BufMut;
use tonic::{Request, Status};

use super::encoded::Encoded;
use super::{Api, caller, status};
use crate::dataset::Rows;
use crate::error::Error;

/// How many values a page has.
const PAGE: SizeLimits = SizeLimits {
    default: 100,
    max: 1_000,
};
/// About what a page has besides its rows.
const REST_BYTES: usize = 256;
/// The values in one message of a stream.
const PIECE_ROWS: usize = 1_000;

/// A page of values.
pub(super) struct Page {
    rows: Piece,
    next_page_token: String,
    total_size: i64,
}

impl Encoded for Page {
    type Message = pb::QueryDatasetResponse;

    fn bytes(&self) -> usize {
        // The rest is a number and a token of some fifty letters.
        self.rows.bytes().saturating_add(REST_BYTES)
    }

    fn write(&self, buffer: &mut impl BufMut) {
        self.rows.write(buffer);
        let rest = pb::QueryDatasetResponse {
            rows: Vec::new(),
            next_page_token: self.next_page_token.clone(),
            total_size: self.total_size,
        };
        // There is always room in a buffer that grows.
        let _ = rest.encode(buffer);
    }
}

/// A message of a stream of values.
pub(super) struct Piece(Rows);

impl Encoded for Piece {
    type Message = pb::StreamDatasetResponse;

    fn bytes(&self) -> usize {
        self.0.pieces().map(<[u8]>::len).sum()
    }

    fn write(&self, buffer: &mut impl BufMut) {
        for rows in self.0.pieces() {
            buffer.put_slice(rows);
        }
    }
}

impl Api {
    pub(super) fn query(&self, request: &Request<pb::QueryDatasetRequest>) -> Result<Page, Status> {
        caller(request)?;
        self.page(request.get_ref()).map_err(status)
    }

    fn page(&self, message: &pb::QueryDatasetRequest) -> Result<Page, Error> {
        let limit = PAGE.apply(message.page_size).map_err(Error::InvalidField)?;
        let all = pb::DatasetFilter::default();
        let filter = message.filter.as_ref().unwrap_or(&all);
        let library = self.releases.shelf().library();
        // A page of other revisions would fit neither the one before nor the one after.
        let asked = filter.encode_to_vec();
        let arguments: [&[u8]; 3] = [b"dataset", library.tag().as_bytes(), &asked];
        let from = self.tokens.read(&arguments, &message.page_token);
        let from = from.map_err(Error::InvalidField)?;
        let from = from.as_deref().map_or(0, place_of);
        let selection = library.select(filter).map_err(Error::InvalidFields)?;
        let next = from.saturating_add(limit);
        let next_page_token = if next < selection.len() {
            let next = u64::try_from(next).unwrap_or(u64::MAX);
            self.tokens.issue(&arguments, &next.to_be_bytes())
        } else {
            String::new()
        };
        Ok(Page {
            total_size: i64::try_from(selection.len()).unwrap_or(i64::MAX),
            rows: Piece(selection.rows(from, limit)),
            next_page_token,
        })
    }

    pub(super) fn pieces(
        &self,
        request: &Request<pb::StreamDatasetRequest>,
    ) -> Result<impl Iterator<Item = Piece> + Send + use<>, Status> {
        caller(request)?;
        let filter = request.get_ref().filter.clone().unwrap_or_default();
        let selection = self.releases.shelf().library().select(&filter);
        let selection = selection.map_err(Error::InvalidFields).map_err(status)?;
        let places = (0..selection.len()).step_by(PIECE_ROWS);
        Ok(places.map(move |from| Piece(selection.rows(from, PIECE_ROWS))))
    }
}

/// A token that is signed holds eight bytes.
fn place_of(bytes: &[u8]) -> usize {
    let place = bytes.try_into().map(u64::from_be_bytes);
    let place = place.ok().and_then(|place| usize::try_from(place).ok());
    place.unwrap_or(usize::MAX)
}
