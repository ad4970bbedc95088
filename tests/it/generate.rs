//! `generate`: what it writes lets pass what the rules ask for and nothing else, whatever the facts are, and each of its
//! lines is needed.

use std::collections::BTreeSet;

use aznetlint::diff::{Sides, diff};
use aznetlint::finding::{Applies, FactValue, Report, Verdict};
use aznetlint::generate::{Failure, Form, Order, Plan, generate};
use aznetlint::judge::{Origin, Request, Requests};
use aznetlint::lint::{Kept, Settings, lint_texts, lint_texts_keeping};
use aznetlint::net::{AddressSet, PortSet, ProtocolSet, Tag};
use aznetlint::proof::{End, Turn};
use aznetlint::rule::Pack;
use serde_json::Value;

type Facts = Vec<(String, FactValue, Origin)>;

const COMPUTE: &str = "azureml-compute";
const DECIDING: [&str; 7] = [
    "public-ip",
    "hbi",
    "compute-instance",
    "workspace-private-endpoint",
    "private-endpoints",
    "storage-private-endpoint",
    "monitor-private-link",
];

fn text(name: &str, value: &str) -> (String, FactValue, Origin) {
    (name.to_owned(), FactValue::Text(value.to_owned()), Origin::CommandLine)
}

fn yes(name: &str, value: bool) -> (String, FactValue, Origin) {
    (name.to_owned(), FactValue::Bool(value), Origin::CommandLine)
}

fn prefixes() -> (String, FactValue, Origin) {
    ("subnet-prefixes".to_owned(), FactValue::List(vec!["10.0.1.0/24".to_owned()]), Origin::CommandLine)
}

/// The deciding facts of a compute, one bit each.
fn facts(bits: usize, region: &str) -> Facts {
    let mut facts = vec![text("region", region)];
    facts.extend(DECIDING.iter().enumerate().map(|(at, name)| yes(name, bits >> at & 1 == 1)));
    facts
}

fn order<'a>(service: &'a str, facts: &'a Facts, firewall: bool) -> Order<'a> {
    Order { service, name: None, firewall: firewall.then(|| "10.0.0.0/26".parse().unwrap()), facts }
}

fn settings(service: &str, facts: &Facts) -> Settings {
    let pattern = Some(format!("snet-{service}"));
    let request = Request { service: service.to_owned(), pattern, ..Request::default() };
    let requests = Requests { services: vec![request], facts: facts.clone(), ..Requests::default() };
    Settings { requests, ..Settings::default() }
}

fn open(report: &Report) -> Vec<String> {
    let asked = report.placements.iter().flat_map(|placement| &placement.requirements);
    asked
        .filter(|one| one.applies != Applies::No && one.verdict != Some(Verdict::Satisfied) && one.verdict.is_some())
        .map(|one| format!("{} {:?}", one.flow, one.verdict))
        .collect()
}

/// Judges a text as `check` would: nothing open, nothing found, not even a note.
fn check(pack: &Pack, service: &str, facts: &Facts, plan: &Plan, form: Form, file: &str) {
    let outcome = lint_texts([(file.to_owned(), plan.write(form))], pack, &settings(service, facts));
    // Whoever asks for the retired mode is told so.
    let findings = outcome.report.findings.iter().filter(|one| one.rule.as_str() != "nsg/batch-classic-mode");
    let found: Vec<String> = findings.map(|one| format!("{}: {}", one.rule, one.message)).collect();
    assert_eq!(outcome.report.placements.len(), 1, "{facts:?}");
    let conditional = outcome.report.placements[0].requirements.iter().filter(|one| one.applies == Applies::Unknown);
    assert_eq!(conditional.count(), 0, "{facts:?}");
    assert!(open(&outcome.report).is_empty() && found.is_empty(), "{facts:?}\n{:?}\n{found:?}", open(&outcome.report));
}

