//! What is hidden beyond what is small.

use std::collections::BTreeSet;

use mesur_disclosure::{Area, Audit, Collected, Revision, audit, protect};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::attacker::{Policy, attack};
use crate::world::{ROUNDED_TO_FIVE, ROUNDED_TO_THREE, SMALL_HIDDEN, edition, revision, shown};

fn audited(policy: &str, revisions: &[Revision]) -> Audit {
    let column = &revisions[0].columns[0];
    let kinds = revisions[0].columns.len() - 2;
    audit(
        &edition(policy, column.authorities.len(), kinds, false),
        revisions,
    )
}

fn protected(policy: &str, earlier: &[Revision], new: Revision) -> Revision {
    let column = &new.columns[0];
    let kinds = new.columns.len() - 2;
    protect(
        &edition(policy, column.authorities.len(), kinds, false),
        earlier,
        new,
    )
}

#[test]
fn a_single_hidden_value_gets_a_complement_in_its_row_and_in_its_column() {
    let kinds = [vec![3, 40], vec![20, 50], vec![30, 60]];
    let new = revision(&kinds, &[20, 30, 40]);
    let new = protected(SMALL_HIDDEN, &[], new);
    assert_eq!(shown(&new, 0), ["203", "43", "70", "90"]);
    assert_eq!(shown(&new, 1), ["53", "c", "c", "30"]);
    assert_eq!(shown(&new, 2), ["150", "c", "c", "60"]);
    let audit = audited(SMALL_HIDDEN, &[new]);
    assert!(audit.is_safe());
    assert_eq!((audit.primary_count, audit.complementary_count), (1, 3));
    let small = audit
        .derived
        .iter()
        .find(|one| !one.is_complementary)
        .expect("one");
    assert_eq!(
        (small.area, small.lower, small.upper),
        (Area::Authority(0), 1, Some(4))
    );
}

#[test]
fn what_only_policies_hide_can_be_worked_out_and_the_audit_says_so() {
    let edition = edition(SMALL_HIDDEN, 3, 2, false);
    let mut new = revision(&[vec![3, 40], vec![20, 50], vec![30, 60]], &[20, 30, 40]);
    let unprotected = audit(&edition, std::slice::from_ref(&new));
    let shown_small = unprotected.derived.iter().map(|one| (one.lower, one.upper));
    assert_eq!(shown_small.collect::<Vec<_>>(), [(3, Some(3))]);
    let column = &mut new.columns[1];
    column.hidden.insert(Area::Authority(0));
    let audit = audit(&edition, &[new]);
    assert!(!audit.is_safe());
    assert_eq!(
        (audit.derived[0].lower, audit.derived[0].upper),
        (3, Some(3))
    );
}

#[test]
fn a_late_return_cannot_be_had_as_the_difference_of_two_revisions() {
    let kinds = [vec![13, 40], vec![20, 50], vec![2, 60]];
    let mut first = revision(&kinds, &[20, 30, 40]);
    for column in &mut first.columns {
        let late = std::mem::replace(&mut column.authorities[2], Collected::Absent);
        if let (Collected::Value(nation), Collected::Value(late)) = (column.nation, late) {
            column.nation = Collected::Value(nation - late);
        }
    }
    let first = protected(SMALL_HIDDEN, &[], first);
    assert_eq!(shown(&first, 1), ["33", "13", "20", "x"]);
    let second = revision(&kinds, &[20, 30, 40]);
    let second = protected(SMALL_HIDDEN, std::slice::from_ref(&first), second);
    // Of what was there before nothing can be hidden any more: the nation goes with the small value.
    assert_eq!(shown(&second, 1), ["c", "13", "20", "c"]);
    assert_eq!(shown(&second, 2), ["c", "40", "50", "c"]);
    assert!(audited(SMALL_HIDDEN, &[first, second]).is_safe());
}

#[test]
fn what_was_hidden_stays_hidden_while_it_is_the_same() {
    let kinds = [vec![3, 40], vec![20, 50], vec![30, 60]];
    let first = protected(SMALL_HIDDEN, &[], revision(&kinds, &[20, 30, 40]));
    // The small value was a slip: it protects nothing any more, and neither do the others.
    let corrected = [vec![33, 40], vec![20, 50], vec![30, 60]];
    let second = revision(&corrected, &[20, 30, 40]);
    let second = protected(SMALL_HIDDEN, std::slice::from_ref(&first), second);
    assert_eq!(shown(&second, 1)[2], "c");
    assert!(audited(SMALL_HIDDEN, &[first, second]).is_safe());
}

#[test]
fn a_value_that_is_not_told_is_not_left_to_be_subtracted() {
    let mut new = revision(&[vec![10, 40], vec![20, 50], vec![30, 60]], &[20, 30, 40]);
    let column = &mut new.columns[3];
    column.authorities[0] = Collected::Untold;
    column.nation = Collected::Value(72);
    let new = protected(SMALL_HIDDEN, &[], new);
    assert_eq!(shown(&new, 3), ["72", "u", "c", "40"]);
    let mut large = revision(&[vec![10, 40], vec![20, 50], vec![30, 60]], &[20, 30, 40]);
    large.columns[3].authorities[0] = Collected::Untold;
    let large = protected(SMALL_HIDDEN, &[], large);
    assert_eq!(shown(&large, 3), ["90", "u", "30", "40"], "20 is not small");
}

