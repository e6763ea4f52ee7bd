//! Reading the fields of a request: everything that is wrong is told at once.

use jiff::Timestamp;
use mesur_rpc::{Violation, clock};

use crate::error::{Error, invalid};

/// The longest reason, in characters.
pub(super) const REASON_CHARS_MAX: usize = 1_000;

/// What is wrong with the fields that were read so far.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<Violation>);

impl Fields {
    /// Notes what is wrong with a field.
    pub(super) fn fault(&mut self, violation: Violation) {
        self.0.push(violation);
    }

    /// The value of a field, or `None` and its fault noted.
    pub(super) fn take<T>(&mut self, read: Result<T, Violation>) -> Option<T> {
        read.map_err(|violation| self.fault(violation)).ok()
    }

    /// Notes a text that must be set and is not.
    pub(super) fn required(&mut self, field: &str, text: &str) {
        if text.is_empty() {
            self.fault(invalid(field, "must be set"));
        }
    }

    /// Notes a text that is blank or too long.
    pub(super) fn text(&mut self, field: &str, text: &str, chars_max: usize) {
        if text.trim().is_empty() || text.chars().count() > chars_max {
            let problem = format!("must have 1 to {chars_max} characters");
            self.fault(invalid(field, &problem));
        }
    }

    /// Notes a reason that is blank or too long.
    pub(super) fn reason(&mut self, text: &str) {
        self.text("reason", text, REASON_CHARS_MAX);
    }

    /// A time that may be absent.
    pub(super) fn time(
        &mut self,
        field: &str,
        time: Option<&prost_types::Timestamp>,
    ) -> Option<Timestamp> {
        let read = clock::from_proto(time?);
        self.take(read.map_err(|error| invalid(field, &error.to_string())))
    }

    /// What was read, if nothing is wrong.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, Error> {
        value
            .filter(|_| self.0.is_empty())
            .ok_or(Error::InvalidFields(self.0))
    }
}
