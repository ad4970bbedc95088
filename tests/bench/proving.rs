//! How long the proof of all azureml requirements takes, and how it grows with the number of rules, of networks and of
//! placements; and how long it takes to tell which rules of a group are never reached. Run with
//! `cargo bench --bench proving -- [TAG FILE]`; with a file everything is measured without it and with it. `--only TEXT`
//! takes the lines that hold the text, and `--once` runs each once, for counting instructions.

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::fmt::Write as _;
use std::time::Instant;

use aznetlint::judge::{Origin, Request, Requests};
use aznetlint::lint::{Settings, lint_texts};
use aznetlint::rule::Pack;

const ID: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network";

/// A group with `rules` outbound rules and `prefixes` prefixes on each side over all of them, a deny-all at the end.
fn group(rules: usize, prefixes: usize) -> String {
    let each = (prefixes / rules.max(1)).max(1);
    let mut text = format!(
        "{{ \"type\": \"Microsoft.Network/networkSecurityGroups\", \"name\": \"nsg\", \"id\": \"{ID}/networkSecurityGroups/nsg\", \"location\": \"westeurope\", \"properties\": {{ \"securityRules\": ["
    );
    for rule in 0..rules {
        let list = |from: usize| {
            let nets = (0..each).map(|at| {
                let n = from + rule * each + at;
                format!("\"{}.{}.{}.0/24\"", 20 + n / 65536, (n / 256) % 256, n % 256)
            });
            nets.collect::<Vec<_>>().join(",")
        };
        let access = if rule % 3 == 0 { "Deny" } else { "Allow" };
        let port = 1000 + rule;
        let _ = write!(
            text,
            "{{ \"name\": \"r{rule}\", \"properties\": {{ \"priority\": {}, \"direction\": \"Outbound\", \"access\": \"{access}\", \"protocol\": \"Tcp\", \"sourceAddressPrefixes\": [\"10.0.0.0/8\"], \"sourcePortRange\": \"*\", \"destinationAddressPrefixes\": [{}], \"destinationPortRanges\": [\"{port}\", \"443\"] }} }},",
            100 + rule,
            list(0),
        );
    }
    text.push_str("{ \"name\": \"end\", \"properties\": { \"priority\": 4096, \"direction\": \"Outbound\", \"access\": \"Deny\", \"protocol\": \"*\", \"sourceAddressPrefix\": \"*\", \"sourcePortRange\": \"*\", \"destinationAddressPrefix\": \"10.99.0.0/16\", \"destinationPortRange\": \"*\" } }] } }");
    text
}

fn network(routed: bool) -> String {
    let table = if routed { format!(", \"routeTable\": {{ \"id\": \"{ID}/routeTables/rt\" }}") } else { String::new() };
    format!(
        "{{ \"type\": \"Microsoft.Network/virtualNetworks\", \"name\": \"v\", \"id\": \"{ID}/virtualNetworks/v\", \"location\": \"westeurope\", \"properties\": {{ \"addressSpace\": {{ \"addressPrefixes\": [\"10.0.0.0/16\"] }}, \"subnets\": [ {{ \"name\": \"s\", \"id\": \"{ID}/virtualNetworks/v/subnets/s\", \"properties\": {{ \"addressPrefix\": \"10.0.1.0/24\", \"networkSecurityGroup\": {{ \"id\": \"{ID}/networkSecurityGroups/nsg\" }}{table} }} }} ] }} }}"
    )
}

