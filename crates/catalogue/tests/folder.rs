//! Editions from a folder: another subject, and one with a fault in every place.
#![expect(clippy::expect_used, reason = "a test says what it needs")]

use std::fs;
use std::path::Path;

use mesur_catalogue::{Catalogue, Error};

const METRICS_HEADER: &str = "edition,code,code_status,family,population,title_en,title_status,\
title_source,title_cy,period,period_status,unit,answer,has_total,based_on,based_on_status,\
in_release,in_release_status,published,published_status,note,decimals\n";
const RULES_HEADER: &str = "edition,rule_id,kind,left,operator,right,threshold,severity,basis,\
basis_status,note\n";
const CATEGORIES_HEADER: &str = "edition,code,category,dimension,answer,label_en,label_cy,label_status,is_unknown_remainder,note\n";

fn metric(code: &str, has_total: &str, based_on: &str, published: &str, decimals: &str) -> String {
    format!(
        "2031,{code},printed,WA,households,Title,printed,,,during_year,printed,m3,none,{has_total},\
         {based_on},,,,{published},printed,,{decimals}\n"
    )
}

fn write(folder: &Path, file: &str, text: &str) {
    fs::write(folder.join(file), text).expect("a file written");
}

/// A small invented collection: water use in two made-up regions, in tenths.
fn write_edition(folder: &Path) {
    write(
        folder,
        "edition.toml",
        "collection = \"water\"\nperiod = \"2031\"\ndecimals = 1\nrounding = \"half_even\"\n",
    );
    write(
        folder,
        "authorities.csv",
        "code,name_en,name_cy,kind\nX01,North,Gogledd,authority\nX02,South,De,authority\n\
         X99,Whole,Cyfan,nation\n",
    );
    let metrics =
        metric("WA/001", "yes", "", "yes", "") + &metric("WA/002", "no", "WA/001", "no", "0");
    write(
        folder,
        "metrics.csv",
        &(METRICS_HEADER.to_owned() + &metrics),
    );
    write(
        folder,
        "categories.csv",
        &(CATEGORIES_HEADER.to_owned() + "2031,WA/002,a+b,part,,A,,printed,no,\n"),
    );
    write(
        folder,
        "rules.csv",
        &(RULES_HEADER.to_owned() + "2031,r1,subset,WA/002[a+b],<=,WA/001,,error,part,logic,\n"),
    );
}

#[test]
fn another_subject_with_other_authorities_and_decimals_is_one_more_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    write_edition(folder.path());
    let mut catalogue = Catalogue::bundled().expect("bundled");
    let edition = catalogue.add_folder(folder.path()).expect("no faults");
    assert_eq!(edition.name().to_string(), "water/2031");
    assert_eq!(
        (edition.authorities().len(), edition.nation().code.as_str()),
        (2, "X99")
    );
    let decimals: Vec<u8> = edition.cells().iter().map(|cell| cell.decimals).collect();
    assert_eq!(decimals, [1, 0]);
    assert_eq!(catalogue.editions().count(), 3);
}

#[test]
fn the_digest_follows_the_content_and_not_the_line_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    write_edition(folder.path());
    let digest = |path: &Path| {
        let mut catalogue = Catalogue::default();
        catalogue
            .add_folder(path)
            .expect("no faults")
            .digest()
            .to_owned()
    };
    let first = digest(folder.path());
    let rules = fs::read_to_string(folder.path().join("rules.csv")).expect("rules");
    write(
        folder.path(),
        "rules.csv",
        &format!("\u{feff}{}", rules.replace('\n', "\r\n")),
    );
    assert_eq!(digest(folder.path()), first);
    write(
        folder.path(),
        "rules.csv",
        &rules.replace("error", "warning"),
    );
    assert_ne!(digest(folder.path()), first);
}

#[test]
fn every_fault_is_reported_with_file_row_and_column() {
    let folder = tempfile::tempdir().expect("a folder");
    write_edition(folder.path());
    let metrics = METRICS_HEADER.to_owned()
        + &metric("WA/001", "perhaps", "", "yes", "")
        + &metric("WA/002", "yes", "WA/009", "no", "9")
        + &metric("WA/003", "no", "", "yes", "")
        + &metric("WA/003", "yes", "", "yes", "");
    write(folder.path(), "metrics.csv", &metrics);
    let rules = RULES_HEADER.to_owned()
        + "2031,r1,subset,WA/003,<=,WA/777,,error,,,\n"
        + "2030,r2,nonsense,WA/003,?,WA/003,,fatal,,,\n"
        + "2031,r3,year_on_year,WA/003,~,prev:WA/003,50%,warning,,,\n";
    write(folder.path(), "rules.csv", &rules);
    write(folder.path(), "categories.csv", "edition,code\n");
    let Err(Error::Faults { source, .. }) = Catalogue::default().add_folder(folder.path()) else {
        panic!("the faults are found");
    };
    let places: Vec<String> = source
        .0
        .iter()
        .map(|f| format!("{}:{}:{}", f.file, f.row, f.column))
        .collect();
    for expected in [
        "metrics.csv:2:has_total",
        "metrics.csv:3:decimals",
        "metrics.csv:5:code",
        "metrics.csv:4:has_total",
        "rules.csv:2:right",
        "rules.csv:3:edition",
        "rules.csv:3:kind",
        "rules.csv:3:severity",
        "rules.csv:4:threshold",
        "categories.csv:1:is_unknown_remainder",
    ] {
        assert!(
            places.iter().any(|place| place == expected),
            "{expected} in {places:#?}"
        );
    }
}
