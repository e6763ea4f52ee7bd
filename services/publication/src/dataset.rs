//! The values of published releases, to be asked for by metric, category, area and period.
//!
//! What can be asked for is what was published and nothing else. The values of a release are dense,
//! cell by cell and area by area: a filter picks cells and areas, and the n-th row of what was asked
//! for is found by arithmetic.

mod encoded;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use mesur_proto::publication::v1 as pb;
use mesur_rpc::Violation;
use mesur_wire::ReleaseName;

use crate::domain::{ShownColumn, ShownTables};
use encoded::EncodedRows;

/// The category that asks for the metric itself.
const ITSELF: &str = "_";
/// The most values that one list of a filter may have.
const FILTER_MAX: usize = 1_000;

/// The values of one revision of a release.
#[derive(Debug)]
pub(crate) struct Dataset {
    release: String,
    collection: String,
    period: String,
    tables: Arc<ShownTables>,
    /// Where an area stands among the values of a cell.
    areas: HashMap<String, usize>,
    /// Where a metric stands in the tables, and its first cell.
    metrics: HashMap<String, (usize, usize)>,
    /// How filters name the categories.
    categories: HashSet<String>,
    cell_count: usize,
    rows: EncodedRows,
}

impl Dataset {
    /// The values of a revision.
    pub(crate) fn new(name: &ReleaseName, revision: u32, tables: Arc<ShownTables>) -> Self {
        let release = format!("{name}/revisions/{revision}");
        let period = name.0.period.to_string();
        let codes = std::iter::once(&tables.nation).chain(&tables.authorities);
        let mut metrics = HashMap::new();
        let mut categories = HashSet::new();
        let mut cell_count = 0_usize;
        for (place, metric) in tables.metrics.iter().enumerate() {
            metrics.insert(metric.code.clone(), (place, cell_count));
            cell_count = cell_count.saturating_add(metric.columns.len());
            let columns = metric.columns.iter();
            categories.extend(columns.map(|column| category_of(column).to_owned()));
        }
        Self {
            rows: EncodedRows::new(&release, &period, &tables),
            areas: codes.cloned().zip(0..).collect(),
            metrics,
            categories,
            cell_count,
            release,
            collection: name.0.collection.to_string(),
            period,
            tables,
        }
    }

    fn area_count(&self) -> usize {
        self.tables.authorities.len().saturating_add(1)
    }

    fn areas_in(&self, wanted: &[String]) -> Places {
        if wanted.is_empty() {
            return Places::All(self.area_count());
        }
        let held = wanted.iter().filter_map(|area| self.areas.get(area));
        Places::Some(in_order(held.copied()))
    }

    fn cells_in(&self, metrics: &[String], categories: &HashSet<&str>) -> Places {
        if metrics.is_empty() && categories.is_empty() {
            return Places::All(self.cell_count);
        }
        let metrics = if metrics.is_empty() {
            in_order(self.metrics.values().copied())
        } else {
            let held = metrics.iter().filter_map(|code| self.metrics.get(code));
            in_order(held.copied())
        };
        let mut found = Vec::new();
        for (place, first) in metrics {
            let columns = self.tables.metrics.get(place).map(|metric| &metric.columns);
            let cells = (first..).zip(columns.into_iter().flatten());
            let held = cells.filter(|(_, column)| {
                categories.is_empty() || categories.contains(category_of(column))
            });
            found.extend(held.map(|(cell, _)| cell));
        }
        Places::Some(found)
    }
}

