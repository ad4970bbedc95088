//! What an export shows of a resource and what it only mentions. A row of `az resource list`, a projection of Resource
//! Graph or `--query`, an association: outside templates a property that is not there says nothing.
//!
//! In a template what is absent has its default, since the template is what makes the resource.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::estate::extract::lookup;
use crate::estate::kind::{Kind, Shape};
use crate::estate::normal::{member, object, replace};
use crate::estate::resource::unknown_value;
use crate::estate::shape::type_of;
use crate::json::{Mention, Node, Reason, Value};

/// What makes a resource of a kind.
struct Content {
    /// Properties of which Azure's answers about the resource hold at least one; without any it is a mention.
    told_by: &'static [&'static str],
    /// Properties that every whole answer holds, also when they are empty.
    always: &'static [&'static str],
    /// Properties that a whole answer leaves out when they have no value, and that decide something here.
    sometimes: &'static [&'static str],
}

/// The members of each kind, as the answers of the REST interface (`GET`) of the resource have them:
/// <https://learn.microsoft.com/rest/api/virtualnetwork/>, <https://learn.microsoft.com/rest/api/firewall/>,
/// <https://learn.microsoft.com/rest/api/azureml/workspaces/get> and `…/compute/get`. Lists are there when they are
/// empty (`"securityRules": []`); references such as `networkSecurityGroup` are left out when there are none.
fn content(kind: Kind) -> Option<Content> {
    let content = |told_by, always, sometimes| Some(Content { told_by, always, sometimes });
    match kind {
        Kind::Nsg => content(&["securityRules"], &["securityRules"], &[]),
        Kind::RouteTable => content(&["routes"], &["routes"], &["disableBgpRoutePropagation"]),
        Kind::Network => content(&["addressSpace"], &["addressSpace"], &["virtualNetworkPeerings", "dhcpOptions"]),
        Kind::Subnet => content(SUBNET, &[], SUBNET),
        Kind::PrivateEndpoint => content(
            &["subnet", "privateLinkServiceConnections", "manualPrivateLinkServiceConnections"],
            &[],
            &["subnet", "privateLinkServiceConnections"],
        ),
        Kind::Interface => content(&["ipConfigurations"], &["ipConfigurations"], &["networkSecurityGroup"]),
        Kind::Workspace => content(WORKSPACE, &[], WORKSPACE),
        Kind::Compute => content(&["computeType", "properties"], &[], &["computeType", "properties"]),
        Kind::Firewall => content(FIREWALL, &[], &["ipConfigurations", "firewallPolicy"]),
        Kind::Policy => content(
            &["ruleCollectionGroups", "ruleGroups", "sku", "threatIntelMode", "basePolicy", "dnsSettings"],
            &["ruleCollectionGroups"],
            &["basePolicy", "dnsSettings"],
        ),
        Kind::CollectionGroup => content(&["ruleCollections"], &["ruleCollections"], &["priority"]),
        Kind::IpGroup => content(&["ipAddresses"], &["ipAddresses"], &[]),
        Kind::HubConnection => content(
            &["remoteVirtualNetwork"],
            &["remoteVirtualNetwork"],
            &["enableInternetSecurity", "routingConfiguration"],
        ),
        Kind::HubRouteTable => content(&["routes"], &["routes"], &[]),
        Kind::RoutingIntent => content(&["routingPolicies"], &["routingPolicies"], &[]),
        // Any other type: a resource without `properties` at all is a mention.
        Kind::Other | Kind::NatGateway | Kind::Hub | Kind::AdminConfiguration => content(&[], &[], &[]),
        Kind::SecurityRule | Kind::DefaultSecurityRule | Kind::AdminRule | Kind::Route | Kind::Peering => None,
    }
}

const SUBNET: &[&str] = &[
    "addressPrefix",
    "networkSecurityGroup",
    "routeTable",
    "natGateway",
    "serviceEndpoints",
    "delegations",
    "defaultOutboundAccess",
];

const WORKSPACE: &[&str] = &[
    "hbiWorkspace",
    "managedNetwork",
    "storageAccount",
    "keyVault",
    "containerRegistry",
    "publicNetworkAccess",
    "serverlessComputeSettings",
    "imageBuildCompute",
    "privateEndpointConnections",
];

const FIREWALL: &[&str] = &[
    "ipConfigurations",
    "firewallPolicy",
    "hubIPAddresses",
    "networkRuleCollections",
    "applicationRuleCollections",
    "natRuleCollections",
];

/// Properties that say the same in another way: one of a row is enough.
const EITHER: &[&[&str]] = &[
    &["addressPrefix", "addressPrefixes"],
    &["ipConfigurations", "hubIPAddresses"],
    &["ruleCollectionGroups", "ruleGroups"],
    &["privateLinkServiceConnections", "manualPrivateLinkServiceConnections"],
    &["firewallPolicy", "networkRuleCollections", "applicationRuleCollections", "natRuleCollections"],
];

/// What never says anything about a resource's content.
const EMPTY_WORDS: &[&str] = &["provisioningState", "resourceGuid", "type"];

