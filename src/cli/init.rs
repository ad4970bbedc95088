//! `aznetlint init`: a settings file from what is found, with comments for those who have never seen one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use miette::Result;

use crate::cli::arguments::InitArguments;
use crate::cli::end::{End, FlagError, print_text};
use crate::cli::found::from_here;
use crate::cli::output::Inputs;
use crate::config::FILE_NAME;
use crate::finding::{FactValue, PlacementReport};
use crate::input;
use crate::lint::{self, Estates, Outcome, Settings};
use crate::printable;
use crate::rule::Pack;

/// Lists are cut after so many lines.
const MOST: usize = 12;

/// Parts of names that networks of machine learning have.
const TELLING: [&str; 8] = ["aml", "azureml", "ml", "mlw", "train", "training", "compute", "machinelearning"];

/// Writes the settings file, or prints it.
pub(crate) fn run(arguments: &InitArguments) -> Result<End> {
    let path = from_here(&arguments.path);
    if !path.exists() {
        let help = "name a folder with the JSON or Bicep of your networks, or a file".to_owned();
        return Err(FlagError::new(format!("there is no {}", printable::path(&path)), help).into());
    }
    let target = Path::new(FILE_NAME);
    if !arguments.stdout && !arguments.force && target.exists() {
        let help = "`aznetlint init --stdout` prints what would be written, `--force` writes over it".to_owned();
        return Err(FlagError::new(format!("{FILE_NAME} is there already"), help).into());
    }
    let pack = Pack::load(true, &[])?;
    let settings = Settings::default();
    let paths = [path.clone()];
    let outcome = lint::lint(&paths, &mut io::empty(), &pack, &settings);
    let estates = lint::estates(&paths, &mut io::empty(), &pack, &settings);
    let text = text(&path, &outcome, &estates, &pack);
    if arguments.stdout {
        print_text(&text)?;
        return Ok(End::Clean);
    }
    Inputs::of(&outcome).refuse("init --force", target)?;
    write_file(target, &text, arguments.force)?;
    let judged = outcome.report.files.iter().filter(|file| file.shape.is_some()).count();
    let files = if judged == 1 { "1 file" } else { &*format!("{judged} files") };
    let services = match outcome.report.placements.len() {
        0 => "no service that shows itself".to_owned(),
        1 => "1 service".to_owned(),
        many => format!("{many} services"),
    };
    print_text(&format!(
        "wrote {FILE_NAME} from {files} of Azure's networks with {services}\n\
         `aznetlint` without a path now lints {}; read the file, its comments say what to change\n",
        printable::path(&path)
    ))?;
    Ok(End::Clean)
}

/// Without `force` never over a file that is there, even if it came a moment ago.
fn write_file(target: &Path, text: &str, force: bool) -> Result<()> {
    let written = if force {
        fs::write(target, text)
    } else {
        let file = OpenOptions::new().write(true).create_new(true).open(target);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
    };
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => FlagError::new(format!("{FILE_NAME} is there already"), None).into(),
        _ => FlagError::new(format!("{FILE_NAME} cannot be written: {error}"), None).into(),
    })
}

