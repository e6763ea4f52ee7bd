//! Running the command, and reading what it wrote.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The command.
pub(crate) fn mesur() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mesur"));
    command.env("MESUR_LOG", "error");
    command.env_remove("MESUR_TOKEN_FILE");
    command.env_remove("MESUR_CA");
    // Whoever runs the tests may be logged in.
    command.env_remove("XDG_CONFIG_HOME").env_remove("HOME");
    command
}

/// A path from the top of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// The bundled sample returns of a period.
pub(crate) fn samples(period: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(period)
}

/// What a command printed to standard output.
pub(crate) fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// What a command said went wrong.
pub(crate) fn complained(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// A rehearsal into a new folder.
pub(crate) fn rehearse(edition: &str, returns: &Path) -> (Output, tempfile::TempDir) {
    let out = tempfile::tempdir().expect("a folder");
    let mut command = mesur();
    command
        .args(["rehearse", "--edition", edition, "--returns"])
        .arg(returns);
    command.arg("--out").arg(out.path());
    (command.output().expect("the command runs"), out)
}

/// A JSON file.
pub(crate) fn json(path: &Path) -> Value {
    let bytes = std::fs::read(path).expect("a file");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// The rows of a CSV file by column.
pub(crate) fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).expect("a CSV file");
    reader
        .deserialize()
        .map(|row| row.expect("a row"))
        .collect()
}
