//! Case files: the inputs on which a rule must, must not and cannot speak.
//!
//! Running them is the work of `cases`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::finding::{FactValue, RuleId};
use crate::rule::compile::Body;
use crate::rule::error::{RuleError, suggestion};
use crate::rule::pack::{Pack, RuleFile, folder_files};
use crate::rule::schema::tree;
use crate::rule::schema::{Pair, Written};
use crate::rule::service::Service;
use crate::rule::shipped;
use crate::rule::tree::Value;

/// The cases of one rule.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// The rule.
    pub rule: RuleId,
    /// The file's name for messages.
    pub name: Arc<str>,
    /// Its cases, in the order written.
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the rule must do.
    pub expect: Expect,
    /// What it shows, in a few words.
    pub name: Arc<str>,
    /// The line of the case file it starts on, from 1.
    pub line: usize,
    /// What is given to the program.
    pub input: CaseInput,
}

/// What a rule must do with a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expect {
    /// It speaks.
    Fail,
    /// It stays silent.
    Pass,
    /// It cannot tell.
    Undecided,
}

impl Expect {
    /// Every one and the word users write.
    pub const WORDS: [(&'static str, Self); 3] =
        [("fail", Self::Fail), ("pass", Self::Pass), ("undecided", Self::Undecided)];

    /// The word users write.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, expect)| *expect == self).map_or("", |(word, _)| word)
    }
}

/// What a case gives to the program, as a user would on the command line.
#[derive(Clone, Debug, Default)]
pub struct CaseInput {
    /// File names and texts.
    pub files: Vec<(String, String)>,
    /// `--service`; for a requirement rule its own service, when the case names none.
    pub service: Option<String>,
    /// `--on`: where the service is placed.
    pub on: Option<String>,
    /// `--region`.
    pub region: Option<String>,
    /// `--fact`.
    pub facts: BTreeMap<String, FactValue>,
}

/// The keys of a case and what each says.
pub(crate) const CASE_KEYS: [(&str, &str); 7] = [
    ("name", "What the case shows, in a few words."),
    ("input", "One file, as it is written; `// here` at the line that the finding must point at."),
    ("files", "Several files in place of one: names and texts."),
    ("service", "The service that is asked for, as with `--service`; a requirement rule's own when it is not said."),
    ("on", "Where it is placed, as with `--service NAME@PATTERN`."),
    ("region", "The region, as with `--region`."),
    ("facts", "Facts and their values, as with `--fact`."),
];

impl CaseFile {
    /// The case files of the program, of folders, or both. Every one must belong to a rule of the pack.
    pub fn load(pack: &Pack, embedded: bool, folders: &[PathBuf]) -> Result<Vec<Self>, RuleError> {
        let shipped = if embedded { shipped::CASES } else { &[] };
        let of_program = shipped.iter().map(|file| RuleFile { id: file.id.into(), text: file.text() });
        let mut files: Vec<RuleFile> = of_program.collect();
        for folder in folders {
            files.extend(folder_files(folder, ".cases", &BTreeMap::new())?);
        }
        let mut mistakes = Vec::new();
        let mut read = Vec::new();
        for file in &files {
            match Self::read(file, pack) {
                Ok(cases) => read.push(cases),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        RuleError::gather(mistakes).map_or(Ok(read), Err)
    }

    fn read(file: &RuleFile, pack: &Pack) -> Result<Self, RuleError> {
        let yaml = tree(&file.text)?;
        let written = Written { text: &file.text, yaml: &yaml };
        let keys = written.keys("a case file", &Expect::WORDS.map(|(word, _)| word))?;
        let Some(rule) = pack.rule(&file.id) else {
            let ids = pack.rules.iter().map(|rule| rule.card.id.as_str());
            let near = crate::spelling::nearest(&file.id, ids);
            let error = keys.error(format!("these are the cases of `{}`, and there is no such rule", file.id));
            return Err(match near {
                Some(id) => error.help(format!("did you mean `{id}`? a case file has the name of its rule")),
                None => error.help("a case file has the name of its rule: NAME.yaml and NAME.cases.yaml"),
            });
        };
        let mut cases = Vec::new();
        for (word, expect) in Expect::WORDS {
            let Some(list) = keys.get(word) else { continue };
            for item in list.list()? {
                cases.push(Case::read(item, expect, rule.body(), pack)?);
            }
        }
        Ok(Self { rule: rule.card.id.clone(), name: Arc::clone(&file.text.name), cases })
    }
}

impl Case {
    fn read(written: Written<'_>, expect: Expect, body: &Body, pack: &Pack) -> Result<Self, RuleError> {
        let keys = written.keys("a case", &CASE_KEYS.map(|(key, _)| key))?;
        let files = match (keys.get("input"), keys.get("files")) {
            (Some(_), Some(files)) => return Err(files.error("a case has `input` or `files`, not both")),
            (None, None) => return Err(keys.error("a case needs the key `input`, or `files` for several")),
            (Some(input), None) => vec![("input.json".to_owned(), verbatim(input)?)],
            (None, Some(files)) => files
                .pairs()?
                .into_iter()
                .map(|pair| match pair.key.contains("..") || pair.key.starts_with('/') {
                    true => Err(pair.error("the name of an input stays below its folder")),
                    false => Ok((pair.key.to_string(), verbatim(pair.value)?)),
                })
                .collect::<Result<_, _>>()?,
        };
        let text = |key: &str| -> Result<Option<String>, RuleError> {
            keys.get(key).map(|written| written.scalar().map(|text| text.to_string())).transpose()
        };
        let service = match (keys.get("service"), body) {
            (Some(name), _) => Some(service(name, pack)?),
            (None, Body::Requirement(requirement)) => pack.service(&requirement.service),
            (None, Body::Pattern(_) | Body::Assertion(_)) => None,
        };
        let facts = match keys.get("facts") {
            Some(facts) => facts.pairs()?.iter().map(|pair| fact(pair, service)).collect::<Result<_, _>>()?,
            None => BTreeMap::new(),
        };
        Ok(Self {
            expect,
            name: keys.need("name")?.text()?,
            line: written.text.position(written.yaml.at.start).0,
            input: CaseInput {
                files,
                service: service.map(|service| service.name.to_string()),
                on: text("on")?,
                region: text("region")?,
                facts,
            },
        })
    }
}

/// A text as it is, its last line break included.
fn verbatim(written: Written<'_>) -> Result<String, RuleError> {
    match &written.yaml.value {
        Value::Text(text) => Ok(text.to_string()),
        _ => Err(written.error(format!("expected JSON as a text, found {}", written.kind())).help(suggestion(
            "",
            "begin it on the next line after",
            ["|"],
        ))),
    }
}

fn service<'p>(written: Written<'_>, pack: &'p Pack) -> Result<&'p Service, RuleError> {
    let name = written.text()?;
    pack.service(&name).ok_or_else(|| {
        let known = pack.services.iter().map(|service| &*service.name);
        written.error(format!("there is no service `{name}`")).help(suggestion(&name, "services are", known))
    })
}

fn fact(pair: &Pair<'_>, service: Option<&Service>) -> Result<(String, FactValue), RuleError> {
    let Some(service) = service else {
        return Err(pair.error("facts belong to a service, and the case names none"));
    };
    let Some(spec) = service.facts.get(pair.key) else {
        let known = service.facts.keys().map(|name| &**name);
        return Err(pair.error(format!("service `{}` has no fact `{}`", service.name, pair.key)).help(suggestion(
            pair.key,
            "its facts are",
            known,
        )));
    };
    Ok((pair.key.to_string(), spec.read_value(pair.value)?))
}
