//! An error and all its sources on one line, for the log.
//!
//! Errors of this workspace never print their source themselves, so the chain is written exactly
//! once, by whoever handles the error. It is never sent to a client.

use std::error::Error;
use std::fmt;

/// Shows an error followed by each of its sources, separated by `: `.
#[derive(Debug, Clone, Copy)]
pub struct Chain<'a>(pub &'a (dyn Error + 'a));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(formatter, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("reading the return")]
    struct Reading(#[source] std::io::Error);

    #[test]
    fn each_source_is_shown_once_in_order() {
        let error = Reading(std::io::Error::other("disk away"));
        assert_eq!(Chain(&error).to_string(), "reading the return: disk away");
    }
}