/// A firewall, its route, and a policy of `rules` network rules, the last of which lets the compute's traffic pass.
fn firewall(rules: usize) -> Vec<(String, String)> {
    let mut list = String::new();
    for rule in 0..rules {
        let _ = write!(
            list,
            "{{ \"ruleType\": \"NetworkRule\", \"name\": \"r{rule}\", \"ipProtocols\": [\"TCP\"], \"sourceAddresses\": [\"10.0.0.0/8\"], \"destinationAddresses\": [\"{}.{}.{}.0/24\"], \"destinationPorts\": [\"{}\", \"443\"] }},",
            30 + rule / 65536,
            (rule / 256) % 256,
            rule % 256,
            1000 + rule % 50000
        );
    }
    list.push_str("{ \"ruleType\": \"NetworkRule\", \"name\": \"all\", \"ipProtocols\": [\"Any\"], \"sourceAddresses\": [\"10.0.0.0/8\"], \"destinationAddresses\": [\"*\"], \"destinationPorts\": [\"*\"] }");
    vec![
        (
            "fw.json".into(),
            format!(
                "{{ \"type\": \"Microsoft.Network/azureFirewalls\", \"name\": \"fw\", \"id\": \"{ID}/azureFirewalls/fw\", \"properties\": {{ \"firewallPolicy\": {{ \"id\": \"{ID}/firewallPolicies/p\" }}, \"ipConfigurations\": [ {{ \"properties\": {{ \"privateIPAddress\": \"10.9.0.4\" }} }} ] }} }}"
            ),
        ),
        (
            "policy.json".into(),
            format!(
                "{{ \"type\": \"Microsoft.Network/firewallPolicies\", \"name\": \"p\", \"id\": \"{ID}/firewallPolicies/p\", \"properties\": {{ \"sku\": {{ \"tier\": \"Premium\" }} }} }}"
            ),
        ),
        (
            "group.json".into(),
            format!(
                "{{ \"type\": \"Microsoft.Network/firewallPolicies/ruleCollectionGroups\", \"name\": \"g\", \"id\": \"{ID}/firewallPolicies/p/ruleCollectionGroups/g\", \"properties\": {{ \"priority\": 200, \"ruleCollections\": [ {{ \"ruleCollectionType\": \"FirewallPolicyFilterRuleCollection\", \"name\": \"c\", \"priority\": 200, \"action\": {{ \"type\": \"Allow\" }}, \"rules\": [{list}] }} ] }} }}"
            ),
        ),
        (
            "rt.json".into(),
            format!(
                "{{ \"type\": \"Microsoft.Network/routeTables\", \"name\": \"rt\", \"id\": \"{ID}/routeTables/rt\", \"properties\": {{ \"routes\": [ {{ \"name\": \"default\", \"properties\": {{ \"addressPrefix\": \"0.0.0.0/0\", \"nextHopType\": \"VirtualAppliance\", \"nextHopIpAddress\": \"10.9.0.4\" }} }} ] }} }}"
            ),
        ),
    ]
}

/// A group of rules with eight prefixes and eight ranges of ports on each side. `reach`: over how many times its share of
/// the addresses each rule is spread, and so with how many others it has packets in common.
fn crossing(rules: usize, reach: usize) -> String {
    let share = 65_536 / rules;
    let list =
        |one: &dyn Fn(usize) -> String| (0..8).map(|at| format!("\"{}\"", one(at))).collect::<Vec<_>>().join(",");
    let rules = (0..rules).map(|rule| {
        let prefixes = |first: usize, step: usize| {
            list(&move |at| {
                let n = (rule * share + (at * step * reach * share / 8)) % 65_536;
                format!("{first}.{}.{}.0/{}", n / 256, n % 256, 24 - share.ilog2())
            })
        };
        let ports = |step: usize| {
            list(&move |at| {
                let from = (rule * step * 11 + at * 8000) % 64_000;
                format!("{from}-{}", from + 1000)
            })
        };
        let access = if rule % 3 == 0 { "Deny" } else { "Allow" };
        format!(
            "{{ \"name\": \"r{rule}\", \"properties\": {{ \"priority\": {}, \"direction\": \"Inbound\", \"access\": \"{access}\", \"protocol\": \"Tcp\", \"sourceAddressPrefixes\": [{}], \"sourcePortRanges\": [{}], \"destinationAddressPrefixes\": [{}], \"destinationPortRanges\": [{}] }} }}",
            100 + rule,
            prefixes(20, 1),
            ports(3),
            prefixes(10, 7),
            ports(5),
        )
    });
    format!(
        "{{ \"type\": \"Microsoft.Network/networkSecurityGroups\", \"name\": \"nsg\", \"id\": \"{ID}/networkSecurityGroups/nsg\", \"location\": \"westeurope\", \"properties\": {{ \"securityRules\": [{}] }} }}",
        rules.collect::<Vec<_>>().join(",")
    )
}

