//! What readers sent with the form of a page.

use jiff::Timestamp;
use mesur_proto::storage::v1::FeedbackRecord;
use mesur_rpc::clock;
use mesur_store::{Commit, Key, KeyBuilder, KeyRange, Store, record};
use uuid::Uuid;

use super::{FEEDBACK, FORMAT, required};
use crate::error::Error;
use crate::feedback::Feedback;

/// Adds what a reader sent to a commit.
pub(crate) fn put_feedback(commit: Commit, sent: &Feedback) -> Commit {
    let nanoseconds = u64::try_from(sent.time.as_nanosecond()).unwrap_or(0);
    // The latest comes first; two at the same instant are two.
    let key = KeyBuilder::new(FEEDBACK)
        .number(u64::MAX.saturating_sub(nanoseconds))
        .text(&Uuid::new_v4().to_string())
        .build();
    let stored = FeedbackRecord {
        time: Some(clock::to_proto(sent.time)),
        page: sent.page.clone(),
        text: sent.text.clone(),
        language: sent.language.clone(),
    };
    commit.put(key, record::seal(FORMAT, &stored))
}

/// At most `limit` of what readers sent, the latest first, with their keys.
pub(crate) async fn feedback(
    store: &dyn Store,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<(Key, Feedback)>, Error> {
    let whole = KeyRange::prefix(KeyBuilder::new(FEEDBACK).build());
    let range = match after {
        Some(after) => whole.after(after),
        None => whole,
    };
    let mut found = Vec::new();
    for (key, entry) in store.scan(range, limit).await? {
        let stored: FeedbackRecord = record::open(FORMAT, &key, &entry.value)?;
        let time: Timestamp = required("feedback", stored.time.as_ref())?;
        let feedback = Feedback {
            time,
            page: stored.page,
            text: stored.text,
            language: stored.language,
        };
        found.push((key, feedback));
    }
    Ok(found)
}
