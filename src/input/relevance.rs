//! The byte search that tells which JSON can hold Azure resources, before anything is parsed.
//!
//! It may take too much, never too little: what a document really is, `estate` and `arm` decide.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};

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

/// `microsoft.com/…`, as in the `$schema` of many a settings file.
fn is_web_address(found: &[u8]) -> bool {
    found.starts_with(b"microsoft.com/")
}

#[cfg(test)]
mod tests {
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
