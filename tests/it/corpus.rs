//! One estate in every spelling: what is read must be the same, value by value and link by link.

#![cfg(test)]

use std::fmt::{Debug, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aznetlint::estate::{
    Estate, Field, FirewallRule, Header, Options, Piece, Reference, RuleCollection, SecurityRule, Shape, Side, build,
    gather, shape_of,
};
use aznetlint::json::{Node, parse};
use aznetlint::source::FileId;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name)
}

fn documents(name: &str) -> Vec<(String, Node)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |(index, path): (usize, &PathBuf)| {
        let text = std::fs::read_to_string(path).unwrap();
        let file = FileId(u32::try_from(index).unwrap());
        (path.display().to_string(), parse(file, &text).unwrap_or_else(|error| panic!("{path:?}: {error:?}")).root)
    };
    paths.iter().enumerate().map(read).collect()
}

/// The pieces of a folder: gathered from exports, taken one by one from the resources of a template.
fn pieces(name: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (path, root) in documents(name) {
        if shape_of(&root) == Some(Shape::Template) {
            let resources = root.get("resources").unwrap().items().iter().cloned();
            pieces.extend(resources.map(|node| Piece {
                node,
                shape: Shape::Template,
                condition: None,
                listed: false,
                partial: false,
            }));
            continue;
        }
        let gathered = gather(&root);
        assert!(!gathered.pieces.is_empty(), "{path} holds nothing");
        assert!(gathered.faults.is_empty(), "{path}: {:?}", gathered.faults);
        pieces.extend(gathered.pieces);
    }
    pieces
}

fn estate(name: &str) -> Estate {
    build(pieces(name), Options::default())
}

/// Writes what an estate means, one value a line, in an order that does not depend on the files'.
struct Printer {
    lines: Vec<String>,
    ids: bool,
}

fn one<T: Debug>(field: &Field<T>) -> String {
    match &field.value {
        Ok(value) => format!("{value:?}"),
        Err(unknown) => format!("unknown: {}", unknown.reason),
    }
}

/// A property of the resource in REST form.
fn written(header: &Header, path: &[&str]) -> String {
    let found = header.node.at(&[&["properties"], path].concat());
    let shown = |node: &Node| node.bool().map(|value| value.to_string()).or_else(|| node.text().map(str::to_owned));
    found.map_or_else(|| "-".to_owned(), |node| shown(node).unwrap_or_else(|| node.kind().to_owned()))
}

fn some<T: Debug>(field: Option<&Field<T>>) -> String {
    field.map_or_else(|| "absent".to_owned(), one)
}

fn all<T: Debug>(fields: &[Field<T>]) -> String {
    let mut shown: Vec<String> = fields.iter().map(one).collect();
    shown.sort();
    shown.join(" | ")
}

impl Printer {
    fn say(&mut self, of: &str, what: &str, value: impl Into<String>) {
        self.lines.push(format!("{of} {what} = {}", value.into()));
    }

    fn header(&mut self, header: &Header) -> String {
        let name = header.name.known().map_or("?", |name| name).to_owned();
        let of = format!("{} {name}", header.type_name.to_ascii_lowercase());
        if self.ids {
            self.say(&of, "key", header.key.to_string());
            self.say(&of, "id", some(header.id.as_ref()).to_ascii_lowercase());
        }
        of
    }