/// The template with every rule that lets something pass taken out but those that `keep` says.
fn without(plan: &Plan, keep: &dyn Fn(&Value) -> bool) -> String {
    let mut template: Value = serde_json::from_str(&plan.write(Form::Arm)).unwrap();
    for resource in template["resources"].as_array_mut().unwrap() {
        if let Some(rules) = resource["properties"]["securityRules"].as_array_mut() {
            rules.retain(|rule| rule["properties"]["access"] == "Deny" || keep(rule));
        }
        if let Some(collections) = resource["properties"]["ruleCollections"].as_array_mut() {
            for collection in collections {
                collection["rules"].as_array_mut().unwrap().retain(keep);
            }
        }
    }
    template.to_string()
}

fn kept(pack: &Pack, service: &str, facts: &Facts, text: String) -> Kept {
    lint_texts_keeping([("main.json".to_owned(), text)], pack, &settings(service, facts))
}

/// One port, one protocol, one end.
type Flow = (String, String, u16, String);

fn each(protocols: ProtocolSet, ports: &PortSet, way: &str, end: &str) -> Vec<Flow> {
    let ports: Vec<u16> = ports.ranges().iter().flat_map(|(first, last)| *first..=*last).collect();
    let one = |word: &str, port: u16| (way.to_owned(), word.to_ascii_lowercase(), port, end.to_ascii_lowercase());
    protocols.each().flat_map(|(_, word)| ports.iter().map(|port| one(word, *port)).collect::<Vec<_>>()).collect()
}

/// What requirements ask for, from the words of the report: `outbound TCP/UDP 443 to Storage.westeurope`.
fn asked(report: &Report) -> BTreeSet<Flow> {
    let mut all = BTreeSet::new();
    for one in &report.placements[0].requirements {
        let words: Vec<&str> = one.flow.split(' ').collect();
        let [way @ ("outbound" | "inbound"), protocols, ports, _, end, ..] = words[..] else { continue };
        if one.applies == Applies::No {
            continue;
        }
        // A group knows no host names, and a subnet by the prefix that the facts give.
        let is_host = end.contains('.') && Tag::read(end, None).tag().is_none();
        let end = if is_host { "Internet" } else { end };
        let end = if end == "the" { "10.0.1.0/24" } else { end };
        for protocol in protocols.split('/') {
            for range in ports.split(',') {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                let range = first.parse::<u16>().unwrap()..=last.parse().unwrap();
                let word = protocol.to_ascii_lowercase();
                all.extend(range.map(|port| (way.to_owned(), word.clone(), port, end.to_ascii_lowercase())));
            }
        }
    }
    all
}

fn named(end: &End) -> String {
    let prefixes = || end.addresses.prefixes().map(|net| net.to_string()).collect::<Vec<_>>().join(",");
    let told = end.name.clone().or_else(|| end.only.first().cloned()).unwrap_or_else(prefixes);
    // What the platform takes for itself passes in any case.
    let platform = AddressSet::parse("169.254.169.254").unwrap().union(&AddressSet::parse("168.63.129.16").unwrap());
    assert!(end.but.is_subset(&platform) && !end.is_any, "{end:?}");
    told
}

/// Traffic that a plan opens in a network that denies everything.
fn opened(base: &Kept, head: &Kept) -> BTreeSet<Flow> {
    let sides = Sides { base, base_root: "", base_label: "", base_folder: "", head, head_root: "", read_alike: true };
    let diff = diff(sides);
    let mut all = BTreeSet::new();
    for change in &diff.changes {
        assert_eq!(change.turn, Turn::Opened, "{change:?}");
        // The network itself is not in the text.
        let is_network = |text: &str| text == "not all addresses of `VirtualNetwork` are known";
        assert!(change.why.iter().all(|why| is_network(&why.text)), "{change:?}");
        for one in &change.traffic {
            let inbound = one.direction == aznetlint::estate::Direction::Inbound;
            let (way, end) = if inbound { ("inbound", &one.from) } else { ("outbound", &one.to) };
            assert!(one.source_ports.is_full());
            all.extend(each(one.protocols, &one.ports, way, &named(end)));
        }
    }
    all
}

