//! Did you mean: the known word nearest to one that is not known; and patterns of names.

use strsim::osa_distance;

/// The allowed word nearest to what was written, when it is near enough to be meant; the first of equals.
pub(crate) fn nearest<'a>(written: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_within((written.chars().count() / 3).clamp(1, 4), written, allowed)
}

/// The allowed word that fewest characters must change, come or go for, two neighbours swapped counting once, when these
/// are no more than `most`; the first of equals, whatever their case.
pub(crate) fn nearest_within<'a>(
    most: usize,
    written: &str,
    allowed: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    /// What is longer is near to nothing: comparing takes time by both lengths.
    const LONGEST: usize = 256;
    let written = written.to_ascii_lowercase();
    let length = written.chars().count();
    let near = |word: &&str| length <= LONGEST && length.abs_diff(word.chars().count()) <= most;
    let measured =
        allowed.into_iter().filter(near).map(|word| (osa_distance(&written, &word.to_ascii_lowercase()), word));
    measured.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// Whether a text is what a pattern says, in which `*` stands for any characters; case does not count.
pub(crate) fn is_like(pattern: &str, text: &str) -> bool {
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

/// `did you mean …?` when something is near, then what is allowed.
pub(crate) fn suggestion<'a>(written: &str, what: &str, allowed: impl IntoIterator<Item = &'a str>) -> String {
    let allowed: Vec<&str> = allowed.into_iter().collect();
    let list = allowed.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    match nearest(written, allowed.iter().copied()) {
        Some(word) => format!("did you mean `{word}`? {what}: {list}"),
        None => format!("{what}: {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_like, nearest, suggestion};

    #[test]
    fn a_star_stands_for_any_characters() {
        assert!(is_like("azureml/*", "azureml/storage-blocked"));
        assert!(is_like("*", "nsg/x") && is_like("nsg/ssh*-internet", "nsg/ssh-open-to-internet"));
        assert!(!is_like("azureml/*", "nsg/azureml/x") && !is_like("nsg/x", "nsg/xy") && !is_like("", "x"));
        assert!(is_like("*/NSG-*", "/subscriptions/s/nsg-a") && is_like("a*b*c", "aXbYbZc") && is_like("a**", "a"));
        assert!(is_like("*train*", "snet-training") && is_like("*", "") && is_like("a*b*c", "a-b-b-c"));
        assert!(!is_like("a*b", "a-b-c") && !is_like("ab*ba", "aba") && !is_like("training", "snet-training"));
    }

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        assert_eq!(nearest("souces", ["sources", "name"]), Some("sources"));
        assert_eq!(nearest("soucres", ["sources", "name"]), Some("sources"));
        assert_eq!(nearest("zzz", ["sources", "name"]), None);
        assert_eq!(suggestion("nam", "allowed", ["name"]), "did you mean `name`? allowed: `name`");
    }
}
