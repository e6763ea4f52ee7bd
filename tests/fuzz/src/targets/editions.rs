//! Editions: their tables, and the sentences of a release.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use mesur_catalogue::{Catalogue, Edition};
use mesur_forms::{Contents, Format};
use mesur_wording::{Args, Language, Wording};

use super::{Target, outcome};

/// Stands between the files of an edition that are one input.
const BETWEEN: &str = "\n=== ";

pub(crate) const FOLDER: Target = Target {
    name: "catalogue",
    run: read_folder,
    seeds: || Ok(vec![joined(&super::files::data().join("catalogue"))?]),
    words: &[
        BETWEEN,
        "metrics.csv\n",
        "rules.csv\n",
        "categories.csv\n",
        "edition.toml\n",
        "AD/004",
        "AD/005[b]",
        "sum",
        "previous(",
        "<=",
        "[[",
        "]]",
        "= \"",
        "round",
        "suppress",
        "2022-23",
        "error",
        "warning",
        "1000000",
    ],
};

pub(crate) const TEXTS: Target = Target {
    name: "texts",
    run: read_texts,
    seeds: || {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../crates/catalogue/editions/pif/2022-23");
        let files = ["release.en.ftl", "release.cy.ftl"];
        let texts = files.map(|file| fs::read(folder.join(file)));
        texts.into_iter().map(|text| Ok(text?)).collect()
    },
    words: &[
        " = ",
        "{ $count ->",
        "[one]",
        "*[other]",
        "}",
        "{",
        "NUMBER(",
        "{ \"",
        "-term",
        ".attribute",
        "\n    ",
        "\n# ",
        "{ $",
        "{ statement-1 }",
        "[cy]",
    ],
};

/// The files of an edition as one text.
fn joined(folder: &Path) -> anyhow::Result<Vec<u8>> {
    let entries = fs::read_dir(folder).context("the edition")?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    let mut text = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        text.extend(format!("{BETWEEN}{name}\n").into_bytes());
        text.extend(fs::read(&path)?);
    }
    Ok(text)
}

fn read_folder(bytes: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(bytes);
    let folder = tempfile::tempdir();
    let Ok(folder) = folder else {
        return 0;
    };
    for file in text.split(BETWEEN).skip(1) {
        let (name, content) = file.split_once('\n').unwrap_or((file, ""));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
        if name.chars().all(is_plain) && name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            // A name that cannot be written is a file that is not there.
            let _ = fs::write(folder.path().join(name), content);
        }
    }
    match Catalogue::default().add_folder(folder.path()) {
        Ok(edition) => outcome((edition.cells().len(), edition.name().to_string())),
        Err(error) => {
            // Faults by their words, without the figures in them.
            let told = error.to_string();
            let words = told.chars().filter(|c| c.is_ascii_lowercase() || *c == ' ');
            outcome(words.take(120).collect::<String>())
        }
    }
}

fn read_texts(bytes: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(bytes);
    let Ok(wording) = Wording::new(Language::En, Some(&text)) else {
        return 1;
    };
    let told = wording.ids().map(|id| {
        let variables = wording.variables(id).is_some();
        let shown = wording.text(id, &Args::new()).is_ok();
        (variables, shown, wording.spans(id, &Args::new()).is_ok())
    });
    let mut counts = [0_usize; 8];
    for (variables, shown, spans) in told {
        let place = usize::from(variables) * 4 + usize::from(shown) * 2 + usize::from(spans);
        if let Some(count) = counts.get_mut(place) {
            *count = count.saturating_add(1);
        }
    }
    outcome(counts)
}

/// The form of the first authority of an edition.
pub(super) fn form(edition: &Edition, format: Format) -> anyhow::Result<Vec<u8>> {
    let authority = edition.authorities().first().context("no authority")?;
    let contents = Contents {
        edition,
        authority: &authority.code,
        previous: None,
        current: None,
    };
    Ok(mesur_forms::write_form(format, &contents, Language::En)?)
}
