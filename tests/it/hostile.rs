//! Names that would be obeyed: whatever the command and the format, no terminal and no pipeline obeys them.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Put into every name of the input: line ends, controls of both sets, marks of direction, commands.
const NAMES: [&str; 3] = [
    "a\n::error file=x::made-up\n  ::add-mask::a ##vso[task.complete result=Failed] \u{1b}[31m\u{7}",
    "b\u{9b}31m\u{202e}\u{2028}::set-env name=x::y\u{85}\u{200b}#\u{200d}#vso[a.b]c",
    "=c ##[error]d ::warning::e f ::error::made-up\r\nskip: [azureml]",
];

fn estate(name: &str) -> serde_json::Value {
    let rule = |suffix: &str, port: &str, priority: u16| {
        serde_json::json!({ "name": format!("{name}{suffix}"), "properties": {
            "description": name, "priority": priority, "direction": "Outbound", "access": "Deny", "protocol": "*",
            "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": name,
            "destinationPortRange": port,
        } })
    };
    serde_json::json!({
        "name": name, "id": format!("/subscriptions/x/resourceGroups/{name}/providers/Microsoft.Network/networkSecurityGroups/{name}"),
        "type": "Microsoft.Network/networkSecurityGroups", "location": name, "tags": { name: name },
        "properties": { "securityRules": [
            rule("1", "443", 100),
            { "name": name, "properties": { "priority": 200, "direction": "Outbound", "access": "Deny", "protocol": "*",
              "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*",
              "destinationPortRange": "*" } },
        ] },
    })
}

fn template(name: &str) -> serde_json::Value {
    serde_json::json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "parameters": { name: { "type": "string" } },
        "resources": [{ "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2024-05-01", "name": name,
            "location": format!("[parameters('{}')]", name.replace('\'', "''")), "properties": estate(name)["properties"] }],
    })
}

/// The first line that something would obey.
fn obeyed(text: &str, is_github: bool, is_azure: bool) -> Option<String> {
    let is_raw = |ch: char| {
        let code = u32::from(ch);
        ch != '\t' && (code < 0x20 || (0x7f..0xa0).contains(&code))
            || matches!(code, 0x200e | 0x200f | 0x2028..=0x202e | 0x2066..=0x2069)
    };
    let mut is_stopped = false;
    for line in text.replace("\r\n", "\n").split('\n') {
        let begin = line.trim_start();
        if is_github && begin.starts_with("::stop-commands::") {
            is_stopped = true;
        }
        if is_github && begin.starts_with("::aznetlint-text") {
            is_stopped = false;
        }
        let own = is_github
            && ["::error file=", "::warning file=", "::notice file=", "::stop-commands::", "::aznetlint-"]
                .iter()
                .any(|own| line.starts_with(own))
            || is_azure && line.starts_with("##vso[task.logissue type=");
        let begins = !is_stopped && begin.strip_prefix("::").is_some_and(|rest| rest.contains("::"));
        let shown = line.replace(|ch: char| !ch.is_ascii(), "");
        let holds = shown.contains("##[") || shown.contains("##vso[");
        if line.contains(is_raw) || ((begins || holds) && !own) {
            return Some(line.to_owned());
        }
    }
    None
}

fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_aznetlint"))
        .current_dir(folder)
        .args(arguments)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    format!("{}\n{}", text(&output.stdout), text(&output.stderr))
}

#[test]
fn no_command_and_no_format_lets_a_name_be_obeyed() {
    for name in NAMES {
        let folder = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).unwrap();
        write("nsg.json", &estate(name).to_string());
        write("main.json", &template(name).to_string());
        write(
            "broken.json",
            &format!("{{\"securityRules\": \"{}\" }} x", name.replace(['\n', '\r', '\u{1b}', '\u{7}'], " ")),
        );
        write("bad.yaml", &format!("regoin: \"{}\"\n", name.replace(['\n', '\r'], " ")));
        if cfg!(unix) {
            write(&format!("{}.json", name.replace('/', "")), &estate(name).to_string());
        }
        let service = ["--service", "azureml-compute", "--region", "westeurope"];
        let formats = ["json", "sarif", "github", "azure", "junit", "markdown", "csv", "html"];
        let outputs = formats.map(|format| format!("--output={format}={format}.out"));
        let mut arguments = vec!["check", ".", "-v", "--min-level", "note", "--format", "text"];
        arguments.extend(service.into_iter().chain(outputs.iter().map(String::as_str)));
        assert_eq!(obeyed(&run(folder.path(), &arguments), false, false), None, "check as text");
        for format in formats {
            let out = fs::read_to_string(folder.path().join(format!("{format}.out"))).unwrap();
            assert!(out.len() > 1000, "{format}: {out}");
            assert_eq!(obeyed(&out, format == "github", format == "azure"), None, "check as {format}");
        }
        for arguments in [
            &["expand", "main.json", "--places"][..],
            &["trace", "nsg.json", "--from", name, "--to", "Storage:443/tcp"],
            &["check", "nsg.json", "--config", "bad.yaml"],
        ] {
            assert_eq!(obeyed(&run(folder.path(), arguments), false, false), None, "{arguments:?}");
        }
        let settings = run(folder.path(), &["init", "--stdout"]);
        assert_eq!(obeyed(&settings, false, false), None, "init");
        assert!(!settings.lines().any(|line| line.starts_with("skip:")), "{settings}");
        run(folder.path(), &["baseline", "--write", "baseline.json", "nsg.json", "--service", "azureml-compute"]);
        let written = fs::read_to_string(folder.path().join("baseline.json")).unwrap_or_default();
        assert_eq!(obeyed(&written, false, false), None, "baseline");
    }
}

#[test]
fn no_argument_is_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("nsg.json"), estate("nsg").to_string()).unwrap();
    let made_up = "a\n::error::made-up";
    for arguments in [
        &["check", made_up][..],
        &["check", "nsg.json", "--config", made_up],
        &["check", "nsg.json", "--rules", made_up],
        &["check", "nsg.json", "--set", made_up],
        &["check", "nsg.json", "--show-settings", "--exclude", made_up],
        &["check", "--bogus\n::error::made-up"],
        &["trace", "nsg.json", "--from", made_up, "--to", "Storage:443/tcp"],
        &["explain", made_up],
        &["test", made_up],
        &["tags", "nsg.json", made_up],
        &[made_up],
    ] {
        assert_eq!(obeyed(&run(folder.path(), arguments), false, false), None, "{arguments:?}");
    }
}
