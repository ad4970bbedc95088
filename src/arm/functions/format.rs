//! `format`: .NET composite formatting.

use crate::arm::budget::{Budget, Failure, error};
use crate::arm::functions::arguments::{Answer, Args, Outcome};
use crate::arm::functions::units;
use crate::arm::partial;
use crate::arm::value;
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
        Value::Unknown(_) => return Err(Failure::Unknown),
        Value::Bool(_) | Value::Text(_) => args.plain(index)?.to_string(),
    };
    let Some(width) = width else { return Ok(vec![Part::Text(text.into())]) };
    let Ok(width) = width.trim().parse::<i64>() else { return error(format!("`{{{hole}}}` has no width")) };
    let missing = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX).saturating_sub(units::length(&text));
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
