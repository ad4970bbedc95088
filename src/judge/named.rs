//! The host names of services that have private endpoints: the private zone of each, and the endpoints that lead to what
//! a name is of (DNS-12).

use std::sync::Arc;

use crate::estate::{Estate, Field, Header, PrivateEndpoint};
use crate::json::Node;
use crate::judge::site::last_segment;
use crate::net::AddressSet;

/// A service whose names lead to private endpoints: the public zone, what stands for it behind `privatelink.`, the type of
/// its resources and the part of them that an endpoint leads to (DNS-12).
pub(crate) struct Service {
    pub(crate) public: &'static str,
    pub(crate) private: &'static str,
    pub(crate) type_name: &'static str,
    pub(crate) group: &'static str,
}

pub(crate) const WORKSPACE: &str = "Microsoft.MachineLearningServices/workspaces";
pub(crate) const STORAGE: &str = "Microsoft.Storage/storageAccounts";
pub(crate) const VAULT: &str = "Microsoft.KeyVault/vaults";
pub(crate) const REGISTRY: &str = "Microsoft.ContainerRegistry/registries";
pub(crate) const MONITOR: &str = "microsoft.insights/privateLinkScopes";

const SERVICES: [Service; 45] = [
    Service::of("api.azureml.ms", "api.azureml.ms", WORKSPACE, "amlworkspace"),
    Service::of("notebooks.azure.net", "notebooks.azure.net", WORKSPACE, "amlworkspace"),
    Service::of("blob.core.windows.net", "blob.core.windows.net", STORAGE, "blob"),
    Service::of("file.core.windows.net", "file.core.windows.net", STORAGE, "file"),
    Service::of("queue.core.windows.net", "queue.core.windows.net", STORAGE, "queue"),
    Service::of("table.core.windows.net", "table.core.windows.net", STORAGE, "table"),
    Service::of("dfs.core.windows.net", "dfs.core.windows.net", STORAGE, "dfs"),
    Service::of("web.core.windows.net", "web.core.windows.net", STORAGE, "web"),
    Service::of("vault.azure.net", "vaultcore.azure.net", VAULT, "vault"),
    Service::of("azurecr.io", "azurecr.io", REGISTRY, "registry"),
    Service::of("monitor.azure.com", "monitor.azure.com", MONITOR, "azuremonitor"),
    Service::of("oms.opinsights.azure.com", "oms.opinsights.azure.com", MONITOR, "azuremonitor"),
    Service::of("ods.opinsights.azure.com", "ods.opinsights.azure.com", MONITOR, "azuremonitor"),
    Service::of("agentsvc.azure-automation.net", "agentsvc.azure-automation.net", MONITOR, "azuremonitor"),
    Service::of("inference.ml.azure.com", "api.azureml.ms", WORKSPACE, "amlworkspace"),
    Service::of("api.ml.azure.us", "api.ml.azure.us", WORKSPACE, "amlworkspace"),
    Service::of("notebooks.usgovcloudapi.net", "notebooks.usgovcloudapi.net", WORKSPACE, "amlworkspace"),
    Service::of("blob.core.usgovcloudapi.net", "blob.core.usgovcloudapi.net", STORAGE, "blob"),
    Service::of("file.core.usgovcloudapi.net", "file.core.usgovcloudapi.net", STORAGE, "file"),
    Service::of("queue.core.usgovcloudapi.net", "queue.core.usgovcloudapi.net", STORAGE, "queue"),
    Service::of("table.core.usgovcloudapi.net", "table.core.usgovcloudapi.net", STORAGE, "table"),
    Service::of("dfs.core.usgovcloudapi.net", "dfs.core.usgovcloudapi.net", STORAGE, "dfs"),
    Service::of("web.core.usgovcloudapi.net", "web.core.usgovcloudapi.net", STORAGE, "web"),
    Service::of("vault.usgovcloudapi.net", "vaultcore.usgovcloudapi.net", VAULT, "vault"),
    Service::of("azurecr.us", "azurecr.us", REGISTRY, "registry"),
    Service::of("inference.ml.azure.us", "api.ml.azure.us", WORKSPACE, "amlworkspace"),
    Service::of("monitor.azure.us", "monitor.azure.us", MONITOR, "azuremonitor"),
    Service::of("oms.opinsights.azure.us", "oms.opinsights.azure.us", MONITOR, "azuremonitor"),
    Service::of("ods.opinsights.azure.us", "ods.opinsights.azure.us", MONITOR, "azuremonitor"),
    Service::of("agentsvc.azure-automation.us", "agentsvc.azure-automation.us", MONITOR, "azuremonitor"),
    Service::of("api.ml.azure.cn", "api.ml.azure.cn", WORKSPACE, "amlworkspace"),
    Service::of("notebooks.chinacloudapi.cn", "notebooks.chinacloudapi.cn", WORKSPACE, "amlworkspace"),
    Service::of("blob.core.chinacloudapi.cn", "blob.core.chinacloudapi.cn", STORAGE, "blob"),
    Service::of("file.core.chinacloudapi.cn", "file.core.chinacloudapi.cn", STORAGE, "file"),
    Service::of("queue.core.chinacloudapi.cn", "queue.core.chinacloudapi.cn", STORAGE, "queue"),
    Service::of("table.core.chinacloudapi.cn", "table.core.chinacloudapi.cn", STORAGE, "table"),
    Service::of("dfs.core.chinacloudapi.cn", "dfs.core.chinacloudapi.cn", STORAGE, "dfs"),
    Service::of("web.core.chinacloudapi.cn", "web.core.chinacloudapi.cn", STORAGE, "web"),
    Service::of("vault.azure.cn", "vaultcore.azure.cn", VAULT, "vault"),
    Service::of("azurecr.cn", "azurecr.cn", REGISTRY, "registry"),
    Service::of("inference.ml.azure.cn", "api.ml.azure.cn", WORKSPACE, "amlworkspace"),
    Service::of("monitor.azure.cn", "monitor.azure.cn", MONITOR, "azuremonitor"),
    Service::of("oms.opinsights.azure.cn", "oms.opinsights.azure.cn", MONITOR, "azuremonitor"),
    Service::of("ods.opinsights.azure.cn", "ods.opinsights.azure.cn", MONITOR, "azuremonitor"),
    Service::of("agentsvc.azure-automation.cn", "agentsvc.azure-automation.cn", MONITOR, "azuremonitor"),
];

