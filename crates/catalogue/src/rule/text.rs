//! What a rule itself says in its findings, in place of the sentence of its kind.

/// The names that may stand in braces.
const PLACEHOLDERS: [&str; 4] = ["expected", "found", "previous", "cells"];

/// A rule's own sentence in both languages. `{found}`, `{expected}`, `{previous}` and `{cells}`
/// stand for what a finding has; there are no other braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleText {
    /// In English.
    pub en: String,
    /// In Welsh.
    pub cy: String,
}

impl RuleText {
    /// A text with `value` in place of each name in braces.
    pub fn fill(text: &str, value: impl Fn(&str) -> String) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            filled.push_str(before);
            filled.push_str(&value(name));
            rest = after;
        }
        filled.push_str(rest);
        filled
    }
}

/// Why a text cannot be filled in, if it cannot.
pub(super) fn check(text: &str) -> Result<String, String> {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let name = after.split_once('}');
        let Some((name, after)) = name.filter(|_| !before.contains('}')) else {
            return Err("a brace stands without its other half".to_owned());
        };
        if !PLACEHOLDERS.contains(&name) {
            let names = PLACEHOLDERS.join("}, {");
            return Err(format!("{{{name}}} is not one of: {{{names}}}"));
        }
        rest = after;
    }
    if rest.contains('}') {
        return Err("a brace stands without its other half".to_owned());
    }
    Ok(text.to_owned())
}
