//! An edit that would settle a finding, as data: which characters of which text become what, and the same said to Azure.
//!
//! Whoever judges proposes edits; `fix` turns them into bytes of a file or into commands, and tries them before it offers
//! any.

use std::sync::Arc;

use serde_json::Value;

use crate::finding::edit::Edit;
use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::source::Span;

/// One way to settle a finding. Nothing is promised of it until it was tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What it does, as an order: ``allow TCP 44224 in a new rule `allow-inbound-44224` ``.
    pub title: String,
    /// What it does besides, which somebody should look at: `it closes …`. `None`: it lets pass what is asked for, and
    /// nothing else is known to change.
    pub caution: Option<String>,
    /// What becomes of the text; all of it or nothing.
    pub changes: Vec<Change>,
    /// The same, asked of Azure, one by one; empty when the input does not show enough to name the resource.
    pub requests: Vec<Request>,
    /// What the requirement asks to pass; `None`: it is not for a requirement of traffic.
    pub asks: Option<Arc<Asked>>,
}

/// What a requirement asks to pass. An edit that opens more, or leads more another way, is not made without a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Into the subnet; else out of it.
    pub is_inbound: bool,
    /// The protocols.
    pub protocols: ProtocolSet,
    /// The ports it goes to.
    pub ports: PortSet,
    /// The ports that a slip of the pen let pass instead, which may close.
    pub given_up: PortSet,
    /// The other ends.
    pub peers: Vec<AskedPeer>,
    /// The hosts, where a firewall is to let pass names: patterns as rules write them.
    pub hosts: Vec<String>,
}

/// The other end of what a requirement asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedPeer {
    /// Every address.
    Any,
    /// A service tag.
    Tag(String),
    /// Addresses.
    Addresses(AddressSet),
    /// Anything in the virtual network.
    Network,
}

/// An edit that was tried: a run on the edited text proved that it settles its finding and breaks nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// What it does, as an order.
    pub title: String,
    /// What becomes of the texts, by place.
    pub edits: Vec<Edit>,
    /// Why somebody should look at it first; `None`: it does what is asked for, and nothing else.
    pub caution: Option<String>,
}

/// What becomes of the text. Every change is one of text that is literally there.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The literal at a place becomes another.
    Value {
        /// The literal, with its quotes.
        at: Span,
        /// What it has to say now; else there is nothing to change.
        was: Vec<String>,
        /// What it is to say: a text or a number.
        to: Value,
    },
    /// A literal gets others beside it: in its list, or in the list its property becomes.
    Beside {
        /// The literal.
        at: Span,
        /// What it has to say now.
        was: Vec<String>,
        /// What stands beside it.
        more: Vec<String>,
    },
    /// A property goes, with its value.
    Remove {
        /// Its value.
        at: Span,
    },
    /// A list gets one item more.
    Item {
        /// The list with its brackets.
        list: Span,
        /// The item, in REST form.
        item: Value,
    },
    /// A resource gets a list with one item, which it has not had.
    List {
        /// The object of the whole resource.
        resource: Span,
        /// The property: `securityRules`, `routes`, `rules`.
        key: &'static str,
        /// The item, in REST form.
        item: Value,
    },
}

impl Change {
    /// Where it is made.
    pub fn place(&self) -> Span {
        match self {
            Self::Value { at, .. } | Self::Beside { at, .. } | Self::Remove { at } => *at,
            Self::Item { list, .. } => *list,
            Self::List { resource, .. } => *resource,
        }
    }
}

/// A change asked of Azure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The id of the network security group, route table, firewall or rule collection group.
    pub on: String,
    /// The rule collection, where it is one of a firewall.
    pub collection: Option<String>,
    /// The name of the rule or route.
    pub name: String,
    /// It is there, and gets other settings; else it is new.
    pub exists: bool,
    /// The kind of thing.
    pub kind: RequestKind,
    /// Property and values, by the names of REST; of one that exists those that change.
    pub settings: Vec<(&'static str, Vec<String>)>,
}

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// A rule of a network security group.
    SecurityRule,
    /// A route of a table.
    Route,
    /// A network rule of a firewall policy.
    PolicyNetworkRule,
    /// An application rule of a firewall policy.
    PolicyApplicationRule,
    /// A network rule of a firewall without a policy.
    FirewallNetworkRule,
    /// An application rule of a firewall without a policy.
    FirewallApplicationRule,
}
