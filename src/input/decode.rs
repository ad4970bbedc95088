//! Bytes to text: UTF-8 with or without a byte order mark, and the UTF-16 that Windows PowerShell's `>` writes.

use memchr::{memchr, memchr_iter};

/// A decoded text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) text: String,
    /// Bytes of the file before the text: 3 for a UTF-8 byte order mark, else 0.
    pub(crate) skipped: u32,
}

/// How the characters of a text are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// With so many bytes of byte order mark before it.
    Utf8(u32),
    Utf16 {
        /// Whether the lower byte of a pair comes first.
        little: bool,
        /// Bytes of byte order mark before the text.
        mark: usize,
    },
    Utf32,
}

/// The encoding the first bytes speak of.
pub(crate) fn encoding(bytes: &[u8]) -> Encoding {
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => Encoding::Utf8(3),
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Encoding::Utf32,
        [0xFF, 0xFE, ..] => Encoding::Utf16 { little: true, mark: 2 },
        [0xFE, 0xFF, ..] => Encoding::Utf16 { little: false, mark: 2 },
        _ => without_mark(bytes),
    }
}

/// JSON opens with ASCII and is mostly ASCII, so in UTF-16 most of its pairs hold a 0, always on the same side.
fn without_mark(bytes: &[u8]) -> Encoding {
    let (pairs, _) = bytes[..bytes.len().min(128)].as_chunks::<2>();
    let zeros = |side: usize| pairs.iter().filter(|pair| pair[side] == 0).count();
    let wide = |zero: usize| {
        pairs.len() >= 2
            && (pairs[0][zero], pairs[0][1 - zero] == 0) == (0, false)
            && zeros(zero) * 2 > pairs.len()
            && zeros(1 - zero) * 8 <= zeros(zero)
    };
    match (wide(1), wide(0)) {
        (true, _) => Encoding::Utf16 { little: true, mark: 0 },
        (_, true) => Encoding::Utf16 { little: false, mark: 0 },
        _ => Encoding::Utf8(0),
    }
}

/// How files start that are packed.
const PACKED: &[(&[u8], &str)] =
    &[(b"\x1F\x8B", "this is compressed with gzip"), (b"PK\x03\x04", "this is a zip archive or an Excel file")];

/// Whether a file is packed, and no text.
pub(crate) fn is_packed(bytes: &[u8]) -> bool {
    PACKED.iter().any(|(start, _)| bytes.starts_with(start))
}

/// Decodes a whole file. The error says what it is instead of text.
pub(crate) fn decode(mut bytes: Vec<u8>) -> Result<Decoded, String> {
    if let Some((_, what)) = PACKED.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Err(format!("{what}; unpack it and name the JSON in it"));
    }
    match encoding(&bytes) {
        Encoding::Utf8(mark) => {
            bytes.drain(..mark as usize);
            let text =
                String::from_utf8(bytes).map_err(|error| not_utf8(error.as_bytes(), &error.utf8_error(), mark))?;
            Ok(Decoded { text, skipped: mark })
        }
        Encoding::Utf16 { little, mark } => utf16(&bytes[mark..], little).map(|text| Decoded { text, skipped: 0 }),
        Encoding::Utf32 => Err("the text is UTF-32; save it as UTF-8".to_owned()),
    }
}

fn utf16(bytes: &[u8], little: bool) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("the UTF-16 text is cut off inside a character".to_owned());
    }
    let units = pairs.iter().map(|&pair| if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) });
    Ok(char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

fn not_utf8(bytes: &[u8], error: &std::str::Utf8Error, mark: u32) -> String {
    let at = error.valid_up_to();
    if memchr(0, &bytes[..bytes.len().min(8192)]).is_some() {
        return "this is not a text file".to_owned();
    }
    let line = memchr_iter(b'\n', &bytes[..at]).count() + 1;
    let byte = bytes.get(at).copied().unwrap_or_default();
    let offset = at + mark as usize;
    format!("the text is not UTF-8: byte 0x{byte:02X} at offset {offset}, line {line}; save it as UTF-8")
}

#[cfg(test)]
mod tests {
    use super::{Decoded, decode};

    fn text(bytes: &[u8]) -> Result<(String, u32), String> {
        decode(bytes.to_vec()).map(|Decoded { text, skipped }| (text, skipped))
    }

    fn wide(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes_of).collect()
    }

    #[test]
    fn utf8_loses_its_mark() {
        assert_eq!(text(b"\xEF\xBB\xBF{}"), Ok(("{}".to_owned(), 3)));
        assert_eq!(text("{\"é\": 1}".as_bytes()), Ok(("{\"é\": 1}".to_owned(), 0)));
        assert_eq!(text(b""), Ok((String::new(), 0)));
    }

    #[test]
    fn utf16_is_read_in_both_orders_with_and_without_mark() {
        for sample in ["{\"é\": \"😀\"}", "\u{FEFF}{}", "[]"] {
            let plain = sample.trim_start_matches('\u{FEFF}');
            for bytes_of in [u16::to_le_bytes, u16::to_be_bytes] {
                assert_eq!(text(&wide(sample, bytes_of)), Ok((plain.to_owned(), 0)), "{sample}");
            }
        }
    }

    #[test]
    fn half_a_pair_is_replaced_and_half_a_unit_refused() {
        assert_eq!(text(b"\xFF\xFE\x00\xD8[\0"), Ok(("\u{FFFD}[".to_owned(), 0)));
        assert!(text(b"\xFF\xFE[").unwrap_err().contains("cut off"));
    }

    #[test]
    fn what_is_no_text_says_where() {
        let error = text(b"{\n\"caf\xE9\": 1}").unwrap_err();
        assert_eq!(error, "the text is not UTF-8: byte 0xE9 at offset 6, line 2; save it as UTF-8");
        assert_eq!(text(b"\x7FELF\0\x01\xFF").unwrap_err(), "this is not a text file");
        assert!(text(b"\xFF\xFE\0\0[\0\0\0").unwrap_err().contains("UTF-32"));
        assert!(text(b"\x1F\x8B\x08\0\0").unwrap_err().contains("gzip"));
        assert!(text(b"PK\x03\x04").unwrap_err().contains("zip archive"));
    }
}
