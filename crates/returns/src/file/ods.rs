//! The sheets of an ODS file.
//!
//! This is our own, on an XML parser, because ODS keeps numbers as decimal text: they are
//! read without becoming doubles. What repeats is repeated within limits. The file has been looked
//! at before ([`inspect`](crate::file::container::inspect)).

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::file::Refusal;
use crate::file::container::damaged;
use crate::file::sheet::{Book, Content, TEXT_CHARS_MAX};
use crate::file::xlsx::day_of;
use crate::limits::COLUMNS_MAX;

/// Takes the rows of all sheets into a book.
pub(crate) fn read(content: &str, book: &mut Book) -> Result<(), Refusal> {
    let mut sheets = Sheets {
        reader: Reader::from_str(content),
        row: 1,
        repeated: 1,
        cells: Vec::new(),
        column: 0,
    };
    // Without this an empty element would need its own way through everything below.
    sheets.reader.config_mut().expand_empty_elements = true;
    sheets.read(book)
}

/// The text of a cell as it is gathered.
#[derive(Default)]
struct Text {
    text: String,
    paragraphs: usize,
}

struct Sheets<'a> {
    reader: Reader<&'a [u8]>,
    /// The number of the row, from 1.
    row: u64,
    /// How many rows are like it.
    repeated: u64,
    /// Its cells, and the column of the next one, from 0.
    cells: Vec<(usize, Content)>,
    column: usize,
}

