//! How large a status may be, and what is left out when it is larger.

use super::Violation;

/// What all headers that carry a status weigh together at most, counted as HTTP/2 counts them.
///
/// gRPC C-core always accepts 8 KiB, refuses more and more often above it, and always from 16 KiB:
/// seen with grpcio 1.85, where 6,000 bytes of details already failed 3 calls of 200.
pub const HEADER_BYTES_MAX: usize = 8 * 1024;

/// Bytes of encoded details at most. Base64 makes 6.7 KiB of them, which leaves room under
/// [`HEADER_BYTES_MAX`] for the message, thrice as long when it is percent-encoded.
pub const DETAILS_BYTES_MAX: usize = 5 * 1024;

/// Bytes of a message, of a metadata value, and of each text of a violation.
pub const TEXT_BYTES_MAX: usize = 256;

/// Bytes of all metadata of a status. Most of the details are left for violations.
const METADATA_BYTES_MAX: usize = 1024;

/// What the list of violations adds besides its items: type URL, tags and lengths.
const LIST_BYTES: usize = 96;

/// What one item adds besides itself: a tag, and a length of two bytes.
const ITEM_BYTES: usize = 3;

/// Cuts a text to [`TEXT_BYTES_MAX`], between characters, and shows that it was cut.
pub(super) fn clip(mut text: String) -> String {
    const ELLIPSIS: char = '…';
    if text.len() > TEXT_BYTES_MAX {
        let mut end = TEXT_BYTES_MAX - ELLIPSIS.len_utf8();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push(ELLIPSIS);
    }
    text
}

/// The first violations that fit beside a frame of `frame_bytes`.
pub(super) fn fit(
    mut violations: Vec<Violation>,
    frame_bytes: usize,
    encoded_bytes: impl Fn(&Violation) -> usize,
) -> Vec<Violation> {
    let mut left = DETAILS_BYTES_MAX.saturating_sub(frame_bytes + LIST_BYTES);
    let fitting = violations.iter().take_while(|violation| {
        let after = left.checked_sub(encoded_bytes(violation) + ITEM_BYTES);
        left = after.unwrap_or(0);
        after.is_some()
    });
    let shown = fitting.count();
    violations.truncate(shown);
    violations
}

/// The first entries that fit into [`METADATA_BYTES_MAX`], each value cut to size.
pub(super) fn fit_metadata(metadata: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    let mut used = 0;
    let clipped = metadata.into_iter().map(|(key, value)| (key, clip(value)));
    clipped
        .take_while(|(key, value)| {
            used += key.len() + value.len();
            used <= METADATA_BYTES_MAX
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_the_greatest_length_stays_whole_and_a_longer_one_is_cut_between_characters() {
        let whole = "x".repeat(TEXT_BYTES_MAX);
        assert_eq!(clip(whole.clone()), whole);
        let cut = clip(format!("{whole}x"));
        assert_eq!((cut.len(), cut.ends_with("x…")), (TEXT_BYTES_MAX, true));
        let wide = clip("ŵ".repeat(TEXT_BYTES_MAX));
        assert!(wide.len() <= TEXT_BYTES_MAX && wide.ends_with("ŵ…"));
    }

    #[test]
    fn metadata_that_fits_to_the_byte_is_shown_and_with_a_byte_more_the_last_is_left_out() {
        let of = |last: usize| {
            let text = |length| "x".repeat(length);
            let keys = ["a", "b", "c", "d"];
            let lengths = [TEXT_BYTES_MAX, TEXT_BYTES_MAX, TEXT_BYTES_MAX, last];
            let all = keys.into_iter().zip(lengths.map(text));
            fit_metadata(all.collect()).len()
        };
        let room = METADATA_BYTES_MAX - 3 * TEXT_BYTES_MAX - 4;
        assert_eq!((of(room), of(room + 1)), (4, 3));
    }
}
