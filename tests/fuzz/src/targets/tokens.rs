//! Tokens: of pages, and of identities with the keys that they are checked by.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::Timestamp;
use mesur_access::dev::Issuer;
use mesur_access::keys::KeySet;
use mesur_access::{Role, Verifier};
use mesur_rpc::page::Tokens;

use super::{Target, outcome};

const WORDS: &[&str] = &[
    "{\"keys\":[",
    "\"kty\":\"RSA\"",
    "\"kty\":\"OKP\"",
    "\"crv\":\"Ed25519\"",
    "\"alg\":\"none\"",
    "\"alg\":\"HS256\"",
    "\"kid\":",
    "\"n\":\"AQAB\"",
    "\"e\":\"AQAB\"",
    "\"x\":\"",
    "eyJhbGciOiJub25lIn0",
    ".",
    "..",
    "\"use\":\"sig\"",
    "null",
    "1e999",
    "\\u0000",
];

pub(crate) const PAGE: Target = Target {
    name: "page-token",
    run: read_page,
    seeds: || {
        let tokens = Tokens::new(b"a key");
        Ok(vec![
            tokens.issue(&[b"List", b"a"], b"the last").into_bytes(),
            tokens.issue(&[b"List", b"b"], b"").into_bytes(),
        ])
    },
    words: &["0", "ff", "00000000"],
};

pub(crate) const JWKS: Target = Target {
    name: "jwks",
    run: |bytes| match KeySet::parse(bytes) {
        Ok(_) => 0,
        Err(error) => outcome(error.to_string()),
    },
    seeds: || Ok(vec![ISSUER.jwks_json().as_bytes().to_vec()]),
    words: WORDS,
};

pub(crate) const BEARER: Target = Target {
    name: "bearer-token",
    run: read_bearer,
    seeds: || {
        Ok(vec![
            good().into_bytes(),
            b"eyJhbGciOiJub25lIn0.e30.".to_vec(),
        ])
    },
    words: WORDS,
};

static ISSUER: LazyLock<Issuer> = LazyLock::new(Issuer::generate);
static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| ISSUER.verifier());
static GOOD: LazyLock<String> = LazyLock::new(|| {
    let hour = Duration::from_hours(1);
    ISSUER.token("somebody", &[Role::Statistician], hour, Timestamp::now())
});

fn good() -> String {
    GOOD.clone()
}

fn read_page(bytes: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(bytes);
    let tokens = Tokens::new(b"a key");
    let of = |list: &[u8]| tokens.read(&[b"List", list], &text);
    let (a, b) = (of(b"a"), of(b"b"));
    if let Ok(Some(last)) = &a {
        let issued = tokens.issue(&[b"List", b"a"], last);
        assert!(
            issued.eq_ignore_ascii_case(&text),
            "a token that was never issued"
        );
        assert!(b.is_err(), "a token of another list");
    }
    outcome((a.map_err(|violation| violation.description), b.is_ok()))
}

fn read_bearer(bytes: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(bytes);
    match VERIFIER.verify(&text, Timestamp::now()) {
        Ok(_) => {
            assert_eq!(text, *GOOD, "a token that nobody signed");
            0
        }
        Err(error) => outcome(format!("{error:?}")),
    }
}
