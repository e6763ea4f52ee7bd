//! A figure as a structured fact.

use mesur_catalogue::{Edition, FigureKind, Rank};
use mesur_figures::{Shorthand, format_quantity};
use serde::Serialize;

use super::Both;
use crate::domain::{FigureFact, PartPeriod, Share};
use crate::render::Error;
use crate::render::figure::printed;
use crate::render::speaker::Speaker;

/// Decimals of a threshold.
const THRESHOLD_DECIMALS: u8 = 3;

#[derive(Serialize)]
pub(super) struct Figure<'a> {
    id: &'a str,
    kind: &'static str,
    value: Option<i64>,
    decimals: u8,
    nearly_100: bool,
    printed: Both,
    /// `r` where this revision changed it.
    shorthand: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    basis: Option<Basis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    matched: Option<ShareFact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plain: Option<ShareFact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorities: Option<Authorities<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<Coverage<'a>>,
    metrics: &'a [String],
    footnotes: Vec<Footnote<'a>>,
}

#[derive(Serialize, Clone)]
pub(super) struct Footnote<'a> {
    pub(super) mark: &'a str,
    pub(super) text: Both,
}

/// What a count or a percentage is worked out from, as the edition writes it.
#[derive(Serialize)]
struct Basis {
    numerator: String,
    denominator: Option<String>,
}

/// A share before rounding and after.
#[derive(Serialize)]
struct ShareFact {
    numerator: i64,
    denominator: i64,
    /// Of the numerator and the denominator.
    decimals: u8,
    percent: Option<i64>,
    authorities: u32,
}

/// Which authorities a figure about single authorities is about.
#[derive(Serialize)]
struct Authorities<'a> {
    of: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<Area<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold_percent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    excluding_highest: Option<bool>,
}

#[derive(Serialize)]
struct Area<'a> {
    code: &'a str,
    en: &'a str,
    cy: &'a str,
}

#[derive(Serialize)]
struct Source<'a> {
    title: Both,
    url: Option<&'a str>,
    unit: &'a str,
}

#[derive(Serialize)]
struct Coverage<'a> {
    expected: u32,
    not_provided: u32,
    part_periods: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Part<'a> {
    end_date: Option<String>,
    reason: Option<&'a str>,
    authorities: u32,
}

/// The fact of a figure; the footnotes are those of the release.
pub(super) fn figure<'a>(
    edition: &Edition,
    [english, welsh]: [&Speaker<'_>; 2],
    fact: &'a FigureFact,
    footnotes: &[Footnote<'a>],
) -> Result<Figure<'a>, Error> {
    let own = fact
        .footnotes
        .iter()
        .filter_map(|place| footnotes.get(*place).cloned());
    let share = |share: Share| ShareFact {
        numerator: share.numerator,
        denominator: share.denominator,
        decimals: edition.decimals_max(),
        percent: share.units,
        authorities: share.authorities,
    };
    let is_national = matches!(
        fact.kind,
        FigureKind::Count { .. }
            | FigureKind::Percent { .. }
            | FigureKind::Rate { .. }
            | FigureKind::Change { .. }
    );
    Ok(Figure {
        id: &fact.id,
        kind: kind(&fact.kind),
        value: fact.units,
        decimals: fact.decimals,
        nearly_100: fact.nearly_100,
        printed: Both {
            en: Some(printed(english, fact)?),
            cy: Some(printed(welsh, fact)?),
        },
        shorthand: fact
            .is_revised
            .then_some(Shorthand::Revised.code())
            .into_iter()
            .collect(),
        basis: basis(edition, &fact.kind),
        matched: fact.matched.map(share),
        plain: fact.plain.map(share),
        authorities: authorities(fact),
        source: source(&fact.kind),
        coverage: is_national.then(|| Coverage {
            expected: fact.expected,
            not_provided: fact.not_provided,
            part_periods: fact.part_periods.iter().map(part).collect(),
        }),
        metrics: &fact.metrics,
        footnotes: own.collect(),
    })
}

fn kind(kind: &FigureKind) -> &'static str {
    match kind {
        FigureKind::Count { .. } => "count",
        FigureKind::Percent { .. } => "percent",
        FigureKind::Rate { .. } => "rate",
        FigureKind::Change { .. } => "change",
        FigureKind::AuthorityPercent { .. } => "authority_percent",
        FigureKind::AuthorityCount { .. } => "authority_count",
        FigureKind::Outside(_) => "outside",
    }
}

/// A figure about single authorities rests on the percentage that it is about.
fn basis(edition: &Edition, kind: &FigureKind) -> Option<Basis> {
    match kind {
        FigureKind::Count { numerator }
        | FigureKind::Rate { numerator }
        | FigureKind::Change { numerator } => Some(Basis {
            numerator: numerator.to_string(),
            denominator: None,
        }),
        FigureKind::Percent {
            numerator,
            denominator,
        } => Some(Basis {
            numerator: numerator.to_string(),
            denominator: Some(denominator.to_string()),
        }),
        FigureKind::AuthorityPercent { of, .. } | FigureKind::AuthorityCount { of, .. } => {
            let percent = &edition.figure(of)?.kind;
            // Only a percentage can be ranked over authorities, so this goes one step deep.
            matches!(percent, FigureKind::Percent { .. })
                .then(|| basis(edition, percent))
                .flatten()
        }
        FigureKind::Outside(_) => None,
    }
}

fn authorities(fact: &FigureFact) -> Option<Authorities<'_>> {
    match &fact.kind {
        FigureKind::AuthorityPercent { of, rank } => Some(Authorities {
            of,
            rank: Some(match rank {
                Rank::Lowest => "lowest",
                Rank::SecondLowest => "second_lowest",
                Rank::Highest => "highest",
            }),
            authority: fact.authority.as_ref().map(|area| Area {
                code: area.code.as_str(),
                en: &area.name_en,
                cy: &area.name_cy,
            }),
            threshold_percent: None,
            excluding_highest: None,
        }),
        FigureKind::AuthorityCount {
            of,
            threshold,
            excluding_highest,
        } => Some(Authorities {
            of,
            rank: None,
            authority: None,
            threshold_percent: Some(format_quantity(*threshold, THRESHOLD_DECIMALS)),
            excluding_highest: Some(*excluding_highest),
        }),
        FigureKind::Count { .. }
        | FigureKind::Percent { .. }
        | FigureKind::Rate { .. }
        | FigureKind::Change { .. }
        | FigureKind::Outside(_) => None,
    }
}

fn source(kind: &FigureKind) -> Option<Source<'_>> {
    let FigureKind::Outside(outside) = kind else {
        return None;
    };
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Some(Source {
        title: Both {
            en: text(&outside.source_title_en),
            cy: text(&outside.source_title_cy),
        },
        url: Some(outside.source_url.as_str()).filter(|url| !url.is_empty()),
        unit: &outside.unit,
    })
}

fn part(part: &PartPeriod) -> Part<'_> {
    Part {
        end_date: part.end.map(|date| date.to_string()),
        reason: part.reason.as_ref().map(|reason| reason.id.as_str()),
        authorities: part.authorities,
    }
}
