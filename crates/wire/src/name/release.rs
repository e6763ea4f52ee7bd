//! The names of releases and of their revisions.

use std::fmt;

use mesur_catalogue::EditionName;

use super::{NameError, counted, edition_id, segments};

/// `releases/{collection}-{period}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReleaseName(pub EditionName);

impl ReleaseName {
    const FORM: &'static str = "releases/{collection}-{period}";

    /// Reads the name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let [edition] = segments("releases/{}", Self::FORM, text)?;
        Ok(Self(edition_id(Self::FORM, text, edition)?))
    }

    /// The name with this id, as [`id`](Self::id) writes it.
    pub fn from_id(id: &str) -> Result<Self, NameError> {
        Ok(Self(edition_id(Self::FORM, id, id)?))
    }

    /// `{collection}-{period}`.
    pub fn id(&self) -> String {
        format!("{}-{}", self.0.collection, self.0.period)
    }

    /// The name of one of its revisions.
    pub fn revision(&self, revision: u32) -> AnyReleaseName {
        AnyReleaseName {
            release: self.clone(),
            revision: Some(revision),
        }
    }
}

impl fmt::Display for ReleaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "releases/{}", self.id())
    }
}

/// The name of a release, or that with `/revisions/{revision}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyReleaseName {
    /// The release.
    pub release: ReleaseName,
    /// Counted from 1; `None` for the one that the reader is given.
    pub revision: Option<u32>,
}

impl AnyReleaseName {
    const FORM: &'static str = "releases/{collection}-{period}[/revisions/{revision}]";

    /// Reads the name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let error = || NameError::new(Self::FORM, text);
        let (release, revision) = match text.rsplit_once("/revisions/") {
            Some((release, revision)) => (release, Some(counted(revision).ok_or_else(error)?)),
            None => (text, None),
        };
        Ok(Self {
            release: ReleaseName::parse(release).map_err(|_| error())?,
            revision,
        })
    }
}

impl fmt::Display for AnyReleaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.revision {
            Some(revision) => write!(f, "{}/revisions/{revision}", self.release),
            None => self.release.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_and_its_revisions_read_back_as_they_are_written() {
        let release = ReleaseName::parse("releases/pif-2022-23").unwrap();
        let names = [
            ("releases/pif-2022-23", None),
            ("releases/pif-2022-23/revisions/12", Some(12)),
        ];
        for (text, revision) in names {
            let name = AnyReleaseName::parse(text).unwrap();
            assert_eq!((&name.release, name.revision), (&release, revision));
            assert_eq!(name.to_string(), text);
        }
        for text in [
            "releases/pif-2022-23/revisions/0",
            "releases/pif-2022-23/revisions/01",
            "releases/pif-2022-23/revisions/",
            "releases/pif-2022-23/revisions/1/revisions/1",
            "releases/pif",
        ] {
            assert!(AnyReleaseName::parse(text).is_err(), "{text}");
        }
    }
}
