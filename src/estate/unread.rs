//! Documents that are known by their content and not read: what each is, and how to get one that is read.
//!
//! What is read, `shape` tells.

use crate::estate::shape::{either, is_template, is_terraform, template_in, template_link, terraform_shape, type_of};
use crate::json::Node;
use crate::manifest;
use crate::terraform::{self, Form};

/// A kind of document that is not read.
#[derive(Debug)]
pub struct Unread {
    /// The word for it in reports.
    pub word: &'static str,
    /// One of it, with its article.
    pub one: &'static str,
    /// Several of it.
    pub many: &'static str,
    /// What to read instead.
    pub help: &'static str,
    is: fn(&Node) -> bool,
}

impl Unread {
    /// The kind that a report calls by this word.
    pub fn of_word(word: &str) -> Option<&'static Self> {
        KNOWN.iter().chain(REST).chain([&TABLE, &PACKED, &BROKEN_YAML]).find(|kind| kind.word == word)
    }
}

/// What a document is that is known and not read. Goes before what its parts look like: values of Terraform carry the
/// ids of Azure's resources.
pub fn unread(root: &Node) -> Option<&'static Unread> {
    KNOWN.iter().find(|kind| (kind.is)(root))
}

/// What a document without resources is, when it says anything about networks at all.
pub fn unread_rest(root: &Node) -> Option<&'static Unread> {
    REST.iter().find(|kind| (kind.is)(root))
}

const DEPLOYED: &str = "export what is deployed, such as `az network nsg list -o json`";
const TEMPLATE: &str = "save the template itself, such as `az group export` or `bicep build` print it";

const KNOWN: &[Unread] = &[
    Unread {
        word: "terraform-old-state",
        one: "a state of Terraform 0.11 or older",
        many: "states of Terraform 0.11 or older",
        help: "a newer Terraform writes it anew: `terraform apply -refresh-only`",
        is: |root| terraform::form(root) == Some(Form::OldState),
    },
    Unread {
        word: "terraform-newer",
        one: "a Terraform plan or state in a format that came after this program",
        many: "Terraform plans or states in a format that came after this program",
        help: "a newer release of it may read them",
        is: |root| terraform::form(root) == Some(Form::Newer),
    },
    Unread {
        word: "terraform-configuration",
        one: "a Terraform configuration",
        many: "Terraform configurations",
        help: DEPLOYED,
        is: |root| ["resource", "data", "provider"].iter().any(|key| root.get(key).is_some_and(names_provider)),
    },
    Unread {
        word: "terraform-values",
        one: "values of Terraform",
        many: "files with values of Terraform",
        help: DEPLOYED,
        is: |root| terraform_shape(root).is_none() && (any(root, is_terraform) || is_terraform_output(root)),
    },
    Unread {
        word: "crossplane",
        one: "a manifest of Crossplane",
        many: "manifests of Crossplane",
        help: DEPLOYED,
        is: |root| manifest::is_foreign_operator(root) && !manifest::is_manifest(root),
    },
    Unread {
        word: "several-templates",
        one: "a list with templates among other documents",
        many: "lists with templates among other documents",
        help: "save each template in a file of its own",
        is: |root| {
            let list = list_of(root);
            list.len() > 1 && list.iter().take(SEEN).any(|item| template_in(item).is_some())
        },
    },
    Unread {
        word: "deployment-record",
        one: "a record of a deployment, a stack or a template spec, without its template",
        many: "records of deployments, without their templates",
        help: TEMPLATE,
        is: |root| {
            let kinds = ["microsoft.resources/deployment", "microsoft.resources/templatespecs"];
            all(root, |item| kinds.iter().any(|kind| is_of(item, kind)) || is_stack(item) || is_linked(item))
        },
    },
    Unread {
        word: "classic-collections",
        one: "rule collections of an Azure Firewall without the firewall",
        many: "files with rule collections of an Azure Firewall without the firewall",
        help: "`az network firewall show -o json` prints the firewall with its rules",
        is: |root| {
            all(root, |item| {
                let of_firewall = |text: &str| text.starts_with("microsoft.network/azurefirewalls/");
                type_of(item).is_some_and(|text| of_firewall(&text) && text.ends_with("rulecollections"))
            })
        },
    },
    Unread {
        word: "policy",
        one: "an Azure Policy definition or assignment",
        many: "Azure Policy definitions or assignments",
        help: "policies say what may be deployed, not what is; name exports or templates",
        is: |root| all(root, |item| is_of(item, "microsoft.authorization/") || is_policy(item)),
    },
    Unread {
        word: "azure-error",
        one: "an error that Azure answered",
        many: "errors that Azure answered",
        help: "export it again",
        is: |root| {
            root.get("error").is_some_and(|error| has(error, "code") && has(error, "message"))
                && !has(root, "status")
                && template_in(root).is_none()
        },
    },
    Unread {
        word: "flow-log",
        one: "a log of Azure's networks",
        many: "logs of Azure's networks",
        help: "logs show what was sent, not what can be; name exports or templates",
        is: |root| {
            let category = |record: &Node| {
                record.get("category").and_then(Node::text).is_some_and(|text| {
                    ["NetworkSecurityGroup", "FlowLog", "AzureFirewall", "AZFW"]
                        .iter()
                        .any(|front| text.starts_with(front))
                })
            };
            root.get("records").is_some_and(|records| records.items().first().is_some_and(category))
        },
    },
];

