//! Bad input: each thing Azure would refuse is a fault at its characters, and the rest is still read.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fmt::Write;

use aznetlint::estate::{Estate, FAULT_KINDS, Options, Piece, Shape, build, dependencies, gather, keys_twice};
use aznetlint::json::parse;
use aznetlint::source::Files;

/// The estate of a text, and its faults as `kind: characters`.
fn read(text: &str) -> (Estate, Vec<String>) {
    let mut files = Files::default();
    let file = files.add("a.json", text);
    let document = parse(file, text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    let (twice, root) = (keys_twice(&document), document.root);
    let gathered = gather(&root);
    let answer = dependencies(&root);
    let estate = build(gathered.pieces, Options::default());
    let answered = answer.iter().flat_map(|answer| &answer.faults);
    let shown = twice.iter().chain(&gathered.faults).chain(answered).chain(&estate.faults).map(|fault| {
        let place: String = files.slice(fault.span).split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{}: {}", fault.kind, place.chars().take(40).collect::<String>())
    });
    let shown = shown.collect();
    (estate, shown)
}

const SOUND: &[(&str, &str)] = &[
    ("protocol", r#""Tcp""#),
    ("access", r#""Allow""#),
    ("direction", r#""Inbound""#),
    ("priority", "100"),
    ("sourceAddressPrefix", r#""*""#),
    ("sourcePortRange", r#""*""#),
    ("destinationAddressPrefix", r#""*""#),
    ("destinationPortRange", r#""443""#),
];

/// A rule with some fields set; an empty value leaves the field out.
fn rule(name: &str, changed: &[(&str, &str)]) -> String {
    let kept = SOUND.iter().filter(|(key, _)| !changed.iter().any(|(other, _)| key == other));
    let fields = kept.chain(changed.iter().filter(|(_, value)| !value.is_empty()));
    let fields: Vec<String> = fields.map(|(key, value)| format!(r#""{key}": {value}"#)).collect();
    format!(r#"{{ "name": "{name}", "properties": {{ {} }} }}"#, fields.join(", "))
}

fn nsg(rules: &[String]) -> String {
    format!(r#"{{ "name": "nsg", "properties": {{ "securityRules": [ {} ] }} }}"#, rules.join(", "))
}

fn table(routes: &str) -> String {
    format!(
        r#"{{ "name": "rt", "type": "Microsoft.Network/routeTables", "properties": {{ "routes": [ {routes} ] }} }}"#
    )
}

fn route(name: &str, fields: &str) -> String {
    format!(r#"{{ "name": "{name}", "properties": {{ {fields} }} }}"#)
}

fn group(rules: &str) -> String {
    format!(
        r#"{{ "name": "g", "type": "Microsoft.Network/firewallPolicies/ruleCollectionGroups", "properties": {{ "priority": 200,
            "ruleCollections": [ {{ "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "name": "c", "priority": 100,
            "action": {{ "type": "Allow" }}, "rules": [ {rules} ] }} ] }} }}"#
    )
}

/// Every case: an input and the faults it has.
fn cases() -> Vec<(String, Vec<&'static str>)> {
    let one = |changed: &[(&str, &str)]| nsg(&[rule("r", changed)]);
    let source = |value: &str| one(&[("sourceAddressPrefix", value)]);
    let sources = |value: &str| one(&[("sourceAddressPrefix", ""), ("sourceAddressPrefixes", value)]);
    let port = |value: &str| one(&[("destinationPortRange", value)]);
    let many = |count: usize, each: &dyn Fn(usize) -> String| (0..count).map(each).collect::<Vec<_>>();
    let hop = |fields: &str| table(&route("r", fields));
    let long = "n".repeat(81);
    let asgs = |count| format!("[{}]", many(count, &|at| format!(r#"{{"id":"/asg/{at}"}}"#)).join(","));
    vec![
        (nsg(&[rule("r", &[])]), vec![]),
        // Priorities.
        (one(&[("priority", "99")]), vec!["priority-out-of-range: 99"]),
        (one(&[("priority", "70000")]), vec!["priority-out-of-range: 70000"]),
        (one(&[("priority", r#""70000""#)]), vec![r#"priority-out-of-range: "70000""#]),
        (one(&[("priority", r#""abc""#)]), vec![r#"priority-invalid: "abc""#]),
        (one(&[("priority", "100.5")]), vec!["priority-invalid: 100.5"]),
        (one(&[("priority", "1e999")]), vec!["priority-invalid: 1e999"]),
        (one(&[("priority", r#""100""#)]), vec![]),
        (one(&[("priority", "[100]")]), vec!["wrong-type: [100]"]),
        (one(&[("priority", "true")]), vec!["wrong-type: true"]),
        (one(&[("priority", "")]), vec!["required-field-missing: \"r\""]),
        (nsg(&[rule("a", &[]), rule("b", &[])]), vec!["duplicate-priority: 100"]),
        (nsg(&[rule("a", &[]), rule("b", &[("direction", r#""Outbound""#)])]), vec![]),
        (nsg(&[rule("a", &[]), rule("A", &[("priority", "101")])]), vec![r#"duplicate-name: "A""#]),
        // Documents that do not say all, or say one thing twice.
        (nsg(&[rule("r", &[("Access", r#""Deny""#)])]), vec![r#"key-twice: "Access""#]),
        (nsg(&[rule("r", &[("Priority", "100")])]), vec![]),
        (
            r#"{"changes": [{"resourceId": "/a", "changeType": "Deploy"}]}"#.to_owned(),
            vec![r#"what-if-incomplete: "/a""#],
        ),
        (
            r#"{"format_version": "1.2", "resource_changes": [], "complete": false}"#.to_owned(),
            vec!["plan-incomplete: false"],
        ),
        (
            r#"{"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:d::p::pulumi:pulumi:Stack::s"}],
                "pending_operations": [{"resource": {"urn": "urn:pulumi:d::p::a:b:C::x"}, "type": "updating"}]}}"#
                .to_owned(),
            vec!["export-incomplete: \"updating\""],
        ),
        // Words.
        (one(&[("direction", r#""In""#)]), vec![r#"direction-unknown: "In""#]),
        (one(&[("access", r#""Permit""#)]), vec![r#"access-unknown: "Permit""#]),
        (one(&[("access", "true")]), vec!["wrong-type: true"]),
        (one(&[("protocol", r#""HTTP""#)]), vec![r#"protocol-unknown: "HTTP""#]),
        (one(&[("protocol", r#""TCP""#)]), vec![]),
        (one(&[("protocol", "null")]), vec!["required-field-missing: \"r\""]),
        (one(&[("description", &format!("\"{}\"", "d".repeat(141)))]), vec!["description-too-long: \"ddddddddddddddddddddddddddddddddddddddd"]),
        (nsg(&[rule("-r", &[])]), vec![r#"name-invalid: "-r""#]),
        (nsg(&[rule("r-", &[])]), vec![r#"name-invalid: "r-""#]),
        (nsg(&[rule("a b", &[])]), vec![r#"name-invalid: "a b""#]),
        (nsg(&[rule("r_", &[])]), vec![]),
        (nsg(&[rule(&long, &[])]), vec!["name-too-long: \"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"]),
        // Ports.
        (port(r#""443-80""#), vec![r#"port-range-reversed: "443-80""#]),
        (port(r#""70000""#), vec![r#"port-invalid: "70000""#]),
        (port(r#""https""#), vec![r#"port-invalid: "https""#]),
        (port("443"), vec![]),
        (port("70000"), vec!["port-invalid: 70000"]),
        (port(r#""80,70000""#), vec![r#"port-comma-list: "80,70000""#, "port-invalid: 70000"]),
        (port(r#"" 443""#), vec![r#"stray-space: " 443""#]),
        (port(r#""Any""#), vec![r#"wildcard-alias: "Any""#]),
        (port("{}"), vec!["wrong-type: {}"]),
        (port(""), vec!["port-side-missing: \"r\""]),
        (one(&[("destinationPortRange", ""), ("protocol", r#""Icmp""#)]), vec![]),
        (one(&[("destinationPortRanges", r#"["22"]"#)]), vec![r#"singular-and-plural: ["22"]"#]),
        (one(&[("destinationPortRanges", r#"["443"]"#)]), vec![]),
        (one(&[("destinationPortRanges", r#""22""#)]), vec![r#"wrong-type: "22""#]),
        // Addresses.
        (source(r#""10.0.0.1/8""#), vec![r#"prefix-has-host-bits: "10.0.0.1/8""#]),
        (source(r#""10.0.0.0/33""#), vec![r#"prefix-invalid: "10.0.0.0/33""#]),
        (source(r#""10.0.0.0/255.0.0.0""#), vec![r#"prefix-invalid: "10.0.0.0/255.0.0.0""#]),
        (source(r#""10.0.0.4-10.0.0.9""#), vec![r#"address-range: "10.0.0.4-10.0.0.9""#]),
        (source(r#""10.0.0.0/8, 11.0.0.1/8""#), vec![r#"address-comma-list: "10.0.0.0/8, 11.0.0.1/8""#, "prefix-has-host-bits: 11.0.0.1/8"]),
        (source(r#""Any""#), vec![r#"wildcard-alias: "Any""#]),
        (source(""), vec!["address-side-missing: \"r\""]),
        (source(r#"["*"]"#), vec![r#"wrong-type: ["*"]"#]),
        (sources(r#""*""#), vec![r#"wrong-type: "*""#]),
        (sources(r#"["Internet"]"#), vec![]),
        (sources(r#"["Internet", "10.0.0.0/8"]"#), vec![r#"tag-in-list: "Internet""#]),
        (sources(r#"["Storage", "AzureCloud"]"#), vec![r#"tag-in-list: "Storage""#]),
        (sources(r#"["10.0.0.0/8", "2001:db8::/32"]"#), vec![r#"mixed-families: "2001:db8::/32""#]),
        (sources(r#"["10.0.0.0/8", "10.2.0.0/16", "10.3.0.0/16"]"#), vec![r#"overlapping-prefixes: "10.2.0.0/16""#]),
        (sources(r#"["10.0.0.0/8", 5]"#), vec!["wrong-type: 5"]),
        (one(&[("sourceAddressPrefixes", r#"["10.0.0.0/8"]"#)]), vec![r#"singular-and-plural: ["10.0.0.0/8"]"#]),
        (one(&[("sourceApplicationSecurityGroups", &asgs(11)), ("sourceAddressPrefix", "")]), vec!["too-many-groups: [{\"id\":\"/asg/0\"},{\"id\":\"/asg/1\"},{\"id\":\""]),
        // Tags.
        (source(r#""AzureMachineLearing""#), vec![r#"tag-unknown: "AzureMachineLearing""#]),
        (source(r#""AzureCloud.norwayeast""#), vec![r#"tag-region-unknown: "AzureCloud.norwayeast""#]),
        (source(r#""Keyvault.westeurope""#), vec![r#"tag-alias: "Keyvault.westeurope""#]),
        (source(r#""INTERNET""#), vec![]),
        (source(r#""AzureMachineLearning.WestEurope""#), vec![r#"tag-region-undocumented: "AzureMachineLearning.WestEurope""#]),
        (
            nsg(&[rule("r", &[("sourceAddressPrefix", r#""AzureFrontDoor.FirstParty""#)])])
                .replacen('{', r#"{ "location": "USGov Virginia","#, 1),
            vec![r#"tag-not-in-cloud: "AzureFrontDoor.FirstParty""#],
        ),
        // Lists and objects.
        (r#"{ "name": "n", "type": "Microsoft.Network/networkSecurityGroups", "properties": { "securityRules": 5 } }"#.to_owned(), vec!["wrong-type: 5"]),
        (r#"{ "name": "n", "type": "Microsoft.Network/networkSecurityGroups", "properties": [5] }"#.to_owned(), vec!["wrong-type: [5]"]),
        (nsg(&["7".to_owned(), "null".to_owned()]), vec!["wrong-type: 7", "wrong-type: null"]),
        (nsg(&[r#"{ "name": "r", "properties": "no" }"#.to_owned()]), vec![r#"wrong-type: "no""#]),
        (r#"{ "value": [{ "category": "c", "endpoints": [{ "domainName": "a b" }] }] }"#.to_owned(), vec![r#"dependencies-invalid: "a b""#]),
        (r#"{ "value": [{ "name": "n", "properties": { "securityRules": [] } }], "nextLink": "https://more" }"#.to_owned(), vec![r#"incomplete-list: "https://more""#]),
        (
            r#"[{"id":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/routeTables/t","name":"t","properties":{"disableBgpRoutePropagation":true}},
                {"id":"/subscriptions/S/resourceGroups/g/providers/Microsoft.Network/routeTables/t","name":"t","properties":{"disableBgpRoutePropagation":false}}]"#.to_owned(),
            vec!["declared-twice-differently: false"],
        ),
        // Limits.
        (nsg(&many(1001, &|at| rule(&format!("r{at}"), &[("priority", &(100 + at).to_string())]))), vec!["too-many-rules: \"nsg\""]),
        (sources(&format!("[{}]", many(4001, &|at| format!("\"10.{}.{}.0/24\"", at / 256, at % 256)).join(","))), vec!["too-many-prefixes: \"nsg\""]),
        // Routes.
        (hop(r#""addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.0.4""#), vec![]),
        (hop(r#""addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance""#), vec![r#"next-hop-address-missing: "VirtualAppliance""#]),
        (hop(r#""addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "fw""#), vec![r#"next-hop-address-invalid: "fw""#]),
        (hop(r#""addressPrefix": "0.0.0.0/0", "nextHopType": "Internet", "nextHopIpAddress": "10.0.0.4""#), vec![r#"next-hop-address-unused: "10.0.0.4""#]),
        (hop(r#""addressPrefix": "0.0.0.0/0", "nextHopType": "Firewall""#), vec![r#"next-hop-unknown: "Firewall""#]),
        (hop(r#""addressPrefix": "0.0.0.0/0""#), vec!["required-field-missing: \"r\""]),
        (hop(r#""nextHopType": "Internet""#), vec!["route-prefix-missing: \"r\""]),
        (hop(r#""addressPrefix": "10.0.0.1/8", "nextHopType": "None""#), vec![r#"prefix-has-host-bits: "10.0.0.1/8""#]),
        (hop(r#""addressPrefix": "VirtualNetwork", "nextHopType": "None""#), vec![r#"tag-not-for-routes: "VirtualNetwork""#]),
        (hop(r#""addressPrefix": "*", "nextHopType": "None""#), vec![r#"prefix-invalid: "*""#]),
        (
            table(&[route("a", r#""addressPrefix": "10.0.0.0/8", "nextHopType": "None""#), route("b", r#""addressPrefix": "10.0.0.0/8", "nextHopType": "Internet""#)].join(",")),
            vec![r#"duplicate-route: "10.0.0.0/8""#],
        ),
        (
            table(&many(401, &|at| route(&format!("r{at}"), &format!(r#""addressPrefix": "10.{}.{}.0/24", "nextHopType": "None""#, at / 256, at % 256))).join(",")),
            vec!["too-many-routes: \"rt\""],
        ),
        (
            table(&TAGS.iter().map(|tag| route(tag, &format!(r#""addressPrefix": "{tag}", "nextHopType": "Internet""#))).collect::<Vec<_>>().join(",")),
            vec!["too-many-tag-routes: \"rt\""],
        ),
        // Firewalls.
        (group(r#"{ "ruleType": "NetworkRule", "name": "r", "ipProtocols": ["TCP"], "sourceAddresses": ["10.0.0.1-10.0.0.5"], "destinationAddresses": ["Storage", "1.2.3.4"], "destinationPorts": ["443"] }"#), vec![]),
        (group(r#"{ "ruleType": "ApplicationRule", "name": "r", "protocols": [{ "protocolType": "Https", "port": 443 }], "sourceAddresses": ["*"], "targetFqdns": ["pypi.org", "https://pypi.org"] }"#), vec![r#"host-invalid: "https://pypi.org""#]),
        (group(r#"{ "ruleType": "ApplicationRule", "name": "r", "protocols": [{ "protocolType": "Https", "port": 443 }], "sourceAddresses": ["*"], "fqdnTags": ["WindowsUpdates"] }"#), vec![r#"fqdn-tag-unknown: "WindowsUpdates""#]),
        (group(r#"{ "ruleType": "ApplicationRule", "name": "r", "protocols": [{ "protocolType": "Https", "port": 443 }], "sourceAddresses": ["*"], "fqdnTags": ["WindowsUpdate"], "targetFqdns": ["pypi.org"] }"#), vec![r#"fqdn-tags-beside-hosts: ["WindowsUpdate"]"#]),
        (r#"{ "name": "p", "type": "Microsoft.Network/firewallPolicies", "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/firewallPolicies/p", "properties": { "basePolicy": { "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/firewallPolicies/p" } } }"#.to_owned(), vec![r#"policy-own-parent: "/subscriptions/s/resourceGroups/g/provi"#]),
        (r#"{ "name": "g", "type": "Microsoft.Network/firewallPolicies/ruleCollectionGroups", "properties": { "priority": 200, "ruleCollections": [
            { "name": "a", "priority": 100, "action": { "type": "Allow" }, "rules": [ { "ruleType": "NetworkRule", "name": "r" } ] },
            { "name": "d", "priority": 100, "action": { "type": "Deny" }, "rules": [ { "ruleType": "NetworkRule", "name": "r" } ] } ] } }"#.to_owned(), vec!["duplicate-collection-priority: 100"]),
        (group(r#"{ "name": "r", "ipProtocols": ["TCP"], "sourceAddresses": ["*"], "destinationAddresses": ["*"], "destinationPorts": ["443"] }"#), vec![r#"required-field-missing: "r""#]),
        (group(r#"{ "ruleType": "NetworkRule", "name": "r", "ipProtocols": ["TCP"], "sourceAddresses": ["Storage"], "destinationAddresses": ["Internet"], "destinationPorts": ["443"] }"#), vec![r#"firewall-tag-source: "Storage""#, r#"tag-not-for-firewalls: "Internet""#]),
        (group(r#"{ "ruleType": "Rule", "name": "r" }"#), vec![r#"rule-type-unknown: "Rule""#]),
        (
            r#"{"Name":"n","Id":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/n","SecurityRules":["Microsoft.Azure.Commands.Network.Models.PSSecurityRule"]}"#.to_owned(),
            vec![r#"powershell-cut-off: "Microsoft.Azure.Commands.Network.Models"#],
        ),
    ]
}

const TAGS: [&str; 26] = [
    "Storage.WestEurope",
    "Storage.NorthEurope",
    "Storage.EastUS",
    "Storage.WestUS",
    "Storage.EastUS2",
    "Storage.CentralUS",
    "Storage.UKSouth",
    "Storage.UKWest",
    "Storage.FranceCentral",
    "Storage.NorwayEast",
    "Sql.WestEurope",
    "Sql.NorthEurope",
    "Sql.EastUS",
    "Sql.WestUS",
    "Sql.EastUS2",
    "Sql.CentralUS",
    "Sql.UKSouth",
    "Sql.UKWest",
    "Sql.FranceCentral",
    "Sql.NorwayEast",
    "AzureCloud.westeurope",
    "AzureCloud.northeurope",
    "AzureCloud.eastus",
    "AzureCloud.westus",
    "AzureMonitor",
    "AzureMachineLearning",
];

#[test]
fn each_fault_has_its_kind_and_place() {
    let mut failures = String::new();
    for (text, expected) in cases() {
        let (_, found) = read(&text);
        if found != expected {
            let short: String = text.chars().take(300).collect();
            writeln!(failures, "{short}\n  expected {expected:?}\n  found    {found:?}").unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn every_kind_has_a_case_and_every_fault_a_kind() {
    let known: BTreeSet<&str> = FAULT_KINDS.iter().map(|(kind, _)| *kind).collect();
    let mut met = BTreeSet::new();
    for (text, _) in cases() {
        for fault in read(&text).1 {
            met.insert(fault.split(':').next().unwrap().to_owned());
        }
    }
    let mut met: BTreeSet<&str> = met.iter().map(String::as_str).collect();
    let template = r#"{ "name": "n", "type": "Microsoft.Network/networkSecurityGroups",
        "properties": { "defaultSecurityRules": [ { "name": "DenyAllInBound", "properties": {} } ] } }"#;
    met.insert(as_template(template).faults[0].kind);
    assert_eq!(known, met);
}

#[test]
fn what_is_wrong_leaves_the_rest_standing() {
    let bad = rule(
        "bad",
        &[("priority", "99"), ("destinationPortRange", r#""443-80""#), ("sourceAddressPrefix", r#""10.0.0.0/33""#)],
    );
    let (estate, _) = read(&nsg(&[bad, rule("good", &[])]));
    let rules = &estate.nsgs[0].rules;
    assert_eq!(rules.len(), 2);
    assert_eq!(rules[0].priority.known(), Some(&99));
    assert!(rules[0].destination_ports.items[0].unknown().is_some());
    assert!(rules[0].destinations.items[0].known().is_some());
    assert!(rules[1].destination_ports.items[0].known().is_some());
}

#[test]
fn an_expression_nobody_evaluated_is_unknown_and_no_fault() {
    let text = nsg(&[rule(
        "r",
        &[("sourceAddressPrefix", r#""[parameters('x')]""#), ("destinationPortRanges", r#""[variables('p')]""#)],
    )]);
    let (estate, faults) = read(&text);
    assert!(estate.nsgs[0].rules[0].sources.items[0].unknown().is_some());
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn a_suggestion_comes_with_a_misspelt_tag() {
    let text = nsg(&[rule("r", &[("sourceAddressPrefix", r#""AzureCloud.norwayeast""#)])]);
    let (estate, _) = read(&text);
    assert_eq!(estate.faults[0].help.as_deref(), Some("did you mean `AzureCloud.norwaye`?"));
    assert!(estate.faults[0].resource.ends_with("securityRules/r"));
}

#[test]
fn a_template_may_leave_anything_to_the_deployment() {
    let text = r#"{ "type": "Microsoft.Network/networkSecurityGroups/securityRules", "name": "nsg/r", "properties": { "priority": 100 } }"#;
    let estate = as_template(text);
    assert_eq!(estate.nsgs.len(), 1);
    assert_eq!(estate.nsgs[0].header.name.known().map(|name| &**name), Some("nsg"));
    assert_eq!(estate.nsgs[0].rules[0].name.known().map(|name| &**name), Some("r"));
}

fn as_template(text: &str) -> Estate {
    let node = parse(Files::default().add("a.json", text), text).unwrap().root;
    build([Piece { node, shape: Shape::Template, condition: None, listed: false, partial: false }], Options::default())
}
