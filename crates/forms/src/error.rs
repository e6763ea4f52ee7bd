//! Why a form cannot be written.

use mesur_catalogue::AuthorityCode;

/// Why a form cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The edition does not ask the authority.
    #[error("{authority} is not an authority of the edition")]
    UnknownAuthority {
        /// Who it is not.
        authority: AuthorityCode,
    },
    /// A text of the form is not held.
    #[error("a text of the form is not held")]
    Wording(#[from] mesur_wording::Error),
    /// The workbook cannot be put together.
    #[error("the workbook cannot be written")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
    /// The open document cannot be packed.
    #[error("the open document cannot be written")]
    Ods(#[from] mesur_spreadsheet::ods::Error),
    /// The bytes cannot be put together.
    #[error("the form cannot be put together")]
    Io(#[from] std::io::Error),
    /// The rows cannot be written as CSV.
    #[error("the rows cannot be written as CSV")]
    Csv(#[from] csv::Error),
}