/// The settings file.
fn text(path: &Path, outcome: &Outcome, estates: &Estates, pack: &Pack) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut out = format!(
        "# yaml-language-server: $schema=https://raw.githubusercontent.com/aznetlint/aznetlint/v{version}/src/cli/schema/settings.json\n\
         # Settings of aznetlint. Everything is optional, and paths start at the folder of this file.\n\
         # `aznetlint check --show-settings` prints every setting that holds and where it comes from.\n\n\
         # What `aznetlint` lints when no path is named.\n\
         paths: [{}]\n\n\
         # Files and folders to leave out, in the notation of .gitignore, which holds anyway.\n\
         # exclude: [\"**/archive/**\"]\n",
        yaml(&shown(path))
    );
    of_services(&mut out, &outcome.report.placements, estates, pack);
    of_region(&mut out, &outcome.report.placements, estates);
    of_facts(&mut out, &outcome.report.placements, pack);
    of_parameters(&mut out, outcome);
    of_modules(&mut out, outcome);
    of_tags(&mut out, outcome);
    out.push_str(
        "\n# Rules by id, family or tag: which do not run, and how serious the others are (off, note, warning, error).\n\
         # `aznetlint rules` lists them, `aznetlint explain RULE` says what one is about.\n\
         # skip: [nsg/rule-redundant]\n\
         # levels: { nsg/ssh-open-to-internet: error, \"route/*\": note }\n\n\
         # What holds for some files only.\n\
         # per-path:\n\
         #   - path: sandbox/**\n\
         #     levels: { nsg: note }\n\n\
         # Findings from this level on end a run with status 1: note, warning, error or never.\n\
         fail-on: error\n\
         # What cannot be decided counts as a note; with `error` it ends a run with status 1, too.\n\
         undecided: note\n",
    );
    out
}

fn of_services(out: &mut String, placements: &[PlacementReport], estates: &Estates, pack: &Pack) {
    let service = pack.services.first().map_or("azureml-compute", |service| &*service.name);
    if !placements.is_empty() {
        out.push_str("\n# Found in the input, so they need no entry under `services`:\n");
        let lines: BTreeSet<String> =
            placements.iter().map(|one| format!("{}, by {}", one.title(), one.found)).collect();
        list(out, lines.iter().map(|line| format!("#   {}", printable::line(line))));
    }
    let taken: BTreeSet<String> = placements
        .iter()
        .flat_map(|one| one.on.values())
        .map(|id| id.rsplit('/').next().unwrap_or(id).to_ascii_lowercase())
        .collect();
    let likely: Vec<String> = names(estates)
        .into_iter()
        .filter(|name| is_likely(name) && !taken.contains(&name.to_ascii_lowercase()))
        .collect();
    if !likely.is_empty() {
        out.push_str(
            "\n# By their names these may be networks of Azure Machine Learning compute, but nothing in the input says so.\n\
             # Take away the `#` where it is right, and its requirements are judged.\n# services:\n",
        );
        list(out, likely.iter().map(|name| format!("#   - service: {service}\n#     on: {}", yaml(name))));
    } else if placements.is_empty() {
        let _ = write!(
            out,
            "\n# No service shows itself in the input. Say what stands where, and its requirements are judged.\n\
             # services:\n#   - service: {service}\n#     on: snet-training    # a subnet, network security group, \
             route table, firewall or policy; * for any characters\n"
        );
    }
}

/// The names of subnets and network security groups, each once; a group that a subnet uses is meant by the subnet.
fn names(estates: &Estates) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, estate) in &estates.estates {
        let used = |id: &str| {
            let groups = estate.subnets.iter().filter_map(|subnet| subnet.nsg.as_ref()?.id.known());
            groups.into_iter().any(|group| group.eq_ignore_ascii_case(id))
        };
        let groups = estate.nsgs.iter().map(|nsg| &nsg.header);
        let groups = groups.filter(|header| !header.id.as_ref().and_then(|id| id.known()).is_some_and(|id| used(id)));
        let headers = estate.subnets.iter().map(|subnet| &subnet.header).chain(groups);
        names.extend(headers.filter_map(|header| Some(header.name.known()?.to_string())));
    }
    names
}

/// Whether a part of a name speaks of machine learning.
fn is_likely(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|part| TELLING.contains(&part))
}

