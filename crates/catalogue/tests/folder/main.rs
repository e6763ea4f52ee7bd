//! Editions from a folder: another subject, and one with a fault in every place.
#![expect(clippy::expect_used, reason = "a test says what it needs")]

mod release;

use std::fs;
use std::path::Path;

use mesur_catalogue::{Catalogue, Error, Fault};

use release::write_release;

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

/// Every fault of a folder.
fn faults(folder: &Path) -> Vec<Fault> {
    match Catalogue::default().add_folder(folder) {
        Err(Error::Faults { source, .. }) => source.0,
        Err(error) => panic!("{error}"),
        Ok(_) => Vec::new(),
    }
}

/// Where they stand.
fn places(folder: &Path) -> Vec<String> {
    let place = |fault: &Fault| format!("{}:{}:{}", fault.file, fault.row, fault.column);
    faults(folder).iter().map(place).collect()
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
fn a_metric_has_so_many_decimals_and_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    write_edition(folder.path());
    for (decimals, is_taken) in [("6", true), ("7", false)] {
        let metrics = METRICS_HEADER.to_owned()
            + &metric("WA/001", "yes", "", "yes", decimals)
            + &metric("WA/002", "no", "WA/001", "no", "0");
        write(folder.path(), "metrics.csv", &metrics);
        let places = places(folder.path());
        let told = places.contains(&"metrics.csv:2:decimals".to_owned());
        assert_eq!(
            (places.is_empty(), told),
            (is_taken, !is_taken),
            "{places:?}"
        );
    }
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
    let categories = CATEGORIES_HEADER.to_owned() + "2031,WA/888,a,part,,A,,printed,no,\n";
    write(folder.path(), "categories.csv", &categories);
    let places = places(folder.path());
    for expected in [
        "metrics.csv:2:has_total",
        "metrics.csv:3:decimals",
        "metrics.csv:5:code",
        "metrics.csv:4:has_total",
        "rules.csv:2:right",
        "rules.csv:3:edition",
        "rules.csv:3:kind",
        "rules.csv:3:operator",
        "rules.csv:3:severity",
        "rules.csv:4:threshold",
        "categories.csv:2:code",
    ] {
        assert!(
            places.iter().any(|place| place == expected),
            "{expected} in {places:#?}"
        );
    }
}

/// A file, what is replaced in it by what, and the place of the one fault that it makes.
type Slip = (&'static str, &'static str, &'static str, &'static str);

/// A slip in a table whose rows others name.
const SLIPS_IN_ROWS: [Slip; 10] = [
    (
        "metrics.csv",
        "m3,none,yes",
        "m3,none,perhaps",
        "metrics.csv:2:has_total",
    ),
    (
        "metrics.csv",
        "Title,printed,,,during_year,printed,m3,none,no",
        "A, title,printed,,,during_year,printed,m3,none,no",
        "metrics.csv:3:",
    ),
    (
        "metrics.csv",
        "edition,code",
        "edition,kode",
        "metrics.csv:1:code",
    ),
    (
        "categories.csv",
        "printed,no",
        "printed,maybe",
        "categories.csv:2:is_unknown_remainder",
    ),
    (
        "categories.csv",
        ",A,,printed",
        ",A, or B,,printed",
        "categories.csv:2:",
    ),
    (
        "categories.csv",
        "dimension",
        "dimensions",
        "categories.csv:1:dimension",
    ),
    (
        "figures.csv",
        "WA/002[a+b],WA/001",
        "WA/002[a+b],WA/009",
        "figures.csv:3:denominator",
    ),
    (
        "figures.csv",
        "numerator",
        "numerators",
        "figures.csv:1:numerator",
    ),
    ("outside.csv", "x,5,0", "x,5.5,0", "outside.csv:2:value"),
    (
        "authorities.csv",
        "Cyfan,nation",
        "Cyfan,country",
        "authorities.csv:4:kind",
    ),
];

#[test]
fn a_row_with_a_fault_does_not_fault_what_names_it() {
    let folder = tempfile::tempdir().expect("a folder");
    write_edition(folder.path());
    write_release(folder.path());
    let at = |file: &str| fs::read_to_string(folder.path().join(file)).expect("a table");
    for (file, from, to, place) in SLIPS_IN_ROWS {
        let sound = at(file);
        assert!(sound.contains(from), "{file}: {from}");
        write(folder.path(), file, &sound.replacen(from, to, 1));
        assert_eq!(places(folder.path()), [place]);
        write(folder.path(), file, &sound);
    }
    assert_eq!(places(folder.path()), Vec::<String>::new());
}

#[test]
fn empty_lines_do_not_shift_the_places_of_faults() {
    let folder = tempfile::tempdir().expect("a folder");
    write_edition(folder.path());
    let rules = RULES_HEADER.to_owned() + "\n\r\n2031,r1,subset,WA/777,<=,WA/001,,error,,,\n";
    write(folder.path(), "rules.csv", &rules);
    assert_eq!(places(folder.path()), ["rules.csv:4:left"]);
}

#[test]
fn a_letter_that_was_lost_from_windows_1252_is_a_fault_before_anybody_publishes_it() {
    let folder = tempfile::tempdir().expect("a folder");
    write_edition(folder.path());
    let categories = |label: &str| {
        let row = format!("2031,WA/002,a+b,part,,{label},,printed,no,\n");
        write(
            folder.path(),
            "categories.csv",
            &(CATEGORIES_HEADER.to_owned() + &row),
        );
    };
    categories("The carer\u{92}s");
    let found = faults(folder.path());
    assert_eq!(places(folder.path()), ["categories.csv:2:label_en"]);
    assert!(
        found[0].message.starts_with("U+0092 is no letter"),
        "{found:?}"
    );
    categories("The carer’s");
    assert_eq!(faults(folder.path()), []);
}

