//! The bytes of a text file as text, or why they are none.
//!
//! UTF-8 alone is read. What spreadsheets in Britain write instead is recognised and refused with
//! the letter that would have been lost: a name is never taken in with another letter in it. Bytes
//! that are no text at all are refused as such.

use crate::file::records::line_ends;
use crate::finding::Finding;
use crate::kind::FindingKind;

/// The letters of the bytes 0x80 to 0x9F in Windows-1252; the replacement character is none.
const WINDOWS_1252: &str = "€\u{fffd}‚ƒ„…†‡ˆ‰Š‹Œ\u{fffd}Ž\u{fffd}\u{fffd}‘’“”•–—˜™š›œ\u{fffd}žŸ";

/// The text, and whether a byte order mark stood before it. No more than `lines_max` lines with a
/// NUL byte are told.
pub(crate) fn decode(bytes: &[u8], lines_max: usize) -> Result<(&str, bool), Vec<Finding>> {
    let finding = Finding::new(FindingKind::Encoding).expecting("UTF-8");
    if let Some(mark @ ([0xff, 0xfe] | [0xfe, 0xff])) = bytes.first_chunk::<2>() {
        let mark = format!("0x{:02X} 0x{:02X}", mark[0], mark[1]);
        let finding = finding.on_line(1).having_found("UTF-16");
        return Err(vec![finding.with_value(&mark)]);
    }
    let text = str::from_utf8(bytes).map_err(|error| {
        let (before, rest) = bytes.split_at(error.valid_up_to());
        let before = str::from_utf8(before).unwrap_or_default();
        let finding = finding.on_line(line_ends(before).saturating_add(1));
        let byte = rest.first().copied().unwrap_or_default();
        let plain = format!("0x{byte:02X}");
        if is_utf_16(bytes) {
            return vec![finding.having_found("UTF-16").with_value(&plain)];
        }
        if bytes.iter().any(|byte| is_of_no_text(*byte)) {
            let finding = Finding::new(FindingKind::UnknownFormat);
            return vec![finding.expecting("CSV, XLSX, ODS")];
        }
        // A text in Windows-1252 has no bytes that it gives no letter; what has some became a
        // mixture when two files were joined.
        let found = match (
            letter(byte),
            bytes.iter().all(|byte| letter(*byte).is_some()),
        ) {
            (Some(letter), true) => finding
                .having_found("Windows-1252")
                .with_value(&format!("{plain} ({letter})")),
            _ => finding
                .having_found("UTF-8 + Windows-1252")
                .with_value(&plain),
        };
        vec![found]
    })?;
    let unmarked = text.strip_prefix('\u{feff}');
    let text = unmarked.unwrap_or(text);
    refuse_nul_bytes(text, lines_max)?;
    if text.trim().is_empty() {
        return Err(vec![Finding::new(FindingKind::EmptyFile)]);
    }
    Ok((text, unmarked.is_some()))
}

/// Whether bytes without a mark look like UTF-16: at least a third of them are NUL, all of those at
/// even places or all at odd ones.
fn is_utf_16(bytes: &[u8]) -> bool {
    let nuls = || memchr::memchr_iter(0, bytes);
    let odd = nuls().filter(|at| at % 2 == 1).count();
    let all = nuls().count();
    all > 0 && all.saturating_mul(3) >= bytes.len() && (odd == 0 || odd == all)
}

/// Whether a byte is a control character that stands in no text.
fn is_of_no_text(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t'..=b'\r' | 0x1a | 0x1b)
}

/// The letter of a byte in Windows-1252, which above 0x9F has those of Unicode.
fn letter(byte: u8) -> Option<char> {
    let letter = match byte {
        0x80..=0x9f => WINDOWS_1252.chars().nth(usize::from(byte & 0x1f))?,
        _ => char::from(byte),
    };
    (letter != char::REPLACEMENT_CHARACTER && byte != 0).then_some(letter)
}

fn refuse_nul_bytes(text: &str, lines_max: usize) -> Result<(), Vec<Finding>> {
    let (mut line, mut from) = (1_u64, 0);
    let mut places = Vec::new();
    for at in memchr::memchr_iter(0, text.as_bytes()) {
        line = line.saturating_add(line_ends(text.get(from..at).unwrap_or_default()));
        from = at;
        if places.last() != Some(&line) {
            places.push(line);
        }
        if places.len() == lines_max {
            break;
        }
    }
    if places.is_empty() {
        return Ok(());
    }
    let finding = |line| Finding::new(FindingKind::NulByte).on_line(line);
    Err(places.into_iter().map(finding).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> (Option<String>, Option<String>, Option<u64>) {
        let finding = decode(bytes, 9).expect_err("no UTF-8").remove(0);
        (finding.found, finding.value, finding.line)
    }

    #[test]
    fn what_is_not_utf_8_is_told_by_its_byte_and_the_letter_it_would_be() {
        let some = |text: &str| Some(text.to_owned());
        for (bytes, found, value, line) in [
            (&b"a\r\nYnys M\xf4n"[..], "Windows-1252", "0xF4 (ô)", 2),
            (b"\x93quoted\x94", "Windows-1252", "0x93 (“)", 1),
            (b"\r\r\xff\x81", "UTF-8 + Windows-1252", "0xFF", 3),
            (b"\na\0\xf4\0", "UTF-16", "0xF4", 2),
            (b"\xff\xfea\0", "UTF-16", "0xFF 0xFE", 1),
        ] {
            assert_eq!(refusal(bytes), (some(found), some(value), Some(line)));
        }
        let noise = decode(b"\x01\xff\x02", 9).expect_err("no text").remove(0);
        assert_eq!(noise.kind, FindingKind::UnknownFormat);
        assert_eq!(decode("\u{feff}ŵ ŷ ô".as_bytes(), 9), Ok(("ŵ ŷ ô", true)));
    }
}
