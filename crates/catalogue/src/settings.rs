//! `edition.toml`: the settings of an edition, and what holds when it is left out.

use mesur_figures::{DECIMALS_MAX, Rounding};
use serde::Deserialize;

use crate::fault::Faults;
use crate::folder::Folder;
use crate::ids::{CollectionId, EditionName, Period};

const FILE: &str = "edition.toml";

/// The disclosure policy of an edition's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disclosure {
    /// Values are published exactly.
    #[default]
    None,
}

/// The settings of an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Collection and period.
    pub name: EditionName,
    /// First day of the period, ISO 8601; empty when not stated.
    pub period_start: String,
    /// Last day of the period, ISO 8601; empty when not stated.
    pub period_end: String,
    /// Decimals of a metric that states none of its own.
    pub decimals: u8,
    /// Decimals of printed percentages.
    pub percent_decimals: u8,
    /// Rounding of printed percentages.
    pub rounding: Rounding,
    /// Disclosure policy.
    pub disclosure: Disclosure,
}

/// How the file spells a [`Rounding`].
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RoundingName {
    #[default]
    HalfUp,
    HalfEven,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    collection: Option<String>,
    period: Option<String>,
    period_start: Option<String>,
    period_end: Option<String>,
    #[serde(default)]
    decimals: u8,
    #[serde(default)]
    percent_decimals: u8,
    #[serde(default)]
    rounding: RoundingName,
    #[serde(default)]
    disclosure: Disclosure,
}

/// Reads the settings. Without the file the collection is `pif`, the period is the one that the
/// tables name in their `edition` column, and figures are whole numbers rounded half up.
pub(crate) fn load(
    folder: &Folder,
    period_of_tables: Option<&str>,
    faults: &mut Faults,
) -> Option<Settings> {
    let file: File = match folder.text(FILE) {
        None => File::default(),
        Some(Ok(text)) => match toml::from_str(text) {
            Ok(file) => file,
            Err(error) => {
                faults.at(
                    FILE,
                    line_of(text, error.span()),
                    "",
                    error.message().to_owned(),
                );
                return None;
            }
        },
        Some(Err(_)) => {
            faults.file(FILE, "not UTF-8");
            return None;
        }
    };
    for (column, decimals) in [
        ("decimals", file.decimals),
        ("percent_decimals", file.percent_decimals),
    ] {
        if decimals > DECIMALS_MAX {
            faults.at(FILE, 0, column, format!("at most {DECIMALS_MAX} decimals"));
        }
    }
    let collection = file.collection.as_deref().unwrap_or("pif");
    let period = file
        .period
        .as_deref()
        .or(period_of_tables)
        .unwrap_or_default();
    if let Some(tables) = period_of_tables
        && tables != period
    {
        faults.at(
            FILE,
            0,
            "period",
            format!("{period:?}, but the tables say {tables:?}"),
        );
    }
    let collection = noted(faults, "collection", CollectionId::parse(collection));
    let period = noted(faults, "period", Period::parse(period));
    let (Some(collection), Some(period)) = (collection, period) else {
        return None;
    };
    Some(Settings {
        name: EditionName { collection, period },
        period_start: file.period_start.unwrap_or_default(),
        period_end: file.period_end.unwrap_or_default(),
        decimals: file.decimals,
        percent_decimals: file.percent_decimals,
        rounding: match file.rounding {
            RoundingName::HalfUp => Rounding::HalfUp,
            RoundingName::HalfEven => Rounding::HalfEven,
        },
        disclosure: file.disclosure,
    })
}

fn noted<T, E: std::fmt::Display>(
    faults: &mut Faults,
    column: &str,
    result: Result<T, E>,
) -> Option<T> {
    result
        .map_err(|error| faults.at(FILE, 0, column, error.to_string()))
        .ok()
}

/// The physical line of a byte range, from 1; 0 when there is none.
pub(crate) fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> u64 {
    let Some(before) = span.and_then(|span| text.get(..span.start)) else {
        return 0;
    };
    let newlines = before.bytes().filter(|byte| *byte == b'\n').count();
    u64::try_from(newlines)
        .unwrap_or(u64::MAX)
        .saturating_add(1)
}
