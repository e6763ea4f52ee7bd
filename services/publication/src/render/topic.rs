//! The topics that metrics are shown under: the plan's groups of populations, or each population.

use mesur_catalogue::Edition;

use super::Error;
use super::line::{Line, Run};
use super::quality::population_name;
use super::speaker::Speaker;
use crate::domain::{Compiled, Section, Table};

/// The most metrics of a topic that have a chart on the page of the release.
const FEATURED_MAX: usize = 2;

/// Metrics under one heading; never empty.
#[derive(Debug)]
pub(crate) struct Topic {
    /// The id of its heading, the same in every language.
    pub(crate) id: String,
    /// Its name as a heading.
    pub(crate) name: Line,
    /// The places of its tables in the release.
    pub(crate) tables: Vec<usize>,
    /// Those of them that the main points rest on.
    pub(crate) stated: Vec<usize>,
    /// Those that the main points rest on first, or else the first one.
    pub(crate) featured: Vec<usize>,
}

/// The topics in the plan's order. A metric whose population is in no group has a topic of its
/// population at the end.
pub(crate) fn topics(
    speaker: &Speaker<'_>,
    edition: &Edition,
    compiled: &Compiled,
) -> Result<Vec<Topic>, Error> {
    let groups = &edition.release().populations;
    let mut topics: Vec<(String, Vec<usize>)> = groups
        .iter()
        .map(|group| (group.id.clone(), Vec::new()))
        .collect();
    for (place, table) in compiled.tables.iter().enumerate() {
        let population = &table.metric.population;
        let group = groups
            .iter()
            .find(|group| group.populations.contains(population));
        let id = group.map_or(population, |group| &group.id);
        match topics.iter_mut().find(|(known, _)| known == id) {
            Some((_, tables)) => tables.push(place),
            None => topics.push((id.clone(), vec![place])),
        }
    }
    let stated = stated(&compiled.sections, &compiled.tables);
    let some = topics.into_iter().filter(|(_, tables)| !tables.is_empty());
    some.map(|(id, tables)| {
        let of_topic = stated
            .iter()
            .copied()
            .filter(|place| tables.contains(place));
        let mut featured: Vec<usize> = of_topic.clone().take(FEATURED_MAX).collect();
        let mut stated: Vec<usize> = of_topic.collect();
        stated.sort_unstable();
        if featured.is_empty() {
            featured.extend(tables.first());
        }
        Ok(Topic {
            name: name(speaker, edition, &id)?,
            id: format!("topic-{}", slug(&id)),
            tables,
            stated,
            featured,
        })
    })
    .collect()
}

/// The tables that statements rest on: the first metric of each group of statements, then the others.
fn stated(sections: &[Section], tables: &[Table]) -> Vec<usize> {
    let place_of = |code: &String| {
        tables
            .iter()
            .position(|table| table.metric.code.as_str() == code)
    };
    let mut first = Vec::new();
    let mut others = Vec::new();
    for group in sections.iter().flat_map(|section| &section.groups) {
        let figures = group.statements.iter().flat_map(|known| &known.figures);
        let metrics = figures.flat_map(|figure| figure.metrics.iter().filter_map(place_of));
        for (order, place) in metrics.enumerate() {
            let list = if order == 0 { &mut first } else { &mut others };
            list.push(place);
        }
    }
    let mut distinct = Vec::new();
    for place in first.into_iter().chain(others) {
        if !distinct.contains(&place) {
            distinct.push(place);
        }
    }
    distinct
}

/// The heading of the section with the same id, or the name of the population.
fn name(speaker: &Speaker<'_>, edition: &Edition, id: &str) -> Result<Line, Error> {
    use crate::domain::PopulationName;

    let section = format!("section-{id}");
    if speaker.has(&section) {
        return speaker.edition(&section);
    }
    let groups = &edition.release().populations;
    let name = if groups.iter().any(|group| group.id == id) {
        PopulationName::Message(id.to_owned())
    } else {
        PopulationName::Catalogue(id.to_owned())
    };
    let run = match population_name(speaker, &name)? {
        Run::Text(text) => Run::Text(initial(&text)),
        Run::English(text) => Run::English(initial(&text)),
        figure @ Run::Figure(_) => figure,
    };
    Ok(Line {
        runs: vec![run],
        english_only: false,
    })
}

/// A name in the middle of a sentence as a heading.
fn initial(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters).collect()
}

/// The id of a plan or a name as part of an id.
fn slug(id: &str) -> String {
    let slug = id.chars().map(|character| match character {
        _ if character.is_alphanumeric() => character.to_lowercase().to_string(),
        _ => "-".to_owned(),
    });
    slug.collect()
}

/// A code as part of an address: capitals as small letters, digits as they are, `/` as `-`, and
/// everything else, small letters too, so that two codes never meet, not even in a folder that does
/// not tell capitals from small letters.
pub(crate) fn stem(kind: &str, code: &str) -> String {
    use std::fmt::Write as _;

    let mut stem = format!("{kind}-");
    for character in code.chars() {
        match character {
            '/' => stem.push('-'),
            _ if character.is_ascii_digit() => stem.push(character),
            _ if character.is_ascii_uppercase() => stem.push(character.to_ascii_lowercase()),
            // Writing to a string does not fail.
            _ => drop(write!(stem, "_{:x}_", u32::from(character))),
        }
    }
    stem
}
