//! Laws of `fix`: what it offers settles its finding, changes no byte but its own, asks for nothing a second time, and opens
//! nothing but what is asked for. What a group lets pass is told by a replay of its own, rule by rule.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use aznetlint::finding::{Edit, Verdict, edited};
use aznetlint::fix::{Offers, SCHEMA, Trial, edits_of, offers};
use aznetlint::lint::{Outcome, Settings};
use aznetlint::rule::Pack;
use serde_json::Value;

use crate::schemas::Schema;

/// An example, with one of its files changed.
struct Case {
    folder: tempfile::TempDir,
    file: String,
}

impl Case {
    fn new(example: &str, file: &str, text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example);
        for entry in walkdir::WalkDir::new(&from).into_iter().map(Result::unwrap) {
            let to = folder.path().join(entry.path().strip_prefix(&from).unwrap());
            if entry.file_type().is_dir() {
                std::fs::create_dir_all(to).unwrap();
            } else {
                std::fs::copy(entry.path(), to).unwrap();
            }
        }
        std::fs::write(folder.path().join(file), text).unwrap();
        Self { folder, file: file.to_owned() }
    }

    fn paths(&self) -> Vec<PathBuf> {
        vec![self.folder.path().to_owned()]
    }

    fn try_all(&self, pack: &Pack) -> (Outcome, Offers) {
        let (paths, settings) = (self.paths(), Settings::default());
        let trial = Trial { paths: &paths, stdin: &[], pack, settings: &settings };
        let before = trial.run(BTreeMap::new());
        let found = offers(&trial, &before, false);
        (before.outcome, found)
    }

    fn write(&self, outcome: &Outcome, edits: &[Edit]) {
        for (file, text) in edited(&outcome.files, edits) {
            std::fs::write(outcome.files.name(file), text).unwrap();
        }
    }

    fn rules(&self) -> Vec<Rule> {
        let text = std::fs::read_to_string(self.folder.path().join(&self.file)).unwrap();
        rules_in(&serde_json::from_str(&text).unwrap())
    }
}

/// A rule of a group, as plain words.
#[derive(Clone)]
struct Rule {
    priority: i64,
    inbound: bool,
    allow: bool,
    protocol: String,
    ports: Vec<(u16, u16)>,
    peers: Vec<String>,
}

fn rules_in(document: &Value) -> Vec<Rule> {
    let list = |one: &Value, several: &Value| -> Vec<String> {
        let all = several.as_array().into_iter().flatten().filter_map(Value::as_str).chain(one.as_str());
        all.map(str::to_owned).collect()
    };
    let read = |rule: &Value| {
        let said = |key: &str| &rule["properties"][key];
        let inbound = said("direction") == "Inbound";
        let peer = if inbound { "source" } else { "destination" };
        let range = |text: &String| match text.split_once('-') {
            _ if text == "*" => (0, u16::MAX),
            Some((first, last)) => (first.parse().unwrap(), last.parse().unwrap()),
            None => (text.parse().unwrap(), text.parse().unwrap()),
        };
        Rule {
            priority: said("priority").as_i64().unwrap(),
            inbound,
            allow: said("access") == "Allow",
            protocol: said("protocol").as_str().unwrap().to_ascii_lowercase(),
            ports: list(said("destinationPortRange"), said("destinationPortRanges")).iter().map(range).collect(),
            peers: list(said(&format!("{peer}AddressPrefix")), said(&format!("{peer}AddressPrefixes"))),
        }
    };
    let of_group = |group: &Value| {
        group["properties"]["securityRules"].as_array().into_iter().flatten().map(read).collect::<Vec<_>>()
    };
    match document {
        Value::Array(groups) => groups.iter().flat_map(of_group).collect(),
        group => of_group(group),
    }
}

