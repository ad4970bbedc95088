//! Real templates in bulk: none may panic, and what stays unknown is counted by reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aznetlint::arm::{
    Assumptions, Inputs, LinkPath, Links, Resource, TroubleKind, Wanted, expand, is_parameter_file, is_template,
};
use aznetlint::json::{Document, How, Node, Unknown, Value, parse};
use aznetlint::source::{FileId, Files};

use crate::arm::run::shared;

/// What decides about a packet.
const FIELDS: [&str; 12] = [
    "priority",
    "direction",
    "access",
    "protocol",
    "sourcePortRange",
    "sourcePortRanges",
    "destinationPortRange",
    "destinationPortRanges",
    "sourceAddressPrefix",
    "sourceAddressPrefixes",
    "destinationAddressPrefix",
    "destinationAddressPrefixes",
];

/// Other resources that packets meet.
const OTHERS: [(&str, &[&str]); 4] = [
    ("virtual networks", &["virtualnetworks", "virtualnetworks/subnets"]),
    ("route tables", &["routetables", "routetables/routes"]),
    ("firewalls", &["azurefirewalls"]),
    (
        "firewall policies",
        &["firewallpolicies", "firewallpolicies/rulecollectiongroups", "firewallpolicies/rulegroups", "ipgroups"],
    ),
];

/// What decides about a packet in those.
const OTHER_FIELDS: [&str; 16] = [
    "addressPrefix",
    "addressPrefixes",
    "nextHopType",
    "nextHopIpAddress",
    "routes",
    "subnets",
    "ipAddresses",
    "ruleCollections",
    "rules",
    "priority",
    "sourceAddresses",
    "destinationAddresses",
    "destinationFqdns",
    "targetFqdns",
    "destinationPorts",
    "ipProtocols",
];

struct Corpus {
    files: Files,
    documents: BTreeMap<PathBuf, (FileId, Arc<Document>)>,
    paths: BTreeMap<FileId, PathBuf>,
}

impl Links for Corpus {
    fn find(&self, from: FileId, path: &LinkPath) -> Option<(FileId, Arc<Document>)> {
        let folder = self.paths.get(&from)?.parent()?;
        let (LinkPath::Relative(relative)
        | LinkPath::Tail(relative)
        | LinkPath::Url(relative)
        | LinkPath::Module(relative)) = path;
        if let LinkPath::Url(url) = path {
            let parts: Vec<&str> = url.split('/').collect();
            return (3..parts.len())
                .filter_map(|from| self.documents.get(Path::new(&parts[from..].join("/"))))
                .map(|(file, document)| (*file, Arc::clone(document)))
                .next();
        }
        let mut target = folder.to_path_buf();
        for part in relative.split('/') {
            match part {
                "." | "" => {}
                ".." => {
                    target.pop();
                }
                part => target.push(part),
            }
        }
        self.documents.get(&target).map(|(file, document)| (*file, Arc::clone(document)))
    }
}

#[derive(Default)]
struct Tally {
    templates: usize,
    network: usize,
    groups: usize,
    resolved: usize,
    reasons: BTreeMap<String, BTreeSet<String>>,
    troubles: BTreeMap<String, usize>,
    others: BTreeMap<&'static str, (usize, usize)>,
    texts: usize,
    misplaced: Vec<String>,
}

#[test]
fn corpus_resolves() {
    let Some(root) = shared("corpus/azure-quickstart-templates") else { return };
    let mut corpus = Corpus { files: Files::default(), documents: BTreeMap::new(), paths: BTreeMap::new() };
    let mut unreadable = Vec::new();
    for entry in walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().flatten() {
        if entry.path().extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let bytes = std::fs::read(entry.path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_start_matches('\u{feff}');
        let path = entry.path().strip_prefix(&root).unwrap().to_path_buf();
        let file = corpus.files.add(path.display().to_string(), text);
        match parse(file, text) {
            Ok(document) => {
                corpus.documents.insert(path.clone(), (file, Arc::new(document)));
                corpus.paths.insert(file, path);
            }
            Err(error) => unreadable.push(format!("{}: {}", path.display(), error.message)),
        }
    }
    println!("{} documents, unreadable: {unreadable:?}", corpus.documents.len());
    let mut linked = BTreeSet::new();
    for (path, (file, document)) in &corpus.documents {
        if is_template(&document.root) {
            linked.extend(judge(&corpus, path, *file, document, None, &mut Tally::default()));
        }
    }
    println!("{} files are reached by links", linked.len());
    let mut defaults = Tally::default();
    let mut given = Tally::default();
    for (path, (file, document)) in &corpus.documents {
        if !is_template(&document.root) || linked.contains(file) {
            continue;
        }
        judge(&corpus, path, *file, document, None, &mut defaults);
        let parameters = siblings(&corpus, path);
        if let Some(parameters) = parameters {
            judge(&corpus, path, *file, document, Some(parameters), &mut given);
        }
    }
    show("defaults alone", &defaults);
    show("sibling parameter file", &given);
    println!("{} texts checked for their places", defaults.texts + given.texts);
    let misplaced: Vec<_> = defaults.misplaced.iter().chain(&given.misplaced).collect();
    assert!(misplaced.is_empty(), "{} misplaced: {:#?}", misplaced.len(), &misplaced[..misplaced.len().min(20)]);
    assert!(defaults.resolved * 100 >= defaults.groups * 85, "too few rules resolve from defaults");
    assert!(given.resolved * 100 >= given.groups * 95, "too few rules resolve with parameter files");
}

fn siblings<'a>(corpus: &'a Corpus, path: &Path) -> Option<&'a Document> {
    let stem = path.file_stem()?.to_str()?;
    let name = path.with_file_name(format!("{stem}.parameters.json"));
    let (_, document) = corpus.documents.get(&name)?;
    is_parameter_file(&document.root).then_some(document)
}

