//! When a release may come out: 09:30 in Wales, on a working day.
//!
//! A working day is Monday to Friday and no bank holiday of England and Wales. The bank holidays are
//! worked out by their rule, which is older than any edition; days that differ from it by proclamation
//! come from a file, the bundled one and one of the operator's. A day that is proclaimed
//! later and is in neither is taken for a working day: keep the operator's file up to date.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, Weekday, date, time};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

/// The bundled days that differ from the rule.
const BUNDLED: &str = include_str!("bank_holidays.csv");
/// The standard time of publication.
const STANDARD_TIME: Time = time(9, 30, 0, 0);
const ZONE: &str = "Europe/London";

/// A calendar that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// A line of a file of bank holidays is not one.
    #[error("line {line} of the bank holidays: {problem}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// The time zone of the country is not there.
    #[error("the time zone {ZONE}")]
    Zone(#[source] jiff::Error),
}

/// The working days, and the moment of publication on each.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    /// Days that differ from the rule; whether each is a holiday.
    proclaimed: BTreeMap<Date, bool>,
}

impl Calendar {
    /// The calendar with the bundled proclamations.
    pub fn bundled() -> Result<Self, CalendarError> {
        let calendar = Self {
            zone: TimeZone::get(ZONE).map_err(CalendarError::Zone)?,
            proclaimed: BTreeMap::new(),
        };
        calendar.with(BUNDLED)
    }

    /// The calendar with further proclamations, `date,kind,why` as in the bundled file: a later line
    /// counts for its day.
    pub fn with(mut self, text: &str) -> Result<Self, CalendarError> {
        let mut reader = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .from_reader(text.as_bytes());
        for record in reader.records() {
            let wrong = |line, problem: String| CalendarError::Line { line, problem };
            let record = record.map_err(|error| {
                let line = error.position().map_or(0, csv::Position::line);
                wrong(line, error.to_string())
            })?;
            let line = record.position().map_or(0, csv::Position::line);
            let field = |place| record.get(place).unwrap_or_default();
            let day: Date = field(0)
                .parse()
                .map_err(|error: jiff::Error| wrong(line, error.to_string()))?;
            let is_holiday = match field(1) {
                "holiday" => true,
                "working" => false,
                other => {
                    let problem = format!("{other:?} is neither holiday nor working");
                    return Err(wrong(line, problem));
                }
            };
            self.proclaimed.insert(day, is_holiday);
        }
        Ok(self)
    }

    /// Whether releases come out on a day.
    pub(crate) fn is_working_day(&self, day: Date) -> bool {
        let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let holiday = self.proclaimed.get(&day).copied();
        !is_weekend && !holiday.unwrap_or_else(|| is_bank_holiday(day))
    }

    /// The moment of publication on a day.
    pub(crate) fn moment(&self, day: Date) -> Result<Timestamp, jiff::Error> {
        Ok(self
            .zone
            .to_zoned(day.to_datetime(STANDARD_TIME))?
            .timestamp())
    }

    /// The day that it is in Wales.
    pub(crate) fn day_of(&self, instant: Timestamp) -> Date {
        self.zone.to_datetime(instant).date()
    }
}

/// The bank holidays of England and Wales as the Banking and Financial Dealings Act 1971 and the
/// proclamations that come every year have them. A holiday on a weekend is taken on the next weekday
/// that is none.
fn is_bank_holiday(day: Date) -> bool {
    let year = day.year();
    let Ok(easter) = easter(year) else {
        return false;
    };
    let nth = |month, nth| date(year, month, 1).nth_weekday_of_month(nth, Weekday::Monday);
    let found = [
        Ok(substitute(date(year, 1, 1))),
        easter.checked_sub(2.days()),
        easter.checked_add(1.day()),
        nth(5, 1),
        nth(5, -1),
        nth(8, -1),
    ];
    found.into_iter().flatten().any(|holiday| holiday == day) || christmas(year).contains(&day)
}

/// The weekday on which a holiday is taken.
fn substitute(holiday: Date) -> Date {
    let days = match holiday.weekday() {
        Weekday::Saturday => 2,
        Weekday::Sunday => 1,
        _ => 0,
    };
    holiday.saturating_add(days.days())
}

/// Christmas Day and Boxing Day, as they are taken: two days that follow on one another.
fn christmas(year: i16) -> [Date; 2] {
    let day = |day| date(year, 12, day);
    match day(25).weekday() {
        Weekday::Friday => [day(25), day(28)],
        Weekday::Saturday => [day(27), day(28)],
        Weekday::Sunday => [day(26), day(27)],
        _ => [day(25), day(26)],
    }
}

