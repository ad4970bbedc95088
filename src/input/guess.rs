//! What a text is that is not JSON, by the looks of its first lines.

/// So many lines are looked at.
const LINES: usize = 50;

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
    if lines.iter().any(|line| line.trim_start().starts_with("resource \"")) || opens_block(first) {
        return Some("this is Terraform; export what is deployed, such as `az network nsg list -o json`");
    }
    if lines.iter().any(|line| is_bicep(line)) {
        return Some("this is Bicep; `az bicep build` turns it into JSON");
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
        return Some("this is YAML; `-o json` prints JSON");
    }
    let columns = |sign: char| {
        let count = first.matches(sign).count();
        count >= 2 && lines.get(1).is_none_or(|second| second.matches(sign).count() >= count)
    };
    (columns('\t') || columns(',') || columns(';')).then_some("these are rows of a table; `-o json` prints JSON")
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
        Some("resource") => third.is_some_and(|kind| kind.starts_with('\'')),
        Some("targetScope") => second == Some("="),
        Some("param") => third.is_some_and(|kind| ["string", "int", "bool", "object", "array"].contains(&kind)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
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
