//! The audit: what a reader can work out of every value that is not shown.

use std::collections::BTreeSet;

use mesur_catalogue::{CellId, Edition};

use crate::interval::Proved;
use crate::knowledge::{self, Knowledge, Place, Reader};
use crate::revision::{Area, Collected, Revision};
use crate::system::Var;
use crate::treatment::Treatment;

/// A value that is not shown as it is, and the tightest interval that a reader can derive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Derived {
    /// The place of the revision among those that were audited.
    pub revision: usize,
    /// Whose value it is.
    pub area: Area,
    /// The cell.
    pub cell: CellId,
    /// The lowest value that fits everything published.
    pub lower: i64,
    /// The highest; `None` where nothing bounds it.
    pub upper: Option<i64>,
    /// How wide the policy asks the interval to be.
    pub required_width: i64,
    /// Whether it is as wide, or the value is known not to be small.
    pub is_protected: bool,
    /// Whether it is hidden to protect others, and not for itself.
    pub is_complementary: bool,
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    /// Every hidden value of every revision, and every other one that is not protected, the
    /// narrowest first.
    pub derived: Vec<Derived>,
    /// Values of the last revision that are shown as they are.
    pub exact_count: usize,
    /// Those that are shown rounded.
    pub rounded_count: usize,
    /// Those that are hidden because they are small.
    pub primary_count: usize,
    /// Those that are hidden to protect others.
    pub complementary_count: usize,
}

impl Audit {
    /// Whether every interval is as wide as its policy asks.
    pub fn is_safe(&self) -> bool {
        self.derived.iter().all(|derived| derived.is_protected)
    }
}

/// Works out what a reader of all revisions, the oldest first, can derive.
///
/// That is first what the strictest reader can, who knows which hidden values are small. Where that
/// is too much, it is what can be derived from the letters alone.
pub fn audit(edition: &Edition, revisions: &[Revision]) -> Audit {
    let mut audit = Audit::default();
    if let Some(last) = revisions.last() {
        count(edition, last, &mut audit);
    }
    if edition
        .metrics()
        .iter()
        .all(|metric| metric.disclosure.is_none())
    {
        return audit;
    }
    let mut due: Option<BTreeSet<Place>> = None;
    for reader in Reader::ALL {
        let found = derive(edition, revisions, reader, due.as_ref());
        let is_last = reader == Reader::SeesLetters;
        let (settled, narrow): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|derived| derived.is_protected || is_last);
        audit.derived.extend(settled);
        let places = narrow
            .iter()
            .map(|derived| (derived.revision, derived.area, derived.cell.index()));
        due = Some(places.collect());
        if narrow.is_empty() {
            break;
        }
    }
    audit.derived.sort_by_key(|derived| {
        let width = derived
            .upper
            .map(|upper| upper.saturating_sub(derived.lower));
        let place = (derived.revision, derived.cell, derived.area);
        (derived.is_protected, width.unwrap_or(i64::MAX), place)
    });
    audit
}

/// What a reader can derive of every hidden value, and of every other one that is not protected;
/// or of those that are due.
fn derive(
    edition: &Edition,
    revisions: &[Revision],
    reader: Reader,
    due: Option<&BTreeSet<Place>>,
) -> Vec<Derived> {
    let Knowledge { system, vars } = knowledge::of(edition, revisions, reader);
    let is_due = |place: &Place| due.is_none_or(|due| due.contains(place));
    let guarded = vars
        .iter()
        .filter(|(place, var)| is_due(place) && system.of(**var).guard.is_some());
    let mut guarded: Vec<(Var, Place)> = guarded.map(|(place, var)| (*var, *place)).collect();
    guarded.sort_unstable();
    let mut proved = Proved::default();
    let mut searched: Option<Var> = None;
    let mut found = Vec::new();
    for (var, place) in guarded {
        let (revision, area, cell) = place;
        let column = revisions.get(revision).and_then(|one| one.column(cell));
        let is_hidden = column.is_some_and(|column| column.hidden.contains(&area));
        if searched != Some(var) {
            // What is shown rounded is of interest only where it is not protected.
            proved.widen(&system, var);
            if is_hidden || !proved.is_wide(&system, var) {
                proved.search(&system, var);
                searched = Some(var);
            }
        }
        let is_protected = proved.is_protected(&system, var);
        if !is_hidden && is_protected && due.is_none() {
            continue;
        }
        let variable = system.of(var);
        let policy = knowledge::policy(edition, cell);
        let itself = policy.is_some_and(|policy| policy.treat(variable.start) == Treatment::Hidden);
        let (lower, _) = proved.of(&system, var);
        found.push(Derived {
            revision,
            area,
            cell: CellId(u32::try_from(cell).unwrap_or(u32::MAX)),
            lower,
            upper: proved.upper(&system, var),
            required_width: variable.guard.map_or(0, |guard| guard.width),
            is_protected,
            is_complementary: is_hidden && !itself,
        });
    }
    found
}

fn count(edition: &Edition, revision: &Revision, audit: &mut Audit) {
    for (cell, column) in revision.columns.iter().enumerate() {
        let policy = knowledge::policy(edition, cell);
        for (area, collected) in column.values() {
            let Collected::Value(value) = collected else {
                continue;
            };
            if column.withheld.contains(&area) {
                continue;
            }
            let is_hidden = column.hidden.contains(&area);
            let treatment = policy.map_or(Treatment::Exact, |policy| policy.treat(value));
            let counted = match (is_hidden, treatment) {
                (true, Treatment::Hidden) => &mut audit.primary_count,
                (true, _) => &mut audit.complementary_count,
                (false, Treatment::Rounded { .. }) => &mut audit.rounded_count,
                (false, Treatment::Exact | Treatment::Hidden) => &mut audit.exact_count,
            };
            *counted = counted.saturating_add(1);
        }
    }
}
