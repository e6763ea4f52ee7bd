//! Answers that are none, and what comes of them.

use jiff::Timestamp;
use mesur_access::dev::Issuer;
use mesur_access::token::Error as TokenError;
use mesur_access::{KeySource as _, Role, Verifier};
use mesur_oidc::{
    ANSWER_BYTES_MAX, Client, Error, KeysAt, Pace, Provider as Discovered, ProviderKeys, Roots, Url,
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::provider::{Provider, WAIT};

const DOCUMENT: &str = "/.well-known/openid-configuration";

fn client() -> Client {
    Client::new(Roots::Platform)
}

#[tokio::test]
async fn a_document_of_another_issuer_or_none_at_all_is_refused() {
    let provider = Provider::start().await;
    let at = provider.at.clone();
    let discover = async || Discovered::discover(&client(), &at).await;
    assert!(matches!(
        discover().await,
        Err(Error::Status { status: 404 })
    ));
    provider.put(DOCUMENT, &[(200, &provider.document(&at))]);
    let found = discover().await.expect("a provider");
    assert_eq!(
        found.keys,
        Url::parse(&format!("{at}/keys")).expect("a URL")
    );
    for other in [format!("{at}/"), "https://id.example.org".to_owned()] {
        provider.put(DOCUMENT, &[(200, &provider.document(&other))]);
        let refused = discover().await.expect_err("refused");
        assert!(matches!(refused, Error::Issuer { .. }), "{refused}");
    }
    for (chars, repeated) in [(200, 200), (201, 200)] {
        provider.put(DOCUMENT, &[(200, &provider.document(&"x".repeat(chars)))]);
        match discover().await {
            Err(Error::Issuer { found, .. }) => assert_eq!(found.len(), repeated),
            other => panic!("{other:?}"),
        }
    }
    for text in [
        "",
        "{}",
        "nonsense",
        &format!(r#"{{"issuer":"{at}","issuer":"{at}","jwks_uri":"{at}/keys"}}"#),
    ] {
        provider.put(DOCUMENT, &[(200, text)]);
        assert!(matches!(discover().await, Err(Error::Json(_))), "{text}");
    }
    for keys in ["file:///etc/passwd", "http://id.example.org/keys"] {
        let text = format!(r#"{{"issuer":"{at}","jwks_uri":"{keys}"}}"#);
        provider.put(DOCUMENT, &[(200, &text)]);
        assert!(
            matches!(discover().await, Err(Error::Address { .. })),
            "{keys}"
        );
    }
}

#[tokio::test]
async fn no_redirect_is_followed_and_no_answer_is_larger_than_it_may_be() {
    let provider = Provider::start().await;
    let at = provider.at.clone();
    let good = provider.document(&at);
    provider.put("/elsewhere", &[(200, &good)]);
    let location = format!("{at}/elsewhere");
    for status in [301, 302, 303, 307, 308] {
        provider.put(DOCUMENT, &[(status, &location)]);
        let refused = Discovered::discover(&client(), &at).await;
        assert!(matches!(refused, Err(Error::Status { status: seen }) if seen == status));
    }
    let asked = provider.asked.lock().expect("asked").clone();
    assert!(
        asked.iter().all(|path| !path.contains("elsewhere")),
        "{asked:?}"
    );

    let of = |length: usize| format!("{good}{}", " ".repeat(length - good.len()));
    provider.put(DOCUMENT, &[(200, &of(ANSWER_BYTES_MAX))]);
    assert!(Discovered::discover(&client(), &at).await.is_ok());
    provider.put(DOCUMENT, &[(200, &of(ANSWER_BYTES_MAX + 1))]);
    let refused = Discovered::discover(&client(), &at).await;
    assert!(matches!(refused, Err(Error::TooLarge)));
    // Nothing else is to come, so the time goes by at once.
    tokio::time::pause();
    provider.put(DOCUMENT, &[(200, "silent")]);
    let refused = Discovered::discover(&client(), &at).await;
    assert!(matches!(refused, Err(Error::Late)));
}

#[tokio::test]
async fn tokens_of_a_provider_that_comes_late_are_taken_from_then_on() {
    let (provider, issuer) = (Provider::start().await, Issuer::generate());
    let at = KeysAt::Issuer(provider.at.clone());
    let stop = CancellationToken::new();
    let pace = Pace {
        gap: std::time::Duration::from_millis(1),
        ..Pace::default()
    };
    let keys = ProviderKeys::start(at, client(), pace, stop.clone());
    let verifier = Verifier::from_source(issuer.settings(), keys.clone());
    let now = Timestamp::now();
    let token = issuer.token("somebody", &[Role::Statistician], WAIT, now);
    assert_eq!(verifier.verify(&token, now), Err(TokenError::NoKeys));
    provider.put(DOCUMENT, &[(200, &provider.document(&provider.at))]);
    provider.put("/keys", &[(200, issuer.jwks_json())]);
    let coming = async {
        while keys.keys().is_none() {
            match verifier.renewal(TokenError::NoKeys) {
                Some(renewal) => renewal.await,
                None => tokio::task::yield_now().await,
            }
        }
    };
    timeout(WAIT, coming).await.expect("it comes");
    let caller = verifier.verify(&token, now).expect("taken");
    assert_eq!(caller.identity, "somebody");
    assert!(verifier.renewal(TokenError::Signature).is_none());
    stop.cancel();
}
