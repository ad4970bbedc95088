//! Types: names and what is selected from them, literals, unions, objects and tuples.

use crate::bicep::reader::{Read, Reader};
use crate::bicep::scan::{Kind, Token};
use crate::bicep::tree::{Expression, ExpressionKind, Name, Prefix, Type, TypeKey, TypeKind};

impl Reader<'_> {
    /// Reads a type: one, or several between `|`.
    pub(crate) fn of_type(&mut self) -> Read<Type> {
        let outer = self.enter()?;
        let start = self.token.start;
        self.newline_before(b'|');
        if self.passes(Kind::Bar) {
            self.newlines();
        }
        let mut first = self.type_member();
        self.newline_before(b'|');
        if self.is(Kind::Bar) {
            first = self.union(start, first?);
        }
        self.leave(outer);
        first
    }

    fn union(&mut self, start: usize, first: Type) -> Read<Type> {
        let mut members = vec![first];
        while self.passes(Kind::Bar) {
            self.newlines();
            members.push(self.type_member()?);
            self.newline_before(b'|');
        }
        Ok(Type { kind: TypeKind::Union(members), span: self.span_from(start) })
    }

    fn type_member(&mut self) -> Read<Type> {
        let outer = self.measure();
        let mut of_type = self.type_start();
        if matches!(self.token.kind, Kind::Question | Kind::Bang | Kind::Dot | Kind::OpenBracket) {
            of_type = self.type_ends(of_type?);
        }
        self.measured(outer);
        of_type
    }

    /// Reads what stands after a type, as often as something does.
    fn type_ends(&mut self, mut of_type: Type) -> Read<Type> {
        loop {
            let start = of_type.span.start as usize;
            if !matches!(self.token.kind, Kind::Question | Kind::Bang | Kind::Dot | Kind::OpenBracket) {
                return Ok(of_type);
            }
            self.wrap()?;
            let token = self.advance();
            if token.kind == Kind::Dot && !self.passes(Kind::Star) {
                of_type = self.selected(of_type)?;
                continue;
            }
            let base = Box::new(of_type);
            let kind = match token.kind {
                Kind::Question => TypeKind::Nullable(base),
                Kind::Bang => TypeKind::NotNull(base),
                Kind::OpenBracket if self.passes(Kind::CloseBracket) => TypeKind::List(base),
                Kind::OpenBracket => {
                    self.type_index(token)?;
                    TypeKind::Part(base)
                }
                _ => TypeKind::Part(base),
            };
            of_type = Type { kind, span: self.span_from(start) };
        }
    }

    /// Reads the name after the dot.
    fn selected(&mut self, of_type: Type) -> Read<Type> {
        let name = self.name("the name of a type")?;
        let kind = match of_type.kind {
            // `sys.resourceInput<…>`
            TypeKind::Name(_) if self.is(Kind::Less) => self.parameterised(name)?,
            TypeKind::Name(mut names) => {
                names.push(name);
                TypeKind::Name(names)
            }
            kind => TypeKind::Part(Box::new(Type { kind, span: of_type.span })),
        };
        Ok(Type { kind, span: self.span_from(of_type.span.start as usize) })
    }

    fn type_index(&mut self, opening: Token) -> Read<()> {
        if !self.passes(Kind::Star) {
            if !self.is(Kind::Number) {
                return Err(self.expected_inside("`]`", opening));
            }
            self.number(false)?;
        }
        self.close(Kind::CloseBracket, "`]`", opening)?;
        Ok(())
    }

    fn type_start(&mut self) -> Read<Type> {
        let start = self.token.start;
        let kind = match self.token.kind {
            Kind::Name => self.named_type(),
            Kind::Quote | Kind::Block => self.string().map(TypeKind::Literal),
            Kind::Number | Kind::Minus | Kind::Bang => self.literal().map(TypeKind::Literal),
            Kind::OpenBrace => self.object_type(),
            Kind::OpenBracket => self.tuple(),
            Kind::OpenParenthesis => self.type_parenthesis(),
            Kind::Question => {
                self.advance();
                Ok(TypeKind::Any)
            }
            _ => Err(self.expected("a type")),
        };
        Ok(Type { kind: kind?, span: self.span_from(start) })
    }

    fn type_parenthesis(&mut self) -> Read<TypeKind> {
        let opening = self.advance();
        self.newlines();
        let inner = Box::new(self.of_type()?);
        self.close(Kind::CloseParenthesis, "`)` or `|`", opening)?;
        Ok(TypeKind::Parenthesis(inner))
    }

    /// Reads a number, or a literal behind `-` or `!`.
    fn literal(&mut self) -> Read<Expression> {
        let start = self.token.start;
        let kind = if self.passes(Kind::Bang) {
            let literal = self.name("`true` or `false`")?;
            let yes = Expression { kind: ExpressionKind::Bool(&*literal.text == "true"), span: literal.span };
            ExpressionKind::Prefix(Prefix::Not, Box::new(yes))
        } else {
            let negative = self.passes(Kind::Minus);
            if !self.is(Kind::Number) {
                return Err(self.expected("a number"));
            }
            ExpressionKind::Number(self.number(negative)?)
        };
        Ok(Expression { kind, span: self.span_from(start) })
    }

    fn named_type(&mut self) -> Read<TypeKind> {
        let name = self.name("a type")?;
        let literal = match &*name.text {
            "true" => Some(ExpressionKind::Bool(true)),
            "false" => Some(ExpressionKind::Bool(false)),
            "null" => Some(ExpressionKind::Null),
            _ => None,
        };
        if let Some(kind) = literal {
            return Ok(TypeKind::Literal(Expression { kind, span: name.span }));
        }
        if self.is(Kind::Less) {
            return self.parameterised(name);
        }
        if self.is_string() && &*name.text == "resource" {
            self.string()?;
            return Ok(TypeKind::Any);
        }
        Ok(TypeKind::Name(vec![name]))
    }

    fn parameterised(&mut self, name: Name) -> Read<TypeKind> {
        Ok(TypeKind::Parameterised(name, self.separated(Kind::Greater, "`>` or `,`", Self::of_type)?))
    }

    fn object_type(&mut self) -> Read<TypeKind> {
        let opening = self.advance();
        let mut members = Vec::new();
        self.newlines();
        let mut more = !self.is(Kind::CloseBrace);
        while more {
            self.decorators()?;
            let key = self.type_key(opening)?;
            self.expect(Kind::Colon, "`:`")?;
            members.push((key, self.of_type()?));
            more = self.separator(Kind::CloseBrace, "`}` or another member", opening)?;
        }
        self.advance();
        Ok(TypeKind::Object(members))
    }

    fn type_key(&mut self, opening: Token) -> Read<TypeKey> {
        match self.token.kind {
            Kind::Star => {
                self.advance();
                Ok(TypeKey::Rest)
            }
            Kind::Name => Ok(TypeKey::Name(self.name("a member")?)),
            Kind::Quote | Kind::Block => Ok(TypeKey::Name(self.text_as_name("the name of a member")?)),
            _ => Err(self.expected_inside("`}` or a member", opening)),
        }
    }

    /// Reads a string without holes that stands for a name; its place holds the quotes.
    pub(crate) fn text_as_name(&mut self, what: &str) -> Read<Name> {
        if !self.is_string() {
            return Err(self.expected(what));
        }
        let Expression { kind, span } = self.string()?;
        let ExpressionKind::Text(text) = kind else {
            return Err(self.failure("`${…}` cannot stand here", span.start as usize, span.end as usize));
        };
        Ok(Name { text, span })
    }

    fn tuple(&mut self) -> Read<TypeKind> {
        let opening = self.advance();
        let mut items = Vec::new();
        self.newlines();
        let mut more = !self.is(Kind::CloseBracket);
        while more {
            self.decorators()?;
            items.push(self.of_type()?);
            more = self.separator(Kind::CloseBracket, "`]` or another type", opening)?;
        }
        self.advance();
        Ok(TypeKind::Tuple(items))
    }
}

