//! Every row of the requirement table is answered by a rule, on every port it names, and rules name no other rows.
//!
//! `rules/azureml/rows.txt` is the table. It is held against the table of record in the folder of shared facts, where
//! there is one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use aznetlint::net::PortSet;
use aznetlint::rule::{Body, Pack, Requirement};

const ROWS: &str = include_str!("../../rules/azureml/rows.txt");

/// What the last heading of the table starts with.
const BESIDE: &str = "## Beside the table of record";

/// The rows of a text, each with what it asks for.
fn rows_in(text: &str) -> Vec<(&str, &str)> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let row = lines.map(|line| line.split_once(' ').expect("a row says what it asks for"));
    row.map(|(id, asks)| (id, asks.trim())).collect()
}

fn rows() -> Vec<(&'static str, &'static str)> {
    rows_in(ROWS)
}

/// What the rules that answer a row ask for; routes have no ports.
#[derive(Default)]
struct Answer {
    ports: Vec<PortSet>,
    hosts: BTreeSet<String>,
}

impl Answer {
    fn ports(&self) -> PortSet {
        self.ports.iter().fold(PortSet::empty(), |all, ports| all.union(ports))
    }
}

fn answers() -> BTreeMap<String, Answer> {
    let mut rows: BTreeMap<String, Answer> = BTreeMap::new();
    for rule in &Pack::load(true, &[]).unwrap().rules {
        let Body::Requirement(body) = rule.body() else { continue };
        let ports = match &body.require {
            Requirement::Flow(flow) => flow.ports.clone(),
            Requirement::Route(_)
            | Requirement::Egress
            | Requirement::Dependencies(_)
            | Requirement::Resolve(_)
            | Requirement::Admission(_)
            | Requirement::Subnet(_) => PortSet::empty(),
        };
        for row in &body.rows {
            rows.entry(row.clone()).or_default().ports.push(ports.clone());
        }
        for host in body.require.hosts().flat_map(|(_, hosts)| hosts.clouds()).flat_map(|(_, list)| list) {
            for row in &host.rows {
                let answer = rows.entry(row.clone()).or_default();
                answer.ports.push(ports.clone());
                answer.hosts.insert(host.name.to_string());
            }
        }
    }
    rows
}

#[test]
fn every_row_stands_in_the_table_once() {
    let ids: BTreeSet<&str> = rows().iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), rows().len());
    assert!(ids.iter().all(|id| id.starts_with("AML-")));
}

#[test]
fn every_row_is_answered_by_a_rule() {
    let answers = answers();
    let open: Vec<&str> = rows().iter().map(|(id, _)| *id).filter(|id| !answers.contains_key(*id)).collect();
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn rules_name_no_other_rows() {
    let ids: BTreeSet<&str> = rows().iter().map(|(id, _)| *id).collect();
    let answers = answers();
    let unknown: Vec<&String> = answers.keys().filter(|row| !ids.contains(row.as_str())).collect();
    assert_eq!(unknown, Vec::<&String>::new());
}

#[test]
fn a_row_about_a_host_is_answered_by_that_host() {
    let answers = answers();
    let mut hosts = 0;
    for (id, asks) in rows() {
        let Some((host, _)) = asks.strip_prefix('`').and_then(|rest| rest.split_once('`')) else { continue };
        let named: BTreeSet<String> = answers[id].hosts.iter().map(|host| closed(host, '{', '}')).collect();
        assert_eq!(named, BTreeSet::from([closed(host, '<', '>')]), "{id}");
        hosts += 1;
    }
    assert!(hosts > 80, "{hosts}");
}

/// A host without the names of what is open in it.
fn closed(host: &str, start: char, end: char) -> String {
    let mut parts = host.split(start);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| format!("{all}<>{}", part.split_once(end).map_or("", |(_, rest)| rest)))
}

#[test]
fn the_catalogue_shows_every_row() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/README.md");
    let catalogue = fs::read_to_string(path).unwrap();
    for (id, _) in rows() {
        assert_eq!(catalogue.matches(&format!("\n| {id} | ")).count(), 1, "{id}");
    }
}

#[test]
fn every_row_of_the_table_of_record_is_answered_on_its_ports() {
    let shared = std::env::var_os("AZNETLINT_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    let Ok(table) = fs::read_to_string(shared.join("data/aml-requirements.csv")) else {
        println!("skipped: there is no aml-requirements.csv in {}", shared.display());
        return;
    };
    let answers = answers();
    let mut open = Vec::new();
    let mut ids = BTreeSet::new();
    for line in table.lines().skip(1) {
        // None of the first six columns has a comma or a quote in it.
        let columns: Vec<&str> = line.split(',').take(6).collect();
        let [id, _, level, _, _, ports] = *columns else { panic!("{line}") };
        if level == "not-checked" {
            continue;
        }
        ids.insert(id);
        let known = answers.get(id).map(Answer::ports);
        for range in ports.split(';').filter(|range| *range != "-") {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let range = PortSet::range(first.parse().unwrap(), last.parse().unwrap());
            if known.as_ref().is_none_or(|known| !range.is_subset(known)) {
                open.push(format!("{id} {ports}"));
            }
        }
    }
    assert_eq!(open, Vec::<String>::new());
    let (own, _) = ROWS.split_once(BESIDE).unwrap();
    assert_eq!(rows_in(own).iter().map(|(id, _)| *id).collect::<BTreeSet<_>>(), ids);
}
