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
                bytes: file.contents().into(),
            })
        })
        .collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_authority_has_a_sample_in_both_years_and_another_year_has_none() {
        for period in ["2020-21", "2022-23"] {
            let names: Vec<String> = returns(period).into_iter().map(|file| file.name).collect();
            assert_eq!(names.len(), 22, "{period}");
            assert!(names.is_sorted(), "{names:?}");
        }
        assert!(returns("2021-22").is_empty());
    }
}