#[test]
fn a_file_is_read_up_to_its_limit_and_refused_beyond_it() {
    let folder = tempfile::tempdir().expect("a folder");
    write_edition(folder.path());
    let settings = fs::read_to_string(folder.path().join("edition.toml")).expect("settings");
    let padded = |bytes: usize| {
        let comment = "x".repeat(bytes - settings.len() - 2);
        write(
            folder.path(),
            "edition.toml",
            &format!("{settings}#{comment}\n"),
        );
    };
    padded(8 * 1024 * 1024);
    assert_eq!(faults(folder.path()), []);
    padded(8 * 1024 * 1024 + 1);
    let refused = Catalogue::default().add_folder(folder.path());
    let refused = refused.expect_err("refused");
    let told = format!("{refused}: {:?}", std::error::Error::source(&refused));
    assert!(told.contains("edition.toml"), "{told}");
}

#[test]
fn without_a_settings_file_the_tables_name_the_period() {
    let folder = tempfile::tempdir().expect("a folder");
    write_edition(folder.path());
    fs::remove_file(folder.path().join("edition.toml")).expect("removed");
    let edition = Catalogue::default()
        .add_folder(folder.path())
        .expect("sound");
    assert_eq!(edition.name().to_string(), "pif/2031");
    let metrics = fs::read_to_string(folder.path().join("metrics.csv")).expect("metrics");
    write(
        folder.path(),
        "metrics.csv",
        &metrics.replace("2031,WA", "year,WA"),
    );
    let places = places(folder.path());
    assert!(
        places.contains(&"metrics.csv:2:edition".to_owned()),
        "{places:?}"
    );
    assert!(
        !places.iter().any(|place| place.starts_with("edition.toml")),
        "{places:?}"
    );
}

#[test]
fn a_rule_is_read_in_the_form_of_its_kind_and_a_slip_in_it_has_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    write_edition(folder.path());
    let header = RULES_HEADER.trim_end().to_owned() + ",text_en,text_cy\n";
    for (rule, place) in [
        ("linear,2*WA/001 - 3*prev:WA/001,=,WA/001,,error,,,,,", ""),
        ("linear,x*WA/001,=,WA/001,,error,,,,,", "left"),
        ("coverage,WA/001,,WA/001,,warning,,,,,", ""),
        ("coverage,WA/001 + WA/001,,WA/001,,warning,,,,,", "left"),
        ("coverage,WA/001,,prev:WA/001,,warning,,,,,", "right"),
        ("same_value,WA/001 + WA/002[*],,,,warning,,,,,", ""),
        ("same_value,WA/001,,,,warning,,,,,", "left"),
        ("same_value,WA/009[*],,,,warning,,,,,", "left"),
        ("zeros,*,,,20,warning,,,,,", ""),
        ("zeros,WA/001,,,0,warning,,,,,", "threshold"),
        ("peers,WA/001,~,population,\"3.5,8\",info,,,,,", ""),
        ("peers,WA/001,~,1,\"3.5,2\",info,,,,,", ""),
        ("peers,WA/001,~,people,\"3.5,8\",info,,,,,", "right"),
        ("peers,WA/001,~,1,3.5,info,,,,,", "threshold"),
        ("peers,prev:WA/001,~,1,\"3.5,8\",info,,,,,", "left"),
        (
            "subset,WA/001,<=,WA/001,,error,,,,{found} {expected},{cells}",
            "",
        ),
        (
            "subset,WA/001,<=,WA/001,,error,,,,{fuond},{found}",
            "text_en",
        ),
        (
            "subset,WA/001,<=,WA/001,,error,,,,{found},found}",
            "text_cy",
        ),
        (
            "subset,WA/001,<=,WA/001,,error,,,,English alone,",
            "text_cy",
        ),
        (
            "subset,WA/001,<=,WA/001,,error,,,,,Cymraeg yn unig",
            "text_en",
        ),
    ] {
        write(
            folder.path(),
            "rules.csv",
            &format!("{header}2031,r1,{rule}\n"),
        );
        let due: Vec<String> = [place]
            .iter()
            .filter(|place| !place.is_empty())
            .map(|place| format!("rules.csv:2:{place}"))
            .collect();
        assert_eq!(places(folder.path()), due, "{rule}");
    }
}

#[test]
fn the_population_is_the_latest_one_before_the_period_or_the_earliest_held() {
    let folder = tempfile::tempdir().expect("a folder");
    write_edition(folder.path());
    let code = mesur_catalogue::AuthorityCode::parse("X01").expect("a code");
    let population = |table: &str| {
        let text = format!("authority,mid_year,population\n{table}");
        write(folder.path(), "population.csv", &text);
        let edition = Catalogue::default().add_folder(folder.path());
        edition.expect("sound").population(&code)
    };
    assert_eq!(population(""), None);
    assert_eq!(population("X02,2030,5\n"), None);
    assert_eq!(population("X01,2030,5\nX01,2031,6\nX01,2032,7\n"), Some(6));
    assert_eq!(population("X01,2033,8\nX01,2032,7\n"), Some(7));
    let wrong = "authority,mid_year,population\nX01,2030,0\nX01,2031,6\nX01,2031,7\n";
    write(folder.path(), "population.csv", wrong);
    assert_eq!(
        places(folder.path()),
        ["population.csv:2:population", "population.csv:4:mid_year"]
    );
}
