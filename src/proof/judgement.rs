//! What a proof is asked, and what it hands back: the verdict, who decided, a packet that shows it, and the rules it met.
//!
//! Coming to it is the work of `egress` and `path`; putting it into words for users that of `judge`.

use std::sync::Arc;

use crate::estate::{Access, Direction, NextHop};
use crate::finding::{Layer, Packet, Verdict};
pub use crate::net::Matching;
use crate::net::{Family, PortSet, ProtocolSet};
use crate::proof::doubt::Doubt;
use crate::proof::ground::Party;
use crate::source::Span;

/// Traffic that a requirement asks for.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Into the subnet or out of it.
    pub direction: Direction,
    /// The protocols. Where ports are asked for, those without ports are left out.
    pub protocols: ProtocolSet,
    /// Where it comes from.
    pub from: Party,
    /// Where it goes to. Inbound traffic goes to the private address (NSG-14).
    pub to: Party,
    /// The destination ports.
    pub ports: PortSet,
    /// Which rules may let it pass.
    pub matching: Matching,
}

/// What kind of thing decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A custom rule of a network security group.
    Rule,
    /// A rule that Azure adds to every network security group.
    BuiltIn,
    /// The platform's own addresses, which are open by themselves (NSG-21).
    Platform,
    /// A route of a table.
    Route,
    /// A route that Azure adds by itself.
    SystemRoute,
    /// A rule of a firewall.
    FirewallRule,
    /// What the user declares of an appliance.
    Declared,
    /// Something the input does not show.
    Unknown,
}

impl Kind {
    /// The word users read: `rule`, `built-in`, `route`, `firewall-rule`, ….
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::BuiltIn => "built-in",
            Self::Platform => "platform",
            Self::Route => "route",
            Self::SystemRoute => "system-route",
            Self::FirewallRule => "firewall-rule",
            Self::Declared => "declared",
            Self::Unknown => "unknown",
        }
    }
}

/// Where a rule or route is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Written {
    /// The whole of it.
    pub span: Span,
    /// Its name.
    pub name: Span,
    /// Its priority; a route has none.
    pub priority: Option<Span>,
    /// The characters to change: the access of a rule that drops, the next hop of a route, the field that misses.
    pub fault: Span,
}

/// A rule or route that decides, or could have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decider {
    /// The layer it is in.
    pub layer: Layer,
    /// The group of the scene it is in, by index; 0 for other layers.
    pub group: usize,
    /// Its index among the custom rules of that group, or the routes of the table.
    pub index: Option<usize>,
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: Arc<str>,
    /// Its priority, when it has one and it is known.
    pub priority: Option<i64>,
    /// Whether it lets traffic pass.
    pub access: Access,
    /// Where a route leads.
    pub next_hop: Option<NextHop>,
    /// Where it is written; `None` for what Azure adds by itself.
    pub written: Option<Written>,
}

/// A coordinate of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coordinate {
    /// The protocol.
    Protocol,
    /// The destination port.
    DestinationPort,
    /// The source port.
    SourcePort,
    /// The source address.
    Source,
    /// The destination address.
    Destination,
    /// The host name.
    Host,
    /// None of them: whether the rule is there at all, or in that place.
    Rule,
}

impl Coordinate {
    /// The words users read: `destination port`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Protocol => "protocol",
            Self::DestinationPort => "destination port",
            Self::SourcePort => "source port",
            Self::Source => "source",
            Self::Destination => "destination",
            Self::Host => "host",
            Self::Rule => "rule",
        }
    }
}

/// One rule the witness met.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The rule.
    pub rule: Arc<Decider>,
    /// The coordinate that kept it from matching; `None`: it matched.
    pub missed: Option<Coordinate>,
}

/// An allow rule that would let the witness pass but for one coordinate.
#[derive(Clone, Debug, PartialEq)]
pub struct NearMiss {
    /// The rule; its fault is the field that misses.
    pub rule: Decider,
    /// The coordinate.
    pub coordinate: Coordinate,
}

/// The answer of a proof.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The address family it was reached in: the first one that is not satisfied.
    pub family: Family,
    /// The layer that decided.
    pub layer: Option<Layer>,
    /// Satisfied: every rule that lets some of it pass. Else: the rule that drops the witness, then others that drop.
    pub deciders: Vec<Decider>,
    /// It passes, and every packet does so by a built-in rule of some group.
    pub built_in_only: bool,
    /// What may be dropped, where that is less than everything: prefixes, tags, ports, protocols.
    pub uncovered: Vec<String>,
    /// A packet that is dropped; for undecided one that may be.
    pub witness: Option<Packet>,
    /// The rules the witness met, the decider last. Per layer in order.
    pub replay: Vec<Step>,
    /// Custom allow rules behind the decider that would let the witness pass, were they first.
    pub shadowed: Vec<Decider>,
    /// Allow rules that miss the witness by one coordinate, the likeliest slip first.
    pub near: Vec<NearMiss>,
    /// What an undecided verdict depends on.
    pub why: Vec<Doubt>,
    /// There is no packet of the kind that is asked for, so nothing was judged: undecided, and `why` tells the reason.
    pub asks_nothing: bool,
    /// What each layer says of all that is required, as if the others let everything pass, in the order they are met.
    /// Empty when satisfied, and where one layer alone is asked.
    pub layers: Vec<(Layer, Judgement)>,
    /// It passes, and some of it by the name of its host only.
    pub by_host_names: bool,
    /// What is taken for granted, as sentences without their full stop.
    pub assumptions: Vec<String>,
}

impl Decider {
    /// The group of a decider that is in no group of the scene it comes with.
    pub const ELSEWHERE: usize = usize::MAX;

    /// Whether it is at the other end of the traffic.
    pub fn is_elsewhere(&self) -> bool {
        self.group == Self::ELSEWHERE
    }
}

impl Judgement {
    /// Tells that it was reached at the other end: none of its deciders is one of the scene of this end.
    pub fn elsewhere(&mut self) {
        let near = self.near.iter_mut().map(|near| &mut near.rule);
        let all = self.deciders.iter_mut().chain(&mut self.shadowed).chain(near);
        all.for_each(|one| one.group = Decider::ELSEWHERE);
        for step in &mut self.replay {
            step.rule = Arc::new(Decider { group: Decider::ELSEWHERE, ..Decider::clone(&step.rule) });
        }
    }

    /// Nothing stands in the way.
    pub(crate) fn satisfied(family: Family) -> Self {
        Self {
            verdict: Verdict::Satisfied,
            family,
            layer: None,
            deciders: Vec::new(),
            built_in_only: false,
            uncovered: Vec::new(),
            witness: None,
            replay: Vec::new(),
            shadowed: Vec::new(),
            near: Vec::new(),
            why: Vec::new(),
            asks_nothing: false,
            layers: Vec::new(),
            by_host_names: false,
            assumptions: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn every_kind_of_decider_has_its_word() {
        let all = [
            (Kind::Rule, "rule"),
            (Kind::BuiltIn, "built-in"),
            (Kind::Platform, "platform"),
            (Kind::Route, "route"),
            (Kind::SystemRoute, "system-route"),
            (Kind::FirewallRule, "firewall-rule"),
            (Kind::Declared, "declared"),
            (Kind::Unknown, "unknown"),
        ];
        assert!(all.iter().all(|(kind, word)| kind.as_str() == *word));
    }
}
