//! Published files: as they are, or compressed where that is smaller and the reader takes it.
//!
//! A file never changes, so its digest is its entity tag; the compressed form is another
//! representation and has a tag of its own. What is asked for is compressed once and kept.

use std::io::{self, Write as _};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH,
    CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use mesur_catalogue::ContentHash;
use mesur_wire::{AnyReleaseName, ReleaseName};
use mesur_wording::Language;
use tokio::task::spawn_blocking;

use super::{Missing, Site, headers};
use crate::cache::Weighty;
use crate::error::Error;
use crate::releases::{FileFacts, Published};
use crate::render::{RELEASE, STYLE, STYLE_FILE, page_file};

pub(super) const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
/// What stands at the address of a revision, or has its digest in its name, never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A file as it is sent.
#[derive(Debug)]
pub(super) struct Served {
    plain: Form,
    /// The same compressed, where that is smaller.
    compressed: Option<Form>,
}

/// One representation of a file, ready to be sent: the head is put together once.
#[derive(Debug)]
struct Form {
    tag: HeaderValue,
    head: HeaderMap,
    content: Bytes,
}

impl Weighty for Arc<Served> {
    fn bytes(&self) -> usize {
        let compressed = self
            .compressed
            .as_ref()
            .map_or(0, |form| form.content.len());
        compressed.saturating_add(self.plain.content.len())
    }
}

impl Served {
    /// A file of this content; `digest` is worked out where it is not known.
    pub(super) fn new(content: Bytes, media_type: &str, digest: Option<&str>) -> Self {
        let digest = digest.map_or_else(|| ContentHash::of(&content), str::to_owned);
        let compressed = compressed(&content, media_type);
        let mut head = headers::every();
        head.insert(CONTENT_TYPE, header(media_type));
        // Figures are for everybody, from the pages of others too.
        head.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        if compressed.is_some() {
            head.insert(VARY, HeaderValue::from_static("accept-encoding"));
        }
        Self {
            compressed: compressed.map(|small| {
                let mut head = head.clone();
                head.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                Form::new(&format!("\"{digest}-gzip\""), head, small)
            }),
            plain: Form::new(&format!("\"{digest}\""), head, content),
        }
    }

    /// The whole of it, whatever the reader has.
    pub(super) fn whole(&self) -> Response {
        let media_type = self.plain.head.get(CONTENT_TYPE).cloned();
        let mut response = Response::new(Body::from(self.plain.content.clone()));
        let head = response.headers_mut();
        head.extend(media_type.map(|media_type| (CONTENT_TYPE, media_type)));
        response
    }

    /// What a reader who asks with these headers gets.
    fn answer(&self, asked: &HeaderMap) -> Response {
        let small = self.compressed.as_ref().filter(|_| takes_gzip(asked));
        let form = small.unwrap_or(&self.plain);
        let forms = [Some(&self.plain), self.compressed.as_ref()];
        let is_known = forms
            .into_iter()
            .flatten()
            .any(|form| is_known(asked, &form.tag));
        let content = (!is_known).then(|| form.content.clone());
        let mut response = Response::new(content.map_or_else(Body::empty, Body::from));
        *response.headers_mut() = form.head.clone();
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            for of_content in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LENGTH] {
                response.headers_mut().remove(of_content);
            }
        }
        response
    }
}

impl Form {
    fn new(tag: &str, mut head: HeaderMap, content: Bytes) -> Self {
        let tag = header(tag);
        head.insert(ETAG, tag.clone());
        head.insert(CONTENT_LENGTH, content.len().into());
        Self { tag, head, content }
    }
}

/// The style sheet of the pages that are made as they are asked for.
pub(super) fn style() -> Served {
    Served::new(Bytes::from_static(STYLE.as_bytes()), CSS, None)
}

/// A file that belongs to no release.
pub(super) async fn shared(
    State(site): State<Arc<Site>>,
    Path(file): Path<String>,
    asked: Request,
) -> Response {
    if file == *STYLE_FILE {
        return kept(site.style.answer(asked.headers()));
    }
    Missing::NotFound.answer(&site)
}

/// The address of a release leads to its English page.
pub(super) async fn front(State(site): State<Arc<Site>>, Path(release): Path<String>) -> Response {
    lead(&site, &release, None)
}

/// The address of a revision leads to its English page.
pub(super) async fn front_of_revision(
    State(site): State<Arc<Site>>,
    Path((release, revision)): Path<(String, String)>,
) -> Response {
    lead(&site, &release, Some(&revision))
}

fn lead(site: &Site, release: &str, revision: Option<&str>) -> Response {
    match find(site, release, revision) {
        Ok(published) => {
            let name = published.release.name.id();
            let page = page_file(RELEASE, Language::En);
            let to = match revision {
                Some(revision) => format!("/releases/{name}/revisions/{revision}/{page}"),
                None => format!("/releases/{name}/{page}"),
            };
            (StatusCode::FOUND, [(LOCATION, to)]).into_response()
        }
        Err(missing) => missing.answer(site),
    }
}

