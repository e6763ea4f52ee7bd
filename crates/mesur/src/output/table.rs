//! Tables for people: columns two spaces apart, broken between words so that the table fits the
//! terminal, the last one first, and colours where a terminal shows them.

use mesur_wording::Wording;
use tabled::builder::Builder;
use tabled::settings::object::{Columns, Rows};
use tabled::settings::{Alignment, Color, Padding, Style};

use super::{printable, width, wrapped};
use crate::words::label;

/// The narrowest last column that is still readable, in characters.
const LAST_WIDTH_MIN: usize = 24;
/// Between two columns.
const GAP: usize = 2;

/// What a cell means for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tone {
    /// Nothing of note.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// Waits for somebody.
    Doubt,
    /// Stands against going on.
    Bad,
    /// Of less interest.
    Faint,
}

impl Tone {
    fn color(self) -> Option<Color> {
        match self {
            Self::Plain => None,
            Self::Good => Some(Color::FG_GREEN),
            Self::Doubt => Some(Color::FG_YELLOW),
            Self::Bad => Some(Color::FG_RED),
            Self::Faint => Some(Color::FG_BRIGHT_BLACK),
        }
    }
}

/// A cell of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

/// A cell in a tone. What somebody else wrote does not drive the terminal.
pub(crate) fn cell(text: impl AsRef<str>, tone: Tone) -> Cell {
    let lines = text.as_ref().split('\n').map(printable);
    Cell {
        text: lines.collect::<Vec<_>>().join("\n"),
        tone,
    }
}

/// A cell of nothing of note.
pub(crate) fn plain(text: impl AsRef<str>) -> Cell {
    cell(text, Tone::Plain)
}

/// How many; nothing of note where there are none.
pub(crate) fn count(number: i32, tone: Tone) -> Cell {
    let tone = if number == 0 { Tone::Faint } else { tone };
    cell(number.to_string(), tone)
}

