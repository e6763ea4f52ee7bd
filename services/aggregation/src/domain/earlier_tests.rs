//! Rates, changes on the edition before and what is published, on two invented editions: by hand, and
//! by a slow reference.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails"
)]

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, LazyLock};

use mesur_catalogue::{AuthorityCode, Catalogue, CellId, Edition, EditionName, MetricCode, Series};
use mesur_returns::{CellsBuilder, DataReturn, Observation, Observed};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::change::{Changes, Comparison, Matched};
use super::rate::{Rate, Rates};
use super::standing::Breakdowns;
use super::*;

const METRICS_HEADER: &str = "edition,code,code_status,family,population,title_en,title_status,\
title_source,title_cy,period,period_status,unit,answer,has_total,based_on,based_on_status,\
in_release,in_release_status,published,published_status,note,decimals\n";
const AUTHORITIES: &str = "code,name_en,name_cy,kind\nX03,East,Dwyrain,authority\n\
X01,North,Gogledd,authority\nX02,South,De,authority\nX04,West,Gorllewin,authority\n\
X99,Whole,Cyfan,nation\n";
const POPULATION: &str =
    "authority,mid_year,population\nX01,2030,1000\nX02,2030,2000\nX03,2030,3000\n";
const FIGURES: &str = "figure,kind,numerator,denominator,of,rank,threshold,source_id,note\n\
per-head,rate,WA/001,,,,,,\nboth,rate,WA/001 + WA/002,,,,,,\ngrowth,change,WA/001,,,,,,\n\
weighted,change,WA/001 + 2*WA/002 - WA/002[a],,,,,,\nbroken,change,WA/001 + WA/003,,,,,,\n";

/// In tenths in 2031 and whole before; the third metric changed.
fn metrics(period: &str, decimals: &str, unit: &str) -> String {
    let metric = |code: &str, unit: &str, published: &str, decimals: &str| {
        format!(
            "{period},{code},printed,WA,homes,Title,printed,,,during_year,printed,{unit},none,yes,,\
             ,,,{published},printed,,{decimals}\n"
        )
    };
    [
        METRICS_HEADER.to_owned(),
        metric("WA/001", "m3", "yes", decimals),
        metric("WA/002", "homes", "yes", "0"),
        metric("WA/003", unit, "no", "0"),
    ]
    .concat()
}

fn write_edition(catalogue: &mut Catalogue, period: &str, decimals: &str, unit: &str) {
    let folder = tempfile::tempdir().unwrap();
    let settings = format!(
        "collection = \"water\"\nperiod = \"{period}\"\npercent_decimals = 1\n\
         coverage_floor_percent = 75\n"
    );
    let categories = format!(
        "edition,code,category,dimension,answer,label_en,label_cy,label_status,\
         is_unknown_remainder,note\n{period},WA/002,a,by,single,A,,printed,no,\n\
         {period},WA/002,b,by,single,B,,printed,no,\n"
    );
    let metrics = metrics(period, decimals, unit);
    for (file, text) in [
        ("edition.toml", settings.as_str()),
        ("authorities.csv", AUTHORITIES),
        ("population.csv", POPULATION),
        ("metrics.csv", &metrics),
        ("categories.csv", &categories),
        ("figures.csv", FIGURES),
    ] {
        fs::write(folder.path().join(file), text).unwrap();
    }
    catalogue.add_folder(folder.path()).unwrap();
}

struct Editions {
    now: Arc<Edition>,
    before: Arc<Edition>,
}

static EDITIONS: LazyLock<Editions> = LazyLock::new(|| {
    let mut catalogue = Catalogue::default();
    write_edition(&mut catalogue, "2030", "0", "leaks");
    write_edition(&mut catalogue, "2031", "1", "floods");
    let now = EditionName::parse("water/2031").unwrap();
    Editions {
        now: Arc::clone(catalogue.get(&now).unwrap()),
        before: Arc::clone(catalogue.previous(&now).unwrap()),
    }
});

/// The cells: WA/001, WA/002, its categories a and b, WA/003.
const CELLS: usize = 5;
type Row = [Observed; CELLS];

fn data_return(edition: &Edition, authority: &str, row: &Row) -> DataReturn {
    let mut cells = CellsBuilder::new(CELLS);
    for (value, cell) in row.iter().zip(0..) {
        cells.set(CellId(cell), Observation::of(*value));
    }
    let authority = AuthorityCode::parse(authority).unwrap();
    DataReturn::new(edition, authority, cells.finish()).unwrap()
}

