//! What the settings file can say, and how it is found and read.
//!
//! What the words mean to rules and templates is the work of `cli`.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, fs, io};

use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{Error, Location, Spanned};

use crate::config::appliance::ApplianceSetting;
use crate::config::declared::{AdminRulesSetting, DnsSetting};
use crate::finding::{FactValue, Level};
use crate::printable;
use crate::spelling::suggestion;
use crate::yaml;

/// The name of the settings file.
pub const FILE_NAME: &str = "aznetlint.yaml";

/// What the settings file says. Everything is optional; paths are relative to the folder of the file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// What is linted when the command line names nothing.
    pub paths: Vec<Spanned<PathBuf>>,
    /// Files to leave out, in the notation of .gitignore.
    pub exclude: Vec<Spanned<String>>,
    /// Services and what they are placed on.
    pub services: Vec<ServiceSetting>,
    /// The region of every placement.
    pub region: Option<Spanned<String>>,
    /// What is known about every placement.
    pub facts: BTreeMap<String, Spanned<FactSetting>>,
    /// What templates are evaluated with.
    pub parameters: Vec<ParameterSetting>,
    /// The subscription the templates are deployed to.
    pub subscription: Option<Spanned<String>>,
    /// The resource group the templates are deployed to.
    pub resource_group: Option<Spanned<String>>,
    /// Where modules of Bicep registries are looked for.
    pub bicep: Option<BicepSetting>,
    /// What appliances let through that are no Azure Firewall.
    pub appliances: Vec<ApplianceSetting>,
    /// What DNS servers of one's own forward.
    pub dns: Vec<DnsSetting>,
    /// Files of effective security admin rules, and whose they are.
    pub admin_rules: Vec<AdminRulesSetting>,
    /// Files of service tags.
    pub service_tags: Vec<Spanned<PathBuf>>,
    /// Saved answers of what the services say they need.
    pub dependencies: Vec<Spanned<PathBuf>>,
    /// Folders with rules of the project's own.
    pub rules: Vec<Spanned<PathBuf>>,
    /// Whether the rules that come with the program hold; they do unless told otherwise.
    pub default_rules: Option<Spanned<bool>>,
    /// Services, and whether they are looked for and judged; one that is not named is.
    pub packs: BTreeMap<String, Spanned<bool>>,
    /// The only rules that run, by id, family or tag; empty: all.
    pub select: Vec<Spanned<String>>,
    /// Rules that do not run, by id, family or tag.
    pub skip: Vec<Spanned<String>>,
    /// How serious the findings of rules are, by id, family or tag.
    pub levels: Entries<LevelSetting>,
    /// What holds for some files only.
    pub per_path: Vec<PathSetting>,
    /// Findings that are allowed.
    pub allow: Vec<AllowSetting>,
    /// The file of the findings that were there before.
    pub baseline: Option<Spanned<PathBuf>>,
    /// From which level on findings fail the run.
    pub fail_on: Option<Spanned<GateSetting>>,
    /// The least level that is shown.
    pub min_level: Option<Spanned<LeastSetting>>,
    /// What a requirement that cannot be decided counts as.
    pub undecided: Option<Spanned<LeastSetting>>,
    #[serde(skip)]
    source: Source,
}

/// What some templates are evaluated with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ParameterSetting {
    /// Which templates, in the notation of .gitignore; without it every one.
    #[serde(default)]
    pub template: Option<Spanned<String>>,
    /// Parameter files in place of those beside the template; with several it is evaluated once with each.
    #[serde(default)]
    pub files: Vec<Spanned<PathBuf>>,
    /// Parameters given one by one.
    #[serde(default)]
    pub set: BTreeMap<String, Spanned<serde_json::Value>>,
}

/// Where modules of Bicep registries are looked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct BicepSetting {
    /// The beginnings of references, such as `br/public:avm/`, and the folders that hold what follows.
    pub modules: Entries<PathBuf>,
    /// The folder of what `bicep restore` downloaded; `off`: none.
    pub cache: Option<Spanned<PathBuf>>,
}

/// What holds for some files only. Of several entries for one file the last that speaks of a rule or fact decides.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PathSetting {
    /// Which files, in the notation of .gitignore.
    pub path: Spanned<String>,
    /// Rules that do not speak of these files.
    #[serde(default)]
    pub skip: Vec<Spanned<String>>,
    /// How serious findings in these files are.
    #[serde(default)]
    pub levels: Entries<LevelSetting>,
    /// The region of placements that stand in these files.
    #[serde(default)]
    pub region: Option<Spanned<String>>,
    /// What is known about placements that stand in these files.
    #[serde(default)]
    pub facts: BTreeMap<String, Spanned<FactSetting>>,
}

