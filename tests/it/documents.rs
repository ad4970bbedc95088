//! What the documents print under a command is what the program prints: `README.md` and `examples/README.md`.
//! `UPDATE=1 cargo test --test it documents` writes closing lines anew; read them before you commit them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// A command of a document, and the lines printed under it up to the next command or the end of the block.
struct Shown {
    line: usize,
    arguments: Vec<String>,
    output: Vec<String>,
}

/// Commands in fenced and in indented blocks that run on the examples alone; others depend on the reader's files.
fn shown(text: &str) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    let mut is_fenced = false;
    let mut is_open = false;
    for (at, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            is_fenced = !is_fenced;
            is_open = false;
            continue;
        }
        let Some(line) = (if is_fenced { Some(line) } else { line.strip_prefix("    ") }) else {
            is_open = false;
            continue;
        };
        if let Some(command) = line.strip_prefix("$ ") {
            let command = command.split(" #").next().unwrap_or(command);
            let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
            is_open = words[0] == "aznetlint" && command.contains("examples/") && !command.contains(['|', '>', '<']);
            if is_open {
                found.push(Shown { line: at + 1, arguments: words[1..].to_vec(), output: Vec::new() });
            }
        } else if is_open {
            found.last_mut().expect("a command is open").output.push(line.to_owned());
        }
    }
    found.retain(|shown| !shown.output.is_empty());
    found
}

/// The line with the counts; the last one of an output that counts nothing.
fn counts<'a>(printed: &[&'a str]) -> &'a str {
    let is_counts = |line: &&&str| line.contains(" blocked, ") || line.contains(" blocked (");
    printed.iter().rfind(is_counts).or(printed.last()).copied().unwrap_or_default()
}

/// Whether the printed lines are those of the document, where a line `…` stands for any number of lines, and a single
/// line is the one with the counts, in any lines.
fn agrees(shown: &[String], printed: &str) -> Result<(), String> {
    let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
    let shown: Vec<&str> = shown.iter().map(|line| line.trim_end()).collect();
    if let [line] = *shown {
        let counts = counts(&printed);
        let differs = || format!("it says\n  {line}\nand the program prints\n  {counts}");
        return if line == counts { Ok(()) } else { Err(differs()) };
    }
    let parts: Vec<&[&str]> = shown.split(|line| line.trim() == "…").collect();
    let last = parts.len() - 1;
    let mut at = 0;
    for (number, part) in parts.into_iter().enumerate() {
        let Some(&first) = part.first() else { continue };
        let from = match number {
            0 => 0,
            _ if number == last => printed.len().saturating_sub(part.len()).max(at),
            _ => at + printed[at..].iter().position(|line| *line == first).unwrap_or(0),
        };
        let differs = (0..part.len()).find(|step| printed.get(from + step) != Some(&part[*step]));
        if let Some(step) = differs {
            let there = printed.get(from + step).unwrap_or(&"nothing");
            return Err(format!("it says\n  {}\nand the program prints\n  {there}", part[step]));
        }
        at = from + part.len();
        if number == last && at < printed.len() {
            return Err(format!("the program prints {} more lines", printed.len() - at));
        }
    }
    Ok(())
}

#[test]
fn documents_show_what_the_program_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut commands = 0;
    let mut wrong = Vec::new();
    for document in ["README.md", "examples/README.md"] {
        let mut text = std::fs::read_to_string(root.join(document)).unwrap();
        for shown in shown(&text) {
            commands += 1;
            let output = Command::new(env!("CARGO_BIN_EXE_aznetlint"))
                .args(&shown.arguments)
                .current_dir(root)
                .env("NO_COLOR", "1")
                .output()
                .unwrap();
            let printed = String::from_utf8_lossy(&output.stdout);
            if let Err(difference) = agrees(&shown.output, &printed) {
                wrong.push(format!("{document}:{}: {difference}", shown.line));
                let (old, new) = (shown.output.last().unwrap(), counts(&printed.lines().collect::<Vec<_>>()));
                let lines = text.lines().enumerate().map(|(at, line)| {
                    // The closing line is the last one shown under the command.
                    let is_closing = at == shown.line + shown.output.len() - 1;
                    if is_closing { line.replace(old, new) } else { line.to_owned() }
                });
                text = lines.map(|line| line + "\n").collect();
            }
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(root.join(document), text).unwrap();
        }
    }
    assert!(commands >= 14, "{commands} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The codes of a text such as `NSG-17`: their chapters are those of `src/proof/semantics.md`, and a number follows.
fn codes(text: &str) -> Vec<String> {
    const CHAPTERS: [&str; 13] =
        ["ALG", "NSG", "TAG", "RT", "FW", "AML", "PE", "DNS", "BOTH-ENDS", "VWAN", "AVNM", "SHAPE", "UNC"];
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    let is_code = |word: &&str| {
        let parts = word.rsplit_once('-');
        parts.is_some_and(|(chapter, number)| CHAPTERS.contains(&chapter) && number.parse::<u16>().is_ok())
    };
    words.filter(is_code).map(str::to_owned).collect()
}

#[test]
fn every_code_that_is_cited_is_explained() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let semantics = std::fs::read_to_string(root.join("src/proof/semantics.md")).unwrap();
    let mut explained = BTreeSet::new();
    for line in semantics.lines().filter_map(|line| line.strip_prefix("- **")) {
        let (code, rest) = line.split_once("**: ").expect("a code in bold, then a sentence");
        assert!(explained.insert(code.to_owned()), "{code} stands there twice");
        let link = rest.rsplit_once("][").map(|(_, link)| format!("\n[{}: https://", link));
        let sourced = rest.contains("*Own definition.*") || link.is_some_and(|link| semantics.contains(&link));
        assert!(sourced, "{code} names no page");
    }
    let mut cited: BTreeMap<String, String> = BTreeMap::new();
    for folder in ["src", "rules"] {
        for entry in walkdir::WalkDir::new(root.join(folder)) {
            let entry = entry.unwrap();
            let name = entry.path().strip_prefix(root).unwrap().display().to_string();
            let marks: &[&str] = match entry.path().extension().and_then(|end| end.to_str()) {
                Some("rs") => &["//"],
                Some("yaml") => &["#", "tags:"],
                _ => continue,
            };
            for line in std::fs::read_to_string(entry.path()).unwrap().lines() {
                let said = marks.iter().filter_map(|mark| line.find(mark)).min();
                let all = said.map(|at| codes(&line[at..])).unwrap_or_default();
                cited.extend(all.into_iter().map(|code| (code, name.clone())));
            }
        }
    }
    assert!(cited.len() > 80, "{} codes were found", cited.len());
    let unknown: Vec<_> = cited.iter().filter(|(code, _)| !explained.contains(*code)).collect();
    assert!(unknown.is_empty(), "not in src/proof/semantics.md: {unknown:?}");
}

/// A file that a document names in backquotes is there.
#[test]
fn documents_name_files_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_path = |word: &&str| {
        ["src/", "rules/", "tests/", "examples/", ".github/"].iter().any(|folder| word.starts_with(folder))
            && !word.contains([' ', '*', '<'])
            && !["FAMILY", "NAME"].iter().any(|part| word.contains(part))
    };
    let mut named = 0;
    let mut missing = Vec::new();
    for document in ["src/README.md", ".github/CONTRIBUTING.md", "rules/WRITING.md"] {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        for word in text.split('`').skip(1).step_by(2).filter(is_path) {
            named += 1;
            if !root.join(word).exists() {
                missing.push(format!("{document}: {word}"));
            }
        }
    }
    assert!(named > 30, "{named}");
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
