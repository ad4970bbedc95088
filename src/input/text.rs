//! What the bytes of a file are: text in UTF-8, with or without a byte order mark, or in the UTF-16 that Windows
//! PowerShell's `>` writes; whether that can hold Azure resources; and what a text is that is not JSON.
//!
//! The search before anything is parsed may take too much, never too little: what a document really is, `estate` and
//! `arm` decide.

use std::sync::LazyLock;

use memchr::{memchr, memchr_iter, memmem};
use regex::bytes::{Regex, RegexBuilder};

/// A decoded text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) text: String,
    /// Bytes of the file before the text: 3 for a UTF-8 byte order mark, else 0.
    pub(crate) skipped: u32,
}

/// How the characters of a text are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// With so many bytes of byte order mark before it.
    Utf8(u32),
    Utf16 {
        /// Whether the lower byte of a pair comes first.
        little: bool,
        /// Bytes of byte order mark before the text.
        mark: usize,
    },
    Utf32,
}

/// The encoding the first bytes speak of.
pub(crate) fn encoding(bytes: &[u8]) -> Encoding {
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => Encoding::Utf8(3),
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Encoding::Utf32,
        [0xFF, 0xFE, ..] => Encoding::Utf16 { little: true, mark: 2 },
        [0xFE, 0xFF, ..] => Encoding::Utf16 { little: false, mark: 2 },
        _ => without_mark(bytes),
    }
}

/// JSON opens with ASCII and is mostly ASCII, so in UTF-16 most of its pairs hold a 0, always on the same side.
fn without_mark(bytes: &[u8]) -> Encoding {
    let (pairs, _) = bytes[..bytes.len().min(128)].as_chunks::<2>();
    let zeros = |side: usize| pairs.iter().filter(|pair| pair[side] == 0).count();
    let wide = |zero: usize| {
        pairs.len() >= 2
            && (pairs[0][zero], pairs[0][1 - zero] == 0) == (0, false)
            && zeros(zero) * 2 > pairs.len()
            && zeros(1 - zero) * 8 <= zeros(zero)
    };
    match (wide(1), wide(0)) {
        (true, _) => Encoding::Utf16 { little: true, mark: 0 },
        (_, true) => Encoding::Utf16 { little: false, mark: 0 },
        _ => Encoding::Utf8(0),
    }
}

/// How files start that are packed.
const PACKED: &[(&[u8], &str)] =
    &[(b"\x1F\x8B", "this is compressed with gzip"), (b"PK\x03\x04", "this is a zip archive or an Excel file")];

/// Whether a file is packed, and no text.
pub(crate) fn is_packed(bytes: &[u8]) -> bool {
    PACKED.iter().any(|(start, _)| bytes.starts_with(start))
}

/// Whether an archive is a plan as Terraform stores it: the plan is the first of its files.
fn is_binary_plan(bytes: &[u8]) -> bool {
    /// Where the header of a file in an archive has its name.
    const NAME: usize = 30;
    bytes.starts_with(b"PK") && bytes.get(NAME..).is_some_and(|name| name.starts_with(b"tfplan"))
}

/// Decodes a whole file. The error says what it is instead of text.
pub(crate) fn decode(mut bytes: Vec<u8>) -> Result<Decoded, String> {
    if let Some((_, what)) = PACKED.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Err(if is_binary_plan(&bytes) {
            "this is a binary Terraform plan; `terraform show -json` prints it as JSON".to_owned()
        } else {
            format!("{what}; unpack it and name the JSON in it")
        });
    }
    match encoding(&bytes) {
        Encoding::Utf8(mark) => {
            bytes.drain(..mark as usize);
            let text =
                String::from_utf8(bytes).map_err(|error| not_utf8(error.as_bytes(), &error.utf8_error(), mark))?;
            Ok(Decoded { text, skipped: mark })
        }
        Encoding::Utf16 { little, mark } => utf16(&bytes[mark..], little).map(|text| Decoded { text, skipped: 0 }),
        Encoding::Utf32 => Err("the text is UTF-32; save it as UTF-8".to_owned()),
    }
}

