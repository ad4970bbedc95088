//! One estate in every spelling, through the whole program: the verdicts are the same to the letter, in whatever order,
//! layout and encoding the files come.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

const SPELLINGS: [&str; 8] = [
    "rest",
    "cli",
    "resource-graph",
    "powershell",
    "template",
    "terraform-plan",
    "terraform-state",
    "terraform-stored-state",
];

fn folder(spelling: &str) -> PathBuf {
    let folder = if spelling.starts_with("terraform") { "tests/terraform" } else { "examples/same-estate" };
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(spelling)
}

/// The files of a spelling: name and text.
fn files(spelling: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder(spelling)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    paths.iter().map(read).collect()
}

/// What a run on some paths comes to, one line for each requirement of each placement.
fn verdicts<P: AsRef<OsStr>>(paths: &[P]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aznetlint"));
    let output = command.args(["check", "--no-config", "--format", "json"]).args(paths).output().unwrap();
    let said = [&output.stderr, &output.stdout].map(|text| String::from_utf8_lossy(text));
    assert_eq!(output.status.code(), Some(1), "{said:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let placements = report["placements"].as_array().unwrap();
    let mut lines = Vec::new();
    for placement in placements {
        for one in placement["requirements"].as_array().unwrap() {
            let deciders: Vec<&str> =
                one["decided-by"].as_array().unwrap().iter().filter_map(|rule| rule["name"].as_str()).collect();
            lines.push(format!(
                "{} {} | applies {} | {} by {deciders:?} | {}",
                one["rule"], one["flow"], one["applies"], one["verdict"], one["witness"]
            ));
        }
    }
    lines.join("\n")
}

/// What a run on some texts comes to, written to files as `encode` says.
fn verdicts_of(files: &[(String, String)], encode: impl Fn(&str) -> Vec<u8>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|(name, text)| {
            let path = folder.path().join(name);
            fs::write(&path, encode(text)).unwrap();
            path
        })
        .collect();
    verdicts(&paths)
}

fn minified(text: &str) -> String {
    serde_json::from_str::<Value>(text).unwrap().to_string()
}

#[test]
fn the_spellings_have_the_same_verdicts() {
    let expected = verdicts(&[folder("rest")]);
    assert!(expected.contains("\"azureml/storage-blocked\"") && expected.contains("\"violated\""), "{expected}");
    assert!(expected.lines().count() > 15, "{expected}");
    for spelling in SPELLINGS {
        assert_eq!(verdicts(&[folder(spelling)]), expected, "{spelling}");
    }
}

/// The estate in a form that is made here out of another one: its name, its files.
type Made = (&'static str, Vec<(String, String)>);

fn value(spelling: &str, file: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder(spelling).join(file)).unwrap()).unwrap()
}

/// Its resources in REST form.
fn resources() -> Vec<Value> {
    files("rest").iter().map(|(_, text)| serde_json::from_str(text).unwrap()).collect()
}

fn one(name: &str, value: &Value) -> Vec<(String, String)> {
    vec![(name.to_owned(), serde_json::to_string_pretty(value).unwrap())]
}

/// What wraps a template, and what shows what a deployment would make.
fn around_templates() -> Vec<Made> {
    let template = value("template", "azuredeploy.json");
    let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Resources";
    let spec = json!({ "name": "1.0", "type": "Microsoft.Resources/templateSpecs/versions",
        "id": format!("{id}/templateSpecs/freight/versions/1.0"), "location": "eastus2" });
    let with = |key: &str| {
        let mut spec = spec.clone();
        let inside = json!({ "mainTemplate": template, "linkedTemplates": [] });
        match key {
            "" => spec.as_object_mut().unwrap().extend(inside.as_object().unwrap().clone()),
            _ => spec[key] = inside,
        }
        spec
    };
    let change = |one: &Value, kind: &str| json!({ "resourceId": one["id"], "changeType": kind, "before": null, "after": one, "delta": null });
    let changes: Vec<Value> = resources().iter().map(|one| change(one, "Create")).collect();
    let modified: Vec<Value> = resources()
        .iter()
        .map(|one| json!({ "resourceId": one["id"], "changeType": "Modify", "before": { "id": one["id"] }, "after": one }))
        .collect();
    vec![
        ("exportTemplate", one("e.json", &json!({ "template": template, "error": null }))),
        (
            "deployment body",
            one("e.json", &json!({ "properties": { "mode": "Incremental", "template": template, "parameters": {} } })),
        ),
        ("template spec of REST", one("e.json", &with("properties"))),
        ("template spec of the az CLI", one("e.json", &with(""))),
        ("page of one template spec", one("e.json", &json!({ "value": [with("properties")] }))),
        ("deployment stack export", one("e.json", &json!({ "template": template, "templateLink": null }))),
        (
            "blueprint artifact",
            one(
                "e.json",
                &json!({ "kind": "template", "name": "a",
            "type": "Microsoft.Blueprint/blueprints/artifacts", "properties": { "template": template, "parameters": {} } }),
            ),
        ),
        (
            "managed application",
            one(
                "e.json",
                &json!({ "name": "a", "type": "Microsoft.Solutions/applicationDefinitions",
            "properties": { "lockLevel": "ReadOnly", "mainTemplate": template } }),
            ),
        ),
        (
            "what-if of the az CLI",
            one(
                "e.json",
                &json!({ "status": "Succeeded", "error": null, "changes": changes, "potentialChanges": [], "diagnostics": [] }),
            ),
        ),
        (
            "what-if of REST",
            one(
                "e.json",
                &json!({ "status": "Succeeded", "properties": { "correlationId": "c", "changes": modified } }),
            ),
        ),
        ("bicep snapshot", one("main.snapshot.json", &snapshot())),
    ]
}