use Observed::{NotApplicable, NotProvided, Provided};

fn part(value: i64) -> Observed {
    Observed::PartPeriod { value, end: None }
}

fn figure_place(id: &str) -> usize {
    let mut figures = EDITIONS.now.figures().iter();
    figures.position(|figure| figure.id == id).unwrap()
}

#[test]
fn a_rate_is_over_whole_periods_and_people_that_are_held() {
    let edition = &EDITIONS.now;
    let mut rates = Rates::new(edition);
    for (authority, row) in [
        (
            "X01",
            [
                Provided(405),
                Provided(20),
                Provided(10),
                Provided(10),
                Provided(0),
            ],
        ),
        (
            "X02",
            [
                Provided(100),
                NotApplicable,
                NotApplicable,
                NotApplicable,
                Provided(0),
            ],
        ),
        (
            "X03",
            [part(95), Provided(7), Provided(7), Provided(0), NotProvided],
        ),
        // Nobody knows how many people live in the West.
        (
            "X04",
            [
                Provided(999),
                Provided(9),
                Provided(9),
                Provided(0),
                Provided(0),
            ],
        ),
    ] {
        let own = data_return(edition, authority, &row);
        rates.step(Step::Add, edition, &own).unwrap();
    }
    let used = Rate {
        numerator: 505,
        population: 3_000,
        authorities: 2,
    };
    assert_eq!(rates.cells[0], used);
    // 50.5 of 3,000 is 16.83 of 1,000; 27 of 4,000 is 6.75, and halves go up.
    assert_eq!(used.value(edition, 1), Some(168));
    assert_eq!(rates.cells[1].value(edition, 0), Some(68));
    let figure = |id: &str| rates.figures[figure_place(id)].unwrap().figure(edition, 4);
    let per_head = figure("per-head");
    assert_eq!(
        (per_head.value, per_head.decimals, per_head.not_provided),
        (Some(168), 1, 2)
    );
    // What does not apply to the South is nothing: 40.5 + 20 + 10.0 of 3,000.
    assert_eq!(figure("both").value, Some(235));
    assert_eq!(rates.figures[figure_place("growth")], None);
    assert_eq!(Rate::default().value(edition, 0), None);
}

#[test]
fn a_change_is_told_over_who_is_in_both_and_not_where_the_definition_changed() {
    let Editions { now, before } = &*EDITIONS;
    let comparison = Comparison::new(now, before);
    assert_eq!(comparison.series(CellId(0)), Series::Goes(CellId(0)));
    assert_eq!(comparison.series(CellId(4)), Series::Broken);
    let mut changes = Changes::new(&comparison);
    let [nothing, ten] = [NotProvided, Provided(10)];
    for (authority, rows) in [
        (
            "X01",
            [
                [Provided(405), ten, ten, ten, ten],
                [Provided(50), ten, nothing, ten, ten],
            ],
        ),
        (
            "X02",
            [
                [part(100), ten, ten, ten, ten],
                [Provided(10), ten, ten, ten, ten],
            ],
        ),
        (
            "X03",
            [
                [Provided(200), ten, ten, ten, ten],
                [Provided(30), ten, ten, ten, ten],
            ],
        ),
    ] {
        let pair = [
            data_return(now, authority, &rows[0]),
            data_return(before, authority, &rows[1]),
        ];
        changes
            .step(Step::Add, &comparison, pair.each_ref())
            .unwrap();
    }
    // 60.5 against 80, in tenths both; 24.375 per cent less.
    let used = Matched {
        value: 605,
        previous: 800,
        authorities: 2,
    };
    assert_eq!((changes.cells[0], used.percent(now)), (used, Some(-244)));
    assert_eq!(changes.cells[4], Matched::default());
    let of = |id: &str| changes.figures[figure_place(id)];
    assert_eq!(of("growth"), Some(used));
    // Only the East has every cell for a whole period in both: 20.0 + 2*10 - 10, 30 + 2*10 - 10.
    let east = Matched {
        value: 300,
        previous: 400,
        authorities: 1,
    };
    assert_eq!(of("weighted"), Some(east));
    assert_eq!(of("broken"), None);
    let stated = Matched::figure(now, 4, of("weighted").as_ref());
    assert_eq!(
        (stated.value, stated.decimals, stated.not_provided),
        (Some(-250), 1, 3)
    );
    let broken = Matched::figure(now, 4, None);
    assert_eq!((broken.value, broken.not_provided), (None, 4));
}

