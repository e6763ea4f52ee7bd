//! A terminal that wants a token.

use mesur_oidc::device::{self, Asked, Error};
use mesur_oidc::{Client, Roots, Url};
use tokio::time::timeout;

use crate::provider::{Provider, WAIT};

const INVITATION: &str = r#"{"device_code":"the-device-code","user_code":"ABCD-EFGH",
    "verification_uri":"https://id.example.org/device","expires_in":600,"interval":0}"#;
const TOKENS: &str = r#"{"access_token":"the-access-token","refresh_token":"the-refresh-token",
    "expires_in":300,"token_type":"Bearer"}"#;
const PENDING: (u16, &str) = (400, r#"{"error":"authorization_pending"}"#);

fn asked() -> Asked {
    Asked {
        client_id: "mesur-cli".to_owned(),
        scope: "openid offline_access".to_owned(),
        resource: Some("mesur".to_owned()),
    }
}

async fn wait_for(provider: &Provider, answers: &[(u16, &str)]) -> Result<device::Tokens, Error> {
    let client = Client::new(Roots::Platform);
    provider.put("/device", &[(200, INVITATION)]);
    provider.put("/token", answers);
    let url = |path: &str| Url::parse(&format!("{}{path}", provider.at)).expect("a URL");
    let invitation = device::begin(&client, &url("/device"), &asked()).await?;
    assert_eq!(invitation.code, "ABCD-EFGH");
    assert!(!format!("{invitation:?}").contains("the-device-code"));
    let (token, asked) = (url("/token"), asked());
    let waiting = device::wait(&client, &token, &asked, &invitation);
    timeout(WAIT, waiting).await.expect("it ends")
}

#[tokio::test]
async fn a_device_that_is_let_in_gets_its_token_once_it_is() {
    let provider = Provider::start().await;
    let tokens = wait_for(&provider, &[PENDING, (200, TOKENS)]).await;
    let tokens = tokens.expect("tokens");
    assert_eq!(tokens.access.expose(), "the-access-token");
    assert_eq!(tokens.lifetime, Some(std::time::Duration::from_mins(5)));
    assert!(!format!("{tokens:?}").contains("token\""), "{tokens:?}");
    let asked = provider.asked.lock().expect("asked").clone();
    assert_eq!(
        asked,
        [
            "/device client_id=mesur-cli&scope=openid+offline_access&resource=mesur",
            "/token grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code\
             &device_code=the-device-code&client_id=mesur-cli&resource=mesur",
            "/token grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code\
             &device_code=the-device-code&client_id=mesur-cli&resource=mesur",
        ]
    );
}

#[tokio::test]
async fn a_device_that_is_refused_is_told_why_and_nothing_that_the_provider_wrote_is_repeated() {
    let provider = Provider::start().await;
    let refused = async |text: &str| {
        wait_for(&provider, &[(400, text)])
            .await
            .expect_err("refused")
    };
    assert!(matches!(
        refused(r#"{"error":"access_denied"}"#).await,
        Error::Denied
    ));
    assert!(matches!(
        refused(r#"{"error":"expired_token"}"#).await,
        Error::Expired
    ));
    let error = refused("{\"error\":\"bad\\u001b[31m client\",\"error_description\":\"x\"}").await;
    assert_eq!(error.to_string(), "the provider refuses: bad31mclient");
    assert!(matches!(refused("<html>").await, Error::Ask(_)));
}

#[tokio::test]
async fn a_login_that_ended_is_told_as_that() {
    let provider = Provider::start().await;
    let client = Client::new(Roots::Platform);
    let url = Url::parse(&format!("{}/token", provider.at)).expect("a URL");
    let token = device::Secret::new("the-refresh-token".to_owned());
    provider.put(
        "/token",
        &[(200, TOKENS), (400, r#"{"error":"invalid_grant"}"#)],
    );
    let next = device::refresh(&client, &url, &asked(), &token).await;
    assert_eq!(next.expect("tokens").access.expose(), "the-access-token");
    let ended = device::refresh(&client, &url, &asked(), &token).await;
    assert!(matches!(ended, Err(Error::Ended)));
}
