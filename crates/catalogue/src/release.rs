//! The plan of an edition's release: its sections and statements, and the words they need.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast;
use serde::Deserialize;

use crate::fault::{Faults, line_of, line_of_key};
use crate::figure::Figure;
use crate::folder::Folder;
use crate::metric::Metric;

const PLAN: &str = "release.toml";
const ENGLISH: &str = "release.en.ftl";
const WELSH: &str = "release.cy.ftl";

/// How footnotes are marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FootnoteStyle {
    /// Numbered by first appearance; equal texts share a number.
    #[default]
    Numbers,
    /// One letter for each figure.
    Letters,
}

/// A group of statements under one heading.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its id; the heading is the message `group-<id>`.
    pub id: String,
    /// The statements in order; each is the message `statement-<id>`.
    pub statements: Vec<String>,
}

/// A section of the main points.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Its id; the heading is the message `section-<id>`.
    pub id: String,
    /// Its groups in order.
    #[serde(rename = "group", default)]
    pub groups: Vec<Group>,
}

/// Populations whose published metrics are counted together in the quality section.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PopulationGroup {
    /// Its id; the name is the message `population-<id>`.
    pub id: String,
    /// The populations of `metrics.csv` that it covers.
    pub populations: Vec<String>,
}

/// The plan of a release. The default plan has no statements: tables and quality section only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleasePlan {
    /// The reference, such as `SFR 25/2024`; `None` when the source prints none.
    pub reference: Option<String>,
    /// The day of publication, ISO 8601.
    pub release_date: Option<String>,
    /// How footnotes are marked.
    #[serde(default)]
    pub footnote_style: FootnoteStyle,
    /// The designation; the words are the message `designation-<value>`.
    pub designation: Option<String>,
    /// The message that names the contact, a role.
    pub contact: Option<String>,
    /// Messages of further notes in the quality section.
    #[serde(default)]
    pub frame_notes: Vec<String>,
    /// Populations that are counted together.
    #[serde(rename = "population", default)]
    pub populations: Vec<PopulationGroup>,
    /// The sections of the main points.
    #[serde(rename = "section", default)]
    pub sections: Vec<Section>,
    /// English templates, as Fluent text.
    #[serde(skip)]
    pub templates_en: Option<String>,
    /// Welsh templates, as Fluent text.
    #[serde(skip)]
    pub templates_cy: Option<String>,
}

impl ReleasePlan {
    /// The messages that the plan needs beyond the house wording.
    fn message_ids(&self) -> Vec<String> {
        let mut ids = Vec::new();
        if let Some(designation) = &self.designation {
            ids.push(format!("designation-{designation}"));
        }
        ids.extend(self.contact.clone());
        ids.extend(self.frame_notes.iter().cloned());
        ids.extend(
            self.populations
                .iter()
                .map(|group| format!("population-{}", group.id)),
        );
        for section in &self.sections {
            ids.push(format!("section-{}", section.id));
            for group in &section.groups {
                ids.push(format!("group-{}", group.id));
                ids.extend(group.statements.iter().map(|id| format!("statement-{id}")));
            }
        }
        ids
    }
}

/// Reads the plan and checks every message, figure and population that it names.
pub(crate) fn load(
    folder: &Folder,
    metrics: &[Metric],
    figures: &[Figure],
    faults: &mut Faults,
) -> ReleasePlan {
    let mut plan = ReleasePlan::default();
    if let Some(text) = folder.text(PLAN, faults) {
        match toml::from_str(text) {
            Ok(read) => plan = read,
            Err(error) => {
                let row = line_of(text, error.span());
                faults.at(PLAN, row, "", error.message().to_owned());
                return plan;
            }
        }
    }
    for group in &plan.populations {
        for population in &group.populations {
            if !metrics
                .iter()
                .any(|metric| &metric.population == population)
            {
                faults.at(
                    PLAN,
                    0,
                    "population",
                    format!("no metric has population {population:?}"),
                );
            }
        }
    }
    let english = templates(folder, ENGLISH, figures, faults);
    let welsh = templates(folder, WELSH, figures, faults);
    let needed = plan.message_ids();
    if let Some((text, messages)) = english {
        for id in needed.iter().filter(|id| !messages.contains(*id)) {
            faults.file(
                ENGLISH,
                format!("{PLAN} names the message {id}, which is missing"),
            );
        }
        if let Some((text, ids)) = welsh {
            for id in ids.difference(&messages) {
                let row = line_of_key(text, id);
                faults.at(WELSH, row, id, format!("the message is not in {ENGLISH}"));
            }
            plan.templates_cy = Some(text.to_owned());
        }
        plan.templates_en = Some(text.to_owned());
    } else if !needed.is_empty() && !folder.has(ENGLISH) {
        faults.file(
            ENGLISH,
            format!("{PLAN} names messages, but the file is missing"),
        );
    }
    plan
}

