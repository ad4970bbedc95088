//! Which security admin rules of a Virtual Network Manager hold, or may hold, on a network.
//!
//! A list of effective rules holds on the only network beside it. Written rules hold where they are deployed, which no
//! file shows. What they do to packets is the work of `admin_layer`.

use std::sync::Arc;

use crate::estate::{AdminRule, Estate, Export, Plain};
use crate::json::Node;
use crate::proof::name::shown;
use crate::proof::symbol::Doubt;

/// The security admin rules that hold, or may hold, where a scene is.
#[derive(Clone, Debug, Default)]
pub(crate) struct AdminRules<'a> {
    pub(crate) rules: Vec<(&'a AdminRule, Option<Applies>)>,
    /// Why there may be rules that the input does not show.
    pub(crate) hidden: Option<Doubt>,
}

/// Whether some rules apply is not known: a key that all of them share, and why.
#[derive(Clone, Debug)]
pub(crate) struct Applies {
    pub(crate) key: Arc<str>,
    pub(crate) doubt: Doubt,
}

const SETTLED_BY: &str = "the effective security admin rules of this network alone";

impl<'a> AdminRules<'a> {
    /// Those that may concern a network of the estate; `None`: one that is not shown.
    pub(crate) fn of(estate: &'a Estate, network: Option<usize>) -> Self {
        let effective = estate.admin_rules.iter().any(|one| one.effective);
        // A list of effective rules does not name its network.
        let bound = effective && network.is_some() && estate.networks.len() == 1;
        let of_network = |one: &&AdminRule| !bound || one.effective;
        let id = network.and_then(|at| estate.networks.get(at)?.header.id.as_ref()?.known().cloned());
        let rules = id.map(Export::AdminRules);
        let told = |doubt: Doubt| doubt.shown_by(rules.clone());
        let applies = |one: &AdminRule| {
            let Applies { key, doubt } = doubted(one);
            (!bound).then(|| Applies { key, doubt: told(doubt) })
        };
        let rules = estate.admin_rules.iter().filter(of_network).map(|one| (one, applies(one))).collect();
        Self { rules, hidden: if bound { None } else { hidden(estate).map(told) } }
    }

    /// Whether none is shown, and nothing says that there are any.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.hidden.is_none()
    }

    /// Whether some of them pass the groups by.
    pub(crate) fn pass_groups(&self) -> bool {
        self.rules.iter().any(|(one, _)| one.always)
    }
}

fn doubted(one: &AdminRule) -> Applies {
    let name = shown(&one.rule.name);
    if one.effective {
        let doubt = Doubt::new(format!("whether effective security admin rule `{name}` is one of this network"));
        let key = Arc::from(format!("admin list {}", one.header.span.file.0));
        return Applies { key, doubt: doubt.at(one.rule.name.span).settled_by(SETTLED_BY) };
    }
    let doubt = Doubt::new(format!("whether security admin rule `{name}` is deployed to this network is not shown"));
    let configuration = one.header.key.split("/rulecollections/").next().unwrap_or_default();
    let key = Arc::from(format!("admin {configuration}"));
    Applies { key, doubt: doubt.at(one.rule.name.span).settled_by(SETTLED_BY) }
}

const COLLECTIONS: &str = "Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections";

/// A configuration, a collection or a manager of security admin rules, none of whose rules is shown.
fn hidden(estate: &Estate) -> Option<Doubt> {
    let within = |key: &str, owner: &str| key.strip_prefix(owner).is_some_and(|rest| rest.starts_with('/'));
    let has_rules = |owner: &str| estate.admin_rules.iter().any(|rule| within(&rule.header.key, owner));
    let configurations = &estate.admin_configurations;
    let is_collection = |one: &&Plain| one.header.type_name.eq_ignore_ascii_case(COLLECTIONS);
    let collections = estate.others.iter().filter(is_collection).map(|one| ("rule collection", one));
    let mut owners = configurations.iter().map(|one| ("configuration", one)).chain(collections);
    if let Some((what, one)) = owners.find(|(_, one)| !has_rules(&one.header.key)) {
        let name = shown(&one.header.name);
        let doubt = Doubt::new(format!("the rules of security admin {what} `{name}` are not shown"));
        return Some(doubt.at(one.header.name.span).settled_by(SETTLED_BY));
    }
    let is_manager = |name: &str| name.eq_ignore_ascii_case("Microsoft.Network/networkManagers");
    let administers = |node: &Node| {
        let accesses = node.at(&["properties", "networkManagerScopeAccesses"]);
        accesses.is_none_or(|list| {
            let word = |item: &Node| item.text().is_none_or(|text| text.eq_ignore_ascii_case("SecurityAdmin"));
            !list.is_list() || list.items().iter().any(word)
        })
    };
    let owns = |owner: &str| {
        has_rules(owner) || configurations.iter().any(|configuration| within(&configuration.header.key, owner))
    };
    let managers = estate.others.iter().filter(|one| is_manager(&one.header.type_name));
    let one = managers.filter(|one| administers(&one.header.node)).find(|one| !owns(&one.header.key))?;
    let name = shown(&one.header.name);
    let doubt = Doubt::new(format!("the security admin rules of network manager `{name}` are not shown"));
    Some(doubt.at(one.header.name.span).settled_by(SETTLED_BY))
}
