//! What traces say of networks with more than one hop: appliances behind a route.

use std::sync::Arc;

use aznetlint::estate::{
    DeclaredAppliance, DeclaredRule, Direction, Estate, Options, Passes, Translates, build, gather,
};
use aznetlint::finding::Verdict;
use aznetlint::json::parse;
use aznetlint::judge::{Far, Followed, Question, follow};
use aznetlint::net::{AddressSet, PortSet, ProtocolSet};
use aznetlint::proof::Party;
use aznetlint::source::FileId;
use serde_json::{Value, json};

const GROUP: &str = "/subscriptions/s/resourceGroups/r/providers/";

fn id(kind: &str, name: &str) -> String {
    format!("{GROUP}Microsoft.Network/{kind}/{name}")
}

fn one(kind: &str, name: &str, properties: &Value) -> Value {
    json!({ "id": id(kind, name), "name": name, "type": format!("Microsoft.Network/{kind}"), "location": "westeurope",
        "properties": properties })
}

/// A network with a subnet of its name, and peerings with networks of /16.
fn network(name: &str, space: &str, subnet: &Value, peers: &[(&str, &str)]) -> Value {
    let peering = |(other, space): &(&str, &str)| {
        json!({ "name": format!("to-{other}"), "properties": { "peeringState": "Connected",
            "remoteVirtualNetwork": { "id": id("virtualNetworks", other) },
            "remoteAddressSpace": { "addressPrefixes": [space] } } })
    };
    let peerings: Vec<Value> = peers.iter().map(peering).collect();
    let subnets = json!([{ "name": format!("s-{name}"), "id": id("virtualNetworks", &format!("{name}/subnets/s-{name}")),
        "properties": subnet }]);
    let properties = json!({ "addressSpace": { "addressPrefixes": [space] }, "subnets": subnets,
        "virtualNetworkPeerings": peerings });
    one("virtualNetworks", name, &properties)
}

fn rule(name: &str, priority: u16, direction: &str, access: &str, to: &str) -> Value {
    json!({ "name": name, "properties": { "priority": priority, "direction": direction, "access": access, "protocol": "*",
        "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": to,
        "destinationPortRange": "*" } })
}

fn group(name: &str, rules: &[Value]) -> Value {
    one("networkSecurityGroups", name, &json!({ "securityRules": rules }))
}

fn table(name: &str, hop: &str, address: Option<&str>) -> Value {
    let mut route = json!({ "addressPrefix": "0.0.0.0/0", "nextHopType": hop });
    if let Some(address) = address {
        route["nextHopIpAddress"] = json!(address);
    }
    one("routeTables", name, &json!({ "routes": [{ "name": "default", "properties": route }] }))
}

fn interface(forwards: &Value, machine: Option<&str>) -> Value {
    let mut properties = json!({ "enableIPForwarding": forwards, "ipConfigurations": [{ "name": "one", "properties": {
        "privateIPAddress": "10.9.0.10",
        "subnet": { "id": id("virtualNetworks", "hub/subnets/s-hub") } } }] });
    if let Some(machine) = machine {
        properties["virtualMachine"] = json!({ "id": format!("{GROUP}Microsoft.Compute/virtualMachines/{machine}") });
    }
    one("networkInterfaces", "nic", &properties)
}

fn machine(interfaces: &[&str]) -> Value {
    let interfaces: Vec<Value> = interfaces.iter().map(|name| json!({ "id": id("networkInterfaces", name) })).collect();
    json!({ "id": format!("{GROUP}Microsoft.Compute/virtualMachines/vm"), "name": "vm", "location": "westeurope",
        "type": "Microsoft.Compute/virtualMachines",
        "properties": { "networkProfile": { "networkInterfaces": interfaces } } })
}

/// A spoke whose default route leads to an address of its hub, with more beside it.
fn spoke_and_hub(hub_subnet: &Value, more: &[Value]) -> Estate {
    let mut own = json!({ "addressPrefix": "10.9.0.0/26" });
    own.as_object_mut().unwrap().extend(hub_subnet.as_object().unwrap().clone());
    let train = json!({ "addressPrefix": "10.40.1.0/24", "routeTable": { "id": id("routeTables", "rt") } });
    let mut all = vec![
        network("spoke", "10.40.0.0/16", &train, &[("hub", "10.9.0.0/16")]),
        network("hub", "10.9.0.0/16", &own, &[("spoke", "10.40.0.0/16")]),
        table("rt", "VirtualAppliance", Some("10.9.0.10")),
    ];
    all.extend(more.iter().cloned());
    estate(&all)
}

