//! A form as CSV: the long form of a return, with more columns for the reader.
//!
//! It begins with a byte order mark and ends its lines with CRLF, so that Excel shows the letters
//! of Welsh. Texts that a spreadsheet would run or change have an apostrophe before them, which the
//! reader of a form takes off again.

use mesur_returns::guarded;

use crate::error::Error;
use crate::form::Form;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The columns, in the words of a return file whatever the language of the form.
const HEADER: [&str; 15] = [
    "authority",
    "edition",
    "edition_digest",
    "metric",
    "category",
    "metric_wording",
    "category_wording",
    "unit",
    "previous_value",
    "value",
    "status",
    "reason",
    "comment",
    "end_date",
    "reference",
];

pub(crate) fn write(form: &Form) -> Result<Vec<u8>, Error> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    writer.write_record(HEADER)?;
    for row in form.sheets.iter().flat_map(|sheet| &sheet.rows) {
        let keys = [&form.authority, &form.period, &form.edition_digest];
        for key in keys {
            writer.write_field(key)?;
        }
        for (text, is_number) in row.texts() {
            if is_number {
                writer.write_field(text)?;
            } else {
                writer.write_field(guarded(text).as_bytes())?;
            }
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer
        .into_inner()
        .map_err(|error| Error::Io(error.into_error()))
}