fn utf16(bytes: &[u8], little: bool) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("the UTF-16 text is cut off inside a character".to_owned());
    }
    let units = pairs.iter().map(|&pair| if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) });
    Ok(char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

fn not_utf8(bytes: &[u8], error: &std::str::Utf8Error, mark: u32) -> String {
    let at = error.valid_up_to();
    if memchr(0, &bytes[..bytes.len().min(8192)]).is_some() {
        return "this is not a text file".to_owned();
    }
    let line = memchr_iter(b'\n', &bytes[..at]).count() + 1;
    let byte = bytes.get(at).copied().unwrap_or_default();
    let offset = at + mark as usize;
    format!("the text is not UTF-8: byte 0x{byte:02X} at offset {offset}, line {line}; save it as UTF-8")
}

/// One of these stands, in some case, in every document that can matter. Each starts with plain letters, which the
/// search engine finds several bytes at a time.
const WORDS: &[&str] = &[
    // Resource types and ids: `Microsoft.Network/…`, with the slash escaped by some writers. A version after the slash
    // is a package (`Microsoft.Extensions.Logging/8.0.0`), `microsoft.com/` a web address.
    r"microsoft\.[a-z.]+\\?/[a-z]",
    r"/subscriptions/",
    // Templates and their parameters, also those that only link to other templates.
    r"deploymenttemplate\.json",
    r"deploymentparameters\.json",
    // Rules, routes and prefixes in every spelling, service tag files and effective rules and routes among them.
    r"securityrule",
    r"addressprefix",
    r"nexthop",
    r"rulecollection",
    r"ipgroups?\b",
    // What a service needs by its own word (`outboundNetworkDependenciesEndpoints`).
    r"endpointdetails",
    // Workspaces and computes as `az ml` prints them.
    r"hbi_workspace",
    r"hbiworkspace",
    r"managed_network",
    r"managednetwork",
    r"node_public_ip",
    r"nodepublicip",
    r"network_settings",
    r"amlcompute",
    r"computeinstance",
    r"isolation_mode",
    r"isolationmode",
    r"egress_public_network_access",
    // Snake case, and Terraform: that it is not read is said.
    r"security_rule",
    r"address_prefix",
    r"next_hop",
    r"rule_collection",
    r"target_?fqdns",
    r"azurerm_",
    r"azapi_",
];

static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    RegexBuilder::new(&WORDS.join("|")).unicode(false).build().expect("the words are a valid pattern")
});

/// Whether a text in UTF-8 can hold anything this program judges.
pub fn may_matter(bytes: &[u8]) -> bool {
    /// Case is folded a piece at a time: far faster than a search without case.
    const PIECE: usize = 16 << 10;
    /// No word is longer, so one that lies across two pieces is seen whole in the second.
    const OVERLAP: usize = 256;
    let mut folded = Vec::with_capacity(bytes.len().min(PIECE));
    let mut start = 0;
    loop {
        let end = bytes.len().min(start + PIECE);
        folded.clear();
        folded.extend_from_slice(&bytes[start..end]);
        folded.make_ascii_lowercase();
        if PATTERN.find_iter(&folded).any(|found| !is_web_address(found.as_bytes())) {
            return true;
        }
        if end == bytes.len() {
            return false;
        }
        start = end - OVERLAP;
    }
}

/// Whether a Bicep text in UTF-8 can hold anything this program judges, or lead to it.
pub(crate) fn bicep_may_matter(bytes: &[u8]) -> bool {
    const LEADING: [&[u8]; 5] = [b"module", b"using", b"extends", b"import", b"@export"];
    LEADING.iter().any(|word| memmem::find(bytes, word).is_some()) || may_matter(bytes)
}

/// `microsoft.com/…`, as in the `$schema` of many a settings file.
fn is_web_address(found: &[u8]) -> bool {
    found.starts_with(b"microsoft.com/")
}

/// So many lines are looked at.
const LINES: usize = 50;

/// What is said of YAML.
pub(crate) const YAML: &str = "this is YAML";

/// What is said of a table.
const TABLE: &str = "this is a table; `-o json` prints JSON";

/// Whether bytes are what `-o table` prints. Only the beginning of what does not open as JSON does is looked at.
pub(crate) fn is_table(bytes: &[u8]) -> bool {
    const MOST: usize = 64 << 10;
    let start = bytes.trim_ascii_start();
    let start = String::from_utf8_lossy(&start[..start.len().min(MOST)]);
    !start.starts_with(['{', '[', '"']) && guess(&start) == Some(TABLE)
}

