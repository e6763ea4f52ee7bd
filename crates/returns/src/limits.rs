//! How much a sender may send.

/// The largest file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The most rows that a file may have: above the number of cells of any edition.
pub const ROWS_MAX: usize = 50_000;

/// The longest comment, in characters.
pub const COMMENT_CHARS_MAX: usize = 1_000;

/// The longest reference that a sender may give a row, in characters.
pub const REFERENCE_CHARS_MAX: usize = 64;

/// How much of a sender's text a finding repeats, in characters.
pub const VALUE_CHARS_MAX: usize = 64;
