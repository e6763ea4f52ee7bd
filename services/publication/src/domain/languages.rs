//! What the release holds in English and in Welsh.

use mesur_catalogue::{Edition, FigureKind};
use mesur_wording::Language;

use super::quality::{PopulationCount, PopulationName};
use super::statements::{Section, Statement};
use super::tables::Table;
use super::wordings::Wordings;

/// A text that is held in English only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LanguageGap {
    /// `metric_title`, `category_label`, `message`, `definitional_change` or `source_title`.
    pub(crate) kind: &'static str,
    /// What the text belongs to, such as `AD/012` or `AD/005[b]`.
    pub(crate) item: String,
}

/// Texts of one kind: how many there are, and how many are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Held {
    /// All that the release asks for.
    pub(crate) all: u32,
    /// Held in English.
    pub(crate) en: u32,
    /// Held in Welsh.
    pub(crate) cy: u32,
}

/// The state of the release's languages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LanguageReport {
    /// Titles of the published metrics.
    pub(crate) titles: Held,
    /// Labels of their categories.
    pub(crate) labels: Held,
    /// Lines of the list of definitional changes.
    pub(crate) changes: Held,
    /// Texts of the frame, of headings and of statements.
    pub(crate) messages: Held,
    /// Titles of the sources of figures from outside.
    pub(crate) sources: Held,
    /// What is held in English only.
    pub(crate) gaps: Vec<LanguageGap>,
}

/// Looks through every text that the release shows beyond the house wording.
pub(crate) fn language_report(
    edition: &Edition,
    wordings: &Wordings,
    sections: &[Section],
    populations: &[PopulationCount],
    tables: &[Table],
) -> LanguageReport {
    let mut report = LanguageReport::default();
    let gaps = &mut report.gaps;
    for table in tables {
        let metric = &table.metric;
        let held = (!metric.title_en.is_empty(), !metric.title_cy.is_empty());
        report
            .titles
            .note(gaps, "metric_title", metric.code.as_str(), held);
        for category in &metric.categories {
            let item = format!("{}[{}]", metric.code, category.code);
            let held = (
                !category.words.label_en.is_empty(),
                !category.words.label_cy.is_empty(),
            );
            report.labels.note(gaps, "category_label", &item, held);
        }
    }
    for message in messages(edition, wordings, sections) {
        let held = |language| wordings.of(language).has(&message);
        let held = (held(Language::En), held(Language::Cy));
        report.messages.note(gaps, "message", &message, held);
    }
    for population in populations {
        let (item, held) = match &population.name {
            PopulationName::Message(id) => {
                let message = format!("population-{id}");
                let held = |language| wordings.of(language).has(&message);
                let held = (held(Language::En), held(Language::Cy));
                (message, held)
            }
            PopulationName::Catalogue(name) => (format!("population-{name}"), (true, false)),
        };
        report.messages.note(gaps, "message", &item, held);
    }
    for change in edition.changes() {
        report.changes.note(
            gaps,
            "definitional_change",
            &change.code_read_as,
            (true, !change.text_cy.is_empty()),
        );
    }
    for figure in statements(sections).flat_map(|statement| &statement.figures) {
        if let FigureKind::Outside(outside) = &figure.kind {
            let held = (true, !outside.source_title_cy.is_empty());
            report.sources.note(gaps, "source_title", &figure.id, held);
        }
    }
    report
}

impl Held {
    fn note(
        &mut self,
        gaps: &mut Vec<LanguageGap>,
        kind: &'static str,
        item: &str,
        (en, cy): (bool, bool),
    ) {
        self.all = self.all.saturating_add(1);
        self.en = self.en.saturating_add(en.into());
        self.cy = self.cy.saturating_add(cy.into());
        if en && !cy {
            gaps.push(LanguageGap {
                kind,
                item: item.to_owned(),
            });
        }
    }
}

fn statements(sections: &[Section]) -> impl Iterator<Item = &Statement> {
    sections
        .iter()
        .flat_map(|section| &section.groups)
        .flat_map(|group| &group.statements)
}

/// The messages of the edition that the release shows, each once.
fn messages(edition: &Edition, wordings: &Wordings, sections: &[Section]) -> Vec<String> {
    let plan = edition.release();
    let english = wordings.of(Language::En);
    let optional = ["title", "description"]
        .into_iter()
        .filter(|id| english.has(id));
    let mut ids: Vec<String> = optional.map(str::to_owned).collect();
    ids.extend(
        plan.designation
            .iter()
            .map(|id| format!("designation-{id}")),
    );
    ids.extend(plan.contact.iter().chain(&plan.frame_notes).cloned());
    for section in sections {
        ids.push(format!("section-{}", section.id));
        ids.extend(
            section
                .groups
                .iter()
                .map(|group| format!("group-{}", group.id)),
        );
    }
    for statement in statements(sections) {
        ids.push(format!("statement-{}", statement.id));
        ids.extend(
            statement
                .figures
                .iter()
                .filter_map(|figure| match &figure.kind {
                    FigureKind::Outside(outside) => Some(format!("unit-{}", outside.unit)),
                    FigureKind::Count { .. }
                    | FigureKind::Percent { .. }
                    | FigureKind::Rate { .. }
                    | FigureKind::Change { .. }
                    | FigureKind::AuthorityPercent { .. }
                    | FigureKind::AuthorityCount { .. } => None,
                }),
        );
    }
    let mut distinct: Vec<String> = Vec::with_capacity(ids.len());
    for id in ids {
        if !distinct.contains(&id) {
            distinct.push(id);
        }
    }
    distinct
}
