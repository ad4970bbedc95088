//! A report for editors and grep: `path:line:col: level[rule] message`, a line for each finding, then the counts.

use std::collections::BTreeMap;
use std::io;

use crate::finding::RuleId;
use crate::report::context::Context;
use crate::report::ending::summary;
use crate::report::overview::closing;
use crate::report::pen::{Pen, Role};

/// Writes the report.
pub(crate) fn write(context: &Context<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let pen = Pen { color: context.options.color, ascii: context.options.ascii };
    for finding in &context.open {
        let span = finding.at.span;
        let place = context.files.position(span);
        let name = pen.clean(context.files.name(span.file));
        let word = if finding.undecided { "undecided" } else { finding.level.as_str() };
        let word = format!("{word}[{}]", pen.clean(finding.rule.as_str()));
        let word = pen.paint(Role::of(finding.level, finding.undecided), &word);
        let message = pen.clean(&finding.headline().replace('\n', " "));
        writeln!(out, "{name}:{}:{}: {word} {message}", place.line, place.column)?;
    }
    writeln!(out, "{}", closing(context, pen))
}

/// Writes how many findings each rule has, the most first, then the counts.
pub(crate) fn statistics(context: &Context<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let pen = Pen { color: context.options.color, ascii: context.options.ascii };
    let mut rules: BTreeMap<(&RuleId, bool), (usize, Role, &str)> = BTreeMap::new();
    for finding in &context.open {
        let (role, word) = (Role::of(finding.level, finding.undecided), finding.level.as_str());
        let word = if finding.undecided { "undecided" } else { word };
        rules.entry((&finding.rule, finding.undecided)).or_insert((0, role, word)).0 += 1;
    }
    let mut rules: Vec<_> = rules.into_iter().collect();
    rules.sort_by_key(|(_, (number, ..))| std::cmp::Reverse(*number));
    let digits = rules.first().map_or(1, |(_, (number, ..))| number.to_string().len());
    for ((rule, _), (number, role, word)) in rules {
        let word = pen.paint(role, &format!("{word:9}"));
        writeln!(out, "{number:digits$}  {word}  {}", pen.clean(rule.as_str()))?;
    }
    if !context.open.is_empty() {
        writeln!(out)?;
    }
    summary(context, pen, out)
}
