//! The command's own words in English and Welsh, over those of the house. Options, `--help` and
//! faults of the command line are English alone, as for every tool.

use anyhow::bail;
use mesur_wording::{Args, Language, Wording};

const ENGLISH: &str = include_str!("../words/en.ftl");
const WELSH: &str = concat!(
    include_str!("../words/cy.ftl"),
    "\n",
    include_str!("../words/reasons.cy.ftl")
);

/// The words of a language.
pub(crate) fn of(language: Language) -> anyhow::Result<Wording> {
    let source = match language {
        Language::En => ENGLISH,
        Language::Cy => WELSH,
    };
    Ok(Wording::new(language, Some(source))?)
}

/// The words of the language that the user named.
pub(crate) fn named(language: &str) -> anyhow::Result<Wording> {
    match Language::parse(language) {
        Ok(language) => of(language),
        Err(_) => bail!("the language {language:?} is not en or cy"),
    }
}

/// A text without variables. One that is not held shows its id: a table is never lost for want of
/// a heading.
pub(crate) fn label(wording: &Wording, id: &str) -> String {
    text(wording, id, &Args::new())
}

/// A text with variables.
pub(crate) fn text(wording: &Wording, id: &str, args: &Args) -> String {
    wording.text(id, args).unwrap_or_else(|_| id.to_owned())
}

/// The name of an enum value such as `SIGNED_OFF`, as `state-signed-off` says it.
pub(crate) fn value(wording: &Wording, kind: &str, name: &str) -> String {
    label(
        wording,
        &format!("{kind}-{}", name.to_lowercase().replace('_', "-")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_texts_with_the_same_variables() {
        let (english, welsh) = (of(Language::En), of(Language::Cy));
        let (english, welsh) = (english.expect("English"), welsh.expect("Welsh"));
        let house = Wording::new(Language::En, None).expect("the house wording");
        let own: Vec<&str> = english.ids().filter(|id| !house.has(id)).collect();
        assert!(own.len() > 50, "{own:?}");
        // Services say in English themselves why they refuse.
        let (reasons, shared): (Vec<&str>, Vec<&str>) =
            welsh.ids().partition(|id| id.starts_with("reason-"));
        assert_eq!(english.ids().collect::<Vec<_>>(), shared);
        for id in reasons {
            let heading = id.trim_start_matches("reason-").replace('-', "_");
            let heading = format!("\n### {}\n", heading.to_uppercase());
            let errors = include_str!("../../../docs/errors.md");
            assert!(errors.contains(&heading), "{id}");
        }
        for id in own {
            let printed = |wording: &Wording| wording.variables(id).expect("a message").printed;
            assert_eq!(printed(&english), printed(&welsh), "{id}");
            assert_ne!(label(&english, id), "", "{id}");
        }
    }
}
