//! How a function sees its arguments and gives its answer; texts count in UTF-16 units, as Azure counts them.

use std::sync::Arc;

use crate::arm::budget::{Failure, error};
use crate::arm::{partial, value};
use crate::json::{Member, Node, Part, Value};
use crate::source::Span;

/// What a function gives back.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A new value, which belongs to the call.
    Value(Value),
    /// One of the values given, which keeps its place and its way.
    Same(Node),
    /// A text in pieces, some of them perhaps unknown.
    Pieces(Vec<Part>),
}

/// An answer, or why there is none.
pub(crate) type Outcome = Result<Answer, Failure>;

/// The arguments of one call, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Args<'a> {
    /// The values.
    pub(crate) nodes: &'a [Node],
    /// The place of the call.
    pub(crate) span: Span,
    /// The call as written.
    pub(crate) text: &'a str,
}

impl<'a> Args<'a> {
    /// How many there are.
    pub(crate) fn len(self) -> usize {
        self.nodes.len()
    }

    /// One that the arity of the function guarantees.
    pub(crate) fn node(self, index: usize) -> &'a Node {
        &self.nodes[index]
    }

    /// A text.
    pub(crate) fn text(self, index: usize) -> Result<&'a Arc<str>, Failure> {
        let node = self.node(index);
        match &node.value {
            Value::Text(text) => Ok(text),
            _ => self.wrong(index, "a string"),
        }
    }

    /// A text, numbers and booleans converted.
    pub(crate) fn plain(self, index: usize) -> Result<Arc<str>, Failure> {
        match partial::pieces(self.node(index)).as_deref() {
            Some([Part::Text(text)]) => Ok(Arc::clone(text)),
            _ => self.wrong(index, "a string"),
        }
    }

    /// The pieces of a text.
    pub(crate) fn pieces(self, index: usize) -> Result<Vec<Part>, Failure> {
        self.sound(index)?;
        match partial::pieces(self.node(index)) {
            Some(pieces) => Ok(pieces),
            None => self.wrong(index, "a string"),
        }
    }

    /// A whole number.
    pub(crate) fn int(self, index: usize) -> Result<i64, Failure> {
        let node = self.node(index);
        match &node.value {
            Value::Number(_) => value::as_int(node).map_or_else(|| self.wrong(index, "an integer"), Ok),
            _ => self.wrong(index, "an integer"),
        }
    }

    /// The elements of an array, some perhaps unknown.
    pub(crate) fn list(self, index: usize) -> Result<&'a Arc<Vec<Node>>, Failure> {
        match &self.node(index).value {
            Value::List(items) => Ok(items),
            _ => self.wrong(index, "an array"),
        }
    }

    /// The elements of an array whose length is known.
    pub(crate) fn closed_list(self, index: usize) -> Result<&'a Arc<Vec<Node>>, Failure> {
        let items = self.list(index)?;
        if partial::is_closed(items) { Ok(items) } else { Err(Failure::Unknown) }
    }

    /// The members of an object.
    pub(crate) fn object(self, index: usize) -> Result<&'a Arc<Vec<Member>>, Failure> {
        match &self.node(index).value {
            Value::Object(members) => Ok(members),
            _ => self.wrong(index, "an object"),
        }
    }

    /// Fails with an argument that has failed already.
    pub(crate) fn sound(self, index: usize) -> Result<(), Failure> {
        match partial::spoiled(self.node(index)) {
            Some(spoiled) => Err(Failure::Spoiled(Arc::clone(spoiled))),
            None => Ok(()),
        }
    }

    /// Why an argument is not what it should be.
    pub(crate) fn wrong<T>(self, index: usize, wanted: &str) -> Result<T, Failure> {
        self.sound(index)?;
        let node = self.node(index);
        if node.unknown().is_some() {
            return Err(Failure::Unknown);
        }
        error(format!("argument {} should be {wanted}, not {}", index + 1, node.kind()))
    }

    /// A value that belongs to this call.
    pub(crate) fn made(self, value: Value) -> Node {
        Node::new(value, self.span)
    }

    /// A text in pieces that belongs to this call.
    pub(crate) fn assembled(self, pieces: Vec<Part>) -> Node {
        self.made(partial::assembled(pieces, self.text, self.span))
    }
}

/// An answer with a new value.
pub(crate) fn value(value: Value) -> Outcome {
    Ok(Answer::Value(value))
}

/// An answer with a new text.
pub(crate) fn text(text: impl Into<Arc<str>>) -> Outcome {
    value(Value::Text(text.into()))
}

/// An answer with a whole number.
pub(crate) fn int(number: i64) -> Outcome {
    value(value::int(number))
}

/// A number of elements as an answer.
pub(crate) fn count(number: usize) -> Outcome {
    int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// An answer with true or false.
pub(crate) fn truth(truth: bool) -> Outcome {
    value(Value::Bool(truth))
}

/// An answer that may not be known.
pub(crate) fn maybe(truth: Option<bool>) -> Outcome {
    truth.map_or(Err(Failure::Unknown), self::truth)
}

/// The length of a text.
pub(crate) fn text_length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// `count` units from unit `from`; both must lie inside. A half of a pair becomes a replacement character.
pub(crate) fn text_slice(text: &str, from: usize, count: usize) -> String {
    if text.is_ascii() {
        return text.get(from..from + count).unwrap_or("").to_owned();
    }
    let units: Vec<u16> = text.encode_utf16().skip(from).take(count).collect();
    String::from_utf16_lossy(&units)
}

/// The unit a byte offset stands for.
pub(crate) fn unit_of(text: &str, byte: usize) -> usize {
    text_length(&text[..byte])
}

#[cfg(test)]
mod units_tests {
    use super::{text_length, text_slice, unit_of};

    #[test]
    fn characters_outside_the_first_plane_count_twice() {
        assert_eq!(text_length("a€😀"), 4);
        assert_eq!(text_slice("a€😀b", 1, 1), "€");
        assert_eq!(text_slice("a€😀b", 2, 2), "😀");
        assert_eq!(unit_of("€b", 3), 1);
    }
}
