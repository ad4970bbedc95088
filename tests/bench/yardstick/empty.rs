//! Reads a command line as the program does, and nothing else: what no run can be below.

use clap::Parser;

#[derive(Parser)]
struct Arguments {
    /// Files and folders.
    paths: Vec<String>,
}

fn main() {
    let Arguments { paths } = Arguments::parse();
    println!("{}", paths.len());
}
