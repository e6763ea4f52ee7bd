//! From loose rows to one state for each cell of the edition.
//!
//! Rows come from a file, with texts as values, or from a message, with scaled numbers; the checks
//! are the same. A row that cannot be taken makes its cell erroneous, not missing: the sender
//! reads one finding for one slip.

use std::borrow::Cow;

use mesur_catalogue::{AuthorityCode, Catalogue, CellId, Edition, MetricCode};

use crate::cells::{CellsBuilder, Status};
use crate::date::Date;
use crate::finding::{self, Finding, shortened};
use crate::kind::FindingKind;
use crate::observation::Observation;
use crate::outcome::{Assembly, Places};
use crate::row::{RawObservation, is_padded, trimmed};
use crate::suggest::Suggestions;

mod observe;

/// Puts the rows of `authority`'s return into the cells of `edition`; `catalogue` tells a metric
/// of another edition from an unknown one.
pub fn assemble<'r>(
    edition: &Edition,
    catalogue: &Catalogue,
    authority: &AuthorityCode,
    rows: impl IntoIterator<Item = RawObservation<'r>>,
) -> Assembly {
    let mut assembler = Assembler::new(edition, catalogue, authority);
    for row in rows {
        assembler.take(&row);
    }
    assembler.finish()
}

/// Puts rows together as they come: what is kept of a row is its cell.
#[derive(Debug)]
pub struct Assembler<'a> {
    edition: &'a Edition,
    catalogue: &'a Catalogue,
    authority: &'a AuthorityCode,
    period: (Option<Date>, Option<Date>),
    /// Made when the first unknown code asks for it: most returns have none.
    suggestions: Option<Suggestions>,
    cells: CellsBuilder,
    /// The cells that a row of this return has named.
    taken: Taken,
    /// The cell of the row before: most senders keep the catalogue's order.
    before: Option<CellId>,
    /// `None` where nobody will ask for them.
    places: Option<Places>,
    findings: Vec<Finding>,
}

impl<'a> Assembler<'a> {
    /// No rows yet.
    pub fn new(
        edition: &'a Edition,
        catalogue: &'a Catalogue,
        authority: &'a AuthorityCode,
    ) -> Self {
        let cells = edition.cells().len();
        Self {
            edition,
            catalogue,
            authority,
            period: observe::period_of(edition),
            suggestions: None,
            cells: CellsBuilder::new(cells),
            taken: Taken::of(cells),
            before: None,
            places: Some(Places::default()),
            findings: Vec::new(),
        }
    }

    /// The same, without noting where in a file the cells stand: what rules then find has no line.
    #[must_use]
    pub fn without_places(self) -> Self {
        Self {
            places: None,
            ..self
        }
    }

    /// Takes one row.
    pub fn take(&mut self, row: &RawObservation<'_>) {
        let (metric, category) = (trimmed(&row.metric), trimmed(&row.category));
        let cell = self.edition.find_after(self.before, metric, category);
        self.find_spaces(row, cell);
        if self.find_foreign(row, cell) {
            // The row is another return's; it only says that this cell was not forgotten.
            if let Some(id) = cell
                && self.cells.status(id) == Status::Missing
            {
                self.cells.refuse(id);
            }
            return;
        }
        let Some(id) = cell else {
            let finding = self.unknown_cell(row);
            self.findings.push(finding);
            return;
        };
        self.before = cell;
        let again = self.taken.take(id);
        if again {
            self.find(FindingKind::DuplicateRow, row, cell, |finding| finding);
        }
        self.place(row, id);
        match self.observe(row, id) {
            Some(value) if !again => {
                let observation = Observation {
                    value,
                    reason: trimmed(&row.reason),
                    comment: &row.comment,
                    reference: &row.reference,
                };
                self.cells.set(id, observation);
            }
            _ => self.cells.refuse(id),
        }
    }

