//! Fixes as commands that change Azure: for exports, which are only copies of what is deployed.

use crate::finding::{Request, RequestKind};
use crate::fix::model::Offer;
use crate::shell::{power_quoted, quoted};

/// What commands are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// `az` in a POSIX shell.
    Az,
    /// PowerShell with the module Az.
    Powershell,
}

/// The commands of an edit, a line for each; `None` where one of its changes has none.
pub fn commands(offer: &Offer, shell: Shell) -> Option<String> {
    let all: Option<Vec<String>> = offer.fix.requests.iter().map(|request| command(request, shell)).collect();
    all.filter(|all| !all.is_empty()).map(|all| all.join("\n"))
}

/// A request as one command. `None`: its id is none of Azure's, or a text in it is no plain word.
pub(crate) fn command(request: &Request, shell: Shell) -> Option<String> {
    let id = Id::of(&request.on)?;
    let all = request.settings.iter().flat_map(|(_, values)| values).chain([&request.name]).chain(&request.collection);
    if !all.into_iter().all(|text| is_plain(text)) {
        return None;
    }
    match shell {
        Shell::Az => az(request, &id),
        Shell::Powershell => powershell(request, &id),
    }
}

/// Whether a text has only characters that no shell could obey, even unquoted by mistake.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 200
        && text.chars().all(|letter| letter.is_alphanumeric() || " ._-*/:=()".contains(letter))
}

/// The parts of a resource id that commands ask for.
struct Id<'a> {
    subscription: &'a str,
    group: &'a str,
    /// Types and names in turn, without the provider.
    rest: Vec<&'a str>,
}

impl<'a> Id<'a> {
    fn of(id: &'a str) -> Option<Self> {
        let parts: Vec<&str> = id.strip_prefix('/')?.split('/').collect();
        let [subscriptions, subscription, groups, group, providers, _, rest @ ..] = &*parts else { return None };
        let is = |one: &str, word: &str| one.eq_ignore_ascii_case(word);
        let whole = is(subscriptions, "subscriptions") && is(groups, "resourceGroups") && is(providers, "providers");
        let named = rest.len() >= 2 && parts.iter().all(|part| is_plain(part) && !part.contains('*'));
        (whole && named).then(|| Self { subscription, group, rest: rest.to_vec() })
    }

    fn name(&self, level: usize) -> Option<&'a str> {
        self.rest.get(level * 2 + 1).copied()
    }
}

fn az(request: &Request, id: &Id<'_>) -> Option<String> {
    let verb = if request.exists { "update" } else { "create" };
    let mut words: Vec<String> = match request.kind {
        RequestKind::SecurityRule => {
            vec![format!("az network nsg rule {verb}"), format!("--nsg-name {}", quoted(id.name(0)?))]
        }
        RequestKind::Route => {
            vec![format!("az network route-table route {verb}"), format!("--route-table-name {}", quoted(id.name(0)?))]
        }
        RequestKind::PolicyNetworkRule | RequestKind::PolicyApplicationRule => {
            let kind = if request.kind == RequestKind::PolicyNetworkRule { "NetworkRule" } else { "ApplicationRule" };
            vec![
                "az network firewall policy rule-collection-group collection rule add".to_owned(),
                format!("--policy-name {}", quoted(id.name(0)?)),
                format!("--rule-collection-group-name {}", quoted(id.name(1)?)),
                format!("--collection-name {}", quoted(request.collection.as_deref()?)),
                format!("--rule-type {kind}"),
            ]
        }
        RequestKind::FirewallNetworkRule | RequestKind::FirewallApplicationRule => {
            let kind = if request.kind == RequestKind::FirewallNetworkRule { "network" } else { "application" };
            vec![
                format!("az network firewall {kind}-rule create"),
                format!("--firewall-name {}", quoted(id.name(0)?)),
                format!("--collection-name {}", quoted(request.collection.as_deref()?)),
            ]
        }
    };
    words.push(format!("--name {}", quoted(&request.name)));
    words.push(format!("--resource-group {}", quoted(id.group)));
    words.push(format!("--subscription {}", quoted(id.subscription)));
    for (key, values) in request.settings.iter().filter(|(_, values)| !values.is_empty()) {
        let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        words.push(format!("--{} {}", dashed(key), values.join(" ")));
    }
    Some(words.join(" "))
}

/// `source-address-prefixes` for `sourceAddressPrefixes`.
fn dashed(key: &str) -> String {
    key.chars().fold(String::new(), |mut out, letter| {
        if letter.is_ascii_uppercase() {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
        out
    })
}

fn powershell(request: &Request, id: &Id<'_>) -> Option<String> {
    let select = format!("Set-AzContext -Subscription {} | Out-Null", power_quoted(id.subscription));
    let (get, set, list, add) = match request.kind {
        RequestKind::SecurityRule => (
            "Get-AzNetworkSecurityGroup",
            "Set-AzNetworkSecurityGroup",
            "SecurityRules",
            "Add-AzNetworkSecurityRuleConfig",
        ),
        RequestKind::Route => ("Get-AzRouteTable", "Set-AzRouteTable", "Routes", "Add-AzRouteConfig"),
        // A rule of a firewall is a new list of rules there: the patch of the export says it shorter.
        _ => return None,
    };
    let fetch =
        format!("$it = {get} -ResourceGroupName {} -Name {}", power_quoted(id.group), power_quoted(id.name(0)?));
    let settings = request.settings.iter().filter(|(_, values)| !values.is_empty());
    let change = if request.exists {
        let assign = |(key, values): (&str, &[String])| {
            let value = if power_name(key).1 { list_of(values) } else { power_quoted(values.first()?) };
            Some(format!("$one.{} = {value}", power_name(key).0))
        };
        let all: Option<Vec<String>> = settings.map(|(key, values)| assign((key, values))).collect();
        format!("$one = $it.{list} | Where-Object Name -eq {}; {}", power_quoted(&request.name), all?.join("; "))
    } else {
        let pass = |(key, values): (&str, &[String])| {
            let value = if power_name(key).1 { list_of(values) } else { power_quoted(values.first()?) };
            Some(format!("-{} {value}", power_name(key).0))
        };
        let all: Option<Vec<String>> = settings.map(|(key, values)| pass((key, values))).collect();
        let of = if request.kind == RequestKind::Route { "-RouteTable" } else { "-NetworkSecurityGroup" };
        format!("{add} {of} $it -Name {} {} | Out-Null", power_quoted(&request.name), all?.join(" "))
    };
    Some(format!("{select}; {fetch}; {change}; {set} {} $it | Out-Null", of_object(request.kind)))
}

fn of_object(kind: RequestKind) -> &'static str {
    if kind == RequestKind::Route { "-RouteTable" } else { "-NetworkSecurityGroup" }
}

/// The name of a property in PowerShell, and whether it takes a list.
fn power_name(key: &str) -> (String, bool) {
    let single = key.strip_suffix("Prefixes").map(|start| format!("{start}Prefix"));
    let single = single.or_else(|| key.strip_suffix("Ranges").map(|start| format!("{start}Range")));
    let is_list = single.is_some();
    let name = single.unwrap_or_else(|| key.to_owned());
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    (first.into_iter().chain(letters).collect(), is_list)
}

fn list_of(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| power_quoted(value)).collect();
    format!("@({})", values.join(", "))
}
