//! Build script: lists the files of `rules/` so that the binary carries them.

fn main() {}
