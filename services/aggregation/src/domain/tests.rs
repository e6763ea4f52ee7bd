//! An invented edition in tenths and whole numbers, worked out by hand and by a slow reference.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails"
)]

mod sequences;

use std::fs;
use std::sync::LazyLock;

use mesur_catalogue::{Authority, AuthorityCode, Catalogue, CellId, Edition, MetricCode};
use mesur_returns::{CellsBuilder, DataReturn, Date, Observation, Observed};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::part_period::PartPeriods;
use super::*;

const FILES: [(&str, &str); 6] = [
    (
        "edition.toml",
        "collection = \"water\"\nperiod = \"2031\"\ndecimals = 1\n",
    ),
    // Not in the order of the codes.
    (
        "authorities.csv",
        "code,name_en,name_cy,kind\nX03,East,Dwyrain,authority\nX01,North,Gogledd,authority\n\
         X02,South,De,authority\nX04,West,Gorllewin,authority\nX99,Whole,Cyfan,nation\n",
    ),
    (
        "metrics.csv",
        "edition,code,code_status,family,population,title_en,title_status,title_source,title_cy,\
         period,period_status,unit,answer,has_total,based_on,based_on_status,in_release,\
         in_release_status,published,published_status,note,decimals\n\
         2031,WA/001,printed,WA,homes,Used,printed,,,during_year,printed,m3,none,yes,,,,,yes,printed,,\n\
         2031,WA/002,printed,WA,homes,Homes,printed,,,during_year,printed,homes,none,yes,,,,,yes,printed,,0\n",
    ),
    (
        "reasons.csv",
        "reason,label_en,label_cy,note\nmeters,new meters,mesuryddion newydd,\n",
    ),
    (
        "rules.csv",
        "edition,rule_id,kind,left,operator,right,threshold,severity,basis,basis_status,note\n",
    ),
    (
        "figures.csv",
        "figure,kind,numerator,denominator,of,rank,threshold,source_id,note\n\
         homes,count,WA/002,,,,,,\nused,count,WA/001,,,,,,\nboth,count,WA/001 + WA/002,,,,,,\n\
         share,percent,WA/002,WA/001,,,,,\nlowest,authority_percent,,,share,lowest,,,\n\
         second,authority_percent,,,share,second_lowest,,,\n\
         highest,authority_percent,,,share,highest,,,\nhalf,authority_count,,,share,,50,,\n\
         half-but-highest,authority_count,,,share,excluding_highest,50,,\n",
    ),
];

static EDITION: LazyLock<Edition> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in FILES {
        fs::write(folder.path().join(file), text).unwrap();
    }
    let edition = Catalogue::default().add_folder(folder.path());
    Edition::clone(&edition.unwrap())
});

fn data_return(authority: &str, values: [Observed; 2]) -> DataReturn {
    let mut cells = CellsBuilder::new(values.len());
    for (value, cell) in values.into_iter().zip(0..) {
        let observation = Observation {
            comment: "Because of New Meters until 2031-06-30",
            ..Observation::of(value)
        };
        cells.set(CellId(cell), observation);
    }
    let authority = AuthorityCode::parse(authority).unwrap();
    DataReturn::new(&EDITION, authority, cells.finish()).unwrap()
}

type Worked = Result<(Vec<CellTotal>, Vec<FigureValue>), Error>;

/// A return with its authority's place and the marks on its values.
fn own<'a>(data_return: &'a DataReturn, marks: &'a NotRobust) -> Contribution<'a> {
    let is_own = |one: &Authority| one.code == data_return.authority;
    Contribution {
        place: EDITION.authorities().iter().position(is_own).unwrap(),
        data_return,
        previous: None,
        not_robust: marks.get(&data_return.authority),
    }
}

fn tally<'a>(
    returns: impl IntoIterator<Item = &'a DataReturn>,
    marks: &NotRobust,
) -> Result<Tally, Error> {
    let definitions = Definitions::new(&EDITION, None);
    let mut tally = Tally::new(&definitions);
    for data_return in returns {
        tally.step(Step::Add, &definitions, &own(data_return, marks))?;
    }
    Ok(tally)
}

