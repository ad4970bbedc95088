//! What a service itself says it needs: saved answers of `outboundNetworkDependenciesEndpoints` (SHAPE-15).
//!
//! Telling that a document is one is the work of `shape`, judging the endpoints that of the rules.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::estate::fault::Fault;
use crate::estate::fault::{DEPENDENCIES_INVALID, INCOMPLETE_LIST};
use crate::estate::shape::{dependency_list, either};
use crate::json::{Node, Value};
use crate::net::{AddressSet, ProtocolSet, Tag, is_host_name, parse_prefix};
use crate::source::Span;

/// The most endpoints and ports one answer may name; a workspace has some dozens.
const MOST: usize = 1000;

/// One saved answer.
#[derive(Clone, Debug)]
pub struct Dependencies {
    /// The workspace it is of, as an id in lower case, where the answer says so.
    pub workspace: Option<(Arc<str>, Span)>,
    /// The region of that workspace, as written, where the answer says so.
    pub region: Option<Arc<str>>,
    /// What is needed, each once, in the order written.
    pub needed: Vec<Dependency>,
    /// The list of categories.
    pub span: Span,
    /// What cannot be read of it.
    pub faults: Vec<Fault>,
}

/// One port of one endpoint that a service needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependency {
    /// What it belongs to: `Azure Active Directory`; empty when the answer does not say.
    pub category: Arc<str>,
    /// The endpoint as written: `*.azureml.ms`.
    pub name: Arc<str>,
    /// What the endpoint is.
    pub endpoint: DependencyEndpoint,
    /// The addresses a host had when the answer was given; empty when it names none.
    pub addresses: AddressSet,
    /// The protocol; `None`: the answer does not say.
    pub protocol: Option<ProtocolSet>,
    /// The port.
    pub port: u16,
    /// The endpoint's characters.
    pub span: Span,
}

/// What an endpoint can be.
#[derive(Clone, Debug, PartialEq)]
pub enum DependencyEndpoint {
    /// A host name, or all of an ending: `*.azureml.ms`. In lower case.
    Host(Arc<str>),
    /// A service tag.
    Tag(Tag),
    /// Addresses.
    Addresses(AddressSet),
}

impl Dependencies {
    /// Nothing, as of a document that cannot be read.
    pub fn empty(span: Span) -> Self {
        Self { workspace: None, region: None, needed: Vec::new(), span, faults: Vec::new() }
    }
}

/// The dependencies that a document holds; `None` when it holds none.
pub fn dependencies(root: &Node) -> Option<Dependencies> {
    // Several answers in one list are read as one.
    let several = root.items().iter().filter_map(|item| dependency_list(item).map(|list| (item, list)));
    let alone = dependency_list(root).map(|list| (root, list));
    let answers: Vec<(&Node, &Node)> = alone.into_iter().chain(several).collect();
    let mut reading =
        Reading { read: Dependencies::empty(answers.first()?.1.span), seen: BTreeSet::new(), full: false };
    answers.iter().for_each(|(answer, list)| reading.answer(answer, list));
    Some(reading.read)
}

/// That a document given as dependencies holds none.
pub fn no_dependencies(root: &Node) -> Fault {
    let detail = match &root.value {
        Value::Object(_) | Value::List(_) => {
            "this holds no dependencies: `value` has no list of categories with their `endpoints`".to_owned()
        }
        _ => format!("dependencies are an object with the list `value`, not {}", root.kind()),
    };
    fault(root.span.part(0, root.span.len().min(1)), detail)
}

struct Reading {
    read: Dependencies,
    seen: BTreeSet<(String, u16, String)>,
    full: bool,
}

impl Reading {
    fn answer(&mut self, answer: &Node, list: &Node) {
        let items = list.items();
        let keys = ["id", "workspaceId", "nextLink"];
        let places = std::iter::once(answer).chain(items.first());
        for node in places.flat_map(|node| keys.iter().filter_map(|key| node.get(key))) {
            if self.read.workspace.is_none() {
                self.read.workspace = node.text().and_then(workspace_in).map(|id| (id, node.span));
            }
        }
        let region = ["location", "region"].iter().find_map(|key| answer.get(key).and_then(Node::text));
        self.read.region = self.read.region.take().or(region.map(Arc::from));
        if let Some(next) = answer.get("nextLink").filter(|next| !next.is_blank()) {
            let detail = "`nextLink` says that more endpoints follow; this file holds one page only";
            self.read.faults.push(Fault { kind: INCOMPLETE_LIST, ..fault(next.span, detail) });
        }
        items.iter().for_each(|item| self.category(item));
    }

    fn category(&mut self, item: &Node) {
        if !item.is_object() {
            return self.wrong(item, format!("a category is an object with `endpoints`, not {}", item.kind()));
        }
        let category: Arc<str> = either(item, "category").and_then(Node::text).unwrap_or("").trim().into();
        let named = if category.is_empty() { "this category".to_owned() } else { format!("`{category}`") };
        match either(item, "endpoints") {
            Some(endpoints) if endpoints.is_list() => {
                endpoints.items().iter().for_each(|endpoint| self.endpoint(&category, endpoint));
            }
            Some(other) => self.wrong(other, format!("`endpoints` of {named} is a list, not {}", other.kind())),
            None => self.wrong(item, format!("{named} has no `endpoints`")),
        }
    }

