//! What host names lead to: DNS servers as they are shown and declared, zones and their records; and whose security admin
//! rules a list holds.

use std::sync::Arc;

use aznetlint::estate::{Asks, DeclaredServer, Estate, Options, build, gather};
use aznetlint::finding::Verdict;
use aznetlint::json::parse;
use aznetlint::proof::Kind;
use aznetlint::source::FileId;
use serde_json::{Value, json};

use crate::paths::traced;

const GROUP: &str = "/subscriptions/s/resourceGroups/r/providers/";
const HOST: &str = "st.blob.core.windows.net";

fn id(kind: &str, name: &str) -> String {
    format!("{GROUP}{kind}/{name}")
}

fn one(kind: &str, name: &str, properties: &Value) -> Value {
    let own = name.rsplit('/').next().unwrap();
    let (namespace, kinds) = kind.split_once('/').unwrap();
    let id = match (kinds.split_once('/'), name.split_once('/')) {
        (Some((parent, child)), Some((of, own))) => format!("{GROUP}{namespace}/{parent}/{of}/{child}/{own}"),
        _ => id(kind, name),
    };
    json!({ "id": id, "name": own, "type": kind, "location": "westeurope", "properties": properties })
}

fn network(name: &str, space: &str, servers: &[&str], peer: Option<(&str, &str)>) -> Value {
    let peerings: Vec<Value> = peer
        .into_iter()
        .map(|(other, space)| {
            json!({ "name": "peer", "properties": { "peeringState": "Connected",
                "remoteVirtualNetwork": { "id": id("Microsoft.Network/virtualNetworks", other) },
                "remoteAddressSpace": { "addressPrefixes": [space] } } })
        })
        .collect();
    let prefix = space.replace(".0.0/16", ".1.0/24");
    one(
        "Microsoft.Network/virtualNetworks",
        name,
        &json!({ "addressSpace": { "addressPrefixes": [space] },
        "dhcpOptions": { "dnsServers": servers }, "virtualNetworkPeerings": peerings,
        "subnets": [{ "name": format!("s-{name}"), "id": id("Microsoft.Network/virtualNetworks", &format!("{name}/subnets/s-{name}")),
            "properties": { "addressPrefix": prefix, "privateEndpointNetworkPolicies": "Disabled" } }] }),
    )
}

/// A spoke that asks some DNS servers, with a private endpoint for a storage account, and a hub to which the zone is linked.
fn named(servers: &[&str], more: &[Value]) -> Estate {
    let zone = "privatelink.blob.core.windows.net";
    let mut all = vec![
        network("spoke", "10.40.0.0/16", servers, Some(("hub", "10.9.0.0/16"))),
        network("hub", "10.9.0.0/16", &[], Some(("spoke", "10.40.0.0/16"))),
        one(
            "Microsoft.Network/privateEndpoints",
            "pe",
            &json!({
            "subnet": { "id": id("Microsoft.Network/virtualNetworks", "spoke/subnets/s-spoke") },
            "privateLinkServiceConnections": [{ "properties": { "groupIds": ["blob"],
                "privateLinkServiceId": id("Microsoft.Storage/storageAccounts", "st") } }] }),
        ),
        one("Microsoft.Network/privateDnsZones", zone, &json!({})),
        one(
            "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
            &format!("{zone}/hub"),
            &json!({
            "virtualNetworkLinkState": "Completed",
            "virtualNetwork": { "id": id("Microsoft.Network/virtualNetworks", "hub") } }),
        ),
        one(
            "Microsoft.Network/privateDnsZones/A",
            &format!("{zone}/st"),
            &json!({
            "aRecords": [{ "ipv4Address": "10.40.1.9" }] }),
        ),
    ];
    all.extend(more.iter().cloned());
    let text = Value::Array(all).to_string();
    build(gather(&parse(FileId(0), &text).unwrap().root).pieces, Options::default())
}

/// The verdict, and the last step that the name takes.
fn leads(estate: &Estate) -> (Verdict, String) {
    let followed = traced(estate, HOST);
    let mut steps = followed.trace.way.iter().filter(|one| one.layer.as_str() == "resolve");
    let last = steps.next_back().map(|one| one.name.to_string());
    let doubt = followed.unshown.as_ref().map(|doubt| doubt.reason.to_string());
    (followed.verdict(), doubt.or(last).unwrap_or_default())
}

fn server(asks: Asks, zones: &[&str]) -> DeclaredServer {
    DeclaredServer {
        at: "10.9.1.68".parse().unwrap(),
        asks,
        zones: zones.iter().map(|zone| Arc::from(*zone)).collect(),
    }
}

#[test]
fn a_declared_server_asks_as_the_network_it_is_said_to_ask_as() {
    let mut estate = named(&["10.9.1.68"], &[]);
    assert_eq!(leads(&estate).0, Verdict::Undecided);
    estate.servers = vec![server(Asks::Azure("hub".into()), &[])];
    assert_eq!(leads(&estate), (Verdict::Satisfied, "st is 10.40.1.9".to_owned()));
    let followed = traced(&estate, HOST);
    assert!(
        followed
            .trace
            .way
            .iter()
            .any(|one| one.kind == Kind::Declared && &*one.name == "10.9.1.68 asks Azure DNS as hub")
    );
    assert!(followed.trace.path.assumptions.iter().any(|one| one.contains("as declared")));
    estate.servers = vec![server(Asks::Azure("nobody".into()), &[])];
    assert!(leads(&estate).1.contains("`nobody`"));
}

