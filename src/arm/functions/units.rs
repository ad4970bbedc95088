//! Texts counted in UTF-16 units, as Azure counts them.

/// The length of a text.
pub(crate) fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// `count` units from unit `from`; both must lie inside. A half of a pair becomes a replacement character.
pub(crate) fn slice(text: &str, from: usize, count: usize) -> String {
    if text.is_ascii() {
        return text.get(from..from + count).unwrap_or("").to_owned();
    }
    let units: Vec<u16> = text.encode_utf16().skip(from).take(count).collect();
    String::from_utf16_lossy(&units)
}

/// The unit a byte offset stands for.
pub(crate) fn unit_of(text: &str, byte: usize) -> usize {
    length(&text[..byte])
}

#[cfg(test)]
mod tests {
    use super::{length, slice, unit_of};

    #[test]
    fn characters_outside_the_first_plane_count_twice() {
        assert_eq!(length("a€😀"), 4);
        assert_eq!(slice("a€😀b", 1, 1), "€");
        assert_eq!(slice("a€😀b", 2, 2), "😀");
        assert_eq!(unit_of("€b", 3), 1);
    }
}
