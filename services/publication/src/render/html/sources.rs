//! Where a figure comes from: snapshot, edition, decisions, and the returns in it.

use jiff::Timestamp;
use maud::{Markup, html};
use mesur_catalogue::Authority;

use super::{Page, Shape};
use crate::domain::{Date, SourceReturn, local};
use crate::render::Error;
use crate::render::table::WordedTable;
use crate::render::topic::stem;

impl Page<'_> {
    pub(super) fn where_from(&self, worded: &WordedTable, shape: &Shape) -> Result<Markup, Error> {
        let decisions = self.compiled.sources.decisions.get(&worded.code);
        let heading = html! { (self.label("where-from-heading")?) };
        Ok(html! {
            section.sources aria-labelledby="where-from" {
                (self.heading(&shape.stem, "where-from", &heading)?)
                p { (self.label("where-from-intro")?) }
                (self.made_from(decisions.map_or(&[], Vec::as_slice))?)
                (self.returns()?)
            }
        })
    }

    /// Snapshot, edition and decisions, with their digests.
    fn made_from(&self, decisions: &[String]) -> Result<Markup, Error> {
        let compiled = self.compiled;
        let edition = self.edition.name();
        Ok(html! {
            dl {
                dt { (self.label("where-from-snapshot")?) }
                dd { code { (compiled.snapshot.name) } br; code.digest { (compiled.snapshot.digest) } }
                dt { (self.label("where-from-edition")?) }
                dd {
                    code { "collections/" (edition.collection) "/editions/" (edition.period) } br;
                    code.digest { (compiled.edition_digest) }
                }
                dt { (self.label("where-from-decisions")?) }
                dd {
                    @for decision in decisions { code { (decision) } br; }
                    @if decisions.is_empty() { (self.label("where-from-no-decisions")?) }
                }
            }
        })
    }

    /// The returns in the totals, with revision and digest.
    fn returns(&self) -> Result<Markup, Error> {
        let returns = &self.compiled.sources.returns;
        Ok(html! {
            @if !returns.is_empty() {
                details {
                    summary { (self.label("where-from-returns")?) }
                    div.scroll role="region" tabindex="0" aria-labelledby="returns" {
                        table {
                            caption #returns { (self.label("where-from-returns")?) }
                            (self.return_head()?)
                            tbody {
                                @for source in returns {
                                    tr {
                                        th scope="row" {
                                            @if let Some(authority) = self.authority_of(source) {
                                                a href=(self.to(&stem("authority", authority.code.as_str()))) {
                                                    (self.area(authority))
                                                }
                                            } @else { (source.authority) }
                                        }
                                        (self.return_cells(source)?)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        })
    }

    fn return_head(&self) -> Result<Markup, Error> {
        Ok(html! {
            thead {
                tr {
                    th scope="col" { (self.label("table-authority")?) }
                    th.text scope="col" { (self.label("where-from-return")?) }
                    th.text scope="col" { (self.label("where-from-digest")?) }
                    th.text scope="col" { (self.label("where-from-signed-off")?) }
                }
            }
        })
    }

    fn return_cells(&self, source: &SourceReturn) -> Result<Markup, Error> {
        Ok(html! {
            td.text { code { (source.name) } }
            td.text { code { (source.digest) } }
            td.text { (self.signed_off(source)?) }
        })
    }

    /// The return of one authority, on its own page.
    pub(super) fn return_of(&self, authority: &Authority) -> Result<Markup, Error> {
        let mut returns = self.compiled.sources.returns.iter();
        let found = returns.find(|source| source.authority == authority.code.as_str());
        Ok(html! {
            @if let Some(source) = found {
                dl {
                    dt { (self.label("where-from-return")?) }
                    dd { code { (source.name) } }
                    dt { (self.label("where-from-digest")?) }
                    dd { code.digest { (source.digest) } }
                    dt { (self.label("where-from-signed-off")?) }
                    dd { (self.signed_off(source)?) }
                }
            } @else {
                p { (self.label("where-from-no-return")?) }
            }
        })
    }

    fn authority_of(&self, source: &SourceReturn) -> Option<&Authority> {
        let mut authorities = self.edition.authorities().iter();
        authorities.find(|authority| authority.code.as_str() == source.authority)
    }

    /// The day of the sign-off where the authorities are; the same on whatever machine it is worked out.
    fn signed_off(&self, source: &SourceReturn) -> Result<String, Error> {
        let time = source
            .signed_off
            .and_then(|(seconds, nanos)| Timestamp::new(seconds, nanos).ok());
        let Some(time) = time else {
            return self.label("not-available");
        };
        let day = local(time);
        self.speaker.date(Date {
            year: day.year(),
            month: day.month(),
            day: day.day(),
        })
    }
}