/// One service of the settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceSetting {
    /// The service's name.
    pub service: Spanned<String>,
    /// What it is placed on: the name or id of a subnet, NSG, route table, firewall or policy, `*` for any characters.
    #[serde(default)]
    pub on: Option<Spanned<String>>,
    /// What is known about these placements.
    #[serde(default)]
    pub facts: BTreeMap<String, Spanned<FactSetting>>,
}

/// Findings that are allowed, and why.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AllowSetting {
    /// The rule or rules, `*` for any characters.
    pub rule: Spanned<Words>,
    /// Why.
    pub reason: Spanned<String>,
    /// The files, in the notation of .gitignore, from the folder of this file.
    #[serde(default)]
    pub path: Option<Spanned<String>>,
    /// The resource, by name or id, `*` for any characters.
    #[serde(default)]
    pub resource: Option<String>,
    /// The placement, by id or the name of what it is placed on, `*` for any characters.
    #[serde(default)]
    pub placement: Option<String>,
    /// The last day it holds, `YYYY-MM-DD`.
    #[serde(default)]
    pub expires: Option<Spanned<String>>,
}

impl Config {
    /// Reads a settings file.
    ///
    /// # Errors
    /// When it cannot be read or says something unknown.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let name = path.to_string_lossy().into_owned();
        let unreadable = |why: &str| ConfigError::Unreadable { path: name.clone(), why: why.to_owned() };
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => unreadable("there is no such file"),
            io::ErrorKind::InvalidData => unreadable("it is not UTF-8 text"),
            _ => unreadable(&error.to_string()),
        };
        let meta = fs::metadata(path).map_err(failed)?;
        if !meta.is_file() || meta.len() > yaml::MAX_BYTES as u64 {
            return Err(unreadable("it is not a settings file"));
        }
        Self::parse(&name, &fs::read_to_string(path).map_err(failed)?)
    }

    /// Reads the text of a settings file.
    ///
    /// # Errors
    /// When it says something unknown.
    pub fn parse(name: &str, text: &str) -> Result<Self, ConfigError> {
        let source = Source { name: name.to_owned(), text: text.to_owned() };
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(Self { source, ..Self::default() });
        }
        match yaml::read::<Self>(text) {
            Ok(config) => Ok(Self { source, ..config }),
            Err(error) => Err(source.misread(&error)),
        }
    }

    /// That what stands at a place of the file means nothing to the rules.
    pub fn error(&self, at: Location, message: String, help: Option<String>) -> ConfigError {
        self.source.error(Some(at), message, help)
    }

    /// The name of the file and its text; empty when there is none.
    pub fn file(&self) -> (&str, &str) {
        (&self.source.name, &self.source.text)
    }

    /// The byte of the text that a place starts at.
    pub fn offset(&self, at: Location) -> usize {
        yaml::offset(&self.source.text, at.line(), at.column())
    }

    /// The bytes of the scalar at a place, or of the beginning of what else stands there.
    pub fn scalar(&self, at: Location) -> Range<usize> {
        let start = self.offset(at);
        let rest = self.source.text.get(start..).unwrap_or("");
        let length = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => rest[1..].find(quote).map_or(rest.len(), |end| end + 2),
            _ => {
                let end = rest.find(['\n', '\r', ',', '}', ']', '#']).unwrap_or(rest.len());
                rest[..end].trim_end().len()
            }
        };
        start..start + length
    }

    /// The name of the file, for messages; empty when there is none.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// The settings file that holds for a folder: in it or the nearest one above, up to the root of the repository.
    pub fn find(folder: &Path) -> Option<PathBuf> {
        let folder = fs::canonicalize(folder).ok()?;
        for folder in folder.ancestors() {
            let candidate = folder.join(FILE_NAME);
            if candidate.is_file() {
                return Some(candidate);
            }
            if folder.join(".git").exists() {
                return None;
            }
        }
        None
    }
}

/// A word, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Words {
    /// A word.
    One(String),
    /// Several words.
    Several(Vec<String>),
}

impl Words {
    /// Each word.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(word) => std::slice::from_ref(word),
            Self::Several(words) => words,
        }
    }
}