/// What a plan opens is what is asked for; what Internet lets pass on a port is told by Internet alone.
fn opens_what_is_asked(pack: &Pack, service: &str, facts: &Facts, plan: &Plan) {
    let base = kept(pack, service, facts, without(plan, &|_| false));
    let head = kept(pack, service, facts, plan.write(Form::Arm));
    let asked = asked(&head.outcome.report);
    let is_wide = |flow: &Flow| {
        let inside = flow.3 == "internet" || flow.3 == "virtualnetwork" || flow.3.starts_with("10.");
        !inside && asked.contains(&(flow.0.clone(), flow.1.clone(), flow.2, "internet".to_owned()))
    };
    let wanted: BTreeSet<Flow> = asked.iter().filter(|flow| !is_wide(flow)).cloned().collect();
    // The subnet is a part of its network, and told by itself.
    let is_own = |flow: &Flow| {
        let network = (flow.0.clone(), flow.1.clone(), flow.2, "virtualnetwork".to_owned());
        flow.3 == "10.0.1.0/24" && wanted.contains(&network)
    };
    let opened: BTreeSet<Flow> = opened(&base, &head).into_iter().filter(|flow| !is_own(flow)).collect();
    assert_eq!(opened, wanted, "{facts:?}");
}

#[test]
fn every_combination_of_facts_is_met_and_nothing_else_is_opened() {
    let pack = Pack::load(true, &[]).unwrap();
    for bits in 0..1 << DECIDING.len() {
        let mut facts = facts(bits, "westeurope");
        if bits & 1 == 0 {
            facts.push(yes("nat-gateway", true));
        }
        let plan = generate(&order(COMPUTE, &facts, false), &pack).unwrap();
        check(&pack, COMPUTE, &facts, &plan, Form::Bicep, "main.bicep");
        // One of four, which has each pair of facts: a comparison takes as long as three runs.
        if bits % 4 == (bits / 4) % 4 {
            opens_what_is_asked(&pack, COMPUTE, &facts, &plan);
        }
    }
}

#[test]
fn facts_that_are_taken_for_granted_can_be_said_otherwise() {
    let pack = Pack::load(true, &[]).unwrap();
    let others: [&[(&str, bool)]; 8] = [
        &[("microsoft-images", false)],
        &[("rstudio", false)],
        &[("python-packages", true)],
        &[("r-packages", true)],
        &[("rstudio-setup", true)],
        &[("vscode", true)],
        &[("classic-batch", true)],
        &[("no-public-ip", true), ("storage-service-endpoint", true)],
    ];
    for (at, more) in others.iter().enumerate() {
        for firewall in [false, true] {
            let mut facts = facts(0b001_1101 ^ at, "westeurope");
            facts.extend(more.iter().map(|(name, value)| yes(name, *value)));
            facts.push(prefixes());
            if !firewall {
                facts.push(yes("nat-gateway", true));
            }
            let plan = generate(&order(COMPUTE, &facts, firewall), &pack).unwrap();
            check(&pack, COMPUTE, &facts, &plan, Form::Bicep, "main.bicep");
            if !firewall {
                opens_what_is_asked(&pack, COMPUTE, &facts, &plan);
            }
        }
    }
}

#[test]
fn every_cloud_is_met_with_and_without_a_firewall() {
    let pack = Pack::load(true, &[]).unwrap();
    for region in ["westeurope", "usgovvirginia", "chinaeast2", "qatarcentral"] {
        for bits in [0b000_0000, 0b000_0001, 0b000_1011, 0b010_1100, 0b111_1111, 0b100_0110] {
            for (firewall, by_hosts) in [(false, false), (true, false), (true, true)] {
                let mut facts = facts(bits, region);
                facts.push(prefixes());
                if by_hosts {
                    facts.extend([yes("firewall-by-hosts", true), text("storage-account", "stml")]);
                }
                if !firewall {
                    facts.push(yes("nat-gateway", true));
                }
                let plan = generate(&order(COMPUTE, &facts, firewall), &pack)
                    .unwrap_or_else(|failure| panic!("{region} {bits:b} {firewall} {by_hosts}: {failure:?}"));
                check(&pack, COMPUTE, &facts, &plan, Form::Bicep, "main.bicep");
                if !firewall {
                    opens_what_is_asked(&pack, COMPUTE, &facts, &plan);
                }
            }
        }
    }
}