fn of_region(out: &mut String, placements: &[PlacementReport], estates: &Estates) {
    let known = |one: &PlacementReport| one.facts.iter().any(|fact| fact.name == "region" && fact.value.is_some());
    let headers = estates.estates.iter().flat_map(|(_, estate)| estate.headers());
    let regions: BTreeSet<String> =
        headers.filter_map(|header| Some(header.location.as_ref()?.known()?.to_string())).collect();
    let regions: Vec<&str> = regions.iter().map(String::as_str).filter(|region| *region != "global").collect();
    match &*regions {
        [] => out.push_str("\n# The input does not say in which region the networks are; some requirements depend on it.\n# region: westeurope\n"),
        [region] if placements.iter().all(known) => {
            let _ = write!(out, "\n# The input says the region; this would go before it.\n# region: {}\n", yaml(region));
        }
        [region] => {
            let _ = write!(out, "\n# Where the input does not say the region: the only one that it names.\nregion: {}\n", yaml(region));
        }
        many => {
            let _ = write!(out, "\n# The input names several regions: {}. This would go before what it says.\n# region: {}\n", printable::line(&many.join(", ")), yaml(many[0]));
        }
    }
}

fn of_facts(out: &mut String, placements: &[PlacementReport], pack: &Pack) {
    let mut open: BTreeMap<&str, &str> = BTreeMap::new();
    for placement in placements.iter().filter(|placement| placement.not_judged.is_none()) {
        for fact in placement.facts.iter().filter(|fact| fact.asked && fact.value.is_none() && fact.name != "region") {
            open.insert(&fact.name, &placement.id.service);
        }
    }
    if open.is_empty() {
        return;
    }
    out.push_str("\n# What the input does not show. A requirement that hangs on it stays conditional until you say it.\n# facts:\n");
    let lines = open.into_iter().map(|(name, service)| {
        let spec = pack.service(service).and_then(|service| service.facts.get(name));
        let describe = spec.map(|spec| spec.describe.trim().to_owned()).unwrap_or_default();
        let value = match spec.map(|spec| (spec.kind.as_str(), &spec.default)) {
            Some((_, Some(FactValue::Bool(default)))) => default.to_string(),
            Some(("boolean", _)) => "false".to_owned(),
            Some(("list", _)) => "[]".to_owned(),
            _ => "''".to_owned(),
        };
        format!("#   {name}: {value}    # {}", describe.split_inclusive(". ").next().unwrap_or("").trim())
    });
    list(out, lines);
}

fn of_parameters(out: &mut String, outcome: &Outcome) {
    let mut of_template: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in &outcome.report.files {
        if let Some(template) = file.detail.as_deref().and_then(|detail| detail.strip_prefix("parameters of ")) {
            of_template.entry(template).or_default().push(&file.name);
        }
    }
    of_template.retain(|_, files| files.len() > 1);
    let Some((template, files)) = of_template.iter().next() else { return };
    out.push_str("\n# These templates are evaluated once with each of their parameter files:\n");
    list(
        out,
        of_template
            .iter()
            .map(|(template, files)| format!("#   {}: {} parameter files", printable::line(template), files.len())),
    );
    let _ = write!(
        out,
        "# To evaluate one with these files only, or to give parameters one by one:\n# parameters:\n\
         #   - template: {}\n#     files: [{}]\n#     set: {{ location: westeurope }}\n",
        yaml(template),
        yaml(files[0])
    );
}

/// Where modules of registries are, when there is Bicep.
fn of_modules(out: &mut String, outcome: &Outcome) {
    if outcome.report.files.iter().any(|file| input::is_bicep(Path::new(&file.name))) {
        out.push_str(
            "\n# Modules of registries are read from what `bicep restore` keeps in ~/.bicep, or from folders such as a checkout.\n\
             # bicep: { modules: { \"br/public:avm/\": ../bicep-registry-modules/avm }, cache: off }\n",
        );
    }
}

