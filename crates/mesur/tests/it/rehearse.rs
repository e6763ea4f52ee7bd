//! The whole production run: totals, what is withheld, and what blocks a release.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mesur_outputs::bundle;

use crate::support::{mesur, printed, rehearse, repository, rows, samples};

const NATION: &str = "W92000004";

fn copy_samples(period: &str, to: &Path) {
    for entry in fs::read_dir(samples(period)).expect("samples") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("a copy");
    }
}

/// Replaces text in one return, which must have it.
fn change(folder: &Path, authority: &str, from: &str, to: &str) {
    let path = folder.join(format!("{authority}.csv"));
    let text = fs::read_to_string(&path).expect("a return");
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replacen(from, to, 1)).expect("a return");
}

#[test]
fn every_total_is_the_sum_of_the_returns_and_withheld_metrics_are_in_no_published_file() {
    for period in ["2020-21", "2022-23"] {
        let (output, out) = rehearse(&format!("pif/{period}"), &samples(period));
        assert!(output.status.success());
        let totals = rows(&out.path().join("totals.csv"));
        let national: Vec<_> = totals
            .iter()
            .filter(|row| row["area_code"] == NATION)
            .collect();
        let due = rows(&repository(&format!("tests/data/totals/{period}.csv")));
        assert_eq!(national.len(), due.len());
        assert_eq!(totals.len(), due.len() * 23);
        for (row, due) in national.iter().zip(&due) {
            let cell = (&row["metric"], &row["category"]);
            assert_eq!(cell, (&due["metric"], &due["category"]));
            assert_eq!(row["value"], due["value"], "{cell:?}");
            assert_eq!(row["provided"], due["provided"], "{cell:?}");
            assert_eq!(
                (row["expected"].as_str(), row["shorthand"].as_str()),
                ("22", "t")
            );
        }
        let metrics = format!("crates/catalogue/editions/pif/{period}/metrics.csv");
        let withheld: BTreeSet<String> = rows(&repository(&metrics))
            .iter()
            .filter(|row| row["published"] == "no")
            .map(|row| row["code"].clone())
            .collect();
        let data = rows(&out.path().join("data.csv"));
        assert!(!withheld.is_empty() && data.iter().all(|row| !withheld.contains(&row["metric"])));
        assert!(totals.iter().any(|row| withheld.contains(&row["metric"])));
    }
}

#[test]
fn the_same_returns_give_the_same_bytes() {
    let (_, first) = rehearse("pif/2022-23", &samples("2022-23"));
    let (_, second) = rehearse("pif/2022-23", &samples("2022-23"));
    let mut compared = 0;
    for entry in fs::read_dir(first.path()).expect("a folder") {
        let name = entry.expect("an entry").file_name();
        let bytes = |folder: &Path| fs::read(folder.join(&name)).expect("a file");
        let (first, second) = (bytes(first.path()), bytes(second.path()));
        if name == bundle::FILE {
            assert_eq!(figures(&first), figures(&second));
        } else {
            assert!(first == second, "{}", name.display());
        }
        compared += 1;
    }
    assert_eq!(compared, 9);
}

/// The digests of the files of a bundle. Each run signs with a key of its own, and pages say when a
/// return was signed off.
fn figures(bytes: &[u8]) -> Vec<(String, String)> {
    let report = bundle::verify(bytes, None).expect("a bundle");
    assert_eq!(report.problems, []);
    let manifest = report.manifest.expect("a manifest");
    let files = manifest.files.into_iter();
    let files: Vec<_> = files
        .filter(|file| !file.media_type.starts_with("text/html"))
        .map(|file| (file.name, file.digest))
        .collect();
    assert!(files.len() > 15);
    files
}

