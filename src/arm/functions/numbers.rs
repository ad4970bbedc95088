//! Functions of numbers (64-bit integers, checked), truth values and address ranges, and those that compare.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::arm::budget::{Budget, Failure, error};
use crate::arm::functions::arguments::{Answer, Args, Outcome, int as whole, maybe, text, truth, value};
use crate::arm::{value, value as values};
use crate::json::{Member, Value};

pub(crate) fn div(args: Args<'_>, _: &mut Budget) -> Outcome {
    if args.int(1)? == 0 {
        return error("the divisor is zero");
    }
    checked(args, i64::checked_div)
}

pub(crate) fn remainder(args: Args<'_>, _: &mut Budget) -> Outcome {
    if args.int(1)? == 0 {
        return error("the divisor is zero");
    }
    checked(args, i64::checked_rem)
}

pub(crate) fn checked(args: Args<'_>, operation: fn(i64, i64) -> Option<i64>) -> Outcome {
    match operation(args.int(0)?, args.int(1)?) {
        Some(number) => whole(number),
        None => error("the result does not fit 64 bits"),
    }
}

pub(crate) fn int(args: Args<'_>, _: &mut Budget) -> Outcome {
    let node = args.node(0);
    match &node.value {
        Value::Number(number) if number.as_i64().is_some() => Ok(Answer::Same(node.clone())),
        Value::Number(number) => {
            let float = number.as_f64().trunc();
            if float.abs() >= 9e18 {
                return error("the number does not fit 64 bits");
            }
            #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
            whole(float as i64)
        }
        Value::Text(text) => match text.trim().parse() {
            Ok(number) => whole(number),
            Err(_) => error(format!("`{}` is not an integer", text.chars().take(40).collect::<String>())),
        },
        _ => args.wrong(0, "an integer or a string"),
    }
}

pub(crate) fn float(args: Args<'_>, _: &mut Budget) -> Outcome {
    let node = args.node(0);
    match &node.value {
        Value::Number(_) => Ok(Answer::Same(node.clone())),
        Value::Text(text) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => value(values::float(number)),
            _ => error("the text is not a number"),
        },
        _ => args.wrong(0, "a number or a string"),
    }
}

pub(crate) fn not(args: Args<'_>, _: &mut Budget) -> Outcome {
    match values::as_bool(args.node(0)) {
        Some(known) => truth(!known),
        None => args.wrong(0, "a boolean"),
    }
}

pub(crate) fn bool(args: Args<'_>, _: &mut Budget) -> Outcome {
    match values::as_bool(args.node(0)) {
        Some(known) => truth(known),
        None if args.node(0).text().is_some() => error("the text is neither `true` nor `false`"),
        None => args.wrong(0, "a boolean, `true` or `false`"),
    }
}

pub(crate) fn equals(args: Args<'_>, budget: &mut Budget) -> Outcome {
    args.sound(0)?;
    args.sound(1)?;
    maybe(value::same(args.node(0), args.node(1), budget)?)
}

pub(crate) fn order(args: Args<'_>) -> Result<Ordering, Failure> {
    match (&args.node(0).value, &args.node(1).value) {
        (Value::Number(left), Value::Number(right)) => Ok(value::compare_numbers(left, right)),
        (Value::Text(left), Value::Text(right)) => Ok(value::compare_texts(left, right)),
        (Value::Number(_), _) => args.wrong(1, "a number like the first"),
        (Value::Text(_), _) => args.wrong(1, "a string like the first"),
        _ => args.wrong(0, "a number or a string"),
    }
}

struct Cidr {
    network: u128,
    length: u32,
    width: u32,
}