/// Each once, in their order.
fn in_order<T: Ord>(places: impl Iterator<Item = T>) -> Vec<T> {
    let mut places: Vec<T> = places.collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// The places of cells or areas in a dataset.
enum Places {
    /// All of so many.
    All(usize),
    /// These, in their order.
    Some(Vec<usize>),
}

impl Places {
    fn len(&self) -> usize {
        match self {
            Self::All(count) => *count,
            Self::Some(places) => places.len(),
        }
    }

    /// The place that comes at this number.
    fn get(&self, at: usize) -> Option<usize> {
        match self {
            Self::All(count) => (at < *count).then_some(at),
            Self::Some(places) => places.get(at).copied(),
        }
    }
}

/// Every dataset that is published, in the order of collection and period.
#[derive(Debug, Default)]
pub(crate) struct Library {
    datasets: Vec<Arc<Dataset>>,
    tag: String,
}

impl Library {
    /// Of the current revisions of the releases.
    pub(crate) fn new(mut datasets: Vec<Arc<Dataset>>) -> Self {
        datasets.sort_by(|one, other| {
            let key = |dataset: &Dataset| (dataset.collection.clone(), dataset.period.clone());
            key(one).cmp(&key(other))
        });
        let names: Vec<&str> = datasets.iter().map(|one| one.release.as_str()).collect();
        let tag = names.join(" ");
        Self { datasets, tag }
    }

    /// What a filter asks for. Every value that names nothing published is told.
    pub(crate) fn select(&self, filter: &pb::DatasetFilter) -> Result<Selection, Vec<Violation>> {
        let mut violations = too_long(filter);
        if !violations.is_empty() {
            return Err(violations);
        }
        let chosen = |wanted: &[String], held: &str| {
            wanted.is_empty() || wanted.iter().any(|one| one == held)
        };
        let in_scope = |dataset: &&Arc<Dataset>| {
            chosen(&filter.collections, &dataset.collection)
                && chosen(&filter.periods, &dataset.period)
        };
        let categories = filter.categories.iter().map(String::as_str).collect();
        let mut parts = Vec::new();
        for dataset in self.datasets.iter().filter(in_scope) {
            let part = Part {
                cells: dataset.cells_in(&filter.metrics, &categories),
                areas: dataset.areas_in(&filter.areas),
                dataset: Arc::clone(dataset),
            };
            if part.len() > 0 {
                parts.push(part);
            }
        }
        violations.extend(self.unknown(filter));
        if violations.is_empty() {
            Ok(Selection { parts })
        } else {
            Err(violations)
        }
    }

    fn unknown(&self, filter: &pb::DatasetFilter) -> Vec<Violation> {
        let held = |of: &dyn Fn(&Dataset, &str) -> bool, wanted: &str| {
            self.datasets.iter().any(|dataset| of(dataset, wanted))
        };
        let lists: [List<'_>; 5] = [
            ("collections", &filter.collections, &|one, wanted| {
                one.collection == wanted
            }),
            ("periods", &filter.periods, &|one, wanted| {
                one.period == wanted
            }),
            ("metrics", &filter.metrics, &|one, wanted| {
                one.metrics.contains_key(wanted)
            }),
            ("categories", &filter.categories, &|one, wanted| {
                one.categories.contains(wanted)
            }),
            ("areas", &filter.areas, &|one, wanted| {
                one.areas.contains_key(wanted)
            }),
        ];
        let mut violations = Vec::new();
        for (list, wanted, of) in lists {
            for (value, place) in wanted.iter().zip(0..) {
                if !held(of, value) {
                    let value: String = value.chars().take(64).collect();
                    violations.push(Violation {
                        field: format!("filter.{list}[{place}]"),
                        reason: "NOT_PUBLISHED",
                        description: format!("nothing published has {value:?}"),
                    });
                }
            }
        }
        violations
    }

    /// Which revisions are here: changes with every publication.
    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }
}

/// A list of a filter: its name, its values, and whether a dataset has one.
type List<'a> = (
    &'static str,
    &'a [String],
    &'a dyn Fn(&Dataset, &str) -> bool,
);

/// How a filter names the category of a cell.
fn category_of(column: &ShownColumn) -> &str {
    match column.category.as_str() {
        "" => ITSELF,
        category => category,
    }
}

fn too_long(filter: &pb::DatasetFilter) -> Vec<Violation> {
    let lists = [
        ("collections", filter.collections.len()),
        ("periods", filter.periods.len()),
        ("metrics", filter.metrics.len()),
        ("categories", filter.categories.len()),
        ("areas", filter.areas.len()),
    ];
    let long = lists.into_iter().filter(|(_, length)| *length > FILTER_MAX);
    let violations = long.map(|(list, length)| Violation {
        field: format!("filter.{list}"),
        reason: "TOO_MANY",
        description: format!("has {length} values; at most {FILTER_MAX} are taken"),
    });
    violations.collect()
}

