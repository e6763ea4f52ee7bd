//! Every way in which the command is refused: its exit code, and what it says to do; and what a
//! broken connection does not do.

use std::fs;

use crate::line::Line;
use crate::running::{Up, up};
use crate::story::{APPROVER, RETURN, SUBMITTER, is_validated, sample};
use crate::support::{complained, mesur};

/// Who asks what, the exit code, and what the complaint says.
type Refusal = (&'static str, String, i32, [&'static str; 2]);

/// What is refused while revision 2 of the return is submitted with an open warning.
fn refusals(folder: &str, earlier_etag: &str) -> Vec<Refusal> {
    let file = sample();
    let show = |what: &str| format!("return show {what}");
    let submit = |what: &str| format!("return submit {what}");
    vec![
        (
            SUBMITTER,
            submit(&format!("{folder}/broken.csv")),
            1,
            ["INVALID_RETURN", "mesur return check"],
        ),
        (
            SUBMITTER,
            submit(&format!("{folder}/nonsense.csv")),
            2,
            ["cannot be read", "mesur return check"],
        ),
        (SUBMITTER, show("W06000003"), 2, ["RETURN", "authorities/"]),
        (
            SUBMITTER,
            format!("return sign-off {RETURN}"),
            3,
            ["PERMISSION_DENIED", "role"],
        ),
        (
            SUBMITTER,
            show("W06000010/pif-2022-23"),
            3,
            ["PERMISSION_DENIED", "role"],
        ),
        (
            APPROVER,
            format!("return sign-off {RETURN}"),
            4,
            ["FINDINGS_OPEN", "mesur finding explain"],
        ),
        (
            APPROVER,
            format!("return reopen {RETURN} --reason x"),
            4,
            ["NOT_SIGNED_OFF", "take back"],
        ),
        (
            SUBMITTER,
            submit(&format!("{file} --amends {earlier_etag}")),
            4,
            ["STALE_ETAG", "etag"],
        ),
        (
            SUBMITTER,
            show(&format!("{RETURN} --revision 9")),
            5,
            ["NOT_FOUND", "name"],
        ),
        (
            SUBMITTER,
            format!("finding explain {RETURN} no --text x"),
            5,
            ["FINDING_NOT_FOUND", "name"],
        ),
    ]
}

fn ask(up: &Up, who: &str, words: &str) -> (Option<i32>, String) {
    let words: Vec<&str> = words.split(' ').collect();
    up.refused(who, &words)
}

#[test]
fn every_refusal_exits_with_its_code_and_says_what_to_do() {
    let data = tempfile::tempdir().expect("a folder");
    let up = up(data.path());
    let file = sample();
    let first = up.json(SUBMITTER, &["return", "submit", &file]);
    up.told(SUBMITTER, &["return", "submit", &file]);
    is_validated(&up, 2);
    let text = fs::read_to_string(&file).expect("the sample");
    let broken = text.replacen("AD/001,a,", "AD/001,zz,", 1);
    fs::write(data.path().join("broken.csv"), broken).expect("written");
    fs::write(data.path().join("nonsense.csv"), "no return at all").expect("written");
    let folder = data.path().to_str().expect("a path");
    let etag = first["data_return"]["etag"].as_str().expect("an etag");
    for (who, words, code, said) in refusals(folder, etag) {
        let (found, told) = ask(&up, who, &words);
        assert_eq!(found, Some(code), "{words}: {told}");
        assert!(
            said.iter().all(|said| told.contains(said)),
            "{words}: {told}"
        );
    }
}

#[test]
fn without_a_token_and_without_a_service_it_is_said_what_is_missing() {
    let data = tempfile::tempdir().expect("a folder");
    let up = up(&data.path().join("mesur-data"));
    let findings = |folder: &std::path::Path| {
        let mut command = mesur();
        command.current_dir(folder).args(["findings", RETURN]);
        command.arg("--validation");
        command.arg(format!("http://{}", up.address("validation")));
        let output = command.output().expect("the command runs");
        (output.status.code(), complained(&output))
    };
    let elsewhere = tempfile::tempdir().expect("a folder");
    let (code, told) = findings(elsewhere.path());
    assert_eq!(code, Some(3));
    assert!(
        told.contains("NO_TOKEN") && told.contains("--token-file"),
        "{told}"
    );
    let (code, told) = findings(data.path());
    assert_eq!(code, Some(2));
    assert!(
        told.contains("mesur-data/access holds") && told.contains("statistician.token"),
        "{told}"
    );
    let mut away = up.command(
        SUBMITTER,
        &["return", "submit", &sample(), "--language", "cy"],
    );
    up.kill();
    let output = away.output().expect("the command runs");
    assert_eq!(output.status.code(), Some(6));
    let told = complained(&output);
    assert!(
        told.contains("id cais") && told.contains("gynnig arall"),
        "{told}"
    );
}

#[test]
fn a_file_is_sent_once_more_when_the_connection_breaks_and_taken_in_once() {
    let data = tempfile::tempdir().expect("a folder");
    let up = up(data.path());
    let line = Line::breaking_once(up.address("submission"));
    let mut command = mesur();
    command
        .args(["return", "submit", &sample()])
        .arg("--submission")
        .arg(format!("http://{}", line.address))
        .arg("--token-file")
        .arg(up.token(SUBMITTER));
    let output = command.output().expect("the command runs");
    assert!(output.status.success(), "{}", complained(&output));
    assert_eq!(line.broken(), 1);
    let revisions = up.json(SUBMITTER, &["return", "revisions", RETURN]);
    assert_eq!(revisions["revisions"].as_array().map(Vec::len), Some(1));
}