fn decision(number: u32, metric: &str, ruling: Ruling) -> Decision {
    Decision {
        number,
        metric: MetricCode::parse(metric).unwrap(),
        ruling,
        reason: DecisionReason::parse("Poor records").unwrap(),
        decider: "a statistician".to_owned(),
        created: "2032-01-02T03:04:05Z".parse().unwrap(),
    }
}

/// Whether nation and authorities are published, and the numbers of the decisions.
fn published(standings: &[MetricStanding]) -> Vec<(bool, bool, Vec<u32>)> {
    let told = standings.iter().map(|one| {
        let numbers = one.decisions.clone();
        (one.national_published, one.authorities_published, numbers)
    });
    told.collect()
}

#[test]
fn the_newest_decision_on_a_subject_is_in_force_and_the_edition_says_the_rest() {
    let edition = &EDITIONS.now;
    let totals = [CellTotal::default(); CELLS];
    let breakdowns = Breakdowns::new(edition);
    let standings_of = |decisions: &Decisions| standings(edition, &totals, &breakdowns, decisions);
    let mut decisions = Decisions::default();
    assert_eq!(
        published(&standings_of(&decisions)),
        [
            (true, true, vec![]),
            (true, true, vec![]),
            (false, false, vec![])
        ]
    );
    let north = Some(AuthorityCode::parse("X01").unwrap());
    let marks = |authority, marks: &[Mark]| Ruling::Marks {
        authority,
        marks: marks.iter().copied().collect(),
    };
    let taken = [
        decision(1, "WA/001", Ruling::National(false)),
        decision(2, "WA/001", Ruling::National(true)),
        decision(3, "WA/001", Ruling::Authorities(false)),
        decision(4, "WA/003", Ruling::National(true)),
        decision(5, "WA/002", marks(None, &[Mark::Provisional])),
        decision(
            6,
            "WA/002",
            marks(north, &[Mark::Estimated, Mark::LowReliability]),
        ),
        decision(7, "WA/002", marks(None, &[])),
    ];
    let mut inputs = BTreeSet::from([decisions.digest_input()]);
    for one in &taken {
        decisions.take(one.clone());
        assert!(
            inputs.insert(decisions.digest_input()),
            "{one:?} is an input"
        );
    }
    let standings = standings_of(&decisions);
    assert_eq!(
        published(&standings),
        // Authorities stand as the nation does unless somebody decided on them.
        [
            (true, false, vec![2, 3]),
            (true, true, vec![6, 7]),
            (true, true, vec![4])
        ]
    );
    assert!(standings[1].marks.is_empty(), "taken away again");
    // The North is the second of the edition.
    let both = BTreeSet::from([Mark::LowReliability, Mark::Estimated]);
    assert_eq!(standings[1].authority_marks, [(1, both)]);
    let in_force: Vec<bool> = taken.iter().map(|one| decisions.has(one)).collect();
    assert_eq!(in_force, [false, true, true, true, false, true, true]);
}

#[test]
fn total_and_breakdown_have_coverage_of_their_own_and_a_low_one_proposes() {
    let edition = &EDITIONS.now;
    let mut breakdowns = Breakdowns::new(edition);
    let mut cells = CellTallies::new(edition);
    let seven = Provided(7);
    for (authority, row) in [
        ("X01", [seven, seven, seven, part(0), NotProvided]),
        ("X02", [NotProvided, seven, seven, NotProvided, seven]),
        (
            "X03",
            [
                NotProvided,
                NotProvided,
                NotApplicable,
                NotApplicable,
                seven,
            ],
        ),
        ("X04", [seven, seven, NotApplicable, seven, seven]),
    ] {
        let own = data_return(edition, authority, &row);
        breakdowns.step(Step::Add, edition, &own).unwrap();
        cells.step(Step::Add, own.cells()).unwrap();
    }
    let totals = cells.totals(edition).unwrap();
    let standings = standings(edition, &totals, &breakdowns, &Decisions::default());
    let told: Vec<_> = standings
        .iter()
        .map(|one| (one.provided, one.coverage_percent, one.withholding_proposed))
        .collect();
    assert_eq!(
        told,
        [
            ([2, 2], [50, 50], true),
            // Three of four have the total; of the breakdown one lacks a part, and to one nothing
            // applies.
            ([3, 2], [75, 75], false),
            ([3, 3], [75, 75], false),
        ]
    );
    assert!(standings[0].national_published, "a person decides");
}

