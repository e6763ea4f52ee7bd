//! The audit beside the attacker.

use std::collections::BTreeSet;

use mesur_disclosure::{Area, Revision, audit};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::attacker::{Policy, attack};
use crate::world::{ROUNDED_TO_FIVE, ROUNDED_TO_THREE, SMALL_HIDDEN, edition, revision};

/// Hides every small value, and those that `also` picks.
fn hide(revision: &mut Revision, threshold: i64, also: &BTreeSet<(usize, usize)>) {
    for (cell, column) in revision.columns.iter_mut().enumerate() {
        let areas = std::iter::once((Area::Nation, column.nation));
        let authorities = column.authorities.iter().copied().enumerate();
        let areas = areas.chain(authorities.map(|(at, value)| (Area::Authority(at), value)));
        let hidden = areas.enumerate().filter(|(place, (_, collected))| {
            let mesur_disclosure::Collected::Value(value) = collected else {
                return false;
            };
            (1..threshold).contains(value) || also.contains(&(cell, *place))
        });
        column.hidden = hidden.map(|(_, (area, _))| area).collect();
    }
}

/// What the audit says of hidden values is what trying everything finds.
fn same_as_attacker(text: &str, policy: Policy, revisions: &[Revision]) {
    let authorities = revisions[0].columns[0].authorities.len();
    let edition = edition(text, authorities, revisions[0].columns.len() - 2, false);
    let strict = attack(policy, true, revisions);
    let any = attack(policy, false, revisions);
    for derived in audit(&edition, revisions).derived {
        let place = (derived.revision, derived.area, derived.cell.index());
        if !revisions[place.0].columns[place.2]
            .hidden
            .contains(&derived.area)
        {
            continue;
        }
        let (lower, upper) = strict[&place];
        let is_wide = upper - lower >= policy.width;
        let (lower, upper) = if is_wide { strict[&place] } else { any[&place] };
        assert_eq!(derived.lower, lower, "{place:?} of {revisions:?}");
        if upper < policy.most {
            assert_eq!(derived.upper, Some(upper), "{place:?} of {revisions:?}");
        } else {
            assert!(derived.upper.is_none_or(|end| end >= upper), "{place:?}");
        }
        let is_protected = upper - lower >= policy.width;
        assert_eq!(
            derived.is_protected, is_protected,
            "{place:?} of {revisions:?}"
        );
    }
}

const THREE: Policy = Policy {
    threshold: 3,
    base: 3,
    width: 1,
    most: 20,
};
const FIVE: Policy = Policy {
    threshold: 5,
    base: 5,
    width: 3,
    most: 20,
};
const HIDDEN: Policy = Policy {
    threshold: 5,
    base: 1,
    width: 3,
    most: 20,
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, rng_seed: RngSeed::Fixed(31), ..ProptestConfig::default() })]

    #[test]
    fn the_audit_finds_what_trying_everything_finds(
        kinds in proptest::collection::vec(proptest::collection::vec(0..5_i64, 2), 2),
        urgent in proptest::collection::vec(0..4_i64, 2),
        also in proptest::collection::btree_set((0..4_usize, 0..3_usize), 0..4),
    ) {
        for (text, policy) in [(SMALL_HIDDEN, HIDDEN), (ROUNDED_TO_FIVE, FIVE), (ROUNDED_TO_THREE, THREE)] {
            let mut revision = revision(&kinds, &urgent);
            hide(&mut revision, policy.threshold, &also);
            same_as_attacker(text, policy, &[revision]);
        }
    }

    #[test]
    fn the_audit_of_two_revisions_finds_what_trying_everything_finds(
        kinds in proptest::collection::vec(proptest::collection::vec(0..5_i64, 2), 2),
        changed in (0..2_usize, 0..2_usize, 0..5_i64),
        urgent in proptest::collection::vec(0..4_i64, 2),
        also in proptest::collection::btree_set((0..4_usize, 0..3_usize), 0..2),
    ) {
        let mut first = revision(&kinds, &urgent);
        let mut later = kinds.clone();
        later[changed.0][changed.1] = changed.2;
        let mut second = revision(&later, &urgent);
        hide(&mut first, 5, &also);
        hide(&mut second, 5, &BTreeSet::new());
        same_as_attacker(SMALL_HIDDEN, HIDDEN, &[first, second]);
    }
}
