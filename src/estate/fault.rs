//! Faults that reading an estate can find, and their kinds in one list. What a finding about each says is rule data.

use std::sync::Arc;

use crate::json::{Document, Duplicate, Node, Trail};
use crate::source::Span;

/// Something Azure would refuse or that makes the input incomplete; a rule with subject `fault` gives it its words.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The kind of fault, in kebab case: `priority-out-of-range`, `prefix-has-host-bits`, ….
    pub kind: &'static str,
    /// What is wrong, with the value: "`10.0.0.1/8` has host bits set; Azure reads 10.0.0.0/8".
    pub detail: String,
    /// The characters at fault.
    pub span: Span,
    /// The way from those characters to the use.
    pub via: Option<Arc<Trail>>,
    /// Another place that matters: the first of two rules with one priority, ….
    pub related: Option<(Span, String)>,
    /// The resource: id or name.
    pub resource: String,
    /// What would put it right, when it is plain: `did you mean AzureCloud.norwaye?`.
    pub help: Option<String>,
    /// The text at the place and the one that is likely meant, where one other text puts it right.
    pub instead: Option<Instead>,
}

/// A text that is likely meant in place of another.
#[derive(Clone, Debug)]
pub struct Instead {
    /// What is written.
    pub was: Arc<str>,
    /// What to write.
    pub to: Arc<str>,
    /// It means more than what is written.
    pub is_more: bool,
}

impl Fault {
    /// A fault of a kind at a place, with no more to say about it.
    pub(crate) fn new(kind: &'static str, span: Span, detail: impl Into<String>, resource: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            span,
            via: None,
            related: None,
            resource: resource.into(),
            help: None,
            instead: None,
        }
    }

    /// Says what is likely meant.
    pub(crate) fn meant(&mut self, was: &str, to: &str) {
        self.help = Some(format!("did you mean `{to}`?"));
        self.instead = Some(Instead { was: was.into(), to: to.into(), is_more: false });
    }

    /// Says what to write.
    pub(crate) fn write(&mut self, was: &str, to: &str, is_more: bool) {
        self.help = Some(format!("write `{to}`"));
        self.instead = Some(Instead { was: was.into(), to: to.into(), is_more });
    }

    /// The same fault at a node, which may have come to its place by parameters and variables.
    #[must_use]
    pub(crate) fn via(self, at: &Node) -> Self {
        Self { via: at.via.clone(), ..self }
    }
}

macro_rules! fault_kinds {
    ($($name:ident $kind:literal $meaning:literal)*) => {
        $(pub(crate) const $name: &str = $kind;)*

        /// Every kind with its meaning, by name.
        pub const FAULT_KINDS: &[(&str, &str)] = &[$(($kind, $meaning)),*];
    };
}

