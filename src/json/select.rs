//! JSONPath (RFC 9535) over nodes: a query is checked once, then selects nodes with their places.
//!
//! Reading and checking the queries is done here, with the parser of jsonpath-rust. Answering them is the work of `walk`:
//! members are found without case, as Azure does, and where a value waits for deployment an answer may be open, which no
//! engine for plain JSON knows. Constructs that engines answer differently are refused, with what to write instead.

use jsonpath_rust::parser::model::{
    self, Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Literal, Segment, Test, TestFunction,
};
use jsonpath_rust::parser::{errors::JsonPathError, parse_json_path};
use pest::error::InputLocation;
use regex::Regex;

use crate::json::node::Node;
use crate::json::walk::{Selection, Walk};

/// A checked query.
#[derive(Clone, Debug)]
pub struct Selector {
    text: String,
    query: JpQuery,
}

/// Why a text is not a query that can be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SelectorError {
    /// What is wrong, and what to write instead.
    pub message: String,
    /// The first byte of the query's text that is to blame.
    pub offset: usize,
    /// How many bytes are.
    pub length: usize,
}

impl Selector {
    /// Reads and checks a query.
    ///
    /// # Errors
    /// What is no JSONPath, and what is one but would be answered wrongly or slowly: `..`, `count()`, a filter directly
    /// on `@`, functions beside RFC 9535.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let whole = |message: &str| SelectorError { message: message.to_owned(), offset: 0, length: text.len() };
        if let Some(query) = plain(text) {
            return Ok(Self { text: text.to_owned(), query });
        }
        if text.trim() != text || text.is_empty() {
            return Err(whole("a path starts with `$` and has no blanks around it"));
        }
        if !text.starts_with('$') {
            return Err(whole("a path starts with `$`, as in `$.properties.access`"));
        }
        if let Some((offset, length)) = two_words(text) {
            let message = match &text[offset..offset + length] {
                word @ ("in" | "nin" | "and" | "or" | "not" | "contains") => {
                    format!("`{word}` is not an operator of JSONPath; combine `==`, `!=`, `&&` and `||`")
                }
                _ => "a name with a blank is written in brackets and quotes: `['a b']`".to_owned(),
            };
            return Err(SelectorError { message, offset, length });
        }
        let query = parse_json_path(text).map_err(|error| explain(text, error))?;
        segments(&query.segments).map_err(|refusal| {
            let offset = outside_quotes(text, refusal.piece);
            let (offset, length) = offset.map_or((0, text.len()), |offset| (offset, refusal.piece.len()));
            SelectorError { message: refusal.message, offset, length }
        })?;
        Ok(Self { text: text.to_owned(), query })
    }

    /// The query as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The nodes selected. Use [`Selector::evaluate`] when it matters that more may be after deployment.
    pub fn select<'a>(&self, node: &'a Node) -> Vec<&'a Node> {
        self.evaluate(node).hits
    }

    /// The nodes selected, and the unknown ones that stand in the way.
    pub fn evaluate<'a>(&self, node: &'a Node) -> Selection<'a> {
        Walk::new(node).select(&self.query)
    }
}

/// A query of names and `[*]` alone, as nearly all are; the same as jsonpath-rust reads, at a hundredth of the work.
fn plain(text: &str) -> Option<JpQuery> {
    let name = |name: &str| {
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let is_name = name.chars().all(is_letter) && !name.starts_with(|letter: char| letter.is_ascii_digit());
        (is_name && !name.is_empty()).then(|| model::Selector::Name(name.to_owned()))
    };
    let quoted = |text: &str| name(text.strip_prefix('\'')?.strip_suffix('\'')?);
    let mut rest = text.strip_prefix('$')?;
    let mut segments = Vec::new();
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (inner, after) = inner.split_once(']')?;
            let several = || inner.split(',').map(quoted).collect::<Option<Vec<_>>>();
            segments.push(match inner {
                "*" => Segment::Selector(model::Selector::Wildcard),
                one if !one.contains(',') => Segment::Selector(quoted(one)?),
                _ => Segment::Selectors(several()?),
            });
            rest = after;
        } else {
            let inner = rest.strip_prefix('.')?;
            let (inner, after) = inner.split_at(inner.find(['.', '[']).unwrap_or(inner.len()));
            segments.push(Segment::Selector(name(inner)?));
            rest = after;
        }
    }
    Some(JpQuery { segments })
}