#[test]
fn the_other_services_are_met() {
    let pack = Pack::load(true, &[]).unwrap();
    for service in pack.services.iter().map(|service| &*service.name).filter(|name| *name != COMPUTE) {
        for firewall in [false, true] {
            let mut facts = vec![text("region", "westeurope"), prefixes()];
            loop {
                match generate(&order(service, &facts, firewall), &pack) {
                    // What it writes was judged; a service may ask for more than good advice would have it.
                    Ok(_) if !service.starts_with("azureml") => break,
                    Ok(plan) => {
                        check(&pack, service, &facts, &plan, Form::Bicep, "main.bicep");
                        check(&pack, service, &facts, &plan, Form::Arm, "main.json");
                        if !firewall {
                            opens_what_is_asked(&pack, service, &facts, &plan);
                        }
                        break;
                    }
                    Err(Failure::Facts(missing)) => {
                        let answer = |name: &str, values: &str| match values {
                            "true|false" => yes(name, true),
                            _ if name.ends_with("region") => text(name, "westeurope"),
                            _ => text(name, "given"),
                        };
                        assert!(facts.len() < 40, "{service}: {missing:?}");
                        facts.extend(missing.iter().map(|one| answer(&one.name, &one.values)));
                    }
                    // What the subnet must be called or delegated to is not for rules and routes to meet.
                    Err(Failure::Unmet(open)) => {
                        let of_subnet = |one: &&String| {
                            one.contains("subnet-") || one.contains("-missing") || one.contains("-not-delegated")
                        };
                        assert!(!service.starts_with("azureml") && open.iter().any(|one| of_subnet(&one)), "{open:?}");
                        break;
                    }
                    Err(failure) => panic!("{service} {firewall}: {failure:?}"),
                }
            }
        }
    }
}

#[test]
fn no_rule_can_be_left_out() {
    let pack = Pack::load(true, &[]).unwrap();
    let mut facts = facts(0b111_1111, "westeurope");
    facts.extend([prefixes(), yes("python-packages", true), yes("vscode", true)]);
    let plan = generate(&order(COMPUTE, &facts, true), &pack).unwrap();
    let whole: Value = serde_json::from_str(&plan.write(Form::Arm)).unwrap();
    let mut names = Vec::new();
    for resource in whole["resources"].as_array().unwrap() {
        let properties = &resource["properties"];
        let collections = properties["ruleCollections"].as_array().into_iter().flatten();
        let rules = collections.flat_map(|one| one["rules"].as_array().into_iter().flatten());
        let rules = rules.chain(properties["securityRules"].as_array().into_iter().flatten());
        let passing = rules.filter(|rule| rule["properties"]["access"] != "Deny");
        names.extend(passing.map(|rule| rule["name"].as_str().unwrap().to_owned()));
    }
    assert!(names.len() > 10);
    for (at, name) in names.iter().enumerate() {
        // One name may be that of a rule of the group and of one of the firewall.
        let which = names[..at].iter().filter(|one| *one == name).count();
        let seen = std::cell::Cell::new(0);
        let keep = |rule: &Value| {
            let is_named = rule["name"].as_str() == Some(name);
            let earlier = seen.get();
            seen.set(earlier + usize::from(is_named));
            !is_named || earlier != which
        };
        let outcome = kept(&pack, COMPUTE, &facts, without(&plan, &keep)).outcome;
        assert!(!open(&outcome.report).is_empty(), "nothing is open without {name}");
    }
}

#[test]
fn what_decides_is_asked_for_by_name() {
    let pack = Pack::load(true, &[]).unwrap();
    let nothing = Facts::new();
    let Err(Failure::Facts(missing)) = generate(&order(COMPUTE, &nothing, true), &pack) else { panic!("it was made") };
    let names: BTreeSet<&str> = missing.iter().map(|one| &*one.name).collect();
    let wanted: BTreeSet<&str> = DECIDING.into_iter().chain(["region", "subnet-prefixes"]).collect();
    assert_eq!(names, wanted);
    assert!(missing.iter().all(|one| !one.describe.is_empty()));
    let facts = facts(0, "westeurope");
    let failure = generate(&order(COMPUTE, &facts, false), &pack).unwrap_err();
    assert!(matches!(failure, Failure::NoWayOut(_)), "{failure:?}");
    let mut facts = facts;
    facts.push(yes("managed-network", true));
    assert!(matches!(generate(&order(COMPUTE, &facts, false), &pack), Err(Failure::NotJudged(_))));
}