/// A hub and networks peered with it, each with a subnet and a private endpoint.
fn peered(networks: usize) -> String {
    let peering = |to: usize| {
        format!(
            "{{ \"name\": \"to{to}\", \"properties\": {{ \"peeringState\": \"Connected\", \"remoteVirtualNetwork\": {{ \"id\": \"{ID}/virtualNetworks/v{to}\" }} }} }}"
        )
    };
    let all = (0..=networks).flat_map(|at| {
        let own: Vec<String> = if at == 0 { (1..=networks).map(peering).collect() } else { vec![peering(0)] };
        let net = format!("10.{}.{}.0/24", at / 256, at % 256);
        let subnet = format!("{ID}/virtualNetworks/v{at}/subnets/s");
        [
            format!(
                "{{ \"type\": \"Microsoft.Network/virtualNetworks\", \"name\": \"v{at}\", \"id\": \"{ID}/virtualNetworks/v{at}\", \"location\": \"westeurope\", \"properties\": {{ \"addressSpace\": {{ \"addressPrefixes\": [\"{net}\"] }}, \"subnets\": [ {{ \"name\": \"s\", \"id\": \"{subnet}\", \"properties\": {{ \"addressPrefix\": \"{net}\" }} }} ], \"virtualNetworkPeerings\": [{}] }} }}",
                own.join(",")
            ),
            format!(
                "{{ \"type\": \"Microsoft.Network/privateEndpoints\", \"name\": \"e{at}\", \"id\": \"{ID}/privateEndpoints/e{at}\", \"location\": \"westeurope\", \"properties\": {{ \"subnet\": {{ \"id\": \"{subnet}\" }} }} }}"
            ),
        ]
    });
    format!("[{}]", all.collect::<Vec<_>>().join(","))
}

/// A firewall whose policy has application rules, each for a host of its own.
fn applications(rules: usize) -> Vec<(String, String)> {
    let list = (0..rules).map(|rule| {
        format!(
            "{{ \"ruleType\": \"ApplicationRule\", \"name\": \"r{rule}\", \"protocols\": [ {{ \"protocolType\": \"Https\", \"port\": 443 }} ], \"sourceAddresses\": [\"10.0.0.0/8\"], \"targetFqdns\": [\"h{rule}.example.org\"] }}"
        )
    });
    let list = list.collect::<Vec<_>>().join(",");
    let mut texts = firewall(0);
    for (name, text) in &mut texts {
        if name == "group.json" {
            let start = text.find("\"rules\": [").expect("a collection has rules") + "\"rules\": [".len();
            let end = text.rfind("] } ] } }").expect("the list of rules ends");
            text.replace_range(start..end, &list);
        }
    }
    texts
}

/// The least time of some runs, in milliseconds: with what is measured, and of everything else.
fn measure(texts: &[(String, String)], pack: &Pack, series: &Series, once: bool) -> (f64, f64) {
    let service = |pattern: &str| Request {
        service: "azureml-compute".into(),
        pattern: Some(pattern.into()),
        origin: Origin::CommandLine,
        ..Request::default()
    };
    let services: Vec<Request> = series.placed_on.iter().map(|pattern| service(pattern)).collect();
    let nothing = Pack { rules: Vec::new(), ..pack.clone() };
    let own = pack.rules.iter().filter(|rule| series.rules.iter().any(|id| rule.card.id.as_str().starts_with(id)));
    let own = Pack { rules: own.cloned().collect(), ..pack.clone() };
    let with = Settings { requests: Requests { services, ..Requests::default() }, ..Settings::default() };
    let without = Settings::default();
    let least = |settings: &Settings, pack: &Pack| {
        let times = (0..if once { 1 } else { 5 }).map(|_| {
            let start = Instant::now();
            let outcome = lint_texts(texts.iter().cloned(), pack, settings);
            assert!(!outcome.report.has_errors(), "every text is read");
            start.elapsed().as_secs_f64() * 1e3
        });
        times.fold(f64::INFINITY, f64::min)
    };
    (least(&with, &own), least(&without, &nothing))
}

