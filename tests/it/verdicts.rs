//! Verdicts of the shipped rules on small estates that once went wrong.

use aznetlint::finding::{Applies, FactValue, RequirementReport, Verdict};
use aznetlint::judge::{Origin, Request, Requests};
use aznetlint::lint::{Settings, lint_texts};
use aznetlint::rule::Pack;
use serde_json::{Value, json};

const NETWORK: &str = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network";
const WORKSPACE: &str = "/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/w";

fn nsg(location: &str, rules: &[(&str, &str, &str)]) -> Value {
    let rule = |(index, (access, from, to)): (usize, &(&str, &str, &str))| {
        json!({ "name": format!("r{index}"), "properties": {
            "priority": 100 + index, "direction": "Outbound", "access": access, "protocol": "*", "sourcePortRange": "*",
            "sourceAddressPrefix": from, "destinationAddressPrefix": to, "destinationPortRange": "*" } })
    };
    let rules: Vec<Value> = rules.iter().enumerate().map(rule).collect();
    json!({ "type": "Microsoft.Network/networkSecurityGroups", "name": "nsg", "location": location,
        "id": format!("{NETWORK}/networkSecurityGroups/nsg"), "properties": { "securityRules": rules } })
}

fn routes(location: &str, routes: &[(&str, &str)]) -> Value {
    let route = |(index, (to, hop)): (usize, &(&str, &str))| {
        json!({ "name": format!("r{index}"), "properties": { "addressPrefix": to, "nextHopType": hop,
            "nextHopIpAddress": "10.9.0.4" } })
    };
    let routes: Vec<Value> = routes.iter().enumerate().map(route).collect();
    json!({ "type": "Microsoft.Network/routeTables", "name": "rt", "location": location,
        "id": format!("{NETWORK}/routeTables/rt"), "properties": { "routes": routes } })
}

fn subnet(name: &str) -> String {
    format!("{NETWORK}/virtualNetworks/v/subnets/{name}")
}

fn network(parts: &Value) -> Value {
    let mut own = json!({ "addressPrefix": "10.0.1.0/24" });
    own.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
    json!({ "type": "Microsoft.Network/virtualNetworks", "name": "v", "location": "eastus2",
        "id": format!("{NETWORK}/virtualNetworks/v"), "properties": {
            "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] },
            "subnets": [{ "name": "train", "id": subnet("train"), "properties": own }] } })
}

fn workspace(serverless: &str, no_public_ip: bool) -> Value {
    json!({ "type": "Microsoft.MachineLearningServices/workspaces", "name": "w", "location": "eastus2", "id": WORKSPACE,
        "properties": { "serverlessComputeSettings": {
            "serverlessComputeCustomSubnet": subnet(serverless), "serverlessComputeNoPublicIP": no_public_ip } } })
}

fn compute(public_ip: bool) -> Value {
    json!({ "type": "Microsoft.MachineLearningServices/workspaces/computes", "name": "c", "location": "eastus2",
        "id": format!("{WORKSPACE}/computes/c"), "properties": { "computeType": "AmlCompute",
            "properties": { "enableNodePublicIp": public_ip, "subnet": { "id": subnet("train") } } } })
}

/// What the one placement says of a rule.
fn answer(resources: &[Value], facts: &[(&str, bool)], rule: &str) -> RequirementReport {
    let pack = Pack::load(true, &[]).unwrap();
    let facts = facts.iter().map(|(name, is)| ((*name).to_owned(), FactValue::Bool(*is), Origin::CommandLine));
    let service = Request { service: "azureml-compute".to_owned(), ..Request::default() };
    let requests = Requests { services: vec![service], facts: facts.collect(), ..Requests::default() };
    let texts = resources.iter().enumerate().map(|(index, text)| (format!("{index}.json"), text.to_string()));
    let outcome = lint_texts(texts, &pack, &Settings { requests, ..Settings::default() });
    let [placement] = &*outcome.report.placements else { panic!("{:?}", outcome.report.placements) };
    let wanted = format!("azureml/{rule}");
    placement.requirements.iter().find(|one| one.rule.as_str() == wanted).unwrap().clone()
}

