//! Text from an input inside Markdown, HTML and XML: shown as it is, never obeyed.

use std::fmt::Display;

use crate::report::pen::Pen;

/// What stands for a character that HTML or XML would obey; empty for all others.
pub(crate) fn entity(ch: char) -> &'static str {
    match ch {
        '<' => "&lt;",
        '>' => "&gt;",
        '&' => "&amp;",
        '"' => "&quot;",
        '\'' => "&#39;",
        _ => "",
    }
}

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

/// A fence for a block of code that nothing in the code closes.
pub(crate) fn fence(text: &str) -> String {
    "`".repeat(longest_run(text).max(2) + 1)
}

/// Several lines as a block of code.
pub(crate) fn fenced(text: &str, language: &str) -> String {
    let fence = fence(text);
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
            '<' | '>' | '&' => out.push_str(entity(ch)),
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

/// A piece of a page.
#[derive(Default)]
pub(crate) struct Markup {
    text: String,
}

impl Markup {
    /// Markup of the program's own.
    pub(crate) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.text.push_str(markup);
        self
    }

    /// Text of any origin, on one line.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for ch in text.chars() {
            self.char(ch);
        }
        self
    }

    /// Text of any origin with lines and tabs of its own, for `pre`.
    pub(crate) fn lines(&mut self, text: &str) -> &mut Self {
        for ch in text.chars() {
            match ch {
                '\n' | '\t' => self.text.push(ch),
                '\r' => {}
                _ => self.char(ch),
            }
        }
        self
    }

    /// Text of any origin in which what stands between backticks is code.
    pub(crate) fn prose(&mut self, text: &str) -> &mut Self {
        let parts: Vec<&str> = text.split('`').collect();
        if parts.len().is_multiple_of(2) {
            return self.text(text);
        }
        for (index, part) in parts.into_iter().enumerate() {
            if index % 2 == 1 {
                self.raw("<code>").text(part).raw("</code>");
            } else {
                self.text(part);
            }
        }
        self
    }

    /// A count.
    pub(crate) fn count(&mut self, count: usize) -> &mut Self {
        self.text(&count.to_string())
    }

    /// An attribute with a space before it.
    pub(crate) fn attribute(&mut self, name: &'static str, value: impl Display) -> &mut Self {
        self.raw(" ").raw(name).raw("=\"").text(&value.to_string()).raw("\"")
    }

    /// An element with text in it.
    pub(crate) fn element(&mut self, open: &'static str, text: &str, close: &'static str) -> &mut Self {
        self.raw(open).text(text).raw(close)
    }

    /// The page.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    fn char(&mut self, ch: char) {
        match ch {
            '&' | '<' | '>' | '"' | '\'' => self.text.push_str(entity(ch)),
            '\t' => self.text.push(' '),
            // Control characters and marks of direction are replaced as in a terminal.
            _ => self.text.push(Pen::PLAIN.stand_in(ch).unwrap_or(ch)),
        }
    }
}

/// A text of at most `most` characters, and whether it was cut.
pub(crate) fn cut(text: &str, most: usize) -> (String, bool) {
    if text.chars().count() <= most {
        return (text.to_owned(), false);
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    (format!("{}…", kept.trim_end()), true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Markup, code, cut, fenced, plain, prose, url};

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

    fn text(text: &str) -> String {
        let mut markup = Markup::default();
        markup.text(text);
        markup.as_str().to_owned()
    }

    #[test]
    fn nothing_becomes_markup() {
        assert_eq!(
            text("</script><b a='1' b=\"2\">&amp;"),
            "&lt;/script&gt;&lt;b a=&#39;1&#39; b=&quot;2&quot;&gt;&amp;amp;"
        );
    }

    #[test]
    fn what_a_browser_would_obey_is_made_visible() {
        assert_eq!(text("a\u{202e}b\0c\nd\te"), "a\u{fffd}b␀c␊d e");
    }

    #[test]
    fn pre_keeps_its_lines() {
        let mut markup = Markup::default();
        markup.lines("{\r\n\t\"a\": 1\n}");
        assert_eq!(markup.as_str(), "{\n\t&quot;a&quot;: 1\n}");
    }

    #[test]
    fn backticks_in_pairs_are_code() {
        let mut markup = Markup::default();
        markup.prose("rule `a<b` denies").prose(" `odd");
        assert_eq!(markup.as_str(), "rule <code>a&lt;b</code> denies `odd");
    }

    #[test]
    fn an_attribute_cannot_be_left() {
        let mut markup = Markup::default();
        markup.raw("<a").attribute("title", "\" onclick=\"alert(1)").raw(">");
        assert_eq!(markup.as_str(), "<a title=\"&quot; onclick=&quot;alert(1)\">");
    }

    #[test]
    fn long_names_are_cut_by_characters() {
        assert_eq!(cut("网络安全组", 3), ("网络…".to_owned(), true));
        assert_eq!(cut("nsg", 3), ("nsg".to_owned(), false));
    }
}