fn estate(all: &[Value]) -> Estate {
    let text = Value::Array(all.to_vec()).to_string();
    build(gather(&parse(FileId(0), &text).unwrap().root).pieces, Options::default())
}

/// What becomes of TCP 443 from the spoke's subnet.
pub(crate) fn traced(estate: &Estate, to: &str) -> Followed {
    let question = Question {
        near: Some("s-spoke".to_owned()),
        address: None,
        direction: Direction::Outbound,
        far: Far::Party(Party::read(to, None).unwrap()),
        protocols: ProtocolSet::TCP,
        ports: PortSet::range(443, 443),
    };
    let mut all = follow(estate, &question, &|_| None).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// The verdict, and who decides.
fn said(estate: &Estate, to: &str) -> (Verdict, String) {
    let followed = traced(estate, to);
    let path = &followed.decisive().trace.path;
    let layer = path.layer.map_or("", |layer| layer.as_str());
    let name = path.deciders.first().map_or("", |one| &*one.name);
    (followed.verdict(), format!("{layer} {name}"))
}

const TO: &str = "AzureMachineLearning";

fn guarded() -> Value {
    json!({ "networkSecurityGroup": { "id": id("networkSecurityGroups", "nsg") } })
}

#[test]
fn the_group_of_an_appliances_subnet_drops_what_is_not_for_the_network() {
    let closed = [interface(&json!(true), None), group("nsg", &[])];
    let estate = spoke_and_hub(&guarded(), &closed);
    assert_eq!(said(&estate, TO), (Verdict::Violated, "appliance nsg/DenyAllInBound".to_owned()));
    // What the spoke sends to the hub's own network is let in, and takes no user route.
    assert_eq!(said(&estate, "10.9.0.20").0, Verdict::Satisfied);
    let open = [interface(&json!(true), None), group("nsg", &[rule("in", 100, "Inbound", "Allow", "Internet")])];
    assert_eq!(said(&spoke_and_hub(&guarded(), &open), TO).0, Verdict::Undecided);
}

#[test]
fn the_group_of_its_interface_counts_as_well() {
    let mut nic = interface(&json!(true), None);
    nic["properties"]["networkSecurityGroup"] = json!({ "id": id("networkSecurityGroups", "own") });
    let estate = spoke_and_hub(&json!({}), &[nic, group("own", &[rule("no", 200, "Inbound", "Deny", "*")])]);
    assert_eq!(said(&estate, TO), (Verdict::Violated, "appliance own/no".to_owned()));
}

#[test]
fn an_interface_that_forwards_nothing_drops() {
    let estate = spoke_and_hub(&json!({}), &[interface(&json!(false), None)]);
    assert_eq!(said(&estate, TO), (Verdict::Violated, "appliance enableIPForwarding of nic is off".to_owned()));
    for forwards in [json!(true), json!(null)] {
        let estate = spoke_and_hub(&json!({}), &[interface(&forwards, None)]);
        assert_eq!(said(&estate, TO).0, Verdict::Undecided, "{forwards}");
    }
}

#[test]
fn an_address_of_a_network_that_no_peering_joins_is_another_one() {
    let closed = [interface(&json!(false), None), group("nsg", &[])];
    let own = json!({ "addressPrefix": "10.9.0.0/26" });
    let train = json!({ "addressPrefix": "10.40.1.0/24", "routeTable": { "id": id("routeTables", "rt") } });
    let mut all = vec![
        network("spoke", "10.40.0.0/16", &train, &[]),
        network("hub", "10.9.0.0/16", &own, &[]),
        table("rt", "VirtualAppliance", Some("10.9.0.10")),
    ];
    all.extend(closed);
    assert_eq!(said(&estate(&all), TO).0, Verdict::Undecided);
}

#[test]
fn what_an_appliance_of_one_interface_sends_on_meets_its_group_and_routes_again() {
    let inward = rule("in", 100, "Inbound", "Allow", "*");
    let outward = rule("out", 100, "Outbound", "Deny", "*");
    let rules = group("nsg", &[inward.clone(), outward]);
    let with = |interfaces: &[&str], rules: &Value, table: Option<Value>| {
        let mut subnet = guarded();
        if table.is_some() {
            subnet["routeTable"] = json!({ "id": id("routeTables", "rt-hub") });
        }
        let mut more = vec![interface(&json!(true), Some("vm")), machine(interfaces), rules.clone()];
        more.extend(table);
        said(&spoke_and_hub(&subnet, &more), TO)
    };
    assert_eq!(with(&["nic"], &rules, None), (Verdict::Violated, "appliance nsg/out".to_owned()));
    // With another interface it may leave by that one.
    assert_eq!(with(&["nic", "other"], &rules, None).0, Verdict::Undecided);
    let open = group("nsg", &[inward]);
    assert_eq!(with(&["nic"], &open, None).0, Verdict::Undecided);
    let nowhere = table("rt-hub", "None", None);
    assert_eq!(with(&["nic"], &open, Some(nowhere)), (Verdict::Violated, "appliance default".to_owned()));
    let round = table("rt-hub", "VirtualAppliance", Some("10.9.0.10"));
    assert_eq!(with(&["nic"], &open, Some(round)).0, Verdict::Violated);
}

#[test]
fn a_rule_for_the_senders_addresses_counts_where_they_are_kept_alone() {
    let inward = rule("in", 100, "Inbound", "Allow", "*");
    let mut outward = rule("out", 100, "Outbound", "Deny", "*");
    outward["properties"]["sourceAddressPrefix"] = json!("10.40.0.0/16");
    let more = [interface(&json!(true), Some("vm")), machine(&["nic"]), group("nsg", &[inward, outward])];
    assert_eq!(said(&spoke_and_hub(&guarded(), &more), TO).0, Verdict::Undecided);
}

fn declared(passes: Passes) -> DeclaredAppliance {
    let name = Arc::from("edge");
    DeclaredAppliance { name, passes, ..DeclaredAppliance::open("10.9.0.10".parse().unwrap()) }
}

fn lets(tags: &[&str], hosts: &[&str]) -> DeclaredRule {
    let words = |texts: &[&str]| texts.iter().map(|text| Arc::from(*text)).collect();
    DeclaredRule {
        words: Arc::from("this"),
        tags: words(tags),
        addresses: AddressSet::empty(),
        hosts: words(hosts),
        protocols: ProtocolSet::TCP,
        ports: PortSet::range(443, 443),
        from: None,
    }
}

#[test]
fn a_declared_appliance_lets_through_what_is_declared() {
    let with = |declared: DeclaredAppliance, to| {
        let mut estate = spoke_and_hub(&json!({}), &[]);
        estate.appliances.push(declared);
        said(&estate, to)
    };
    assert_eq!(with(declared(Passes::Everything), TO), (Verdict::Satisfied, "appliance default".to_owned()));
    assert_eq!(with(declared(Passes::Nothing), TO), (Verdict::Violated, "appliance edge/everything".to_owned()));
    let some = || declared(Passes::Only(vec![lets(&[TO], &["*.pypi.org"])]));
    let tagged = || declared(Passes::Only(vec![lets(&[TO], &[])]));
    assert_eq!(with(some(), TO).0, Verdict::Satisfied);
    // Of a tag nobody knows the hosts.
    assert_eq!(with(some(), "Sql").0, Verdict::Undecided);
    assert_eq!(with(tagged(), "Sql"), (Verdict::Violated, "appliance edge/everything else".to_owned()));
    assert_eq!(with(some(), "files.pypi.org").0, Verdict::Satisfied);
    let named = || declared(Passes::Only(vec![lets(&[], &["*.pypi.org"])]));
    assert_eq!(with(named(), "files.pypi.org").0, Verdict::Satisfied);
    assert_eq!(with(named(), "anaconda.com").0, Verdict::Violated);
    assert_eq!(with(DeclaredAppliance { drops_rest: false, ..tagged() }, "Sql").0, Verdict::Undecided);
    let elsewhere = DeclaredAppliance::open("10.9.0.11".parse().unwrap());
    assert_eq!(with(elsewhere, TO).0, Verdict::Undecided);
}

#[test]
fn what_is_declared_is_said_and_opens_no_group() {
    let more = [interface(&json!(true), None), group("nsg", &[])];
    let mut shut = spoke_and_hub(&guarded(), &more);
    shut.appliances.push(declared(Passes::Everything));
    assert_eq!(said(&shut, TO), (Verdict::Violated, "appliance nsg/DenyAllInBound".to_owned()));
    let mut open = spoke_and_hub(&json!({}), &[interface(&json!(true), None)]);
    open.appliances.push(DeclaredAppliance { as_of: Some(Arc::from("2026-10-01")), ..declared(Passes::Everything) });
    let assumptions = traced(&open, TO).trace.path.assumptions;
    let told = [
        "appliance `edge` at 10.9.0.10 lets through what is declared of it, as of 2026-10-01",
        "what `edge` sends on leaves by an interface whose groups and routes let it pass",
    ];
    assert!(told.iter().all(|one| assumptions.iter().any(|known| known == one)), "{assumptions:?}");
}

#[test]
fn a_declaration_may_name_the_interface_or_a_balancer() {
    let balancer = one(
        "loadBalancers",
        "lb",
        &json!({ "frontendIPConfigurations": [{ "name": "f", "properties": {
        "privateIPAddress": "10.9.0.10" } }] }),
    );
    for (more, kind, name) in
        [(interface(&json!(true), None), "networkInterfaces", "nic"), (balancer, "loadBalancers", "LB")]
    {
        let mut estate = spoke_and_hub(&json!({}), &[more]);
        let ids = vec![Arc::from(id(kind, name))];
        estate.appliances.push(DeclaredAppliance { ids, addresses: Vec::new(), ..declared(Passes::Everything) });
        assert_eq!(said(&estate, TO).0, Verdict::Satisfied, "{kind}");
    }
}

#[test]
fn a_firewall_at_the_address_goes_before_what_is_declared() {
    let firewall = one(
        "azureFirewalls",
        "fw",
        &json!({ "ipConfigurations": [{ "name": "c", "properties": {
        "privateIPAddress": "10.9.0.10", "subnet": { "id": id("virtualNetworks", "hub/subnets/s-hub") } } }] }),
    );
    let mut estate = spoke_and_hub(&json!({}), &[firewall]);
    estate.appliances.push(declared(Passes::Everything));
    let (verdict, by) = said(&estate, TO);
    assert!(verdict != Verdict::Satisfied && by.starts_with("firewall "), "{by}");
}

#[test]
fn what_a_declared_appliance_translates_meets_rules_as_its_own() {
    let inward = rule("in", 100, "Inbound", "Allow", "*");
    let mut outward = rule("out", 100, "Outbound", "Deny", "*");
    outward["properties"]["sourceAddressPrefix"] = json!("10.40.0.0/16");
    let more = [interface(&json!(true), Some("vm")), machine(&["nic"]), group("nsg", &[inward, outward])];
    let with = |translates| {
        let mut estate = spoke_and_hub(&guarded(), &more);
        estate.appliances.push(DeclaredAppliance { translates, ..declared(Passes::Everything) });
        said(&estate, TO).0
    };
    assert_eq!(with(Translates::Never), Verdict::Violated);
    assert_eq!(with(Translates::Public), Verdict::Satisfied);
    assert_eq!(with(Translates::Always), Verdict::Satisfied);
}

const HOST: &str = "stdelta.blob.core.windows.net";
const BLOB: &str = "privatelink.blob.core.windows.net";

fn zone_part(kind: &str, name: &str, properties: &Value) -> Value {
    json!({ "id": id("privateDnsZones", &format!("{BLOB}/{kind}/{name}")), "name": name, "properties": properties,
        "type": format!("Microsoft.Network/privateDnsZones/{kind}") })
}

fn link(network: &str) -> Value {
    let properties = json!({ "virtualNetwork": { "id": id("virtualNetworks", network) },
        "virtualNetworkLinkState": "Completed" });
    zone_part("virtualNetworkLinks", &format!("to-{network}"), &properties)
}

/// A spoke with a storage account behind a private endpoint.
fn named(servers: &[&str], access: &str, more: &[Value]) -> Estate {
    let account = format!("{GROUP}Microsoft.Storage/storageAccounts/stdelta");
    let mut spoke =
        network("spoke", "10.40.0.0/16", &json!({ "addressPrefix": "10.40.1.0/24" }), &[("hub", "10.9.0.0/16")]);
    spoke["properties"]["dhcpOptions"] = json!({ "dnsServers": servers });
    let zone = json!({ "id": id("privateDnsZones", BLOB), "name": BLOB, "type": "Microsoft.Network/privateDnsZones",
        "properties": {} });
    let endpoint = json!({ "subnet": { "id": id("virtualNetworks", "spoke/subnets/s-spoke") },
        "privateLinkServiceConnections": [{ "name": "c", "properties": { "privateLinkServiceId": account,
            "groupIds": ["blob"] } }] });
    let mut all = vec![
        spoke,
        network("hub", "10.9.0.0/16", &json!({ "addressPrefix": "10.9.0.0/26" }), &[("spoke", "10.40.0.0/16")]),
        zone,
        json!({ "id": account, "name": "stdelta", "type": "Microsoft.Storage/storageAccounts", "location": "westeurope",
            "properties": { "publicNetworkAccess": access } }),
        one("privateEndpoints", "pe", &endpoint),
    ];
    all.extend(more.iter().cloned());
    estate(&all)
}

fn record(name: &str) -> Value {
    zone_part("A", name, &json!({ "aRecords": [{ "ipv4Address": "10.40.1.9" }] }))
}

fn destination(estate: &Estate) -> String {
    traced(estate, HOST).trace.packet.map(|packet| packet.destination.to_string()).unwrap_or_default()
}

#[test]
fn a_name_in_a_linked_zone_goes_on_to_its_address() {
    for name in ["stdelta", "*"] {
        let estate = named(&[], "Enabled", &[link("spoke"), record(name)]);
        assert_eq!(destination(&estate), "10.40.1.9", "{name}");
    }
    // A record that is its own goes before one for all.
    let mut other = record("*");
    other["properties"]["aRecords"][0]["ipv4Address"] = json!("10.40.1.8");
    assert_eq!(destination(&named(&[], "Enabled", &[link("spoke"), other, record("stdelta")])), "10.40.1.9");
    // Names that no service with endpoints has are none of the zone's.
    assert!(
        traced(&named(&[], "Enabled", &[link("spoke")]), "pypi.org")
            .trace
            .way
            .iter()
            .all(|one| one.layer.as_str() != "resolve")
    );
}

#[test]
fn a_linked_zone_without_the_name_leads_nowhere() {
    let estate = named(&[], "Enabled", &[link("spoke"), record("other")]);
    let (verdict, by) = said(&estate, HOST);
    assert!(verdict == Verdict::Violated && by.starts_with("resolve ") && by.contains("no such name"), "{by}");
    // Where no record at all is shown, they may just not be among the input.
    assert_eq!(said(&named(&[], "Enabled", &[link("spoke")]), HOST).0, Verdict::Undecided);
    let mut redirected = link("spoke");
    redirected["properties"]["resolutionPolicy"] = json!("NxDomainRedirect");
    assert_eq!(destination(&named(&[], "Enabled", &[redirected, record("other")])), HOST);
}

#[test]
fn a_zone_that_is_linked_elsewhere_leaves_the_public_answer() {
    let (verdict, by) = said(&named(&[], "Disabled", &[link("hub"), record("stdelta")]), HOST);
    assert!(verdict == Verdict::Violated && by.contains("public access is off"), "{by}");
    assert_eq!(destination(&named(&[], "Enabled", &[link("hub"), record("stdelta")])), HOST);
    assert_eq!(said(&named(&[], "Enabled", &[record("stdelta")]), HOST).0, Verdict::Undecided, "no link is shown");
}

#[test]
fn a_resolver_asks_as_its_own_network() {
    let endpoint = json!({ "id": id("dnsResolvers", "r/inboundEndpoints/in"), "name": "in",
        "type": "Microsoft.Network/dnsResolvers/inboundEndpoints", "properties": { "ipConfigurations": [{
            "privateIpAddress": "10.9.0.20", "subnet": { "id": id("virtualNetworks", "hub/subnets/s-hub") } }] } });
    let hub = named(&["10.9.0.20"], "Enabled", &[link("hub"), record("stdelta"), endpoint.clone()]);
    assert_eq!(destination(&hub), "10.40.1.9");
    // The link to the asking network's own spoke does not help.
    let spoke = named(&["10.9.0.20"], "Disabled", &[link("spoke"), record("stdelta"), endpoint.clone()]);
    assert_eq!(said(&spoke, HOST).0, Verdict::Violated);
    let own = named(&["10.9.0.21"], "Enabled", &[link("hub"), link("spoke"), record("stdelta"), endpoint.clone()]);
    assert_eq!(said(&own, HOST).0, Verdict::Undecided);
    let both = named(&["10.9.0.20", "10.9.0.21"], "Enabled", &[link("hub"), record("stdelta"), endpoint]);
    assert_eq!(said(&both, HOST).0, Verdict::Undecided, "one of them is not known");
}