impl Sheets<'_> {
    fn next(&mut self) -> Result<Event<'_>, Refusal> {
        self.reader.read_event().map_err(|_| damaged("content.xml"))
    }

    fn read(&mut self, book: &mut Book) -> Result<(), Refusal> {
        loop {
            match self.next()?.into_owned() {
                Event::Start(start) => match start.name().as_ref() {
                    "table:table" => {
                        book.begin_sheet(&attribute(&start, "table:name")?.unwrap_or_default());
                        self.row = 1;
                    }
                    "table:table-row" => {
                        self.cells.clear();
                        self.column = 0;
                        self.repeated = repetition(&start, "table:number-rows-repeated")?;
                    }
                    "table:table-cell" | "table:covered-table-cell" => self.cell(&start)?,
                    _ => {}
                },
                Event::End(end) if end.name().as_ref() == "table:table-row" => {
                    self.finish_row(book)?;
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn finish_row(&mut self, book: &mut Book) -> Result<(), Refusal> {
        if !self.cells.is_empty() {
            // Below a header the book takes no more rows than a file may have.
            let times = if book.is_in_data() { self.repeated } else { 1 };
            for offset in 0..times {
                book.take(self.row.saturating_add(offset), &self.cells)?;
            }
        }
        self.row = self.row.saturating_add(self.repeated);
        Ok(())
    }

    fn cell(&mut self, start: &BytesStart<'_>) -> Result<(), Refusal> {
        let repeated = repetition(start, "table:number-columns-repeated")?;
        let value_type = attribute(start, "office:value-type")?.unwrap_or_default();
        let is_error = attribute(start, "calcext:value-type")?.as_deref() == Some("error");
        let shown = self.text(start)?;
        let value = match value_type.as_str() {
            "float" | "percentage" | "currency" => {
                attribute(start, "office:value")?.as_deref().map(|value| {
                    plain_decimal(value).map_or_else(|| Content::of_text(value), Content::Number)
                })
            }
            "date" => {
                attribute(start, "office:date-value")?.map(|date| Content::of_text(day_of(&date)))
            }
            "time" => attribute(start, "office:time-value")?.map(|time| Content::of_text(&time)),
            "boolean" => attribute(start, "office:boolean-value")?
                .map(|value| Content::of_text(&value.to_uppercase())),
            _ => attribute(start, "office:string-value")?.map(|text| Content::of_text(&text)),
        };
        let content = match value {
            _ if is_error => Content::Error(shown),
            Some(content) => content,
            None => Content::of_text(&shown),
        };
        let repeated = usize::try_from(repeated).unwrap_or(usize::MAX);
        let end = self.column.saturating_add(repeated);
        let is_empty = matches!(&content, Content::Text(text) if text.is_empty());
        if !is_empty {
            let columns = self.column..end.min(COLUMNS_MAX);
            self.cells
                .extend(columns.map(|column| (column, content.clone())));
        }
        self.column = end;
        Ok(())
    }

    /// What a cell shows, up to its end: its paragraphs, without its annotation.
    fn text(&mut self, cell: &BytesStart<'_>) -> Result<String, Refusal> {
        let mut text = Text::default();
        let mut outside = 0_usize;
        loop {
            match self.next()? {
                Event::Start(start) if start.name().as_ref() == "office:annotation" => {
                    outside = outside.saturating_add(1);
                }
                Event::End(end) if end.name().as_ref() == "office:annotation" => {
                    outside = outside.saturating_sub(1);
                }
                Event::End(end) if end.name() == cell.name() => return Ok(text.text),
                Event::Eof => return Err(damaged("content.xml")),
                event if outside == 0 => text.take(&event)?,
                _ => {}
            }
        }
    }
}

impl Text {
    /// Whether there is more than is kept of a text, whatever its characters.
    fn is_full(&self) -> bool {
        self.text.len() > TEXT_CHARS_MAX.saturating_mul(char::MAX_LEN_UTF8)
    }

    fn take(&mut self, event: &Event<'_>) -> Result<(), Refusal> {
        if self.is_full() {
            return Ok(());
        }
        match event {
            Event::Start(start) => match start.name().as_ref() {
                "text:p" => {
                    if self.paragraphs > 0 {
                        self.text.push('\n');
                    }
                    self.paragraphs = self.paragraphs.saturating_add(1);
                }
                // A run of spaces is written as their number.
                "text:s" => {
                    let spaces = repetition(start, "text:c")?;
                    let spaces = usize::try_from(spaces).unwrap_or(usize::MAX);
                    let spaces = spaces.min(TEXT_CHARS_MAX);
                    self.text.extend(std::iter::repeat_n(' ', spaces));
                }
                "text:tab" => self.text.push('\t'),
                "text:line-break" => self.text.push('\n'),
                _ => {}
            },
            Event::Text(text) if self.paragraphs > 0 => self.text.push_str(&text.xml10_content()),
            Event::CData(text) if self.paragraphs > 0 => self.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) if self.paragraphs > 0 => {
                let character = match reference.resolve_char_ref() {
                    Ok(Some(character)) => character,
                    _ => match reference.as_ref() {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        "apos" => '\'',
                        _ => return Err(damaged("content.xml")),
                    },
                };
                self.text.push(character);
            }
            _ => {}
        }
        Ok(())
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Result<Option<String>, Refusal> {
    let broken = || damaged("content.xml");
    let attribute = start.try_get_attribute(name).map_err(|_| broken())?;
    let value = attribute.map(|attribute| attribute.normalized_value(XmlVersion::Implicit1_0));
    let value = value.transpose().map_err(|_| broken())?;
    Ok(value.map(Cow::into_owned))
}

fn repetition(start: &BytesStart<'_>, name: &str) -> Result<u64, Refusal> {
    match attribute(start, name)? {
        Some(text) => text.parse().map_err(|_| damaged("content.xml")),
        None => Ok(1),
    }
}

/// A number of the file in plain digits, without zeros that say nothing.
fn plain_decimal(text: &str) -> Option<String> {
    let plain = if text.contains(['e', 'E']) {
        text.parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())?
            .to_string()
    } else {
        text.to_owned()
    };
    let plain = match plain.split_once('.') {
        Some((whole, fraction)) if fraction.trim_end_matches('0').is_empty() => whole.to_owned(),
        Some(_) => plain.trim_end_matches('0').to_owned(),
        None => plain,
    };
    let digits = plain.strip_prefix('-').unwrap_or(&plain);
    let is_digit = |c: char| c.is_ascii_digit() || c == '.';
    (!digits.is_empty() && digits.chars().all(is_digit)).then_some(plain)
}
