//! Facts: what conditions ask about a placement, and where each is read.

use std::fmt;
use std::sync::Arc;

use crate::finding::FactValue;
use crate::json::Selector;
use crate::rule::error::{RuleError, suggestion};
use crate::rule::schema::Written;
use crate::rule::tree::Value;
use crate::rule::value;

/// What a fact is and where it comes from.
#[derive(Clone, Debug)]
pub struct FactSpec {
    /// The kind of its value.
    pub kind: FactKind,
    /// What it says, in a sentence.
    pub describe: Arc<str>,
    /// Where it is read, the first that knows it counts.
    pub from: Vec<FactSource>,
    /// Its value when nothing knows it; `None` leaves it unknown.
    pub default: Option<FactValue>,
    /// The only words it may have; empty: any.
    pub values: Vec<String>,
    /// Which value counts when several resources of one placement say different things.
    pub combine: Combine,
}

/// The kinds of facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactKind {
    /// Yes or no.
    Boolean,
    /// A word.
    Text,
    /// Several words.
    List,
}

impl FactKind {
    pub(crate) const WORDS: [(&'static str, Self); 3] =
        [("boolean", Self::Boolean), ("text", Self::Text), ("list", Self::List)];

    /// The word users write.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }
}

/// How the values of several resources become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combine {
    /// True when one says so; a list gathers all. For texts as `Same`.
    Any,
    /// True when all say so; a list keeps what all hold. For texts as `Same`.
    All,
    /// Known only when all say the same.
    Same,
}

impl Combine {
    pub(crate) const WORDS: [(&'static str, Self); 3] = [("any", Self::Any), ("all", Self::All), ("same", Self::Same)];
}

/// Where a fact can be read.
#[derive(Clone, Debug)]
pub enum FactSource {
    /// In a resource that put the service there, or the workspace it belongs to.
    Resource {
        /// The resource's type.
        resource: Arc<str>,
        /// The property.
        select: Selector,
        /// The fact's value when the property is not there.
        absent: Option<FactValue>,
        /// What the property's values mean; the property's own value when empty.
        map: Vec<(FactValue, FactValue)>,
        /// What any other value means; `None` leaves the fact unknown.
        otherwise: Option<FactValue>,
        /// Of an id the name at its end counts.
        name_only: bool,
    },
    /// Another fact, where it is said or shown.
    Fact(Arc<str>),
    /// Derived from the estate by the program.
    BuiltIn(BuiltInFact),
}

macro_rules! built_in_facts {
    ($($name:ident $word:literal $kind:ident $describe:literal),+ $(,)?) => {
        /// Facts that the program derives from the estate.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum BuiltInFact {
            $(#[doc = $describe] $name,)+
        }

        impl BuiltInFact {
            /// Every one, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word users write.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// What it says.
            pub fn describe(self) -> &'static str {
                match self { $(Self::$name => $describe),+ }
            }

            /// The kind of its value.
            pub fn kind(self) -> FactKind {
                match self { $(Self::$name => FactKind::$kind),+ }
            }
        }
    };
}

built_in_facts! {
    Region "region" Text "The ARM location of the subnet's network, or of the resource that was found on it.",
    WorkspaceRegion "workspace-region" Text "The ARM location of the workspace the resource belongs to.",
    WorkspaceElsewhere "workspace-elsewhere" Boolean "The workspace is in another location than the resource that belongs to it.",
    PairedRegion "paired-region" Text "The location paired with the region; unknown when it has no pair.",
    Cloud "cloud" Text "public, government or china.",
    PrivateEndpoints "private-endpoints" Boolean "A private endpoint is in the network or in one peered with it.",
    WorkspacePrivateEndpoint "workspace-private-endpoint" Boolean "A private endpoint leads to the workspace.",
    StoragePrivateEndpoint "storage-private-endpoint" Boolean "A private endpoint leads to the storage account of the workspace, or to any where that is not told.",
    MonitorPrivateEndpoint "monitor-private-endpoint" Boolean "A private endpoint leads to a private link scope of Azure Monitor.",
    RegistryPrivateEndpoint "registry-private-endpoint" Boolean "A private endpoint leads to a container registry.",
    PrivateEndpointPrefixes "private-endpoint-prefixes" List "The subnets or addresses of the private endpoints in reach.",
    SubnetPrefixes "subnet-prefixes" List "The prefixes of the subnet.",
    NetworkPrefixes "network-prefixes" List "The address space of the subnet's network.",
    DefaultRoute "default-route" Text "The next hop of 0.0.0.0/0 in effect: internet, virtual-appliance, virtual-network-gateway, vnet-local or none.",
    Firewall "firewall" Boolean "The default route leads to a virtual appliance.",
    NatGateway "nat-gateway" Boolean "The subnet has a NAT gateway.",
    DefaultOutbound "default-outbound" Boolean "The subnet has default outbound access.",
    StorageServiceEndpoint "service-endpoint-storage" Boolean "The subnet has a service endpoint for storage.",
    Delegations "delegations" List "The services the subnet is delegated to.",
    FirewallByHosts "firewall-by-hosts" Boolean "The firewall on the path, or one on its own, names hosts and no service tag of Azure.",
    PrivateNames "private-names" List "The host names of the workspace, its storage account, key vault and registry that private endpoints in reach are for.",
    SubnetName "subnet-name" Text "The name of the subnet.",
}

impl BuiltInFact {
    /// Whether private endpoints that the input shows tell it.
    pub(crate) fn rests_on_private_endpoints(self) -> bool {
        use BuiltInFact::{
            MonitorPrivateEndpoint, PrivateEndpointPrefixes, PrivateEndpoints, RegistryPrivateEndpoint,
            StoragePrivateEndpoint, WorkspacePrivateEndpoint,
        };
        matches!(
            self,
            MonitorPrivateEndpoint
                | PrivateEndpointPrefixes
                | PrivateEndpoints
                | RegistryPrivateEndpoint
                | StoragePrivateEndpoint
                | WorkspacePrivateEndpoint
        )
    }
}

impl fmt::Display for BuiltInFact {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

pub(crate) const FACT_KEYS: [&str; 6] = ["type", "describe", "from", "default", "values", "combine"];
pub(crate) const SOURCE_KEYS: [&str; 8] =
    ["resource", "select", "absent", "map", "otherwise", "take", "built-in", "fact"];

impl FactSpec {
    /// Reads one fact of a `service.yaml`.
    pub(crate) fn read(written: Written<'_>) -> Result<Self, RuleError> {
        let keys = written.keys("a fact", &FACT_KEYS)?;
        let kind = keys.need("type")?.word("type of fact", &FactKind::WORDS)?;
        let values = match keys.get("values") {
            Some(values) if kind == FactKind::Boolean => {
                return Err(values.error("a boolean fact has no list of values"));
            }
            Some(values) => values
                .list()?
                .into_iter()
                .map(|value| value.scalar().map(|word| word.to_string()))
                .collect::<Result<_, _>>()?,
            None => Vec::new(),
        };
        let combine = match keys.get("combine") {
            Some(combine) => combine.word("way to combine", &Combine::WORDS)?,
            None if kind == FactKind::Text => Combine::Same,
            None => Combine::Any,
        };
        let describe = keys.need("describe")?.text()?;
        let mut spec = Self { kind, describe, from: Vec::new(), default: None, values, combine };
        spec.default = keys.get("default").map(|default| spec.read_value(default)).transpose()?;
        spec.from = keys.items("from").into_iter().map(|item| read_source(item, &spec)).collect::<Result<_, _>>()?;
        Ok(spec)
    }

