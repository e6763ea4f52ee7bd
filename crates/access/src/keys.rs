//! The public keys of the provider, as it publishes them: a JSON Web Key Set (RFC 7517).
//!
//! Of a set only keys are taken that a token may be signed with here: RSA of 2,048 bits and more,
//! P-256, and Ed25519, meant for signatures. Others are left out, because providers publish keys for
//! many purposes in one set.

use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use tracing::debug;

use crate::signature;

/// Bytes of a key set at most: 256 KiB.
pub const JWKS_BYTES_MAX: usize = 256 * 1024;

/// Bytes of an RSA modulus that signatures are checked with: 2,048 to 8,192 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// Why a key set cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not a JSON Web Key Set.
    #[error("reading a JSON Web Key Set")]
    Json(#[from] serde_json::Error),
    /// It has more than [`JWKS_BYTES_MAX`] bytes.
    #[error("a key set has at most {JWKS_BYTES_MAX} bytes")]
    TooLarge,
    /// No key in it can check a token.
    #[error("no key of the set is an RSA, P-256 or Ed25519 key for signatures")]
    NoKey,
}

/// The keys that tokens may be signed with.
#[derive(Debug)]
pub struct KeySet(Vec<Key>);

/// A key, and the one algorithm that fits it.
#[derive(Debug)]
struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    public: DecodingKey,
}

impl KeySet {
    /// Reads a key set.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        signature::install();
        if json.len() > JWKS_BYTES_MAX {
            return Err(Error::TooLarge);
        }
        let set: JwkSet = serde_json::from_slice(json)?;
        let keys: Vec<_> = set.keys.iter().filter_map(usable).collect();
        if keys.is_empty() {
            return Err(Error::NoKey);
        }
        Ok(Self(keys))
    }

    /// The one key that a token names, or that fits when it names none. Two that fit are none: the
    /// token does not say which, and nothing is tried.
    pub(crate) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let mut fitting = self
            .0
            .iter()
            .filter(|key| key.algorithm == algorithm && (id.is_none() || key.id.as_deref() == id));
        let key = fitting.next()?;
        fitting.next().is_none().then_some(&key.public)
    }
}

fn usable(jwk: &Jwk) -> Option<Key> {
    let id = jwk.common.key_id.clone();
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => {
            debug!(?id, "a key of the set is of a type that signs no token");
            return None;
        }
    };
    let is_meant = jwk.common.key_algorithm.is_none_or(|name| name == named)
        && matches!(
            jwk.common.public_key_use,
            None | Some(PublicKeyUse::Signature)
        );
    let public = DecodingKey::from_jwk(jwk).ok().filter(is_sound);
    let (true, Some(public)) = (is_meant, public) else {
        debug!(?id, "a key of the set is for something else or not sound");
        return None;
    };
    Some(Key {
        id,
        algorithm,
        public,
    })
}

/// Whether the parts of a key have the lengths that they must have.
fn is_sound(key: &DecodingKey) -> bool {
    use jsonwebtoken::AlgorithmFamily::{Ec, Ed, Hmac, Rsa};
    match (key.family(), key.kind()) {
        (Rsa, DecodingKeyKind::RsaModulusExponent { n, .. }) => MODULUS_BYTES.contains(&n.len()),
        (Ec, DecodingKeyKind::SecretOrDer(point)) => point.len() == 65,
        (Ed, DecodingKeyKind::SecretOrDer(point)) => point.len() == 32,
        (Rsa | Ec | Ed | Hmac, _) => false,
    }
}
