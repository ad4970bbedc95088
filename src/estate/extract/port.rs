//! Ports and protocols of rules (NSG-3, NSG-4).

use crate::estate::extract::address::parts;
use crate::estate::extract::reader::{Reader, field, invalid};
use crate::estate::fault;
use crate::estate::resource::Field;
use crate::json::{Node, Value};
use crate::net::{PortSet, ProtocolSet};

/// One value of a port field: its ranges, more than one when commas stand in it.
pub(crate) fn ports(reader: &mut Reader<'_>, node: &Node, name: &str, into: &mut Vec<Field<PortSet>>) {
    let digits;
    let text = match &node.value {
        // Templates write single ports as numbers too.
        Value::Number(number) => {
            digits = number.as_str().to_owned();
            digits.as_str()
        }
        Value::Text(text) => text,
        Value::Unknown(unknown) => return into.push(field(node, Err(unknown.clone()))),
        _ => {
            let unknown = reader.wrong_type(node, name, "a string");
            return into.push(field(node, Err(unknown)));
        }
    };
    for (part, span) in parts(reader, node, text, fault::PORT_COMMA_LIST, name) {
        let value = match read(part) {
            Ok(set) => {
                if part.eq_ignore_ascii_case("any") {
                    let detail = format!("`{part}` is how texts and portals write `*`");
                    reader.fault_at(fault::WILDCARD_ALIAS, node, span, detail).help = Some("write `*`".to_owned());
                }
                Ok(set)
            }
            Err((kind, detail)) => {
                reader.fault_at(kind, node, span, detail.clone());
                Err(invalid(node, &detail))
            }
        };
        into.push(Field { value, span, via: node.via.clone() });
    }
}

fn read(text: &str) -> Result<PortSet, (&'static str, String)> {
    if text == "*" || text.eq_ignore_ascii_case("any") {
        return Ok(PortSet::full());
    }
    let port = |part: &str| {
        let part = part.trim();
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let problem = || (fault::PORT_INVALID, format!("`{text}` is no port; ports are numbers from 0 to 65535"));
        part.parse::<u16>().ok().filter(|_| digits).ok_or_else(problem)
    };
    let Some((first, last)) = text.split_once('-') else { return port(text).map(|port| PortSet::range(port, port)) };
    let (first, last) = (port(first)?, port(last)?);
    if first > last {
        return Err((fault::PORT_RANGE_REVERSED, format!("port range `{text}` ends before it starts")));
    }
    Ok(PortSet::range(first, last))
}

/// One protocol.
pub(crate) fn protocol(reader: &mut Reader<'_>, node: &Node, name: &str) -> Field<ProtocolSet> {
    reader.word(node, name, |text| {
        ProtocolSet::parse(text).ok_or_else(|| (fault::PROTOCOL_UNKNOWN, format!("Azure knows no protocol `{text}`")))
    })
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::net::PortSet;

    #[test]
    fn ports_are_numbers_ranges_or_all() {
        assert_eq!(read("443").unwrap(), PortSet::range(443, 443));
        assert_eq!(read("0-65535").unwrap(), PortSet::full());
        assert_eq!(read("*").unwrap(), PortSet::full());
        assert_eq!(read("80 - 90").unwrap(), PortSet::range(80, 90));
    }

    #[test]
    fn anything_else_is_refused() {
        assert_eq!(read("443-80").unwrap_err().0, "port-range-reversed");
        for text in ["70000", "-1", "+80", "http", "80-", "", "1-2-3", "4.5"] {
            assert_eq!(read(text).unwrap_err().0, "port-invalid", "{text}");
        }
    }
}
