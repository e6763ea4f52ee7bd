//! `mesur status --watch` goes on after a break, and misses nothing.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::line::Line;
use crate::running::{of_authority, up};
use crate::support::{mesur, samples};

#[test]
fn a_watch_goes_on_after_a_break() {
    let data = tempfile::tempdir().expect("a folder");
    let up = up(data.path());
    let (submission, validation) = (
        Line::to(up.address("submission")),
        Line::to(up.address("validation")),
    );
    let mut command = mesur();
    command.args(["status", "--edition", "pif/2022-23", "--watch", "--json"]);
    command
        .arg("--submission")
        .arg(format!("http://{}", submission.address));
    command
        .arg("--validation")
        .arg(format!("http://{}", validation.address));
    command.arg("--token-file").arg(up.token("statistician"));
    let mut watch = command.stdout(Stdio::piped()).spawn().expect("it runs");
    let output = BufReader::new(watch.stdout.take().expect("standard output"));
    let mut boards = output
        .lines()
        .map(|line| -> Value { serde_json::from_str(&line.expect("a line")).expect("JSON") });
    let nothing = boards.next().expect("a board");
    assert_eq!(of_authority(&nothing, "W06000003")["state"], "NOT_SENT");
    for authority in ["W06000003", "W06000010"] {
        let sample = samples("2022-23").join(format!("{authority}.csv"));
        let sample = sample.to_str().expect("a path");
        up.told(
            &format!("{authority}-submitter"),
            &["return", "submit", sample],
        );
        let shown = boards.any(|board| of_authority(&board, authority)["state"] == "SUBMITTED");
        assert!(shown, "{authority}");
        assert!(submission.cut() > 0 && validation.cut() > 0);
    }
    watch.kill().expect("killed");
    watch.wait().expect("it ends");
}
