//! The topics on the page of the release: the charts of what is stated first, and all metrics.

use maud::{Markup, html};

use super::{Page, RELEASE, Shape};
use crate::domain::{Table, area_name};
use crate::render::Error;
use crate::render::chart::Names;
use crate::render::table::WordedTable;
use crate::render::topic::Topic;

impl Page<'_> {
    pub(super) fn topics(&self) -> Result<Markup, Error> {
        let heading = html! { (self.label("topics-heading")?) };
        Ok(html! {
            section aria-labelledby="topics" {
                (self.heading(RELEASE, "topics", &heading)?)
                (self.shorthand()?)
                @for topic in &self.document.topics { (self.topic(topic)?) }
            }
        })
    }

    /// The shorthand, before anything that uses it.
    pub(super) fn shorthand(&self) -> Result<Markup, Error> {
        Ok(html! {
            details.shorthand {
                summary { (self.label("shorthand-heading")?) }
                dl {
                    @for (code, meaning) in &self.document.shorthand {
                        dt { (code) } dd { (meaning) }
                    }
                }
            }
        })
    }

    fn topic(&self, topic: &Topic) -> Result<Markup, Error> {
        Ok(html! {
            section.topic aria-labelledby=(topic.id) {
                h3 id=(topic.id) { (self.line(&topic.name)) }
                div.cards {
                    @for place in &topic.featured { (self.card(*place)?) }
                }
                @if topic.stated.is_empty() {
                    (self.metric_list(topic, "metrics", &topic.tables, "topic-metrics")?)
                } @else {
                    (self.metric_list(topic, "stated", &topic.stated, "topic-stated")?)
                    details {
                        summary { (self.label("topic-metrics")?) ": " (self.line(&topic.name)) }
                        (self.metric_list(topic, "metrics", &topic.tables, "topic-metrics")?)
                    }
                }
            }
        })
    }

    /// A metric with its charts, and beneath them their values.
    fn card(&self, place: usize) -> Result<Markup, Error> {
        let Some((worded, table, shape)) = self.metric_at(place) else {
            return Ok(html! {});
        };
        let id = &shape.stem;
        let Some(chart) = self.bars(&format!("{id}-bars"), table, shape, &[Names::Above])? else {
            return Ok(html! {});
        };
        let measure = shape
            .measure
            .as_ref()
            .map(|measure| self.measure_name(measure))
            .transpose()?;
        Ok(html! {
            figure.card aria-labelledby={ (id) "-name" } {
                h4 id={ (id) "-name" } { a href=(self.to(id)) { (self.line(&worded.caption)) } }
                @if let Some(measure) = measure { p.measure { (measure) } }
                (chart)
                (self.beside_chart(table, worded, shape)?)
                details {
                    summary { (self.label("chart-values")?) }
                    (self.compared_table(&format!("{id}-values"), table, worded, shape)?)
                }
                @if let Some(years) = self.years(&format!("{id}-years"), table, shape)? {
                    p.measure {
                        (self.label("years-heading")?) ": " (area_name(self.edition.nation(), self.language()))
                    }
                    (years)
                    details {
                        summary { (self.label("chart-values")?) }
                        (self.years_table(&format!("{id}-periods"), table, worded, shape)?)
                    }
                }
            }
        })
    }

    /// Coverage, gaps, and what the line rests on, beside the chart that they belong to.
    pub(super) fn beside_chart(
        &self,
        table: &Table,
        worded: &WordedTable,
        shape: &Shape,
    ) -> Result<Markup, Error> {
        Ok(html! {
            div.beside {
                @if let Some(coverage) = worded.coverage.first() {
                    p { (self.label("table-coverage")?) ": " (coverage) }
                }
                @if let Some(column) = table.columns.first() { (self.gaps(column)?) }
                @if let Some(measure) = &shape.measure { p { (self.measure_basis(measure)?) } }
            }
        })
    }

    /// Metrics of a topic: the nation's value, and how many provided it.
    fn metric_list(
        &self,
        topic: &Topic,
        id: &str,
        tables: &[usize],
        caption: &str,
    ) -> Result<Markup, Error> {
        let id = format!("{}-{id}", topic.id);
        let nation = area_name(self.edition.nation(), self.language());
        Ok(html! {
            div.scroll role="region" tabindex="0" aria-labelledby=(id) {
                table.list {
                    caption id=(id) { (self.label(caption)?) ": " (self.line(&topic.name)) }
                    thead {
                        tr {
                            th scope="col" { (self.label("table-metric")?) }
                            th scope="col" { (nation) }
                            th scope="col" { (self.label("table-coverage")?) }
                        }
                    }
                    tbody {
                        @for place in tables {
                            @if let Some((worded, _, shape)) = self.metric_at(*place) {
                                tr {
                                    th scope="row" { a href=(self.to(&shape.stem)) { (self.line(&worded.caption)) } }
                                    td { (worded.rows.first().and_then(|row| row.cells.first()).map_or("", String::as_str)) }
                                    td { (worded.coverage.first().map_or("", String::as_str)) }
                                }
                            }
                        }
                    }
                }
            }
        })
    }

    /// A metric of the release by the place of its table.
    pub(super) fn metric_at(&self, place: usize) -> Option<(&WordedTable, &Table, &Shape)> {
        Some((
            self.document.tables.get(place)?,
            self.compiled.tables.get(place)?,
            self.shapes.get(place)?,
        ))
    }
}
