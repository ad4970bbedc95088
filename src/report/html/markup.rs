//! HTML as it is put together: what the program writes goes in as it is, everything else goes in escaped.
//!
//! Markup is `&'static str`, so a name from an input cannot become markup by mistake.

use std::fmt::Display;

use crate::report::pen::Pen;

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
            '&' => self.text.push_str("&amp;"),
            '<' => self.text.push_str("&lt;"),
            '>' => self.text.push_str("&gt;"),
            '"' => self.text.push_str("&quot;"),
            '\'' => self.text.push_str("&#39;"),
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
    use super::{Markup, cut};

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
