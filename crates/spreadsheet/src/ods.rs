//! The parts of an open document spreadsheet and how they are packed.

use std::io::{Cursor, Write};

use quick_xml::escape::escape;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The media type.
pub const MEDIA_TYPE: &str = "application/vnd.oasis.opendocument.spreadsheet";

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

const MANIFEST: &str = r#"<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3"><manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>"#;

/// Why a spreadsheet cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The archive cannot be made.
    #[error("the spreadsheet cannot be packed")]
    Pack(#[from] zip::result::ZipError),
    /// The bytes cannot be put together.
    #[error("the spreadsheet cannot be put together")]
    Io(#[from] std::io::Error),
}

/// Packs the parts of a spreadsheet, each a name and its XML without the declaration.
pub fn pack(parts: &[(&str, &str)]) -> Result<Vec<u8>, Error> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = |method| {
        SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(DateTime::default())
    };
    // The media type comes first and as it is, so that programs can tell the file by its bytes.
    archive.start_file("mimetype", options(CompressionMethod::Stored))?;
    archive.write_all(MEDIA_TYPE.as_bytes())?;
    let mut manifest = Xml::new(MANIFEST);
    for (name, _) in parts {
        manifest.push("<manifest:file-entry manifest:full-path=\"");
        manifest.escaped(name);
        manifest.push("\" manifest:media-type=\"text/xml\"/>");
    }
    manifest.push("</manifest:manifest>");
    let manifest = manifest.into_string();
    for (name, content) in [("META-INF/manifest.xml", manifest.as_str())]
        .iter()
        .chain(parts)
    {
        archive.start_file(*name, options(CompressionMethod::Deflated))?;
        archive.write_all(XML.as_bytes())?;
        archive.write_all(content.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

/// XML as it is put together.
#[derive(Debug, Default)]
pub struct Xml(String);

impl Xml {
    /// Begins with markup.
    pub fn new(markup: &str) -> Self {
        Self(markup.to_owned())
    }

    /// The whole.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Adds markup as it is.
    pub fn push(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// Adds text, as the value of an attribute or within an element.
    pub fn escaped(&mut self, text: &str) {
        self.push(&escape(text));
    }

    /// A cell with a text; spaces and line ends are kept. An empty text leaves the cell empty.
    pub fn text_cell(&mut self, style: &str, validation: Option<&str>, text: &str) {
        self.begin_cell(style, validation);
        if text.is_empty() {
            self.push("/>");
            return;
        }
        self.push(" office:value-type=\"string\">");
        self.paragraphs(text);
        self.push("</table:table-cell>");
    }

    /// A cell with a text that leads to a place, such as `#'AD_001'.A1`.
    pub fn link_cell(&mut self, style: &str, place: &str, text: &str) {
        self.begin_cell(style, None);
        self.push(
            " office:value-type=\"string\"><text:p><text:a xlink:type=\"simple\" xlink:href=\"",
        );
        self.escaped(place);
        self.push("\">");
        self.escaped(text);
        self.push("</text:a></text:p></table:table-cell>");
    }

    /// A cell with a number in plain digits, and how it is printed.
    pub fn number_cell(&mut self, style: &str, number: &str, printed: &str) {
        self.begin_cell(style, None);
        if number.is_empty() {
            self.push("/>");
            return;
        }
        self.push(" office:value-type=\"float\" office:value=\"");
        self.escaped(number);
        self.push("\"><text:p>");
        self.escaped(printed);
        self.push("</text:p></table:table-cell>");
    }

    /// A row; the style is one of the document's.
    pub fn row(&mut self, style: &str, cells: impl FnOnce(&mut Self)) {
        self.push("<table:table-row table:style-name=\"");
        self.push(style);
        self.push("\">");
        cells(self);
        self.push("</table:table-row>");
    }

    fn begin_cell(&mut self, style: &str, validation: Option<&str>) {
        self.push("<table:table-cell table:style-name=\"");
        self.push(style);
        self.push("\"");
        if let Some(name) = validation {
            self.push(" table:content-validation-name=\"");
            self.push(name);
            self.push("\"");
        }
    }

    fn paragraphs(&mut self, text: &str) {
        for paragraph in text.split('\n') {
            self.push("<text:p>");
            let mut after_text = false;
            for character in paragraph.chars() {
                match character {
                    // White space is folded in OpenDocument, but for a single space within text.
                    ' ' if after_text => self.push(" "),
                    ' ' => self.push("<text:s/>"),
                    '\t' => self.push("<text:tab/>"),
                    '\r' => self.push("&#13;"),
                    // XML has no way to write the other control characters.
                    '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => self.push("\u{fffd}"),
                    '<' | '>' | '&' | '\'' | '"' => {
                        self.push(&escape(&*character.encode_utf8(&mut [0; 4])));
                    }
                    _ => self.0.push(character),
                }
                after_text = !matches!(character, ' ' | '\t');
            }
            self.push("</text:p>");
        }
    }
}
