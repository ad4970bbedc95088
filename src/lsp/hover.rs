//! What a rule, a service tag, a fact or a service means: what is told of the word under the pointer.

use lsp_types::{Diagnostic, Hover, HoverContents, MarkupContent, MarkupKind, NumberOrString, Position};

use crate::finding::RuleCard;
use crate::lsp::documents::Document;
use crate::lsp::text::{Encoding, Lines};
use crate::net::{Cloud, Reading, Special, Tag, fqdn_tag};
use crate::rule::Pack;

/// So many rules are told of one place.
const MOST: usize = 3;

/// So many host names of a tag are told.
const MOST_HOSTS: usize = 8;

/// What to say of a place.
pub(super) fn hover(
    document: &Document,
    at: Position,
    (told, pack): (&[Diagnostic], &Pack),
    (encoding, is_markdown): (Encoding, bool),
) -> Option<Hover> {
    let text = &*document.text;
    let lines = Lines::of(text);
    let word = word(text, lines.offset(text, at, encoding));
    let of_word = word.clone().and_then(|word| {
        let said = meaning(text.get(word.clone())?, pack, document.is_yaml())?;
        Some((said, Some(lines.range(text, word, encoding))))
    });
    let (mut said, range) = of_word.unwrap_or_default();
    let mut rules: Vec<&str> = Vec::new();
    for diagnostic in told.iter().filter(|one| one.range.start <= at && at <= one.range.end) {
        if let Some(NumberOrString::String(rule)) = &diagnostic.code
            && !rules.contains(&rule.as_str())
        {
            rules.push(rule);
        }
    }
    for card in rules.into_iter().take(MOST).filter_map(|rule| pack.rule(rule)) {
        let of_rule = of_card(&card.card);
        if !said.contains(&of_rule) {
            let parted = if said.is_empty() { "" } else { "\n\n---\n\n" };
            said.extend([parted, of_rule.as_str()]);
        }
    }
    if said.is_empty() {
        return None;
    }
    let (kind, value) = if is_markdown { (MarkupKind::Markdown, said) } else { (MarkupKind::PlainText, plain(&said)) };
    Some(Hover { contents: HoverContents::Markup(MarkupContent { kind, value }), range })
}

/// Markdown of this file for an editor that draws none.
fn plain(markdown: &str) -> String {
    markdown.replace("**", "").replace("\n\n---\n\n", "\n\n").replace(['<', '>'], "")
}

/// The word that a byte lies in or behind.
fn word(text: &str, offset: usize) -> Option<std::ops::Range<usize>> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '/' | '-' | '_' | '.');
    let before = text.get(..offset)?;
    let after = text.get(offset..)?;
    let start = before.trim_end_matches(is_part).len();
    let end = offset + (after.len() - after.trim_start_matches(is_part).len());
    (start < end).then_some(start..end)
}

fn meaning(word: &str, pack: &Pack, is_yaml: bool) -> Option<String> {
    if let Some(rule) = pack.rule(word) {
        return Some(of_card(&rule.card));
    }
    // Facts and services are words of settings and rules; tags are those of networks, too.
    let named = || of_service(word, pack).or_else(|| of_fact(word, pack));
    if is_yaml { named().or_else(|| of_tag(word)) } else { of_tag(word) }
}

fn of_card(card: &RuleCard) -> String {
    let mut said = format!("**{}** ({})\n\n{}", card.id, card.level, card.title);
    for (head, text) in [("Why", &card.why), ("What to do", &card.help)] {
        if !text.is_empty() {
            said.push_str(&format!("\n\n**{head}:** {}", text.trim()));
        }
    }
    for source in &card.sources {
        said.push_str(&format!("\n\n{}: <{}> ({})", source.title, source.url, source.read));
    }
    said
}

fn of_service(word: &str, pack: &Pack) -> Option<String> {
    let service = pack.service(word)?;
    Some(format!("**{}**: {}\n\n{}", service.name, service.title, service.describe))
}

