//! What is wrong with a rule file, with its place, and did-you-mean.

use std::path::PathBuf;
use std::sync::Arc;

use miette::{Diagnostic, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::printable;
use crate::rule::tree::At;
pub(crate) use crate::spelling::suggestion;

/// Lines up to this length are shown whole; of longer ones only what is near the label, since miette cannot draw
/// beyond column 65,535.
const LONG_LINE: usize = 400;

/// How much of a long line is shown before and after the label, in bytes.
const AROUND: usize = 80;

/// Why rules could not be loaded.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum RuleError {
    /// A folder or file cannot be read.
    #[error("`{}` cannot be read: {error}", printable::path(path))]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
    /// Something in a rule file is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Written(Box<Mistake>),
}

/// Something wrong in a rule file, and where.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub struct Mistake {
    message: String,
    #[source_code]
    source_code: Excerpt,
    #[label("{label}")]
    label_at: SourceSpan,
    label: String,
    #[help]
    help: Option<String>,
    /// The first mistake of every other file.
    #[related]
    others: Vec<RuleError>,
}

impl RuleError {
    pub(crate) fn new(text: &Text, at: At, message: impl Into<String>) -> Self {
        let start = floor_boundary(&text.content, at.start);
        let end = floor_boundary(&text.content, at.end).max(start);
        Self::Written(Box::new(Mistake {
            message: message.into(),
            source_code: Excerpt(text.clone()),
            label_at: (start, end - start).into(),
            label: "here".to_owned(),
            help: None,
            others: Vec::new(),
        }))
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        if let Self::Written(mistake) = &mut self {
            mistake.help = Some(help.into());
        }
        self
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        if let Self::Written(mistake) = &mut self {
            mistake.label = label.into();
        }
        self
    }

    /// One error out of the first of every file; `None` when there is none.
    pub(crate) fn gather(errors: Vec<Self>) -> Option<Self> {
        let mut errors = errors.into_iter();
        let mut first = errors.next()?;
        match &mut first {
            Self::Written(mistake) => mistake.others.extend(errors),
            Self::Unreadable { .. } => {}
        }
        Some(first)
    }

    /// Name of the file, line and column, both from 1, the column in characters.
    pub fn place(&self) -> Option<(&str, usize, usize)> {
        let Self::Written(mistake) = self else { return None };
        let (line, column) = mistake.source_code.0.position(mistake.label_at.offset());
        Some((&mistake.source_code.0.name, line, column))
    }

    /// What to do about it.
    pub fn advice(&self) -> Option<&str> {
        match self {
            Self::Written(mistake) => mistake.help.as_deref(),
            Self::Unreadable { .. } => None,
        }
    }

    /// The mistakes of other files.
    pub fn others(&self) -> &[Self] {
        match self {
            Self::Written(mistake) => &mistake.others,
            Self::Unreadable { .. } => &[],
        }
    }
}

/// A rule file as miette sees it: whole lines, but only the neighbourhood of a label on very long ones.
#[derive(Clone, Debug)]
struct Excerpt(Text);

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let content: &str = &self.0.content;
        let start = floor_boundary(content, span.offset());
        let end = floor_boundary(content, span.offset() + span.len()).max(start);
        let mut first = content[..start].rfind('\n').map_or(0, |at| at + 1);
        let mut last = content[end..].find('\n').map_or(content.len(), |at| end + at);
        let (line, column) = if last - first > LONG_LINE {
            first = floor_boundary(content, start.saturating_sub(AROUND).max(first));
            last = floor_boundary(content, (start + AROUND).max(end.min(start + LONG_LINE)).min(last));
            let (line, column) = self.0.position(first);
            (line - 1, column - 1)
        } else {
            for _ in 0..before {
                let Some(above) = first.checked_sub(1) else { break };
                let above = content[..above].rfind('\n').map_or(0, |at| at + 1);
                if first - above > LONG_LINE {
                    break;
                }
                first = above;
            }
            for _ in 0..after {
                let Some(below) = content.get(last + 1..) else { break };
                let length = below.find('\n').unwrap_or(below.len());
                if length > LONG_LINE || below.is_empty() {
                    break;
                }
                last += 1 + length;
            }
            // Without lines around it the place itself is asked for.
            let column = if before == 0 && after == 0 { self.0.position(start).1 - 1 } else { 0 };
            (self.0.position(first).0 - 1, column)
        };
        let shown = &content[first..last];
        Ok(Box::new(MietteSpanContents::new_named(
            printable::line(&self.0.name),
            shown.as_bytes(),
            (first, last - first).into(),
            line,
            column,
            shown.matches('\n').count() + 1,
        )))
    }
}

/// A rule file: its name for messages and its content.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) name: Arc<str>,
    pub(crate) content: Arc<str>,
    /// It came with the program, and a test holds that it is right.
    pub(crate) is_shipped: bool,
}

impl Text {
    pub(crate) fn new(name: impl Into<Arc<str>>, content: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), content: content.into(), is_shipped: false }
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let offset = floor_boundary(&self.content, offset);
        let before = &self.content[..offset];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }
}

/// The start of the character a byte belongs to.
pub(crate) fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::RuleError;
    use crate::rule::error::Text;
    use crate::rule::tree::At;

    fn drawn(error: &RuleError) -> String {
        let mut out = String::new();
        let theme = miette::GraphicalTheme::unicode_nocolor();
        miette::GraphicalReportHandler::new_themed(theme).render_report(&mut out, error).unwrap();
        out
    }

    #[test]
    fn a_mistake_is_shown_with_its_line() {
        let text = Text::new("rules/a.yaml", "title: x\nlevle: error\n");
        let error = RuleError::new(&text, At { start: 9, end: 14 }, "unknown key `levle`").label("not a key here");
        assert_eq!(error.place(), Some(("rules/a.yaml", 2, 1)));
        let drawn = drawn(&error);
        assert!(drawn.contains("rules/a.yaml:2:1") && drawn.contains("levle: error"), "{drawn}");
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_label() {
        let content = format!("a: \"{}\", b: wrong, {}", "é".repeat(90_000), "x".repeat(90_000));
        let start = content.find("wrong").unwrap();
        let error = RuleError::new(&Text::new("a.yaml", content), At { start, end: start + 5 }, "no");
        let drawn = drawn(&error);
        assert!(drawn.len() < 2_000 && drawn.contains("b: wrong"), "{drawn}");
    }
}
