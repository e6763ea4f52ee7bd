//! What was collected, and what of it is not told, in one revision of a release.

use std::collections::BTreeSet;

/// What there is of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collected {
    /// The value.
    Value(i64),
    /// One that is in the national value and of its authority not told, here neither.
    Untold,
    /// None: not provided.
    Absent,
    /// None, because the cell does not apply.
    NotApplicable,
}

/// One cell over the nation and the authorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The national sum.
    pub nation: Collected,
    /// The authorities, in the edition's order.
    pub authorities: Vec<Collected>,
    /// The areas whose value is hidden: the letter `c`.
    pub hidden: BTreeSet<Area>,
    /// Those whose value is withheld for another reason, such as a metric that is not published.
    pub withheld: BTreeSet<Area>,
}

/// The nation, or an authority by its place in the edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// The nation.
    Nation,
    /// An authority.
    Authority(usize),
}

impl Column {
    /// The nation and the authorities, in this order.
    pub(crate) fn values(&self) -> impl Iterator<Item = (Area, Collected)> {
        let authorities = self.authorities.iter().copied().enumerate();
        std::iter::once((Area::Nation, self.nation))
            .chain(authorities.map(|(place, value)| (Area::Authority(place), value)))
    }

    pub(crate) fn value(&self, area: Area) -> Collected {
        match area {
            Area::Nation => self.nation,
            Area::Authority(place) => {
                let value = self.authorities.get(place).copied();
                value.unwrap_or(Collected::Absent)
            }
        }
    }
}

/// One revision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Revision {
    /// A column for each cell of the edition, by its number.
    pub columns: Vec<Column>,
}

impl Revision {
    pub(crate) fn column(&self, cell: usize) -> Option<&Column> {
        self.columns.get(cell)
    }
}