/// What the text seems to be, and how to get JSON instead; `None` when it may be JSON with a mistake in it.
pub(crate) fn guess(text: &str) -> Option<&'static str> {
    let said = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let lines: Vec<&str> = text.trim_start_matches('\u{FEFF}').lines().take(LINES).filter(said).collect();
    let first = lines.first()?.trim();
    if first.starts_with('<') && first.ends_with('>') {
        return Some("this is XML or HTML, such as the page of a sign-in; save the JSON itself");
    }
    if lines.iter().any(|line| line.trim_start().starts_with("resource \"")) || opens_block(first) && !is_bicep(first) {
        return Some("this is Terraform; export what is deployed, such as `az network nsg list -o json`");
    }
    if lines.iter().any(|line| is_bicep(line)) {
        return Some("this is Bicep; its name has to end in .bicep, and --stdin-name says the name of standard input");
    }
    if lines.iter().any(|line| line.trim_start().starts_with(['{', '[', ']', '}'])) {
        return None;
    }
    let rule = |line: &&str| line.contains("---") && line.chars().all(|ch| matches!(ch, '-' | ' ' | '=' | '+'));
    if lines.get(1).is_some_and(rule) {
        return Some(TABLE);
    }
    let is_yaml = |line: &&str| {
        let line = line.trim_start().trim_start_matches("- ");
        line.split_once(':').is_some_and(|(key, rest)| {
            (rest.is_empty() || rest.starts_with(' '))
                && !key.is_empty()
                && key.chars().all(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '-' | '.' | '/' | '$' | '@'))
        })
    };
    let listed = |line: &&&str| is_yaml(line) || line.trim_start().starts_with("- ") || line.trim() == "---";
    if lines.len() > 1 && lines.iter().filter(listed).count() * 2 > lines.len() {
        return Some(YAML);
    }
    let columns = |sign: char| {
        let count = first.matches(sign).count();
        count >= 2 && lines.get(1).is_none_or(|second| second.matches(sign).count() >= count)
    };
    (columns('\t') || columns(',') || columns(';')).then_some("these are rows of a table; `-o json` prints JSON")
}

/// Whether YAML that cannot be read looks like an export of Azure, and not like the template of one.
pub(crate) fn is_cut_export(text: &str) -> bool {
    const KEYS: [&str; 5] =
        ["id: /subscriptions/", "securityRules:", "addressPrefix:", "nextHopType:", "type: Microsoft."];
    let is_key = |line: &str| KEYS.iter().any(|key| line.trim_start_matches([' ', '-']).starts_with(key));
    !text.contains("{{") && text.lines().any(is_key)
}

/// `terraform {`, `module "net" {` and the like.
fn opens_block(line: &str) -> bool {
    let word = line.split([' ', '{']).next().unwrap_or_default();
    line.ends_with('{') && ["terraform", "provider", "module", "variable", "data", "locals"].contains(&word)
}

fn is_bicep(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let (first, second, third) = (words.next(), words.next(), words.next());
    match first {
        Some("resource" | "module") => third.is_some_and(|kind| kind.starts_with('\'')),
        Some("targetScope") => second == Some("="),
        Some("param") => third.is_some_and(|kind| ["string", "int", "bool", "object", "array"].contains(&kind)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Decoded, decode};

    fn text(bytes: &[u8]) -> Result<(String, u32), String> {
        decode(bytes.to_vec()).map(|Decoded { text, skipped }| (text, skipped))
    }

    fn wide(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes_of).collect()
    }

    #[test]
    fn utf8_loses_its_mark() {
        assert_eq!(text(b"\xEF\xBB\xBF{}"), Ok(("{}".to_owned(), 3)));
        assert_eq!(text("{\"é\": 1}".as_bytes()), Ok(("{\"é\": 1}".to_owned(), 0)));
        assert_eq!(text(b""), Ok((String::new(), 0)));
    }

    #[test]
    fn utf16_is_read_in_both_orders_with_and_without_mark() {
        for sample in ["{\"é\": \"😀\"}", "\u{FEFF}{}", "[]"] {
            let plain = sample.trim_start_matches('\u{FEFF}');
            for bytes_of in [u16::to_le_bytes, u16::to_be_bytes] {
                assert_eq!(text(&wide(sample, bytes_of)), Ok((plain.to_owned(), 0)), "{sample}");
            }
        }
    }

    #[test]
    fn half_a_pair_is_replaced_and_half_a_unit_refused() {
        assert_eq!(text(b"\xFF\xFE\x00\xD8[\0"), Ok(("\u{FFFD}[".to_owned(), 0)));
        assert!(text(b"\xFF\xFE[").unwrap_err().contains("cut off"));
    }

    #[test]
    fn what_is_no_text_says_where() {
        let error = text(b"{\n\"caf\xE9\": 1}").unwrap_err();
        assert_eq!(error, "the text is not UTF-8: byte 0xE9 at offset 6, line 2; save it as UTF-8");
        assert_eq!(text(b"\x7FELF\0\x01\xFF").unwrap_err(), "this is not a text file");
        assert!(text(b"\xFF\xFE\0\0[\0\0\0").unwrap_err().contains("UTF-32"));
        assert!(text(b"\x1F\x8B\x08\0\0").unwrap_err().contains("gzip"));
        assert!(text(b"PK\x03\x04").unwrap_err().contains("zip archive"));
        let plan = [b"PK\x03\x04", &[0; 26][..], b"tfplan"].concat();
        assert!(text(&plan).unwrap_err().contains("binary Terraform plan"));
    }
}