fn tags(cloud: &str, lists: &[(&str, &[&str])]) -> Value {
    let values = lists.iter().map(|(name, prefixes)| {
        json!({ "name": name, "id": name, "properties": { "changeNumber": 1, "region": "", "regionId": 0,
            "platform": "Azure", "systemService": name, "addressPrefixes": prefixes, "networkFeatures": ["NSG"] } })
    });
    json!({ "changeNumber": 1, "cloud": cloud, "values": values.collect::<Vec<_>>() })
}

#[test]
fn a_lone_group_is_decided_with_tag_data_as_without() {
    let data = tags("Public", &[("AzureMonitor", &["20.1.0.0/24"]), ("AzureKeyVault", &["20.2.0.0/24"])]);
    let closed = nsg("eastus2", &[("Allow", "VirtualNetwork", "AzureMonitor"), ("Deny", "*", "Internet")]);
    let facts = [("monitor-private-link", false)];
    let open = answer(&[closed.clone(), data.clone()], &facts, "monitor-blocked");
    assert_eq!(open.verdict, Some(Verdict::Satisfied), "{:?}", open.why);
    let blocked = nsg("eastus2", &[("Allow", "VirtualNetwork", "AzureKeyVault"), ("Deny", "*", "Internet")]);
    let blocked = answer(&[blocked, data], &facts, "monitor-blocked");
    assert_eq!(blocked.verdict, Some(Verdict::Violated), "{:?}", blocked.why);
}

#[test]
fn a_tag_that_the_cloud_does_not_have_matches_nothing() {
    let rules = [("Deny", "*", "AzureFrontDoor.FirstParty"), ("Deny", "*", "Storage.WestEurope")];
    let gov = answer(&[nsg("usgovvirginia", &rules)], &[], "entra-blocked");
    assert_eq!((gov.verdict, gov.built_in_only), (Some(Verdict::Satisfied), true), "{:?}", gov.why);
    let data = tags("AzureGovernment", &[("AzureActiveDirectory", &["20.1.0.0/24"])]);
    let gov = answer(&[nsg("usgovvirginia", &rules), data], &[], "entra-blocked");
    assert_eq!(gov.verdict, Some(Verdict::Satisfied), "{:?}", gov.why);
}

#[test]
fn azure_cloud_and_parts_of_a_tag_are_not_enough() {
    for (part, rule) in [
        ("AzureCloud", "entra-blocked"),
        ("AzureCloud.eastus2", "entra-blocked"),
        ("AzureCloud", "front-door-blocked"),
        ("AzureMonitor.Core", "monitor-blocked"),
        ("AzureMachineLearning.EastUS2", "service-blocked"),
    ] {
        let group = nsg("eastus2", &[("Allow", "*", part), ("Deny", "*", "*")]);
        let one = answer(&[group], &[("monitor-private-link", false)], rule);
        assert_eq!(one.verdict, Some(Verdict::Violated), "{part}: {:?}", one.why);
    }
    let group = nsg("eastus2", &[("Allow", "*", "AzureCloud"), ("Deny", "*", "*")]);
    assert_eq!(answer(&[group], &[], "service-blocked").verdict, Some(Verdict::Satisfied));
}

#[test]
fn an_allow_for_one_address_never_covers_the_subnet() {
    for from in ["10.0.1.4", "20.1.2.3/32", "20.1.2.0/24"] {
        let group = nsg("eastus2", &[("Allow", from, "AzureMachineLearning"), ("Deny", "*", "*")]);
        assert_eq!(answer(&[group], &[], "service-blocked").verdict, Some(Verdict::Violated), "{from}");
    }
    let group = nsg("eastus2", &[("Allow", "10.0.0.0/8", "AzureMachineLearning"), ("Deny", "*", "*")]);
    assert_eq!(answer(&[group], &[], "service-blocked").verdict, Some(Verdict::Undecided));
}

#[test]
fn many_prefixes_beside_a_tag_route_are_followed() {
    let prefixes: Vec<String> = (0..90).map(|last| format!("20.1.{last}.0/28")).collect();
    let mut list: Vec<(&str, &str)> = prefixes.iter().map(|prefix| (prefix.as_str(), "Internet")).collect();
    list.extend([("AzureMonitor", "VnetLocal"), ("0.0.0.0/0", "Internet")]);
    let table = routes("eastus2", &list);
    let facts = [("monitor-private-link", false)];
    let one = answer(
        &[network(&json!({ "routeTable": { "id": format!("{NETWORK}/routeTables/rt") } })), table],
        &facts,
        "monitor-blocked",
    );
    // The tag's route leads nowhere; whether the tag has addresses beside the prefixes is all that is left to tell.
    assert_eq!(one.verdict, Some(Verdict::Undecided));
    assert!(one.why.iter().all(|why| !why.contains("more cases")), "{:?}", one.why);
}