    /// Reads one value a condition may ask for.
    pub(crate) fn read_one(&self, written: Written<'_>) -> Result<FactValue, RuleError> {
        if self.kind == FactKind::Boolean {
            return Ok(FactValue::Bool(written.bool()?));
        }
        let word = written.scalar()?;
        let word = self.current(&word);
        self.check_word(written, word)?;
        Ok(FactValue::Text(word.to_owned()))
    }

    /// The word that is now written for a value: `virtual-network` was once a second word for the next hop `vnet-local`.
    fn current<'w>(&self, word: &'w str) -> &'w str {
        let default_route = |source: &FactSource| matches!(source, FactSource::BuiltIn(BuiltInFact::DefaultRoute));
        if word == "virtual-network" && self.from.iter().any(default_route) { "vnet-local" } else { word }
    }

    /// Reads a whole value of this fact.
    pub(crate) fn read_value(&self, written: Written<'_>) -> Result<FactValue, RuleError> {
        if self.kind != FactKind::List {
            return self.read_one(written);
        }
        let mut words = Vec::new();
        for item in written.items() {
            if matches!(item.yaml.value, Value::Null) {
                return Err(item.error("expected a text"));
            }
            let word = item.scalar()?;
            self.check_word(item, &word)?;
            words.push(word.to_string());
        }
        Ok(FactValue::List(words))
    }

