//! A report made by hand, in the shape of what a run finds, for tests.

use std::sync::Arc;

use crate::finding::{
    Applies, Decider, DeciderKind, FactReport, FactValue, FileReport, Finding, Label, Layer, LayerReport, Level,
    Outcome, Packet, PathReport, PlacementId, PlacementReport, Remark, Report, RequirementReport, RuleCard, RuleId,
    Source, Verdict,
};
use crate::source::{FileId, Files, Span};

const NSG: &str = r#"{
  "type": "Microsoft.Network/networkSecurityGroups",
  "name": "nsg-training",
  "parameters": {
    "blockedRange": { "type": "string" }
  },
  "properties": {
    "securityRules": [
      {
        "name": "deny-internet-out",
        "properties": {
          "priority": 100,
          "access": "Deny",
          "destinationAddressPrefix": "Internet"
        }
      },
      {
        "name": "allow-storage-out",
        "properties": { "priority": 200, "access": "Allow", "destinationPortRanges": ["443", "445"] }
      },
      {
        "name": "deny-blocked-out",
        "properties": {
          "priority": 90,
          "destinationAddressPrefix": "[parameters('blockedRange')]"
        }
      }
    ]
  }
}
"#;

const VNET: &str = r#"{
  "name": "vnet-ml",
  "properties": {
    "subnets": [{ "name": "snet-training", "properties": { "networkSecurityGroup": { "id": "nsg-training" } } }]
  }
}
"#;

const COMPUTE: &str = r#"{
  "name": "mlw-prod/cluster001",
  "location": "westeurope",
  "properties": { "computeType": "AmlCompute", "properties": { "enableNodePublicIp": true } }
}
"#;

/// Finds the `nth` occurrence of a text.
pub(crate) fn span(files: &Files, file: FileId, needle: &str, nth: usize) -> Span {
    let (at, found) = files.text(file).match_indices(needle).nth(nth).expect("the sample holds it");
    Span::new(file, at, at + found.len())
}

fn label(span: Span, message: &str) -> Label {
    Label { span, message: message.to_owned() }
}

/// A finding with nothing but a place.
pub(crate) fn finding(rule: &str, level: Level, message: &str, at: Label) -> Finding {
    let fingerprint = format!("{rule}|sample");
    Finding { fingerprint, ..Finding::new(RuleId::new(rule), level, message, at) }
}

fn card(id: &str, title: &str, section: &str, seen_as: &[&str]) -> RuleCard {
    RuleCard {
        id: RuleId::new(id),
        title: title.to_owned(),
        level: Level::Error,
        why: "The service talks to its compute through this flow.".to_owned(),
        help: String::new(),
        sources: vec![Source {
            title: "Configure inbound and outbound network traffic".to_owned(),
            section: Some(section.to_owned()),
            url: "https://learn.microsoft.com/azure/machine-learning/how-to-access-azureml-behind-firewall".to_owned(),
            read: "2026-03-19".to_owned(),
        }],
        tags: vec!["AML-OUT-1".to_owned()],
        seen_as: seen_as.iter().map(|text| (*text).to_owned()).collect(),
        since: "0.1.0".to_owned(),
    }
}

fn requirement(rule: &str, flow: &str, verdict: Verdict, decider: Option<(&str, Span)>) -> RequirementReport {
    let decided_by = vec![match decider {
        Some((name, span)) => Decider { name: name.to_owned(), kind: DeciderKind::Rule, place: Some(span) },
        None => Decider { name: "AllowVnetInBound".to_owned(), kind: DeciderKind::BuiltIn, place: None },
    }];
    RequirementReport {
        rule: RuleId::new(rule),
        rows: vec!["AML-OUT-1".to_owned()],
        flow: flow.to_owned(),
        applies: Applies::Yes,
        advice: false,
        verdict: Some(verdict),
        layer: Some(Layer::SubnetNsg),
        decided_by: decided_by.clone(),
        built_in_only: decider.is_none() && verdict == Verdict::Satisfied,
        uncovered: Vec::new(),
        witness: (verdict == Verdict::Violated).then(|| Packet {
            inbound: false,
            protocol: "tcp",
            source: "10.20.4.10".to_owned(),
            source_port: Some(50000),
            destination: "13.69.40.16".to_owned(),
            destination_port: Some(443),
        }),
        why: Vec::new(),
        path: PathReport {
            inbound: flow.starts_with("inbound"),
            peer: flow.rsplit(' ').next().unwrap_or_default().to_owned(),
            layers: vec![LayerReport {
                layer: Layer::SubnetNsg,
                verdict,
                decides: verdict != Verdict::Satisfied,
                decided_by,
            }],
        },
    }
}

