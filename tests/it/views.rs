//! The effective routes and rules that the program shows: what it makes of what it has shown is what it makes of the
//! resources themselves.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

const GROUP: &str = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/";
const SUBNET: &str =
    "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/virtualNetworks/vnet/subnets/snet-train";

/// The standard output of a run, which must not fail.
fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_aznetlint")).current_dir(folder).args(arguments).output().unwrap();
    assert_ne!(output.status.code(), Some(2), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json_of(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&run(folder, arguments)).unwrap()
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }
}

fn rules(dice: &mut Dice) -> Vec<Value> {
    let count = dice.roll(6);
    (0..count)
        .map(|at| {
            let to = dice.pick(&[
                "*",
                "AzureMachineLearning",
                "Storage.WestEurope",
                "VirtualNetwork",
                "Internet",
                "10.9.0.0/16",
            ]);
            json!({ "name": format!("r{at}"), "properties": { "priority": 100 + at * 10,
                "direction": dice.pick(&["Inbound", "Outbound", "Outbound"]), "access": dice.pick(&["Allow", "Deny"]),
                "protocol": dice.pick(&["*", "Tcp", "Udp"]), "sourceAddressPrefix": dice.pick(&["*", "VirtualNetwork"]),
                "sourcePortRange": "*", "destinationAddressPrefix": to,
                "destinationPortRange": dice.pick(&["*", "443", "445", "1-1000"]) } })
        })
        .collect()
}

fn routes(dice: &mut Dice) -> Vec<Value> {
    let prefixes = ["0.0.0.0/0", "10.9.0.0/16", "10.0.0.0/8", "10.40.0.0/16", "20.0.0.0/8", "100.64.0.0/10"];
    let mut all = Vec::new();
    for (at, prefix) in prefixes.iter().enumerate() {
        if dice.roll(3) == 0 {
            let hop = dice.pick(&["Internet", "VirtualAppliance", "None"]);
            let mut route = json!({ "addressPrefix": prefix, "nextHopType": hop });
            if hop == "VirtualAppliance" {
                route["nextHopIpAddress"] = json!("10.9.0.4");
            }
            all.push(json!({ "name": format!("u{at}"), "properties": route }));
        }
    }
    all
}

fn network(subnet: &Value) -> Value {
    json!({ "type": "Microsoft.Network/virtualNetworks", "name": "vnet", "location": "westeurope",
        "id": format!("{GROUP}virtualNetworks/vnet"), "properties": {
            "addressSpace": { "addressPrefixes": ["10.40.0.0/16"] },
            "subnets": [{ "name": "snet-train", "id": SUBNET, "properties": subnet }],
            "virtualNetworkPeerings": [{ "name": "hub", "properties": { "peeringState": "Connected",
                "remoteVirtualNetwork": { "id": format!("{GROUP}virtualNetworks/hub") },
                "remoteAddressSpace": { "addressPrefixes": ["10.9.0.0/16"] } } }] } })
}

