//! What tells others of published releases: the Atom feed, and the list of pages for search engines.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::response::{IntoResponse, Response};
use maud::{Markup, PreEscaped, html};
use mesur_wording::{Args, Language};

use super::files::HTML;
use super::headers::came_by_tls;
use super::{Missing, Site};
use crate::releases::Published;
use crate::render::{RELEASE, feed, home, page_file};

const ATOM: &str = "application/atom+xml; charset=utf-8";
const XML: &str = "application/xml; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";
const DECLARATION: PreEscaped<&str> = PreEscaped("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
/// When nothing is published yet.
const NO_TIME: &str = "1970-01-01T00:00:00Z";
/// The most addresses of one list, as its protocol says.
const ADDRESSES_MAX: usize = 50_000;

/// Answers with the feed in a language: every published revision that is current, the latest first.
pub(super) fn atom(State(site): State<Arc<Site>>, language: Language) -> Response {
    match entries(&site, language) {
        Ok(feed) => ([(CONTENT_TYPE, ATOM)], feed.into_string()).into_response(),
        Err(error) => Missing::from(error).answer(&site),
    }
}

fn entries(site: &Site, language: Language) -> Result<Markup, mesur_wording::Error> {
    let title = site.wording(language).text("index-heading", &Args::new())?;
    let mut published = site.releases.shelf().all();
    published.sort_by_key(|one| std::cmp::Reverse((one.release.published, one.release.name.id())));
    let updated = published
        .first()
        .map_or_else(|| NO_TIME.to_owned(), |one| time(one));
    Ok(html! {
        (DECLARATION)
        feed xmlns="http://www.w3.org/2005/Atom" xml:lang=(language.code()) {
            title { (title) }
            id { "urn:mesur:releases:" (language.code()) }
            updated { (updated) }
            author { name { (title) } }
            (link("self", feed(language)))
            (link("alternate", home(language)))
            @for one in &published { (entry(one, language)) }
        }
    })
}

fn entry(one: &Published, language: Language) -> Markup {
    let release = &one.release;
    let [english, welsh] = &release.titles;
    let is_welsh = language == Language::Cy && !welsh.is_empty();
    let note = release.update_note.as_ref().map(|note| &note.what);
    let place = usize::from(is_welsh);
    html! {
        entry {
            title { (if is_welsh { welsh } else { english }) }
            id { "urn:mesur:releases:" (release.name.id()) ":" (release.revision) ":" (language.code()) }
            updated { (time(one)) }
            (link("alternate", &format!("/releases/{}/{}", release.name.id(), page_file(RELEASE, language))))
            @if let Some(text) = note.and_then(|note| note.get(place)) { summary { (text) } }
        }
    }
}

/// Written by hand: the template knows `link` as an element of HTML, which does not end.
fn link(relation: &str, to: &str) -> PreEscaped<String> {
    let to = html! { (to) }.into_string();
    PreEscaped(format!("<link rel=\"{relation}\" href=\"{to}\"/>"))
}

fn time(one: &Published) -> String {
    one.release
        .published
        .map_or_else(|| NO_TIME.to_owned(), |time| time.to_string())
}

/// Answers with every page of the current revisions.
pub(super) async fn sitemap(State(site): State<Arc<Site>>, asked: HeaderMap) -> Response {
    let mut text = DECLARATION.0.to_owned();
    text.push_str("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
    let base = base(&asked);
    let published = site.releases.shelf().all();
    let pages = published.iter().flat_map(|one| {
        let files = one.details.files.iter();
        let pages = files.filter(|file| file.media_type == HTML);
        pages.map(|page| format!("/releases/{}/{}", one.release.name.id(), page.name))
    });
    let lists = Language::ALL
        .into_iter()
        .map(|language| home(language).to_owned());
    for page in lists.chain(pages).take(ADDRESSES_MAX) {
        let address = html! { (base) (page) }.into_string();
        // Writing to a string does not fail.
        let _ = writeln!(text, "<url><loc>{address}</loc></url>");
    }
    text.push_str("</urlset>\n");
    ([(CONTENT_TYPE, XML)], text).into_response()
}

/// Tells programs that everything may be read, and where the list is.
pub(super) async fn robots(asked: HeaderMap) -> Response {
    let text = format!(
        "User-agent: *\nDisallow: /find\n\nSitemap: {}/sitemap.xml\n",
        base(&asked)
    );
    ([(CONTENT_TYPE, PLAIN)], text).into_response()
}

/// The site as the reader named it; a name that cannot be one is left out.
fn base(asked: &HeaderMap) -> String {
    let is_part =
        |character: char| character.is_ascii_alphanumeric() || ".-:[]".contains(character);
    let host = asked.get(HOST).and_then(|host| host.to_str().ok());
    let host = host
        .filter(|host| host.chars().all(is_part))
        .unwrap_or("localhost");
    let scheme = if came_by_tls(asked) { "https" } else { "http" };
    format!("{scheme}://{host}")
}
