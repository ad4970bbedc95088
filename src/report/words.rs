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
/// What is indented stays indented.
pub(crate) fn wrap(line: &str, width: usize) -> Vec<String> {
    let indent: String = line.chars().take_while(|&ch| ch == ' ').collect();
    if line.chars().count() <= width {
        return vec![line.to_owned()];
    }
    let mut lines = Vec::new();
    let mut current = indent.clone();
    let mut used = indent.len();
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if used > indent.len() && used + 1 + length > width {
            lines.push(std::mem::replace(&mut current, indent.clone()));
            used = indent.len();
        }
        if used > indent.len() {
            current.push(' ');
            used += 1;
        }
        current.push_str(word);
        used += length;
    }
    lines.push(current);
    lines
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
}
