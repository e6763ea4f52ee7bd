//! Civil dates, as they stand in comments: until which day a part-period value counts.

use std::fmt;

/// Months in English and Welsh; the first three letters tell all of them apart.
const MONTHS: [[&str; 2]; 12] = [
    ["january", "ionawr"],
    ["february", "chwefror"],
    ["march", "mawrth"],
    ["april", "ebrill"],
    ["may", "mai"],
    ["june", "mehefin"],
    ["july", "gorffennaf"],
    ["august", "awst"],
    ["september", "medi"],
    ["october", "hydref"],
    ["november", "tachwedd"],
    ["december", "rhagfyr"],
];

/// A day of the Gregorian calendar; it displays as ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A date, if the calendar has it.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        (1..=9999).contains(&year).then_some(())?;
        (1..=days)
            .contains(&day)
            .then_some(Self { year, month, day })
    }

    /// The year.
    pub fn year(self) -> u16 {
        self.year
    }

    /// The month, from 1.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    pub fn day(self) -> u8 {
        self.day
    }

    /// Reads `2020-11-23`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, rest) = text.split_once('-')?;
        let (month, day) = rest.split_once('-')?;
        Self::new(number(year, 4..=4)?, small(month)?, small(day)?)
    }

    /// Every date that a text states, in the order of the text: `23 November 2020`,
    /// `23 Tachwedd 2020`, `23/11/2020` or `2020-11-23`. Months may be cut to three letters or
    /// more, days may carry an ordinal ending.
    pub fn all_in(text: &str) -> Vec<Self> {
        let part_of_word = |c: char| c.is_alphanumeric() || matches!(c, '/' | '-');
        let words: Vec<&str> = text
            .split(|c| !part_of_word(c))
            .filter(|word| !word.is_empty())
            .collect();
        let in_words = |place: usize| {
            let day = words.get(place)?;
            let month = words.get(place.checked_add(1)?)?;
            let year = words.get(place.checked_add(2)?)?;
            let digits = day.trim_end_matches(char::is_alphabetic);
            Self::new(number(year, 4..=4)?, month_number(month)?, small(digits)?)
        };
        let date_at = |(place, word): (usize, &&str)| {
            Self::parse(word)
                .or_else(|| day_first(word))
                .or_else(|| in_words(place))
        };
        words.iter().enumerate().filter_map(date_at).collect()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn day_first(word: &str) -> Option<Date> {
    let (day, rest) = word.split_once('/')?;
    let (month, year) = rest.split_once('/')?;
    Date::new(number(year, 4..=4)?, small(month)?, small(day)?)
}

fn month_number(word: &str) -> Option<u8> {
    let word = word.to_lowercase();
    let named = |names: &[&str; 2]| names.iter().any(|name| name.starts_with(&word));
    let place = MONTHS.iter().position(named)?;
    let month = u8::try_from(place).ok()?.checked_add(1)?;
    (word.chars().count() >= 3).then_some(month)
}

fn small(text: &str) -> Option<u8> {
    u8::try_from(number(text, 1..=2)?).ok()
}

fn number(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<u16> {
    let digits = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_found_in_both_languages_and_both_numeric_forms() {
        let day = Date::new(2020, 11, 23);
        for text in [
            "Data up until 23 November 2020 only, due to migration",
            "Data hyd at 23 Tachwedd 2020 yn unig",
            "until 23rd Nov 2020.",
            "hyd at 23ain Tach 2020",
            "(to 23/11/2020)",
            "to 2020-11-23; then nothing",
        ] {
            assert_eq!(Date::all_in(text), Vec::from_iter(day), "{text}");
        }
        for text in [
            "31 April 2021",
            "29/02/2021",
            "12 of 2020",
            "23 No 2020",
            "2020-21",
        ] {
            assert!(Date::all_in(text).is_empty(), "{text}");
        }
        assert_eq!(Date::all_in("1 Mai 2020 - 29 Chwefror 2024").len(), 2);
        assert_eq!(
            day.map(|day| day.to_string()).as_deref(),
            Some("2020-11-23")
        );
    }
}