/// The answer to most readers: they ask for a file of what is current, by the address that pages give it,
/// and it is ready to be sent. For any other, and whatever else is asked, the routes are there.
pub(super) fn at_once<B>(site: &Site, asked: &axum::http::Request<B>) -> Option<Response> {
    if asked.method() != Method::GET {
        return None;
    }
    let address = asked.uri().path().strip_prefix("/releases/")?;
    let (release, file) = address.split_once('/')?;
    let published = site.releases.shelf().current_by_id(release)?;
    let digest = published.file(file)?.digest.as_str();
    let served = site.ready.get(digest)?;
    Some(answer_current(&served, file, asked.headers()))
}

fn answer_current(served: &Served, file: &str, asked: &HeaderMap) -> Response {
    let response = served.answer(asked);
    // The digest of the style sheet is in its name.
    if file == *STYLE_FILE {
        kept(response)
    } else {
        response
    }
}

/// A file of the current revision of a release.
pub(super) async fn current(
    State(site): State<Arc<Site>>,
    Path((release, file)): Path<(String, String)>,
    asked: Request,
) -> Response {
    let found = read(&site, &release, None, &file).await;
    match found {
        Ok(served) => answer_current(&served, &file, asked.headers()),
        Err(missing) => missing.answer(&site),
    }
}

/// A file of a revision of a release.
pub(super) async fn of_revision(
    State(site): State<Arc<Site>>,
    Path((release, revision, file)): Path<(String, String, String)>,
    asked: Request,
) -> Response {
    let found = read(&site, &release, Some(&revision), &file).await;
    match found.map(|served| served.answer(asked.headers())) {
        Ok(response) => kept(response),
        Err(missing) => missing.answer(&site),
    }
}

fn kept(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static(FOR_EVER));
    response
}

fn find(site: &Site, release: &str, revision: Option<&str>) -> Result<Arc<Published>, Missing> {
    let name = ReleaseName::from_id(release).map_err(|_| Missing::NotFound)?;
    let revision = revision.map(number).transpose()?;
    let name = AnyReleaseName {
        release: name,
        revision,
    };
    Ok(site.releases.public(&name)?)
}

/// A revision is written in one way, so that it has one address.
fn number(text: &str) -> Result<u32, Missing> {
    let number: u32 = text.parse().map_err(|_| Missing::NotFound)?;
    if number.to_string() == text {
        Ok(number)
    } else {
        Err(Missing::NotFound)
    }
}

async fn read(
    site: &Site,
    release: &str,
    revision: Option<&str>,
    file: &str,
) -> Result<Arc<Served>, Missing> {
    let published = find(site, release, revision)?;
    let facts = published.file(file).ok_or(Missing::NotFound)?;
    let ready = site
        .ready
        .get_or_insert_async(facts.digest.as_str(), prepare(site, facts))
        .await;
    Ok(ready?)
}

/// Compressing takes a processor for a while, so it is done beside those that answer readers.
async fn prepare(site: &Site, facts: &FileFacts) -> Result<Arc<Served>, Error> {
    let content = site.releases.content(facts).await?;
    let (media_type, digest) = (facts.media_type.clone(), facts.digest.clone());
    let served = spawn_blocking(move || Served::new(content, &media_type, Some(&digest)));
    let served = served.await.map_err(Error::Task)?;
    Ok(Arc::new(served))
}

/// The content compressed, if its kind can be and it is smaller. No time stands in it.
fn compressed(content: &Bytes, media_type: &str) -> Option<Bytes> {
    let is_text = [
        "text/",
        "application/json",
        "application/csvm+json",
        "application/xml",
    ];
    if !is_text.iter().any(|kind| media_type.starts_with(kind)) {
        return None;
    }
    let write = || -> io::Result<Vec<u8>> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content)?;
        encoder.finish()
    };
    let small = write().ok()?;
    (small.len() < content.len()).then(|| small.into())
}

/// Media types and digests are ASCII.
fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// Whether a reader takes gzip: named, and not with a weight of zero.
fn takes_gzip(asked: &HeaderMap) -> bool {
    let lists = asked.get_all(ACCEPT_ENCODING).iter();
    let mut codings = lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','));
    codings.any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let is_refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").unwrap_or("1");
            weight.bytes().all(|byte| matches!(byte, b'0' | b'.'))
        });
        (name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip")) && !is_refused
    })
}

/// Whether the reader has the content of a tag. Tags are compared weakly, as RFC 9110 asks: a
/// proxy that compresses marks the tag that it passes on as weak.
fn is_known(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let lists = asked.get_all(IF_NONE_MATCH).iter();
    let mut known = lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','));
    known.any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    })
}
