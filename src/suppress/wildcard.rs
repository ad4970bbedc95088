//! Patterns with `*` for any characters, compared without case.

/// Whether a text is what a pattern says.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut here) = (0, 0);
    // Where the last `*` stands, and how far it reaches in the text.
    let mut star: Option<(usize, usize)> = None;
    while here < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, here));
            at += 1;
        } else if pattern.get(at).is_some_and(|letter| letter.eq_ignore_ascii_case(&text[here])) {
            (at, here) = (at + 1, here + 1);
        } else if let Some((from, reached)) = star {
            star = Some((from, reached + 1));
            (at, here) = (from + 1, reached + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_characters() {
        assert!(matches("azureml/*", "azureml/storage-blocked"));
        assert!(matches("*", "nsg/x") && matches("nsg/ssh*-internet", "nsg/ssh-open-to-internet"));
        assert!(!matches("azureml/*", "nsg/azureml/x") && !matches("nsg/x", "nsg/xy") && !matches("", "x"));
        assert!(matches("*/NSG-*", "/subscriptions/s/nsg-a") && matches("a*b*c", "aXbYbZc") && matches("a**", "a"));
    }
}
