//! Why a proof could not decide, as data: what is not known, where it is written, and what would settle it. Its words
//! stand in `words`.
//!
//! Two doubts are the same when their data are; nobody compares their words.

use std::sync::Arc;

use crate::estate::{Export, short_name};
use crate::json::{self, Unknown};
use crate::net::{ProtocolSet, Tag};
use crate::source::Span;

type Name = Arc<str>;

/// Why a proof could not decide, and what would settle it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// What is not known; shown as a sentence without its full stop.
    pub reason: Arc<Reason>,
    /// Where it is written.
    pub span: Option<Span>,
    /// What would settle it; `None`: no input does.
    pub remedy: Option<Remedy>,
    /// The answers of Azure that would settle it.
    pub exports: Vec<Export>,
}

impl Doubt {
    /// A doubt that no input settles.
    pub fn new(reason: impl Into<Reason>) -> Self {
        Self { reason: Arc::new(reason.into()), span: None, remedy: None, exports: Vec::new() }
    }

    /// The doubt behind an unknown value.
    pub fn of(what: impl Into<What>, unknown: &Unknown) -> Self {
        let remedy = match &unknown.reason {
            json::Reason::ParameterWithoutValue(name)
            | json::Reason::SecureParameter(name)
            | json::Reason::KeyVaultReference(name) => Some(Remedy::Parameter(Arc::clone(name))),
            json::Reason::Placeholder(_) => Some(Remedy::ParameterFile),
            json::Reason::Fact(name) => Some(Remedy::Fact(Arc::clone(name))),
            json::Reason::NotShown(mention) => Some(Remedy::WholeExport(Arc::from(short_name(&mention.id)))),
            _ => None,
        };
        let exports = match &unknown.reason {
            json::Reason::NotShown(mention) => vec![Export::resource(&mention.type_name, &mention.id)],
            _ => Vec::new(),
        };
        let reason = Arc::new(Reason::Unknown(what.into(), unknown.reason.clone()));
        Self { reason, span: Some(unknown.span), remedy, exports }
    }

    /// With what would settle it.
    #[must_use]
    pub fn settled_by(mut self, remedy: impl Into<Remedy>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// With answers of Azure that settle it.
    #[must_use]
    pub fn shown_by(mut self, exports: impl IntoIterator<Item = Export>) -> Self {
        self.exports.extend(exports);
        self
    }

    /// At a place.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// What is not known, as a sentence without its full stop.
    pub fn message(&self) -> String {
        self.reason.to_string()
    }

    /// What would settle it, in words: `--set name=…`, `--service-tags FILE`, ….
    pub fn settle(&self) -> Option<String> {
        self.remedy.as_ref().map(Remedy::to_string)
    }
}

/// A kind of thing that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThingKind {
    /// A network security group.
    SecurityGroup,
    /// A rule of a security group, or of a firewall where that makes no difference.
    Rule,
    /// An application rule of a firewall.
    ApplicationRule,
    /// A route table.
    RouteTable,
    /// A route.
    Route,
    /// A NAT gateway.
    NatGateway,
    /// A firewall.
    Firewall,
    /// A firewall policy.
    FirewallPolicy,
    /// A rule collection group, where the input mentions it.
    RuleCollectionGroup,
    /// A rule collection group, among those of its policy.
    Group,
    /// A rule collection.
    RuleCollection,
    /// A service endpoint policy.
    ServiceEndpointPolicy,
    /// An IP group.
    IpGroup,
    /// A subnet.
    Subnet,
    /// A network interface.
    Interface,
    /// A connection of a Virtual WAN hub.
    Connection,
    /// A configuration of security admin rules.
    AdminConfiguration,
    /// A rule collection of security admin rules.
    AdminCollection,
}

impl ThingKind {
    /// The one of a name.
    pub fn named(self, name: impl Into<Arc<str>>) -> Thing {
        Thing { kind: self, name: name.into() }
    }
}

/// Something that has a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Thing {
    /// Its kind.
    pub kind: ThingKind,
    /// Its name.
    pub name: Arc<str>,
}

/// A part of something that may be unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aspect {
    Access,
    Action,
    Direction,
    NextHop,
    Port,
    Priority,
    Protocol,
    Type,
}

/// A value that is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum What {
    Exists(Thing),
    SomeRuleExists,
    Which(ThingKind),
    Of(Aspect, Thing),
    Alone(Aspect),
    OfSomeRule(Aspect),
    HostOf(Thing),
    Setting(&'static str, Thing),
    DefaultOutboundAccess,
    NatGatewayOfSubnet,
    NatAddresses(Name),
    ServiceEndpoints,
    CollectionGroups(Name),
    ApplianceOf(Name),
    Value(Name),
    Address,
    Region(Tag, Name),
    RoutePrefix,
    PortOfRule,
    PortOfFirewallRule,
    PartOfRules,
    PartOfRoutes,
    PartOfCollections,
    PartOf(Thing),
    JoinsAll(Name),
    DnsProxy,
    Order,
    /// In words of a caller above this module.
    Told(String),
}

impl From<String> for What {
    fn from(words: String) -> Self {
        Self::Told(words)
    }
}

