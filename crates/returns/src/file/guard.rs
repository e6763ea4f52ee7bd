//! Texts that a spreadsheet would run as a formula, or change into a number or a day, when it opens
//! a CSV file: `=1+1`, `65+`, `00123`.
//!
//! The CSV form that Mesur writes puts an apostrophe before them, and one is taken off again when
//! the form comes back: what was written stays what it was, to the byte. Other CSV files are read
//! as they are.

use std::borrow::Cow;

/// The text with an apostrophe before it, where a spreadsheet might run or change it without.
pub fn guarded(text: &str) -> Cow<'_, str> {
    if may_change(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text that [`guarded`] was given.
pub(crate) fn unguarded(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.starts_with('\'') || !may_change(&text) {
        return text;
    }
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix('\'').unwrap_or(text)),
        Cow::Owned(mut text) => Cow::Owned(text.split_off(1)),
    }
}

/// Whether a formula or a number may begin behind spaces and apostrophes.
fn may_change(text: &str) -> bool {
    const STARTS: [char; 8] = [
        '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ];
    let unquoted = text.trim_start_matches(|c: char| c == '\'' || c.is_whitespace());
    unquoted.starts_with(STARTS) || unquoted.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guarded_comes_back_to_the_byte() {
        for (text, guarded_text) in [
            ("=1+1", "'=1+1"),
            ("'=1+1", "''=1+1"),
            (" @x", "' @x"),
            ("' -1", "'' -1"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("65+", "'65+"),
            ("'00123", "''00123"),
            ("'tis", "'tis"),
            ("a = b", "a = b"),
            ("", ""),
        ] {
            assert_eq!(guarded(text), guarded_text);
            assert_eq!(unguarded(Cow::Borrowed(guarded_text)), text);
            assert_eq!(unguarded(Cow::Owned(guarded_text.to_owned())), text);
        }
    }
}
