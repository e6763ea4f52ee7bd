//! The options that say who is let in, and as whom a service calls others. Secrets come by file and
//! never stand in an argument, where every user of the machine could read them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use mesur_access::token::{ROLES_CLAIM, Settings};
use mesur_access::watched::RECHECK_INTERVAL;
use mesur_access::{Verifier, dev};
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::clock::Clock;

/// Whose tokens are taken, and which token the service shows itself.
#[derive(Debug, Clone, clap::Args)]
pub struct Identity {
    /// The JSON Web Key Set of the provider of identities; it is read again when it changes.
    #[arg(long, value_name = "FILE")]
    pub jwks: PathBuf,
    /// Who issues tokens: their `iss` claim.
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
    /// The file with the token that the service shows to others; it is read again when it changes.
    #[arg(long, value_name = "FILE")]
    pub token_file: PathBuf,
}

impl Identity {
    pub(crate) fn authenticator(&self, clock: Arc<dyn Clock>) -> anyhow::Result<Authenticator> {
        let settings = Settings {
            roles_claim: self.roles_claim.clone(),
            leeway: Duration::from_secs(self.leeway.into()),
            ..Settings::new(&self.issuer, &self.audience)
        };
        let verifier = Verifier::from_file(settings, &self.jwks, RECHECK_INTERVAL);
        Ok(Authenticator::new(verifier.context("--jwks")?, clock))
    }

    pub(crate) fn bearer(&self) -> anyhow::Result<Bearer> {
        Bearer::from_file(&self.token_file).context("--token-file")
    }
}
