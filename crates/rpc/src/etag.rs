//! Entity tags: a short digest of what a caller saw of a resource.
//!
//! Equal parts give equal tags on every machine and in every release, so a tag may be kept. A tag
//! is no secret and no proof: it tells two revisions apart, it does not sign them.

use sha2::{Digest, Sha256};

/// How many bytes of the digest a tag shows.
const TAG_BYTES: usize = 16;

/// The tag of a resource made of `parts`: 32 lower-case hexadecimal digits.
pub fn etag<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let digest = digest(parts);
    hex(digest.get(..TAG_BYTES).unwrap_or(&digest))
}

/// SHA-256 over the parts, each with its length before it, so that moving a byte from one part to
/// the next changes the digest.
pub(crate) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Lower-case hexadecimal digits of `bytes`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(digits);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_of_known_parts_never_changes() {
        assert_eq!(
            etag([b"returns/1".as_slice(), b"7"]),
            "fd560551e41357a0b9d744d3ddb12747"
        );
    }

    #[test]
    fn moving_a_byte_between_parts_changes_the_tag() {
        assert_ne!(
            etag([b"ab".as_slice(), b"c"]),
            etag([b"a".as_slice(), b"bc"])
        );
        assert_ne!(etag([b"".as_slice()]), etag(std::iter::empty()));
    }
}
