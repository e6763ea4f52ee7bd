//! A throw-away issuer of tokens, for trying Mesur out and for tests: nobody has to run a provider.
//!
//! Its key lives in memory and ends with the process, and no file ever holds it; what it signed is
//! worth nothing to whoever trusts another key. It is never a substitute for a provider: it gives
//! any role to whoever asks.

mod folder;

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::jwk::{CommonParameters, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, encode};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::caller::Role;
use crate::keys::KeySet;
use crate::signature;
use crate::token::{ROLES_CLAIM, Settings};
use crate::verifier::Verifier;

pub use folder::{FILES_LIFETIME, write_folder};

/// The `iss` claim of its tokens.
pub const ISSUER: &str = "mesur-dev";

/// The `aud` claim of its tokens.
pub const AUDIENCE: &str = "mesur";

/// Makes tokens with a key of its own.
pub struct Issuer {
    key: EncodingKey,
    key_id: String,
    jwks: String,
}

impl Issuer {
    /// An issuer with a fresh key.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "fails only on a machine without random numbers, where nothing is safe"
    )]
    pub fn generate() -> Self {
        signature::install();
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("random numbers");
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("it was just made");
        let public = pair.public_key().as_ref();
        let key_id = key_id(public);
        Self {
            key: EncodingKey::from_ed_der(pkcs8.as_ref()),
            jwks: jwks(public, &key_id).expect("an Ed25519 key"),
            key_id,
        }
    }

    /// A token for `identity` with these roles, good from any time on until `lifetime` after `now`.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "the key was made here, and the claims are text"
    )]
    pub fn token(
        &self,
        identity: &str,
        roles: &[Role],
        lifetime: Duration,
        now: Timestamp,
    ) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key_id.clone());
        let expires = now.saturating_add(lifetime).unwrap_or(Timestamp::MAX);
        let claims = json!({
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": identity,
            "iat": now.as_second(),
            "exp": expires.as_second(),
            ROLES_CLAIM: roles.iter().map(ToString::to_string).collect::<Vec<_>>(),
        });
        encode(&header, &claims, &self.key).expect("claims are signed")
    }

    /// The key set that checks its tokens.
    pub fn jwks_json(&self) -> &str {
        &self.jwks
    }

    /// The settings that take its tokens.
    pub fn settings(&self) -> Settings {
        Settings::new(ISSUER, AUDIENCE)
    }

    /// What checks its tokens.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "the key set was made here"
    )]
    pub fn verifier(&self) -> Verifier {
        let keys = KeySet::parse(self.jwks.as_bytes()).expect("its own keys");
        Verifier::new(self.settings(), keys)
    }
}

/// A name for a key: the first 8 bytes of its digest, so that no two starts name different keys
/// alike.
fn key_id(public: &[u8]) -> String {
    let digest = Sha256::digest(public);
    digest.iter().take(8).fold(String::new(), |mut id, byte| {
        // Writing into a string does not fail.
        let _ = write!(id, "{byte:02x}");
        id
    })
}

fn jwks(public: &[u8], key_id: &str) -> Result<String, jsonwebtoken::errors::Error> {
    let key = DecodingKey::from_ed_der(public);
    let Jwk { algorithm, .. } = Jwk::from_decoding_key(&key, Some(Algorithm::EdDSA))?;
    let common = CommonParameters {
        public_key_use: Some(PublicKeyUse::Signature),
        key_algorithm: Some(KeyAlgorithm::EdDSA),
        key_id: Some(key_id.to_owned()),
        ..CommonParameters::default()
    };
    let keys = vec![Jwk { common, algorithm }];
    Ok(serde_json::to_string_pretty(&JwkSet { keys })?)
}