const REST: &[Unread] = &[Unread {
    word: "network-words",
    one: "JSON with words of Azure's networks in a form that is not known",
    many: "files with words of Azure's networks in a form that is not known",
    help: "save what `az` prints with `-o json` and without --query, or a template",
    is: |root| says_network(root, 0, &mut 0),
}];

/// What `-o table` prints. No document is one: it is known before anything is parsed, as is what is packed.
pub const TABLE: Unread =
    Unread { word: "table", one: "a table", many: "tables", help: "`-o json` prints JSON", is: |_| false };

/// What is compressed or an archive.
pub const PACKED: Unread = Unread {
    word: "packed",
    one: "a packed file",
    many: "packed files",
    help: "unpack it and name the JSON in it",
    is: |_| false,
};

/// What looks like an export in YAML and cannot be parsed.
pub const BROKEN_YAML: Unread = Unread {
    word: "broken-yaml",
    one: "YAML that cannot be parsed",
    many: "YAML files that cannot be parsed",
    help: "name it to see where it breaks off",
    is: |_| false,
};

fn has(node: &Node, key: &str) -> bool {
    node.get(key).is_some_and(|value| !value.is_null())
}

/// Of a list so many items tell what it is.
const SEEN: usize = 64;

/// Whether the document or an item of it is such.
fn any(root: &Node, is: impl Fn(&Node) -> bool) -> bool {
    is(root) || list_of(root).iter().take(SEEN).any(is)
}

/// Whether the document, or every item of it, is such.
fn all(root: &Node, is: impl Fn(&Node) -> bool) -> bool {
    let list = list_of(root);
    is(root) || !list.is_empty() && list.iter().take(SEEN).all(is)
}

/// The items of a list, or of a page.
fn list_of(root: &Node) -> &[Node] {
    if root.is_list() { root.items() } else { root.get("value").map(Node::items).unwrap_or_default() }
}

/// Whether a block of a Terraform configuration names one of Azure's providers or their resources.
fn names_provider(block: &Node) -> bool {
    let named = |node: &Node| {
        node.members().iter().any(|member| ["azurerm", "azapi"].iter().any(|name| member.key.starts_with(name)))
    };
    named(block) || block.items().iter().take(SEEN).any(named)
}

fn is_terraform_output(root: &Node) -> bool {
    let members = root.members();
    !members.is_empty() && members.iter().all(|member| has(&member.node, "sensitive") && has(&member.node, "type"))
}

/// Whether the type of an object starts so, and it holds no template.
fn is_of(node: &Node, start: &str) -> bool {
    type_of(node).is_some_and(|text| text.starts_with(start)) && template_in(node).is_none()
}

fn is_stack(node: &Node) -> bool {
    either(node, "actionOnUnmanage").is_some() && template_in(node).is_none()
}

/// The body of a deployment whose template is somewhere else.
fn is_linked(node: &Node) -> bool {
    template_link(node).is_some() && template_in(node).is_none()
}

/// The address or id of the template that a record names and does not hold.
pub fn linked(root: &Node) -> Option<&str> {
    let one = std::slice::from_ref(root);
    let list = if root.is_list() { root.items() } else { one };
    list.iter().find_map(template_link)?.text()
}

fn is_policy(node: &Node) -> bool {
    let has = |key: &str| either(node, key).is_some();
    !is_template(node) && (has("policyRule") || has("policyDefinitions") || has("policyDefinitionId"))
}

