//! The host names of a workspace and of what belongs to it that have to lead to private endpoints: those of the endpoints
//! in reach of a placement (DNS-12, DNS-13, DNS-15, DNS-19).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::estate::{EndpointTarget, Estate, Field, Header, PrivateEndpoint, Workspace};
use crate::json::Node;
use crate::judge::named::{MONITOR, REGISTRY, STORAGE, VAULT, WORKSPACE};
use crate::judge::site::last_segment;
use crate::net::Cloud;
use crate::source::Span;

const ONLINE_ENDPOINT: &str = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints";

/// A label of a host name holds so many characters.
const LONGEST_LABEL: usize = 63;

/// Where the names of a cloud end.
struct Suffixes {
    api: &'static str,
    notebooks: &'static str,
    core: &'static str,
    vault: &'static str,
    registry: &'static str,
    inference: &'static str,
    /// What a private link scope of Azure Monitor has names in: first what telemetry goes to, then what agents ask.
    monitor: [&'static str; 4],
}

fn suffixes(cloud: Cloud) -> Suffixes {
    match cloud {
        Cloud::Public => Suffixes {
            api: "api.azureml.ms",
            notebooks: "notebooks.azure.net",
            core: "core.windows.net",
            vault: "vault.azure.net",
            registry: "azurecr.io",
            inference: "inference.ml.azure.com",
            monitor: [
                "monitor.azure.com",
                "oms.opinsights.azure.com",
                "ods.opinsights.azure.com",
                "agentsvc.azure-automation.net",
            ],
        },
        Cloud::Government => Suffixes {
            api: "api.ml.azure.us",
            notebooks: "notebooks.usgovcloudapi.net",
            core: "core.usgovcloudapi.net",
            vault: "vault.usgovcloudapi.net",
            registry: "azurecr.us",
            inference: "inference.ml.azure.us",
            monitor: [
                "monitor.azure.us",
                "oms.opinsights.azure.us",
                "ods.opinsights.azure.us",
                "agentsvc.azure-automation.us",
            ],
        },
        Cloud::China => Suffixes {
            api: "api.ml.azure.cn",
            notebooks: "notebooks.chinacloudapi.cn",
            core: "core.chinacloudapi.cn",
            vault: "vault.azure.cn",
            registry: "azurecr.cn",
            inference: "inference.ml.azure.cn",
            monitor: [
                "monitor.azure.cn",
                "oms.opinsights.azure.cn",
                "ods.opinsights.azure.cn",
                "agentsvc.azure-automation.cn",
            ],
        },
    }
}

/// The names, where there are any, and the place of the first endpoint that they are for. Those of a resource whose own name is not known begin with an asterisk.
pub(crate) fn private_names<'a>(
    estate: &'a Estate,
    workspaces: &[&'a Workspace],
    endpoints: impl Iterator<Item = &'a PrivateEndpoint>,
    cloud: Cloud,
) -> Option<(Vec<String>, Span)> {
    let mut needed = Needed { estate, workspaces, suffixes: suffixes(cloud), names: BTreeSet::new() };
    let mut place = None;
    for endpoint in endpoints.filter(|one| !one.header.mentioned) {
        for target in &endpoint.targets {
            let before = needed.names.len();
            needed.of_target(target);
            place = place.or((needed.names.len() > before).then_some(endpoint.header.name.span));
        }
    }
    place.map(|place| (needed.names.into_iter().collect(), place))
}

struct Needed<'w, 'a> {
    estate: &'a Estate,
    workspaces: &'w [&'a Workspace],
    suffixes: Suffixes,
    names: BTreeSet<String>,
}

