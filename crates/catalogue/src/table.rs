//! A CSV table of an edition, read by column name.

use std::collections::BTreeMap;

use crate::fault::Faults;
use crate::folder::Folder;

/// The rows of one CSV file.
pub(crate) struct Table {
    file: &'static str,
    rows: Vec<Row>,
}

/// One row, which knows where it stands.
pub(crate) struct Row {
    file: &'static str,
    line: u64,
    fields: BTreeMap<String, String>,
}

impl Table {
    /// Reads `file`, which must have every one of `columns`; columns that it has beyond these are
    /// kept, so that an edition may carry notes of its own. `None` when the folder has no such
    /// file, or when it cannot be read as a table, which is then among the faults.
    pub(crate) fn read(
        folder: &Folder,
        file: &'static str,
        columns: &[&str],
        faults: &mut Faults,
    ) -> Option<Self> {
        let text = folder.text(file, faults)?;
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(text.as_bytes());
        let header: Vec<String> = match reader.headers() {
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
        if !whole {
            return None;
        }
        let mut rows = Vec::new();
        for record in reader.into_records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    if record.len() != header.len() {
                        let (have, want) = (record.len(), header.len());
                        faults.at(
                            file,
                            line,
                            "",
                            format!("{have} fields where {want} are due"),
                        );
                        continue;
                    }
                    let fields = header.iter().cloned().zip(record.iter().map(str::to_owned));
                    rows.push(Row {
                        file,
                        line,
                        fields: fields.collect(),
                    });
                }
                Err(error) => faults.file(file, error.to_string()),
            }
        }
        Some(Self { file, rows })
    }

    /// The rows of a table that may be absent: none then.
    pub(crate) fn read_optional(
        folder: &Folder,
        file: &'static str,
        columns: &[&str],
        faults: &mut Faults,
    ) -> Vec<Row> {
        Self::read(folder, file, columns, faults).map_or_else(Vec::new, |table| table.rows)
    }

    /// The rows of a table that must be there and hold something.
    pub(crate) fn read_required(
        folder: &Folder,
        file: &'static str,
        columns: &[&str],
        faults: &mut Faults,
    ) -> Vec<Row> {
        if !folder.has(file) {
            faults.file(file, "the file is missing");
            return Vec::new();
        }
        let Some(table) = Self::read(folder, file, columns, faults) else {
            return Vec::new();
        };
        if table.rows.is_empty() {
            faults.file(table.file, "the table has no rows");
        }
        table.rows
    }
}

impl Row {
    /// The trimmed text of a column; empty when the table has no such column.
    pub(crate) fn get(&self, column: &str) -> &str {
        self.fields.get(column).map_or("", |text| text.trim())
    }

    /// The physical line on which the row starts.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Notes a fault in a column of this row.
    pub(crate) fn fault(&self, faults: &mut Faults, column: &str, message: impl Into<String>) {
        faults.at(self.file, self.line, column, message);
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
