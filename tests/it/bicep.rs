//! Bicep from the disk to the report: which files are read, what they refer to, modules of registries, parameter files,
//! suppression. Runs the real binary on small folders.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A group that lets everyone in by SSH, as a module.
const NSG: &str = "param name string
resource nsg 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: name
  location: 'westeurope'
  properties: {
    securityRules: [
      {
        name: 'ssh'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '22'
        }
      }
    ]
  }
}
output id string = nsg.id
";

const MAIN: &str = "module nsg 'modules/nsg.bicep' = {
  name: 'nsg'
  params: { name: 'web' }
}
";

/// The group, with the source as a parameter, and what uses it.
fn by_source() -> (String, String) {
    let nsg = format!(
        "param source string = '*'\n{}",
        NSG.replace("Prefix: '*'\n          sourcePort", "Prefix: source\n          sourcePort")
    );
    let main = format!("param source string = '*'\n{}", MAIN.replace("'web' }", "'web', source: source }"));
    (nsg, main)
}

const SSH: &str = "nsg/ssh-open-to-internet";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, text)| write(folder.path(), name, text));
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aznetlint"));
    let home = folder.join("home");
    command.current_dir(folder).env("NO_COLOR", "1").env("HOME", &home).env("USERPROFILE", home).args(arguments);
    command
}

/// Exit status, and everything printed.
fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command(folder, arguments).output().unwrap();
    (status.code(), String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr))
}

/// What is printed when standard input is a text.
fn run_with(folder: &Path, arguments: &[&str], text: &str) -> (Option<i32>, String) {
    let mut command = command(folder, arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    (status.code(), String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr))
}

