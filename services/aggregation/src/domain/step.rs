//! Which way an authority goes.

/// Whether an authority comes into a tally or leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It comes in.
    Add,
    /// It leaves, as it came in.
    Remove,
}

impl Step {
    /// A sum with an authority's part more or less; `None` when it does not fit.
    pub(crate) fn sum(self, sum: i128, part: i128) -> Option<i128> {
        match self {
            Self::Add => sum.checked_add(part),
            Self::Remove => sum.checked_sub(part),
        }
    }

    /// A count with one more or less.
    pub(crate) fn count(self, count: u32) -> Option<u32> {
        match self {
            Self::Add => count.checked_add(1),
            Self::Remove => count.checked_sub(1),
        }
    }
}