/// Names with those of the parents, and ids that are still expressions.
fn snapshot() -> Value {
    let symbolic = |text: &str| {
        let mut parts = text.splitn(6, '/');
        let rest = (parts.next() == Some("") && parts.next() == Some("subscriptions")).then(|| parts.nth(2));
        let rest = rest.flatten().map(|_| parts.next().unwrap_or_default().to_owned());
        rest.map(|rest| format!("[format('/subscriptions/{{0}}/resourceGroups/{{1}}/{rest}', subscription().subscriptionId, resourceGroup().name)]"))
    };
    let mut all = resources();
    for one in &mut all {
        if one["type"] == "Microsoft.MachineLearningServices/workspaces/computes" {
            one["name"] = json!("mlw-freight/cpu-cluster");
        }
        each_text(one, &symbolic);
    }
    json!({ "predictedResources": all, "diagnostics": [] })
}

fn each_text(value: &mut Value, change: &dyn Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(new) = change(text) {
                *text = new;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(members) => members.values_mut().for_each(|item| each_text(item, change)),
        _ => {}
    }
}

/// What lies under `properties` beside it, in lists of children too: as the az CLI and the models of azure-native do it.
fn flat(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(flat).collect(),
        // A body of several kinds is left as it is.
        Value::Object(members) if members.contains_key("computeType") => value.clone(),
        Value::Object(members) => {
            let inside = members
                .get("properties")
                .and_then(Value::as_object)
                .filter(|inside| !inside.contains_key("computeType"));
            let inside = inside.into_iter().flatten();
            let own = members.iter().filter(|(key, value)| *key != "properties" || value.get("computeType").is_some());
            own.chain(inside).map(|(key, value)| (key.clone(), flat(value))).collect()
        }
        other => other.clone(),
    }
}

fn pulumi() -> Vec<Made> {
    let stack = |key: &str| {
        let mut all = vec![
            json!({ "urn": "urn:pulumi:dev::freight::pulumi:pulumi:Stack::freight-dev", "type": "pulumi:pulumi:Stack" }),
        ];
        for one in resources() {
            let name = one["type"].as_str().unwrap().rsplit('/').next().unwrap().trim_end_matches('s').to_owned();
            let mut outputs = flat(&one);
            outputs.as_object_mut().unwrap().remove("id");
            all.push(
                json!({ "urn": format!("urn:pulumi:dev::freight::azure-native:network:{name}::x"), "custom": true,
                "type": format!("azure-native:network/v20240501:{name}"), "id": one["id"], "outputs": outputs }),
            );
        }
        match key {
            "deployment" => json!({ "version": 3, "deployment": { "resources": all } }),
            _ => json!({ "version": 3, "checkpoint": { "stack": "dev", "latest": { "resources": all } } }),
        }
    };
    vec![
        ("pulumi stack export", one("stack.json", &stack("deployment"))),
        ("stored pulumi stack", one("dev.json", &stack("checkpoint"))),
    ]
}

