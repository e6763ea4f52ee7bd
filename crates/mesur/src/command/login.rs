//! `mesur login` and `mesur logout`: a token from the organisation's provider of identities, got by
//! letting this terminal in with a browser, which may be on another machine.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use jiff::Timestamp;
use mesur_access::token::ROLES_CLAIM;
use mesur_oidc::device::{self, Invitation};
use mesur_oidc::{Provider, Url};
use mesur_wording::{Args, Wording};

use crate::login::{self, Login, NotLoggedIn, told};
use crate::output::{printable, say};
use crate::{times, words};

/// The name under which the provider knows the command, unless it is told otherwise.
const CLIENT_ID: &str = "mesur-cli";
/// What is asked for: who it is, and to stay logged in.
const SCOPE: &str = "openid offline_access";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The address of the provider of identities; the last one, if somebody is logged in.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The name under which the provider knows this command.
    #[arg(long, value_name = "ID", default_value = CLIENT_ID)]
    client_id: String,
    /// What is asked for.
    #[arg(long, value_name = "WORDS", default_value = SCOPE)]
    scope: String,
    /// For whom the token is to be, where the provider wants to be told.
    #[arg(long, value_name = "TEXT")]
    resource: Option<String>,
    /// The authorities that vouch for the provider's certificate, if this machine does not trust
    /// them.
    #[arg(long, value_name = "FILE")]
    issuer_ca: Option<PathBuf>,
    /// The claim that holds the roles, as the services are told it.
    #[arg(long, value_name = "NAME", default_value = ROLES_CLAIM)]
    roles_claim: String,
    /// The language of messages: en or cy.
    #[arg(long, default_value = "en", value_name = "LANGUAGE")]
    language: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Logout {
    /// The language of messages: en or cy.
    #[arg(long, default_value = "en", value_name = "LANGUAGE")]
    language: String,
}

/// Lets this terminal in.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let wording = words::named(&arguments.language)?;
    tokio::runtime::Runtime::new()?.block_on(Box::pin(log_in(arguments, &wording)))
}

/// Forgets who is logged in, and tells the provider.
pub(crate) fn run_logout(arguments: &Logout) -> anyhow::Result<ExitCode> {
    let wording = words::named(&arguments.language)?;
    tokio::runtime::Runtime::new()?.block_on(Box::pin(log_out(&wording)))
}

fn login_folder() -> anyhow::Result<PathBuf> {
    login::folder().context("there is no place for a login: set HOME or XDG_CONFIG_HOME")
}

async fn log_in(arguments: &Arguments, wording: &Wording) -> anyhow::Result<ExitCode> {
    let folder = login_folder()?;
    let mut login = if let Some(issuer) = &arguments.issuer {
        arguments.login(issuer)
    } else if let Some(last) = Login::read(&folder)? {
        last
    } else {
        bail!("give --issuer URL, the address of your provider of identities");
    };
    login.refresh = None;
    let client = login.client();
    let provider = Provider::discover(&client, &login.issuer).await;
    let provider = provider.with_context(|| format!("asking {}", login.issuer))?;
    let of = |url: Option<Url>| url.ok_or_else(|| told(device::Error::NoDevices, wording));
    let (at, token) = (of(provider.device)?, of(provider.token)?);
    let asked = login.asked();
    let invitation = device::begin(&client, &at, &asked).await;
    let invitation = invitation.map_err(|error| told(error, wording))?;
    invite(&invitation, wording);
    let tokens = device::wait(&client, &token, &asked, &invitation).await;
    let tokens = tokens.map_err(|error| told(error, wording))?;
    {
        let _lock = login::lock(&folder)?;
        login.keep(&folder, &tokens)?;
    }
    let text = |id, args: &Args| words::text(wording, id, args);
    match login.says(&folder) {
        None => say!("{}", text("login-unreadable", &Args::new())),
        Some((identity, roles)) => {
            let args = Args::new()
                .text("identity", &identity)
                .text("roles", &roles);
            let id = if roles.is_empty() {
                "login-no-roles"
            } else {
                "login-done"
            };
            say!("{}", text(id, &args));
        }
    }
    if login.refresh.is_none() {
        let until = prost_types::Timestamp {
            seconds: login.expires.as_second(),
            nanos: 0,
        };
        let args = Args::new().text("time", &times::shown(Some(&until)));
        say!("{}", text("login-until", &args));
    }
    Ok(ExitCode::SUCCESS)
}

fn invite(invitation: &Invitation, wording: &Wording) {
    let (url, code) = (printable(&invitation.url), printable(&invitation.code));
    let args = Args::new().text("url", &url).text("code", &code);
    say!("{}", words::text(wording, "login-visit", &args));
    if let Some(whole) = &invitation.whole_url {
        let args = Args::new().text("url", &printable(whole));
        say!("{}", words::text(wording, "login-visit-whole", &args));
    }
    let minutes = invitation.lifetime.as_secs().div_ceil(60);
    let args = Args::new().text("minutes", &minutes.to_string());
    say!("{}", words::text(wording, "login-waiting", &args));
}

impl Arguments {
    fn login(&self, issuer: &str) -> Login {
        Login {
            issuer: issuer.to_owned(),
            client_id: self.client_id.clone(),
            scope: self.scope.clone(),
            resource: self.resource.clone(),
            issuer_ca: self.issuer_ca.clone(),
            roles_claim: self.roles_claim.clone(),
            expires: Timestamp::UNIX_EPOCH,
            lifetime_seconds: 0,
            refresh: None,
        }
    }
}

async fn log_out(wording: &Wording) -> anyhow::Result<ExitCode> {
    let folder = login_folder()?;
    let label = |id| words::label(wording, id);
    let login = {
        let _lock = login::lock(&folder)?;
        let login = Login::read(&folder);
        // Also what cannot be read goes.
        login::remove(&folder)?;
        login?
    };
    let Some(login) = login else {
        return Err(NotLoggedIn(label("login-none")).into());
    };
    match give_back(&login).await {
        Ok(()) => say!("{}", label("login-removed")),
        Err(_) => say!("{}", label("login-not-told")),
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells the provider that the login is over, where it wants to know.
async fn give_back(login: &Login) -> Result<(), device::Error> {
    let Some(refresh) = login.refresh_token() else {
        return Ok(());
    };
    let client = login.client();
    let provider = Provider::discover(&client, &login.issuer).await?;
    match &provider.revocation {
        Some(url) => device::revoke(&client, url, &login.asked(), &refresh).await,
        None => Ok(()),
    }
}
