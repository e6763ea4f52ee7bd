//! The web page of a release: one file that needs nothing else and no script.
//!
//! What every page keeps: a language on every text, headings in order, each id once, every link
//! within the page answered, footnotes linked both ways, tables with captions and scopes that can
//! be scrolled by keyboard. Texts are escaped by the template.

mod tables;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use mesur_wording::{Args, Language};

use super::document::{Document, Section, WordedFootnote, WordedStatement};
use super::line::{Line, NoteReference, Run};
use super::speaker::Speaker;
use super::table::bracketed;
use super::{DATA_FILE, Error, FACTS_FILE, page_file};

/// The style of every page.
pub(crate) const STYLE: &str = include_str!("html/style.css");

/// Writes the page.
pub(crate) fn page(document: &Document, speaker: &Speaker<'_>) -> Result<Markup, Error> {
    let page = Page {
        speaker: *speaker,
        english_only: speaker.label("english-only")?,
    };
    let title_language = document.title.english_only.then_some(Language::En.code());
    Ok(html! {
        (DOCTYPE)
        html lang=(document.language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title lang=[title_language] { (document.title.words()) }
                @for language in Language::ALL {
                    link rel="alternate" hreflang=(language.code()) href=(page_file(language));
                }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { (speaker.label("skip-link")?) }
                (page.header(document)?)
                (page.parts(document)?)
                main #main tabindex="-1" {
                    @if !document.sections.is_empty() { (page.main_points(document)?) }
                    (page.quality(document)?)
                    (page.tables(&document.tables, &document.shorthand)?)
                    (page.data()?)
                }
                (page.footer(document)?)
            }
        }
    })
}

/// What every part of the page is written with.
struct Page<'a> {
    speaker: Speaker<'a>,
    /// Says that a text is held in English only.
    english_only: String,
}