fn told(tally: &Tally) -> Worked {
    let totals = tally.cell_totals(&EDITION)?;
    let figures = figure_values(&EDITION, tally, &totals)?;
    Ok((totals, figures))
}

fn work_out<'a>(returns: impl IntoIterator<Item = &'a DataReturn>) -> Worked {
    told(&tally(returns, &NotRobust::new())?)
}

fn figure<'a>(figures: &'a [FigureValue], id: &str) -> &'a FigureValue {
    let place = EDITION.figures().iter().position(|figure| figure.id == id);
    &figures[place.unwrap()]
}

fn share(numerator: i128, denominator: i128, authorities: u32) -> Share {
    Share {
        numerator,
        denominator,
        authorities,
    }
}

use Observed::{NotApplicable, NotProvided, PartPeriod as Part, Provided};

#[test]
fn gaps_parts_and_what_does_not_apply_are_kept_apart() {
    let end = Date::parse("2031-06-30");
    let returns = [
        data_return("X01", [Provided(405), Provided(20)]),
        data_return("X02", [Provided(100), NotProvided]),
        data_return("X03", [Part { value: 95, end }, NotApplicable]),
    ];
    let (totals, figures) = work_out(&returns).unwrap();
    let used = CellTotal {
        value: Some(600),
        provided: 3,
        part_period: 1,
        not_provided: 1,
        not_applicable: 0,
    };
    let homes = CellTotal {
        value: Some(20),
        provided: 1,
        part_period: 0,
        not_provided: 2,
        not_applicable: 1,
    };
    assert_eq!(totals, [used, homes]);
    assert_eq!((used.coverage(4), homes.coverage(4)), (75, 50));

    let stated = |id| {
        let found = figure(&figures, id);
        (found.value, found.decimals, found.not_provided)
    };
    // Whole homes print whole, although the edition knows tenths.
    assert_eq!(stated("homes"), (Some(20), 0, 2));
    assert_eq!(stated("used"), (Some(600), 1, 1));
    // Without the South, which lacks one of the two.
    assert_eq!(stated("both"), (Some(700), 1, 2));
    assert_eq!(stated("share"), (Some(40), 0, 2));
    let percent = figure(&figures, "share");
    assert_eq!(percent.matched, Some(share(200, 500, 2)));
    assert_eq!(percent.plain, Some(share(200, 600, 3)));
    let meters = PartPeriod {
        end,
        reason: Some("meters".to_owned()),
    };
    assert_eq!(percent.part_periods, PartPeriods([(meters, 1)].into()));
    let codes: Vec<&str> = percent.metrics.iter().map(MetricCode::as_str).collect();
    assert_eq!(codes, ["WA/002", "WA/001"]);
}

#[test]
fn equal_shares_have_equal_ranks_and_stand_in_the_order_of_the_codes() {
    let returns = [
        data_return("X03", [Provided(20), Provided(1)]),
        data_return("X02", [Provided(2010), Provided(200)]),
        data_return("X01", [Provided(40), Provided(2)]),
        data_return("X04", [Provided(0), Provided(3)]),
    ];
    let kept = tally(&returns, &NotRobust::new()).unwrap();
    let [(_, ranking)] = kept.rankings.as_slice() else {
        panic!("one ranking")
    };
    let ranked: Vec<_> = ranks(ranking)
        .iter()
        .map(|r| (r.authority, r.rank))
        .collect();
    // North and East, then South; the West has no base, and has not failed to provide one.
    assert_eq!(ranked, [(1, 1), (0, 1), (2, 3)]);
    assert_eq!(ranking.provided, 4);

    let (_, figures) = work_out(&returns).unwrap();
    let stated = |id| {
        let found = figure(&figures, id);
        (found.value, found.nearly_100, found.authority)
    };
    assert_eq!(stated("lowest"), (Some(50), false, Some(1)));
    assert_eq!(stated("second"), (Some(50), false, Some(0)));
    assert_eq!(stated("highest"), (Some(100), true, Some(2)));
    assert_eq!(figure(&figures, "half").value, Some(3));
    assert_eq!(figure(&figures, "half-but-highest").value, Some(2));
}

