//! Points in time and days, as the user writes and reads them. Times are UTC wherever they are
//! printed, so that nobody has to guess.

use jiff::Timestamp;
use jiff::civil::{Date, time};
use jiff::tz::TimeZone;

/// A point in time: `2023-06-30T17:00:00+01:00`, or a day, which lasts until its end in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeArgument(Timestamp);

impl std::str::FromStr for TimeArgument {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        if let Ok(timestamp) = text.parse() {
            return Ok(Self(timestamp));
        }
        let end = text.parse::<Date>()?.to_datetime(time(23, 59, 59, 0));
        Ok(Self(end.to_zoned(TimeZone::UTC)?.timestamp()))
    }
}

impl From<TimeArgument> for prost_types::Timestamp {
    fn from(TimeArgument(timestamp): TimeArgument) -> Self {
        Self {
            seconds: timestamp.as_second(),
            nanos: timestamp.subsec_nanosecond(),
        }
    }
}

/// A time to the minute in UTC, or a dash.
pub(crate) fn shown(timestamp: Option<&prost_types::Timestamp>) -> String {
    let timestamp = timestamp.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok());
    timestamp.map_or_else(
        || "–".to_owned(),
        |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_lasts_until_its_end_and_a_time_is_shown_in_utc() {
        for (text, due) in [
            ("2023-06-30", "2023-06-30 23:59 UTC"),
            ("2023-06-30T17:00:00+01:00", "2023-06-30 16:00 UTC"),
        ] {
            let at: TimeArgument = text.parse().expect("a time");
            assert_eq!(shown(Some(&at.into())), due);
        }
        assert!("30 June".parse::<TimeArgument>().is_err());
        assert_eq!(shown(None), "–");
    }
}
