//! Send twice, happen once.
//!
//! The response to a mutation is stored under its request id in the same commit as the mutation.
//! A repeat finds it; of two at once, one conflicts, reads again, and finds it too. The key
//! `prefix` has the caller's identity in it where ids of different callers must not meet.
//! Entries are kept for ever: how long a repeat may come is the service's to decide.

use prost::Message;

use crate::{Commit, Error, Expect, Key, KeyBuilder, Store, record};

const FORMAT: u8 = 1;

#[derive(Clone, PartialEq, Message)]
struct Remembered {
    #[prost(bytes = "vec", tag = "1")]
    content_digest: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    response: Vec<u8>,
}

/// The response that the request with this id got, if it came before.
///
/// Fails with [`Error::RequestReused`] when it came with other content.
pub async fn earlier_response(
    store: &dyn Store,
    prefix: &[u8],
    request_id: &str,
    content_digest: &[u8],
) -> Result<Option<Vec<u8>>, Error> {
    let key = request_key(prefix, request_id);
    let Some(entry) = store.get(&key).await? else {
        return Ok(None);
    };
    let remembered: Remembered = record::open(FORMAT, &key, &entry.value)?;
    if remembered.content_digest != content_digest {
        return Err(Error::RequestReused);
    }
    Ok(Some(remembered.response))
}

/// Adds to `commit` that the request with this id got this response; the commit conflicts if the
/// id has been used.
pub fn remember(
    commit: Commit,
    prefix: &[u8],
    request_id: &str,
    content_digest: &[u8],
    response: &[u8],
) -> Commit {
    let key = request_key(prefix, request_id);
    let remembered = Remembered {
        content_digest: content_digest.to_vec(),
        response: response.to_vec(),
    };
    commit
        .expect(key.clone(), Expect::Absent)
        .put(key, record::seal(FORMAT, &remembered))
}

fn request_key(prefix: &[u8], request_id: &str) -> Key {
    KeyBuilder::from_prefix(prefix).text(request_id).build()
}
