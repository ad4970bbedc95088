//! `parseCidr`, `cidrSubnet` and `cidrHost`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::arm::budget::{Budget, Failure, error};
use crate::arm::functions::arguments::{Args, Outcome, text, value};
use crate::arm::value as values;
use crate::json::{Member, Value};

struct Cidr {
    network: u128,
    length: u32,
    width: u32,
}

impl Cidr {
    fn parse(written: &str) -> Result<Self, Failure> {
        let wrong = || Failure::Error(format!("`{written}` is not an address range"));
        let (address, length) = written.split_once('/').ok_or_else(wrong)?;
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
mod tests {
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