    /// Takes rows that say no more than that the cells from `first` on have these whole numbers for
    /// the whole period, on a line each from `line` on; the cells have no decimals.
    pub(crate) fn take_whole(&mut self, first: CellId, values: &[i64], line: u64) {
        self.cells.provide(first, values);
        if let Some(places) = &mut self.places {
            places.set_all(self.edition.cells().len(), first, line, values.len());
        }
        let rows = (first.0..).map(CellId).zip(line..);
        for (id, line) in rows.take(values.len()) {
            self.before = Some(id);
            if self.taken.take(id) {
                self.take_again(id, line);
            }
        }
    }

    /// Takes such a row of a cell that was taken before.
    fn take_again(&mut self, id: CellId, line: u64) {
        let edition = self.edition;
        if let Some(cell) = edition.cell(id) {
            let row = RawObservation {
                metric: Cow::Borrowed(cell.reference.metric.as_str()),
                category: Cow::Borrowed(cell.reference.category_str()),
                line: Some(line),
                ..RawObservation::default()
            };
            self.find(FindingKind::DuplicateRow, &row, Some(id), |finding| finding);
        }
        self.cells.refuse(id);
    }

    /// The cell of the row before.
    pub(crate) fn before(&self) -> Option<CellId> {
        self.before
    }

    /// Takes the value that `read` finds for the cell after the one before, as [`take`](Self::take)
    /// would. Where there is none, `false`: the row is not taken yet.
    #[inline]
    pub fn take_next(&mut self, read: impl FnOnce(CellId) -> Option<i64>) -> bool {
        let id = CellId(self.before.map_or(0, |cell| cell.0.saturating_add(1)));
        let Some(value) = read(id) else { return false };
        if self.taken.take(id) {
            return false;
        }
        self.before = Some(id);
        self.cells.set_value(id, value);
        true
    }

    /// Takes a row of a message that has a value for the whole period and says nothing else, as
    /// [`take`](Self::take) would. Where there is more to it, `false`: the row is not taken yet.
    pub fn take_bare(&mut self, metric: &str, category: &str, value: i64) -> bool {
        let Some(id) = self.edition.find_after(self.before, metric, category) else {
            return false;
        };
        if self.taken.take(id) {
            return false;
        }
        self.before = Some(id);
        self.cells.set_value(id, value);
        true
    }

    /// Passes over a row of a form that was not filled in: its cell stays missing, and is known to
    /// stand there. What the row says is not looked at.
    pub(crate) fn pass(&mut self, row: &RawObservation<'_>) {
        let (metric, category) = (trimmed(&row.metric), trimmed(&row.category));
        let cell = self.edition.find_after(self.before, metric, category);
        let Some(id) = cell.filter(|id| self.cells.status(*id) == Status::Missing) else {
            return;
        };
        self.before = cell;
        self.place(row, id);
    }

    fn place(&mut self, row: &RawObservation<'_>, id: CellId) {
        if let (Some(line), Some(places)) = (row.line, &mut self.places) {
            let cells = self.edition.cells().len();
            places.set(cells, id, line, &row.sheet);
        }
    }

    /// What the rows came to.
    pub fn finish(mut self) -> Assembly {
        let cells = self.cells.finish();
        let places = self.places.unwrap_or_default();
        let known = (0..).map(CellId).zip(self.edition.cells());
        let missing = known.filter(|(id, _)| cells.status(*id) == Status::Missing);
        for (id, cell) in missing {
            let finding = Finding::new(FindingKind::MissingRow);
            let finding = match places.of(id) {
                Some((line, sheet)) => finding.on_sheet(sheet, line),
                None => finding,
            };
            self.findings
                .push(finding.about(vec![cell.reference.clone()]));
        }
        finding::sort(self.edition, &mut self.findings);
        Assembly {
            cells,
            findings: self.findings,
            places,
        }
    }

