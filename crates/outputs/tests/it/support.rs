//! A small release in which everything happens that can happen to a value.

use mesur_figures::{Marks, Shorthand};
use mesur_outputs::{Area, Cell, Column, Coverage, Dataset, File, Table, Text, write};
use mesur_wording::{Language, Wording};

/// What a spreadsheet program would work out if it were not kept as text.
pub(crate) const FORMULA: &str = "=HYPERLINK(\"https://example.org\",\"1\")";

/// More digits than a double has.
pub(crate) const LARGE: i64 = 9_007_199_254_740_993;

pub(crate) fn text(en: &str, cy: &str) -> Text {
    Text {
        en: en.to_owned(),
        cy: cy.to_owned(),
    }
}

fn marks(letters: &[Shorthand]) -> Marks {
    letters.iter().copied().collect()
}

fn value(units: i64, letters: &[Shorthand]) -> Cell {
    Cell {
        units: Some(units),
        marks: marks(letters),
        part_period: false,
    }
}

fn none(letters: &[Shorthand]) -> Cell {
    Cell {
        units: None,
        marks: marks(letters),
        part_period: false,
    }
}

fn column(category: Option<&str>, label: Text, notes: Vec<usize>, cells: Vec<Cell>) -> Column {
    Column {
        category: category.map(str::to_owned),
        label,
        notes,
        coverage: Coverage {
            provided: 2,
            expected: 3,
        },
        cells,
    }
}

fn area(code: &str, en: &str, cy: &str) -> Area {
    Area {
        code: code.to_owned(),
        name: text(en, cy),
    }
}

pub(crate) fn dataset() -> Dataset {
    use Shorthand::{Confidential, NotApplicable, NotAvailable, Provisional, Revised, Total};
    let part = Cell {
        part_period: true,
        ..value(7, &[Revised])
    };
    let counted = vec![
        value(1017, &[Total, Provisional]),
        part,
        none(&[NotAvailable]),
        value(1010, &[]),
    ];
    let by_hand = vec![
        value(0, &[Total]),
        none(&[Confidential]),
        none(&[NotApplicable]),
        value(0, &[]),
    ];
    let used = vec![
        value(LARGE, &[Total]),
        value(-5, &[]),
        value(LARGE, &[]),
        value(120, &[]),
    ];
    let total = text("Total", "Cyfanswm");
    Dataset {
        collection: "water".to_owned(),
        period: "2031".to_owned(),
        edition: "collections/water/editions/2031".to_owned(),
        edition_digest: "sha256:e".to_owned(),
        snapshot: "snapshots/abc".to_owned(),
        snapshot_digest: "sha256:abc".to_owned(),
        reference: "W 1/2032 (R)".to_owned(),
        revision: 2,
        publish_day: Some("2032-03-01".to_owned()),
        title: text("Water & \"meters\" in 2031", "Dŵr yn 2031"),
        about: vec![text("Reference: W 1/2032 (R)", "Cyfeirnod: W 1/2032 (R)")],
        quality: vec![text("One authority sent no return.", "")],
        notes: vec![text(
            "One authority did not provide data.",
            "Ni ddarparodd un awdurdod.",
        )],
        areas: vec![
            area("X99", "Whole", "Cyfan"),
            area("X01", "North", "Gogledd"),
            area("X02", FORMULA, ""),
            area("X03", "West <b>", "Gorllewin"),
        ],
        tables: vec![
            Table {
                metric: "WA/001".to_owned(),
                title: text(FORMULA, "Mesuryddion"),
                unit: "meters".to_owned(),
                decimals: 0,
                coverage: text("2 of 3 authorities", "2 o'r 3 awdurdod"),
                columns: vec![
                    column(None, total.clone(), vec![0], counted),
                    column(Some("a"), text("By hand", ""), Vec::new(), by_hand),
                ],
            },
            Table {
                metric: "WA/002".to_owned(),
                title: Text::default(),
                unit: "m3".to_owned(),
                decimals: 2,
                coverage: text("3 of 3 authorities", "3 o'r 3 awdurdod"),
                columns: vec![column(None, total, Vec::new(), used)],
            },
        ],
    }
}

pub(crate) fn wording(language: Language) -> Wording {
    Wording::new(language, None).expect("the house wording")
}

pub(crate) fn files_of(dataset: &Dataset) -> Vec<File> {
    write(dataset, &wording(Language::En), &wording(Language::Cy)).expect("the files")
}

pub(crate) fn file<'a>(files: &'a [File], name: &str) -> &'a File {
    let found = files.iter().find(|file| file.name == name);
    found.unwrap_or_else(|| panic!("{name} is not among the files"))
}
