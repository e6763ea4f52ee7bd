//! Reading the fields of a request: everything that is wrong is told at once.

use jiff::civil::Date;
use mesur_rpc::Violation;

use crate::error::Error;

/// The longest reason or justification, in characters.
const REASON_CHARS_MAX: usize = 2_000;

/// What is wrong with the fields that were read so far.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<Violation>);

impl Fields {
    /// Notes what is wrong with a field.
    fn fault(&mut self, field: &str, description: String) {
        self.0.push(Violation {
            field: field.to_owned(),
            reason: "INVALID_FIELD",
            description,
        });
    }

    /// Notes a text that must be set and is not.
    pub(super) fn required(&mut self, field: &str, text: &str) {
        if text.is_empty() {
            self.fault(field, "must be set".to_owned());
        }
    }

    /// Notes a text that is blank or too long.
    pub(super) fn text(&mut self, field: &str, text: &str, chars_max: usize) {
        if text.trim().is_empty() || text.chars().count() > chars_max {
            self.fault(field, format!("must have 1 to {chars_max} characters"));
        }
    }

    /// Notes a reason that is blank or too long.
    pub(super) fn reason(&mut self, field: &str, text: &str) {
        self.text(field, text, REASON_CHARS_MAX);
    }

    /// A day, or `None` and its fault noted.
    pub(super) fn day(&mut self, field: &str, text: &str) -> Option<Date> {
        // Only the plain form: jiff would also read a day with a time behind it.
        let plain = |text: &&str| text.len() == "2026-11-26".len();
        let day = Some(text).filter(plain).and_then(|text| text.parse().ok());
        if day.is_none() {
            self.fault(field, "must be a day such as 2026-11-26".to_owned());
        }
        day
    }

    /// Fails with what is wrong, if anything is.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        match self.0.len() {
            0 => Ok(()),
            1 => Err(Error::InvalidField(self.0.remove(0))),
            _ => Err(Error::InvalidFields(self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::early::NAME_CHARS_MAX;
    use crate::api::life::NOTE_CHARS_MAX;

    #[test]
    fn a_text_has_so_many_characters_and_no_more() {
        for chars_max in [NAME_CHARS_MAX, NOTE_CHARS_MAX, REASON_CHARS_MAX] {
            let read = |chars: usize| {
                let mut fields = Fields::default();
                fields.text("field", &"ŵ".repeat(chars), chars_max);
                fields.finish().is_ok()
            };
            assert!(read(chars_max) && !read(chars_max + 1), "{chars_max}");
        }
        let mut fields = Fields::default();
        fields.reason("reason", &"ŵ".repeat(REASON_CHARS_MAX + 1));
        assert!(fields.finish().is_err());
    }
}