/// A fact as written: a word, a yes or no, a number, or a list of words.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum FactSetting {
    /// Yes or no.
    Bool(bool),
    /// A number, read as a word.
    Number(i64),
    /// A word.
    Text(String),
    /// Several words.
    List(Vec<String>),
}

impl From<&FactSetting> for FactValue {
    fn from(setting: &FactSetting) -> Self {
        match setting {
            FactSetting::Bool(value) => Self::Bool(*value),
            FactSetting::Number(number) => Self::Text(number.to_string()),
            FactSetting::Text(text) => Self::Text(text.clone()),
            FactSetting::List(words) => Self::List(words.clone()),
        }
    }
}

/// How serious the findings of a rule are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LevelSetting {
    /// The rule does not speak.
    Off,
    /// Worth knowing.
    Note,
    /// Worth a look.
    Warning,
    /// It will not work.
    Error,
}

impl LevelSetting {
    /// The level; `None` for off.
    pub fn level(self) -> Option<Level> {
        match self {
            Self::Off => None,
            Self::Note => Some(Level::Note),
            Self::Warning => Some(Level::Warning),
            Self::Error => Some(Level::Error),
        }
    }

    /// The word users write.
    pub fn as_str(self) -> &'static str {
        self.level().map_or("off", Level::as_str)
    }
}

/// From which level on findings fail the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateSetting {
    /// Any finding does.
    Note,
    /// Warnings and errors do.
    Warning,
    /// Errors do.
    Error,
    /// None does.
    Never,
}

/// A level that is not off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeastSetting {
    /// Everything.
    Note,
    /// Warnings and errors.
    Warning,
    /// Errors only.
    Error,
}

