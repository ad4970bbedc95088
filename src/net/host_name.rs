//! What can be the name of a host.

/// Whether a text is the name of a host: labels of letters, digits, hyphens and underscores with dots between them. What
/// ends in a number is an address, or a part of one.
pub fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(plain)
    };
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= 253 && text.split('.').all(is_label) && !text.rsplit('.').next().is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use super::is_host_name;

    #[test]
    fn addresses_urls_and_ports_are_no_names() {
        for text in ["pypi.org", "x", "A_b-c.Example", "7zip.org", "xn--bcher-kva.example"] {
            assert!(is_host_name(text), "{text}");
        }
        let long = "x".repeat(64);
        for text in
            ["", ".", "a..b", "10.0.0.4", "10.0.0.4-10.0.0.9", "a.b:443", "https://a.b", "a.b/", "a b", "::1", &long]
        {
            assert!(!is_host_name(text), "{text}");
        }
    }
}