/// Block style, as `az … -o yaml` writes it; texts are quoted unless they are plain words.
fn yaml(value: &Value, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let is_word = |text: &str| {
        text.starts_with(|first: char| first.is_alphabetic())
            && text.chars().all(|letter| letter.is_alphanumeric() || "-_/".contains(letter))
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            items.iter().map(|item| format!("\n{pad}- {}", yaml(item, indent + 2).trim_start())).collect()
        }
        Value::Object(members) if !members.is_empty() => {
            let line = |(key, value): (&String, &Value)| {
                let inner = if value.is_array() { indent } else { indent + 2 };
                let text = yaml(value, inner);
                let text = if text.starts_with('\n') { text } else { format!(" {text}") };
                format!("\n{pad}{key}:{text}")
            };
            members.iter().map(line).collect()
        }
        Value::String(text)
            if is_word(text)
                && !["true", "false", "null", "yes", "no", "on", "off"].contains(&text.to_lowercase().as_str()) =>
        {
            text.clone()
        }
        Value::String(text) if text.contains('\n') => value.to_string(),
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        other => other.to_string(),
    }
}

fn in_yaml() -> Vec<Made> {
    let of = |spelling: &str| -> Vec<(String, String)> {
        let written = |(name, text): (String, String)| {
            let text = yaml(&serde_json::from_str(&text).unwrap(), 0);
            (name.replace(".json", ".yaml"), format!("{}\n", text.trim_start()))
        };
        files(spelling).into_iter().map(written).collect()
    };
    let documents: Vec<String> = of("cli").into_iter().map(|(_, text)| text).collect();
    vec![
        ("-o yaml", of("cli")),
        ("REST in YAML", of("rest")),
        ("PowerShell's in YAML", of("powershell")),
        ("a template in YAML", of("template")),
        ("several documents", vec![("all.yml".to_owned(), documents.join("---\n"))]),
        ("Azure Service Operator", vec![("estate.yaml".to_owned(), manifests())]),
        ("Azure Service Operator, an object a file", apart(&manifests())),
    ]
}

/// Each document in a file of its own.
fn apart(text: &str) -> Vec<(String, String)> {
    let documents = text.split("---\n").filter(|one| !one.trim().is_empty()).enumerate();
    documents.map(|(at, one)| (format!("{at}.yaml"), one.to_owned())).collect()
}

/// The estate as objects of the operator, each rule and subnet one of its own.
fn manifests() -> String {
    let all = resources();
    let of = |kind: &str| all.iter().find(|one| one["type"].as_str().unwrap().ends_with(kind)).unwrap().clone();
    let (nsg, vnet, nat) = (of("/networkSecurityGroups"), of("/virtualNetworks"), of("/natGateways"));
    let (workspace, compute) = (of("/workspaces"), of("/computes"));
    let object = |group: &str, kind: &str, name: &Value, owner: &str, spec: &Value| {
        let mut spec = spec.clone();
        spec["owner"] = json!({ "name": owner });
        for key in ["provisioningState", "resourceGuid", "subnets", "securityRules", "defaultSecurityRules"] {
            spec.as_object_mut().unwrap().remove(key);
        }
        json!({ "apiVersion": format!("{group}/v1api20240301"), "kind": kind, "metadata": { "name": name, "namespace": "ml" }, "spec": spec })
    };
    let to =
        |kind: &str, name: &str| json!({ "reference": { "group": "network.azure.com", "kind": kind, "name": name } });
    let located = |one: &Value| {
        let mut spec = one["properties"].clone();
        spec["location"] = one["location"].clone();
        spec
    };
    let rg = "rg-freight-ml-eus2";
    let mut objects = vec![
        json!({ "apiVersion": "resources.azure.com/v1api20200601", "kind": "ResourceGroup", "metadata": { "name": rg }, "spec": { "location": "eastus2" } }),
        object("network.azure.com", "NetworkSecurityGroup", &nsg["name"], rg, &located(&nsg)),
        object("network.azure.com", "VirtualNetwork", &vnet["name"], rg, &located(&vnet)),
        object("network.azure.com", "NatGateway", &nat["name"], rg, &located(&nat)),
    ];
    for rule in nsg["properties"]["securityRules"].as_array().unwrap() {
        objects.push(object(
            "network.azure.com",
            "NetworkSecurityGroupsSecurityRule",
            &rule["name"],
            "nsg-training",
            &rule["properties"],
        ));
    }
    let mut subnet = vnet["properties"]["subnets"][0]["properties"].clone();
    subnet["networkSecurityGroup"] = to("NetworkSecurityGroup", "nsg-training");
    subnet["natGateway"] = to("NatGateway", "ng-freight-ml");
    objects.push(object(
        "network.azure.com",
        "VirtualNetworksSubnet",
        &json!("snet-training"),
        "vnet-freight-ml",
        &subnet,
    ));
    let mut spec = located(&workspace);
    for key in ["storageAccount", "keyVault", "applicationInsights", "containerRegistry"] {
        let id = spec.as_object_mut().unwrap().remove(key).unwrap();
        spec[format!("{key}Reference")] = json!({ "armId": id });
    }
    objects.push(object("machinelearningservices.azure.com", "Workspace", &workspace["name"], rg, &spec));
    let mut cluster = compute["properties"].clone();
    cluster["properties"]["subnet"] = to("VirtualNetworksSubnet", "snet-training");
    let spec = json!({ "location": "eastus2", "properties": { "amlCompute": cluster } });
    objects.push(object(
        "machinelearningservices.azure.com",
        "WorkspacesCompute",
        &compute["name"],
        "mlw-freight",
        &spec,
    ));
    objects.iter().map(|object| format!("---{}\n", yaml(object, 0))).collect()
}

