//! Lines of a document as markup: figures, footnote marks, and texts held in English only.

use maud::{Markup, html};
use mesur_catalogue::Authority;
use mesur_figures::Shorthand;
use mesur_wording::Language;

use super::Page;
use crate::domain::area_name;
use crate::render::line::{Line, NoteReference, Run};
use crate::render::table::bracketed;

impl Page<'_> {
    pub(super) fn line(&self, line: &Line) -> Markup {
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

    pub(super) fn run(&self, run: &Run, with_marker: bool) -> Markup {
        html! {
            @match run {
                Run::Text(text) => (text),
                Run::English(text) => {
                    span lang=(Language::En.code()) { (text) }
                    @if with_marker { (self.marker()) }
                },
                Run::Figure(figure) => {
                    span.figure { (figure.printed) }
                    @if let Some(label) = &figure.revised {
                        a.noteref href="#revisions" aria-label=(label) {
                            (bracketed(Shorthand::Revised.code()))
                        }
                    }
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
    pub(super) fn marker(&self) -> Markup {
        html! { " " span.marker { "(" (self.english_only) ")" } }
    }

    /// The name of an area, in the language that it is held in.
    pub(super) fn area(&self, area: &Authority) -> Markup {
        html! {
            @if let Some(language) = self.area_language(area) {
                span lang=(language) { (area.name_en) }
            } @else {
                (area_name(area, self.language()))
            }
        }
    }

    /// The language of an area's name, where it is not the page's.
    pub(super) fn area_language(&self, area: &Authority) -> Option<&'static str> {
        let is_english = self.language() == Language::Cy && area.name_cy.is_empty();
        is_english.then_some(Language::En.code())
    }
}

pub(super) fn footnote_id(mark: &str) -> String {
    format!("footnote-{mark}")
}

pub(super) fn reference_id(mark: &str, reference: usize) -> String {
    format!("reference-{mark}-{reference}")
}

/// Any other scheme could run something in the reader's browser.
pub(super) fn is_web_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}
