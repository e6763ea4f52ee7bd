//! The two languages of a release.

use std::fmt;

use crate::Error;

/// A language that Mesur writes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// English.
    En,
    /// Welsh.
    Cy,
}

impl Language {
    /// Both languages, English first.
    pub const ALL: [Self; 2] = [Self::En, Self::Cy];

    /// The BCP-47 code: `en` or `cy`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Cy => "cy",
        }
    }

    /// Reads a BCP-47 tag. A region is passed over: `cy-GB` is Welsh.
    pub fn parse(tag: &str) -> Result<Self, Error> {
        let primary = tag.split('-').next().unwrap_or(tag);
        Self::ALL
            .into_iter()
            .find(|language| language.code().eq_ignore_ascii_case(primary))
            .ok_or_else(|| Error::Language {
                tag: tag.to_owned(),
            })
    }

    /// The marks that part thousands and decimals.
    pub(crate) const fn separators(self) -> (char, char) {
        match self {
            Self::En | Self::Cy => (',', '.'),
        }
    }

    pub(crate) const fn house(self) -> &'static str {
        match self {
            Self::En => include_str!("../house/en.ftl"),
            Self::Cy => include_str!("../house/cy.ftl"),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_by_its_language_and_others_are_refused() {
        assert_eq!(Language::parse("cy-GB").unwrap(), Language::Cy);
        assert_eq!(Language::parse("EN").unwrap(), Language::En);
        let refused = Language::parse("fr").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "there is no wording in language \"fr\""
        );
    }
}
