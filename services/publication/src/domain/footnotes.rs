//! Numbering the footnotes of a release.

use mesur_catalogue::FootnoteStyle;

use super::figure::{FigureFact, Note};

/// A footnote: its mark, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Footnote {
    /// `1`, or `a`.
    pub(crate) mark: String,
    /// One note, or with letters all notes of the figure.
    pub(crate) notes: Vec<Note>,
}

/// Gives the figures their footnotes, in the order of the figures.
///
/// Numbers: a note gets its number where it first appears, and equal notes share it. Letters: each
/// figure that has notes gets one letter for all of them.
pub(crate) fn number<'a>(
    style: FootnoteStyle,
    figures: impl Iterator<Item = &'a mut FigureFact>,
) -> Vec<Footnote> {
    let mut footnotes: Vec<Footnote> = Vec::new();
    for figure in figures {
        let notes = figure.notes();
        figure.footnotes.clear();
        match style {
            FootnoteStyle::Letters if notes.is_empty() => {}
            FootnoteStyle::Letters => {
                figure.footnotes.push(footnotes.len());
                footnotes.push(Footnote {
                    mark: letters(footnotes.len()),
                    notes,
                });
            }
            FootnoteStyle::Numbers => {
                for note in notes {
                    let notes = vec![note];
                    let known = footnotes
                        .iter()
                        .position(|footnote| footnote.notes == notes);
                    figure.footnotes.push(known.unwrap_or(footnotes.len()));
                    if known.is_none() {
                        let mark = footnotes.len().saturating_add(1).to_string();
                        footnotes.push(Footnote { mark, notes });
                    }
                }
            }
        }
    }
    footnotes
}

/// The letters of a place from 0: a to z, then aa, ab and so on, as in a spreadsheet's columns.
fn letters(place: usize) -> String {
    const ALPHABET: [char; 26] = [
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r',
        's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
    ];
    let last = ALPHABET.get(place % ALPHABET.len()).copied().unwrap_or('a');
    let mut text = match (place / ALPHABET.len()).checked_sub(1) {
        Some(before) => letters(before),
        None => String::new(),
    };
    text.push(last);
    text
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn letters_go_on_after_z() {
        let marks = [0, 1, 25, 26, 27, 51, 52, 701, 702].map(letters);
        assert_eq!(marks, ["a", "b", "z", "aa", "ab", "az", "ba", "zz", "aaa"]);
    }
}
