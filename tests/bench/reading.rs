//! How fast texts become documents, beside `serde_json::Value`: `cargo bench --bench reading [-- FOLDER]`.
//!
//! Each number is the best of several passes over all JSON files below the folder, held in memory. A pass includes
//! freeing what it built. serde_json keeps the order of members, as everywhere in this crate; without that it is about
//! 1.4 times as fast.
//!
//! `cargo bench --bench reading -- --write FOLDER [RESOURCES] [FILES]` writes a Resource Graph export instead, 100,000
//! resources in one file if nothing else is said, to run the program over.

use std::hint::black_box;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aznetlint::input::{self, Options};
use aznetlint::json::Parser;
use aznetlint::source::FileId;
use serde_json::{Value, json};

const PASSES: usize = 15;

#[expect(clippy::print_stdout, reason = "printing is what a bench is for")]
fn main() {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--write").skip(1);
    if let Some(folder) = arguments.next() {
        let mut number = |usual| arguments.next().and_then(|number| number.parse().ok()).unwrap_or(usual);
        let (resources, files) = (number(100_000), number(1));
        return write_export(Path::new(&folder), resources, files).expect("the folder can be written");
    }
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let shared = std::env::var_os("AZNETLINT_SHARED").map(|shared| PathBuf::from(shared).join("corpus"));
    let beside = ["../shared/corpus", "../../shared/corpus", "tests/corpus"].map(|folder| project.join(folder));
    let Some(folder) = given.into_iter().chain(shared).chain(beside).find(|folder| folder.is_dir()) else {
        println!("skipped: no folder of JSON files; name one");
        return;
    };
    let files: Vec<PathBuf> = walkdir::WalkDir::new(&folder)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    let texts: Vec<String> = files.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    let strict: Vec<&str> = texts
        .iter()
        .map(String::as_str)
        .filter(|text| serde_json::from_str::<serde_json::Value>(text).is_ok())
        .collect();
    println!("{} files, {} of them strict JSON", texts.len(), strict.len());

    let mut parser = Parser::default();
    let ours = megabytes_per_second(&strict, |text| drop(black_box(parser.parse(FileId(0), text))));
    let theirs = megabytes_per_second(&strict, |text| drop(black_box(serde_json::from_str::<serde_json::Value>(text))));
    let search = megabytes_per_second(&strict, |text| {
        black_box(input::may_matter(text.as_bytes()));
    });
    let unrelated: Vec<String> = strict.iter().map(|text| unrelated(text)).collect();
    let unrelated: Vec<&str> = unrelated.iter().map(String::as_str).collect();
    assert!(!unrelated.iter().any(|text| input::may_matter(text.as_bytes())), "nothing is left to find");
    let missing = megabytes_per_second(&unrelated, |text| {
        black_box(input::may_matter(text.as_bytes()));
    });
    println!("json::Parser       {ours:7.0} MB/s");
    println!("serde_json::Value  {theirs:7.0} MB/s");
    println!("ratio              {:7.2}", ours / theirs);
    println!("byte search, hit   {search:7.0} MB/s");
    println!("byte search, none  {missing:7.0} MB/s");

    let whole =
        best(|| drop(black_box(input::read(std::slice::from_ref(&folder), &Options::default(), &mut io::empty()))));
    println!("input::read        {:7.1} ms for the folder", whole.as_secs_f64() * 1e3);
}

/// The same text with nothing that the byte search looks for.
fn unrelated(text: &str) -> String {
    let mut text = text.to_ascii_lowercase();
    for word in ["microsoft", "subscriptions", "deployment", "prefix", "nexthop", "rule", "ipgroup", "endpoint"] {
        text = text.replace(word, "something");
    }
    for word in ["workspace", "network", "node", "compute", "isolation"] {
        text = text.replace(word, "other");
    }
    text
}

fn megabytes_per_second(texts: &[&str], mut work: impl FnMut(&str)) -> f64 {
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    let pass = best(|| texts.iter().for_each(|text| work(text)));
    bytes as f64 / 1e6 / pass.as_secs_f64()
}

fn best(mut pass: impl FnMut()) -> Duration {
    let mut timed = || {
        let start = Instant::now();
        pass();
        start.elapsed()
    };
    (0..PASSES).map(|_| timed()).min().unwrap_or_default()
}

/// Writes an export of an estate in parts of the same size.
fn write_export(folder: &Path, resources: usize, files: usize) -> io::Result<()> {
    let each = resources / files.max(1);
    for part in 0..files {
        let mut out = io::BufWriter::new(std::fs::File::create(folder.join(format!("export-{part:02}.json")))?);
        write!(out, "{{\"count\": {each}, \"data\": [")?;
        for at in part * each..(part + 1) * each {
            let comma = if at == part * each { "" } else { "," };
            write!(out, "{comma}\n{}", row(at))?;
        }
        write!(out, "\n], \"total_records\": {each}}}\n")?;
        out.flush()?;
    }
    Ok(())
}

/// The ids of the resources of one group.
struct Group {
    subscription: String,
    name: String,
}

