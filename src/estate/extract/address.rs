//! Addresses, prefixes, ranges and service tags, as each place takes them (NSG-6, NSG-7, NSG-27, RT-1, FW-3), and the ports
//! and protocols of rules (NSG-3, NSG-4).

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::estate::extract::reader::{Reader, field, invalid};
use crate::estate::fault;
use crate::estate::resource::{Field, Peer};
use crate::json::{Node, Value};
use crate::net::{AddressSet, PortSet, ProtocolSet, Reading, Tag, range_ends};
use crate::source::Span;

/// Where an address value stands, which decides what may stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    SecurityRule,
    Route,
    FirewallSource,
    FirewallDestination,
    IpGroup,
    /// Prefixes of a network or subnet.
    Prefix,
}

impl Place {
    fn takes_ranges(self) -> bool {
        matches!(self, Self::FirewallSource | Self::FirewallDestination | Self::IpGroup)
    }

    fn takes_wildcard(self) -> bool {
        matches!(self, Self::SecurityRule | Self::FirewallSource | Self::FirewallDestination)
    }

    fn takes_tags(self) -> bool {
        !matches!(self, Self::IpGroup | Self::Prefix)
    }
}

/// What a text with an address in it says.
#[derive(Debug, PartialEq, Eq)]
enum AddressText {
    /// One address or a proper prefix.
    Plain(AddressSet),
    /// A prefix with bits set beyond its length; the prefix Azure means.
    HostBits(IpNet),
    /// A range `a-b`.
    Range(AddressSet),
    /// It looks like an address and is none; what may be meant.
    Broken(Option<String>),
    /// A name.
    Name,
}

fn parse_addresses(text: &str) -> AddressText {
    if !text.starts_with(|first: char| first.is_ascii_digit()) && !text.contains(':') {
        return AddressText::Name;
    }
    if text.contains('-') {
        let set = range_ends(text).map(|(first, last)| AddressSet::range(first, last)).filter(|set| !set.is_empty());
        return set.map_or(AddressText::Broken(None), AddressText::Range);
    }
    let Some((address, length)) = text.split_once('/') else {
        return match text.parse::<IpAddr>() {
            Ok(address) => AddressText::Plain(AddressSet::address(address)),
            Err(_) => AddressText::Broken(None),
        };
    };
    let Ok(address) = address.parse::<IpAddr>() else { return AddressText::Broken(None) };
    let digits = !length.is_empty() && length.len() <= 3 && length.bytes().all(|byte| byte.is_ascii_digit());
    let net = length.parse().ok().filter(|_| digits).and_then(|length| IpNet::new(address, length).ok());
    match net {
        Some(net) if net.addr() == net.network() => AddressText::Plain(AddressSet::prefix(net)),
        Some(net) => AddressText::HostBits(net.trunc()),
        None => {
            let mask = length.parse().ok().and_then(|mask: IpAddr| IpNet::with_netmask(address, mask).ok());
            AddressText::Broken(mask.map(|net| net.trunc().to_string()))
        }
    }
}

impl Peer {
    /// What a text says on one side of a security rule; `None` when Azure would refuse it or its meaning is not known.
    pub fn named(text: &str) -> Option<Self> {
        match parse_addresses(text) {
            AddressText::Plain(set) => Some(Self::Addresses(set)),
            AddressText::HostBits(net) => Some(Self::Addresses(AddressSet::prefix(net))),
            AddressText::Name if text == "*" => Some(Self::Any),
            AddressText::Name => Tag::read(text, None).tag().map(|_| Self::Tag(Arc::from(text))),
            AddressText::Range(_) | AddressText::Broken(_) => None,
        }
    }
}

/// One value of a field: its peers, more than one when commas stand in it.
pub(crate) fn peers(reader: &mut Reader<'_>, node: &Node, name: &str, place: Place, into: &mut Vec<Field<Peer>>) {
    let text = reader.text_of(node, name);
    let text = match text.value {
        Err(unknown) => return into.push(field(node, Err(unknown))),
        Ok(text) => text,
    };
    for (part, span) in parts(reader, node, &text, fault::ADDRESS_COMMA_LIST, name) {
        let value = peer(reader, node, span, part, place);
        into.push(Field { value: Ok(value), span, via: node.via.clone() });
    }
}

