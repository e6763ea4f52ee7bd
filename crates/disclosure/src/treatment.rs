//! What a policy does to one value, and what the value as it is shown tells.

use mesur_catalogue::{DisclosurePolicy, SmallValues};
use mesur_figures::Shorthand;

/// The whole numbers between two ends, ends included; an end that is absent is nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) lower: Option<i64>,
    pub(crate) upper: Option<i64>,
}

impl Range {
    pub(crate) fn exactly(value: i64) -> Self {
        Self::between(value, value)
    }

    pub(crate) fn between(lower: i64, upper: i64) -> Self {
        Self {
            lower: Some(lower),
            upper: Some(upper),
        }
    }

    /// Zero or more.
    pub(crate) const COUNT: Self = Self {
        lower: Some(0),
        upper: None,
    };

    pub(crate) fn has(self, value: i64) -> bool {
        self.lower.is_none_or(|lower| lower <= value)
            && self.upper.is_none_or(|upper| value <= upper)
    }

    pub(crate) fn is_one_value(self) -> bool {
        self.lower.is_some() && self.lower == self.upper
    }

    pub(crate) fn within(self, other: Self) -> Self {
        let lower = self.lower.into_iter().chain(other.lower).max();
        let upper = self.upper.into_iter().chain(other.upper).min();
        Self { lower, upper }
    }

    /// How far apart the ends are; `None` when one is nowhere.
    pub(crate) fn width(self) -> Option<i64> {
        Some(self.upper?.saturating_sub(self.lower?))
    }
}

/// How a value is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// As it is.
    Exact,
    /// As the nearest multiple of the policy's base.
    Rounded {
        /// What is shown.
        units: i64,
        /// It is above zero and shown as zero: the letter `k`.
        to_zero: bool,
    },
    /// Not at all: the letter `c`.
    Hidden,
}

impl Treatment {
    /// The letter that goes with it.
    pub fn letter(self) -> Option<Shorthand> {
        match self {
            Self::Exact | Self::Rounded { to_zero: false, .. } => None,
            Self::Rounded { to_zero: true, .. } => Some(Shorthand::RoundsToZero),
            Self::Hidden => Some(Shorthand::Confidential),
        }
    }
}

/// A policy on the scale of a metric's values.
#[derive(Debug, Clone, Copy)]
pub struct Scaled<'a> {
    policy: &'a DisclosurePolicy,
    /// The least value that is not small.
    threshold: i64,
    base: i64,
    unit: i64,
}

impl<'a> Scaled<'a> {
    /// The policy for values with so many decimals.
    pub fn new(policy: &'a DisclosurePolicy, decimals: u8) -> Self {
        let unit = 10_i64.saturating_pow(decimals.into());
        Self {
            policy,
            threshold: i64::from(policy.threshold).saturating_mul(unit),
            base: i64::from(policy.base).saturating_mul(unit),
            unit,
        }
    }

    /// How a value is shown. A value below zero is treated by its size.
    pub fn treat(&self, value: i64) -> Treatment {
        let hides = self.policy.small_values == SmallValues::Hidden;
        if value == 0 {
            return if self.policy.zero_hidden {
                Treatment::Hidden
            } else {
                Treatment::Exact
            };
        }
        if self.is_small(value) && hides {
            return Treatment::Hidden;
        }
        if self.policy.base <= 1 {
            return Treatment::Exact;
        }
        let half = self.base / 2;
        let units = value
            .saturating_add(half)
            .div_euclid(self.base)
            .saturating_mul(self.base);
        Treatment::Rounded {
            units,
            to_zero: units == 0,
        }
    }

    /// Whether a value is small, and not zero.
    pub(crate) fn is_small(&self, value: i64) -> bool {
        (1..self.threshold).contains(&value.saturating_abs())
    }

    /// The least value that is not small.
    pub(crate) fn threshold(&self) -> i64 {
        self.threshold
    }

    /// The values that are hidden for themselves.
    pub(crate) fn small(&self) -> Range {
        let least = i64::from(!self.policy.zero_hidden);
        Range::between(least, self.threshold.saturating_sub(1))
    }

    /// How wide a reader's interval for a value that is not shown must stay.
    pub(crate) fn width(&self) -> i64 {
        match self.policy.interval_width {
            Some(width) => i64::from(width).saturating_mul(self.unit),
            None => self.small().width().unwrap_or(0).max(0),
        }
    }

