//! Pages of a list: how many, and from where.
//!
//! A page token holds the last key that was shown and is tied to the other arguments of the list,
//! so that a caller cannot change the filter half-way and get a list that fits neither. It is signed
//! with a key that outlives the process: a token stays good over a restart and on every replica.
//! Tokens are not encrypted; put no key into one that its reader may not see. They do not expire.

use mesur_store::{Commit, Expect, Store, record, with_retry};
use prost::Message;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::etag::{digest, hex};
use crate::status::Violation;

/// First byte of each token. A change of layout takes the next number.
const TOKEN_VERSION: u8 = 1;
/// The format in which the key is stored.
const KEY_FORMAT: u8 = 1;
/// Bytes of messages on a page: with so many it is closed, whatever number was asked for.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
const ARGUMENTS_BYTES: usize = 8;
const MAC_BYTES: usize = 16;
const HMAC_BLOCK_BYTES: usize = 64;

/// How many items a page of one list may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeLimits {
    /// Items on a page when the request says zero.
    pub default: usize,
    /// Items on a page at most; a larger request gets this many.
    pub max: usize,
}

impl SizeLimits {
    /// Works out how many items to return for the `page_size` of a request.
    pub fn apply(self, page_size: i32) -> Result<usize, Violation> {
        match usize::try_from(page_size) {
            Ok(0) => Ok(self.default),
            Ok(size) => Ok(size.min(self.max)),
            Err(_) => Err(Violation {
                field: "page_size".to_owned(),
                reason: "PAGE_SIZE_NEGATIVE",
                description: format!("must not be negative, is {page_size}"),
            }),
        }
    }
}

/// The messages of one page, at most `size`, of those behind the last page with their keys; and the key
/// of its last one, if another page follows. One item more than `size` says whether one does.
pub fn fill<K, M: Message>(
    items: impl IntoIterator<Item = (K, M)>,
    size: usize,
) -> (Vec<M>, Option<K>) {
    let mut page = Page::new(size);
    for (key, message) in items {
        if page.is_full() {
            return page.with_another();
        }
        page.push(key, message);
    }
    page.as_last()
}

/// A page that is filled one by one, where to make a message of an item takes a while: as [`fill`] does it.
#[derive(Debug)]
pub struct Page<K, M> {
    size: usize,
    bytes: usize,
    messages: Vec<M>,
    last: Option<K>,
}

impl<K, M: Message> Page<K, M> {
    /// An empty page of at most `size` messages.
    pub fn new(size: usize) -> Self {
        Self {
            size,
            bytes: 0,
            messages: Vec::new(),
            last: None,
        }
    }

    /// Whether there is no room for any more.
    pub fn is_full(&self) -> bool {
        self.messages.len() >= self.size || self.bytes >= PAGE_BYTES
    }

    /// Adds the message of the item with this key.
    pub fn push(&mut self, key: K, message: M) {
        self.bytes = self.bytes.saturating_add(message.encoded_len());
        self.messages.push(message);
        self.last = Some(key);
    }

    /// The messages, and the key behind which the next page begins.
    pub fn with_another(self) -> (Vec<M>, Option<K>) {
        (self.messages, self.last)
    }

    /// The messages of the last page.
    pub fn as_last(self) -> (Vec<M>, Option<K>) {
        (self.messages, None)
    }
}

/// Makes and reads page tokens.
#[derive(Clone)]
pub struct Tokens {
    key: [u8; 32],
}

impl Tokens {
    /// Takes the signing key, of any length; the same on every replica and after a restart.
    pub fn new(key: &[u8]) -> Self {
        Self {
            key: Sha256::digest(key).into(),
        }
    }

    /// The tokens of a service: their signing key stands in its store at `key`, and is made there
    /// the first time, so that it outlives the process and is the same on every replica.
    pub async fn load(store: &dyn Store, key: &[u8]) -> Result<Self, mesur_store::Error> {
        with_retry(|| async {
            if let Some(stored) = Self::stored(store, key).await? {
                return Ok(stored);
            }
            let secret = [Uuid::new_v4(), Uuid::new_v4()]
                .map(Uuid::into_bytes)
                .concat();
            let commit = Commit::new()
                .expect(key, Expect::Absent)
                .put(key, record::seal_bytes(KEY_FORMAT, &secret));
            store.commit(commit).await?;
            Ok(Self::new(&secret))
        })
        .await
    }

    /// The same, where their key is there already; nothing is made.
    pub async fn stored(store: &dyn Store, key: &[u8]) -> Result<Option<Self>, mesur_store::Error> {
        let Some(entry) = store.get(key).await? else {
            return Ok(None);
        };
        let (_, secret) = record::unseal(key, &entry.value)?;
        Ok(Some(Self::new(secret)))
    }

    /// The token for the page after `last_key` of the list asked for with `arguments`: the name of
    /// the method and every field of the request but `page_size` and `page_token`.
    pub fn issue(&self, arguments: &[&[u8]], last_key: &[u8]) -> String {
        let mut token = vec![TOKEN_VERSION];
        token.extend(
            digest(arguments.iter().copied())
                .iter()
                .take(ARGUMENTS_BYTES),
        );
        token.extend_from_slice(last_key);
        let mac = hmac(&self.key, &token);
        token.extend(mac.iter().take(MAC_BYTES));
        hex(&token)
    }

