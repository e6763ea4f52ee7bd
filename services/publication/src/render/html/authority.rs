//! The page of an authority: what it provided for each metric, beside the nation.

use maud::{Markup, html};
use mesur_catalogue::Authority;
use mesur_wording::Args;

use super::{Page, RELEASE, Shape};
use crate::domain::{Shown, area_name};
use crate::render::Error;
use crate::render::chart::spark;
use crate::render::line::{Line, Run};
use crate::render::table::WordedTable;
use crate::render::topic::{Topic, stem};

impl Page<'_> {
    /// `place` is the authority's place in the edition.
    pub(super) fn authority(&self, place: usize, authority: &Authority) -> Result<Markup, Error> {
        let page = stem("authority", authority.code.as_str());
        let name = area_name(authority, self.language()).to_owned();
        let run = if self.area_language(authority).is_some() {
            Run::English(name)
        } else {
            Run::Text(name)
        };
        let title = Line {
            runs: vec![run],
            english_only: false,
        };
        let main = html! {
            div.wide.page {
                (self.trail()?)
                h1 { (self.area(authority)) }
                (self.provided_by(place)?)
                (self.shorthand()?)
                @for topic in &self.document.topics {
                    section aria-labelledby=(topic.id) {
                        (self.heading(&page, &topic.id, &self.line(&topic.name))?)
                        (self.authority_table(place, authority, topic)?)
                    }
                }
                section.sources aria-labelledby="where-from" {
                    (self.heading(&page, "where-from", &html! { (self.label("where-from-heading")?) })?)
                    (self.return_of(authority)?)
                }
                (self.others(authority)?)
                (self.find()?)
            }
        };
        self.framed(&page, &title, main)
    }

    /// How many of the published metrics it provided.
    fn provided_by(&self, place: usize) -> Result<Markup, Error> {
        let tables = self.compiled.tables.iter();
        let provided = tables.filter(|table| {
            let shown = table
                .columns
                .first()
                .and_then(|column| column.values.get(place));
            shown.is_some_and(|shown| shown.units.is_some())
        });
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let args = Args::new()
            .number("provided", count(provided.count()))
            .number("all", count(self.compiled.tables.len()));
        Ok(html! {
            p.lead { (self.label("authority-intro")?) }
            p { (self.speaker.house("authority-provided", &args)?) }
        })
    }

    fn authority_table(
        &self,
        place: usize,
        authority: &Authority,
        topic: &Topic,
    ) -> Result<Markup, Error> {
        let id = format!("{}-values", topic.id);
        let nation = area_name(self.edition.nation(), self.language());
        Ok(html! {
            div.scroll role="region" tabindex="0" aria-labelledby=(id) {
                table.list {
                    caption id=(id) { (self.area(authority)) ": " (self.line(&topic.name)) }
                    thead {
                        tr {
                            th scope="col" { (self.label("table-metric")?) }
                            th scope="col" { (self.label("table-value")?) }
                            th scope="col" { (self.label("compared-by")?) }
                            th scope="col" { (self.area(authority)) }
                            th scope="col" { (nation) }
                            th.text.wide-only scope="col" { (self.label("compared-picture")?) }
                        }
                    }
                    tbody {
                        @for metric in &topic.tables {
                            @if let Some((worded, table, shape)) = self.metric_at(*metric) {
                                @let shown = table.columns.first().and_then(|column| column.values.get(place));
                                (self.authority_row(place, worded, shape, shown)?)
                            }
                        }
                    }
                }
            }
        })
    }

    fn authority_row(
        &self,
        place: usize,
        worded: &WordedTable,
        shape: &Shape,
        shown: Option<&Shown>,
    ) -> Result<Markup, Error> {
        // The nation's row stands first.
        let row = worded.rows.get(place.saturating_add(1));
        let cell = row
            .and_then(|row| row.cells.first())
            .map_or("", String::as_str);
        let part = self.label("part-period-short")?;
        let measure = shape.measure.as_ref();
        let value = measure.and_then(|measure| measure.values.get(place).copied().flatten());
        Ok(html! {
            tr {
                th scope="row" { a href=(self.to(&shape.stem)) { (self.line(&worded.caption)) } }
                td { (cell) }
                @if let (Some(measure), Some(shown)) = (measure, shown) {
                    td { (self.measure_name(measure)?) }
                    td { (self.compared(value, measure.decimals, shown, &part)) }
                    td { (self.number(measure.whole, measure.decimals)) }
                    td.wide-only {
                        @if let (Some(value), Some(whole)) = (value, measure.whole) {
                            (spark(value, whole, measure.most()))
                        }
                    }
                } @else {
                    td {} td {} td {} td.wide-only {}
                }
            }
        })
    }

    /// The other authorities.
    fn others(&self, own: &Authority) -> Result<Markup, Error> {
        Ok(html! {
            nav.all aria-labelledby="authorities" {
                h2 #authorities { (self.label("authorities-heading")?) }
                (self.authority_list(Some(own)))
                p { a href=(self.to(RELEASE)) { (self.line(&self.document.title)) } }
            }
        })
    }

    pub(super) fn authority_list(&self, own: Option<&Authority>) -> Markup {
        let is_own = |authority: &Authority| own.is_some_and(|own| own.code == authority.code);
        html! {
            ul.columns {
                @for authority in self.edition.authorities() {
                    @let current = is_own(authority).then_some("page");
                    li {
                        a href=(self.to(&stem("authority", authority.code.as_str()))) aria-current=[current] {
                            (self.area(authority))
                        }
                    }
                }
            }
        }
    }
}
