//! Azure Firewalls, their policies, rule collection groups and IP groups (TF-145 to TF-149).

use crate::terraform::table::row::{Attachment, How, Mapping, Mode, Owner, Row, added_to, group, of, row, same};

const IP_CONFIGURATION: &[Row] = &[
    same("name", "/name"),
    row("subnet_id", "subnet", How::Id),
    row("private_ip_address", "privateIPAddress", How::Read),
    row("public_ip_address_id", "publicIPAddress", How::Id),
];

const FIREWALL: &[Row] = &[
    same("sku_name", "sku.name"),
    same("sku_tier", "sku.tier"),
    row("firewall_policy_id", "firewallPolicy", How::Id),
    row("ip_configuration", "ipConfigurations", How::Children(IP_CONFIGURATION)),
    row("virtual_hub.virtual_hub_id", "virtualHub", How::Id),
    row("virtual_hub.private_ip_address", "hubIPAddresses.privateIPAddress", How::Read),
    same("threat_intel_mode", "threatIntelMode"),
    row("dns_proxy_enabled", "additionalProperties.Network-DNS-EnableProxy", How::Text),
    row("dns_servers", "additionalProperties.Network-DNS-Servers", How::Joined),
    row("private_ip_ranges", "additionalProperties.Network-SNAT-PrivateRanges", How::Joined),
];

const SIDES: [Row; 4] = [
    same("source_addresses", "sourceAddresses"),
    row("source_ip_groups", "sourceIpGroups", How::PlainIds),
    same("destination_addresses", "destinationAddresses"),
    row("destination_ip_groups", "destinationIpGroups", How::PlainIds),
];

const CLASSIC_NETWORK: &[Row] = &[
    same("name", "name"),
    same("description", "description"),
    SIDES[0],
    SIDES[1],
    SIDES[2],
    SIDES[3],
    same("destination_fqdns", "destinationFqdns"),
    same("destination_ports", "destinationPorts"),
    same("protocols", "protocols"),
];

const PROTOCOL: &[Row] = &[same("type", "protocolType"), same("port", "port")];

const CLASSIC_APPLICATION: &[Row] = &[
    same("name", "name"),
    same("description", "description"),
    SIDES[0],
    SIDES[1],
    same("target_fqdns", "targetFqdns"),
    same("fqdn_tags", "fqdnTags"),
    row("protocol", "protocols", How::Each(PROTOCOL)),
];

const CLASSIC_NAT: &[Row] = &[
    same("name", "name"),
    same("description", "description"),
    SIDES[0],
    SIDES[1],
    same("destination_addresses", "destinationAddresses"),
    same("destination_ports", "destinationPorts"),
    same("protocols", "protocols"),
    row("translated_address", "translatedAddress", How::Read),
    row("translated_port", "translatedPort", How::Text),
];

const fn classic(rules: &'static [Row]) -> [Row; 4] {
    [
        same("name", "/name"),
        same("priority", "priority"),
        same("action", "action.type"),
        row("rule", "rules", How::Each(rules)),
    ]
}

const CLASSIC_NETWORKS: &[Row] = &classic(CLASSIC_NETWORK);
const CLASSIC_APPLICATIONS: &[Row] = &classic(CLASSIC_APPLICATION);
const CLASSIC_NATS: &[Row] = &classic(CLASSIC_NAT);

const POLICY: &[Row] = &[
    same("sku", "sku.tier"),
    row("base_policy_id", "basePolicy", How::Id),
    row("dns", "dnsSettings", How::One(&[same("proxy_enabled", "enableProxy"), same("servers", "servers")])),
    same("threat_intelligence_mode", "threatIntelMode"),
    row(
        "threat_intelligence_allowlist",
        "threatIntelWhitelist",
        How::One(&[same("fqdns", "fqdns"), same("ip_addresses", "ipAddresses")]),
    ),
    same("private_ip_ranges", "snat.privateRanges"),
    same("intrusion_detection.mode", "intrusionDetection.mode"),
    row(
        "explicit_proxy",
        "explicitProxy",
        How::One(&[
            same("enabled", "enableExplicitProxy"),
            same("http_port", "httpPort"),
            same("https_port", "httpsPort"),
        ]),
    ),
    row("tls_certificate", "transportSecurity.certificateAuthority", How::One(&[same("name", "name")])),
];

