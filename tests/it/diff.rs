//! `diff`: what it writes keeps to its schema and its bounds, and an estate differs from itself in nothing.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use aznetlint::diff::{self, Diff, Sides};
use aznetlint::lint::{Kept, Settings, lint_keeping};
use aznetlint::rule::Pack;

use crate::schemas::Schema;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn kept(path: &Path, pack: &Pack) -> Kept {
    lint_keeping(&[PathBuf::from(path)], &mut io::empty(), pack, &Settings::default())
}

fn compared(base: &Path, head: &Path, pack: &Pack) -> Diff {
    let (one, two) = (kept(base, pack), kept(head, pack));
    let (base_root, head_root) = (base.to_string_lossy(), head.to_string_lossy());
    diff::diff(Sides {
        base: &one,
        base_root: &base_root,
        base_label: "",
        base_folder: "",
        head: &two,
        head_root: &head_root,
        read_alike: true,
    })
}

#[test]
fn an_estate_differs_from_itself_in_nothing() {
    let pack = Pack::load(true, &[]).unwrap();
    let mut paths = vec![root().join("examples"), root().join("tests/corpus"), root().join("tests/terraform")];
    let shared = std::env::var_os("AZNETLINT_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let shared = shared.join("corpus");
    if shared.is_dir() {
        paths.push(shared);
    } else {
        println!("skipped: there is no {}", shared.display());
    }
    for path in paths {
        // With another line end at the end of each text, so that they are no longer the same.
        let folder = tempfile::tempdir().unwrap();
        copied(&path, folder.path());
        let same = compared(&path, folder.path(), &pack);
        assert!(same.compared > 0, "{}", path.display());
        assert!(
            same.is_empty() && same.places.is_empty(),
            "{}: {:?} {:?}",
            path.display(),
            same.changes.first(),
            same.open
        );
    }
}

/// Copies the files of a folder, each with a line end more where it is UTF-8.
fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copied(&path, &target);
            continue;
        }
        let mut bytes = std::fs::read(&path).unwrap();
        if std::str::from_utf8(&bytes).is_ok() && !bytes.is_empty() {
            bytes.push(b'\n');
        }
        std::fs::write(&target, bytes).unwrap();
    }
}

fn run(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aznetlint")).args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn what_is_written_keeps_to_the_schema_and_to_its_bounds() {
    let sides = ["diff", "examples/secure-workspace", "examples/pull-request"];
    let written = |format| run(&[&sides[..], &["--format", format]].concat(), root());
    let json = written("json");
    assert_eq!(json.status.code(), Some(1), "a requirement is broken");
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let schema = Schema::closed(serde_json::from_str(diff::SCHEMA).unwrap());
    schema.check(&json).unwrap();
    assert!(json["summary"]["opened-to-internet"].as_u64() >= Some(1));
    let sarif: serde_json::Value = serde_json::from_slice(&written("sarif").stdout).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert!(!results.is_empty() && results.iter().all(|one| !one["locations"].as_array().unwrap().is_empty()));
    // The markup of a comment holds however much there is to say.
    let folder = tempfile::tempdir().unwrap();
    let group = |at: usize, open: bool| {
        let rule = serde_json::json!({ "name": "in", "properties": {
            "priority": 100, "direction": "Inbound", "access": if open { "Allow" } else { "Deny" }, "protocol": "Tcp",
            "sourceAddressPrefix": format!("20.{}.{}.0/24", at / 200, at % 200), "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "destinationPortRange": "22" } });
        serde_json::json!({ "name": format!("nsg{at}"), "id": format!(
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/nsg{at}"),
            "type": "Microsoft.Network/networkSecurityGroups", "properties": { "securityRules": [rule] } })
    };
    for (name, open) in [("base.json", false), ("head.json", true)] {
        let all: Vec<serde_json::Value> = (0..600).map(|at| group(at, open)).collect();
        std::fs::write(folder.path().join(name), serde_json::to_vec(&all).unwrap()).unwrap();
    }
    let long = run(&["diff", "base.json", "head.json", "--format", "markdown"], folder.path());
    let text = String::from_utf8(long.stdout).unwrap();
    assert!(text.chars().count() <= 65_536 && text.len() > 50_000, "{}", text.len());
    assert!(text.contains("more changes are left out here"));
    let gate = |arguments: &[&str]| {
        run(&[&["diff", "base.json", "head.json", "--format", "json"], arguments].concat(), folder.path()).status.code()
    };
    assert_eq!(gate(&[]), Some(0));
    assert_eq!(gate(&["--fail-on-opened", "internet"]), Some(1));
    assert_eq!(gate(&["--fail-on-opened", "any", "--exit-zero"]), Some(0));
}

fn git(folder: &Path, arguments: &[&str]) {
    let quiet = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"];
    let done = Command::new("git").args(quiet).args(arguments).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_commit_is_read_without_touching_the_work_tree() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let module =
        |port: &str| format!("module n '../shared/nsg.bicep' = {{ name: 'n', params: {{ port: '{port}' }} }}\n");
    write("infra/main.bicep", &module("22"));
    write(
        "shared/nsg.bicep",
        "param port string\nresource n 'Microsoft.Network/networkSecurityGroups@2023-09-01' = {\n  name: 'web'\n  location: \
         'westeurope'\n  properties: { securityRules: [ { name: 'in', properties: { priority: 100, access: 'Allow', \
         direction: 'Inbound', protocol: 'Tcp', sourceAddressPrefix: 'Internet', sourcePortRange: '*', \
         destinationAddressPrefix: '*', destinationPortRange: port } } ] }\n}\n",
    );
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-qm", "one"]);
    let said = |from: &str, path: &str| {
        let done = run(&["diff", "--against", "HEAD", path], &folder.path().join(from));
        (done.status.code(), String::from_utf8(done.stdout).unwrap())
    };
    assert_eq!(said(".", "infra"), (Some(0), "no change in meaning (1 place compared)\n".to_owned()));
    write("infra/main.bicep", &module("443"));
    for (from, path) in [(".", "infra"), ("infra", "."), ("shared", "../infra"), ("infra", "main.bicep")] {
        let (status, text) = said(from, path);
        assert_eq!(status, Some(0));
        assert!(text.contains("  TCP 443 from Internet\n") && text.contains("closed: inbound to nsg web"), "{text}");
        assert!(text.contains("(HEAD:shared/nsg.bicep:5:"), "{text}");
    }
    // What is new has nothing to be compared with, and is told all the same.
    write(
        "other/nsg.json",
        r#"{"name": "n", "type": "Microsoft.Network/networkSecurityGroups", "properties": {"securityRules": []}}"#,
    );
    assert!(said(".", "other").1.contains("note: nsg n is new"));
    // What cannot be read on one side shows nothing of the change.
    let gone = run(&["diff", "nowhere", "infra"], folder.path());
    let text = String::from_utf8(gone.stdout).unwrap();
    assert_eq!(gone.status.code(), Some(2));
    assert!(text.contains("nowhere") && !text.contains("no change"), "{text}");
    let unknown = run(&["diff", "--against", "nowhere", "infra"], folder.path());
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("git knows no such commit"));
}
