//! The tables of the page.

use maud::{Markup, html};
use mesur_wording::Language;

use super::Page;
use crate::render::Error;
use crate::render::line::Run;
use crate::render::table::{Heading, WordedTable};

impl Page<'_> {
    /// The tables with an index before them, and the shorthand explained above.
    pub(super) fn tables(
        &self,
        tables: &[WordedTable],
        shorthand: &[(String, String)],
    ) -> Result<Markup, Error> {
        let heading = self.label("tables-heading")?;
        let areas = self.label("table-authority")?;
        let coverage = self.label("table-coverage")?;
        Ok(html! {
            section aria-labelledby="tables" {
                h2 #tables { (heading) }
                h3 { (self.label("shorthand-heading")?) }
                dl {
                    @for (code, meaning) in shorthand {
                        dt { (code) } dd { (meaning) }
                    }
                }
                nav.codes aria-label=(heading) {
                    ul {
                        @for table in tables {
                            li { a href={ "#" (table_id(&table.code)) } { (table.code) } }
                        }
                    }
                }
                @for table in tables { (self.table(table, &areas, &coverage)) }
            }
        })
    }

    fn table(&self, table: &WordedTable, areas: &str, coverage: &str) -> Markup {
        let id = table_id(&table.code);
        let marked = table.caption.has_english();
        html! {
            div.scroll role="region" tabindex="0" aria-labelledby=(id) {
                table {
                    caption id=(id) { (self.line(&table.caption)) }
                    thead {
                        tr {
                            th scope="col" { (areas) }
                            @for heading in &table.headings { (self.heading(heading, !marked)) }
                        }
                    }
                    tbody {
                        @for row in &table.rows {
                            tr {
                                th scope="row" { (row.area) }
                                @for cell in &row.cells { td { (cell) } }
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
        }
    }

    /// Where the caption says that the table is in English, its headings need not say so again.
    fn heading(&self, heading: &Heading, with_marker: bool) -> Markup {
        let language = matches!(heading.label, Run::English(_)).then_some(Language::En.code());
        html! {
            th scope="col" {
                span lang=[language] { (heading.label.words()) }
                @if with_marker && language.is_some() { (self.marker()) }
                @if let Some(code) = &heading.code { span.code { (code) } }
            }
        }
    }
}

/// The id of a metric's table: its code, with every character but letters and digits written so
/// that two codes never meet.
fn table_id(code: &str) -> String {
    use std::fmt::Write as _;

    let mut id = String::from("table-");
    for character in code.chars() {
        match character {
            '/' => id.push('-'),
            _ if character.is_ascii_alphanumeric() => id.push(character),
            // Writing to a string does not fail.
            _ => drop(write!(id, "_{:x}_", u32::from(character))),
        }
    }
    id
}