const POLICY_NETWORK: &[Row] = &[
    row("", "ruleType", How::Fixed("NetworkRule")),
    same("name", "name"),
    same("description", "description"),
    same("protocols", "ipProtocols"),
    SIDES[0],
    SIDES[1],
    SIDES[2],
    SIDES[3],
    same("destination_fqdns", "destinationFqdns"),
    same("destination_ports", "destinationPorts"),
];

const POLICY_APPLICATION: &[Row] = &[
    row("", "ruleType", How::Fixed("ApplicationRule")),
    same("name", "name"),
    same("description", "description"),
    row("protocols", "protocols", How::Each(PROTOCOL)),
    SIDES[0],
    SIDES[1],
    SIDES[2],
    same("destination_fqdns", "targetFqdns"),
    same("destination_urls", "targetUrls"),
    same("destination_fqdn_tags", "fqdnTags"),
    same("terminate_tls", "terminateTLS"),
    same("web_categories", "webCategories"),
];

const POLICY_NAT: &[Row] = &[
    row("", "ruleType", How::Fixed("NatRule")),
    same("name", "name"),
    same("description", "description"),
    same("protocols", "ipProtocols"),
    SIDES[0],
    SIDES[1],
    row("destination_address", "destinationAddresses", How::Listed),
    same("destination_ports", "destinationPorts"),
    row("translated_address", "translatedAddress", How::Read),
    same("translated_fqdn", "translatedFqdn"),
    row("translated_port", "translatedPort", How::Text),
];

const FILTER: &str = "FirewallPolicyFilterRuleCollection";
const NAT: &str = "FirewallPolicyNatRuleCollection";

const fn collection(kind: &'static str, rules: &'static [Row]) -> [Row; 5] {
    [
        row("", "ruleCollectionType", How::Fixed(kind)),
        same("name", "name"),
        same("priority", "priority"),
        same("action", "action.type"),
        row("rule", "rules", How::Each(rules)),
    ]
}

const APPLICATIONS: &[Row] = &collection(FILTER, POLICY_APPLICATION);
const NETWORKS: &[Row] = &collection(FILTER, POLICY_NETWORK);
const NATS: &[Row] = &collection(NAT, POLICY_NAT);

const COLLECTION_GROUP: &[Row] = &[
    same("priority", "priority"),
    row("application_rule_collection", "ruleCollections", How::Each(APPLICATIONS)),
    row("network_rule_collection", "ruleCollections", How::Each(NETWORKS)),
    row("nat_rule_collection", "ruleCollections", How::Each(NATS)),
];

pub(crate) const ALL: &[Mapping] = &[
    group("azurerm_firewall", "Microsoft.Network/azureFirewalls", FIREWALL),
    group("azurerm_firewall_policy", "Microsoft.Network/firewallPolicies", POLICY),
    of(
        "azurerm_firewall_policy_rule_collection_group",
        "Microsoft.Network/firewallPolicies/ruleCollectionGroups",
        "firewall_policy_id",
        COLLECTION_GROUP,
    ),
    group("azurerm_ip_group", "Microsoft.Network/ipGroups", &[same("cidrs", "ipAddresses")]),
];

const fn classic_of(terraform: &'static str, to: &'static str, rows: &'static [Row]) -> Attachment {
    Attachment {
        terraform,
        on: Owner::Named("azurerm_firewall", "azure_firewall_name"),
        row: row("", to, How::Children(rows)),
        mode: Mode::Add,
    }
}

/// The rules of a firewall without a policy, and addresses of IP groups, are resources of their own.
pub(crate) const ATTACHED: &[Attachment] = &[
    classic_of("azurerm_firewall_network_rule_collection", "networkRuleCollections", CLASSIC_NETWORKS),
    classic_of("azurerm_firewall_application_rule_collection", "applicationRuleCollections", CLASSIC_APPLICATIONS),
    classic_of("azurerm_firewall_nat_rule_collection", "natRuleCollections", CLASSIC_NATS),
    added_to("azurerm_ip_group_cidr", ("ip_group_id", "azurerm_ip_group"), row("cidr", "ipAddresses", How::Listed)),
];
