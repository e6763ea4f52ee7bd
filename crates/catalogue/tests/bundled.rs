//! The bundled editions, against what their sources print.
#![expect(clippy::expect_used, reason = "a test says what it needs")]

use mesur_catalogue::{AuthorityCode, Catalogue, Edition, EditionName, MetricCode, Series};

fn edition(name: &str) -> std::sync::Arc<Edition> {
    let catalogue = Catalogue::bundled().expect("the bundled editions have no faults");
    let name = EditionName::parse(name).expect("a name");
    std::sync::Arc::clone(catalogue.get(&name).expect("a bundled edition"))
}

#[test]
fn both_editions_have_their_printed_number_of_metrics_and_all_authorities() {
    for (name, metrics, cells, rules) in [
        ("pif/2020-21", 112, 245, 118),
        ("pif/2022-23", 116, 324, 332),
    ] {
        let edition = edition(name);
        assert_eq!(edition.metrics().len(), metrics, "{name}");
        assert_eq!(edition.cells().len(), cells, "{name}");
        assert_eq!(edition.rules().len(), rules, "{name}");
        assert_eq!(edition.authorities().len(), 22, "{name}");
        assert_eq!(edition.nation().name_cy, "Cymru", "{name}");
    }
    let conwy = AuthorityCode::parse("W06000003").expect("a code");
    assert_eq!(
        edition("pif/2022-23")
            .authority(&conwy)
            .expect("Conwy")
            .name_cy,
        "Conwy"
    );
}

#[test]
fn wording_that_is_not_held_is_empty_and_misprints_stand_beside_what_they_mean() {
    let edition = edition("pif/2022-23");
    let code = MetricCode::parse("CH/030").expect("a code");
    let metric = edition.metric(&code).expect("CH/030");
    assert_eq!(
        (metric.title_en.as_str(), metric.title_status.as_str()),
        ("", "none")
    );
    assert_eq!(edition.changes().len(), 29);
    let slip = edition.changes().get(27).expect("the 28th line");
    assert_eq!(
        (slip.code_as_printed.as_str(), slip.code_read_as.as_str()),
        ("CH/015", "CA/015")
    );
    let slip = edition.changes().get(17).expect("the 18th line");
    assert!(slip.text.contains("AD/026b") && slip.text_read_as.contains("CH/026b"));
}

#[test]
fn the_comparison_of_two_years_names_what_changed() {
    let (earlier, later) = (edition("pif/2020-21"), edition("pif/2022-23"));
    let comparison = earlier.compare(&later);
    let find = |code: &str| {
        comparison
            .metrics
            .iter()
            .find(|item| item.code == code)
            .map(|item| &item.difference)
    };
    assert_eq!(find("CH/058"), Some(&mesur_catalogue::Difference::Removed));
    assert_eq!(find("AD/034"), Some(&mesur_catalogue::Difference::Added));
    let Some(mesur_catalogue::Difference::Changed { fields }) = find("AD/001") else {
        panic!("AD/001 has parts from 2022-23 on");
    };
    assert!(
        fields
            .iter()
            .any(|change| change.field == "has_total" && change.to == "no")
    );
    assert_eq!(comparison.printed_changes.len(), 29);
    let same = later.compare(&later);
    assert!(same.metrics.is_empty() && same.categories.is_empty() && same.rules.is_empty());
    assert!(same.printed_changes.is_empty(), "nothing changed");
}

#[test]
fn a_series_goes_on_where_the_definition_is_the_same_or_the_list_says_so() {
    let catalogue = Catalogue::bundled().expect("the bundled editions have no faults");
    let later = edition("pif/2022-23");
    let earlier = catalogue
        .previous(later.name())
        .expect("an earlier edition");
    assert_eq!(earlier.name().to_string(), "pif/2020-21");
    assert!(catalogue.previous(earlier.name()).is_none());
    let series = later.series_from(earlier);
    let of = |metric: &str, category: &str| {
        let cell = later.find(metric, category).expect("a cell");
        series.get(cell.index()).copied().expect("a series")
    };
    let goes = |metric: &str, category: &str| {
        Series::Goes(earlier.find(metric, category).expect("a cell"))
    };
    // Not on the list and the same; on the list as going on, with a category that is new.
    assert_eq!(of("AD/010", ""), goes("AD/010", ""));
    assert_eq!(of("AD/012", ""), goes("AD/012", ""));
    assert_eq!(of("AD/001", "a"), Series::New);
    // Other capitals are no other definition; other words are, unless the list says not.
    assert_eq!(of("CH/025", ""), goes("CH/025", ""));
    assert_eq!(of("AD/004", ""), Series::Broken);
    assert_eq!(of("AD/023", "e"), goes("AD/023", "e"));
    // The list says that it broke off, or does not know.
    assert_eq!(of("AD/002", ""), Series::Broken);
    assert_eq!(of("CA/001", ""), Series::Broken);
}

#[test]
fn a_bundled_edition_is_the_same_as_its_folder() {
    for name in ["pif/2020-21", "pif/2022-23"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("editions");
        let mut catalogue = Catalogue::default();
        let from_folder = catalogue.add_folder(&folder.join(name)).expect("no faults");
        assert_eq!(from_folder.digest(), edition(name).digest(), "{name}");
    }
}
