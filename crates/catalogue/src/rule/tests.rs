use super::read::tolerance;
use super::*;
use crate::ids::CellId;

#[test]
fn thresholds_are_read_in_the_form_of_their_kind() {
    let of_larger = |percent| Ok(Tolerance::OfLarger { percent });
    assert_eq!(tolerance("10%", RuleKind::StockFlow), of_larger(10_000));
    assert_eq!(tolerance(" 0.5 % ", RuleKind::Sum), of_larger(500));
    let of_earlier = Tolerance::OfEarlier {
        percent: 50_000,
        number: 25_500,
    };
    assert_eq!(tolerance("50%, 25.5", RuleKind::YearOnYear), Ok(of_earlier));
    for (text, kind) in [
        ("", RuleKind::StockFlow),
        ("10", RuleKind::StockFlow),
        ("-10%", RuleKind::StockFlow),
        ("10%,5", RuleKind::StockFlow),
        ("50%", RuleKind::YearOnYear),
        ("50,50", RuleKind::YearOnYear),
        ("50%,-1", RuleKind::YearOnYear),
        ("0.0001%", RuleKind::Sum),
    ] {
        assert!(tolerance(text, kind).is_err(), "{text}");
    }
}

#[test]
fn a_test_is_described_with_plain_numbers() {
    let side = |text| Expression::parse(text, |_| Some(CellId(0))).expect("an expression");
    let (left, right) = (side("A[b]"), side("A - prev:C"));
    let every = Test::Every {
        comparator: Comparator::AtMost,
        bound: 10_000_000_000,
    };
    assert_eq!(every.describe(), "* <= 10000000");
    let near = Test::Near {
        left: left.clone(),
        right: right.clone(),
        tolerance: Tolerance::OfEarlier {
            percent: 12_500,
            number: 50_000,
        },
    };
    assert_eq!(near.describe(), "A[b] ~ A - prev:C within 12.5% or 50");
    let rate = Test::Rate {
        numerator: left,
        denominator: right,
        low: 0,
        high: 100_000,
    };
    assert_eq!(rate.describe(), "A[b] / A - prev:C in 0-100%");
}

#[test]
fn every_kind_has_the_name_of_the_table() {
    for (name, kind) in KINDS {
        assert_eq!(kind.as_str(), name);
    }
}
