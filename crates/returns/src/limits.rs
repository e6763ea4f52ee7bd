//! How much a sender may send.
//!
//! What grows with an edition grows here too: a file of an ordinary edition has some hundreds of
//! rows, one of five million cells is as welcome.

use mesur_catalogue::Edition;

/// The largest file of an ordinary edition, in bytes.
pub const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a file may have for each cell of a very large edition, in bytes.
const FILE_BYTES_PER_CELL: usize = 256;

/// The rows that a file may have beyond one for each cell: slips, and what stands twice.
const ROWS_BEYOND_CELLS: usize = 1_000;

/// What a spreadsheet may take unpacked for each cell of a very large edition, in bytes. A row of a
/// form takes about half of it; that of an ordinary edition is far below the largest file.
const UNPACKED_BYTES_PER_CELL: usize = 1_024;

/// The most files that a spreadsheet may be packed of. Real ones have some tens.
pub(crate) const MEMBERS_MAX: usize = 1_000;

/// The deepest nesting of a spreadsheet's XML. Real ones stay below twenty.
pub(crate) const XML_DEPTH_MAX: usize = 64;

/// The most attributes of an element of a spreadsheet's XML. Real ones have some tens, nearly all of
/// them names of vocabularies.
pub(crate) const XML_ATTRIBUTES_MAX: usize = 256;

/// The most columns of a sheet that are read, and the most of a CSV file in the long form.
pub(crate) const COLUMNS_MAX: usize = 256;

/// The rows of a sheet among which its header is looked for.
pub(crate) const HEADER_ROWS_MAX: u64 = 30;

/// The longest comment, in characters.
pub const COMMENT_CHARS_MAX: usize = 1_000;

/// The longest reference that a sender may give a row, in characters.
pub const REFERENCE_CHARS_MAX: usize = 64;

/// How much of a sender's text a finding repeats, in characters. A digest fits.
pub const VALUE_CHARS_MAX: usize = 80;

/// The largest return file of an edition, in bytes.
pub fn file_bytes_max(edition: &Edition) -> usize {
    bytes_max(edition.cells().len(), FILE_BYTES_PER_CELL)
}

/// The most rows that a return file of an edition may have.
pub fn rows_max(edition: &Edition) -> usize {
    edition.cells().len().saturating_add(ROWS_BEYOND_CELLS)
}

/// What a spreadsheet may take unpacked, in bytes, all of its files together.
pub(crate) fn unpacked_bytes_max(edition: &Edition) -> usize {
    bytes_max(edition.cells().len(), UNPACKED_BYTES_PER_CELL)
}

fn bytes_max(cells: usize, bytes_per_cell: usize) -> usize {
    FILE_BYTES_MAX.max(cells.saturating_mul(bytes_per_cell))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_the_cells_of_an_edition_its_files_may_grow() {
        for bytes_per_cell in [FILE_BYTES_PER_CELL, UNPACKED_BYTES_PER_CELL] {
            let ordinary = FILE_BYTES_MAX / bytes_per_cell;
            assert_eq!(bytes_max(1, bytes_per_cell), FILE_BYTES_MAX);
            assert_eq!(bytes_max(ordinary, bytes_per_cell), FILE_BYTES_MAX);
            let larger = FILE_BYTES_MAX + bytes_per_cell;
            assert_eq!(bytes_max(ordinary + 1, bytes_per_cell), larger);
        }
    }
}
