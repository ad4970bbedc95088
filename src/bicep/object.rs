//! Objects and what bodies are made of: members, spreads, decorators, resources inside resources.

use crate::bicep::reader::{Read, Reader};
use crate::bicep::scan::{Kind, Token, starts_name};
use crate::bicep::tree::{Body, Decorator, Entry, Expression, ExpressionKind, Name, Object, Resource};

impl Reader<'_> {
    /// Reads `{…}`; in the body of a resource other resources may stand among the members.
    pub(crate) fn object(&mut self, of_resource: bool) -> Read<Object> {
        let opening = self.expect(Kind::OpenBrace, "`{`")?;
        let mut entries = Vec::new();
        self.newlines();
        let mut more = !self.is(Kind::CloseBrace);
        while more {
            if of_resource && (self.is(Kind::At) || self.starts_resource()) {
                self.nested_resource(&mut entries)?;
            } else {
                self.entry(opening, &mut entries)?;
            }
            more = self.separator(Kind::CloseBrace, "`}` or another member", opening)?;
        }
        self.advance();
        entries.shrink_to_fit();
        Ok(Object { entries, span: self.span_from(opening.start) })
    }

    /// Whether the token at hand is the word `resource` of a declaration, not a name.
    fn starts_resource(&self) -> bool {
        self.is_word("resource") && starts_name(self.scan.next_byte())
    }

    fn entry(&mut self, opening: Token, entries: &mut Vec<Entry>) -> Read<()> {
        if self.passes(Kind::Ellipsis) {
            entries.push(Entry::Spread(self.expression()?));
            return Ok(());
        }
        let key = self.key(opening)?;
        self.expect(Kind::Colon, "`:`")?;
        entries.push(Entry::Member { key, value: self.expression()? });
        Ok(())
    }

    fn key(&mut self, opening: Token) -> Read<Expression> {
        if self.is_string() {
            return self.string();
        }
        if !self.is(Kind::Name) {
            return Err(self.expected_inside("`}` or a member", opening));
        }
        let Name { text, span } = self.name("a member")?;
        Ok(Expression { kind: ExpressionKind::Text(text), span })
    }

    fn nested_resource(&mut self, entries: &mut Vec<Entry>) -> Read<()> {
        let decorators = self.decorators()?;
        if !self.starts_resource() {
            return Err(self.expected("a resource, to which the decorators belong,"));
        }
        // The resource and its body are a level each.
        let (outer, inner) = (self.enter()?, self.enter()?);
        let start = self.advance().start;
        let name = self.name("the name of the resource")?;
        let resource = Box::new(self.resource(name)?);
        self.leave(inner);
        self.leave(outer);
        entries.push(Entry::Resource(decorators, resource, self.span_from(start)));
        Ok(())
    }

    /// Reads a resource after its name.
    pub(crate) fn resource(&mut self, name: Name) -> Read<Resource> {
        if !self.is_string() {
            return Err(
                self.expected("the type of the resource, such as 'Microsoft.Network/virtualNetworks@2024-05-01',")
            );
        }
        let of_type = self.string()?;
        let existing = self.is_word("existing");
        if existing {
            self.advance();
        }
        self.expect(Kind::Assign, "`=`")?;
        Ok(Resource { name, of_type, existing, body: self.body()? })
    }

    /// Reads `{…}`, `if (…) {…}` or either of them in `[for …: ]`.
    pub(crate) fn body(&mut self) -> Read<Body> {
        self.newlines();
        let start = self.token.start;
        let opening = if self.is(Kind::OpenBracket) { Some(self.advance()) } else { None };
        let mut looped = None;
        if opening.is_some() {
            self.newlines();
            looped = Some(self.loop_head()?);
            self.newlines();
        }
        let condition = if self.is_word("if") { Some(self.condition()?) } else { None };
        self.newlines();
        if !self.is(Kind::OpenBrace) {
            let what = match (&looped, &condition) {
                (_, Some(_)) => "`{`",
                (Some(_), None) => "`{` or `if (…) {`",
                (None, None) => "`{`, `if (…) {` or `[for …: {`",
            };
            return Err(self.expected(what));
        }
        let object = self.object(true)?;
        if let Some(opening) = opening {
            self.close(Kind::CloseBracket, "`]`", opening)?;
        }
        Ok(Body { looped, condition, object, span: self.span_from(start) })
    }

    /// Reads decorators and the line ends after them.
    pub(crate) fn decorators(&mut self) -> Read<Vec<Decorator>> {
        let mut decorators = Vec::new();
        while self.is(Kind::At) {
            decorators.push(self.decorator()?);
            self.passes(Kind::Newline);
        }
        Ok(decorators)
    }

    /// Reads `@name(arguments)`; of `@sys.name` and its kin only the last name counts.
    pub(crate) fn decorator(&mut self) -> Read<Decorator> {
        let start = self.advance().start;
        let mut name = self.name("the name of a decorator")?;
        while self.passes(Kind::Dot) {
            name = self.name("the name of a decorator")?;
        }
        let arguments = if self.is(Kind::OpenParenthesis) { self.arguments()? } else { Vec::new() };
        Ok(Decorator { name, arguments, span: self.span_from(start) })
    }
}

