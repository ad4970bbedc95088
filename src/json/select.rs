//! JSONPath (RFC 9535) over nodes: a query is checked once, then selects nodes with their places.
//!
//! Members are found without case, as Azure does. jsonpath-rust answers where everything is known; where a value waits
//! for deployment, `undecided` extends the same answers to three values.

use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::{errors::JsonPathError, parse_json_path};
use jsonpath_rust::query::js_path_process;
use pest::error::InputLocation;

use crate::json::admit;
use crate::json::node::Node;
use crate::json::undecided::{Hit, Walk, first_unknown};

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

/// What a query answers.
#[derive(Clone, Debug, Default)]
pub struct Selection<'a> {
    /// The nodes selected, in the order the query visits them. Unknown ones are among them when the query ends at them.
    pub hits: Vec<&'a Node>,
    /// Unknown nodes that the answer depends on: before deployment, more nodes may turn out to be selected.
    pub blocked: Vec<&'a Node>,
}

impl Selector {
    /// Reads and checks a query.
    ///
    /// # Errors
    /// What is no JSONPath, and what is one but would be answered wrongly or slowly: `..`, `count()`, a filter directly
    /// on `@`, functions beside RFC 9535.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let whole = |message: &str| SelectorError { message: message.to_owned(), offset: 0, length: text.len() };
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
        admit::query(&query).map_err(|refusal| {
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
        let (hits, blocked) = self.run(node);
        Selection { hits: hits.into_iter().map(|hit| hit.node).collect(), blocked }
    }

    /// The nodes selected, with their normalized paths.
    pub fn select_paths<'a>(&self, node: &'a Node) -> Vec<Hit<'a>> {
        self.run(node).0
    }

    fn run<'a>(&self, node: &'a Node) -> (Vec<Hit<'a>>, Vec<&'a Node>) {
        if first_unknown(node).is_some() {
            return Walk::new(node).select(&self.query);
        }
        // The engine fails only where a query yields a computed value, which no path does.
        let found = js_path_process(&self.query, node).unwrap_or_default();
        (found.into_iter().map(|found| Hit { node: found.val, path: found.path }).collect(), Vec::new())
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Selector;
    use crate::json::undecided::Walk;
    use crate::json::{Member, Node, Part, Reason, Unknown, Value, parse};
    use crate::source::{FileId, Span};

    /// Reads JSON; a string that starts with `?` becomes an unknown value of that name, `?a|b` one of `a` and `b`,
    /// `?pre…` one that starts with `pre`.
    fn read(text: &str) -> Node {
        open(&parse(FileId(0), text).unwrap().root)
    }

    fn open(node: &Node) -> Node {
        let value = match &node.value {
            Value::Text(text) if text.starts_with('?') => {
                let text: Arc<str> = text[1..].into();
                let domain = if text.contains('|') { text.split('|').map(Node::from).collect() } else { Vec::new() };
                let (reason, span, key) = (Reason::NotEvaluated, Span::new(FileId(0), 0, 0), Arc::clone(&text));
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
    fn a_hit_has_its_place_and_its_path() {
        let text = r#"{"properties": {"it's": [1, 2]}}"#;
        let root = parse(FileId(0), text).unwrap().root;
        let selector = Selector::parse(r#"$.PROPERTIES["it's"][-1]"#).unwrap();
        let hits = selector.select_paths(&root);
        assert_eq!(&text[hits[0].node.span.range()], "2");
        assert_eq!(hits[0].path, r"$['PROPERTIES']['it\'s'][1]");
        assert!(std::ptr::eq(hits[0].node, selector.select(&root)[0]));
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

    #[test]
    fn both_ways_of_answering_agree_where_all_is_known() {
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
                let sorted = |hits: Vec<crate::json::Hit>| {
                    let mut hits: Vec<_> = hits.iter().map(|hit| (hit.path.clone(), hit.node.span)).collect();
                    hits.sort();
                    hits
                };
                let (open, unknown) = Walk::new(&root).select(&selector.query);
                assert!(unknown.is_empty());
                assert_eq!(sorted(selector.run(&root).0), sorted(open), "{query} on {text}");
            }
        }
    }
}