#[test]
fn the_forms_that_wrap_them_have_the_same_verdicts() {
    let expected = verdicts(&[folder("rest")]);
    for (name, files) in [around_templates(), pulumi(), in_yaml()].into_iter().flatten() {
        assert_eq!(verdicts_of(&files, |text| text.into()), expected, "{name}");
    }
}

#[test]
fn yaml_is_told_by_its_content_and_in_any_encoding() {
    let expected = verdicts(&[folder("rest")]);
    let (_, files) = in_yaml().swap_remove(0);
    let called = |ending: &str| -> Vec<(String, String)> {
        files.iter().map(|(name, text)| (name.replace(".yaml", ending), text.clone())).collect()
    };
    for ending in [".yaml", ".yml", ".json", ".txt"] {
        assert_eq!(verdicts_of(&called(ending), |text| text.into()), expected, "{ending}");
    }
    let marked = |text: &str| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(verdicts_of(&files, marked), expected);
    assert_eq!(verdicts_of(&files, |text| text.replace('\n', "\r\n").into()), expected);
    assert_eq!(verdicts_of(&files, |text| format!("WARNING: this is in preview.\n{text}").into()), expected);
    // A folder full of other YAML says nothing of it.
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in &files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let pipeline = "steps:\n- task: AzureCLI@2\n  inputs: {scope: /subscriptions/s/resourceGroups/g}\n";
    let helm = "id: {{ .Values.id }} # /subscriptions/s\n";
    let values = "network:\n  addressPrefixes: [10.0.0.0/8]\n";
    for (name, text) in [("pipeline.yml", pipeline), ("helm.yaml", helm), ("values.yaml", values)] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    assert_eq!(verdicts(&[folder.path()]), expected);
}

#[test]
fn the_order_of_files_does_not_matter() {
    for spelling in SPELLINGS {
        let expected = verdicts(&[folder(spelling)]);
        let mut files = files(spelling);
        files.reverse();
        for _ in 0..files.len() {
            files.rotate_left(1);
            assert_eq!(verdicts_of(&files, |text| text.into()), expected, "{spelling}");
        }
    }
}

#[test]
fn layout_and_encoding_do_not_matter() {
    let utf16 = |text: &str| "\u{feff}".chars().chain(text.chars()).collect::<String>();
    type Encode = fn(&str) -> Vec<u8>;
    let encodings: [(&str, Encode); 7] = [
        ("minified", |text| minified(text).into()),
        ("minified on one of many lines", |text| format!("\n\n{}\n\n", minified(text)).into()),
        ("CRLF", |text| text.replace('\n', "\r\n").into()),
        ("UTF-8 with a byte order mark", |text| format!("\u{feff}{text}").into()),
        ("warnings before the JSON", |text| {
            format!(
                "WARNING: The behavior of this command has been altered by the following extension: ml\n\
                 WARNING: This command group is in preview.\n{text}"
            )
            .into()
        }),
        ("UTF-16, little end first", |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16, big end first", |text| text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    ];
    for spelling in SPELLINGS {
        let expected = verdicts(&[folder(spelling)]);
        let files = files(spelling);
        for (name, encode) in encodings {
            let marked = |text: &str| if name.starts_with("UTF-16") { encode(&utf16(text)) } else { encode(text) };
            assert_eq!(verdicts_of(&files, marked), expected, "{spelling}, {name}");
        }
    }
}
