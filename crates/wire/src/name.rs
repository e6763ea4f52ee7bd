//! Resource names: one type each, parsed here and nowhere else.

use std::fmt;

use mesur_catalogue::{AuthorityCode, CollectionId, EditionName, IdError, Period};

mod conversation;
mod release;

pub use conversation::{AnyReportName, ProgressName, QueryName, ReturnsPattern, RoundName};
pub use release::{AnyReleaseName, ReleaseName};

/// A text that is not the resource name that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} does not have the form {form}")]
pub struct NameError {
    /// The form that was expected.
    pub form: &'static str,
    /// What stood there, cut to 128 characters.
    pub text: String,
}

impl NameError {
    fn new(form: &'static str, text: &str) -> Self {
        let text = text.chars().take(128).collect();
        Self { form, text }
    }
}

/// The variable segments of `text` when it has the form of `pattern`, in which `{}` stands for
/// one segment.
fn segments<'a, const N: usize>(
    pattern: &'static str,
    form: &'static str,
    text: &'a str,
) -> Result<[&'a str; N], NameError> {
    let error = || NameError::new(form, text);
    let mut found = [""; N];
    let mut places = found.iter_mut();
    let (mut wanted, mut given) = (pattern.split('/'), text.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => break,
            (Some("{}"), Some(segment)) => *places.next().ok_or_else(error)? = segment,
            (Some(fixed), Some(segment)) if fixed == segment => {}
            _ => return Err(error()),
        }
    }
    Ok(found)
}

fn invalid<'a>(form: &'static str, text: &'a str) -> impl FnOnce(IdError) -> NameError + 'a {
    move |_| NameError::new(form, text)
}

/// `pif-2022-23`: a collection has no hyphen, so the first one parts it from the period.
fn edition_id(form: &'static str, whole: &str, id: &str) -> Result<EditionName, NameError> {
    let (collection, period) = id.split_once('-').unwrap_or((id, ""));
    Ok(EditionName {
        collection: CollectionId::parse(collection).map_err(invalid(form, whole))?,
        period: Period::parse(period).map_err(invalid(form, whole))?,
    })
}

/// A number counted from 1. Digits only: `+1` and `01` would be other names of the same thing.
fn counted(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain)
}

/// `collections/{collection}/editions/{period}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionResource(pub EditionName);

impl EditionResource {
    const FORM: &'static str = "collections/{collection}/editions/{period}";

    /// Reads the name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let [collection, period] = segments("collections/{}/editions/{}", Self::FORM, text)?;
        Ok(Self(EditionName {
            collection: CollectionId::parse(collection).map_err(invalid(Self::FORM, text))?,
            period: Period::parse(period).map_err(invalid(Self::FORM, text))?,
        }))
    }
}

impl fmt::Display for EditionResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "collections/{}/editions/{}",
            self.0.collection, self.0.period
        )
    }
}

/// `authorities/{authority}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityName(pub AuthorityCode);

impl AuthorityName {
    const FORM: &'static str = "authorities/{authority}";

    /// Reads the name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let [authority] = segments("authorities/{}", Self::FORM, text)?;
        Ok(Self(
            AuthorityCode::parse(authority).map_err(invalid(Self::FORM, text))?,
        ))
    }
}

impl fmt::Display for AuthorityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "authorities/{}", self.0)
    }
}

/// `authorities/{authority}/returns/{collection}-{period}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReturnName {
    /// Who reports.
    pub authority: AuthorityCode,
    /// For which collection and period.
    pub edition: EditionName,
}

impl ReturnName {
    const FORM: &'static str = "authorities/{authority}/returns/{collection}-{period}";

    /// Reads the name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let [authority, edition] = segments("authorities/{}/returns/{}", Self::FORM, text)?;
        Ok(Self {
            authority: AuthorityCode::parse(authority).map_err(invalid(Self::FORM, text))?,
            edition: edition_id(Self::FORM, text, edition)?,
        })
    }
}

impl fmt::Display for ReturnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EditionName { collection, period } = &self.edition;
        write!(
            f,
            "authorities/{}/returns/{collection}-{period}",
            self.authority
        )
    }
}

/// The name of a return with `/revisions/{revision}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RevisionName {
    /// The return.
    pub data_return: ReturnName,
    /// Counted from 1.
    pub revision: u32,
}

