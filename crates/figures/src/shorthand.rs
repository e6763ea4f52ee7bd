//! The shorthand letters of StatsWales, which stand in a column of their own beside a value.

use std::fmt;

/// One letter of the StatsWales note codes (<https://stats.gov.wales/en-GB/shorthand>), in the order
/// of the letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shorthand {
    /// `b`: a break in the series, because the definition changed.
    Break,
    /// `c`: confidential; the value is not shown.
    Confidential,
    /// `e`: estimated.
    Estimated,
    /// `k`: a low value that rounds to zero; a true zero is 0.
    RoundsToZero,
    /// `p`: provisional.
    Provisional,
    /// `r`: revised.
    Revised,
    /// `t`: a total over areas.
    Total,
    /// `u`: low reliability.
    LowReliability,
    /// `x`: not available, for instance because an authority did not provide it.
    NotAvailable,
    /// `z`: not applicable.
    NotApplicable,
}

impl Shorthand {
    /// Every letter that Mesur writes, in the order of the letters.
    pub const ALL: [Self; 10] = [
        Self::Break,
        Self::Confidential,
        Self::Estimated,
        Self::RoundsToZero,
        Self::Provisional,
        Self::Revised,
        Self::Total,
        Self::LowReliability,
        Self::NotAvailable,
        Self::NotApplicable,
    ];

    /// The letter.
    pub fn code(self) -> &'static str {
        match self {
            Self::Break => "b",
            Self::Confidential => "c",
            Self::Estimated => "e",
            Self::RoundsToZero => "k",
            Self::Provisional => "p",
            Self::Revised => "r",
            Self::Total => "t",
            Self::LowReliability => "u",
            Self::NotAvailable => "x",
            Self::NotApplicable => "z",
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// Some letters of one cell, each at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Marks(u16);

impl Marks {
    /// None.
    pub const NONE: Self = Self(0);

    /// These and another.
    #[must_use]
    pub const fn with(self, shorthand: Shorthand) -> Self {
        Self(self.0 | shorthand.bit())
    }

    /// These without one.
    #[must_use]
    pub const fn without(self, shorthand: Shorthand) -> Self {
        Self(self.0 & !shorthand.bit())
    }

    /// Whether it is among them.
    pub const fn has(self, shorthand: Shorthand) -> bool {
        self.0 & shorthand.bit() != 0
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each, in the order of the letters.
    pub fn iter(self) -> impl Iterator<Item = Shorthand> {
        Shorthand::ALL
            .into_iter()
            .filter(move |shorthand| self.has(*shorthand))
    }
}

impl FromIterator<Shorthand> for Marks {
    fn from_iter<I: IntoIterator<Item = Shorthand>>(letters: I) -> Self {
        letters.into_iter().fold(Self::NONE, Self::with)
    }
}

/// Comma separated as StatsWales takes them: `t,x`.
impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, shorthand) in self.iter().enumerate() {
            if place > 0 {
                f.write_str(",")?;
            }
            f.write_str(shorthand.code())?;
        }
        Ok(())
    }
}
