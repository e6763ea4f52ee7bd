//! The envelope around every stored record: `format version | bytes | crc32c`.
//!
//! The format version is a constant of the record's owner, raised when the meaning of the stored
//! bytes changes. A reader of several formats takes [`unseal`] and matches on the version.

use prost::Message;

use crate::Error;

const CHECKSUM_BYTES: usize = 4;

/// Wraps a message for storing.
pub fn seal(format: u8, message: &impl Message) -> Vec<u8> {
    seal_bytes(format, &message.encode_to_vec())
}

/// Wraps bytes for storing.
pub fn seal_bytes(format: u8, bytes: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(1 + bytes.len() + CHECKSUM_BYTES);
    sealed.push(format);
    sealed.extend_from_slice(bytes);
    let checksum = crc32c::crc32c(&sealed);
    sealed.extend_from_slice(&checksum.to_be_bytes());
    sealed
}

/// Reads back a message of this format. `key` is where it was found, for the error.
pub fn open<M: Message + Default>(format: u8, key: &[u8], sealed: &[u8]) -> Result<M, Error> {
    let (found, bytes) = unseal(key, sealed)?;
    if found != format {
        return Err(Error::corrupt(
            key,
            format!("unknown record format {found}"),
        ));
    }
    M::decode(bytes).map_err(|error| Error::corrupt(key, error.to_string()))
}

/// Takes the envelope off: the format version and the bytes, checked.
pub fn unseal<'a>(key: &[u8], sealed: &'a [u8]) -> Result<(u8, &'a [u8]), Error> {
    let (body, checksum) = sealed
        .split_last_chunk::<CHECKSUM_BYTES>()
        .ok_or_else(|| Error::corrupt(key, "record is cut short"))?;
    if crc32c::crc32c(body) != u32::from_be_bytes(*checksum) {
        return Err(Error::corrupt(key, "checksum does not match"));
    }
    let (format, bytes) = body
        .split_first()
        .ok_or_else(|| Error::corrupt(key, "record is cut short"))?;
    Ok((*format, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stored in format 1 by the first release; must be read for ever.
    const FIXTURE: &[u8] = b"\x01\x0a\x05Conwy\xe9\x80\x5c\x06";

    #[test]
    fn a_record_sealed_by_the_first_release_is_read() {
        assert_eq!(seal(1, &"Conwy".to_owned()), FIXTURE);
        assert_eq!(open::<String>(1, b"k", FIXTURE).unwrap(), "Conwy");
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_corrupt() {
        for byte in 0..FIXTURE.len() {
            for bit in 0..8 {
                let mut damaged = FIXTURE.to_vec();
                damaged[byte] ^= 1 << bit;
                let opened = open::<String>(1, b"k", &damaged);
                assert!(
                    matches!(opened, Err(Error::Corrupt { .. })),
                    "byte {byte} bit {bit}"
                );
            }
            let cut = open::<String>(1, b"k", &FIXTURE[..byte]);
            assert!(matches!(cut, Err(Error::Corrupt { .. })), "cut at {byte}");
        }
    }

    #[test]
    fn an_unknown_format_is_corrupt_and_names_the_key() {
        let sealed = seal(2, &"Conwy".to_owned());
        let Err(Error::Corrupt { key, problem }) = open::<String>(1, b"k", &sealed) else {
            panic!("accepted")
        };
        assert_eq!(
            (key.as_slice(), problem.as_str()),
            (b"k".as_slice(), "unknown record format 2")
        );
    }
}
