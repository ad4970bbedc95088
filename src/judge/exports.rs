//! The commands that ask Azure for what the input lacks.

use std::collections::{BTreeMap, BTreeSet};

use crate::estate::{Estate, Export};
use crate::finding::ExportCommand;
use crate::judge::site::last_segment as last;
use crate::shell::{power_quoted, quoted};

/// The versions of the interfaces that the commands ask where a client does not choose one by itself.
fn api_version(id: &str) -> &'static str {
    let is_machine_learning = id.to_ascii_lowercase().contains("/microsoft.machinelearningservices/");
    if is_machine_learning { "2024-04-01" } else { "2024-05-01" }
}

/// The folder the commands write to.
pub const FOLDER: &str = "azure";

/// The commands for exports, each once, and what cannot be asked for by a command. `region`: one that is known.
pub(crate) fn commands(
    exports: &BTreeSet<Export>,
    estate: &Estate,
    region: Option<&str>,
) -> (Vec<ExportCommand>, Vec<String>) {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut file = |base: String| {
        let count = names.entry(base.to_ascii_lowercase()).or_default();
        *count += 1;
        if *count == 1 { format!("{FOLDER}/{base}.json") } else { format!("{FOLDER}/{base}-{count}.json") }
    };
    let subscription = subscription(estate);
    let (mut all, mut otherwise) = (Vec::new(), Vec::new());
    let mut asked: BTreeSet<String> = BTreeSet::new();
    for export in exports {
        // Ids compare without case.
        if let Export::Resource { id, .. } = export
            && !asked.insert(id.to_ascii_lowercase())
        {
            continue;
        }
        let command = match export {
            Export::Resource { type_name, id } => resource(type_name, id, subscription, &mut file),
            Export::Children { kind, of } => children(kind, of, &mut file),
            Export::Every { type_name } => every(type_name, subscription, &mut file),
            Export::AdminRules(network) => admin_rules(network, &mut file),
            Export::ServiceTags => Some(service_tags(region)),
        };
        match command {
            Some(command) => all.push(command),
            None => otherwise.push(in_words(export)),
        }
    }
    (all, otherwise)
}

/// What an export is, where no command can ask for it.
fn in_words(export: &Export) -> String {
    match export {
        Export::Resource { type_name, id } => {
            let kind = last(type_name);
            format!("an export of {} `{}`", if kind.is_empty() { "the resource" } else { kind }, last(id))
        }
        Export::Children { kind, of } => format!("the {kind} of `{}`", last(of)),
        Export::Every { type_name } => format!("exports of all {}", last(type_name)),
        Export::AdminRules(network) => format!("the security admin rules in effect on `{}`", last(network)),
        Export::ServiceTags => "the service tags".to_owned(),
    }
}

fn resource(
    type_name: &str,
    id: &str,
    subscription: Option<&str>,
    file: &mut dyn FnMut(String) -> String,
) -> Option<ExportCommand> {
    let (kind, name) = (last(type_name), last(id));
    let what = format!("{kind} {name}");
    if is_id(id) {
        let file = file(format!("{kind}-{name}"));
        return Some(ExportCommand {
            what,
            az: format!("az resource show --ids {} --output json > {}", quoted(id), quoted(&file)),
            powershell: format!(
                "Get-AzResource -ResourceId {} -ExpandProperties | ConvertTo-Json -Depth 100 | Set-Content -Encoding utf8 {}",
                power_quoted(id),
                power_quoted(&file)
            ),
            file,
        });
    }
    // Only resources without a parent can be found by their names.
    let is_known = is_name(id) && is_type(type_name) && type_name.matches('/').count() == 1;
    is_known.then(|| listed(what, type_name, Some(name), subscription, file))
}

fn every(type_name: &str, subscription: Option<&str>, file: &mut dyn FnMut(String) -> String) -> Option<ExportCommand> {
    let is_listed = is_type(type_name) && type_name.matches('/').count() == 1;
    is_listed.then(|| listed(format!("all {}", last(type_name)), type_name, None, subscription, file))
}