#[cfg(test)]
mod relevance_tests {
    use super::may_matter;

    #[test]
    fn every_shape_of_azure_export_matters() {
        for text in [
            r#"{"id": "/subscriptions/0/resourceGroups/r/providers/X.Y/z", "properties": {}}"#,
            r#"{"type": "microsoft.network/networksecuritygroups"}"#,
            r#"{"type": "Microsoft.MachineLearningServices\/workspaces"}"#,
            r#"{"networkSecurityGroups": [{"effectiveSecurityRules": []}]}"#,
            r#"{"SecurityRulesText": "[]"}"#,
            r#"[{"sourceAddressPrefix": "*"}]"#,
            r#"{"value": [{"addressPrefix": ["10.0.0.0/8"], "nextHopType": "VnetLocal"}]}"#,
            r#"{"routes": [{"nextHopType": "Internet"}]}"#,
            r#"[{"ruleCollections": [{"rules": []}]}]"#,
            r#"{"values": [{"name": "Sql", "properties": {"addressPrefixes": []}}], "cloud": "Public"}"#,
            r#"{"value": [{"properties": {"endpoints": [{"domainName": "x", "endpointDetails": [{"port": 443}]}]}}]}"#,
            r#"{"hbi_workspace": false, "managed_network": {"isolation_mode": "disabled"}}"#,
            r#"{"enable_node_public_ip": false}"#,
            r#"{"resource": {"azurerm_subnet": {}}}"#,
            r#"{"security_rules": []}"#,
            r#"{"rules": [{"targetFqdns": ["*.example.com"]}]}"#,
            r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"}"#,
            r#"{"$schema": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"}"#,
            r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"}"#,
        ] {
            assert!(may_matter(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn other_json_does_not() {
        for text in [
            r#"{"name": "web", "dependencies": {"left-pad": "1.0.0"}, "repository": "https://github.com/x/y"}"#,
            r#"{"compilerOptions": {"target": "es2020"}, "$schema": "https://json.schemastore.org/tsconfig"}"#,
            r#"{"$schema": "https://developer.microsoft.com/json-schemas/fluid.json"}"#,
            r#"{"libraries": {"Microsoft.Extensions.Logging/8.0.0": {"type": "package"}}}"#,
            r#"{"data": [1, 2, 3]}"#,
            "",
        ] {
            assert!(!may_matter(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn case_and_position_do_not_matter() {
        for before in [0, 1, 16 << 10, (16 << 10) - 7, 40_000] {
            let text = format!("{}\"SeCuRiTyRuLeS\"", " ".repeat(before));
            assert!(may_matter(text.as_bytes()), "after {before} bytes");
        }
    }

    #[test]
    fn a_web_address_hides_nothing_after_it() {
        assert!(may_matter(br#"{"a": "https://microsoft.com/x", "b": "Microsoft.Network/natGateways"}"#));
    }
}

#[cfg(test)]
mod guess_tests {
    use super::{guess, is_table};

    #[test]
    fn other_formats_are_known_by_their_looks() {
        for (text, word) in [
            ("id: /subscriptions/x\nname: n\nsecurityRules:\n- access: Deny\n  name: a\n", "YAML"),
            ("---\n- name: a\n", "YAML"),
            ("Name    Access\n------  ------\nweb     Allow\n", "table"),
            ("name,access,priority\nweb,Allow,100\n", "rows"),
            ("web\tAllow\t100\nssh\tDeny\t200\n", "rows"),
            ("<!DOCTYPE html>\n<html>", "HTML"),
            ("# net\nresource \"azurerm_subnet\" \"a\" {\n}\n", "Terraform"),
            ("terraform {\n}\n", "Terraform"),
            ("param location string\n", "Bicep"),
            ("resource nsg 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {\n", "Bicep"),
        ] {
            assert!(guess(text).is_some_and(|what| what.contains(word)), "{text}");
        }
    }

    #[test]
    fn a_table_is_known_by_the_line_below_its_head() {
        assert!(is_table(b"Name    Location\n------  ----------\nnsg     westeurope\n"));
        for text in [&b"# title\n\n- one\n"[..], b"{ \"a\": 1 }", b"[1]\n---\n", b""] {
            assert!(!is_table(text), "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn json_with_a_mistake_is_nothing_else() {
        for text in [
            "",
            "hello",
            "{\n  \"a\": 1\n  \"b\": 2\n}\n",
            "WARNING: this is old\nINFO: reading\n[\n{\"a\" 1}\n]",
            "\"a\": 1,\n\"b\": 2,\n",
            "[1, 2, 3",
        ] {
            assert_eq!(guess(text), None, "{text}");
        }
    }
}
