//! Strings: `'…'` with escapes and holes, `'''…'''` as written, `$'''…'''` with holes.

use std::sync::Arc;

use memchr::{memchr, memchr2};

use crate::bicep::reader::{Failure, Read, Reader};
use crate::bicep::scan::{Kind, Token};
use crate::bicep::tree::{Expression, ExpressionKind};

/// What ends a stretch of text in a string.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Close,
    Hole,
}

/// A stretch of text as written.
struct Piece {
    start: usize,
    end: usize,
    escaped: bool,
    /// `None` where the line or the file ends first.
    stop: Option<Stop>,
}

impl Reader<'_> {
    /// Whether a string starts here.
    pub(crate) fn is_string(&self) -> bool {
        matches!(self.token.kind, Kind::Quote | Kind::Block)
    }

    /// Reads the string that the token at hand opens.
    pub(crate) fn string(&mut self) -> Read<Expression> {
        let opening = self.token;
        if opening.kind == Kind::Block {
            self.first_line_end();
        }
        let mut texts = Vec::new();
        let mut holes = Vec::new();
        loop {
            let piece = self.piece(opening);
            let Some(stop) = piece.stop else {
                if holes.is_empty() {
                    // The line end that a block drops may stand before a declaration.
                    self.scan.at = opening.end;
                }
                return Err(self.unclosed(opening, &piece));
            };
            let text = self.decoded(&piece)?;
            if stop == Stop::Close {
                self.last_end = self.scan.at;
                self.token = self.scan.next();
                let span = self.span_from(opening.start);
                if holes.is_empty() {
                    return Ok(Expression { kind: ExpressionKind::Text(text), span });
                }
                texts.push(text);
                return Ok(Expression { kind: ExpressionKind::Interpolated(texts, holes), span });
            }
            texts.push(text);
            holes.push(self.hole(opening.kind == Kind::Quote)?);
        }
    }

    /// Reads what stands between `${` and `}`, both included; the scanner stands after the `{`.
    fn hole(&mut self, one_line: bool) -> Read<Expression> {
        let opening = Token { kind: Kind::OpenBrace, start: self.scan.at - 1, end: self.scan.at };
        let outer = self.scan.one_line;
        self.scan.one_line |= one_line;
        self.token = self.scan.next();
        self.newlines();
        let value = self.expression()?;
        self.newlines();
        if !self.is(Kind::CloseBrace) {
            return Err(self.expected_inside("`}` or an operator", opening));
        }
        // The text goes on right after the bracket: no token may be read there.
        self.scan.at = self.token.end;
        self.scan.one_line = outer;
        Ok(value)
    }

    fn piece(&mut self, opening: Token) -> Piece {
        if opening.kind == Kind::Quote { self.line_piece() } else { self.block_piece(opening.end - opening.start - 3) }
    }

    fn line_piece(&mut self) -> Piece {
        let bytes = self.scan.text.as_bytes();
        let start = self.scan.at;
        let mut at = start;
        let mut escaped = false;
        let stop = loop {
            match bytes.get(at) {
                Some(b'\'') => break Some(Stop::Close),
                Some(b'\\') => {
                    escaped = true;
                    at += 1;
                    if bytes.get(at).is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
                        at += 1;
                    }
                }
                Some(b'$') if bytes.get(at + 1) == Some(&b'{') => break Some(Stop::Hole),
                Some(b'\n' | b'\r') | None => break None,
                Some(_) => at += 1,
            }
        };
        self.scan.at = match stop {
            Some(Stop::Close) => at + 1,
            Some(Stop::Hole) => at + 2,
            None => at,
        };
        Piece { start, end: at, escaped, stop }
    }

    /// A stretch of a `'''` string: it ends at the last three of a run of quotes, a hole takes the last of a run of
    /// dollars.
    fn block_piece(&mut self, dollars: usize) -> Piece {
        let bytes = self.scan.text.as_bytes();
        let start = self.scan.at;
        let mut at = start;
        loop {
            let rest = &bytes[at..];
            let found = if dollars == 0 { memchr(b'\'', rest) } else { memchr2(b'\'', b'$', rest) };
            let Some(found) = found else {
                return Piece { start, end: bytes.len(), escaped: false, stop: None };
            };
            at += found;
            let sign = bytes[at];
            let run = bytes[at..].iter().take_while(|&&byte| byte == sign).count();
            at += run;
            if sign == b'\'' && run >= 3 {
                self.scan.at = at;
                return Piece { start, end: at - 3, escaped: false, stop: Some(Stop::Close) };
            }
            if sign == b'$' && run >= dollars && bytes.get(at) == Some(&b'{') {
                self.scan.at = at + 1;
                return Piece { start, end: at - dollars, escaped: false, stop: Some(Stop::Hole) };
            }
        }
    }

    fn first_line_end(&mut self) {
        let rest = &self.scan.text[self.scan.at..];
        self.scan.at += match rest.as_bytes() {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
    }

    fn unclosed(&self, opening: Token, piece: &Piece) -> Failure {
        if opening.kind == Kind::Block {
            return self.failure("this string is never closed: `'''` is missing", opening.start, opening.end);
        }
        self.failure("this string is not closed: `'` is missing at the end of the line", opening.start, piece.end)
    }

    fn decoded(&mut self, piece: &Piece) -> Read<Arc<str>> {
        let text = self.scan.text;
        let raw = &text[piece.start..piece.end];
        if !piece.escaped {
            return Ok(self.names.get(raw));
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let mut rest = raw;
        while let Some(found) = rest.find('\\') {
            buffer.push_str(&rest[..found]);
            let Some((letter, length)) = unescaped(&rest[found..]) else {
                return Err(self.wrong_escape(piece.end - rest.len() + found));
            };
            buffer.push(letter);
            rest = &rest[found + length..];
        }
        buffer.push_str(rest);
        let decoded = self.names.get(&buffer);
        self.buffer = buffer;
        Ok(decoded)
    }

    fn wrong_escape(&self, at: usize) -> Failure {
        let letter = self.scan.text[at + 1..].chars().next().unwrap_or('\\');
        let message = match letter {
            'u' => "`\\u{…}` takes one to six hexadecimal digits that name a character".to_owned(),
            _ => format!("`\\{letter}` is no escape; a backslash is written `\\\\`"),
        };
        self.failure(message, at, at + 1 + letter.len_utf8())
    }
}

/// The character of an escape, and how long the escape is.
fn unescaped(text: &str) -> Option<(char, usize)> {
    let letter = match text.as_bytes().get(1)? {
        b'\\' => '\\',
        b'\'' => '\'',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'$' => '$',
        b'u' => return code_point(text),
        _ => return None,
    };
    Some((letter, 2))
}

/// The character of `\u{…}`, or of two of them that are the halves of a UTF-16 pair. A half on its own is no character,
/// but the compiler takes it.
fn code_point(text: &str) -> Option<(char, usize)> {
    let (code, length) = hexadecimal(text)?;
    if (0xd800..0xdc00).contains(&code)
        && let Some((low @ 0xdc00..0xe000, more)) = hexadecimal(&text[length..])
    {
        let pair = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        return Some((char::from_u32(pair)?, length + more));
    }
    if (0xd800..0xe000).contains(&code) {
        return Some((char::REPLACEMENT_CHARACTER, length));
    }
    Some((char::from_u32(code)?, length))
}

/// The number of `\u{…}`, and the length of it all.
fn hexadecimal(text: &str) -> Option<(u32, usize)> {
    let digits = text.strip_prefix("\\u{")?;
    let count = digits.bytes().take(7).take_while(u8::is_ascii_hexdigit).count();
    if !digits[count..].starts_with('}') {
        return None;
    }
    Some((u32::from_str_radix(&digits[..count], 16).ok().filter(|_| count <= 6)?, count + 4))
}

#[cfg(test)]
mod tests {
    use crate::bicep::shape::{clean, error, value};
    use crate::bicep::tree::{DeclarationKind, ExpressionKind};

    #[test]
    fn escapes_are_decoded() {
        assert_eq!(value(r"'\\ \' \n \r \t \$ \u{e9} \u{1F600}'"), format!("{:?}", "\\ ' \n \r \t $ é 😀"));
        assert_eq!(value(r"'\u{D83D}\u{DE00}'"), format!("{:?}", "😀"));
        assert_eq!(value(r"'a\${b}$c$'"), format!("{:?}", "a${b}$c$"));
    }

    #[test]
    fn a_wrong_escape_is_shown_at_its_place() {
        assert_eq!(error(r"var x = 'é\q'").1, r"\q");
        for wrong in [r"'\u{}'", r"'\u{1234567}'", r"'\u{110000}'", r"'\u12'", r"'\u{12'"] {
            assert_eq!(error(&format!("var x = {wrong}")).1, r"\u", "{wrong}");
        }
    }

    #[test]
    fn holes_hold_any_expression() {
        assert_eq!(value("'a${b}c'"), r#"<"a" b "c">"#);
        assert_eq!(value("'${{ a: '}' }.a}${'${b}'}'"), r#"<"" {"a": "}"}.a "" <"" b ""> "">"#);
        assert_eq!(value("'${a ? '}' : b}'"), r#"<"" (? a "}" b) "">"#);
        assert_eq!(error("var x = '${}'").1, "}");
    }

    #[test]
    fn a_hole_of_a_line_ends_on_its_line() {
        assert_eq!(error("var x = '${a\n}'\nvar y = 1").0, "`}` is expected here: `${…}` ends on its line");
        assert_eq!(error("var x = '${f(\na)}'").1, "");
        assert_eq!(value("$'''${f(\na)}'''"), r#"<"" f(a) "">"#);
    }

    #[test]
    fn blocks_are_taken_as_written() {
        assert_eq!(value(r"'''a\n${b}'''"), format!("{:?}", r"a\n${b}"));
        assert_eq!(value("'''\na\r\nb\n'''"), format!("{:?}", "a\r\nb\n"));
        assert_eq!(value("'''\r\n\r\na'''"), format!("{:?}", "\r\na"));
        assert_eq!(value("''''a''''"), format!("{:?}", "'a'"));
        assert_eq!(value("''''''"), format!("{:?}", ""));
        assert_eq!(value("'''a''b'''"), format!("{:?}", "a''b"));
    }

    #[test]
    fn dollars_open_the_holes_of_a_block() {
        assert_eq!(value("$'''a${b}'''"), r#"<"a" b "">"#);
        assert_eq!(value("$$'''${a}$$${b}$c'''"), r#"<"${a}$" b "$c">"#);
        assert_eq!(value("$'''\n${a}''''"), r#"<"" a "'">"#);
        assert_eq!(value("$'''a$'''"), format!("{:?}", "a$"));
    }

    #[test]
    fn a_string_ends_with_its_line() {
        let (message, place) = error("var x = 'a b\nvar y = 1");
        assert_eq!(message, "this string is not closed: `'` is missing at the end of the line");
        assert_eq!(place, "'a b");
        assert_eq!(error("var x = 'a\\\nvar y = 1").1, "'a\\");
        assert_eq!(error("var x = '''a\nvar y = 1").1, "'''");
    }

    #[test]
    fn a_literal_stands_at_its_place() {
        let texts = ["", "a", "é${", "[x]", "it", "//", "/* */ #", "{ } [ ]", "a\tb"];
        for text in texts.map(|text| text.replace("${", "$ {")) {
            for (open, close) in [("'", "'"), ("'''", "'''"), ("$$'''", "'''")] {
                let source = format!("// é\nvar x = {open}{text}{close} // end\n");
                let tree = clean(&source);
                let DeclarationKind::Variable { value, .. } = &tree.declarations[0].kind else { panic!() };
                let ExpressionKind::Text(found) = &value.kind else { panic!("{source}") };
                assert_eq!(&**found, text);
                assert_eq!(&source[value.span.range()], format!("{open}{text}{close}"));
            }
        }
    }
}
