//! `edition.toml`: the settings of an edition, and what holds when it is left out.

use mesur_figures::{DECIMALS_MAX, Rounding};
use serde::Deserialize;
use toml::Spanned;

use crate::disclosure::{self, Disclosure};
use crate::fault::{Faults, line_of, line_of_key};
use crate::folder::Folder;
use crate::ids::{CollectionId, EditionName, Period};
use crate::table::Row;

const FILE: &str = "edition.toml";

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
    /// Disclosure policies.
    pub disclosure: Disclosure,
    /// A metric that a smaller share of the authorities provided, in per cent, is proposed to be
    /// withheld; `None` proposes nothing.
    pub coverage_floor_percent: Option<u8>,
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
    disclosure: Option<Spanned<String>>,
    #[serde(default)]
    disclosure_policy: Vec<disclosure::Written>,
    coverage_floor_percent: Option<u8>,
}

/// Reads the settings. Without the file the collection is `pif`, the period is the one that
/// `first_row` of the metrics names, and figures are whole numbers rounded half up.
pub(crate) fn load(
    folder: &Folder,
    first_row: Option<&Row>,
    faults: &mut Faults,
) -> Option<Settings> {
    if folder.has(FILE) {
        let text = folder.text(FILE, faults)?;
        match toml::from_str(text) {
            Ok(file) => settings_of(file, text, first_row, faults),
            Err(error) => {
                let row = line_of(text, error.span());
                faults.at(FILE, row, "", error.message().to_owned());
                None
            }
        }
    } else {
        settings_of(File::default(), "", first_row, faults)
    }
}

fn settings_of(
    file: File,
    text: &str,
    first_row: Option<&Row>,
    faults: &mut Faults,
) -> Option<Settings> {
    let mut fault = |key: &str, message: String| {
        faults.at(FILE, line_of_key(text, key), key, message);
    };
    for (key, decimals) in [
        ("decimals", file.decimals),
        ("percent_decimals", file.percent_decimals),
    ] {
        if decimals > DECIMALS_MAX {
            fault(key, format!("at most {DECIMALS_MAX} decimals"));
        }
    }
    if file.coverage_floor_percent.is_some_and(|floor| floor > 100) {
        let message = "a share of the authorities is at most 100 per cent".to_owned();
        fault("coverage_floor_percent", message);
    }
    for (key, date) in [
        ("period_start", &file.period_start),
        ("period_end", &file.period_end),
    ] {
        if let Some(date) = date
            && !is_date(date)
        {
            fault(key, format!("{date:?} is not a date such as 2023-03-31"));
        }
    }
    if let (Some(start), Some(end)) = (&file.period_start, &file.period_end)
        && start > end
    {
        fault("period_end", format!("{end:?} is before {start:?}"));
    }
    let policies = file.disclosure_policy;
    let disclosure = disclosure::read((FILE, text), policies, file.disclosure.as_ref(), faults);
    let mut fault = |key: &str, message: String| {
        faults.at(FILE, line_of_key(text, key), key, message);
    };
    let collection = CollectionId::parse(file.collection.as_deref().unwrap_or("pif"));
    let collection = collection.map_err(|error| fault("collection", error.to_string()));
    let period = match (&file.period, first_row) {
        (Some(period), row) => {
            let tables = row.map(|row| row.get("edition"));
            if tables.is_some_and(|tables| tables != period) {
                let tables = tables.unwrap_or_default();
                fault(
                    "period",
                    format!("{period:?}, but the tables say {tables:?}"),
                );
            }
            Period::parse(period)
                .map_err(|error| fault("period", error.to_string()))
                .ok()
        }
        (None, Some(row)) => row.parse(faults, "edition", Period::parse),
        // Metrics that cannot be read, or are none, are a fault already.
        (None, None) => None,
    };
    Some(Settings {
        name: EditionName {
            collection: collection.ok()?,
            period: period?,
        },
        period_start: file.period_start.unwrap_or_default(),
        period_end: file.period_end.unwrap_or_default(),
        decimals: file.decimals,
        percent_decimals: file.percent_decimals,
        rounding: match file.rounding {
            RoundingName::HalfUp => Rounding::HalfUp,
            RoundingName::HalfEven => Rounding::HalfEven,
        },
        disclosure,
        coverage_floor_percent: file.coverage_floor_percent,
    })
}

/// Whether a text is a civil date, ISO 8601.
pub(crate) fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |length: usize| {
        let digits = parts.next().filter(|digits| digits.len() == length)?;
        // A sign would be read as part of the number.
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u16>().ok().filter(|_| plain)
    };
    let (Some(year), Some(month), Some(day)) = (number(4), number(2), number(2)) else {
        return false;
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::is_date;

    #[test]
    fn a_date_is_a_day_of_the_calendar_in_digits() {
        for text in ["2024-02-29", "2000-02-29", "2023-03-31"] {
            assert!(is_date(text), "{text}");
        }
        for text in [
            "2023-02-29",
            "1900-02-29",
            "2023-04-31",
            "2023-13-01",
            "2023-00-01",
            "2023-01-00",
            "+023-01-01",
            "2023-+1-01",
            "2023-1-01",
            "2023-01-01-",
            "9 April 2024",
            "",
        ] {
            assert!(!is_date(text), "{text}");
        }
    }
}
