//! What is kept while authorities come and go, against all of it added up anew.

use std::sync::Arc;

use super::super::search::Bounds;
use super::*;

/// One change: which authority, what it then provides, and whether its homes are robust.
type Change = (usize, Option<[Observed; 2]>, bool);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let values = proptest::option::weighted(0.8, [observed(), observed()]);
    proptest::collection::vec((0..4_usize, values, any::<bool>()), 0..24)
}

const CODES: [&str; 4] = ["X01", "X02", "X03", "X04"];

/// What an authority has: its return, and whether its homes are not robust.
type Held = [(Option<DataReturn>, bool); 4];

fn marks(held: &Held) -> NotRobust {
    let metric = MetricCode::parse("WA/002").unwrap();
    let marked = held.iter().zip(CODES).filter(|((_, marked), _)| *marked);
    let marked = marked.map(|(_, code)| {
        let code = AuthorityCode::parse(code).unwrap();
        (code, [metric.clone()].into())
    });
    marked.collect()
}

fn step(
    kept: &mut Tally,
    step: Step,
    (own_return, marked): &(Option<DataReturn>, bool),
    place: usize,
) {
    let mut held: Held = Default::default();
    held[place].1 = *marked;
    if let Some(own_return) = own_return {
        let definitions = Definitions::new(&EDITION, None);
        kept.step(step, &definitions, &own(own_return, &marks(&held)))
            .unwrap();
    }
}

/// The share over the returns that have both, and the lowest and highest authority by their own
/// shares, from the definition alone: no figure of the test reaches the sizes that overflow here.
fn shares(held: &Held) -> (Share, Vec<usize>) {
    let mut all = Share::NONE;
    let mut ranked: Vec<(i128, i128, &str)> = Vec::new();
    for ((own_return, marked), code) in held.iter().zip(CODES) {
        let Some(own_return) = own_return else {
            continue;
        };
        let counted = |cell| match own_return.observed(CellId(cell)).unwrap() {
            Provided(value) | Part { value, .. } => Some(i128::from(value)),
            NotApplicable => Some(0),
            NotProvided => None,
        };
        let (Some(used), Some(homes)) = (counted(0), counted(1)) else {
            continue;
        };
        let homes = homes * 10;
        all.numerator += homes;
        all.denominator += used;
        all.authorities += 1;
        if !marked && used > 0 {
            ranked.push((homes, used, code));
        }
    }
    ranked.sort_by(|one, other| (one.0 * other.1, one.2).cmp(&(other.0 * one.1, other.2)));
    let place = |code: &str| {
        let mut authorities = EDITION.authorities().iter();
        authorities
            .position(|one| one.code.as_str() == code)
            .unwrap()
    };
    (all, ranked.iter().map(|(_, _, code)| place(code)).collect())
}

fn quartiles_by_search(values: &[i64], part_bits: u32) -> Option<Spread> {
    let mut known = Values::Bounds(vec![Bounds::default()]);
    for value in values {
        let one = Values::Bounds(vec![Bounds::of(*value)]);
        known.merge(one).unwrap();
    }
    let mut search = known.spreads().unwrap_err().with_part_bits(part_bits);
    for _ in 0..=64 {
        if let Some(spreads) = search.spreads() {
            return spreads[0];
        }
        let shared = Arc::new(search);
        let mut counts = Counts::new(&shared);
        for value in values {
            counts.take_value(0, *value).unwrap();
        }
        search = shared.narrowed(&counts);
    }
    panic!("every pass narrows the ranges")
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(23),
        ..ProptestConfig::default()
    })]

    #[test]
    fn totals_kept_through_any_changes_are_those_of_a_recount(changes in changes()) {
        let definitions = Definitions::new(&EDITION, None);
        let mut kept = Tally::new(&definitions);
        let mut held: Held = Default::default();
        for (place, values, marked) in changes {
            step(&mut kept, Step::Remove, &held[place], place);
            held[place] = (values.map(|values| data_return(CODES[place], values)), marked);
            step(&mut kept, Step::Add, &held[place], place);
        }
        let returns: Vec<&DataReturn> = held.iter().filter_map(|(own, _)| own.as_ref()).collect();
        let recount = tally(returns.iter().rev().copied(), &marks(&held)).unwrap();
        prop_assert_eq!(&kept, &recount);
        let (some, others) = returns.split_at(returns.len() / 2);
        let mut merged = tally(some.iter().copied(), &marks(&held)).unwrap();
        merged.merge(&EDITION, tally(others.iter().copied(), &marks(&held)).unwrap()).unwrap();
        prop_assert_eq!(&kept, &merged);
        let Ok((_, figures)) = told(&kept) else { return Ok(()) };
        let (matched, ranked) = shares(&held);
        prop_assert_eq!(figure(&figures, "share").matched, Some(matched));
        let authority = |id| figure(&figures, id).authority;
        prop_assert_eq!(authority("lowest"), ranked.first().copied());
        prop_assert_eq!(authority("second"), ranked.get(1).copied());
        prop_assert_eq!(authority("highest"), ranked.last().copied());
    }

    #[test]
    fn quartiles_that_are_searched_for_are_those_of_the_values_in_order(
        values in proptest::collection::vec(
            prop_oneof![-3_i64..30, -1_000_000_i64..1_000_000, any::<i64>()], 0..60
        ),
        part_bits in 1_u32..=8,
    ) {
        let in_order = Spread::of(&mut values.clone());
        prop_assert_eq!(quartiles_by_search(&values, part_bits), in_order);
    }
}