impl RevisionName {
    const FORM: &'static str =
        "authorities/{authority}/returns/{collection}-{period}/revisions/{revision}";

    /// Reads the name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let error = || NameError::new(Self::FORM, text);
        let (data_return, revision) = text.rsplit_once("/revisions/").ok_or_else(error)?;
        let data_return = ReturnName::parse(data_return).map_err(|_| error())?;
        Ok(Self {
            data_return,
            revision: counted(revision).ok_or_else(error)?,
        })
    }
}

impl fmt::Display for RevisionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/revisions/{}", self.data_return, self.revision)
    }
}

/// The name of a revision with `/report`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportName(pub RevisionName);

impl ReportName {
    const FORM: &'static str =
        "authorities/{authority}/returns/{collection}-{period}/revisions/{revision}/report";

    /// Reads the name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let error = || NameError::new(Self::FORM, text);
        let revision = text.strip_suffix("/report").ok_or_else(error)?;
        Ok(Self(RevisionName::parse(revision).map_err(|_| error())?))
    }
}

impl fmt::Display for ReportName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/report", self.0)
    }
}

/// `authorities/{authority}/delegations/{delegation}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegationName {
    /// Who delegated.
    pub authority: AuthorityCode,
    /// Counted from 1 for each authority.
    pub number: u32,
}

impl DelegationName {
    const FORM: &'static str = "authorities/{authority}/delegations/{delegation}";

    /// Reads the name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let [authority, number] = segments("authorities/{}/delegations/{}", Self::FORM, text)?;
        Ok(Self {
            authority: AuthorityCode::parse(authority).map_err(invalid(Self::FORM, text))?,
            number: counted(number).ok_or_else(|| NameError::new(Self::FORM, text))?,
        })
    }
}

impl fmt::Display for DelegationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "authorities/{}/delegations/{}",
            self.authority, self.number
        )
    }
}

/// `collections/{collection}/editions/{period}/decisions/{decision}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionName {
    /// What is decided on.
    pub edition: EditionName,
    /// Counted from 1 for each edition.
    pub number: u32,
}

impl DecisionName {
    const FORM: &'static str = "collections/{collection}/editions/{period}/decisions/{decision}";

    /// Reads the name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let error = || NameError::new(Self::FORM, text);
        let (edition, number) = text.split_once("/decisions/").ok_or_else(error)?;
        let EditionResource(edition) = EditionResource::parse(edition).map_err(|_| error())?;
        Ok(Self {
            edition,
            number: counted(number).ok_or_else(error)?,
        })
    }
}

impl fmt::Display for DecisionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let edition = EditionResource(self.edition.clone());
        write!(f, "{edition}/decisions/{}", self.number)
    }
}

/// `collections/{collection}/editions/{period}/schedule`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleName(pub EditionName);

impl ScheduleName {
    const FORM: &'static str = "collections/{collection}/editions/{period}/schedule";

    /// Reads the name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let error = || NameError::new(Self::FORM, text);
        let edition = text.strip_suffix("/schedule").ok_or_else(error)?;
        let EditionResource(edition) = EditionResource::parse(edition).map_err(|_| error())?;
        Ok(Self(edition))
    }
}

impl fmt::Display for ScheduleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/schedule", EditionResource(self.0.clone()))
    }
}

/// `authorities/{authority}/previousValues/{collection}-{period}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousValuesName {
    /// Whose values.
    pub authority: AuthorityCode,
    /// Of which collection and period; there need not be an edition.
    pub edition: EditionName,
}

impl PreviousValuesName {
    const FORM: &'static str = "authorities/{authority}/previousValues/{collection}-{period}";

    /// Reads the name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let [authority, edition] = segments("authorities/{}/previousValues/{}", Self::FORM, text)?;
        Ok(Self {
            authority: AuthorityCode::parse(authority).map_err(invalid(Self::FORM, text))?,
            edition: edition_id(Self::FORM, text, edition)?,
        })
    }
}

impl fmt::Display for PreviousValuesName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EditionName { collection, period } = &self.edition;
        write!(
            f,
            "authorities/{}/previousValues/{collection}-{period}",
            self.authority
        )
    }
}

