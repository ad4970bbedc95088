//! What a SARIF file says about a rule: title, why, what to do, and where the facts come from.

use serde_json::{Value, json};

use crate::finding::{Level, RuleCard};
use crate::report::markup::{block, code, plain, url};

/// Code scanning takes no more tags for a rule.
const TAGS: usize = 20;
/// Code scanning takes no longer descriptions, in characters.
const DESCRIPTION: usize = 1024;

/// The descriptor of a rule.
pub(crate) fn described(card: &RuleCard) -> Value {
    let why = if card.why.is_empty() { &card.title } else { &card.why };
    let severity = match card.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "recommendation",
    };
    let mut rule = json!({
        "id": card.id.as_str(),
        "shortDescription": { "text": cut(&sentence(&card.title)) },
        "fullDescription": { "text": cut(&sentence(why)) },
        "help": { "text": help(card), "markdown": help_markdown(card) },
        "defaultConfiguration": { "level": card.level.as_str() },
    });
    // A name that says no more than the id is none.
    let name = name(card.id.as_str());
    if !name.eq_ignore_ascii_case(card.id.as_str()) {
        rule["name"] = json!(name);
    }
    if let Some(source) = card.sources.iter().find(|source| url(&source.url).is_some()) {
        rule["helpUri"] = json!(source.url);
    }
    rule["properties"] = json!({
        "tags": card.tags.iter().take(TAGS).collect::<Vec<_>>(),
        "precision": "very-high",
        "problem.severity": severity,
    });
    rule
}

/// `azureml/storage-blocked` as `AzuremlStorageBlocked`.
fn name(id: &str) -> String {
    let words = id.split(|ch: char| !ch.is_alphanumeric()).filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
    };
    words.map(capital).collect()
}

fn sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.ends_with(['.', '!', '?']) { text } else { text + "." }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= DESCRIPTION {
        return text.to_owned();
    }
    text.chars().take(DESCRIPTION - 1).chain(['…']).collect()
}

fn help(card: &RuleCard) -> String {
    let mut parts = vec![sentence(&card.title)];
    parts
        .extend([&card.why, &card.help].into_iter().filter(|text| !text.is_empty()).map(|text| text.trim().to_owned()));
    let sources = card.sources.iter();
    parts.extend(sources.map(|source| format!("Source: {}, {}, {}", source.title, source.read, source.url)));
    parts.join("\n\n")
}

fn help_markdown(card: &RuleCard) -> String {
    let mut parts = vec![format!("**{}**", plain(&card.title))];
    if !card.why.is_empty() {
        parts.push(block(&card.why));
    }
    if !card.help.is_empty() {
        parts.push(format!("### What to do\n\n{}", block(&card.help)));
    }
    if !card.seen_as.is_empty() {
        let seen: Vec<_> = card.seen_as.iter().map(|text| format!("- {}", code(text))).collect();
        parts.push(format!("### Seen as\n\n{}", seen.join("\n")));
    }
    if !card.sources.is_empty() {
        let line = |source: &crate::finding::Source| {
            let section = source.section.as_ref().map(|section| format!(", {}", plain(section))).unwrap_or_default();
            let title = plain(&source.title);
            let title = url(&source.url).map_or(title.clone(), |url| format!("[{title}]({url})"));
            format!("- {title}{section}, {}", plain(&source.read))
        };
        parts.push(format!("### Sources\n\n{}", card.sources.iter().map(line).collect::<Vec<_>>().join("\n")));
    }
    parts.push(format!("`aznetlint explain {}` says more.", card.id));
    parts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::{described, name};
    use crate::report::sample::sample;

    #[test]
    fn a_rule_brings_its_help() {
        let (_, report) = sample();
        let rule = described(report.rules.values().next().unwrap());
        assert_eq!(rule["name"], "AzuremlEntraBlocked");
        assert_eq!(rule["shortDescription"]["text"], "Microsoft Entra ID is out of reach.");
        let help = rule["help"]["markdown"].as_str().unwrap();
        assert!(
            help.contains("- [Configure inbound and outbound network traffic](https://learn.microsoft.com/"),
            "{help}"
        );
        assert!(help.contains("Basic configuration, 2026-03-19"), "{help}");
    }

    #[test]
    fn tags_and_descriptions_are_within_the_limits() {
        let (_, report) = sample();
        let mut card = report.rules.values().next().unwrap().clone();
        card.tags = (0..30).map(|number| format!("tag-{number}")).collect();
        card.why = "é".repeat(2000);
        let rule = described(&card);
        assert_eq!(rule["properties"]["tags"].as_array().unwrap().len(), 20);
        assert_eq!(rule["fullDescription"]["text"].as_str().unwrap().chars().count(), 1024);
    }

    #[test]
    fn names_are_words() {
        assert_eq!(name("azureml/inbound-44224-blocked"), "AzuremlInbound44224Blocked");
        assert_eq!(name("syntax"), "Syntax");
    }
}
