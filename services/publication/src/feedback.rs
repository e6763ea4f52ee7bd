//! What readers send with the form of a page: checked, limited, and kept for those who work on
//! releases.
//!
//! Nothing is kept of who sent it. How much an address has sent is counted in memory alone, for a while,
//! under a hash that differs with every start. Each address may send a few, and all together so
//! many that the store cannot be filled.
//!
//! Deliberately not here: the form, mail, an answer to the reader.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use mesur_store::{Commit, Store};

use crate::error::Error;
use crate::store;

/// The most characters of a text.
const TEXT_CHARACTERS_MAX: usize = 4_000;
/// The most characters of the path of a page.
const PAGE_CHARACTERS_MAX: usize = 200;
/// What one address may send within [`WINDOW`].
const FROM_ADDRESS_MAX: u32 = 5;
/// What all addresses together may send within [`WINDOW`].
const FROM_ALL_MAX: u32 = 200;
/// How long what was sent is counted.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// What a reader sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Feedback {
    /// When.
    pub(crate) time: Timestamp,
    /// The page it was sent from, a path.
    pub(crate) page: String,
    /// What they said.
    pub(crate) text: String,
    /// `en` or `cy`.
    pub(crate) language: String,
}

/// Why nothing was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no text.
    Empty,
    /// The text is too long.
    TooLong,
    /// The address, or all together, have sent too much lately.
    TooMany,
}

/// Takes in what readers send.
#[derive(Default)]
pub(crate) struct Inbox {
    counts: Mutex<Counts>,
    hashes: RandomState,
}

#[derive(Default)]
struct Counts {
    since: Option<Timestamp>,
    all: u32,
    by_address: HashMap<u64, u32>,
}

impl Inbox {
    /// Keeps a text, unless it is refused. What is not a path of this site is not kept as the page.
    pub(crate) async fn take(
        &self,
        store: &dyn Store,
        address: IpAddr,
        sent: Feedback,
    ) -> Result<Result<(), Refusal>, Error> {
        let text = sent.text.trim();
        if text.is_empty() {
            return Ok(Err(Refusal::Empty));
        }
        if text.chars().count() > TEXT_CHARACTERS_MAX {
            return Ok(Err(Refusal::TooLong));
        }
        if !self.count(address, sent.time) {
            return Ok(Err(Refusal::TooMany));
        }
        let is_page = is_path(&sent.page);
        let kept = Feedback {
            text: text.to_owned(),
            page: if is_page { sent.page } else { String::new() },
            ..sent
        };
        store
            .commit(store::put_feedback(Commit::new(), &kept))
            .await?;
        Ok(Ok(()))
    }

    /// Counts a text; `false` when it is one too many.
    fn count(&self, address: IpAddr, now: Timestamp) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back begins a new window too.
        let is_over = |since: Timestamp| now < since || now.duration_since(since) >= WINDOW;
        if counts.since.is_none_or(is_over) {
            *counts = Counts {
                since: Some(now),
                ..Counts::default()
            };
        }
        if counts.all >= FROM_ALL_MAX {
            return false;
        }
        let count = counts
            .by_address
            .entry(self.hashes.hash_one(network(address)))
            .or_default();
        if *count >= FROM_ADDRESS_MAX {
            return false;
        }
        *count = count.saturating_add(1);
        counts.all = counts.all.saturating_add(1);
        true
    }
}

/// What one reader has: an IPv4 address, or the /64 that an IPv6 address is in.
fn network(address: IpAddr) -> [u16; 4] {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            [0, 0, u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            [a, b, c, d]
        }
    }
}

fn is_path(page: &str) -> bool {
    page.starts_with('/')
        && !page.starts_with("//")
        && page.chars().count() <= PAGE_CHARACTERS_MAX
        && page.chars().all(|character| character.is_ascii_graphic())
}

/// Whether a path may be led back to.
pub(crate) fn safe_page(page: &str) -> Option<&str> {
    Some(page).filter(|page| is_path(page) && !page.contains('\\'))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn the_path_of_a_page_has_so_many_characters_and_no_more() {
        let of = |chars: usize| format!("/{}", "x".repeat(chars - 1));
        assert!(safe_page(&of(PAGE_CHARACTERS_MAX)).is_some());
        assert!(safe_page(&of(PAGE_CHARACTERS_MAX + 1)).is_none());
    }

    #[test]
    fn all_together_may_send_so_much_in_an_hour_and_no_more() {
        let inbox = Inbox::default();
        let now = Timestamp::UNIX_EPOCH;
        let mut sent = 0;
        for address in 0..=u8::MAX {
            let address = Ipv4Addr::new(198, 51, address, 7).into();
            sent += u32::from(inbox.count(address, now));
        }
        assert_eq!(sent, FROM_ALL_MAX);
        let address = Ipv4Addr::new(203, 0, 113, 7).into();
        assert!(!inbox.count(address, now + WINDOW - SignedDuration::from_secs(1)));
        assert!(inbox.count(address, now + WINDOW));
    }
}
