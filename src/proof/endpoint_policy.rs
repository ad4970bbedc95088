//! Service endpoint policies of a subnet: they let its service endpoint reach the storage accounts they name, and no
//! others (RT-14).

use crate::estate::{Estate, Field, Plain, Subnet};
use crate::json::Node;
use crate::proof::given::missing;
use crate::proof::name::shown;
use crate::proof::symbol::Doubt;

const POLICIES: &str = "Microsoft.Network/serviceEndpointPolicies";
/// What stands for the storage that Azure Machine Learning and Batch keep for themselves.
const ALIAS: &str = "/services/Azure/MachineLearning";

/// Why what the policies of a subnet let through to storage is not known; `None`: there are none, or one names the alias.
pub(crate) fn endpoint_policies(estate: &Estate, subnet: &Subnet) -> Option<Doubt> {
    let policy = |id: &Field<_>| {
        let is = |one: &&Plain| one.header.type_name.eq_ignore_ascii_case(POLICIES);
        let key =
            |one: &&Plain| id.known().is_some_and(|id: &std::sync::Arc<str>| id.eq_ignore_ascii_case(&one.header.key));
        estate.others.iter().filter(is).find(key)
    };
    let ids = &subnet.service_endpoint_policies;
    if ids.iter().filter_map(policy).any(|one| names_alias(&one.header.node)) {
        return None;
    }
    let id = ids.iter().find(|id| policy(id).is_none()).or(ids.first())?;
    Some(match policy(id) {
        None => missing("service endpoint policy", id),
        Some(one) => {
            let name = shown(&one.header.name);
            let doubt = Doubt::new(format!(
                "service endpoint policy `{name}` lets through the storage accounts that it names, and not `{ALIAS}`"
            ));
            doubt.at(one.header.place()).settled_by(format!("`{ALIAS}` among the service aliases of the policy"))
        }
    })
}

fn names_alias(policy: &Node) -> bool {
    let definitions =
        policy.at(&["properties", "serviceEndpointPolicyDefinitions"]).map(Node::items).unwrap_or_default();
    let lists = |one: &Node| {
        ["serviceAliases", "serviceResources"].map(|key| one.at(&["properties", key]).or_else(|| one.get(key)).cloned())
    };
    let is_alias = |item: &Node| item.text().is_some_and(|text| text.eq_ignore_ascii_case(ALIAS));
    definitions.iter().flat_map(lists).flatten().any(|list| list.items().iter().any(is_alias))
}