/// A packet: direction, protocol, destination port, and the tag that the other end is in.
type Probe = (bool, &'static str, u16, String);

/// Whether the custom rules let a packet pass; what none of them decides is told by Azure's own: out to the internet.
fn passes(rules: &[Rule], (inbound, protocol, port, tag): &Probe) -> bool {
    let base = tag.split('.').next().unwrap();
    let mut rules: Vec<&Rule> = rules.iter().filter(|rule| rule.inbound == *inbound).collect();
    rules.sort_by_key(|rule| rule.priority);
    let is_peer = |peer: &String| {
        peer == "*" || peer.eq_ignore_ascii_case(tag) || peer.eq_ignore_ascii_case(base) || peer == "Internet"
    };
    let decides = |rule: &&&Rule| {
        (rule.protocol == "*" || rule.protocol == *protocol)
            && rule.ports.iter().any(|(first, last)| (first..=last).contains(&port))
            && rule.peers.iter().any(is_peer)
    };
    rules.iter().find(decides).map_or(!*inbound, |rule| rule.allow)
}

/// One packet of every kind that the rules of two states and the findings tell apart.
fn probes(both: [&[Rule]; 2], flows: &BTreeSet<String>) -> Vec<Probe> {
    let mut ports: BTreeSet<u16> = [1, 65_535].into();
    let mut tags: BTreeSet<String> = ["SomeOtherTag".to_owned()].into();
    for rule in both.into_iter().flatten() {
        ports.extend(rule.ports.iter().flat_map(|(first, last)| [*first, *last, last.saturating_add(1)]));
        tags.extend(rule.peers.iter().filter(|peer| peer.starts_with(|one: char| one.is_alphabetic())).cloned());
    }
    for flow in flows {
        tags.extend(flow.split(' ').next_back().map(str::to_owned));
    }
    let mut all = Vec::new();
    for inbound in [true, false] {
        for protocol in ["tcp", "udp"] {
            for port in &ports {
                all.extend(tags.iter().map(|tag| (inbound, protocol, *port, tag.clone())));
            }
        }
    }
    all
}

/// Whether a flow in words, such as `inbound TCP 44224 from AzureMachineLearning`, asks for a packet.
fn asks(flow: &str, (inbound, protocol, port, tag): &Probe) -> bool {
    let words: Vec<&str> = flow.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let within = |word: &&str| {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        first.parse().is_ok_and(|first: u16| first <= *port) && last.parse().is_ok_and(|last: u16| *port <= last)
    };
    let end = *words.last().unwrap();
    words[0] == if *inbound { "inbound" } else { "outbound" }
        && words[1].to_ascii_lowercase().split('/').any(|one| one == *protocol)
        && words.iter().any(within)
        && (tag.eq_ignore_ascii_case(end) || tag.split('.').next().is_some_and(|base| base.eq_ignore_ascii_case(end)))
}

/// Every change of a text: a pattern, and what stands there instead.
const BREAKS: [(&str, &str, &str); 14] = [
    ("access", "\"access\": \"Allow\"", "\"access\": \"Deny\""),
    ("direction", "\"direction\": \"Outbound\"", "\"direction\": \"Inbound\""),
    ("direction", "\"direction\": \"Inbound\"", "\"direction\": \"Outbound\""),
    ("protocol", "\"protocol\": \"Tcp\"", "\"protocol\": \"Udp\""),
    ("port", "\"destinationPortRange\": \"443\"", "\"destinationPortRange\": \"444\""),
    ("port", "\"destinationPortRange\": \"44224\"", "\"destinationPortRange\": \"44244\""),
    ("port", "\"destinationPortRange\": \"443\"", "\"destinationPortRange\": \"9000-9100\""),
    ("tag", "\"AzureMachineLearning\"", "\"AzureMachineLearnin\""),
    ("tag", "\"AzureActiveDirectory\"", "\"Sql\""),
    ("prefix", "\"AzureFrontDoor.Frontend\"", "\"192.0.2.0/24\""),
    ("priority", "\"priority\": 100,", "\"priority\": 4090,"),
    ("priority", "\"priority\": 120,", "\"priority\": 4091,"),
    ("priority", "\"priority\": 130,", "\"priority\": 4092,"),
    ("priority", "\"priority\": 200,", "\"priority\": 101,"),
];

#[test]
fn what_is_offered_settles_its_finding_and_opens_nothing_else() {
    let pack = Pack::load(true, &[]).unwrap();
    let examples = [
        ("same-estate", "rest/nsg-training.json"),
        ("secure-workspace", "network/nsg-training.json"),
        ("inbound-44224-blocked", "nsg-training.json"),
        ("storage-445-denied", "network/nsg-training.json"),
    ];
    let (mut tried, mut violated, mut settled) = (0, 0, 0);
    for (example, file) in examples {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example).join(file);
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for (what, old, new) in BREAKS {
            // The other places of one kind are much alike.
            for (at, _) in text.match_indices(old).take(3) {
                let broken = format!("{}{new}{}", &text[..at], &text[at + old.len()..]);
                let case = Case::new(example, file, &broken);
                let (before, found) = case.try_all(&pack);
                let counts = |outcome: &Outcome| {
                    outcome.report.open().filter(|one| one.flow.is_some() && !one.undecided).count()
                };
                tried += 1;
                violated += counts(&before);
                let edits = edits_of(&before, &found.chosen);
                let unchanged = case.rules();
                case.write(&before, &edits);
                let (after, again) = case.try_all(&pack);
                let name = format!("{example}, {what} at {at}");
                let mut flows = BTreeSet::new();
                for at in found.chosen.iter().flat_map(|offer| &offer.findings) {
                    let finding = &before.report.findings[*at];
                    let mut holds = finding.placements.iter().map(|placement| {
                        let there = after.report.placements.iter().find(|one| one.id == *placement);
                        let flow = |one: &&aznetlint::finding::RequirementReport| {
                            one.rule == finding.rule && Some(&one.flow) == finding.flow.as_ref()
                        };
                        there.and_then(|one| one.requirements.iter().find(flow)).and_then(|one| one.verdict)
                    });
                    let is_held = holds.all(|verdict| verdict == Some(Verdict::Satisfied));
                    assert!(finding.flow.is_none() || is_held, "{name}: {}", finding.message);
                    settled += usize::from(finding.flow.is_some());
                    flows.extend(finding.flow.clone());
                }
                // What another edit had to make room for may come in a second turn; nothing comes twice.
                let known = |outcome: &Outcome, found: &Offers| -> BTreeSet<String> {
                    let numbers = found.chosen.iter().flat_map(|offer| &offer.findings);
                    numbers.map(|at| outcome.report.findings[*at].fingerprint.clone()).collect()
                };
                let twice = known(&before, &found).intersection(&known(&after, &again)).cloned().collect::<Vec<_>>();
                assert!(twice.is_empty(), "{name}: asked for once more: {twice:?}");
                let rules = case.rules();
                for probe in probes([&unchanged, &rules], &flows) {
                    let is_opened = !passes(&unchanged, &probe) && passes(&rules, &probe);
                    let is_asked = flows.iter().any(|flow| asks(flow, &probe));
                    // A word that is no tag lets nothing pass, and Azure refuses it.
                    let is_misspelt =
                        what == "tag" && found.chosen.iter().any(|one| one.fix.title.starts_with("write"));
                    assert!(!is_opened || is_asked || is_misspelt, "{name} opens {probe:?}, asked: {flows:?}");
                }
            }
        }
    }
    println!("{tried} changed files, {violated} requirements violated, {settled} settled");
    assert!(tried >= 60 && settled * 10 >= violated * 8, "{settled} of {violated} in {tried}");
}