/// Keys of the user's own and their values, in the order written, both with their places.
#[derive(Clone, Debug)]
pub struct Entries<T>(pub Vec<(Spanned<String>, Spanned<T>)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
    type Value = Entries<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("keys with values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}

/// What users write for a key that has another name.
const OTHER_NAMES: &[(&str, &str)] = &[
    (
        "ignore",
        "`allow` names findings to live with and why, `skip` rules that are not run, `exclude` files that are not read",
    ),
    ("disable", "`skip` names rules that are not run"),
    ("rule", "`rules` names folders with rules of your own, `levels` says how serious a rule is"),
    ("severity", "`levels` says how serious a rule is"),
    ("files", "`paths` names the files and folders that are linted"),
    ("include", "`paths` names the files and folders that are linted"),
    ("inputs", "`paths` names the files and folders that are linted"),
    ("tags", "`service-tags` names files with the addresses of service tags, `select` rules by tag"),
    ("location", "`region` says where the networks are"),
    ("placements", "`services` says which service stands on which network"),
    ("overrides", "`per-path` says what holds for some files only"),
];

/// The text of a settings file, to point into.
#[derive(Clone, Debug, Default)]
struct Source {
    name: String,
    text: String,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the settings in {path}: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// The file says something it cannot say.
    #[error("{message}")]
    Invalid {
        /// What is wrong.
        message: String,
        /// The file.
        name: String,
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: u64,
        /// The file's text.
        #[source_code]
        text: Arc<NamedSource<String>>,
        /// Where.
        #[label("here")]
        at: SourceSpan,
        /// What would be right.
        #[help]
        help: Option<String>,
    },
}

impl Source {
    /// That the text is no settings file, in the words of this program.
    fn misread(&self, error: &Error) -> ConfigError {
        let at = error.location();
        let (message, help) = match error.without_snippet() {
            Error::SerdeUnknownField { field, expected, .. } => {
                let other = OTHER_NAMES.iter().find(|(name, _)| name == field).map(|(_, help)| (*help).to_owned());
                let help = other.unwrap_or_else(|| suggestion(field, "the keys here are", expected.iter().copied()));
                (format!("there is no setting `{field}` here"), Some(help))
            }
            Error::SerdeUnknownVariant { variant, expected, .. } => (
                format!("`{variant}` cannot stand here"),
                Some(suggestion(variant, "allowed", expected.iter().copied())),
            ),
            Error::SerdeMissingField { field, .. } => (format!("the setting `{field}` is missing here"), None),
            Error::Unexpected { expected, .. } => match *expected {
                "string scalar" => ("expected a text".to_owned(), None),
                "sequence start" => ("expected a list".to_owned(), Some("a list of one is written `[a]`".to_owned())),
                "mapping start" => ("expected keys with values, as in `key: value`".to_owned(), None),
                other => (format!("expected {other}"), None),
            },
            error => (yaml::message(error), None),
        };
        self.error(at, message, help)
    }

    /// That something at a place is wrong.
    fn error(&self, at: Option<Location>, message: String, help: Option<String>) -> ConfigError {
        let (line, column) = at.map_or((1, 1), |at| (at.line().max(1), at.column().max(1)));
        let text = &self.text;
        let offset = yaml::offset(text, line, column);
        let word = |rest: &str| {
            let end = rest.find(['\n', '\r', ',', '}', ']', '#']).unwrap_or(rest.len());
            rest[..end].split(": ").next().unwrap_or("").trim_end().trim_end_matches(':').len()
        };
        let len = text.get(offset..).map_or(0, word).min(200);
        ConfigError::Invalid {
            message,
            name: self.name.clone(),
            line,
            column,
            text: Arc::new(NamedSource::new(printable::line(&self.name), text.clone())),
            at: (offset, len).into(),
            help,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use crate::config::{ConfigError, FactSetting, GateSetting, LevelSetting};

    #[test]
    fn settings_hold_the_words_of_the_command_line() {
        let text = "services:\n  - service: azureml-compute\n    on: snet-*\n    facts: { public-ip: true }\nregion: westeurope\n";
        let config = Config::parse("aznetlint.yaml", text).unwrap();
        assert_eq!(config.services[0].on.as_ref().map(|on| &*on.value), Some("snet-*"));
        assert!(matches!(config.services[0].facts["public-ip"].value, FactSetting::Bool(true)));
        assert_eq!(config.region.map(|region| region.value).as_deref(), Some("westeurope"));
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_place() {
        let error = Config::parse("aznetlint.yaml", "region: x\nregoin: y\n").unwrap_err();
        let ConfigError::Invalid { line, message, help, .. } = error else { panic!("{error}") };
        assert_eq!((line, &*message), (2, "there is no setting `regoin` here"));
        assert!(help.unwrap().starts_with("did you mean `region`?"));
    }

    #[test]
    fn an_empty_file_says_nothing() {
        assert!(Config::parse("aznetlint.yaml", "# nothing yet\n").unwrap().services.is_empty());
    }

    /// Line and column, message and help of what is wrong.
    fn mistake(text: &str) -> (u64, u64, String, String) {
        match Config::parse("aznetlint.yaml", text).unwrap_err() {
            ConfigError::Invalid { line, column, message, help, .. } => {
                (line, column, message, help.unwrap_or_default())
            }
            error => panic!("{error}"),
        }
    }

    #[test]
    fn rules_are_selected_and_levelled() {
        let text = "select: [azureml]\nskip: [nsg/*]\nlevels:\n  route/*: off\n  nsg/ssh-open-to-internet: error\nfail-on: never\nper-path:\n  - path: legacy/**\n    levels: { security: note }\n    facts: { hbi: true }\n";
        let config = Config::parse("aznetlint.yaml", text).unwrap();
        assert_eq!((&*config.levels.0[0].0.value, config.levels.0[0].1.value), ("route/*", LevelSetting::Off));
        assert_eq!(config.fail_on.map(|gate| gate.value), Some(GateSetting::Never));
        assert_eq!(config.per_path[0].levels.0[0].1.value, LevelSetting::Note);
        assert_eq!(config.select[0].defined.line(), 1);
    }

    #[test]
    fn parameters_keep_their_kinds() {
        let text = "parameters:\n  - template: infra/main.json\n    files: [prod.json]\n    set: { count: 3, name: 'true', on: true, list: [a] }\n";
        let config = Config::parse("aznetlint.yaml", text).unwrap();
        let set = &config.parameters[0].set;
        assert_eq!(set["count"].value, 3);
        assert_eq!(set["name"].value, "true");
        assert_eq!(set["on"].value, true);
        assert_eq!(set["list"].value, serde_json::json!(["a"]));
    }

    #[test]
    fn mistakes_are_told_in_the_words_of_settings() {
        let (line, column, message, help) = mistake("levels: { nsg/x: eror }\n");
        assert_eq!((line, column, &*message), (1, 18, "`eror` cannot stand here"));
        assert!(help.starts_with("did you mean `error`?"), "{help}");
        assert_eq!(mistake("paths: infra\n").2, "expected a list");
        assert_eq!(mistake("per-path:\n  - levels: {}\n").2, "the setting `path` is missing here");
        assert!(mistake("ignore: [a]\n").3.contains("`skip`"));
    }
}
