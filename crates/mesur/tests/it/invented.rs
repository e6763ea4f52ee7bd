//! A collection of another subject, with other authorities, another nation and one decimal: a
//! folder, and nothing else.

use std::fs;
use std::path::Path;

use crate::support::{complained, json, rehearse, rows};

fn write(folder: &Path, file: &str, text: &str) {
    fs::write(folder.join(file), text).expect("a file written");
}

const METRICS: &str = "\
edition,code,code_status,family,population,title_en,title_status,title_source,title_cy,period,\
period_status,unit,answer,has_total,based_on,based_on_status,in_release,in_release_status,\
published,published_status,note\n\
2031,WA-1,printed,WA,households,Water taken,printed,,Dŵr a gymerwyd,during_year,,Ml,single,yes,,,,,yes,,\n\
2031,WA-2,printed,WA,households,,none,,,during_year,,Ml,none,yes,WA-1,,,,yes,,\n\
2031,WA-3,printed,WA,firms,Lost water,printed,,,during_year,,Ml,none,yes,,,,,no,,\n";
const CATEGORIES: &str = "\
edition,code,category,dimension,answer,label_en,label_cy,label_status,is_unknown_remainder,note\n\
2031,WA-1,r+s,source,single,Rivers,Afonydd,printed,no,\n\
2031,WA-1,u,source,,Not recorded,,printed,yes,\n";
const RULES: &str = "\
edition,rule_id,kind,left,operator,right,threshold,severity,basis,basis_status,note\n\
2031,sum,sum,WA-1,=,WA-1[r+s] + WA-1[u],,error,,logic,\n\
2031,part,subset,WA-2,<=,WA-1,,error,,logic,\n";
const FIGURES: &str = "\
figure,kind,numerator,denominator,of,rank,threshold,source_id,note\n\
taken,count,WA-1,,,,,,\n\
river-percent,percent,WA-1[r+s],WA-1 - WA-1[u],,,,,\n\
river-lowest,authority_percent,,,river-percent,lowest,,,\n";
const PLAN: &str = "\
footnote_style = \"letters\"\n\
[[section]]\nid = \"water\"\n\
[[section.group]]\nid = \"year\"\nstatements = [\"w1\"]\n";
const ENGLISH: &str = "\
title = Water taken in 2031\n\
section-water = Water\ngroup-year = During 2031\n\
statement-w1 = { $taken } megalitres were taken, { $river-percent } of it from rivers; the lowest \
share was { $river-lowest } in { $river-lowest-area }.\n";

fn edition(folder: &Path) {
    write(
        folder,
        "edition.toml",
        "collection = \"water\"\nperiod = \"2031\"\ndecimals = 1\npercent_decimals = 1\n",
    );
    let authorities = "code,name_en,name_cy,kind\nX01,North,Gogledd,authority\n\
                       X02,South,De,authority\nX03,West,Gorllewin,authority\nX99,Island,Ynys,nation\n";
    write(folder, "authorities.csv", authorities);
    write(folder, "metrics.csv", METRICS);
    write(folder, "categories.csv", CATEGORIES);
    write(folder, "rules.csv", RULES);
    write(folder, "figures.csv", FIGURES);
    write(folder, "release.toml", PLAN);
    write(folder, "release.en.ftl", ENGLISH);
}

fn data_return(folder: &Path, authority: &str, rows: &str) {
    let rows: Vec<String> = rows
        .lines()
        .map(|row| format!("{authority},2031,{row}\n"))
        .collect();
    let text = "authority,edition,metric,category,value,status,comment\n";
    write(
        folder,
        &format!("{authority}.csv"),
        &(text.to_owned() + &rows.concat()),
    );
}

#[test]
fn an_invented_collection_is_produced_from_its_folder() {
    let (folder, returns) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    edition(folder.path());
    let full = "WA-1,,10.5,provided,\nWA-1,r+s,7.2,provided,\nWA-1,u,3.3,provided,\n\
                WA-2,,0.4,provided,\nWA-3,,1,provided,";
    data_return(returns.path(), "X01", full);
    let part = "WA-1,,20,provided,\nWA-1,r+s,15.1,provided,\nWA-1,u,4.9,provided,\n\
                WA-2,,,not_provided,No meter\nWA-3,,,not_applicable,No firms";
    data_return(returns.path(), "X02", part);
    let (output, out) = rehearse(folder.path().to_str().expect("a path"), returns.path());
    assert!(output.status.success(), "{}", complained(&output));

    let totals = rows(&out.path().join("totals.csv"));
    let cell = |area: &str, metric: &str, category: &str| {
        let found = totals.iter().find(|row| {
            row["area_code"] == area && row["metric"] == metric && row["category"] == category
        });
        let row = found.expect("a row");
        ["value", "shorthand", "provided", "expected"].map(|column| row[column].clone())
    };
    assert_eq!(totals.len(), 5 * 4);
    assert_eq!(cell("X99", "WA-1", ""), ["30.5", "t", "2", "3"]);
    assert_eq!(cell("X99", "WA-1", "r+s"), ["22.3", "t", "2", "3"]);
    assert_eq!(cell("X99", "WA-2", ""), ["0.4", "t", "1", "3"]);
    assert_eq!(cell("X01", "WA-3", ""), ["1.0", "", "", ""]);
    assert_eq!(cell("X02", "WA-2", ""), ["", "x", "", ""]);
    assert_eq!(cell("X02", "WA-3", ""), ["", "z", "", ""]);
    assert_eq!(cell("X03", "WA-1", ""), ["", "x", "", ""]);

    let release = json(&out.path().join("release.json"));
    let statement = &release["sections"][0]["groups"][0]["statements"][0]["text"]["en"];
    // 22.3 of 22.3: the unknown remainder is out of the base.
    assert_eq!(
        statement,
        "30.5 megalitres were taken, 100.0% of it from rivers; the lowest share was 100.0% in North."
    );
    assert_eq!(release["quality"]["authorities_without_return"][0], "X03");
    let welsh = fs::read_to_string(out.path().join("release.cy.html")).expect("a page");
    assert!(welsh.contains("Dŵr a gymerwyd") && welsh.contains("Gogledd"));
    assert!(
        welsh.contains("lang=\"en\""),
        "English texts are marked as English"
    );
}
