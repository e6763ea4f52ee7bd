use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;

use super::disk::{Disk, Fate};
use super::trace::Record;

/// A disk on which a file was written to before, during and behind a sync.
fn disk(root: &Path, is_name_synced: bool) -> Disk {
    let path = root.join("file");
    let write = |offset, bytes: &[u8]| Record::Write {
        fd: 3,
        offset,
        bytes: bytes.to_vec(),
    };
    let mut records = vec![
        Record::Open {
            fd: 3,
            path,
            is_new: true,
            emptied: false,
        },
        write(0, b"before "),
        Record::SyncStart { fd: 3, sync: 1 },
        write(7, b"during "),
        Record::SyncEnd { sync: 1 },
        write(14, b"behind"),
        Record::Open {
            fd: 4,
            path: root.to_owned(),
            is_new: false,
            emptied: false,
        },
    ];
    if is_name_synced {
        records.extend([
            Record::SyncStart { fd: 4, sync: 2 },
            Record::SyncEnd { sync: 2 },
        ]);
    }
    let mut disk = Disk::of_folder(root).expect("an empty folder");
    for record in records {
        disk.apply(record).expect("a record that fits");
    }
    disk
}

/// What is in the file on a disk where every change that was not synced has this fate.
fn found(is_name_synced: bool, fate: Fate) -> Option<String> {
    let folders = tempfile::tempdir().expect("a folder");
    let [root, to] = ["root", "to"].map(|name| -> PathBuf { folders.path().join(name) });
    fs::create_dir(&root).expect("a folder");
    let disk = disk(&root, is_name_synced);
    let mut rng = Rng::with_seed(1);
    disk.found(&to, |_| fate, &mut rng).expect("a folder");
    fs::read_to_string(to.join("file")).ok()
}

#[test]
fn what_was_written_before_a_sync_began_is_there_and_nothing_else_need_be() {
    assert_eq!(found(true, Fate::Lost).as_deref(), Some("before "));
    assert_eq!(
        found(true, Fate::Kept).as_deref(),
        Some("before during behind")
    );
}

#[test]
fn a_file_without_a_synced_name_need_not_be_there_although_its_content_was_synced() {
    assert_eq!(found(false, Fate::Lost), None);
    assert_eq!(
        found(false, Fate::Kept).as_deref(),
        Some("before during behind")
    );
}

#[test]
fn a_sync_that_has_not_ended_covers_nothing() {
    let folders = tempfile::tempdir().expect("a folder");
    let [root, to] = ["root", "to"].map(|name| -> PathBuf { folders.path().join(name) });
    fs::create_dir(&root).expect("a folder");
    fs::write(root.join("file"), "old").expect("a file");
    let mut disk = Disk::of_folder(&root).expect("the folder");
    let records = [
        Record::Open {
            fd: 3,
            path: root.join("file"),
            is_new: false,
            emptied: true,
        },
        Record::Write {
            fd: 3,
            offset: 0,
            bytes: b"new".to_vec(),
        },
        Record::SyncStart { fd: 3, sync: 1 },
    ];
    for record in records {
        disk.apply(record).expect("a record that fits");
    }
    let mut rng = Rng::with_seed(1);
    disk.found(&to, |_| Fate::Lost, &mut rng).expect("a folder");
    assert_eq!(fs::read_to_string(to.join("file")).expect("a file"), "old");
}