/// A list of prefixes in which names have no meaning.
pub(crate) fn sets(reader: &mut Reader<'_>, node: &Node, path: &[&str], place: Place) -> Vec<Field<AddressSet>> {
    reader.each(node, path, |reader, item, name, found| set(reader, item, name, place, found))
}

/// One value of such a list.
pub(crate) fn set(reader: &mut Reader<'_>, item: &Node, name: &str, place: Place, into: &mut Vec<Field<AddressSet>>) {
    let mut read = Vec::new();
    peers(reader, item, name, place, &mut read);
    into.extend(read.into_iter().map(|peer| {
        let value = match peer.value {
            Ok(Peer::Addresses(set)) => Ok(set),
            Ok(Peer::Any) => Ok(AddressSet::full()),
            Ok(Peer::Tag(text) | Peer::Invalid(text)) => Err(invalid(item, &format!("`{text}` is no prefix"))),
            Err(unknown) => Err(unknown),
        };
        Field { value, span: peer.span, via: peer.via }
    }));
}

/// One address, such as a next hop.
pub(crate) fn address(reader: &mut Reader<'_>, node: &Node, name: &str, kind: &'static str) -> Field<IpAddr> {
    reader.word(node, name, |text| text.parse().map_err(|_| (kind, format!("`{text}` is no IP address"))))
}

/// The values in a text: itself, or what stands between its commas, each with its place.
pub(crate) fn parts<'t>(
    reader: &mut Reader<'_>,
    node: &Node,
    text: &'t str,
    comma: &'static str,
    name: &str,
) -> Vec<(&'t str, Span)> {
    let literal = node.span.len() == text.len() + 2;
    let place = |part: &str| {
        let from = part.as_ptr() as usize - text.as_ptr() as usize;
        if literal && part.len() < text.len() { node.inner_span().part(from, part.len()) } else { node.span }
    };
    if text.contains(',') {
        reader.fault(comma, node, format!("`{text}` holds several values; Azure takes one here")).help =
            Some(format!("write each as an item of the list `{}`", plural(name)));
        return text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| (part, place(part)))
            .collect();
    }
    let trimmed = text.trim();
    if trimmed.len() != text.len() {
        reader.fault(fault::STRAY_SPACE, node, format!("`{text}` has blanks around it"));
    }
    vec![(trimmed, place(trimmed))]
}

fn plural(name: &str) -> String {
    match name.strip_suffix("Prefix") {
        Some(stem) => format!("{stem}Prefixes"),
        None if name.ends_with("Range") => format!("{name}s"),
        None => name.to_owned(),
    }
}

fn peer(reader: &mut Reader<'_>, node: &Node, span: Span, text: &str, place: Place) -> Peer {
    let refused = || Peer::Invalid(Arc::from(text));
    if text == "*" && place.takes_wildcard() {
        return Peer::Any;
    }
    if text.eq_ignore_ascii_case("any") && place.takes_wildcard() {
        let detail = format!("`{text}` is how texts and portals write `*`");
        reader.fault_at(fault::WILDCARD_ALIAS, node, span, detail).help = Some("write `*`".to_owned());
        return Peer::Any;
    }
    match parse_addresses(text) {
        AddressText::Plain(set) => Peer::Addresses(set),
        AddressText::HostBits(net) => {
            let detail = format!("`{text}` has bits set beyond its length; it is read as {net}");
            reader.fault_at(fault::PREFIX_HAS_HOST_BITS, node, span, detail).write(text, &net.to_string(), false);
            Peer::Addresses(AddressSet::prefix(net))
        }
        AddressText::Range(set) => {
            if !place.takes_ranges() {
                let detail = format!("`{text}` is a range of addresses; here Azure takes prefixes only");
                let prefixes: Vec<String> = set.prefixes().take(5).map(|net| net.to_string()).collect();
                let help = (prefixes.len() < 5).then(|| format!("write {}", prefixes.join(", ")));
                reader.fault_at(fault::ADDRESS_RANGE, node, span, detail).help = help;
            }
            Peer::Addresses(set)
        }
        AddressText::Broken(meant) => {
            let detail = format!("`{text}` is neither an address nor a prefix");
            let fault = reader.fault_at(fault::PREFIX_INVALID, node, span, detail);
            if let Some(meant) = meant {
                fault.meant(text, &meant.to_string());
            }
            refused()
        }
        AddressText::Name if place.takes_tags() && text != "*" => tag(reader, node, span, text, place),
        AddressText::Name => {
            let detail = format!("`{text}` is neither an address nor a prefix");
            let fault = reader.fault_at(fault::PREFIX_INVALID, node, span, detail);
            if text == "*" {
                fault.meant(text, "0.0.0.0/0");
            }
            refused()
        }
    }
}

