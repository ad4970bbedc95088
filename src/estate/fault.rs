//! The kinds of fault that reading an estate can find, in one list. What a finding about each says is rule data.

use crate::estate::resource::Fault;
use crate::json::{Document, Duplicate};

/// Every kind with its meaning, by name.
pub const FAULT_KINDS: &[(&str, &str)] = &[
    (ACCESS_UNKNOWN, "`access` of a security rule, or the action of a collection, is neither Allow nor Deny"),
    (ADDRESS_COMMA_LIST, "a field for one address holds several, separated by commas"),
    (ADDRESS_RANGE, "a range of addresses `a-b` where only addresses, prefixes and tags are taken"),
    (ADDRESS_SIDE_MISSING, "a security rule says neither which addresses nor which groups one of its sides means"),
    (BUILT_IN_RULES_WRITTEN, "a template that writes `defaultSecurityRules`, which Azure ignores"),
    (DECLARED_TWICE_DIFFERENTLY, "one resource is written twice, and the two do not agree"),
    (DEPENDENCIES_INVALID, "an answer of the dependencies API, or an endpoint in it, that cannot be read"),
    (DESCRIPTION_TOO_LONG, "the description of a security rule is longer than 140 characters"),
    (DIRECTION_UNKNOWN, "`direction` is neither Inbound nor Outbound"),
    (
        DUPLICATE_COLLECTION_PRIORITY,
        "two rule collections, or two groups of them, have the same priority and do different things",
    ),
    (DUPLICATE_NAME, "two children of one resource have the same name"),
    (DUPLICATE_PRIORITY, "two rules of one direction have the same priority"),
    (DUPLICATE_ROUTE, "two routes of one table have the same prefix"),
    (FIREWALL_TAG_SOURCE, "a service tag as the source of a firewall rule"),
    (FQDN_TAG_UNKNOWN, "an FQDN tag that Azure Firewall does not have"),
    (FQDN_TAGS_BESIDE_HOSTS, "an application rule with both `fqdnTags` and `targetFqdns`"),
    (HOST_INVALID, "a value among the hosts of a firewall rule that no host is called"),
    (INCOMPLETE_LIST, "the file is one page of several: more resources follow elsewhere"),
    (KEY_TWICE, "a key stands twice in one object, with two values"),
    (MIXED_FAMILIES, "IPv4 and IPv6 addresses in one list"),
    (NAME_INVALID, "a name with characters that Azure does not take"),
    (NAME_TOO_LONG, "a name longer than 80 characters"),
    (NEXT_HOP_ADDRESS_INVALID, "`nextHopIpAddress` is no address"),
    (NEXT_HOP_ADDRESS_MISSING, "next hop VirtualAppliance without `nextHopIpAddress`"),
    (NEXT_HOP_ADDRESS_UNUSED, "`nextHopIpAddress` with a next hop other than VirtualAppliance"),
    (NEXT_HOP_UNKNOWN, "`nextHopType` is none of Azure's"),
    (OVERLAPPING_PREFIXES, "two prefixes of one list overlap"),
    (POLICY_OWN_PARENT, "a firewall policy that is among its own parents"),
    (PORT_COMMA_LIST, "a field for one port range holds several, separated by commas"),
    (PORT_INVALID, "a port that is no number from 0 to 65535, range or `*`"),
    (PORT_RANGE_REVERSED, "a port range whose first port is greater than its last"),
    (PORT_SIDE_MISSING, "a security rule says nothing about the ports of one of its sides"),
    (POWERSHELL_CUT_OFF, "ConvertTo-Json cut off what lies deeper than its -Depth"),
    (PREFIX_HAS_HOST_BITS, "a prefix with bits set beyond its length"),
    (PREFIX_INVALID, "an address or prefix that cannot be read"),
    (PRIORITY_INVALID, "a priority that is no whole number"),
    (PRIORITY_OUT_OF_RANGE, "a priority outside of what Azure takes"),
    (PROTOCOL_UNKNOWN, "a protocol that Azure does not know"),
    (REQUIRED_FIELD_MISSING, "a field that has to be there is not"),
    (ROUTE_PREFIX_MISSING, "a route without `addressPrefix`"),
    (RULE_TYPE_UNKNOWN, "a firewall rule of a type that Azure does not know"),
    (SINGULAR_AND_PLURAL, "the field for one value and the field for several are both used, with different values"),
    (STRAY_SPACE, "blanks around a value"),
    (TAG_ALIAS, "a service tag by an old or other spelling"),
    (TAG_IN_LIST, "a service tag or `*` in a list with other values"),
    (TAG_NOT_FOR_FIREWALLS, "a service tag that firewall rules cannot name"),
    (TAG_NOT_FOR_ROUTES, "a service tag that routes cannot name"),
    (TAG_NOT_IN_CLOUD, "a service tag that the cloud of the resource does not have"),
    (TAG_REGION_UNDOCUMENTED, "a regional form that is not documented as usable in rules"),
    (TAG_REGION_UNKNOWN, "a known service tag with a region that it does not have"),
    (TAG_UNKNOWN, "no service tag and no address"),
    (TOO_MANY_GROUPS, "more application security groups than a rule or its security group may name"),
    (TOO_MANY_PREFIXES, "more than 4,000 addresses on one side over all rules of a security group"),
    (TOO_MANY_ROUTES, "more than 400 routes in a table"),
    (TOO_MANY_RULES, "more than 1,000 rules in a security group"),
    (TOO_MANY_TAG_ROUTES, "more than 25 routes with service tags in a table"),
    (WHAT_IF_INCOMPLETE, "a what-if that does not show what comes to be"),
    (WILDCARD_ALIAS, "`Any` where Azure takes `*`"),
    (WRONG_TYPE, "a value of a JSON type that the field does not take"),
];

