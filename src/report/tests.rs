//! What every format promises: what it shows, what it does with names that would be obeyed, with findings that are
//! ignored, and with more than a place takes.

use proptest::prelude::*;
use serde_json::Value;

use crate::finding::{FileReport, Finding, Ignored, IgnoredBy, Label, Level, Outcome, PlacementId, Report};
use crate::report::sample::{finding, sample, span};
use crate::report::{Format, Options, render};
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
    let expected = r#"error[azureml/inbound-44224-blocked]: Azure Machine Learning cannot reach compute in
  `snet-training` on TCP 44224
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
  = why: "Configure inbound and outbound network traffic", 2026-03-19

error[azureml/*]: `deny-internet-out` blocks 2 of the 7 flows that azureml-compute on
  vnet-ml/snet-training needs
   ┌─ infra/network/nsg-training.json:10:17
   │
10 │         "name": "deny-internet-out",
   │                 ^^^^^^^^^^^^^^^^^^^ priority 100 denies first: Internet covers all 98 …
   ·
18 │         "name": "allow-storage-out",
   │                 ------------------- priority 200, never reached by this traffic
   │
   = flows: azureml/storage-blocked      outbound TCP 443 to Storage.westeurope
            azureml/storage-smb-blocked  outbound TCP 445 to Storage.westeurope
   = packet: TCP 10.20.4.10:50000 → 13.69.40.16:443 (Storage.WestEurope), outbound
   = fix: give deny-internet-out a later priority than 200; the allow cannot go first, 100 is the
          least there is
   = why: "Configure inbound and outbound network traffic", 2026-03-19

undecided[azureml/entra-blocked]: cannot tell whether compute in `snet-training` reaches
  AzureActiveDirectory on TCP 443
   ┌─ infra/network/nsg-training.json:25:39
   │
 5 │     "blockedRange": { "type": "string" }
   │     -------------- no default, and no parameter file was found beside this template
   ·
25 │           "destinationAddressPrefix": "[parameters('blockedRange')]"
   │                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ a deny at priority 90 …
   │
   = passes: for every value that leaves out 4.149.98.192/27 and 215 more prefixes
   = settle it: aznetlint infra/ --parameters params.prod.json or --set blockedRange=10.0.0.0/8
   = why: "Configure inbound and outbound network traffic", 2026-03-19

assumed: the compute's addresses are those of its subnet

4 files · 1 service on 1 subnet · 3 flows pass (3 only by built-in rules), 3 blocked, 1 undecided
3 errors, 1 undecided finding · packs: azureml 2026-03-19
undecided is no pass: --what-to-export prints what would settle it · -v tells all of it
"#;
    assert_eq!(text(&report, &files), expected);
}

#[test]
fn colours_and_links_change_no_word() {
    let (files, report) = sample();
    let plain = text(&report, &files);
    assert!(!plain.contains('\u{1b}'), "no escape without colour");
    let colored = rendered(&report, &files, &Options { color: true, ..Options::default() });
    assert_eq!(without_escapes(&colored), plain);
    let all = rendered(&report, &files, &Options { color: true, verbose: true, ..Options::default() });
    assert!(all.contains("\u{1b}]8;;https://learn.microsoft.com/"), "sources are links");
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
    assert!(text.contains("passes     vnet-ml/snet-training reaches VirtualNetwork on ICMP\n"), "{text}");
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
    assert!(text.contains("unreadable: secret.json (permission denied)"), "{text}");
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

/// What an attacker would call things.
const NAMES: [&str; 14] = [
    "::error file=x::pwned",
    "\n::set-env name=PATH::x",
    "##vso[task.setvariable variable=x]y",
    "#\u{200d}#vso[task.complete result=Failed]",
    "##[error]x",
    "]]><script>alert(1)</script>",
    "--><img src=x onerror=alert(1)>",
    "| a | b |\n|-|-|",
    "[click](javascript:alert(1))",
    "=cmd|' /C calc'!A0",
    "\u{0}\u{7}\u{1b}[31m\u{202e}\u{feff}",
    "`` ` ``` </code>",
    "@team #1 \r\n- [ ] x",
    "%0A%AZP25;]",
];

/// The sample with every name and text that comes from the input replaced.
fn named(name: &str) -> (Files, Report) {
    let (_, mut report) = sample();
    let mut files = Files::default();
    let file = files.add(format!("infra/{name}.json"), format!("{{ \"name\": \"{name}\" }}").repeat(9));
    let place = Span::new(file, 2, 8);
    let label = || Label { span: place, message: format!("label {name}") };
    for finding in &mut report.findings {
        finding.at = label();
        finding.related = vec![label()];
        finding.message = name.to_owned();
        finding.resource = Some(name.to_owned());
        finding.placement = Some(PlacementId::new(name, name));
        finding.placements = vec![PlacementId::new(name, name).under(name)];
        finding.help = Some(name.to_owned());
        finding.remarks.iter_mut().for_each(|remark| remark.text = name.to_owned());
        finding.fingerprint = name.to_owned();
    }
    report.findings[0].ignored = Some(Ignored { by: IgnoredBy::Comment, reason: name.to_owned(), place: Some(place) });
    report.findings.push(finding("a/b", Level::Error, name, label()));
    for placement in &mut report.placements {
        placement.id = PlacementId::new(name, name).under(name);
        placement.on = [("subnet", name.to_owned())].into();
        placement.found = name.to_owned();
        placement.facts.iter_mut().for_each(|fact| fact.place = None);
        for requirement in &mut placement.requirements {
            for decider in &mut requirement.decided_by {
                decider.name = name.to_owned();
                decider.place = Some(place);
            }
            requirement.why = vec![name.to_owned()];
        }
    }
    report.files = vec![
        FileReport {
            name: files.name(file).to_owned(),
            file: Some(file),
            shape: None,
            outcome: Outcome::Judged,
            detail: None,
            named: true,
        },
        FileReport {
            name: name.to_owned(),
            file: None,
            shape: None,
            outcome: Outcome::Error,
            detail: Some(name.to_owned()),
            named: true,
        },
    ];
    report.remarks = vec![name.to_owned()];
    (files, report)
}

fn rendered_with(format: Format, name: &str) -> String {
    let (files, report) = named(name);
    rendered_as(&report, &files, format)
}

/// The lines that the runner of GitHub obeys, by its own rules.
fn obeyed_by_github(text: &str) -> Vec<&str> {
    let mut stopped: Option<&str> = None;
    let mut obeyed = Vec::new();
    for line in text.split(['\n', '\r']) {
        let trimmed = line.trim_start();
        match stopped {
            Some(token) => {
                if trimmed.strip_prefix("::").and_then(|rest| rest.strip_prefix(token)).is_some() {
                    stopped = None;
                }
            }
            None => match trimmed.strip_prefix("::stop-commands::") {
                Some(token) => stopped = Some(token),
                None if trimmed.starts_with("::") || trimmed.contains("##[") => obeyed.push(trimmed),
                None => {}
            },
        }
    }
    assert!(stopped.is_none(), "commands are on again");
    obeyed
}

/// Whether a text is one XML element after its head, well formed, with no character that XML forbids.
fn is_xml(text: &str) -> bool {
    let forbidden =
        |ch: char| matches!(ch, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    let Some(mut rest) = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>") else { return false };
    let mut open: Vec<&str> = Vec::new();
    while let Some((before, after)) = rest.split_once('<') {
        let Some((tag, next)) = after.split_once('>') else { return false };
        if before.contains(['>', '"']) || (open.is_empty() && !before.trim().is_empty()) {
            return false;
        }
        let (name, _) = tag.split_once(' ').unwrap_or((tag, ""));
        match name.strip_prefix('/') {
            Some(name) if open.pop() != Some(name) => return false,
            None if !tag.ends_with('/') => open.push(name),
            _ => {}
        }
        // Quotes come in pairs, and nothing in a value ends it.
        if !tag.matches('"').count().is_multiple_of(2) {
            return false;
        }
        rest = next;
    }
    let bare = |part: &str| {
        let entity = part.split_once(';').map(|(entity, _)| entity);
        entity.is_none_or(|entity| !["lt", "gt", "amp", "quot"].contains(&entity) && !entity.starts_with('#'))
    };
    open.is_empty() && rest.trim().is_empty() && !text.contains(forbidden) && !text.split('&').skip(1).any(bare)
}

/// How many cells each record has.
fn cells(text: &str) -> Vec<usize> {
    let (mut counts, mut cells, mut quoted) = (Vec::new(), 1, false);
    let mut chars = text.chars().peekable();
    while let Some(ch) = chars.next() {
        match ch {
            '"' => quoted = !quoted,
            ',' if !quoted => cells += 1,
            '\r' if !quoted && chars.next_if_eq(&'\n').is_some() => {
                counts.push(cells);
                cells = 1;
            }
            _ => {}
        }
    }
    counts
}

fn holds(name: &str) {
    for line in obeyed_by_github(&rendered_with(Format::Github, name)) {
        let ours = ["::error file=", "::warning file=", "::notice file="];
        assert!(ours.iter().any(|start| line.starts_with(start)), "{line}");
        assert_eq!(line.matches("::").count().min(2), 2, "{line}");
    }
    for line in rendered_with(Format::Azure, name).split(['\n', '\r']) {
        // The agent obeys the first command of a line; the rest of the line is its text.
        let lower = line.to_ascii_lowercase();
        let ours = line.starts_with("##vso[task.logissue type=");
        assert!(ours || !lower.contains("##vso[") && !lower.contains("##["), "{line}");
    }
    assert!(is_xml(&rendered_with(Format::Junit, name)), "{}", rendered_with(Format::Junit, name));
    let csv = rendered_with(Format::Csv, name);
    assert!(cells(&csv).iter().all(|count| *count == 24) && csv.ends_with("\r\n"), "{csv}");
    let markdown = rendered_with(Format::Markdown, name);
    assert!(markdown.starts_with("<!-- aznetlint -->\n"), "{markdown}");
    // Without what is escaped and what is code, which has a fence longer than any inside it.
    let unescaped = markdown.replace("\\`", "").replace("\\]", "").replace("\\[", "");
    let outside: String = unescaped.split('`').step_by(2).collect();
    for word in ["<script", "<img", "](javascript", "@team"] {
        assert!(!outside.contains(word), "{word} in {markdown}");
    }
    assert!(!markdown.contains('\u{1b}'), "{markdown}");
    for format in [Format::Sarif, Format::Json] {
        let value: serde_json::Value = serde_json::from_str(&rendered_with(format, name)).unwrap();
        assert!(value.is_object());
    }
}

#[test]
fn hostile_names_are_not_obeyed() {
    NAMES.iter().for_each(|name| holds(name));
}

#[test]
fn references_are_relative_and_plain() {
    for name in NAMES {
        let sarif: serde_json::Value = serde_json::from_str(&rendered_with(Format::Sarif, name)).unwrap();
        for result in sarif["runs"][0]["results"].as_array().unwrap() {
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(!uri.is_empty() && !uri.starts_with('/'), "{uri}");
            assert!(uri.chars().all(|ch| ch.is_ascii_alphanumeric() || "-._~/%".contains(ch)), "{uri}");
            assert!(result["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64() > Some(0));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_name_is_obeyed(name in prop_oneof![any::<String>(), "[:#\\[\\]<>|`=%;,\"' \n\r\t-]{0,24}"]) {
        holds(&name);
    }
}

fn rendered_as(report: &Report, files: &Files, format: Format) -> String {
    rendered(report, files, &Options { format, ..Options::default() })
}

fn results(report: &Report, files: &Files) -> Vec<Value> {
    let sarif: Value = serde_json::from_str(&rendered_as(report, files, Format::Sarif)).unwrap();
    sarif["runs"][0]["results"].as_array().unwrap().clone()
}

/// The sample with its first finding ignored.
fn ignoring(by: IgnoredBy) -> (Files, Report) {
    let (files, mut report) = sample();
    let place = files.ids().last().map(|file| span(&files, file, "vnet-ml", 0));
    let reason = if by == IgnoredBy::Baseline { "" } else { "jump host" };
    report.findings[0].ignored = Some(Ignored { by, reason: reason.to_owned(), place });
    (files, report)
}

#[test]
fn sarif_keeps_what_is_ignored_as_suppressed() {
    let (files, report) = ignoring(IgnoredBy::Comment);
    let results = results(&report, &files);
    assert_eq!(results.len(), report.findings.len());
    let (ignored, open): (Vec<_>, Vec<_>) =
        results.iter().partition(|result| result["ruleId"] == report.findings[0].rule.as_str());
    let suppression = &ignored[0]["suppressions"][0];
    assert_eq!(suppression["kind"], "inSource");
    assert_eq!(suppression["justification"], "jump host");
    assert_eq!(suppression["location"]["physicalLocation"]["artifactLocation"]["uri"], "infra/network/vnet.json");
    assert!(open.iter().all(|result| result["suppressions"].as_array().is_some_and(Vec::is_empty)));
    assert!(results.iter().all(|result| result.get("baselineState").is_none()), "there was no baseline");
}

#[test]
fn sarif_says_what_the_baseline_knows() {
    let (files, report) = ignoring(IgnoredBy::Baseline);
    for result in results(&report, &files) {
        let known = result["ruleId"] == report.findings[0].rule.as_str();
        assert_eq!(result["baselineState"], if known { "unchanged" } else { "new" });
        assert_eq!(result["suppressions"].as_array().unwrap().len(), usize::from(known));
    }
    let (files, report) = sample();
    assert!(results(&report, &files).iter().all(|result| result.get("suppressions").is_none()));
}

#[test]
fn other_formats_set_the_ignored_apart() {
    let (files, report) = ignoring(IgnoredBy::Settings);
    let junit = rendered_as(&report, &files, Format::Junit);
    assert!(junit.contains("<skipped type=\"violated\" message=\"ignored by settings: jump host; "), "{junit}");
    assert_eq!(junit.matches("<failure").count(), 2, "{junit}");
    let markdown = rendered_as(&report, &files, Format::Markdown);
    assert!(markdown.contains("<details><summary>1 ignored</summary>"), "{markdown}");
    assert!(markdown.contains("(settings: jump host)"), "{markdown}");
    assert!(rendered_as(&report, &files, Format::Csv).contains(",settings,jump host,"));
    for format in [Format::Github, Format::Azure] {
        let text = rendered_as(&report, &files, format);
        assert!(!text.lines().any(|line| line.contains("error") && line.contains("cannot reach compute")), "{text}");
    }
}

/// One text, and so many findings of a level at its only character.
fn many(levels: &[(Level, usize)]) -> (Files, Report) {
    let mut files = Files::default();
    let file = files.add("a.json", "x");
    let at = || Label { span: Span::new(file, 0, 1), message: "here".to_owned() };
    let of = |(level, number): &(Level, usize)| {
        let (level, number) = (*level, *number);
        (0..number).map(move |index| (level, index)).collect::<Vec<_>>()
    };
    let findings = levels.iter().flat_map(of);
    let findings: Vec<Finding> =
        findings.map(|(level, index)| finding("a/b", level, &format!("{level} {index}"), at())).collect();
    (files, Report { findings, ..Report::default() })
}

#[test]
fn annotations_stay_within_what_is_shown() {
    let (files, report) = many(&[(Level::Note, 12), (Level::Warning, 11), (Level::Error, 12)]);
    let text = rendered_as(&report, &files, Format::Github);
    let at = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!((at("::error "), at("::warning "), at("::notice ")), (10, 10, 10));
    assert!(text.ends_with("5 more findings in the text above, past what GitHub annotates\n"), "{text}");
    let first = text.lines().find(|line| line.starts_with("::error") || line.starts_with("::notice"));
    assert!(first.is_some_and(|line| line.starts_with("::error")), "the worst come first");
    let text = rendered_as(&report, &files, Format::Azure);
    let at = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!((at("##vso[task.logissue type=error"), at("##vso[task.logissue type=warning")), (10, 10));
    assert!(text.ends_with("15 more findings in the text above, past what Azure Pipelines lists\n"), "{text}");
}

#[test]
fn a_summary_stays_within_its_size() {
    let (files, report) = many(&[(Level::Error, 25_000)]);
    let text = rendered_as(&report, &files, Format::Markdown);
    assert!(text.len() < 1024 * 1024, "{} bytes", text.len());
    assert!(text.contains(" more findings.\n"), "what is left out is counted");
}
