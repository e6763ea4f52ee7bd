//! What a sender may have meant by a code that is not in the edition.

use std::collections::BTreeMap;

use mesur_catalogue::{CellRef, Edition};

use crate::limits::VALUE_CHARS_MAX;

/// The cells of an edition by their letters and digits alone: `AD/005a`, `ad/005[A]` and
/// `AD-005 a` all come to `AD/005[a]`.
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
