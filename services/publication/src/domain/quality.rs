//! The quality section: what is published, what is missing, and on which base that is counted.

use mesur_catalogue::{Authority, Edition, Metric};
use mesur_figures::{Percent, percent};

use super::totals::{CheckedTotals, NationalCell};

/// Where the name of a group of populations stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PopulationName {
    /// In the wording, as the message `population-<id>`.
    Message(String),
    /// Only in the table of metrics, in English.
    Catalogue(String),
}

/// Published metrics of a group of populations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PopulationCount {
    /// The group.
    pub(crate) name: PopulationName,
    /// Its metrics that are published.
    pub(crate) published: u32,
    /// All its metrics.
    pub(crate) metrics: u32,
}

/// The lowest coverage of a published metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LowestCoverage {
    /// Authorities that are missing.
    pub(crate) not_provided: u32,
    /// Authorities of the edition.
    pub(crate) expected: u32,
    /// The share of the authorities that are not missing, a whole percentage.
    pub(crate) percent: i64,
}

/// The facts of the quality section. Whether a metric was provided is said by its lead cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quality {
    /// Published metrics by population.
    pub(crate) populations: Vec<PopulationCount>,
    /// `None` when nothing is published.
    pub(crate) lowest_coverage: Option<LowestCoverage>,
    /// All metrics of the edition: the base of `incomplete_share`.
    pub(crate) metrics: u32,
    /// Metrics that at least one authority did not provide, published or not.
    pub(crate) incomplete: u32,
    /// The same as a share of all metrics.
    pub(crate) incomplete_share: Option<Percent>,
    /// The codes of the metrics that are not published.
    pub(crate) unpublished: Vec<String>,
    /// Those of them that at least one authority did not provide.
    pub(crate) unpublished_incomplete: u32,
    /// Authorities without a return.
    pub(crate) missing_authorities: Vec<Authority>,
}

/// A metric with the cell that says whether it was provided.
struct Lead<'a> {
    metric: &'a Metric,
    national: NationalCell,
    /// Whether anything of the metric is published.
    published: bool,
}

/// Works the quality section out.
pub(crate) fn quality(edition: &Edition, totals: &CheckedTotals) -> Quality {
    let leads = edition
        .metrics()
        .iter()
        .enumerate()
        .filter_map(|(place, metric)| {
            let national = totals.lead(edition, place)?;
            let published = totals.standings.of(place)?.is_published();
            Some(Lead {
                metric,
                national,
                published,
            })
        });
    let leads: Vec<Lead<'_>> = leads.collect();
    let is_incomplete = |one: &&Lead<'_>| one.national.not_provided > 0;
    let published = leads.iter().filter(|one| one.published);
    let unpublished = leads.iter().filter(|one| !one.published);
    let metrics = count(&leads);
    let incomplete = count(leads.iter().filter(is_incomplete));
    let settings = edition.settings();
    Quality {
        populations: populations(edition, &leads),
        lowest_coverage: lowest_coverage(published.map(|one| &one.national)),
        metrics,
        incomplete,
        incomplete_share: percent(
            incomplete.into(),
            metrics.into(),
            settings.percent_decimals,
            settings.rounding,
        ),
        unpublished: unpublished
            .clone()
            .map(|one| one.metric.code.to_string())
            .collect(),
        unpublished_incomplete: count(unpublished.filter(is_incomplete)),
        missing_authorities: totals.missing_authorities.clone(),
    }
}

fn count(items: impl IntoIterator) -> u32 {
    u32::try_from(items.into_iter().count()).unwrap_or(u32::MAX)
}

fn lowest_coverage<'a>(leads: impl Iterator<Item = &'a NationalCell>) -> Option<LowestCoverage> {
    let lowest = leads.max_by_key(|lead| lead.not_provided)?;
    Some(LowestCoverage {
        not_provided: lowest.not_provided,
        expected: lowest.expected,
        percent: lowest.coverage_percent,
    })
}

/// The groups of the plan, or each population by itself in the order of the metrics.
fn populations(edition: &Edition, leads: &[Lead<'_>]) -> Vec<PopulationCount> {
    let counted = |name: PopulationName, is_in: &dyn Fn(&str) -> bool| {
        let of_group = || leads.iter().filter(|one| is_in(&one.metric.population));
        PopulationCount {
            name,
            published: count(of_group().filter(|one| one.published)),
            metrics: count(of_group()),
        }
    };
    let planned = &edition.release().populations;
    if !planned.is_empty() {
        let groups = planned.iter().map(|group| {
            counted(PopulationName::Message(group.id.clone()), &|population| {
                group
                    .populations
                    .iter()
                    .any(|of_group| of_group == population)
            })
        });
        return groups.collect();
    }
    let mut distinct: Vec<&str> = Vec::new();
    for metric in edition.metrics() {
        if !distinct.contains(&metric.population.as_str()) {
            distinct.push(&metric.population);
        }
    }
    let alone = distinct.into_iter().map(|name| {
        counted(PopulationName::Catalogue(name.to_owned()), &|population| {
            population == name
        })
    });
    alone.collect()
}
