//! Metrics and the categories of their breakdowns.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use mesur_figures::DECIMALS_MAX;

use crate::disclosure::DisclosurePolicy;
use crate::fault::Faults;
use crate::folder::Folder;
use crate::ids::{CategoryCode, CellRef, MetricCode};
use crate::settings::Settings;
use crate::table::{Row, Table};

const METRICS: &str = "metrics.csv";
const CATEGORIES: &str = "categories.csv";

const METRIC_COLUMNS: [&str; 21] = [
    "edition",
    "code",
    "code_status",
    "family",
    "population",
    "title_en",
    "title_status",
    "title_source",
    "title_cy",
    "period",
    "period_status",
    "unit",
    "answer",
    "has_total",
    "based_on",
    "based_on_status",
    "in_release",
    "in_release_status",
    "published",
    "published_status",
    "note",
];

const CATEGORY_COLUMNS: [&str; 10] = [
    "edition",
    "code",
    "category",
    "dimension",
    "answer",
    "label_en",
    "label_cy",
    "label_status",
    "is_unknown_remainder",
    "note",
];

/// One definition of an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// The code, known only together with the edition.
    pub code: MetricCode,
    /// The family it is asked with, such as `AD`; a form has one sheet for each.
    pub family: String,
    /// The population it describes, such as `adult carers`.
    pub population: String,
    /// English wording; empty when no official wording is held.
    pub title_en: String,
    /// Welsh wording; empty when none is held.
    pub title_cy: String,
    /// How sure the wording is (`statswales`, `release`, `council`, `none`).
    pub title_status: String,
    /// When it is counted: `during_year`, `at_31_march`, another word, or `unknown`.
    pub period_basis: String,
    /// What is counted, such as `assessments`.
    pub unit: String,
    /// `single`, `multiple` or `none`.
    pub answer: String,
    /// Whether the metric has a total row; otherwise it has parts, and the first one leads.
    pub has_total: bool,
    /// What the metric is a part of, as printed; may be empty.
    pub based_on: String,
    /// Whether its figures are published nationally.
    pub published: bool,
    /// Decimals of its values.
    pub decimals: u8,
    /// How its values are shown; `None` is exactly.
    pub disclosure: Option<Arc<DisclosurePolicy>>,
    /// The categories in catalogue order.
    pub categories: Vec<Category>,
    /// Where the row stands in `metrics.csv`.
    pub(crate) line: u64,
}

/// One cell of a metric's breakdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// The code within the metric.
    pub code: CategoryCode,
    /// What is said of it; categories of which the same is said share it.
    pub words: Arc<CategoryWords>,
    /// "Not recorded": the remainder that "where recorded" percentages leave out of their base.
    pub is_unknown_remainder: bool,
}

// There are millions of them in the largest edition: see `load`.
const _: () = assert!(size_of::<Category>() <= 32, "a cell takes tens of bytes");

/// What an edition says of a category.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CategoryWords {
    /// The breakdown that it belongs to, such as `abuse` or `age`.
    pub dimension: String,
    /// `single`, `multiple` or empty.
    pub answer: String,
    /// English label; empty when none is held.
    pub label_en: String,
    /// Welsh label; empty when none is held.
    pub label_cy: String,
}

/// The first whole row: the tables' period is in its `edition` column.
pub(crate) fn first_row(folder: &Folder) -> Option<Row> {
    let mut told_by_load = Faults::default();
    let mut table = Table::open(folder, METRICS, &["edition"], &mut told_by_load)?;
    loop {
        let row = table.next(&mut told_by_load)?;
        if !row.is_torn() {
            return Some(row);
        }
    }
}

/// The metrics, and what keeps some from being known.
pub(crate) struct Loaded {
    /// The metrics with their categories. Those whose rows have faults are among them, so that
    /// what names them is not faulted too.
    pub(crate) metrics: Vec<Metric>,
    metrics_unread: bool,
    categories_unread: bool,
}

