//! Hosts and FQDN tags of firewall rules (FW-11 to FW-14).

use std::sync::Arc;

use crate::estate::extract::reader::{Reader, lookup};
use crate::estate::fault;
use crate::estate::resource::Field;
use crate::json::Node;
use crate::net::{self, fqdn_tag, is_host_name, parse_prefix, range_ends};
use crate::spelling::nearest;

/// The hosts of a rule; a value that no host is called is a fault, and stays as it is written.
pub(crate) fn hosts(reader: &mut Reader<'_>, node: &Node, key: &str) -> Vec<Field<Arc<str>>> {
    let mut found = Vec::new();
    for item in reader.items(node, &[key]).iter().filter(|item| !item.is_blank()) {
        let host = reader.text_of(item, key);
        if let Some((what, help)) = host.known().and_then(|text| refusal(text)) {
            let detail = format!("`{}` in `{key}` is no host name: {what}", item.text().unwrap_or_default());
            reader.fault(fault::HOST_INVALID, item, detail).help = help;
        }
        found.push(host);
    }
    found
}

/// Why no host is called this, and what may be meant. `None` for a name, and for a pattern of names wherever its asterisk
/// is.
fn refusal(text: &str) -> Option<(&'static str, Option<String>)> {
    let text = text.trim();
    let is_host = |text: &str| is_host_name(&text.strip_suffix('.').unwrap_or(text).replace('*', "x"));
    if is_host(text) {
        return None;
    }
    if parse_prefix(text).is_some() || range_ends(text).is_some() {
        return Some(("it is an address", Some("write it in `destinationAddresses` of a network rule".to_owned())));
    }
    let (has_scheme, rest) = text.split_once("://").map_or((false, text), |(_, rest)| (true, rest));
    let (authority, has_path) = rest.split_once('/').map_or((rest, false), |(host, _)| (host, true));
    let (host, has_port) = authority.split_once(':').map_or((authority, false), |(host, _)| (host, true));
    let what = match (has_scheme, has_path, has_port) {
        (true, ..) => "it is a URL",
        (_, true, _) => "it has a path",
        (_, _, true) => "it has a port",
        _ => "a name is made of letters, digits, `-` and `_` between dots",
    };
    let meant = (has_scheme || has_path || has_port) && is_host(host);
    let help = meant.then(|| format!("write `{host}`; a path belongs in `targetUrls`, which need TLS inspection"));
    Some((what, help))
}

/// The FQDN tags of a rule; one that Azure does not have is a fault, and so are hosts beside them.
pub(crate) fn fqdn_tags(reader: &mut Reader<'_>, node: &Node, hosts: &[Field<Arc<str>>]) -> Vec<Field<Arc<str>>> {
    const KEY: &str = "fqdnTags";
    let mut found = Vec::new();
    for item in reader.items(node, &[KEY]).iter().filter(|item| !item.is_blank()) {
        let tag = reader.text_of(item, KEY);
        if let Some(text) = tag.known().filter(|text| fqdn_tag(text.trim()).is_none()) {
            let meant = nearest(text.trim(), net::fqdn_tags().iter().map(|tag| tag.name));
            let detail = format!("`{text}` is no FQDN tag");
            reader.fault(fault::FQDN_TAG_UNKNOWN, item, detail).help =
                meant.map(|name| format!("did you mean `{name}`?"));
        }
        found.push(tag);
    }
    if let Some(list) = lookup(node, &[KEY]).filter(|_| !found.is_empty() && !hosts.is_empty()) {
        let detail = "`fqdnTags` and `targetFqdns` are both in this rule".to_owned();
        reader.fault(fault::FQDN_TAGS_BESIDE_HOSTS, list, detail);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn values_that_no_host_is_called_are_told_by_what_they_are() {
        let what = |text: &str| refusal(text).map(|(what, _)| what);
        for text in ["pypi.org", "PyPI.org.", "*", "*.azureml.ms", "*azureml.ms", "www.*.org", " pypi.org "] {
            assert_eq!(what(text), None, "{text}");
        }
        for text in ["192.0.2.7", "10.0.0.0/8", "10.0.0.1-10.0.0.9", "2001:db8::1"] {
            assert_eq!(what(text), Some("it is an address"), "{text}");
        }
        assert_eq!(what("https://pypi.org"), Some("it is a URL"));
        assert_eq!(what("pypi.org/"), Some("it has a path"));
        assert_eq!(what("pypi.org:443"), Some("it has a port"));
        assert!(what("py pi.org").is_some_and(|what| what.starts_with("a name is made of")));
        let help = refusal("https://pypi.org:8443/simple").and_then(|(_, help)| help);
        assert!(help.is_some_and(|help| help.starts_with("write `pypi.org`;")));
        assert_eq!(refusal("https://10.0.0.4/x").and_then(|(_, help)| help), None);
    }
}
