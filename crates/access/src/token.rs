//! Bearer tokens: JSON Web Tokens of an `OpenID` Connect provider, and what one says about its caller.
//!
//! A token is taken when it has at most [`TOKEN_BYTES_MAX`] bytes, is signed by RS256, ES256 or `EdDSA`
//! with the one key of the provider's set that it names and that its algorithm fits, was issued by
//! the provider for this audience, is neither expired nor used too early, and has a subject. Every
//! other token is refused, and so is one that says something twice. The time is an argument.
//!
//! The signature is checked by [`Verifier`](crate::Verifier) only once for each token.
//!
//! Deliberately not here: asking the provider. A token counts until it expires, so a provider should
//! give short ones; taking its key out of the set ends all that were signed with it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::dangerous::insecure_decode;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use tracing::debug;

use crate::caller::{Caller, Role};
use crate::keys::KeySet;

/// Bytes of a token at most: 8 KiB.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// Roles that one token gives at most.
pub const ROLES_MAX: usize = 64;

/// Characters of an identity at most.
pub const IDENTITY_CHARS_MAX: usize = 200;

/// The claim that holds the roles unless the settings say another.
pub const ROLES_CLAIM: &str = "mesur_roles";

/// By how much the clocks of provider and service may differ unless the settings say otherwise.
pub const LEEWAY: Duration = Duration::from_secs(30);

/// What a token must say to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Who issues tokens: the `iss` claim, to the letter.
    pub issuer: String,
    /// Whom tokens are for: one of the `aud` claim.
    pub audience: String,
    /// The claim that holds the array of roles.
    pub roles_claim: String,
    /// By how much the clocks of provider and service may differ.
    pub leeway: Duration,
}

impl Settings {
    /// Tokens of this issuer for this audience, with the usual claim and leeway.
    pub fn new(issuer: &str, audience: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            roles_claim: ROLES_CLAIM.to_owned(),
            leeway: LEEWAY,
        }
    }
}

/// Why a token is refused. What it says itself is not repeated: it may be a secret or an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It was good once.
    #[error("the token is expired")]
    Expired,
    /// It is not good yet.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// It has more than [`TOKEN_BYTES_MAX`] bytes.
    #[error("a token has at most {TOKEN_BYTES_MAX} bytes")]
    TooLong,
    /// It is not three parts of which the first two are JSON objects that say each thing once.
    #[error("this is not a signed JSON Web Token")]
    Malformed,
    /// Its header asks for something that is not understood here.
    #[error("the header asks for something else than a signed JSON Web Token")]
    Header,
    /// It is signed with none of the algorithms allowed.
    #[error("the algorithm is none of RS256, ES256 and EdDSA")]
    Algorithm,
    /// It names no key of the set that its algorithm fits, or could mean several.
    #[error("no one key of the set fits the token")]
    Key,
    /// The keys of the provider are not known, or too old to be trusted.
    #[error("the provider's keys are not there")]
    NoKeys,
    /// Nobody with the key signed it.
    #[error("the signature is wrong")]
    Signature,
    /// Somebody else issued it.
    #[error("the token is of another issuer")]
    Issuer,
    /// It is meant for somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// A claim is missing or is not what it should be.
    #[error("the claim {0:?} is missing or not what it should be")]
    Claim(&'static str),
}

/// What a good token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) caller: Caller,
    /// From when it counts, in seconds since 1970, leeway included.
    pub(crate) from: i64,
    /// When it ceases to count, in seconds since 1970, leeway included.
    pub(crate) until: i64,
}

impl Verified {
    /// Whether the token counts at this time.
    pub(crate) fn at(&self, now: Timestamp) -> Result<&Caller, Error> {
        let now = now.as_second();
        if now >= self.until {
            Err(Error::Expired)
        } else if now < self.from {
            Err(Error::NotYetValid)
        } else {
            Ok(&self.caller)
        }
    }
}

/// Checks everything about a token but the time.
pub(crate) fn verify(token: &str, keys: &KeySet, settings: &Settings) -> Result<Verified, Error> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Error::TooLong);
    }
    let header = decode_header(token).map_err(|error| refusal(error.kind()))?;
    check_header(&header)?;
    let key = keys.find(header.kid.as_deref(), header.alg);
    let key = key.ok_or(Error::Key)?;
    let decoded = decode::<Claims>(token, key, &validation(header.alg, settings));
    let decoded = decoded.map_err(|error| refusal(error.kind()))?;
    read(&decoded.claims, settings)
}

