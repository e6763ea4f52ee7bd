//! What changed between two editions in what they ask for and how it is checked, for machines.
//!
//! Deliberately not here: settings, authorities and the words of the release, which change no
//! definition.

use std::collections::HashMap;

use serde::Serialize;

use crate::edition::Edition;
use crate::metric::{Category, Metric};

/// What one edition has and the other has not, or has differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "difference", rename_all = "snake_case")]
pub enum Difference {
    /// Only the later edition has it.
    Added,
    /// Only the earlier edition has it.
    Removed,
    /// Both have it, with other content.
    Changed {
        /// The fields that differ.
        fields: Vec<FieldChange>,
    },
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// The field, named as the column of its table.
    pub field: &'static str,
    /// The earlier content.
    pub from: String,
    /// The later content.
    pub to: String,
}

/// One metric, category or rule that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComparedItem {
    /// The metric's code, the cell's reference, or the rule's id.
    pub code: String,
    /// How it differs.
    #[serde(flatten)]
    pub difference: Difference,
}

/// A line of the printed list of definitional changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrintedChange {
    /// The code as printed.
    pub code_as_printed: String,
    /// The code that is meant.
    pub code_read_as: String,
    /// The change as printed.
    pub text: String,
    /// Whether the series goes on: `yes`, `no`, `unknown`.
    pub comparable_with_previous: &'static str,
}

/// What differs between the definitions of two editions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The earlier edition's name.
    pub from: String,
    /// The earlier edition's digest.
    pub from_digest: String,
    /// The later edition's name.
    pub to: String,
    /// The later edition's digest.
    pub to_digest: String,
    /// Metrics.
    pub metrics: Vec<ComparedItem>,
    /// Categories.
    pub categories: Vec<ComparedItem>,
    /// Rules.
    pub rules: Vec<ComparedItem>,
    /// The later edition's printed list of definitional changes; empty when the two editions are
    /// one and the same.
    pub printed_changes: Vec<PrintedChange>,
}

impl Edition {
    /// What changed from this edition to `later`.
    pub fn compare(&self, later: &Self) -> Comparison {
        let is_another = self.digest() != later.digest();
        let changes = later.changes().iter().filter(|_| is_another);
        let printed_changes = changes.map(|change| PrintedChange {
            code_as_printed: change.code_as_printed.clone(),
            code_read_as: change.code_read_as.clone(),
            text: change.text.clone(),
            comparable_with_previous: change.comparable.as_str(),
        });
        Comparison {
            from: self.name().to_string(),
            from_digest: self.digest().to_owned(),
            to: later.name().to_string(),
            to_digest: later.digest().to_owned(),
            metrics: compare_items(&metric_items(self), &metric_items(later)),
            categories: compare_items(&category_items(self), &category_items(later)),
            rules: compare_items(&rule_items(self), &rule_items(later)),
            printed_changes: printed_changes.collect(),
        }
    }
}

type Fields = Vec<(&'static str, String)>;
type Items = Vec<(String, Fields)>;

fn metric_items(edition: &Edition) -> Items {
    edition
        .metrics()
        .iter()
        .map(|metric| (metric.code.to_string(), metric_fields(metric)))
        .collect()
}

fn metric_fields(metric: &Metric) -> Fields {
    vec![
        ("population", metric.population.clone()),
        ("title_en", metric.title_en.clone()),
        ("title_cy", metric.title_cy.clone()),
        ("period", metric.period_basis.clone()),
        ("unit", metric.unit.clone()),
        ("answer", metric.answer.clone()),
        ("has_total", yes_no(metric.has_total)),
        ("based_on", metric.based_on.clone()),
        ("published", yes_no(metric.published)),
        ("decimals", metric.decimals.to_string()),
    ]
}

fn category_items(edition: &Edition) -> Items {
    let categories = edition.cells().iter().filter_map(|cell| {
        Some((
            cell.reference.to_string(),
            category_fields(edition.category_of(cell)?),
        ))
    });
    categories.collect()
}

fn category_fields(category: &Category) -> Fields {
    vec![
        ("dimension", category.words.dimension.clone()),
        ("answer", category.words.answer.clone()),
        ("label_en", category.words.label_en.clone()),
        ("label_cy", category.words.label_cy.clone()),
        (
            "is_unknown_remainder",
            yes_no(category.is_unknown_remainder),
        ),
    ]
}

fn rule_items(edition: &Edition) -> Items {
    let rules = edition.rules().iter().map(|rule| {
        let fields = vec![
            ("kind", rule.kind.as_str().to_owned()),
            ("severity", rule.severity.as_str().to_owned()),
            ("test", rule.test.describe()),
        ];
        (rule.id.clone(), fields)
    });
    rules.collect()
}

fn yes_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

/// Removed and changed items in the earlier order, then added ones in the later order.
fn compare_items(from: &Items, to: &Items) -> Vec<ComparedItem> {
    let (earlier, later) = (by_code(from), by_code(to));
    let mut items = Vec::new();
    for (code, before) in from {
        let difference = match later.get(code.as_str()) {
            None => Difference::Removed,
            Some(after) => {
                let pairs = before.iter().zip(*after);
                let fields: Vec<FieldChange> = pairs
                    .filter(|((_, from), (_, to))| from != to)
                    .map(|((field, from), (_, to))| FieldChange {
                        field,
                        from: from.clone(),
                        to: to.clone(),
                    })
                    .collect();
                if fields.is_empty() {
                    continue;
                }
                Difference::Changed { fields }
            }
        };
        items.push(ComparedItem {
            code: code.clone(),
            difference,
        });
    }
    let added = to
        .iter()
        .filter(|(code, _)| !earlier.contains_key(code.as_str()));
    items.extend(added.map(|(code, _)| ComparedItem {
        code: code.clone(),
        difference: Difference::Added,
    }));
    items
}

fn by_code(items: &Items) -> HashMap<&str, &Fields> {
    let items = items.iter();
    items
        .map(|(code, fields)| (code.as_str(), fields))
        .collect()
}