/// Many small groups, each on its own.
fn groups(count: usize) -> String {
    let mut text = String::from("[");
    for at in 0..count {
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(
            text,
            "{comma}{{ \"type\": \"Microsoft.Network/networkSecurityGroups\", \"name\": \"nsg{at}\", \"id\": \"{ID}/networkSecurityGroups/nsg{at}\", \"location\": \"westeurope\", \"properties\": {{ \"securityRules\": [ {{ \"name\": \"end\", \"properties\": {{ \"priority\": 4096, \"direction\": \"Outbound\", \"access\": \"Deny\", \"protocol\": \"*\", \"sourceAddressPrefix\": \"*\", \"sourcePortRange\": \"*\", \"destinationAddressPrefix\": \"*\", \"destinationPortRange\": \"*\" }} }} ] }} }}"
        );
    }
    text.push(']');
    text
}

/// One network with many subnets, all of one group.
fn subnets(count: usize) -> String {
    let subnets = (0..count).map(|at| {
        format!(
            "{{ \"name\": \"s{at}\", \"id\": \"{ID}/virtualNetworks/v/subnets/s{at}\", \"properties\": {{ \"addressPrefix\": \"10.{}.{}.0/24\", \"networkSecurityGroup\": {{ \"id\": \"{ID}/networkSecurityGroups/nsg\" }} }} }}",
            at / 256,
            at % 256
        )
    });
    format!(
        "{{ \"type\": \"Microsoft.Network/virtualNetworks\", \"name\": \"v\", \"id\": \"{ID}/virtualNetworks/v\", \"location\": \"westeurope\", \"properties\": {{ \"addressSpace\": {{ \"addressPrefixes\": [\"10.0.0.0/8\"] }}, \"subnets\": [{}] }} }}",
        subnets.collect::<Vec<_>>().join(",")
    )
}

/// More than anybody has, with every rule: how long the whole of it takes.
fn hostile(pack: &Pack, options: &Options) {
    let run = |what: &str, texts: &dyn Fn() -> Vec<(String, String)>, patterns: &[String]| {
        if !options.wants(what) {
            return;
        }
        let texts = texts();
        let services = patterns.iter().map(|pattern| Request {
            service: "azureml-compute".into(),
            pattern: Some(pattern.clone()),
            origin: Origin::CommandLine,
            ..Request::default()
        });
        let requests = Requests { services: services.collect(), ..Requests::default() };
        let settings = Settings { requests, ..Settings::default() };
        let start = Instant::now();
        let outcome = lint_texts(texts, pack, &settings);
        let findings = outcome.report.findings.len();
        println!("  {what}: {:.2} s, {findings} findings", start.elapsed().as_secs_f64());
    };
    println!("all rules, more than anybody has");
    let large = || vec![("nsg.json".into(), group(100_000, 100_000)), ("v.json".into(), network(false))];
    run("one group of 100,000 rules", &large, &["s".to_owned()]);
    let many = || vec![("groups.json".into(), groups(5000))];
    run("5,000 groups, each of them a placement", &many, &["*".to_owned()]);
    let each: Vec<String> = (0..5000).map(|at| format!("nsg{at}")).collect();
    run("5,000 groups, each asked for by itself", &many, &each);
    let wide = || vec![("v.json".into(), subnets(2000)), ("nsg.json".into(), group(10, 10))];
    run("2,000 subnets of one network, each of them a placement", &wide, &["*".to_owned()]);
}

/// One kind of input: what it is made of, the sizes it is measured at, and what it is asked.
struct Series {
    what: &'static str,
    sizes: &'static [usize],
    texts: fn(usize) -> Vec<(String, String)>,
    /// The subnets that the service is placed on.
    placed_on: &'static [&'static str],
    /// The rules, by how their ids begin.
    rules: &'static [&'static str],
}

