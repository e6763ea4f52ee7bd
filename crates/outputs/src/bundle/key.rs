//! Ed25519 keys as files: PKCS #8 and `SubjectPublicKeyInfo` in PEM, as OpenSSL writes and reads them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mesur_catalogue::ContentHash;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

/// What stands before the 32 bytes of a key in its DER form.
const PUBLIC_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
const KEY_BYTES: usize = 32;

const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";

/// The characters of a line of PEM.
const LINE_CHARS: usize = 64;

/// Why a key cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is no PEM of the kind.
    #[error("not a {0} in PEM")]
    NotPem(&'static str),
    /// It is PEM of another kind of key.
    #[error("not an Ed25519 key")]
    NotEd25519,
    /// The system gave no random numbers.
    #[error("no random numbers")]
    NoRandomNumbers,
}

/// Signs bundles.
pub struct Signer(Ed25519KeyPair);

/// Checks what a [`Signer`] signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; KEY_BYTES]);

impl Signer {
    /// Reads a private key, as `openssl genpkey -algorithm ed25519` writes it.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let der = decode(PRIVATE, pem)?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der);
        Ok(Self(pair.map_err(|_| KeyError::NotEd25519)?))
    }

    /// A new key that is kept nowhere.
    pub fn generate() -> Result<Self, KeyError> {
        Self::from_pem(&Self::generate_pem()?)
    }

    /// Makes a new private key, to be kept where nobody else reads it.
    pub fn generate_pem() -> Result<String, KeyError> {
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|_| KeyError::NoRandomNumbers)?;
        Ok(encode(PRIVATE, der.as_ref()))
    }

    /// The key that its signatures are checked with.
    pub fn public_key(&self) -> PublicKey {
        let mut key = [0; KEY_BYTES];
        for (to, from) in key.iter_mut().zip(self.0.public_key().as_ref()) {
            *to = *from;
        }
        PublicKey(key)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

/// Without the key.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public_key().fingerprint())
    }
}

impl PublicKey {
    /// Reads a public key.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let der = decode(PUBLIC, pem)?;
        let key = der.strip_prefix(PUBLIC_PREFIX.as_slice());
        let key = key.and_then(|key| key.try_into().ok());
        key.map(Self).ok_or(KeyError::NotEd25519)
    }

    /// Writes it.
    pub fn to_pem(self) -> String {
        let mut der = PUBLIC_PREFIX.to_vec();
        der.extend(self.0);
        encode(PUBLIC, &der)
    }

    /// By which people compare keys: `sha256:` and the digest of its 32 bytes.
    pub fn fingerprint(&self) -> String {
        ContentHash::of(self.0)
    }

    pub(super) fn is_signature(&self, signature: &[u8], message: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, self.0);
        key.verify(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

fn encode(kind: &str, der: &[u8]) -> String {
    let mut lines = String::new();
    for (place, character) in STANDARD.encode(der).chars().enumerate() {
        if place % LINE_CHARS == 0 {
            lines.push('\n');
        }
        lines.push(character);
    }
    format!("-----BEGIN {kind}-----{lines}\n-----END {kind}-----\n")
}

fn decode(kind: &'static str, pem: &str) -> Result<Vec<u8>, KeyError> {
    let body = pem
        .trim()
        .strip_prefix(&format!("-----BEGIN {kind}-----"))
        .and_then(|rest| rest.strip_suffix(&format!("-----END {kind}-----")));
    let body: String = body
        .ok_or(KeyError::NotPem(kind))?
        .split_whitespace()
        .collect();
    STANDARD.decode(body).map_err(|_| KeyError::NotPem(kind))
}
