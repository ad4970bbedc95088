//! Between the addresses of documents and the paths of files.

use std::path::{Path, PathBuf};

/// The path of a `file:` address; `None` for every other one.
pub(super) fn to_path(uri: &str) -> Option<PathBuf> {
    bytes_of(uri, cfg!(windows)).and_then(path_of)
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// The bytes of the path. On Windows the slash before the letter of a drive goes, and a host is that of a share.
fn bytes_of(uri: &str, windows: bool) -> Option<Vec<u8>> {
    let (scheme, rest) = uri.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    let path = decoded(path)?;
    if path.first() != Some(&b'/') || path.contains(&0) {
        return None;
    }
    let is_here = host.is_empty() || host.eq_ignore_ascii_case("localhost");
    match (windows, path.as_slice()) {
        (true, _) if !is_here => Some([b"//", &*decoded(host)?, &*path].concat()),
        (_, _) if !is_here => None,
        (true, [b'/', drive, b':', ..]) if drive.is_ascii_alphabetic() => Some(path[1..].to_vec()),
        _ => Some(path),
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => digit(bytes.next())? << 4 | digit(bytes.next())?,
            byte => byte,
        });
    }
    Some(out)
}

/// The address of a file with an absolute path.
pub(super) fn of_path(path: &Path) -> String {
    let text = path.as_os_str().as_encoded_bytes();
    let mut out = "file://".to_owned();
    let text = text.strip_prefix(br"\\?\").unwrap_or(text);
    if text.first() != Some(&b'/') {
        out.push('/');
    }
    for &byte in text {
        match byte {
            b'\\' if cfg!(windows) => out.push('/'),
            b'/' | b':' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{bytes_of, of_path, to_path};

    fn text(uri: &str, windows: bool) -> Option<String> {
        bytes_of(uri, windows).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn an_address_is_decoded() {
        let same = |uri| (text(uri, false), text(uri, true));
        let both = |path: &str| (Some(path.to_owned()), Some(path.to_owned()));
        assert_eq!(same("file:///a%20b/%C3%A9.json"), both("/a b/é.json"));
        assert_eq!(same("FILE://localhost/a?x#y"), both("/a"));
        assert_eq!(same("file:/a"), both("/a"));
        for none in ["untitled:Untitled-1", "file://", "file:a", "file:///a%2", "file:///a%zz", "file:///a%00", "x", ""]
        {
            assert_eq!(same(none), (None, None), "{none}");
        }
    }

    #[test]
    fn a_drive_has_no_slash_in_front() {
        assert_eq!(text("file:///c%3A/x%20y", true).as_deref(), Some("c:/x y"));
        assert_eq!(text("file:///C:/x", true).as_deref(), Some("C:/x"));
        assert_eq!(text("file:///c:/x", false).as_deref(), Some("/c:/x"));
        assert_eq!(text("file://host/share/x", true).as_deref(), Some("//host/share/x"));
        assert_eq!(text("file://host/share/x", false), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_path_comes_back() {
        let path = Path::new("/a b/é%#?.json");
        assert_eq!(of_path(path), "file:///a%20b/%C3%A9%25%23%3F.json");
        assert_eq!(to_path(&of_path(path)).as_deref(), Some(path));
    }
}
