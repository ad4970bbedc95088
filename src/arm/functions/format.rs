//! .NET formats: `format`, and `dateTimeAdd`, `dateTimeFromEpoch` and `dateTimeToEpoch`, in the proleptic Gregorian
//! calendar and UTC.

use crate::arm::budget::{Budget, Failure, error};
use crate::arm::functions::arguments::{self, Answer, Args, Outcome, int, text};
use crate::arm::{partial, value};
use crate::date::{date_of, days_of, is_day, length_of_month};
use crate::json::{Number, Part, Value};

pub(crate) fn format(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let pattern = args.text(0)?;
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest: &str = pattern;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            plain.push_str(brace);
            rest = after;
            continue;
        }
        let (true, Some(end)) = (brace == "{", rest.find('}')) else {
            return error("the format string has a single bracket");
        };
        if !plain.is_empty() {
            pieces.push(Part::Text(std::mem::take(&mut plain).into()));
        }
        let (hole, after) = rest.split_at(end);
        rest = &after[1..];
        let more = filled(hole, args, budget)?;
        budget.text(partial::known_length(&more))?;
        pieces.extend(more);
    }
    plain.push_str(rest);
    pieces.push(Part::Text(plain.into()));
    budget.text(partial::known_length(&pieces))?;
    Ok(Answer::Pieces(pieces))
}

/// What stands for `{index,width:style}`.
fn filled(hole: &str, args: Args<'_>, budget: &mut Budget) -> Result<Vec<Part>, Failure> {
    let (head, style) = hole.split_once(':').map_or((hole, ""), |(head, style)| (head, style));
    let (index, width) = head.split_once(',').map_or((head, None), |(index, width)| (index, Some(width)));
    let Some(index) = index.trim().parse::<usize>().ok().and_then(|index| index.checked_add(1)) else {
        return error(format!("`{{{hole}}}` names no argument"));
    };
    if index >= args.len() {
        return error(format!("the format string asks for argument {}, which is not given", index - 1));
    }
    let node = args.node(index);
    args.sound(index)?;
    if node.unknown().is_some() && width.is_none() && style.is_empty() {
        return args.pieces(index);
    }
    let text = match &node.value {
        Value::Null => String::new(),
        Value::Number(number) => styled(number, style, budget)?,
        Value::List(_) | Value::Object(_) => value::print(node, '\'', budget)?,
        Value::Unknown(_) | Value::Deferred(_) => return Err(Failure::Unknown),
        Value::Bool(_) | Value::Text(_) => args.plain(index)?.to_string(),
    };
    let Some(width) = width else { return Ok(vec![Part::Text(text.into())]) };
    let Ok(width) = width.trim().parse::<i64>() else { return error(format!("`{{{hole}}}` has no width")) };
    let missing =
        usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX).saturating_sub(arguments::text_length(&text));
    budget.text(missing.saturating_add(text.len()))?;
    let pad = " ".repeat(missing);
    let padded = if width < 0 { text + &pad } else { pad + &text };
    Ok(vec![Part::Text(padded.into())])
}

fn styled(number: &Number, style: &str, budget: &mut Budget) -> Result<String, Failure> {
    let mut characters = style.chars();
    let Some(letter) = characters.next() else { return Ok(number.as_str().to_owned()) };
    let digits = characters.as_str();
    if !letter.is_ascii_alphabetic() || !digits.chars().all(|digit| digit.is_ascii_digit()) {
        return custom(number, style, budget);
    }
    let precision: Option<usize> = digits.parse().ok();
    budget.text(precision.unwrap_or(0))?;
    let decimals = precision.unwrap_or(2).min(64);
    let whole = |name: &str| match number.as_i64() {
        Some(value) => Ok(value),
        None => error(format!("style {name} needs an integer")),
    };
    Ok(match letter.to_ascii_uppercase() {
        'D' => {
            let value = whole("D")?;
            let sign = if value < 0 { "-" } else { "" };
            format!("{sign}{:0>width$}", value.unsigned_abs(), width = precision.unwrap_or(1))
        }
        'X' => {
            let value = whole("X")?;
            let width = precision.unwrap_or(1);
            // .NET prints 32-bit integers; larger ones are 64-bit.
            let value = i32::try_from(value).map_or(value.cast_unsigned(), |small| u64::from(small.cast_unsigned()));
            if letter == 'X' { format!("{value:0>width$X}") } else { format!("{value:0>width$x}") }
        }
        'N' => grouped(&fixed(number, decimals)),
        'F' => fixed(number, decimals),
        'G' | 'R' => number.as_str().to_owned(),
        'C' => format!("${}", grouped(&fixed(number, decimals))),
        'P' => format!("{} %", grouped(&format!("{:.decimals$}", number.as_f64() * 100.0))),
        'E' => {
            let text = format!("{:.*e}", precision.unwrap_or(6).min(64), number.as_f64());
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
            format!("{mantissa}{letter}{sign}{exponent:0>3}")
        }
        _ => return error(format!("number style `{style}` is not known")),
    })
}

