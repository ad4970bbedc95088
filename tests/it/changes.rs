//! What changed, asked of git and told by hooks; and the settings file that `init` writes. Runs the real binary.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const NSG: &str = r#"{
  "name": "NAME", "type": "Microsoft.Network/networkSecurityGroups", "location": "westeurope",
  "id": "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/NAME",
  "properties": { "securityRules": [ { "name": "ssh", "properties": {
    "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
    "sourceAddressPrefix": "SOURCE", "sourcePortRange": "*",
    "destinationAddressPrefix": "*", "destinationPortRange": "22" } } ] }
}"#;

fn nsg(name: &str, source: &str) -> String {
    NSG.replace("NAME", name).replace("SOURCE", source)
}

fn aznetlint(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aznetlint"));
    command.current_dir(folder).env("NO_COLOR", "1").args(arguments).output().unwrap()
}

/// Exit status, and everything printed.
fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = aznetlint(folder, arguments);
    (status.code(), String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr))
}

/// The files that findings point into, each once.
fn found_in(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let output = aznetlint(folder, &[arguments, &["--format", "json", "--fail-on", "never"]].concat());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let mut files: Vec<String> =
        findings.iter().map(|finding| finding["place"]["path"].as_str().unwrap().to_owned()).collect();
    files.sort();
    files.dedup();
    files
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(folder).args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]);
    let output = git.args(arguments).env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A repository with three groups that let the internet in, on the branch `work` off `main`.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        write(folder.path(), &format!("net/{name}.json"), &nsg(name, "*"));
    }
    write(folder.path(), "package.json", "{}");
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-q", "-m", "one"]);
    git(folder.path(), &["checkout", "-q", "-b", "work"]);
    folder
}

#[test]
fn only_what_changed_since_a_branch_is_reported() {
    let folder = repository();
    let folder = folder.path();
    let (status, text) = run(folder, &["check", "--changed-since", "main"]);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("no JSON or Bicep file of Azure's networks is among the files that changed"), "{text}");

    write(folder, "net/a.json", &nsg("a", "0.0.0.0/0"));
    git(folder, &["commit", "-q", "-a", "-m", "two"]);
    git(folder, &["mv", "net/b.json", "net/renamed.json"]);
    write(folder, "net/new.json", &nsg("new", "*"));
    assert_eq!(
        found_in(folder, &["check", "--changed-since", "main"]),
        ["net/a.json", "net/new.json", "net/renamed.json"]
    );
    assert_eq!(found_in(folder, &["check", "--changed-since", "HEAD", "net"]), ["net/new.json", "net/renamed.json"]);
    // From below the root, paths are spelled from there.
    assert_eq!(found_in(&folder.join("net"), &["check", "--changed-since", "HEAD~1"]).len(), 3);

    fs::remove_file(folder.join("net/c.json")).unwrap();
    let (_, text) = run(folder, &["check", "--changed-since", "main"]);
    assert!(text.contains("net/c.json is gone"), "{text}");
}

#[test]
fn only_a_file_that_is_named_has_to_give_something_to_judge() {
    let folder = repository();
    let folder = folder.path();
    write(folder, "plan.json", r#"{ "format_version": "2.0", "resource_changes": [{ "type": "azurerm_subnet" }] }"#);
    // Hooks name what changed, whatever it is.
    let (status, text) = run(folder, &["check", "--changed", "package.json", "plan.json"]);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("plan.json is a Terraform plan or state in a format"), "{text}");
    for name in ["package.json", "plan.json"] {
        let (status, text) = run(folder, &["check", "net/a.json", name, "--fail-on", "never"]);
        assert_eq!(status, Some(2), "{text}");
        assert!(text.contains(&format!("error: nothing in {name} was judged")), "{text}");
    }
    assert_eq!(run(folder, &["check", ".", "--fail-on", "never"]).0, Some(0));
    // A file that is named among others and did not change is no matter of what changed.
    let since = ["check", "net/a.json", "package.json", "--changed-since", "main"];
    assert_eq!(run(folder, &since).0, Some(0));
}

#[test]
fn what_main_gained_meanwhile_is_not_a_change() {
    let folder = repository();
    let folder = folder.path();
    git(folder, &["checkout", "-q", "main"]);
    write(folder, "net/a.json", &nsg("a", "0.0.0.0/0"));
    git(folder, &["commit", "-q", "-a", "-m", "on main"]);
    git(folder, &["checkout", "-q", "work"]);
    write(folder, "net/b.json", &nsg("b", "0.0.0.0/0"));
    assert_eq!(found_in(folder, &["check", "--changed-since", "main"]), ["net/b.json"]);
}