fn of_fact(word: &str, pack: &Pack) -> Option<String> {
    let mut said: Vec<String> = Vec::new();
    for service in &pack.services {
        let Some(fact) = service.facts.get(word) else { continue };
        let mut one = format!("**{word}** (fact, {}): {}", fact.kind.as_str(), fact.describe);
        if !fact.values.is_empty() {
            one.push_str(&format!(" One of: {}.", fact.values.join(", ")));
        }
        match &fact.default {
            Some(default) => one.push_str(&format!(" Without a value: {default}.")),
            None => one.push_str(" Without a value it is unknown."),
        }
        // Services share facts, and most say the same of them.
        if !said.contains(&one) {
            said.push(one);
        }
    }
    said.truncate(MOST);
    (!said.is_empty()).then(|| said.join("\n\n"))
}

fn of_tag(word: &str) -> Option<String> {
    if let Some(tag) = fqdn_tag(word) {
        let hosts: Vec<&str> = tag.hosts.iter().copied().take(MOST_HOSTS).collect();
        let more = tag.hosts.len().saturating_sub(MOST_HOSTS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let name = tag.name;
        return Some(format!("**{name}** (FQDN tag of Azure Firewall): {}{more}", hosts.join(", ")));
    }
    match Tag::read(word, None) {
        Reading::Known(tag) => Some(described(tag)),
        Reading::Alias { tag, canonical } => Some(format!("Another spelling of `{canonical}`.\n\n{}", described(tag))),
        Reading::UnknownRegion { base, suggestion } => {
            let meant = suggestion.map(|name| format!(" Did you mean `{name}`?")).unwrap_or_default();
            Some(format!("`{base}` has no region of this name.{meant}\n\n{}", described(base)))
        }
        Reading::Unknown { .. } => None,
    }
}

fn described(tag: Tag) -> String {
    let mut said = format!("**{tag}** (service tag): ");
    said.push_str(match tag.special() {
        Some(Special::Internet) => "every address outside the virtual network, public ones of Azure included.",
        Some(Special::VirtualNetwork) => "the virtual network, its peers, and what its gateways and routes lead to.",
        Some(Special::LoadBalancer) => "the probes of Azure's load balancers, 168.63.129.16.",
        Some(_) => "an address of Azure's platform, at the host of a machine.",
        None => "the addresses that Microsoft publishes under this name.",
    });
    if let Some(region) = tag.region() {
        said.push_str(&format!(" Those in {} only.", region.display));
    } else if tag.has_regions() {
        said.push_str(&format!(" `{tag}.REGION` means those in one region."));
    }
    if tag.special().is_none() {
        let clouds: Vec<&str> = Cloud::ALL.into_iter().filter(|cloud| tag.is_in(*cloud)).map(Cloud::as_str).collect();
        said.push_str(&format!(" Clouds: {}.", clouds.join(", ")));
        let word = |is_so| if is_so { "yes" } else { "no" };
        let (routes, firewalls) = (word(tag.is_usable_in_routes()), word(tag.is_usable_in_firewalls()));
        said.push_str(&format!(" In routes: {routes}; as a destination in firewalls: {firewalls}."));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::{meaning, word};
    use crate::rule::Pack;

    #[test]
    fn a_word_is_found_around_its_place() {
        let text = "\"Storage.WestEurope\", x";
        assert_eq!(word(text, 4), Some(1..19));
        assert_eq!(word(text, 19), Some(1..19));
        assert_eq!(word(text, 21), None);
    }

    #[test]
    fn words_have_meanings() {
        let pack = Pack::load(true, &[]).unwrap();
        let said = |word: &str, is_yaml| meaning(word, &pack, is_yaml).unwrap_or_default();
        assert!(said("storage.westeurope", false).contains("West Europe"));
        assert!(said("AzureMachineLearning", false).contains("service tag"));
        assert!(said("Storage.Nowhere", false).contains("no region of this name"));
        assert!(said("azureml/inbound-44224-blocked", true).contains("**Why:**"));
        assert!(said("public-ip", true).contains("(fact, boolean)"));
        assert_eq!(said("public-ip", false), "");
        assert!(said("azureml-compute", true).contains("Azure Machine Learning"));
        assert_eq!(said("location", false), "");
    }
}
