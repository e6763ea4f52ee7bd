//! The shorthand letters of StatsWales, which stand in a column of their own beside a value.

/// One letter of the StatsWales note codes (<https://stats.gov.wales/en-GB/shorthand>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shorthand {
    /// `t`: a total over areas.
    Total,
    /// `u`: low reliability; the value is not shown.
    LowReliability,
    /// `x`: not available, for instance because an authority did not provide it.
    NotAvailable,
    /// `z`: not applicable.
    NotApplicable,
}

impl Shorthand {
    /// Every letter that Mesur writes, in the order in which they are explained.
    pub const ALL: [Self; 4] = [
        Self::Total,
        Self::LowReliability,
        Self::NotAvailable,
        Self::NotApplicable,
    ];

    /// The letter.
    pub fn code(self) -> &'static str {
        match self {
            Self::Total => "t",
            Self::LowReliability => "u",
            Self::NotAvailable => "x",
            Self::NotApplicable => "z",
        }
    }
}

/// Several letters in one cell, comma separated as StatsWales takes them: `t,x`.
pub fn join_shorthand(codes: &[Shorthand]) -> String {
    codes
        .iter()
        .map(|code| code.code())
        .collect::<Vec<_>>()
        .join(",")
}