fn report(folder: &Path, arguments: &[&str]) -> Value {
    let output = command(folder, &[&["check"], arguments, &["--format", "json", "--min-level", "note"]].concat())
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// `path: outcome, detail` of each file of a run.
fn files(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let report = report(folder, arguments);
    let line = |file: &Value| {
        let detail = file["detail"].as_str().map(|detail| format!(", {detail}")).unwrap_or_default();
        format!("{}: {}{detail}", text_of(&file["path"]), text_of(&file["outcome"]))
    };
    report["files"].as_array().unwrap().iter().map(line).collect()
}

/// `path:line: message` of each finding of a rule.
fn findings(folder: &Path, arguments: &[&str], rule: &str) -> Vec<String> {
    let report = report(folder, arguments);
    let of_rule = |one: &&Value| one["rule"] == rule;
    let line = |one: &Value| {
        format!("{}:{}: {}", text_of(&one["place"]["path"]), one["place"]["line"], text_of(&one["message"]))
    };
    report["findings"].as_array().unwrap().iter().filter(of_rule).map(line).collect()
}

/// The parameter files that templates are expanded with.
fn expanded(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let output = command(folder, &[&["expand"], arguments].concat()).output().unwrap();
    let shown: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let line = |one: &Value| format!("{} {}", text_of(&one["path"]), one["parameters"].as_str().unwrap_or("-"));
    shown["templates"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn a_module_is_judged_through_the_file_that_uses_it() {
    let folder = folder(&[
        ("main.bicep", MAIN),
        ("modules/nsg.bicep", NSG),
        ("types.bicep", "@export()\ntype t = string\n"),
        ("base.bicepparam", "using none\nparam source = '10.0.0.0/8'\n"),
        ("notes/readme.bicep", "// nothing of a network\n"),
    ]);
    let folder = folder.path();
    assert_eq!(
        files(folder, &["."]),
        [
            "base.bicepparam: skipped, it is there for other parameter files to extend",
            "main.bicep: judged",
            "modules/nsg.bicep: judged, judged through main.bicep",
            "notes/readme.bicep: skipped",
            "types.bicep: skipped, it deploys nothing; other files import from it",
        ]
    );
    let at = findings(folder, &["."], SSH);
    assert_eq!(at, ["modules/nsg.bicep:14: `ssh` lets any address on the internet reach port 22"]);
    // Named alone it is judged by itself, and a named file brings what it uses.
    assert_eq!(files(folder, &["modules/nsg.bicep"]), ["modules/nsg.bicep: judged"]);
    assert_eq!(files(folder, &["main.bicep"]), ["main.bicep: judged"]);
    assert_eq!(findings(folder, &["main.bicep"], SSH), at);
    let (status, text) = run(folder, &["check", "types.bicep"]);
    assert!(status == Some(2) && text.contains("it deploys nothing; other files import from it"), "{text}");
}

#[test]
fn modules_that_use_each_other_end() {
    let folder = folder(&[
        ("a.bicep", "module b 'b.bicep' = { name: 'b' }\nmodule self 'a.bicep' = { name: 'self' }\n"),
        ("b.bicep", "module a 'a.bicep' = { name: 'a' }\n"),
    ]);
    let found = files(folder.path(), &["."]);
    assert_eq!(found, ["a.bicep: judged", "b.bicep: judged, judged through a.bicep"]);
}

#[test]
fn a_syntax_error_has_its_place_and_hides_nothing_else() {
    let broken = format!("{NSG}\nparam x string =\n");
    let folder = folder(&[("main.bicep", MAIN), ("modules/nsg.bicep", &broken)]);
    let folder = folder.path();
    for paths in [".", "main.bicep"] {
        let (status, text) = run(folder, &["check", paths]);
        assert_eq!(status, Some(2), "{text}");
        assert!(text.contains("error[syntax]: this cannot be read, so what it declares was not judged"), "{text}");
        assert!(text.contains("modules/nsg.bicep:25:17"), "{text}");
        assert!(text.contains(SSH), "{text}");
    }
    let (status, text) = run(folder, &["check", "modules/nsg.bicep"]);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("error: not all of modules/nsg.bicep was judged: "), "{text}");
    let (status, text) = run(folder, &["expand", "main.bicep"]);
    assert!(status == Some(2) && text.contains("error: modules/nsg.bicep:25:17: "), "{text}");
    let (status, text) = run(folder, &["baseline", "main.bicep", "--write", "b.json"]);
    assert!(status == Some(2) && !folder.join("b.json").exists(), "{text}");
    fs::write(folder.join("modules/nsg.bicep"), b"param x string = '\xFF'\n").unwrap();
    let (status, text) = run(folder, &["check", "."]);
    assert!(status == Some(2) && text.contains("the text is not UTF-8"), "{text}");
    let absent = findings(folder, &["main.bicep"], "template/link-not-found");
    assert!(
        absent.len() == 1 && absent[0].contains("`modules/nsg.bicep` is not followed: the text is not UTF-8"),
        "{absent:?}"
    );
}

#[test]
fn what_is_not_there_is_told_once_for_each_path() {
    let folder = folder(&[
        ("repo/.git/HEAD", ""),
        (
            "repo/main.bicep",
            "import { t } from 'gone.bicep'
module a 'gone.bicep' = { name: 'a' }
module b 'gone.bicep' = { name: 'b' }
module c '../outside.bicep' = { name: 'c' }
module d '/etc/passwd' = { name: 'd' }
module e 'folder' = { name: 'e' }
var rules = loadJsonContent('broken.json')
var other = loadTextContent('broken.json')
",
        ),
        ("repo/broken.json", "{"),
        ("repo/folder/x", ""),
        ("outside.bicep", NSG),
    ]);
    let found = findings(&folder.path().join("repo"), &["main.bicep"], "template/link-not-found");
    assert_eq!(
        found,
        [
            "main.bicep:1: the import `gone.bicep` is not followed: there is no such file",
            "main.bicep:2: the module `gone.bicep` is not followed: there is no such file",
            "main.bicep:4: the module `../outside.bicep` is not followed: it leads out of the repository",
            "main.bicep:5: the module `/etc/passwd` is not followed: it is no relative path with `/` between its parts",
            "main.bicep:6: the module `folder` is not followed: it is not a regular file",
            "main.bicep:7: the file `broken.json` is not loaded: it is not JSON: this `{` is never closed",
        ]
    );
}

#[test]
#[cfg(unix)]
fn a_link_does_not_lead_out_of_the_repository() {
    let folder = folder(&[("repo/.git/HEAD", ""), ("repo/main.bicep", MAIN), ("modules/nsg.bicep", NSG)]);
    let folder = folder.path();
    std::os::unix::fs::symlink(folder.join("modules"), folder.join("repo/modules")).unwrap();
    let found = findings(&folder.join("repo"), &["main.bicep"], "template/link-not-found");
    assert_eq!(found, ["main.bicep:1: the module `modules/nsg.bicep` is not followed: it leads out of the repository"]);
}

#[test]
fn without_a_repository_the_current_folder_is_the_root() {
    let folder = folder(&[("infra/main.bicep", &MAIN.replace("modules/", "../shared/")), ("shared/nsg.bicep", NSG)]);
    let folder = folder.path();
    assert!(findings(folder, &["infra/main.bicep"], "template/link-not-found").is_empty());
    let found = findings(&folder.join("infra"), &["main.bicep"], "template/link-not-found");
    assert!(found.len() == 1 && found[0].ends_with("it leads out of this folder"), "{found:?}");
    // Named from elsewhere the first two folders of the path count.
    let elsewhere = tempfile::tempdir().unwrap();
    let path = folder.join("infra/main.bicep");
    assert!(findings(elsewhere.path(), &[path.to_str().unwrap()], "template/link-not-found").is_empty());
}

/// What `bicep build` would write, as far as it counts here.
fn compiled(source: &str) -> String {
    let parameter = format!(r#"{{ "type": "string", "defaultValue": "{source}" }}"#);
    format!(
        r#"{{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0", "metadata": {{ "_generator": {{ "name": "bicep", "version": "0.30.0" }} }},
  "parameters": {{ "name": {{ "type": "string", "defaultValue": "web" }}, "source": {parameter} }},
  "resources": [ {{ "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01",
    "name": "[parameters('name')]", "location": "westeurope", "properties": {{ "securityRules": [ {{ "name": "ssh",
      "properties": {{ "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
        "sourceAddressPrefix": "[parameters('source')]", "sourcePortRange": "*", "destinationAddressPrefix": "*",
        "destinationPortRange": "22" }} }} ] }} }} ] }}"#
    )
}

#[test]
fn a_compiled_template_beside_its_source_is_passed_over_unless_it_is_named() {
    let folder = folder(&[
        ("a/main.bicep", MAIN),
        ("a/modules/nsg.bicep", NSG),
        ("a/azuredeploy.json", &compiled("*")),
        ("a/main.json", &compiled("*")),
        ("b/other.json", &compiled("*")),
    ]);
    let folder = folder.path();
    let remarks = report(folder, &["."])["remarks"].to_string();
    let told = "2 templates are compiled from the Bicep files beside them and were passed over: a/azuredeploy.json, a/main.json";
    assert!(remarks.contains(told), "{remarks}");
    let found = findings(folder, &["."], SSH);
    let paths: Vec<&str> = found.iter().filter_map(|one| one.split(':').next()).collect();
    assert_eq!(paths, ["a/modules/nsg.bicep", "b/other.json"]);
    let found = findings(folder, &["a/main.json", "a/main.bicep"], SSH);
    assert!(found.iter().any(|one| one.starts_with("a/main.json:")), "{found:?}");
}

#[test]
fn standard_input_is_bicep_by_its_name() {
    let folder = folder(&[("infra/modules/nsg.bicep", NSG), ("infra/main.bicep", "param old string\n")]);
    let folder = folder.path();
    let (status, text) = run_with(folder, &["check", "-", "--stdin-name", "infra/main.bicep"], MAIN);
    assert!(status == Some(0) && text.contains("infra/modules/nsg.bicep:14:"), "{text}");
    assert!(!text.contains("<stdin>"), "{text}");
    // The file of that name is what standard input is about to be.
    let (_, text) = run_with(folder, &["check", "-", ".", "--stdin-name", "./infra/main.bicep", "--verbose"], MAIN);
    assert!(text.contains("infra/main.bicep") && !text.contains("old"), "{text}");
    let (status, text) = run_with(folder, &["check", "-", "--stdin-name", "new/main.bicep"], "param x =\n");
    assert!(status == Some(2) && text.contains("new/main.bicep:1:"), "{text}");
    let (status, text) = run_with(folder, &["check", "-", "--stdin-name", "infra/x.json"], "{}");
    assert!(status == Some(2) && text.contains("nothing in infra/x.json was judged"), "{text}");
    let (status, text) = run_with(folder, &["check", "-"], MAIN);
    assert!(status == Some(2) && text.contains("--stdin-name"), "{text}");
    let (status, text) = run(folder, &["check", ".", "--stdin-name", "main.bicep"]);
    assert!(status == Some(2) && text.contains("standard input is not read"), "{text}");
}

const REGISTRY: &str = "module nsg 'br/public:avm/res/network/nsg:0.7.0' = {
  name: 'nsg'
  params: { name: 'web', source: '*' }
}
module again 'br/public:avm/res/network/nsg:0.7.0' = {
  name: 'again'
  params: { name: 'other', source: '10.0.0.0/8' }
}
";

