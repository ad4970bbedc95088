//! Messages on a stream: a header with the length, then JSON. What is no message is told apart from a stream that can no
//! longer be followed, and nothing is taken into memory on the word of a header alone.

use std::io::{self, BufRead, Read, Write};

use lsp_server::{ErrorCode, Message};
use serde_json::{Value, json};

/// The longest message that is read, in bytes.
const MOST: usize = 64 << 20;

/// The longest header, in bytes.
const MOST_HEADER: u64 = 4096;

/// What was read.
pub(super) enum Received {
    /// A message.
    Message(Message),
    /// Something of the right length that is no message; the next can be read.
    Refused(ErrorCode, String),
    /// The stream has ended.
    End,
}

/// Reads one message.
///
/// # Errors
/// When the stream breaks, or where the next message starts can no longer be told.
pub(super) fn read(from: &mut dyn BufRead) -> io::Result<Received> {
    let Some(length) = header(from)? else { return Ok(Received::End) };
    if length > MOST {
        return Err(lost(format!("a message of {length} bytes is longer than the {MOST} that are read")));
    }
    let mut text = Vec::new();
    // It grows with what comes, whatever the header promises.
    if from.take(length as u64).read_to_end(&mut text)? < length {
        return Ok(Received::End);
    }
    let value: Value = match serde_json::from_slice(&text) {
        Ok(value) => value,
        Err(error) => return Ok(Received::Refused(ErrorCode::ParseError, error.to_string())),
    };
    // An id of another kind would make a request pass for a notification, and it would never be answered.
    let is_odd = |id: &Value| !id.is_string() && id.as_i64().is_none_or(|id| i32::try_from(id).is_err());
    if value.get("method").is_some() && value.get("id").is_some_and(is_odd) {
        return Ok(Received::Refused(ErrorCode::InvalidRequest, "an id is a text or an integer of 32 bits".to_owned()));
    }
    match serde_json::from_value(value) {
        Ok(message) => Ok(Received::Message(message)),
        Err(error) => Ok(Received::Refused(ErrorCode::InvalidRequest, error.to_string())),
    }
}

/// The length that a header tells; `None` at the end of the stream.
fn header(from: &mut dyn BufRead) -> io::Result<Option<usize>> {
    let mut left = from.take(MOST_HEADER);
    let mut length = None;
    loop {
        let mut line = Vec::new();
        left.read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            return if left.limit() == 0 { Err(lost("a header has no end".to_owned())) } else { Ok(None) };
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else {
            return Err(lost("a line of a header is no header".to_owned()));
        };
        if name.trim().eq_ignore_ascii_case("Content-Length") {
            length = Some(value.trim().parse().map_err(|_| lost("Content-Length is no number".to_owned()))?);
        }
    }
    length.map(Some).ok_or_else(|| lost("a header has no Content-Length".to_owned()))
}

fn lost(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Writes the answer to what was no message: nobody knows which request it was.
pub(super) fn refuse(code: ErrorCode, message: &str, to: &mut dyn Write) -> io::Result<()> {
    let text =
        json!({ "jsonrpc": "2.0", "id": null, "error": { "code": code as i32, "message": message } }).to_string();
    write!(to, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use lsp_server::{ErrorCode, Message};

    use super::{Received, read};

    fn all(bytes: &[u8]) -> Vec<String> {
        let mut from = BufReader::new(bytes);
        let mut found = Vec::new();
        loop {
            found.push(match read(&mut from) {
                Ok(Received::Message(Message::Request(one))) => one.method,
                Ok(Received::Message(Message::Notification(one))) => format!("{}!", one.method),
                Ok(Received::Message(Message::Response(_))) => "response".to_owned(),
                Ok(Received::Refused(code, _)) => (code as i32).to_string(),
                Ok(Received::End) => break,
                Err(error) => {
                    found.push(error.to_string());
                    break;
                }
            });
        }
        found
    }

    fn framed(text: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{text}", text.len())
    }

    #[test]
    fn what_is_no_message_hides_no_other() {
        let one = framed(r#"{"jsonrpc":"2.0","id":1,"method":"a"}"#);
        let odd = framed(r#"{"jsonrpc":"2.0","id":4294967296,"method":"b"}"#);
        let text = format!("{}{one}{odd}{}{}", framed("{"), framed("[]"), framed(r#"{"method":"c"}"#));
        let (parse, invalid) = (ErrorCode::ParseError as i32, ErrorCode::InvalidRequest as i32);
        assert_eq!(
            all(text.as_bytes()),
            [parse.to_string(), "a".to_owned(), invalid.to_string(), invalid.to_string(), "c!".to_owned()]
        );
    }

    #[test]
    fn a_stream_that_cannot_be_followed_ends() {
        assert_eq!(all(b"Content-Length: 99999999999\r\n\r\n{}").len(), 1);
        assert_eq!(all(b"Content-Length: x\r\n\r\n{}"), ["Content-Length is no number"]);
        assert_eq!(all(b"\r\n{}"), ["a header has no Content-Length"]);
        assert_eq!(all(&[b'a'; 10_000]), ["a header has no end"]);
        assert_eq!(all(b"Content-Length: 50\r\n\r\n{}"), [""; 0]);
        assert_eq!(all(b"Content-Len"), [""; 0]);
    }
}
