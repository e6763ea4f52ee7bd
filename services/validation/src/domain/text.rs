//! What people say.

/// The longest text, in characters.
pub(crate) const TEXT_CHARS_MAX: usize = 1_000;

/// A question, an answer or a reason, in somebody's own words: not empty, at most
/// [`TEXT_CHARS_MAX`] characters, without space around it, and without control characters but line
/// ends and tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text(String);

impl Text {
    /// Reads a text; `None` when it is not one. Line ends of every system become `\n`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().replace("\r\n", "\n");
        let plain = !text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\t'));
        let fits = !text.is_empty() && text.chars().nth(TEXT_CHARS_MAX).is_none() && plain;
        fits.then_some(Self(text))
    }

    /// The words.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_1_to_1000_characters_besides_the_space_around_it_and_no_control_characters() {
        let longest = "ŵ".repeat(TEXT_CHARS_MAX);
        let parsed = |text: &str| Text::parse(text).map(Text::into_string);
        assert_eq!(parsed(&format!(" {longest}\n")), Some(longest.clone()));
        assert_eq!(parsed("one\r\ntwo\tthree"), Some("one\ntwo\tthree".into()));
        for text in ["", " \t\n", "a\u{7}b", "a\rb", "\0", &format!("{longest}ŵ")] {
            assert_eq!(parsed(text), None, "{text:?}");
        }
    }
}
