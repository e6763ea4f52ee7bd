//! The sentences of the quality section and of the language report.

use mesur_catalogue::Edition;
use mesur_wording::Args;

use super::Error;
use super::figure::{percent, whole_percent};
use super::line::{Line, Run};
use super::speaker::Speaker;
use crate::domain::{Held, LanguageReport, PopulationCount, PopulationName, Quality, area_name};

/// The sentences of the quality section.
pub(crate) fn sentences(
    speaker: &Speaker<'_>,
    edition: &Edition,
    quality: &Quality,
) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    for population in &quality.populations {
        lines.push(published(speaker, population)?);
    }
    if let Some(lowest) = quality.lowest_coverage {
        lines.push(if lowest.not_provided == 0 {
            speaker.edition("quality-coverage-complete")?
        } else {
            let args = Args::new()
                .number("n", lowest.not_provided.into())
                .text("share", &whole_percent(speaker, lowest.percent)?);
            speaker.line("quality-lowest-coverage", args, &[])?
        });
    }
    if let Some(share) = quality.incomplete_share {
        let args = Args::new()
            .number("incomplete", quality.incomplete.into())
            .number("metrics", quality.metrics.into())
            .text("share", &percent(speaker, share)?);
        lines.push(speaker.line("quality-incomplete", args, &[])?);
    }
    lines.extend(unpublished(speaker, quality)?);
    lines.push(returns(speaker, quality)?);
    let voice = speaker.for_message("partial-totals");
    let nation = area_name(edition.nation(), voice.language());
    lines.push(speaker.line("partial-totals", Args::new().text("nation", nation), &[])?);
    Ok(lines)
}

/// How much of the release is held in which language.
pub(crate) fn languages(
    speaker: &Speaker<'_>,
    report: &LanguageReport,
) -> Result<Vec<Line>, Error> {
    let kinds = [
        ("language-report-messages", report.messages),
        ("language-report-titles", report.titles),
        ("language-report-labels", report.labels),
        ("language-report-changes", report.changes),
    ];
    let some = kinds.into_iter().filter(|(_, held)| held.all > 0);
    some.map(|(message, Held { all, en, cy })| {
        let args = Args::new()
            .number("all", all.into())
            .number("en", en.into())
            .number("cy", cy.into());
        speaker.line(message, args, &[])
    })
    .collect()
}

/// The name of a group of populations.
pub(crate) fn population_name(speaker: &Speaker<'_>, name: &PopulationName) -> Result<Run, Error> {
    match name {
        PopulationName::Message(id) => {
            let line = speaker.edition(&format!("population-{id}"))?;
            let words = line.words();
            Ok(if line.english_only {
                Run::English(words)
            } else {
                Run::Text(words)
            })
        }
        PopulationName::Catalogue(name) => speaker.held_or_not(name, ""),
    }
}

fn published(speaker: &Speaker<'_>, population: &PopulationCount) -> Result<Line, Error> {
    let slots = [("population", population_name(speaker, &population.name)?)];
    let args = Args::new().number("metrics", population.metrics.into());
    if population.published == population.metrics {
        speaker.line("quality-published-all", args, &slots)
    } else {
        let args = args.number("published", population.published.into());
        speaker.line("quality-published", args, &slots)
    }
}

fn unpublished(speaker: &Speaker<'_>, quality: &Quality) -> Result<Option<Line>, Error> {
    let all = u32::try_from(quality.unpublished.len()).unwrap_or(u32::MAX);
    let incomplete = quality.unpublished_incomplete;
    let complete = all.saturating_sub(incomplete);
    let message = match (incomplete, complete) {
        (0, 0) => return Ok(None),
        (_, 0) => "quality-unpublished-incomplete",
        (0, _) => "quality-unpublished-complete",
        (_, _) => "quality-unpublished-mixed",
    };
    let args = Args::new()
        .number("unpublished", all.into())
        .number("incomplete", incomplete.into())
        .number("complete", complete.into());
    speaker.line(message, args, &[]).map(Some)
}

fn returns(speaker: &Speaker<'_>, quality: &Quality) -> Result<Line, Error> {
    let missing = &quality.missing_authorities;
    if missing.is_empty() {
        return speaker.edition("quality-no-missing-authorities");
    }
    let names = missing.iter().map(|authority| speaker.name(authority));
    let names = names.collect::<Vec<_>>().join(", ");
    let count = i64::try_from(missing.len()).unwrap_or(i64::MAX);
    let args = Args::new().number("n", count).text("authorities", &names);
    speaker.line("quality-missing-authorities", args, &[])
}
