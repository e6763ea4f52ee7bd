//! The packed files that a spreadsheet is made of, looked at before anything reads them.
//!
//! Everything is unpacked once within limits and its XML gone through, so that a file of any size
//! that a few bytes claim to be, or become, costs no more than the limit. What is then read is
//! known to be small, sound and flat.

use std::io::{Cursor, Read};

use memchr::{memchr_iter, memmem};
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::file::Refusal;
use crate::finding::{Finding, shortened};
use crate::kind::FindingKind;
use crate::limits::{MEMBERS_MAX, XML_ATTRIBUTES_MAX, XML_DEPTH_MAX};

/// Says which packed files of a spreadsheet are encrypted.
const MANIFEST: &str = "META-INF/manifest.xml";

/// Begins each entry of a directory of packed files.
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";

const MEBIBYTE: usize = 1024 * 1024;

/// The elements of a sheet that say where they stand.
const PLACED: [&str; 4] = ["row", "c", "dimension", "mergeCell"];

/// The letters and digits of the last cell there is, `XFD1048576`.
const PLACE_LENGTHS_MAX: (usize, usize) = (3, 7);

/// A spreadsheet whose packed files are sound.
pub(crate) enum Container {
    /// Office Open XML.
    Xlsx,
    /// The open document format, with its `content.xml`.
    Ods(String),
}

/// Looks at a packed file; `unpacked_max` is what it may take unpacked, in bytes.
pub(crate) fn inspect(bytes: &[u8], unpacked_max: usize) -> Result<Container, Refusal> {
    let entries = memmem::find_iter(bytes, DIRECTORY_ENTRY);
    if entries.take(MEMBERS_MAX.saturating_add(1)).count() > MEMBERS_MAX {
        return Err(damaged("zip"));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged("zip"))?;
    let refusal = |fault| match fault {
        Fault::Damaged(name) => damaged(&name),
        Fault::Protected => protected(),
        Fault::TooLarge => {
            let finding = Finding::new(FindingKind::UnpackedTooLarge);
            let mebibytes = unpacked_max.div_ceil(MEBIBYTE);
            Box::new(finding.expecting(format!("{mebibytes} MiB")))
        }
    };
    // Before anything else, because what is encrypted looks damaged.
    if let Some(place) = archive.index_for_name(MANIFEST) {
        let (_, manifest) = unpack(&mut archive, place, unpacked_max).map_err(refusal)?;
        if memmem::find(&manifest, b"encryption-data").is_some() {
            return Err(protected());
        }
    }
    let mut room = unpacked_max;
    let mut content = None;
    for place in 0..archive.len() {
        let (name, member) = unpack(&mut archive, place, room).map_err(refusal)?;
        room = room.saturating_sub(member.len());
        if !is_xml(&name, &member) {
            continue;
        }
        let text = String::from_utf8(member).map_err(|_| damaged(&name))?;
        check_xml(&text).ok_or_else(|| damaged(&name))?;
        if name == "content.xml" {
            content = Some(text);
        }
    }
    let has = |name| archive.index_for_name(name).is_some();
    if let Some(content) = content.filter(|_| has("mimetype")) {
        return if content.contains("<office:spreadsheet") {
            Ok(Container::Ods(content))
        } else {
            Err(unsupported("OpenDocument"))
        };
    }
    if has("xl/workbook.xml") {
        return Ok(Container::Xlsx);
    }
    Err(if has("xl/workbook.bin") {
        unsupported("XLSB")
    } else {
        unsupported("ZIP")
    })
}

/// Whether a packed file is gone through as XML. A workbook may keep a sheet under any name, so the
/// name decides only for what does not look it.
fn is_xml(name: &str, content: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let is_named = [".xml", ".rels"].iter().any(|end| name.ends_with(end));
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let is_wide = [&b"\xff\xfe"[..], b"\xfe\xff", b"<\0", b"\0<"]
        .iter()
        .any(|start| content.starts_with(start));
    is_named || is_wide || text.trim_ascii_start().starts_with(b"<")
}

/// What is found of a file of another kind.
pub(crate) fn unsupported(kind: &str) -> Refusal {
    let finding = Finding::new(FindingKind::UnsupportedFormat).having_found(kind);
    Box::new(finding.expecting("CSV, XLSX, ODS"))
}

/// What is found of a spreadsheet that is encrypted.
pub(crate) fn protected() -> Refusal {
    Box::new(Finding::new(FindingKind::ProtectedFile))
}

/// What is found of a spreadsheet one part of which cannot be read.
pub(crate) fn damaged(part: &str) -> Refusal {
    Box::new(Finding::new(FindingKind::DamagedFile).having_found(shortened(part)))
}

enum Fault {
    Damaged(String),
    Protected,
    TooLarge,
}

/// One packed file with its name, at most `room` bytes of it.
fn unpack(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    place: usize,
    room: usize,
) -> Result<(String, Vec<u8>), Fault> {
    let mut member = archive.by_index(place).map_err(|error| match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => Fault::Protected,
        _ => Fault::Damaged("zip".to_owned()),
    })?;
    let name = String::from_utf8_lossy(member.name_raw()).into_owned();
    let limit = u64::try_from(room).unwrap_or(u64::MAX).saturating_add(1);
    let mut unpacked = Vec::new();
    let read = member.by_ref().take(limit).read_to_end(&mut unpacked);
    if unpacked.len() > room {
        return Err(Fault::TooLarge);
    }
    read.map_err(|_| Fault::Damaged(name.clone()))?;
    Ok((name, unpacked))
}

/// Whether XML is sound, flat, without a document type or an element of very many attributes, and has
/// no place beyond the largest sheet.
fn check_xml(text: &str) -> Option<()> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut depth = 0_usize;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                depth = depth
                    .checked_add(1)
                    .filter(|depth| *depth <= XML_DEPTH_MAX)?;
                check_attributes(&start)?;
                check_place(&start)?;
            }
            Event::Empty(start) => {
                check_attributes(&start)?;
                check_place(&start)?;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::DocType(_) => return None,
            Event::Eof => return (depth == 0).then_some(()),
            Event::Decl(declaration) => {
                let encoding = declaration.encoding().transpose().ok()?;
                let is_utf8 = |name: &str| name.eq_ignore_ascii_case("utf-8");
                encoding.as_deref().is_none_or(is_utf8).then_some(())?;
            }
            Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::PI(_)
            | Event::GeneralRef(_) => {}
        }
    }
}

/// Whether an element has no more attributes than any has.
fn check_attributes(start: &BytesStart<'_>) -> Option<()> {
    // An attribute has a space before it and a sign behind its name.
    let signs = || memchr_iter(b'=', start.as_bytes()).nth(XML_ATTRIBUTES_MAX);
    if start.len() <= XML_ATTRIBUTES_MAX || signs().is_none() {
        return Some(());
    }
    let mut attributes = start.attributes();
    let next = attributes.with_checks(false).nth(XML_ATTRIBUTES_MAX);
    next.is_none().then_some(())
}

/// Whether what an element says of its place is no longer than the last place there is.
fn check_place(start: &BytesStart<'_>) -> Option<()> {
    if !PLACED.contains(&start.local_name().as_ref()) {
        return Some(());
    }
    for name in ["r", "ref"] {
        if let Some(place) = start.try_get_attribute(name).ok()? {
            place.value.split(':').all(is_place).then_some(())?;
        }
    }
    Some(())
}

fn is_place(text: &str) -> bool {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let letters = text.len().saturating_sub(digits.len());
    let (letters_max, digits_max) = PLACE_LENGTHS_MAX;
    letters <= letters_max
        && digits.len() <= digits_max
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}