    /// Where a mention leads, by name; where it leads nowhere, the id it gives.
    fn mention<'a>(&mut self, of: &str, what: &str, mention: Option<&Reference>, target: impl Fn(usize) -> &'a Header) {
        let value = match mention {
            None => "absent".to_owned(),
            Some(Reference { target: Some(at), .. }) => format!("-> {}", one(&target(*at).name)),
            Some(Reference { id, .. }) => one(id).to_ascii_lowercase(),
        };
        self.say(of, what, value);
    }

    fn side(&mut self, of: &str, what: &str, side: &Side) {
        self.say(of, what, format!("{} groups {}", all(&side.items), all(&side.groups)));
    }

    fn rule(&mut self, of: &str, rule: &SecurityRule) {
        let of = format!("{of} rule {}", one(&rule.name));
        self.say(&of, "direction", one(&rule.direction));
        self.say(&of, "access", one(&rule.access));
        self.say(&of, "priority", one(&rule.priority));
        self.say(&of, "protocol", one(&rule.protocol));
        self.say(&of, "description", some(rule.description.as_ref()));
        self.side(&of, "sources", &rule.sources);
        self.side(&of, "destinations", &rule.destinations);
        self.say(&of, "source ports", all(&rule.source_ports.items));
        self.say(&of, "destination ports", all(&rule.destination_ports.items));
        assert!(rule.condition.is_none());
    }

    fn collection(&mut self, of: &str, collection: &RuleCollection, estate: &Estate) {
        let of = format!("{of} collection {}", one(&collection.name));
        self.say(&of, "priority", some(collection.priority.as_ref()));
        self.say(&of, "action", some(collection.action.as_ref()));
        for rule in &collection.rules {
            self.firewall_rule(&of, rule, estate);
        }
    }

    fn firewall_rule(&mut self, of: &str, rule: &FirewallRule, estate: &Estate) {
        let of = format!("{of} rule {}", one(&rule.name));
        self.say(&of, "kind", one(&rule.kind));
        self.say(&of, "protocols", all(&rule.protocols));
        self.say(&of, "sources", all(&rule.sources));
        self.say(&of, "destinations", all(&rule.destinations));
        self.say(&of, "ports", all(&rule.destination_ports));
        self.say(&of, "hosts", all(&rule.target_fqdns));
        for (name, port) in &rule.applications {
            self.say(&of, "application", format!("{} {}", one(name), one(port)));
        }
        for group in &rule.source_groups {
            self.mention(&of, "source group", Some(group), |at| &estate.ip_groups[at].header);
        }
        self.say(&of, "tls", some(rule.terminate_tls.as_ref()));
    }
}