fn of_tags(out: &mut String, outcome: &Outcome) {
    let is_tags = |shape: Option<&str>| shape == Some("service-tags");
    let files: Vec<&str> = outcome
        .report
        .files
        .iter()
        .filter(|file| is_tags(file.shape.as_deref()))
        .map(|file| file.name.as_str())
        .take(MOST)
        .collect();
    if files.is_empty() {
        out.push_str(
            "\n# With the addresses of service tags, prefixes are compared with tags exactly. Microsoft publishes the file;\n\
             # az network list-service-tags prints it as well.\n# service-tags: [ServiceTags_Public.json]\n",
        );
    } else {
        let files: Vec<String> = files.into_iter().map(yaml).collect();
        let _ = write!(out, "\n# The addresses of service tags.\nservice-tags: [{}]\n", files.join(", "));
    }
}

/// Some lines, and how many more there are.
fn list(out: &mut String, lines: impl Iterator<Item = String>) {
    let mut left = 0_usize;
    for (at, line) in lines.enumerate() {
        if at < MOST {
            out.push_str(&line);
            out.push('\n');
        } else {
            left += 1;
        }
    }
    if left > 0 {
        let _ = writeln!(out, "#   … and {left} more");
    }
}

fn shown(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// A word as YAML: quoted where it could mean something else.
fn yaml(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._/-".contains(letter);
    let is_plain = word.chars().all(plain) && word.chars().any(|letter| letter.is_ascii_alphabetic() || letter == '.');
    let is_word =
        ["true", "false", "null", "yes", "no", "on", "off"].iter().all(|taken| !word.eq_ignore_ascii_case(taken));
    if is_plain && is_word && !word.starts_with('-') { word.to_owned() } else { printable::quoted(word) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{is_likely, text, yaml};
    use crate::config::Config;
    use crate::lint::{self, Settings};
    use crate::rule::Pack;

    #[test]
    fn what_is_written_can_be_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        let (pack, settings) = (Pack::load(true, &[]).unwrap(), Settings::default());
        let examples: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        for example in examples.into_iter().filter(|path| path.is_dir()) {
            let paths = [example.clone()];
            let outcome = lint::lint(&paths, &mut std::io::empty(), &pack, &settings);
            let estates = lint::estates(&paths, &mut std::io::empty(), &pack, &settings);
            let text = text(Path::new("infra"), &outcome, &estates, &pack);
            let config = Config::parse("aznetlint.yaml", &text).unwrap();
            assert_eq!(config.paths[0].value, Path::new("infra"));
            let offered = uncommented(&text);
            let config = Config::parse("aznetlint.yaml", &offered).unwrap();
            assert!(
                !config.exclude.is_empty() && !config.per_path.is_empty() && !config.levels.0.is_empty(),
                "{offered}"
            );
        }
    }

    /// The file as it is when every setting that it offers is taken.
    fn uncommented(text: &str) -> String {
        let is_key = |word: &str| {
            word.ends_with(':') && word.bytes().all(|byte| b"abcdefghijklmnopqrstuvwxyz-:".contains(&byte))
        };
        let mut inside = false;
        let mut lines = String::new();
        for line in text.lines() {
            let offer = line.strip_prefix("# ").filter(|rest| {
                let key = rest.split(' ').next().is_some_and(|word| is_key(word) && word != "yaml-language-server:");
                inside = key || inside && rest.starts_with("  ");
                inside
            });
            inside &= offer.is_some();
            lines.push_str(offer.unwrap_or(line));
            lines.push('\n');
        }
        lines
    }

    #[test]
    fn names_are_likely_by_their_parts() {
        assert!(is_likely("snet-aml") && is_likely("nsg-Training-01") && is_likely("ml"));
        assert!(!is_likely("nsg-web") && !is_likely("htmlfront") && !is_likely("AzureFirewallSubnet"));
    }

    #[test]
    fn words_are_quoted_where_they_could_mean_something_else() {
        assert_eq!(yaml("infra/a.json"), "infra/a.json");
        assert_eq!([yaml("a: b"), yaml("*x"), yaml("12"), yaml("off")], ["\"a: b\"", "\"*x\"", "\"12\"", "\"off\""]);
    }
}
