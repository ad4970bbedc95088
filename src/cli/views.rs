//! `aznetlint routes` and `aznetlint rules-at`: what is in effect at a place, to be held against what Azure shows there.

use std::io;

use miette::Result;
use serde_json::{Value as Json, json};

use crate::cli::arguments::{FormatChoice, LintArguments, ViewArguments};
use crate::cli::end::{End, FlagError, print_json, print_text, tell};
use crate::cli::settings::{Gathered, gather_for};
use crate::estate::{Estate, RouteOrigin};
use crate::judge::{self, EndView, GroupView, RoutesView, RuleView, RulesView};
use crate::lint::{self, Estates};
use crate::net::{Cloud, TagData};
use crate::printable;
use crate::proof::{Doubt, EffectiveRoute};
use crate::source::Files;

/// So many prefixes of one route or rule are drawn.
const MOST_PREFIXES: usize = 4;

pub(crate) fn routes(arguments: &ViewArguments) -> Result<End> {
    let read = read(arguments)?;
    let views = all(arguments, &read, |estate, tags| judge::routes(estate, &arguments.at, tags))?;
    show(arguments, &read, &views, routes_text, routes_document)
}

pub(crate) fn rules(arguments: &ViewArguments) -> Result<End> {
    let read = read(arguments)?;
    let views = all(arguments, &read, |estate, tags| judge::rules(estate, &arguments.at, tags))?;
    show(arguments, &read, &views, rules_text, rules_document)
}

fn read(arguments: &ViewArguments) -> Result<Estates> {
    let more = LintArguments {
        service_tags: arguments.service_tags.clone(),
        config: arguments.config.clone(),
        no_config: arguments.no_config,
        ..LintArguments::default()
    };
    let Gathered { pack, settings, .. } =
        gather_for(&arguments.paths, &arguments.templates, arguments.region.as_deref(), more)?;
    let read = lint::estates(&arguments.paths, &mut io::stdin().lock(), &pack, &settings);
    for (name, why, span) in &read.broken {
        let place = span.map(|span| format!(":{}", read.files.position(span))).unwrap_or_default();
        tell(&format!("error: {name}{place}: {why}"));
    }
    Ok(read)
}

/// The views of every choice of parameter files, each with what tells it apart.
fn all<'r, V>(
    arguments: &ViewArguments,
    read: &'r Estates,
    view: impl Fn(&'r Estate, &dyn Fn(Option<Cloud>) -> Option<&'r TagData>) -> Result<Vec<V>, Vec<String>>,
) -> Result<Vec<(&'r str, V)>> {
    let tags = |cloud| read.tags.of(cloud).map(|file| &file.tags);
    let mut views = Vec::new();
    for (label, estate) in &read.estates {
        let found = view(estate, &tags).map_err(|names| {
            let help = match &*names {
                [] => "the input holds no subnet, NSG or route table".to_owned(),
                names => format!("the input holds: {}", names.join(", ")),
            };
            FlagError::new(format!("--at {} means nothing in the input", arguments.at), help)
        })?;
        views.extend(found.into_iter().map(|one| (label.as_str(), one)));
    }
    Ok(views)
}

fn show<V>(
    arguments: &ViewArguments,
    read: &Estates,
    views: &[(&str, V)],
    text: fn(&Files, &str, &V) -> Vec<String>,
    document: fn(&Files, &str, &V) -> Json,
) -> Result<End> {
    match arguments.format {
        FormatChoice::Text => {
            let lines = |(label, view): &(&str, V)| {
                let lines = text(&read.files, label, view);
                lines.iter().map(|line| format!("{}\n", printable::line(line).trim_end())).collect::<String>()
            };
            print_text(&views.iter().map(lines).collect::<Vec<_>>().join("\n"))?;
        }
        FormatChoice::Json => {
            let documents: Vec<Json> = views.iter().map(|(label, view)| document(&read.files, label, view)).collect();
            // One place is shown as Azure shows it.
            match &*documents {
                [only] => print_json(&format!("{only:#}\n"))?,
                several => print_json(&format!("{:#}\n", json!(several)))?,
            }
        }
    }
    Ok(if read.broken.is_empty() { End::Clean } else { End::Failed })
}

fn heading(what: &str, place: &str, label: &str) -> String {
    let set = if label.is_empty() { String::new() } else { format!(" [{label}]") };
    format!("{what} in effect at {place}{set}")
}