/// `snapshots/{snapshot}`: sixteen hexadecimal digits of the digest of the inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotName(String);

impl SnapshotName {
    const FORM: &'static str = "snapshots/{16 hexadecimal digits}";

    /// The name that belongs to a digest `sha256:<hex>`.
    pub fn of_digest(digest: &str) -> Self {
        let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
        Self(hex.chars().take(16).collect())
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let [id] = segments("snapshots/{}", Self::FORM, text)?;
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if id.len() == 16 && id.chars().all(hex) {
            Ok(Self(id.to_owned()))
        } else {
            Err(NameError::new(Self::FORM, text))
        }
    }

    /// The sixteen digits.
    pub fn id(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SnapshotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "snapshots/{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What parsing a text and writing the name gives.
    fn written<T: fmt::Display>(name: Result<T, NameError>) -> Result<String, NameError> {
        name.map(|name| name.to_string())
    }

    /// A parser of each kind of name, with such a name.
    type Parser = fn(&str) -> Result<String, NameError>;
    const NAMES: [(Parser, &str); 14] = [
        (
            |text| written(EditionResource::parse(text)),
            "collections/pif/editions/2022-23",
        ),
        (
            |text| written(AuthorityName::parse(text)),
            "authorities/W06000003",
        ),
        (
            |text| written(ReturnName::parse(text)),
            "authorities/W06000003/returns/pif-2022-23",
        ),
        (
            |text| written(RevisionName::parse(text)),
            "authorities/W06000003/returns/pif-2022-23/revisions/2",
        ),
        (
            |text| written(ReportName::parse(text)),
            "authorities/W06000003/returns/pif-2022-23/revisions/2/report",
        ),
        (
            |text| written(DelegationName::parse(text)),
            "authorities/W06000003/delegations/7",
        ),
        (
            |text| written(DecisionName::parse(text)),
            "collections/pif/editions/2022-23/decisions/7",
        ),
        (
            |text| written(ScheduleName::parse(text)),
            "collections/pif/editions/2022-23/schedule",
        ),
        (
            |text| written(RoundName::parse(text)),
            "collections/pif/editions/2022-23/rounds/2",
        ),
        (
            |text| written(QueryName::parse(text)),
            "authorities/W06000003/returns/pif-2022-23/queries/2",
        ),
        (
            |text| written(ProgressName::parse(text)),
            "collections/pif/editions/2022-23/progress",
        ),
        (
            |text| written(PreviousValuesName::parse(text)),
            "authorities/W06000003/previousValues/pif-2021-22",
        ),
        (
            |text| written(SnapshotName::parse(text)),
            "snapshots/0123456789abcdef",
        ),
        (
            |text| written(ReleaseName::parse(text)),
            "releases/pif-2022-23",
        ),
    ];

    #[test]
    fn a_name_reads_back_as_it_is_written_and_is_no_other_kind_of_name() {
        for (place, (parse, text)) in NAMES.into_iter().enumerate() {
            assert_eq!(parse(text), Ok(text.to_owned()));
            for (other, (_, foreign)) in NAMES.into_iter().enumerate() {
                assert_eq!(parse(foreign).is_ok(), place == other, "{foreign}");
            }
        }
    }

    #[test]
    fn an_error_does_not_repeat_a_hostile_text_in_full() {
        for (parse, text) in NAMES {
            let error = parse(&format!("{text}{}", "/x".repeat(10_000))).expect_err(text);
            assert_eq!(error.text.chars().count(), 128);
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_form_that_is_due() {
        for text in [
            "",
            "authorities/W06000003",
            "authorities/W06000003/returns/pif",
            "authorities/W06000003/returns/pif-2022-23/",
            "authorities/../returns/pif-2022-23",
            "authorities/W06000003/returns/PIF-2022-23",
        ] {
            let error = ReturnName::parse(text).expect_err(text);
            assert!(error.form.starts_with("authorities/"), "{text}");
        }
        for number in ["0", "+1", "01", "", "4294967296"] {
            let text = format!("authorities/W1/returns/pif-2022/revisions/{number}");
            assert!(RevisionName::parse(&text).is_err(), "{text}");
        }
        assert!(SnapshotName::parse("snapshots/../../etc/passw").is_err());
    }
}
