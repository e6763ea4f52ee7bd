//! Finding a metric or an authority in what is published, without a script.
//!
//! Metrics are found by the words that stand on their pages: those of the edition with the translations
//! that were held when the release was compiled.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use mesur_catalogue::Edition;
use mesur_wire::ReleaseName;
use mesur_wording::{Args, Language, Wording};
use serde::Deserialize;

use super::files::HTML;
use super::index::title;
use super::{Missing, Site};
use crate::domain::{ShownMetric, area_name};
use crate::releases::Published;
use crate::render::{
    QUERY_CHARACTERS_MAX, RELEASE, STYLE_FILE, SiteFrame, feed, find_form, frame, other, page_file,
    stem,
};

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
    /// `{collection}-{period}`; all releases if it is empty.
    release: String,
    lang: String,
}

/// A page that was found.
struct Found {
    file: String,
    text: String,
    /// Whether the text is in English on a page of another language.
    is_english: bool,
}

/// Answers with the pages that have every word that is asked for.
pub(super) async fn page(State(site): State<Arc<Site>>, Query(asked): Query<Asked>) -> Response {
    let language = Language::parse(&asked.lang).unwrap_or(Language::En);
    match markup(&site, language, &asked) {
        Ok(page) => ([(CONTENT_TYPE, HTML)], page.into_string()).into_response(),
        Err(missing) => missing.answer(&site),
    }
}

/// What is searched for: a longer text is cut.
fn searched_for(text: &str) -> String {
    text.trim().chars().take(QUERY_CHARACTERS_MAX).collect()
}

fn markup(site: &Site, language: Language, asked: &Asked) -> Result<Markup, Missing> {
    let wording = site.wording(language);
    let label = |id: &str| wording.text(id, &Args::new());
    let query = searched_for(&asked.q);
    let published = searched(site, &asked.release)?;
    let words: Vec<String> = query.split_whitespace().map(folded).collect();
    let found: Vec<(&Published, Vec<Found>)> = published
        .iter()
        .map(|one| (&**one, in_release(site, one, language, &words)))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    let count = found.iter().map(|(_, found)| found.len()).sum::<usize>();
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let args = Args::new().number("n", count).text("query", &query);
    let main = html! {
        div.wide.page {
            h1 { (label("find-heading")?) }
            (find_form(wording, &asked.release, &query)?)
            @if !words.is_empty() { p role="status" { (wording.text("find-result", &args)?) } }
            @for (one, found) in &found { (results(wording, one, found)) }
        }
    };
    let switch = other(language);
    let address = address(&query, &asked.release, switch);
    Ok(frame(&SiteFrame {
        wording,
        style: &format!("/{}", *STYLE_FILE),
        other: &address,
        title: html! { (label("find-heading")?) },
        title_language: None,
        feed: feed(language),
        main,
        footer: html! { p { (label("licence")?) } },
    })?)
}

/// The releases to look in; one that is not published is not there.
fn searched(site: &Site, release: &str) -> Result<Vec<Arc<Published>>, Missing> {
    if release.is_empty() {
        return Ok(site.releases.shelf().all());
    }
    let name = ReleaseName::parse(&format!("releases/{release}")).map_err(|_| Missing::NotFound)?;
    let published = site.releases.published(&name).ok_or(Missing::NotFound)?;
    Ok(vec![published])
}

fn results(wording: &Wording, one: &Published, found: &[Found]) -> Markup {
    let base = format!("/releases/{}", one.release.name.id());
    let language = wording.language();
    html! {
        section {
            h2 { a href={ (base) "/" (page_file(RELEASE, language)) } { (title(wording, &one.release.titles)) } }
            ul.plain {
                @for page in found {
                    @let lang = page.is_english.then_some(Language::En.code());
                    li { a href={ (base) "/" (page.file) } lang=[lang] { (page.text) } }
                }
            }
        }
    }
}

/// The pages of a release that have every word, authorities first. Only what has a page is looked
/// at: of a metric that is not published nothing is found.
fn in_release(site: &Site, one: &Published, language: Language, words: &[String]) -> Vec<Found> {
    if words.is_empty() {
        return Vec::new();
    }
    let edition = site.releases.catalogue().get(&one.release.name.0);
    let edition = edition.filter(|edition| edition.digest() == one.release.edition_digest);
    let mut found = edition.map_or_else(Vec::new, |edition| authorities(edition, language, words));
    let metrics = one.tables.metrics.iter();
    found.extend(metrics.filter_map(|metric| in_metric(metric, language, words)));
    found.retain(|page| one.file(&page.file).is_some());
    found
}

fn authorities(edition: &Edition, language: Language, words: &[String]) -> Vec<Found> {
    let authorities = edition.authorities().iter().filter(|authority| {
        let names = [
            authority.code.as_str(),
            &authority.name_en,
            &authority.name_cy,
        ];
        has_all(&names.join(" "), words)
    });
    let found = authorities.map(|authority| Found {
        file: page_file(&stem("authority", authority.code.as_str()), language),
        text: area_name(authority, language).to_owned(),
        is_english: language == Language::Cy && authority.name_cy.is_empty(),
    });
    found.collect()
}

fn in_metric(metric: &ShownMetric, language: Language, words: &[String]) -> Option<Found> {
    let code = metric.code.as_str();
    let [english, welsh] = &metric.titles;
    let labels = metric.columns.iter().flat_map(|column| &column.labels);
    let titles = [code, english, welsh].into_iter();
    let text: Vec<&str> = titles.chain(labels.map(String::as_str)).collect();
    if !has_all(&text.join(" "), words) {
        return None;
    }
    let is_english = language == Language::Cy && welsh.is_empty();
    let title = if is_english || language == Language::En {
        english
    } else {
        welsh
    };
    Some(Found {
        file: page_file(&stem("metric", code), language),
        text: if title.is_empty() {
            code.to_owned()
        } else {
            format!("{code}: {title}")
        },
        is_english: is_english && !title.is_empty(),
    })
}

fn has_all(text: &str, words: &[String]) -> bool {
    let text = folded(text);
    words.iter().all(|word| text.contains(word.as_str()))
}

/// A text as it is looked for: small letters, those of Welsh without their accents.
fn folded(text: &str) -> String {
    let fold = |character: char| match character {
        'à' | 'á' | 'â' | 'ä' => 'a',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ò' | 'ó' | 'ô' | 'ö' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ẁ' | 'ẃ' | 'ŵ' | 'ẅ' => 'w',
        'ỳ' | 'ý' | 'ŷ' | 'ÿ' => 'y',
        '’' => '\'',
        other => other,
    };
    text.chars()
        .flat_map(char::to_lowercase)
        .map(fold)
        .collect()
}

/// The address of the same search in a language.
fn address(query: &str, release: &str, language: Language) -> String {
    let pairs = [
        ("q", query),
        ("release", release),
        ("lang", language.code()),
    ];
    let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
    format!("/find?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_characters_are_searched_for_and_the_rest_is_cut() {
        let whole = "ŵ".repeat(QUERY_CHARACTERS_MAX);
        assert_eq!(searched_for(&whole), whole);
        assert_eq!(searched_for(&format!("{whole}ŵ")), whole);
    }
}