impl Group {
    fn id(&self, kind: &str, name: &str) -> String {
        let Self { subscription, name: group } = self;
        format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.{kind}/{name}")
    }
}

/// One row of the export: of a hundred resources one is a network and two are groups; the rest are interfaces, machines,
/// disks and accounts.
fn row(at: usize) -> Value {
    let group =
        Group { subscription: format!("00000000-0000-4000-8000-{:012}", at / 1000), name: format!("rg-{}", at / 100) };
    let (kind, prefix, mut properties) = match (at % 100, at % 5) {
        (0, _) => ("Network/virtualNetworks", "vnet-", network(at, &group)),
        (1 | 51, _) => ("Network/networkSecurityGroups", "nsg-", security_group()),
        (_, 2) => ("Network/networkInterfaces", "nic-", interface(at, &group)),
        (_, 3) => ("Compute/disks", "disk-", disk()),
        (_, 4) => ("Storage/storageAccounts", "st", account(at)),
        _ => ("Compute/virtualMachines", "vm-", machine(at, &group)),
    };
    properties["provisioningState"] = json!("Succeeded");
    let name = format!("{prefix}{at}");
    json!({"id": group.id(kind, &name), "name": name, "type": format!("microsoft.{}", kind.to_ascii_lowercase()),
        "tenantId": "00000000-0000-4000-8000-0000000000ff", "kind": "", "location": "westeurope",
        "resourceGroup": group.name, "subscriptionId": group.subscription, "managedBy": "", "sku": null, "plan": null,
        "properties": properties, "tags": {"costCenter": format!("cc-{}", at % 40), "environment": "production"},
        "identity": null, "zones": null, "extendedLocation": null})
}

fn network(at: usize, group: &Group) -> Value {
    let net = at / 100 % 250;
    let subnets = (0..4).map(|subnet| {
        let name = format!("snet-{subnet}");
        let nsg = group.id("Network/networkSecurityGroups", &format!("nsg-{}", at + 1));
        let own = group.id("Network/virtualNetworks", &format!("vnet-{at}/subnets/{name}"));
        let properties = json!({"provisioningState": "Succeeded", "addressPrefix": format!("10.{net}.{subnet}.0/24"),
            "networkSecurityGroup": {"id": nsg}, "serviceEndpoints": [], "delegations": []});
        json!({"name": name, "id": own, "type": "Microsoft.Network/virtualNetworks/subnets", "properties": properties})
    });
    let subnets: Vec<Value> = subnets.collect();
    json!({"addressSpace": {"addressPrefixes": [format!("10.{net}.0.0/16")]}, "subnets": subnets})
}

fn security_group() -> Value {
    let rules = (0..6).map(|rule| {
        let properties = json!({"provisioningState": "Succeeded", "protocol": "Tcp", "sourcePortRange": "*",
            "destinationPortRange": (443 + rule).to_string(), "sourceAddressPrefix": format!("10.{rule}.0.0/16"),
            "destinationAddressPrefix": "VirtualNetwork", "access": "Allow", "priority": 100 + rule,
            "direction": "Inbound"});
        json!({"name": format!("rule-{rule}"), "properties": properties})
    });
    json!({"securityRules": rules.collect::<Vec<Value>>()})
}

fn interface(at: usize, group: &Group) -> Value {
    let subnet = group.id("Network/virtualNetworks", &format!("vnet-{}/subnets/snet-1", at - at % 100));
    let address = format!("10.{}.1.{}", at / 100 % 250, at % 100);
    let properties = json!({"privateIPAddress": address, "privateIPAllocationMethod": "Dynamic", "primary": true,
        "subnet": {"id": subnet}});
    json!({"ipConfigurations": [{"name": "ipconfig1", "properties": properties}], "enableIPForwarding": false})
}

fn disk() -> Value {
    json!({"diskSizeGB": 128, "diskState": "Attached", "creationData": {"createOption": "FromImage"},
        "osType": "Linux", "encryption": {"type": "EncryptionAtRestWithPlatformKey"}})
}

fn account(at: usize) -> Value {
    let access = json!({"bypass": "AzureServices", "virtualNetworkRules": [], "ipRules": [], "defaultAction": "Deny"});
    let address = |service: &str| format!("https://st{at}.{service}.core.windows.net/");
    json!({"networkAcls": access, "supportsHttpsTrafficOnly": true, "minimumTlsVersion": "TLS1_2",
        "primaryEndpoints": {"blob": address("blob"), "queue": address("queue")}})
}

fn machine(at: usize, group: &Group) -> Value {
    let nic = group.id("Network/networkInterfaces", &format!("nic-{at}"));
    let disk = json!({"osType": "Linux", "name": format!("disk-{at}"), "createOption": "FromImage"});
    json!({"hardwareProfile": {"vmSize": "Standard_D2s_v5"}, "storageProfile": {"osDisk": disk, "dataDisks": []},
        "osProfile": {"computerName": format!("vm-{at}"), "adminUsername": "azureuser"},
        "networkProfile": {"networkInterfaces": [{"id": nic}]}})
}