fn fixed(number: &Number, decimals: usize) -> String {
    match number.as_i64() {
        Some(value) if decimals == 0 => value.to_string(),
        Some(value) => format!("{value}.{}", "0".repeat(decimals)),
        None => format!("{:.decimals$}", number.as_f64()),
    }
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut out = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A picture such as `000` or `#,##0.00`.
fn custom(number: &Number, style: &str, budget: &mut Budget) -> Result<String, Failure> {
    budget.text(style.len())?;
    if !style.chars().all(|character| matches!(character, '0' | '#' | '.' | ',')) {
        return Err(Failure::Unknown);
    }
    let (whole, fraction) = style.split_once('.').unwrap_or((style, ""));
    let least = whole.chars().filter(|character| *character == '0').count();
    let fewest = fraction.chars().filter(|character| *character == '0').count();
    let most = fraction.chars().filter(|character| *character != ',').count().min(64);
    let text = fixed(number, most);
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (digits, decimals) = text.split_once('.').unwrap_or((text, ""));
    let mut decimals = decimals.to_owned();
    while decimals.len() > fewest && decimals.ends_with('0') {
        decimals.pop();
    }
    let digits = if digits == "0" && least == 0 { "" } else { digits };
    let mut out = format!("{digits:0>least$}");
    if whole.contains(',') {
        out = grouped(&out);
    }
    if !decimals.is_empty() {
        out = format!("{out}.{decimals}");
    }
    Ok(format!("{sign}{out}"))
}

const DAY: i64 = 86_400;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

/// Seconds since 1970 and parts of a second in units of 100 ns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moment {
    seconds: i64,
    ticks: u32,
}

pub(crate) fn add(args: Args<'_>, _: &mut Budget) -> Outcome {
    let Some(base) = moment(args.text(0)?) else { return error(format!("`{}` is not a date", args.text(0)?)) };
    let Some(moved) = moved(base, args.text(1)?) else {
        return error(format!("`{}` is not a duration", args.text(1)?));
    };
    let style = if args.len() > 2 && !args.node(2).is_null() { args.text(2)?.as_ref() } else { "G" };
    text(shown(moved, style)?)
}

pub(crate) fn from_epoch(args: Args<'_>, _: &mut Budget) -> Outcome {
    let seconds = args.int(0)?;
    if !(-62_135_596_800..=253_402_300_799).contains(&seconds) {
        return error("the date lies outside the years 1 to 9999");
    }
    text(shown(Moment { seconds, ticks: 0 }, "yyyy-MM-ddTHH:mm:ssZ")?)
}

pub(crate) fn to_epoch(args: Args<'_>, _: &mut Budget) -> Outcome {
    match moment(args.text(0)?) {
        Some(moment) => int(moment.seconds),
        None => error(format!("`{}` is not a date", args.text(0)?)),
    }
}

/// Reads `yyyy-MM-dd[T ]HH:mm:ss[.fff][Z|±hh:mm]`, `yyyyMMddTHHmmssZ`, and dates alone.
fn moment(written: &str) -> Option<Moment> {
    let written = written.trim();
    if !written.is_ascii() {
        return None;
    }
    let compact = written.len() >= 8 && written.as_bytes()[..8].iter().all(u8::is_ascii_digit);
    let number = |from: usize, to: usize| written.get(from..to)?.parse::<i64>().ok();
    let (date, rest) = if compact {
        ((number(0, 4)?, number(4, 6)?, number(6, 8)?), &written[8..])
    } else {
        let mut parts = written.get(..10)?.split('-');
        let mut next = || parts.next()?.parse::<i64>().ok();
        ((next()?, next()?, next()?), &written[10..])
    };
    let (year, month, day) = date;
    if !(1..=9999).contains(&year) || !is_day(year, month, day) {
        return None;
    }
    let midnight = days_of(year, month, day) * DAY;
    let rest = rest.trim_start_matches(['T', 't', ' ']);
    if rest.is_empty() {
        return Some(Moment { seconds: midnight, ticks: 0 });
    }
    let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = (rest[..zone_at].trim(), &rest[zone_at..]);
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let digits: String = time.chars().filter(|character| *character != ':').collect();
    let part = |from: usize| digits.get(from..from + 2).map_or(Some(0), |two| two.parse::<i64>().ok());
    let (hour, minute, second) = (part(0)?, part(2)?, part(4)?);
    if digits.len() < 4 || digits.len() > 6 || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let ticks = if fraction.is_empty() { 0 } else { format!("{fraction:0<7}").get(..7)?.parse().ok()? };
    let offset = match zone.chars().next() {
        None | Some('Z' | 'z') => 0,
        Some(sign) => {
            let digits: String = zone[1..].chars().filter(char::is_ascii_digit).collect();
            let minutes =
                digits.get(..2)?.parse::<i64>().ok()? * 60 + digits.get(2..4).map_or(Some(0), |m| m.parse().ok())?;
            if sign == '-' { -minutes } else { minutes }
        }
    };
    Some(Moment { seconds: midnight + hour * 3600 + minute * 60 + second - offset * 60, ticks })
}

