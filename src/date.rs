//! Days of the proleptic Gregorian calendar. Asking the clock is the work of `cli`.

use std::fmt;

/// A day of the years 0 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day of a text `YYYY-MM-DD`; `None` for anything else and for days that do not exist.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, rest) = text.split_once('-')?;
        let (month, day) = rest.split_once('-')?;
        let digits = |part: &str, len: usize| part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit());
        if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
            return None;
        }
        let (year, month, day): (u16, u8, u8) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
        is_day(year.into(), month.into(), day.into()).then_some(Self { year, month, day })
    }

    /// The day so many days after 1970-01-01; of days after the year 9999 the last one.
    pub fn from_days(days: u64) -> Self {
        let (year, month, day) = date_of(i64::try_from(days).unwrap_or(i64::MAX).min(2_900_000));
        let small = |number: i64| u8::try_from(number).unwrap_or(u8::MAX);
        Self { year: u16::try_from(year).unwrap_or(u16::MAX), month: small(month), day: small(day) }
    }

    /// How many days after 1970-01-01 it is; 0 for days before.
    pub fn days(self) -> u64 {
        u64::try_from(days_of(self.year.into(), self.month.into(), self.day.into())).unwrap_or(0)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Whether there is such a day.
pub(crate) fn is_day(year: i64, month: i64, day: i64) -> bool {
    (1..=12).contains(&month) && (1..=length_of_month(year, month)).contains(&day)
}

/// Days since 1970-01-01 of a year, month and day.
pub(crate) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    // Years are counted from March, so that a leap day ends its year; 146,097 days are 400 years.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of days since 1970-01-01.
pub(crate) fn date_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// How many days a month has.
pub(crate) fn length_of_month(year: i64, month: i64) -> i64 {
    let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_of(next_year, next, 1) - days_of(year, month, 1)
}

#[cfg(test)]
mod tests {
    use super::{Date, date_of, days_of};

    #[test]
    fn days_that_do_not_exist_are_none() {
        for text in ["2026-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "26-01-01", "2026-1-1", "tomorrow", ""] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert_eq!(Date::parse("2028-02-29").unwrap().to_string(), "2028-02-29");
        assert!(Date::parse("1900-02-29").is_none() && Date::parse("2000-02-29").is_some());
    }

    #[test]
    fn later_days_are_greater() {
        assert!(Date::parse("2026-01-31") < Date::parse("2026-02-01"));
    }

    #[test]
    fn days_since_1970_have_their_date() {
        for (days, text) in [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_544, "2026-04-01")] {
            assert_eq!(Date::from_days(days).to_string(), text);
        }
        for days in 0..60_000 {
            assert_eq!(Date::from_days(days).days(), days);
        }
    }

    #[test]
    fn calendar_goes_both_ways() {
        for day in [-719_162, -1, 0, 59, 60, 11_016, 19_782, 2_932_896] {
            let (year, month, of_month) = date_of(day);
            assert_eq!(days_of(year, month, of_month), day);
        }
        assert_eq!(date_of(0), (1970, 1, 1));
    }
}