/// What a token says of its caller, believed by nobody: for telling somebody what their own token
/// gives. None for what is no JSON Web Token.
pub fn read_unchecked(token: &str, roles_claim: &str) -> Option<Caller> {
    let decoded = insecure_decode::<Claims>(token.as_bytes()).ok()?;
    Some(Caller {
        identity: decoded.claims.identity().ok()?,
        roles: decoded.claims.roles(roles_claim).ok()?,
    })
}

fn check_header(header: &Header) -> Result<(), Error> {
    if !matches!(
        header.alg,
        Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA
    ) {
        return Err(Error::Algorithm);
    }
    let is_type = |name: &str| {
        let name = name.to_ascii_lowercase();
        let name = name.strip_prefix("application/").unwrap_or(&name);
        matches!(name, "jwt" | "at+jwt")
    };
    let is_understood = header.typ.as_deref().is_none_or(is_type)
        && header.crit.is_none()
        && header.enc.is_none()
        && header.zip.is_none();
    if is_understood {
        Ok(())
    } else {
        Err(Error::Header)
    }
}

fn validation(algorithm: Algorithm, settings: &Settings) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[&settings.issuer]);
    validation.set_audience(&[&settings.audience]);
    // The library would ask the machine for the time.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

/// The refusal that an error of the library means.
fn refusal(kind: &ErrorKind) -> Error {
    match kind {
        ErrorKind::InvalidSignature => Error::Signature,
        ErrorKind::InvalidIssuer => Error::Issuer,
        ErrorKind::InvalidAudience => Error::Audience,
        ErrorKind::InvalidAlgorithm
        | ErrorKind::InvalidAlgorithmName
        | ErrorKind::UnsupportedAlgorithm => Error::Algorithm,
        ErrorKind::MissingRequiredClaim(name) => match name.as_str() {
            "exp" => Error::Claim("exp"),
            "iss" => Error::Issuer,
            "aud" => Error::Audience,
            _ => Error::Claim("sub"),
        },
        _ => Error::Malformed,
    }
}

fn read(claims: &Claims, settings: &Settings) -> Result<Verified, Error> {
    // The library also takes an array of issuers, of which one need fit.
    if claims.0.get("iss").and_then(Value::as_str) != Some(&settings.issuer) {
        return Err(Error::Issuer);
    }
    let leeway = i64::try_from(settings.leeway.as_secs()).unwrap_or(i64::MAX);
    let expires = claims.seconds("exp")?.ok_or(Error::Claim("exp"))?;
    let begins = claims.seconds("nbf")?.unwrap_or(i64::MIN);
    Ok(Verified {
        caller: Caller {
            identity: claims.identity()?,
            roles: claims.roles(&settings.roles_claim)?,
        },
        from: begins.saturating_sub(leeway),
        until: expires.saturating_add(leeway),
    })
}

/// The claims of a token, each said once.
#[derive(Debug)]
struct Claims(BTreeMap<String, Value>);

impl Claims {
    /// A time; only whole seconds are one.
    fn seconds(&self, name: &'static str) -> Result<Option<i64>, Error> {
        let seconds = |value: &Value| value.as_i64().ok_or(Error::Claim(name));
        self.0.get(name).map(seconds).transpose()
    }

    fn identity(&self) -> Result<String, Error> {
        let text = self.0.get("sub").and_then(Value::as_str);
        let is_identity = |text: &&str| {
            !text.is_empty()
                && text.len() <= IDENTITY_CHARS_MAX
                && text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
                && text.trim() == *text
        };
        let text = text.filter(is_identity).ok_or(Error::Claim("sub"))?;
        Ok(text.to_owned())
    }

    /// The roles that are known. Others are left out: a provider may serve more than Mesur.
    fn roles(&self, claim: &str) -> Result<Vec<Role>, Error> {
        let refused = Error::Claim("roles");
        let texts = match self.0.get(claim) {
            None => return Ok(Vec::new()),
            Some(Value::Array(texts)) if texts.len() <= ROLES_MAX => texts,
            Some(_) => return Err(refused),
        };
        let mut roles = Vec::with_capacity(texts.len());
        for text in texts {
            match Role::parse(text.as_str().ok_or(refused)?) {
                Ok(role) => roles.push(role),
                Err(error) => debug!(%error, "a role of the token is not known"),
            }
        }
        roles.sort();
        roles.dedup();
        Ok(roles)
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Once)
    }
}

/// Reads an object that says each thing once. Of two readers of the same token that says a thing
/// twice, each could believe another half.
struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Claims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims, A::Error> {
        let mut claims = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if claims.insert(name, value).is_some() {
                return Err(de::Error::custom("a claim stands twice"));
            }
        }
        Ok(Claims(claims))
    }
}
