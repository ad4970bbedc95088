//! How long a large compiled module takes: 3 MB, five deployments inside each other, beside parsing it alone.

#![expect(clippy::print_stdout, reason = "a bench prints its result")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use aznetlint::arm::{Assumptions, Inputs, Wanted, expand};
use aznetlint::json::parse;
use aznetlint::source::Files;

const ROUNDS: usize = 20;

fn main() {
    let text = module(3 << 20);
    let mut files = Files::default();
    let file = files.add("main.json", text.as_str());
    let document = parse(file, &text).expect("the generator writes JSON");
    let assumptions = Assumptions::default();
    let wanted = ["microsoft.network/"];
    let network = Inputs {
        files: &files,
        parameters: None,
        set: &[],
        assumptions: &assumptions,
        wanted: Wanted::Types(&wanted),
        links: None,
    };
    let all = Inputs { wanted: Wanted::All, ..network };
    let parsing = best(|| parse(file, &text).is_ok());
    let expanding = best(|| !expand(file, &document, &network).resources.is_empty());
    let everything = best(|| !expand(file, &document, &all).resources.is_empty());
    let expansion = expand(file, &document, &network);
    let rules: usize = expansion
        .resources
        .iter()
        .filter_map(|resource| resource.node.at(&["properties", "securityRules"]))
        .map(|rules| rules.items().len())
        .sum();
    println!(
        "{} bytes, {} resources, {rules} rules, {} troubles",
        text.len(),
        expansion.resources.len(),
        expansion.troubles.len()
    );
    println!("parsing              {parsing:>10.2?}");
    println!(
        "expanding network    {expanding:>10.2?}  {:.2} of parsing",
        expanding.as_secs_f64() / parsing.as_secs_f64()
    );
    println!(
        "expanding everything {everything:>10.2?}  {:.2} of parsing",
        everything.as_secs_f64() / parsing.as_secs_f64()
    );
}

fn best(mut work: impl FnMut() -> bool) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        assert!(work());
        best = best.min(started.elapsed());
    }
    best
}

/// A template in the shape a compiler gives to modules: symbolic names, types, `coalesce` and `tryGet` around every
/// parameter, and most of its bytes in resources that nobody asks about.
fn module(size: usize) -> String {
    let mut text = level(5, 0);
    let filler = filler();
    let mut index = 0;
    let mut resources = String::new();
    while text.len() + resources.len() < size {
        let _ = write!(resources, ",\"other{index}\":{}", filler.replace("NAME", &format!("other{index}")));
        index += 1;
    }
    let at = text.find("\"resources\":{").expect("every level has resources") + "\"resources\":{".len();
    resources.remove(0);
    resources.push(',');
    text.insert_str(at, &resources);
    text
}

fn level(levels: usize, branch: usize) -> String {
    let mut resources = String::new();
    let _ = write!(
        resources,
        r#""nsg":{{"type":"Microsoft.Network/networkSecurityGroups","apiVersion":"2023-09-01","name":"[format('{{0}}-{{1}}-nsg', parameters('name'), {levels})]","location":"[parameters('location')]","properties":{{"copy":[{{"name":"securityRules","count":"[length(coalesce(parameters('securityRules'), createArray()))]","input":{{"name":"[coalesce(parameters('securityRules'), createArray())[copyIndex('securityRules')].name]","properties":{{{fields}}}}}}}]}}}}"#,
        fields = fields()
    );
    let _ = write!(
        resources,
        r#","vnet":{{"type":"Microsoft.Network/virtualNetworks","apiVersion":"2023-09-01","name":"[format('{{0}}-vnet', parameters('name'))]","properties":{{"addressSpace":{{"addressPrefixes":["[cidrSubnet('10.0.0.0/8', 16, {branch})]"]}},"subnets":[{{"name":"default","properties":{{"addressPrefix":"[cidrSubnet('10.0.0.0/8', 24, {branch})]","networkSecurityGroup":{{"id":"[resourceId('Microsoft.Network/networkSecurityGroups', format('{{0}}-{{1}}-nsg', parameters('name'), {levels}))]"}}}}}}]}}}}"#
    );
    if levels > 1 {
        for index in 0..2 {
            let _ = write!(
                resources,
                r#","module{index}":{{"type":"Microsoft.Resources/deployments","apiVersion":"2022-09-01","name":"[format('{{0}}-module{index}', uniqueString(deployment().name, parameters('location')))]","properties":{{"expressionEvaluationOptions":{{"scope":"inner"}},"mode":"Incremental","parameters":{{"name":{{"value":"[format('{{0}}-{index}', parameters('name'))]"}},"location":{{"value":"[parameters('location')]"}},"securityRules":{{"value":"[parameters('securityRules')]"}}}},"template":{}}}}}"#,
                level(levels - 1, branch * 2 + index)
            );
        }
    }
    let rules: Vec<String> = (0..40)
        .map(|index| format!(r#"{{"name":"rule{index}","properties":{{"access":"Allow","direction":"Inbound","priority":{},"protocol":"Tcp","sourceAddressPrefix":"10.{index}.0.0/16","sourcePortRange":"*","destinationAddressPrefix":"VirtualNetwork","destinationPortRanges":["443","{}"]}}}}"#, 100 + index, 8000 + index))
        .collect();
    format!(
        r##"{{"$schema":"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#","languageVersion":"2.0","contentVersion":"1.0.0.0","definitions":{{"rule":{{"type":"object","properties":{{"name":{{"type":"string"}}}}}}}},"parameters":{{"name":{{"type":"string","defaultValue":"app"}},"location":{{"type":"string","defaultValue":"[resourceGroup().location]"}},"securityRules":{{"type":"array","items":{{"$ref":"#/definitions/rule"}},"nullable":true,"defaultValue":[{rules}]}}}},"resources":{{{resources}}},"outputs":{{"id":{{"type":"string","value":"[resourceId('Microsoft.Network/networkSecurityGroups', format('{{0}}-{{1}}-nsg', parameters('name'), {levels}))]"}}}}}}"##,
        rules = rules.join(",")
    )
}

fn fields() -> String {
    let always = ["access", "direction", "priority", "protocol"];
    let often = [
        "sourceAddressPrefix",
        "sourceAddressPrefixes",
        "sourcePortRange",
        "sourcePortRanges",
        "destinationAddressPrefix",
        "destinationAddressPrefixes",
        "destinationPortRange",
        "destinationPortRanges",
        "sourceApplicationSecurityGroupResourceIds",
    ];
    let rule = "coalesce(parameters('securityRules'), createArray())[copyIndex('securityRules')].properties";
    let always = always.map(|field| format!("\"{field}\":\"[{rule}.{field}]\"")).join(",");
    let often = often.map(|field| format!("\"{field}\":\"[tryGet({rule}, '{field}')]\"")).join(",");
    format!("{always},{often}")
}

fn filler() -> String {
    let settings: Vec<String> = (0..30)
        .map(|index| {
            format!(
                r#""setting{index}":"[if(empty(coalesce(tryGet(parameters('name'), 'a{index}'), '')), null(), createObject('value', format('{{0}}-{{1}}', parameters('name'), {index})))]""#
            )
        })
        .collect();
    format!(
        r#"{{"type":"Microsoft.Web/sites","apiVersion":"2022-03-01","name":"NAME","location":"[parameters('location')]","properties":{{{}}}}}"#,
        settings.join(",")
    )
}