    fn endpoint(&mut self, category: &Arc<str>, endpoint: &Node) {
        if !endpoint.is_object() {
            return self.wrong(endpoint, format!("an endpoint is an object, not {}", endpoint.kind()));
        }
        let name = endpoint.get("domainName").filter(|name| !name.is_blank());
        let details = endpoint.get("endpointDetails").map(Node::items).unwrap_or_default();
        // What has no name goes by its address.
        let name = name.or_else(|| details.iter().find_map(|detail| detail.get("ipAddress")));
        let Some(name) = name else { return self.wrong(endpoint, "this endpoint has no `domainName`") };
        let Some(written) = name.text() else {
            return self.wrong(name, format!("`domainName` is a string, not {}", name.kind()));
        };
        let Some(meant) = meant(written.trim()) else {
            return self.wrong(name, format!("`{written}` is no host name, address or service tag"));
        };
        if details.is_empty() {
            return self.wrong(name, format!("`endpointDetails` of `{written}` names no port"));
        }
        let mut ports: Vec<Dependency> = Vec::new();
        for detail in details {
            let (Some(port), protocol) = (self.port(detail, written), self.protocol(detail)) else { continue };
            let addresses = detail.get("ipAddress").filter(|address| !address.is_blank());
            let addresses = addresses.and_then(|address| self.addresses(address)).unwrap_or_else(AddressSet::empty);
            // A host may have several addresses at one port: all of them are meant.
            match ports.iter_mut().find(|one| one.port == port && one.protocol == protocol) {
                Some(one) => one.addresses = one.addresses.union(&addresses),
                None => ports.push(Dependency {
                    category: Arc::clone(category),
                    name: Arc::from(written.trim()),
                    endpoint: meant.clone(),
                    addresses,
                    protocol,
                    port,
                    span: name.span,
                }),
            }
        }
        ports.into_iter().for_each(|one| self.push(one));
    }

    fn push(&mut self, one: Dependency) {
        if self.read.needed.len() >= MOST {
            if !std::mem::replace(&mut self.full, true) {
                self.read.faults.push(fault(one.span, format!("only the first {MOST} endpoints and ports are judged")));
            }
            return;
        }
        let protocol = one.protocol.map(|protocol| protocol.to_string()).unwrap_or_default();
        if self.seen.insert((one.name.to_ascii_lowercase(), one.port, protocol)) {
            self.read.needed.push(one);
        }
    }

    fn port(&mut self, detail: &Node, name: &str) -> Option<u16> {
        let Some(port) = detail.get("port") else {
            self.wrong(detail, format!("this detail of `{name}` has no `port`"));
            return None;
        };
        let number = match &port.value {
            Value::Number(number) => number.as_i64().and_then(|number| u16::try_from(number).ok()),
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| *number > 0);
        if number.is_none() {
            self.wrong(port, format!("this is no port of `{name}`: a port is a number from 1 to 65535"));
        }
        number
    }

    fn protocol(&mut self, detail: &Node) -> Option<ProtocolSet> {
        let node = detail.get("protocol").filter(|node| !node.is_blank())?;
        let word = node.text().unwrap_or("").to_ascii_lowercase();
        match word.as_str() {
            "tcp" | "http" | "https" | "tls" => Some(ProtocolSet::TCP),
            "udp" => Some(ProtocolSet::UDP),
            "any" | "*" | "all" => Some(ProtocolSet::TCP.union(ProtocolSet::UDP)),
            _ => {
                self.wrong(node, "this is no protocol: TCP, UDP, HTTP or HTTPS");
                None
            }
        }
    }

    fn addresses(&mut self, node: &Node) -> Option<AddressSet> {
        let addresses = node.text().and_then(|text| addresses(text.trim()));
        if addresses.is_none() {
            self.wrong(node, "this is no address");
        }
        addresses
    }

    fn wrong(&mut self, node: &Node, detail: impl Into<String>) {
        // Of an object its first character says enough.
        let length = if node.is_object() || node.is_list() { 1 } else { node.span.len() };
        self.read.faults.push(fault(node.span.part(0, length.min(node.span.len())), detail));
    }
}

fn fault(span: Span, detail: impl Into<String>) -> Fault {
    Fault::new(DEPENDENCIES_INVALID, span, detail, "the dependencies")
}

/// What an endpoint's name means. Only tags have names without a dot.
fn meant(name: &str) -> Option<DependencyEndpoint> {
    if let Some(addresses) = addresses(name) {
        return Some(DependencyEndpoint::Addresses(addresses));
    }
    if let Some(tag) = Tag::read(name, None).tag() {
        return Some(DependencyEndpoint::Tag(tag));
    }
    let host = name.strip_suffix('.').unwrap_or(name);
    let plain = host.strip_prefix('*').map_or(host, |rest| rest.strip_prefix('.').unwrap_or(rest));
    let is_host = plain.contains('.') && is_host_name(plain);
    is_host.then(|| DependencyEndpoint::Host(Arc::from(host.to_ascii_lowercase())))
}