fn tag(reader: &mut Reader<'_>, node: &Node, span: Span, text: &str, place: Place) -> Peer {
    let listed = |reader: &Reader<'_>| reader.options.tags.is_some_and(|tags| tags.get(text).is_some());
    let reading = Tag::read(text, reader.cloud);
    let Some(tag) = reading.tag() else {
        match reading {
            _ if listed(reader) => return Peer::Tag(Arc::from(text)),
            Reading::UnknownRegion { base, suggestion } => {
                let detail = format!("service tag `{base}` is not known to have the region in `{text}`");
                let fault = reader.fault_at(fault::TAG_REGION_UNKNOWN, node, span, detail);
                if let Some(name) = &suggestion {
                    fault.meant(text, name);
                }
                // A region that nothing known resembles may be newer than the catalogue.
                return if suggestion.is_some() { Peer::Invalid(Arc::from(text)) } else { Peer::Tag(Arc::from(text)) };
            }
            Reading::Unknown { suggestion } => {
                let detail = format!("`{text}` is neither an address nor a service tag");
                let fault = reader.fault_at(fault::TAG_UNKNOWN, node, span, detail);
                if let Some(name) = &suggestion {
                    fault.meant(text, name);
                }
            }
            Reading::Known(_) | Reading::Alias { .. } => {}
        }
        return Peer::Invalid(Arc::from(text));
    };
    if let Reading::Alias { canonical, .. } = &reading {
        let detail = format!("`{text}` is another spelling of service tag `{canonical}`");
        reader.fault_at(fault::TAG_ALIAS, node, span, detail).write(text, &canonical.to_string(), false);
    }
    if !tag.is_documented() {
        let detail = format!("`{tag}` is in Azure's lists, but not documented as usable in rules");
        let base = tag.base().to_string();
        reader.fault_at(fault::TAG_REGION_UNDOCUMENTED, node, span, detail).write(text, &base, true);
    }
    if let Some(cloud) = reader.cloud.filter(|cloud| !tag.is_in(*cloud)) {
        let detail = format!("cloud `{}` has no service tag `{tag}`", cloud.as_str());
        reader.fault_at(fault::TAG_NOT_IN_CLOUD, node, span, detail);
    }
    let refused = match place {
        Place::Route if !tag.is_usable_in_routes() => Some((fault::TAG_NOT_FOR_ROUTES, "routes cannot name")),
        Place::FirewallSource => Some((fault::FIREWALL_TAG_SOURCE, "sources of firewall rules cannot be")),
        Place::FirewallDestination if !tag.is_usable_in_firewalls() => {
            Some((fault::TAG_NOT_FOR_FIREWALLS, "firewall rules cannot name"))
        }
        _ => None,
    };
    if let Some((kind, what)) = refused {
        reader.fault_at(kind, node, span, format!("{what} service tag `{tag}`"));
    }
    Peer::Tag(Arc::from(text))
}

