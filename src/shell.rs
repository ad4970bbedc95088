//! Words of shells: what comes from outside stays one word, whatever is in it.

/// A word of a POSIX shell.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:=".contains(&byte));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// A word of PowerShell.
pub(crate) fn power_quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "''"))
}