#[test]
fn where_git_cannot_tell_the_error_says_what_to_do() {
    let origin = repository();
    let clones = tempfile::tempdir().unwrap();
    let url = format!("file://{}", origin.path().display());
    git(clones.path(), &["clone", "-q", "--depth", "1", &url, "shallow"]);
    let says = |folder: &Path, reference: &str, words: &str| {
        let (status, text) = run(folder, &["check", &format!("--changed-since={reference}")]);
        assert_eq!(status, Some(2), "{text}");
        assert!(text.contains(words), "{words} in {text}");
    };
    says(&clones.path().join("shallow"), "main", "fetch-depth: 0");
    says(clones.path(), "main", "needs a git repository");
    says(origin.path(), "nowhere", "git fetch origin nowhere");
    says(origin.path(), "--output=x", "git knows no such commit");
    git(origin.path(), &["checkout", "-q", "--orphan", "lonely"]);
    git(origin.path(), &["commit", "-q", "-m", "alone"]);
    says(origin.path(), "main", "share no history");
}

#[test]
fn a_hook_reports_the_same_however_its_files_are_split() {
    let folder = repository();
    let folder = folder.path();
    write(folder, "net/broken.json", "{ \"securityRules\": [ }");
    let files = ["net/a.json", "net/b.json", "package.json"];
    let all = found_in(folder, &[&["check", "--changed"], &files[..]].concat());
    assert_eq!(all, ["net/a.json", "net/b.json"]);
    let split: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let (status, text) = run(folder, &["check", "--changed", file]);
            if status == Some(0) && text.is_empty() {
                Vec::new()
            } else {
                found_in(folder, &["check", "--changed", file])
            }
        })
        .collect();
    assert_eq!(split, all);
    // What cannot be read counts where it changed.
    assert_eq!(run(folder, &["check", "--changed", "net/a.json", "--fail-on", "never"]).0, Some(0));
    assert_eq!(run(folder, &["check", "--changed", "net/broken.json"]).0, Some(2));
    assert_eq!(run(folder, &["check", "--changed", "package.json"]), (Some(0), String::new()));
    assert_eq!(run(folder, &["check", "--changed"]), (Some(0), String::new()));
}

#[test]
fn a_finding_is_reported_when_any_of_its_files_changed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let template = r#"{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "parameters": { "source": { "type": "string" } }, "resources": [ NSG ] }"#;
    let group = nsg("a", "[parameters('source')]").replacen('{', r#"{ "apiVersion": "2024-05-01", "#, 1);
    let group = group.replace(
        "  \"id\": \"/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/a\",\n",
        "",
    );
    write(folder, "main.json", &template.replace("NSG", &group));
    write(
        folder,
        "main.parameters.json",
        r#"{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
            "contentVersion": "1.0.0.0", "parameters": { "source": { "value": "*" } } }"#,
    );
    write(folder, "other.json", &nsg("other", "10.0.0.0/24"));
    let rule = |file: &str| {
        let output = aznetlint(folder, &["check", "--changed", file, "--format", "json"]);
        String::from_utf8_lossy(&output.stdout).contains("nsg/ssh-open-to-internet\",")
    };
    assert!(rule("main.json") && rule("main.parameters.json"));
    assert!(!rule("other.json"));
    // A value of the command line stands in no file; it belongs to the templates.
    let given = |file: &str| found_in(folder, &["check", "--changed", file, "--set", "source=0.0.0.0/0"]);
    assert!(given("main.json").iter().any(|path| path == "--set source"), "{:?}", given("main.json"));
    assert!(given("other.json").is_empty());
}

#[test]
fn when_the_settings_change_everything_is_reported() {
    let folder = repository();
    let folder = folder.path();
    write(folder, "aznetlint.yaml", "paths: [net]\n");
    assert_eq!(found_in(folder, &["check", "--changed", "aznetlint.yaml"]).len(), 3);
    assert_eq!(found_in(folder, &["check", "--changed-since", "main"]).len(), 3);
}

#[test]
fn settings_are_relative_to_their_folder_wherever_the_run_starts() {
    let folder = repository();
    let folder = folder.path();
    let settings = "paths: [net]\nexclude: [net/b.json]\nper-path: [{ path: /net/c.json, skip: [nsg] }]\n";
    write(folder, "aznetlint.yaml", settings);
    assert_eq!(found_in(folder, &[]), ["net/a.json"]);
    assert_eq!(found_in(&folder.join("net"), &["."]), ["a.json"]);
    fs::create_dir(folder.join("docs")).unwrap();
    assert_eq!(found_in(&folder.join("docs"), &[]), ["../net/a.json"]);
    assert_eq!(found_in(folder, &["net/b.json"]), ["net/b.json"]);
    assert!(found_in(folder, &["net/b.json", "--force-exclude"]).is_empty());
}

