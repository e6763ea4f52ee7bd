//! A token for somebody at a terminal (RFC 8628): the terminal shows an address and a code, a browser
//! anywhere lets it in, and meanwhile the terminal asks. Later a refresh token gets it the next
//! token, and at the end it is given back (RFC 7009).
//!
//! What the provider says of an error is cut to its code: nothing that it writes reaches the screen.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::{Instant, sleep};

use crate::http::{self, Answer, Client, Url};

/// The grant of a device.
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// How long is waited between two questions unless the provider says otherwise.
const INTERVAL: Duration = Duration::from_secs(5);

/// How long is waited at the least.
const INTERVAL_MIN: Duration = Duration::from_millis(100);

/// How much longer is waited when the provider says to slow down.
const SLOWER: Duration = Duration::from_secs(5);

/// How long is waited between two questions at most, whatever the provider says.
const INTERVAL_MAX: Duration = Duration::from_mins(1);

/// How long a code is good at most, whatever the provider says.
const CODE_LIFETIME_MAX: Duration = Duration::from_hours(1);

/// Characters of an error code that are repeated at most.
const CODE_CHARS_MAX: usize = 40;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The provider did not answer, or not what it should.
    #[error("asking the provider")]
    Ask(#[from] http::Error),
    /// The provider lets no devices in.
    #[error("the provider does not let devices in")]
    NoDevices,
    /// Somebody said no in the browser.
    #[error("the request was denied")]
    Denied,
    /// Nobody let the device in while the code was good.
    #[error("the code expired before it was used")]
    Expired,
    /// The refresh token is good no more.
    #[error("the login has ended")]
    Ended,
    /// The provider refuses for another reason.
    #[error("the provider refuses: {code}")]
    Refused {
        /// Its code, such as `invalid_client`.
        code: String,
    },
}

/// Who asks for a token, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The name under which the provider knows the command.
    pub client_id: String,
    /// What is asked for, words with spaces between them.
    pub scope: String,
    /// For whom the token is, where the provider wants to be told (RFC 8707).
    pub resource: Option<String>,
}

/// What the provider lets somebody do to let the device in.
#[derive(Debug)]
pub struct Invitation {
    /// Where the code is typed.
    pub url: String,
    /// The same with the code in it.
    pub whole_url: Option<String>,
    /// The code.
    pub code: String,
    /// How long the code is good.
    pub lifetime: Duration,
    device_code: Secret,
    until: Instant,
    interval: Duration,
}

/// What lets somebody in.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// What services are shown.
    pub access: Secret,
    /// What gets the next one, if there is one.
    pub refresh: Option<Secret>,
    /// How long the first is good from now on, where the provider says so.
    pub lifetime: Option<Duration>,
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for where it must go.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[derive(Deserialize)]
struct InvitationAnswer {
    device_code: Secret,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: u64,
    interval: Option<u64>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Secret,
    refresh_token: Option<Secret>,
    expires_in: Option<u64>,
    token_type: String,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
}

/// Asks the provider to let this device in.
pub async fn begin(client: &Client, device: &Url, asked: &Asked) -> Result<Invitation, Error> {
    let mut form = vec![
        ("client_id", asked.client_id.as_str()),
        ("scope", &asked.scope),
    ];
    form.extend(
        asked
            .resource
            .as_deref()
            .map(|resource| ("resource", resource)),
    );
    let answer = post(client, device, &form).await?;
    if answer.status != 200 {
        return Err(refused(&answer));
    }
    let answer: InvitationAnswer = answer.json()?;
    let lifetime = lifetime(answer.expires_in);
    Ok(Invitation {
        url: answer.verification_uri,
        whole_url: answer.verification_uri_complete,
        code: answer.user_code,
        lifetime,
        device_code: answer.device_code,
        until: Instant::now() + lifetime,
        interval: answer.interval.map_or(INTERVAL, Duration::from_secs),
    })
}

