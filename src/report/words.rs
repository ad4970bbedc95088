//! English for counts, and lines of a given width.

/// `1 file`, `2 files`, `0 firewall policies`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {}", plural(noun)) }
}

/// The plural of a noun, regular ones only.
pub(crate) fn plural(noun: &str) -> String {
    let mut ending = noun.chars().rev();
    match (ending.next(), ending.next()) {
        (Some('y'), Some(before)) if !"aeiou".contains(before) => format!("{}ies", &noun[..noun.len() - 1]),
        (Some('s' | 'x'), _) | (Some('h'), Some('c' | 's')) => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

/// Breaks one line at spaces so that none is longer than `width` characters, except for a single longer word.
/// What is indented stays indented, and columns, set apart by several spaces, stay columns: what follows goes below the
/// last of them.
pub(crate) fn wrap(line: &str, width: usize) -> Vec<String> {
    if line.chars().count() <= width {
        return vec![line.to_owned()];
    }
    let hang = last_column(line).filter(|column| *column <= width * 2 / 3).unwrap_or(0);
    let mut lines = Vec::new();
    let mut current = String::new();
    let (mut used, mut gap, mut bare) = (0, 0, true);
    for word in line.split(' ') {
        if word.is_empty() {
            gap += 1;
            continue;
        }
        let length = word.chars().count();
        if !bare && used + gap + length > width {
            lines.push(std::mem::replace(&mut current, " ".repeat(hang)));
            (used, gap) = (hang, 0);
        }
        current.push_str(&" ".repeat(gap));
        current.push_str(word);
        used += gap + length;
        (gap, bare) = (1, false);
    }
    lines.push(current);
    lines
}

/// Where the text behind the last run of several spaces starts, or the text behind the indent.
fn last_column(line: &str) -> Option<usize> {
    let gap = line.trim_end().rfind("  ").map(|at| at + 2);
    gap.map(|at| line[..at].chars().count()).or_else(|| line.starts_with(' ').then_some(1))
}

/// Joins parts with `dot` into lines of at most `width` characters, breaking between parts where that helps.
pub(crate) fn fill(parts: &[String], dot: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.chars().count() + dot.chars().count() + part.chars().count() <= width => {
                line.push_str(dot);
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines.iter().flat_map(|line| wrap(line, width)).collect()
}

#[cfg(test)]
mod tests {
    use super::{count, fill, wrap};

    #[test]
    fn lines_break_between_parts_first() {
        let parts = ["one two", "three", "four"].map(str::to_owned);
        assert_eq!(fill(&parts, " · ", 15), ["one two · three", "four"]);
        assert_eq!(fill(&parts, " · ", 12), ["one two", "three · four"]);
    }

    #[test]
    fn counts_are_good_english() {
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(0, "firewall policy"), "0 firewall policies");
        assert_eq!(count(2, "NAT gateway"), "2 NAT gateways");
        assert_eq!(count(3, "public IP address"), "3 public IP addresses");
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("unbreakable-word x", 8), ["unbreakable-word", "x"]);
    }

    #[test]
    fn an_indented_line_stays_indented() {
        assert_eq!(wrap("  one two three", 8), ["  one", "  two", "  three"]);
    }

    #[test]
    fn columns_stay_columns() {
        assert_eq!(wrap("rule    flow to a b", 15), ["rule    flow to", "        a b"]);
        assert_eq!(wrap("a-long-name  x", 9), ["a-long-name", "x"]);
    }
}