impl<'a> Needed<'_, 'a> {
    fn of_target(&mut self, target: &EndpointTarget) {
        let is_of = |type_name: &str| {
            let part = format!("/providers/{}/", type_name.to_ascii_lowercase());
            let holds = |text: &str| text.to_ascii_lowercase().contains(&part);
            match &target.id.value {
                Ok(id) => holds(id),
                Err(unknown) => holds(&unknown.key) || holds(&unknown.text),
            }
        };
        let Some(type_name) = [WORKSPACE, STORAGE, VAULT, REGISTRY, MONITOR].into_iter().find(|one| is_of(one)) else {
            return;
        };
        if type_name == WORKSPACE {
            return self.of_workspace(&target.id);
        }
        if type_name == MONITOR {
            return self.of_monitor();
        }
        if !self.belongs(type_name, &target.id) {
            return;
        }
        let name = target.id.known().map_or("*".to_owned(), |id| last_segment(id).to_ascii_lowercase());
        let header = self.resource(type_name, &target.id);
        let Suffixes { core, vault, registry, .. } = self.suffixes;
        match type_name {
            STORAGE => {
                let groups = target.groups.iter().filter_map(Field::known).map(|group| group.to_ascii_lowercase());
                let mut groups: BTreeSet<String> = groups.collect();
                // The workspace uses both of these, and nobody else answers for an account that is closed.
                if !groups.is_empty() && header.is_some_and(is_closed) {
                    groups.extend(["blob", "file"].map(str::to_owned));
                }
                let known = groups.iter().filter(|group| PARTS.contains(&group.as_str()));
                self.names.extend(known.map(|group| format!("{name}.{group}.{core}")));
            }
            VAULT => drop(self.names.insert(format!("{name}.{vault}"))),
            _ => {
                self.names.insert(format!("{name}.{registry}"));
                let regions: BTreeSet<&str> = header.into_iter().flat_map(|header| self.replicas(header)).collect();
                let data = regions.into_iter().map(|region| format!("{name}.{region}.data.{registry}"));
                self.names.extend(data.filter(|_| name != "*").collect::<Vec<_>>());
            }
        }
    }

    /// The regions of a registry: its own, and those of its replicas, each of which has a record of its own (DNS-15).
    fn replicas(&self, registry: &'a Header) -> impl Iterator<Item = &'a str> {
        let inside = format!("{}/replications/", registry.key);
        let replicas = self.estate.others.iter().filter(move |one| one.header.key.starts_with(&inside));
        let all = std::iter::once(registry).chain(replicas.map(|one| &one.header));
        all.filter_map(|header| header.location.as_ref()?.known().map(|region| &**region))
    }

    /// The names of a private link scope are those of Azure itself (DNS-15). Compute sends telemetry to the first of them;
    /// the others are asked for where the input shows their zones.
    fn of_monitor(&mut self) {
        let [telemetry, agents @ ..] = self.suffixes.monitor;
        let zones: Vec<String> = self.estate.others.iter().map(|one| one.header.key.to_ascii_lowercase()).collect();
        let shown = |suffix: &&str| zones.iter().any(|key| key.contains(&format!("privatelink.{suffix}")));
        let all = std::iter::once(telemetry).chain(agents.into_iter().filter(|suffix| shown(suffix)));
        self.names.extend(all.map(|suffix| format!("*.{suffix}")).collect::<Vec<_>>());
    }

    /// The names of managed online endpoints that only private endpoints reach: each leads to that of the workspace.
    fn of_online_endpoints(&mut self, workspace: &Workspace) {
        let inside = format!("{}/onlineendpoints/", workspace.header.key);
        let own = self.estate.others.iter().map(|one| &one.header).filter(|one| {
            one.type_name.eq_ignore_ascii_case(ONLINE_ENDPOINT)
                && one.key.to_ascii_lowercase().starts_with(&inside)
                && is_closed(one)
        });
        let region = |one: &Header| one.location.as_ref().or(workspace.header.location.as_ref())?.known().cloned();
        let names = own.filter_map(|one| {
            let (name, region) = (one.name.known()?.to_ascii_lowercase(), region(one)?);
            Some(format!("{name}.{region}.{}", self.suffixes.inference))
        });
        let names: Vec<String> = names.collect();
        self.names.extend(names);
    }

    fn of_workspace(&mut self, id: &Field<Arc<str>>) {
        let is_it = |one: &&&Workspace| match id.known() {
            Some(id) => one.header.name.known().is_none_or(|own| own.eq_ignore_ascii_case(last_segment(id))),
            None => true,
        };
        let workspace = self.workspaces.iter().find(is_it);
        if workspace.is_none() && !self.workspaces.is_empty() {
            return;
        }
        let node = workspace.map(|one| &one.header.node);
        let text = |path: &[&str]| node.and_then(|node| node.at(path)).and_then(Node::text);
        // The names of a project are those of its hub.
        if text(&["kind"]).is_some_and(|kind| kind.eq_ignore_ascii_case("Project")) {
            return;
        }
        if let Some(workspace) = workspace {
            self.of_online_endpoints(workspace);
        }
        let Suffixes { api, notebooks, .. } = self.suffixes;
        let region = workspace.and_then(|one| one.header.location.as_ref()?.known());
        let name = workspace.and_then(|one| one.header.name.known());
        let guid = text(&["properties", "workspaceId"]).filter(|guid| guid.contains('-'));
        if let (Some(region), Some(name), Some(guid)) = (region, name, guid) {
            let guid = guid.to_ascii_lowercase();
            let label: String = format!("ml-{name}-{region}-{guid}").chars().take(LONGEST_LABEL).collect();
            self.names.insert(format!("{guid}.workspace.{region}.{api}"));
            self.names.insert(format!("{}.{region}.{notebooks}", label.to_ascii_lowercase()));
        } else {
            self.names.extend([format!("*.{api}"), format!("*.{notebooks}")]);
        }
    }

    /// Whether a resource is one of the workspace, or which those are is not told.
    fn belongs(&self, type_name: &str, id: &Field<Arc<str>>) -> bool {
        let key = match type_name {
            STORAGE => "storageAccount",
            VAULT => "keyVault",
            _ => "containerRegistry",
        };
        let own = self.workspaces.iter().flat_map(|one| &one.associated).filter(|(kind, _)| *kind == key);
        let own: Option<Vec<&Arc<str>>> = own.map(|(_, id)| id.known()).collect();
        let own = own.unwrap_or_default();
        own.is_empty() || id.known().is_none_or(|id| own.iter().any(|one| one.eq_ignore_ascii_case(id)))
    }

    fn resource(&self, type_name: &str, id: &Field<Arc<str>>) -> Option<&'a Header> {
        let name = last_segment(id.known()?);
        let is_it = |header: &Header| {
            let named = header.name.known().is_some_and(|own| own.eq_ignore_ascii_case(name));
            named && header.type_name.eq_ignore_ascii_case(type_name)
        };
        self.estate.others.iter().map(|one| &one.header).find(|header| is_it(header))
    }
}

/// The parts of a storage account that have names of their own.
const PARTS: [&str; 6] = ["blob", "file", "queue", "table", "dfs", "web"];

fn is_closed(account: &Header) -> bool {
    let access = account.node.at(&["properties", "publicNetworkAccess"]).and_then(Node::text);
    access.is_some_and(|word| word.eq_ignore_ascii_case("Disabled"))
}
