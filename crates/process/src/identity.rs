//! The options that say who is let in, and as whom a service calls others. Secrets come by file and
//! never stand in an argument, where every user of the machine could read them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use mesur_access::dev;
use mesur_access::token::{ROLES_CLAIM, Settings};
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::clock::Clock;
use tokio_util::sync::CancellationToken;

use crate::{Keys, Tls};

/// Whose tokens are taken, and which token the service shows itself.
#[derive(Debug, Clone, clap::Args)]
pub struct Identity {
    /// Where the provider's keys are.
    #[command(flatten)]
    pub keys: Keys,
    /// Who issues tokens: their `iss` claim, and the address of the provider where `--jwks` is not
    /// given.
    #[arg(long, value_name = "TEXT")]
    pub issuer: String,
    /// Whom tokens are for: one of their `aud` claim.
    #[arg(long, default_value = dev::AUDIENCE, value_name = "TEXT")]
    pub audience: String,
    /// The claim that holds the roles.
    #[arg(long, default_value = ROLES_CLAIM, value_name = "NAME")]
    pub roles_claim: String,
    /// By how many seconds the clocks of the provider and of this machine may differ.
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(..=600))]
    pub leeway: u32,
    /// The file with the token that the service shows to others; it is read again when it changes. A
    /// service that shows a certificate needs none.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

impl Identity {
    pub(crate) fn authenticator(
        &self,
        clock: Arc<dyn Clock>,
        stop: &CancellationToken,
    ) -> anyhow::Result<Authenticator> {
        let settings = Settings {
            roles_claim: self.roles_claim.clone(),
            leeway: Duration::from_secs(self.leeway.into()),
            ..Settings::new(&self.issuer, &self.audience)
        };
        let verifier = self.keys.verifier(settings, stop)?;
        Ok(Authenticator::new(verifier, clock))
    }

    pub(crate) fn bearer(&self, tls: &Tls) -> anyhow::Result<Bearer> {
        let bearer = match &self.token_file {
            Some(file) => Bearer::from_file(file).context("--token-file")?,
            None if tls.is_shown() => Bearer::none(),
            None => bail!(
                "other services would not know this one: give --token-file, or --tls-cert and --ca"
            ),
        };
        Ok(match tls.client()? {
            Some(tls) => bearer.with_tls(tls),
            None => bearer,
        })
    }
}
