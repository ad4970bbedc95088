//! What a file of service tags costs a run: opening it and asking for 20 tags, beside parsing it whole.
//!
//! `cargo bench --bench tags [-- FILE]`; without FILE a list the size of the public one is made up.

#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aznetlint::json;
use aznetlint::net::AddressSet;
use aznetlint::source::FileId;
use aznetlint::tagfile;

const FILE: FileId = FileId(0);

fn main() {
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let text: Arc<str> = match given {
        Some(path) => std::fs::read_to_string(path).expect("the file is text").into(),
        None => made_up().into(),
    };
    let open = || tagfile::read(FILE, "tags.json", &text).expect("the file holds tags");
    let file = open();
    // Every 160th tag of the list, so that large and small ones are among them.
    let names: Vec<String> =
        file.tags.names().step_by((file.tags.len() / 20).max(1)).take(20).map(str::to_owned).collect();
    let few = |file: &tagfile::TagFile| names.iter().filter(|name| black_box(file.tags.get(name)).is_some()).count();
    let address = AddressSet::address("20.38.100.1".parse().expect("an address"));

    println!("{:.1} MB, {} tags", text.len() as f64 / 1e6, file.tags.len());
    let opened = measure("open", open);
    let asked = measure("open, 20 tags", || few(&open()));
    let largest = measure("open, AzureCloud", || open().tags.get("AzureCloud").map(|tag| tag.prefixes.len()));
    let all = measure("open, every tag", || open().read_all());
    let parsed = measure("json::parse alone", || json::parse(FILE, &text).map(|document| document.root));
    file.read_all();
    measure("what contains one tag", || file.tags.containers("AzureMachineLearning").map(|found| found.len()));
    measure("who holds an address", || file.tags.holders(&address).len());
    println!("json::parse takes {:.1} times as long as opening with 20 tags", ratio(parsed, asked));
    println!(
        "({:.1} times opening, {:.1} with AzureCloud, {:.1} with every tag)",
        ratio(parsed, opened),
        ratio(parsed, largest),
        ratio(parsed, all)
    );
}

/// The shortest of many runs: what else the machine does only ever adds.
fn measure<T>(what: &str, mut run: impl FnMut() -> T) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..30 {
        let start = Instant::now();
        let result = run();
        best = best.min(start.elapsed());
        drop(black_box(result));
    }
    println!("{what:24} {:9.3} ms", best.as_secs_f64() * 1e3);
    best
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

/// A list in the shape of the published one: 3,200 tags, 45 prefixes each.
fn made_up() -> String {
    let mut text = String::from("{\n  \"changeNumber\": 1,\n  \"cloud\": \"Public\",\n  \"values\": [");
    for tag in 0..3200_u32 {
        let comma = if tag == 0 { "" } else { "," };
        let name = if tag == 0 { "AzureCloud".to_owned() } else { format!("Service{}.Region{}", tag / 64, tag % 64) };
        let _ = write!(
            text,
            "{comma}\n    {{\n      \"name\": \"{name}\",\n      \"id\": \"{name}\",\n      \"properties\": {{\n        \
             \"changeNumber\": 1,\n        \"region\": \"\",\n        \"regionId\": 0,\n        \"platform\": \"Azure\",\n        \
             \"systemService\": \"Service\",\n        \"addressPrefixes\": [",
        );
        for prefix in 0..45_u32 {
            let at = tag * 45 + prefix;
            let (comma, net) = (if prefix == 0 { "" } else { "," }, std::net::Ipv4Addr::from(0x1400_0000 + at * 16));
            let _ = write!(text, "{comma}\n          \"{net}/28\"");
        }
        text.push_str("\n        ],\n        \"networkFeatures\": [\n          \"NSG\"\n        ]\n      }\n    }");
    }
    text.push_str("\n  ]\n}\n");
    text
}