impl Service {
    const fn of(public: &'static str, private: &'static str, type_name: &'static str, group: &'static str) -> Self {
        Self { public, private, type_name, group }
    }
}

/// A name, and the private zone it would be in. A label of `*` stands for the names of a resource whose own is not known.
pub(crate) struct Name<'n> {
    pub(crate) host: &'n str,
    pub(crate) label: &'n str,
    pub(crate) zone: String,
    pub(crate) service: &'static Service,
}

impl<'n> Name<'n> {
    /// Reads a host in lower case; `None` for one that has no private zone.
    pub(crate) fn read(host: &'n str) -> Option<Self> {
        let service = SERVICES.iter().find(|service| label(host, service.public).is_some())?;
        let zone = format!("privatelink.{}", service.private);
        Some(Self { host, label: label(host, service.public)?, zone, service })
    }

    /// Whether it is of an online endpoint, whose name tells nothing of its workspace.
    pub(crate) fn is_online_endpoint(&self) -> bool {
        self.service.public.starts_with("inference.")
    }

    /// Whether a record of its private zone is its own. That of an online endpoint has the id of the workspace in the middle
    /// (DNS-13), and one that begins with an asterisk is for every name that ends like it.
    pub(crate) fn fits(&self, record: &str) -> bool {
        let record = record.to_ascii_lowercase();
        if self.is_online_endpoint() {
            let Some((endpoint, region)) = self.label.split_once('.') else { return false };
            let first = record.split('.').next().unwrap_or_default();
            return record.ends_with(&format!(".inference.{region}")) && (first == "*" || first == endpoint);
        }
        let below = |rest: &str| self.label.len() > rest.len() && self.label.ends_with(rest);
        record == self.label || record.strip_prefix('*').is_some_and(below)
    }

    /// Whether it stands for names of which only the end is known.
    pub(crate) fn is_open(&self) -> bool {
        self.label.starts_with('*')
    }
}