impl Page<'_> {
    fn label(&self, message: &str) -> Result<String, Error> {
        self.speaker.label(message)
    }

    fn header(&self, document: &Document) -> Result<Markup, Error> {
        let other = match document.language {
            Language::En => Language::Cy,
            Language::Cy => Language::En,
        };
        Ok(html! {
            header {
                a.language href=(page_file(other)) hreflang=(other.code()) lang=(other.code()) {
                    (self.label("language-switch")?)
                }
                h1 { (self.line(&document.title)) }
                @for line in document.description.iter().chain(&document.designation) {
                    p { (self.line(line)) }
                }
                ul.plain { @for line in &document.details { li { (self.line(line)) } } }
            }
        })
    }

    fn parts(&self, document: &Document) -> Result<Markup, Error> {
        Ok(html! {
            nav.parts aria-label=(self.label("nav-label")?) {
                ul {
                    @if !document.sections.is_empty() {
                        li { a href="#main-points" { (self.label("nav-main-points")?) } }
                    }
                    li { a href="#quality" { (self.label("nav-quality")?) } }
                    li { a href="#tables" { (self.label("nav-tables")?) } }
                    li { a href=(DATA_FILE) { (self.label("nav-data")?) } }
                }
            }
        })
    }

    fn main_points(&self, document: &Document) -> Result<Markup, Error> {
        Ok(html! {
            section aria-labelledby="main-points" {
                h2 #main-points { (self.label("main-points-heading")?) }
                @for section in &document.sections { (self.section(section)) }
                @if !document.footnotes.is_empty() { (self.footnotes(&document.footnotes)?) }
            }
        })
    }

    fn section(&self, section: &Section) -> Markup {
        html! {
            h3 { (self.line(&section.heading)) }
            @for group in &section.groups {
                h4 { (self.line(&group.heading)) }
                ul { @for statement in &group.statements { (self.statement(statement)) } }
            }
        }
    }

    fn statement(&self, statement: &WordedStatement) -> Markup {
        html! {
            li {
                (self.line(&statement.text))
                @for source in &statement.sources {
                    " "
                    span.source {
                        @if is_web_address(&source.url) {
                            a href=(source.url) { (self.line(&source.text)) }
                        } @else {
                            (self.line(&source.text))
                        }
                    }
                }
            }
        }
    }

    fn footnotes(&self, footnotes: &[WordedFootnote]) -> Result<Markup, Error> {
        Ok(html! {
            section role="doc-endnotes" aria-labelledby="footnotes" {
                h3 #footnotes { (self.label("footnotes-heading")?) }
                ul.plain {
                    @for footnote in footnotes {
                        li id=(footnote_id(&footnote.mark)) {
                            (bracketed(&footnote.mark)) " " (self.line(&footnote.text))
                            @for reference in 1..=footnote.references {
                                " " (self.back(&footnote.mark, reference)?)
                            }
                        }
                    }
                }
            }
        })
    }

    fn back(&self, mark: &str, reference: usize) -> Result<Markup, Error> {
        let args = Args::new()
            .text("mark", mark)
            .text("number", &reference.to_string());
        let label = self.speaker.house("footnote-back", &args)?;
        Ok(html! {
            a role="doc-backlink" href={ "#" (reference_id(mark, reference)) } aria-label=(label) {
                "↩"
            }
        })
    }

    fn quality(&self, document: &Document) -> Result<Markup, Error> {
        Ok(html! {
            section aria-labelledby="quality" {
                h2 #quality { (self.label("quality-heading")?) }
                ul { @for line in &document.quality { li { (self.line(line)) } } }
                @if !document.unpublished.is_empty() {
                    h3 { (self.label("quality-unpublished-heading")?) }
                    p { (document.unpublished.join(", ")) }
                }
                @if !document.changes.is_empty() { (self.changes(&document.changes)?) }
                h3 { (self.label("language-report-heading")?) }
                ul { @for line in &document.languages { li { (self.line(line)) } } }
            }
        })
    }

    fn changes(&self, changes: &[Line]) -> Result<Markup, Error> {
        Ok(html! {
            h3 {
                (self.label("changes-heading")?)
                // Said once for the whole list rather than on every line of it.
                @if changes.iter().any(Line::has_english) { (self.marker()) }
            }
            p { (self.label("changes-intro")?) }
            ul { @for line in changes { li { @for run in &line.runs { (self.run(run, false)) } } } }
        })
    }

    fn data(&self) -> Result<Markup, Error> {
        Ok(html! {
            section aria-labelledby="data" {
                h2 #data { (self.label("data-heading")?) }
                ul {
                    li { a href=(DATA_FILE) { (self.label("nav-data")?) } }
                    li { a href=(FACTS_FILE) { (self.label("nav-facts")?) } }
                }
            }
        })
    }

    fn footer(&self, document: &Document) -> Result<Markup, Error> {
        Ok(html! {
            footer {
                @if let Some(contact) = &document.contact {
                    h2 { (self.label("contact-heading")?) }
                    p { (self.line(contact)) }
                }
                h2 { (self.label("licence-heading")?) }
                p { (self.label("licence")?) }
                p { (self.label("acknowledgement")?) }
            }
        })
    }

    fn line(&self, line: &Line) -> Markup {
        html! {
            @if line.english_only {
                span lang=(Language::En.code()) {
                    @for run in &line.runs { (self.run(run, true)) }
                }
                (self.marker())
            } @else {
                @for run in &line.runs { (self.run(run, true)) }
            }
        }
    }

    fn run(&self, run: &Run, with_marker: bool) -> Markup {
        html! {
            @match run {
                Run::Text(text) => (text),
                Run::English(text) => {
                    span lang=(Language::En.code()) { (text) }
                    @if with_marker { (self.marker()) }
                },
                Run::Figure(figure) => {
                    span.figure { (figure.printed) }
                    @for mark in &figure.marks { (Self::mark(mark)) }
                },
            }
        }
    }

    fn mark(mark: &NoteReference) -> Markup {
        html! {
            a.noteref role="doc-noteref" id=(reference_id(&mark.mark, mark.number))
                href={ "#" (footnote_id(&mark.mark)) } aria-label=(mark.label) { (bracketed(&mark.mark)) }
        }
    }

    /// Not in English even beside an English text: it speaks to the reader of the page.
    fn marker(&self) -> Markup {
        html! { " " span.marker { "(" (self.english_only) ")" } }
    }
}

fn footnote_id(mark: &str) -> String {
    format!("footnote-{mark}")
}

fn reference_id(mark: &str, reference: usize) -> String {
    format!("reference-{mark}-{reference}")
}

/// Any other scheme could run something in the reader's browser.
fn is_web_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}
