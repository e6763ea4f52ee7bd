//! Figures of findings in plain digits.

use mesur_catalogue::SCALE;
use mesur_figures::{DECIMALS_MAX, Rounding, percent};

/// Bounds and thresholds of the catalogue are in thousandths.
pub(crate) const THOUSANDTHS: u8 = 3;

/// A scaled figure without the zeros that say nothing: `12500` with three decimals is `12.5`.
pub(crate) fn plain(units: i128, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let digits = units.unsigned_abs().to_string();
    let digits = format!("{digits:0>width$}", width = decimals.saturating_add(1));
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(decimals));
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if units < 0 { "-" } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

/// A rate as a percentage with one decimal, or with as many more as it takes to show that it is
/// outside the bounds: 100.04% is not printed as 100.0%.
pub(crate) fn rate(part: i128, base: i128, low: i64, high: i64) -> String {
    let mut text = format!("{} / {}", plain(part, SCALE), plain(base, SCALE));
    for decimals in 1..=DECIMALS_MAX {
        let Some(share) = percent(part, base, decimals, Rounding::HalfUp) else {
            break;
        };
        text = format!("{}%", mesur_figures::format_quantity(share.units, decimals));
        let on_scale = |units, from| mesur_figures::rescale(units, from, DECIMALS_MAX);
        let (shown, low) = (on_scale(share.units, decimals), on_scale(low, THOUSANDTHS));
        if shown < low || shown > on_scale(high, THOUSANDTHS) {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_never_printed_as_if_it_were_within_its_bounds() {
        assert_eq!(rate(940, 2350, 50_000, 100_000), "40.0%");
        assert_eq!(rate(2001, 2000, 0, 100_000), "100.1%");
        assert_eq!(rate(10_004, 10_000, 0, 100_000), "100.04%");
        assert_eq!(rate(-3, 1000, 0, 100_000), "-0.3%");
    }

    #[test]
    fn zeros_that_say_nothing_are_left_out() {
        assert_eq!(plain(12_500, 3), "12.5");
        assert_eq!(plain(-50, 3), "-0.05");
        assert_eq!(plain(3_400_000_000, SCALE), "3400");
        assert_eq!(plain(0, SCALE), "0");
    }
}
