//! Runs programs on the same inputs in turn and prints what each took, with its ratio to the first:
//! `compare RUNS NAME=PROGRAM... -- INPUT...`. The fastest run counts, since noise only adds. `COUNT=1` counts instructions
//! with valgrind as well, `MEMORY=1` asks GNU time for the peak of resident memory; both with one thread.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

struct Program {
    name: String,
    path: String,
}

impl Program {
    /// The command for one input; programs named `aznetlint…` are asked to check it.
    fn command(&self, before: &[&str], input: &str) -> Command {
        let mut words: Vec<&str> = before.to_vec();
        words.push(&self.path);
        if self.name.starts_with("aznetlint") {
            words.push("check");
        }
        words.push(input);
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn fastest(&self, input: &str, threads: Option<&str>) -> Duration {
        let mut command = self.command(&[], input);
        if let Some(threads) = threads {
            command.env("RAYON_NUM_THREADS", threads);
        }
        let start = Instant::now();
        command.status().unwrap_or_else(|error| panic!("{}: {error}", self.path));
        start.elapsed()
    }

    /// The number after the last `label` that a tool says about the program on standard error.
    fn told(&self, tool: &[&str], input: &str, label: &str) -> Option<u64> {
        let mut command = self.command(tool, input);
        let output = command.env("RAYON_NUM_THREADS", "1").stderr(Stdio::piped()).output().ok()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let (_, after) = said.rsplit_once(label)?;
        after.split_whitespace().find_map(|word| word.replace(',', "").parse().ok())
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let runs: usize = arguments.next().and_then(|runs| runs.parse().ok()).expect("the number of runs comes first");
    let mut programs = Vec::new();
    for argument in arguments.by_ref().take_while(|argument| argument != "--") {
        let (name, path) = argument.split_once('=').expect("a program is NAME=PATH");
        programs.push(Program { name: name.to_owned(), path: path.to_owned() });
    }
    let asked = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    for input in arguments {
        println!("{input}");
        let mut wall = vec![Duration::MAX; programs.len()];
        let mut alone = vec![Duration::MAX; programs.len()];
        for _ in 0..runs {
            for (at, program) in programs.iter().enumerate() {
                wall[at] = wall[at].min(program.fastest(&input, None));
                alone[at] = alone[at].min(program.fastest(&input, Some("1")));
            }
        }
        for (at, program) in programs.iter().enumerate() {
            let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
            let ratio = wall[at].as_secs_f64() / wall[0].as_secs_f64();
            let mut line = format!("  {:<22}{:>9.2} ms  {ratio:>7.2} x", program.name, milliseconds(wall[at]));
            line += &format!("  {:>9.2} ms on one thread", milliseconds(alone[at]));
            if asked("COUNT") {
                let tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];
                let count = program.told(&tool, &input, "Collected :");
                line += &count.map_or_else(String::new, |count| format!("  {:>10.2} M instructions", count as f64 / 1e6));
            }
            if asked("MEMORY") {
                let peak = program.told(&["time", "-f", "peak %M"], &input, "peak ");
                line += &peak.map_or_else(String::new, |peak| format!("  {:>6.1} MiB", peak as f64 / 1024.0));
            }
            println!("{line}");
        }
    }
}
