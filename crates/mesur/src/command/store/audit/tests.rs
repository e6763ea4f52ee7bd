//! The logs of a year, written as lines and verified from them.

use std::fs;
use std::path::Path;

use clap::Parser as _;

use super::*;
use crate::command::store::tests::a_year;

#[derive(clap::Parser)]
struct Typed {
    #[command(subcommand)]
    command: Command,
}

/// What a command ends with.
fn ended(words: &[&str]) -> Result<ExitCode, String> {
    let typed = Typed::try_parse_from([&["audit"], words].concat());
    let typed = typed.map_err(|error| error.to_string())?;
    run_command(&typed.command).map_err(|error| format!("{error:#}"))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

#[test]
fn the_logs_of_a_backup_are_written_as_lines_that_are_verified_and_found_changed() {
    let runtime = Runtime::new().expect("a runtime");
    let (folder, backup) = runtime.block_on(a_year());
    drop(runtime);
    let out = folder.path().join("audit");
    let from = ["--from", text(&backup)];
    assert_eq!(
        ended(&[&["verify"], &from[..]].concat()),
        Ok(ExitCode::SUCCESS)
    );
    let export = [&["export", "--out", text(&out)], &from[..]].concat();
    assert_eq!(ended(&export), Ok(ExitCode::SUCCESS));
    let again = ended(&export).expect_err("refused");
    assert!(again.contains("is there already"), "{again}");

    let path = out.join("submission.audit.jsonl");
    let whole = fs::read_to_string(&path).expect("lines");
    let lines: Vec<&str> = whole.lines().collect();
    // A year is there: 22 returns that were sent and signed off.
    assert!(lines.len() > 44, "{}", lines.len());
    let json = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
    let link = |line: &str| json(line)["link"].as_str().expect("a link").to_owned();
    let (first, last) = (link(lines[0]), link(lines[lines.len() - 1]));
    let verify = |anchors: &[&str]| {
        let anchors = anchors.iter().flat_map(|link| ["--anchor", link]);
        let words: Vec<&str> = ["verify", text(&path)].into_iter().chain(anchors).collect();
        ended(&words)
    };
    assert_eq!(verify(&[&first, &last]), Ok(ExitCode::SUCCESS));
    let wrong = Ok(ExitCode::from(WRONG));
    // Somebody else did it.
    let who = json(lines[7])["entry"]["identity"].to_string();
    let mut changed: Vec<String> = lines.iter().map(ToString::to_string).collect();
    changed[7] = changed[7].replace(&who, r#""another""#);
    let dropped = [&lines[..7], &lines[8..]].concat();
    for changed in [changed.join("\n"), dropped.join("\n")] {
        fs::write(&path, changed + "\n").expect("changed");
        assert_eq!(verify(&[]), wrong);
        assert_eq!(verify(&[&last]), wrong);
    }
    // What is cut off is missed by who noted the last link, and by nobody else.
    let cut = lines[..lines.len() - 1].join("\n") + "\n";
    fs::write(&path, cut).expect("cut");
    assert_eq!(verify(&[&first]), Ok(ExitCode::SUCCESS));
    assert_eq!(verify(&[&first, &last]), wrong);
    fs::write(&path, &whole[..whole.len() - 1]).expect("cut");
    assert!(verify(&[]).expect_err("refused").contains("cut short"));
    assert!(
        ended(&["verify", "--anchor", "1f6c"])
            .expect_err("no link")
            .contains("64 hexa")
    );
}
