//! The settings of when a release comes out, and who sees it before.

use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

use crate::domain::{Calendar, CalendarError};

/// The notice of the day of a release, in days: four weeks.
const NOTICE_DAYS: u16 = 28;
/// How long before publication early access opens, in hours.
const EARLY_ACCESS_HOURS: u16 = 24;

/// When a release comes out, and who sees it before.
#[derive(Debug, Clone)]
pub struct Timetable {
    /// On which days.
    pub calendar: Calendar,
    /// How many days before its day a release is announced, at the least.
    pub notice_days: u16,
    /// How long before publication early access opens.
    pub early_access: Duration,
}

impl Timetable {
    /// The bank holidays that are bundled, four weeks' notice, early access from 24 hours before.
    pub fn bundled() -> Result<Self, CalendarError> {
        Ok(Self {
            calendar: Calendar::bundled()?,
            notice_days: NOTICE_DAYS,
            early_access: Duration::from_hours(EARLY_ACCESS_HOURS.into()),
        })
    }
}

/// The same as options of a process.
#[derive(Debug, Clone, clap::Args)]
pub struct TimetableOptions {
    /// How many days before its day a release is announced, at the least.
    #[arg(long, default_value_t = NOTICE_DAYS, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(..=365))]
    pub notice_days: u16,
    /// How many hours before publication early access opens.
    #[arg(long, default_value_t = EARLY_ACCESS_HOURS, value_name = "H", value_parser = clap::value_parser!(u16).range(..=168))]
    pub early_access_hours: u16,
    /// A file with days that are bank holidays or no more are: `date,kind,why`, kind `holiday` or
    /// `working`.
    #[arg(long, value_name = "FILE")]
    pub bank_holidays: Option<PathBuf>,
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TimetableError {
    /// The file cannot be read.
    #[error("reading {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// It has no calendar.
    #[error("the calendar")]
    Calendar(#[from] CalendarError),
}

impl TimetableOptions {
    /// Reads the file, if one is named, and makes the timetable.
    pub fn read(&self) -> Result<Timetable, TimetableError> {
        let mut calendar = Calendar::bundled()?;
        if let Some(path) = &self.bank_holidays {
            let text = fs::read_to_string(path).map_err(|source| TimetableError::Read {
                path: path.clone(),
                source,
            })?;
            calendar = calendar.with(&text)?;
        }
        Ok(Timetable {
            calendar,
            notice_days: self.notice_days,
            early_access: Duration::from_hours(self.early_access_hours.into()),
        })
    }
}
