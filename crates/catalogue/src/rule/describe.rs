//! A rule's arithmetic in one line, for readers.

use super::{Comparator, THRESHOLD_DECIMALS, Test, Tolerance};

impl Test {
    /// The arithmetic in one line, with the signs of the table.
    pub fn describe(&self) -> String {
        let plain = |thousandths: i64| {
            let text = mesur_figures::format_quantity(thousandths, THRESHOLD_DECIMALS);
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        match self {
            Self::Every { comparator, bound } => {
                format!("* {} {}", comparator.symbol(), plain(*bound))
            }
            Self::Compare {
                left,
                comparator,
                right,
            } => {
                format!("{left} {} {right}", comparator.symbol())
            }
            Self::Near {
                left,
                right,
                tolerance,
            } => match tolerance {
                Tolerance::OfLarger { percent } => {
                    format!("{left} ~ {right} within {}%", plain(*percent))
                }
                Tolerance::OfEarlier { percent, number } => {
                    format!(
                        "{left} ~ {right} within {}% or {}",
                        plain(*percent),
                        plain(*number)
                    )
                }
            },
            Self::Coverage { parts, .. } => format!("covers what {parts} cover"),
            Self::SameValue { cells } => format!("not one value in {} cells", cells.len()),
            Self::Zeros { threshold, .. } => {
                format!("not 0 where it was {} or more", plain(*threshold))
            }
            Self::Peers {
                left,
                per_head,
                multiple,
                peers_min,
            } => {
                let base = if *per_head { " / population" } else { "" };
                let multiple = plain(*multiple);
                format!("{left}{base} within {multiple} deviations of {peers_min} others or more")
            }
            Self::Rate {
                numerator,
                denominator,
                low,
                high,
            } => {
                format!(
                    "{numerator} / {denominator} in {}-{}%",
                    plain(*low),
                    plain(*high)
                )
            }
        }
    }
}

impl Comparator {
    /// The sign as it is written in the table.
    fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
        }
    }
}
