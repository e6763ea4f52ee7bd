//! A provider with a key of each kind that signs whatever a test asks for, as forgers would.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use mesur_access::Verifier;
use mesur_access::keys::KeySet;
use mesur_access::token::Settings;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use serde_json::{Value, json};

/// When a test takes place, in seconds since 1970.
pub(crate) const NOW: i64 = 1_700_000_000;

/// Who issues the tokens of the tests.
pub(crate) const ISSUER: &str = "https://id.example.org";

/// A good token signed with RSA, of `somebody`, a statistician, until [`NOW`] + 600.
pub(crate) const RSA_TOKEN: &str = include_str!("data/rsa.token");
const RSA_KEYS: &str = include_str!("data/rsa.jwks.json");

pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

pub(crate) struct Provider {
    ed: Ed25519KeyPair,
    other_ed: Ed25519KeyPair,
    ec: EcdsaKeyPair,
    random: SystemRandom,
}

fn ed25519(random: &SystemRandom) -> Ed25519KeyPair {
    let key = Ed25519KeyPair::generate_pkcs8(random).expect("a key");
    Ed25519KeyPair::from_pkcs8(key.as_ref()).expect("a key")
}

impl Provider {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let ec = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        Self {
            ed: ed25519(&random),
            other_ed: ed25519(&random),
            ec: EcdsaKeyPair::from_pkcs8(algorithm, ec.as_ref(), &random).expect("a key"),
            random,
        }
    }

    /// The public half of the Ed25519 key.
    pub(crate) fn ed_public(&self) -> &[u8] {
        self.ed.public_key().as_ref()
    }

    /// The public half of the P-256 key.
    pub(crate) fn ec_public(&self) -> &[u8] {
        self.ec.public_key().as_ref()
    }

    pub(crate) fn ed_key(&self) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "ed",
            "x": base64(self.ed_public()) })
    }

    pub(crate) fn ec_key(&self) -> Value {
        let (x, y) = self.ec_public()[1..].split_at(32);
        json!({ "kty": "EC", "crv": "P-256", "kid": "ec", "x": base64(x), "y": base64(y) })
    }

    /// Every key, among others that no token may be signed with.
    pub(crate) fn keys(&self) -> Value {
        let rsa: Value = serde_json::from_str(RSA_KEYS).expect("keys");
        let mut for_secrets = self.ed_key();
        for_secrets["use"] = json!("enc");
        for_secrets["kid"] = json!("for-secrets");
        let mut for_others = self.ec_key();
        for_others["alg"] = json!("ES384");
        for_others["kid"] = json!("for-others");
        let shared = json!({ "kty": "oct", "kid": "shared", "k": base64("a shared secret") });
        json!({ "keys": [
            rsa["keys"][0], self.ed_key(), self.ec_key(), for_secrets, for_others, shared,
            { "kty": "AKP", "kid": "new", "alg": "ML-DSA-44", "pub": "AA" },
        ] })
    }

    pub(crate) fn verifier(&self) -> Verifier {
        verifier(&self.keys())
    }

    pub(crate) fn sign_ed(&self, message: &str) -> Vec<u8> {
        self.ed.sign(message.as_bytes()).as_ref().to_vec()
    }

    /// Signs with a key that is not in the set.
    pub(crate) fn sign_other(&self, message: &str) -> Vec<u8> {
        self.other_ed.sign(message.as_bytes()).as_ref().to_vec()
    }

    pub(crate) fn sign_ec(&self, message: &str) -> Vec<u8> {
        let signed = self.ec.sign(&self.random, message.as_bytes());
        signed.expect("a signature").as_ref().to_vec()
    }

    /// A token with this header and these claims, as JSON text, signed with the Ed25519 key.
    pub(crate) fn ed_token(&self, header: &str, claims: &str) -> String {
        token(header, claims, |message| self.sign_ed(message))
    }

    /// A good token but for these claims.
    pub(crate) fn with(&self, changes: &Value) -> String {
        self.ed_token(ED_HEADER, &claims(changes))
    }
}

pub(crate) const ED_HEADER: &str = r#"{"alg":"EdDSA","typ":"JWT","kid":"ed"}"#;

/// Good claims with changes; `null` leaves a claim out.
pub(crate) fn claims(changes: &Value) -> String {
    let mut claims = json!({
        "iss": ISSUER, "aud": "mesur", "sub": "somebody", "exp": NOW + 600,
        "mesur_roles": ["statistician"],
    });
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            claims.as_object_mut().expect("an object").remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims.to_string()
}

pub(crate) fn token(header: &str, claims: &str, sign: impl Fn(&str) -> Vec<u8>) -> String {
    let message = format!("{}.{}", base64(header), base64(claims));
    let signature = base64(sign(&message));
    format!("{message}.{signature}")
}

pub(crate) fn verifier(keys: &Value) -> Verifier {
    let keys = KeySet::parse(keys.to_string().as_bytes()).expect("keys");
    Verifier::new(Settings::new(ISSUER, "mesur"), keys)
}