pub(crate) const ACCESS_UNKNOWN: &str = "access-unknown";
pub(crate) const ADDRESS_COMMA_LIST: &str = "address-comma-list";
pub(crate) const ADDRESS_RANGE: &str = "address-range";
pub(crate) const ADDRESS_SIDE_MISSING: &str = "address-side-missing";
pub(crate) const BUILT_IN_RULES_WRITTEN: &str = "built-in-rules-written";
pub(crate) const DECLARED_TWICE_DIFFERENTLY: &str = "declared-twice-differently";
pub(crate) const DEPENDENCIES_INVALID: &str = "dependencies-invalid";
pub(crate) const DESCRIPTION_TOO_LONG: &str = "description-too-long";
pub(crate) const DIRECTION_UNKNOWN: &str = "direction-unknown";
pub(crate) const DUPLICATE_COLLECTION_PRIORITY: &str = "duplicate-collection-priority";
pub(crate) const DUPLICATE_NAME: &str = "duplicate-name";
pub(crate) const DUPLICATE_PRIORITY: &str = "duplicate-priority";
pub(crate) const DUPLICATE_ROUTE: &str = "duplicate-route";
pub(crate) const FIREWALL_TAG_SOURCE: &str = "firewall-tag-source";
pub(crate) const FQDN_TAGS_BESIDE_HOSTS: &str = "fqdn-tags-beside-hosts";
pub(crate) const FQDN_TAG_UNKNOWN: &str = "fqdn-tag-unknown";
pub(crate) const HOST_INVALID: &str = "host-invalid";
pub(crate) const INCOMPLETE_LIST: &str = "incomplete-list";
pub(crate) const KEY_TWICE: &str = "key-twice";
pub(crate) const MIXED_FAMILIES: &str = "mixed-families";
pub(crate) const NAME_INVALID: &str = "name-invalid";
pub(crate) const NAME_TOO_LONG: &str = "name-too-long";
pub(crate) const NEXT_HOP_ADDRESS_INVALID: &str = "next-hop-address-invalid";
pub(crate) const NEXT_HOP_ADDRESS_MISSING: &str = "next-hop-address-missing";
pub(crate) const NEXT_HOP_ADDRESS_UNUSED: &str = "next-hop-address-unused";
pub(crate) const NEXT_HOP_UNKNOWN: &str = "next-hop-unknown";
pub(crate) const OVERLAPPING_PREFIXES: &str = "overlapping-prefixes";
pub(crate) const POLICY_OWN_PARENT: &str = "policy-own-parent";
pub(crate) const PORT_COMMA_LIST: &str = "port-comma-list";
pub(crate) const PORT_INVALID: &str = "port-invalid";
pub(crate) const PORT_RANGE_REVERSED: &str = "port-range-reversed";
pub(crate) const PORT_SIDE_MISSING: &str = "port-side-missing";
pub(crate) const POWERSHELL_CUT_OFF: &str = "powershell-cut-off";
pub(crate) const PREFIX_HAS_HOST_BITS: &str = "prefix-has-host-bits";
pub(crate) const PREFIX_INVALID: &str = "prefix-invalid";
pub(crate) const PRIORITY_INVALID: &str = "priority-invalid";
pub(crate) const PRIORITY_OUT_OF_RANGE: &str = "priority-out-of-range";
pub(crate) const PROTOCOL_UNKNOWN: &str = "protocol-unknown";
pub(crate) const REQUIRED_FIELD_MISSING: &str = "required-field-missing";
pub(crate) const ROUTE_PREFIX_MISSING: &str = "route-prefix-missing";
pub(crate) const RULE_TYPE_UNKNOWN: &str = "rule-type-unknown";
pub(crate) const SINGULAR_AND_PLURAL: &str = "singular-and-plural";
pub(crate) const STRAY_SPACE: &str = "stray-space";
pub(crate) const TAG_ALIAS: &str = "tag-alias";
pub(crate) const TAG_IN_LIST: &str = "tag-in-list";
pub(crate) const TAG_NOT_FOR_FIREWALLS: &str = "tag-not-for-firewalls";
pub(crate) const TAG_NOT_FOR_ROUTES: &str = "tag-not-for-routes";
pub(crate) const TAG_NOT_IN_CLOUD: &str = "tag-not-in-cloud";
pub(crate) const TAG_REGION_UNDOCUMENTED: &str = "tag-region-undocumented";
pub(crate) const TAG_REGION_UNKNOWN: &str = "tag-region-unknown";
pub(crate) const TAG_UNKNOWN: &str = "tag-unknown";
pub(crate) const TOO_MANY_GROUPS: &str = "too-many-groups";
pub(crate) const TOO_MANY_PREFIXES: &str = "too-many-prefixes";
pub(crate) const TOO_MANY_ROUTES: &str = "too-many-routes";
pub(crate) const TOO_MANY_RULES: &str = "too-many-rules";
pub(crate) const TOO_MANY_TAG_ROUTES: &str = "too-many-tag-routes";
pub(crate) const WHAT_IF_INCOMPLETE: &str = "what-if-incomplete";
pub(crate) const WILDCARD_ALIAS: &str = "wildcard-alias";
pub(crate) const WRONG_TYPE: &str = "wrong-type";

/// The keys of a document that stand in one object more than once, with different values: the first of them.
pub fn keys_twice(document: &Document) -> Vec<Fault> {
    /// More of one document say no more.
    const MOST: usize = 20;
    let fault = |pair: &Duplicate| Fault {
        kind: KEY_TWICE,
        detail: format!("`{}` stands twice in this object, with two values", pair.key),
        span: pair.second,
        via: None,
        related: Some((pair.first, "the other one".to_owned())),
        resource: String::new(),
        help: None,
    };
    document.duplicates.iter().filter(|pair| pair.differs).take(MOST).map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::FAULT_KINDS;

    #[test]
    fn kinds_are_sorted_and_in_kebab_case() {
        assert!(FAULT_KINDS.is_sorted_by(|one, two| one.0 < two.0));
        let kebab = |kind: &str| kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(FAULT_KINDS.iter().all(|(kind, _)| kebab(kind)));
    }
}