#[test]
fn prefixes_of_many_lengths_beside_a_tag_route_are_followed() {
    let prefixes: Vec<String> = (0..160).map(|index| format!("20.{index}.0.0/{}", 17 + index % 15)).collect();
    let mut list: Vec<(&str, &str)> = prefixes.iter().map(|prefix| (prefix.as_str(), "Internet")).collect();
    list.extend([("Storage", "VnetLocal"), ("0.0.0.0/0", "Internet")]);
    let place = network(&json!({ "routeTable": { "id": format!("{NETWORK}/routeTables/rt") } }));
    let one = answer(&[place, routes("eastus2", &list)], &[], "service-blocked");
    assert_eq!(one.verdict, Some(Verdict::Satisfied), "{:?}", one.why);
}

#[test]
fn halves_are_a_default_route() {
    let table = routes("eastus2", &[("0.0.0.0/1", "VirtualAppliance"), ("128.0.0.0/1", "VirtualAppliance")]);
    let place = network(&json!({ "routeTable": { "id": format!("{NETWORK}/routeTables/rt") } }));
    let one = answer(&[place, table], &[], "storage-smb-blocked");
    assert_eq!(one.applies, Applies::Yes);
}

#[test]
fn a_route_by_a_tag_that_routes_cannot_name_tunnels_nothing() {
    let place = network(&json!({ "networkSecurityGroup": { "id": format!("{NETWORK}/networkSecurityGroups/nsg") },
        "routeTable": { "id": format!("{NETWORK}/routeTables/rt") } }));
    let group = nsg("eastus2", &[("Deny", "*", "VirtualNetwork")]);
    for tag in ["Internet", "VirtualNetwork", "AzureLoadBalancer"] {
        let table = routes("eastus2", &[(tag, "VirtualAppliance")]);
        let one = answer(&[place.clone(), group.clone(), table], &[], "service-blocked");
        assert_eq!(one.verdict, Some(Verdict::Satisfied), "{tag}: {:?}", one.why);
    }
}

#[test]
fn internet_matches_what_a_tag_route_leads_to_an_appliance() {
    let place = network(&json!({ "networkSecurityGroup": { "id": format!("{NETWORK}/networkSecurityGroups/nsg") },
        "routeTable": { "id": format!("{NETWORK}/routeTables/rt") } }));
    let table = routes("eastus2", &[("AzureCloud", "VirtualAppliance")]);
    let group = nsg("eastus2", &[("Deny", "*", "Internet"), ("Allow", "*", "AzureMachineLearning")]);
    let data = tags("Public", &[("AzureCloud", &["20.0.0.0/8"]), ("AzureMachineLearning", &["20.1.0.0/16"])]);
    let symbolic = [place, group, table];
    let exact = [&symbolic[..], &[data]].concat();
    for estate in [&symbolic[..], &exact] {
        let one = answer(estate, &[], "service-blocked");
        assert_eq!(one.verdict, Some(Verdict::Violated), "{:?}", one.why);
    }
}

#[test]
fn every_compute_of_a_subnet_counts() {
    let place = || network(&json!({}));
    let applies = |serverless: &str, no_public_ip, public_ip| {
        let all = [workspace(serverless, no_public_ip), compute(public_ip), place()];
        answer(&all, &[], "inbound-44224-blocked").applies
    };
    assert_eq!(applies("train", false, false), Applies::Yes);
    assert_eq!(applies("train", true, true), Applies::Yes);
    assert_eq!(applies("train", true, false), Applies::No);
    assert_eq!(applies("other", false, false), Applies::No);
}

#[test]
fn a_region_without_a_pair_asks_for_nothing_more() {
    let list = [("AzureMachineLearning.QatarCentral", "Internet"), ("0.0.0.0/0", "VirtualAppliance")];
    let one = answer(&[routes("qatarcentral", &list)], &[("public-ip", true)], "return-route-diverted");
    assert_eq!(one.verdict, Some(Verdict::Satisfied), "{:?}", one.why);
    assert!(!one.flow.contains("paired"), "{}", one.flow);
}