    /// The last key shown before the page asked for; `None` for an empty token, the first page.
    ///
    /// A token that this key did not sign, or that belongs to other arguments, is a violation.
    pub fn read(&self, arguments: &[&[u8]], token: &str) -> Result<Option<Vec<u8>>, Violation> {
        if token.is_empty() {
            return Ok(None);
        }
        let forged = || violation("is not a page token of this service");
        let bytes = unhex(token).ok_or_else(forged)?;
        let (signed, mac) = bytes.split_last_chunk::<MAC_BYTES>().ok_or_else(forged)?;
        if !equal(&hmac(&self.key, signed), mac) {
            return Err(forged());
        }
        let (version, rest) = signed.split_first().ok_or_else(forged)?;
        let (stamp, last_key) = rest
            .split_first_chunk::<ARGUMENTS_BYTES>()
            .ok_or_else(forged)?;
        if *version != TOKEN_VERSION {
            return Err(forged());
        }
        if !equal(&digest(arguments.iter().copied()), stamp) {
            return Err(violation("belongs to a list with other arguments"));
        }
        Ok(Some(last_key.to_vec()))
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tokens").finish_non_exhaustive()
    }
}

fn violation(description: &str) -> Violation {
    Violation {
        field: "page_token".to_owned(),
        reason: "PAGE_TOKEN_INVALID",
        description: description.to_owned(),
    }
}

/// HMAC-SHA-256 (RFC 2104) with a key that is not longer than a block.
fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let pad = |mask: u8| {
        let mut block = [mask; HMAC_BLOCK_BYTES];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        block
    };
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}

/// Compares as many bytes as both have, in a time that does not tell where they differ.
fn equal(left: &[u8], right: &[u8]) -> bool {
    left.iter()
        .zip(right)
        .fold(0, |difference, (left, right)| difference | (left ^ right))
        == 0
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    pairs
        .iter()
        .map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?))
        .collect()
}

/// Upper case is refused: each token has one spelling.
fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGUMENTS: &[&[u8]] = &[b"ListReturns", b"authorities/W06000003", b"state = DRAFT"];

    #[test]
    fn zero_is_the_default_large_is_clamped_and_negative_is_invalid() {
        let limits = SizeLimits {
            default: 50,
            max: 1000,
        };
        assert_eq!(limits.apply(0), Ok(50));
        assert_eq!(limits.apply(7), Ok(7));
        for (asked, given) in [(999, 999), (1000, 1000), (1001, 1000), (i32::MAX, 1000)] {
            assert_eq!(limits.apply(asked), Ok(given));
        }
        assert_eq!(limits.apply(-1).unwrap_err().field, "page_size");
    }

    #[test]
    fn a_page_is_closed_by_its_number_or_by_its_bytes_and_says_whether_another_follows() {
        const HALF: usize = PAGE_BYTES / 2;
        let message = |bytes: &usize| {
            let mut message = vec![7_u8; *bytes];
            // Beside its content it has a tag and a length.
            while message.encoded_len() > *bytes {
                message.pop();
            }
            assert_eq!(message.encoded_len(), *bytes);
            message
        };
        let filled = |bytes: &[usize], size| {
            let (messages, last) = fill(bytes.iter().map(message).enumerate(), size);
            (messages.len(), last)
        };
        assert_eq!(filled(&[10, 10], 3), (2, None));
        assert_eq!(filled(&[10, 10, 10], 3), (3, None));
        assert_eq!(filled(&[10, 10, 10, 10], 3), (3, Some(2)));
        assert_eq!(filled(&[HALF, HALF - 1, HALF], 3), (3, None));
        assert_eq!(filled(&[HALF, HALF, HALF], 3), (2, Some(1)));
        // One that is larger than a page has one of its own.
        assert_eq!(filled(&[2 * PAGE_BYTES, 10], 3), (1, Some(0)));
        assert_eq!(filled(&[], 3), (0, None));
    }

    #[test]
    fn a_token_gives_back_its_key_also_after_a_restart() {
        let token = Tokens::new(b"secret").issue(ARGUMENTS, b"pif-2022-23");
        let again = Tokens::new(b"secret");
        assert_eq!(
            again.read(ARGUMENTS, &token),
            Ok(Some(b"pif-2022-23".to_vec()))
        );
        assert_eq!(again.read(ARGUMENTS, ""), Ok(None));
    }

    #[test]
    fn a_changed_argument_is_refused() {
        let tokens = Tokens::new(b"secret");
        let token = tokens.issue(ARGUMENTS, b"key");
        let other: &[&[u8]] = &[b"ListReturns", b"authorities/W06000003", b""];
        let violation = tokens.read(other, &token).unwrap_err();
        assert_eq!(violation.field, "page_token");
        assert_eq!(
            violation.description,
            "belongs to a list with other arguments"
        );
    }

    #[test]
    fn every_changed_digit_and_every_cut_is_refused() {
        let tokens = Tokens::new(b"secret");
        let token = tokens.issue(ARGUMENTS, b"key");
        for place in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[place] = if forged[place] == b'0' { b'1' } else { b'0' };
            let forged = String::from_utf8(forged).unwrap();
            assert!(tokens.read(ARGUMENTS, &forged).is_err(), "{forged}");
            if place > 0 {
                assert!(tokens.read(ARGUMENTS, &token[..place]).is_err(), "{place}");
            }
        }
        assert!(tokens.read(ARGUMENTS, &token.to_uppercase()).is_err());
        assert!(tokens.read(ARGUMENTS, "ŵŷ").is_err());
        assert!(Tokens::new(b"other").read(ARGUMENTS, &token).is_err());
    }

    #[test]
    fn the_mac_is_the_one_of_rfc_4231() {
        // Test case 1: a key of twenty 0x0b, which zero padding makes the same as 32 bytes.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert!(hex(&hmac(&key, b"Hi There")).starts_with("b0344c61d8db38535ca8afceaf0bf12b"));
    }
}
