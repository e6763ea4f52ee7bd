//! A small invented collection: one table of cases by kind, and those of them that were urgent.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use mesur_catalogue::{Catalogue, Edition};
use mesur_disclosure::{Area, Collected, Column, Revision};

const METRICS: &str = "edition,code,code_status,family,population,title_en,title_status,\
title_source,title_cy,period,period_status,unit,answer,has_total,based_on,based_on_status,\
in_release,in_release_status,published,published_status,note,decimals,disclosure\n";
const CATEGORIES: &str = "edition,code,category,dimension,answer,label_en,label_cy,label_status,\
is_unknown_remainder,note\n";
const RULES: &str = "edition,rule_id,kind,left,operator,right,threshold,severity,basis,\
basis_status,note\n";

/// Small values below five are hidden; nothing is rounded.
pub(crate) const SMALL_HIDDEN: &str = "threshold = 5";
/// Rounded to five, small values hidden.
pub(crate) const ROUNDED_TO_FIVE: &str = "threshold = 5\nbase = 5";
/// Rounded to three, below three hidden.
pub(crate) const ROUNDED_TO_THREE: &str = "threshold = 3\nbase = 3";

/// An edition: cases in all and by `kinds`, which add up, and urgent cases, which are some of
/// them. The policy covers both, or the urgent ones are exact.
pub(crate) fn edition(
    policy: &str,
    authorities: usize,
    kinds: usize,
    urgent_exact: bool,
) -> Arc<Edition> {
    let folder = tempfile::tempdir().expect("a folder");
    let write =
        |file: &str, text: &str| fs::write(folder.path().join(file), text).expect("written");
    let settings = "collection = \"cases\"\nperiod = \"2031\"\ndisclosure = \"policy\"\n";
    write(
        "edition.toml",
        &format!("{settings}[[disclosure_policy]]\nid = \"policy\"\n{policy}\n"),
    );
    let areas = (0..authorities).map(|place| format!("X0{place},Part {place},,authority\n"));
    let areas =
        "code,name_en,name_cy,kind\nX99,Whole,,nation\n".to_owned() + &areas.collect::<String>();
    write("authorities.csv", &areas);
    let urgent = if urgent_exact { "none" } else { "" };
    let metric = |code: &str, policy: &str| {
        format!(
            "2031,{code},printed,CA,people,Cases,printed,,,during_year,printed,cases,single,yes,,,,,\
             yes,printed,,0,{policy}\n"
        )
    };
    write(
        "metrics.csv",
        &[METRICS, &metric("CA", ""), &metric("UR", urgent)].concat(),
    );
    let kinds: Vec<String> = ('a'..).take(kinds).map(String::from).collect();
    let rows = kinds
        .iter()
        .map(|kind| format!("2031,CA,{kind},kind,single,,,,no,\n"));
    write(
        "categories.csv",
        &(CATEGORIES.to_owned() + &rows.collect::<String>()),
    );
    let cells: Vec<String> = kinds.iter().map(|kind| format!("CA[{kind}]")).collect();
    let sum = if cells.is_empty() {
        String::new()
    } else {
        format!("2031,sum,sum,CA,=,{},,error,,,\n", cells.join(" + "))
    };
    let rules = format!("{RULES}{sum}2031,urgent,subset,UR,<=,CA,,warning,,,\n");
    write("rules.csv", &rules);
    let added = Catalogue::default().add_folder(folder.path());
    added.unwrap_or_else(|error| panic!("{error:?}"))
}

/// A revision of what each authority collected by kind, and of urgent cases: totals and the nation
/// are added up.
pub(crate) fn revision(kinds: &[Vec<i64>], urgent: &[i64]) -> Revision {
    let count = kinds.first().map_or(0, Vec::len);
    let totals: Vec<i64> = kinds.iter().map(|kinds| kinds.iter().sum()).collect();
    let by_kind = (0..count).map(|kind| kinds.iter().map(|kinds| kinds[kind]).collect());
    let columns = std::iter::once(totals)
        .chain(by_kind)
        .chain([urgent.to_vec()]);
    Revision {
        columns: columns.map(|values: Vec<i64>| column(&values)).collect(),
    }
}

fn column(values: &[i64]) -> Column {
    Column {
        nation: Collected::Value(values.iter().sum()),
        authorities: values.iter().copied().map(Collected::Value).collect(),
        withheld: BTreeSet::new(),
        hidden: BTreeSet::new(),
    }
}

/// How a column is shown, the nation first: a value, or `c`.
pub(crate) fn shown(revision: &Revision, cell: usize) -> Vec<String> {
    let column = &revision.columns[cell];
    let areas = std::iter::once((Area::Nation, column.nation)).chain(
        column
            .authorities
            .iter()
            .enumerate()
            .map(|(place, value)| (Area::Authority(place), *value)),
    );
    let text = areas.map(|(area, collected)| match collected {
        _ if column.hidden.contains(&area) => "c".to_owned(),
        Collected::Value(value) => value.to_string(),
        Collected::Untold => "u".to_owned(),
        Collected::Absent | Collected::NotApplicable => "x".to_owned(),
    });
    text.collect()
}