#[test]
fn a_requirement_knows_the_layers_on_its_way() {
    let resources = |access: &str| {
        let group = nsg("eastus2", &[(access, "*", "*")]);
        let parts = json!({ "networkSecurityGroup": { "id": format!("{NETWORK}/networkSecurityGroups/nsg") },
            "routeTable": { "id": format!("{NETWORK}/routeTables/rt") } });
        [
            group,
            routes("eastus2", &[("0.0.0.0/0", "Internet")]),
            network(&parts),
            workspace("train", true),
            compute(false),
        ]
    };
    let said = |access: &str| {
        let path = answer(&resources(access), &[], "entra-blocked").path;
        assert!(!path.inbound);
        assert_eq!(path.peer, "AzureActiveDirectory");
        let name = |by: &aznetlint::finding::Decider| by.name.clone();
        let layer = |one: &aznetlint::finding::LayerReport| {
            (
                one.layer.resource(),
                one.verdict,
                one.decides,
                one.decided_by.iter().map(name).collect::<Vec<_>>().join(","),
            )
        };
        path.layers.iter().map(layer).collect::<Vec<_>>()
    };
    let route = ("route-table", Verdict::Satisfied, false, "r0".to_owned());
    assert_eq!(said("Allow"), [("nsg", Verdict::Satisfied, false, "r0".to_owned()), route.clone()]);
    assert_eq!(said("Deny"), [("nsg", Verdict::Violated, true, "r0".to_owned()), route]);
}

/// A template with the parameter `c`, of which nobody tells the value.
fn template(resources: &[Value]) -> Value {
    json!({ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "parameters": { "c": { "type": "bool" } }, "resources": resources })
}

/// A resource whose condition is that parameter.
fn perhaps(mut resource: Value) -> Value {
    resource["condition"] = json!("[parameters('c')]");
    resource
}

fn at(kind: &str, name: &str) -> Value {
    json!({ "id": format!("{NETWORK}/{kind}/{name}") })
}

#[test]
fn what_may_not_be_deployed_decides_nothing() {
    let group = || nsg("eastus2", &[("Allow", "*", "*")]);
    let table = || routes("eastus2", &[("0.0.0.0/0", "Internet")]);
    let net = || {
        network(&json!({ "networkSecurityGroup": at("networkSecurityGroups", "nsg"),
        "routeTable": at("routeTables", "rt") }))
    };
    let of = |resources: &[Value]| answer(&[template(resources)], &[], "entra-blocked");
    assert_eq!(of(&[group(), table(), net(), compute(false)]).verdict, Some(Verdict::Satisfied));
    for resources in [[perhaps(group()), table(), net()], [group(), perhaps(table()), net()]] {
        let answer = of(&[&resources[..], &[compute(false)]].concat());
        assert_eq!(answer.verdict, Some(Verdict::Undecided), "{:?}", answer.why);
        assert!(format!("{answer:?}").contains("--set c="), "{answer:?}");
    }
    // What exists together needs no guess.
    let together = [perhaps(group()), perhaps(table()), perhaps(net()), compute(false)];
    assert_eq!(of(&together).verdict, Some(Verdict::Satisfied));
}

#[test]
fn a_nat_gateway_that_may_be_null_is_no_way_out() {
    let out = |gateway: Value| {
        let net = network(&json!({ "natGateway": gateway, "defaultOutboundAccess": false }));
        answer(&[template(&[net, compute(false)])], &[], "egress-missing").verdict
    };
    assert_eq!(out(json!("[if(parameters('c'), createObject('id', 'n'), null())]")), Some(Verdict::Undecided));
    assert_eq!(out(json!({ "id": "[if(parameters('c'), 'n', null())]" })), Some(Verdict::Undecided));
    assert_eq!(out(json!({ "id": "[concat('n', string(parameters('c')))]" })), Some(Verdict::Satisfied));
}