/// What Azure refuses in a list of several values: tags beside others, two families, overlapping prefixes.
pub(crate) fn check_list(reader: &mut Reader<'_>, list: &Node, items: &[Field<Peer>]) {
    if items.len() < 2 {
        return;
    }
    let (mut v4, mut v6, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for item in items {
        match item.known() {
            Some(Peer::Addresses(set)) => {
                v4.extend(set.v4.first().zip(set.v4.ranges().last()).map(|(first, last)| (first, last.1, item)));
                v6.extend(set.v6.first().zip(set.v6.ranges().last()).map(|(first, last)| (first, last.1, item)));
            }
            Some(Peer::Tag(text)) => names.push((&**text, item)),
            Some(Peer::Any) => names.push(("*", item)),
            Some(Peer::Invalid(_)) | None => {}
        }
    }
    if let Some((text, item)) = names.first() {
        let all = if names.len() > 1 { format!(" (with {} more such values)", names.len() - 1) } else { String::new() };
        let detail = format!("`{text}` stands in a list with other values{all}; Azure takes tags and `*` alone only");
        reader.fault_at(fault::TAG_IN_LIST, list, item.span, detail).help =
            Some("give each tag a rule of its own".to_owned());
    }
    if let (Some(one), Some(two)) = (v4.first(), v6.first()) {
        let (one, two) = (one.2.span, two.2.span);
        let (first, second) = if one.start <= two.start { (one, two) } else { (two, one) };
        let detail = "IPv4 and IPv6 addresses stand in one list; Azure takes one family in a rule".to_owned();
        reader.fault_at(fault::MIXED_FAMILIES, list, second, detail).related =
            Some((first, "the other family".to_owned()));
    }
    overlap(reader, list, v4);
    overlap(reader, list, v6);
}

/// Reports the first two values of a list that overlap, and how many more do.
fn overlap<T: Copy + Ord>(reader: &mut Reader<'_>, list: &Node, mut ranges: Vec<(T, T, &Field<Peer>)>) {
    ranges.sort_by_key(|(first, last, item)| (*first, std::cmp::Reverse(*last), item.span.start));
    let mut widest: Option<(T, &Field<Peer>)> = None;
    let mut found: Option<(&Field<Peer>, &Field<Peer>)> = None;
    let mut more = 0;
    for (first, last, item) in ranges {
        match widest {
            Some((end, around)) if first <= end => {
                if found.is_none() {
                    found = Some((around, item))
                } else {
                    more += 1
                }
                if last > end {
                    widest = Some((last, item));
                }
            }
            _ => widest = Some((last, item)),
        }
    }
    let Some((around, item)) = found else { return };
    let others = if more > 0 { format!(", and so do {more} more of this list") } else { String::new() };
    let detail = format!("this prefix overlaps another one of its list{others}; Azure refuses that");
    reader.fault_at(fault::OVERLAPPING_PREFIXES, list, item.span, detail).related =
        Some((around.span, "overlaps this one".to_owned()));
}

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

/// Reads a protocol.
pub(crate) fn protocol(text: &str) -> Result<ProtocolSet, (&'static str, String)> {
    ProtocolSet::parse(text).ok_or_else(|| (fault::PROTOCOL_UNKNOWN, format!("Azure knows no protocol `{text}`")))
}

#[cfg(test)]
mod tests {
    use crate::net::{AddressSet, PortSet};

    use super::{AddressText, parse_addresses, read};

    #[test]
    fn addresses_prefixes_and_ranges_are_told_apart() {
        assert_eq!(parse_addresses("0.0.0.0/0"), AddressText::Plain(AddressSet::all_v4()));
        assert_eq!(parse_addresses("::/0"), AddressText::Plain(AddressSet::all_v6()));
        assert!(matches!(parse_addresses("10.0.0.1"), AddressText::Plain(_)));
        assert!(matches!(parse_addresses("10.0.0.4-10.0.0.9"), AddressText::Range(_)));
        assert_eq!(parse_addresses("10.0.0.1/8"), AddressText::HostBits("10.0.0.0/8".parse().unwrap()));
        assert_eq!(parse_addresses("Storage.WestEurope"), AddressText::Name);
    }

    #[test]
    fn what_looks_like_an_address_and_is_none_is_broken() {
        for text in
            ["10.0.0.0/33", "10.0.0", "10.0.0.256", "10.0.0.0/", "10.0.0.0/+8", "9-1", "1:2:3", "2001:db8::/129"]
        {
            assert_eq!(parse_addresses(text), AddressText::Broken(None), "{text}");
        }
        assert_eq!(parse_addresses("10.0.0.0/255.0.0.0"), AddressText::Broken(Some("10.0.0.0/8".to_owned())));
        assert_eq!(parse_addresses("10.0.0.9-10.0.0.4"), AddressText::Broken(None));
    }

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
