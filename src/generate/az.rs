//! A plan as commands of `az` for a POSIX shell.

use serde_json::Value;

use crate::generate::lines::Line;
use crate::generate::plan::Plan;
use crate::generate::resources::{collections, deny, routes};
use crate::generate::words::{comments, reasons};
use crate::shell::quoted;

/// The script as text.
pub(crate) fn write(plan: &Plan) -> String {
    let mut out = "#!/bin/sh\n".to_owned();
    out.push_str(&comments(plan, "#", ""));
    out.push_str("\nset -eu\n: \"${RESOURCE_GROUP:?the resource group}\"\n: \"${VNET:?the virtual network, which is there already}\"\n");
    match &plan.prefix {
        Some(prefix) => out.push_str(&format!("SUBNET_PREFIX=${{SUBNET_PREFIX:-{}}}\n", quoted(prefix))),
        None => out.push_str(": \"${SUBNET_PREFIX:?the address prefix of the subnet}\"\n"),
    }
    group(plan, &mut out);
    table(plan, &mut out);
    if plan.nat_gateway {
        let address = plan.name("pip-ng");
        out.push('\n');
        public_address(&address, &mut out);
        command(
            &mut out,
            "az network nat gateway create",
            &[name(&plan.name("ng")), format!("--public-ip-addresses {}", quoted(&address))],
        );
    }
    subnet(plan, &mut out);
    firewall(plan, &mut out);
    out
}

fn name(name: &str) -> String {
    format!("--name {}", quoted(name))
}

fn command(out: &mut String, verb: &str, words: &[String]) {
    out.push_str(&format!("{verb} --resource-group \"$RESOURCE_GROUP\" {}\n", words.join(" ")));
}

fn why(line: &Line, out: &mut String) {
    reasons(line).iter().for_each(|reason| out.push_str(&format!("# {reason}\n")));
}

fn public_address(called: &str, out: &mut String) {
    let words = [name(called), "--sku Standard".to_owned(), "--allocation-method Static".to_owned()];
    command(out, "az network public-ip create", &words);
}

/// The values of a property as words.
fn words(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(" "),
        Value::String(text) => quoted(text),
        other => quoted(&other.to_string()),
    }
}

fn group(plan: &Plan, out: &mut String) {
    let group = plan.name("nsg");
    out.push('\n');
    command(out, "az network nsg create", &[name(&group)]);
    let mut rule = |value: &Value, line: Option<&Line>| {
        if let Some(line) = line {
            why(line, out);
        }
        let mut all = vec![format!("--nsg-name {}", quoted(&group)), name(value["name"].as_str().unwrap_or_default())];
        for (key, value) in value["properties"].as_object().into_iter().flatten() {
            let flag = match key.as_str() {
                "sourceAddressPrefix" | "sourceAddressPrefixes" => "source-address-prefixes",
                "destinationAddressPrefix" | "destinationAddressPrefixes" => "destination-address-prefixes",
                "sourcePortRange" | "sourcePortRanges" => "source-port-ranges",
                "destinationPortRange" | "destinationPortRanges" => "destination-port-ranges",
                plain => plain,
            };
            all.push(format!("--{flag} {}", words(value)));
        }
        command(out, "az network nsg rule create", &all);
    };
    plan.lines.rules.iter().for_each(|line| rule(&line.value, Some(line)));
    [true, false].into_iter().for_each(|inbound| rule(&deny(inbound), None));
}

fn table(plan: &Plan, out: &mut String) {
    if plan.firewall.is_none() {
        return;
    }
    let table = plan.name("rt");
    out.push('\n');
    command(out, "az network route-table create", &[name(&table)]);
    for value in routes(plan) {
        if let Some(line) = plan.lines.routes.iter().find(|line| line.value == value) {
            why(line, out);
        }
        let properties = &value["properties"];
        let mut all =
            vec![format!("--route-table-name {}", quoted(&table)), name(value["name"].as_str().unwrap_or_default())];
        let flags = [
            ("addressPrefix", "address-prefix"),
            ("nextHopType", "next-hop-type"),
            ("nextHopIpAddress", "next-hop-ip-address"),
        ];
        for (key, flag) in flags {
            all.extend(properties.get(key).map(|value| format!("--{flag} {}", words(value))));
        }
        command(out, "az network route-table route create", &all);
    }
}

