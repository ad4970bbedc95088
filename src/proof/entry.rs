//! One entry of a layer's ordered list: what it matches, what it does, and who wrote it.
//!
//! Putting entries in order is the work of `nsg` and `route`.

use crate::estate::{Access, Direction, FirewallRule, NextHop, Route, SecurityRule};
use crate::proof::cell::Clause;
use crate::proof::judgement::Decider;
use crate::proof::symbol::Doubt;

/// A rule that every network security group has (NSG-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// The direction it looks at.
    pub direction: Direction,
    /// Its priority.
    pub priority: i64,
    /// The tag it wants as source; `*` for any.
    pub source: &'static str,
    /// The tag it wants as destination; `*` for any.
    pub destination: &'static str,
    /// What it does.
    pub access: Access,
}

/// The rules that every network security group has, in every cloud.
pub const BUILT_IN: [BuiltIn; 6] = {
    use Access::{Allow, Deny};
    use Direction::{Inbound, Outbound};
    const fn rule(
        name: &'static str,
        direction: Direction,
        priority: i64,
        (source, destination): (&'static str, &'static str),
        access: Access,
    ) -> BuiltIn {
        BuiltIn { name, direction, priority, source, destination, access }
    }
    [
        rule("AllowVnetInBound", Inbound, 65000, ("VirtualNetwork", "VirtualNetwork"), Allow),
        rule("AllowAzureLoadBalancerInBound", Inbound, 65001, ("AzureLoadBalancer", "*"), Allow),
        rule("DenyAllInBound", Inbound, 65500, ("*", "*"), Deny),
        rule("AllowVnetOutBound", Outbound, 65000, ("VirtualNetwork", "VirtualNetwork"), Allow),
        rule("AllowInternetOutBound", Outbound, 65001, ("*", "Internet"), Allow),
        rule("DenyAllOutBound", Outbound, 65500, ("*", "*"), Deny),
    ]
};

/// Who wrote a clause.
#[derive(Clone, Debug)]
pub(crate) enum Author<'a> {
    /// A rule of the group, and its index there.
    Rule(&'a SecurityRule, usize),
    /// Azure; the rule of the export that shows it, if any.
    BuiltIn(&'static BuiltIn, Option<&'a SecurityRule>),
    /// No security admin rule matches.
    NoAdminRule,
    /// A security admin rule has let it through: it meets no group.
    AlwaysAllowed,
    /// The platform's addresses are open by themselves (NSG-21).
    Platform,
    /// A route of the table, and its index there.
    Route(&'a Route, usize),
    /// A route that Azure adds by itself, and where it leads.
    System(&'static str, NextHop),
    /// A firewall: one of its rules, or what it does by itself.
    Firewall(Box<Decider>, Option<&'a FirewallRule>),
    /// A part of the list that only a deployment can tell.
    Unknown(Doubt),
}

/// A clause and what it does.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) clause: Clause,
    pub(crate) access: Access,
    pub(crate) author: Author<'a>,
}