/// Rows with the columns as wide as what stands in them; the last one ends where it ends.
fn table(rows: &[Vec<String>]) -> Vec<String> {
    let wide = |column: usize| rows.iter().filter_map(|row| Some(row.get(column)?.chars().count())).max().unwrap_or(0);
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(wide).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn few(words: &[String]) -> String {
    match words {
        shown if shown.len() <= MOST_PREFIXES => shown.join(", "),
        words => format!("{} and {} more", words[..MOST_PREFIXES - 1].join(", "), words.len() - MOST_PREFIXES + 1),
    }
}

fn doubt_line(files: &Files, doubt: &Doubt) -> String {
    let place = doubt.span.map(|span| format!(" ({}:{})", files.name(span.file), files.position(span)));
    let settle = doubt.settle().map(|settle| format!("; {settle} settles it")).unwrap_or_default();
    format!("  undecided: {}{}{settle}", doubt.reason, place.unwrap_or_default())
}

/// The doubts, each once, in the order met.
fn doubts<'d>(all: impl Iterator<Item = &'d Doubt>) -> Vec<&'d Doubt> {
    let mut found: Vec<&Doubt> = Vec::new();
    for doubt in all {
        if found.iter().all(|known| known.reason != doubt.reason) {
            found.push(doubt);
        }
    }
    found
}

fn doubts_of(view: &RoutesView) -> Vec<&Doubt> {
    let routes = &view.effective;
    doubts(routes.open.iter().chain(routes.routes.iter().filter_map(|route| route.maybe.as_ref())))
}

fn source(origin: RouteOrigin) -> &'static str {
    match origin {
        RouteOrigin::System => "Default",
        RouteOrigin::User => "User",
        RouteOrigin::Gateway => "VirtualNetworkGateway",
    }
}

fn state(route: &EffectiveRoute) -> &'static str {
    if route.active { "Active" } else { "Invalid" }
}

fn hop(route: &EffectiveRoute) -> &'static str {
    route.next_hop.map_or("Unknown", |hop| hop.as_str())
}

fn routes_text(files: &Files, label: &str, view: &RoutesView) -> Vec<String> {
    let mut rows = vec![["source", "state", "prefix", "next hop", "address", "name"].map(str::to_owned).to_vec()];
    rows.extend(view.effective.routes.iter().map(|route| {
        let addresses: Vec<String> = route.addresses.iter().map(ToString::to_string).collect();
        let name = route.name.as_deref().unwrap_or_default().to_owned();
        let maybe = if route.maybe.is_some() { format!("{} ?", state(route)) } else { state(route).to_owned() };
        let prefixes = few(&route.prefixes);
        vec![source(route.source).to_owned(), maybe, prefixes, hop(route).to_owned(), addresses.join(", "), name]
    }));
    let mut lines = vec![heading("routes", &view.place, label)];
    lines.extend(table(&rows));
    lines.extend(doubts_of(view).into_iter().map(|doubt| doubt_line(files, doubt)));
    lines
}

fn routes_document(_: &Files, label: &str, view: &RoutesView) -> Json {
    let route = |route: &EffectiveRoute| {
        let addresses: Vec<String> = route.addresses.iter().map(ToString::to_string).collect();
        json!({
            "addressPrefix": route.prefixes, "disableBgpRoutePropagation": false, "hasBgpOverride": false,
            "name": route.name.as_deref(), "nextHopIpAddress": addresses, "nextHopType": hop(route),
            "source": source(route.source), "state": state(route),
        })
    };
    let (known, open): (Vec<&EffectiveRoute>, Vec<&EffectiveRoute>) =
        view.effective.routes.iter().partition(|route| route.maybe.is_none() && route.next_hop.is_some());
    json!({
        "at": view.place, "parameterSet": label,
        "value": known.into_iter().map(route).collect::<Vec<_>>(),
        "undecidedRoutes": open.into_iter().map(route).collect::<Vec<_>>(),
        "undecided": doubts_of(view).into_iter().map(Doubt::message).collect::<Vec<_>>(),
    })
}

fn rule_doubts(view: &RulesView) -> Vec<&Doubt> {
    let rules = view.groups.iter().flat_map(|group| &group.rules).filter_map(|rule| rule.maybe.as_ref());
    let admin = view.admin.iter().flat_map(|one| one.maybe.iter().chain(&one.rule.maybe));
    doubts(view.open.iter().chain(admin).chain(rules))
}

