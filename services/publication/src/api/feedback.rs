//! What readers sent, for those who work on releases.

use mesur_proto::publication::v1 as pb;
use mesur_rpc::{clock, page};

use super::{Api, PAGE};
use crate::error::Error;
use crate::store;

impl Api {
    pub(super) async fn feedback(
        &self,
        message: &pb::ListFeedbackRequest,
    ) -> Result<pb::ListFeedbackResponse, Error> {
        let size = PAGE.apply(message.page_size).map_err(Error::InvalidField)?;
        let arguments: [&[u8]; 1] = [b"feedback"];
        let after = self.tokens.read(&arguments, &message.page_token);
        let after = after.map_err(Error::InvalidField)?;
        let limit = size.saturating_add(1);
        let store = &**self.releases.store();
        let rows = store::feedback(store, after.as_deref(), limit).await?;
        let messages = rows.into_iter().map(|(key, sent)| {
            let message = pb::Feedback {
                time: Some(clock::to_proto(sent.time)),
                page: sent.page,
                text: sent.text,
                language: sent.language,
            };
            (key, message)
        });
        let (feedback, last) = page::fill(messages, size);
        let next = last.map(|last| self.tokens.issue(&arguments, &last));
        Ok(pb::ListFeedbackResponse {
            feedback,
            next_page_token: next.unwrap_or_default(),
        })
    }
}
