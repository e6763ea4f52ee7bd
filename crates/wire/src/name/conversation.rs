//! The names of what validation holds: reports, rounds, queries and progress.

use std::fmt;

use mesur_catalogue::{AuthorityCode, EditionName};

use super::{
    EditionResource, NameError, ReportName, ReturnName, RevisionName, counted, edition_id, invalid,
    segments,
};

/// The name of a report, or that without its revision: the latest report on the return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyReportName {
    /// The return.
    pub data_return: ReturnName,
    /// The revision; `None` for the latest.
    pub revision: Option<u32>,
}

impl AnyReportName {
    const FORM: &'static str =
        "authorities/{authority}/returns/{collection}-{period}[/revisions/{revision}]/report";

    /// Reads the name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let latest = |text: &str| ReturnName::parse(text.strip_suffix("/report")?).ok();
        if let Ok(ReportName(RevisionName {
            data_return,
            revision,
        })) = ReportName::parse(text)
        {
            let revision = Some(revision);
            return Ok(Self {
                data_return,
                revision,
            });
        }
        Ok(Self {
            data_return: latest(text).ok_or_else(|| NameError::new(Self::FORM, text))?,
            revision: None,
        })
    }
}

impl fmt::Display for AnyReportName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.revision {
            Some(revision) => write!(f, "{}/revisions/{revision}/report", self.data_return),
            None => write!(f, "{}/report", self.data_return),
        }
    }
}

/// `collections/{collection}/editions/{period}/rounds/{number}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundName {
    /// The edition.
    pub edition: EditionName,
    /// Counted from 1.
    pub number: u32,
}

impl RoundName {
    const FORM: &'static str = "collections/{collection}/editions/{period}/rounds/{number}";

    /// Reads the name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let error = || NameError::new(Self::FORM, text);
        let (edition, round) = text.rsplit_once("/rounds/").ok_or_else(error)?;
        let EditionResource(edition) = EditionResource::parse(edition).map_err(|_| error())?;
        Ok(Self {
            edition,
            number: counted(round).ok_or_else(error)?,
        })
    }
}

impl fmt::Display for RoundName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let edition = EditionResource(self.edition.clone());
        write!(f, "{edition}/rounds/{}", self.number)
    }
}

/// The name of a return with `/queries/{number}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryName {
    /// The return.
    pub data_return: ReturnName,
    /// Counted from 1.
    pub number: u32,
}

impl QueryName {
    const FORM: &'static str =
        "authorities/{authority}/returns/{collection}-{period}/queries/{number}";

    /// Reads the name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let error = || NameError::new(Self::FORM, text);
        let (data_return, query) = text.rsplit_once("/queries/").ok_or_else(error)?;
        Ok(Self {
            data_return: ReturnName::parse(data_return).map_err(|_| error())?,
            number: counted(query).ok_or_else(error)?,
        })
    }
}

impl fmt::Display for QueryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/queries/{}", self.data_return, self.number)
    }
}

/// `collections/{collection}/editions/{period}/progress`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressName(pub EditionName);

impl ProgressName {
    const FORM: &'static str = "collections/{collection}/editions/{period}/progress";

    /// Reads the name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let error = || NameError::new(Self::FORM, text);
        let edition = text.strip_suffix("/progress").ok_or_else(error)?;
        let EditionResource(edition) = EditionResource::parse(edition).map_err(|_| error())?;
        Ok(Self(edition))
    }
}

impl fmt::Display for ProgressName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/progress", EditionResource(self.0.clone()))
    }
}

/// `authorities/{authority}/returns/{collection}-{period}`, in which `-` stands for any authority
/// or any return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnsPattern {
    /// Who reports; `None` for any.
    pub authority: Option<AuthorityCode>,
    /// For which collection and period; `None` for any.
    pub edition: Option<EditionName>,
}

impl ReturnsPattern {
    const FORM: &'static str = "authorities/{authority or -}/returns/{collection-period or -}";

    /// Reads the pattern.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let [authority, edition] = segments("authorities/{}/returns/{}", Self::FORM, text)?;
        let authority = match authority {
            "-" => None,
            code => Some(AuthorityCode::parse(code).map_err(invalid(Self::FORM, text))?),
        };
        let edition = match edition {
            "-" => None,
            id => Some(edition_id(Self::FORM, text, id)?),
        };
        Ok(Self { authority, edition })
    }

    /// Whether a return is one of those that the pattern stands for.
    pub fn matches(&self, name: &ReturnName) -> bool {
        let (authority, edition) = (self.authority.as_ref(), self.edition.as_ref());
        authority.is_none_or(|code| *code == name.authority)
            && edition.is_none_or(|edition| *edition == name.edition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETURN: &str = "authorities/W06000003/returns/pif-2022-23";

    #[test]
    fn a_report_is_named_with_its_revision_or_as_the_latest() {
        for (revision, number) in [("", None), ("/revisions/2", Some(2))] {
            let text = format!("{RETURN}{revision}/report");
            let name = AnyReportName::parse(&text).expect("a name");
            assert_eq!((name.to_string(), name.revision), (text, number));
        }
        for text in [
            "report",
            "/report",
            RETURN,
            "authorities/-/returns/-/report",
        ] {
            assert!(AnyReportName::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pattern_stands_for_the_returns_that_it_does_not_rule_out() {
        let name = ReturnName::parse(RETURN).expect("a name");
        for (pattern, matches) in [
            (RETURN, true),
            ("authorities/-/returns/-", true),
            ("authorities/W06000003/returns/-", true),
            ("authorities/-/returns/pif-2022-23", true),
            ("authorities/W06000004/returns/-", false),
            ("authorities/-/returns/pif-2021-22", false),
        ] {
            let pattern = ReturnsPattern::parse(pattern).expect(pattern);
            assert_eq!(pattern.matches(&name), matches, "{pattern:?}");
        }
        assert!(ReturnsPattern::parse("authorities/-/returns").is_err());
    }
}