    /// Notes a finding on a row.
    fn find(
        &mut self,
        kind: FindingKind,
        row: &RawObservation<'_>,
        cell: Option<CellId>,
        detail: impl FnOnce(Finding) -> Finding,
    ) {
        let finding = self.on_row(kind, row, cell);
        self.findings.push(detail(finding));
    }

    fn on_row(&self, kind: FindingKind, row: &RawObservation<'_>, cell: Option<CellId>) -> Finding {
        let cell = cell.and_then(|id| self.edition.cell(id));
        let mut finding = Finding::new(kind).about(
            cell.map(|cell| cell.reference.clone())
                .into_iter()
                .collect(),
        );
        finding.metric = shortened(row.metric.trim());
        finding.category = shortened(row.category.trim());
        finding.line = row.line;
        finding.sheet = shortened(&row.sheet);
        finding.reference = shortened(&row.reference);
        finding
    }

    fn find_spaces(&mut self, row: &RawObservation<'_>, cell: Option<CellId>) {
        if !row.is_padded() {
            return;
        }
        for (column, text) in row.trimmed_texts() {
            if is_padded(text) {
                self.find(FindingKind::SurroundingSpace, row, cell, |finding| {
                    finding.in_column(column).with_value(text)
                });
            }
        }
    }

    /// Notes what a row says of itself that is not this return's; whether there is any.
    fn find_foreign(&mut self, row: &RawObservation<'_>, cell: Option<CellId>) -> bool {
        let (period, authority) = (self.edition.name().period.as_str(), self.authority.as_str());
        let stated = [
            (FindingKind::WrongEdition, "edition", &row.edition, period),
            (
                FindingKind::WrongAuthority,
                "authority",
                &row.authority,
                authority,
            ),
        ];
        let mut foreign = false;
        for (kind, column, found, expected) in stated {
            if let Some(found) = found
                && found.trim() != expected
            {
                foreign = true;
                self.find(kind, row, cell, |finding| {
                    let finding = finding.in_column(column).with_value(found.trim());
                    finding.expecting(expected)
                });
            }
        }
        foreign
    }

    fn unknown_cell(&mut self, row: &RawObservation<'_>) -> Finding {
        let (metric, category) = (trimmed(&row.metric), trimmed(&row.category));
        let edition = self.edition;
        let suggestions = self
            .suggestions
            .get_or_insert_with(|| Suggestions::new(edition));
        let advice = suggestions.find(metric, category);
        let code = MetricCode::parse(metric).ok();
        let known = code.as_ref().and_then(|code| edition.metric(code));
        let (kind, column, value) = match known {
            Some(_) if category.is_empty() => (FindingKind::TotalNotAllowed, "category", category),
            Some(_) => (FindingKind::UnknownCategory, "category", category),
            None => (FindingKind::UnknownMetric, "metric", metric),
        };
        let finding = self.on_row(kind, row, None).in_column(column);
        let collection = &edition.name().collection;
        let other = code
            .filter(|_| known.is_none())
            .and_then(|code| self.catalogue.other_edition_with(collection, &code));
        if let Some(other) = other {
            return Finding {
                kind: FindingKind::MetricNotInEdition,
                ..finding.with_value(metric)
            }
            .expecting(edition.name().period.as_str())
            .having_found(other.name().period.as_str());
        }
        finding.with_value(value).advising(advice)
    }
}

/// Cells, a bit each: an edition may have millions.
#[derive(Debug)]
struct Taken(Vec<u64>);

impl Taken {
    /// None of so many.
    fn of(cells: usize) -> Self {
        Self(vec![0; cells.div_ceil(64)])
    }

    /// Whether the cell was taken before; it is now.
    fn take(&mut self, cell: CellId) -> bool {
        let Some(bits) = self.0.get_mut(cell.index() >> 6) else {
            return false;
        };
        let bit = 1_u64 << (cell.0 & 63);
        let again = *bits & bit != 0;
        *bits |= bit;
        again
    }
}
