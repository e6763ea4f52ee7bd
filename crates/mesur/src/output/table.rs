//! Tables for people: columns two spaces apart, the last one broken between words so that the
//! table fits the terminal, and colours where a terminal shows them.

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
#[derive(Debug, Clone, Default)]
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

    /// Breaks the last column so that the lines are no longer than `width`, if they can be.
    fn fit(&mut self, width: usize) {
        let Some(last) = self.header.len().checked_sub(1) else {
            return;
        };
        let before = self.widths().into_iter().take(last);
        let before: usize = before.map(|widest| widest.saturating_add(GAP)).sum();
        let rest = width.saturating_sub(before).max(LAST_WIDTH_MIN);
        for cell in self.rows.iter_mut().filter_map(|row| row.get_mut(last)) {
            let lines = cell.text.split('\n').flat_map(|line| wrapped(line, rest));
            cell.text = lines.collect::<Vec<_>>().join("\n");
        }
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
}
