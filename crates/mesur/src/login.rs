//! Somebody who logged in with `mesur login`: their tokens in files that only they can read, and
//! the next token when one comes to its end.
//!
//! The files are in `mesur` within the user's folder of settings. Commands that run at one time
//! share them: only one asks for the next token, as a refresh token is often good only once.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, process};

use anyhow::Context;
use jiff::Timestamp;
use mesur_access::private;
use mesur_access::token::read_unchecked;
use mesur_oidc::device::{self, Asked, Secret, Tokens};
use mesur_oidc::{Client, Provider, Roots, Url};
use mesur_rpc::access::Bearer;
use mesur_wording::{Args, Wording};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::words;

/// The folder within the user's settings.
const FOLDER: &str = "mesur";
/// What is known of the login.
const LOGIN: &str = "login.json";
/// The token that services are shown.
const TOKEN: &str = "token";
/// Held by the one command that asks for the next token.
const LOCK: &str = "lock";

/// How long a token must still be good to be used, unless it is a short one.
const LEFT_MIN: Duration = Duration::from_mins(1);
/// How long a token is taken to be good when the provider does not say.
const LIFETIME: Duration = Duration::from_mins(5);
/// How long a command at work waits before it looks again, at the least.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// Who logged in, and where.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Login {
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) scope: String,
    pub(crate) resource: Option<String>,
    pub(crate) issuer_ca: Option<PathBuf>,
    pub(crate) roles_claim: String,
    /// The end of the token, and how long it was good.
    pub(crate) expires: Timestamp,
    pub(crate) lifetime_seconds: u64,
    pub(crate) refresh: Option<Kept>,
}

/// A refresh token, which stands in its file and is printed nowhere.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Kept(String);

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Why somebody is not logged in, in their own words.
#[derive(Debug)]
pub(crate) struct NotLoggedIn(pub(crate) String);

impl fmt::Display for NotLoggedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotLoggedIn {}

/// What a failure of the provider means to the user.
pub(crate) fn told(error: device::Error, wording: &Wording) -> anyhow::Error {
    let (id, args) = match &error {
        device::Error::Denied => ("login-denied", Args::new()),
        device::Error::Expired => ("login-expired", Args::new()),
        device::Error::Ended => ("login-ended", Args::new()),
        device::Error::NoDevices => ("login-no-devices", Args::new()),
        device::Error::Refused { code } => ("login-refused", Args::new().text("code", code)),
        device::Error::Ask(_) => return error.into(),
    };
    NotLoggedIn(words::text(wording, id, &args)).into()
}

/// The folder of the user's login, if the user has a folder of settings.
pub(crate) fn folder() -> Option<PathBuf> {
    let named = |name| env::var_os(name).map(PathBuf::from);
    let settings = named("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    let settings = settings.or_else(|| Some(named("HOME")?.join(".config")))?;
    Some(settings.join(FOLDER))
}

impl Login {
    /// The login in a folder, if somebody is logged in.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Option<Self>> {
        let path = folder.join(LOGIN);
        let context = || format!("reading {}", path.display());
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .with_context(context),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(context),
        }
    }

    /// Keeps the login with what the provider gave.
    pub(crate) fn keep(&mut self, folder: &Path, tokens: &Tokens) -> anyhow::Result<()> {
        let lifetime = tokens.lifetime.unwrap_or(LIFETIME);
        self.expires = Timestamp::now().saturating_add(lifetime)?;
        self.lifetime_seconds = lifetime.as_secs();
        // Without another one the same is good again.
        if let Some(refresh) = &tokens.refresh {
            self.refresh = Some(Kept(refresh.expose().to_owned()));
        }
        let context = || format!("writing into {}", folder.display());
        private::make_folder(folder).with_context(context)?;
        private::write(folder, TOKEN, tokens.access.expose()).with_context(context)?;
        private::write(folder, LOGIN, &serde_json::to_string_pretty(self)?).with_context(context)
    }

    /// The identity and the roles that the token says, for its owner; none when it cannot be read.
    pub(crate) fn says(&self, folder: &Path) -> Option<(String, String)> {
        let token = fs::read_to_string(folder.join(TOKEN)).ok()?;
        let caller = read_unchecked(token.trim(), &self.roles_claim)?;
        let roles: Vec<String> = caller.roles.iter().map(ToString::to_string).collect();
        Some((caller.identity, roles.join(", ")))
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.issuer_ca.clone().map_or(Roots::Platform, Roots::File))
    }

    pub(crate) fn asked(&self) -> Asked {
        Asked {
            client_id: self.client_id.clone(),
            scope: self.scope.clone(),
            resource: self.resource.clone(),
        }
    }

    pub(crate) fn refresh_token(&self) -> Option<Secret> {
        let Kept(token) = self.refresh.as_ref()?;
        Some(Secret::new(token.clone()))
    }

    /// How long the token may be used before the next one is asked for.
    fn usable(&self) -> Duration {
        let kept_back = LEFT_MIN.min(Duration::from_secs(self.lifetime_seconds) / 2);
        let left = Duration::try_from(self.expires.duration_since(Timestamp::now()));
        left.unwrap_or_default().saturating_sub(kept_back)
    }
}