/// jsonpath-rust's own errors in the words of this program.
fn explain(text: &str, error: JsonPathError) -> SelectorError {
    let whole = |message: String| SelectorError { message, offset: 0, length: text.len() };
    match error {
        JsonPathError::PestError(error) => {
            let (offset, end) = match error.location {
                InputLocation::Pos(at) => (at, at),
                InputLocation::Span((start, end)) => (start, end),
            };
            let offset = offset.min(text.len());
            let found = text.get(offset..).and_then(|rest| rest.chars().next());
            let message = match found {
                Some('-') => "a name with `-` is written in brackets and quotes: `['a-b']`".to_owned(),
                Some('=') if !text[offset..].starts_with("==") => "equality is written `==`".to_owned(),
                Some(found) => format!("this is not JSONPath: `{found}` is not expected here"),
                None => "this is not JSONPath: it ends too early".to_owned(),
            };
            SelectorError { message, offset, length: end.saturating_sub(offset).max(found.map_or(0, char::len_utf8)) }
        }
        JsonPathError::MaxNestingDepthExceeded(limit) => whole(format!("more than {limit} brackets inside each other")),
        other => whole(format!("this is not JSONPath: {other}")),
    }
}

/// The second of two words with only blanks between them. jsonpath-rust would read both as one name.
fn two_words(text: &str) -> Option<(usize, usize)> {
    let part_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || !letter.is_ascii();
    let (mut before, mut blank) = (None, false);
    for (at, letter) in unquoted(text) {
        if letter.is_ascii_whitespace() {
            blank = true;
            continue;
        }
        if blank && part_of_name(letter) && before.is_some_and(part_of_name) {
            let length = text[at..].find(|letter| !part_of_name(letter)).unwrap_or(text.len() - at);
            return Some((at, length));
        }
        (before, blank) = (Some(letter), false);
    }
    None
}

/// Where `piece` stands in a query outside of quoted text.
fn outside_quotes(text: &str, piece: &str) -> Option<usize> {
    unquoted(text).find(|(at, _)| !piece.is_empty() && text[*at..].starts_with(piece)).map(|(at, _)| at)
}

/// The characters of a query that stand outside of quoted text, the opening quotes included.
fn unquoted(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut quote, mut escaped) = (None, false);
    text.char_indices().filter(move |&(_, letter)| {
        let outside = quote.is_none();
        match quote {
            None if matches!(letter, '\'' | '"') => quote = Some(letter),
            Some(_) if escaped => escaped = false,
            Some(_) if letter == '\\' => escaped = true,
            Some(open) if letter == open => quote = None,
            _ => {}
        }
        outside
    })
}

/// Why a query is refused, and the piece of its text that is to blame.
struct Refusal {
    message: String,
    /// A piece of the query's text to look for; empty when the whole query is meant.
    piece: &'static str,
}

fn refuse<T>(message: impl Into<String>, piece: &'static str) -> Result<T, Refusal> {
    Err(Refusal { message: message.into(), piece })
}

/// Checks every part of a query. Its depth is bounded by jsonpath-rust's parser (128 brackets).
fn segments(segments: &[Segment]) -> Result<(), Refusal> {
    segments.iter().try_for_each(|segment| match segment {
        Segment::Descendant(_) => {
            refuse("`..` searches every level and is not taken; name the levels, with `[*]` for each item", "..")
        }
        Segment::Selector(one) => selector(one),
        Segment::Selectors(several) => several.iter().try_for_each(selector),
    })
}