#[test]
fn what_a_declaration_does_not_speak_of_is_not_known() {
    let mut estate = named(&["10.9.1.68"], &[]);
    let hub = || Asks::Azure("hub".into());
    for (zones, wanted) in [
        (vec!["core.windows.net"], Verdict::Satisfied),
        (vec!["vault.azure.net"], Verdict::Undecided),
        (vec!["privatelink.blob.core.windows.net"], Verdict::Undecided),
    ] {
        estate.servers = vec![server(hub(), &zones)];
        assert_eq!(leads(&estate).0, wanted, "{zones:?}");
    }
    // The longest zone counts: as the spoke the answer would be public.
    estate.servers = vec![server(Asks::Azure("spoke".into()), &[]), server(hub(), &["blob.core.windows.net"])];
    assert_eq!(leads(&estate).1, "st is 10.40.1.9");
}

#[test]
fn servers_that_ask_servers_come_to_an_end() {
    let mut estate = named(&["10.9.1.68"], &[]);
    let next = "10.9.1.68".parse().unwrap();
    estate.servers = vec![server(Asks::Server(next), &[])];
    assert_eq!(leads(&estate).0, Verdict::Undecided);
    estate.servers = vec![
        server(Asks::Server("10.9.1.69".parse().unwrap()), &[]),
        DeclaredServer { at: "10.9.1.69".parse().unwrap(), ..server(Asks::Azure("hub".into()), &[]) },
    ];
    assert_eq!(leads(&estate), (Verdict::Satisfied, "st is 10.40.1.9".to_owned()));
}

#[test]
fn a_firewall_goes_before_what_is_declared_of_its_address() {
    let policy = id("Microsoft.Network/firewallPolicies", "fp");
    let firewall = one(
        "Microsoft.Network/azureFirewalls",
        "fw",
        &json!({ "firewallPolicy": { "id": policy },
        "ipConfigurations": [{ "properties": { "privateIPAddress": "10.9.1.68",
            "subnet": { "id": id("Microsoft.Network/virtualNetworks", "hub/subnets/s-hub") } } }] }),
    );
    let proxy = |on: bool| {
        let policy = one("Microsoft.Network/firewallPolicies", "fp", &json!({ "dnsSettings": { "enableProxy": on } }));
        let mut estate = named(&["10.9.1.68"], &[firewall.clone(), policy]);
        estate.servers = vec![server(Asks::Azure("spoke".into()), &[])];
        leads(&estate)
    };
    assert_eq!(proxy(true).1, "st is 10.40.1.9");
    assert!(proxy(false).1.contains("DNS proxy is not shown to be on"));
}

#[test]
fn no_zone_is_linked_to_a_hub_of_virtual_wan() {
    let firewall = one(
        "Microsoft.Network/azureFirewalls",
        "fw",
        &json!({
        "firewallPolicy": { "id": id("Microsoft.Network/firewallPolicies", "fp") },
        "virtualHub": { "id": id("Microsoft.Network/virtualHubs", "vhub") },
        "hubIPAddresses": { "privateIPAddress": "10.9.1.68" } }),
    );
    let policy = one("Microsoft.Network/firewallPolicies", "fp", &json!({ "dnsSettings": { "enableProxy": true } }));
    let closed = one("Microsoft.Storage/storageAccounts", "st", &json!({ "publicNetworkAccess": "Disabled" }));
    let (verdict, last) = leads(&named(&["10.9.1.68"], &[firewall, policy, closed]));
    assert_eq!(
        (verdict, &*last),
        (Verdict::Violated, "st.blob.core.windows.net is public there, and public access is off")
    );
}

#[test]
fn a_list_of_admin_rules_is_the_network_s_that_the_settings_name() {
    let rule = json!({ "id": id("Microsoft.Network/networkManagers", "m/securityAdminConfigurations/c/ruleCollections/o/rules/no"),
        "kind": "Custom", "ruleGroups": [], "properties": { "priority": 10, "access": "Deny", "direction": "Outbound", "protocol": "Tcp",
            "sources": [], "destinations": [], "sourcePortRanges": [], "destinationPortRanges": ["443"] } });
    let mut estate = named(&[], &[]);
    let list = parse(FileId(7), &json!({ "value": [rule] }).to_string()).unwrap();
    let lone = build(gather(&list.root).pieces, Options::default());
    assert_eq!(lone.admin_rules.len(), 1);
    estate.admin_rules = lone.admin_rules;
    let said = |estate: &Estate| traced(estate, "10.9.1.4").trace.path;
    // Of two networks it may be either's.
    assert_eq!(said(&estate).verdict, Verdict::Undecided);
    estate.admin_lists = vec![(FileId(7), "spoke".into())];
    assert_eq!(said(&estate).verdict, Verdict::Violated);
    estate.admin_lists = vec![(FileId(7), "hub".into())];
    assert_eq!(said(&estate).verdict, Verdict::Satisfied);
    // A list without rules is all there is.
    estate.admin_lists = vec![(FileId(7), "hub".into()), (FileId(8), "spoke".into())];
    let path = said(&estate);
    assert!(path.assumptions.iter().any(|one| one.contains("list that the settings name")), "{:?}", path.assumptions);
    assert!(!path.assumptions.iter().any(|one| one.starts_with("no security admin rule")));
}