/// Whether some key is a word of Azure's networks, however it is spelt. Looks at a bounded part of the document.
fn says_network(node: &Node, depth: usize, seen: &mut usize) -> bool {
    const DEEPEST: usize = 12;
    const MOST: usize = 20_000;
    const WORDS: [&str; 8] = [
        "securityrule",
        "sourceaddressprefix",
        "destinationaddressprefix",
        "addressprefixes",
        "nexthoptype",
        "rulecollections",
        "rulecollectiontype",
        "targetfqdns",
    ];
    *seen += 1;
    if depth > DEEPEST || *seen > MOST {
        return false;
    }
    let is_word = |key: &str| {
        let plain: String = key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        WORDS.iter().any(|word| plain.starts_with(word))
    };
    node.members().iter().any(|member| is_word(&member.key) || says_network(&member.node, depth + 1, seen))
        || node.items().iter().any(|item| says_network(item, depth + 1, seen))
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, REST, Unread, unread, unread_rest};
    use crate::json::{Node, parse};
    use crate::source::FileId;

    fn root(text: &str) -> Node {
        parse(FileId(0), text).unwrap().root
    }

    #[test]
    fn what_is_not_read_is_known_by_its_content() {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/n";
        let stack = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Resources/deploymentStacks/k";
        for (text, word) in [
            (r#"{"format_version":"2.0","planned_values":{}}"#.to_owned(), "terraform-newer"),
            (r#"{"version":3,"terraform_version":"0.11","serial":3,"modules":[]}"#.to_owned(), "terraform-old-state"),
            (r#"{"resource":{"azurerm_subnet":{}}}"#.to_owned(), "terraform-configuration"),
            (r#"{"resource":[{"azurerm_subnet":[]}]}"#.to_owned(), "terraform-configuration"),
            (format!(r#"[{{"id":"{id}","name":"n","security_rule":[]}}]"#), "terraform-values"),
            (format!(r#"{{"id":"{id}","name":"n","resource_group_name":"g"}}"#), "terraform-values"),
            (r#"{"nsg":{"sensitive":false,"type":"string","value":"x"}}"#.to_owned(), "terraform-values"),
            (
                r#"[{"contentVersion":"1.0.0.0","resources":[]},{"contentVersion":"1.0.0.0","resources":[]}]"#
                    .to_owned(),
                "several-templates",
            ),
            (format!(r#"{{"id":"{stack}","name":"k","properties":{{"resources":[]}}}}"#), "deployment-record"),
            (r#"{"properties":{"policyRule":{"if":{}}}}"#.to_owned(), "policy"),
            (
                r#"[{"name":"c","type":"Microsoft.Network/azureFirewalls/networkRuleCollections","rules":[]}]"#
                    .to_owned(),
                "classic-collections",
            ),
            (r#"{"error":{"code":"AuthorizationFailed","message":"no"}}"#.to_owned(), "azure-error"),
            (r#"{"records":[{"category":"NetworkSecurityGroupFlowEvent"}]}"#.to_owned(), "flow-log"),
        ] {
            assert_eq!(unread(&root(&text)).map(|kind| kind.word), Some(word), "{text}");
        }
    }

    #[test]
    fn what_is_read_is_no_such_document() {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/n";
        for text in [
            format!(r#"[{{"id":"{id}","name":"n","resourceGroup":"g","securityRules":[]}}]"#),
            format!(r#"{{"value":[{{"id":"{id}","properties":{{}}}}]}}"#),
            r#"{"contentVersion":"1.0.0.0","resources":[]}"#.to_owned(),
            r#"{"format_version":"1.2","planned_values":{}}"#.to_owned(),
            r#"{"version":4,"terraform_version":"1.9","serial":3,"resources":[]}"#.to_owned(),
            r#"{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:x"}]}}"#.to_owned(),
            r#"{"status":"Failed","error":{"code":"x","message":"y"},"changes":[]}"#.to_owned(),
            r#"{"name":"left-pad","version":"1.0.0"}"#.to_owned(),
            "[]".to_owned(),
        ] {
            assert!(unread(&root(&text)).is_none(), "{text}");
        }
    }

    #[test]
    fn words_of_networks_are_found_however_they_are_spelt() {
        let is = |text: &str| unread_rest(&root(text)).is_some();
        assert!(is(r#"{"rules":{"web":[{"source_address_prefix":"*"}]}}"#));
        assert!(is(r#"{"hub":{"NextHopType":"None"}}"#));
        assert!(!is(r#"{"rules":[{"from":"*"}],"address":"x"}"#));
    }

    #[test]
    fn every_word_is_one_kind() {
        for kind in KNOWN.iter().chain(REST) {
            assert!(Unread::of_word(kind.word).is_some_and(|found| found.one == kind.one), "{}", kind.word);
        }
    }
}
