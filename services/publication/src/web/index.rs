//! The page that lists the published releases.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use mesur_store::KeyRange;
use mesur_wording::{Args, Language, Wording};

use super::Missing;
use crate::error::Error;
use crate::releases::{Release, Releases};
use crate::render::STYLE;
use crate::store;

/// The most releases on the page.
const RELEASES_MAX: usize = 1_000;

/// Answers with the list in a language.
pub(super) async fn page(
    State(releases): State<Arc<Releases>>,
    language: Language,
) -> Result<Response, Missing> {
    let mut published = published(&releases).await?;
    // The latest period first.
    published.reverse();
    let page = markup(&published, language).map_err(Error::Render)?;
    let about = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    Ok((about, page.into_string()).into_response())
}

async fn published(releases: &Releases) -> Result<Vec<Release>, Error> {
    let range = KeyRange::prefix(store::releases_prefix());
    let mut found = Vec::new();
    for (key, entry) in releases.store.scan(range, RELEASES_MAX).await? {
        let release = store::release_of(&key, &entry.value)?;
        if release.published.is_some() {
            found.push(release);
        }
    }
    Ok(found)
}

fn markup(releases: &[Release], language: Language) -> Result<Markup, crate::render::Error> {
    let wording = Wording::new(language, None)?;
    let label = |id: &str| wording.text(id, &Args::new());
    let other = match language {
        Language::En => Language::Cy,
        Language::Cy => Language::En,
    };
    Ok(html! {
        (DOCTYPE)
        html lang=(language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (label("index-heading")?) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { (label("skip-link")?) }
                header {
                    a.language href=(address(other)) hreflang=(other.code()) lang=(other.code()) {
                        (label("language-switch")?)
                    }
                    h1 { (label("index-heading")?) }
                }
                main #main tabindex="-1" {
                    @if releases.is_empty() { p { (label("index-empty")?) } }
                    ul { @for release in releases { li { (link(release, language)) } } }
                }
            }
        }
    })
}

fn address(language: Language) -> &'static str {
    match language {
        Language::En => "/",
        Language::Cy => "/cy/",
    }
}

fn link(release: &Release, language: Language) -> Markup {
    let [english, welsh] = &release.titles;
    let title = match language {
        Language::En => english,
        Language::Cy => welsh,
    };
    let page = format!(
        "/releases/{}/release.{}.html",
        release.name.id(),
        language.code()
    );
    html! { a href=(page) { (title) } }
}