/// What somebody who is logged in shows: a token that is good now, and renewed as long as the
/// command runs. None when nobody is logged in.
pub(crate) async fn bearer(wording: &Wording) -> anyhow::Result<Option<Bearer>> {
    let Some(folder) = folder() else {
        return Ok(None);
    };
    if Login::read(&folder)?.is_none() {
        return Ok(None);
    }
    let login = renewed(&folder)
        .await
        .map_err(|error| match error.downcast() {
            Ok(refused) => told(refused, wording),
            Err(error) => error,
        })?;
    let Some(login) = login else {
        return Ok(None);
    };
    let path = folder.join(TOKEN);
    let context = || format!("reading the token in {}", path.display());
    let bearer = Bearer::from_file(&path).with_context(context)?;
    tokio::spawn(renew_on(folder, login));
    Ok(Some(bearer))
}

/// As whom the user is logged in, and what that gives.
pub(crate) fn note(wording: &Wording) -> Option<String> {
    let folder = folder()?;
    let (identity, roles) = Login::read(&folder).ok()??.says(&folder)?;
    let roles = if roles.is_empty() { "–" } else { &roles };
    let args = Args::new().text("identity", &identity).text("roles", roles);
    Some(words::text(wording, "login-yours", &args))
}

/// The login with a token that is good for a while.
async fn renewed(folder: &Path) -> anyhow::Result<Option<Login>> {
    // Released when it is dropped, and by the system when the command is killed.
    let _lock = lock(folder)?;
    // Another command may just have renewed it, or logged out.
    let Some(mut login) = Login::read(folder)? else {
        return Ok(None);
    };
    if !login.usable().is_zero() {
        return Ok(Some(login));
    }
    let Some(refresh) = login.refresh_token() else {
        if login.expires > Timestamp::now() {
            return Ok(Some(login));
        }
        return Err(device::Error::Ended.into());
    };
    let tokens = next(&login, &refresh).await?;
    login.keep(folder, &tokens)?;
    Ok(Some(login))
}

async fn next(login: &Login, refresh: &Secret) -> Result<Tokens, device::Error> {
    let client = login.client();
    let provider = Provider::discover(&client, &login.issuer).await?;
    let token: &Url = provider.token.as_ref().ok_or(device::Error::NoDevices)?;
    device::refresh(&client, token, &login.asked(), refresh).await
}

/// Renews the token as long as the command runs and the provider lets it. When it does not, the next
/// call is refused, and says what to do.
async fn renew_on(folder: PathBuf, mut login: Login) {
    loop {
        sleep(login.usable().max(PAUSE_MIN)).await;
        match Box::pin(renewed(&folder)).await {
            Ok(Some(next)) if next.refresh.is_some() => login = next,
            _ => return,
        }
    }
}

/// Waits until no other command asks for the next token. That takes seconds at most.
pub(crate) fn lock(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join(LOCK);
    let open = || {
        private::make_folder(folder)?;
        let file = File::options().create(true).append(true).open(&path)?;
        file.lock()?;
        Ok::<_, io::Error>(file)
    };
    open().with_context(|| format!("locking {} as process {}", path.display(), process::id()))
}

/// Takes everything about a login away.
pub(crate) fn remove(folder: &Path) -> anyhow::Result<()> {
    for name in [TOKEN, LOGIN] {
        let path = folder.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("removing {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}
