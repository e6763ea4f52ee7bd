//! Who calls.

use std::fmt;

use mesur_catalogue::AuthorityCode;

/// What somebody does in the collection. Written `submitter/W06000003` or `statistician`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sends an authority's returns and answers for them.
    Submitter(AuthorityCode),
    /// Signs an authority's returns off and delegates sending.
    Approver(AuthorityCode),
    /// A supplier's system: sends for the authorities that delegated it.
    Supplier,
    /// Questions the returns, adds them up and compiles releases.
    Statistician,
    /// Publishes releases.
    Publisher,
    /// May be named to see a release early.
    Reader,
    /// Runs the services.
    Operator,
    /// Another service of Mesur.
    Service,
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a role such as submitter/W06000003 or statistician")]
pub struct RoleError {
    /// What stood there, cut to 64 characters.
    pub text: String,
}

impl Role {
    /// Reads a role.
    pub fn parse(text: &str) -> Result<Self, RoleError> {
        let error = || RoleError {
            text: text.chars().take(64).collect(),
        };
        let authority = |code: &str| AuthorityCode::parse(code).map_err(|_| error());
        match text.split_once('/') {
            Some(("submitter", code)) => Ok(Self::Submitter(authority(code)?)),
            Some(("approver", code)) => Ok(Self::Approver(authority(code)?)),
            Some(_) => Err(error()),
            None => match text {
                "supplier" => Ok(Self::Supplier),
                "statistician" => Ok(Self::Statistician),
                "publisher" => Ok(Self::Publisher),
                "reader" => Ok(Self::Reader),
                "operator" => Ok(Self::Operator),
                "service" => Ok(Self::Service),
                _ => Err(error()),
            },
        }
    }

    /// The authority that the role is of, if it is of one.
    pub fn authority(&self) -> Option<&AuthorityCode> {
        match self {
            Self::Submitter(code) | Self::Approver(code) => Some(code),
            Self::Supplier
            | Self::Statistician
            | Self::Publisher
            | Self::Reader
            | Self::Operator
            | Self::Service => None,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Submitter(code) => write!(f, "submitter/{code}"),
            Self::Approver(code) => write!(f, "approver/{code}"),
            Self::Supplier => f.write_str("supplier"),
            Self::Statistician => f.write_str("statistician"),
            Self::Publisher => f.write_str("publisher"),
            Self::Reader => f.write_str("reader"),
            Self::Operator => f.write_str("operator"),
            Self::Service => f.write_str("service"),
        }
    }
}

/// Who calls. Without a token it is the public: no identity and no role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// The subject of the token, as the provider names it; empty for the public.
    pub identity: String,
    /// The roles that the token gives.
    pub roles: Vec<Role>,
}

impl Caller {
    /// A caller without a token.
    pub fn public() -> Self {
        Self::default()
    }

    /// Whether the caller showed no token.
    pub fn is_public(&self) -> bool {
        self.identity.is_empty()
    }
}
