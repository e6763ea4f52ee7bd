//! How the values of a metric lie over the authorities, and how they changed since the period before.

use maud::{Markup, html};
use mesur_wording::{Args, thousands};

use super::{Page, Shape};
use crate::domain::{Column, Spread, Table, YearChange};
use crate::render::Error;
use crate::render::table::{Heading, WordedTable, bracketed};

/// The names of the values of a spread, in their order.
const VALUES: [&str; 5] = [
    "spread-lowest",
    "spread-lower-quartile",
    "spread-median",
    "spread-upper-quartile",
    "spread-highest",
];

impl Page<'_> {
    /// Range, quartiles and change of every column; nothing where none of them can be told.
    pub(super) fn spread(
        &self,
        table: &Table,
        worded: &WordedTable,
        shape: &Shape,
    ) -> Result<Markup, Error> {
        let columns = table.columns.iter().zip(&worded.headings);
        let rows: Vec<_> = columns
            .map(|(column, heading)| (heading, Spread::of(column), self.change_of(table, column)))
            .collect();
        let has_spread = rows.iter().any(|(_, spread, _)| spread.is_some());
        let has_change = rows.iter().any(|(_, _, change)| change.is_some());
        if !(has_spread || has_change) {
            return Ok(html! {});
        }
        let heading = html! { (self.label("spread-heading")?) };
        let period = Args::new().text("period", &self.compiled.year_changes.period);
        let marked = worded.caption.has_english();
        Ok(html! {
            section aria-labelledby="spread" {
                (self.heading(&shape.stem, "spread", &heading)?)
                div.scroll role="region" tabindex="0" aria-labelledby="spread-table" {
                    table {
                        caption #spread-table { (self.line(&worded.caption)) ": " (heading) }
                        thead {
                            tr {
                                th scope="col" { (self.label("table-category")?) }
                                @if has_spread {
                                    @for name in VALUES { th scope="col" { (self.label(name)?) } }
                                }
                                @if has_change {
                                    th scope="col" { (self.speaker.house("year-change", &period)?) }
                                }
                            }
                        }
                        tbody {
                            @for (heading, spread, change) in &rows {
                                tr {
                                    (self.row_heading(heading, !marked))
                                    @if has_spread { (self.spread_cells(*spread, table.metric.decimals)) }
                                    @if has_change { td { (self.printed_change(*change)?) } }
                                }
                            }
                        }
                    }
                }
                @if has_spread { p.beside { (self.label("spread-note")?) } }
                @if has_change { p.beside { (self.label("year-change-note")?) } }
            }
        })
    }

    fn change_of(&self, table: &Table, column: &Column) -> Option<YearChange> {
        let category = column.category.as_ref();
        let category = category.map_or_else(String::new, |category| category.code.to_string());
        let key = (table.metric.code.to_string(), category);
        self.compiled.year_changes.cells.get(&key).copied()
    }

    fn row_heading(&self, heading: &Heading, with_marker: bool) -> Markup {
        html! {
            th scope="row" {
                (self.run(&heading.label, with_marker))
                @if let Some(code) = &heading.code { span.code { (code) } }
            }
        }
    }

    fn spread_cells(&self, spread: Option<Spread>, decimals: u8) -> Markup {
        html! {
            @match spread {
                Some(spread) => { @for units in spread.units { td { (self.number(Some(units), decimals)) } } },
                None => { @for _ in VALUES { td {} } },
            }
        }
    }

    fn printed_change(&self, change: Option<YearChange>) -> Result<String, Error> {
        let (units, decimals, authorities) = match change {
            None => return Ok(String::new()),
            Some(YearChange::Break) => return Ok(bracketed("b")),
            Some(YearChange::Change {
                units,
                decimals,
                authorities,
            }) => (units, decimals, authorities),
        };
        let Some(units) = units else {
            return self.label("not-available");
        };
        let sign = match units {
            0 => "",
            1.. => "+",
            _ => "−",
        };
        let value = thousands(units.saturating_abs(), decimals, self.language());
        let value = Args::new().text("value", &format!("{sign}{value}"));
        let args = Args::new()
            .text("change", &self.speaker.house("percent", &value)?)
            .number("n", authorities.into());
        self.speaker.house("year-change-value", &args)
    }
}