/// `ids`: with ids; `built_in`: with the built-in rules, which templates do not show.
fn meaning(estate: &Estate, ids: bool, built_in: bool) -> Vec<String> {
    let mut out = Printer { lines: Vec::new(), ids };
    for nsg in &estate.nsgs {
        let of = out.header(&nsg.header);
        nsg.rules.iter().for_each(|rule| out.rule(&of, rule));
        if built_in {
            nsg.default_rules.iter().for_each(|rule| out.rule(&of, rule));
        }
        for subnet in &nsg.subnets {
            out.mention(&of, "subnet", Some(subnet), |at| &estate.subnets[at].header);
        }
        assert!(nsg.unknown_rules.is_empty() && !nsg.effective);
    }
    for table in &estate.route_tables {
        let of = out.header(&table.header);
        out.say(&of, "bgp", some(table.disable_bgp.as_ref()));
        for route in &table.routes {
            let of = format!("{of} route {}", one(&route.name));
            out.say(&of, "prefixes", all(&route.prefixes));
            out.say(&of, "next hop", format!("{} {}", one(&route.next_hop), all(&route.next_hop_addresses)));
        }
        for subnet in &table.subnets {
            out.mention(&of, "subnet", Some(subnet), |at| &estate.subnets[at].header);
        }
    }
    for network in &estate.networks {
        let of = out.header(&network.header);
        out.say(&of, "space", all(&network.address_space));
        out.say(&of, "dns", all(&network.dns_servers));
        let mut subnets: Vec<String> = network.subnets.iter().map(|at| one(&estate.subnets[*at].header.name)).collect();
        subnets.sort();
        out.say(&of, "subnets", subnets.join(" "));
        for peering in &network.peerings {
            let of = format!("{of} peering {}", one(&peering.name));
            out.mention(&of, "remote", peering.remote.as_ref(), |at| &estate.networks[at].header);
            out.say(&of, "space", all(&peering.remote_space));
            out.say(&of, "state", some(peering.state.as_ref()));
            out.say(&of, "access", some(peering.allow_access.as_ref()));
        }
    }
    for subnet in &estate.subnets {
        let of = out.header(&subnet.header);
        out.say(&of, "prefixes", all(&subnet.prefixes));
        out.mention(&of, "nsg", subnet.nsg.as_ref(), |at| &estate.nsgs[at].header);
        out.mention(&of, "routes", subnet.route_table.as_ref(), |at| &estate.route_tables[at].header);
        out.mention(&of, "nat", subnet.nat_gateway.as_ref(), |at| &estate.nat_gateways[at].header);
        out.say(&of, "endpoints", all(&subnet.service_endpoints));
        out.say(&of, "delegations", all(&subnet.delegations));
        out.say(&of, "policies", some(subnet.private_endpoint_policies.as_ref()));
        out.say(&of, "outbound", some(subnet.default_outbound.as_ref()));
        out.say(&of, "private", all(&subnet.private_endpoints));
        out.say(&of, "network", format!("{:?}", subnet.network.map(|at| one(&estate.networks[at].header.name))));
    }
    for gateway in &estate.nat_gateways {
        out.header(&gateway.header);
    }
    for endpoint in &estate.private_endpoints {
        let of = out.header(&endpoint.header);
        out.mention(&of, "subnet", endpoint.subnet.as_ref(), |at| &estate.subnets[at].header);
        out.say(&of, "addresses", all(&endpoint.addresses));
        for target in &endpoint.targets {
            out.say(&of, "target", format!("{} {}", one(&target.id), all(&target.groups)));
        }
    }
    for workspace in &estate.workspaces {
        let of = out.header(&workspace.header);
        out.say(&of, "hbi", written(&workspace.header, &["hbiWorkspace"]));
        out.say(&of, "access", written(&workspace.header, &["publicNetworkAccess"]));
        out.say(&of, "image build", written(&workspace.header, &["imageBuildCompute"]));
        out.say(&of, "isolation", written(&workspace.header, &["managedNetwork", "isolationMode"]));
        out.mention(&of, "serverless", workspace.serverless_subnet.as_ref(), |at| &estate.subnets[at].header);
        out.say(
            &of,
            "serverless ip",
            written(&workspace.header, &["serverlessComputeSettings", "serverlessComputeNoPublicIP"]),
        );
        for (key, id) in &workspace.associated {
            out.say(&of, key, one(id));
        }
        out.say(&of, "location", some(workspace.header.location.as_ref()));
    }
    for compute in &estate.computes {
        let of = out.header(&compute.header);
        out.say(&of, "type", written(&compute.header, &["computeType"]));
        out.mention(&of, "subnet", compute.subnet.as_ref(), |at| &estate.subnets[at].header);
        out.say(&of, "public ip", written(&compute.header, &["properties", "enableNodePublicIp"]));
        out.say(&of, "workspace", format!("{:?}", compute.workspace.map(|at| one(&estate.workspaces[at].header.name))));
    }
    for firewall in &estate.firewalls {
        let of = out.header(&firewall.header);
        out.say(&of, "addresses", all(&firewall.addresses));
        out.mention(&of, "policy", firewall.policy.as_ref(), |at| &estate.policies[at].header);
        for subnet in &firewall.subnets {
            out.mention(&of, "subnet", Some(subnet), |at| &estate.subnets[at].header);
        }
        firewall.collections.iter().for_each(|collection| out.collection(&of, collection, estate));
    }
    for policy in &estate.policies {
        let of = out.header(&policy.header);
        out.say(&of, "tier", written(&policy.header, &["sku", "tier"]));
        out.say(&of, "threat", written(&policy.header, &["threatIntelMode"]));
        out.say(&of, "proxy", some(policy.dns_proxy.as_ref()));
        let groups: Vec<String> =
            policy.groups.iter().map(|at| one(&estate.collection_groups[*at].header.name)).collect();
        out.say(&of, "groups", groups.join(" "));
    }
    for group in &estate.collection_groups {
        let of = out.header(&group.header);
        out.say(&of, "priority", some(group.priority.as_ref()));
        out.say(&of, "policy", format!("{:?}", group.policy.map(|at| one(&estate.policies[at].header.name))));
        group.collections.iter().for_each(|collection| out.collection(&of, collection, estate));
    }
    for group in &estate.ip_groups {
        let of = out.header(&group.header);
        out.say(&of, "addresses", all(&group.addresses));
    }
    let mut others = String::new();
    for other in &estate.others {
        write!(others, "{} ", other.header.type_name).unwrap();
    }
    out.say("others", "types", others);
    out.lines.sort();
    out.lines
}

fn assert_same(expected: &[String], found: &[String], name: &str) {
    let missing: Vec<&String> = expected.iter().filter(|line| !found.contains(line)).collect();
    let added: Vec<&String> = found.iter().filter(|line| !expected.contains(line)).collect();
    assert!(missing.is_empty() && added.is_empty(), "{name}\nmissing {missing:#?}\nadded {added:#?}");
    assert_eq!(expected.len(), found.len(), "{name}");
}