#[cfg(test)]
mod tests {
    use crate::bicep::shape::{body, clean, error, resource, tree, value};
    use crate::bicep::tree::{DeclarationKind, Entry, ExpressionKind};

    fn resource_of(text: &str) -> String {
        match &clean(text).declarations[0].kind {
            DeclarationKind::Resource(found) => resource(found),
            DeclarationKind::Module(found) => body(&found.body),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn members_are_parted_by_line_ends_or_commas() {
        assert_eq!(value("{a: 1, b: 2\nc: 3,}"), r#"{"a": 1, "b": 2, "c": 3}"#);
        assert_eq!(value("{\n a: 1,\n ...b\n\n}"), r#"{"a": 1, ...b}"#);
        assert_eq!(error("var x = {a: 1 b: 2}").1, "b");
    }

    #[test]
    fn keys_are_names_or_strings() {
        assert_eq!(value("{a: 1, 'b c': 2, '${d}': 3, '''e''': 4}"), r#"{"a": 1, "b c": 2, <"" d "">: 3, "e": 4}"#);
        let text = "var x = {a: 1, 'b': 2}";
        let DeclarationKind::Variable { value, .. } = &clean(text).declarations[0].kind else { panic!() };
        let ExpressionKind::Object(object) = &value.kind else { panic!() };
        let places = object.entries.iter().map(|entry| match entry {
            Entry::Member { key, .. } => &text[key.span.range()],
            other => panic!("{other:?}"),
        });
        assert_eq!(places.collect::<Vec<_>>(), ["a", "'b'"]);
        assert_eq!(error("var x = {1: 2}").1, "1");
    }

    #[test]
    fn bodies_are_plain_conditional_or_looped() {
        assert_eq!(resource_of("resource a 'b@c' = {}"), r#"resource a "b@c" = {}"#);
        assert_eq!(resource_of("resource a 'b@c' existing = {}"), r#"resource a "b@c" existing = {}"#);
        assert_eq!(resource_of("resource a 'b@c' =\n  if (d) {}"), r#"resource a "b@c" = if d {}"#);
        assert_eq!(resource_of("module a 'b' = [for c in d: {}]"), "for c in d: {}");
        assert_eq!(
            resource_of("module a 'b' = [\n for (c, i) in d: if (e == i) {}\n]"),
            "for c,i in d: if (== e i) {}"
        );
        assert_eq!(error("module a 'b' = c").1, "c");
    }

    #[test]
    fn a_resource_in_a_body_has_a_name() {
        let text =
            "resource a 'b@c' = {\n resource: 1\n @batchSize(1)\n @sys.d()\n resource e 'f' = [for g in h: {}]\n}";
        let nested = r#"@batchSize @d resource e "f" = for g in h: {}"#;
        assert_eq!(resource_of(text), format!(r#"resource a "b@c" = {{"resource": 1, {nested}}}"#));
        assert_eq!(error("var x = {\n resource a 'b' = {}\n}").1, "a");
        assert_eq!(error("resource a 'b@c' = {\n @d()\n e: 1\n}").1, "e");
    }

    #[test]
    fn resources_in_resources_are_deep_too() {
        let nested = |count| format!("{}{}", "resource a 'b@c' = {\n".repeat(count), "}\n".repeat(count));
        assert_eq!(tree(&nested(120)).errors, []);
        assert!(tree(&nested(130)).errors[0].message.contains("256 levels"));
    }

    #[test]
    fn decorators_belong_to_what_follows() {
        let tree = clean("@description('a')\n\n// b\n@sys.minLength(1)\nparam c string\n@export() var d = 1");
        let names: Vec<Vec<&str>> = tree
            .declarations
            .iter()
            .map(|declaration| declaration.decorators.iter().map(|decorator| &*decorator.name.text).collect())
            .collect();
        assert_eq!(names, [vec!["description", "minLength"], vec!["export"]]);
        assert_eq!(error("@secure()").0, "a declaration, to which the decorators belong, is expected here");
    }
}
