//! Scaled integers: reading and printing them.

/// The largest number of decimals a metric may have.
pub const DECIMALS_MAX: u8 = 6;

/// Why a text is not a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Anything but digits with at most one point and a leading minus sign.
    #[error("not a number in plain digits")]
    NotANumber,
    /// A decimal part or an exponent where whole numbers are asked for.
    #[error("not a whole number")]
    NotWhole,
    /// More digits after the point than the metric has.
    #[error("more decimals than the {0} asked for")]
    TooManyDecimals(u8),
    /// Does not fit 64 bits.
    #[error("too large a number")]
    TooLarge,
}

/// Reads `text` as a figure with `decimals` decimals: `12.3` with one decimal is `123`.
///
/// Plain ASCII digits only: no thousands separator, no sign but a leading minus, no exponent, no
/// surrounding space. A whole-number metric refuses even `410.0`, because a decimal part in a
/// count means that the cell holds something other than a count.
pub fn parse_quantity(text: &str, decimals: u8) -> Result<i64, QuantityError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if let Some((mantissa, exponent)) = digits.split_once(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let numeric = is_decimal(mantissa) && is_digits(exponent);
        return Err(if numeric && decimals == 0 {
            QuantityError::NotWhole
        } else {
            QuantityError::NotANumber
        });
    }
    if !is_decimal(digits) {
        return Err(QuantityError::NotANumber);
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !fraction.is_empty() && decimals == 0 {
        return Err(QuantityError::NotWhole);
    }
    if fraction.len() > usize::from(decimals) {
        return Err(QuantityError::TooManyDecimals(decimals));
    }
    let padding = usize::from(decimals).saturating_sub(fraction.len());
    let mut units: i64 = 0;
    for digit in whole
        .bytes()
        .chain(fraction.bytes())
        .chain(std::iter::repeat_n(b'0', padding))
    {
        let digit = i64::from(digit.saturating_sub(b'0'));
        units = units
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(digit))
            .ok_or(QuantityError::TooLarge)?;
    }
    Ok(if negative {
        units.saturating_neg()
    } else {
        units
    })
}

/// Prints a figure without separators: `123` with one decimal is `12.3`, `-5` with two is `-0.05`.
pub fn format_quantity(units: i64, decimals: u8) -> String {
    let digits = units.unsigned_abs().to_string();
    let decimals = usize::from(decimals);
    let sign = if units < 0 { "-" } else { "" };
    if decimals == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = decimals.saturating_add(1));
    let (whole, fraction) = padded.split_at(padded.len().saturating_sub(decimals));
    format!("{sign}{whole}.{fraction}")
}

/// The same figure with more decimals, widened so that arithmetic over metrics of different
/// precision is exact. `None` when `to` is smaller than `from`.
pub fn rescale(units: i64, from: u8, to: u8) -> Option<i128> {
    let places = u32::from(to.checked_sub(from)?);
    // It is mostly a few places, and a number of 64 bits is raised faster than one of 128.
    let factor = 10_i64.checked_pow(places).map(i128::from);
    let factor = factor.or_else(|| 10_i128.checked_pow(places));
    i128::from(units).checked_mul(factor?)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_decimal(text: &str) -> bool {
    match text.split_once('.') {
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        None => is_digits(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_digits_are_read_and_printed_back() {
        for (text, decimals, units) in [
            ("0", 0, 0),
            ("3400", 0, 3400),
            ("-7", 0, -7),
            ("12.3", 1, 123),
            ("12", 2, 1200),
        ] {
            assert_eq!(parse_quantity(text, decimals), Ok(units), "{text}");
        }
        assert_eq!(format_quantity(123, 1), "12.3");
        assert_eq!(format_quantity(-5, 2), "-0.05");
        assert_eq!(format_quantity(122_141, 0), "122141");
        assert_eq!(parse_quantity("9223372036854775807", 0), Ok(i64::MAX));
    }

    #[test]
    fn what_is_printed_is_read_back_at_the_ends_of_the_range_too() {
        for units in [i64::MAX, -i64::MAX, 0, -1, 9, 10, -1_000_000] {
            for decimals in 0..=DECIMALS_MAX {
                let text = format_quantity(units, decimals);
                assert_eq!(parse_quantity(&text, decimals), Ok(units), "{text}");
            }
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_own_reason() {
        for text in [
            "", " 5", "5 ", "+5", "1,000", "NaN", "inf", "３", "5.", ".5", "1e", "5%", "--5",
        ] {
            assert_eq!(
                parse_quantity(text, 0),
                Err(QuantityError::NotANumber),
                "{text}"
            );
        }
        for text in ["410.5", "410.0", "3.4e3", "3E3", "1e-2"] {
            assert_eq!(
                parse_quantity(text, 0),
                Err(QuantityError::NotWhole),
                "{text}"
            );
        }
        assert_eq!(
            parse_quantity("1.25", 1),
            Err(QuantityError::TooManyDecimals(1))
        );
        assert_eq!(
            parse_quantity("9223372036854775808", 0),
            Err(QuantityError::TooLarge)
        );
        assert_eq!(
            parse_quantity("922337203685477580.8", 2),
            Err(QuantityError::TooLarge)
        );
    }

    #[test]
    fn rescaling_is_exact_or_refused() {
        assert_eq!(rescale(123, 1, 3), Some(12_300));
        assert_eq!(rescale(123, 3, 1), None);
    }
}