fn rules_text(files: &Files, label: &str, view: &RulesView) -> Vec<String> {
    let mut lines = vec![heading("rules", &view.place, label)];
    if !view.admin.is_empty() {
        lines.push("security admin rules".to_owned());
        let rows =
            view.admin.iter().map(|one| row(&one.rule, one.access, one.maybe.is_some() || one.rule.maybe.is_some()));
        lines.extend(table(&headed(rows)));
    }
    for group in &view.groups {
        let level = if group.at_interface { "network interface" } else { "subnet" };
        lines.push(format!("network security group {} at the {level}", last(&group.id)));
        let rows = group.rules.iter().map(|rule| row(rule, &rule.access, rule.maybe.is_some()));
        lines.extend(table(&headed(rows)));
    }
    if view.groups.is_empty() && view.open.is_empty() {
        lines.push("  no network security group: everything passes".to_owned());
    }
    lines.extend(rule_doubts(view).into_iter().map(|doubt| doubt_line(files, doubt)));
    lines
}

fn headed(rows: impl Iterator<Item = Vec<String>>) -> Vec<Vec<String>> {
    let head = ["direction", "priority", "access", "protocol", "from", "to", "ports", "name"].map(str::to_owned);
    std::iter::once(head.to_vec()).chain(rows).collect()
}

fn row(rule: &RuleView, access: &str, maybe: bool) -> Vec<String> {
    let end = |end: &EndView| {
        let all: Vec<String> =
            end.prefixes.iter().cloned().chain(end.groups.iter().map(|id| last(id).to_owned())).collect();
        few(&all)
    };
    let mark = if maybe { " ?" } else { "" };
    vec![
        rule.direction.clone(),
        rule.priority.map(|number| number.to_string()).unwrap_or_default(),
        format!("{access}{mark}"),
        rule.protocol.clone(),
        end(&rule.sources),
        end(&rule.destinations),
        few(&rule.destinations.ports.iter().map(|range| plain(range)).collect::<Vec<_>>()),
        rule.name.clone(),
    ]
}

/// `443` for `443-443`, `*` for every port.
fn plain(range: &str) -> String {
    match range.split_once('-') {
        Some(("0", "65535")) => "*".to_owned(),
        Some((first, last)) if first == last => first.to_owned(),
        _ => range.to_owned(),
    }
}

fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn rules_document(_: &Files, label: &str, view: &RulesView) -> Json {
    let group = |group: &GroupView| {
        let at = json!({ "id": group.at });
        let association = if group.at_interface {
            json!({ "networkInterface": at, "subnet": null })
        } else {
            json!({ "networkInterface": null, "subnet": at })
        };
        json!({
            "networkSecurityGroup": { "id": group.id }, "association": association,
            "effectiveSecurityRules": group.rules.iter().filter(|rule| rule.maybe.is_none()).map(rule_document).collect::<Vec<_>>(),
        })
    };
    let admin: Vec<Json> = view
        .admin
        .iter()
        .map(|one| {
            let mut rule = rule_document(&one.rule);
            rule["access"] = json!(one.access);
            rule["undecided"] = json!(one.maybe.as_ref().or(one.rule.maybe.as_ref()).map(Doubt::message));
            rule
        })
        .collect();
    json!({
        "at": view.place, "parameterSet": label,
        "value": view.groups.iter().map(group).collect::<Vec<_>>(),
        "securityAdminRules": admin,
        "undecided": rule_doubts(view).into_iter().map(Doubt::message).collect::<Vec<_>>(),
    })
}

fn rule_document(rule: &RuleView) -> Json {
    let kind = if rule.built_in { "defaultSecurityRules" } else { "securityRules" };
    let name = if rule.name.contains('/') { rule.name.clone() } else { format!("{kind}/{}", rule.name) };
    let one = |words: &[String]| match words {
        [only] => json!(if only == "*" { "0.0.0.0/0" } else { only }),
        _ => Json::Null,
    };
    let all = |words: &[String]| -> Vec<String> {
        words.iter().map(|word| if word == "*" { "0.0.0.0/0".to_owned() } else { word.clone() }).collect()
    };
    let (from, to) = (&rule.sources, &rule.destinations);
    json!({
        "name": name, "protocol": rule.protocol, "priority": rule.priority,
        "direction": rule.direction, "access": rule.access,
        "sourceAddressPrefix": one(&from.prefixes), "sourceAddressPrefixes": all(&from.prefixes),
        "expandedSourceAddressPrefix": from.expanded,
        "sourcePortRange": one(&from.ports), "sourcePortRanges": from.ports,
        "destinationAddressPrefix": one(&to.prefixes), "destinationAddressPrefixes": all(&to.prefixes),
        "expandedDestinationAddressPrefix": to.expanded,
        "destinationPortRange": one(&to.ports), "destinationPortRanges": to.ports,
        "sourceApplicationSecurityGroups": from.groups, "destinationApplicationSecurityGroups": to.groups,
    })
}
