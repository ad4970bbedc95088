//! What Azure would have to be asked for so that the input shows a resource.

use std::sync::Arc;

use crate::estate::kind::Kind;
use crate::estate::kind::type_of_id;
use crate::estate::{Field, Header};

/// An answer of Azure that the input lacks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Export {
    /// One resource: its type, and its id or, where no id is shown, its name with those of its parents in front.
    Resource {
        /// Such as `Microsoft.Network/routeTables`.
        type_name: Arc<str>,
        /// The id or the name.
        id: Arc<str>,
    },
    /// The children of a resource that are of one kind.
    Children {
        /// The last part of their type, such as `routingIntent`.
        kind: Arc<str>,
        /// The id of their parent.
        of: Arc<str>,
    },
    /// All resources of a type.
    Every {
        /// The type.
        type_name: Arc<str>,
    },
    /// The security admin rules in effect on the network of this id.
    AdminRules(Arc<str>),
    /// The addresses of the service tags.
    ServiceTags,
}

/// The types whose content their parents show as well, so that one answer is enough.
const SHOWN_BY_PARENT: [&str; 4] = [
    "Microsoft.Network/virtualNetworks/subnets",
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
    "Microsoft.Network/networkSecurityGroups/securityRules",
    "Microsoft.Network/routeTables/routes",
];

impl Export {
    /// The resource of a header: by its id, else by its name.
    pub fn of(header: &Header) -> Self {
        Self::resource(&header.type_name, named(header))
    }

    /// What a mention leaves open, when it is of a kind that decides anything here.
    pub fn of_mention(header: &Header) -> Option<Self> {
        let is_asked = !matches!(Kind::of_type(&header.type_name), Kind::Other | Kind::NatGateway);
        (header.mentioned && is_asked && !named(header).is_empty()).then(|| Self::of(header))
    }

    /// The resource of an id; `type_name` is its type where the id is no more than a name. Of what its parent shows the
    /// parent is wanted.
    pub fn resource(type_name: &str, id: &str) -> Self {
        let told = type_of_id(id).filter(|told| told.contains('/'));
        let type_name = told.as_deref().unwrap_or(type_name);
        let shown_by_parent = SHOWN_BY_PARENT.iter().any(|known| type_name.eq_ignore_ascii_case(known));
        let parts = if told.is_some() { 2 } else { 1 };
        let parent = || {
            let (of, _) = type_name.rsplit_once('/')?;
            Some((of, id.rsplitn(parts + 1, '/').nth(parts).filter(|id| !id.is_empty())?))
        };
        let (type_name, id) = shown_by_parent.then(parent).flatten().unwrap_or((type_name, id));
        Self::Resource { type_name: type_name.into(), id: id.into() }
    }
}

/// What a resource is asked for by: its id, else its name; empty when neither is known.
fn named(header: &Header) -> &str {
    header.id.as_ref().and_then(Field::known).or(header.name.known()).map_or("", |id| id)
}

#[cfg(test)]
mod tests {
    use super::Export;

    fn resource(type_name: &str, id: &str) -> (String, String) {
        match Export::resource(type_name, id) {
            Export::Resource { type_name, id } => (type_name.to_string(), id.to_string()),
            other => panic!("{other:?}"),
        }
    }

    const GROUP: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/web";

    #[test]
    fn an_id_tells_its_type() {
        assert_eq!(resource("x", GROUP), ("Microsoft.Network/networkSecurityGroups".to_owned(), GROUP.to_owned()));
        assert_eq!(resource("a/b", "web"), ("a/b".to_owned(), "web".to_owned()));
    }

    #[test]
    fn of_what_a_parent_shows_the_parent_is_wanted() {
        let told = resource("x", &format!("{GROUP}/securityRules/ssh"));
        assert_eq!(told, ("Microsoft.Network/networkSecurityGroups".to_owned(), GROUP.to_owned()));
        let told = resource("Microsoft.Network/virtualNetworks/subnets", "hub/apps");
        assert_eq!(told, ("Microsoft.Network/virtualNetworks".to_owned(), "hub".to_owned()));
        let told = resource("Microsoft.Network/virtualNetworks/subnets", "apps");
        assert_eq!(told.1, "apps", "whose network nobody knows");
    }
}
