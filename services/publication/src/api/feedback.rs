//! What readers sent, for those who work on releases.

use mesur_proto::publication::v1 as pb;
use mesur_rpc::clock;

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
        let mut rows = store::feedback(store, after.as_deref(), limit).await?;
        let more = rows.len() > size;
        rows.truncate(size);
        let next_page_token = match rows.last() {
            Some((key, _)) if more => self.tokens.issue(&arguments, key),
            _ => String::new(),
        };
        let feedback = rows.into_iter().map(|(_, sent)| pb::Feedback {
            time: Some(clock::to_proto(sent.time)),
            page: sent.page,
            text: sent.text,
            language: sent.language,
        });
        Ok(pb::ListFeedbackResponse {
            feedback: feedback.collect(),
            next_page_token,
        })
    }
}