#[test]
fn settings_choose_the_parameters_of_templates() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let template = r#"{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "parameters": { "source": { "type": "string" } }, "resources": [ NSG ] }"#;
    for name in ["one", "two"] {
        // The same literal in both would be one finding if the rules had one name.
        let own = format!("\"ssh-{name}\"");
        let group = nsg(name, "[parameters('source')]").replacen('{', r#"{ "apiVersion": "2024-05-01", "#, 1);
        write(folder, &format!("{name}/main.json"), &template.replace("NSG", &group.replace("\"ssh\"", &own)));
    }
    let parameters = r#"{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
        "contentVersion": "1.0.0.0", "parameters": { "source": { "value": "*" } } }"#;
    write(folder, "values/open.json", parameters);
    let opened = |settings: &str| {
        write(folder, "aznetlint.yaml", settings);
        let (_, text) = run(folder, &["one", "two", "--select", "nsg/ssh-open-to-internet"]);
        text.matches("[nsg/ssh-open-to-internet]").count()
    };
    assert_eq!(opened("region: westeurope\n"), 0);
    write(folder, "aznetlint.yaml", "parameters: [{ template: one/, set: { source: 10.9.8.7 } }]\n");
    assert!(run(folder, &["expand", "one"]).1.contains("10.9.8.7"));
    assert!(!run(folder, &["expand", "two"]).1.contains("10.9.8.7"));
    assert_eq!(opened("parameters: [{ template: one/main.json, files: [values/open.json] }]\n"), 1);
    assert_eq!(opened("parameters: [{ template: two/*, set: { source: '*' } }]\n"), 1);
    assert_eq!(opened("parameters: [{ set: { source: '*' } }]\n"), 2);
    assert_eq!(opened("parameters: [{ set: { source: '*' } }, { template: one/, set: { source: 10.0.0.4 } }]\n"), 1);
}

#[test]
fn init_writes_a_file_that_holds_and_never_over_one() {
    let folder = repository();
    let folder = folder.path();
    let (status, text) = run(folder, &["init", "net"]);
    assert_eq!(status, Some(0), "{text}");
    let written = fs::read_to_string(folder.join("aznetlint.yaml")).unwrap();
    assert!(written.starts_with("# yaml-language-server: $schema=https://") && written.contains("\npaths: [net]\n"));
    assert_eq!(found_in(folder, &[]), ["net/a.json", "net/b.json", "net/c.json"]);
    let (status, text) = run(folder, &["init", "net"]);
    assert_eq!(status, Some(2));
    assert!(text.contains("--force"), "{text}");
    assert_eq!(fs::read_to_string(folder.join("aznetlint.yaml")).unwrap(), written);
    assert_eq!(run(folder, &["init", ".", "--force"]).0, Some(0));
    assert!(fs::read_to_string(folder.join("aznetlint.yaml")).unwrap().contains("\npaths: [.]\n"));
}

#[test]
fn documents_come_from_the_one_definition() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (status, text) = run(folder.path(), &["completions", shell]);
        assert!(status == Some(0) && text.contains("changed-since"), "{shell}");
    }
    assert!(run(folder.path(), &["man"]).1.contains(".TH aznetlint 1"));
    assert_eq!(run(folder.path(), &["man", "--dir", "pages"]).0, Some(0));
    assert!(folder.path().join("pages/aznetlint-check.1").is_file());
}

/// The verdicts of a run over a copy of an example, as (satisfied, violated), under these settings.
fn counts(folder: &Path, settings: &str) -> (u64, u64) {
    write(folder, "aznetlint.yaml", settings);
    let output = aznetlint(folder, &["--format", "json", "--fail-on", "never"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let count = |name: &str| report["counts"][name].as_u64().unwrap();
    (count("satisfied"), count("violated"))
}

#[test]
fn settings_for_some_files_change_findings_facts_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/inbound-44224-blocked");
    for entry in fs::read_dir(example).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        write(folder, &format!("infra/{name}"), &fs::read_to_string(entry.path()).unwrap());
    }
    let (satisfied, violated) = counts(folder, "paths: [infra]\n");
    assert!(violated > 0);
    // What is skipped is not counted either.
    let skipped = "paths: [infra]\nper-path: [{ path: infra/, skip: [azureml] }]\n";
    assert_eq!(counts(folder, skipped), (satisfied, 0));
    let elsewhere = "paths: [infra]\nper-path: [{ path: other/, skip: [azureml] }]\n";
    assert_eq!(counts(folder, elsewhere), (satisfied, violated));
    // A fact of the settings for these files goes before the estate: without a public IP nothing has to come in.
    let fact = "paths: [infra]\nper-path: [{ path: infra/**, facts: { public-ip: false, no-public-ip: true } }]\n";
    assert_ne!(counts(folder, fact), (satisfied, violated));
    // A level changes what fails the run, not what is counted.
    let level = "paths: [infra]\nper-path: [{ path: infra/, levels: { azureml: note } }]\n";
    assert_eq!(counts(folder, level), (satisfied, violated));
    assert_eq!(run(folder, &[]).0, Some(0));
    assert_eq!(run(folder, &["--no-config", "infra"]).0, Some(1));
}