/// Resources of a type, of one name or all: their list has no properties, so each is shown by itself.
fn listed(
    what: String,
    type_name: &str,
    name: Option<&str>,
    subscription: Option<&str>,
    file: &mut dyn FnMut(String) -> String,
) -> ExportCommand {
    let kind = last(type_name);
    let file = file(name.map_or_else(|| kind.to_owned(), |name| format!("{kind}-{name}")));
    let within = subscription.map(|id| format!(" --subscription {}", quoted(id))).unwrap_or_default();
    let of_name = name.map(|name| format!(" --name {}", quoted(name))).unwrap_or_default();
    let power_name = name.map(|name| format!(" -Name {}", power_quoted(name))).unwrap_or_default();
    ExportCommand {
        what,
        az: format!(
            "az resource list{within} --resource-type {type_name}{of_name} --query '[].id' --output tsv | while read -r id; do \
             az resource show --ids \"$id\" --output json > \"{FOLDER}/$(echo \"${{id#/}}\" | tr / _).json\"; done"
        ),
        powershell: format!(
            "ConvertTo-Json -Depth 100 -InputObject @(Get-AzResource -ResourceType {type_name}{power_name} \
             -ExpandProperties) | Set-Content -Encoding utf8 {}",
            power_quoted(&file)
        ),
        file,
    }
}

fn children(kind: &str, of: &str, file: &mut dyn FnMut(String) -> String) -> Option<ExportCommand> {
    if !is_id(of) {
        return None;
    }
    let (name, url) = (last(of), format!("{of}/{kind}?api-version={}", api_version(of)));
    let file = file(format!("{kind}-{name}"));
    Some(ExportCommand {
        what: format!("{kind} of {name}"),
        az: format!("az rest --method get --url {} --output json > {}", quoted(&url), quoted(&file)),
        powershell: format!(
            "(Invoke-AzRestMethod -Path {}).Content | Set-Content -Encoding utf8 {}",
            power_quoted(&url),
            power_quoted(&file)
        ),
        file,
    })
}

fn admin_rules(network: &str, file: &mut dyn FnMut(String) -> String) -> Option<ExportCommand> {
    if !is_id(network) {
        return None;
    }
    let url = format!("{network}/listNetworkManagerEffectiveSecurityAdminRules?api-version={}", api_version(network));
    let name = last(network);
    let file = file(format!("securityAdminRules-{name}"));
    Some(ExportCommand {
        what: format!("security admin rules in effect on {name}"),
        az: format!("az rest --method post --url {} --body '{{}}' --output json > {}", quoted(&url), quoted(&file)),
        powershell: format!(
            "(Invoke-AzRestMethod -Method POST -Path {} -Payload '{{}}').Content | Set-Content -Encoding utf8 {}",
            power_quoted(&url),
            power_quoted(&file)
        ),
        file,
    })
}

/// The list of any region has the tags of its whole cloud.
fn service_tags(region: Option<&str>) -> ExportCommand {
    let region =
        region.filter(|region| region.bytes().all(|byte| byte.is_ascii_alphanumeric())).unwrap_or("westeurope");
    let file = format!("{FOLDER}/service-tags.json");
    ExportCommand {
        what: "service tags; give this file with --service-tags".to_owned(),
        az: format!("az network list-service-tags --location {region} --output json > {file}"),
        powershell: format!(
            "Get-AzNetworkServiceTag -Location {region} | ConvertTo-Json -Depth 100 | Set-Content -Encoding utf8 {}",
            power_quoted(&file)
        ),
        file,
    }
}

/// The subscription that the input is about, as far as one of its ids tells.
fn subscription(estate: &Estate) -> Option<&str> {
    let ids = estate.headers().filter_map(|header| header.id.as_ref()?.known());
    ids.filter(|id| is_id(id)).find_map(|id| id.split('/').nth(2))
}

