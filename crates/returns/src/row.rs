//! A row as it was sent, before anything is known about it.

use std::borrow::Cow;

/// A value as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawValue<'a> {
    /// Text of a file.
    Text(Cow<'a, str>),
    /// A number of a message, scaled by the metric's decimals.
    Scaled(i64),
}

/// A row of a return as it was sent. It borrows from what was sent, so that reading copies nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawObservation<'a> {
    /// The authority that the row names; `None` where rows do not name it.
    pub authority: Option<Cow<'a, str>>,
    /// The period of the edition that the row names; `None` where rows do not name it.
    pub edition: Option<Cow<'a, str>>,
    /// The metric's code.
    pub metric: Cow<'a, str>,
    /// The category's code; empty for the metric itself.
    pub category: Cow<'a, str>,
    /// The value; `None` and empty text are the same.
    pub value: Option<RawValue<'a>>,
    /// One of [`Observed::STATUSES`](crate::Observed::STATUSES).
    pub status: Cow<'a, str>,
    /// The id of one of the edition's reasons; empty where the comment says it alone.
    pub reason: Cow<'a, str>,
    /// A remark, or the reason in words; kept to the byte.
    pub comment: Cow<'a, str>,
    /// The last day of a part-period value, ISO 8601; empty where the comment may say it.
    pub end_date: Cow<'a, str>,
    /// The sender's own reference of the row.
    pub reference: Cow<'a, str>,
    /// The sheet of a spreadsheet on which the row stands; empty elsewhere.
    pub sheet: Cow<'a, str>,
    /// The physical line of the file, or the row of the sheet, from 1.
    pub line: Option<u64>,
}

impl RawObservation<'_> {
    /// Whether one of [`trimmed_texts`](Self::trimmed_texts) has space around it.
    pub(crate) fn is_padded(&self) -> bool {
        let value = match &self.value {
            Some(RawValue::Text(text)) => is_padded(text),
            Some(RawValue::Scaled(_)) | None => false,
        };
        let stated = |text: &Option<Cow<'_, str>>| text.as_deref().is_some_and(is_padded);
        value
            || is_padded(&self.metric)
            || is_padded(&self.category)
            || is_padded(&self.status)
            || is_padded(&self.reason)
            || is_padded(&self.end_date)
            || stated(&self.authority)
            || stated(&self.edition)
    }

    /// The texts that are read without surrounding space, by column.
    pub(crate) fn trimmed_texts(&self) -> [(&'static str, &str); 8] {
        let value = match &self.value {
            Some(RawValue::Text(text)) => text,
            Some(RawValue::Scaled(_)) | None => "",
        };
        [
            ("authority", self.authority.as_deref().unwrap_or_default()),
            ("edition", self.edition.as_deref().unwrap_or_default()),
            ("metric", &self.metric),
            ("category", &self.category),
            ("value", value),
            ("status", &self.status),
            ("reason", &self.reason),
            ("end_date", &self.end_date),
        ]
    }
}

/// A text without surrounding space.
pub(crate) fn trimmed(text: &str) -> &str {
    if is_visible(text) { text } else { text.trim() }
}

/// Whether there is space around a text.
pub(crate) fn is_padded(text: &str) -> bool {
    !is_visible(text) && text.trim().len() != text.len()
}

/// Whether a text has nothing around it for sure: most begin and end with a visible ASCII character.
#[inline]
fn is_visible(text: &str) -> bool {
    match text.as_bytes() {
        [] => true,
        [one] => one.is_ascii_graphic(),
        [first, .., last] => first.is_ascii_graphic() && last.is_ascii_graphic(),
    }
}
