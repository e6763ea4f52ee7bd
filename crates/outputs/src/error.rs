//! Why the files of a release cannot be written.

/// Why the files of a release cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The tables do not fit the areas or the notes: a fault of whoever made the data set.
    #[error("the data set is not whole: {problem}")]
    Malformed {
        /// What does not fit.
        problem: String,
    },
    /// A value is missing and nothing says why, or stands twice.
    #[error("{cell} in {area} is not a whole fact: {problem}")]
    Fact {
        /// The cell, such as `AD/005[b]`.
        cell: String,
        /// The code of the area.
        area: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A text of the files is not held.
    #[error("wording the files")]
    Wording(#[from] mesur_wording::Error),
    /// A workbook cannot be written.
    #[error("writing a workbook")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
    /// A workbook cannot be written as an open document.
    #[error("writing an open document")]
    Ods(#[from] mesur_spreadsheet::ods::Error),
    /// A table cannot be written as Parquet.
    #[error("writing Parquet")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A table cannot be written as CSV.
    #[error("writing CSV")]
    Csv(#[from] csv::Error),
    /// A description cannot be written as JSON.
    #[error("writing JSON")]
    Json(#[from] serde_json::Error),
    /// Files cannot be packed.
    #[error("packing files")]
    Pack(#[from] zip::result::ZipError),
    /// Files that are too many or too large for one archive.
    #[error("the files do not fit one archive")]
    TooLarge,
    /// Bytes cannot be put together.
    #[error("putting a file together")]
    Io(#[from] std::io::Error),
}
