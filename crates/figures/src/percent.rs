//! Percentages of exact counts, rounded once.

/// How a figure half-way between two printed values is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rounding {
    /// Halves up: 33.5 is 34. The rule of the two real releases.
    #[default]
    HalfUp,
    /// Halves to the even neighbour: 33.5 is 34, 34.5 is 34.
    HalfEven,
}

/// A printed percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent {
    /// The percentage scaled by `decimals`.
    pub units: i64,
    /// Digits after the point.
    pub decimals: u8,
    /// The share is below 100 but rounds to 100: to be printed "nearly 100%", because 100%
    /// would say that nothing is left out.
    pub nearly_100: bool,
}

/// 100 × `numerator` / `denominator`, both on the same scale, rounded once.
///
/// `None` when the base is zero or negative (there is no percentage to state), or when the
/// result does not fit 64 bits.
pub fn percent(
    numerator: i128,
    denominator: i128,
    decimals: u8,
    rounding: Rounding,
) -> Option<Percent> {
    if denominator <= 0 {
        return None;
    }
    let scale = 10_i128.checked_pow(u32::from(decimals))?.checked_mul(100)?;
    let scaled = numerator.checked_mul(scale)?;
    let floor = scaled.checked_div_euclid(denominator)?;
    let remainder_twice = scaled.checked_rem_euclid(denominator)?.checked_mul(2)?;
    let up = match rounding {
        Rounding::HalfUp => remainder_twice >= denominator,
        Rounding::HalfEven => {
            remainder_twice > denominator
                || (remainder_twice == denominator && floor.checked_rem_euclid(2)? == 1)
        }
    };
    let rounded = floor.checked_add(i128::from(up))?;
    Some(Percent {
        units: i64::try_from(rounded).ok()?,
        decimals,
        nearly_100: rounded == scale && numerator < denominator,
    })
}

/// The share of `expected` authorities that `provided`, as a whole percentage, halves up:
/// 19 of 22 is 86. `None` when nobody is expected.
pub fn coverage_percent(provided: u32, expected: u32) -> Option<i64> {
    percent(provided.into(), expected.into(), 0, Rounding::HalfUp).map(|share| share.units)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(numerator: i128, denominator: i128) -> i64 {
        percent(numerator, denominator, 0, Rounding::HalfUp)
            .expect("a base")
            .units
    }

    /// Pairs of the two real releases, with the percentage they print.
    #[test]
    fn printed_percentages_come_out() {
        assert_eq!(whole(12_546, 21_951), 57);
        assert_eq!(whole(4_203, 12_546), 34);
        assert_eq!(whole(9_660, 11_926), 81);
        assert_eq!(coverage_percent(19, 22), Some(86));
        assert_eq!(coverage_percent(18, 22), Some(82));
    }

    #[test]
    fn halves_follow_the_rule_of_the_edition() {
        assert_eq!(whole(1, 200), 1);
        assert_eq!(
            percent(1, 200, 0, Rounding::HalfEven).map(|p| p.units),
            Some(0)
        );
        assert_eq!(
            percent(3, 200, 0, Rounding::HalfEven).map(|p| p.units),
            Some(2)
        );
        assert_eq!(
            percent(1, 3, 1, Rounding::HalfUp).map(|p| p.units),
            Some(333)
        );
    }

    #[test]
    fn a_share_just_below_all_is_nearly_100() {
        let share = percent(2_783, 2_790, 0, Rounding::HalfUp).expect("a base");
        assert_eq!((share.units, share.nearly_100), (100, true));
        assert!(
            !percent(5, 5, 0, Rounding::HalfUp)
                .expect("a base")
                .nearly_100
        );
        assert!(
            !percent(99, 100, 0, Rounding::HalfUp)
                .expect("a base")
                .nearly_100
        );
    }

    #[test]
    fn no_base_means_no_percentage() {
        assert_eq!(percent(0, 0, 0, Rounding::HalfUp), None);
        assert_eq!(percent(1, -2, 0, Rounding::HalfUp), None);
        assert_eq!(coverage_percent(0, 0), None);
    }

    #[test]
    fn what_does_not_fit_is_no_percentage_and_no_panic() {
        assert_eq!(percent(i128::MAX, 1, 0, Rounding::HalfUp), None);
        assert_eq!(percent(i64::MAX.into(), 1, 0, Rounding::HalfUp), None);
        assert_eq!(
            percent(1, i128::MAX, 6, Rounding::HalfEven).map(|p| p.units),
            Some(0)
        );
    }
}
