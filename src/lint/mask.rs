//! Values that must not be shown: their characters in the texts, and what of them got into the report.

use std::collections::BTreeSet;

use crate::finding::{Brief, Decider, FactValue, Finding, Label, Report, RequirementReport};
use crate::json::{Node, Value};
use crate::net::{AddressSet, parse_prefix};
use crate::source::Span;

/// Values that must not be shown.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    /// Where they are written.
    pub(crate) places: Vec<Span>,
    words: BTreeSet<String>,
    /// Addresses and prefixes among them: what lies in them tells of them.
    addresses: Vec<AddressSet>,
}

/// What stands in their place.
const HIDDEN: &str = "(sensitive)";

/// Azure's own words tell nothing, and stand in every report.
const PLAIN: &[&str] = &[
    "*",
    "allow",
    "deny",
    "inbound",
    "outbound",
    "tcp",
    "udp",
    "icmp",
    "esp",
    "ah",
    "any",
    "true",
    "false",
    "enabled",
    "disabled",
    "internet",
    "none",
    "virtualappliance",
    "vnetlocal",
    "virtualnetworkgateway",
    "virtualnetwork",
];

/// Values nest this deep at most.
const MAX_DEPTH: usize = 64;

impl Secrets {
    /// Adds a value with everything in it.
    pub(crate) fn add(&mut self, value: &Node) {
        self.places.push(value.span);
        self.add_words(value, 0);
    }

    fn add_words(&mut self, value: &Node, depth: usize) {
        match &value.value {
            Value::Text(text) => self.add_word(text),
            Value::Number(number) => self.add_word(number.as_str()),
            Value::List(items) if depth < MAX_DEPTH => items.iter().for_each(|item| self.add_words(item, depth + 1)),
            Value::Object(members) if depth < MAX_DEPTH => {
                members.iter().for_each(|member| self.add_words(&member.node, depth + 1));
            }
            _ => {}
        }
    }

    fn add_word(&mut self, word: &str) {
        if let Some(prefix) = parse_prefix(word)
            && prefix.prefix_len() > 0
        {
            self.addresses.push(AddressSet::prefix(prefix));
        }
        let word = word.trim();
        if word.len() > 1 && !PLAIN.iter().any(|plain| plain.eq_ignore_ascii_case(word)) {
            self.words.insert(word.to_owned());
        }
    }

    /// Takes them out of what a run has to say. What a requirement asks for comes from its rule and stays.
    pub(crate) fn hide(&self, report: &mut Report) {
        if self.words.is_empty() {
            return;
        }
        report.findings.iter_mut().for_each(|finding| self.in_finding(finding));
        report.remarks.iter_mut().chain(&mut report.assumptions).for_each(|line| self.cover(line));
        for placement in &mut report.placements {
            self.cover(&mut placement.found);
            self.cover(&mut placement.id.on);
            placement.on.values_mut().for_each(|name| self.cover(name));
            for fact in &mut placement.facts {
                match &mut fact.value {
                    Some(FactValue::Text(text)) => self.cover(text),
                    Some(FactValue::List(items)) => items.iter_mut().for_each(|item| self.cover(item)),
                    Some(FactValue::Bool(_)) | None => {}
                }
            }
            placement.requirements.iter_mut().for_each(|one| self.in_requirement(one));
        }
        for command in &mut report.settling.commands {
            for text in [&mut command.what, &mut command.file, &mut command.az, &mut command.powershell] {
                self.cover(text);
            }
        }
        let otherwise = std::mem::take(&mut report.settling.otherwise);
        report.settling.otherwise = otherwise.into_iter().map(|line| self.covered(&line).unwrap_or(line)).collect();
    }

    fn in_finding(&self, finding: &mut Finding) {
        self.cover(&mut finding.message);
        let label = |label: &mut Label| self.cover(&mut label.message);
        std::iter::once(&mut finding.at).chain(&mut finding.related).for_each(label);
        finding.remarks.iter_mut().for_each(|remark| self.cover(&mut remark.text));
        finding.conditions.iter_mut().for_each(|line| self.cover(line));
        self.cover(&mut finding.fingerprint);
        finding.placement.iter_mut().chain(&mut finding.placements).for_each(|placement| self.cover(&mut placement.on));
        if let Some(brief) = &mut finding.brief {
            self.in_brief(brief);
        }
        for fix in &mut finding.fixes {
            self.cover(&mut fix.title);
            fix.caution.iter_mut().for_each(|text| self.cover(text));
        }
        let single = [&mut finding.help, &mut finding.snippet, &mut finding.resource];
        single.into_iter().flatten().for_each(|text| self.cover(text));
    }