/// The cells and areas of a dataset that were asked for.
struct Part {
    dataset: Arc<Dataset>,
    cells: Places,
    areas: Places,
}

impl Part {
    fn len(&self) -> usize {
        self.cells.len().saturating_mul(self.areas.len())
    }

    /// Where the rows at these places stand in the dataset, those that follow one another together.
    fn spans(&self, places: Range<usize>) -> Vec<Range<usize>> {
        let (width, all_areas) = (self.areas.len(), self.dataset.area_count());
        let mut spans = Spans::default();
        let mut place = places.start;
        while place < places.end {
            // All that is wanted of one cell.
            let cell_at = place.checked_div(width).unwrap_or(usize::MAX);
            let Some(cell) = self.cells.get(cell_at) else {
                break;
            };
            let first = cell_at.saturating_mul(width);
            let end = first.saturating_add(width).min(places.end);
            let before = cell.saturating_mul(all_areas);
            let areas = place.saturating_sub(first)..end.saturating_sub(first);
            match &self.areas {
                Places::All(_) => spans.push(before, areas),
                Places::Some(some) => {
                    for area in some.get(areas).unwrap_or_default() {
                        spans.push(before, *area..area.saturating_add(1));
                    }
                }
            }
            place = end;
        }
        spans.0
    }
}

/// Rows that follow one another, together.
#[derive(Default)]
struct Spans(Vec<Range<usize>>);

impl Spans {
    /// Adds these areas of the cell that so many rows stand before.
    fn push(&mut self, before: usize, areas: Range<usize>) {
        let start = before.saturating_add(areas.start);
        let end = before.saturating_add(areas.end);
        match self.0.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => self.0.push(start..end),
        }
    }
}

/// What a filter asked for.
pub(crate) struct Selection {
    parts: Vec<Part>,
}

impl Selection {
    /// How many values.
    pub(crate) fn len(&self) -> usize {
        let lengths = self.parts.iter().map(Part::len);
        lengths.fold(0, usize::saturating_add)
    }

    /// At most `limit` rows from the one at `from` on.
    pub(crate) fn rows(&self, from: usize, limit: usize) -> Rows {
        let mut places = from..from.saturating_add(limit);
        let mut spans = Vec::new();
        for part in &self.parts {
            let held = places.start.min(part.len())..places.end.min(part.len());
            places.start = places.start.saturating_sub(part.len());
            places.end = places.end.saturating_sub(part.len());
            if !held.is_empty() {
                spans.push((Arc::clone(&part.dataset), part.spans(held)));
            }
        }
        Rows(spans)
    }
}

/// Rows as they stand in an answer.
pub(crate) struct Rows(Vec<(Arc<Dataset>, Vec<Range<usize>>)>);

impl Rows {
    /// The pieces that make up the field `rows` of an answer, one after another.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().flat_map(|(dataset, spans)| {
            let spans = spans.iter().cloned();
            spans.map(|span| dataset.rows.span(span))
        })
    }
}

#[cfg(test)]
mod tests {
    use mesur_figures::{Marks, Shorthand};

    use super::*;
    use crate::domain::{Shown, ShownMetric};
    use prost::Message as _;

    const NATION: &str = "W92000004";

    fn dataset(release: &str, factor: i64) -> Arc<Dataset> {
        let column = |category: &str| ShownColumn {
            category: category.to_owned(),
            labels: <[String; 2]>::default(),
            provided: 2,
            expected: 2,
            values: (0..3).map(|place| shown(place, factor)).collect(),
        };
        let metric = |code: &str, categories: &[&str]| ShownMetric {
            code: code.to_owned(),
            titles: <[String; 2]>::default(),
            decimals: 0,
            columns: categories.iter().map(|one| column(one)).collect(),
        };
        let tables = ShownTables {
            nation: NATION.to_owned(),
            authorities: vec!["W06000001".to_owned(), "W06000002".to_owned()],
            metrics: vec![metric("AD/001", &["", "a"]), metric("AD/002", &[""])],
            breaks: Vec::new(),
            figures: Vec::new(),
        };
        let name = ReleaseName::parse(&format!("releases/{release}")).unwrap();
        Arc::new(Dataset::new(&name, 2, Arc::new(tables)))
    }

