//! Did you mean: the known word nearest to one that is not known.

/// The allowed word nearest to what was written, when it is near enough to be meant.
pub(crate) fn nearest<'a>(written: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_ascii_lowercase();
    let limit = (written.chars().count() / 3).clamp(1, 4);
    allowed
        .into_iter()
        .map(|word| (distance(&written, &word.to_ascii_lowercase()), word))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
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

/// How many characters must change, come or go, two neighbours swapped counting once. Bounded by what can be near.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().take(64).collect(), right.chars().take(64).collect());
    let mut rows = vec![vec![0_usize; right.len() + 1]; left.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let change = usize::from(left[i - 1] != right[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::{nearest, suggestion};

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        assert_eq!(nearest("souces", ["sources", "name"]), Some("sources"));
        assert_eq!(nearest("soucres", ["sources", "name"]), Some("sources"));
        assert_eq!(nearest("zzz", ["sources", "name"]), None);
        assert_eq!(suggestion("nam", "allowed", ["name"]), "did you mean `name`? allowed: `name`");
    }
}
