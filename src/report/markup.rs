//! Text from an input inside Markdown: shown as it is, never obeyed.

use crate::report::pen::Pen;

/// One line of text without control characters, whatever it had as line ends.
fn line(text: &str) -> String {
    let joined = text.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    Pen::PLAIN.clean(&joined)
}

/// One line of prose: names between backticks become code, the rest is escaped.
pub(crate) fn prose(text: &str) -> String {
    let text = line(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        // A backtick without a partner: no pair can be trusted.
        return escaped(&text);
    }
    let part = |(index, part): (usize, &&str)| if index % 2 == 0 { escaped(part) } else { code(part) };
    parts.iter().enumerate().map(part).collect()
}

/// One line of text with every character as it is.
pub(crate) fn plain(text: &str) -> String {
    escaped(&line(text))
}

/// Several lines of prose as paragraphs.
pub(crate) fn block(text: &str) -> String {
    text.split("\n\n").map(prose).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// One line as code. A bar is escaped too, so that it can stand in a table.
pub(crate) fn code(text: &str) -> String {
    let text = line(text);
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let edge = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    if text.contains('|') {
        // Code spans keep the backslash of an escaped bar outside tables; as HTML the bar is right everywhere.
        return format!("<code>{}</code>", escaped(&text));
    }
    format!("{fence}{edge}{text}{edge}{fence}")
}

/// Several lines as a block of code.
pub(crate) fn fenced(text: &str, language: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let lines: Vec<String> = text.lines().map(|line| Pen::PLAIN.clean(line)).collect();
    format!("{fence}{language}\n{}\n{fence}", lines.join("\n"))
}

/// An address that may be followed.
pub(crate) fn url(address: &str) -> Option<&str> {
    let is_plain = |ch: char| ch.is_ascii_graphic() && !"<>()[]\\`\"|".contains(ch);
    (address.starts_with("https://") && address.chars().all(is_plain)).then_some(address)
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|ch| ch != '`').map(str::len).max().unwrap_or(0)
}

/// Escapes all that Markdown or HTML would obey. Mentions, references and addresses are kept from becoming links by a
/// space that has no width.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(ch) = rest.chars().next() {
        rest = &rest[ch.len_utf8()..];
        match ch {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' | '#' => {
                out.push('\\');
                out.push(ch);
                out.push_str("&#8203;");
            }
            ':' if rest.starts_with("//") => out.push_str(":&#8203;"),
            '-' | '+' | '=' if out.is_empty() => {
                out.push('\\');
                out.push(ch);
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(ch);
            }
            _ => out.push(ch),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{code, fenced, plain, prose, url};

    #[test]
    fn names_stand_in_code() {
        assert_eq!(prose("`snet-a` is *blocked*"), "`snet-a` is \\*blocked\\*");
        assert_eq!(prose("one ` alone"), "one \\` alone");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(code("a|b"), "<code>a\\|b</code>");
    }

    #[test]
    fn nothing_hostile_is_obeyed() {
        assert_eq!(plain("<script>"), "&lt;script&gt;");
        assert_eq!(plain("[x](javascript:1)"), "\\[x\\](javascript:1)");
        assert_eq!(plain("a\n\n# b @team"), "a \\#&#8203; b \\@&#8203;team");
        assert_eq!(plain("- http://x"), "\\- http:&#8203;//x");
        assert_eq!(url("javascript:alert(1)"), None);
        assert_eq!(url("https://a.b/c)"), None);
        assert_eq!(fenced("a\n```\nb", "json"), "````json\na\n```\nb\n````");
    }

    proptest! {
        #[test]
        fn one_line_stays_one_line(text in any::<String>()) {
            for shown in [plain(&text), prose(&text), code(&text)] {
                let broken = shown.contains(['\n', '\r', '\u{1b}']);
                prop_assert!(!broken);
            }
            prop_assert!(!plain(&text).contains(['<', '>']));
        }
    }
}
