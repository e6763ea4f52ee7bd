//! A civil date, as editions and totals write it.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Where the readers are.
const ZONE: &str = "Europe/London";

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date {
    /// The year.
    pub(crate) year: i16,
    /// The month from 1.
    pub(crate) month: i8,
    /// The day from 1.
    pub(crate) day: i8,
}

impl Date {
    /// Reads `2024-04-09`. Whether the month has that day is not asked: nothing is worked out
    /// with a date, it is only printed.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let mut part = |length: usize| {
            parts.next().filter(|part| {
                part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        let date = Self {
            year: year.parse().ok()?,
            month: month.parse().ok()?,
            day: day.parse().ok()?,
        };
        ((1..=12).contains(&date.month) && (1..=31).contains(&date.day)).then_some(date)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A moment by the clocks of the readers; the same on whatever machine it is worked out.
pub(crate) fn local(time: Timestamp) -> DateTime {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    zone.to_datetime(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_date_is_read_and_it_is_written_back() {
        assert_eq!(
            Date::parse("2024-04-09").expect("a date").to_string(),
            "2024-04-09"
        );
        for text in [
            "",
            "2024-4-9",
            "2024-13-01",
            "2024-00-10",
            "2024-04-32",
            "9 April",
            "+024-04-09",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
