//! Tokens that somebody made who may not.

use mesur_access::token::Error;
use ring::hmac;
use serde_json::{Value, json};

use crate::provider::{
    ED_HEADER, ISSUER, NOW, Provider, RSA_TOKEN, at, base64, claims, token, verifier,
};

/// A way to forge, the token, and why it is refused.
type Forgery = (String, String, Error);

/// Signs with a shared secret, as HS256 does.
fn hs256(secret: &[u8], kid: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let header = json!({ "alg": "HS256", "typ": "JWT", "kid": kid }).to_string();
    token(&header, &claims(&json!({})), |message| {
        hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
    })
}

/// Headers that a token with good claims, signed with the Ed25519 key, is refused for.
fn headers(provider: &Provider) -> Vec<Forgery> {
    let good = claims(&json!({}));
    let embedded = json!({ "alg": "EdDSA", "kid": "mine", "jwk": provider.ed_key(),
        "jku": "https://evil.example/jwks.json", "x5u": "https://evil.example/chain" });
    let embedded = embedded.to_string();
    let headers = [
        (r#"{"alg":"none","kid":"ed"}"#, Error::Malformed),
        (r#"{"alg":"nOnE","kid":"ed"}"#, Error::Malformed),
        (r#"{"alg":"","kid":"ed"}"#, Error::Malformed),
        (r#"{"kid":"ed"}"#, Error::Malformed),
        (
            r#"{"alg":"EdDSA","alg":"none","kid":"ed"}"#,
            Error::Malformed,
        ),
        (r#"{"alg":"EdDSA","kid":1}"#, Error::Malformed),
        (r#"{"alg":"RS512","kid":"rsa"}"#, Error::Algorithm),
        (r#"{"alg":"PS256","kid":"rsa"}"#, Error::Algorithm),
        (r#"{"alg":"EdDSA","kid":"rsa"}"#, Error::Key),
        (r#"{"alg":"ES256","kid":"ed"}"#, Error::Key),
        (r#"{"alg":"ES256","kid":"ec"}"#, Error::Signature),
        (r#"{"alg":"EdDSA","kid":"for-secrets"}"#, Error::Key),
        (r#"{"alg":"ES256","kid":"for-others"}"#, Error::Key),
        (
            r#"{"alg":"EdDSA","kid":"ed","crit":["b64"],"b64":false}"#,
            Error::Header,
        ),
        (r#"{"alg":"EdDSA","kid":"ed","zip":"DEF"}"#, Error::Header),
        (
            r#"{"alg":"EdDSA","kid":"ed","enc":"A256GCM"}"#,
            Error::Header,
        ),
        (
            r#"{"alg":"EdDSA","kid":"ed","typ":"logout+jwt"}"#,
            Error::Header,
        ),
        (embedded.as_str(), Error::Key),
    ];
    let forge = |(header, why): &(&str, Error)| {
        ((*header).to_owned(), provider.ed_token(header, &good), *why)
    };
    headers.iter().map(forge).collect()
}

/// Names of keys that mean something to a file system, a shell or a database.
fn key_names(provider: &Provider) -> Vec<Forgery> {
    let names = [
        "",
        "ED",
        "ed ",
        "ed\0",
        "../../../../dev/null",
        "/dev/null",
        "' OR '1'='1",
        "ed'; DROP TABLE keys; --",
        "$(cat /etc/passwd)",
        "https://evil.example/key",
        "*",
        "\u{202e}de",
    ];
    let forge = |name: &str| {
        let header = json!({ "alg": "EdDSA", "kid": name }).to_string();
        let token = provider.ed_token(&header, &claims(&json!({})));
        (format!("a key called {name:?}"), token, Error::Key)
    };
    names.into_iter().map(forge).collect()
}

/// Public keys, which everybody has, taken for shared secrets.
fn secrets(provider: &Provider) -> Vec<Forgery> {
    let file = include_bytes!("data/rsa.jwks.json");
    let secrets = [
        ("ed", provider.ed_public()),
        ("ec", provider.ec_public()),
        ("rsa", file),
        ("shared", b"a shared secret"),
        ("ed", b""),
    ];
    let forge = |(kid, secret)| {
        let way = format!("the key {kid} as a secret");
        (way, hs256(secret, kid), Error::Algorithm)
    };
    secrets.into_iter().map(forge).collect()
}

/// Signatures that are none of the key's, under good headers and claims.
fn signatures(provider: &Provider) -> Vec<Forgery> {
    let good = claims(&json!({}));
    let ec = |sign: &dyn Fn(&str) -> Vec<u8>| token(r#"{"alg":"ES256","kid":"ec"}"#, &good, sign);
    let rsa = RSA_TOKEN.trim_end();
    let ed = provider.with(&json!({}));
    let forgeries = [
        token(ED_HEADER, &good, |text| provider.sign_other(text)),
        token(ED_HEADER, &good, |_| Vec::new()),
        token(ED_HEADER, &good, |_| vec![0; 64]),
        ec(&|_| vec![0; 64]),
        ec(&|text| provider.sign_ec(text)[..63].to_vec()),
        ec(&|text| [provider.sign_ec(text), vec![0]].concat()),
        rsa[..rsa.len() - 2].to_owned(),
        ed[..ed.len() - 2].to_owned(),
    ];
    let named = |token| ("a signature".to_owned(), token, Error::Signature);
    forgeries.into_iter().map(named).collect()
}

/// A good token taken to pieces and put together otherwise.
fn shapes(provider: &Provider) -> Vec<Forgery> {
    let good = provider.with(&json!({}));
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("three parts: {good}")
    };
    let other = base64(claims(&json!({ "mesur_roles": ["publisher"] })));
    let cut = &payload[..payload.len() - 2];
    let (malformed, signed) = (Error::Malformed, Error::Signature);
    let shapes = [
        (format!("{header}.{other}.{signature}"), signed),
        (format!("{header}.{cut}.{signature}"), signed),
        (format!("{header}.{payload}."), signed),
        (format!("{header}.{payload}"), malformed),
        (format!("{good}.{signature}"), malformed),
        (format!("x.{good}"), malformed),
        (format!("{good}."), malformed),
        (format!(".{good}"), malformed),
        (format!(" {good}"), malformed),
        (format!("{header}=.{payload}.{signature}"), malformed),
        (format!("{header}....{signature}"), malformed),
        ("..".to_owned(), malformed),
        (String::new(), malformed),
    ];
    let named = |(token, why)| ("a shape".to_owned(), token, why);
    shapes.into_iter().map(named).collect()
}

/// Claims that are not what they should be, in a token that the provider itself signed.
fn contents(provider: &Provider) -> Vec<Forgery> {
    let [expires, begins, sub] = ["exp", "nbf", "sub"].map(Error::Claim);
    let mut changes = vec![
        (json!({ "iss": "https://id.example.org/" }), Error::Issuer),
        (json!({ "iss": [ISSUER, "x"] }), Error::Issuer),
        (json!({ "iss": null }), Error::Issuer),
        (json!({ "aud": "mesur2" }), Error::Audience),
        (json!({ "aud": ["a", "b"] }), Error::Audience),
        (json!({ "aud": [] }), Error::Audience),
        (json!({ "aud": null }), Error::Audience),
        (json!({ "exp": NOW - 31 }), Error::Expired),
        (json!({ "exp": -1 }), expires),
        (json!({ "exp": null }), expires),
        (json!({ "exp": "9999999999" }), expires),
        (json!({ "exp": 9_999_999_999.5 }), expires),
        (json!({ "nbf": NOW + 31 }), Error::NotYetValid),
        (json!({ "nbf": "0" }), begins),
        (json!({ "sub": null }), sub),
        (json!({ "sub": ["a"] }), Error::Malformed),
        (json!({ "sub": 1 }), sub),
        (json!({ "sub": "x".repeat(201) }), sub),
    ];
    for text in ["", " ", "a ", "a\nb", "a\0", "\u{202e}a", "Si\u{f4}n"] {
        changes.push((json!({ "sub": text }), sub));
    }
    let forge =
        |(changes, why): &(Value, Error)| (changes.to_string(), provider.with(changes), *why);
    changes.iter().map(forge).collect()
}

/// Claims that two readers could read in two ways, or that are none.
fn texts(provider: &Provider) -> Vec<Forgery> {
    let good = claims(&json!({}));
    let twice = |more: &str| format!("{},{more}}}", &good[..good.len() - 1]);
    let texts = [
        twice(r#""exp":9999999999"#),
        twice(r#""mesur_roles":["publisher"]"#),
        twice(r#""sub":"somebody else""#),
        twice(r#""\u0073ub":"somebody else""#),
        format!("{good} {{}}"),
        "[1]".to_owned(),
        "somebody".to_owned(),
        "[".repeat(4_000),
    ];
    let forge = |text: String| {
        let token = provider.ed_token(ED_HEADER, &text);
        (text, token, Error::Malformed)
    };
    texts.into_iter().map(forge).collect()
}

#[test]
fn a_forged_token_is_refused_in_whatever_way_it_was_made() {
    let provider = Provider::new();
    let verifier = provider.verifier();
    assert!(verifier.verify(&provider.with(&json!({})), at(NOW)).is_ok());
    let ways = [
        headers, key_names, secrets, signatures, shapes, contents, texts,
    ];
    let all: Vec<_> = ways.iter().flat_map(|way| way(&provider)).collect();
    assert!(all.len() > 60);
    for (way, token, why) in all {
        let refused = verifier.verify(&token, at(NOW));
        assert_eq!(refused, Err(why), "{way}: {token}");
        // Nothing of it is remembered.
        assert_eq!(verifier.verify(&token, at(NOW)), Err(why), "{way}, again");
    }
}

#[test]
fn every_changed_character_of_a_good_token_spoils_it() {
    let provider = Provider::new();
    let verifier = provider.verifier();
    let good = provider.with(&json!({}));
    for place in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).expect("text");
        assert!(
            verifier.verify(&changed, at(NOW)).is_err(),
            "{place}: {changed}"
        );
    }
    assert!(verifier.verify(&good, at(NOW)).is_ok());
}

#[test]
fn a_token_of_a_key_that_was_taken_out_is_refused() {
    let provider = Provider::new();
    let token = provider.with(&json!({}));
    let without = verifier(&json!({ "keys": [provider.ec_key()] }));
    assert_eq!(without.verify(&token, at(NOW)), Err(Error::Key));
}