/// A moment moved by an ISO 8601 duration such as `P1Y2M10DT2H30M` or `-P9D`.
fn moved(base: Moment, duration: &str) -> Option<Moment> {
    let (sign, rest) = match duration.trim() {
        negative if negative.starts_with('-') => (-1, &negative[1..]),
        positive => (1, positive.trim_start_matches('+')),
    };
    let mut rest = rest.strip_prefix(['P', 'p'])?;
    let (mut months, mut seconds, mut in_time) = (0_i64, 0_i64, false);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(['T', 't']) {
            in_time = true;
            rest = after;
            continue;
        }
        let end = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let digits = rest[..end].split('.').next()?;
        let count: i64 = digits.parse().ok()?;
        let unit = rest[end..].chars().next()?.to_ascii_uppercase();
        let of = |unit: i64| count.checked_mul(unit);
        match (unit, in_time) {
            ('Y', false) => months = months.checked_add(of(12)?)?,
            ('M', false) => months = months.checked_add(count)?,
            ('W', false) => seconds = seconds.checked_add(of(7 * DAY)?)?,
            ('D', false) => seconds = seconds.checked_add(of(DAY)?)?,
            ('H', true) => seconds = seconds.checked_add(of(3600)?)?,
            ('M', true) => seconds = seconds.checked_add(of(60)?)?,
            ('S', true) => seconds = seconds.checked_add(count)?,
            _ => return None,
        }
        rest = &rest[end + 1..];
    }
    let (year, month, day) = date_of(base.seconds.div_euclid(DAY));
    let index = year.checked_mul(12)?.checked_add(month - 1)?.checked_add(sign * months)?;
    let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
    if !(1..=9999).contains(&year) {
        return None;
    }
    let day = day.min(length_of_month(year, month));
    let start = days_of(year, month, day) * DAY + base.seconds.rem_euclid(DAY);
    let seconds = start.checked_add(sign.checked_mul(seconds)?)?;
    (-62_135_596_800..=253_402_300_799).contains(&seconds).then_some(Moment { seconds, ticks: base.ticks })
}

/// A moment in a .NET date style, standard or custom.
fn shown(moment: Moment, style: &str) -> Result<String, Failure> {
    let style = match style {
        "G" => "M/d/yyyy h:mm:ss tt",
        "g" => "M/d/yyyy h:mm tt",
        "d" => "M/d/yyyy",
        "D" => "dddd, MMMM d, yyyy",
        "f" => "dddd, MMMM d, yyyy h:mm tt",
        "F" => "dddd, MMMM d, yyyy h:mm:ss tt",
        "t" => "h:mm tt",
        "T" => "h:mm:ss tt",
        "u" => "yyyy-MM-dd HH:mm:ssZ",
        "s" => "yyyy-MM-ddTHH:mm:ss",
        "o" | "O" => "yyyy-MM-ddTHH:mm:ss.fffffffZ",
        "r" | "R" => "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
        "M" | "m" => "MMMM d",
        "Y" | "y" => "MMMM yyyy",
        single if single.len() == 1 => return error(format!("date style `{single}` is not known")),
        custom => custom,
    };
    if style.len() > 1024 {
        return error("the date style is too long");
    }
    let mut out = String::new();
    let mut characters = style.chars().peekable();
    while let Some(letter) = characters.next() {
        if letter == '\'' || letter == '"' {
            out.extend(characters.by_ref().take_while(|next| *next != letter));
        } else if letter == '\\' {
            out.extend(characters.next());
        } else if letter != '%' {
            let mut width = 1;
            while letter.is_ascii_alphabetic() && characters.next_if_eq(&letter).is_some() {
                width += 1;
            }
            field(moment, letter, width, &mut out);
        }
    }
    Ok(out)
}