/// A firewall behind the only route, with what stands before its rule that allows everything.
fn behind_firewall(collections: &[Value], groups: &Value, policy: Option<Value>, classic: &Value) -> Option<Verdict> {
    let allow = json!({ "name": "all", "ruleType": "NetworkRule", "ipProtocols": ["Any"], "sourceAddresses": ["*"],
        "destinationAddresses": ["*"], "destinationPorts": ["*"] });
    let allow = json!({ "name": "c", "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "priority": 200,
        "action": { "type": "Allow" }, "rules": [allow] });
    let mut firewall =
        json!({ "ipConfigurations": [{ "name": "i", "properties": { "privateIPAddress": "10.9.0.4" } }] });
    firewall.as_object_mut().unwrap().extend(classic.as_object().unwrap().clone());
    if let Some(policy) = policy {
        firewall["firewallPolicy"] = policy;
    }
    let group = format!("{NETWORK}/firewallPolicies/p/ruleCollectionGroups/g");
    let collections = [collections, &[allow]].concat();
    let all = [
        routes("eastus2", &[("0.0.0.0/0", "VirtualAppliance")]),
        network(&json!({ "routeTable": at("routeTables", "rt") })),
        compute(false),
        json!({ "type": "Microsoft.Network/azureFirewalls", "name": "f", "id": format!("{NETWORK}/azureFirewalls/f"),
            "properties": firewall }),
        json!({ "type": "Microsoft.Network/firewallPolicies", "name": "p", "id": format!("{NETWORK}/firewallPolicies/p"),
            "properties": { "ruleCollectionGroups": groups } }),
        json!({ "type": "Microsoft.Network/firewallPolicies/ruleCollectionGroups", "name": "g", "id": group,
            "properties": { "priority": 200, "ruleCollections": collections } }),
    ];
    answer(&all, &[], "entra-blocked").verdict
}

#[test]
fn a_hollow_part_of_a_firewall_is_not_an_empty_one() {
    let groups = json!([{ "id": format!("{NETWORK}/firewallPolicies/p/ruleCollectionGroups/g") }]);
    let policy = || Some(at("firewallPolicies", "p"));
    let with = |collection: Value| behind_firewall(&[collection], &groups, policy(), &json!({}));
    let deny = |rules: Value| {
        json!({ "name": "d", "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "priority": 100,
            "action": { "type": "Deny" }, "rules": rules })
    };
    assert_eq!(with(deny(json!([]))), Some(Verdict::Satisfied));
    let mut absent = deny(json!(null));
    assert_eq!(with(absent.clone()), Some(Verdict::Undecided));
    absent.as_object_mut().unwrap().remove("rules");
    assert_eq!(with(absent), Some(Verdict::Undecided));
    // Destination NAT is for what comes in.
    let nat = json!({ "name": "n", "ruleCollectionType": "FirewallPolicyNatRuleCollection", "priority": 100 });
    assert_eq!(with(nat), Some(Verdict::Satisfied));

    let list = |item: Value| json!([groups[0], item]);
    for groups in [list(json!(null)), list(json!({ "id": null }))] {
        assert_eq!(behind_firewall(&[], &groups, policy(), &json!({})), Some(Verdict::Undecided), "{groups}");
    }
    for policy in [json!({}), json!({ "id": null })] {
        assert_eq!(behind_firewall(&[], &groups, Some(policy), &json!({})), Some(Verdict::Undecided));
    }
    let rule = json!({ "name": "r", "protocols": ["Any"], "sourceAddresses": ["*"], "destinationAddresses": ["*"],
        "destinationPorts": ["*"] });
    let allow =
        json!({ "name": "c", "properties": { "priority": 100, "action": { "type": "Allow" }, "rules": [rule] } });
    for hollow in [json!({ "name": "d", "properties": null }), json!({ "name": "d" })] {
        let classic = json!({ "networkRuleCollections": [hollow, allow] });
        assert_eq!(behind_firewall(&[], &groups, None, &classic), Some(Verdict::Undecided), "{classic}");
        let classic = json!({ "networkRuleCollections": [allow], "natRuleCollections": [hollow] });
        assert_eq!(behind_firewall(&[], &groups, None, &classic), Some(Verdict::Satisfied), "{classic}");
    }
}

#[test]
fn a_collection_of_admin_rules_without_its_rules_decides_nothing() {
    let kind = "Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections";
    let id = format!("{NETWORK}/networkManagers/m/securityAdminConfigurations/c/ruleCollections/one");
    let collection = json!({ "type": kind, "name": "one", "id": id, "properties": { "appliesToGroups": [] } });
    let one = answer(&[network(&json!({})), compute(false), collection], &[], "entra-blocked");
    assert_eq!(one.verdict, Some(Verdict::Undecided), "{:?}", one.why);
}

