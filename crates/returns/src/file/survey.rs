//! What the rows of a file say of whose return it is, and of which edition.

use std::collections::BTreeMap;

/// The texts of a column, counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// How often each text occurs, and how many others had occurred before it.
    counts: BTreeMap<String, (usize, usize)>,
    /// The text of the rows above, which is mostly that of the next one too, and how often it
    /// stands there.
    last: Option<(String, usize)>,
}

impl Tally {
    /// Counts a text, without surrounding space.
    pub(crate) fn add(&mut self, text: &str) {
        let text = text.trim();
        match &mut self.last {
            Some((last, times)) if last == text => *times = times.saturating_add(1),
            _ => {
                self.settle();
                self.last = Some((text.to_owned(), 1));
            }
        }
    }

    fn settle(&mut self) {
        if let Some((text, times)) = self.last.take() {
            let place = self.counts.len();
            let (count, _) = self.counts.entry(text).or_insert((0, place));
            *count = count.saturating_add(times);
        }
    }

    /// The text that occurs most often among those that are wanted; the first of those that occur
    /// equally often.
    pub(crate) fn most_frequent(&mut self, wanted: impl Fn(&str) -> bool) -> Option<&str> {
        self.settle();
        let wanted = self.counts.iter().filter(|(text, _)| wanted(text));
        let most = wanted.max_by_key(|(_, (count, first))| (*count, std::cmp::Reverse(*first)));
        most.map(|(text, _)| text.as_str())
    }

    /// The text that every row has, if it is one.
    pub(crate) fn the_only(&mut self) -> Option<&str> {
        self.settle();
        let mut texts = self.counts.keys();
        texts
            .next()
            .filter(|_| texts.next().is_none())
            .map(String::as_str)
    }
}

/// What all rows of a file say of themselves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Survey {
    /// How many rows there are.
    pub(crate) rows: usize,
    /// The authorities that the rows name; empty where rows name none.
    pub(crate) authorities: Tally,
    /// The periods that the rows name; empty where rows name none.
    pub(crate) editions: Tally,
    /// The digests of the edition that a form names.
    pub(crate) digests: Tally,
}
