//! The values of published releases, to be asked for by metric, category, area and period.
//!
//! What can be asked for is what was published and nothing else. The values of a release are dense,
//! cell by cell and area by area: a filter picks cells and areas, and the n-th row of what was asked
//! for is found by arithmetic.

use std::collections::BTreeSet;
use std::sync::Arc;

use mesur_figures::format_quantity;
use mesur_proto::publication::v1 as pb;
use mesur_rpc::Violation;
use mesur_wire::ReleaseName;

use crate::domain::{ShownColumn, ShownMetric, ShownTables};

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
}

impl Dataset {
    /// The values of a revision.
    pub(crate) fn new(name: &ReleaseName, revision: u32, tables: Arc<ShownTables>) -> Self {
        Self {
            release: format!("{name}/revisions/{revision}"),
            collection: name.0.collection.to_string(),
            period: name.0.period.to_string(),
            tables,
        }
    }

    /// The codes of the areas in the order of the values.
    fn areas(&self) -> impl Iterator<Item = &str> {
        let authorities = self.tables.authorities.iter().map(String::as_str);
        std::iter::once(self.tables.nation.as_str()).chain(authorities)
    }

    /// The cells in the order of the catalogue.
    fn cells(&self) -> impl Iterator<Item = (&ShownMetric, &ShownColumn)> {
        let metrics = self.tables.metrics.iter();
        metrics.flat_map(|metric| metric.columns.iter().map(move |column| (metric, column)))
    }

    fn row(&self, cell: Place, area: usize) -> Option<pb::DatasetRow> {
        let metric = self.tables.metrics.get(cell.metric)?;
        let column = metric.columns.get(cell.column)?;
        let shown = column.values.get(area)?;
        let code = match area.checked_sub(1) {
            None => &self.tables.nation,
            Some(authority) => self.tables.authorities.get(authority)?,
        };
        let of_nation = |count: u32| {
            let count = i32::try_from(count).unwrap_or(i32::MAX);
            (area == 0).then_some(count)
        };
        let value = shown
            .units
            .map(|units| format_quantity(units, metric.decimals));
        let shorthand = shown.marks.iter().map(|mark| mark.code().to_owned());
        Some(pb::DatasetRow {
            release: self.release.clone(),
            period: self.period.clone(),
            area: code.to_owned(),
            metric: metric.code.clone(),
            category: column.category.clone(),
            value: value.unwrap_or_default(),
            shorthand: shorthand.collect(),
            provided_count: of_nation(column.provided),
            expected_count: of_nation(column.expected),
        })
    }
}

/// Where a cell stands in the tables.
#[derive(Debug, Clone, Copy)]
struct Place {
    metric: usize,
    column: usize,
}

/// Every dataset that is published, in the order of collection and period.
#[derive(Debug, Default)]
pub(crate) struct Library(Vec<Arc<Dataset>>);

impl Library {
    /// Of the current revisions of the releases.
    pub(crate) fn new(mut datasets: Vec<Arc<Dataset>>) -> Self {
        datasets.sort_by(|one, other| {
            let key = |dataset: &Dataset| (dataset.collection.clone(), dataset.period.clone());
            key(one).cmp(&key(other))
        });
        Self(datasets)
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
        let metrics = Wanted::new(&filter.metrics);
        let categories = Wanted::new(&filter.categories);
        let areas = Wanted::new(&filter.areas);
        let mut parts = Vec::new();
        for dataset in self.0.iter().filter(in_scope) {
            let mut cells = Vec::new();
            for (metric, held) in dataset.tables.metrics.iter().enumerate() {
                if !metrics.has(&held.code) {
                    continue;
                }
                for (column, held) in held.columns.iter().enumerate() {
                    if categories.has(category_of(held)) {
                        cells.push(Place { metric, column });
                    }
                }
            }
            let held = dataset.areas().enumerate();
            let held = held.filter(|(_, area)| areas.has(area));
            let areas: Vec<usize> = held.map(|(place, _)| place).collect();
            if !cells.is_empty() && !areas.is_empty() {
                parts.push(Part {
                    dataset: Arc::clone(dataset),
                    cells,
                    areas,
                });
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
            self.0.iter().any(|dataset| of(dataset, wanted))
        };
        let lists: [List<'_>; 5] = [
            ("collections", &filter.collections, &|one, wanted| {
                one.collection == wanted
            }),
            ("periods", &filter.periods, &|one, wanted| {
                one.period == wanted
            }),
            ("metrics", &filter.metrics, &|one, wanted| {
                one.tables
                    .metrics
                    .iter()
                    .any(|metric| metric.code == wanted)
            }),
            ("categories", &filter.categories, &|one, wanted| {
                one.cells().any(|(_, column)| category_of(column) == wanted)
            }),
            ("areas", &filter.areas, &|one, wanted| {
                one.areas().any(|area| area == wanted)
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
    pub(crate) fn tag(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|one| one.release.as_str()).collect();
        names.join(" ")
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

/// A list of a filter; an empty one is all.
struct Wanted<'a>(BTreeSet<&'a str>);

impl<'a> Wanted<'a> {
    fn new(values: &'a [String]) -> Self {
        Self(values.iter().map(String::as_str).collect())
    }

    fn has(&self, value: &str) -> bool {
        self.0.is_empty() || self.0.contains(value)
    }
}

/// The cells and areas of a dataset that were asked for.
struct Part {
    dataset: Arc<Dataset>,
    cells: Vec<Place>,
    areas: Vec<usize>,
}

impl Part {
    fn len(&self) -> usize {
        self.cells.len().saturating_mul(self.areas.len())
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
    pub(crate) fn rows(&self, from: usize, limit: usize) -> Vec<pb::DatasetRow> {
        let mut rows = Vec::with_capacity(limit.min(self.len().saturating_sub(from)));
        let mut skip = from;
        for part in &self.parts {
            if skip >= part.len() {
                skip = skip.saturating_sub(part.len());
                continue;
            }
            let width = part.areas.len();
            for place in skip..part.len() {
                if rows.len() == limit {
                    return rows;
                }
                let cell = place.checked_div(width).and_then(|at| part.cells.get(at));
                let area = place.checked_rem(width).and_then(|at| part.areas.get(at));
                if let (Some(cell), Some(area)) = (cell, area) {
                    rows.extend(part.dataset.row(*cell, *area));
                }
            }
            skip = 0;
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use mesur_figures::{Marks, Shorthand};

    use super::*;
    use crate::domain::Shown;

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

    #[test]
    fn pages_put_together_are_the_rows_of_the_filter_in_order() {
        let library = Library::new(vec![dataset("pif-2022-23", 10), dataset("pif-2020-21", 1)]);
        let all = library.select(&pb::DatasetFilter::default()).unwrap();
        assert_eq!(all.len(), 18);
        let whole = all.rows(0, 100);
        assert_eq!(whole.len(), 18);
        assert_eq!(whole[0].period, "2020-21");
        assert_eq!(whole[0].shorthand, ["r", "t"]);
        for size in 1..=19 {
            let mut paged = Vec::new();
            while paged.len() < 18 {
                paged.extend(all.rows(paged.len(), size));
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
        let seen: Vec<_> = some
            .rows(0, 9)
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
