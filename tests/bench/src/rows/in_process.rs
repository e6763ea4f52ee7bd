//! What one core does without a network: holding the rules against a return, and reading a file.
//!
//! Beside the rules stands a plain loop that adds the same cells up, beside the reader a count of
//! the lines in the same bytes.

use std::hint::black_box;

use anyhow::{Context, ensure};
use mesur_catalogue::{AuthorityCode, Catalogue, Edition, Period};
use mesur_returns::{Cells, FileReading, Previous, PreviousValue, check, read_file};

use super::Effort;
use crate::content::{Cell, write_csv};
use crate::invented::{PERIOD, PERIOD_BEFORE, Shape, authority_code};
use crate::measure::{Better, Side, alternate, nanoseconds};
use crate::report::{Aim, Growth, Row};

/// The row of the rules.
pub(crate) const VALIDATE: &str = "validate";
/// The row of the reader.
pub(crate) const READ: &str = "read";

/// The invented edition at its own size, and at ten times that.
const SHAPES: [Shape; 2] = [Shape::ordinary(1), Shape::large(1)];
/// How much larger the second is than the first.
const LARGER: u32 = 10;

/// An edition, and a file of a return that breaks none of its rules.
struct Material {
    catalogue: Catalogue,
    edition: std::sync::Arc<Edition>,
    file: Vec<u8>,
}

impl Material {
    fn new(shape: Shape) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("a folder")?;
        shape.write_edition(folder.path())?;
        let mut catalogue = Catalogue::default();
        let edition = catalogue.add_folder(folder.path())?;
        let mut file = Vec::new();
        write_csv(&mut file, &authority_code(0), PERIOD, shape.cells_of(1))?;
        Ok(Self {
            catalogue,
            edition,
            file,
        })
    }

    fn cells(&self) -> anyhow::Result<Cells> {
        match read_file(&self.file, &self.edition, &self.catalogue) {
            FileReading::Read { assembly, .. } => {
                ensure!(assembly.findings.is_empty(), "{:?}", assembly.findings);
                Ok(assembly.cells)
            }
            FileReading::Refused { findings, .. } => anyhow::bail!("{findings:?}"),
        }
    }

    /// The values of the year before: a little less than those of `cells`.
    fn previous(&self, cells: impl Iterator<Item = Cell>) -> anyhow::Result<Previous> {
        let references = self.edition.cells().iter();
        let values = references.zip(cells).map(|(known, cell)| {
            let value = cell.value.unwrap_or_default();
            let before = PreviousValue {
                value: value - value / 10,
                decimals: 0,
            };
            (known.reference.clone(), before)
        });
        Ok(Previous {
            authority: AuthorityCode::parse(&authority_code(0))?,
            period: Period::parse(PERIOD_BEFORE)?,
            values: values.collect(),
        })
    }
}

/// Holds every rule of the edition against a return, with the values of the year before.
pub(crate) fn validate(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut growth = Growth::default();
    for shape in SHAPES {
        let material = Material::new(shape)?;
        let cells = material.cells()?;
        let edition = &material.edition;
        let previous = material.previous(shape.cells_of(1))?;
        let findings = check(edition, &cells, Some(&previous));
        ensure!(findings.is_empty(), "the return breaks rules: {findings:?}");
        let rules = || {
            Ok(nanoseconds(effort.window, || {
                black_box(check(edition, black_box(&cells), Some(&previous)));
            }) / 1e3)
        };
        let sum = || {
            Ok(nanoseconds(effort.window, || {
                black_box(black_box(&cells).values().iter().sum::<i64>());
            }) / 1e3)
        };
        let sides = vec![Side::new("Mesur", rules), Side::new("sum", sum)];
        let measured = alternate(effort.rounds, Better::Less, sides)?;
        let ordinary = shape.cells() == Shape::ordinary(1).cells();
        rows.push(Row {
            name: VALIDATE,
            size: format!("{} cells, {} rules", cells.len(), edition.rules().len()),
            unit: "µs",
            better: Better::Less,
            aims: if ordinary {
                vec![Aim::Figure(200.0)]
            } else {
                Vec::new()
            },
            note: format!(
                "a return that breaks no rule{}",
                growth.note(LARGER, &measured)
            ),
            measured: Some(measured),
        });
    }
    Ok(rows)
}

/// Reads a file into the cells of its edition.
pub(crate) fn read(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut growth = Growth::default();
    for shape in SHAPES {
        let material = Material::new(shape)?;
        material.cells()?;
        let Material {
            catalogue,
            edition,
            file,
        } = &material;
        let bytes = u32::try_from(file.len()).context("the length of the file")?;
        let rate = |nanoseconds: f64| f64::from(bytes) * 1e3 / nanoseconds;
        let reader = || {
            Ok(rate(nanoseconds(effort.window, || {
                black_box(read_file(black_box(file), edition, catalogue));
            })))
        };
        let lines = || {
            Ok(rate(nanoseconds(effort.window, || {
                black_box(memchr::memchr_iter(b'\n', black_box(file)).count());
            })))
        };
        let sides = vec![Side::new("Mesur", reader), Side::new("lines", lines)];
        let measured = alternate(effort.rounds, Better::More, sides)?;
        rows.push(Row {
            name: READ,
            size: format!("{} cells, {bytes} bytes", shape.cells()),
            unit: "MB/s",
            better: Better::More,
            aims: vec![Aim::Figure(100.0)],
            note: format!(
                "into the cells of its edition{}",
                growth.rate("a byte", LARGER, &measured)
            ),
            measured: Some(measured),
        });
    }
    Ok(rows)
}