fn field(moment: Moment, letter: char, width: usize, out: &mut String) {
    let day_number = moment.seconds.div_euclid(DAY);
    let (year, month, day) = date_of(day_number);
    let second = moment.seconds.rem_euclid(DAY);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let padded = |value: i64| format!("{value:0>width$}", width = width.min(2));
    let month_name = MONTHS[usize::try_from(month - 1).unwrap_or(0) % 12];
    let day_name = DAYS[usize::try_from(day_number.rem_euclid(7)).unwrap_or(0) % 7];
    match (letter, width) {
        ('y', 1 | 2) => out.push_str(&padded(year % 100)),
        ('y', _) => out.push_str(&format!("{year:0>width$}")),
        ('M', 3) => out.push_str(&month_name[..3]),
        ('M', 4..) => out.push_str(month_name),
        ('M', _) => out.push_str(&padded(month)),
        ('d', 3) => out.push_str(&day_name[..3]),
        ('d', 4..) => out.push_str(day_name),
        ('d', _) => out.push_str(&padded(day)),
        ('H', _) => out.push_str(&padded(hour)),
        ('h', _) => out.push_str(&padded((hour + 11) % 12 + 1)),
        ('m', _) => out.push_str(&padded(minute)),
        ('s', _) => out.push_str(&padded(second)),
        ('f' | 'F', _) => {
            let digits = format!("{:0>7}", moment.ticks);
            let digits = &digits[..width.min(7)];
            out.push_str(if letter == 'F' { digits.trim_end_matches('0') } else { digits });
        }
        ('t', 1) => out.push(if hour < 12 { 'A' } else { 'P' }),
        ('t', _) => out.push_str(if hour < 12 { "AM" } else { "PM" }),
        ('K', _) => out.push('Z'),
        ('z', 1) => out.push_str("+0"),
        ('z', 2) => out.push_str("+00"),
        ('z', _) => out.push_str("+00:00"),
        (other, width) => out.extend(std::iter::repeat_n(other, width)),
    }
}

#[cfg(test)]
mod tests {
    use super::styled;
    use crate::arm::budget::Budget;
    use crate::json::Number;

    #[test]
    fn number_styles() {
        let mut budget = Budget::default();
        let mut check = |digits: &str, style: &str| styled(&Number::new(digits), style, &mut budget).unwrap();
        assert_eq!(check("8175133", "N0"), "8,175,133");
        assert_eq!(check("7", "D3"), "007");
        assert_eq!(check("-7", "D3"), "-007");
        assert_eq!(check("255", "X2"), "FF");
        assert_eq!(check("255", "x4"), "00ff");
        assert_eq!(check("-1", "x"), "ffffffff");
        assert_eq!(check("1234", "N"), "1,234.00");
        assert_eq!(check("5", "000"), "005");
        assert_eq!(check("1234567", "#,##0.00"), "1,234,567.00");
    }
}

#[cfg(test)]
mod dates_tests {
    use super::{moment, moved, shown};

    fn added(base: &str, duration: &str, style: &str) -> String {
        shown(moved(moment(base).unwrap(), duration).unwrap(), style).unwrap()
    }

    #[test]
    fn durations_add_and_subtract() {
        assert_eq!(added("2020-04-07 14:53:14Z", "P3Y", "G"), "4/7/2023 2:53:14 PM");
        assert_eq!(added("2020-04-07 14:53:14Z", "-P9D", "G"), "3/29/2020 2:53:14 PM");
        assert_eq!(added("2020-04-07 14:53:14Z", "PT1H", "G"), "4/7/2020 3:53:14 PM");
        assert_eq!(added("2024-01-31", "P1M", "yyyy-MM-dd"), "2024-02-29");
        assert_eq!(added("20200407T145314Z", "P1Y2M10DT2H30M", "s"), "2021-06-17T17:23:14");
    }

    #[test]
    fn zones_count() {
        assert_eq!(moment("2023-05-02T17:16:13+02:00").unwrap().seconds, 1_683_040_573);
        assert!(moment("2023-02-30").is_none());
        assert!(moment("yesterday").is_none());
    }

    #[test]
    fn styles_name_days_and_months() {
        let base = moment("2023-05-02T05:06:07.125Z").unwrap();
        assert_eq!(shown(base, "r").unwrap(), "Tue, 02 May 2023 05:06:07 GMT");
        assert_eq!(shown(base, "dddd d. MMMM yy, hh:mm:ss.fff tt").unwrap(), "Tuesday 2. May 23, 05:06:07.125 AM");
        assert!(shown(base, "q").is_err());
    }
}
