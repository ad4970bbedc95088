//! The real binary, as users meet it: transcripts under `tests/cli`, and parts of what the examples print.
//! `TRYCMD=overwrite cargo test --test it cli` writes the transcripts anew; read them before you commit them.

#[test]
fn transcripts() {
    trycmd::TestCases::new()
        .default_bin_name("aznetlint")
        .env("NO_COLOR", "1")
        // Links of summaries lead to GitHub in a workflow; here they must not.
        .env("GITHUB_REPOSITORY", "")
        .case("tests/cli/*.trycmd")
        .case("tests/cli/*.toml");
}