fn observed() -> impl Strategy<Value = Observed> {
    let value = prop_oneof![20 => -5_i64..1_000, 1 => any::<i64>()];
    (0..8, value).prop_map(|(status, value)| match status {
        0 => part(value),
        1 => NotProvided,
        2 => NotApplicable,
        _ => Provided(value),
    })
}

fn row() -> impl Strategy<Value = Row> {
    [observed(), observed(), observed(), observed(), observed()]
}

const CODES: [&str; 4] = ["X03", "X01", "X02", "X04"];
const PEOPLE: [Option<i128>; 4] = [Some(3_000), Some(1_000), Some(2_000), None];

/// `share` of `base` times `scale`, halves up, from the definition of a half.
fn rounded(share: i128, base: i128, scale: i128) -> Option<i64> {
    let doubled = 2 * share * scale + base;
    (base > 0).then(|| i64::try_from(doubled.div_euclid(2 * base)).ok())?
}

/// WA/001 + 2*WA/002 - WA/002[a] in tenths, where each is whole or does not apply.
fn weighted(row: &Row, tenth: i128) -> Option<i128> {
    let values: Option<Vec<i128>> = row[..3]
        .iter()
        .map(|observed| match observed {
            Provided(value) => Some(i128::from(*value)),
            NotApplicable => Some(0),
            Observed::PartPeriod { .. } | NotProvided => None,
        })
        .collect();
    let any = row[..3]
        .iter()
        .any(|observed| matches!(observed, Provided(_)));
    let values = values.filter(|_| any)?;
    Some(values[0] * tenth + 20 * values[1] - 10 * values[2])
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(31),
        ..ProptestConfig::default()
    })]

    #[test]
    fn rates_and_changes_are_what_a_slow_reference_says_whoever_came_and_went(
        rows in [row(), row(), row(), row()],
        earlier in [row(), row(), row(), row()],
        gone in [row(), row(), row(), row()],
    ) {
        let Editions { now, before } = &*EDITIONS;
        let comparison = Comparison::new(now, before);
        let returns = |edition, rows: &[Row; 4]| {
            let pairs = CODES.iter().zip(rows);
            pairs.map(|(code, row)| data_return(edition, code, row)).collect::<Vec<_>>()
        };
        let [old, new] = [returns(now, &gone), returns(now, &rows)];
        let previous = returns(before, &earlier);
        // Two workers; every return replaces one that was there before.
        let mut rates = [Rates::new(now), Rates::new(now)];
        let mut changes = [Changes::new(&comparison), Changes::new(&comparison)];
        for place in 0..4 {
            let worker = place % 2;
            for (step, own) in [(Step::Add, &old), (Step::Add, &new), (Step::Remove, &old)] {
                rates[worker].step(step, now, &own[place]).unwrap();
                let pair = [&own[place], &previous[place]];
                changes[worker].step(step, &comparison, pair).unwrap();
            }
        }
        let [mut rates, others] = rates;
        rates.merge(&others).unwrap();
        let [mut changes, others] = changes;
        changes.merge(&others).unwrap();

        for cell in 0..CELLS {
            let decimals = now.cells()[cell].decimals;
            let tenth = 10_i128.pow(decimals.into());
            let (mut rate, mut matched) = (Rate::default(), Matched::default());
            for place in 0..4 {
                let Provided(value) = rows[place][cell] else { continue };
                if let Some(people) = PEOPLE[place] {
                    rate.numerator += i128::from(value);
                    rate.population += people;
                    rate.authorities += 1;
                }
                if let (Provided(before), true) = (earlier[place][cell], cell != 4) {
                    matched.value += i128::from(value);
                    matched.previous += i128::from(before) * tenth;
                    matched.authorities += 1;
                }
            }
            prop_assert_eq!(rates.cells[cell], rate);
            prop_assert_eq!(changes.cells[cell], matched);
            let due = rounded(rate.numerator, rate.population * tenth, 10_000);
            prop_assert_eq!(rate.value(now, decimals), due);
            let due = rounded(matched.value - matched.previous, matched.previous, 1_000);
            prop_assert_eq!(matched.percent(now), due);
        }
        let mut due = Matched::default();
        for (row, earlier) in rows.iter().zip(&earlier) {
            if let Some((value, previous)) = weighted(row, 1).zip(weighted(earlier, 10)) {
                due.value += value;
                due.previous += previous;
                due.authorities += 1;
            }
        }
        prop_assert_eq!(changes.figures[figure_place("weighted")], Some(due));
    }
}
