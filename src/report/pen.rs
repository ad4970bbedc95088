//! What reaches the terminal: colours and links when wanted, and never a control character that came from an input.

use std::io;

use anstyle::{AnsiColor, Style};
use codespan_reporting::diagnostic::{LabelStyle, Severity};
use codespan_reporting::term::WriteStyle;

use crate::finding::Level;
use crate::printable;

/// Which characters and colours may be used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pen {
    /// Colours and links.
    pub(crate) color: bool,
    /// ASCII characters only in what this program adds.
    pub(crate) ascii: bool,
}

/// The roles text can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// An error, or something blocked.
    Error,
    /// A warning.
    Warning,
    /// A note.
    Note,
    /// Something that cannot be told.
    Undecided,
    /// Something that passes.
    Pass,
    /// The word before a colon.
    Key,
    /// What matters less.
    Faint,
    /// What matters more.
    Strong,
}

impl Role {
    /// The role of a finding's word.
    pub(crate) fn of(level: Level, undecided: bool) -> Self {
        match level {
            _ if undecided => Self::Undecided,
            Level::Error => Self::Error,
            Level::Warning => Self::Warning,
            Level::Note => Self::Note,
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Error => AnsiColor::BrightRed.on_default().bold(),
            Self::Warning => AnsiColor::Yellow.on_default().bold(),
            Self::Note => AnsiColor::BrightGreen.on_default().bold(),
            Self::Undecided => AnsiColor::BrightMagenta.on_default().bold(),
            Self::Pass => AnsiColor::Green.on_default(),
            Self::Key => AnsiColor::BrightBlue.on_default(),
            Self::Faint => Style::new().dimmed(),
            Self::Strong => Style::new().bold(),
        }
    }
}

impl Pen {
    /// No colour, and any character.
    pub(crate) const PLAIN: Self = Self { color: false, ascii: false };

    /// The text in its colour. The text must be clean.
    pub(crate) fn paint(self, role: Role, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let style = role.style();
        format!("{style}{text}{style:#}")
    }

    /// An address, as a link where the terminal may follow it.
    pub(crate) fn link(self, url: &str) -> String {
        let url = self.clean(url);
        let plain = url.chars().all(|ch| ch.is_ascii_graphic());
        if self.color && plain && url.starts_with("https://") {
            format!("\u{1b}]8;;{url}\u{1b}\\{url}\u{1b}]8;;\u{1b}\\")
        } else {
            url
        }
    }

    /// One line of text without anything a terminal would obey.
    pub(crate) fn clean(self, text: &str) -> String {
        let mut cleaned = String::with_capacity(text.len());
        for ch in text.chars() {
            match ch {
                '\t' => cleaned.push(' '),
                _ => match self.stand_in(ch) {
                    Some(other) => cleaned.push(other),
                    None => self.push_plain(ch, &mut cleaned),
                },
            }
        }
        cleaned
    }

    /// What is shown instead of a character that a terminal would obey or that hides text; `None` for all others.
    pub(crate) fn stand_in(self, ch: char) -> Option<char> {
        let picture = printable::stand_in(ch)?;
        Some(if self.ascii { '?' } else { picture })
    }

    /// What stands between two parts of a line.
    pub(crate) fn dot(self) -> &'static str {
        if self.ascii { " | " } else { " · " }
    }

    /// What stands for text that was left out.
    pub(crate) fn ellipsis(self) -> &'static str {
        if self.ascii { "..." } else { "…" }
    }

    fn push_plain(self, ch: char, to: &mut String) {
        match ch {
            '·' if self.ascii => to.push('|'),
            '→' if self.ascii => to.push_str("->"),
            '…' if self.ascii => to.push_str("..."),
            '–' | '—' if self.ascii => to.push('-'),
            '“' | '”' if self.ascii => to.push('"'),
            '‘' | '’' if self.ascii => to.push('\''),
            _ => to.push(ch),
        }
    }
}

