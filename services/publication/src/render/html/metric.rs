//! The page of a metric: its value, the authorities, the years, all its cells, and where it comes from.

use maud::{Markup, html};

use super::points::statement_id;
use super::{Page, RELEASE, Shape};
use crate::domain::{Table, area_name};
use crate::render::Error;
use crate::render::chart::Names;
use crate::render::document::WordedStatement;
use crate::render::line::Line;
use crate::render::table::WordedTable;

impl Page<'_> {
    pub(super) fn metric(&self, place: usize) -> Result<Markup, Error> {
        let Some((worded, table, shape)) = self.metric_at(place) else {
            return Ok(html! {});
        };
        let main = html! {
            div.wide.page {
                (self.trail()?)
                h1 { (self.line(&worded.caption)) }
                (self.key_figure(table, worded)?)
                (self.shorthand()?)
                (self.by_authority(table, worded, shape)?)
                (self.spread(table, worded, shape)?)
                (self.over_years(table, worded, shape)?)
                section aria-labelledby="values" {
                    (self.heading(&shape.stem, "values", &html! { (self.label("values-heading")?) })?)
                    (self.whole_table(worded)?)
                }
                (self.definition(worded, shape)?)
                (self.stated_in(worded, shape)?)
                (self.where_from(worded, shape)?)
                (self.neighbours(place)?)
                (self.find()?)
            }
        };
        self.framed(&shape.stem, &worded.caption, main)
    }

    /// The nation's value with its coverage.
    fn key_figure(&self, table: &Table, worded: &WordedTable) -> Result<Markup, Error> {
        let value = worded.rows.first().and_then(|row| row.cells.first());
        Ok(html! {
            div.key {
                p.number { (value.map_or("", String::as_str)) }
                p {
                    (area_name(self.edition.nation(), self.language())) ", "
                    (self.edition.name().period)
                    @if let Some(heading) = worded.headings.first().filter(|heading| heading.code.is_some()) {
                        ": " (self.run(&heading.label, true))
                    }
                }
                @if let Some(coverage) = worded.coverage.first() {
                    p { (self.label("table-coverage")?) ": " (coverage) }
                }
                @if let Some(column) = table.columns.first() {
                    div.beside { (self.gaps(column)?) }
                }
            }
        })
    }

    fn by_authority(
        &self,
        table: &Table,
        worded: &WordedTable,
        shape: &Shape,
    ) -> Result<Markup, Error> {
        let Some(chart) = self.bars("bars", table, shape, &[Names::Above, Names::Beside])? else {
            return Ok(html! {});
        };
        let heading = match &shape.measure {
            Some(measure) => {
                let args = mesur_wording::Args::new().text("measure", &self.measure_name(measure)?);
                self.speaker.house("authorities-by", &args)?
            }
            None => String::new(),
        };
        Ok(html! {
            section aria-labelledby="by-authority" {
                (self.heading(&shape.stem, "by-authority", &html! { (heading) })?)
                (chart)
                @if let Some(measure) = &shape.measure {
                    p.beside { (self.measure_basis(measure)?) }
                }
                details {
                    summary { (self.label("chart-values")?) }
                    (self.compared_table("bars-values", table, worded, shape)?)
                }
            }
        })
    }

    fn over_years(
        &self,
        table: &Table,
        worded: &WordedTable,
        shape: &Shape,
    ) -> Result<Markup, Error> {
        let heading = html! { (self.label("years-heading")?) };
        let chart = self.years("years-chart", table, shape)?;
        Ok(html! {
            section aria-labelledby="years" {
                (self.heading(&shape.stem, "years", &heading)?)
                @if let Some(chart) = chart {
                    (chart)
                    @if shape.points.iter().any(|point| point.is_break) {
                        p { (self.label("years-break-note")?) }
                    }
                    (self.years_table("years-values", table, worded, shape)?)
                } @else {
                    p { (self.label("years-none")?) }
                }
            }
        })
    }

    /// What it is based on, and how its definition changed.
    fn definition(&self, worded: &WordedTable, shape: &Shape) -> Result<Markup, Error> {
        let code = worded.code.as_str();
        let changes = self.edition.changes().iter().zip(&self.document.changes);
        let changes = changes.filter(|(change, _)| change.code_read_as.starts_with(code));
        let changes: Vec<&Line> = changes.map(|(_, line)| line).collect();
        let table = self
            .compiled
            .tables
            .iter()
            .find(|table| table.metric.code.as_str() == code);
        let based_on = table
            .map(|table| table.metric.based_on.clone())
            .unwrap_or_default();
        let metric = based_on.split('[').next().unwrap_or_default().to_owned();
        let codes = [metric];
        let links = self.metric_links(&codes);
        Ok(html! {
            @if !(changes.is_empty() && links.is_empty()) {
                section aria-labelledby="definition" {
                    (self.heading(&shape.stem, "definition", &html! { (self.label("definition-heading")?) })?)
                    @for (_, to) in &links {
                        p { (self.label("based-on")?) " " a href=(to) { (based_on) } }
                    }
                    @for line in changes { p { (self.line(line)) } }
                }
            }
        })
    }

    /// The statements of the main points that rest on the metric.
    fn stated_in(&self, worded: &WordedTable, shape: &Shape) -> Result<Markup, Error> {
        let groups = self
            .document
            .sections
            .iter()
            .flat_map(|section| &section.groups);
        let statements = groups.flat_map(|group| &group.statements);
        let stating: Vec<&WordedStatement> = statements
            .filter(|statement| statement.metrics.contains(&worded.code))
            .collect();
        let heading = html! { (self.label("stated-heading")?) };
        Ok(html! {
            @if !stating.is_empty() {
                section aria-labelledby="stated" {
                    (self.heading(&shape.stem, "stated", &heading)?)
                    ul {
                        @for statement in stating {
                            li {
                                a href={ (self.to(RELEASE)) "#" (statement_id(&statement.id)) } {
                                    @if statement.text.english_only {
                                        span lang="en" { (statement.text.words()) }
                                    } @else {
                                        (statement.text.words())
                                    }
                                }
                                @if statement.text.english_only { (self.marker()) }
                            }
                        }
                    }
                }
            }
        })
    }

    /// The metrics before and after, in the order of the release.
    fn neighbours(&self, place: usize) -> Result<Markup, Error> {
        let link = |place: Option<usize>| {
            let (worded, _, shape) = self.metric_at(place?)?;
            Some((worded.code.clone(), self.to(&shape.stem)))
        };
        let before = link(place.checked_sub(1));
        let after = link(place.checked_add(1));
        Ok(html! {
            nav.neighbours aria-label=(self.label("neighbours-label")?) {
                @if let Some((code, to)) = before {
                    a href=(to) rel="prev" { "← " (self.label("neighbours-previous")?) ": " (code) }
                }
                @if let Some((code, to)) = after {
                    a href=(to) rel="next" { (self.label("neighbours-next")?) ": " (code) " →" }
                }
            }
        })
    }
}
