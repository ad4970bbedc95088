//! Expressions: operators, selections, calls, lists, loops and lambdas.

use crate::bicep::reader::{Read, Reader};
use crate::bicep::scan::{Kind, Token, starts_name};
use crate::bicep::tree::{Expression, ExpressionKind, Item, Loop, Name, Operator, Prefix};
use crate::source::Span;

impl Reader<'_> {
    /// Reads an expression.
    pub(crate) fn expression(&mut self) -> Read<Expression> {
        let outer = self.enter()?;
        let mut value = self.binary(0);
        self.newline_before(b'?');
        if self.is(Kind::Question) {
            value = self.choice(value?);
        }
        self.leave(outer);
        value
    }

    fn choice(&mut self, condition: Expression) -> Read<Expression> {
        self.wrap()?;
        self.advance();
        self.newlines();
        let yes = self.expression()?;
        self.newline_before(b':');
        self.expect(Kind::Colon, "`:` or an operator")?;
        self.newlines();
        let no = self.expression()?;
        let span = self.span_from(condition.span.start as usize);
        Ok(Expression { kind: ExpressionKind::Choice(Box::new(condition), Box::new(yes), Box::new(no)), span })
    }

    /// Reads operands joined by operators that bind at least as strong as `weakest`.
    fn binary(&mut self, weakest: u8) -> Read<Expression> {
        let left = self.operand();
        // Here and below the rarer part is a function of its own: hundreds of nested brackets must fit on the stack.
        if operator(self.token.kind).is_none() { left } else { self.operations(left?, weakest) }
    }

    fn operations(&mut self, mut left: Expression, weakest: u8) -> Read<Expression> {
        while let Some((strength, operator)) = operator(self.token.kind) {
            if strength < weakest {
                break;
            }
            self.wrap()?;
            self.advance();
            self.newlines();
            let outer = self.enter()?;
            let right = self.binary(strength + 1)?;
            self.leave(outer);
            let span = Span { end: right.span.end, ..left.span };
            left = Expression { kind: ExpressionKind::Binary(operator, Box::new(left), Box::new(right)), span };
        }
        Ok(left)
    }

    fn operand(&mut self) -> Read<Expression> {
        match self.token.kind {
            Kind::Bang => return self.prefix(Prefix::Not),
            Kind::Minus => return self.prefix(Prefix::Minus),
            _ => {}
        }
        let outer = self.measure();
        let mut value = self.primary();
        if matches!(self.token.kind, Kind::Dot | Kind::OpenBracket | Kind::DoubleColon | Kind::Bang) {
            value = self.selections(value?);
        }
        self.measured(outer);
        value
    }

    /// Reads what is selected from a value, as often as something is.
    fn selections(&mut self, mut value: Expression) -> Read<Expression> {
        loop {
            value = match self.token.kind {
                Kind::Dot => self.member(value)?,
                Kind::OpenBracket => self.index(value)?,
                Kind::DoubleColon => self.nested(value)?,
                Kind::Bang => self.not_null(value)?,
                _ => return Ok(value),
            }
        }
    }

    fn not_null(&mut self, value: Expression) -> Read<Expression> {
        self.wrap()?;
        let end = self.advance().end;
        let span = self.span(value.span.start as usize, end);
        Ok(Expression { kind: ExpressionKind::NotNull(Box::new(value)), span })
    }

    fn prefix(&mut self, prefix: Prefix) -> Read<Expression> {
        let outer = self.enter()?;
        let start = self.advance().start;
        let kind = if prefix == Prefix::Minus && self.is(Kind::Number) {
            ExpressionKind::Number(self.number(true)?)
        } else {
            ExpressionKind::Prefix(prefix, Box::new(self.operand()?))
        };
        self.leave(outer);
        Ok(Expression { kind, span: self.span_from(start) })
    }

    fn member(&mut self, base: Expression) -> Read<Expression> {
        self.wrap()?;
        self.advance();
        let safe = self.passes(Kind::Question);
        if self.is(Kind::Number) && matches!(base.kind, ExpressionKind::Number(_)) {
            let message = "a number has no fraction: `json('0.5')` gives one";
            return Err(self.failure(message, base.span.start as usize, self.token.end));
        }
        let name = self.name("the name of a property")?;
        let start = base.span.start as usize;
        let base = Box::new(base);
        let kind = if self.is(Kind::OpenParenthesis) {
            ExpressionKind::Method(base, Box::new(name), self.arguments()?)
        } else {
            ExpressionKind::Member { base, name, safe }
        };
        Ok(Expression { kind, span: self.span_from(start) })
    }

    fn index(&mut self, base: Expression) -> Read<Expression> {
        self.wrap()?;
        let opening = self.advance();
        let safe = self.passes(Kind::Question);
        let from_end = self.passes(Kind::Caret);
        self.newlines();
        let index = Box::new(self.expression()?);
        self.close(Kind::CloseBracket, "`]` or an operator", opening)?;
        let span = self.span_from(base.span.start as usize);
        Ok(Expression { kind: ExpressionKind::Index { base: Box::new(base), index, safe, from_end }, span })
    }

    fn nested(&mut self, base: Expression) -> Read<Expression> {
        self.wrap()?;
        self.advance();
        let name = self.name("the name of a nested resource")?;
        let span = self.span_from(base.span.start as usize);
        Ok(Expression { kind: ExpressionKind::Nested(Box::new(base), name), span })
    }

    fn primary(&mut self) -> Read<Expression> {
        let start = self.token.start;
        let kind = match self.token.kind {
            Kind::Name => self.named()?,
            Kind::Quote | Kind::Block => return self.string(),
            Kind::Number => ExpressionKind::Number(self.number(false)?),
            Kind::OpenBrace => ExpressionKind::Object(self.object(false)?),
            Kind::OpenBracket => self.list()?,
            Kind::OpenParenthesis => self.parenthesis()?,
            Kind::Question => {
                self.advance();
                ExpressionKind::Unknown
            }
            _ => return Err(self.expected("a value")),
        };
        Ok(Expression { kind, span: self.span_from(start) })
    }

    /// Reads what starts with a name: a word with a meaning of its own, a lambda, a call, or the name.
    fn named(&mut self) -> Read<ExpressionKind> {
        let token = self.advance();
        match self.slice(token) {
            "true" => return Ok(ExpressionKind::Bool(true)),
            "false" => return Ok(ExpressionKind::Bool(false)),
            "null" => return Ok(ExpressionKind::Null),
            _ => {}
        }
        let text = self.names.get(self.slice(token));
        let named = |text| Name { text, span: self.span(token.start, token.end) };
        match self.token.kind {
            Kind::OpenParenthesis => {
                let name = named(text);
                Ok(ExpressionKind::Call(Box::new(name), self.arguments()?))
            }
            Kind::Arrow => {
                let name = named(text);
                self.lambda(vec![name])
            }
            _ => Ok(ExpressionKind::Name(text)),
        }
    }

    /// Reads `=> body`.
    fn lambda(&mut self, names: Vec<Name>) -> Read<ExpressionKind> {
        self.expect(Kind::Arrow, "`=>`")?;
        self.newlines();
        Ok(ExpressionKind::Lambda(names, Box::new(self.expression()?)))
    }

    /// Reads a whole number; `negative` says that a minus stood before it.
    pub(crate) fn number(&mut self, negative: bool) -> Read<i64> {
        let digits = self.slice(self.token);
        let number = if negative { format!("-{digits}").parse() } else { digits.parse() };
        let Ok(number) = number else {
            let (start, end) = (self.token.start, self.token.end);
            return Err(self.failure("this number does not fit into 64 bits", start, end));
        };
        self.advance();
        Ok(number)
    }

    /// Reads `(arguments)`.
    pub(crate) fn arguments(&mut self) -> Read<Vec<Expression>> {
        self.separated(Kind::CloseParenthesis, "`)`, `,` or an operator", Self::expression)
    }

    /// Reads an opening bracket, what stands behind it with commas between, and the bracket that closes it; `expected` says
    /// what else could stand where that is missing.
    pub(crate) fn separated<T>(
        &mut self,
        closing: Kind,
        expected: &'static str,
        one: impl Fn(&mut Self) -> Read<T>,
    ) -> Read<Vec<T>> {
        let opening = self.advance();
        let mut all = Vec::new();
        loop {
            self.newlines();
            if self.is(closing) {
                break;
            }
            if all.is_empty() {
                // Most have one.
                all.reserve_exact(1);
            }
            all.push(one(self)?);
            self.newlines();
            if !self.passes(Kind::Comma) {
                break;
            }
        }
        self.close(closing, expected, opening)?;
        Ok(all)
    }

    fn parenthesis(&mut self) -> Read<ExpressionKind> {
        let opening = self.advance();
        if self.starts_lambda() {
            let names = self.lambda_names()?;
            return self.lambda(names);
        }
        self.newlines();
        let value = self.expression()?;
        self.close(Kind::CloseParenthesis, "`)` or an operator", opening)?;
        Ok(ExpressionKind::Parenthesis(Box::new(value)))
    }

    /// Whether names, commas, `)` and `=>` follow. Looks no further than the first other token.
    fn starts_lambda(&mut self) -> bool {
        let (token, at, last_end) = (self.token, self.scan.at, self.last_end);
        while matches!(self.token.kind, Kind::Name | Kind::Comma | Kind::Newline) {
            self.advance();
        }
        let found = self.passes(Kind::CloseParenthesis) && self.is(Kind::Arrow);
        (self.token, self.scan.at, self.last_end) = (token, at, last_end);
        found
    }

    fn lambda_names(&mut self) -> Read<Vec<Name>> {
        let mut names = Vec::new();
        loop {
            self.newlines();
            if self.passes(Kind::CloseParenthesis) {
                return Ok(names);
            }
            names.push(self.name("the name of a variable")?);
            self.newlines();
            if !self.passes(Kind::Comma) && !self.is(Kind::CloseParenthesis) {
                return Err(self.expected("`,` or `)`"));
            }
        }
    }

    fn list(&mut self) -> Read<ExpressionKind> {
        let opening = self.advance();
        self.newlines();
        if self.starts_loop() {
            return self.loop_value(opening);
        }
        let mut items = Vec::new();
        let mut more = !self.is(Kind::CloseBracket);
        while more {
            self.item(opening, &mut items)?;
            more = self.separator(Kind::CloseBracket, "`]` or another element", opening)?;
        }
        self.advance();
        Ok(ExpressionKind::List(items))
    }

    fn item(&mut self, opening: Token, items: &mut Vec<Item>) -> Read<()> {
        if self.passes(Kind::Ellipsis) {
            items.push(Item::Spread(self.expression()?));
            return Ok(());
        }
        if matches!(self.token.kind, Kind::End | Kind::Newline | Kind::Assign | Kind::Colon) {
            return Err(self.expected_inside("`]` or an element", opening));
        }
        items.push(Item::Value(self.expression()?));
        Ok(())
    }

    /// Whether the token at hand is the word `for` of a loop, not a name.
    pub(crate) fn starts_loop(&self) -> bool {
        let next = self.scan.next_byte();
        self.is_word("for") && (starts_name(next) || next == b'(')
    }

    /// Reads `for item in source:`.
    pub(crate) fn loop_head(&mut self) -> Read<Loop> {
        self.expect_word("for")?;
        let (item, index) = if self.is(Kind::OpenParenthesis) {
            let opening = self.advance();
            self.newlines();
            let item = self.name("the name of the item")?;
            self.newlines();
            self.expect(Kind::Comma, "`,`")?;
            self.newlines();
            let index = self.name("the name of the index")?;
            self.close(Kind::CloseParenthesis, "`)`", opening)?;
            (item, Some(index))
        } else {
            (self.name("the name of the item")?, None)
        };
        self.expect_word("in")?;
        let source = Box::new(self.expression()?);
        self.expect(Kind::Colon, "`:` or an operator")?;
        Ok(Loop { item, index, source })
    }

    fn loop_value(&mut self, opening: Token) -> Read<ExpressionKind> {
        let head = self.loop_head()?;
        self.newlines();
        let start = self.token.start;
        let body = if self.is_word("if") && self.scan.next_byte() == b'(' {
            let condition = Box::new(self.condition()?);
            let value = Box::new(self.expression()?);
            Expression { kind: ExpressionKind::If(condition, value), span: self.span_from(start) }
        } else {
            self.expression()?
        };
        self.close(Kind::CloseBracket, "`]` or an operator", opening)?;
        Ok(ExpressionKind::For(Box::new(head), Box::new(body)))
    }

    /// Reads `if (condition)`; the parentheses are no part of what it gives.
    pub(crate) fn condition(&mut self) -> Read<Expression> {
        self.advance();
        let opening = self.expect(Kind::OpenParenthesis, "`(`")?;
        self.newlines();
        let condition = self.expression()?;
        self.close(Kind::CloseParenthesis, "`)` or an operator", opening)?;
        Ok(condition)
    }
}