#[test]
fn every_spelling_means_the_same() {
    let expected = estate("spellings/rest-get");
    let lines = meaning(&expected, true, true);
    assert!(lines.len() > 150, "{}", lines.len());
    for name in ["rest-list", "cli", "resource-graph", "powershell"] {
        let found = estate(&format!("spellings/{name}"));
        assert_same(&lines, &meaning(&found, true, true), name);
        assert!(found.faults.is_empty(), "{name}: {:?}", found.faults);
    }
    let template = estate("spellings/template");
    assert_same(&meaning(&expected, false, false), &meaning(&template, false, false), "template");
    assert!(template.faults.is_empty(), "{:?}", template.faults);
}

#[test]
fn the_estate_is_what_was_written() {
    let lines = meaning(&estate("spellings/rest-get"), false, true).join("\n");
    for line in [
        r#"networksecuritygroups nsg-training rule "deny-udp-out" protocol = ProtocolSet(2)"#,
        r#"networksecuritygroups nsg-training subnet = -> "snet-training""#,
        r#"virtualnetworks/subnets snet-training nat = -> "nat-ml""#,
        r#"virtualnetworks/subnets snet-training network = Some("\"vnet-ml\"")"#,
        r#"workspaces/computes cluster workspace = Some("\"mlw-training\"")"#,
        r#"workspaces/computes cluster subnet = -> "snet-training""#,
        r#"firewallpolicies fwp-hub groups = "DefaultNetworkRuleCollectionGroup""#,
        r#"source group = -> "ipg-ml""#,
        r#"azurefirewalls fw-hub policy = -> "fwp-hub""#,
        r#"azurefirewalls fw-hub subnet = "/subscriptions/"#,
        r#"privateendpoints pe-workspace addresses = 10.20.8.4"#,
    ] {
        assert!(lines.contains(line), "{line}\n{lines}");
    }
}

#[test]
fn one_folder_may_mix_spellings_of_the_same_resources() {
    let mut pieces = pieces("spellings/rest-get");
    for name in ["cli", "resource-graph", "powershell"] {
        pieces.extend(self::pieces(&format!("spellings/{name}")));
    }
    let mixed = build(pieces, Options::default());
    assert_same(&meaning(&estate("spellings/rest-get"), true, true), &meaning(&mixed, true, true), "mixed");
    assert!(mixed.faults.is_empty(), "{:?}", mixed.faults);
}

#[test]
fn rest_form_is_the_same_for_every_spelling() {
    for name in ["rest-list", "cli", "resource-graph", "powershell", "template"] {
        let found = estate(&format!("spellings/{name}"));
        let at = |path: &[&str]| found.nsgs[0].header.node.at(path).cloned();
        let rules = at(&["properties", "securityRules"]).unwrap();
        let rule =
            rules.items().iter().find(|rule| rule.get("name").and_then(Node::text) == Some("allow-admin")).unwrap();
        assert_eq!(rule.at(&["properties", "destinationPortRanges"]).unwrap().items().len(), 2, "{name}");
        assert_eq!(rule.at(&["properties", "priority"]).unwrap().kind(), "a number", "{name}");
        let compute = &found.computes[0].header.node;
        assert!(compute.at(&["properties", "properties", "enableNodePublicIp"]).is_some(), "{name}");
        assert!(
            found.workspaces[0].header.node.at(&["properties", "managedNetwork", "isolationMode"]).is_some(),
            "{name}"
        );
    }
}

#[test]
fn every_shape_is_recognised() {
    for (folder, shape) in [
        ("rest-get", Shape::Rest),
        ("rest-list", Shape::Rest),
        ("resource-graph", Shape::ResourceGraph),
        ("template", Shape::Template),
    ] {
        for (path, root) in documents(&format!("spellings/{folder}")) {
            assert_eq!(shape_of(&root), Some(shape), "{path}");
        }
    }
    for (path, root) in documents("shapes") {
        let name = Path::new(&path).file_stem().unwrap().to_str().unwrap().to_owned();
        let expected = match name.as_str() {
            name if name.starts_with("cli-") => Some(Shape::Cli),
            name if name.starts_with("effective-") => Some(Shape::Effective),
            name if name.starts_with("powershell-") => Some(Shape::PowerShell),
            name if name.starts_with("ml-") => Some(Shape::MachineLearningCli),
            name if name.starts_with("parameters-") => Some(Shape::Parameters),
            name if name.starts_with("dependencies-") => Some(Shape::Dependencies),
            name if name.starts_with("service-tags-") => Some(Shape::ServiceTags),
            name if name.starts_with("rest-") => Some(Shape::Rest),
            name if name.starts_with("foreign-") => None,
            name => panic!("{name}: what shape is this?"),
        };
        assert_eq!(shape_of(&root), expected, "{path}");
        if expected.is_none() {
            assert!(gather(&root).pieces.is_empty(), "{path}");
        }
    }
}