/// What the pack says of each requirement.
fn verdicts(folder: &Path) -> Vec<(String, String)> {
    let arguments = [
        "check",
        ".",
        "--service",
        "azureml-compute@snet-train",
        "--no-config",
        "--format",
        "json",
        "--fail-on",
        "never",
    ];
    let report = json_of(folder, &arguments);
    let requirements = report["placements"][0]["requirements"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    requirements.iter().map(|one| (text(&one["flow"]), text(&one["verdict"]))).collect()
}

#[test]
fn what_is_shown_gives_the_same_verdicts_when_it_is_read_again() {
    let mut decided = 0;
    for seed in 0..10_u64 {
        let dice = &mut Dice(seed.wrapping_mul(0x9e37_79b9) + 7);
        let (rules, routes) = (rules(dice), routes(dice));
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, value: &Value| fs::write(folder.path().join(name), value.to_string()).unwrap();
        write(
            "network.json",
            &json!([
                network(&json!({ "addressPrefix": "10.40.1.0/24", "defaultOutboundAccess": true,
                    "networkSecurityGroup": { "id": format!("{GROUP}networkSecurityGroups/nsg") },
                    "routeTable": { "id": format!("{GROUP}routeTables/rt") } })),
                { "type": "Microsoft.Network/networkSecurityGroups", "name": "nsg", "location": "westeurope",
                  "id": format!("{GROUP}networkSecurityGroups/nsg"), "properties": { "securityRules": rules } },
                { "type": "Microsoft.Network/routeTables", "name": "rt", "location": "westeurope",
                  "id": format!("{GROUP}routeTables/rt"), "properties": { "routes": routes } }
            ]),
        );
        let own = verdicts(folder.path());
        let list =
            |command| json_of(folder.path(), &[command, ".", "--at", "snet-train", "--no-config", "--format", "json"]);
        let (shown_rules, shown_routes) = (list("rules-at"), list("routes"));
        write("network.json", &network(&json!({ "addressPrefix": "10.40.1.0/24", "defaultOutboundAccess": true })));
        write("effective-nsg.json", &shown_rules);
        write("effective-routes.json", &shown_routes);
        let again = verdicts(folder.path());
        for ((flow, before), (same, after)) in own.iter().zip(&again) {
            assert_eq!((flow, before), (same, after), "{seed}: {rules:?} {routes:?}");
            decided += usize::from(before != "undecided");
        }
        assert_eq!(own.len(), again.len());
    }
    assert!(decided > 50, "{decided} were decided");
}

#[test]
fn a_users_route_overrides_the_systems_of_its_prefix() {
    let folder = tempfile::tempdir().unwrap();
    let subnet = json!({ "addressPrefix": "10.40.1.0/24", "routeTable": { "id": format!("{GROUP}routeTables/rt") } });
    let table = json!({ "type": "Microsoft.Network/routeTables", "name": "rt", "id": format!("{GROUP}routeTables/rt"),
        "properties": { "routes": [
            { "name": "out", "properties": { "addressPrefix": "0.0.0.0/0", "nextHopType": "None" } },
            { "name": "ml", "properties": { "addressPrefix": "AzureMachineLearning", "nextHopType": "Internet" } }] } });
    fs::write(folder.path().join("all.json"), json!([network(&subnet), table]).to_string()).unwrap();
    let shown = json_of(folder.path(), &["routes", ".", "--at", "snet-train", "--format", "json"]);
    let states: Vec<(&str, &str, &str)> = shown["value"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|route| route["addressPrefix"][0] == "0.0.0.0/0")
        .map(|route| {
            let text = |key: &str| route[key].as_str().unwrap();
            (text("source"), text("state"), text("nextHopType"))
        })
        .collect();
    assert_eq!(states, [("Default", "Invalid", "Internet"), ("User", "Active", "None")]);
    // The addresses behind a tag are not loaded: it is told, and no route as Azure would show it.
    assert_eq!(shown["undecidedRoutes"][0]["addressPrefix"], json!(["AzureMachineLearning"]));
    assert!(shown["undecided"][0].as_str().unwrap().contains("AzureMachineLearning"), "{}", shown["undecided"]);
    let text = run(folder.path(), &["routes", ".", "--at", "snet-train"]);
    assert!(text.contains("Active ?") && text.lines().all(|line| line == line.trim_end()), "{text}");
}

#[test]
fn rules_are_shown_where_they_are_met() {
    let folder = tempfile::tempdir().unwrap();
    let group = |name: &str, rule: &str| {
        json!({ "type": "Microsoft.Network/networkSecurityGroups", "name": name,
            "id": format!("{GROUP}networkSecurityGroups/{name}"), "properties": { "securityRules": [{ "name": rule,
                "properties": { "priority": 100, "direction": "Outbound", "access": "Deny", "protocol": "*",
                    "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "Storage",
                    "destinationPortRanges": ["443", "445"] } }] } })
    };
    let subnet = json!({ "addressPrefix": "10.40.1.0/24", "networkSecurityGroup": { "id": format!("{GROUP}networkSecurityGroups/a") } });
    let nic = json!({ "type": "Microsoft.Network/networkInterfaces", "name": "nic", "id": format!("{GROUP}networkInterfaces/nic"),
        "properties": { "networkSecurityGroup": { "id": format!("{GROUP}networkSecurityGroups/b") },
            "ipConfigurations": [{ "properties": { "privateIPAddress": "10.40.1.4", "subnet": { "id": SUBNET } } }] } });
    let all = json!([network(&subnet), group("a", "of-subnet"), group("b", "of-nic"), nic]);
    fs::write(folder.path().join("all.json"), all.to_string()).unwrap();
    let names = |at: &str| {
        let shown = json_of(folder.path(), &["rules-at", ".", "--at", at, "--format", "json"]);
        let groups = shown["value"].as_array().unwrap().clone();
        groups
            .iter()
            .flat_map(|group| group["effectiveSecurityRules"].as_array().unwrap().clone())
            .map(|rule| rule["name"].as_str().unwrap().to_owned())
            .filter(|name| name.starts_with("securityRules/"))
            .collect::<Vec<_>>()
    };
    assert_eq!(names("snet-train"), ["securityRules/of-subnet"]);
    assert_eq!(names("nic"), ["securityRules/of-nic", "securityRules/of-subnet"]);
    let text = run(folder.path(), &["rules-at", ".", "--at", "nic"]);
    assert!(
        text.contains("Outbound   100       Deny    All       *                  Storage         443, 445  of-nic"),
        "{text}"
    );
    let wrong = Command::new(env!("CARGO_BIN_EXE_aznetlint"))
        .current_dir(folder.path())
        .args(["routes", ".", "--at", "nowhere"])
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("snet-train"));
}