impl Cidr {
    fn parse(written: &str) -> Result<Self, Failure> {
        let wrong = || Failure::Error(format!("`{written}` is not an address range"));
        // Azure takes an address without a length, as public templates that are deployed every day show; which length it
        // takes then is not documented.
        let open = || if written.parse::<IpAddr>().is_ok() { Failure::Unknown } else { wrong() };
        let (address, length) = written.split_once('/').ok_or_else(open)?;
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let length: u32 = length.parse().map_err(|_| wrong())?;
        let (bits, width) = match address {
            IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
            IpAddr::V6(address) => (u128::from(address), 128),
        };
        if length > width {
            return Err(wrong());
        }
        let mut cidr = Self { network: bits, length, width };
        cidr.network &= !cidr.host_mask();
        Ok(cidr)
    }

    fn host_mask(&self) -> u128 {
        match self.width - self.length {
            128 => u128::MAX,
            bits => (1 << bits) - 1,
        }
    }

    fn last(&self) -> u128 {
        self.network | self.host_mask()
    }

    fn show(&self, bits: u128) -> String {
        if self.width == 32 {
            Ipv4Addr::from(u32::try_from(bits & 0xffff_ffff).unwrap_or(0)).to_string()
        } else {
            Ipv6Addr::from(bits).to_string()
        }
    }
}

pub(crate) fn parse_cidr(args: Args<'_>, _: &mut Budget) -> Outcome {
    let cidr = Cidr::parse(args.text(0)?)?;
    let four = cidr.width == 32;
    let mask = if four { 0xffff_ffff & !cidr.host_mask() } else { !cidr.host_mask() };
    // A range of one or two addresses has no network and broadcast address of its own.
    let spare = u128::from(four && cidr.length < 31);
    let mut members = Vec::new();
    let mut push = |key: &str, value: Value| {
        members.push(Member { key: key.into(), key_span: args.span, node: args.made(value) });
    };
    push("network", values::text(cidr.show(cidr.network)));
    push("netmask", values::text(cidr.show(mask)));
    if four {
        push("broadcast", values::text(cidr.show(cidr.last())));
    }
    push("firstUsable", values::text(cidr.show(cidr.network + spare)));
    push("lastUsable", values::text(cidr.show(cidr.last() - spare)));
    push("cidr", values::int(i64::from(cidr.length)));
    value(values::object(members))
}

pub(crate) fn cidr_subnet(args: Args<'_>, _: &mut Budget) -> Outcome {
    let cidr = Cidr::parse(args.text(0)?)?;
    let (length, index) = (args.int(1)?, args.int(2)?);
    let Some(length) = u32::try_from(length).ok().filter(|length| (cidr.length..=cidr.width).contains(length)) else {
        return error(format!("a range of /{} holds none of /{length}", cidr.length));
    };
    let count = length - cidr.length;
    let Some(index) = u128::try_from(index).ok().filter(|index| count >= 127 || *index < 1 << count) else {
        return error(format!("a range of /{} holds no subnet {index} of /{length}", cidr.length));
    };
    let shift = cidr.width - length;
    let offset = if shift >= 128 { 0 } else { index << shift };
    text(format!("{}/{length}", cidr.show(cidr.network + offset)))
}

pub(crate) fn cidr_host(args: Args<'_>, _: &mut Budget) -> Outcome {
    let cidr = Cidr::parse(args.text(0)?)?;
    let index = args.int(1)?;
    let offset = u128::try_from(index).ok().map(|index| index + 1);
    match offset.filter(|offset| *offset <= cidr.host_mask()) {
        Some(offset) => text(cidr.show(cidr.network + offset)),
        None => error(format!("the range has no host {index}")),
    }
}

#[cfg(test)]
mod cidr_tests {
    use super::Cidr;

    #[test]
    fn bits_past_the_length_do_not_count() {
        let cidr = Cidr::parse("10.144.1.7/20").unwrap();
        assert_eq!(cidr.show(cidr.network), "10.144.0.0");
        assert_eq!(cidr.show(cidr.last()), "10.144.15.255");
        assert!(Cidr::parse("10.0.0.0").is_err());
        assert!(Cidr::parse("10.0.0.0/33").is_err());
        assert_eq!(Cidr::parse("::/0").unwrap().last(), u128::MAX);
    }
}
