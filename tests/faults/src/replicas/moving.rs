//! Moves what the run left between the back ends, and holds it to the same bytes.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail, ensure};

use crate::kill::services::NAMES;

/// From the cluster into folders, from there into the cluster under another name, and into folders
/// again: every export is the same, to the byte. What is in the folders is sound.
pub(crate) fn there_and_back(bin: &Path, folder: &Path, etcd: &str) -> anyhow::Result<u64> {
    let at = |name: &str| folder.join(name).display().to_string();
    let store = |words: &[&str]| {
        let program = Command::new(bin.join("mesur"))
            .arg("store")
            .args(words)
            .output();
        let ended = program.context("running mesur store")?;
        if ended.status.success() {
            return Ok(());
        }
        let said = [ended.stdout, ended.stderr].concat();
        bail!("mesur store {words:?}: {}", String::from_utf8_lossy(&said));
    };
    let (one, other) = (["--etcd", etcd], ["--etcd", etcd, "--etcd-prefix", "other"]);
    let folders = [at("first"), at("second")];
    let [first, second] = [0, 1].map(|n| ["--data", folders.get(n).map_or("", String::as_str)]);
    let places: [&[&str]; 4] = [&one, &first, &other, &second];
    let mut before: Option<String> = None;
    for (n, place) in places.into_iter().enumerate() {
        if let Some(from) = &before {
            store(&[&["import", "--from", from], place].concat())?;
        }
        let out = at(&format!("export{n}"));
        store(&[&["export", "--out", &out], place].concat())?;
        before = Some(out);
    }
    for data in &folders {
        store(&["check", "--data", data])?;
    }
    let mut bytes = 0;
    for name in NAMES {
        let read = |n: usize| fs::read(folder.join(format!("export{n}/{name}.mesur")));
        let whole = read(0)?;
        for n in 1..places.len() {
            ensure!(read(n)? == whole, "{name} differs after {n} moves");
        }
        bytes += u64::try_from(whole.len())?;
    }
    Ok(bytes)
}
