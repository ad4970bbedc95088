//! Text from outside, made safe to print: names, paths and messages may hold what a terminal or a pipeline would obey.
//!
//! Whatever leaves the program goes through a [`Printer`], so nothing depends on every message being careful by itself.

use std::io::{self, Write};
use std::path::Path;

/// What is shown instead of a character that a terminal would obey or that hides text; `None` for all others.
pub(crate) fn stand_in(ch: char) -> Option<char> {
    let code = u32::from(ch);
    match code {
        0x00..=0x1f => char::from_u32(0x2400 + code),
        0x7f => Some('\u{2421}'),
        // C1 controls; soft line ends; marks and overrides of direction; what has no width and no script needs.
        0x80..=0x9f
        | 0x61c
        | 0x180e
        | 0x200b
        | 0x200e
        | 0x200f
        | 0x2028..=0x202e
        | 0x2060..=0x206f
        | 0xfeff
        | 0xfff9..=0xfffb
        | 0xe0000..=0xe0fff => Some('\u{fffd}'),
        _ => None,
    }
}

/// The text on one line: what would end the line or be obeyed is shown as a sign.
pub(crate) fn line(text: &str) -> String {
    text.chars().map(|ch| stand_in(ch).unwrap_or(ch)).collect()
}

/// A path on one line.
pub(crate) fn path(path: &Path) -> String {
    line(&path.to_string_lossy())
}

/// A word as YAML and JSON can hold it, between quotes, on one line.
pub(crate) fn quoted(word: &str) -> String {
    let mut escaped = String::new();
    json(&serde_json::Value::from(word).to_string(), &mut escaped);
    escaped
}

/// What kind of text is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Lines without colour.
    Plain,
    /// Lines with the colours and links of this program.
    Colored,
    /// Lines among which commands to a pipeline are meant: only their characters are looked at.
    Commands,
    /// JSON: what is not safe is written as an escape, so the value stays the same.
    Json,
}

/// Lets nothing through that a terminal or a pipeline would obey: no control character but line ends and tabs (and the
/// colours and links of [`Kind::Colored`]), and no line that a runner of GitHub or an agent of Azure Pipelines would
/// take for a command. A line is held until it ends or the printer is flushed.
pub(crate) struct Printer<W: Write> {
    out: W,
    kind: Kind,
    held: Vec<u8>,
    /// The start of the line is out already.
    is_begun: bool,
}

impl<W: Write> Printer<W> {
    pub(crate) fn new(out: W, kind: Kind) -> Self {
        Self { out, kind, held: Vec::new(), is_begun: false }
    }

    fn print(&mut self, held: &[u8], is_end: bool) -> io::Result<()> {
        // Nearly every line: nothing in it has to be looked at by itself.
        if self.is_harmless(held) {
            self.is_begun = !is_end;
            return self.out.write_all(held);
        }
        let text = String::from_utf8_lossy(held);
        let mut printed = String::with_capacity(text.len());
        match self.kind {
            Kind::Json => json(&text, &mut printed),
            kind => plain(&text, kind, !self.is_begun, &mut printed),
        }
        self.is_begun = !is_end;
        self.out.write_all(printed.as_bytes())
    }

    fn is_harmless(&self, line: &[u8]) -> bool {
        let is_plain = |byte: u8| matches!(byte, b' '..=b'"' | b'$'..=b'~');
        match self.kind {
            Kind::Json => line.iter().all(|&byte| is_plain(byte) || matches!(byte, b'\n' | b'\r' | b'\t')),
            _ => {
                let body = line.strip_suffix(b"\n").unwrap_or(line);
                body.iter().all(|&byte| is_plain(byte)) && !body.trim_ascii_start().starts_with(b"::")
            }
        }
    }
}

impl<W: Write> Write for Printer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            let (now, later) = rest.split_at(at + 1);
            rest = later;
            if self.held.is_empty() {
                self.print(now, true)?;
            } else {
                let mut held = std::mem::take(&mut self.held);
                held.extend_from_slice(now);
                self.print(&held, true)?;
                held.clear();
                self.held = held;
            }
        }
        self.held.extend_from_slice(rest);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            self.print(&held, false)?;
        }
        self.out.flush()
    }
}

