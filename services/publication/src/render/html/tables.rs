//! The tables of a metric: all its cells, what its chart shows, and its periods.

use maud::{Markup, html};
use mesur_catalogue::Authority;
use mesur_wording::Language;

use super::{Page, Shape};
use crate::domain::{Table, area_name};
use crate::render::Error;
use crate::render::line::Run;
use crate::render::table::{Heading, WordedTable};

impl Page<'_> {
    /// Every cell of a metric, with coverage beneath.
    pub(super) fn whole_table(&self, table: &WordedTable) -> Result<Markup, Error> {
        let areas = self.label("table-authority")?;
        let coverage = self.label("table-coverage")?;
        let id = "whole-table";
        let marked = table.caption.has_english();
        Ok(html! {
            div.scroll role="region" tabindex="0" aria-labelledby=(id) {
                table {
                    caption id=(id) { (self.line(&table.caption)) }
                    thead {
                        tr {
                            th scope="col" { (areas) }
                            @for heading in &table.headings { (self.column_heading(heading, !marked)) }
                        }
                    }
                    tbody {
                        @for (place, (row, area)) in table.rows.iter().zip(self.area_list()).enumerate() {
                            tr.nation[place == 0] {
                                th scope="row" { (self.area(area)) }
                                @for (cell, heading) in row.cells.iter().zip(&table.headings) {
                                    td id=(cell_id(area, heading)) { (cell) }
                                }
                            }
                        }
                    }
                    tfoot {
                        tr {
                            th scope="row" { (coverage) }
                            @for coverage in &table.coverage { td { (coverage) } }
                        }
                    }
                }
            }
        })
    }

    /// The nation and the authorities, in the order of the rows of a table.
    fn area_list(&self) -> impl Iterator<Item = &Authority> {
        let nation = [self.edition.nation()];
        nation.into_iter().chain(self.edition.authorities())
    }

    /// Their names.
    fn areas(&self) -> impl Iterator<Item = Markup> {
        self.area_list().map(|area| self.area(area))
    }

    /// Where the caption says that the table is in English, its headings need not say so again.
    fn column_heading(&self, heading: &Heading, with_marker: bool) -> Markup {
        let language = matches!(heading.label, Run::English(_)).then_some(Language::En.code());
        html! {
            th scope="col" {
                span lang=[language] { (heading.label.words()) }
                @if with_marker && language.is_some() { (self.marker()) }
                @if let Some(code) = &heading.code { span.code { (code) } }
            }
        }
    }

    /// What the bars show, with the values that it is made from.
    pub(super) fn compared_table(
        &self,
        id: &str,
        table: &Table,
        worded: &WordedTable,
        shape: &Shape,
    ) -> Result<Markup, Error> {
        let (Some(measure), Some(column)) = (&shape.measure, table.columns.first()) else {
            return Ok(html! {});
        };
        let name = self.measure_name(measure)?;
        let shown = [None].into_iter().chain(column.values.iter().map(Some));
        let values = [measure.whole]
            .into_iter()
            .chain(measure.values.iter().copied());
        let part = self.label("part-period-short")?;
        let print = |value, shown| match shown {
            Some(shown) => self.compared(value, measure.decimals, shown, &part),
            None => self.number(value, measure.decimals),
        };
        let rows = worded.rows.iter().zip(self.areas()).zip(values.zip(shown));
        Ok(html! {
            div.scroll role="region" tabindex="0" aria-labelledby=(id) {
                table {
                    caption id=(id) { (self.line(&worded.caption)) ": " (name) }
                    thead {
                        tr {
                            th scope="col" { (self.label("table-authority")?) }
                            th scope="col" { (self.label("table-value")?) }
                            @if measure.per.is_some() { th scope="col" { (name) } }
                        }
                    }
                    tbody {
                        @for ((row, area), (value, shown)) in rows {
                            tr.nation[shown.is_none()] {
                                th scope="row" { (area) }
                                td { (row.cells.first().map_or("", String::as_str)) }
                                @if measure.per.is_some() { td { (print(value, shown)) } }
                            }
                        }
                    }
                }
            }
        })
    }

    /// The nation over the periods, with what breaks the series.
    pub(super) fn years_table(
        &self,
        id: &str,
        table: &Table,
        worded: &WordedTable,
        shape: &Shape,
    ) -> Result<Markup, Error> {
        let nation = area_name(self.edition.nation(), self.language());
        let part = self.label("part-period-short")?;
        Ok(html! {
            div.scroll role="region" tabindex="0" aria-labelledby=(id) {
                table {
                    caption id=(id) { (self.line(&worded.caption)) ": " (self.label("years-heading")?) }
                    thead {
                        tr {
                            th scope="col" { (self.label("table-period")?) }
                            th scope="col" { (nation) }
                            th scope="col" { (self.label("table-coverage")?) }
                            th scope="col" { (self.label("table-note")?) }
                        }
                    }
                    tbody {
                        @for point in &shape.points {
                            tr {
                                th scope="row" { (point.period) }
                                td { (self.compared(point.shown.units, table.metric.decimals, &point.shown, &part)) }
                                td { (self.provided(point.provided, point.expected)?) }
                                td { @if point.is_break { "[b] " (self.label("shorthand-b")?) } }
                            }
                        }
                    }
                }
            }
        })
    }

    fn provided(&self, provided: u32, expected: u32) -> Result<String, Error> {
        let args = mesur_wording::Args::new()
            .number("provided", provided.into())
            .number("all", expected.into());
        self.speaker.house("count-of", &args)
    }
}

/// The address of a cell within the page of its metric; its parts are the codes, which do not change.
fn cell_id(area: &Authority, heading: &Heading) -> String {
    match &heading.code {
        Some(category) => format!("value-{}-{category}", area.code),
        None => format!("value-{}", area.code),
    }
}
