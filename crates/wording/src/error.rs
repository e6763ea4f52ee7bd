//! What can be wrong with a wording.

use std::fmt;

use crate::Language;

/// Why a wording could not be loaded or a text not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The tag names a language that Mesur does not write in.
    #[error("there is no wording in language {tag:?}")]
    Language {
        /// The tag as given.
        tag: String,
    },
    /// The source has faults: all of them, in the order of its lines.
    #[error("faults in the {language} wording: {}", join(faults))]
    Source {
        /// The language of the source.
        language: Language,
        /// Every fault found.
        faults: Vec<Fault>,
    },
    /// No message has this id.
    #[error("message {id} is not in the {language} wording")]
    NoMessage {
        /// The id asked for.
        id: String,
        /// The language asked for.
        language: Language,
    },
    /// The message could not be written out with these arguments.
    #[error("message {id} in {language}: {}", faults.join("; "))]
    Format {
        /// The id of the message.
        id: String,
        /// The language of the message.
        language: Language,
        /// Each missing variable or message, and whatever else went wrong.
        faults: Vec<String>,
    },
    /// The numbers are not a date.
    #[error("{year}-{month}-{day} is not a date")]
    Date {
        /// The year as given.
        year: i16,
        /// The month as given.
        month: i8,
        /// The day as given.
        day: i8,
    },
}

/// One fault in the source of a wording.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The part of the wording it stands in.
    pub part: Part,
    /// Its line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub text: String,
}

/// A part of the wording of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The wording shared by all editions.
    House,
    /// The wording of one edition.
    Edition,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match self.part {
            Part::House => "house",
            Part::Edition => "edition",
        };
        write!(f, "{part} line {}: {}", self.line, self.text)
    }
}

fn join(faults: &[Fault]) -> String {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    lines.join("; ")
}
