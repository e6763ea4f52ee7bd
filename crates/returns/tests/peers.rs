//! Authorities beside each other, against a slow reference that works with fractions.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says what it needs"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use mesur_catalogue::{AuthorityCode, Catalogue, CellId, Edition};
use mesur_returns::{Cells, CellsBuilder, Observation, Observed, peers};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const METRICS: &str = "edition,code,code_status,family,population,title_en,title_status,\
    title_source,title_cy,period,period_status,unit,answer,has_total,based_on,based_on_status,\
    in_release,in_release_status,published,published_status,note\n\
    2031,W1,,W,homes,,,,,during_year,,,none,yes,,,,,yes,,\n";

const RULES: &str = "edition,rule_id,kind,left,operator,right,threshold,severity,basis,\
    basis_status,note\n\
    2031,heads,peers,W1,~,population,\"2.5,4\",info,,,\n\
    2031,plain,peers,W1,~,1,\"3,6\",warning,,,\n";

static WATER: LazyLock<Arc<Edition>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("edition-of-peers");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("metrics.csv"), METRICS).expect("a table");
    fs::write(folder.join("rules.csv"), RULES).expect("a table");
    let edition = Catalogue::default().add_folder(&folder);
    edition
        .map_err(|error| format!("{error:?}"))
        .expect("no faults")
});

/// Whole numbers of people that a thousand can be divided by, so that nothing is cut off.
const PEOPLE: [u64; 4] = [1, 8, 40, 1_000];

/// The places of the values that are far from the median, with fractions of one denominator.
fn far(values: &[(usize, i128)], thousandths: i128, fewest: usize) -> BTreeSet<usize> {
    let middle = |mut numbers: Vec<i128>| {
        numbers.sort_unstable();
        numbers[(numbers.len() - 1) / 2] + numbers[numbers.len() / 2]
    };
    if values.len() <= fewest {
        return BTreeSet::new();
    }
    let median = middle(values.iter().map(|(_, value)| *value).collect());
    let gap = |value: i128| (2 * value - median).abs();
    let deviation = middle(values.iter().map(|(_, value)| gap(*value)).collect());
    let is_far = |value: i128| deviation > 0 && 2 * gap(value) * 1_000 > deviation * thousandths;
    let places = values.iter().filter(|(_, value)| is_far(*value));
    places.map(|(place, _)| *place).collect()
}

fn cells(observed: Observed) -> Cells {
    let mut cells = CellsBuilder::new(1);
    cells.set(CellId(0), Observation::of(observed));
    cells.finish()
}

fn observed() -> impl Strategy<Value = Observed> {
    prop_oneof![
        12 => (0_i64..60).prop_map(Observed::Provided),
        1 => (0_i64..60).prop_map(|value| Observed::PartPeriod { value, end: None }),
        1 => Just(Observed::NotProvided),
        1 => Just(Observed::NotApplicable),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(22),
        ..ProptestConfig::default()
    })]

    #[test]
    fn authorities_far_from_the_others_are_those_that_a_slow_reference_finds(
        sent in prop::collection::vec((observed(), 0..=PEOPLE.len()), 0..22),
    ) {
        let codes: Vec<&AuthorityCode> = WATER.authorities().iter().map(|one| &one.code).collect();
        let held: Vec<Cells> = sent.iter().map(|(observed, _)| cells(*observed)).collect();
        let returns: Vec<_> = codes.iter().copied().zip(&held).collect();
        let people = |code: &AuthorityCode| {
            let place = codes.iter().position(|known| *known == code)?;
            PEOPLE.get(sent[place].1).copied()
        };
        let found = peers::compare(&WATER, &returns, people);
        let of_rule = |rule: &str| -> BTreeSet<usize> {
            let own = found.iter().filter(|one| one.finding.rule.as_deref() == Some(rule));
            let place = |code: &AuthorityCode| codes.iter().position(|known| *known == code);
            own.filter_map(|one| place(&one.authority)).collect()
        };
        let whole = sent.iter().enumerate().filter_map(|(place, (observed, people))| {
            let Observed::Provided(value) = observed else {
                return None;
            };
            Some((place, i128::from(*value), PEOPLE.get(*people)))
        });
        let whole: Vec<_> = whole.collect();
        let plain: Vec<_> = whole.iter().map(|(place, value, _)| (*place, *value)).collect();
        let heads = whole.iter().filter_map(|(place, value, people)| {
            Some((*place, value * 1_000 / i128::from(*(*people)?)))
        });
        prop_assert_eq!(of_rule("plain"), far(&plain, 3_000, 6));
        prop_assert_eq!(of_rule("heads"), far(&heads.collect::<Vec<_>>(), 2_500, 4));
        prop_assert_eq!(found.len(), of_rule("plain").len() + of_rule("heads").len());
    }
}

#[test]
fn what_is_found_names_the_value_and_the_usual_range_per_thousand_people() {
    let values = [20, 21, 22, 23, 24, 25, 90];
    let held: Vec<Cells> = values
        .iter()
        .map(|value| cells(Observed::Provided(*value)))
        .collect();
    let authorities = WATER.authorities().iter().map(|one| &one.code);
    let returns: Vec<_> = authorities.zip(&held).collect();
    let found = peers::compare(&WATER, &returns, |_| Some(1_000));
    let ids: Vec<&str> = found.iter().map(|one| one.finding.id.as_str()).collect();
    assert_eq!(ids, ["plain:W1", "heads:W1"]);
    assert!(found.iter().all(|one| &one.authority == returns[6].0));
    let texts = |at: usize| {
        let finding = &found[at].finding;
        (finding.found.as_deref(), finding.expected.as_deref())
    };
    assert_eq!(texts(0), (Some("90"), Some("17-29")));
    assert_eq!(texts(1), (Some("90‰"), Some("18‰-28‰")));
}
