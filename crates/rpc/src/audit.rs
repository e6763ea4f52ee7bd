//! Who did what, when, from where, and to which revision: the entries of a store's chain.
//!
//! A change adds its entry in its own commit, so there is neither one without the other. Whoever
//! reads figures that are not published adds one before the answer is given; when it cannot be
//! written there is no answer. What services do among one another is no reading by people, and what
//! follows from an event is told by the entry of whoever set it off.
//!
//! An entry is one line of JSON, and it is these bytes that the chain vouches for: to read or to
//! verify them needs no Mesur. `docs/audit.md` describes them for auditors. No figure is in an entry
//! and no reason that somebody gave, only names, and digests of what stands elsewhere.
//!
//! What was refused changed nothing and told nothing, and has no entry. A repeat that is answered
//! with what came of the first request has none either.

use std::fmt::Display;

use jiff::Timestamp;
use mesur_access::{Grant, Role};
use mesur_store::{Commit, Error, Store};
use serde::{Deserialize, Serialize};

/// The format of what is written.
pub const FORMAT: u32 = 1;

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// [`FORMAT`].
    pub format: u32,
    /// When the call came in, by the clock of the service.
    pub time: Option<Timestamp>,
    /// What was done.
    pub kind: Kind,
    /// Who did it, as the provider of identities names them; empty for the service itself.
    pub identity: String,
    /// The roles that they had.
    pub roles: Vec<String>,
    /// Where the connection came from: address and port; empty for the service itself.
    pub address: String,
    /// The method that was called, or what the service did by itself.
    pub method: String,
    /// The id that the caller gave the request; empty for none.
    pub request_id: String,
    /// The name of what was changed or read.
    pub resource: String,
    /// Which revision of it; 0 where it has none.
    pub revision: u32,
    /// The digest or etag of its content after the change, or as it was read; empty where it has none.
    pub digest: String,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Something is otherwise than before.
    Change,
    /// Figures that are not published were told to somebody.
    Read,
}

/// What is known of a call before anything is done.
#[derive(Debug, Clone)]
pub struct Call {
    time: Option<Timestamp>,
    identity: String,
    roles: Vec<String>,
    address: String,
    method: String,
    is_by_service: bool,
}

impl From<&Grant> for Call {
    fn from(grant: &Grant) -> Self {
        let caller = grant.caller();
        Self {
            time: grant.time(),
            identity: caller.identity.clone(),
            roles: caller.roles.iter().map(ToString::to_string).collect(),
            address: grant.address().map(|at| at.to_string()).unwrap_or_default(),
            method: grant.method().to_owned(),
            is_by_service: caller.roles.contains(&Role::Service),
        }
    }
}

impl Call {
    /// What a service does by itself, because its time has come.
    pub fn own(method: &str, time: Timestamp) -> Self {
        Self {
            time: Some(time),
            identity: String::new(),
            roles: vec![Role::Service.to_string()],
            address: String::new(),
            method: method.to_owned(),
            is_by_service: true,
        }
    }
}

/// What is changed or read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    name: String,
    revision: u32,
    digest: String,
}

impl Subject {
    /// The resource with this name.
    pub fn new(name: impl Display) -> Self {
        Self {
            name: name.to_string(),
            ..Self::default()
        }
    }

    /// This revision of it.
    #[must_use]
    pub fn revision(self, revision: u32) -> Self {
        Self { revision, ..self }
    }

    /// With content of this digest.
    #[must_use]
    pub fn digest(self, digest: impl Into<String>) -> Self {
        Self {
            digest: digest.into(),
            ..self
        }
    }
}

/// Adds to the commit of a change who made it.
pub fn changed(commit: Commit, call: &Call, request_id: &str, subject: &Subject) -> Commit {
    commit.chain(entry(Kind::Change, call, request_id, subject))
}

/// Writes down that somebody is about to be told what is not published. Nothing is written for a
/// service.
///
/// It is written before the answer is given, and without it none may be.
pub async fn read(store: &dyn Store, call: &Call, subject: &Subject) -> Result<(), Error> {
    if call.is_by_service {
        return Ok(());
    }
    let commit = Commit::new().chain(entry(Kind::Read, call, "", subject));
    store.commit(commit).await.map(drop)
}