#[test]
fn a_hub_connection_without_its_network_may_be_of_this_one() {
    let hub = format!("{NETWORK}/virtualHubs/h");
    let connection = |properties: Value| {
        json!({ "type": "Microsoft.Network/virtualHubs/hubVirtualNetworkConnections", "name": "c",
            "id": format!("{hub}/hubVirtualNetworkConnections/c"), "properties": properties })
    };
    let listing = json!({ "type": "Microsoft.Network/virtualHubs", "name": "h", "id": hub, "properties": {
        "virtualNetworkConnections": [{ "id": format!("{hub}/hubVirtualNetworkConnections/c") }] } });
    let with = |parts: &[Value]| {
        answer(&[&[network(&json!({})), compute(false)], parts].concat(), &[], "entra-blocked").verdict
    };
    assert_eq!(with(&[connection(json!(null))]), Some(Verdict::Undecided));
    assert_eq!(with(&[connection(json!({ "remoteVirtualNetwork": null }))]), Some(Verdict::Undecided));
    assert_eq!(with(std::slice::from_ref(&listing)), Some(Verdict::Undecided));
    let other = connection(json!({ "remoteVirtualNetwork": at("virtualNetworks", "other") }));
    assert_eq!(with(&[listing, other]), Some(Verdict::Satisfied));
}

/// A list of effective routes: prefix, next hop and address, all of Azure's own.
fn effective(routes: &[(&str, &str)]) -> Value {
    let route = |(prefix, hop): &(&str, &str)| {
        json!({ "addressPrefix": [prefix], "nextHopType": hop, "nextHopIpAddress": [], "state": "Active",
            "source": "Default", "name": null })
    };
    json!({ "value": routes.iter().map(route).collect::<Vec<_>>() })
}

#[test]
fn effective_routes_may_lead_to_a_connected_group() {
    let routes = effective(&[("10.0.0.0/16", "VnetLocal"), ("10.7.0.0/16", "ConnectedGroup")]);
    let pack = Pack::load(true, &[]).unwrap();
    let texts = [("e.json".to_owned(), routes.to_string())];
    let report = lint_texts(texts, &pack, &Settings::default()).report;
    let rules: Vec<&str> = report.findings.iter().map(|one| one.rule.as_str()).collect();
    assert!(!rules.contains(&"route/next-hop-unknown"), "{rules:?}");
}

#[test]
fn a_nat_gateway_without_an_address_is_no_way_out() {
    let out = |properties: Value| {
        let gateway = json!({ "type": "Microsoft.Network/natGateways", "name": "n",
            "id": format!("{NETWORK}/natGateways/n"), "properties": properties });
        let net = network(&json!({ "natGateway": at("natGateways", "n"), "defaultOutboundAccess": false }));
        answer(&[net, compute(false), gateway], &[], "egress-missing").verdict
    };
    let address = at("publicIPAddresses", "a");
    assert_eq!(out(json!({ "publicIpAddresses": [], "publicIpPrefixes": [] })), Some(Verdict::Violated));
    assert_eq!(out(json!({ "publicIpAddresses": [address] })), Some(Verdict::Satisfied));
    assert_eq!(out(json!({ "publicIpPrefixes": [address], "publicIpAddresses": [] })), Some(Verdict::Satisfied));
    assert_eq!(out(json!({ "idleTimeoutInMinutes": 4 })), Some(Verdict::Undecided));
}

#[test]
fn effective_routes_are_those_of_the_only_subnet() {
    let of = |lists: &[Value], networks: &[Value]| {
        answer(&[lists, networks, &[compute(false)]].concat(), &[], "entra-blocked").verdict
    };
    let own = ("10.0.0.0/16", "VnetLocal");
    let (drops, passes) = (effective(&[own, ("0.0.0.0/0", "None")]), effective(&[own, ("0.0.0.0/0", "Internet")]));
    let alone = [network(&json!({}))];
    assert_eq!(of(std::slice::from_ref(&drops), &alone), Some(Verdict::Violated));
    assert_eq!(of(std::slice::from_ref(&passes), &alone), Some(Verdict::Satisfied));
    assert_eq!(of(&[drops.clone(), passes], &alone), Some(Verdict::Undecided));
    let mut two = network(&json!({}));
    let other = json!({ "name": "other", "id": subnet("other"), "properties": { "addressPrefix": "10.0.2.0/24" } });
    two["properties"]["subnets"].as_array_mut().unwrap().push(other);
    assert_eq!(of(&[drops], &[two]), Some(Verdict::Undecided));
}

