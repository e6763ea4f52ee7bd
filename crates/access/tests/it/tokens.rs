//! Good tokens, when they count, and what they say.

use mesur_access::keys::{self, KeySet};
use mesur_access::token::{Error, IDENTITY_CHARS_MAX, ROLES_MAX, Settings, TOKEN_BYTES_MAX};
use mesur_access::{Caller, Role, Verifier};
use serde_json::json;

use crate::provider::{ED_HEADER, ISSUER, NOW, Provider, RSA_TOKEN, at, claims, token, verifier};

fn somebody() -> Caller {
    Caller {
        identity: "somebody".to_owned(),
        roles: vec![Role::Statistician],
    }
}

#[test]
fn a_token_of_each_algorithm_is_taken_with_its_identity_and_roles() {
    let provider = Provider::new();
    let verifier = provider.verifier();
    let ec = |header: &str| token(header, &claims(&json!({})), |text| provider.sign_ec(text));
    for token in [
        RSA_TOKEN.trim().to_owned(),
        provider.with(&json!({})),
        ec(r#"{"alg":"ES256","kid":"ec"}"#),
        ec(r#"{"alg":"ES256","kid":"ec","typ":"at+JWT"}"#),
        ec(r#"{"alg":"ES256","typ":"application/at+jwt","jku":"https://evil.example"}"#),
        provider.with(&json!({ "aud": ["other", "mesur"], "nbf": NOW, "extra": { "a": [1] } })),
    ] {
        assert_eq!(verifier.verify(&token, at(NOW)), Ok(somebody()), "{token}");
        // Again, from what is remembered.
        assert_eq!(verifier.verify(&token, at(NOW)), Ok(somebody()), "{token}");
    }
}

#[test]
fn a_token_counts_from_its_beginning_to_its_end_with_the_leeway_at_both() {
    let provider = Provider::new();
    let token = provider.with(&json!({ "nbf": NOW - 100, "exp": NOW + 100 }));
    let (early, late) = (Err(Error::NotYetValid), Err(Error::Expired));
    for leeway in [0, 30] {
        for (second, expected) in [
            (NOW - 101 - leeway, early.clone()),
            (NOW - 100 - leeway, Ok(somebody())),
            (NOW, Ok(somebody())),
            (NOW + 99 + leeway, Ok(somebody())),
            (NOW + 100 + leeway, late.clone()),
            (i64::from(i32::MAX) * 10, late.clone()),
        ] {
            let settings = Settings {
                leeway: std::time::Duration::from_secs(leeway.unsigned_abs()),
                ..Settings::new(ISSUER, "mesur")
            };
            let keys = KeySet::parse(provider.keys().to_string().as_bytes()).expect("keys");
            let fresh = Verifier::new(settings, keys);
            assert_eq!(fresh.verify(&token, at(second)), expected, "at {second}");
            // A token that was good is not good for ever.
            let _ = fresh.verify(&token, at(NOW));
            assert_eq!(fresh.verify(&token, at(second)), expected, "at {second}");
        }
    }
}

#[test]
fn a_token_that_names_no_key_needs_exactly_one_that_fits() {
    let provider = Provider::new();
    let unnamed = provider.ed_token(r#"{"alg":"EdDSA"}"#, &claims(&json!({})));
    let named = provider.with(&json!({}));
    let mut second = provider.ed_key();
    let alone = verifier(&json!({ "keys": [provider.ed_key(), provider.ec_key()] }));
    assert_eq!(alone.verify(&unnamed, at(NOW)), Ok(somebody()));
    second["kid"] = json!("second");
    let two = verifier(&json!({ "keys": [provider.ed_key(), second] }));
    assert_eq!(two.verify(&unnamed, at(NOW)), Err(Error::Key));
    assert_eq!(two.verify(&named, at(NOW)), Ok(somebody()));
    // Two keys of one name and type: the token does not say which.
    let same = verifier(&json!({ "keys": [provider.ed_key(), provider.ed_key()] }));
    assert_eq!(same.verify(&named, at(NOW)), Err(Error::Key));
    // A key of the same name and another type is not meant.
    let mut other_type = provider.ec_key();
    other_type["kid"] = json!("ed");
    let mixed = verifier(&json!({ "keys": [provider.ed_key(), other_type] }));
    assert_eq!(mixed.verify(&named, at(NOW)), Ok(somebody()));
}

#[test]
fn roles_that_are_not_known_are_left_out_and_claims_that_are_no_roles_refuse_the_token() {
    let provider = Provider::new();
    let verifier = provider.verifier();
    let roles = |value: serde_json::Value| {
        let token = provider.with(&json!({ "mesur_roles": value }));
        verifier.verify(&token, at(NOW)).map(|caller| caller.roles)
    };
    let parsed = |text: &str| Role::parse(text).expect("a role");
    let [submitter, approver] = ["submitter/W06000003", "approver/W06000003"].map(parsed);
    assert_eq!(
        roles(json!([
            "approver/W06000003",
            "submitter/W06000003",
            "offline_access",
            "",
            "Statistician",
            "submitter",
            "submitter/",
            "submitter/W06000003/x",
            "submitter/../W06000003",
            "publisher",
            "statistician/W06000003",
            "service\u{0}",
            "approver/W06000003",
        ])),
        Ok(vec![submitter, approver, Role::Publisher])
    );
    assert_eq!(roles(json!([])), Ok(vec![]));
    assert_eq!(roles(json!(null)), Ok(vec![]));
    assert_eq!(
        roles(json!(vec!["service"; ROLES_MAX])),
        Ok(vec![Role::Service])
    );
    for wrong in [
        json!(vec!["service"; ROLES_MAX + 1]),
        json!("statistician"),
        json!(["statistician", 1]),
        json!({ "statistician": true }),
    ] {
        assert_eq!(roles(wrong.clone()), Err(Error::Claim("roles")), "{wrong}");
    }
}

#[test]
fn the_claim_of_the_roles_is_a_setting() {
    let provider = Provider::new();
    let keys = KeySet::parse(provider.keys().to_string().as_bytes()).expect("keys");
    let settings = Settings {
        roles_claim: "https://id.example.org/roles".to_owned(),
        ..Settings::new(ISSUER, "mesur")
    };
    let verifier = Verifier::new(settings, keys);
    let token = provider.with(&json!({ "https://id.example.org/roles": ["publisher"] }));
    let caller = verifier.verify(&token, at(NOW)).expect("a caller");
    assert_eq!(caller.roles, [Role::Publisher]);
}

#[test]
fn a_token_may_have_the_greatest_length_and_no_byte_more() {
    let provider = Provider::new();
    let verifier = provider.verifier();
    let of = |filling: usize| {
        let padding = "x".repeat(filling);
        provider.ed_token(ED_HEADER, &claims(&json!({ "padding": padding })))
    };
    let most = (TOKEN_BYTES_MAX / 2..TOKEN_BYTES_MAX * 3 / 4).rev().map(of);
    let longest = most
        .into_iter()
        .find(|token| token.len() <= TOKEN_BYTES_MAX);
    let longest = longest.expect("a token");
    assert!(longest.len() > TOKEN_BYTES_MAX - 4, "{}", longest.len());
    assert_eq!(verifier.verify(&longest, at(NOW)), Ok(somebody()));
    assert_eq!(
        verifier.verify(&of(TOKEN_BYTES_MAX), at(NOW)),
        Err(Error::TooLong)
    );
    let huge = "a.".repeat(1 << 20);
    assert_eq!(verifier.verify(&huge, at(NOW)), Err(Error::TooLong));
}

#[test]
fn an_identity_may_have_so_many_characters_and_no_more() {
    let provider = Provider::new();
    let verifier = provider.verifier();
    let identity = |chars: usize| {
        let token = provider.with(&json!({ "sub": "x".repeat(chars) }));
        let caller = verifier.verify(&token, at(NOW))?;
        Ok(caller.identity.chars().count())
    };
    assert_eq!(identity(IDENTITY_CHARS_MAX), Ok(IDENTITY_CHARS_MAX));
    assert_eq!(identity(IDENTITY_CHARS_MAX + 1), Err(Error::Claim("sub")));
}

#[test]
fn a_key_set_without_a_sound_key_is_refused() {
    let provider = Provider::new();
    let mut point = provider.ec_key();
    point["y"] = json!("AA");
    let weak: serde_json::Value =
        serde_json::from_str(include_str!("data/weak.jwks.json")).expect("keys");
    for keys in [json!({ "keys": [] }), json!({ "keys": [point] }), weak] {
        let error = KeySet::parse(keys.to_string().as_bytes()).expect_err("refused");
        assert!(matches!(error, keys::Error::NoKey), "{error}");
    }
    for text in ["", "[]", "{}", r#"{"keys":1}"#] {
        let error = KeySet::parse(text.as_bytes()).expect_err("refused");
        assert!(matches!(error, keys::Error::Json(_)), "{error}");
    }
    let good = provider.keys().to_string();
    let of = |length: usize| format!("{good}{}", " ".repeat(length - good.len()));
    assert!(KeySet::parse(of(keys::JWKS_BYTES_MAX).as_bytes()).is_ok());
    let large = of(keys::JWKS_BYTES_MAX + 1);
    let error = KeySet::parse(large.as_bytes()).expect_err("refused");
    assert!(matches!(error, keys::Error::TooLarge), "{error}");
}
