//! What this revision of the release changed, and why.

use maud::{Markup, html};
use mesur_catalogue::Authority;
use mesur_wording::{Args, Language, thousands};

use super::points::statement_id;
use super::{Page, RELEASE};
use crate::domain::{Change, FigureChange, FigureFact, Shown, UpdateNote, area_name};
use crate::render::Error;
use crate::render::figure::printed;
use crate::render::table::marks_of;

impl Page<'_> {
    /// Says at the top of the page that it is a revision.
    pub(super) fn revision_notice(&self) -> Result<Markup, Error> {
        let Some(note) = &self.compiled.update_note else {
            return Ok(html! {});
        };
        let args = Args::new().text("revision", &self.compiled.revision.to_string());
        Ok(html! {
            div.notice {
                p { strong { (self.speaker.house("revision-notice", &args)?) } }
                p { (self.either(&note.what)) }
                p { a href="#revisions" { (self.label("revisions-heading")?) } }
            }
        })
    }

    pub(super) fn revisions(&self) -> Result<Markup, Error> {
        let heading = html! { (self.label("revisions-heading")?) };
        Ok(html! {
            section aria-labelledby="revisions" {
                (self.heading(RELEASE, "revisions", &heading)?)
                @if let Some(note) = &self.compiled.update_note {
                    (self.note(note)?)
                    @if self.compiled.figure_changes.is_empty() && self.compiled.changes.is_empty() {
                        p { (self.label("revisions-no-values")?) }
                    }
                    @if !self.compiled.figure_changes.is_empty() { (self.changed_figures()?) }
                    @if !self.compiled.changes.is_empty() { (self.changed_values()?) }
                } @else {
                    p { (self.label("revisions-none")?) }
                }
            }
        })
    }

    fn note(&self, note: &UpdateNote) -> Result<Markup, Error> {
        Ok(html! {
            dl {
                dt { (self.label("revision-what")?) } dd { (self.either(&note.what)) }
                dt { (self.label("revision-why")?) } dd { (self.either(&note.why)) }
                @if let Some(before) = self.compiled.revision.checked_sub(1) {
                    dt { (self.label("revision-before")?) }
                    dd {
                        @let to = format!("/releases/{}/revisions/{before}/{}", self.release_id(), self.to(RELEASE));
                        a href=(to) { (self.speaker.house("revision-number", &Args::new().text("revision", &before.to_string()))?) }
                    }
                }
            }
        })
    }

    /// The figures of the main points that differ, with the statement that each stands in.
    fn changed_figures(&self) -> Result<Markup, Error> {
        Ok(html! {
            div.scroll role="region" tabindex="0" aria-labelledby="changed-figures" {
                table {
                    caption #changed-figures { (self.label("revision-figures")?) }
                    thead {
                        tr {
                            th scope="col" { (self.label("table-statement")?) }
                            th scope="col" { (self.label("revision-value-before")?) }
                            th scope="col" { (self.label("revision-value-after")?) }
                        }
                    }
                    tbody {
                        @for change in &self.compiled.figure_changes {
                            tr {
                                th.text scope="row" { (self.statement_link(&change.statement)) }
                                td { (self.before(change)?) }
                                td { (self.figure(&change.after)?) }
                            }
                        }
                    }
                }
            }
        })
    }

    /// The words of a statement, leading to it.
    fn statement_link(&self, id: &str) -> Markup {
        let groups = self.document.sections.iter().flat_map(|one| &one.groups);
        let mut statements = groups.flat_map(|group| &group.statements);
        let found = statements.find(|statement| statement.id == id);
        html! {
            @if let Some(statement) = found {
                @let lang = statement.text.english_only.then_some(Language::En.code());
                a href={ "#" (statement_id(id)) } lang=[lang] { (statement.text.words()) }
                @if statement.text.english_only { (self.marker()) }
            } @else { (id) }
        }
    }

    /// A changed figure as it was printed before.
    fn before(&self, change: &FigureChange) -> Result<String, Error> {
        let before = &change.before;
        let mut areas = self.edition.authorities().iter();
        let area = areas.find(|area| area.code.as_str() == before.authority);
        self.figure(&FigureFact {
            units: before.units,
            decimals: before.decimals,
            nearly_100: before.nearly_100,
            authority: area.cloned(),
            ..change.after.clone()
        })
    }

    /// A figure as it is printed, with the authority that it is about.
    fn figure(&self, figure: &FigureFact) -> Result<String, Error> {
        let mut printed = printed(&self.speaker, figure)?;
        // A sentence says whether it rose or fell; here its sign does.
        if figure.direction() == Some("fall") {
            printed.insert(0, '−');
        }
        Ok(match &figure.authority {
            Some(area) => format!("{printed} ({})", area_name(area, self.language())),
            None => printed,
        })
    }

    fn changed_values(&self) -> Result<Markup, Error> {
        let part = self.label("part-period-short")?;
        Ok(html! {
            div.scroll role="region" tabindex="0" aria-labelledby="changed" {
                table {
                    caption #changed { (self.label("revision-values")?) }
                    thead {
                        tr {
                            th scope="col" { (self.label("table-metric")?) }
                            th.text scope="col" { (self.label("table-category")?) }
                            th.text scope="col" { (self.label("table-area")?) }
                            th scope="col" { (self.label("revision-value-before")?) }
                            th scope="col" { (self.label("revision-value-after")?) }
                        }
                    }
                    tbody {
                        @for change in &self.compiled.changes {
                            tr {
                                th scope="row" { (self.metric_link(&change.metric)) }
                                td.text { (change.category) }
                                td.text { (self.changed_area(change)) }
                                td { (self.value(&change.before, change.decimals, &part)) }
                                td { (self.value(&change.after, change.decimals, &part)) }
                            }
                        }
                    }
                }
            }
        })
    }

    /// The code with its page, where it still has one.
    fn metric_link(&self, code: &str) -> Markup {
        let codes = [code.to_owned()];
        let links = self.metric_links(&codes);
        html! {
            @if let Some((code, to)) = links.first() { a href=(to) { (code) } } @else { (code) }
        }
    }

    fn changed_area(&self, change: &Change) -> Markup {
        let is_it = |area: &&Authority| area.code.as_str() == change.area;
        let nation = Some(self.edition.nation()).filter(is_it);
        let found = nation.or_else(|| self.edition.authorities().iter().find(is_it));
        html! { @if let Some(area) = found { (self.area(area)) } @else { (change.area) } }
    }

    fn value(&self, shown: &Shown, decimals: u8, part: &str) -> String {
        let printed = shown.units.map_or_else(String::new, |units| {
            thousands(units, decimals, self.language())
        });
        marks_of(printed, shown, part)
    }

    /// A text that is given in both languages; in English where it has no Welsh.
    fn either(&self, [english, welsh]: &[String; 2]) -> Markup {
        html! {
            @match self.language() {
                Language::Cy if !welsh.is_empty() => (welsh),
                Language::Cy => { span lang=(Language::En.code()) { (english) } (self.marker()) },
                Language::En => (english),
            }
        }
    }
}