const REQUIREMENTS: &[&str] = &["azureml/"];
const SHADOWS: &[&str] = &["nsg/rule-shadowed", "nsg/rule-redundant"];

const SERIES: [Series; 7] = [
    Series {
        what: "group, rules (4 prefixes per side each)",
        sizes: &[100, 1000, 10_000],
        texts: |rules| vec![("nsg.json".into(), group(rules, rules * 4)), ("v.json".into(), network(false))],
        placed_on: &["s"],
        rules: REQUIREMENTS,
    },
    Series {
        what: "policy, network rules",
        sizes: &[1000, 10_000],
        texts: |rules| {
            let mut texts = vec![("nsg.json".into(), group(10, 10)), ("v.json".into(), network(true))];
            texts.extend(firewall(rules));
            texts
        },
        placed_on: &["s"],
        rules: REQUIREMENTS,
    },
    Series {
        what: "policy, application rules",
        sizes: &[100, 1000, 10_000],
        texts: |rules| {
            let mut texts = vec![("nsg.json".into(), group(10, 10)), ("v.json".into(), network(true))];
            texts.extend(applications(rules));
            texts
        },
        placed_on: &["s"],
        rules: REQUIREMENTS,
    },
    Series {
        what: "peered networks, each a placement",
        sizes: &[20, 200, 2000],
        texts: |networks| vec![("v.json".into(), peered(networks))],
        placed_on: &["*"],
        rules: REQUIREMENTS,
    },
    Series {
        what: "rules never reached, 8 x 8 each, far apart",
        sizes: &[100, 800, 2000],
        texts: |rules| vec![("nsg.json".into(), crossing(rules, 1))],
        placed_on: &[],
        rules: SHADOWS,
    },
    Series {
        what: "rules never reached, 8 x 8 each, some crossing",
        sizes: &[100, 800, 2000],
        texts: |rules| vec![("nsg.json".into(), crossing(rules, 24))],
        placed_on: &[],
        rules: SHADOWS,
    },
    Series {
        what: "rules never reached, 8 x 8 each, all crossing",
        sizes: &[100, 800, 2000],
        texts: |rules| vec![("nsg.json".into(), crossing(rules, rules))],
        placed_on: &[],
        rules: SHADOWS,
    },
];

/// What the command line asks for.
struct Options {
    only: Option<String>,
    once: bool,
    tags: Option<String>,
}

impl Options {
    fn read() -> Self {
        let mut all = Self { only: None, once: false, tags: None };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--only" => all.only = arguments.next(),
                "--once" => all.once = true,
                option if option.starts_with('-') => {}
                path => all.tags = std::fs::read_to_string(path).ok(),
            }
        }
        all
    }

    fn wants(&self, line: &str) -> bool {
        self.only.as_ref().is_none_or(|only| line.contains(only))
    }
}

fn main() {
    let options = Options::read();
    let whole = Pack::load(true, &[]).expect("the shipped rules load");
    println!("in milliseconds, without reading");
    for tags in std::iter::once(None).chain(options.tags.as_ref().map(Some)) {
        let state = if tags.is_some() { "loaded" } else { "symbolic" };
        println!("service tags {state}");
        for series in &SERIES {
            let mut last: Option<f64> = None;
            for &size in series.sizes {
                if !options.wants(&format!("{state} {} {size}.", series.what)) {
                    continue;
                }
                let mut texts = (series.texts)(size);
                texts.extend(tags.map(|text| ("ServiceTags_Public.json".to_owned(), text.clone())));
                let (all, rest) = measure(&texts, &whole, series, options.once);
                let took = all - rest;
                let growth = last.map(|last| format!(", {:.1} times as long", took / last)).unwrap_or_default();
                println!("  {} {size:6}: {took:8.2} ms (and {rest:.2} ms to read it){growth}", series.what);
                last = Some(took);
            }
        }
    }
    hostile(&whole, &options);
}
