//! The rules, services and cases that the program carries. The build wrote the heads and trees of rules and services, so
//! that a run reads none of its own YAML.

use crate::rule::error::Text;
use crate::rule::tree::{Head, ServiceHead, Yaml};

/// A file of `rules/`.
#[derive(Debug)]
pub(crate) struct Shipped {
    /// Its path without the ending; of a case file the path of its rule.
    pub(crate) id: &'static str,
    path: &'static str,
    content: &'static str,
    /// Of a rule or service, in the postcard format.
    head: &'static [u8],
    /// Of a rule or service, in the postcard format.
    tree: &'static [u8],
}

// RULES and SERVICES, and CASES by the id of their rule.
include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

impl Shipped {
    pub(crate) fn text(&self) -> Text {
        Text { is_shipped: true, ..Text::new(format!("rules/{}", self.path), self.content) }
    }

    /// What a rule says about itself; only a rule has it.
    pub(crate) fn head(&self) -> Head<'static> {
        postcard::from_bytes(self.head).expect("the build wrote the head of every rule")
    }

    /// What a service says about itself; only a service has it.
    pub(crate) fn service_head(&self) -> ServiceHead<'static> {
        postcard::from_bytes(self.head).expect("the build wrote the head of every service")
    }

    /// What stands in a rule or service.
    pub(crate) fn tree(&self) -> Yaml<'static> {
        postcard::from_bytes(self.tree).expect("the build wrote the tree of every rule and service")
    }
}
