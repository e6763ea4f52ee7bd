//! The options that say where the keys of the provider of identities are: in a file, at an address,
//! or where the provider itself says.

use std::convert::Infallible;
use std::fs::File;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail};
use mesur_access::Verifier;
use mesur_access::token::Settings;
use mesur_access::watched::RECHECK_INTERVAL;
use mesur_oidc::{Client, KeysAt, Pace, ProviderKeys, Roots, Url};
use tokio_util::sync::CancellationToken;

/// Where the keys are that tokens are checked with.
#[derive(Debug, Clone, clap::Args)]
pub struct Keys {
    /// The JSON Web Key Set of the provider of identities: a file, read again when it changes, or an
    /// https address. Without it the provider is asked where it is, at `--issuer`.
    #[arg(long, value_name = "FILE|URL")]
    pub jwks: Option<Place>,
    /// The authorities that vouch for the provider's certificate; without it those that this machine
    /// trusts.
    #[arg(long, value_name = "FILE")]
    pub jwks_ca: Option<PathBuf>,
    /// How many seconds pass before the provider is asked for its keys again. A token with a key that
    /// is not known has it asked at once.
    #[arg(long, default_value_t = 300, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(10..=3600))]
    pub jwks_refresh: u32,
}

/// A file or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file.
    File(PathBuf),
    /// The text of an address.
    Url(String),
}

impl FromStr for Place {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if is_url(text) {
            Self::Url(text.to_owned())
        } else {
            Self::File(text.into())
        })
    }
}

fn is_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

impl Keys {
    /// What checks tokens. A provider is asked in the background until `stop` is cancelled.
    pub(crate) fn verifier(
        &self,
        settings: Settings,
        stop: &CancellationToken,
    ) -> anyhow::Result<Verifier> {
        let at = match &self.jwks {
            Some(Place::File(path)) => {
                let verifier = Verifier::from_file(settings, path, RECHECK_INTERVAL);
                return verifier.context("--jwks");
            }
            Some(Place::Url(text)) => KeysAt::Url(Url::parse(text).context("--jwks")?),
            None if is_url(&settings.issuer) => {
                Url::parse(&settings.issuer).context("--issuer")?;
                KeysAt::Issuer(settings.issuer.clone())
            }
            None => bail!(
                "{:?} is no address to ask for keys: give --jwks",
                settings.issuer
            ),
        };
        if let Some(path) = &self.jwks_ca {
            // It is read for each connection; one that is not there is said at once.
            File::open(path).with_context(|| format!("--jwks-ca: opening {}", path.display()))?;
        }
        let roots = self.jwks_ca.clone().map_or(Roots::Platform, Roots::File);
        let pace = Pace {
            interval: Duration::from_secs(self.jwks_refresh.into()),
            ..Pace::default()
        };
        let keys = ProviderKeys::start(at, Client::new(roots), pace, stop.clone());
        Ok(Verifier::from_source(settings, keys))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_an_address_is_one() {
        let read = |text: &str| text.parse::<Place>();
        let url = "https://id.example.org/keys";
        assert_eq!(read(url), Ok(Place::Url(url.to_owned())));
        for file in ["jwks.json", "/etc/mesur/jwks.json", "https:/jwks.json"] {
            assert_eq!(read(file), Ok(Place::File(file.into())));
        }
    }
}
