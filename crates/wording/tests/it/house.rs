//! The house wording: the two languages answer each other, and numbers take their right form.

use mesur_wording::{Args, Error, Language, Wording};

use crate::support::shipped;

/// The kinds of finding that a check can make.
const FINDINGS: [&str; 63] = [
    "missing_status",
    "no_authority",
    "unknown_format",
    "duplicate_column",
    "unnamed_column",
    "linear_mismatch",
    "coverage_mismatch",
    "same_value",
    "suspicious_zero",
    "peer_difference",
    "unknown_reason",
    "invalid_end_date",
    "sum_mismatch",
    "category_above_total",
    "subset_above_base",
    "timescale",
    "same_total",
    "stock_flow",
    "rate_impossible",
    "usual_range",
    "year_on_year",
    "negative",
    "not_whole",
    "not_a_number",
    "too_large",
    "too_many_decimals",
    "too_many_rows",
    "cover",
    "exclusive",
    "unknown_metric",
    "metric_not_in_edition",
    "unknown_category",
    "total_not_allowed",
    "duplicate_row",
    "missing_row",
    "missing_reason",
    "value_not_allowed",
    "value_missing",
    "unknown_status",
    "wrong_edition",
    "wrong_authority",
    "empty_file",
    "no_rows",
    "encoding",
    "nul_byte",
    "columns",
    "extra_column",
    "delimiter",
    "malformed_csv",
    "cell_too_long",
    "formula_text",
    "surrounding_space",
    "byte_order_mark",
    "wrong_digest",
    "unsupported_format",
    "damaged_file",
    "protected_file",
    "unpacked_too_large",
    "no_data_sheet",
    "too_many_columns",
    "cell_error",
    "inexact_number",
    "file_too_large",
];

fn house(language: Language) -> Wording {
    Wording::new(language, None).unwrap()
}

#[test]
fn english_and_welsh_hold_the_same_messages_with_the_same_variables() {
    let wordings = shipped();
    let (english, welsh) = wordings.split_at(wordings.len() / 2);
    for ((name, en), (_, cy)) in english.iter().zip(welsh) {
        assert_eq!(
            en.ids().collect::<Vec<_>>(),
            cy.ids().collect::<Vec<_>>(),
            "{name}"
        );
        for id in en.ids() {
            let (in_en, in_cy) = (en.variables(id).unwrap(), cy.variables(id).unwrap());
            assert_eq!(in_en.printed, in_cy.printed, "{name} {id}");
            // Each language has forms of its own, chosen by what the other may only print.
            let given = |name: &String| {
                in_en.printed.contains(&format!("{name}-digits")) || name.ends_with("-n")
            };
            assert!(
                in_en.choosing.union(&in_cy.choosing).all(given),
                "{name} {id}"
            );
        }
    }
}

#[test]
fn local_authorities_are_counted_in_words_to_ten_and_in_digits_above() {
    let (en, cy) = (house(Language::En), house(Language::Cy));
    for (n, in_english, in_welsh) in [
        (0, "no local authority", "dim un awdurdod lleol"),
        (1, "one local authority", "un awdurdod lleol"),
        (2, "two local authorities", "dau awdurdod lleol"),
        (3, "three local authorities", "tri awdurdod lleol"),
        (4, "four local authorities", "pedwar awdurdod lleol"),
        (5, "five local authorities", "pum awdurdod lleol"),
        (6, "six local authorities", "chwe awdurdod lleol"),
        (7, "seven local authorities", "saith awdurdod lleol"),
        (8, "eight local authorities", "wyth awdurdod lleol"),
        (9, "nine local authorities", "naw awdurdod lleol"),
        (10, "ten local authorities", "deg awdurdod lleol"),
        (11, "11 local authorities", "11 awdurdod lleol"),
        (22, "22 local authorities", "22 awdurdod lleol"),
    ] {
        let args = Args::new().number("n", n);
        assert_eq!(en.text("count-authorities", &args).unwrap(), in_english);
        assert_eq!(cy.text("count-authorities", &args).unwrap(), in_welsh);
    }
}

#[test]
fn footnotes_say_how_many_and_until_when() {
    for (language, not_provided, part_period) in [
        (
            Language::En,
            "Two local authorities did not provide data for this figure.",
            "One local authority could provide data only up to 23 November 2020, because of migration.",
        ),
        (
            Language::Cy,
            "Ni ddarparodd dau awdurdod lleol ddata ar gyfer y ffigur hwn.",
            "Dim ond hyd at 23 Tachwedd 2020 y gallai un awdurdod lleol ddarparu data, oherwydd migration.",
        ),
    ] {
        let wording = house(language);
        let two = Args::new().number("n", 2);
        assert_eq!(
            wording.text("footnote-not-provided", &two).unwrap(),
            not_provided
        );
        let date = wording.date(2020, 11, 23).unwrap();
        let one = Args::new()
            .number("n", 1)
            .text("date", &date)
            .text("reason", "migration");
        assert_eq!(
            wording.text("footnote-part-period", &one).unwrap(),
            part_period
        );
    }
}

#[test]
fn coverage_is_stated_with_its_base() {
    let args = Args::new()
        .number("incomplete", 63)
        .number("metrics", 116)
        .text("share", "54%");
    assert_eq!(
        house(Language::En)
            .text("quality-incomplete", &args)
            .unwrap(),
        "Data is missing from at least one local authority for 63 of the 116 metrics (54%)."
    );
}

#[test]
fn every_month_is_named_and_no_other() {
    let cy = house(Language::Cy);
    let month = |number: i8| cy.date(2024, number, 9);
    assert_eq!(month(2).unwrap(), "9 Chwefror 2024");
    assert!((1..=12).all(|number| month(number).is_ok()));
    assert_eq!(
        month(13),
        Err(Error::Date {
            year: 2024,
            month: 13,
            day: 9
        })
    );
}

#[test]
fn every_kind_of_finding_has_its_words() {
    let en = house(Language::En);
    let held: Vec<&str> = en
        .ids()
        .filter_map(|id| id.strip_prefix("finding-"))
        .collect();
    let mut wanted = FINDINGS.to_vec();
    // Beyond the kinds of a check: places, what follows a finding, and what only a folder of files can have.
    wanted.extend([
        "at-line",
        "place-line",
        "place-row",
        "previous",
        "rule",
        "suggestion",
        "duplicate_return",
    ]);
    wanted.sort_unstable();
    assert_eq!(held, wanted);
}
