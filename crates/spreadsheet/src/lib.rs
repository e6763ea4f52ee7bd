//! What the spreadsheets that Mesur writes have in common: packing an open document, and
//! what every format needs to know of a cell, how tall its text is and whether its number is exact.
//!
//! Open documents are written by our own, because they keep numbers as decimal text and nothing that
//! passes them through doubles is wanted here.
//!
//! Promises: the same parts are the same bytes; no text becomes markup or a formula; white space of
//! a text is kept.
//!
//! Deliberately not here: what stands on a sheet, its styles, reading.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

pub mod ods;

/// The height of a line of text, in points, and the most of a row.
const LINE_POINTS: u16 = 15;
const ROW_POINTS_MAX: u16 = 405;

/// How many lines a text takes in a column of so many characters, as nearly as can be told without
/// the font.
pub fn lines(text: &str, width: u8) -> u16 {
    // Lines break between words, so that they are not quite filled.
    let room = usize::from(width).saturating_mul(9).div_ceil(10).max(1);
    let of_paragraph = |paragraph: &str| paragraph.chars().count().div_ceil(room).max(1);
    let lines = text.split('\n').map(of_paragraph);
    u16::try_from(lines.fold(0_usize, usize::saturating_add)).unwrap_or(u16::MAX)
}

/// The height of a row of so many lines, in points.
pub fn row_points(lines: u16) -> u16 {
    lines.max(1).saturating_mul(LINE_POINTS).min(ROW_POINTS_MAX)
}

/// The double that is a decimal text, if a double can be: any other number is to be written as
/// text.
pub fn exact_double(text: &str) -> Option<f64> {
    let double: f64 = text.parse().ok()?;
    let printed = double.to_string();
    let plain = match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.'),
        None => text,
    };
    (printed == plain).then_some(double)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_double_only_where_the_double_prints_as_it_stands() {
        assert_eq!(exact_double("12.50"), Some(12.5));
        assert_eq!(exact_double("9007199254740993"), None);
        assert_eq!(exact_double("1e3"), None);
        assert_eq!(exact_double("one"), None);
    }

    #[test]
    fn a_long_text_takes_more_lines_than_a_short_one() {
        assert_eq!(lines("", 10), 1);
        assert_eq!(lines("123456789", 10), 1);
        assert_eq!(lines("1234567890\n", 10), 3);
        assert_eq!((row_points(0), row_points(2)), (15, 30));
        assert_eq!(row_points(u16::MAX), ROW_POINTS_MAX);
    }
}
