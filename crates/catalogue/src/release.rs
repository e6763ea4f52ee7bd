//! The plan of an edition's release: its sections and statements, and the words they need.

mod source;
mod templates;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use self::source::{Source, Text};
pub(crate) use self::templates::message_variables;
use crate::fault::{Faults, line_of, line_of_key};
use crate::figure::Figures;
use crate::folder::Folder;
use crate::metric::Metric;
use crate::settings::is_date;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id; the heading is the message `group-<id>`.
    pub id: String,
    /// The statements in order; each is the message `statement-<id>`.
    pub statements: Vec<String>,
}

/// A section of the main points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its id; the heading is the message `section-<id>`.
    pub id: String,
    /// Its groups in order.
    pub groups: Vec<Group>,
}

/// Populations whose published metrics are counted together in the quality section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PopulationGroup {
    /// Its id; the name is the message `population-<id>`.
    pub id: String,
    /// The populations of `metrics.csv` that it covers.
    pub populations: Vec<String>,
}

/// The plan of a release. The default plan has no statements: tables and quality section only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReleasePlan {
    /// The reference, such as `SFR 25/2024`; `None` when the source prints none.
    pub reference: Option<String>,
    /// The day of publication, ISO 8601.
    pub release_date: Option<String>,
    /// How footnotes are marked.
    pub footnote_style: FootnoteStyle,
    /// Whether the release is only approved when every text of it is held in Welsh.
    pub require_welsh: bool,
    /// The designation; the words are the message `designation-<value>`.
    pub designation: Option<String>,
    /// The message that names the contact, a role.
    pub contact: Option<String>,
    /// Messages of further notes in the quality section.
    pub frame_notes: Vec<String>,
    /// Populations that are counted together.
    pub populations: Vec<PopulationGroup>,
    /// The sections of the main points.
    pub sections: Vec<Section>,
    /// English templates, as Fluent text.
    pub templates_en: Option<String>,
    /// Welsh templates, as Fluent text.
    pub templates_cy: Option<String>,
    /// The variables of every message, in either language.
    variables: BTreeMap<String, BTreeSet<String>>,
}

impl ReleasePlan {
    /// The statements that a figure stands in, in either language, in the order of the plan.
    pub(crate) fn statements_of(&self, figure: &str) -> Vec<&str> {
        let groups = self.sections.iter().flat_map(|section| &section.groups);
        let statements = groups.flat_map(|group| &group.statements);
        let states = |statement: &&String| {
            let variables = self.variables.get(&format!("statement-{statement}"));
            variables.is_some_and(|variables| {
                let mut variables = variables.iter();
                variables.any(|variable| templates::is_of(variable, figure))
            })
        };
        statements.filter(states).map(String::as_str).collect()
    }
}

/// Reads the plan and checks every message, figure and population that it names.
pub(crate) fn load(
    folder: &Folder,
    metrics: &[Metric],
    figures: &Figures,
    faults: &mut Faults,
) -> ReleasePlan {
    let english = templates::read(folder, ENGLISH, figures, faults);
    // With templates that do not parse it is not known which messages are there.
    let messages = match &english {
        Some(templates) => Some(templates.messages.clone()),
        None => (!folder.has(ENGLISH)).then(BTreeSet::new),
    };
    let welsh = templates::read(folder, WELSH, figures, faults);
    let mut plan = ReleasePlan::default();
    if let Some(text) = folder.text(PLAN, faults) {
        match toml::from_str::<Source>(text) {
            Ok(source) => {
                let mut check = Check { text, faults };
                check.release_date(&source);
                check.populations(&source, metrics);
                if let Some(messages) = &messages {
                    check.messages(&source, messages);
                }
                plan = source.into_plan();
            }
            Err(error) => {
                let row = line_of(text, error.span());
                faults.at(PLAN, row, "", error.message().to_owned());
            }
        }
    }
    if let (Some(messages), Some(welsh)) = (&messages, &welsh) {
        for id in welsh.messages.difference(messages) {
            let row = line_of_key(welsh.text, id);
            faults.at(WELSH, row, id, format!("the message is not in {ENGLISH}"));
        }
    }
    for templates in english.iter().chain(&welsh) {
        for (message, variables) in &templates.variables {
            let known = plan.variables.entry(message.clone()).or_default();
            known.extend(variables.iter().cloned());
        }
    }
    plan.templates_en = english.map(|templates| templates.text.to_owned());
    plan.templates_cy = welsh.map(|templates| templates.text.to_owned());
    plan
}

/// The checks of `release.toml`.
struct Check<'a> {
    text: &'a str,
    faults: &'a mut Faults,
}

impl Check<'_> {
    fn fault(&mut self, key: &str, text: &Text, message: String) {
        let row = line_of(self.text, Some(text.span()));
        self.faults.at(PLAN, row, key, message);
    }

    fn release_date(&mut self, source: &Source) {
        if let Some(date) = &source.release_date
            && !is_date(date.as_ref())
        {
            let message = format!("{:?} is not a date such as 2023-03-31", date.as_ref());
            self.fault("release_date", date, message);
        }
    }

    fn messages(&mut self, source: &Source, known: &BTreeSet<String>) {
        for named in source.messages() {
            if !known.contains(&named.message) {
                let message = format!("{ENGLISH} has no message {}", named.message);
                self.fault(named.key, named.text, message);
            }
        }
    }

    /// Where a plan groups populations, each belongs to one group: a metric of another would be
    /// in no count of the quality section, one of two in both.
    fn populations(&mut self, source: &Source, metrics: &[Metric]) {
        const KEY: &str = "population.populations";
        // With faults in the metrics it is not known which populations there are.
        if self.faults.has_any_in("metrics.csv") {
            return;
        }
        let mut grouped = BTreeSet::new();
        for population in source
            .populations
            .iter()
            .flat_map(|group| &group.populations)
        {
            let name: &str = population.as_ref();
            if !metrics.iter().any(|metric| metric.population == name) {
                let message = format!("no metric has population {name:?}");
                self.fault(KEY, population, message);
            }
            if !grouped.insert(name) {
                self.fault(KEY, population, format!("{name:?} stands twice"));
            }
        }
        let Some(first) = source.populations.first() else {
            return;
        };
        let mut left_out = BTreeSet::new();
        for metric in metrics {
            let name = metric.population.as_str();
            if !grouped.contains(name) && left_out.insert(name) {
                let message = format!("{name:?} of {} is in no group", metric.code);
                self.fault("population", &first.id, message);
            }
        }
    }
}
