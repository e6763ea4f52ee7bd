//! Where the command sends what it has, and whom it trusts.

use std::process::Output;

use crate::support::{complained, mesur};

/// Asks for the status of a collection from `address`.
fn asked(address: &str, arguments: &[&str]) -> Output {
    let mut command = mesur();
    command.args(["status", "--edition", "pif/2022-23", "--submission"]);
    command.arg(address).args(arguments);
    command.output().expect("the command runs")
}

#[test]
fn nothing_is_sent_in_the_clear_to_another_machine() {
    let output = asked("http://192.0.2.1:7401", &[]);
    assert_eq!(output.status.code(), Some(2));
    let told = complained(&output);
    assert!(told.contains("reached by https only"), "{told}");
}

#[test]
fn an_https_address_needs_authorities_that_can_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing.pem");
    let missing = missing.to_str().expect("UTF-8");
    let output = asked("https://127.0.0.1:1", &["--ca", missing]);
    assert_eq!(output.status.code(), Some(2));
    assert!(complained(&output).contains("reading"));
    // The variable names them where the option does not, and what is no PEM is no authority.
    let wrong = folder.path().join("wrong.pem");
    std::fs::write(&wrong, "no certificate").expect("written");
    let mut command = mesur();
    command.env("MESUR_CA", &wrong);
    command.args(["status", "--edition", "pif/2022-23"]);
    command.args(["--submission", "https://127.0.0.1:1"]);
    let told = complained(&command.output().expect("the command runs"));
    assert!(told.contains("it holds no certificate"), "{told}");
}
