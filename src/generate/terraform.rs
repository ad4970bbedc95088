//! A plan as Terraform for the provider azurerm, each rule under what asks for it.

use serde_json::Value;

use crate::generate::lines::Line;
use crate::generate::plan::Plan;
use crate::generate::resources::{collections, deny, routes};
use crate::generate::words::{comments, reasons};

/// A text that grows by lines.
#[derive(Default)]
struct Text {
    out: String,
    depth: usize,
}

impl Text {
    fn line(&mut self, text: &str) {
        self.out.push_str(&"  ".repeat(self.depth));
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// A block, with an empty line in front of one that stands by itself.
    fn block(&mut self, head: &str, body: impl FnOnce(&mut Self)) {
        if self.depth == 0 {
            self.out.push('\n');
        }
        self.line(&format!("{head} {{"));
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.line("}");
    }

    /// Arguments with their equals signs below each other.
    fn arguments(&mut self, all: &[(String, String)]) {
        let widest = all.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
        for (key, value) in all {
            self.line(&format!("{key:widest$} = {value}"));
        }
    }

    fn resource(&mut self, kind: &str, label: &str, arguments: &[(&str, String)]) {
        self.resource_with(kind, label, arguments, |_| {});
    }

    fn resource_with(&mut self, kind: &str, label: &str, arguments: &[(&str, String)], more: impl FnOnce(&mut Self)) {
        self.block(&format!("resource \"{kind}\" \"{label}\""), |text| {
            text.arguments(&owned(arguments));
            more(text);
        });
    }

    fn reasons(&mut self, line: &Line) {
        reasons(line).iter().for_each(|reason| self.line(&format!("# {reason}")));
    }
}

fn owned(arguments: &[(&str, String)]) -> Vec<(String, String)> {
    arguments.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

/// The file as text.
pub(crate) fn write(plan: &Plan) -> String {
    let mut text = Text { out: comments(plan, "#", ""), depth: 0 };
    variable(&mut text, "resource_group_name", "The resource group of all that is made here", None);
    variable(&mut text, "location", "The region", region(plan));
    variable(&mut text, "virtual_network_name", "The network that the subnet is in; it is there already", None);
    variable(&mut text, "subnet_prefix", "The address prefix of the subnet", plan.prefix.as_deref());
    group(plan, &mut text);
    if plan.firewall.is_some() {
        table(plan, &mut text);
    }
    subnet(plan, &mut text);
    if plan.nat_gateway {
        nat_gateway(plan, &mut text);
    }
    firewall(plan, &mut text);
    text.out
}

fn region(plan: &Plan) -> Option<&str> {
    plan.given.iter().find(|(name, _)| name == "region").map(|(_, value)| value.as_str())
}

fn variable(text: &mut Text, name: &str, about: &str, default: Option<&str>) {
    let mut arguments = vec![("type", "string".to_owned()), ("description", quoted(about))];
    arguments.extend(default.map(|default| ("default", quoted(default))));
    text.block(&format!("variable \"{name}\""), |text| text.arguments(&owned(&arguments)));
}

/// What most resources begin with.
fn begin(name: &str) -> Vec<(&'static str, String)> {
    vec![
        ("name", quoted(name)),
        ("location", "var.location".to_owned()),
        ("resource_group_name", "var.resource_group_name".to_owned()),
    ]
}

fn group(plan: &Plan, text: &mut Text) {
    text.resource_with("azurerm_network_security_group", "this", &begin(&plan.name("nsg")), |text| {
        for line in &plan.lines.rules {
            text.out.push('\n');
            text.reasons(line);
            security_rule(&line.value, text);
        }
        for inbound in [true, false] {
            text.out.push('\n');
            security_rule(&deny(inbound), text);
        }
    });
}

fn security_rule(value: &Value, text: &mut Text) {
    let mut arguments = vec![("name".to_owned(), value_text(&value["name"]))];
    let properties = value["properties"].as_object().into_iter().flatten();
    arguments.extend(properties.map(|(key, value)| (underscored(key), value_text(value))));
    text.block("security_rule", |text| text.arguments(&arguments));
}

fn table(plan: &Plan, text: &mut Text) {
    text.resource_with("azurerm_route_table", "this", &begin(&plan.name("rt")), |text| {
        for value in routes(plan) {
            text.out.push('\n');
            if let Some(line) = plan.lines.routes.iter().find(|line| line.value == value) {
                text.reasons(line);
            }
            let mut arguments = vec![("name".to_owned(), value_text(&value["name"]))];
            for (key, value) in value["properties"].as_object().into_iter().flatten() {
                let key =
                    if key == "nextHopIpAddress" { "next_hop_in_ip_address".to_owned() } else { underscored(key) };
                arguments.push((key, value_text(value)));
            }
            text.block("route", |text| text.arguments(&arguments));
        }
    });
}

fn subnet(plan: &Plan, text: &mut Text) {
    let mut arguments = vec![
        ("name", quoted(&plan.name("snet"))),
        ("resource_group_name", "var.resource_group_name".to_owned()),
        ("virtual_network_name", "var.virtual_network_name".to_owned()),
        ("address_prefixes", "[var.subnet_prefix]".to_owned()),
    ];
    if plan.firewall.is_some() || plan.nat_gateway {
        arguments.push(("default_outbound_access_enabled", "false".to_owned()));
    }
    text.resource("azurerm_subnet", "this", &arguments);
    let mut guards = vec![("network_security_group", "network_security_group_id")];
    guards.extend(plan.firewall.map(|_| ("route_table", "route_table_id")));
    guards.extend(plan.nat_gateway.then_some(("nat_gateway", "nat_gateway_id")));
    for (kind, key) in guards {
        let arguments = [("subnet_id", "azurerm_subnet.this.id".to_owned()), (key, format!("azurerm_{kind}.this.id"))];
        text.resource(&format!("azurerm_subnet_{kind}_association"), "this", &arguments);
    }
}

fn public_address(name: &str, label: &str, text: &mut Text) {
    let mut arguments = begin(name);
    arguments.extend([("allocation_method", quoted("Static")), ("sku", quoted("Standard"))]);
    text.resource("azurerm_public_ip", label, &arguments);
}

fn nat_gateway(plan: &Plan, text: &mut Text) {
    public_address(&plan.name("pip-ng"), "nat", text);
    let mut arguments = begin(&plan.name("ng"));
    arguments.push(("sku_name", quoted("Standard")));
    text.resource("azurerm_nat_gateway", "this", &arguments);
    let joined = [
        ("nat_gateway_id", "azurerm_nat_gateway.this.id".to_owned()),
        ("public_ip_address_id", "azurerm_public_ip.nat.id".to_owned()),
    ];
    text.resource("azurerm_nat_gateway_public_ip_association", "this", &joined);
}

fn firewall(plan: &Plan, text: &mut Text) {
    let Some(prefix) = plan.firewall else { return };
    let mut arguments = begin(&plan.name("afwp"));
    arguments.push(("sku", quoted("Standard")));
    text.resource_with("azurerm_firewall_policy", "this", &arguments, |text| {
        if plan.dns_proxy {
            text.block("dns", |text| text.arguments(&owned(&[("proxy_enabled", "true".to_owned())])));
        }
    });
    let arguments = [
        ("name", quoted(&plan.end)),
        ("firewall_policy_id", "azurerm_firewall_policy.this.id".to_owned()),
        ("priority", "200".to_owned()),
    ];
    text.resource_with("azurerm_firewall_policy_rule_collection_group", "this", &arguments, |text| {
        for (name, priority, lines) in collections(plan) {
            text.out.push('\n');
            text.block(&format!("{name}_rule_collection"), |text| {
                let head = [("name", quoted(name)), ("priority", priority.to_string()), ("action", quoted("Allow"))];
                text.arguments(&owned(&head));
                for line in lines {
                    text.out.push('\n');
                    text.reasons(line);
                    firewall_rule(&line.value, text);
                }
            });
        }
    });
    let arguments = [
        ("name", quoted(plan.firewall_subnet())),
        ("resource_group_name", "var.resource_group_name".to_owned()),
        ("virtual_network_name", "var.virtual_network_name".to_owned()),
        ("address_prefixes", format!("[{}]", quoted(&prefix.to_string()))),
    ];
    text.resource("azurerm_subnet", "firewall", &arguments);
    public_address(&plan.name("pip-afw"), "firewall", text);
    let mut arguments = begin(&plan.name("afw"));
    arguments.extend([
        ("sku_name", quoted("AZFW_VNet")),
        ("sku_tier", quoted("Standard")),
        ("firewall_policy_id", "azurerm_firewall_policy.this.id".to_owned()),
    ]);
    text.resource_with("azurerm_firewall", "this", &arguments, |text| {
        text.block("ip_configuration", |text| {
            text.arguments(&owned(&[
                ("name", quoted("out")),
                ("subnet_id", "azurerm_subnet.firewall.id".to_owned()),
                ("public_ip_address_id", "azurerm_public_ip.firewall.id".to_owned()),
            ]));
        });
        text.line("depends_on = [azurerm_firewall_policy_rule_collection_group.this]");
    });
}

fn firewall_rule(value: &Value, text: &mut Text) {
    let mut arguments = Vec::new();
    let mut protocols = Vec::new();
    for (key, value) in value.as_object().into_iter().flatten() {
        match key.as_str() {
            "ruleType" => {}
            "protocols" => protocols.extend(value.as_array().into_iter().flatten()),
            "ipProtocols" => arguments.push(("protocols".to_owned(), value_text(value))),
            "targetFqdns" => arguments.push(("destination_fqdns".to_owned(), value_text(value))),
            _ => arguments.push((underscored(key), value_text(value))),
        }
    }
    text.block("rule", |text| {
        text.arguments(&arguments);
        for protocol in protocols {
            let told = [("type", value_text(&protocol["protocolType"])), ("port", value_text(&protocol["port"]))];
            text.block("protocols", |text| text.arguments(&owned(&told)));
        }
    });
}

/// `source_address_prefix` for `sourceAddressPrefix`.
fn underscored(key: &str) -> String {
    let mut out = String::new();
    for letter in key.chars() {
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(value_text).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// A text of Terraform.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{}\"", text.replace("${", "$${").replace("%{", "%%{"))
}