/// The words of a property, however many there are.
fn words(properties: &Value, keys: &[&str]) -> String {
    let all = keys.iter().filter_map(|key| properties.get(*key)).flat_map(|value| match value {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    });
    all.map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned)).collect::<Vec<_>>().join(",")
}

#[test]
fn terraform_and_commands_have_the_rows_of_the_template() {
    let pack = Pack::load(true, &[]).unwrap();
    let mut facts = facts(0b111_1111, "westeurope");
    facts.extend([prefixes(), yes("python-packages", true)]);
    let plan = generate(&order(COMPUTE, &facts, true), &pack).unwrap();
    let template: Value = serde_json::from_str(&plan.write(Form::Arm)).unwrap();
    let (terraform, az) = (plan.write(Form::Terraform), plan.write(Form::Az));
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let blocks: Vec<String> = terraform.split("security_rule {").skip(1).map(flat).collect();
    let list = |words: &str| {
        format!("[{}]", words.split(',').map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", "))
    };
    let resources = template["resources"].as_array().unwrap();
    let rules = resources.iter().find_map(|one| one["properties"]["securityRules"].as_array()).unwrap();
    assert_eq!(blocks.len(), rules.len());
    for (rule, block) in rules.iter().zip(&blocks) {
        let properties = &rule["properties"];
        let mut has = vec![format!("name = {}", rule["name"])];
        for (key, value) in properties.as_object().unwrap() {
            let key: String = key
                .chars()
                .map(|c| if c.is_uppercase() { format!("_{}", c.to_ascii_lowercase()) } else { c.to_string() })
                .collect();
            let value = if value.is_array() {
                list(&words(&serde_json::json!({ "v": value }), &["v"]))
            } else {
                value.to_string()
            };
            has.push(format!("{key} = {value}"));
        }
        for has in has {
            assert!(block.contains(&has), "{has}\n{block}");
        }
        let command = az
            .lines()
            .find(|line| {
                line.contains("nsg rule create")
                    && line.contains(&format!("--name {} ", rule["name"].as_str().unwrap()))
            })
            .unwrap();
        let ports =
            words(properties, &["destinationPortRange", "destinationPortRanges"]).replace(',', " ").replace('*', "'*'");
        let ends = words(properties, &["destinationAddressPrefix"]).replace('*', "'*'");
        for has in [
            format!("--destination-port-ranges {ports}"),
            format!("--destination-address-prefixes {ends}"),
            format!("--priority {}", properties["priority"]),
            format!("--direction {}", properties["direction"].as_str().unwrap()),
        ] {
            assert!(command.contains(&has), "{has}\n{command}");
        }
    }
    let routes = resources.iter().find_map(|one| one["properties"]["routes"].as_array()).unwrap();
    assert_eq!(terraform.matches("route {").count(), routes.len());
    assert_eq!(az.matches("route-table route create").count(), routes.len());
    let collections = resources.iter().find_map(|one| one["properties"]["ruleCollections"].as_array()).unwrap();
    let rules: Vec<&Value> = collections.iter().flat_map(|one| one["rules"].as_array().unwrap()).collect();
    assert_eq!(terraform.matches(" rule {").count(), rules.len());
    assert_eq!(az.matches("--rule-type").count(), rules.len());
    for rule in rules {
        let ends = words(rule, &["destinationAddresses", "targetFqdns", "destinationFqdns"]);
        assert!(flat(&terraform).contains(&list(&ends)), "{ends}");
        assert!(plan.write(Form::Request).contains(&format!("`{}`", ends.split(',').next().unwrap())));
    }
}
