//! Hiding what must be hidden in a new revision of a release.

use std::collections::BTreeSet;

use mesur_catalogue::Edition;

use crate::knowledge::{self, Knowledge, Reader};
use crate::revision::{Collected, Revision};
use crate::suppress::suppress;
use crate::system::Var;
use crate::treatment::Treatment;

/// Hides values of `new`, which nobody has seen; `earlier` are the published revisions, the oldest
/// first. What was hidden in the one before stays hidden while it is the same.
#[must_use]
pub fn protect(edition: &Edition, earlier: &[Revision], mut new: Revision) -> Revision {
    if edition
        .metrics()
        .iter()
        .all(|metric| metric.disclosure.is_none())
    {
        return new;
    }
    for (cell, column) in new.columns.iter_mut().enumerate() {
        let before = earlier.last().and_then(|revision| revision.column(cell));
        let policy = knowledge::policy(edition, cell);
        let hidden = column.values().filter(|(area, collected)| {
            let Collected::Value(value) = collected else {
                return false;
            };
            if column.withheld.contains(area) {
                return false;
            }
            let is_small = policy.is_some_and(|policy| policy.treat(*value) == Treatment::Hidden);
            let was_hidden = before.is_some_and(|before| {
                before.hidden.contains(area) && before.value(*area) == *collected
            });
            is_small || was_hidden
        });
        column.hidden = hidden.map(|(area, _)| area).collect();
    }
    let number = earlier.len();
    // What the strictest reader must not find is looked after first; it cannot always be had.
    for reader in Reader::ALL {
        let revisions = [earlier, std::slice::from_ref(&new)].concat();
        let Knowledge { mut system, vars } = knowledge::of(edition, &revisions, reader);
        let hidden: BTreeSet<Var> = suppress(&mut system).into_iter().collect();
        for ((revision, area, cell), var) in vars {
            if revision == number
                && hidden.contains(&var)
                && let Some(column) = new.columns.get_mut(cell)
            {
                column.hidden.insert(area);
            }
        }
    }
    new
}