#[test]
fn rounding_alone_protects_where_it_leaves_room() {
    // 10, 15, c, 25: the first row of a table rounded to five.
    let new = revision(&[vec![10, 15, 2], vec![40, 50, 60]], &[9, 30]);
    let new = protected(ROUNDED_TO_FIVE, &[], new);
    assert_eq!(shown(&new, 3), ["62", "c", "60"]);
    let audit = audited(ROUNDED_TO_FIVE, &[new]);
    assert!(audit.is_safe());
    assert_eq!((audit.primary_count, audit.complementary_count), (1, 0));
    // 5, 0, c, 5: five of at most seven leave no room for four.
    let tight = revision(&[vec![5, 0, 2], vec![40, 50, 60]], &[5, 30]);
    let tight = protected(ROUNDED_TO_FIVE, &[], tight);
    let audit = audited(ROUNDED_TO_FIVE, &[tight]);
    assert!(audit.is_safe() && audit.complementary_count > 0);
}

#[test]
fn what_is_shown_exactly_is_hidden_only_as_a_last_resort() {
    let edition = edition(SMALL_HIDDEN, 2, 0, true);
    let of = |cases: [i64; 2], urgent: [i64; 2]| {
        let column = |values: [i64; 2]| {
            revision(&[vec![values[0]], vec![values[1]]], &[0, 0])
                .columns
                .remove(0)
        };
        let new = Revision {
            columns: vec![column(cases), column(urgent)],
        };
        protect(&edition, &[], new)
    };
    let with_room = of([3, 3], [0, 0]);
    assert_eq!(shown(&with_room, 1), ["0", "0", "0"]);
    // Three urgent cases of c: at least three.
    let without = of([3, 3], [3, 0]);
    assert_eq!(shown(&without, 1)[1], "c");
    assert!(audit(&edition, &[without]).is_safe());
}

/// Policies of many kinds with what an attacker knows of them.
const POLICIES: [(&str, Policy); 3] = [
    (
        SMALL_HIDDEN,
        Policy {
            threshold: 5,
            base: 1,
            width: 3,
            most: 13,
        },
    ),
    (
        ROUNDED_TO_FIVE,
        Policy {
            threshold: 5,
            base: 5,
            width: 3,
            most: 13,
        },
    ),
    (
        ROUNDED_TO_THREE,
        Policy {
            threshold: 3,
            base: 3,
            width: 1,
            most: 13,
        },
    ),
];

/// The table's small values rounded, its zeros hidden, and other numbers.
const OTHER_POLICIES: [&str; 4] = [
    "threshold = 5\nbase = 5\nsmall_values = \"rounded\"",
    "threshold = 5\nzero_hidden = true",
    "threshold = 10\nbase = 10\ninterval_width = 4",
    "threshold = 4\ninterval_width = 1",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, rng_seed: RngSeed::Fixed(12), ..ProptestConfig::default() })]

    #[test]
    fn no_hidden_value_of_two_revisions_can_be_bounded_more_tightly_than_its_policy_says(
        kinds in proptest::collection::vec(proptest::collection::vec(0..6_i64, 1), 2),
        changed in (0..2_usize, 0..6_i64),
        urgent in proptest::collection::vec(0..4_i64, 2),
    ) {
        for (text, policy) in POLICIES {
            let first = protected(text, &[], revision(&kinds, &urgent));
            let mut later = kinds.clone();
            later[changed.0][0] = changed.1;
            let second = revision(&later, &urgent);
            let second = protected(text, std::slice::from_ref(&first), second);
            let revisions = [first, second];
            let is_safe = audited(text, &revisions).is_safe();
            let intervals = attack(policy, false, &revisions);
            let narrow = intervals.iter().find(|((number, area, cell), (lower, upper))| {
                revisions[*number].columns[*cell].hidden.contains(area) && upper - lower < policy.width
            });
            prop_assert_eq!(narrow.is_none(), is_safe, "{:?}: {:?}", narrow, revisions);
        }
    }

    #[test]
    fn whatever_the_table_and_the_policy_what_is_protected_passes_the_audit(
        kinds in proptest::collection::vec(proptest::collection::vec(0..14_i64, 3), 4),
        changed in (0..4_usize, 0..3_usize, 0..14_i64),
        urgent in proptest::collection::vec(0..14_i64, 4),
    ) {
        let policies = POLICIES.map(|(text, _)| text);
        for text in policies.iter().chain(&OTHER_POLICIES) {
            let first = protected(text, &[], revision(&kinds, &urgent));
            prop_assert_eq!(&first, &protected(text, &[], revision(&kinds, &urgent)));
            let alone = audited(text, std::slice::from_ref(&first));
            prop_assert!(alone.is_safe(), "{text}: {:?}", alone.derived.first());
            let mut later = kinds.clone();
            later[changed.0][changed.1] = changed.2;
            let second = revision(&later, &urgent);
            let second = protected(text, std::slice::from_ref(&first), second);
            // What was published may leave no way; where hiding everything is one, it was found.
            let narrow = narrow(text, &[first.clone(), second.clone()]);
            if !narrow.is_empty() {
                let beyond_help = self::narrow(text, &[first, all_hidden(second)]);
                prop_assert!(narrow.is_subset(&beyond_help), "{text}: {narrow:?}");
            }
        }
    }
}

/// The values that can be worked out.
fn narrow(policy: &str, revisions: &[Revision]) -> BTreeSet<(usize, Area, usize)> {
    let derived = audited(policy, revisions).derived.into_iter();
    derived
        .filter(|derived| !derived.is_protected)
        .map(|derived| (derived.revision, derived.area, derived.cell.index()))
        .collect()
}

fn all_hidden(mut revision: Revision) -> Revision {
    for column in &mut revision.columns {
        let authorities = (0..column.authorities.len()).map(Area::Authority);
        column.hidden = std::iter::once(Area::Nation).chain(authorities).collect();
    }
    revision
}
