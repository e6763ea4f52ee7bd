//! The page of the release.

use maud::{Markup, html};

use super::{CONTENTS, Page, RELEASE};
use crate::render::Error;
use crate::render::line::Line;

impl Page<'_> {
    pub(super) fn release(&self) -> Result<Markup, Error> {
        let document = self.document;
        let main = html! {
            div.hero {
                div.wide.beginning {
                    div {
                    h1 { (self.line(&document.title)) }
                    @for line in document.description.iter() { p.lead { (self.line(line)) } }
                    @for line in document.designation.iter() { p.designation { (self.line(line)) } }
                    ul.facts {
                        @for line in document.details.iter() { li { (self.line(line)) } }
                        @if let Some(contact) = &document.contact {
                            li { (self.label("contact-heading")?) ": " (self.line(contact)) }
                        }
                    }
                    }
                    (self.find()?)
                }
            }
            div.wide.parted {
                (self.parts()?)
                div.article {
                    (self.revision_notice()?)
                    @if !document.sections.is_empty() { (self.main_points()?) }
                    (self.topics()?)
                    (self.all_pages()?)
                    (self.quality()?)
                    @if !document.changes.is_empty() { (self.changes(&document.changes)?) }
                    (self.revisions()?)
                    (self.downloads()?)
                }
            }
        };
        self.framed(RELEASE, &document.title, main)
    }

    fn parts(&self) -> Result<Markup, Error> {
        let document = self.document;
        let mut parts = vec![
            (
                !document.sections.is_empty(),
                "main-points",
                "main-points-heading",
            ),
            (true, "topics", "topics-heading"),
            (true, "authorities", "authorities-heading"),
            (true, "quality", "quality-heading"),
            (!document.changes.is_empty(), "changes", "changes-heading"),
        ];
        parts.push((true, "revisions", "revisions-heading"));
        parts.push((true, "data", "downloads-heading"));
        Ok(html! {
            nav.parts aria-label=(self.label("nav-label")?) {
                ul {
                    @for (_, id, message) in parts.iter().filter(|(is_there, _, _)| *is_there) {
                        li {
                            a href={ "#" (id) } { (self.label(message)?) }
                            @if *id == "topics" {
                                ul {
                                    @for topic in &document.topics {
                                        li { a href={ "#" (topic.id) } { (self.line(&topic.name)) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        })
    }

    fn all_pages(&self) -> Result<Markup, Error> {
        let heading = html! { (self.label("authorities-heading")?) };
        Ok(html! {
            section aria-labelledby="authorities" {
                (self.heading(RELEASE, "authorities", &heading)?)
                (self.authority_list(None))
                p { a href=(self.to(CONTENTS)) { (self.label("contents-heading")?) } }
            }
        })
    }

    fn quality(&self) -> Result<Markup, Error> {
        let document = self.document;
        let heading = html! { (self.label("quality-heading")?) };
        Ok(html! {
            section aria-labelledby="quality" {
                (self.heading(RELEASE, "quality", &heading)?)
                ul { @for line in &document.quality { li { (self.line(line)) } } }
                @if !document.unpublished.is_empty() {
                    h3 { (self.label("quality-unpublished-heading")?) }
                    p { (document.unpublished.join(", ")) }
                }
                h3 { (self.label("language-report-heading")?) }
                ul { @for line in &document.languages { li { (self.line(line)) } } }
            }
        })
    }

    fn changes(&self, changes: &[Line]) -> Result<Markup, Error> {
        let heading = html! {
            (self.label("changes-heading")?)
            // Said once for the whole list rather than on every line of it.
            @if changes.iter().any(Line::has_english) { (self.marker()) }
        };
        Ok(html! {
            section aria-labelledby="changes" {
                (self.heading(RELEASE, "changes", &heading)?)
                p { (self.label("changes-intro")?) }
                ul { @for line in changes { li { @for run in &line.runs { (self.run(run, false)) } } } }
            }
        })
    }
}