#[test]
fn warnings_against_an_earlier_year_are_answered_and_marked_as_a_rehearsal() {
    let out = tempfile::tempdir().expect("a folder");
    let mut command = mesur();
    command
        .args(["rehearse", "--edition", "pif/2022-23", "--returns"])
        .arg(samples("2022-23"));
    command
        .arg("--previous")
        .arg(samples("2020-21"))
        .arg("--out")
        .arg(out.path());
    let output = command.output().expect("the command runs");
    assert!(output.status.success());
    let findings = rows(&out.path().join("findings.csv"));
    let kinds: BTreeSet<&str> = findings.iter().map(|row| row["kind"].as_str()).collect();
    assert_eq!(kinds, BTreeSet::from(["usual_range", "year_on_year"]));
    for row in &findings {
        assert_eq!(row["severity"], "warning");
        assert!(row["explanation"].starts_with("Rehearsal"), "{row:?}");
        assert!(
            row["place"].starts_with("line ") && !row["authority"].is_empty(),
            "{row:?}"
        );
    }
    // Conwy and Powys, whose 42-day shares the real release picks out.
    let unusual = findings.iter().filter(|row| row["kind"] == "usual_range");
    let authorities: BTreeSet<&str> = unusual.map(|row| row["authority"].as_str()).collect();
    assert_eq!(authorities, BTreeSet::from(["W06000003", "W06000023"]));
}

#[test]
fn an_authority_that_sent_nothing_lowers_coverage_and_is_named() {
    let returns = tempfile::tempdir().expect("a folder");
    copy_samples("2022-23", returns.path());
    fs::remove_file(returns.path().join("W06000012.csv")).expect("removed");
    let (output, out) = rehearse("pif/2022-23", returns.path());
    assert!(output.status.success());
    let totals = rows(&out.path().join("totals.csv"));
    let find = |area: &str| {
        let found = totals
            .iter()
            .find(|row| row["area_code"] == area && row["metric"] == "AD/004");
        found.expect("a row").clone()
    };
    assert_eq!(
        (
            find("W06000012")["value"].as_str(),
            &*find("W06000012")["shorthand"]
        ),
        ("", "x")
    );
    assert_eq!(find(NATION)["provided"], "21");
    let english = fs::read_to_string(out.path().join("main-points.en.txt")).expect("a text");
    assert!(
        english.contains("Neath Port Talbot"),
        "who is missing is said"
    );
}

#[test]
fn an_error_finding_blocks_the_release_with_a_clear_account() {
    let returns = tempfile::tempdir().expect("a folder");
    copy_samples("2022-23", returns.path());
    change(
        returns.path(),
        "W06000003",
        "AD/001,a,5798,provided",
        "AD/001,a,-5798,provided",
    );
    change(returns.path(), "W06000010", "AD/004,,", "AD/004,,1");
    let (output, out) = rehearse("pif/2022-23", returns.path());
    assert_eq!(output.status.code(), Some(1));
    let account = printed(&output);
    assert!(
        account.contains("W06000003.csv") && account.contains("AD/001[a]"),
        "{account}"
    );
    assert!(account.contains("no release"), "{account}");
    assert!(!out.path().join("release.json").exists());
    let findings = rows(&out.path().join("findings.csv"));
    assert!(
        findings
            .iter()
            .any(|row| row["kind"] == "negative" && row["place"] == "line 2")
    );
}

#[test]
fn a_file_that_is_no_whole_return_blocks_the_release_and_the_others_are_still_checked() {
    let returns = tempfile::tempdir().expect("a folder");
    copy_samples("2022-23", returns.path());
    change(
        returns.path(),
        "W06000003",
        "AD/001,a,5798,provided",
        "AD/001,a,5798.5,provided",
    );
    change(returns.path(), "W06000010", "AD/001,a,", "AD/001,a,-");
    let (output, out) = rehearse("pif/2022-23", returns.path());
    assert_eq!(output.status.code(), Some(1));
    let findings = rows(&out.path().join("findings.csv"));
    let errors: BTreeSet<&str> = findings
        .iter()
        .filter(|row| row["severity"] == "error")
        .map(|row| row["kind"].as_str())
        .collect();
    assert!(
        errors.contains("not_whole") && errors.contains("negative"),
        "{errors:?}"
    );
}