/// Easter Sunday of the Gregorian calendar, by the computus that Nature printed in 1876.
fn easter(year: i16) -> Result<Date, jiff::Error> {
    let whole = i32::from(year);
    let (century, of_century) = (whole.div_euclid(100), whole.rem_euclid(100));
    let golden = whole.rem_euclid(19);
    let shift = (century - (century + 8) / 25 + 1) / 3;
    let moon = (19 * golden + century - century / 4 - shift + 15).rem_euclid(30);
    let weekday =
        (32 + 2 * (century % 4) + 2 * (of_century / 4) - moon - of_century % 4).rem_euclid(7);
    let late = (golden + 11 * moon + 22 * weekday) / 451;
    let days = moon + weekday - 7 * late;
    date(year, 3, 22).checked_add(days.days())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Printed by <https://www.gov.uk/bank-holidays>.
    const PRINTED: [(i16, [(i8, i8); 8]); 6] = [
        (
            2018,
            [
                (1, 1),
                (3, 30),
                (4, 2),
                (5, 7),
                (5, 28),
                (8, 27),
                (12, 25),
                (12, 26),
            ],
        ),
        (
            2020,
            [
                (1, 1),
                (4, 10),
                (4, 13),
                (5, 8),
                (5, 25),
                (8, 31),
                (12, 25),
                (12, 28),
            ],
        ),
        (
            2021,
            [
                (1, 1),
                (4, 2),
                (4, 5),
                (5, 3),
                (5, 31),
                (8, 30),
                (12, 27),
                (12, 28),
            ],
        ),
        (
            2024,
            [
                (1, 1),
                (3, 29),
                (4, 1),
                (5, 6),
                (5, 27),
                (8, 26),
                (12, 25),
                (12, 26),
            ],
        ),
        (
            2026,
            [
                (1, 1),
                (4, 3),
                (4, 6),
                (5, 4),
                (5, 25),
                (8, 31),
                (12, 25),
                (12, 28),
            ],
        ),
        (
            2027,
            [
                (1, 1),
                (3, 26),
                (3, 29),
                (5, 3),
                (5, 31),
                (8, 30),
                (12, 27),
                (12, 28),
            ],
        ),
    ];
    /// Years with more than the eight.
    const LONGER: [(i16, &[(i8, i8)]); 2] = [
        (
            2022,
            &[
                (1, 3),
                (4, 15),
                (4, 18),
                (5, 2),
                (6, 2),
                (6, 3),
                (8, 29),
                (9, 19),
                (12, 26),
                (12, 27),
            ],
        ),
        (
            2023,
            &[
                (1, 2),
                (4, 7),
                (4, 10),
                (5, 1),
                (5, 8),
                (5, 29),
                (8, 28),
                (12, 25),
                (12, 26),
            ],
        ),
    ];

    #[test]
    fn the_working_days_of_eight_years_are_those_that_were_printed() {
        let calendar = Calendar::bundled().unwrap();
        let printed = PRINTED.iter().map(|(year, days)| (*year, days.as_slice()));
        for (year, holidays) in printed.chain(LONGER) {
            let mut found = Vec::new();
            let mut day = date(year, 1, 1);
            while day.year() == year {
                let is_weekday = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
                assert!(is_weekday || !calendar.is_working_day(day), "{day}");
                if is_weekday && !calendar.is_working_day(day) {
                    found.push((day.month(), day.day()));
                }
                day = day.tomorrow().unwrap();
            }
            assert_eq!(found, holidays, "{year}");
        }
    }

    #[test]
    fn easter_is_where_the_tables_have_it() {
        for (year, month, day) in [
            (1961, 4, 2),
            (2000, 4, 23),
            (2008, 3, 23),
            (2019, 4, 21),
            (2038, 4, 25),
            (2285, 3, 22),
        ] {
            assert_eq!(easter(year).unwrap(), date(year, month, day));
        }
    }

    #[test]
    fn half_past_nine_is_by_the_clock_on_the_wall_in_summer_and_in_winter() {
        let calendar = Calendar::bundled().unwrap();
        for (day, moment) in [
            (date(2026, 11, 26), "2026-11-26T09:30:00Z"),
            (date(2026, 7, 1), "2026-07-01T08:30:00Z"),
            (date(2026, 3, 30), "2026-03-30T08:30:00Z"),
            (date(2026, 10, 26), "2026-10-26T09:30:00Z"),
        ] {
            let moment: Timestamp = moment.parse().unwrap();
            assert_eq!(calendar.moment(day).unwrap(), moment);
            assert_eq!(calendar.day_of(moment), day);
        }
        let late: Timestamp = "2026-07-01T23:30:00Z".parse().unwrap();
        assert_eq!(calendar.day_of(late), date(2026, 7, 2));
    }

    #[test]
    fn a_proclamation_of_the_operator_counts_and_a_line_that_is_none_is_told() {
        let calendar = Calendar::bundled().unwrap();
        let [added, moved] = [date(2028, 6, 14), date(2028, 5, 1)];
        assert!(calendar.is_working_day(added) && !calendar.is_working_day(moved));
        let text = "date,kind,why\n2028-06-14,holiday,x\n2028-05-01,working,x\n";
        let calendar = calendar.with(text).unwrap();
        assert!(!calendar.is_working_day(added) && calendar.is_working_day(moved));
        for (text, line) in [
            ("date,kind,why\n2028-06-31,holiday,x\n", 2),
            ("date,kind,why\n2028-06-14,feast,x\n", 2),
            ("date,kind,why\n2028-06-13,holiday,x\n2028-06-14\n", 3),
        ] {
            let told = calendar.clone().with(text).unwrap_err();
            assert!(
                told.to_string().starts_with(&format!("line {line} ")),
                "{told}"
            );
        }
    }
}
