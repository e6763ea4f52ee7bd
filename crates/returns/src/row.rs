//! A row as it was sent, before anything is known about it.

/// A value as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawValue {
    /// Text of a file.
    Text(String),
    /// A number of a message, scaled by the metric's decimals.
    Scaled(i64),
}

/// A row of a return as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawObservation {
    /// The authority that the row names; `None` where rows do not name it.
    pub authority: Option<String>,
    /// The period of the edition that the row names; `None` where rows do not name it.
    pub edition: Option<String>,
    /// The metric's code.
    pub metric: String,
    /// The category's code; empty for the metric itself.
    pub category: String,
    /// The value; `None` and empty text are the same.
    pub value: Option<RawValue>,
    /// One of [`Observed::STATUSES`](crate::Observed::STATUSES).
    pub status: String,
    /// A remark, or the reason.
    pub comment: String,
    /// The sender's own reference of the row.
    pub reference: String,
    /// The physical line of the file on which the row starts, from 1.
    pub line: Option<u64>,
}

impl RawObservation {
    /// The texts that are read without surrounding space, by column.
    pub(crate) fn trimmed_texts(&self) -> [(&'static str, &str); 6] {
        let value = match &self.value {
            Some(RawValue::Text(text)) => text.as_str(),
            Some(RawValue::Scaled(_)) | None => "",
        };
        [
            ("authority", self.authority.as_deref().unwrap_or_default()),
            ("edition", self.edition.as_deref().unwrap_or_default()),
            ("metric", &self.metric),
            ("category", &self.category),
            ("value", value),
            ("status", &self.status),
        ]
    }
}