/// The messages of a template file; its statements may only name figures of the edition.
fn templates<'a>(
    folder: &'a Folder,
    file: &str,
    figures: &[Figure],
    faults: &mut Faults,
) -> Option<(&'a str, BTreeSet<String>)> {
    let text = folder.text(file, faults)?;
    let messages = match parse(text) {
        Ok(resource) => message_variables(&resource),
        Err(errors) => {
            for (line, message) in errors {
                faults.at(file, line, "", message);
            }
            return None;
        }
    };
    for (message, variables) in &messages {
        if !message.starts_with("statement-") {
            continue;
        }
        for variable in variables {
            let base = variable
                .strip_suffix("-n")
                .or_else(|| variable.strip_suffix("-area"));
            let known = figures
                .iter()
                .any(|figure| &figure.id == variable || base == Some(figure.id.as_str()));
            if !known {
                let row = line_of_key(text, message);
                faults.at(file, row, message, format!("${variable} is not a figure"));
            }
        }
    }
    Some((text, messages.into_keys().collect()))
}

type Resource<'a> = ast::Resource<&'a str>;

fn parse(text: &str) -> Result<Resource<'_>, Vec<(u64, String)>> {
    fluent_syntax::parser::parse(text).map_err(|(_, errors)| {
        errors
            .into_iter()
            .map(|error| (line_of(text, Some(error.pos.clone())), error.to_string()))
            .collect()
    })
}

/// Every message with the variables that its text uses.
fn message_variables(resource: &Resource<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages = BTreeMap::new();
    for entry in &resource.body {
        if let ast::Entry::Message(message) = entry {
            let mut variables = BTreeSet::new();
            if let Some(pattern) = &message.value {
                pattern_variables(pattern, &mut variables);
            }
            messages.insert(message.id.name.to_owned(), variables);
        }
    }
    messages
}

fn pattern_variables(pattern: &ast::Pattern<&str>, found: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let ast::PatternElement::Placeable { expression } = element {
            expression_variables(expression, found);
        }
    }
}

fn expression_variables(expression: &ast::Expression<&str>, found: &mut BTreeSet<String>) {
    match expression {
        ast::Expression::Inline(inline) => inline_variables(inline, found),
        ast::Expression::Select { selector, variants } => {
            inline_variables(selector, found);
            for variant in variants {
                pattern_variables(&variant.value, found);
            }
        }
    }
}

fn inline_variables(inline: &ast::InlineExpression<&str>, found: &mut BTreeSet<String>) {
    match inline {
        ast::InlineExpression::VariableReference { id } => {
            found.insert(id.name.to_owned());
        }
        ast::InlineExpression::Placeable { expression } => expression_variables(expression, found),
        ast::InlineExpression::TermReference {
            arguments: Some(arguments),
            ..
        }
        | ast::InlineExpression::FunctionReference { arguments, .. } => {
            for argument in &arguments.positional {
                inline_variables(argument, found);
            }
            for argument in &arguments.named {
                inline_variables(&argument.value, found);
            }
        }
        ast::InlineExpression::TermReference {
            arguments: None, ..
        }
        | ast::InlineExpression::StringLiteral { .. }
        | ast::InlineExpression::NumberLiteral { .. }
        | ast::InlineExpression::MessageReference { .. } => {}
    }
}
