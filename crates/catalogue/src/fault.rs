//! What is wrong with an edition's files, and where.

use std::fmt;

/// One fault in a file of an edition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, relative to the edition's folder.
    pub file: String,
    /// The physical line on which the row starts, from 1; 0 when the fault is the whole file's.
    pub row: u64,
    /// The column's name; empty when the fault is the whole row's.
    pub column: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.row > 0 {
            write!(f, ":{}", self.row)?;
        }
        if !self.column.is_empty() {
            write!(f, " [{}]", self.column)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Every fault of an edition, by file, row and column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

/// The physical line, from 1, that the byte after `before` stands on.
pub(crate) fn line_after(before: &[u8]) -> u64 {
    let lines = before.split(|byte| *byte == b'\n').count();
    u64::try_from(lines).unwrap_or(u64::MAX)
}

/// The physical line of the start of a byte range; 0 when there is none.
pub(crate) fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> u64 {
    let before = span.and_then(|span| text.as_bytes().get(..span.start));
    before.map_or(0, line_after)
}

/// The physical line on which a key of a TOML file, or a message of a Fluent file, is set; 0 when
/// it is not.
pub(crate) fn line_of_key(text: &str, key: &str) -> u64 {
    let sets = |line: &str| {
        line.strip_prefix(key)
            .is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let place = text.lines().position(sets);
    place.map_or(0, |place| {
        u64::try_from(place).unwrap_or(u64::MAX).saturating_add(1)
    })
}

impl Faults {
    /// Notes a fault at a row and column.
    pub(crate) fn at(&mut self, file: &str, row: u64, column: &str, message: impl Into<String>) {
        self.0.push(Fault {
            file: file.to_owned(),
            row,
            column: column.to_owned(),
            message: message.into(),
        });
    }

    /// Puts the faults in their order.
    pub(crate) fn sort(&mut self) {
        self.0.sort();
    }

    /// Notes a fault of a whole file.
    pub(crate) fn file(&mut self, file: &str, message: impl Into<String>) {
        self.at(file, 0, "", message);
    }

    /// Whether something is wrong with a file.
    pub(crate) fn has_any_in(&self, file: &str) -> bool {
        self.0.iter().any(|fault| fault.file == file)
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} fault(s)", self.0.len())?;
        for fault in &self.0 {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