fn judge(
    corpus: &Corpus,
    path: &Path,
    file: FileId,
    document: &Document,
    parameters: Option<&Document>,
    tally: &mut Tally,
) -> Vec<FileId> {
    let assumptions = Assumptions::default();
    let wanted = ["microsoft.network/"];
    let inputs = Inputs {
        files: &corpus.files,
        parameters,
        set: &[],
        assumptions: &assumptions,
        wanted: Wanted::Types(&wanted),
        links: Some(corpus),
    };
    let expansion = expand(file, document, &inputs);
    tally.templates += 1;
    tally.network += usize::from(!expansion.resources.is_empty());
    for trouble in &expansion.troubles {
        let message = if trouble.kind == TroubleKind::Link { "not followed" } else { trouble.message.as_str() };
        let place = corpus.files.position(trouble.span);
        if trouble.kind != TroubleKind::Link {
            println!("{}:{place}: {message}", corpus.files.name(trouble.span.file));
        }
        *tally.troubles.entry(format!("{:?} {message}", trouble.kind)).or_default() += 1;
    }
    for resource in &expansion.resources {
        misplaced(corpus, &resource.node, tally);
    }
    for (word, kinds) in OTHERS {
        let of_kind = |resource: &&Resource| {
            let kind = resource.node.get("type").and_then(Node::text).unwrap_or_default().to_ascii_lowercase();
            !resource.existing && kinds.iter().any(|known| kind == format!("microsoft.network/{known}"))
        };
        let mut found = expansion.resources.iter().filter(of_kind).peekable();
        if found.peek().is_some() {
            let entry = tally.others.entry(word).or_default();
            entry.0 += 1;
            entry.1 += usize::from(found.all(|resource| decided(&resource.node)));
        }
    }
    let groups: Vec<&Resource> = expansion.resources.iter().filter(|resource| holds_rules(resource)).collect();
    if !groups.is_empty() {
        let mut open = Vec::new();
        for group in groups {
            rules(&group.node, &mut open);
        }
        tally.groups += 1;
        tally.resolved += usize::from(open.is_empty());
        for unknown in open {
            tally.reasons.entry(unknown.reason.to_string()).or_default().insert(path.display().to_string());
        }
    }
    expansion.linked
}

/// Whether every field that decides is known.
fn decided(node: &Node) -> bool {
    let is_known = |node: &Node| node.unknown().is_none() && node.items().iter().all(|item| item.unknown().is_none());
    node.items().iter().all(decided)
        && node.members().iter().all(|member| {
            let decides = OTHER_FIELDS.iter().any(|field| field.eq_ignore_ascii_case(&member.key));
            (!decides || is_known(&member.node)) && decided(&member.node)
        })
}

/// A text that was not computed must stand at its place, between quotes of one kind or the other.
fn misplaced(corpus: &Corpus, node: &Node, tally: &mut Tally) {
    node.items().iter().for_each(|item| misplaced(corpus, item, tally));
    for member in node.members().iter().filter(|member| !matches!(&*member.key, "type" | "name" | "id")) {
        misplaced(corpus, &member.node, tally);
    }
    let computed = node.via.iter().flat_map(|via| via.steps()).any(|step| matches!(step.how, How::Call(_)));
    let Some(text) = node.text().filter(|_| !computed) else { return };
    let written = corpus.files.slice(node.span);
    tally.texts += 1;
    let plain = written.strip_prefix(['"', '\'']).and_then(|rest| rest.strip_suffix(['"', '\'']));
    let escaped = written.contains('\\') || written.contains("''") || written.starts_with("\"[[");
    if plain != Some(text) && !escaped {
        tally.misplaced.push(format!("{}: {text} at {written}", corpus.files.name(node.span.file)));
    }
}

fn holds_rules(resource: &Resource) -> bool {
    let kind = resource.node.get("type").and_then(Node::text).unwrap_or_default();
    !resource.existing
        && (kind.eq_ignore_ascii_case("Microsoft.Network/networkSecurityGroups")
            || kind.eq_ignore_ascii_case("Microsoft.Network/networkSecurityGroups/securityRules"))
}

fn rules(group: &Node, open: &mut Vec<Arc<Unknown>>) {
    let Some(properties) = group.get("properties") else { return };
    let lists = [Some(properties), None];
    let mut note = |node: &Node| {
        if let Value::Unknown(unknown) = &node.value {
            open.push(Arc::clone(unknown));
        }
    };
    note(properties);
    let mut all: Vec<&Node> = lists.into_iter().flatten().collect();
    if let Some(rules) = properties.get("securityRules") {
        note(rules);
        for rule in rules.items() {
            note(rule);
            if let Some(properties) = rule.get("properties") {
                note(properties);
                all.push(properties);
            }
        }
    }
    for properties in all {
        for field in FIELDS.iter().filter_map(|field| properties.get(field)) {
            note(field);
            field.items().iter().for_each(&mut note);
        }
    }
}

fn show(title: &str, tally: &Tally) {
    println!(
        "{title}: {} templates, {} with network resources, {} with rules, {} of them resolve every rule",
        tally.templates, tally.network, tally.groups, tally.resolved
    );
    for (word, (all, decided)) in &tally.others {
        println!("  {word}: {decided} of {all} templates");
    }
    for (reason, paths) in &tally.reasons {
        println!("  {:3} {reason}: {}", paths.len(), paths.iter().next().unwrap());
    }
    for (trouble, count) in &tally.troubles {
        println!("  trouble {count:3} {trouble}");
    }
}