fn selector(selector: &model::Selector) -> Result<(), Refusal> {
    match selector {
        model::Selector::Filter(condition) => filter(condition),
        model::Selector::Slice(_, _, Some(0)) => refuse("a slice with step 0 selects nothing", ":0"),
        model::Selector::Name(_)
        | model::Selector::Wildcard
        | model::Selector::Index(_)
        | model::Selector::Slice(..) => Ok(()),
    }
}

fn filter(condition: &Filter) -> Result<(), Refusal> {
    match condition {
        Filter::Or(parts) | Filter::And(parts) => parts.iter().try_for_each(filter),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => filter(expr),
        Filter::Atom(FilterAtom::Comparison(comparison)) => compared(comparison),
        Filter::Atom(FilterAtom::Test { expr, .. }) => match &**expr {
            Test::RelQuery(path) => relative(path),
            Test::AbsQuery(absolute) => segments(&absolute.segments),
            Test::Function(function) => test_function(function),
        },
    }
}

/// `@[?…]`: the engine takes the inner filter for a condition on `@` itself.
fn relative(path: &[Segment]) -> Result<(), Refusal> {
    let filters = |selector: &model::Selector| matches!(selector, model::Selector::Filter(_));
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
    let single =
        |segment: &Segment| matches!(segment, Segment::Selector(model::Selector::Name(_) | model::Selector::Index(_)));
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jsonpath_rust::parser::parse_json_path;
    use jsonpath_rust::query::js_path_process;

    use proptest::prelude::*;

    use super::{Selector, plain};
    use crate::json::{Member, Node, Part, Reason, Unknown, Value, parse};
    use crate::source::{FileId, Span};

    proptest! {
        #[test]
        fn a_plain_query_is_read_as_jsonpath_rust_reads_it(
            parts in prop::collection::vec("\\.[a-z_A-Z0-9é-]{0,3}|\\[\\*\\]|\\.\\*|\\['a'\\]|\\['a_1','b'\\]|\\[0\\]|\\['a', 'b'\\]|\\['a-b'\\]|\\[]| ", 0..5),
        ) {
            let text = format!("${}", parts.concat());
            if let Some(query) = plain(&text) {
                prop_assert_eq!(Ok(query), parse_json_path(&text).map_err(|error| error.to_string()), "{}", text);
            }
        }
    }

    #[test]
    fn names_and_wildcards_are_plain() {
        assert!(
            ["$", "$.a", "$.properties.rules[*].name", "$[*]._x9", "$['a','b'].c['d']"]
                .iter()
                .all(|text| plain(text).is_some())
        );
        assert!(
            ["$.a-b", "$.9", "$.", "$..a", "$.a[0]", "$.a ", "a", "$[]", "$['a-b']"]
                .iter()
                .all(|text| plain(text).is_none())
        );
    }

    /// Reads JSON; a string that starts with `?` becomes an unknown value of that name, `?a|b` one of `a` and `b`,
    /// `?pre…` one that starts with `pre`.
    fn read(text: &str) -> Node {
        open(&parse(FileId(0), text).unwrap().root)
    }

    fn open(node: &Node) -> Node {
        let value = match &node.value {
            Value::Text(text) if text.starts_with('?') => {
                let text: Arc<str> = text[1..].into();
                let (reason, span, key) = (Reason::NotEvaluated, Span::new(FileId(0), 0, 0), Arc::clone(&text));
                let one = |word: &str| Node::new(Value::Text(word.into()), span);
                let domain = if text.contains('|') { text.split('|').map(one).collect() } else { Vec::new() };
                let hole = Unknown { reason, span, key, text, parts: Vec::new(), domain };
                let parts = match hole.text.strip_suffix('…') {
                    Some(start) => vec![Part::Text(start.into()), Part::Hole(Arc::new(hole.clone()))],
                    None => Vec::new(),
                };
                Value::Unknown(Arc::new(Unknown { parts, ..hole }))
            }
            Value::List(items) => Value::List(Arc::new(items.iter().map(open).collect())),
            Value::Object(members) => {
                let members = members.iter().map(|member| Member { node: open(&member.node), ..member.clone() });
                Value::Object(Arc::new(members.collect()))
            }
            other => other.clone(),
        };
        Node { value, ..node.clone() }
    }

    fn show(nodes: &[&Node]) -> Vec<String> {
        nodes
            .iter()
            .map(|node| match &node.value {
                Value::Text(text) => text.to_string(),
                Value::Number(number) => number.to_string(),
                Value::Bool(value) => value.to_string(),
                Value::Unknown(unknown) => format!("?{}", unknown.text),
                _ => node.kind().to_owned(),
            })
            .collect()
    }

    /// The values selected and the unknown values in the way.
    fn ask(query: &str, node: &Node) -> (Vec<String>, Vec<String>) {
        let selection = Selector::parse(query).unwrap_or_else(|error| panic!("{query}: {error}")).evaluate(node);
        (show(&selection.hits), show(&selection.blocked))
    }

    fn decided(hits: &[&str]) -> (Vec<String>, Vec<String>) {
        (hits.iter().map(|hit| (*hit).to_owned()).collect(), Vec::new())
    }

    fn blocked(hits: &[&str], blocked: &[&str]) -> (Vec<String>, Vec<String>) {
        (decided(hits).0, decided(blocked).0)
    }

    const RULES: &str = r#"{"Properties": {"securityRules": [
        {"name": "a", "properties": {"access": "Allow", "priority": 100, "ports": []}},
        {"name": "b", "properties": {"Access": "deny", "priority": 2e2}},
        {"name": "c", "properties": {"access": "?effect", "priority": 300, "ports": ["22", "80"]}},
        {"name": "d", "properties": "?all"}
    ]}}"#;

    #[test]
    fn a_hit_is_the_node_itself_with_its_place() {
        let text = r#"{"properties": {"it's": [1, 2]}}"#;
        let root = parse(FileId(0), text).unwrap().root;
        let selector = Selector::parse(r#"$.PROPERTIES["it's"][-1]"#).unwrap();
        let hits = selector.select(&root);
        assert_eq!(&text[hits[0].span.range()], "2");
        assert!(std::ptr::eq(hits[0], &raw const root.members()[0].node.members()[0].node.items()[1]));
    }

    #[test]
    fn members_and_text_compare_without_case() {
        let root = read(r#"{"a": [{"x": "TCP"}, {"X": "Udp"}, {"x": "tcp", "X": "udp"}]}"#);
        assert_eq!(ask("$.A[?@.X == 'udp'].x", &root), decided(&["Udp", "udp"]));
        assert_eq!(ask("$.a[*].*", &root), decided(&["TCP", "Udp", "udp"]));
    }

    #[test]
    fn a_query_may_end_at_an_unknown_value() {
        let root = read(RULES);
        assert_eq!(
            ask("$.properties.securityRules[*].properties", &root),
            decided(&["an object", "an object", "an object", "?all"])
        );
    }

    #[test]
    fn an_unknown_value_on_the_way_blocks() {
        let root = read(RULES);
        let query = "$.properties.securityRules[*].properties.priority";
        assert_eq!(ask(query, &root), blocked(&["100", "2e2", "300"], &["?all"]));
        assert_eq!(ask("$.x", &read("\"?root\"")), blocked(&[], &["?root"]));
    }

    #[test]
    fn a_condition_on_an_unknown_value_blocks_unless_it_does_not_matter() {
        let root = read(RULES);
        let rules = |condition: &str| ask(&format!("$.properties.securityRules[?{condition}].name"), &root);
        assert_eq!(rules("@.properties.access == 'Allow'"), blocked(&["a"], &["?effect", "?all"]));
        assert_eq!(rules("@.properties.access != 'Allow'"), blocked(&["b"], &["?effect", "?all"]));
        assert_eq!(rules("@.name == 'c' && @.properties.access == 'Allow'"), blocked(&[], &["?effect"]));
        assert_eq!(rules("@.name == 'c' && (@.properties.priority == 1 && @.properties.access == 'x')"), decided(&[]));
        assert_eq!(rules("@.name == 'd' || @.properties.priority >= 300"), decided(&["c", "d"]));
        assert_eq!(rules("!(@.name != 'a' || @.properties.access == 'x')"), decided(&["a"]));
        assert_eq!(rules("@.properties.ports"), blocked(&["a", "c"], &["?all"]));
        assert_eq!(rules("!@.properties.ports"), blocked(&["b"], &["?all"]));
        assert_eq!(rules("length(@.properties.ports) == 0"), blocked(&["a"], &["?all"]));
        assert_eq!(rules("length(@.properties.ports) == 2"), blocked(&["c"], &["?all"]));
        assert_eq!(rules("match(@.properties.access, '[Dd].*')"), blocked(&["b"], &["?effect", "?all"]));
        assert_eq!(rules("@.properties.access == @.properties.access"), blocked(&["a", "b", "c"], &["?all"]));
        assert_eq!(
            rules("@.properties.access == $.properties.securityRules[2].properties.access && @.name == 'c'"),
            decided(&["c"])
        );
    }

    #[test]
    fn what_is_known_of_an_unknown_value_decides() {
        let root = read(r#"{"a": [{"x": "?Tcp|Udp", "n": 1}, {"x": "?Storage.…", "n": 2}]}"#);
        assert_eq!(ask("$.a[?@.x == 'Icmp'].n", &root), decided(&[]));
        assert_eq!(ask("$.a[?@.x != 'Icmp'].n", &root), decided(&["1", "2"]));
        assert_eq!(ask("$.a[?@.x == 'udp'].n", &root), blocked(&[], &["?Tcp|Udp"]));
        assert_eq!(ask("$.a[?@.x == 'storage.west'].n", &root), blocked(&[], &["?Storage.…"]));
        assert_eq!(ask("$.a[?@.n == 1 && match(@.x, '...')].n", &root), decided(&["1"]));
    }

    #[test]
    fn constructs_that_are_answered_wrongly_are_refused_with_a_place() {
        for (query, piece, message) in [
            ("$..securityRules", "..", "name the levels"),
            ("$.a[?@..b]", "..", "name the levels"),
            ("$.a[?@.x == '..' && count(@.b[*]) == 0]", "count", "count them in the rule"),
            ("$.a[?@[?@.b > 1]]", "@[?", "put a member between"),
            ("$.a[?length(@.b)]", "length", "compare it"),
            ("$.a[?length(@.*) > 1]", "length", "one value"),
            ("$.a[?value(@.b)]", "value", "the path alone"),
            ("$.a[?value(@.b[*]) == 1]", "value", "one value"),
            ("$.a[?length(value(@.b)) == 1]", "length", "not another function"),
            ("$.a[?in(@.b, $.list)]", "$.a[?in(@.b, $.list)]", "@.x == 'a' || @.x == 'b'"),
            ("$.a[?none_of(@.b, $.list)]", "$.a[?none_of(@.b, $.list)]", "@.x != 'a' && @.x != 'b'"),
            ("$.a[?match(@.b, '(')]", "match", "not a regular expression"),
            ("$.a[?search(@.b, @.c)]", "search", "in quotes"),
            ("$.a[::0]", ":0", "step 0"),
        ] {
            let error = Selector::parse(query).expect_err(query);
            assert_eq!(&query[error.offset..error.offset + error.length], piece, "{query}: {error}");
            assert!(error.message.contains(message), "{query}: {error}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused_with_a_place() {
        for (query, piece, message) in [
            ("", "", "starts with `$`"),
            (" $.a", " $.a", "no blanks"),
            ("a.b", "a.b", "starts with `$`"),
            ("$.a.b-c", "-", "['a-b']"),
            ("$.a[?@.b = 1]", "=", "`==`"),
            ("$.a[?@.n in [1,4]]", "in", "not an operator"),
            ("$.a cost.b", "cost", "['a b']"),
            ("$.a[?@.n.lower() == 'x']", "(", "not expected"),
            ("$.a[", "", "too early"),
        ] {
            let error = Selector::parse(query).expect_err(query);
            assert_eq!(&query[error.offset..error.offset + error.length], piece, "{query}: {error}");
            assert!(error.message.contains(message), "{query}: {error}");
        }
        assert!(Selector::parse(&format!("$[?{}@.a{}]", "(".repeat(200), ")".repeat(200))).is_err());
    }

    const QUERIES: [&str; 30] = [
        "$",
        "$.a",
        "$.A.b",
        "$.*",
        "$[*]",
        "$.a[0]",
        "$.a[-1]",
        "$.a[7]",
        "$['a','b']",
        "$.a[0,1]",
        "$.a[1:]",
        "$.a[:-1]",
        "$.a[::2]",
        "$.a[::-1]",
        "$.a[3:0:-2]",
        "$.a[-2:9]",
        "$.*.*",
        "$.*[?@.a]",
        "$[?@.a == 1]",
        "$[?@.a != 1].b",
        "$[?@ == 'X']",
        "$[?@.a < 2 || @.b >= 'x']",
        "$[?!@.a && !(@.b == null)]",
        "$[?@.a == @.b]",
        "$[?@.a == $.a]",
        "$[?length(@.a) > 1]",
        "$[?length(@) <= 2]",
        "$[?value(@.a) == true]",
        "$[?match(@.a, '[a-x]+') || search(@.b, 'b.?')]",
        "$.*[?@.a[?@.b]].a",
    ];

    #[test]
    fn blanks_around_operators_and_in_quotes_are_fine() {
        let root = read(r#"{"a b": [{"x y": 1}]}"#);
        assert_eq!(ask("$ ['a b'] [ ? @['x y']  ==  1 && true == true ]['x y']", &root), decided(&["1"]));
    }

    /// The places of the nodes that jsonpath-rust selects. It minds case, so it is asked in lower case.
    fn oracle(query: &str, text: &str, root: &Node) -> Vec<Span> {
        let plain: serde_json::Value = serde_json::from_str(&text.to_lowercase()).unwrap();
        let hits = js_path_process(&parse_json_path(&query.to_lowercase()).unwrap(), &plain).unwrap();
        let place = |path: &str| {
            let steps = path.split(['$', '[', ']']).filter(|step| !step.is_empty());
            let found = steps.fold(root, |node, step| match step.parse::<usize>() {
                Ok(index) => &node.items()[index],
                Err(_) => node.get(step.trim_matches('\'')).unwrap(),
            });
            found.span
        };
        hits.into_iter().map(|hit| place(&hit.path)).collect()
    }

    #[test]
    fn jsonpath_rust_selects_the_same_where_all_is_known() {
        let texts = [
            r#"{"a": [1, 2, {"b": [1]}, "x", []], "b": {"a": 1, "A": "x", "b": "bb"}, "c": null}"#,
            r#"[{"a": 1}, {"a": 1.0, "b": "X"}, {"a": [1, 2, 3], "b": {"a": true}}, {"a": "abx", "b": null}, "x", 3]"#,
            r#"{"x": {"a": [{"b": 1}, {"c": 2}], "b": [{"b": 0}]}, "y": [{"a": [{"b": 0}]}, {"a": [{"b": 1}]}], "a": true}"#,
            "[]",
            "{}",
            "7",
        ];
        for text in texts {
            let root = read(text);
            for query in QUERIES {
                let selector = Selector::parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
                let selection = selector.evaluate(&root);
                assert!(selection.blocked.is_empty());
                let mut ours: Vec<Span> = selection.hits.iter().map(|hit| hit.span).collect();
                let mut theirs = oracle(query, text, &root);
                ours.sort();
                theirs.sort();
                assert_eq!(ours, theirs, "{query} on {text}");
            }
        }
    }
}
