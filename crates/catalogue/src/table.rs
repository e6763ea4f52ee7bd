//! A CSV table of an edition, read by column name.

use std::rc::Rc;

use crate::fault::Faults;
use crate::folder::Folder;

/// A CSV file of an edition, read row by row: nothing is held for the rows before.
pub(crate) struct Table<'a> {
    file: &'static str,
    text: &'a str,
    header: Rc<[String]>,
    reader: csv::Reader<&'a [u8]>,
}

/// One row, which knows where it stands.
pub(crate) struct Row {
    file: &'static str,
    line: u64,
    /// It has more or fewer fields than the header, which is among the faults. What its columns
    /// hold can only be guessed, so nothing further is said against it.
    torn: bool,
    header: Rc<[String]>,
    fields: csv::StringRecord,
}

impl<'a> Table<'a> {
    /// Opens `file`, which must have every one of `columns`; columns that it has beyond these are
    /// kept, so that an edition may carry notes of its own. `None` when the folder has no such
    /// file, or when it cannot be read as a table, which is then among the faults.
    pub(crate) fn open(
        folder: &'a Folder,
        file: &'static str,
        columns: &[&str],
        faults: &mut Faults,
    ) -> Option<Self> {
        let text = folder.text(file, faults)?;
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(text.as_bytes());
        let header: Rc<[String]> = match reader.headers() {
            Ok(header) => header.iter().map(str::to_owned).collect(),
            Err(error) => {
                faults.file(file, error.to_string());
                return None;
            }
        };
        let mut whole = true;
        for column in columns {
            let count = header.iter().filter(|name| name == column).count();
            if count != 1 {
                let problem = if count == 0 {
                    "is missing"
                } else {
                    "stands more than once"
                };
                faults.at(file, 1, column, format!("the column {problem}"));
                whole = false;
            }
        }
        whole.then_some(Self {
            file,
            text,
            header,
            reader,
        })
    }

    /// The next row that can be read; what keeps one from being read is among the faults.
    pub(crate) fn next(&mut self, faults: &mut Faults) -> Option<Row> {
        let mut fields = csv::StringRecord::new();
        loop {
            match self.reader.read_record(&mut fields) {
                Ok(true) => break,
                Ok(false) => return None,
                Err(error) => faults.file(self.file, error.to_string()),
            }
        }
        let line = fields
            .position()
            .map_or(0, |start| line_of(self.text, start));
        let (have, want) = (fields.len(), self.header.len());
        let torn = have != want;
        if torn {
            let problem = "text with a comma stands in double quotes";
            let message = format!("{have} fields where {want} are due: {problem}");
            faults.at(self.file, line, "", message);
        }
        let row = Row {
            file: self.file,
            line,
            torn,
            header: Rc::clone(&self.header),
            fields,
        };
        row.find_mangled(faults);
        Some(row)
    }

    /// All rows of `file`, for a table that has no more of them than people write: `None` as for
    /// [`open`](Self::open).
    pub(crate) fn read(
        folder: &'a Folder,
        file: &'static str,
        columns: &[&str],
        faults: &mut Faults,
    ) -> Option<Vec<Row>> {
        let mut table = Self::open(folder, file, columns, faults)?;
        let mut rows = Vec::new();
        while let Some(row) = table.next(faults) {
            rows.push(row);
        }
        Some(rows)
    }

    /// The rows of a table that may be absent: none then.
    pub(crate) fn read_optional(
        folder: &'a Folder,
        file: &'static str,
        columns: &[&str],
        faults: &mut Faults,
    ) -> Vec<Row> {
        Self::read(folder, file, columns, faults).unwrap_or_default()
    }

    /// The rows of a table that must be there and hold something; `None` when it cannot be read.
    pub(crate) fn read_required(
        folder: &'a Folder,
        file: &'static str,
        columns: &[&str],
        faults: &mut Faults,
    ) -> Option<Vec<Row>> {
        if !folder.has(file) {
            faults.file(file, "the file is missing");
            return None;
        }
        let rows = Self::read(folder, file, columns, faults)?;
        if rows.is_empty() {
            faults.file(file, "the table has no rows");
        }
        Some(rows)
    }
}

/// The physical line on which a record starts. The reader counts empty lines before a record as
/// part of it.
fn line_of(text: &str, start: &csv::Position) -> u64 {
    let rest = usize::try_from(start.byte())
        .ok()
        .and_then(|byte| text.as_bytes().get(byte..));
    let empty = rest
        .unwrap_or_default()
        .iter()
        .take_while(|byte| **byte == b'\n');
    start
        .line()
        .saturating_add(u64::try_from(empty.count()).unwrap_or(0))
}

impl Row {
    /// Notes letters that were lost when a file of Windows-1252 was taken for one of Latin-1: nobody
    /// sees them, and they would be published.
    fn find_mangled(&self, faults: &mut Faults) {
        if self.fields.as_slice().is_ascii() {
            return;
        }
        for (column, text) in self.header.iter().zip(&self.fields) {
            if let Some(mangled) = text.chars().find(|c| ('\u{80}'..='\u{9f}').contains(c)) {
                let code = u32::from(mangled);
                let message = format!(
                    "U+{code:04X} is no letter: write what Windows-1252 has at {code:02X}, such as ’ at 92"
                );
                self.fault(faults, column, message);
            }
        }
    }

    /// The trimmed text of a column; empty when the table has no such column.
    pub(crate) fn get(&self, column: &str) -> &str {
        // Of two columns with one name, which only notes may be, the last counts.
        let place = self.header.iter().rposition(|name| name == column);
        let text = place.and_then(|place| self.fields.get(place));
        text.map_or("", str::trim)
    }

    /// The physical line on which the row starts.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Whether it has another number of fields than the header.
    pub(crate) fn is_torn(&self) -> bool {
        self.torn
    }

    /// Notes a fault in a column of this row.
    pub(crate) fn fault(&self, faults: &mut Faults, column: &str, message: impl Into<String>) {
        if !self.torn {
            faults.at(self.file, self.line, column, message);
        }
    }

    /// Reads a column with `parse`; a failure becomes a fault.
    pub(crate) fn parse<T, E: std::fmt::Display>(
        &self,
        faults: &mut Faults,
        column: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.get(column)) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(faults, column, error.to_string());
                None
            }
        }
    }

    /// Reads a column whose text is one of a closed set.
    pub(crate) fn one_of<T: Copy>(
        &self,
        faults: &mut Faults,
        column: &str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let text = self.get(column);
        let found = choices
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.fault(
                faults,
                column,
                format!("{text:?} is not one of: {}", names.join(", ")),
            );
        }
        found
    }

    /// Reads `yes` or `no`.
    pub(crate) fn yes_no(&self, faults: &mut Faults, column: &str) -> Option<bool> {
        self.one_of(faults, column, &[("yes", true), ("no", false)])
    }
}