/// What stands before a zone in a name.
pub(crate) fn label<'n>(host: &'n str, zone: &str) -> Option<&'n str> {
    host.strip_suffix(zone)?.strip_suffix('.').filter(|label| !label.is_empty())
}

/// Whether an endpoint leads to the part of a resource that a name is of. An id that is not known may be that one's.
pub(crate) fn leads_to(endpoint: &PrivateEndpoint, name: &Name<'_>) -> bool {
    let type_name = name.service.type_name.to_ascii_lowercase();
    let first = name.label.split('.').next().unwrap_or_default();
    let is_workspace = name.service.type_name == WORKSPACE;
    endpoint.targets.iter().any(|target| {
        let group = |group: &Field<Arc<str>>| match &group.value {
            Ok(word) => word.eq_ignore_ascii_case(name.service.group),
            Err(_) => true,
        };
        let meant = match &target.id.value {
            Ok(id) => {
                let id = id.to_ascii_lowercase();
                let named = name.is_open() || is_workspace || last_segment(&id) == first;
                id.contains(&format!("/{type_name}/")) && named
            }
            Err(unknown) => {
                let told = |text: &str| text.to_ascii_lowercase().contains(&type_name);
                told(&unknown.key) || told(&unknown.text)
            }
        };
        meant && (target.groups.is_empty() || target.groups.iter().any(group))
    })
}

/// Whether an endpoint leads to some part of a resource.
pub(crate) fn leads_to_resource(endpoint: &PrivateEndpoint, resource: &Header) -> bool {
    let id = resource.id.as_ref().and_then(Field::known);
    endpoint.targets.iter().any(|target| match (target.id.known(), id) {
        (Some(own), Some(id)) => own.eq_ignore_ascii_case(id),
        (Some(own), None) => {
            let part = format!("/{}/", resource.type_name.to_ascii_lowercase());
            let named = resource.name.known().is_some_and(|name| name.eq_ignore_ascii_case(last_segment(own)));
            named && own.to_ascii_lowercase().contains(&part)
        }
        (None, _) => target.id.unknown().is_some_and(|unknown| *unknown.key == *resource.key),
    })
}

/// Whether some address of an endpoint is shown.
pub(crate) fn has_addresses(estate: &Estate, endpoint: &PrivateEndpoint) -> bool {
    !known_addresses(estate, endpoint).is_empty()
}

/// The addresses of an endpoint that are shown: its own, and those of its interface.
fn known_addresses(estate: &Estate, endpoint: &PrivateEndpoint) -> AddressSet {
    let listed = endpoint.header.node.at(&["properties", "networkInterfaces"]).map_or(&[][..], Node::items);
    let ids: Vec<&str> = listed.iter().filter_map(|item| item.at(&["id"])?.text()).collect();
    let is_own = |id: &Field<Arc<str>>| id.known().is_some_and(|own| ids.iter().any(|id| id.eq_ignore_ascii_case(own)));
    let interfaces = estate.interfaces.iter().filter(|one| one.header.id.as_ref().is_some_and(is_own));
    let all = endpoint.addresses.iter().chain(interfaces.flat_map(|one| &one.addresses));
    all.filter_map(Field::known).fold(AddressSet::empty(), |all, one| all.union(&AddressSet::address(*one)))
}

/// The addresses that an endpoint has, or where none is shown, may have: those of its subnet.
pub(crate) fn addresses(estate: &Estate, endpoint: &PrivateEndpoint) -> AddressSet {
    let known = known_addresses(estate, endpoint);
    if !known.is_empty() {
        return known;
    }
    let subnet = endpoint.subnet.as_ref().and_then(|one| estate.subnet(one.target));
    let prefixes = subnet.into_iter().flat_map(|one| &one.prefixes).filter_map(Field::known);
    prefixes.fold(AddressSet::empty(), |all, one| all.union(one))
}

/// Whether some endpoint leads to a resource by its id.
pub(crate) fn has_endpoint(estate: &Estate, resource: &Header) -> bool {
    let Some(id) = resource.id.as_ref().and_then(Field::known) else { return false };
    let targets = estate.private_endpoints.iter().flat_map(|endpoint| &endpoint.targets);
    targets.filter_map(|target| target.id.known()).any(|own| own.eq_ignore_ascii_case(id))
}
