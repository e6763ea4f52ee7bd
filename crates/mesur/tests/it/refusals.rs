//! Every way in which the command is refused: its exit code, and what it says to do; and what a
//! broken connection does not do.

use std::fs;
use std::path::Path;

use crate::line::Line;
use crate::running::{Up, up};
use crate::story::{APPROVER, RETURN, SUBMITTER, is_validated, sample};
use crate::support::{complained, mesur, printed};

/// Who asks what, the exit code, and what the complaint says.
type Refusal = (&'static str, String, i32, [&'static str; 2]);

/// What is refused while revision 2 of the return is submitted with an open warning.
fn refusals(earlier_etag: &str) -> Vec<Refusal> {
    let file = sample();
    let show = |what: &str| format!("return show {what}");
    let submit = |what: &str| format!("return submit {what}");
    vec![
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
            submit(&format!("{file} --etag {earlier_etag}")),
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
            show(&format!("{RETURN}/2 --revision 1")),
            2,
            ["revision 2", "--revision 1"],
        ),
        (
            SUBMITTER,
            format!("findings {RETURN} --rule nope"),
            2,
            ["pif/2022-23", "no rule nope"],
        ),
        (
            SUBMITTER,
            format!("return submit-draft {RETURN} --language cy"),
            4,
            ["NOT_A_DRAFT", "Cyflwynwyd y ffurflen eisoes"],
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
    let etag = first["data_return"]["etag"].as_str().expect("an etag");
    for (who, words, code, said) in refusals(etag) {
        let (found, told) = ask(&up, who, &words);
        assert_eq!(found, Some(code), "{words}: {told}");
        assert!(
            said.iter().all(|said| told.contains(said)),
            "{words}: {told}"
        );
    }
}

/// A file that cannot be sent, and its exit code.
fn unsendable(folder: &Path) -> Vec<(String, i32)> {
    let text = fs::read_to_string(sample()).expect("the sample");
    let broken = text.replacen("AD/001,a,", "AD/001,zz,", 1);
    let files = [
        ("broken.csv", broken, 1),
        ("nonsense.csv", "no return at all".to_owned(), 2),
        ("later.csv", text.replace("2022-23", "2023-24"), 1),
        ("semicolons.csv", text.replace(',', ";"), 2),
    ];
    let files = files.map(|(name, text, code)| {
        let path = folder.join(name);
        fs::write(&path, text).expect("written");
        (path.to_str().expect("a path").to_owned(), code)
    });
    files.into()
}

#[test]
fn a_file_that_cannot_be_sent_is_told_of_as_a_check_does_here_and_by_the_service() {
    let data = tempfile::tempdir().expect("a folder");
    let up = up(data.path());
    for (file, code) in unsendable(data.path()) {
        let check = ["return", "check", &file, "--edition", "pif/2022-23"];
        let mut here = mesur();
        let here = printed(&here.args(check).output().expect("the command runs"));
        let of_edition = ["--edition", "pif/2022-23"];
        for asked in [
            [&check[..], &["--server"]].concat(),
            [&["return", "submit", &file], &of_edition[..]].concat(),
        ] {
            let output = up.ask(SUBMITTER, &asked);
            assert_eq!(output.status.code(), Some(code), "{asked:?}");
            assert_eq!(printed(&output), here, "{asked:?}");
            let is_unsaid = file.ends_with("nonsense.csv") && asked.contains(&"--server");
            let noted = complained(&output).contains("does not say whose return it is");
            assert_eq!(noted, is_unsaid, "{asked:?}: {}", complained(&output));
        }
    }
    let form = data.path().join("form.csv");
    let form = form.to_str().expect("a path");
    let ask = [
        "form",
        "--edition",
        "pif/2022-23",
        "--authority",
        "W06000003",
    ];
    up.told(SUBMITTER, &[&ask[..], &["--out", form]].concat());
    let (code, told) = up.refused(SUBMITTER, &["return", "amend", form]);
    assert!(
        code == Some(1) && told.contains("no cell is filled in"),
        "{told}"
    );
    let (code, _) = up.refused(SUBMITTER, &["return", "show", RETURN]);
    assert_eq!(code, Some(5), "nothing was sent");
}

#[test]
fn an_address_of_something_else_is_told_as_that() {
    let data = tempfile::tempdir().expect("a folder");
    let up = up(data.path());
    for (name, option) in [
        ("validation", "submission"),
        ("web", "submission"),
        ("submission", "validation"),
    ] {
        let asked: &[&str] = match option {
            "submission" => &["return", "show", RETURN],
            _ => &["findings", RETURN],
        };
        let mut command = mesur();
        let address = format!("http://{}", up.address(name));
        let right = if option == "submission" {
            "validation"
        } else {
            "submission"
        };
        command.args(asked).arg(format!("--{option}")).arg(&address);
        command.arg(format!("--{right}"));
        command.arg(format!("http://{}", up.address(right)));
        command.arg("--token-file").arg(up.token(SUBMITTER));
        let output = command.output().expect("the command runs");
        let told = complained(&output);
        assert_eq!(output.status.code(), Some(2), "{name}: {told}");
        assert_eq!(
            told,
            format!("mesur: {address} is not the {option} service.\n")
        );
    }
}

#[test]
fn without_a_token_and_without_a_service_it_is_said_what_is_missing() {
    let data = tempfile::tempdir().expect("a folder");
    let up = up(&data.path().join("mesur-data"));
    let findings = |folder: &Path| {
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
