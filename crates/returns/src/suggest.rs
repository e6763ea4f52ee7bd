//! What a sender may have meant by a code that is not in the edition.

use std::collections::BTreeMap;

use mesur_catalogue::{CellRef, Edition};
use strsim::levenshtein;

use crate::finding::shortened;
use crate::limits::VALUE_CHARS_MAX;

/// The cells of an edition by their letters and digits alone: `AD/005a`, `ad/005[A]` and
/// `AD-005 a` all come to `AD/005[a]`.
#[derive(Debug)]
pub(crate) struct Suggestions(BTreeMap<String, CellRef>);

impl Suggestions {
    pub(crate) fn new(edition: &Edition) -> Self {
        let mut cells = BTreeMap::new();
        for cell in edition.cells() {
            let reference = &cell.reference;
            let key = reduced(reference.metric.as_str(), reference.category_str());
            cells.entry(key).or_insert_with(|| reference.clone());
        }
        Self(cells)
    }

    /// The cell that differs from the codes only in case, signs or column.
    pub(crate) fn find(&self, metric: &str, category: &str) -> Option<String> {
        if metric.len().max(category.len()) > VALUE_CHARS_MAX {
            return None;
        }
        self.0
            .get(&reduced(metric, category))
            .map(CellRef::to_string)
    }
}

fn reduced(metric: &str, category: &str) -> String {
    let characters = metric.chars().chain(category.chars());
    characters
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The id of the edition's reason whose id or words are nearest to a text; `None` where more than
/// half of the text would have to change.
pub(crate) fn nearest_reason(edition: &Edition, text: &str) -> Option<String> {
    let text = shortened(text).to_lowercase();
    let reasons = edition.reasons().iter().flat_map(|reason| {
        let words = [&reason.id, &reason.label_en, &reason.label_cy];
        words.map(|words| (words, &reason.id))
    });
    let distances = reasons.map(|(words, id)| (levenshtein(&text, &words.to_lowercase()), id));
    let (distance, id) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance.saturating_mul(2) <= text.chars().count()).then(|| id.clone())
}
