//! Return files of every format.
//!
//! A spreadsheet is packed, and a packed file that is changed anywhere is nothing but damaged. So what
//! is read as XLSX and ODS here is the sheet, packed afterwards; `packed` changes the packing.

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use anyhow::Context as _;
use mesur_catalogue::{Catalogue, Edition};
use mesur_forms::Format;
use mesur_returns::{Cells, FileReading, check_file, read_file_for_cells};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::{Target, outcome};

const WORDS: &[&str] = &[
    "W06000012",
    "2022-23",
    "AD/004",
    "AD/005[b]",
    "provided",
    "not_provided",
    "part_period",
    "authority",
    "edition_digest",
    "category",
    "'=",
    "\u{feff}",
    "\u{ff1d}",
    "\"\"",
    "\r\n",
    "<row r=\"",
    "<c t=\"s\" r=\"",
    "<v>",
    "<is><t>",
    "</c>",
    "</row>",
    "xml:space=\"preserve\"",
    "<table:table-row table:number-rows-repeated=\"",
    "<table:table-cell office:value-type=\"float\"",
    " office:value=\"",
    "<text:p>",
    "<text:s text:c=\"",
    "</text:p></table:table-cell>",
    "&amp;",
    "&#x0;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "XFD1048576",
    "PK\u{1}\u{2}",
    "PK\u{5}\u{6}",
];

pub(crate) const CSV: Target = Target {
    name: "csv",
    run: check,
    seeds: csv_files,
    words: WORDS,
};

pub(crate) const XLSX: Target = Target {
    name: "xlsx",
    run: |sheet| check(&packed_with(&XLSX_PARTS, "xl/worksheets/sheet2.xml", sheet)),
    seeds: || part_of(&XLSX_PARTS, "xl/worksheets/sheet2.xml"),
    words: WORDS,
};

pub(crate) const ODS: Target = Target {
    name: "ods",
    run: |content| check(&packed_with(&ODS_PARTS, "content.xml", content)),
    seeds: || part_of(&ODS_PARTS, "content.xml"),
    words: WORDS,
};

pub(crate) const PACKED: Target = Target {
    name: "packed",
    run: check,
    seeds: || Ok(vec![form(Format::Xlsx)?, form(Format::Ods)?]),
    words: WORDS,
};

/// An edition of a few metrics, with the whole catalogue that it stands in.
static EDITION: LazyLock<(Catalogue, Arc<Edition>)> = LazyLock::new(|| {
    let mut catalogue = Catalogue::default();
    match catalogue.add_folder(&data().join("catalogue")) {
        Ok(edition) => (catalogue, edition),
        Err(error) => panic!("the edition of the tests: {error}"),
    }
});

type Part = (String, Vec<u8>);

static XLSX_PARTS: LazyLock<Vec<Part>> = LazyLock::new(|| parts(Format::Xlsx));
static ODS_PARTS: LazyLock<Vec<Part>> = LazyLock::new(|| parts(Format::Ods));

/// The folder of the files that are bad on purpose.
pub(super) fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/bad")
}

fn check(bytes: &[u8]) -> u64 {
    let (catalogue, edition) = &*EDITION;
    let checked = check_file(bytes, edition, catalogue, None);
    // What is read for its cells alone has the same cells.
    let alone = match read_file_for_cells(bytes, edition, catalogue) {
        FileReading::Refused { .. } => None,
        FileReading::Read {
            authority,
            assembly,
            ..
        } => assembly.into_return(edition, &authority).ok(),
    };
    let (whole, alone) = (checked.data_return(), alone.as_ref());
    assert_eq!(
        whole.map(mesur_returns::DataReturn::cells),
        alone.map(mesur_returns::DataReturn::cells),
        "a file read in two ways is one return"
    );
    let kinds = checked.findings.iter().map(|finding| {
        let column = finding.column.as_ref().map(String::len);
        (finding.kind.as_str(), column.unwrap_or_default().min(16))
    });
    let mut kinds: Vec<_> = kinds.collect();
    kinds.sort_unstable();
    kinds.dedup();
    outcome((whole.is_some(), kinds))
}

fn csv_files() -> anyhow::Result<Vec<Vec<u8>>> {
    let entries = std::fs::read_dir(data()).context("the bad files")?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    let is_csv = |path: &&PathBuf| path.extension().is_some_and(|end| end == "csv");
    let mut files = vec![form(Format::Csv)?];
    for path in paths.iter().filter(is_csv) {
        files.push(std::fs::read(path)?);
    }
    Ok(files)
}

/// The cells of a file that is a return.
pub(super) fn cells(bytes: &[u8]) -> Option<Cells> {
    let (catalogue, edition) = &*EDITION;
    let checked = check_file(bytes, edition, catalogue, None);
    checked.data_return().map(|found| found.cells().clone())
}

/// The form of an authority, as it is handed out.
fn form(format: Format) -> anyhow::Result<Vec<u8>> {
    super::editions::form(&EDITION.1, format)
}

fn parts(format: Format) -> Vec<Part> {
    let read = || -> anyhow::Result<Vec<Part>> {
        let mut archive = ZipArchive::new(Cursor::new(form(format)?))?;
        let mut parts = Vec::new();
        for place in 0..archive.len() {
            let mut member = archive.by_index(place)?;
            let name = String::from_utf8_lossy(member.name_raw()).into_owned();
            let mut content = Vec::new();
            std::io::Read::read_to_end(&mut member, &mut content)?;
            parts.push((name, content));
        }
        Ok(parts)
    };
    read().unwrap_or_default()
}

fn part_of(parts: &[Part], name: &str) -> anyhow::Result<Vec<Vec<u8>>> {
    let part = parts.iter().find(|(found, _)| found == name);
    let (_, content) = part.with_context(|| format!("a form has no {name}"))?;
    Ok(vec![content.clone()])
}

fn packed_with(parts: &[Part], changed: &str, content: &[u8]) -> Vec<u8> {
    let pack = || -> anyhow::Result<Vec<u8>> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, own) in parts {
            archive.start_file(name.as_str(), SimpleFileOptions::default())?;
            archive.write_all(if name == changed { content } else { own })?;
        }
        Ok(archive.finish()?.into_inner())
    };
    pack().unwrap_or_default()
}
