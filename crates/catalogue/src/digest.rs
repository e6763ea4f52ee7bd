//! Digests of content, as they travel with editions, returns, snapshots and files.

use sha2::{Digest, Sha256};

/// SHA-256 over what it is given, written `sha256:` and 64 hexadecimal digits, so that anyone can
/// check it.
#[derive(Debug, Clone, Default)]
pub struct ContentHash(Sha256);

impl ContentHash {
    /// Takes more content in.
    pub fn update(&mut self, content: impl AsRef<[u8]>) {
        self.0.update(content);
    }

    /// The digest of all that was taken in.
    pub fn finish(self) -> String {
        let nibble = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
        let digest = self.0.finalize();
        let hex = digest
            .into_iter()
            .flat_map(|byte| [nibble(byte >> 4), nibble(byte & 15)]);
        "sha256:".chars().chain(hex).collect()
    }

    /// The digest of one content.
    pub fn of(content: impl AsRef<[u8]>) -> String {
        let mut hash = Self::default();
        hash.update(content);
        hash.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_one_that_sha256sum_prints() {
        let printed = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(ContentHash::of("abc"), printed);
    }
}
