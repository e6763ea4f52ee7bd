//! The page that lists the releases: those that are published, and the days of those that are announced.
//! Of an announced release nothing but its title and its day is public.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use maud::{Markup, html};
use mesur_wording::{Args, Language, Wording};

use super::files::HTML;
use super::{Missing, Site};
use crate::domain::local;
use crate::releases::{Published, Upcoming};
use crate::render::{
    RELEASE, STYLE_FILE, SiteFrame, feed, find_form, frame, home, other, page_file,
};

/// Answers with the list in a language.
pub(super) fn page(State(site): State<Arc<Site>>, language: Language) -> Response {
    match markup(&site, language) {
        Ok(page) => ([(CONTENT_TYPE, HTML)], page.into_string()).into_response(),
        Err(error) => Missing::from(error).answer(&site),
    }
}

fn markup(site: &Site, language: Language) -> Result<Markup, mesur_wording::Error> {
    let wording = site.wording(language);
    let label = |id: &str| wording.text(id, &Args::new());
    let mut published = site.releases.shelf().all();
    // The latest first.
    published.sort_by_key(|one| std::cmp::Reverse((one.release.published, one.release.name.id())));
    let upcoming = site.releases.shelf().upcoming();
    let main = html! {
        div.hero {
            div.wide {
                h1 { (label("index-heading")?) }
                @if !published.is_empty() { (find_form(wording, "", "")?) }
            }
        }
        div.wide.page {
            @if !upcoming.is_empty() {
                section aria-labelledby="upcoming" {
                    h2 #upcoming { (label("index-upcoming")?) }
                    ul.releases { @for one in &upcoming { (announced(wording, one)?) } }
                }
            }
            section aria-labelledby="published" {
                h2 #published { (label("index-published")?) }
                @if published.is_empty() { p { (label("index-empty")?) } }
                ul.releases { @for one in &published { (listed(wording, one)?) } }
                p { a href=(feed(language)) { (label("index-feed")?) } }
            }
        }
    };
    frame(&SiteFrame {
        wording,
        style: &format!("/{}", *STYLE_FILE),
        other: home(other(language)),
        title: html! { (label("index-heading")?) },
        title_language: None,
        feed: feed(language),
        main,
        footer: html! {
            h2 { (label("licence-heading")?) }
            p { (label("licence")?) }
            p { (label("acknowledgement")?) }
        },
    })
}

fn announced(wording: &Wording, one: &Upcoming) -> Result<Markup, mesur_wording::Error> {
    Ok(html! {
        li {
            strong { (title(wording, &one.titles)) }
            p { (moment(wording, one.moment)?) }
        }
    })
}

fn listed(wording: &Wording, one: &Published) -> Result<Markup, mesur_wording::Error> {
    let release = &one.release;
    let to = format!(
        "/releases/{}/{}",
        release.name.id(),
        page_file(RELEASE, wording.language())
    );
    Ok(html! {
        li {
            a href=(to) { (title(wording, &release.titles)) }
            p {
                @if !release.reference.is_empty() { (release.reference) " · " }
                @if let Some(time) = release.published { (moment(wording, time)?) }
            }
        }
    })
}

/// The title in the language of the page, or in English and said to be.
pub(super) fn title(wording: &Wording, [english, welsh]: &[String; 2]) -> Markup {
    html! {
        @match wording.language() {
            Language::En => (english),
            Language::Cy if welsh.is_empty() || welsh == english => {
                span lang=(Language::En.code()) { (english) }
            },
            Language::Cy => (welsh),
        }
    }
}

/// A day and time where the readers are.
fn moment(wording: &Wording, time: Timestamp) -> Result<String, mesur_wording::Error> {
    let local = local(time);
    let date = wording.date(local.year(), local.month(), local.day())?;
    let time = format!("{:02}:{:02}", local.hour(), local.minute());
    wording.text(
        "date-time",
        &Args::new().text("date", &date).text("time", &time),
    )
}