#[test]
fn a_module_of_a_registry_that_is_not_here_is_a_note_with_all_places() {
    let folder = folder(&[("main.bicep", REGISTRY)]);
    let report = report(folder.path(), &["main.bicep"]);
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    let one = &findings[0];
    assert_eq!((&one["rule"], &one["level"]), (&Value::from("template/module-not-restored"), &Value::from("note")));
    assert_eq!((&one["place"]["line"], &one["related"][0]["place"]["line"]), (&Value::from(1), &Value::from(5)));
    let fix = one["help"].as_str().unwrap();
    assert!(fix.contains("bicep restore main.bicep") && fix.contains("bicep.modules"), "{fix}");
}

#[test]
fn modules_of_registries_are_read_from_the_cache_and_from_mapped_folders() {
    let cached = "bicep$avm$res$network$nsg/0.7.0$";
    let module = compiled("10.0.0.0/8");
    let of_cache = |root: &str, name: &str| format!("{root}/br/mcr.microsoft.com/{cached}/{name}");
    let folder = folder(&[
        ("main.bicep", REGISTRY),
        (&of_cache("home/.bicep", "main.json"), &module),
        (&of_cache("home/.bicep", "manifest"), "{}"),
        (&of_cache("home/.bicep", "metadata"), "{}"),
        ("avm/res/network/nsg/main.json", &module),
        ("avm/res/network/nsg/version.json", r#"{ "version": "0.8" }"#),
        ("off.yaml", "bicep: { cache: \"off\" }\n"),
        ("elsewhere.yaml", "bicep: { cache: cache }\n"),
        ("mapped.yaml", "bicep: { cache: \"off\", modules: { \"br/public:avm/\": avm/ } }\n"),
        ("wrong.yaml", "bicep: { modules: { \"br/public:avm/\": gone } }\n"),
    ]);
    let folder = folder.path();
    let absent =
        |config: &str| findings(folder, &["main.bicep", "--config", config], "template/module-not-restored").len();
    assert_eq!(findings(folder, &["main.bicep"], SSH).len(), 1);
    let read = report(folder, &["main.bicep"]);
    assert!(read["data"]["registry modules"].as_str().unwrap().starts_with("1 from "), "{}", read["data"]);
    assert_eq!((absent("off.yaml"), absent("elsewhere.yaml"), absent("mapped.yaml")), (1, 1, 0));
    let (status, text) = run(folder, &["check", "main.bicep", "--config", "mapped.yaml"]);
    let told = "asks for 0.7.0; avm/res/network/nsg/main.json was read,\n      which holds 0.8";
    assert!(status == Some(0) && text.contains(told), "{text}");
    let (_, text) = run(folder, &["check", "main.bicep", "--config", "mapped.yaml", "--show-settings"]);
    assert!(text.contains("modules br/public:avm/") && text.contains("module cache"), "{text}");
    let (status, text) = run(folder, &["check", "main.bicep", "--config", "wrong.yaml"]);
    assert!(status == Some(2) && text.contains("bicep.modules: there is no folder gone"), "{text}");
    // What was not downloaded to its end is not there.
    fs::remove_file(folder.join(of_cache("home/.bicep", "manifest"))).unwrap();
    assert_eq!(findings(folder, &["main.bicep"], "template/module-not-restored").len(), 1);
}

fn json_parameters(source: &str) -> String {
    let schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#";
    format!(r#"{{ "$schema": "{schema}", "parameters": {{ "source": {{ "value": "{source}" }} }} }}"#)
}

#[test]
fn parameter_files_belong_to_the_template_that_they_use() {
    let (nsg, main) = by_source();
    let folder = folder(&[
        ("main.bicep", &main),
        ("modules/nsg.bicep", &nsg),
        ("main.bicepparam", "using 'main.bicep'\nextends 'base.bicepparam'\n"),
        ("base.bicepparam", "using none\nparam source = '10.0.0.0/8'\n"),
        ("stages/prod.bicepparam", "using '../main.bicep'\nparam source = '*'\n"),
        ("main.parameters.json", &json_parameters("10.1.0.0/16")),
        ("azuredeploy.parameters.json", &json_parameters("10.2.0.0/16")),
    ]);
    let folder = folder.path();
    let both = ["main.bicep main.bicepparam", "main.bicep stages/prod.bicepparam"];
    assert_eq!(expanded(folder, &["."]), both);
    assert_eq!(expanded(folder, &["main.bicep"]), both);
    assert_eq!(expanded(folder, &["stages/prod.bicepparam"]), ["main.bicep stages/prod.bicepparam"]);
    let given = ["main.bicep", "--parameters", "stages/prod.bicepparam"];
    assert_eq!(expanded(folder, &given), ["main.bicep stages/prod.bicepparam"]);
    let (_, text) = run(folder, &["check", "."]);
    assert!(text.contains("parameter sets: prod"), "{text}");
    assert!(findings(folder, &[".", "--set", "source=10.0.0.0/8"], SSH).is_empty());
    fs::remove_file(folder.join("main.bicepparam")).unwrap();
    fs::remove_dir_all(folder.join("stages")).unwrap();
    assert_eq!(expanded(folder, &["main.bicep"]), ["main.bicep main.parameters.json"]);
    fs::remove_file(folder.join("main.parameters.json")).unwrap();
    assert_eq!(expanded(folder, &["main.bicep"]), ["main.bicep azuredeploy.parameters.json"]);
    let (status, text) = run(folder, &["check", "main.bicep", "--parameters", "modules/nsg.bicep"]);
    assert!(status == Some(2) && text.contains("one in Bicep ends in .bicepparam"), "{text}");
}

#[test]
fn findings_are_allowed_where_they_stand() {
    let at = "  properties: {\n    securityRules";
    let allow = |mark: &str, with: &str| NSG.replacen(mark, &format!("{with}\n{mark}"), 1);
    let comment = "// aznetlint: allow nsg/* -- jump host";
    for allowed in [
        allow("resource nsg", comment),
        allow("          sourceAddress", comment),
        allow("resource nsg", &format!("{comment}\n@description('the group')")),
        allow("resource nsg", "@description('aznetlint: allow(nsg/*) jump host')"),
        allow(at, comment),
        allow("param name", "metadata aznetlint = { allow: { 'nsg/*': 'jump host' } }"),
        allow("param name", "// aznetlint: allow-file nsg/* -- jump host"),
    ] {
        let folder = folder(&[("main.bicep", MAIN), ("modules/nsg.bicep", &allowed)]);
        let report = report(folder.path(), &["."]);
        let of = |rule: &str| {
            let findings = report["findings"].as_array().unwrap();
            findings.iter().filter(|one| one["rule"] == rule && one["ignored"].is_null()).count()
        };
        assert_eq!((of(SSH), of("ignore/unused"), of("ignore/malformed")), (0, 0, 0), "{allowed}\n{report:#}");
    }
    let vain = allow("param name", comment);
    let folder = folder(&[("nsg.bicep", &vain)]);
    assert_eq!(findings(folder.path(), &["nsg.bicep"], "ignore/unused").len(), 1);
    assert_eq!(findings(folder.path(), &["nsg.bicep"], SSH).len(), 1);
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(folder).args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]);
    let output = git.args(arguments).env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_change_in_a_module_or_loaded_file_concerns_its_roots() {
    let (nsg, main) = by_source();
    let main = main.replace("source: source", "source: loadTextContent('source.txt')");
    let folder = folder(&[
        ("main.bicep", &main),
        ("modules/nsg.bicep", &nsg),
        ("source.txt", "0.0.0.0/0"),
        ("notes.txt", "a"),
        ("other.bicep", &NSG.replace("param name string", "param name string = 'other'")),
    ]);
    let folder = folder.path();
    for arguments in
        [&["init", "-q"][..], &["add", "-A"], &["commit", "-q", "-m", "one"], &["checkout", "-q", "-b", "work"]]
    {
        git(folder, arguments);
    }
    let changed = |paths: &[&str]| {
        let found = findings(folder, &[&["--changed"], paths].concat(), SSH);
        found.iter().map(|one| one.split(':').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(changed(&["modules/nsg.bicep"]), ["main.bicep"]);
    assert_eq!(changed(&["source.txt"]), ["main.bicep"]);
    assert_eq!(changed(&["other.bicep"]), ["other.bicep"]);
    let (status, text) = run(folder, &["check", "--changed", "notes.txt"]);
    assert_eq!((status, &*text), (Some(0), ""));
    write(folder, "source.txt", "*");
    let found = findings(folder, &["--changed-since", "main"], SSH);
    assert!(found.len() == 1 && found[0].starts_with("main.bicep:4:"), "{found:?}");
}

#[test]
fn trace_and_init_read_bicep() {
    let folder = folder(&[("main.bicep", MAIN), ("modules/nsg.bicep", NSG)]);
    let folder = folder.path();
    let (_, text) = run(folder, &["trace", "main.bicep", "--from", "Internet", "--to", "web:22/tcp"]);
    assert!(text.contains("modules/nsg.bicep"), "{text}");
    let (status, text) = run(folder, &["init", "--stdout"]);
    assert!(status == Some(0) && text.contains("region: westeurope"), "{text}");
    let (status, text) = run(folder, &["baseline", ".", "--write", "baseline.json"]);
    assert!(status == Some(0) && text.contains("wrote"), "{text}");
    let (status, text) = run(folder, &["check", ".", "--baseline", "baseline.json"]);
    assert_eq!(status, Some(0), "{text}");
}

#[test]
fn a_file_full_of_errors_is_told_in_a_page() {
    let text = (0..500).fold(String::new(), |text, at| format!("{text}var v{at} = (\n"));
    let folder = folder(&[("main.bicep", &format!("{text}{NSG}"))]);
    let (status, said) = run(folder.path(), &["check", "main.bicep"]);
    assert_eq!(status, Some(2), "{said}");
    assert_eq!(said.matches("error[syntax]").count(), 20);
    assert!(said.contains("480 more declarations of this file cannot be read"), "{said}");
    assert!(said.contains(SSH), "the rest is judged: {said}");
}

#[test]
fn parameters_for_a_source_are_those_of_what_it_was_compiled_into() {
    let compiled = r#"{
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "metadata": { "_generator": { "name": "bicep", "version": "0.41.2.15936" } },
        "parameters": { "name": { "type": "string" } },
        "resources": [{ "type": "Microsoft.Network/routeTables", "apiVersion": "2024-05-01", "name": "[parameters('name')]" }]
    }"#;
    let source = "param name string\nresource t 'Microsoft.Network/routeTables@2024-05-01' = {\n  name: name\n}\n";
    let folder = folder(&[
        ("main.bicep", source),
        ("main.json", compiled),
        ("main.bicepparam", "using 'main.bicep'\nparam name = 'rt-given'\n"),
    ]);
    for name in ["main.bicep", "main.json"] {
        let (_, said) = run(folder.path(), &["expand", name]);
        assert!(said.contains("\"name\": \"rt-given\""), "{name}: {said}");
    }
}

#[test]
fn what_is_compiled_is_parsed_only_where_another_template_may_link_to_it() {
    let compiled = |name: &str| {
        format!(
            r#"{{
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "metadata": {{ "_generator": {{ "name": "bicep", "version": "0.41.2.15936" }} }},
        "resources": [{{ "type": "Microsoft.Network/routeTables", "apiVersion": "2024-05-01", "name": "{name}" }}]
    }}"#
        )
    };
    let linking = r#"{
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [{ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "d",
            "properties": { "mode": "Incremental", "templateLink": { "relativePath": "table.json" } } }]
    }"#;
    let source = "resource t 'Microsoft.Network/routeTables@2024-05-01' = {\n  name: 'rt-source'\n}\n";
    let files = [("table.bicep", source), ("table.json", &*compiled("rt-linked")), ("azuredeploy.json", linking)];
    let linked = folder(&files);
    let (_, said) = run(linked.path(), &["expand", "."]);
    assert!(said.contains("rt-linked") && said.contains("rt-source"), "{said}");
    let alone = folder(&files[..2]);
    let (_, said) = run(alone.path(), &["check", "."]);
    assert!(said.contains("table.json"), "it is told: {said}");
    let (_, said) = run(alone.path(), &["expand", "."]);
    assert!(!said.contains("rt-linked") && said.contains("rt-source"), "{said}");
}

#[test]
fn what_is_secure_is_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    let text = "@secure()\nparam key string = 'hunter2-of-parameter'\n@secure()\noutput a string = 'written-as-output'\n\
                output b string = 'plain-${key}'\noutput c string = 'shown'\n\
                resource n 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {\n  name: 'n'\n  tags: { key: key }\n}\n";
    std::fs::write(folder.path().join("main.bicep"), text).unwrap();
    for flags in [&["expand", "main.bicep"][..], &["expand", "main.bicep", "--places"]] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_aznetlint")).args(flags).current_dir(folder.path()).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(!printed.contains("hunter2") && !printed.contains("written-as"), "{printed}");
        assert_eq!(printed.matches("(sensitive)").count(), 3, "{printed}");
        assert!(printed.contains("\"shown\"") && printed.contains("plain-(sensitive)"), "{printed}");
    }
}
