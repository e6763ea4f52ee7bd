//! Exact figures as printed.

use crate::Language;

/// Prints a scaled whole number with thousands parted, exactly: 122141 with no decimals is
/// `122,141`, 127 with one is `12.7`.
///
/// `value_units` counts units of the last decimal, as the catalogue's figures do.
pub fn thousands(value_units: i64, decimals: u8, language: Language) -> String {
    let (thousands_mark, decimal_mark) = language.separators();
    let decimals = usize::from(decimals);
    // One digit always stands before the decimal mark: 5 with two decimals is 0.05.
    let digits = format!(
        "{:0>width$}",
        value_units.unsigned_abs(),
        width = decimals + 1
    );
    let (whole, fraction) = digits.split_at(digits.len() - decimals);

    let mut printed = String::with_capacity(digits.len() * 2);
    if value_units < 0 {
        printed.push('-');
    }
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            printed.push(thousands_mark);
        }
        printed.push(digit);
    }
    if !fraction.is_empty() {
        printed.push(decimal_mark);
        printed.push_str(fraction);
    }
    printed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_printed_digit_for_digit() {
        for (value_units, decimals, printed) in [
            (0, 0, "0"),
            (317, 0, "317"),
            (1_722, 0, "1,722"),
            (122_141, 0, "122,141"),
            (-1_234_567, 0, "-1,234,567"),
            (127, 1, "12.7"),
            (5, 2, "0.05"),
            (-5, 1, "-0.5"),
            (123_456, 2, "1,234.56"),
            (i64::MAX, 0, "9,223,372,036,854,775,807"),
            (i64::MIN, 3, "-9,223,372,036,854,775.808"),
        ] {
            for language in Language::ALL {
                assert_eq!(thousands(value_units, decimals, language), printed);
            }
        }
    }
}