fault_kinds! {
    ACCESS_UNKNOWN "access-unknown"
        "`access` of a security rule, or the action of a collection, is neither Allow nor Deny"
    ADDRESS_COMMA_LIST "address-comma-list" "a field for one address holds several, separated by commas"
    ADDRESS_RANGE "address-range" "a range of addresses `a-b` where only addresses, prefixes and tags are taken"
    ADDRESS_SIDE_MISSING "address-side-missing"
        "a security rule says neither which addresses nor which groups one of its sides means"
    BUILT_IN_RULES_WRITTEN "built-in-rules-written" "a template that writes `defaultSecurityRules`, which Azure ignores"
    DECLARED_TWICE_DIFFERENTLY "declared-twice-differently" "one resource is written twice, and the two do not agree"
    DEPENDENCIES_INVALID "dependencies-invalid"
        "an answer of the dependencies API, or an endpoint in it, that cannot be read"
    DESCRIPTION_TOO_LONG "description-too-long" "the description of a security rule is longer than 140 characters"
    DIRECTION_UNKNOWN "direction-unknown" "`direction` is neither Inbound nor Outbound"
    DUPLICATE_COLLECTION_PRIORITY "duplicate-collection-priority"
        "two rule collections, or two groups of them, have the same priority and do different things"
    DUPLICATE_NAME "duplicate-name" "two children of one resource have the same name"
    DUPLICATE_PRIORITY "duplicate-priority" "two rules of one direction have the same priority"
    DUPLICATE_ROUTE "duplicate-route" "two routes of one table have the same prefix"
    EXPORT_INCOMPLETE "export-incomplete" "an export that says itself that it does not show all there is"
    FIREWALL_TAG_SOURCE "firewall-tag-source" "a service tag as the source of a firewall rule"
    FQDN_TAG_UNKNOWN "fqdn-tag-unknown" "an FQDN tag that Azure Firewall does not have"
    FQDN_TAGS_BESIDE_HOSTS "fqdn-tags-beside-hosts" "an application rule with both `fqdnTags` and `targetFqdns`"
    HOST_INVALID "host-invalid" "a value among the hosts of a firewall rule that no host is called"
    INCOMPLETE_LIST "incomplete-list" "the file is one page of several: more resources follow elsewhere"
    KEY_TWICE "key-twice" "a key stands twice in one object, with two values"
    MIXED_FAMILIES "mixed-families" "IPv4 and IPv6 addresses in one list"
    NAME_INVALID "name-invalid" "a name with characters that Azure does not take"
    NAME_TOO_LONG "name-too-long" "a name longer than 80 characters"
    NEXT_HOP_ADDRESS_INVALID "next-hop-address-invalid" "`nextHopIpAddress` is no address"
    NEXT_HOP_ADDRESS_MISSING "next-hop-address-missing" "next hop VirtualAppliance without `nextHopIpAddress`"
    NEXT_HOP_ADDRESS_UNUSED "next-hop-address-unused" "`nextHopIpAddress` with a next hop other than VirtualAppliance"
    NEXT_HOP_UNKNOWN "next-hop-unknown" "`nextHopType` is none of Azure's"
    OVERLAPPING_PREFIXES "overlapping-prefixes" "two prefixes of one list overlap"
    PLAN_INCOMPLETE "plan-incomplete" "a Terraform plan or state that does not show all there is"
    POLICY_OWN_PARENT "policy-own-parent" "a firewall policy that is among its own parents"
    PORT_COMMA_LIST "port-comma-list" "a field for one port range holds several, separated by commas"
    PORT_INVALID "port-invalid" "a port that is no number from 0 to 65535, range or `*`"
    PORT_RANGE_REVERSED "port-range-reversed" "a port range whose first port is greater than its last"
    PORT_SIDE_MISSING "port-side-missing" "a security rule says nothing about the ports of one of its sides"
    POWERSHELL_CUT_OFF "powershell-cut-off" "ConvertTo-Json cut off what lies deeper than its -Depth"
    PREFIX_HAS_HOST_BITS "prefix-has-host-bits" "a prefix with bits set beyond its length"
    PREFIX_INVALID "prefix-invalid" "an address or prefix that cannot be read"
    PRIORITY_INVALID "priority-invalid" "a priority that is no whole number"
    PRIORITY_OUT_OF_RANGE "priority-out-of-range" "a priority outside of what Azure takes"
    PROTOCOL_UNKNOWN "protocol-unknown" "a protocol that Azure does not know"
    REQUIRED_FIELD_MISSING "required-field-missing" "a field that has to be there is not"
    ROUTE_PREFIX_MISSING "route-prefix-missing" "a route without `addressPrefix`"
    RULE_TYPE_UNKNOWN "rule-type-unknown" "a firewall rule of a type that Azure does not know"
    SINGULAR_AND_PLURAL "singular-and-plural"
        "the field for one value and the field for several are both used, with different values"
    STRAY_SPACE "stray-space" "blanks around a value"
    TAG_ALIAS "tag-alias" "a service tag by an old or other spelling"
    TAG_IN_LIST "tag-in-list" "a service tag or `*` in a list with other values"
    TAG_NOT_FOR_FIREWALLS "tag-not-for-firewalls" "a service tag that firewall rules cannot name"
    TAG_NOT_FOR_ROUTES "tag-not-for-routes" "a service tag that routes cannot name"
    TAG_NOT_IN_CLOUD "tag-not-in-cloud" "a service tag that the cloud of the resource does not have"
    TAG_REGION_UNDOCUMENTED "tag-region-undocumented" "a regional form that is not documented as usable in rules"
    TAG_REGION_UNKNOWN "tag-region-unknown" "a known service tag with a region that it does not have"
    TAG_UNKNOWN "tag-unknown" "no service tag and no address"
    TOO_MANY_GROUPS "too-many-groups" "more application security groups than a rule or its security group may name"
    TOO_MANY_PREFIXES "too-many-prefixes" "more than 4,000 addresses on one side over all rules of a security group"
    TOO_MANY_ROUTES "too-many-routes" "more than 400 routes in a table"
    TOO_MANY_RULES "too-many-rules" "more than 1,000 rules in a security group"
    TOO_MANY_TAG_ROUTES "too-many-tag-routes" "more than 25 routes with service tags in a table"
    WHAT_IF_INCOMPLETE "what-if-incomplete" "a what-if that does not show what comes to be"
    WILDCARD_ALIAS "wildcard-alias" "`Any` where Azure takes `*`"
    WRONG_TYPE "wrong-type" "a value of a JSON type that the field does not take"
}

/// The keys of a document that stand in one object more than once, with different values: the first of them.
pub fn keys_twice(document: &Document) -> Vec<Fault> {
    /// More of one document say no more.
    const MOST: usize = 20;
    let fault = |pair: &Duplicate| {
        let detail = format!("`{}` stands twice in this object, with two values", pair.key);
        let related = Some((pair.first, "the other one".to_owned()));
        Fault { related, ..Fault::new(KEY_TWICE, pair.second, detail, "") }
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
