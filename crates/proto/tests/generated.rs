//! The committed code is what `proto/` compiles to. `UPDATE_GENERATED=1` writes it anew.
#![expect(clippy::expect_used, reason = "a test says what it needs")]

use std::fs;
use std::path::{Path, PathBuf};

fn proto_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            proto_files(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            found.push(path);
        }
    }
}

#[test]
fn generated_code_is_what_the_proto_files_compile_to() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let proto = crate_folder.join("../../proto");
    let mut files = Vec::new();
    proto_files(&proto, &mut files);
    let mut descriptors = protox::compile(&files, [&proto]).expect("the proto files compile");
    let fresh = tempfile::tempdir().expect("a folder");
    tonic_prost_build::configure()
        .out_dir(fresh.path())
        .compile_fds(descriptors.clone())
        .expect("code is generated");
    // Reflection serves names and shapes; comments would only make every binary larger.
    for file in &mut descriptors.file {
        file.source_code_info = None;
    }
    let descriptors = prost::Message::encode_to_vec(&descriptors);
    fs::write(fresh.path().join("descriptors.bin"), descriptors).expect("descriptors written");

    let committed = crate_folder.join("src/generated");
    let update = std::env::var_os("UPDATE_GENERATED").is_some();
    let mut names = Vec::new();
    for entry in fs::read_dir(fresh.path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_owned();
        if update {
            fs::copy(&path, committed.join(&name)).expect("a file copied");
        }
        let same = fs::read(&path).ok() == fs::read(committed.join(&name)).ok();
        assert!(
            same,
            "{} is out of date: run with UPDATE_GENERATED=1",
            name.display()
        );
        names.push(name);
    }
    for entry in fs::read_dir(&committed).expect("a folder") {
        let name = entry.expect("an entry").file_name();
        assert!(
            names.contains(&name),
            "{} belongs to no proto file",
            name.display()
        );
    }
}
