//! Which JSONPath queries are taken: those whose answer is right.
//!
//! jsonpath-rust 1.0 answers some constructs of RFC 9535 wrongly without saying so; a rule that used them would never
//! fire. They are refused here, with what to write instead.

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Literal, Segment, Selector, Test, TestFunction,
};
use regex::Regex;

/// Why a query is refused, and the piece of its text that is to blame.
pub(crate) struct Refusal {
    pub(crate) message: String,
    /// A piece of the query's text to look for; empty when the whole query is meant.
    pub(crate) piece: &'static str,
}

fn refuse<T>(message: impl Into<String>, piece: &'static str) -> Result<T, Refusal> {
    Err(Refusal { message: message.into(), piece })
}

/// Checks every part of a query. Its depth is bounded by jsonpath-rust's parser (128 brackets).
pub(crate) fn query(query: &JpQuery) -> Result<(), Refusal> {
    segments(&query.segments)
}

fn segments(segments: &[Segment]) -> Result<(), Refusal> {
    segments.iter().try_for_each(|segment| match segment {
        Segment::Descendant(_) => {
            refuse("`..` searches every level and is not taken; name the levels, with `[*]` for each item", "..")
        }
        Segment::Selector(one) => selector(one),
        Segment::Selectors(several) => several.iter().try_for_each(selector),
    })
}

fn selector(selector: &Selector) -> Result<(), Refusal> {
    match selector {
        Selector::Filter(condition) => filter(condition),
        Selector::Slice(_, _, Some(0)) => refuse("a slice with step 0 selects nothing", ":0"),
        Selector::Name(_) | Selector::Wildcard | Selector::Index(_) | Selector::Slice(..) => Ok(()),
    }
}

fn filter(condition: &Filter) -> Result<(), Refusal> {
    match condition {
        Filter::Or(parts) | Filter::And(parts) => parts.iter().try_for_each(filter),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => filter(expr),
        Filter::Atom(FilterAtom::Comparison(comparison)) => compared(comparison),
        Filter::Atom(FilterAtom::Test { expr, .. }) => match &**expr {
            Test::RelQuery(path) => relative(path),
            Test::AbsQuery(absolute) => query(absolute),
            Test::Function(function) => test_function(function),
        },
    }
}

/// `@[?…]`: the engine takes the inner filter for a condition on `@` itself.
fn relative(path: &[Segment]) -> Result<(), Refusal> {
    let filters = |selector: &Selector| matches!(selector, Selector::Filter(_));
    let direct = match path.first() {
        Some(Segment::Selector(first)) => filters(first),
        Some(Segment::Selectors(first)) => first.iter().any(filters),
        _ => false,
    };
    if direct {
        return refuse("a filter directly on `@` is not taken; put a member between: `@.items[?…]`", "@[?");
    }
    segments(path)
}

fn test_function(function: &TestFunction) -> Result<(), Refusal> {
    match function {
        TestFunction::Match(text, pattern) => matched(text, pattern, "match"),
        TestFunction::Search(text, pattern) => matched(text, pattern, "search"),
        TestFunction::Length(_) => refuse("`length()` is a number: compare it, as in `length(@.items) > 0`", "length"),
        TestFunction::Value(_) => {
            refuse("`value()` is not taken; write the path alone to ask whether it is there", "value")
        }
        TestFunction::Count(_) => count(),
        TestFunction::Custom(name, _) => unknown_function(name),
    }
}

fn compared(comparison: &Comparison) -> Result<(), Refusal> {
    let (left, right) = comparison.vals();
    [left, right].into_iter().try_for_each(|side| match side {
        Comparable::Literal(_) | Comparable::SingularQuery(_) => Ok(()),
        Comparable::Function(TestFunction::Length(argument)) => singular(argument, "length"),
        Comparable::Function(TestFunction::Value(argument)) => singular(argument, "value"),
        Comparable::Function(TestFunction::Count(_)) => count(),
        Comparable::Function(TestFunction::Match(..)) => {
            refuse("`match()` is a condition by itself; don't compare it", "match")
        }
        Comparable::Function(TestFunction::Search(..)) => {
            refuse("`search()` is a condition by itself; don't compare it", "search")
        }
        Comparable::Function(TestFunction::Custom(name, _)) => unknown_function(name),
    })
}

fn count<T>() -> Result<T, Refusal> {
    refuse("`count()` is not taken: it misses empty results; select the nodes and count them in the rule", "count")
}

fn unknown_function<T>(name: &str) -> Result<T, Refusal> {
    let instead = match name {
        "in" | "any_of" => "; write `@.x == 'a' || @.x == 'b'`",
        "nin" | "none_of" => "; write `@.x != 'a' && @.x != 'b'`",
        _ => "",
    };
    refuse(format!("`{name}` is not a function of RFC 9535{instead}"), "")
}

/// The path of an argument that selects at most one node.
fn singular(argument: &FnArg, name: &'static str) -> Result<(), Refusal> {
    let path = match argument {
        FnArg::Test(test) => match &**test {
            Test::RelQuery(path) => path,
            Test::AbsQuery(absolute) => &absolute.segments,
            Test::Function(_) => return refuse(format!("`{name}()` takes a path, not another function"), name),
        },
        FnArg::Literal(_) | FnArg::Filter(_) => {
            return refuse(format!("`{name}()` takes a path, as in `@.items`"), name);
        }
    };
    let single = |segment: &Segment| matches!(segment, Segment::Selector(Selector::Name(_) | Selector::Index(_)));
    if path.iter().all(single) {
        return Ok(());
    }
    refuse(format!("`{name}()` takes a path to one value, made of names and indexes only"), name)
}

fn matched(text: &FnArg, pattern: &FnArg, name: &'static str) -> Result<(), Refusal> {
    if !matches!(text, FnArg::Literal(Literal::String(_))) {
        singular(text, name)?;
    }
    match pattern {
        FnArg::Literal(Literal::String(pattern)) => match Regex::new(pattern) {
            Ok(_) => Ok(()),
            Err(error) => refuse(format!("the pattern of `{name}()` is not a regular expression: {error}"), name),
        },
        _ => refuse(format!("the pattern of `{name}()` is written in quotes"), name),
    }
}
