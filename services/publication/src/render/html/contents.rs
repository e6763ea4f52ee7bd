//! The list of every metric and every authority, with the way to each.

use maud::{Markup, html};

use super::{CONTENTS, Page, RELEASE};
use crate::render::Error;
use crate::render::line::{Line, Run};

impl Page<'_> {
    pub(super) fn contents(&self) -> Result<Markup, Error> {
        let title = Line {
            runs: vec![Run::Text(self.label("contents-heading")?)],
            english_only: false,
        };
        let main = html! {
            div.wide.page {
                nav.trail aria-label=(self.label("trail-label")?) {
                    ol { li { a href=(self.to(RELEASE)) { (self.line(&self.document.title)) } } }
                }
                h1 { (self.label("contents-heading")?) }
                (self.find()?)
                section aria-labelledby="authorities" {
                    (self.heading(CONTENTS, "authorities", &html! { (self.label("authorities-heading")?) })?)
                    (self.authority_list(None))
                }
                @for topic in &self.document.topics {
                    section aria-labelledby=(topic.id) {
                        (self.heading(CONTENTS, &topic.id, &self.line(&topic.name))?)
                        ul.plain {
                            @for place in &topic.tables {
                                @if let Some((worded, _, shape)) = self.metric_at(*place) {
                                    li { a href=(self.to(&shape.stem)) { (self.line(&worded.caption)) } }
                                }
                            }
                        }
                    }
                }
            }
        };
        self.framed(CONTENTS, &title, main)
    }
}