/// Waits until somebody let the device in, or refused, or the code is good no more.
pub async fn wait(
    client: &Client,
    token: &Url,
    asked: &Asked,
    invitation: &Invitation,
) -> Result<Tokens, Error> {
    let mut form = vec![
        ("grant_type", DEVICE_GRANT),
        ("device_code", invitation.device_code.expose()),
        ("client_id", &asked.client_id),
    ];
    form.extend(
        asked
            .resource
            .as_deref()
            .map(|resource| ("resource", resource)),
    );
    let mut interval = paced(invitation.interval);
    loop {
        if Instant::now() + interval > invitation.until {
            return Err(Error::Expired);
        }
        sleep(interval).await;
        let answer = match post(client, token, &form).await {
            Ok(answer) => answer,
            // A connection that breaks in between loses nothing: the code is still good.
            Err(http::Error::Late | http::Error::Connect { .. } | http::Error::Http(_)) => {
                interval = paced(interval.saturating_mul(2));
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        if answer.status == 200 {
            return tokens(&answer);
        }
        match refused(&answer) {
            Error::Refused { code } if code == "authorization_pending" => {}
            Error::Refused { code } if code == "slow_down" => {
                interval = paced(interval + SLOWER);
            }
            error => return Err(error),
        }
    }
}

/// How long a code is good of which the provider says so many seconds.
fn lifetime(seconds: u64) -> Duration {
    Duration::from_secs(seconds).min(CODE_LIFETIME_MAX)
}

/// How long is waited where so much is asked for.
fn paced(interval: Duration) -> Duration {
    interval.clamp(INTERVAL_MIN, INTERVAL_MAX)
}

/// Gets the next token with a refresh token. When the answer has no refresh token, the same is good again.
pub async fn refresh(
    client: &Client,
    token: &Url,
    asked: &Asked,
    refresh: &Secret,
) -> Result<Tokens, Error> {
    let mut form = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.expose()),
        ("client_id", &asked.client_id),
    ];
    form.extend(
        asked
            .resource
            .as_deref()
            .map(|resource| ("resource", resource)),
    );
    let answer = post(client, token, &form).await?;
    if answer.status == 200 {
        return tokens(&answer);
    }
    match refused(&answer) {
        Error::Refused { code } if code == "invalid_grant" => Err(Error::Ended),
        error => Err(error),
    }
}

/// Gives a refresh token back, so that nobody gets a token with it any more.
pub async fn revoke(
    client: &Client,
    revocation: &Url,
    asked: &Asked,
    token: &Secret,
) -> Result<(), Error> {
    let form = [
        ("token", token.expose()),
        ("token_type_hint", "refresh_token"),
        ("client_id", &asked.client_id),
    ];
    let answer = post(client, revocation, &form).await?;
    match answer.status {
        200 => Ok(()),
        _ => Err(refused(&answer)),
    }
}

async fn post(client: &Client, url: &Url, form: &[(&str, &str)]) -> Result<Answer, http::Error> {
    let form: String = serde_urlencoded::to_string(form).unwrap_or_default();
    client.post(url, form).await
}

fn tokens(answer: &Answer) -> Result<Tokens, Error> {
    let answer: TokenAnswer = answer.json()?;
    if !answer.token_type.eq_ignore_ascii_case("bearer") {
        let code = "token_type".to_owned();
        return Err(Error::Refused { code });
    }
    Ok(Tokens {
        access: answer.access_token,
        refresh: answer.refresh_token,
        lifetime: answer.expires_in.map(Duration::from_secs),
    })
}

/// What an answer that is no success says.
fn refused(answer: &Answer) -> Error {
    let Ok(ErrorAnswer { error }) = answer.json() else {
        let status = answer.status;
        return http::Error::Status { status }.into();
    };
    match error.as_str() {
        "access_denied" => Error::Denied,
        "expired_token" => Error::Expired,
        _ => {
            let letters = error
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || *c == '_');
            let code = letters.take(CODE_CHARS_MAX).collect();
            Error::Refused { code }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_says_of_times_is_kept_to_up_to_a_limit() {
        let hour = CODE_LIFETIME_MAX.as_secs();
        assert_eq!(
            [hour - 1, hour, hour + 1].map(|seconds| lifetime(seconds).as_secs()),
            [hour - 1, hour, hour]
        );
        let second = Duration::from_secs(1);
        assert_eq!(paced(second), second);
        assert_eq!(paced(INTERVAL_MAX), INTERVAL_MAX);
        assert_eq!(paced(INTERVAL_MAX + second), INTERVAL_MAX);
        assert_eq!(paced(Duration::ZERO), INTERVAL_MIN);
    }

    #[test]
    fn so_much_of_a_code_is_repeated_and_no_more() {
        let told = |chars: usize| {
            let body = format!(r#"{{"error":"{}"}}"#, "x".repeat(chars)).into();
            match refused(&Answer { status: 400, body }) {
                Error::Refused { code } => code.len(),
                error => panic!("{error}"),
            }
        };
        assert_eq!(told(CODE_CHARS_MAX), CODE_CHARS_MAX);
        assert_eq!(told(CODE_CHARS_MAX + 1), CODE_CHARS_MAX);
    }
}
