//! What stands around every page: head, banner, forms, footer.

use maud::{DOCTYPE, Markup, html};
use mesur_wording::{Language, Wording};

use super::{CONTENTS, Page, RELEASE, page_file};
use crate::render::Error;
use crate::render::line::Line;

/// The most characters that a reader may send.
const FEEDBACK_CHARACTERS_MAX: usize = 4_000;
/// The most characters that a search may have.
pub(crate) const QUERY_CHARACTERS_MAX: usize = 100;

/// What a page is put into.
pub(crate) struct SiteFrame<'a> {
    /// The wording of its language.
    pub(crate) wording: &'a Wording,
    /// The address of the style sheet.
    pub(crate) style: &'a str,
    /// The address of the same page in the other language.
    pub(crate) other: &'a str,
    /// The title of the window.
    pub(crate) title: Markup,
    /// The language of the title, where it is not the page's.
    pub(crate) title_language: Option<&'static str>,
    /// The address of the feed of releases.
    pub(crate) feed: &'static str,
    /// The main content.
    pub(crate) main: Markup,
    /// The rest of the footer.
    pub(crate) footer: Markup,
}

/// Writes a page.
pub(crate) fn frame(frame: &SiteFrame<'_>) -> Result<Markup, mesur_wording::Error> {
    let label = |id: &str| frame.wording.text(id, &mesur_wording::Args::new());
    let language = frame.wording.language();
    let switch = other(language).code();
    Ok(html! {
        (DOCTYPE)
        html lang=(language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title lang=[frame.title_language] { (frame.title) }
                link rel="stylesheet" href=(frame.style);
                link rel="alternate" hreflang=(switch) href=(frame.other);
                link rel="alternate" type="application/atom+xml" href=(frame.feed) title=(label("index-heading")?);
            }
            body {
                a.skip href="#main" { (label("skip-link")?) }
                header.banner {
                    div.wide {
                        a.home href=(home(language)) { (label("index-heading")?) }
                        a.language href=(frame.other) hreflang=(switch) lang=(switch) {
                            (label("language-switch")?)
                        }
                    }
                }
                main #main tabindex="-1" { (frame.main) }
                footer { div.wide { (frame.footer) } }
            }
        }
    })
}

/// The list of releases in a language.
pub(crate) fn home(language: Language) -> &'static str {
    match language {
        Language::En => "/",
        Language::Cy => "/cy/",
    }
}

/// The other language.
pub(crate) fn other(language: Language) -> Language {
    match language {
        Language::En => Language::Cy,
        Language::Cy => Language::En,
    }
}

/// Finds a metric or an authority in a release.
pub(crate) fn find_form(
    wording: &Wording,
    release: &str,
    query: &str,
) -> Result<Markup, mesur_wording::Error> {
    let label = |id: &str| wording.text(id, &mesur_wording::Args::new());
    Ok(html! {
        form.find role="search" action="/find" method="get" {
            label for="find" { (label("find-label")?) }
            span.field {
                input #find type="search" name="q" value=(query) maxlength=(QUERY_CHARACTERS_MAX) required;
                input type="hidden" name="release" value=(release);
                input type="hidden" name="lang" value=(wording.language().code());
                button { (label("find-button")?) }
            }
        }
    })
}

/// Takes what a reader has to say. The field that a reader never sees is for programs that fill in
/// every field.
pub(crate) fn feedback_form(wording: &Wording, page: &str) -> Result<Markup, mesur_wording::Error> {
    let label = |id: &str| wording.text(id, &mesur_wording::Args::new());
    Ok(html! {
        details.feedback {
            summary { (label("feedback-heading")?) }
            form action="/feedback" method="post" {
                label for="feedback" { (label("feedback-label")?) }
                p.hint #feedback-hint { (label("feedback-hint")?) }
                textarea #feedback name="text" rows="5" maxlength=(FEEDBACK_CHARACTERS_MAX) required
                    aria-describedby="feedback-hint" {}
                div.trap aria-hidden="true" {
                    label for="website" { (label("feedback-trap")?) }
                    input #website name="website" tabindex="-1" autocomplete="off";
                }
                input type="hidden" name="page" value=(page);
                input type="hidden" name="lang" value=(wording.language().code());
                button { (label("feedback-button")?) }
            }
        }
    })
}

impl Page<'_> {
    /// Puts a page of the release into its frame. `stem` is the same in both languages.
    pub(super) fn framed(&self, stem: &str, title: &Line, main: Markup) -> Result<Markup, Error> {
        let document = self.document;
        let is_english =
            title.english_only || (title.has_english() && self.language() == Language::Cy);
        let title_language = is_english.then_some(Language::En.code());
        let title = html! {
            (title.words())
            @if stem != RELEASE { " – " (document.title.words()) }
        };
        let footer = self.footer(stem)?;
        let other = page_file(stem, other(self.language()));
        Ok(frame(&SiteFrame {
            wording: self.speaker.wording(),
            style: &super::STYLE_FILE,
            other: &other,
            title,
            title_language,
            feed: feed(self.language()),
            main,
            footer,
        })?)
    }

    /// The way back, above the heading of a page of the release.
    pub(super) fn trail(&self) -> Result<Markup, Error> {
        Ok(html! {
            nav.trail aria-label=(self.label("trail-label")?) {
                ol {
                    li { a href=(self.to(RELEASE)) { (self.line(&self.document.title)) } }
                    li { a href=(self.to(CONTENTS)) { (self.label("contents-heading")?) } }
                }
            }
        })
    }

    /// A heading with the way to the same place in the other language.
    pub(super) fn heading(&self, stem: &str, id: &str, text: &Markup) -> Result<Markup, Error> {
        let other = other(self.language());
        Ok(html! {
            div.heading {
                h2 id=(id) { (text) }
                a.language href={ (page_file(stem, other)) "#" (id) } hreflang=(other.code())
                    lang=(other.code()) aria-describedby=(id) { (self.label("language-switch")?) }
            }
        })
    }

    pub(super) fn find(&self) -> Result<Markup, Error> {
        Ok(find_form(self.speaker.wording(), &self.release_id(), "")?)
    }

    /// `{collection}-{period}`.
    pub(super) fn release_id(&self) -> String {
        let name = self.edition.name();
        format!("{}-{}", name.collection, name.period)
    }

    fn footer(&self, stem: &str) -> Result<Markup, Error> {
        let page = format!("/releases/{}/{}", self.release_id(), self.to(stem));
        Ok(html! {
            (feedback_form(self.speaker.wording(), &page)?)
            @if let Some(contact) = &self.document.contact {
                h2 { (self.label("contact-heading")?) }
                p { (self.line(contact)) }
            }
            h2 { (self.label("licence-heading")?) }
            p { (self.label("licence")?) }
            p { (self.label("acknowledgement")?) }
        })
    }
}

/// The feed of releases in a language.
pub(crate) fn feed(language: Language) -> &'static str {
    match language {
        Language::En => "/feed.atom",
        Language::Cy => "/cy/feed.atom",
    }
}
