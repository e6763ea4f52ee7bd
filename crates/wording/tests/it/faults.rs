//! What happens when a wording, or what it is given, is wrong.

use mesur_wording::{Args, Error, Language, Part, Span, Wording};

fn load(source: &str) -> Result<Wording, Error> {
    Wording::new(Language::En, Some(source))
}

#[test]
fn all_faults_of_a_source_are_reported_with_their_lines() {
    let source = "good = Good\nbad = { $open\nlost = See { nowhere }\n-term = A term\n\
                  good = Again\ncall = { NUMBER($n) }\nreserved = \u{E000}\n";
    let Err(Error::Source { faults, .. }) = load(source) else {
        panic!("the source has faults");
    };
    let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
    assert!(faults.iter().all(|fault| fault.part == Part::Edition));
    assert_eq!(lines, [2, 3, 4, 5, 6, 7], "{faults:?}");
}

#[test]
fn a_missing_variable_is_named_and_nothing_is_printed() {
    let wording =
        load("greeting = For { $population }: { $n ->\n [one] one\n *[other] more\n }\n").unwrap();
    let error = wording.text("greeting", &Args::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "message greeting in en: variable $population was not given; variable $n was not given"
    );
    let error = wording.text("farewell", &Args::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "message farewell is not in the en wording"
    );
}

#[test]
fn a_message_that_refers_to_itself_is_an_error() {
    let wording = load("round = { about }\nabout = { round }\n").unwrap();
    assert!(wording.variables("round").is_some());
    assert!(matches!(
        wording.text("round", &Args::new()),
        Err(Error::Format { .. })
    ));
}

#[test]
fn a_number_chooses_a_form_and_is_never_printed() {
    let wording = load("wrong = { $n } metrics\nright = { $n-digits } metrics\n").unwrap();
    let args = Args::new().number("n", 9_007_199_254_740_993);
    assert!(matches!(
        wording.text("wrong", &args),
        Err(Error::Format { .. })
    ));
    assert_eq!(
        wording.text("right", &args).unwrap(),
        "9,007,199,254,740,993 metrics"
    );
}

#[test]
fn a_text_can_neither_pose_as_a_figure_nor_stop_a_message() {
    let wording = load("said = { $value }, { $total }\n").unwrap();
    let args = Args::new()
        .text("value", "a\u{E000}b\u{E001}\u{E002}")
        .figure("total", None, None);
    let spans = wording.spans("said", &args).unwrap();
    let expected = [
        Span::Text("a\u{FFFD}b\u{FFFD}\u{FFFD}, ".to_owned()),
        Span::Figure("total".to_owned()),
    ];
    assert_eq!(spans, expected);
    assert!(matches!(
        wording.text("said", &args),
        Err(Error::Format { .. })
    ));
}

#[test]
fn an_edition_replaces_a_house_message_and_house_messages_use_it() {
    let wording = load("count-authorities = some councils\n").unwrap();
    let args = Args::new().text("share", "82%");
    assert_eq!(
        wording.text("quality-lowest-coverage", &args).unwrap(),
        "Among the published metrics, the lowest coverage is 82%: data is missing from some councils."
    );
}
