//! `release.toml` as it is written: each text with its place, so that a fault can say where.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{FootnoteStyle, Group, PopulationGroup, ReleasePlan, Section};

pub(super) type Text = Spanned<String>;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    reference: Option<String>,
    pub(super) release_date: Option<Text>,
    #[serde(default)]
    footnote_style: FootnoteStyle,
    #[serde(default)]
    require_welsh: bool,
    designation: Option<Text>,
    contact: Option<Text>,
    #[serde(default)]
    frame_notes: Vec<Text>,
    #[serde(rename = "population", default)]
    pub(super) populations: Vec<PopulationSource>,
    #[serde(rename = "section", default)]
    sections: Vec<SectionSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PopulationSource {
    pub(super) id: Text,
    pub(super) populations: Vec<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionSource {
    id: Text,
    #[serde(rename = "group", default)]
    groups: Vec<GroupSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupSource {
    id: Text,
    statements: Vec<Text>,
}

/// A message that the plan names.
pub(super) struct Named<'a> {
    /// Its id in the templates.
    pub(super) message: String,
    /// The key under which the plan names it.
    pub(super) key: &'static str,
    /// The text that names it.
    pub(super) text: &'a Text,
}

impl Source {
    /// The messages that the plan needs beyond the house wording.
    pub(super) fn messages(&self) -> Vec<Named<'_>> {
        let mut found = Vec::new();
        let mut name = |key, prefix: &str, text| {
            found.push(Named {
                message: format!("{prefix}{}", Text::as_ref(text)),
                key,
                text,
            });
        };
        if let Some(text) = &self.designation {
            name("designation", "designation-", text);
        }
        if let Some(text) = &self.contact {
            name("contact", "", text);
        }
        for text in &self.frame_notes {
            name("frame_notes", "", text);
        }
        for group in &self.populations {
            name("population.id", "population-", &group.id);
        }
        for section in &self.sections {
            name("section.id", "section-", &section.id);
            for group in &section.groups {
                name("section.group.id", "group-", &group.id);
                for statement in &group.statements {
                    name("section.group.statements", "statement-", statement);
                }
            }
        }
        found
    }

    /// The plan without the places.
    pub(super) fn into_plan(self) -> ReleasePlan {
        let populations = self.populations.into_iter().map(|group| PopulationGroup {
            id: group.id.into_inner(),
            populations: plain(group.populations),
        });
        let sections = self.sections.into_iter().map(|section| Section {
            id: section.id.into_inner(),
            groups: section.groups.into_iter().map(plain_group).collect(),
        });
        ReleasePlan {
            reference: self.reference,
            release_date: self.release_date.map(Text::into_inner),
            footnote_style: self.footnote_style,
            require_welsh: self.require_welsh,
            designation: self.designation.map(Text::into_inner),
            contact: self.contact.map(Text::into_inner),
            frame_notes: plain(self.frame_notes),
            populations: populations.collect(),
            sections: sections.collect(),
            templates_en: None,
            templates_cy: None,
            variables: BTreeMap::new(),
        }
    }
}

fn plain(texts: Vec<Text>) -> Vec<String> {
    texts.into_iter().map(Text::into_inner).collect()
}

fn plain_group(group: GroupSource) -> Group {
    Group {
        id: group.id.into_inner(),
        statements: plain(group.statements),
    }
}
