//! Printing: lines and tables for people, JSON for machines.

pub(crate) mod json;
pub(crate) mod table;

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// The width of printed text where there is no terminal, in characters.
const LINE_WIDTH: usize = 100;

/// The width of printed text, in characters: that of the terminal, if there is one.
pub(crate) fn width() -> usize {
    let size = console::Term::stdout().size_checked();
    size.map_or(LINE_WIDTH, |(_, columns)| usize::from(columns))
}

/// Whether a line could not be written, for another reason than that nobody reads.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints a line. A reader that has gone away, as `head` does, is no fault of the command's, and
/// must not end a running suite; a full disk is told at the end, by [`is_lost`].
pub(crate) fn print_line(line: impl Display) {
    if let Err(error) = writeln!(io::stdout(), "{line}")
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        LOST.store(true, Ordering::Relaxed);
    }
}

/// Whether something that was to be printed is lost.
pub(crate) fn is_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// [`print_line`] with the arguments of `format!`.
macro_rules! say {
    ($($arguments:tt)*) => { $crate::output::print_line(format_args!($($arguments)*)) };
}
pub(crate) use say;

/// A sender's text as one line that does not drive the terminal: control characters, and those
/// that turn the direction of what follows, are replaced.
pub(crate) fn printable(text: &str) -> String {
    let drives =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| if drives(c) { '\u{fffd}' } else { c })
        .collect()
}

/// The lines of a text, broken between words so that none is longer than `width` unless one word
/// is. Further lines of a bullet stand below its words.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let indent = if text.starts_with("- ") { "  " } else { "" };
    let mut lines = Vec::new();
    let mut words = text.split(' ');
    let mut line = words.next().unwrap_or_default().to_owned();
    for word in words {
        let length = line.chars().count() + 1 + word.chars().count();
        if length > width && !line.trim().is_empty() {
            lines.push(std::mem::replace(&mut line, indent.to_owned() + word));
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_keep_every_word() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("- one two three", 7), ["- one", "  two", "  three"]);
        assert_eq!(wrapped("  Source: a b", 100), ["  Source: a b"]);
        assert_eq!(wrapped("", 10), [""]);
        assert_eq!(wrapped("incomprehensible", 4), ["incomprehensible"]);
    }
}
