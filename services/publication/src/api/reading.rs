//! Reading releases, their revisions, their history and their published files.

use mesur_access::Grant;
use mesur_proto::publication::v1 as pb;
use mesur_rpc::page;
use mesur_wire::{AnyReleaseName, ReleaseName};
use prost::bytes::Bytes;
use tonic::Status;

use super::convert::{event_message, release_message};
use super::{Api, PAGE, PIECE_BYTES};
use crate::error::Error;
use crate::releases::{Reader, Release};

/// The pieces of a file as they are sent.
pub(super) type Pieces<T> = tokio_stream::Iter<std::vec::IntoIter<Result<T, Status>>>;

impl Api {
    pub(super) async fn get(&self, by: &Grant, name: &str) -> Result<pb::Release, Error> {
        let name = AnyReleaseName::parse(name).map_err(Error::name("name"))?;
        let (release, details) = self.releases.get(&name, by).await?;
        let mut message = release_message(&release, Some(&details), Reader::of(by));
        if name.revision.is_some() {
            message.name = name.to_string();
        }
        Ok(message)
    }

    pub(super) async fn list(
        &self,
        by: &Grant,
        message: &pb::ListReleasesRequest,
    ) -> Result<pb::ListReleasesResponse, Error> {
        let size = PAGE.apply(message.page_size).map_err(Error::InvalidField)?;
        let after = self.tokens.read(&[], &message.page_token);
        let after = after.map_err(Error::InvalidField)?;
        let after = after.as_deref().map(String::from_utf8_lossy);
        // One more than the page says whether there is a next one.
        let limit = size.saturating_add(1);
        let listing = self.releases.list(after.as_deref(), limit, by);
        let releases = listing.await?;
        let reader = Reader::of(by);
        let messages = releases.iter().map(|release| {
            let message = release_message(release, None, reader);
            (&release.name, message)
        });
        let (releases, last) = page::fill(messages, size);
        let last = last.map(ToString::to_string);
        let next = last.map(|last| self.tokens.issue(&[], last.as_bytes()));
        Ok(pb::ListReleasesResponse {
            releases,
            next_page_token: next.unwrap_or_default(),
        })
    }

    pub(super) async fn list_revisions(
        &self,
        by: &Grant,
        message: &pb::ListReleaseRevisionsRequest,
    ) -> Result<pb::ListReleaseRevisionsResponse, Error> {
        let name = ReleaseName::parse(&message.name).map_err(Error::name("name"))?;
        let size = PAGE.apply(message.page_size).map_err(Error::InvalidField)?;
        let arguments: [&[u8]; 2] = [b"revisions", message.name.as_bytes()];
        let after = self.tokens.read(&arguments, &message.page_token);
        let after = after.map_err(Error::InvalidField)?.unwrap_or_default();
        let is_behind = |release: &Release| release.revision.to_be_bytes().as_slice() > &after[..];
        let mut revisions = self.releases.revisions(&name, by).await?;
        revisions.retain(is_behind);
        let messages = revisions.iter().map(|release| {
            let message = pb::Release {
                name: name.revision(release.revision).to_string(),
                ..release_message(release, None, Reader::of(by))
            };
            (release.revision.to_be_bytes(), message)
        });
        let (revisions, last) = page::fill(messages, size);
        let next = last.map(|last| self.tokens.issue(&arguments, &last));
        Ok(pb::ListReleaseRevisionsResponse {
            revisions,
            next_page_token: next.unwrap_or_default(),
        })
    }

    pub(super) async fn list_events(
        &self,
        by: &Grant,
        message: &pb::ListReleaseEventsRequest,
    ) -> Result<pb::ListReleaseEventsResponse, Error> {
        let name = ReleaseName::parse(&message.name).map_err(Error::name("name"))?;
        let size = PAGE.apply(message.page_size).map_err(Error::InvalidField)?;
        let arguments: [&[u8]; 2] = [b"events", message.name.as_bytes()];
        let after = self.tokens.read(&arguments, &message.page_token);
        let after = after.map_err(Error::InvalidField)?;
        let limit = size.saturating_add(1);
        let reading = self.releases.events(&name, after.as_deref(), limit, by);
        let rows = reading.await?;
        let messages = rows.iter().map(|(key, event)| (key, event_message(event)));
        let (events, last) = page::fill(messages, size);
        let next = last.map(|last| self.tokens.issue(&arguments, last));
        Ok(pb::ListReleaseEventsResponse {
            events,
            next_page_token: next.unwrap_or_default(),
        })
    }

    pub(super) async fn download(
        &self,
        by: &Grant,
        message: &pb::DownloadFileRequest,
    ) -> Result<Pieces<pb::DownloadFileResponse>, Error> {
        let name = AnyReleaseName::parse(&message.name).map_err(Error::name("name"))?;
        let published = self.releases.public(&name)?;
        if !by.in_release(published.release.state) {
            return Err(Error::release_not_found(&name));
        }
        let file = published.file(&message.file_name);
        let file = file.ok_or_else(|| Error::file_not_found(&name, &message.file_name))?;
        let content = self.releases.content(file).await?;
        Ok(pieces(&content, |content| pb::DownloadFileResponse {
            content,
        }))
    }
}

/// A file in pieces.
pub(super) fn pieces<T>(content: &Bytes, message: impl Fn(Vec<u8>) -> T) -> Pieces<T> {
    let pieces = content.chunks(PIECE_BYTES);
    let pieces = pieces.map(|piece| Ok(message(piece.to_vec())));
    tokio_stream::iter(pieces.collect::<Vec<_>>())
}
