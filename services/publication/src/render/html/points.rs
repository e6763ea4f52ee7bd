//! The main points: statements with what they lack and what they rest on beneath, and the footnotes.

use maud::{Markup, html};
use mesur_wording::Args;

use super::text::{footnote_id, is_web_address, reference_id};
use super::{Page, RELEASE};
use crate::render::Error;
use crate::render::document::{Section, WordedFootnote, WordedStatement};
use crate::render::line::Run;
use crate::render::table::bracketed;

impl Page<'_> {
    pub(super) fn main_points(&self) -> Result<Markup, Error> {
        let document = self.document;
        let heading = html! { (self.label("main-points-heading")?) };
        let based_on = self.label("based-on")?;
        Ok(html! {
            section.points aria-labelledby="main-points" {
                (self.heading(RELEASE, "main-points", &heading)?)
                @for section in &document.sections { (self.section(section, &based_on)) }
                @if !document.footnotes.is_empty() { (self.footnotes(&document.footnotes)?) }
            }
        })
    }

    fn section(&self, section: &Section, based_on: &str) -> Markup {
        html! {
            h3 { (self.line(&section.heading)) }
            @for group in &section.groups {
                h4 { (self.line(&group.heading)) }
                ul { @for statement in &group.statements { (self.statement(statement, based_on)) } }
            }
        }
    }

    fn statement(&self, statement: &WordedStatement, based_on: &str) -> Markup {
        let notes = self.notes(statement);
        let links = self.metric_links(&statement.metrics);
        html! {
            li id=(statement_id(&statement.id)) {
                (self.line(&statement.text))
                @if !(notes.is_empty() && links.is_empty() && statement.sources.is_empty()) {
                    div.beside {
                        @for note in &notes {
                            p { (bracketed(&note.mark)) " " (self.line(&note.text)) }
                        }
                        @for source in &statement.sources {
                            p {
                                @if is_web_address(&source.url) {
                                    a href=(source.url) { (self.line(&source.text)) }
                                } @else {
                                    (self.line(&source.text))
                                }
                            }
                        }
                        @if !links.is_empty() {
                            p {
                                (based_on) " "
                                @for (place, (code, to)) in links.iter().enumerate() {
                                    @if place > 0 { ", " }
                                    a href={ (to) "#where-from" } { (code) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The footnotes of a statement, each once, in the order of its words.
    fn notes(&self, statement: &WordedStatement) -> Vec<&WordedFootnote> {
        let mut notes: Vec<&WordedFootnote> = Vec::new();
        for run in &statement.text.runs {
            let Run::Figure(figure) = run else { continue };
            for mark in &figure.marks {
                let known = self.document.footnotes.iter();
                let found = known.clone().find(|note| note.mark == mark.mark);
                notes
                    .extend(found.filter(|found| notes.iter().all(|note| note.mark != found.mark)));
            }
        }
        notes
    }

    /// The codes that have a page in this release, with its address.
    pub(super) fn metric_links<'c>(&self, codes: &'c [String]) -> Vec<(&'c str, String)> {
        let tables = &self.document.tables;
        let link = |code: &'c String| {
            let place = tables.iter().position(|table| table.code == *code)?;
            Some((code.as_str(), self.to(&self.shapes.get(place)?.stem)))
        };
        codes.iter().filter_map(link).collect()
    }

    fn footnotes(&self, footnotes: &[WordedFootnote]) -> Result<Markup, Error> {
        Ok(html! {
            section role="doc-endnotes" aria-labelledby="footnotes" {
                h3 #footnotes { (self.label("footnotes-heading")?) }
                ul.plain.footnotes {
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
            a.back role="doc-backlink" href={ "#" (reference_id(mark, reference)) } aria-label=(label) {
                "↩"
            }
        })
    }
}

/// The id of a statement on the page of the release.
pub(super) fn statement_id(id: &str) -> String {
    format!("statement-{id}")
}
