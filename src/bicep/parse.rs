//! Declarations, and how to go on after one that cannot be read.
//!
//! Expressions, types and bodies are the work of the siblings.

use memchr::memchr2;

use crate::bicep::reader::{Read, Reader};
use crate::bicep::scan::{Kind, starts_name};
use crate::bicep::tree::{Declaration, DeclarationKind, Expression, File, Imported, Module, Name, Type};
use crate::source::FileId;

/// Reads a `.bicep` or `.bicepparam` text, the byte order mark left out. It never fails: a declaration that cannot be
/// read is an error of the file, and the others are kept.
pub fn parse(file: FileId, text: &str) -> File {
    let mut reader = Reader::new(file, text);
    let (mut declarations, mut errors, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    let mut reread = 0;
    loop {
        reader.passes(Kind::Newline);
        if reader.is(Kind::End) {
            break;
        }
        reader.reset();
        reader.scan.restart = None;
        match reader.declaration() {
            Ok(declaration) => declarations.push(declaration),
            Err(failure) => {
                errors.push(*failure);
                broken.append(&mut reader.declared);
                reader.recover(&mut reread);
            }
        }
    }
    let comments = std::mem::take(&mut reader.scan.comments);
    declarations.shrink_to_fit();
    File { declarations, comments, errors, broken, span: reader.span(0, text.len()) }
}

impl Reader<'_> {
    fn declaration(&mut self) -> Read<Declaration> {
        let mut decorators = Vec::new();
        while self.is(Kind::At) {
            // A later error lies after this decorator: reading never goes on before it.
            self.scan.restart = None;
            decorators.push(self.decorator()?);
            self.passes(Kind::Newline);
        }
        self.scan.restart = None;
        if self.is(Kind::End) && !decorators.is_empty() {
            return Err(self.expected("a declaration, to which the decorators belong,"));
        }
        let start = self.token.start;
        let kind = self.kind()?;
        let span = self.span_from(start);
        if !matches!(self.token.kind, Kind::Newline | Kind::End) {
            return Err(self.expected("a new line or an operator"));
        }
        Ok(Declaration { decorators, kind, span })
    }

    fn kind(&mut self) -> Read<DeclarationKind> {
        let word = if self.is(Kind::Name) { self.slice(self.token) } else { "" };
        let read = match word {
            "param" => Self::parameter,
            "var" => Self::variable,
            "resource" => Self::resource_declaration,
            "module" => Self::module,
            "output" => Self::output,
            "type" => Self::type_declaration,
            "metadata" => Self::metadata,
            "targetScope" => Self::target_scope,
            "func" => Self::function,
            "import" => Self::import,
            "extension" | "provider" => Self::extension,
            "assert" => Self::assertion,
            "test" => Self::test,
            "using" => Self::using,
            "extends" => Self::extends,
            "extensionConfig" => Self::extension_config,
            _ => return Err(self.no_declaration()),
        };
        self.advance();
        read(self)
    }

    fn no_declaration(&mut self) -> crate::bicep::reader::Failure {
        let what = "a declaration such as `param`, `var`, `resource` or `module`";
        let failure = self.expected(what);
        if self.is(Kind::Name) && starts_name(self.scan.next_byte()) {
            self.advance();
            // Whatever the word was to be, the name after it is a name of the file.
            self.declared_name("a name").ok();
        }
        failure
    }

    fn declared_name(&mut self, what: &str) -> Read<Name> {
        let name = self.name(what)?;
        self.declared.push(name.clone());
        Ok(name)
    }

    fn value(&mut self) -> Read<Expression> {
        self.expect(Kind::Assign, "`=`")?;
        self.expression()
    }

    fn parameter(&mut self) -> Read<DeclarationKind> {
        let name = self.declared_name("the name of the parameter")?;
        let of_type = if self.is(Kind::Assign) { None } else { Some(self.of_type()?) };
        let value = if self.is(Kind::Assign) { Some(self.value()?) } else { None };
        Ok(DeclarationKind::Parameter { name, of_type, value })
    }

    fn variable(&mut self) -> Read<DeclarationKind> {
        let name = self.declared_name("the name of the variable")?;
        if !matches!(self.token.kind, Kind::Assign | Kind::Newline | Kind::End) {
            self.of_type()?;
        }
        Ok(DeclarationKind::Variable { name, value: self.value()? })
    }

    fn resource_declaration(&mut self) -> Read<DeclarationKind> {
        let name = self.declared_name("the name of the resource")?;
        self.resource(name).map(DeclarationKind::Resource)
    }

    fn module(&mut self) -> Read<DeclarationKind> {
        let name = self.declared_name("the name of the module")?;
        let path = self.path("the path of the module")?;
        self.expect(Kind::Assign, "`=`")?;
        Ok(DeclarationKind::Module(Module { name, path, body: self.body()? }))
    }

    fn path(&mut self, what: &str) -> Read<Expression> {
        if self.is_string() { self.string() } else { Err(self.expected(&format!("{what}, in quotes,"))) }
    }

    fn output(&mut self) -> Read<DeclarationKind> {
        let name = self.name("the name of the output")?;
        let of_type = self.of_type()?;
        Ok(DeclarationKind::Output { name, of_type, value: self.value()? })
    }

    fn type_declaration(&mut self) -> Read<DeclarationKind> {
        let name = self.declared_name("the name of the type")?;
        self.expect(Kind::Assign, "`=`")?;
        Ok(DeclarationKind::Type(name, self.of_type()?))
    }

    fn metadata(&mut self) -> Read<DeclarationKind> {
        let name = self.name("the name of the metadata")?;
        Ok(DeclarationKind::Metadata(name, self.value()?))
    }

    fn target_scope(&mut self) -> Read<DeclarationKind> {
        self.value().map(DeclarationKind::TargetScope)
    }

    fn function(&mut self) -> Read<DeclarationKind> {
        let name = self.declared_name("the name of the function")?;
        let parameters = self.function_parameters()?;
        let output = self.of_type()?;
        self.expect(Kind::Arrow, "`=>`")?;
        self.newlines();
        Ok(DeclarationKind::Function { name, parameters, output, body: self.expression()? })
    }

    fn function_parameters(&mut self) -> Read<Vec<(Name, Type)>> {
        let opening = self.expect(Kind::OpenParenthesis, "`(`")?;
        let mut parameters = Vec::new();
        loop {
            self.newlines();
            if self.is(Kind::CloseParenthesis) {
                break;
            }
            let name = self.name("the name of a parameter")?;
            parameters.push((name, self.of_type()?));
            self.newlines();
            if !self.passes(Kind::Comma) {
                break;
            }
        }
        self.close(Kind::CloseParenthesis, "`)` or `,`", opening)?;
        Ok(parameters)
    }

    fn import(&mut self) -> Read<DeclarationKind> {
        let items = match self.token.kind {
            Kind::OpenBrace => self.imported_names()?,
            Kind::Star => {
                self.advance();
                self.expect_word("as")?;
                Imported::All(self.declared_name("the name of the import")?)
            }
            Kind::Quote | Kind::Block => return self.extension(),
            _ => return Err(self.expected("`{` or `*`")),
        };
        self.expect_word("from")?;
        Ok(DeclarationKind::Import { items, path: self.path("the path of a file")? })
    }

    fn imported_names(&mut self) -> Read<Imported> {
        let opening = self.advance();
        let mut names = Vec::new();
        self.newlines();
        let mut more = !self.is(Kind::CloseBrace);
        while more {
            let (there, renamed) = if self.is_string() {
                (self.text_as_name("a name")?, true)
            } else {
                let name = self.name("`}` or the name of what is imported")?;
                (name, self.is_word("as"))
            };
            let here = if renamed {
                self.expect_word("as")?;
                self.name("the name it is to have here")?
            } else {
                there.clone()
            };
            self.declared.push(here.clone());
            names.push((there, here));
            more = self.separator(Kind::CloseBrace, "`}` or another name", opening)?;
        }
        self.advance();
        Ok(Imported::Names(names))
    }

    fn extension(&mut self) -> Read<DeclarationKind> {
        let spec = if self.is_string() {
            let string = self.string()?;
            let written = self.scan.text.get(string.span.range()).unwrap_or("");
            self.names.get(written.trim_matches(['\'', '$']))
        } else {
            self.declared_name("the name of the extension")?.text
        };
        self.settings()?;
        let alias = if self.is_word("as") {
            self.advance();
            Some(self.declared_name("the name of the extension")?)
        } else {
            None
        };
        Ok(DeclarationKind::Extension { spec, alias })
    }

    /// Passes `with {…}`.
    fn settings(&mut self) -> Read<()> {
        if self.is_word("with") {
            self.advance();
            self.expression()?;
        }
        Ok(())
    }

    fn assertion(&mut self) -> Read<DeclarationKind> {
        let name = self.declared_name("the name of the assertion")?;
        Ok(DeclarationKind::Assert(name, self.value()?))
    }

    fn test(&mut self) -> Read<DeclarationKind> {
        let name = self.declared_name("the name of the test")?;
        self.path("the path of the test")?;
        self.value()?;
        Ok(DeclarationKind::Test(name))
    }

    fn using(&mut self) -> Read<DeclarationKind> {
        let path = if self.is_word("none") {
            self.advance();
            None
        } else {
            Some(self.path("`none` or the path of a file")?)
        };
        self.settings()?;
        Ok(DeclarationKind::Using(path))
    }

    fn extends(&mut self) -> Read<DeclarationKind> {
        self.path("the path of a parameter file").map(DeclarationKind::Extends)
    }

    fn extension_config(&mut self) -> Read<DeclarationKind> {
        let name = self.name("the name of the extension")?;
        self.settings()?;
        Ok(DeclarationKind::ExtensionConfig(name))
    }

    /// Goes on at the next line that starts like a declaration. `reread` counts the bytes that are read again: of a
    /// hostile text only so many that reading stays linear.
    fn recover(&mut self, reread: &mut usize) {
        self.scan.one_line = false;
        if let Some(restart) = self.scan.restart {
            *reread += self.scan.at.saturating_sub(restart);
            if *reread <= 8 * self.scan.text.len() {
                self.scan.at = restart;
            } else {
                self.scan.restart = None;
            }
        }
        self.token = self.scan.next();
        while self.scan.restart.is_none() && !self.is(Kind::End) {
            let rest = self.scan.text.as_bytes().get(self.scan.at..).unwrap_or_default();
            self.scan.at += memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            self.token = self.scan.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::bicep::shape::{clean, error, expression, of_type, tree};
    use crate::bicep::tree::{DeclarationKind, Expression, Imported, Name};

    fn name(name: &Name) -> String {
        name.text.to_string()
    }

    fn optional(value: Option<&Expression>) -> String {
        value.map_or("-".to_owned(), expression)
    }

    /// The declarations of a text without errors, one each line.
    fn declared(text: &str) -> String {
        let shape = |kind: &DeclarationKind| match kind {
            DeclarationKind::TargetScope(value) => format!("scope {}", expression(value)),
            DeclarationKind::Metadata(key, value) => format!("metadata {} {}", key.text, expression(value)),
            DeclarationKind::Parameter { name, of_type: found, value } => {
                format!(
                    "param {} {} {}",
                    name.text,
                    found.as_ref().map_or("-".to_owned(), of_type),
                    optional(value.as_ref())
                )
            }
            DeclarationKind::Type(name, found) => format!("type {} {}", name.text, of_type(found)),
            DeclarationKind::Variable { name, value } => format!("var {} {}", name.text, expression(value)),
            DeclarationKind::Function { name, parameters, output, body } => {
                let parameters = parameters.iter().map(|(name, found)| format!(" {} {}", name.text, of_type(found)));
                let parameters = parameters.collect::<String>();
                format!("func {}({parameters} ) {} {}", name.text, of_type(output), expression(body))
            }
            DeclarationKind::Output { name, of_type: found, value } => {
                format!("output {} {} {}", name.text, of_type(found), expression(value))
            }
            DeclarationKind::Import { items: Imported::Names(names), path } => {
                let names = names.iter().map(|(there, here)| format!("{}>{} ", there.text, here.text));
                format!("import {}from {}", names.collect::<String>(), expression(path))
            }
            DeclarationKind::Import { items: Imported::All(here), path } => {
                format!("import *>{} from {}", here.text, expression(path))
            }
            DeclarationKind::Extension { spec, alias } => {
                format!("extension {spec} {}", alias.as_ref().map_or("-".to_owned(), name))
            }
            DeclarationKind::Assert(name, value) => format!("assert {} {}", name.text, expression(value)),
            DeclarationKind::Test(name) => format!("test {}", name.text),
            DeclarationKind::Using(path) => format!("using {}", optional(path.as_ref())),
            DeclarationKind::Extends(path) => format!("extends {}", expression(path)),
            DeclarationKind::ExtensionConfig(name) => format!("extensionConfig {}", name.text),
            other => panic!("{other:?}"),
        };
        clean(text).declarations.iter().map(|declaration| shape(&declaration.kind) + "\n").collect()
    }

    /// The names of the variables that were read, and those that were not.
    fn kept(text: &str) -> (Vec<String>, Vec<String>) {
        let tree = tree(text);
        let read = tree.declarations.iter().map(|declaration| match &declaration.kind {
            DeclarationKind::Variable { name: found, .. } | DeclarationKind::Parameter { name: found, .. } => {
                name(found)
            }
            other => panic!("{other:?}"),
        });
        (read.collect(), tree.broken.iter().map(name).collect())
    }

    #[test]
    fn every_declaration_is_read() {
        let text = "targetScope = 'a'\nmetadata b = 1\nparam c string\nparam d int = 2\nvar e = 3\nvar f string[] = []\n\
            type g = int\nfunc h(i string,\n j int) bool => true\nfunc k() int =>\n 1\noutput l string = m\nassert n = true\n\
            test o 'p' = { params: {} }";
        let shapes = "scope \"a\"\nmetadata b 1\nparam c string -\nparam d int 2\nvar e 3\nvar f []\ntype g int\n\
            func h( i string j int ) bool true\nfunc k( ) int 1\noutput l string m\nassert n true\ntest o\n";
        assert_eq!(declared(text), shapes);
    }

    #[test]
    fn imports_and_extensions_are_read() {
        let text = "import {a, b as c\n 'd-e' as f} from 'g'\nimport * as h from 'i'\nextension microsoftGraph\n\
            extension 'br:j' with {\n k: 1\n} as l\nprovider 'm'\nimport 'n' as o";
        let shapes = "import a>a b>c d-e>f from \"g\"\nimport *>h from \"i\"\nextension microsoftGraph -\n\
            extension br:j l\nextension m -\nextension n o\n";
        assert_eq!(declared(text), shapes);
    }

    #[test]
    fn parameter_files_are_read() {
        let text =
            "using 'a' with { b: 1 }\nextends 'c'\nparam d = e\nextensionConfig f with { g: 1 }\nvar h = 1\nusing none";
        let shapes = "using \"a\"\nextends \"c\"\nparam d - e\nextensionConfig f\nvar h 1\nusing -\n";
        assert_eq!(declared(text), shapes);
    }

    #[test]
    fn a_broken_declaration_leaves_the_others() {
        let text = "var a = 1\nvar b = 2 3\nvar c = )\n\n  what is this\nparam d string\nparam e = \nvar f = 4";
        assert_eq!(kept(text), (vec!["a".into(), "d".into(), "f".into()], vec!["b".into(), "c".into(), "e".into()]));
        assert_eq!(tree(text).errors.len(), 3);
    }

    #[test]
    fn a_bracket_never_closed_ends_at_the_next_declaration() {
        for open in ["[\n  1", "{\n  a: 1", "f(\n  1,", "[for a in b: {\n c: 1", "'''", "c ?", "1 +", "'${[", "f(x =>"]
        {
            let text = format!("var a = {open}\nvar b = 2\n@secure()\nparam c string");
            assert_eq!(kept(&text), (vec!["b".into(), "c".into()], vec!["a".into()]), "{open}");
        }
        let tree = tree("var a = [\n  1\nvar b = 2");
        let (opening, message) = tree.errors[0].related.clone().unwrap();
        assert_eq!((opening.start, opening.end, &*message), (8, 9, "`[` is opened here"));
        assert_eq!(tree.errors[0].message, "`]` or another element is expected here");
    }

    #[test]
    fn a_text_that_looks_like_declarations_is_none() {
        assert_eq!(kept("var a = '''\nvar b = 1\n'''\nvar c = 2"), (vec!["a".into(), "c".into()], vec![]));
        assert_eq!(kept("/*\nvar b = 1\n*/ var c = 2"), (vec!["c".into()], vec![]));
    }

    #[test]
    fn names_that_look_like_declarations_in_the_first_column_are_read() {
        clean(
            "resource a 'b@c' = {\n@d()\nresource e 'f' = {\nname: g\n}\n}\ntype h = {\n@i()\nparam: int\ntype: int\n}",
        );
    }

    #[test]
    fn a_name_is_broken_whatever_the_word_before_it() {
        assert_eq!(kept("parm a string\nvar b = 1"), (vec!["b".into()], vec!["a".into()]));
        assert_eq!(error("parm a string").1, "parm");
    }

    #[test]
    fn names_of_a_broken_import_are_broken() {
        let tree = tree("import {a, b as c} form 'd'");
        assert_eq!(tree.broken.iter().map(name).collect::<Vec<_>>(), ["a", "c"]);
    }

    #[test]
    fn the_last_line_needs_no_end_and_a_text_may_be_empty() {
        assert_eq!(kept("var a = 1"), (vec!["a".into()], vec![]));
        assert!(clean(" \n // a").declarations.is_empty());
        assert_eq!(clean("").span.len(), 0);
    }

    #[test]
    fn line_ends_of_all_kinds_are_the_same() {
        let text = "@secure()\nparam a string\nvar b = [\n  1\n]\n\nvar c = {\n  d: '${a}'\n}\n";
        for end in ["\r\n", "\r"] {
            let other = text.replace('\n', end);
            assert_eq!(declared(&other), declared(text));
        }
    }

    #[test]
    fn hostile_texts_are_read_in_linear_time() {
        let lines =
            ["@a()\n", "var x = {\n@a()\n", "resource a 'b' = {\n", "/*\n", "var x = '''\n", "var x = (a,\n", "#\n"];
        for line in lines {
            let started = std::time::Instant::now();
            tree(&line.repeat(30_000));
            assert!(started.elapsed().as_secs() < 5, "{line}");
        }
    }
}