fn operator(kind: Kind) -> Option<(u8, Operator)> {
    Some(match kind {
        Kind::DoubleQuestion => (0, Operator::Coalesce),
        Kind::Or => (1, Operator::Or),
        Kind::And => (2, Operator::And),
        Kind::Equals => (3, Operator::Equals),
        Kind::NotEquals => (3, Operator::NotEquals),
        Kind::EqualsInsensitive => (3, Operator::EqualsInsensitive),
        Kind::NotEqualsInsensitive => (3, Operator::NotEqualsInsensitive),
        Kind::Less => (4, Operator::Less),
        Kind::LessOrEquals => (4, Operator::LessOrEquals),
        Kind::Greater => (4, Operator::Greater),
        Kind::GreaterOrEquals => (4, Operator::GreaterOrEquals),
        Kind::Plus => (5, Operator::Add),
        Kind::Minus => (5, Operator::Subtract),
        Kind::Star => (6, Operator::Multiply),
        Kind::Slash => (6, Operator::Divide),
        Kind::Percent => (6, Operator::Modulo),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::bicep::shape::{clean, error, tree, value};
    use crate::bicep::tree::{DeclarationKind, Expression, ExpressionKind};

    #[test]
    fn operators_bind_in_the_order_of_the_language() {
        assert_eq!(value("a ? b : c ? d : e"), "(? a b (? c d e))");
        assert_eq!(value("a ?? b || c"), "(?? a (|| b c))");
        assert_eq!(value("a || b && c"), "(|| a (&& b c))");
        assert_eq!(value("a && b == c"), "(&& a (== b c))");
        assert_eq!(value("a == b < c"), "(== a (< b c))");
        assert_eq!(value("a < b + c"), "(< a (+ b c))");
        assert_eq!(value("a + b * c"), "(+ a (* b c))");
        assert_eq!(value("a * b + c"), "(+ (* a b) c)");
        assert_eq!(value("-a * !b.c"), "(* (- a) (! b.c))");
        assert_eq!(value("a =~ b ? c !~ d : e"), "(? (=~ a b) (!~ c d) e)");
    }

    #[test]
    fn binary_operators_associate_to_the_left() {
        assert_eq!(value("a - b - c"), "(- (- a b) c)");
        assert_eq!(value("a ?? b ?? c"), "(?? (?? a b) c)");
        assert_eq!(value("(a - b) - (c)"), "(- ((- a b)) (c))");
    }

    #[test]
    fn not_null_and_not_equals_are_told_apart() {
        assert_eq!(value("a!.b!"), "a!.b!");
        assert_eq!(value("a!=b"), "(!= a b)");
        assert_eq!(value("a! == b"), "(== a! b)");
        assert_eq!(value("!!a"), "(! (! a))");
        assert_eq!(value("--a"), "(- (- a))");
    }

    #[test]
    fn a_choice_of_lists_is_no_safe_selection() {
        assert_eq!(value("a ?[b] : c"), "(? a [b] c)");
        assert_eq!(value("a ? [b] : c"), "(? a [b] c)");
        assert_eq!(value("a[?b]"), "a[?b]");
        assert_eq!(value("a[?^1].?b[^2]::c.d()"), "a[?^1].?b[^2]::c.d()");
    }

    #[test]
    fn a_bracket_of_names_is_a_lambda_only_before_an_arrow() {
        assert_eq!(value("f((x, y) => x, () => 1, z => (z))"), "f(((x, y) => x), (() => 1), ((z) => (z)))");
        assert_eq!(value("(x)"), "(x)");
        assert_eq!(value("f(x =>\n  x)"), "f(((x) => x))");
    }

    #[test]
    fn line_ends_are_free_where_the_language_says_so() {
        assert_eq!(value("f(\n a,\n b\n)"), "f(a, b)");
        assert_eq!(value("(\n a\n)"), "(a)");
        assert_eq!(value("a\n  ? b\n  : c"), "(? a b c)");
        assert_eq!(value("[\n for x in y: x\n]"), "(for x in y: x)");
        assert_eq!(error("var x = a\n  + b").1, "+");
    }

    #[test]
    fn elements_are_parted_by_line_ends_or_commas() {
        assert_eq!(value("[a, b\nc\n\n// d\ne,]"), "[a, b, c, e]");
        assert_eq!(value("[\n...a\nb]"), "[...a, b]");
        assert_eq!(value("[]"), "[]");
        assert_eq!(error("var x = [a b]"), ("`]` or another element is expected here".to_owned(), "b"));
    }

    #[test]
    fn words_are_names_where_no_declaration_starts() {
        assert_eq!(value("[for, if, in]"), "[for, if, in]");
        assert_eq!(value("param.type.existing"), "param.type.existing");
        assert_eq!(value("{ for: if(in), resource: type }"), "{\"for\": if(in), \"resource\": type}");
        clean("param param string = 'x'\nvar var = param\ntype type = string\nresource resource 'a@b' = {}");
    }

    #[test]
    fn loops_name_an_item_and_an_index() {
        assert_eq!(value("[for (a, i) in range(0, 3): { b: i }]"), "(for a,i in range(0, 3): {\"b\": i})");
        assert_eq!(value("[for a in b: if (c) {}]"), "(for a in b: (if c {}))");
        assert_eq!(value("[for a in b ? c : d: a]"), "(for a in (? b c d): a)");
    }

    #[test]
    fn numbers_have_64_bits() {
        assert_eq!(value("-9223372036854775808"), "-9223372036854775808");
        assert_eq!(value("9223372036854775807"), "9223372036854775807");
        assert_eq!(value("1 -1"), "(- 1 1)");
        let too_large = "this number does not fit into 64 bits".to_owned();
        assert_eq!(error("var x = 9223372036854775808"), (too_large, "9223372036854775808"));
        assert!(error("var x = 0.5").0.contains("json('0.5')"));
    }

    #[test]
    fn a_place_goes_from_the_first_to_the_last_character() {
        let text = "var x = (a.b[0]!) + -f(c) /* d */\n";
        let tree = clean(text);
        let DeclarationKind::Variable { value, .. } = &tree.declarations[0].kind else { panic!() };
        let at = |found: &Expression| text[found.span.range()].to_owned();
        assert_eq!(at(value), "(a.b[0]!) + -f(c)");
        let ExpressionKind::Binary(_, left, right) = &value.kind else { panic!() };
        assert_eq!((at(left), at(right)), ("(a.b[0]!)".to_owned(), "-f(c)".to_owned()));
        let ExpressionKind::Parenthesis(inner) = &left.kind else { panic!() };
        assert_eq!(at(inner), "a.b[0]!");
        assert_eq!(&text[tree.declarations[0].span.range()], "var x = (a.b[0]!) + -f(c)");
    }

    #[test]
    fn what_is_too_deep_is_an_error_of_its_declaration() {
        let deep = |open: &str, close: &str, count| format!("{}1{}", open.repeat(count), close.repeat(count));
        for (open, close) in
            [("[", "]"), ("(", ")"), ("{a:", "}"), ("f(", ")"), ("'${", "}'"), ("x=>", ""), ("-a+", "")]
        {
            let nested = |count| format!("var x = {}\nvar y = 1", deep(open, close, count));
            assert_eq!(tree(&nested(250)).errors, [], "{open}");
            for count in [257, 100_000] {
                let tree = tree(&nested(count));
                assert!(tree.errors[0].message.contains("256 levels"), "{open}: {:?}", tree.errors);
                assert_eq!((tree.errors.len(), tree.declarations.len(), &*tree.broken[0].text), (1, 1, "x"));
            }
        }
    }

    #[test]
    fn long_chains_are_deep_too() {
        for step in [".a", "[0]", "!", "::b", " + 1", " ?? c", ".d()"] {
            clean(&format!("var x = a{}", step.repeat(250)));
            assert!(error(&format!("var x = a{}", step.repeat(100_000))).0.contains("256 levels"), "{step}");
        }
        let left = |value: String| format!("({value}{})", ".a".repeat(100));
        let hidden = left(left(left("b".to_owned())));
        assert!(error(&format!("var x = {hidden}")).0.contains("256 levels"));
        clean(&format!("var x = [\n{}]", format!("a{}\n", ".b".repeat(200)).repeat(200)));
        clean(&format!("var x = {}", vec!["a.b.c.d.e"; 200].join(" + ")));
    }
}
