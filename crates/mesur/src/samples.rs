//! The bundled return files of the 22 authorities, for the demonstration. Authority values in
//! them are synthetic; `samples/README.md` says how.

use include_dir::{Dir, include_dir};

use crate::files::ReturnFile;

static SAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/samples");

/// The return files of a period, by name.
pub(crate) fn returns(period: &str) -> Vec<ReturnFile> {
    let files = SAMPLES.get_dir(period).into_iter().flat_map(Dir::files);
    let mut files: Vec<ReturnFile> = files
        .filter_map(|file| {
            let name = file.path().file_name()?.to_str()?.to_owned();
            Some(ReturnFile {
                name,
                bytes: file.contents().to_vec(),
            })
        })
        .collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}