    fn in_brief(&self, brief: &mut Brief) {
        let Brief { headline, actor, cure, doubt, traffic, place, needed, conditions, way, aside: _ } = brief;
        [headline, actor, cure, doubt, traffic, place].into_iter().for_each(|text| self.cover(text));
        needed.iter_mut().for_each(|ground| self.cover(&mut ground.fact));
        conditions.iter_mut().chain(way).for_each(|text| self.cover(text));
    }

    fn in_requirement(&self, one: &mut RequirementReport) {
        one.uncovered.iter_mut().chain(&mut one.why).for_each(|line| self.cover(line));
        if let Some(packet) = &mut one.witness {
            self.cover(&mut packet.source);
            self.cover(&mut packet.destination);
        }
        let decider = |decider: &mut Decider| self.cover(&mut decider.name);
        let of_layers = one.path.layers.iter_mut().flat_map(|layer| &mut layer.decided_by);
        one.decided_by.iter_mut().chain(of_layers).for_each(decider);
    }

    fn cover(&self, text: &mut String) {
        if let Some(covered) = self.covered(text) {
            *text = covered;
        }
    }

    /// The text without them; `None` when it holds none.
    pub(crate) fn covered(&self, text: &str) -> Option<String> {
        if self.words.is_empty() && self.addresses.is_empty() {
            return None;
        }
        let mut covered = text.to_owned();
        for word in &self.words {
            if covered.contains(word.as_str()) {
                covered = without(&covered, word);
            }
        }
        if !self.addresses.is_empty() {
            covered = self.without_addresses(&covered);
        }
        (covered != text).then_some(covered)
    }

    fn without_addresses(&self, text: &str) -> String {
        let is_part = |letter: char| letter.is_ascii_hexdigit() || matches!(letter, '.' | ':' | '/');
        let mut covered = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_part) {
            let (before, token) = rest.split_at(start);
            let end = token.find(|letter| !is_part(letter)).unwrap_or(token.len());
            let (token, after) = token.split_at(end);
            covered.push_str(before);
            covered.push_str(&self.address(token).unwrap_or_else(|| token.to_owned()));
            rest = after;
        }
        covered.push_str(rest);
        covered
    }

    /// What is shown of an address that lies in one of them.
    fn address(&self, token: &str) -> Option<String> {
        let is_hidden = |text: &str| {
            let set = parse_prefix(text).map(AddressSet::prefix);
            set.is_some_and(|set| self.addresses.iter().any(|hidden| set.is_subset(hidden)))
        };
        let plain = token.trim_end_matches([':', '.']);
        if is_hidden(plain) {
            return Some(format!("{HIDDEN}{}", &token[plain.len()..]));
        }
        let (host, port) = token.split_once(':')?;
        is_hidden(host).then(|| format!("{HIDDEN}:{port}"))
    }
}

/// A text without a word that stands alone in it.
fn without(text: &str, word: &str) -> String {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    let mut covered = String::with_capacity(text.len());
    let mut start = 0;
    for (at, _) in text.match_indices(word) {
        let before = text[..at].chars().next_back().is_some_and(is_part);
        let after = text[at + word.len()..].chars().next().is_some_and(is_part);
        if at >= start && !before && !after {
            covered.push_str(&text[start..at]);
            covered.push_str(HIDDEN);
            start = at + word.len();
        }
    }
    covered.push_str(&text[start..]);
    covered
}

#[cfg(test)]
mod tests {
    use super::Secrets;
    use crate::json::parse;
    use crate::source::FileId;

    fn covered(secrets: &str, text: &str) -> String {
        let mut all = Secrets::default();
        all.add(&parse(FileId(0), secrets).unwrap().root);
        all.covered(text).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn words_and_addresses_are_hidden_and_what_only_holds_their_letters_stays() {
        for (secrets, text, shown) in [
            (r#"["203.0.113.0/24"]"#, "drops 203.0.113.7:443 and 203.0.114.7", "drops (sensitive):443 and 203.0.114.7"),
            (r#"["203.0.113.0/24"]"#, "203.0.113.0/24.", "(sensitive)."),
            (r#"{"a": ["web"]}"#, "`web` and `web-2`, webs", "`(sensitive)` and `web-2`, webs"),
            (r#"["2001:db8::/32"]"#, "to [2001:db8::1]:443", "to [(sensitive)]:443"),
            (r#"["Allow", "*", 7]"#, "Allow * 7", "Allow * 7"),
            (r#"["0.0.0.0/0"]"#, "10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(covered(secrets, text), shown, "{secrets}");
        }
    }
}