/// Adds to a commit that somebody is about to be told what is not published, where that is to be
/// committed in any case.
pub fn reading(commit: Commit, call: &Call, subject: &Subject) -> Commit {
    commit.chain(entry(Kind::Read, call, "", subject))
}

/// The bytes of an entry.
fn entry(kind: Kind, call: &Call, request_id: &str, subject: &Subject) -> Vec<u8> {
    let entry = Entry {
        format: FORMAT,
        time: call.time,
        kind,
        identity: call.identity.clone(),
        roles: call.roles.clone(),
        address: call.address.clone(),
        method: call.method.clone(),
        request_id: request_id.to_owned(),
        resource: subject.name.clone(),
        revision: subject.revision,
        digest: subject.digest.clone(),
    };
    // Texts, numbers and lists of texts are JSON in any case.
    serde_json::to_vec(&entry).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use mesur_access::Caller;
    use mesur_catalogue::AuthorityCode;
    use mesur_store::MemoryStore;
    use mesur_store::chain::{Linked, Pages};

    use super::*;

    /// Written by the first release; must be read for ever.
    const FIXTURE: &str = r#"{"format":1,"time":"2026-03-01T09:30:00.5Z","kind":"change","identity":"siân","roles":["submitter/W06000003"],"address":"192.0.2.7:50123","method":"/mesur.submission.v1.SubmissionService/SubmitReturn","request_id":"3f0c6c3e-6a0f-4a55-9a44-0a3a4f6e9d11","resource":"authorities/W06000003/returns/pif-2022-23","revision":2,"digest":"sha256:00"}"#;

    fn call(method: &str, role: Role) -> Call {
        let caller = Caller {
            identity: "siân".to_owned(),
            roles: vec![role],
        };
        let grant = Grant::new(method, caller).unwrap();
        let address: SocketAddr = "192.0.2.7:50123".parse().unwrap();
        let time: Timestamp = "2026-03-01T09:30:00.5Z".parse().unwrap();
        Call::from(&grant.called(time, Some(address)))
    }

    fn subject() -> Subject {
        let name = "authorities/W06000003/returns/pif-2022-23";
        Subject::new(name).revision(2).digest("sha256:00")
    }

    async fn entries(store: &MemoryStore) -> Vec<Linked> {
        Pages::default().next(store).await.unwrap()
    }

    #[tokio::test]
    async fn an_entry_is_the_line_that_the_first_release_wrote() {
        let store = MemoryStore::new();
        let submitter = Role::Submitter(AuthorityCode::parse("W06000003").unwrap());
        let call = call(
            "/mesur.submission.v1.SubmissionService/SubmitReturn",
            submitter,
        );
        let id = "3f0c6c3e-6a0f-4a55-9a44-0a3a4f6e9d11";
        let commit = changed(Commit::new().put("a", "b"), &call, id, &subject());
        let version = store.commit(commit).await.unwrap();
        let [linked] = entries(&store).await.try_into().unwrap();
        assert_eq!(linked.position.version(), version);
        assert_eq!(String::from_utf8(linked.entry).unwrap(), FIXTURE);
        let entry: Entry = serde_json::from_str(FIXTURE).unwrap();
        assert_eq!((entry.kind, entry.revision), (Kind::Change, 2));
    }

    #[tokio::test]
    async fn reading_is_written_down_for_people_and_not_for_services() {
        let store = MemoryStore::new();
        let method = "/mesur.submission.v1.SubmissionService/ReadReturn";
        for role in [Role::Service, Role::Statistician, Role::Supplier] {
            let read = read(&store, &call(method, role), &subject()).await;
            read.unwrap();
        }
        let roles = entries(&store).await.into_iter().map(|linked| {
            let entry: Entry = serde_json::from_slice(&linked.entry).unwrap();
            assert_eq!((entry.kind, entry.method.as_str()), (Kind::Read, method));
            entry.roles.concat()
        });
        assert_eq!(roles.collect::<Vec<_>>(), ["statistician", "supplier"]);
    }
}
