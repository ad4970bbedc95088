//! What the input names without showing it is unknown: it never reads as empty, and it decides nothing.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aznetlint::finding::{FactValue, Report, Verdict};
use aznetlint::judge::{Origin, Request, Requests};
use aznetlint::lint::{Settings, lint_texts};
use aznetlint::rule::Pack;
use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};
use serde_json::{Value, json};

const NETWORK: &str = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network";
const WORKSPACE: &str = "/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/w";
const FLOW: &str = "azureml/resource-manager-blocked";

fn resource(type_name: &str, id: &str, properties: &Value) -> Value {
    json!({ "type": type_name, "name": id.rsplit('/').next(), "id": id, "properties": properties })
}

/// A subnet whose traffic goes through a group, a table, a firewall with a policy and an IP group.
fn estate() -> Vec<Value> {
    let at = |path: &str| format!("{NETWORK}/{path}");
    let id = |path: &str| json!({ "id": at(path) });
    let subnet = json!({ "name": "train", "id": at("virtualNetworks/v/subnets/train"), "properties": {
        "addressPrefix": "10.0.1.0/24", "networkSecurityGroup": id("networkSecurityGroups/nsg"),
        "routeTable": id("routeTables/rt") } });
    let rule = json!({ "name": "manager", "ruleType": "NetworkRule", "ipProtocols": ["TCP"],
        "sourceIpGroups": [at("ipGroups/ipg")], "destinationAddresses": ["AzureResourceManager"],
        "destinationPorts": ["443"] });
    let collection = json!({ "name": "azure", "priority": 100, "action": { "type": "Allow" }, "rules": [rule],
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection" });
    let group = "firewallPolicies/p/ruleCollectionGroups/g";
    vec![
        resource(
            "Microsoft.Network/virtualNetworks",
            &at("virtualNetworks/v"),
            &json!({
            "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] }, "subnets": [subnet] }),
        ),
        resource(
            "Microsoft.Network/networkSecurityGroups",
            &at("networkSecurityGroups/nsg"),
            &json!({
            "securityRules": [{ "name": "no-batch", "properties": { "priority": 100, "direction": "Outbound",
                "access": "Deny", "protocol": "*", "sourceAddressPrefix": "*", "sourcePortRange": "*",
                "destinationAddressPrefix": "BatchNodeManagement", "destinationPortRange": "*" } }] }),
        ),
        resource(
            "Microsoft.Network/routeTables",
            &at("routeTables/rt"),
            &json!({ "routes": [{ "name": "all",
            "properties": { "addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance",
                "nextHopIpAddress": "10.0.9.4" } }] }),
        ),
        resource(
            "Microsoft.Network/azureFirewalls",
            &at("azureFirewalls/fw"),
            &json!({
            "firewallPolicy": id("firewallPolicies/p"),
            "ipConfigurations": [{ "name": "c", "properties": { "privateIPAddress": "10.0.9.4" } }] }),
        ),
        resource(
            "Microsoft.Network/firewallPolicies",
            &at("firewallPolicies/p"),
            &json!({
            "sku": { "tier": "Standard" }, "ruleCollectionGroups": [id(group)] }),
        ),
        resource(
            "Microsoft.Network/firewallPolicies/ruleCollectionGroups",
            &at(group),
            &json!({
            "priority": 200, "ruleCollections": [collection] }),
        ),
        resource("Microsoft.Network/ipGroups", &at("ipGroups/ipg"), &json!({ "ipAddresses": ["10.0.1.0/24"] })),
        resource(
            "Microsoft.Network/privateEndpoints",
            &at("privateEndpoints/pe"),
            &json!({
            "subnet": id("virtualNetworks/v/subnets/train"), "privateLinkServiceConnections": [] }),
        ),
        resource(
            "Microsoft.MachineLearningServices/workspaces",
            WORKSPACE,
            &json!({ "hbiWorkspace": true,
            "managedNetwork": { "isolationMode": "Disabled" } }),
        ),
        resource(
            "Microsoft.MachineLearningServices/workspaces/computes",
            &format!("{WORKSPACE}/computes/c"),
            &json!({
            "computeType": "AmlCompute", "properties": { "enableNodePublicIp": false,
                "subnet": id("virtualNetworks/v/subnets/train") } }),
        ),
    ]
}

/// A row that names a resource and shows nothing of it.
fn mention(resource: &Value, way: usize) -> Value {
    let (name, id, type_name) = (&resource["name"], &resource["id"], &resource["type"]);
    match way % 5 {
        0 => json!({ "id": id, "name": name, "type": type_name, "properties": null, "sku": null }),
        1 => json!({ "id": id, "name": name }),
        2 => json!({ "ResourceId": id, "Id": id, "Name": name, "Type": type_name, "Properties": null }),
        3 => json!({ "id": id, "name": name, "type": type_name, "properties": { "provisioningState": "Succeeded" } }),
        _ => json!({ "id": id, "name": name, "type": type_name, "properties": {} }),
    }
}

fn report(resources: &[Value]) -> Report {
    static PACK: LazyLock<Pack> = LazyLock::new(|| Pack::load(true, &[]).unwrap());
    let region = ("region".to_owned(), FactValue::Text("westeurope".to_owned()), Origin::CommandLine);
    let service = Request { service: "azureml-compute".to_owned(), ..Request::default() };
    let requests = Requests { services: vec![service], facts: vec![region], ..Requests::default() };
    let settings = Settings { requests, ..Settings::default() };
    let texts = resources.iter().enumerate().map(|(at, one)| (format!("{at}.json"), one.to_string()));
    lint_texts(texts, &PACK, &settings).report
}

/// The decided and undecided verdicts, by placement and flow.
fn verdicts(report: &Report) -> BTreeMap<(String, String, String), Verdict> {
    let placements = report.placements.iter();
    let all = placements.flat_map(|one| one.requirements.iter().map(move |requirement| (one, requirement)));
    let key = |placement: &str, rule: &str, flow: &str| (placement.to_owned(), rule.to_owned(), flow.to_owned());
    let each = all.filter_map(|(one, requirement)| {
        Some((key(&one.id.to_string(), requirement.rule.as_str(), &requirement.flow), requirement.verdict?))
    });
    each.collect()
}

/// The verdict on one flow of the subnet.
fn verdict(resources: &[Value], rule: &str) -> Verdict {
    let all = verdicts(&report(resources));
    let found = all.iter().find(|((placement, one, _), _)| placement.ends_with("@train") && one == rule);
    *found.map(|(_, verdict)| verdict).unwrap()
}

#[test]
fn any_link_of_the_path_that_is_only_mentioned_leaves_it_undecided() {
    let whole = estate();
    assert_eq!(verdict(&whole, FLOW), Verdict::Satisfied);
    // Group, table, firewall, policy, rule collection group and IP group, in every way a row may be written.
    for at in 1..=6 {
        for way in 0..5 {
            let mut resources = whole.clone();
            resources[at] = mention(&whole[at], way);
            assert_eq!(verdict(&resources, FLOW), Verdict::Undecided, "{}", resources[at]);
        }
    }
}

#[test]
fn picked_columns_say_nothing_about_the_others() {
    let mut resources = estate();
    let subnet = &resources[0]["properties"]["subnets"][0];
    let row = json!({ "id": subnet["id"], "name": subnet["name"], "addressPrefix": "10.0.1.0/24" });
    resources[0] = row;
    assert_eq!(verdict(&resources[..1], FLOW), Verdict::Undecided);
    resources[0]["provisioningState"] = json!("Succeeded");
    assert_eq!(verdict(&resources[..1], FLOW), Verdict::Satisfied);
}

#[test]
fn columns_picked_inside_a_network_say_as_little() {
    let (network, subnet) =
        (format!("{NETWORK}/virtualNetworks/v"), format!("{NETWORK}/virtualNetworks/v/subnets/train"));
    let cli = |state: Value| {
        json!({ "id": network, "name": "v", "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] },
            "provisioningState": state, "virtualNetworkPeerings": [], "dhcpOptions": {},
            "subnets": [{ "id": subnet, "name": "train", "addressPrefix": "10.0.1.0/24" }] })
    };
    let powershell = |state: Value| json!({ "Id": subnet, "Name": "train", "AddressPrefix": ["10.0.1.0/24"], "ProvisioningState": state });
    let row = |mut whole: Value, key: &str| {
        if whole[key].is_null() {
            whole.as_object_mut().unwrap().remove(key);
        }
        whole
    };
    for (state, expected) in [(Value::Null, Verdict::Undecided), (json!("Succeeded"), Verdict::Satisfied)] {
        assert_eq!(verdict(&[row(cli(state.clone()), "provisioningState")], FLOW), expected, "az: {state}");
        assert_eq!(
            verdict(&[row(powershell(state.clone()), "ProvisioningState")], FLOW),
            expected,
            "PowerShell: {state}"
        );
    }
}

#[test]
fn one_rule_is_not_all_of_them_and_a_list_of_them_is() {
    let mut resources = estate();
    let rule = &resources[1]["properties"]["securityRules"][0];
    let id = format!("{NETWORK}/networkSecurityGroups/nsg/securityRules/no-batch");
    let rule = json!({ "id": id, "name": "no-batch", "properties": rule["properties"],
        "type": "Microsoft.Network/networkSecurityGroups/securityRules" });
    resources[1] = rule.clone();
    assert_eq!(verdict(&resources, FLOW), Verdict::Undecided);
    resources[1] = json!([rule]);
    assert_eq!(verdict(&resources, FLOW), Verdict::Satisfied);
}

#[test]
fn what_is_no_list_of_rules_is_a_fault_and_unknown() {
    for broken in [json!(""), json!([null]), json!("x"), json!(["x"])] {
        let mut resources = estate();
        resources[1]["properties"]["securityRules"] = broken;
        let report = report(&resources);
        assert!(report.findings.iter().any(|finding| finding.rule.as_str() == "input/wrong-type"));
        assert_eq!(verdict(&resources, FLOW), Verdict::Undecided);
    }
}

#[test]
fn a_workspace_in_a_row_leaves_its_facts_open() {
    let mut resources = estate();
    resources[8] = mention(&resources[8], 0);
    let report = report(&resources);
    let placement = report.placements.iter().find(|one| one.id.on == "train").unwrap();
    let fact = placement.facts.iter().find(|fact| fact.name == "hbi").unwrap();
    assert!(fact.value.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Adding mentions never decides what was undecided, nor turns one decided verdict into the other.
    #[test]
    fn mentions_decide_nothing(shown in any::<[bool; 10]>(), mentioned in any::<[Option<u8>; 10]>()) {
        let all = estate();
        let mut resources: Vec<Value> =
            all.iter().zip(shown).filter(|(_, shown)| *shown).map(|(one, _)| one.clone()).collect();
        let before = verdicts(&report(&resources));
        let rows = all.iter().zip(mentioned).filter_map(|(one, way)| Some(mention(one, usize::from(way?))));
        resources.push(Value::Array(rows.collect()));
        let after = verdicts(&report(&resources));
        for (key, before) in before {
            let after = after.get(&key).copied();
            prop_assert!(
                after.is_none_or(|after| after == before || after == Verdict::Undecided),
                "{key:?}: {before:?} became {after:?}"
            );
        }
    }
}

/// What the commands of a report fetch from a subscription that holds these resources.
fn answers<'a>(report: &Report, resources: &'a [Value]) -> Vec<&'a Value> {
    let asks = |resource: &Value| {
        let id = resource["id"].as_str().unwrap();
        let of_type = format!("--resource-type {} ", resource["type"].as_str().unwrap());
        let parent = id.rsplit_once('/').map(|(parent, _)| format!("{parent}?")).unwrap();
        report.settling.commands.iter().any(|command| {
            command.az.contains(&format!("--ids {id} "))
                || (command.az.contains(&of_type) && !command.az.contains("--name "))
                || command.az.contains(&parent)
        })
    };
    resources.iter().filter(|one| asks(one)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn the_answers_to_what_is_asked_for_settle_what_can_be(left_out in any::<u16>(), mentioned in any::<u16>(), way in 0..5_usize) {
        let whole = estate();
        // The network and the compute are where the service is seen.
        let is_in = |mask: u16, at: usize| mask >> at & 1 == 1 && at != 0 && at != whole.len() - 1;
        let mut shown: Vec<Value> = Vec::new();
        for (at, one) in whole.iter().enumerate() {
            if is_in(mentioned, at) {
                shown.push(mention(one, way));
            } else if !is_in(left_out, at) {
                shown.push(one.clone());
            }
        }
        // Each answer may name more; a chain is no longer than there are resources.
        for _ in 0..whole.len() {
            let now = report(&shown);
            let new: Vec<Value> = answers(&now, &whole).into_iter().filter(|one| !shown.contains(one)).cloned().collect();
            if new.is_empty() {
                break;
            }
            shown.extend(new);
        }
        let (settled, expected) = (verdicts(&report(&shown)), verdicts(&report(&whole)));
        for (flow, verdict) in &expected {
            if settled.get(flow) != Some(verdict) {
                // What the commands were not asked for decides nothing that is violated or cannot be told.
                prop_assert!(settled.get(flow).is_none_or(|now| *now == Verdict::Satisfied), "{flow:?}: {settled:?}");
            }
        }
        for (flow, verdict) in &settled {
            prop_assert!(*verdict == Verdict::Satisfied || expected.get(flow) == Some(verdict), "{flow:?}: {verdict:?}");
        }
    }
}

#[test]
fn what_is_named_is_asked_for_once() {
    let whole = estate();
    for way in 0..5 {
        for at in 1..whole.len() {
            let mut shown = whole.clone();
            shown[at] = mention(&whole[at], way);
            shown.push(mention(&whole[at], way));
            let commands = report(&shown).settling.commands;
            let id = whole[at]["id"].as_str().unwrap();
            let asking = commands.iter().filter(|command| command.az.contains(&format!("--ids {id} ")));
            assert_eq!(asking.count(), 1, "{id} {way}: {commands:?}");
        }
    }
    assert_eq!(report(&whole).settling.commands, []);
}

/// What becomes of one flow when a resource is written once more and the two writings differ: the same, whichever comes
/// first.
fn with_another(resources: &[Value], other: &Value) -> Verdict {
    let mut first = resources.to_vec();
    first.insert(0, other.clone());
    let mut last = resources.to_vec();
    last.push(other.clone());
    let (first, last) = (verdict(&first, FLOW), verdict(&last, FLOW));
    assert_eq!(first, last, "{other}");
    first
}

#[test]
fn two_writings_that_differ_decide_nothing() {
    let whole = estate();
    let changed = |at: usize, path: &str, value: Value| {
        let mut other = whole[at].clone();
        *other.pointer_mut(path).unwrap() = value;
        other
    };
    let id = |path: &str| json!(format!("{NETWORK}/{path}"));
    let subnet = "/properties/subnets/0/properties";
    for other in [
        changed(0, &format!("{subnet}/networkSecurityGroup/id"), id("networkSecurityGroups/other")),
        changed(0, &format!("{subnet}/routeTable/id"), id("routeTables/other")),
        changed(2, "/properties/routes/0/properties/nextHopIpAddress", json!("10.0.9.5")),
        changed(3, "/properties/firewallPolicy/id", id("firewallPolicies/other")),
        changed(5, "/properties/ruleCollections/0/action/type", json!("Deny")),
        changed(6, "/properties/ipAddresses/0", json!("10.0.2.0/24")),
    ] {
        assert_eq!(with_another(&whole, &other), Verdict::Undecided, "{other}");
    }
    assert_eq!(
        with_another(&whole, &changed(0, "/id", json!(format!("{NETWORK}/virtualNetworks/V")))),
        Verdict::Satisfied
    );
}

#[test]
fn what_two_groups_say_to_guard_is_guarded_by_neither_for_certain() {
    let whole = estate();
    let subnets = json!([{ "id": format!("{NETWORK}/virtualNetworks/v/subnets/train") }]);
    for (type_name, path, list) in [
        ("Microsoft.Network/networkSecurityGroups", "networkSecurityGroups/other", "securityRules"),
        ("Microsoft.Network/routeTables", "routeTables/other", "routes"),
    ] {
        let properties = json!({ list: [], "subnets": subnets });
        let other = resource(type_name, &format!("{NETWORK}/{path}"), &properties);
        assert_eq!(with_another(&whole, &other), Verdict::Undecided, "{path}");
    }
}

#[test]
fn one_page_of_a_list_is_not_all_of_it() {
    let mut whole = estate();
    let page = |items: &Value, next: Option<&str>| json!({ "value": items, "nextLink": next });
    let route = resource(
        "Microsoft.Network/routeTables/routes",
        &format!("{NETWORK}/routeTables/rt/routes/all"),
        &whole[2]["properties"]["routes"][0]["properties"],
    );
    whole[2] = page(&json!([route]), None);
    assert_eq!(verdict(&whole, FLOW), Verdict::Satisfied, "all routes");
    whole[2] = page(&json!([route]), Some("https://management.azure.com/next"));
    assert_eq!(verdict(&whole, FLOW), Verdict::Undecided, "some of the routes");

    let mut whole = estate();
    whole[4]["properties"].as_object_mut().unwrap().remove("ruleCollectionGroups");
    assert_eq!(verdict(&whole, FLOW), Verdict::Satisfied, "the group that is shown");
    whole[5] = page(&json!([whole[5]]), Some("https://management.azure.com/next"));
    assert_eq!(verdict(&whole, FLOW), Verdict::Undecided, "some of the groups");
}

/// The verdict on a subnet of a template that has a group, which lets everything out, and a resource more.
fn in_template(group: &str, mention: &str, more: &Value) -> Verdict {
    let rule = |name: &str, access: &str, priority: u16| {
        json!({ "name": name, "properties": { "priority": priority, "direction": "Outbound", "access": access,
            "protocol": "*", "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*",
            "destinationPortRange": "*" } })
    };
    let mut resources = vec![
        json!({ "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01", "name": group,
            "properties": { "securityRules": [rule("out", "Allow", 200)] } }),
        json!({ "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "v",
            "location": "westeurope", "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] },
            "subnets": [{ "name": "train", "properties": { "addressPrefix": "10.0.1.0/24",
                "networkSecurityGroup": { "id": mention } } }] } }),
    ];
    if let Some(name) = more.as_str() {
        let mut child = rule(name, "Deny", 100);
        child["type"] = json!("Microsoft.Network/networkSecurityGroups/securityRules");
        child["apiVersion"] = json!("2024-05-01");
        resources.push(child);
    }
    let template = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "parameters": { "a": { "type": "string" }, "b": { "type": "string" } },
        "resources": resources });
    verdict(&[template], FLOW)
}

#[test]
fn a_name_that_may_be_another_one_leads_nowhere_for_certain() {
    let nothing = Value::Null;
    let id = |name: &str| format!("[resourceId('Microsoft.Network/networkSecurityGroups', {name})]");
    assert_eq!(in_template("nsg", &id("'nsg'"), &nothing), Verdict::Satisfied);
    assert_eq!(in_template("[parameters('a')]", &id("parameters('a')"), &nothing), Verdict::Satisfied);
    assert_eq!(in_template("nsg", &id("parameters('a')"), &nothing), Verdict::Undecided);
    assert_eq!(in_template("[parameters('b')]", &id("parameters('a')"), &nothing), Verdict::Undecided);
    let within = |group: &str| format!("[resourceId({group}, 'Microsoft.Network/networkSecurityGroups', 'nsg')]");
    assert_eq!(in_template("nsg", &within("resourceGroup().name"), &nothing), Verdict::Satisfied);
    assert_eq!(in_template("nsg", &within("parameters('a')"), &nothing), Verdict::Undecided);
    assert_eq!(in_template("nsg", &within("'hub'"), &nothing), Verdict::Undecided);
}

#[test]
fn a_rule_whose_group_is_not_known_may_be_one_of_each() {
    let mention = "[resourceId('Microsoft.Network/networkSecurityGroups', 'nsg')]";
    for (name, expected) in [
        ("nsg/no", Verdict::Violated),
        ("other/no", Verdict::Satisfied),
        ("[concat(parameters('a'), '/no')]", Verdict::Undecided),
        ("[format('nsg/{0}', parameters('a'))]", Verdict::Violated),
        ("[parameters('a')]", Verdict::Undecided),
    ] {
        assert_eq!(in_template("nsg", mention, &json!(name)), expected, "{name}");
    }
}
