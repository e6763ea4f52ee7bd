//! A file.

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The name within the release.
    pub name: String,
    /// The media type.
    pub media_type: &'static str,
    /// The content.
    pub content: Vec<u8>,
}

impl File {
    /// A file with its name, media type and content.
    pub fn new(name: impl Into<String>, media_type: &'static str, content: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            media_type,
            content,
        }
    }
}