fn subnet(plan: &Plan, out: &mut String) {
    let mut all = vec![
        "--vnet-name \"$VNET\"".to_owned(),
        name(&plan.name("snet")),
        "--address-prefixes \"$SUBNET_PREFIX\"".to_owned(),
        format!("--network-security-group {}", quoted(&plan.name("nsg"))),
    ];
    all.extend(plan.firewall.map(|_| format!("--route-table {}", quoted(&plan.name("rt")))));
    all.extend(plan.nat_gateway.then(|| format!("--nat-gateway {}", quoted(&plan.name("ng")))));
    if plan.firewall.is_some() || plan.nat_gateway {
        all.push("--default-outbound-access false".to_owned());
    }
    out.push('\n');
    command(out, "az network vnet subnet create", &all);
}

fn firewall(plan: &Plan, out: &mut String) {
    let Some(prefix) = plan.firewall else { return };
    let (policy, address) = (plan.name("afwp"), plan.name("pip-afw"));
    let of_policy = format!("--policy-name {}", quoted(&policy));
    out.push('\n');
    let mut all = vec![name(&policy), "--sku Standard".to_owned()];
    all.extend(plan.dns_proxy.then(|| "--enable-dns-proxy true".to_owned()));
    command(out, "az network firewall policy create", &all);
    let groups = "az network firewall policy rule-collection-group";
    command(out, &format!("{groups} create"), &[of_policy.clone(), name(&plan.end), "--priority 200".to_owned()]);
    for (collection, priority, lines) in collections(plan) {
        for (at, line) in lines.iter().enumerate() {
            why(line, out);
            let mut all = vec![of_policy.clone(), format!("--rule-collection-group-name {}", quoted(&plan.end))];
            let called = line.value["name"].as_str().unwrap_or_default();
            let verb = if at == 0 {
                all.extend([
                    name(collection),
                    format!("--collection-priority {priority}"),
                    "--action Allow".to_owned(),
                ]);
                all.push(format!("--rule-name {}", quoted(called)));
                format!("{groups} collection add-filter-collection")
            } else {
                all.extend([format!("--collection-name {collection}"), name(called)]);
                format!("{groups} collection rule add")
            };
            all.extend(firewall_words(&line.value));
            command(out, &verb, &all);
        }
    }
    let subnet = [
        "--vnet-name \"$VNET\"".to_owned(),
        name(plan.firewall_subnet()),
        format!("--address-prefixes {}", quoted(&prefix.to_string())),
    ];
    command(out, "az network vnet subnet create", &subnet);
    public_address(&address, out);
    let all = [
        name(&plan.name("afw")),
        "--sku AZFW_VNet --tier Standard".to_owned(),
        format!("--firewall-policy {}", quoted(&policy)),
        format!("--conf-name out --public-ip {} --vnet-name \"$VNET\"", quoted(&address)),
    ];
    command(out, "az network firewall create", &all);
}

fn firewall_words(value: &Value) -> Vec<String> {
    let spoken = |value: &Value| {
        let one = |one: &Value| {
            let port = one["port"].to_string();
            quoted(&format!("{}={port}", one["protocolType"].as_str().unwrap_or_default()))
        };
        value.as_array().into_iter().flatten().map(one).collect::<Vec<_>>().join(" ")
    };
    let of = |(key, value): (&String, &Value)| match key.as_str() {
        "name" => None,
        "ruleType" => Some(format!("--rule-type {}", words(value))),
        "protocols" => Some(format!("--protocols {}", spoken(value))),
        "ipProtocols" => Some(format!("--ip-protocols {}", words(value))),
        "sourceAddresses" => Some(format!("--source-addresses {}", words(value))),
        "destinationAddresses" => Some(format!("--destination-addresses {}", words(value))),
        "destinationFqdns" => Some(format!("--destination-fqdns {}", words(value))),
        "destinationPorts" => Some(format!("--destination-ports {}", words(value))),
        "targetFqdns" => Some(format!("--target-fqdns {}", words(value))),
        _ => None,
    };
    value.as_object().into_iter().flatten().filter_map(of).collect()
}
