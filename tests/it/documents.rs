//! What the documents print under a command is what the program prints: `README.md` and `examples/README.md`.
//! `UPDATE=1 cargo test --test it documents` writes closing lines anew; read them before you commit them.

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

/// Whether the printed lines are those of the document, where a line `…` stands for any number of lines, and a single
/// line is the one that closes the output.
fn agrees(shown: &[String], printed: &str) -> Result<(), String> {
    let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
    let shown: Vec<&str> = shown.iter().map(|line| line.trim_end()).collect();
    let mut parts: Vec<&[&str]> = shown.split(|line| line.trim() == "…").collect();
    if shown.len() == 1 {
        parts.insert(0, &[]);
    }
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
                let (old, new) = (shown.output.last().unwrap(), printed.lines().last().unwrap_or_default());
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
