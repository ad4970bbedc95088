//! The Code Quality report of GitLab: a list of issues, each with a path from the root of the repository, a line, a severity
//! and a fingerprint. <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>, read 2025-11-20.

use std::io;

use serde_json::{Value, json};

use crate::finding::Level;
use crate::report::context::Context;
use crate::report::pen::Pen;

/// Writes the report. Findings that are ignored are left out: GitLab has no word for them.
pub(crate) fn write(context: &Context<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let undecided = context.options.undecided;
    let issue = |finding: &&crate::finding::Finding| -> Value {
        let location = context.location(finding);
        let line = location.span.map_or(1, |span| context.paths.region(span).line);
        let severity = match finding.level_as(undecided) {
            Level::Error => "critical",
            Level::Warning if finding.undecided => "minor",
            Level::Warning => "major",
            Level::Note => "info",
        };
        let word = if finding.undecided { "undecided: " } else { "" };
        json!({
            "description": Pen::PLAIN.clean(&format!("{word}{}", finding.headline().replace('\n', " "))),
            "check_name": finding.rule.as_str(),
            "fingerprint": finding.digest(&location.path),
            "severity": severity,
            "location": { "path": location.path, "lines": { "begin": line } },
        })
    };
    let issues: Vec<Value> = context.open.iter().map(issue).collect();
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    writeln!(out)
}
