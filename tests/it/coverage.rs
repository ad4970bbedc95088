//! Every row of the requirement table is answered by a rule, on every port it names.
//!
//! The table is read from the folder of shared facts, where there is one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use aznetlint::net::PortSet;
use aznetlint::rule::{Body, Pack, Requirement};

/// The rows of the rules, and the ports of the rules that answer each; routes have none.
fn answered(pack: &Pack) -> BTreeMap<String, PortSet> {
    let mut rows: BTreeMap<String, PortSet> = BTreeMap::new();
    for rule in &pack.rules {
        let Body::Requirement(body) = &rule.body else { continue };
        let ports = match &body.require {
            Requirement::Flow(flow) => flow.ports.clone(),
            Requirement::Route(_) | Requirement::Egress | Requirement::Dependencies(_) => PortSet::empty(),
        };
        let of_hosts = body.require.hosts().flat_map(|(_, hosts)| hosts.rows());
        for row in body.rows.iter().map(String::as_str).chain(of_hosts) {
            let known = rows.entry(row.to_owned()).or_insert_with(PortSet::empty);
            *known = known.union(&ports);
        }
    }
    rows
}

#[test]
fn hosts_of_every_cloud_have_their_rows() {
    let rows = answered(&Pack::load(true, &[]).unwrap());
    for family in
        ["GP-1", "GG-1", "GC-1", "HP-12", "HG-9", "HC-10", "CP-13", "CG-10", "CC-10", "MC-2", "MO-4", "K8-10", "K8U-3"]
    {
        assert!(rows.contains_key(&format!("AML-{family}")), "AML-{family}");
    }
}

#[test]
fn every_row_of_the_table_is_answered() {
    let shared = std::env::var_os("AZNETLINT_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    let Ok(table) = fs::read_to_string(shared.join("data/aml-requirements.csv")) else {
        println!("skipped: there is no aml-requirements.csv in {}", shared.display());
        return;
    };
    let rows = answered(&Pack::load(true, &[]).unwrap());
    let mut open = Vec::new();
    let mut ids = Vec::new();
    for line in table.lines().skip(1) {
        // None of the first six columns has a comma or a quote in it.
        let columns: Vec<&str> = line.split(',').take(6).collect();
        let [id, _, level, _, _, ports] = *columns else { panic!("{line}") };
        ids.push(id);
        let Some(known) = rows.get(id) else {
            if level != "not-checked" {
                open.push(id.to_owned());
            }
            continue;
        };
        for range in ports.split(';').filter(|range| *range != "-") {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let range = PortSet::range(first.parse().unwrap(), last.parse().unwrap());
            if !range.is_subset(known) {
                open.push(format!("{id} {ports}"));
            }
        }
    }
    assert_eq!(open, Vec::<String>::new());
    let unknown: Vec<&String> =
        rows.keys().filter(|row| row.starts_with("AML-") && !ids.contains(&row.as_str())).collect();
    assert_eq!(unknown, Vec::<&String>::new());
}