    fn shown(place: i64, factor: i64) -> Shown {
        let marks = if place == 0 {
            Marks::NONE.with(Shorthand::Total).with(Shorthand::Revised)
        } else {
            Marks::NONE
        };
        Shown {
            units: Some(place * factor),
            marks,
            part_period: false,
        }
    }

    fn rows(selection: &Selection, from: usize, limit: usize) -> Vec<pb::DatasetRow> {
        let rows = selection.rows(from, limit);
        let message = rows.pieces().collect::<Vec<_>>().concat();
        pb::StreamDatasetResponse::decode(&*message).unwrap().rows
    }

    #[test]
    fn pages_put_together_are_the_rows_of_the_filter_in_order() {
        let library = Library::new(vec![dataset("pif-2022-23", 10), dataset("pif-2020-21", 1)]);
        let all = library.select(&pb::DatasetFilter::default()).unwrap();
        assert_eq!(all.len(), 18);
        let whole = rows(&all, 0, 100);
        assert_eq!(whole.len(), 18);
        assert_eq!(whole[0].period, "2020-21");
        assert_eq!(whole[0].shorthand, ["r", "t"]);
        for size in 1..=19 {
            let mut paged = Vec::new();
            while paged.len() < 18 {
                paged.extend(rows(&all, paged.len(), size));
            }
            assert_eq!(paged, whole, "{size}");
        }
        let filter = pb::DatasetFilter {
            periods: vec!["2022-23".to_owned()],
            categories: vec!["_".to_owned()],
            areas: vec!["W06000002".to_owned(), NATION.to_owned()],
            ..pb::DatasetFilter::default()
        };
        let some = library.select(&filter).unwrap();
        let two_by_two = [0, 2, 4].map(|from| rows(&some, from, 2)).concat();
        assert_eq!(two_by_two, rows(&some, 0, 9));
        let seen: Vec<_> = two_by_two
            .into_iter()
            .map(|row| (row.metric, row.area, row.value))
            .collect();
        let due = [
            ("AD/001", NATION, "0"),
            ("AD/001", "W06000002", "20"),
            ("AD/002", NATION, "0"),
            ("AD/002", "W06000002", "20"),
        ];
        let due =
            due.map(|(metric, area, value)| (metric.to_owned(), area.to_owned(), value.to_owned()));
        assert_eq!(seen, due);
    }

    #[test]
    fn a_list_of_a_filter_may_have_so_many_values_and_no_more() {
        let library = Library::new(vec![dataset("pif-2022-23", 10)]);
        let told = |count: usize| {
            let filter = pb::DatasetFilter {
                metrics: vec!["AD/001".to_owned(); count],
                ..pb::DatasetFilter::default()
            };
            library.select(&filter).err()
        };
        assert!(told(FILTER_MAX).is_none());
        let violations = told(FILTER_MAX + 1).unwrap();
        let [violation] = violations.as_slice() else {
            panic!("{violations:?}")
        };
        assert_eq!(
            (violation.field.as_str(), violation.reason),
            ("filter.metrics", "TOO_MANY")
        );
    }

    #[test]
    fn what_names_nothing_published_is_told_each_by_each() {
        let library = Library::new(vec![dataset("pif-2022-23", 10)]);
        let filter = pb::DatasetFilter {
            periods: vec!["2020-21".to_owned()],
            metrics: vec!["AD/001".to_owned(), "ZZ/001".to_owned()],
            ..pb::DatasetFilter::default()
        };
        let violations = library.select(&filter).err().unwrap();
        let fields: Vec<&str> = violations.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["filter.periods[0]", "filter.metrics[1]"]);
    }
}
