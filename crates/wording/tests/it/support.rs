//! The wording that ships, and arguments that satisfy it.

use mesur_wording::{Args, Language, Wording};

/// The two bundled editions: period, English and Welsh.
pub(crate) const EDITIONS: [(&str, &str, &str); 2] = [
    (
        "2020-21",
        include_str!("../../../catalogue/editions/pif/2020-21/release.en.ftl"),
        include_str!("../../../catalogue/editions/pif/2020-21/release.cy.ftl"),
    ),
    (
        "2022-23",
        include_str!("../../../catalogue/editions/pif/2022-23/release.en.ftl"),
        include_str!("../../../catalogue/editions/pif/2022-23/release.cy.ftl"),
    ),
];

/// Every wording that ships, with a name for messages of failing tests.
pub(crate) fn shipped() -> Vec<(String, Wording)> {
    let mut wordings = Vec::new();
    for language in Language::ALL {
        let house = Wording::new(language, None).unwrap();
        wordings.push((format!("house {language}"), house));
        for (period, en, cy) in EDITIONS {
            let source = match language {
                Language::En => en,
                Language::Cy => cy,
            };
            let wording = Wording::new(language, Some(source)).unwrap();
            wordings.push((format!("{period} {language}"), wording));
        }
    }
    wordings
}

/// Arguments that satisfy a message: its numbers are `n`, its texts and figures named after
/// themselves.
pub(crate) fn sample(wording: &Wording, id: &str, n: i64) -> Args {
    let variables = wording.variables(id).unwrap();
    let mut args = Args::new();
    for name in &variables.printed {
        args = if id.starts_with("statement-") {
            match name.strip_suffix("-area") {
                Some(figure) => args.figure(figure, Some(n), Some("Sir Fynwy")),
                None if variables.printed.contains(&format!("{name}-area")) => args,
                None => args.figure(name, Some(n), None),
            }
        } else {
            args.text(name, "sample")
        };
    }
    for name in &variables.choosing {
        if !name.ends_with("-n") {
            args = args.number(name, n);
        }
    }
    // Digits that are printed without a form being chosen.
    for digits in variables
        .printed
        .iter()
        .filter_map(|name| name.strip_suffix("-digits"))
    {
        args = args.number(digits, n);
    }
    args
}