fn json(text: &str, to: &mut String) {
    for (at, ch) in text.char_indices() {
        match ch {
            // In JSON a number sign stands in strings only.
            '#' if is_azure_command(&text[at..]) => to.push_str("\\u0023"),
            '\n' | '\r' | '\t' => to.push(ch),
            _ => push_json(ch, to),
        }
    }
}

fn push_json(ch: char, to: &mut String) {
    if stand_in(ch).is_none() {
        return to.push(ch);
    }
    for unit in ch.encode_utf16(&mut [0; 2]) {
        to.push_str(&format!("\\u{unit:04x}"));
    }
}

/// One line with its end, if it has one.
fn plain(text: &str, kind: Kind, is_start: bool, to: &mut String) {
    let body = text.trim_end_matches('\n');
    let body = body.strip_suffix('\r').filter(|_| body.len() < text.len()).unwrap_or(body);
    let is_text = kind != Kind::Commands;
    let mut is_start = is_start && is_text;
    let mut rest = body;
    while let Some(ch) = rest.chars().next() {
        if kind == Kind::Colored
            && let Some(length) = own_sequence(rest)
        {
            to.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        if is_start && is_github_command(rest) {
            to.push_str(": ");
            rest = &rest[1..];
            is_start = false;
            continue;
        }
        to.push(if ch == '\t' { ch } else { stand_in(ch).unwrap_or(ch) });
        if is_text && ch == '#' && is_azure_command(rest) {
            // What has no width would not do: the agent compares by the rules of a language, which pass over it.
            to.push(' ');
        }
        is_start &= ch.is_whitespace();
        rest = &rest[ch.len_utf8()..];
    }
    to.push_str(&text[body.len()..]);
}

/// Whether a line that starts so, blanks aside, is a workflow command: `::name …::text`. An address such as `::/0` is
/// none.
fn is_github_command(rest: &str) -> bool {
    let Some(after) = rest.strip_prefix("::") else { return false };
    let word = rest.split([' ', ',', ';', '(', ')']).next().unwrap_or(rest);
    let is_address = word.parse::<std::net::IpAddr>().is_ok() || word.parse::<ipnet::IpNet>().is_ok();
    !is_address && after.contains("::")
}

/// Whether a command of Azure Pipelines starts here, `##vso[` or `##[`, also with characters that have no width in it.
fn is_azure_command(rest: &str) -> bool {
    let mut shown = rest.chars().filter(|ch| ch.is_ascii() && !ch.is_ascii_control());
    if (shown.next(), shown.next()) != (Some('#'), Some('#')) {
        return false;
    }
    let next: String = shown.skip_while(|ch| *ch == '#').take(4).collect();
    next.starts_with('[') || next.eq_ignore_ascii_case("vso[")
}

/// The length of a colour or a link at the start, as this program writes them.
fn own_sequence(rest: &str) -> Option<usize> {
    if let Some(color) = rest.strip_prefix("\u{1b}[") {
        let digits = color.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
        return color[digits..].starts_with('m').then_some(2 + digits + 1);
    }
    let link = rest.strip_prefix("\u{1b}]8;")?;
    let end = link.find("\u{1b}\\")?;
    link[..end].bytes().all(|byte| byte.is_ascii_graphic()).then_some(4 + end + 2)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::{Kind, Printer, line, quoted};

    fn printed(kind: Kind, parts: &[&str]) -> String {
        let mut out = Vec::new();
        let mut printer = Printer::new(&mut out, kind);
        parts.iter().for_each(|part| printer.write_all(part.as_bytes()).unwrap());
        printer.flush().unwrap();
        String::from_utf8(out).unwrap()
    }

    fn is_raw(ch: char) -> bool {
        ch != '\n' && ch != '\t' && super::stand_in(ch).is_some()
    }

    #[test]
    fn commands_at_the_start_of_a_line_are_broken_up() {
        let plain = |text| printed(Kind::Plain, &[text]);
        assert_eq!(plain("a ::error::b\n  ::error::b\n"), "a ::error::b\n  : :error::b\n");
        assert_eq!(plain("\u{3000}::set-env name=x::y"), "\u{3000}: :set-env name=x::y");
        assert_eq!(plain("x ##vso[a.b]c ##[error]d ## Title\n"), "x # #vso[a.b]c # #[error]d ## Title\n");
        assert_eq!(plain("### Findings\n## [a](b)\n"), "### Findings\n## [a](b)\n");
        assert_eq!(plain("#\u{200d}#VSO[a.b]\n###[x]"), "# \u{200d}#VSO[a.b]\n# # #[x]");
    }

    #[test]
    fn addresses_are_no_commands() {
        assert_eq!(printed(Kind::Plain, &["  ::/0, ::1\n"]), "  ::/0, ::1\n");
    }

    #[test]
    fn parts_of_a_line_are_one_line() {
        assert_eq!(printed(Kind::Plain, &["  :", ":error", "::x\n", "::a", "::b\n"]), "  : :error::x\n: :a::b\n");
        assert_eq!(printed(Kind::Plain, &["a\u{1b}b\r\n"]), "a␛b\r\n");
    }

    #[test]
    fn only_own_colours_and_links_pass() {
        let text = "\u{1b}[1m\u{1b}[31mx\u{1b}[0m\u{1b}]8;;https://a.b\u{1b}\\y\u{1b}]8;;\u{1b}\\\n";
        assert_eq!(printed(Kind::Colored, &[text]), text);
        assert_eq!(printed(Kind::Colored, &["\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}31m"]), "␛[2J␛]0;t␇\u{fffd}31m");
        assert_eq!(printed(Kind::Colored, &["\u{1b}[31m::error::x"]), "\u{1b}[31m: :error::x");
        assert!(!printed(Kind::Plain, &[text]).contains('\u{1b}'));
    }

    #[test]
    fn a_word_between_quotes_stays_on_its_line() {
        assert_eq!(quoted("a\n\u{85}\u{2028}\"b"), "\"a\\n\\u0085\\u2028\\\"b\"");
        assert_eq!(line("a\nb"), "a␊b");
    }

    proptest! {
        #[test]
        fn nothing_is_obeyed(text in prop_oneof![any::<String>(), "[:#\\[vso \u{1b}\u{9b}\u{200d}\n\r\t-]{0,24}"]) {
            let out = printed(Kind::Plain, &[&text]);
            prop_assert!(!out.replace("\r\n", "\n").contains(is_raw), "{out:?}");
            for line in out.split(['\n', '\r']) {
                // The name stands between the colons, up to a blank; no command has the name of an address.
                let command = line.trim_start().strip_prefix("::").and_then(|rest| rest.split_once("::"));
                let name = command.and_then(|(command, _)| command.split(' ').next());
                let is_address = |name: &str| name.chars().all(|ch| ch.is_ascii_hexdigit() || "./".contains(ch));
                prop_assert!(name.is_none_or(is_address), "{out:?}");
                let shown = line.replace(|ch: char| !ch.is_ascii() || ch.is_ascii_control(), "");
                let shown = shown.to_ascii_lowercase();
                prop_assert!(!shown.contains("##[") && !shown.contains("##vso["), "{out:?}");
            }
        }

        #[test]
        fn json_means_the_same(text in prop_oneof![any::<String>(), "[#\\[\u{1b}\u{9b}\u{202e}\u{e0041}\n]{0,24}"]) {
            let value = serde_json::json!({ "a": [text], "##": 1 });
            let out = printed(Kind::Json, &[&format!("{value:#}")]);
            prop_assert!(!out.contains(is_raw) && !out.contains("##["), "{out:?}");
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap(), value);
        }
    }
}
