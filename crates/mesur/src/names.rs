//! How people name things on the command line: `W06000003/pif-2022-23`, or the full resource name.

use std::fmt;
use std::str::FromStr;

use mesur_catalogue::{AuthorityCode, EditionName};
use mesur_wire::{
    AuthorityName, EditionResource, NameError, ReleaseName, ReturnName, RevisionName, SnapshotName,
};

/// A return, or one revision of it: `W06000003/pif-2022-23` or `W06000003/pif-2022-23/2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReturnArgument {
    /// The return.
    pub(crate) name: ReturnName,
    /// The revision, where one is named.
    pub(crate) revision: Option<u32>,
}

impl ReturnArgument {
    /// The resource name of the return or the revision.
    pub(crate) fn resource(&self) -> String {
        match self.revision {
            Some(revision) => RevisionName {
                data_return: self.name.clone(),
                revision,
            }
            .to_string(),
            None => self.name.to_string(),
        }
    }

    /// The name of the report on the revision, or of the latest.
    pub(crate) fn report(&self) -> String {
        format!("{}/report", self.resource())
    }
}

impl FromStr for ReturnArgument {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let full = match text.split('/').collect::<Vec<_>>().as_slice() {
            ["authorities", ..] => text.to_owned(),
            [authority, data_return] => format!("authorities/{authority}/returns/{data_return}"),
            [authority, data_return, revision] => {
                format!("authorities/{authority}/returns/{data_return}/revisions/{revision}")
            }
            _ => text.to_owned(),
        };
        if full.contains("/revisions/") {
            let RevisionName {
                data_return: name,
                revision,
            } = RevisionName::parse(&full)?;
            let revision = Some(revision);
            return Ok(Self { name, revision });
        }
        let name = ReturnName::parse(&full)?;
        let revision = None;
        Ok(Self { name, revision })
    }
}

/// An edition: `pif/2022-23`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EditionArgument(pub(crate) EditionName);

impl EditionArgument {
    /// The resource name, with what belongs to the edition: `schedule` or nothing.
    pub(crate) fn resource(&self, part: &str) -> String {
        let edition = EditionResource(self.0.clone());
        match part {
            "" => edition.to_string(),
            part => format!("{edition}/{part}"),
        }
    }
}

impl FromStr for EditionArgument {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match EditionName::parse(text) {
            Ok(name) => Ok(Self(name)),
            Err(_) => Ok(Self(EditionResource::parse(text)?.0)),
        }
    }
}

/// An authority: `W06000003`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuthorityArgument(pub(crate) AuthorityCode);

impl FromStr for AuthorityArgument {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match AuthorityCode::parse(text) {
            Ok(code) => Ok(Self(code)),
            Err(_) => Ok(Self(AuthorityName::parse(text)?.0)),
        }
    }
}

impl fmt::Display for AuthorityArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "authorities/{}", self.0)
    }
}

/// A query: `W06000003/pif-2022-23/1`, or the full resource name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryArgument(pub(crate) String);

impl FromStr for QueryArgument {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        // A query is named like a revision; only the word between differs.
        let of_revision = text.replacen("/queries/", "/revisions/", 1);
        let argument: ReturnArgument = of_revision.parse()?;
        let query = argument.resource().replacen("/revisions/", "/queries/", 1);
        match argument.revision {
            Some(_) => Ok(Self(query)),
            None => Err(NameError {
                form: "{authority}/{collection}-{period}/{number}",
                text: text.chars().take(128).collect(),
            }),
        }
    }
}

/// A release or a revision of it: `pif-2022-23` or `pif-2022-23/2`, or the full resource name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReleaseArgument(pub(crate) String);

impl FromStr for ReleaseArgument {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let full = match text.split('/').collect::<Vec<_>>().as_slice() {
            ["releases", ..] => text.to_owned(),
            [release] => format!("releases/{release}"),
            [release, revision] => format!("releases/{release}/revisions/{revision}"),
            _ => text.to_owned(),
        };
        let release = full.split("/revisions/").next().unwrap_or_default();
        ReleaseName::parse(release)?;
        Ok(Self(full))
    }
}

/// A snapshot: its id, or the full resource name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SnapshotArgument(pub(crate) String);

impl FromStr for SnapshotArgument {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let name = match SnapshotName::parse(text) {
            Ok(name) => name,
            Err(_) => SnapshotName::parse(&format!("snapshots/{text}"))?,
        };
        Ok(Self(name.to_string()))
    }
}

/// A resource name as people see it in a table; what is no such name, such as a finding's id, stays.
pub(crate) fn short(name: &str) -> String {
    let parts: Vec<&str> = name.split('/').collect();
    match parts.as_slice() {
        [
            "authorities",
            authority,
            "returns",
            data_return,
            _,
            number,
            ..,
        ] => {
            format!("{authority}/{data_return}/{number}")
        }
        ["authorities", authority, _, last] => format!("{authority}/{last}"),
        ["collections", collection, "editions", period] => format!("{collection}/{period}"),
        ["snapshots" | "releases", name] => (*name).to_owned(),
        ["releases", release, "revisions", revision] => format!("{release}/{revision}"),
        ["collections", collection, "editions", period, _, number] => {
            format!("{collection}/{period}/{number}")
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_full_names_are_the_same_things() {
        let full = "authorities/W06000003/returns/pif-2022-23";
        for (text, resource) in [
            ("W06000003/pif-2022-23", full.to_owned()),
            (full, full.to_owned()),
            ("W06000003/pif-2022-23/2", format!("{full}/revisions/2")),
        ] {
            let argument: ReturnArgument = text.parse().expect("a return");
            assert_eq!(argument.resource(), resource);
            assert_eq!(argument.resource().parse(), Ok(argument));
        }
        for wrong in [
            "",
            "W06000003",
            "W06000003/pif",
            "W06000003/pif-2022-23/0",
            "a/b/c/d",
        ] {
            assert!(wrong.parse::<ReturnArgument>().is_err(), "{wrong}");
        }
        let query: QueryArgument = "W06000003/pif-2022-23/7".parse().expect("a query");
        assert_eq!(query.0, format!("{full}/queries/7"));
        assert_eq!(query.0.parse(), Ok(query));
        assert!("W06000003/pif-2022-23".parse::<QueryArgument>().is_err());
        assert_eq!(
            short(&format!("{full}/queries/7")),
            "W06000003/pif-2022-23/7"
        );
        let edition: EditionArgument = "pif/2022-23".parse().expect("an edition");
        let schedule = "collections/pif/editions/2022-23/schedule";
        assert_eq!(edition.resource("schedule"), schedule);
        assert_eq!(edition.resource("").parse(), Ok(edition));
    }
}
