//! What the documents show of the clients is what is tested.

use mesur_returns::FindingKind;

use crate::support::repository;

/// The lines of a text without the indentation of its first line.
fn lines(text: &str) -> Vec<&str> {
    let indent = text.len() - text.trim_start_matches(' ').len();
    let lines = text.lines();
    lines
        .map(|line| line.get(indent..).unwrap_or_else(|| line.trim_start()))
        .collect()
}

#[test]
fn every_excerpt_of_a_client_stands_in_the_tested_client() {
    let read = |path: &str| std::fs::read_to_string(repository(path)).expect(path);
    let document = read("docs/integrating.md");
    for (language, files, least) in [
        ("python", &["tests/clients/python/story.py"][..], 15),
        (
            "javascript",
            &[
                "tests/clients/js/story.js",
                "tests/clients/js/client.js",
                "tests/clients/js/web.js",
            ],
            2,
        ),
    ] {
        let tested: Vec<String> = files.iter().map(|file| read(file)).collect();
        let fence = format!("```{language}\n");
        let excerpts = document.split(fence.as_str()).skip(1);
        let excerpts = excerpts.map(|rest| rest.split("```").next().expect("an end"));
        let mut count = 0;
        for excerpt in excerpts {
            let shown = lines(excerpt);
            let stands = tested.iter().any(|file| {
                let all: Vec<&str> = file.lines().collect();
                all.windows(shown.len()).any(|part| {
                    let part = part.join("\n");
                    lines(&part) == shown
                })
            });
            assert!(stands, "not in {files:?}:\n{excerpt}");
            count += 1;
        }
        assert!(count >= least, "{count} excerpts of {language}");
    }
}

#[test]
fn every_kind_of_finding_is_documented() {
    let document = std::fs::read_to_string(repository("docs/integrating.md")).expect("a document");
    for kind in FindingKind::ALL {
        let row = format!("| `{}` | ", kind.as_str());
        assert_eq!(document.matches(&row).count(), 1, "{row}");
    }
}