/// Whether an object holds some of a resource's properties, picked out of the whole: a resource written flat shows at
/// least `provisioningState` or `etag` where nobody picked. `within`: it stands in one of which that is true.
pub(crate) fn is_projection(node: &Node, shape: Shape, within: bool) -> bool {
    let inner = node.get("properties").filter(|inner| inner.is_object() || inner.unknown().is_some());
    let said = |key: &str| node.get(key).or_else(|| inner?.get(key)).is_some();
    let picked = match shape {
        _ if within => true,
        Shape::Cli | Shape::PowerShell => inner.is_none() && said("id"),
        Shape::ResourceGraph => true,
        _ => false,
    };
    picked && !said("provisioningState") && !said("etag")
}

/// A resource as all its writings together show it, in REST form.
pub(crate) struct Written<'d> {
    pub(crate) kind: Kind,
    pub(crate) shape: Shape,
    /// What it is joined by.
    pub(crate) key: &'d str,
    /// Every writing of it holds properties picked out of the whole.
    pub(crate) projection: bool,
    pub(crate) node: &'d mut Node,
    /// Set when nothing of what makes it is shown.
    pub(crate) mentioned: &'d mut bool,
    /// A policy of which a rule collection group is shown: a policy written without its list of groups, as a request
    /// writes it, has those that the input shows.
    pub(crate) groups_shown: bool,
}

/// Makes everything unknown that the input does not show of a resource. `given`: lists of children that are shown whole
/// elsewhere.
pub(crate) fn open(draft: &mut Written<'_>, given: &BTreeSet<&'static str>) {
    let Some(content) = content(draft.kind) else { return };
    for list in given {
        let properties = draft.node.get("properties").filter(|inner| inner.is_object()).cloned();
        let properties = properties.unwrap_or_else(|| object(draft.node, Vec::new()));
        if properties.get(list).is_none_or(Node::is_null) {
            let none = Node::new(Value::List(Arc::default()), draft.node.span);
            *draft.node = replace(draft.node, "properties", replace(&properties, list, none));
        }
    }
    let Some(properties) = draft.node.get("properties").filter(|inner| !inner.is_null()).cloned() else {
        *draft.mentioned = true;
        return set(draft, "");
    };
    if !properties.is_object() || content.told_by.is_empty() {
        return;
    }
    let shown = |key: &str| properties.get(key).is_some_and(|value| !value.is_null());
    let is_told = |key: &str| {
        EITHER.iter().find(|row| row.contains(&key)).map_or_else(|| shown(key), |row| row.iter().any(|key| shown(key)))
    };
    *draft.mentioned = !content.told_by.iter().any(|key| is_told(key) && !is_bare(draft.kind, &properties, key));
    let says_nothing = properties.members().iter().all(|member| {
        EMPTY_WORDS.iter().any(|word| member.key.eq_ignore_ascii_case(word))
            || is_bare(draft.kind, &properties, &member.key)
    });
    if *draft.mentioned && says_nothing {
        return set(draft, "");
    }
    let is_known_elsewhere = |key: &str| draft.groups_shown && !draft.projection && key == "ruleCollectionGroups";
    let mut missing: Vec<&'static str> = content.always.iter().copied().filter(|key| !is_told(key)).collect();
    if !*draft.mentioned {
        missing.retain(|key| !is_known_elsewhere(key));
    }
    if *draft.mentioned || draft.projection {
        missing.extend(content.sometimes.iter().copied().filter(|key| !is_told(key)));
    }
    if draft.kind == Kind::Firewall {
        missing.extend(["ipConfigurations", "firewallPolicy"].into_iter().filter(|key| !is_told(key)));
    }
    // `az ml workspace show` never prints them.
    if draft.kind == Kind::Workspace && draft.shape == Shape::MachineLearningCli {
        missing.extend(["privateEndpointConnections"].into_iter().filter(|key| !shown(key)));
    }
    missing.sort_unstable();
    missing.dedup();
    missing.into_iter().for_each(|key| set(draft, key));
}

/// Whether the inner properties of a compute are there and hold nothing.
fn is_bare(kind: Kind, properties: &Node, key: &str) -> bool {
    let inner = properties.get("properties");
    kind == Kind::Compute
        && key.eq_ignore_ascii_case("properties")
        && inner.is_some_and(|inner| inner.is_null() || (inner.is_object() && inner.members().is_empty()))
}

/// Puts an unknown value in the place of a property; the empty one stands for all.
fn set(draft: &mut Written<'_>, property: &'static str) {
    let node = &*draft.node;
    let at = node.get("name").or_else(|| node.get("id")).unwrap_or(node);
    let id = lookup(node, &["id"]).or_else(|| lookup(node, &["resourceId"])).or_else(|| lookup(node, &["name"]));
    let mention = Mention {
        type_name: type_of(node).unwrap_or_default().into(),
        property: Arc::from(property),
        id: Arc::from(id.and_then(Node::text).unwrap_or_default()),
    };
    let key = format!("not shown {} {property}", draft.key);
    let unknown = unknown_value(Reason::NotShown(Arc::new(mention)), "", at.span, key);
    let value = Node { value: Value::Unknown(unknown), span: at.span, via: at.via.clone() };
    *draft.node = match (property, node.get("properties")) {
        ("", _) => replace(node, "properties", value),
        (_, Some(properties)) => replace(node, "properties", replace(properties, property, value)),
        (_, None) => replace(node, "properties", object(node, vec![member(property, value, node)])),
    };
}