#[test]
fn a_service_endpoint_policy_lets_through_what_it_names() {
    let policy = |names: Value| {
        let definition =
            json!({ "name": "d", "properties": { "service": "Microsoft.Storage", "serviceAliases": names } });
        json!({ "type": "Microsoft.Network/serviceEndpointPolicies", "name": "p",
            "id": format!("{NETWORK}/serviceEndpointPolicies/p"),
            "properties": { "serviceEndpointPolicyDefinitions": [definition] } })
    };
    let net = network(&json!({ "serviceEndpoints": [{ "service": "Microsoft.Storage" }],
        "serviceEndpointPolicies": [at("serviceEndpointPolicies", "p")] }));
    let storage =
        |more: &[Value], rule: &str| answer(&[&[net.clone(), compute(false)], more].concat(), &[], rule).verdict;
    let alias = policy(json!(["/services/Azure/MachineLearning"]));
    assert_eq!(storage(&[], "storage-blocked"), Some(Verdict::Undecided));
    assert_eq!(storage(&[policy(json!([]))], "storage-blocked"), Some(Verdict::Undecided));
    assert_eq!(storage(&[alias], "storage-blocked"), Some(Verdict::Satisfied));
    assert_eq!(storage(&[], "entra-blocked"), Some(Verdict::Satisfied));
}

#[test]
fn a_peering_of_some_subnets_is_not_followed() {
    let with = |complete: bool| {
        let peering = json!({ "peeringState": "Connected", "peerCompleteVnets": complete,
            "remoteVirtualNetwork": at("virtualNetworks", "hub") });
        let mut net = network(&json!({ "routeTable": at("routeTables", "rt") }));
        net["properties"]["virtualNetworkPeerings"] = json!([{ "name": "to-hub", "properties": peering }]);
        let inside = json!({ "id": format!("{NETWORK}/virtualNetworks/hub/subnets/AzureFirewallSubnet") });
        let rule = json!({ "name": "r", "protocols": ["Any"], "sourceAddresses": ["*"], "destinationAddresses": ["*"],
            "destinationPorts": ["*"] });
        let allow = json!({ "priority": 100, "action": { "type": "Allow" }, "rules": [rule] });
        let firewall = json!({ "type": "Microsoft.Network/azureFirewalls", "name": "f",
            "id": format!("{NETWORK}/azureFirewalls/f"), "properties": {
                "ipConfigurations": [{ "properties": { "privateIPAddress": "10.9.0.4", "subnet": inside } }],
                "networkRuleCollections": [{ "name": "c", "properties": allow }] } });
        let routes = routes("eastus2", &[("0.0.0.0/0", "VirtualAppliance")]);
        answer(&[net, routes, compute(false), firewall], &[], "entra-blocked").verdict
    };
    assert_eq!(with(true), Some(Verdict::Satisfied));
    assert_eq!(with(false), Some(Verdict::Undecided));
}

#[test]
fn an_endpoint_that_is_not_approved_carries_nothing_for_sure() {
    let with = |state: &str| {
        let connection = json!({ "name": "c", "properties": { "privateLinkServiceId": "x",
            "privateLinkServiceConnectionState": { "status": state } } });
        let endpoint = json!({ "type": "Microsoft.Network/privateEndpoints", "name": "e",
            "id": format!("{NETWORK}/privateEndpoints/e"), "properties": {
                "subnet": { "id": subnet("train") }, "privateLinkServiceConnections": [connection],
                "customDnsConfigs": [{ "fqdn": "x", "ipAddresses": ["10.0.1.9"] }] } });
        answer(&[network(&json!({})), compute(false), endpoint], &[], "private-endpoints-blocked").verdict
    };
    assert_eq!(with("Approved"), Some(Verdict::Satisfied));
    assert_eq!(with("Pending"), Some(Verdict::Undecided));
}