#[test]
fn only_the_bytes_of_the_edits_change() {
    let pack = Pack::load(true, &[]).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let (paths, settings) = (vec![root], Settings::default());
    let trial = Trial { paths: &paths, stdin: &[], pack: &pack, settings: &settings };
    let before = trial.run(BTreeMap::new());
    let found = offers(&trial, &before, true);
    let before = before.outcome;
    let edits = edits_of(&before, &found.chosen);
    assert!(found.chosen.len() >= 8, "{} offers", found.chosen.len());
    for (file, text) in edited(&before.files, &edits) {
        let (old, mut at, mut from) = (before.files.text(file), 0, 0);
        for edit in edits.iter().filter(|edit| edit.span.file == file) {
            let range = edit.span.range();
            let kept = &old[from..range.start];
            assert_eq!(&text[at..at + kept.len()], kept);
            at += kept.len() + edit.text.len();
            from = range.end;
        }
        assert_eq!(&text[at..], &old[from..]);
    }
    // The text of a run can stand in for that of a file.
    let texts = edited(&before.files, &edits);
    let instead: BTreeMap<String, Arc<str>> =
        texts.into_iter().map(|(file, text)| (before.files.name(file).to_owned(), text.into())).collect();
    let after = trial.run(instead).outcome;
    assert!(after.report.counts().violated < before.report.counts().violated);
}