/// Whether a text is an id of Azure's, and nothing that a shell could take for something else.
fn is_id(id: &str) -> bool {
    let mut parts = id.split('/');
    parts.next() == Some("")
        && parts.next().is_some_and(|part| part.eq_ignore_ascii_case("subscriptions"))
        && id.to_ascii_lowercase().contains("/providers/")
        && id.split('/').skip(1).all(is_name)
}

/// Whether Azure could have given this name to something: letters, digits and a few signs.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 260
        && !name.starts_with('-')
        && name.chars().all(|ch| ch.is_alphanumeric() || "-_.()".contains(ch))
}

fn is_type(type_name: &str) -> bool {
    type_name
        .split('/')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{commands, is_id};
    use crate::estate::{Estate, Export};

    const GROUP: &str =
        "/subscriptions/s/resourceGroups/rg (old)/providers/Microsoft.Network/networkSecurityGroups/web";

    fn asked(export: Export) -> (Vec<crate::finding::ExportCommand>, Vec<String>) {
        commands(&BTreeSet::from([export]), &Estate::default(), None)
    }

    #[test]
    fn an_id_is_asked_for_as_one_word() {
        let group = GROUP.replace(" (old)", "(old)");
        let (all, otherwise) = asked(Export::resource("", &group));
        assert_eq!(otherwise, [""; 0]);
        let wanted = format!("az resource show --ids '{group}' --output json > azure/networkSecurityGroups-web.json");
        assert_eq!(all[0].az, wanted);
        assert!(all[0].powershell.starts_with(&format!("Get-AzResource -ResourceId '{group}' ")));
    }

    #[test]
    fn a_name_alone_is_looked_for() {
        let (all, _) = asked(Export::resource("Microsoft.Network/routeTables", "rt"));
        assert!(all[0].az.starts_with("az resource list --resource-type Microsoft.Network/routeTables --name rt "));
        let (all, otherwise) = asked(Export::resource("Microsoft.Network/firewallPolicies/ruleCollectionGroups", "g"));
        assert!(all.is_empty(), "children are in no list");
        assert_eq!(otherwise, ["an export of ruleCollectionGroups `g`"]);
    }

    #[test]
    fn one_id_in_two_spellings_is_asked_for_once() {
        let group = GROUP.replace("rg (old)", "rg");
        let both = BTreeSet::from([Export::resource("", &group), Export::resource("", &group.replace("web", "WEB"))]);
        assert_eq!(commands(&both, &Estate::default(), None).0.len(), 1);
    }

    #[test]
    fn resources_of_one_name_go_to_files_of_their_own() {
        let of = |group: &str| Export::resource("", &GROUP.replace("rg (old)", group));
        let (all, _) = commands(&BTreeSet::from([of("a"), of("b")]), &Estate::default(), None);
        let files: Vec<&str> = all.iter().map(|command| &*command.file).collect();
        assert_eq!(files, ["azure/networkSecurityGroups-web.json", "azure/networkSecurityGroups-web-2.json"]);
    }

    proptest! {
        #[test]
        fn no_name_gets_out_of_its_word(name in r#"[a-z0-9 ;&|$`'"()<>\n\\!{}*?~#%-]{1,12}"#) {
            let id = format!("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/routeTables/{name}");
            for export in [Export::resource("", &id), Export::resource("Microsoft.Network/routeTables", &name)] {
                let (all, _) = asked(export);
                let harmless = name.chars().all(|ch| ch.is_ascii_alphanumeric() || "-()".contains(ch));
                prop_assert!(all.is_empty() || harmless, "{all:?}");
            }
        }
    }

    #[test]
    fn a_space_is_in_no_id() {
        assert!(!is_id(GROUP) && is_id(&GROUP.replace(' ', "")));
    }
}