/// Takes what codespan-reporting writes, with our own first word (`undecided[…]`) and colours, and without spaces at
/// the ends of lines.
pub(crate) struct Painter<'a> {
    out: &'a mut dyn io::Write,
    color: bool,
    word: &'a str,
    role: Role,
    in_word: bool,
    spaces: usize,
}

impl<'a> Painter<'a> {
    /// A painter for one finding, whose first word is `word`.
    pub(crate) fn new(out: &'a mut dyn io::Write, color: bool, word: &'a str, role: Role) -> Self {
        Self { out, color, word, role, in_word: false, spaces: 0 }
    }

    fn set(&mut self, style: Style) -> io::Result<()> {
        if !self.color {
            return Ok(());
        }
        self.catch_up()?;
        write!(self.out, "{style}")
    }

    /// Writes the spaces that turned out not to end a line.
    fn catch_up(&mut self) -> io::Result<()> {
        const BLANKS: &[u8; 64] = &[b' '; 64];
        let mut spaces = std::mem::take(&mut self.spaces);
        while spaces > 0 {
            let now = spaces.min(BLANKS.len());
            self.out.write_all(&BLANKS[..now])?;
            spaces -= now;
        }
        Ok(())
    }
}

impl io::Write for Painter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.in_word {
            return Ok(bytes.len());
        }
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let kept = line.trim_ascii_end();
            if !kept.is_empty() {
                self.catch_up()?;
                self.out.write_all(kept)?;
            }
            if line.ends_with(b"\n") {
                self.spaces = 0;
                self.out.write_all(b"\n")?;
            } else {
                self.spaces += line.len() - kept.len();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl WriteStyle for Painter<'_> {
    fn set_header(&mut self, _: Severity) -> io::Result<()> {
        self.set(self.role.style())?;
        self.out.write_all(self.word.as_bytes())?;
        self.in_word = true;
        Ok(())
    }

    fn set_header_message(&mut self) -> io::Result<()> {
        self.in_word = false;
        self.reset()?;
        self.set(Role::Strong.style())
    }

    fn set_line_number(&mut self) -> io::Result<()> {
        self.set(Role::Key.style())
    }

    fn set_note_bullet(&mut self) -> io::Result<()> {
        self.set(Role::Key.style())
    }

    fn set_source_border(&mut self) -> io::Result<()> {
        self.set(Role::Key.style())
    }

    fn set_label(&mut self, _: Severity, label: LabelStyle) -> io::Result<()> {
        match label {
            LabelStyle::Primary => self.set(self.role.style()),
            LabelStyle::Secondary => self.set(AnsiColor::BrightCyan.on_default()),
        }
    }

    fn reset(&mut self) -> io::Result<()> {
        if self.color { write!(self.out, "{}", anstyle::Reset) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::Pen;

    #[test]
    fn escapes_and_overrides_are_made_visible() {
        assert_eq!(Pen::PLAIN.clean("a\u{1b}[31mb\u{202e}c\nd\u{9b}"), "a␛[31mb\u{fffd}c␊d\u{fffd}");
    }

    #[test]
    fn joined_emoji_and_other_scripts_stay() {
        assert_eq!(Pen::PLAIN.clean("网络 👩\u{200d}💻"), "网络 👩\u{200d}💻");
    }

    #[test]
    fn ascii_is_ascii() {
        let pen = Pen { color: false, ascii: true };
        assert_eq!(pen.clean("a → b · c… \u{1b}"), "a -> b | c... ?");
    }

    #[test]
    fn links_appear_with_colour_only() {
        assert_eq!(Pen::PLAIN.link("https://a.example/x"), "https://a.example/x");
        let pen = Pen { color: true, ascii: false };
        assert!(pen.link("https://a.example/x").starts_with("\u{1b}]8;;https://a.example/x\u{1b}\\"));
        assert_eq!(pen.link("https://a.example/\u{1b}x"), "https://a.example/␛x");
    }
}