impl Loaded {
    /// Whether the cell may be one of a table that could not be read.
    pub(crate) fn may_be_unread(&self, cell: &CellRef) -> bool {
        self.metrics_unread || (self.categories_unread && cell.category.is_some())
    }
}

/// Reads the metrics with their categories.
pub(crate) fn load(
    folder: &Folder,
    period: Option<&str>,
    settings: Option<&Settings>,
    faults: &mut Faults,
) -> Loaded {
    let rows = Table::read_required(folder, METRICS, &METRIC_COLUMNS, faults);
    let metrics_unread = rows.is_none();
    let mut metrics: Vec<Metric> = Vec::new();
    let mut index = BTreeMap::new();
    for row in rows.unwrap_or_default() {
        check_edition(&row, period, faults);
        let Some(metric) = read_metric(&row, settings, faults) else {
            continue;
        };
        if index.insert(metric.code.clone(), metrics.len()).is_some() {
            row.fault(faults, "code", format!("{} stands twice", metric.code));
        } else {
            metrics.push(metric);
        }
    }
    let categories = Table::open(folder, CATEGORIES, &CATEGORY_COLUMNS, faults);
    let categories_unread = categories.is_none() && folder.has(CATEGORIES);
    if let Some(mut table) = categories {
        let mut breakdowns = Breakdowns::new(&mut metrics, index, metrics_unread);
        while let Some(row) = table.next(faults) {
            check_edition(&row, period, faults);
            breakdowns.take(&row, faults);
        }
        breakdowns.finish(faults);
    }
    let asks_nothing = |metric: &&Metric| !metric.has_total && metric.categories.is_empty();
    for metric in metrics.iter().filter(asks_nothing) {
        if !categories_unread {
            let message = format!("{} has no total and no categories", metric.code);
            faults.at(METRICS, metric.line, "has_total", message);
        }
    }
    Loaded {
        metrics,
        metrics_unread,
        categories_unread,
    }
}

/// The breakdowns of the metrics, as the rows of their table come: what is kept of a row is its
/// category, so that millions of them can be read.
struct Breakdowns<'m> {
    metrics: &'m mut [Metric],
    index: BTreeMap<MetricCode, usize>,
    metrics_unread: bool,
    /// The lines of each metric's categories, in their order; 0 for a row of which nothing more is
    /// said.
    lines: Vec<Vec<u64>>,
    codes: HashSet<CategoryCode>,
    words: HashSet<Arc<CategoryWords>>,
}

impl<'m> Breakdowns<'m> {
    fn new(
        metrics: &'m mut [Metric],
        index: BTreeMap<MetricCode, usize>,
        metrics_unread: bool,
    ) -> Self {
        Self {
            lines: vec![Vec::new(); metrics.len()],
            metrics,
            index,
            metrics_unread,
            codes: HashSet::new(),
            words: HashSet::new(),
        }
    }

    fn take(&mut self, row: &Row, faults: &mut Faults) {
        let code = row.parse(faults, "code", MetricCode::parse);
        let category = self.category(row, faults);
        let (Some(code), Some(category)) = (code, category) else {
            return;
        };
        let place = self.index.get(&code).copied();
        let metric = place.and_then(|place| self.metrics.get_mut(place));
        let lines = place.and_then(|place| self.lines.get_mut(place));
        match metric.zip(lines) {
            Some((metric, lines)) => {
                metric.categories.push(category);
                lines.push(if row.is_torn() { 0 } else { row.line() });
            }
            None if self.metrics_unread => {}
            None => row.fault(faults, "code", format!("{code} is not in {METRICS}")),
        }
    }