fn shape(name: &str) -> Estate {
    let text = std::fs::read_to_string(folder("shapes").join(name)).unwrap();
    build(gather(&parse(FileId(0), &text).unwrap().root).pieces, Options::default())
}

fn name(header: &Header) -> Arc<str> {
    header.name.known().cloned().unwrap()
}

#[test]
fn a_bare_list_of_rules_makes_its_group() {
    let estate = shape("cli-rule-list.json");
    assert_eq!(estate.nsgs.len(), 1);
    assert_eq!(&*name(&estate.nsgs[0].header), "nsg-web");
    assert_eq!((estate.nsgs[0].rules.len(), estate.nsgs[0].default_rules.len()), (2, 0));
    assert!(estate.nsgs[0].header.id.is_some() && estate.faults.is_empty());
}

#[test]
fn a_bare_list_of_routes_makes_its_table() {
    let estate = shape("cli-route-list.json");
    assert_eq!(estate.route_tables.len(), 1);
    assert_eq!(estate.route_tables[0].routes.len(), 2);
    assert!(estate.faults.is_empty(), "{:?}", estate.faults);
}

#[test]
fn effective_rules_are_a_group_with_everything_in_it() {
    let estate = shape("effective-nsg.json");
    let nsg = &estate.nsgs[0];
    assert!(nsg.effective && nsg.subnets.len() == 1 && nsg.rules.len() == 3);
    assert_eq!(one(&nsg.rules[0].name), "\"allow-aml\"");
    // A tag that depends on the network is what Azure says it stood for.
    assert_eq!(nsg.rules[1].sources.items.len(), 2);
    // Any other tag keeps its name beside what it stood for.
    assert_eq!(nsg.rules[0].sources.items.len(), 3);
    assert!(estate.faults.is_empty(), "{:?}", estate.faults);
}

#[test]
fn effective_routes_are_a_table_of_the_active_ones() {
    let estate = shape("effective-routes.json");
    let table = &estate.route_tables[0];
    assert!(table.effective && table.routes.len() == 3);
    assert_eq!(table.routes[0].prefixes.len(), 2);
    assert!(estate.faults.is_empty(), "{:?}", estate.faults);
}

#[test]
fn old_and_classic_firewalls_are_read() {
    let estate = shape("rest-classic-firewall.json");
    let kinds: Vec<_> = estate.firewalls[0].collections.iter().map(|one| *one.rules[0].kind.known().unwrap()).collect();
    assert_eq!(format!("{kinds:?}"), "[Nat, Network, Application]");
    assert_eq!(estate.firewalls[0].collections[1].rules[0].protocols.len(), 2);
    assert_eq!(estate.firewalls[0].collections[2].rules[0].applications.len(), 1);
    assert!(estate.faults.is_empty(), "{:?}", estate.faults);
    let estate = shape("rest-rule-group-2020.json");
    assert_eq!(estate.collection_groups[0].collections[0].rules.len(), 2);
    assert_eq!(estate.policies.len(), 1);
    assert_eq!(estate.collection_groups[0].policy, Some(0));
    assert!(estate.faults.is_empty(), "{:?}", estate.faults);
}

#[test]
fn what_powershell_cut_off_is_found_again_or_reported() {
    let whole = shape("powershell-depth-2.json");
    assert_eq!(whole.nsgs[0].rules.len(), 2);
    assert!(whole.faults.is_empty(), "{:?}", whole.faults);
    let cut = shape("powershell-cut-off.json");
    assert_eq!(cut.nsgs[0].unknown_rules.len(), 1);
    assert_eq!(cut.faults[0].kind, "powershell-cut-off");
}

#[test]
fn a_compute_of_az_ml_finds_its_subnet_by_names() {
    let mut pieces = gather(
        &parse(FileId(0), &std::fs::read_to_string(folder("shapes/ml-compute-by-name.json")).unwrap()).unwrap().root,
    )
    .pieces;
    pieces.extend(self::pieces("spellings/rest-list"));
    let estate = build(pieces, Options::default());
    let compute = estate.computes.iter().find(|one| &*name(&one.header) == "ci-ada").unwrap();
    let subnet = compute.subnet.as_ref().and_then(|mention| mention.target).unwrap();
    assert_eq!(&*name(&estate.subnets[subnet].header), "snet-training");
}