fn run(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aznetlint")).args(arguments).current_dir(folder).output().unwrap()
}

/// The example with the rule that lets sign-ins pass turned around: two requirements are violated, one edit settles both.
fn turned() -> Case {
    let file = "network/nsg-training.json";
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pull-request");
    let text = std::fs::read_to_string(root.join(file)).unwrap();
    let at = text.find("\"allow-sign-in\"").unwrap();
    let at = text[at..].find("Allow").unwrap() + at;
    Case::new("pull-request", file, &format!("{}Deny{}", &text[..at], &text[at + 5..]))
}

#[test]
fn what_is_printed_keeps_to_its_schema() {
    let case = turned();
    let json = run(&["fix", ".", "--format", "json"], case.folder.path());
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    Schema::closed(serde_json::from_str(SCHEMA).unwrap()).check(&json).unwrap();
    let chosen: Vec<&Value> = json["fixes"].as_array().unwrap().iter().filter(|fix| fix["chosen"] == true).collect();
    assert!(chosen.iter().any(|fix| fix["settles"].as_array().unwrap().len() == 2), "{json:#}");
    assert!(chosen.iter().all(|fix| fix["safe"] == true), "{json:#}");
}

#[test]
fn suggestions_make_the_text_that_the_edits_make() {
    let case = turned();
    let review = run(&["fix", ".", "--format", "review"], case.folder.path());
    let review: Value = serde_json::from_slice(&review.stdout).unwrap();
    let comments = review["comments"].as_array().unwrap();
    assert!(comments.len() >= 2, "{review:#}");
    let path = case.folder.path().join(&case.file);
    let old = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<Vec<String>> = old.lines().map(|line| vec![line.to_owned()]).collect();
    for comment in comments {
        assert_eq!(comment["path"], *case.file);
        let end = usize::try_from(comment["line"].as_u64().unwrap()).unwrap();
        let start = comment["start_line"].as_u64().map_or(end, |line| usize::try_from(line).unwrap());
        let body = comment["body"].as_str().unwrap();
        let (_, inside) = body.split_once("```suggestion\n").unwrap();
        let (inside, _) = inside.split_once("\n```").unwrap();
        lines[start - 1..end].iter_mut().for_each(Vec::clear);
        lines[start - 1] = inside.lines().map(str::to_owned).collect();
    }
    let suggested: Vec<String> = lines.into_iter().flatten().collect();
    assert!(run(&["fix", ".", "--write"], case.folder.path()).status.code() != Some(2));
    let written = std::fs::read_to_string(&path).unwrap();
    assert_ne!(written, old);
    assert_eq!(suggested, written.lines().collect::<Vec<_>>());
}

#[test]
fn a_report_tells_the_edit_of_each_finding_where_it_is_asked_to() {
    let case = turned();
    let report = |flags: &[&str]| -> Value {
        let arguments = [&["check", ".", "--format"], flags].concat();
        serde_json::from_slice(&run(&arguments, case.folder.path()).stdout).unwrap()
    };
    let plain = report(&["json"]);
    assert!(plain["findings"].as_array().unwrap().iter().all(|one| one.get("fix").is_none()));
    let told = report(&["json", "--fixes"]);
    let with = |one: &&Value| one.get("fix").is_some();
    assert!(told["findings"].as_array().unwrap().iter().filter(with).count() >= 3, "{told:#}");
    let sarif = report(&["sarif", "--fixes"]);
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let fixed = results.iter().filter_map(|one| one["fixes"][0]["artifactChanges"][0]["replacements"].as_array());
    assert!(fixed.filter(|all| !all.is_empty()).count() >= 3, "{sarif:#}");
}