#[cfg(test)]
mod tests {
    use crate::bicep::shape::{clean, error, type_shape};

    #[test]
    fn a_question_mark_binds_tighter_than_a_bar() {
        assert_eq!(type_shape("'a' | 'b'?"), r#"(| "a", "b"?)"#);
        assert_eq!(type_shape("('a' | 'b')?"), r#"((| "a", "b"))?"#);
        assert_eq!(type_shape("\n | 'a'\n | 'b'[]"), r#"(| "a", "b"[])"#);
    }

    #[test]
    fn types_are_selected_from_types() {
        assert_eq!(type_shape("a.b.c"), "a.b.c");
        assert_eq!(type_shape("a.*"), "(part a)");
        assert_eq!(type_shape("a[*]?"), "(part a)?");
        assert_eq!(type_shape("a[1].b"), "(part (part a))");
        assert_eq!(type_shape("a[][]!"), "a[][]!");
        assert_eq!(type_shape("sys.resourceInput<'a@b'>.c?"), r#"(part resourceInput<"a@b">)?"#);
        assert_eq!(type_shape("resourceOutput<\n'a@b'\n>"), r#"resourceOutput<"a@b">"#);
    }

    #[test]
    fn objects_and_tuples_hold_types() {
        assert_eq!(type_shape("{\n @secure()\n a: string\n 'b c': int?, *: bool }"), "{a: string, b c: int?, *: bool}");
        assert_eq!(type_shape("[\n @description('a')\n int\n string, bool\n]"), "[int, string, bool]");
        assert_eq!(error("type x = { '${a}': int }").1, "'${a}'");
    }

    #[test]
    fn literals_are_types() {
        assert_eq!(type_shape("-1 | 2 | true | !false | null | '''a'''"), r#"(| -1, 2, true, (! false), null, "a")"#);
        assert_eq!(type_shape("?"), "any");
        clean("param x ?\nparam y resource 'a@b' = z\nparam w resource");
    }

    #[test]
    fn types_may_not_be_too_deep() {
        for step in ["[]", "!", ".a", "[1]"] {
            clean(&format!("type x = a{}", step.repeat(250)));
            assert!(error(&format!("type x = a{}", step.repeat(100_000))).0.contains("256 levels"), "{step}");
        }
        assert!(error(&format!("type x = {}", "[".repeat(100_000))).0.contains("256 levels"));
    }
}