    fn category(&mut self, row: &Row, faults: &mut Faults) -> Option<Category> {
        let code = row.parse(faults, "category", CategoryCode::parse);
        let is_unknown_remainder = row.yes_no(faults, "is_unknown_remainder");
        let answers = [("", ()), ("single", ()), ("multiple", ())];
        row.one_of(faults, "answer", &answers);
        let words = Arc::new(CategoryWords {
            dimension: row.get("dimension").to_owned(),
            answer: row.get("answer").to_owned(),
            label_en: row.get("label_en").to_owned(),
            label_cy: row.get("label_cy").to_owned(),
        });
        Some(Category {
            code: shared(&mut self.codes, code?),
            words: shared(&mut self.words, words),
            is_unknown_remainder: is_unknown_remainder.unwrap_or(false),
        })
    }

    /// Tells which categories stand twice; they are told at their later line.
    fn finish(self, faults: &mut Faults) {
        for (metric, lines) in self.metrics.iter_mut().zip(&self.lines) {
            metric.categories.shrink_to_fit();
            let mut seen = HashSet::with_capacity(metric.categories.len());
            for (category, line) in metric.categories.iter().zip(lines) {
                if !seen.insert(&category.code) && *line > 0 {
                    let message = format!("{} stands twice", category.code);
                    faults.at(CATEGORIES, *line, "category", message);
                }
            }
        }
    }
}

/// The one of equal things that is kept.
fn shared<T: Clone + Eq + std::hash::Hash>(kept: &mut HashSet<T>, new: T) -> T {
    if let Some(known) = kept.get(&new) {
        return known.clone();
    }
    kept.insert(new.clone());
    new
}

/// Every row of an edition's tables names the same period.
pub(crate) fn check_edition(row: &Row, period: Option<&str>, faults: &mut Faults) {
    let found = row.get("edition");
    if let Some(period) = period
        && found != period
    {
        row.fault(
            faults,
            "edition",
            format!("{found:?} where the first row says {period:?}: a folder holds one edition"),
        );
    }
}

/// The metric of a row, as long as its code can be read: another column's fault is noted, and a
/// plain value stands in for it.
fn read_metric(row: &Row, settings: Option<&Settings>, faults: &mut Faults) -> Option<Metric> {
    let default_decimals = settings.map_or(0, |settings| settings.decimals);
    let code = row.parse(faults, "code", MetricCode::parse);
    let has_total = row.yes_no(faults, "has_total");
    let published = row.yes_no(faults, "published");
    let answers = [("none", ()), ("single", ()), ("multiple", ())];
    row.one_of(faults, "answer", &answers);
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if row.get("period").is_empty() || !row.get("period").chars().all(word) {
        row.fault(
            faults,
            "period",
            "a period basis is one word, such as during_year or unknown",
        );
    }
    let decimals = match row.get("decimals") {
        "" => Some(default_decimals),
        text => match text.parse::<u8>() {
            Ok(decimals) if decimals <= DECIMALS_MAX => Some(decimals),
            _ => {
                row.fault(
                    faults,
                    "decimals",
                    format!("not a number from 0 to {DECIMALS_MAX}"),
                );
                None
            }
        },
    };
    if row.get("population").is_empty() {
        row.fault(faults, "population", "a metric needs a population");
    }
    // With settings that cannot be read it is not known which policies there are.
    let disclosure = settings.and_then(|settings| {
        row.parse(faults, "disclosure", |id| settings.disclosure.named(id))
            .flatten()
    });
    Some(Metric {
        code: code?,
        family: row.get("family").to_owned(),
        population: row.get("population").to_owned(),
        title_en: row.get("title_en").to_owned(),
        title_cy: row.get("title_cy").to_owned(),
        title_status: row.get("title_status").to_owned(),
        period_basis: row.get("period").to_owned(),
        unit: row.get("unit").to_owned(),
        answer: row.get("answer").to_owned(),
        has_total: has_total.unwrap_or(true),
        based_on: row.get("based_on").to_owned(),
        published: published.unwrap_or(false),
        decimals: decimals.unwrap_or(default_decimals),
        disclosure,
        categories: Vec::new(),
        line: row.line(),
    })
}