/// A table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    header: Vec<String>,
    right: Vec<usize>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with these columns, by the ids of their headings; one that begins with `#` is of
    /// numbers.
    pub(crate) fn new(wording: &Wording, columns: &[&str]) -> Self {
        let name = |column: &&str| label(wording, column.trim_start_matches('#'));
        let right = columns.iter().enumerate();
        Self {
            header: columns.iter().map(name).collect(),
            right: right
                .filter_map(|(at, column)| column.starts_with('#').then_some(at))
                .collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, with a cell for each column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text, in colours where standard output shows them.
    pub(crate) fn render(mut self) -> String {
        self.fit(width());
        let colored = console::colors_enabled();
        let mut builder = Builder::default();
        builder.push_record(&self.header);
        for row in &self.rows {
            builder.push_record(row.iter().map(|cell| &cell.text));
        }
        let mut table = builder.build();
        table.with(Style::empty());
        table.with(Padding::new(0, GAP, 0, 0));
        for column in &self.right {
            table.modify(Columns::one(*column), Alignment::right());
        }
        if colored {
            table.modify(Rows::first(), Color::BOLD);
            for (at, row) in self.rows.iter().enumerate() {
                for (column, cell) in row.iter().enumerate() {
                    if let Some(color) = cell.tone.color() {
                        // The header is the first row.
                        table.modify((at.saturating_add(1), column), color);
                    }
                }
            }
        }
        let lines = table.to_string();
        let lines: Vec<&str> = lines.lines().map(str::trim_end).collect();
        lines.join("\n")
    }

    /// How wide the table is with no text broken, in characters.
    pub(crate) fn natural_width(&self) -> usize {
        let widths = self.widths();
        let gaps = widths.len().saturating_sub(1).saturating_mul(GAP);
        widths.into_iter().sum::<usize>().saturating_add(gaps)
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = vec![0; self.header.len()];
        let header = self.header.iter().map(String::as_str).collect::<Vec<_>>();
        let rows = self.rows.iter();
        let rows = rows.map(|row| row.iter().map(|cell| cell.text.as_str()).collect());
        for row in std::iter::once(header).chain(rows) {
            for (widest, text) in widths.iter_mut().zip(&row) {
                let length = text.lines().map(|line| line.chars().count()).max();
                *widest = (*widest).max(length.unwrap_or(0));
            }
        }
        widths
    }

    /// Breaks texts between words so that the lines are no longer than `width`, if they can be: in
    /// the last column as far as it stays readable, then in whatever column is widest.
    fn fit(&mut self, width: usize) {
        let mut widths = self.widths();
        let words = self.word_widths();
        let gaps = widths.len().saturating_sub(1).saturating_mul(GAP);
        let mut excess = self.natural_width().saturating_sub(width);
        if let (Some(last), Some(word)) = (widths.last_mut(), words.last()) {
            let least = LAST_WIDTH_MIN.max(*word).min(*last);
            let given = excess.min(last.saturating_sub(least));
            *last = last.saturating_sub(given);
            excess = excess.saturating_sub(given);
        }
        while widths.iter().sum::<usize>().saturating_add(gaps) > width && excess > 0 {
            let columns = widths.iter_mut().zip(words.iter().copied());
            let breakable = columns.filter(|(wide, word)| **wide > *word);
            let Some((widest, _)) = breakable.max_by_key(|(wide, _)| **wide) else {
                break;
            };
            *widest = widest.saturating_sub(1);
        }
        let rows = self.rows.iter_mut();
        let texts = rows.map(|row| row.iter_mut().map(|cell| &mut cell.text).collect());
        let header = self.header.iter_mut().collect::<Vec<_>>();
        for row in std::iter::once(header).chain(texts) {
            for (text, width) in row.into_iter().zip(&widths) {
                let lines = text.split('\n').flat_map(|line| wrapped(line, *width));
                *text = lines.collect::<Vec<_>>().join("\n");
            }
        }
    }

    /// The longest word of each column, in characters: no column can be narrower.
    fn word_widths(&self) -> Vec<usize> {
        let longest = |text: &str| {
            text.split([' ', '\n'])
                .map(|word| word.chars().count())
                .max()
        };
        let mut widths: Vec<usize> = self
            .header
            .iter()
            .filter_map(|text| longest(text))
            .collect();
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(longest(&cell.text).unwrap_or(0));
            }
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use mesur_wording::Language;

    use super::*;

    #[test]
    fn a_table_fits_and_shows_no_colour_where_nobody_sees_it() {
        let wording = crate::words::of(Language::En).expect("words");
        let mut table = Table::new(&wording, &["col-authority", "#col-errors", "col-comment"]);
        let long = "word ".repeat(60);
        table.row([plain("Conwy"), count(12, Tone::Bad), plain(long.trim())]);
        table.row([plain("Powys"), count(0, Tone::Bad), plain("a\u{1b}[2Jb")]);
        table.fit(80);
        let text = table.render();
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        assert!(
            text.contains("a\u{fffd}[2Jb") && !text.contains('\u{1b}'),
            "{text}"
        );
        assert!(text.contains("    12  word"), "{text}");
    }

    #[test]
    fn a_table_of_many_columns_breaks_the_widest_and_its_headings() {
        let wording = crate::words::of(Language::Cy).expect("words");
        let columns = [
            "col-cell",
            "col-comment",
            "col-delegation",
            "#col-not-applicable",
        ];
        let mut table = Table::new(&wording, &columns);
        let long = "gair ".repeat(20);
        table.row([
            plain("AD/001"),
            plain(long.trim()),
            plain(long.trim()),
            plain("7"),
        ]);
        table.fit(60);
        let text = table.render();
        assert!(
            text.lines().all(|line| line.chars().count() <= 60),
            "{text}"
        );
        assert_eq!(text.matches("gair").count(), 40, "{text}");
    }
}