#[test]
fn without_returns_nothing_is_stated_and_everybody_is_missing() {
    let (totals, figures) = work_out([]).unwrap();
    assert!(totals.iter().all(|total| total.value.is_none()));
    assert!(totals.iter().all(|total| total.not_provided == 4));
    assert!(figures.iter().all(|figure| figure.value.is_none()));
    assert!(figures.iter().all(|figure| figure.not_provided == 4));
}

#[test]
fn a_total_that_does_not_fit_is_refused_and_named() {
    let returns = ["X01", "X02"].map(|code| data_return(code, [NotProvided, Provided(i64::MAX)]));
    let item = "WA/002".to_owned();
    assert_eq!(
        work_out(&returns).unwrap_err(),
        Error::TotalTooLarge { item }
    );
}

#[test]
fn shares_are_compared_exactly_however_large() {
    let large = i128::MAX;
    for (one, two, order) in [
        ((1, 3), (2, 6), std::cmp::Ordering::Equal),
        ((-1, 3), (1, 3), std::cmp::Ordering::Less),
        (
            (large - 1, large),
            (large - 2, large - 1),
            std::cmp::Ordering::Greater,
        ),
        (
            (large - 2, large - 1),
            (large - 1, large),
            std::cmp::Ordering::Less,
        ),
    ] {
        let compared = share(one.0, one.1, 1).compare(&share(two.0, two.1, 1));
        assert_eq!(compared, order, "{one:?} {two:?}");
    }
}

fn observed() -> impl Strategy<Value = Observed> {
    let value = prop_oneof![20 => -5_i64..1_000, 1 => any::<i64>()];
    (0..4, value).prop_map(|(status, value)| match status {
        0 => Provided(value),
        1 => Part { value, end: None },
        2 => NotProvided,
        _ => NotApplicable,
    })
}

/// Returns of some of the authorities, in any order.
fn some_returns() -> impl Strategy<Value = Vec<DataReturn>> {
    let codes = Just(vec!["X01", "X02", "X03", "X04"]).prop_shuffle();
    (
        codes,
        proptest::collection::vec([observed(), observed()], 0..=4),
    )
        .prop_map(|(codes, values)| {
            let pairs = codes.into_iter().zip(values);
            pairs
                .map(|(code, values)| data_return(code, values))
                .collect()
        })
}

/// The national value of a cell from the definition alone: filter, then count.
fn reference(returns: &[DataReturn], cell: CellId) -> Option<CellTotal> {
    let all: Vec<Observed> = returns.iter().map(|r| r.observed(cell).unwrap()).collect();
    let count = |wanted: &dyn Fn(&Observed) -> bool| {
        u32::try_from(all.iter().filter(|observed| wanted(observed)).count()).unwrap()
    };
    let values: Vec<i128> = all
        .iter()
        .filter_map(|o| o.value())
        .map(i128::from)
        .collect();
    let sum = i64::try_from(values.iter().sum::<i128>()).ok()?;
    let without_return = 4 - u32::try_from(returns.len()).unwrap();
    Some(CellTotal {
        value: (!values.is_empty()).then_some(sum),
        provided: count(&|observed| observed.value().is_some()),
        part_period: count(&|observed| matches!(observed, Part { .. })),
        not_provided: count(&|observed| matches!(observed, NotProvided)) + without_return,
        not_applicable: count(&|observed| matches!(observed, NotApplicable)),
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(22),
        ..ProptestConfig::default()
    })]

    #[test]
    fn totals_are_what_a_slow_reference_says_in_any_order(returns in some_returns()) {
        let kept = tally(&returns, &NotRobust::new());
        let totals = kept.and_then(|kept| kept.cell_totals(&EDITION));
        let expected: Option<Vec<_>> = (0..2).map(|cell| reference(&returns, CellId(cell))).collect();
        prop_assert_eq!(totals.ok(), expected);
        prop_assert_eq!(work_out(&returns), work_out(returns.iter().rev()));
    }
}