fn addresses(text: &str) -> Option<AddressSet> {
    parse_prefix(text).map(AddressSet::prefix)
}

/// The id of the workspace that an id or link leads to or below.
fn workspace_in(text: &str) -> Option<Arc<str>> {
    const TYPE: &str = "/providers/microsoft.machinelearningservices/workspaces/";
    let text = text.to_ascii_lowercase();
    let start = text.find("/subscriptions/")?;
    let name = start + text.get(start..)?.find(TYPE)? + TYPE.len();
    let length = text.get(name..)?.find(['/', '?']).unwrap_or(text.len() - name);
    (length > 0).then(|| Arc::from(&text[start..name + length]))
}

#[cfg(test)]
mod tests {
    use super::{Dependencies, DependencyEndpoint, dependencies, meant};
    use crate::json::parse;
    use crate::source::FileId;

    fn read(text: &str) -> Dependencies {
        dependencies(&parse(FileId(0), text).unwrap().root).unwrap()
    }

    fn endpoints(list: &str) -> Dependencies {
        read(&format!(r#"{{"value":[{{"properties":{{"category":"C","endpoints":[{list}]}}}}]}}"#))
    }

    fn shown(read: &Dependencies) -> Vec<String> {
        read.needed.iter().map(|one| format!("{}:{}", one.name, one.port)).collect()
    }

    #[test]
    fn each_port_of_each_endpoint_is_needed_once() {
        let host = r#"{"domainName":"Login.x.com","endpointDetails":[{"port":443},{"port":80},{"port":"443"}]}"#;
        assert_eq!(shown(&endpoints(&format!("{host},{host}"))), ["Login.x.com:443", "Login.x.com:80"]);
    }

    #[test]
    fn the_answer_stands_alone_in_a_list_or_in_an_example() {
        let item = r#"{"category":"C","endpoints":[{"domainName":"a.b","endpointDetails":[{"port":1}]}]}"#;
        for text in [
            format!("[{item}]"),
            format!(r#"{{"value":[{item}]}}"#),
            format!(r#"{{"responses":{{"200":{{"body":{{"value":[{item}]}}}}}}}}"#),
            format!(r#"[{{"value":[{item}]}},{{"name":"other"}}]"#),
        ] {
            assert_eq!(shown(&read(&text)), ["a.b:1"], "{text}");
        }
    }

    #[test]
    fn an_endpoint_is_a_host_a_tag_or_an_address() {
        assert!(matches!(meant("*.Blob.core.windows.net"), Some(DependencyEndpoint::Host(_))));
        assert!(matches!(meant("Storage.westeurope"), Some(DependencyEndpoint::Tag(_))));
        assert!(matches!(meant("20.1.2.0/24"), Some(DependencyEndpoint::Addresses(_))));
        for text in ["<region>.batch.azure.com", "https://a.b", "a..b", "localhost", "", "a.*.b"] {
            assert_eq!(meant(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_of_one_port_are_gathered() {
        let read = endpoints(
            r#"{"domainName":"a.b","endpointDetails":[{"port":443,"ipAddress":"20.1.1.1"},{"port":443,"ipAddress":"20.1.1.2"}]}"#,
        );
        assert_eq!(read.needed.len(), 1);
        assert_eq!(read.needed[0].addresses.prefixes().count(), 2);
    }

    #[test]
    fn what_cannot_be_read_is_told_and_the_rest_is_read() {
        let good = r#"{"domainName":"a.b","endpointDetails":[{"port":443}]}"#;
        for bad in [
            "7",
            r#"{"domainName":7,"endpointDetails":[{"port":1}]}"#,
            r#"{"endpointDetails":[{"port":1}]}"#,
            r#"{"domainName":"c.d"}"#,
            r#"{"domainName":"c.d","endpointDetails":[{}]}"#,
            r#"{"domainName":"c.d","endpointDetails":[{"port":70000}]}"#,
            r#"{"domainName":"c.d","endpointDetails":[null]}"#,
        ] {
            let read = endpoints(&format!("{bad},{good}"));
            assert_eq!(shown(&read), ["a.b:443"], "{bad}");
            assert_eq!(read.faults.len(), 1, "{bad}");
        }
    }

    #[test]
    fn the_workspace_is_told_by_an_id_or_a_link() {
        let id = "/subscriptions/S/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/W";
        let text = format!(
            r#"{{"id":"{id}/outboundNetworkDependenciesEndpoints","value":[{{"category":"C","endpoints":[]}}]}}"#
        );
        assert_eq!(read(&text).workspace.map(|(id, _)| id).as_deref(), Some(id.to_ascii_lowercase().as_str()));
    }
}
