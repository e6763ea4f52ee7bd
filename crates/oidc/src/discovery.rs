//! Where a provider answers, as it says itself (`OpenID` Connect Discovery 1.0).

use serde::Deserialize;

use crate::http::{Client, Error, Url};

/// What follows on the issuer's own address.
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// Characters of a name that an error repeats at most.
const NAME_CHARS_MAX: usize = 200;

/// A provider of identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Where its keys are.
    pub keys: Url,
    /// Where a device asks to be let in, if it lets devices in.
    pub device: Option<Url>,
    /// Where tokens are had.
    pub token: Option<Url>,
    /// Where a token is given back.
    pub revocation: Option<Url>,
}

/// The parts of the document that are read. One that stands twice is no document.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
    device_authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
}

impl Provider {
    /// Asks `issuer`, which must be an address and must call itself so to the letter.
    pub async fn discover(client: &Client, issuer: &str) -> Result<Self, Error> {
        // A slash at the end belongs to the name, and not to the address of the document.
        let address = format!("{}{WELL_KNOWN}", issuer.trim_end_matches('/'));
        let answer = client.get(&Url::parse(&address)?).await?;
        let document: Document = answer.json()?;
        if document.issuer != issuer {
            return Err(Error::Issuer {
                expected: issuer.to_owned(),
                found: document.issuer.chars().take(NAME_CHARS_MAX).collect(),
            });
        }
        let url = |text: Option<String>| text.as_deref().map(Url::parse).transpose();
        Ok(Self {
            keys: Url::parse(&document.jwks_uri)?,
            device: url(document.device_authorization_endpoint)?,
            token: url(document.token_endpoint)?,
            revocation: url(document.revocation_endpoint)?,
        })
    }
}