    /// What a value of this size tells as it is shown, without a look at any other value.
    pub(crate) fn told(&self, value: i64) -> Range {
        match self.treat(value) {
            Treatment::Exact => Range::exactly(value),
            Treatment::Hidden if value < 0 => {
                Range::between(self.threshold.saturating_sub(1).saturating_neg(), 0)
            }
            // Zero may be hidden to protect others, so the letter does not tell that there is one.
            Treatment::Hidden => Range::between(0, self.threshold.saturating_sub(1)),
            Treatment::Rounded { units, .. } => {
                let half = self.base / 2;
                let lower = units.saturating_sub(half);
                let upper = lower.saturating_add(self.base).saturating_sub(1);
                let range = Range::between(lower, upper);
                if value < 0 {
                    return range;
                }
                // Zero is shown as it is, and small values may be hidden: this is neither.
                let hides = self.policy.small_values == SmallValues::Hidden;
                let least = if hides { self.threshold.max(1) } else { 1 };
                range.within(Range {
                    lower: Some(least),
                    upper: None,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(threshold: u32, base: u32) -> DisclosurePolicy {
        DisclosurePolicy {
            id: "policy".to_owned(),
            threshold,
            base,
            small_values: SmallValues::Hidden,
            zero_hidden: false,
            interval_width: None,
        }
    }

    fn shown(policy: &DisclosurePolicy, values: &[i64]) -> Vec<String> {
        let scaled = Scaled::new(policy, 0);
        let text = values.iter().map(|value| match scaled.treat(*value) {
            Treatment::Exact => value.to_string(),
            Treatment::Rounded { units, to_zero } => {
                format!("{units}{}", if to_zero { "k" } else { "" })
            }
            Treatment::Hidden => "c".to_owned(),
        });
        text.collect()
    }

    #[test]
    fn values_are_shown_as_their_policy_says() {
        let rounded = DisclosurePolicy {
            small_values: SmallValues::Rounded,
            ..policy(5, 5)
        };
        let no_zero = DisclosurePolicy {
            zero_hidden: true,
            ..policy(5, 1)
        };
        let values = [0, 1, 2, 3, 4, 5, 7, 8, 12];
        for (policy, expected) in [
            (policy(5, 1), "0 c c c c 5 7 8 12"),
            (policy(5, 5), "0 c c c c 5 5 10 10"),
            (policy(3, 3), "0 c c 3 3 6 6 9 12"),
            (policy(3, 10), "0 c c 0k 0k 10 10 10 10"),
            (rounded, "0 0k 0k 5 5 5 5 10 10"),
            (no_zero, "c c c c c 5 7 8 12"),
        ] {
            assert_eq!(shown(&policy, &values).join(" "), expected, "{policy:?}");
        }
        let tenths = policy(5, 5);
        let scaled = Scaled::new(&tenths, 1);
        assert_eq!(scaled.treat(49), Treatment::Hidden);
        let ten = Treatment::Rounded {
            units: 100,
            to_zero: false,
        };
        assert_eq!((scaled.treat(75), scaled.treat(124)), (ten, ten));
        assert_eq!(
            (scaled.small(), scaled.width()),
            (Range::between(1, 49), 48)
        );
    }

    #[test]
    fn a_value_tells_no_more_and_no_less_than_which_others_are_shown_alike() {
        for (threshold, base) in [(5, 1), (5, 5), (3, 3), (3, 10), (4, 6), (10, 4), (0, 5)] {
            for small_values in [SmallValues::Hidden, SmallValues::Rounded] {
                let policy = DisclosurePolicy {
                    small_values,
                    ..policy(threshold, base)
                };
                let scaled = Scaled::new(&policy, 0);
                for value in 0..60 {
                    let treatment = scaled.treat(value);
                    let alike = (0..90).filter(|other| match treatment {
                        Treatment::Exact => *other == value,
                        // Zero is never hidden here, but a reader need not know that.
                        Treatment::Hidden => *other == 0 || scaled.treat(*other) == treatment,
                        Treatment::Rounded { .. } => scaled.treat(*other) == treatment,
                    });
                    let alike: Vec<i64> = alike.collect();
                    let told = scaled.told(value);
                    let ends = (alike.first().copied(), alike.last().copied());
                    assert_eq!((told.lower, told.upper), ends, "{value} {policy:?}");
                }
            }
        }
    }
}