/// What is not known, or not followed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words of each stand in `words`")]
pub enum Reason {
    /// A value is unknown, and why.
    Unknown(What, json::Reason),
    /// A value is unknown, and nothing tells why.
    Unexplained(What),
    NotAmongInput(Thing),
    NotShown(&'static str, Thing),
    // What a route leads to.
    BehindGateway,
    BehindAppliance(Name),
    BehindFirewallsAppliance {
        firewall: Name,
        at: Name,
    },
    BehindFirewallsRoute(Name),
    BehindAppliancesRoute(Name),
    AppliancesSource(Name),
    AdminRulesAtAppliance(Name),
    BehindHub(Name),
    NoApplianceAddress(Name),
    VnetLocalReach(Name),
    LongerPrefix,
    SamePrefix(Option<Name>),
    EffectiveRoutes(Name),
    // Networks and their peers.
    PeeringState(Name),
    PartialPeering(Name),
    NoPeering {
        network: Name,
        firewall: Name,
    },
    PeeringRoutesKeptOut {
        table: Name,
        word: Name,
    },
    NetworkIncomplete,
    NetworkWidened,
    // The subnet.
    SubnetPrefix,
    SubnetRegion,
    NatGatewayNotShown,
    NatAddressesNotShown(Name),
    EndpointPolicy {
        name: Name,
        alias: &'static str,
    },
    // Virtual WAN hubs.
    HubRoutes(Name),
    HubConnection {
        connection: Name,
        network: Name,
    },
    HubDefaultRoute(Name),
    HubPrivatePrefixes(Name),
    HubRouteWithoutHop,
    // Security admin rules.
    EffectiveAdminRule(Name),
    AdminRuleDeployed(Name),
    AdminRulesOf(Thing),
    AdminRulesOfManager(Name),
    AdminRulePriority(Name),
    AdminRuleOrder(Name),
    // Addresses.
    HostAddresses(String),
    TagNotLoaded(Name),
    TagNotPublished(&'static str),
    GroupMembers,
    NoAddressNamed,
    NoPortNamed,
    // Rules of groups.
    NoEffectiveRule,
    SameRulePriority(Name, Name),
    AnotherOfPriority,
    TooManyRules,
    TooManyCases,
    TooManyCasesAhead,
    // Firewalls.
    ResolvedAddresses {
        rule: Name,
        host: Name,
    },
    NoProtocol(Name),
    SpokenOn {
        port: u16,
        protocol: Option<String>,
    },
    HostsNotKnown(Name),
    UrlPaths(Name),
    FqdnTag(Name),
    WebCategories(Name),
    NoHostNamed(Name),
    TagInFirewall {
        tag: Name,
        is_source: bool,
    },
    FirewallSideEmpty {
        is_source: bool,
    },
    NoFirewallPort,
    PolicyAmongParents(Name),
    NoCollectionGroup(Name),
    NoAction(Thing),
    NoPriority(Thing),
    SamePriority(Thing, Thing),
    NoTranslation,
    DnsProxyOff,
    // No packet is asked for.
    NoPorts(ProtocolSet),
    NoPortAsked,
    NoHostAsked,
    NoAddressAsked,
    SubnetWithoutPrefix,
    EmptyTag(Tag),
    /// The far end has no address of a family, and it is not known whether the subnet has the other one.
    FarFamily {
        far: String,
        lacks: &'static str,
    },
    /// The two ends share no family; `near`: `None` for the subnet.
    NoCommonFamily {
        near: Option<String>,
        near_lacks: &'static str,
        far: String,
        far_lacks: &'static str,
    },
    /// In words of a caller above this module.
    Told(String),
}

impl From<String> for Reason {
    fn from(words: String) -> Self {
        Self::Told(words)
    }
}

impl From<&str> for Reason {
    fn from(words: &str) -> Self {
        Self::Told(words.to_owned())
    }
}

/// What would settle a doubt.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Remedy {
    Parameter(Name),
    ParameterFile,
    Fact(Name),
    SubnetPrefixes,
    ServiceTags,
    ServiceTagsOfCloud,
    WholeExport(Name),
    FileOf(Thing),
    FileOfSubnet,
    FileOfNetwork,
    FirewallAndPolicy(Option<Name>),
    RulesOfAppliance,
    NetworkWithPeerings,
    BothNetworks,
    NatGatewayExport,
    AliasInPolicy(&'static str),
    Hub,
    HubRouting,
    RemoteNetwork,
    Setting(&'static str, ThingKind),
    EffectiveRoutes,
    EffectiveRoutesAlone,
    EffectiveAdminRules,
    NetworkRuleForPort,
    CollectionGroups(Name),
    DnsProxy,
    /// In words of a caller above this module.
    Told(String),
}

impl From<String> for Remedy {
    fn from(words: String) -> Self {
        Self::Told(words)
    }
}

impl From<&str> for Remedy {
    fn from(words: &str) -> Self {
        Self::Told(words.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Doubt;
    use crate::json::{self, Unknown};
    use crate::proof::tests::why;

    #[test]
    fn a_placeholder_is_settled_by_the_file_of_parameters() {
        let mut one = Unknown::clone(&why("key"));
        assert_eq!(Doubt::of("it".to_owned(), &one).settle().as_deref(), Some("--set key=…"));
        one.reason = json::Reason::Placeholder(Arc::from("__KEY__"));
        assert_eq!(Doubt::of("it".to_owned(), &one).settle().as_deref(), Some("--parameters FILE"));
    }
}
