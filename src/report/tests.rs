//! What every format promises.

use proptest::prelude::*;
use serde_json::Value;

use super::sample::{finding, sample};
use super::{Format, Options, render};
use crate::finding::{FileReport, Finding, Label, Level, Outcome, Report};
use crate::source::{Files, Span};

fn rendered(report: &Report, files: &Files, options: &Options) -> String {
    let mut out = Vec::new();
    render(report, files, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn text(report: &Report, files: &Files) -> String {
    rendered(report, files, &Options::default())
}

fn json(report: &Report, files: &Files) -> Value {
    let options = Options { format: Format::Json, ..Options::default() };
    serde_json::from_str(&rendered(report, files, &options)).unwrap()
}

/// A report with findings alone.
fn report(findings: Vec<Finding>) -> Report {
    Report { findings, ..Report::default() }
}

/// A text and one finding over some of its bytes.
fn one(name: &str, content: &str, bytes: std::ops::Range<usize>) -> (Files, Report) {
    let mut files = Files::default();
    let file = files.add(name, content);
    let at = Label { span: Span::new(file, bytes.start, bytes.end), message: "here".to_owned() };
    (files, report(vec![finding("a/b", Level::Error, "it is wrong", at)]))
}

/// Without the escapes that this program writes: colours and links.
fn without_escapes(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        let end = match after.strip_prefix(']') {
            Some(_) => after.find("\u{1b}\\").unwrap() + 2,
            None => after.find('m').unwrap() + 1,
        };
        rest = &after[end..];
    }
    plain + rest
}

#[test]
fn a_report_reads_like_this() {
    let (files, report) = sample();
    let expected = r#"looked at  4 files: 1 REST export · 2 templates · 1 skipped
found      1 compute · 1 network security group · 1 virtual network
placed     azureml-compute on vnet-ml/snet-training · NSG nsg-training
             computes/cluster001 joins this subnet (infra/ml/compute.json:2)
             region westeurope (compute.json:3) · public-ip true (compute.json:4)
             not known: hbi

error[azureml/inbound-44224-blocked]: Azure Machine Learning cannot reach compute in `snet-training` on TCP 44224
  ┌─ infra/network/nsg-training.json:8:22
  │
8 │     "securityRules": [
  │                      ^ no rule allows this packet; DenyAllInBound (65500, built in) drops it
  │
  ┌─ infra/network/vnet.json:4:27
  │
4 │     "subnets": [{ "name": "snet-training", "properties": { "networkSecurityGroup": { "id": "…
  │                           --------------- this subnet uses the network security group
  │
  ┌─ infra/ml/compute.json:4:86
  │
4 │ …{ "enableNodePublicIp": true } }
  │                          ---- a public IP address makes the flow necessary
  │
  = packet: TCP 13.69.64.192:50000 (AzureMachineLearning) → 10.20.4.10:44224, inbound
  = fix: allow it; or give the compute no public IP address, then nothing inbound is needed
         {
           "name": "allow-azureml-in",
           "properties": {
             "priority": 110, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
             "sourceAddressPrefix": "AzureMachineLearning", "sourcePortRange": "*",
             "destinationAddressPrefix": "VirtualNetwork", "destinationPortRange": "44224"
           }
         }
  = source: "Configure inbound and outbound network traffic", Basic configuration, 2026-03-19
            https://learn.microsoft.com/azure/machine-learning/how-to-access-azureml-behind-firewall

error[azureml/*]: `deny-internet-out` blocks 2 of the 7 flows that azureml-compute on vnet-ml/snet-training needs
   ┌─ infra/network/nsg-training.json:10:17
   │
10 │         "name": "deny-internet-out",
   │                 ^^^^^^^^^^^^^^^^^^^ priority 100 denies first: Internet covers all 98 prefixes of the tag
   ·
18 │         "name": "allow-storage-out",
   │                 ------------------- priority 200, never reached by this traffic
   │
   = flows: azureml/storage-blocked      outbound TCP 443 to Storage.westeurope
            azureml/storage-smb-blocked  outbound TCP 445 to Storage.westeurope
   = packet: TCP 10.20.4.10:50000 → 13.69.40.16:443 (Storage.WestEurope), outbound
   = replay: 100 deny-internet-out DENY · (200 allow-storage-out) · (65001 AllowInternetOutBound)
   = fix: give deny-internet-out a later priority than 200; the allow cannot go first, 100 is the
          least there is
   = seen as: "StorageMountError"
   = source: "Configure inbound and outbound network traffic", Basic configuration, 2026-03-19
             https://learn.microsoft.com/azure/machine-learning/how-to-access-azureml-behind-firewall

undecided[azureml/entra-blocked]: cannot tell whether compute in `snet-training` reaches AzureActiveDirectory on TCP 443
   ┌─ infra/network/nsg-training.json:25:39
   │
 5 │     "blockedRange": { "type": "string" }
   │     -------------- no default, and no parameter file was found beside this template
   ·
25 │           "destinationAddressPrefix": "[parameters('blockedRange')]"
   │                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ a deny at priority 90, with no value here
   │
   = passes: for every value that leaves out 4.149.98.192/27 and 215 more prefixes
   = settle it: aznetlint infra/ --parameters params.prod.json
                or --set blockedRange=10.0.0.0/8
   = source: "Configure inbound and outbound network traffic", Basic configuration, 2026-03-19
             https://learn.microsoft.com/azure/machine-learning/how-to-access-azureml-behind-firewall

assumed: the compute's addresses are those of its subnet

4 files · 1 service on 1 subnet · 3 flows pass (3 only by built-in rules), 3 blocked, 1 undecided · 3 errors, 1 undecided finding · packs: azureml 2026-03-19
"#;
    assert_eq!(text(&report, &files), expected);
}

#[test]
fn colours_and_links_change_no_word() {
    let (files, report) = sample();
    let plain = text(&report, &files);
    assert!(!plain.contains('\u{1b}'), "no escape without colour");
    let colored = rendered(&report, &files, &Options { color: true, ..Options::default() });
    assert!(colored.contains("\u{1b}]8;;https://learn.microsoft.com/"), "sources are links");
    assert_eq!(without_escapes(&colored), plain);
}

#[test]
fn ascii_frames_are_ascii() {
    let (files, report) = sample();
    let text = rendered(&report, &files, &Options { ascii: true, ..Options::default() });
    assert!(text.is_ascii(), "{text}");
    assert!(text.contains("--> infra/network/nsg-training.json:10:17"));
}

#[test]
fn verbose_shows_every_requirement_and_packet() {
    let (files, report) = sample();
    let text = rendered(&report, &files, &Options { verbose: true, ..Options::default() });
    assert!(text.contains("passes     outbound ICMP to VirtualNetwork [azureml/inside-blocked]"), "{text}");
    assert!(text.contains("13.69.40.16:445 (Storage.WestEurope)"), "{text}");
    assert!(text.contains("skipped    infra/package.json"), "{text}");
}

#[test]
fn a_chosen_level_hides_and_counts_what_is_below() {
    let (files, report) = sample();
    let options = Options { min_level: Level::Error, ..Options::default() };
    let text = rendered(&report, &files, &options);
    assert!(!text.contains("undecided["), "{text}");
    assert!(text.contains("1 finding below the chosen level"), "{text}");
    let json: Value =
        serde_json::from_str(&rendered(&report, &files, &Options { format: Format::Json, ..options })).unwrap();
    assert_eq!((json["findings"].as_array().unwrap().len(), &json["counts"]["findings"]["hidden"]), (3, &1.into()));
}

#[test]
fn json_has_the_promised_names() {
    let (files, report) = sample();
    let json = json(&report, &files);
    assert_eq!(json["version"], 1);
    assert_eq!(json["tool"]["name"], "aznetlint");
    let counts = &json["counts"];
    assert_eq!(
        [&counts["satisfied"], &counts["violated"], &counts["undecided"], &counts["built-in-only"]],
        [3, 3, 1, 3]
    );
    assert_eq!(
        json["files"][3],
        serde_json::json!({
            "path": "infra/package.json", "shape": null, "outcome": "skipped", "detail": null
        })
    );
    let placement = &json["placements"][0];
    assert_eq!(placement["on"]["subnet"], "vnet-ml/snet-training");
    assert_eq!(placement["facts"]["hbi"], serde_json::json!({ "value": null, "from": "estate", "place": null }));
    assert_eq!(placement["facts"]["public-ip"]["value"], true);
    let requirement = &placement["requirements"][1];
    assert_eq!(requirement["decided-by"][0]["name"], "deny-internet-out");
    assert_eq!(
        requirement["decided-by"][0]["place"],
        serde_json::json!({
            "path": "infra/network/nsg-training.json", "line": 10, "column": 17, "end-line": 10, "end-column": 36,
            "offset": 210, "length": 19
        })
    );
    assert_eq!(requirement["witness"]["destination-port"], 443);
    assert_eq!((&requirement["applies"], &requirement["verdict"]), (&"yes".into(), &"violated".into()));
}

#[test]
fn every_flow_is_a_finding_of_its_own_in_json() {
    let (files, report) = sample();
    let json = json(&report, &files);
    let rules: Vec<_> = json["findings"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect();
    assert_eq!(
        rules,
        [
            "azureml/inbound-44224-blocked",
            "azureml/storage-blocked",
            "azureml/storage-smb-blocked",
            "azureml/entra-blocked"
        ]
    );
    assert_eq!(json["assumptions"].as_array().unwrap().len(), 1, "each assumption once");
}

#[test]
fn a_byte_order_mark_moves_the_offset_and_nothing_else() {
    let mut files = Files::default();
    let file = files.add_from(crate::source::Origin::Path, "a.json", "{\"x\": 1}", 3);
    let at = Label { span: Span::new(file, 1, 4), message: String::new() };
    let report = report(vec![finding("a/b", Level::Error, "it is wrong", at)]);
    let place = &json(&report, &files)["findings"][0]["place"];
    assert_eq!((&place["column"], &place["offset"], &place["length"]), (&2.into(), &4.into(), &3.into()));
    assert!(text(&report, &files).contains("a.json:1:2"));
}

#[test]
fn wide_characters_and_tabs_are_underlined_where_they_are() {
    let (files, report) = one("a.json", "\t\"网络\": \"x\"\r\n", 11..14);
    let expected = "error[a/b]: it is wrong
  ┌─ a.json:1:8
  │
1 │     \"网络\": \"x\"
  │             ^^^ here

";
    assert!(text(&report, &files).starts_with(expected), "{}", text(&report, &files));
}

#[test]
fn no_line_ends_with_a_space() {
    let (files, mut report) = one("a.json", "{\"first\": 1, \"second\": 2}", 1..8);
    let related = Label { span: Span::new(report.findings[0].at.span.file, 13, 21), message: "there".to_owned() };
    report.findings[0].related.push(related);
    for color in [false, true] {
        let text = rendered(&report, &files, &Options { color, ..Options::default() });
        assert!(text.contains("there") && text.lines().all(|line| line == line.trim_end()), "{text}");
    }
}

#[test]
fn a_file_without_text_is_named() {
    let (files, mut report) = one("secret.json", "", 0..0);
    report.files.push(FileReport {
        name: "secret.json".to_owned(),
        file: files.ids().next(),
        shape: None,
        outcome: Outcome::Error,
        detail: Some("permission denied".to_owned()),
        named: true,
    });
    let text = text(&report, &files);
    assert!(text.contains("error[a/b]: it is wrong\n = file: secret.json: here\n"), "{text}");
    assert!(text.contains("1 file, 1 unreadable"), "{text}");
}

#[test]
fn an_unreadable_file_nobody_speaks_of_is_listed() {
    let file = FileReport {
        name: "secret.json".to_owned(),
        file: None,
        shape: None,
        outcome: Outcome::Error,
        detail: Some("permission denied".to_owned()),
        named: true,
    };
    let report = Report { files: vec![file], ..Report::default() };
    let text = text(&report, &Files::default());
    assert!(text.contains("unreadable secret.json (permission denied)"), "{text}");
}

#[test]
fn one_enormous_line_is_a_few_lines_of_output() {
    let content = format!("[{}\"here\"{}]", "1,".repeat(1_250_000), ",1".repeat(1_250_000));
    let at = content.find('"').unwrap();
    let (files, report) = one("a.json", &content, at..at + 6);
    let text = text(&report, &files);
    assert!(text.len() < 1_000, "{} bytes", text.len());
    assert!(text.contains(&format!("a.json:1:{}", at + 1)), "{text}");
    assert!(text.contains("^^^^^^ here"), "{text}");
}

#[test]
fn many_places_on_one_line_stay_cheap() {
    let content = "[1],".repeat(250_000);
    let mut files = Files::default();
    let file = files.add("a.json", content.as_str());
    let place = |index: usize| Label { span: Span::new(file, index * 400, index * 400 + 3), message: String::new() };
    let findings = (0..2_500).map(|index| finding("a/b", Level::Note, "it is wrong", place(index))).collect();
    let report = report(findings);
    assert!(text(&report, &files).len() < 2_500 * 400);
    assert_eq!(json(&report, &files)["findings"][2_499]["place"]["column"], 2_499 * 400 + 1);
}

#[test]
fn a_group_lists_its_flows_and_what_to_paste_once() {
    let (mut files, mut report) = (Files::default(), sample().1);
    let file = files.add("nsg.json", "{\"name\":\"deny-all-out\"}");
    let flow = |port: u16| Finding {
        flow: Some(format!("outbound TCP {port} to Storage")),
        cause: Some("deny-all-out".to_owned()),
        help: Some("allow it before 4096".to_owned()),
        snippet: Some(format!("{{\"name\": \"allow-{}\"}}", port.min(445))),
        placement: Some(report.placements[0].id.clone()),
        placements: vec![report.placements[0].id.clone()],
        ..finding("a/b", Level::Error, "blocked", Label { span: Span::new(file, 8, 22), message: String::new() })
    };
    report.findings = [443, 445, 8787].map(flow).into();
    let text = text(&report, &files);
    let expected = "error[a/b]: 3 of the 7 flows that azureml-compute on vnet-ml/snet-training needs are blocked
  ┌─ nsg.json:1:9
  │
1 │ {\"name\":\"deny-all-out\"}
  │         ^^^^^^^^^^^^^^
  │
  = flows: a/b  outbound TCP 443 to Storage
           a/b  outbound TCP 445 to Storage
           a/b  outbound TCP 8787 to Storage
  = fix: allow it before 4096
         { \"name\": \"allow-443\" },
         { \"name\": \"allow-445\" }

";
    assert!(text.contains(expected), "{text}");
}

/// Texts with everything that makes places hard: line ends, tabs, wide and joined characters, escapes, long lines.
fn content() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\t".to_owned()),
        Just("\u{1b}]0;x\u{7}".to_owned()),
        Just("\u{202e}\u{feff}\u{9b}31m".to_owned()),
        Just("👩\u{200d}💻é网".to_owned()),
        "[ -~]{0,30}",
        (1usize..600).prop_map(|length| "x".repeat(length)),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(part, 1..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn the_reported_place_holds_the_labels_text(content in content(), from in any::<prop::sample::Index>(), length in 0usize..40) {
        let starts: Vec<_> = content.char_indices().map(|(at, _)| at).collect();
        prop_assume!(!starts.is_empty());
        let first = from.index(starts.len());
        let end = starts.get(first + length).copied().unwrap_or(content.len());
        let labelled = &content[starts[first]..end];
        let (files, report) = one("a.json", &content, starts[first]..end);
        let holds = |line: usize, column: usize| {
            let offset: usize = content.split('\n').take(line - 1).map(|line| line.len() + 1).sum();
            let column: usize = content[offset..].chars().take(column - 1).map(char::len_utf8).sum();
            content[offset + column..].starts_with(labelled)
        };

        let place = json(&report, &files)["findings"][0]["place"].clone();
        let number = |name: &str| usize::try_from(place[name].as_u64().unwrap()).unwrap();
        prop_assert!(holds(number("line"), number("column")));
        prop_assert_eq!(&content[number("offset")..number("offset") + number("length")], labelled);

        let text = text(&report, &files);
        let locus = text.lines().find_map(|line| line.strip_prefix(' ')?.trim_start().strip_prefix("┌─ a.json:")).unwrap();
        let (line, column) = locus.split_once(':').unwrap();
        prop_assert!(holds(line.parse().unwrap(), column.parse().unwrap()));
    }

    #[test]
    fn no_text_reaches_the_terminal_raw(content in content(), hostile in content(), color in any::<bool>()) {
        let (files, mut report) = one(&hostile, &content, 0..content.len().min(3));
        let (_, sample) = sample();
        let spoken = Finding {
            message: hostile.clone(),
            help: Some(hostile.clone()),
            snippet: Some(hostile.clone()),
            flow: Some(hostile.clone()),
            ..report.findings[0].clone()
        };
        // Twice alone, twice as a group that lists its flows.
        let placement = Some(sample.placements[0].id.clone());
        let grouped = Finding { cause: Some(hostile.clone()), placement, ..spoken.clone() };
        report.findings.extend([spoken, grouped.clone(), Finding { help: None, ..grouped }]);
        report.remarks.push(hostile.clone());
        report.assumptions.push(hostile.clone());
        report.data.push((hostile.clone(), hostile.clone()));
        report.placements = sample.placements;
        report.placements[0].found = hostile.clone();
        report.placements[0].facts.truncate(1);
        report.placements[0].requirements.clear();
        report.files = sample.files;
        report.files[0].name = hostile;
        let options = Options { color, verbose: true, ..Options::default() };
        let text = without_escapes(&rendered(&report, &files, &options));
        let raw = |ch: char| (ch.is_control() && ch != '\n') || ('\u{202a}'..='\u{202e}').contains(&ch);
        prop_assert!(!text.contains(raw), "{:?}", text);
    }
}
