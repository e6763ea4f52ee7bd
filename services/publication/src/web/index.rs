//! The page that lists the published releases.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use mesur_store::Key;
use mesur_wording::{Args, Language, Wording};

use super::Missing;
use crate::error::Error;
use crate::releases::{Reader, Release, Releases};
use crate::render::STYLE;

/// The most releases on the page.
const RELEASES_MAX: usize = 1_000;

/// Answers with the list in a language.
pub(super) async fn page(
    State(releases): State<Arc<Releases>>,
    language: Language,
) -> Result<Response, Missing> {
    let mut published = releases.list(None, RELEASES_MAX, Reader::Public).await?;
    // The latest period first.
    published.reverse();
    let page = markup(&published, language).map_err(Error::Render)?;
    let about = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    Ok((about, page.into_string()).into_response())
}

fn markup(releases: &[(Key, Release)], language: Language) -> Result<Markup, crate::render::Error> {
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
                    ul { @for (_, release) in releases { li { (link(release, language)) } } }
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
