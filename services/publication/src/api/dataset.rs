//! Reading published values, in pages and as a stream.

use std::sync::Arc;

use mesur_proto::publication::v1 as pb;
use mesur_rpc::page::SizeLimits;
use prost::Message;
use tonic::Status;
use tonic::codegen::BoxStream;

use super::Api;
use crate::dataset::{Dataset, Library, Selection};
use crate::error::Error;

/// How many values a page has.
const PAGE: SizeLimits = SizeLimits {
    default: 100,
    max: 1_000,
};
/// The values in one message of a stream.
const PIECE_ROWS: usize = 1_000;

impl Api {
    pub(super) fn query(
        &self,
        message: &pb::QueryDatasetRequest,
    ) -> Result<pb::QueryDatasetResponse, Error> {
        let size = PAGE.apply(message.page_size).map_err(Error::InvalidField)?;
        let filter = message.filter.clone().unwrap_or_default();
        let library = self.library();
        // A page of other revisions would fit neither the one before nor the one after.
        let (tag, asked) = (library.tag(), filter.encode_to_vec());
        let arguments: [&[u8]; 3] = [b"dataset", tag.as_bytes(), &asked];
        let from = self.tokens.read(&arguments, &message.page_token);
        let from = from.map_err(Error::InvalidField)?;
        let from = from.as_deref().map_or(0, place_of);
        let selection = library.select(&filter).map_err(Error::InvalidFields)?;
        let rows = selection.rows(from, size);
        let next = from.saturating_add(rows.len());
        let next_page_token = if next < selection.len() {
            let next = u64::try_from(next).unwrap_or(u64::MAX);
            self.tokens.issue(&arguments, &next.to_be_bytes())
        } else {
            String::new()
        };
        Ok(pb::QueryDatasetResponse {
            rows,
            next_page_token,
            total_size: i64::try_from(selection.len()).unwrap_or(i64::MAX),
        })
    }

    pub(super) fn stream(
        &self,
        message: pb::StreamDatasetRequest,
    ) -> Result<BoxStream<pb::StreamDatasetResponse>, Error> {
        let filter = message.filter.unwrap_or_default();
        let selection = self.library().select(&filter);
        let selection = selection.map_err(Error::InvalidFields)?;
        Ok(Box::pin(tokio_stream::iter(pieces(selection))))
    }

    /// What is published now.
    fn library(&self) -> Library {
        let published = self.releases.shelf().all();
        let datasets = published.iter().map(|published| {
            let release = &published.release;
            let tables = Arc::clone(&published.tables);
            Arc::new(Dataset::new(&release.name, release.revision, tables))
        });
        Library::new(datasets.collect())
    }
}

fn pieces(selection: Selection) -> impl Iterator<Item = Result<pb::StreamDatasetResponse, Status>> {
    let places = (0..selection.len()).step_by(PIECE_ROWS);
    places.map(move |from| {
        let rows = selection.rows(from, PIECE_ROWS);
        Ok(pb::StreamDatasetResponse { rows })
    })
}

/// A token that is signed holds eight bytes.
fn place_of(bytes: &[u8]) -> usize {
    let place = bytes.try_into().map(u64::from_be_bytes);
    let place = place.ok().and_then(|place| usize::try_from(place).ok());
    place.unwrap_or(usize::MAX)
}