    fn check_word(&self, written: Written<'_>, word: &str) -> Result<(), RuleError> {
        if self.values.is_empty() || self.values.iter().any(|allowed| allowed == word) {
            return Ok(());
        }
        Err(written.error(format!("`{word}` is not a value of this fact")).label("unknown value").help(suggestion(
            word,
            "its values are",
            self.values.iter().map(String::as_str),
        )))
    }
}

fn read_source(written: Written<'_>, spec: &FactSpec) -> Result<FactSource, RuleError> {
    let keys = written.keys("`from`", &SOURCE_KEYS)?;
    if let Some(name) = keys.get("built-in") {
        if let Some(other) = SOURCE_KEYS.iter().filter(|key| **key != "built-in").find_map(|key| keys.get(key)) {
            return Err(other.error("a built-in fact is derived by the program and takes nothing else"));
        }
        let words: Vec<(&str, BuiltInFact)> = BuiltInFact::ALL.iter().map(|fact| (fact.as_str(), *fact)).collect();
        let fact = name.word("built-in fact", &words)?;
        if fact.kind() != spec.kind {
            return Err(name.error(format!("built-in fact `{fact}` is of type {}", fact.kind().as_str())));
        }
        return Ok(FactSource::BuiltIn(fact));
    }
    if let Some(name) = keys.get("fact") {
        if let Some(other) = SOURCE_KEYS.iter().filter(|key| **key != "fact").find_map(|key| keys.get(key)) {
            return Err(other.error("a fact that follows another takes nothing else"));
        }
        return Ok(FactSource::Fact(name.text()?));
    }
    let map = match keys.get("map") {
        Some(map) => map
            .pairs()?
            .into_iter()
            .map(|pair| {
                let from = match pair.key {
                    "true" => FactValue::Bool(true),
                    "false" => FactValue::Bool(false),
                    word => FactValue::Text(word.to_owned()),
                };
                Ok((from, spec.read_value(pair.value)?))
            })
            .collect::<Result<Vec<_>, _>>()?,
        None => Vec::new(),
    };
    let otherwise = keys.get("otherwise").map(|value| spec.read_value(value)).transpose()?;
    if let (true, Some(value)) = (map.is_empty(), keys.get("otherwise")) {
        return Err(value.error("`otherwise` needs a `map`"));
    }
    Ok(FactSource::Resource {
        resource: value::resource_type(&keys)?,
        select: value::selector(keys.need("select")?)?,
        absent: keys.get("absent").map(|value| spec.read_value(value)).transpose()?,
        map,
        otherwise,
        name_only: keys.get("take").map(|word| word.word("part", &[("name", ())])).transpose()?.is_some(),
    })
}