/// The texts and the report: an inbound flow missing, two outbound flows stopped by one deny, one flow undecided.
pub(crate) fn sample() -> (Files, Report) {
    let mut files = Files::default();
    let compute = files.add("infra/ml/compute.json", COMPUTE);
    let nsg = files.add("infra/network/nsg-training.json", NSG);
    let vnet = files.add("infra/network/vnet.json", VNET);
    let deny = span(&files, nsg, "\"deny-internet-out\"", 0);
    let public_ip = span(&files, compute, "true", 0);
    let on = PlacementId::new("azureml-compute", "vnet-ml/snet-training");

    let inbound = Finding {
        related: vec![
            label(span(&files, vnet, "\"snet-training\"", 0), "this subnet uses the network security group"),
            label(public_ip, "a public IP address makes the flow necessary"),
        ],
        remarks: vec![Remark {
            kind: "packet",
            text: "TCP 13.69.64.192:50000 (AzureMachineLearning) → 10.20.4.10:44224, inbound".to_owned(),
        }],
        help: Some("allow it; or give the compute no public IP address, then nothing inbound is needed".to_owned()),
        snippet: Some(
            r#"{"name":"allow-azureml-in","properties":{"priority":110,"direction":"Inbound","access":"Allow",
            "protocol":"Tcp","sourceAddressPrefix":"AzureMachineLearning","sourcePortRange":"*",
            "destinationAddressPrefix":"VirtualNetwork","destinationPortRange":"44224"}}"#
                .to_owned(),
        ),
        placement: Some(on.clone()),
        placements: vec![on.clone()],
        flow: Some("inbound TCP 44224 from AzureMachineLearning".to_owned()),
        ..finding(
            "azureml/inbound-44224-blocked",
            Level::Error,
            "Azure Machine Learning cannot reach compute in `snet-training` on TCP 44224",
            label(
                span(&files, nsg, "[\n", 0).part(0, 1),
                "no rule allows this packet; DenyAllInBound (65500, built in) drops it",
            ),
        )
    };
    let storage = |rule: &str, port: u16| Finding {
        related: vec![label(
            span(&files, nsg, "\"allow-storage-out\"", 0),
            "priority 200, never reached by this traffic",
        )],
        remarks: vec![
            Remark {
                kind: "packet",
                text: format!("TCP 10.20.4.10:50000 → 13.69.40.16:{port} (Storage.WestEurope), outbound"),
            },
            Remark {
                kind: "replay",
                text: "100 deny-internet-out DENY · (200 allow-storage-out) · (65001 AllowInternetOutBound)".to_owned(),
            },
        ],
        help: Some(
            "give deny-internet-out a later priority than 200; the allow cannot go first, 100 is the least there is"
                .to_owned(),
        ),
        placement: Some(on.clone()),
        placements: vec![on.clone()],
        flow: Some(format!("outbound TCP {port} to Storage.westeurope")),
        cause: Some("nsg-training/deny-internet-out".to_owned()),
        ..finding(
            rule,
            Level::Error,
            &format!("compute in `snet-training` cannot reach Storage.westeurope on TCP {port}"),
            label(deny, "priority 100 denies first: Internet covers all 98 prefixes of the tag"),
        )
    };
    let undecided = Finding {
        undecided: true,
        related: vec![label(
            span(&files, nsg, "\"blockedRange\"", 0),
            "no default, and no parameter file was found beside this template",
        )],
        remarks: vec![
            Remark {
                kind: "passes",
                text: "for every value that leaves out 4.149.98.192/27 and 215 more prefixes".to_owned(),
            },
            Remark {
                kind: "settle it",
                text: "aznetlint infra/ --parameters params.prod.json\nor --set blockedRange=10.0.0.0/8".to_owned(),
            },
        ],
        placement: Some(on.clone()),
        placements: vec![on.clone()],
        flow: Some("outbound TCP 443 to AzureActiveDirectory".to_owned()),
        ..finding(
            "azureml/entra-blocked",
            Level::Warning,
            "cannot tell whether compute in `snet-training` reaches AzureActiveDirectory on TCP 443",
            label(
                span(&files, nsg, "\"[parameters('blockedRange')]\"", 0),
                "a deny at priority 90, with no value here",
            ),
        )
    };

    let deny_rule = Some(("deny-internet-out", deny));
    let passed =
        ["outbound ICMP to VirtualNetwork", "outbound TCP 8787 to VirtualNetwork", "inbound any from VirtualNetwork"]
            .map(|flow| requirement("azureml/inside-blocked", flow, Verdict::Satisfied, None));
    let mut requirements = vec![
        RequirementReport {
            decided_by: vec![Decider { name: "DenyAllInBound".to_owned(), kind: DeciderKind::BuiltIn, place: None }],
            ..requirement(
                "azureml/inbound-44224-blocked",
                "inbound TCP 44224 from AzureMachineLearning",
                Verdict::Violated,
                None,
            )
        },
        requirement("azureml/storage-blocked", "outbound TCP 443 to Storage.westeurope", Verdict::Violated, deny_rule),
        requirement(
            "azureml/storage-smb-blocked",
            "outbound TCP 445 to Storage.westeurope",
            Verdict::Violated,
            deny_rule,
        ),
        requirement(
            "azureml/entra-blocked",
            "outbound TCP 443 to AzureActiveDirectory",
            Verdict::Undecided,
            Some(("deny-blocked-out", span(&files, nsg, "\"deny-blocked-out\"", 0))),
        ),
    ];
    requirements.extend(passed);
    let fact = |name: &str, value: Option<FactValue>, from: &'static str, place: Option<Span>| FactReport {
        asked: true,
        name: name.to_owned(),
        value,
        from,
        place,
    };
    let placement = PlacementReport {
        id: on.clone(),
        found: "computes/cluster001 joins this subnet (infra/ml/compute.json:2)".to_owned(),
        place: None,
        on: [("subnet", "vnet-ml/snet-training"), ("nsg", "nsg-training")]
            .map(|(kind, name)| (kind, name.to_owned()))
            .into(),
        facts: vec![
            fact("cloud", Some(FactValue::Text("AzureCloud".to_owned())), "default", None),
            fact(
                "region",
                Some(FactValue::Text("westeurope".to_owned())),
                "estate",
                Some(span(&files, compute, "\"westeurope\"", 0)),
            ),
            fact("public-ip", Some(FactValue::Bool(true)), "estate", Some(public_ip)),
            fact("hbi", None, "estate", None),
        ],
        requirements,
        not_judged: None,
    };
    let file = |name: &str, file: Option<FileId>, shape: Option<&str>, outcome: Outcome| FileReport {
        name: name.to_owned(),
        file,
        shape: shape.map(str::to_owned),
        outcome,
        detail: None,
        named: false,
    };
    let report = Report {
        files: vec![
            file("infra/ml/compute.json", Some(compute), Some("template"), Outcome::Judged),
            file("infra/network/nsg-training.json", Some(nsg), Some("template"), Outcome::Judged),
            file("infra/network/vnet.json", Some(vnet), Some("rest"), Outcome::Judged),
            file("infra/package.json", None, None, Outcome::Skipped),
        ],
        resources: [("network security group", 1), ("virtual network", 1), ("compute", 1)].into(),
        placements: vec![placement],
        findings: vec![
            inbound,
            storage("azureml/storage-blocked", 443),
            storage("azureml/storage-smb-blocked", 445),
            undecided,
        ],
        assumptions: vec!["the compute's addresses are those of its subnet".to_owned(); 2],
        remarks: Vec::new(),
        rules: [
            card("azureml/inbound-44224-blocked", "Inbound 44224 is blocked", "Basic configuration", &[]),
            card("azureml/entra-blocked", "Microsoft Entra ID is out of reach", "Basic configuration", &[]),
            card("azureml/storage-blocked", "Storage is out of reach", "Basic configuration", &["StorageMountError"]),
            card(
                "azureml/storage-smb-blocked",
                "File shares cannot be mounted",
                "Required ports",
                &["StorageMountError"],
            ),
        ]
        .map(|card| (card.id.clone(), Arc::new(card)))
        .into(),
        data: vec![("packs".to_owned(), "azureml 2026-03-19".to_owned())],
        ..Report::default()
    };
    (files, report)
}
