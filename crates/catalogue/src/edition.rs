//! A loaded edition: immutable, with its dense cell index.

use std::sync::Arc;

use crate::authority::{Authorities, Authority};
use crate::cell_index::{Cell, CellIndex};
use crate::change::DefinitionalChange;
use crate::figure::{Figure, Reason};
use crate::ids::{AuthorityCode, CellId, CellRef, EditionName, MetricCode};
use crate::metric::{Category, Metric};
use crate::population::Populations;
use crate::program::Program;
use crate::release::ReleasePlan;
use crate::rule::Rule;
use crate::settings::Settings;

/// The catalogue of one collection for one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    pub(crate) digest: String,
    pub(crate) settings: Settings,
    pub(crate) authorities: Authorities,
    pub(crate) nation: Authority,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) cells: Arc<CellIndex>,
    pub(crate) rules: Vec<Rule>,
    /// The places of the rules in the order of their ids.
    pub(crate) rules_by_id: Vec<usize>,
    pub(crate) program: Program,
    pub(crate) changes: Vec<DefinitionalChange>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) populations: Populations,
    pub(crate) release: ReleasePlan,
}

impl Edition {
    /// Collection and period.
    pub fn name(&self) -> &EditionName {
        &self.settings.name
    }

    /// The content digest, `sha256:` and 64 hexadecimal digits: the same files give the same one.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The reporting authorities in the order of the table.
    pub fn authorities(&self) -> &[Authority] {
        &self.authorities.table
    }

    /// An authority by its code; the nation is not one.
    pub fn authority(&self, code: &AuthorityCode) -> Option<&Authority> {
        self.authorities.find(code)
    }

    /// What the authorities add up to.
    pub fn nation(&self) -> &Authority {
        &self.nation
    }

    /// The metrics in catalogue order.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// A metric by its code.
    pub fn metric(&self, code: &MetricCode) -> Option<&Metric> {
        self.metrics.iter().find(|metric| &metric.code == code)
    }

    /// Every cell in catalogue order: a return has exactly one observation for each.
    pub fn cells(&self) -> &[Cell] {
        &self.cells.cells
    }

    /// The cells with their codes, to be shared with what is kept by their numbers.
    pub fn cell_index(&self) -> &Arc<CellIndex> {
        &self.cells
    }

    /// A cell by its number, which must be one of this edition's.
    pub fn cell(&self, id: CellId) -> Option<&Cell> {
        self.cells.get(id)
    }

    /// The number of a cell.
    pub fn cell_id(&self, reference: &CellRef) -> Option<CellId> {
        self.find(reference.metric.as_str(), reference.category_str())
    }

    /// The number of a cell by its two codes, the category's empty for the metric itself; texts
    /// that are no codes are no cell. Nothing is allocated.
    pub fn find(&self, metric: &str, category: &str) -> Option<CellId> {
        self.cells.find(metric, category)
    }

    /// What [`find`](Self::find) says, at once where the cell is the one after `before`: the rows
    /// of a return mostly stand in catalogue order.
    pub fn find_after(
        &self,
        before: Option<CellId>,
        metric: &str,
        category: &str,
    ) -> Option<CellId> {
        self.cells.find_after(before, metric, category)
    }

    /// The numbers of a metric's cells, by the metric's place: the total if it has one, then its
    /// categories. The first is the lead cell: it says whether the metric was provided.
    pub fn cells_of(&self, metric: usize) -> impl Iterator<Item = CellId> + use<> {
        self.cells
            .of_metric
            .get(metric)
            .cloned()
            .unwrap_or_default()
            .map(CellId)
    }

    /// The category that a cell stands for; `None` for a total.
    pub fn category_of(&self, cell: &Cell) -> Option<&Category> {
        self.metrics
            .get(cell.metric)?
            .categories
            .get(cell.category()?)
    }

    /// The largest number of decimals of any metric: the scale on which rules compare values.
    pub fn decimals_max(&self) -> u8 {
        self.metrics
            .iter()
            .map(|metric| metric.decimals)
            .max()
            .unwrap_or(0)
    }

    /// The rules in the order of the table.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// A rule by its id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.get(self.rule_place(id)?)
    }

    /// The place of a rule in [`rules`](Self::rules).
    pub fn rule_place(&self, id: &str) -> Option<usize> {
        let id_of = |place: &usize| self.rules.get(*place).map(|rule| rule.id.as_str());
        let places = &self.rules_by_id;
        let at = places.binary_search_by(|place| id_of(place).cmp(&Some(id)));
        places.get(at.ok()?).copied()
    }

    /// The rules as they are held against one return.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The population of an authority that its values are compared by: that of the middle of the
    /// year in which the period begins, or the latest one before; the earliest one held for a
    /// period before any of them.
    pub fn population(&self, authority: &AuthorityCode) -> Option<u64> {
        let year = self.name().period.start_year().unwrap_or(u16::MAX);
        self.populations.of(authority, year)
    }

    /// The printed list of definitional changes.
    pub fn changes(&self) -> &[DefinitionalChange] {
        &self.changes
    }

    /// The figures that the release states.
    pub fn figures(&self) -> &[Figure] {
        &self.figures
    }

    /// A figure by its id.
    pub fn figure(&self, id: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.id == id)
    }

    /// The ids of the release's statements that state a figure, in the order of the plan.
    pub fn statements_of(&self, figure: &str) -> Vec<&str> {
        self.release.statements_of(figure)
    }

    /// The reason whose words, in either language, an observation's comment contains.
    pub fn reason_in(&self, comment: &str) -> Option<&Reason> {
        let comment = comment.to_lowercase();
        let contains = |label: &str| !label.is_empty() && comment.contains(&label.to_lowercase());
        self.reasons
            .iter()
            .find(|reason| contains(&reason.label_en) || contains(&reason.label_cy))
    }

    /// The reasons in the order of the table.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// A reason by its id.
    pub fn reason(&self, id: &str) -> Option<&Reason> {
        self.reasons.iter().find(|reason| reason.id == id)
    }

    /// The plan of the release.
    pub fn release(&self) -> &ReleasePlan {
        &self.release
    }
}
