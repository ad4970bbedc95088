//! `aznetlint tags`: look into a file of service tags.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use ipnet::IpNet;
use miette::{Diagnostic, NamedSource, Result, SourceSpan};
use serde_json::{Value, json};

use crate::cli::arguments::{FormatChoice, TagsArguments};
use crate::cli::end::{End, FlagError, print_json, print_text, tell};
use crate::input::{self, Content};
use crate::net::{Containment, TagPrefixes};
use crate::printable::{self, line as clean};
use crate::source::Files;
use crate::tagfile::{AddressAnswer, Answer, Fault, ReadError, TagAnswer, TagFile};

/// The widest line of names, in characters.
const WIDTH: usize = 100;

/// More names or addresses than this are only counted.
const MOST: usize = 40;

/// A file that cannot be used, with the place where it goes wrong.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
struct Unusable {
    message: String,
    #[source_code]
    text: NamedSource<Arc<str>>,
    #[label("{label}")]
    at: SourceSpan,
    label: String,
    #[help]
    help: Option<&'static str>,
}

pub(crate) fn run(arguments: &TagsArguments) -> Result<End> {
    let (file, files) = open(arguments)?;
    let (answers, unknown): (Vec<_>, Vec<_>) =
        arguments.names.iter().map(|name| file.answer(name)).partition(Result::is_ok);
    let answers: Vec<Answer<'_>> = answers.into_iter().flatten().collect();
    let is_overview = arguments.names.is_empty();
    if is_overview {
        file.read_all();
    }
    match arguments.format {
        FormatChoice::Text if is_overview => print_text(&overview(&file))?,
        FormatChoice::Text => {
            let texts: Vec<String> = answers.iter().map(|answer| text(&file, answer)).collect();
            print_text(&texts.join("\n"))?;
        }
        FormatChoice::Json => {
            let answers = (!is_overview).then_some(&*answers);
            print_json(&format!("{:#}\n", document(&file, &files, answers)))?;
        }
    }
    if arguments.format == FormatChoice::Text {
        complain(&file, &files);
    }
    for error in unknown.iter().filter_map(|answer| answer.as_ref().err()) {
        tell(&format!("error: {error}"));
        error.help.iter().for_each(|help| tell(&format!("  help: {help}")));
    }
    let is_wrong = |answer: &Answer<'_>| matches!(answer, Answer::Tag(tag) if tag.prefixes.is_none());
    Ok(if answers.iter().any(is_wrong) || !unknown.is_empty() { End::Failed } else { End::Clean })
}

fn open(arguments: &TagsArguments) -> Result<(TagFile, Files)> {
    let paths = std::slice::from_ref(&arguments.file);
    let shown = printable::path(&arguments.file);
    if arguments.file.is_dir() {
        return Err(FlagError::new(format!("{shown} is a folder"), "name a file of service tags".to_owned()).into());
    }
    let read = input::read(paths, &input::Options::default(), &mut io::stdin().lock());
    // Beside a template lie others, which are read with it.
    let Some(entry) = read.entries.into_iter().find(|entry| entry.named) else {
        return Err(FlagError::new(format!("{shown} cannot be read"), None).into());
    };
    let file = match (entry.content, entry.file) {
        (Content::Tags(file), _) => *file,
        (Content::Document(document), Some(id)) => {
            let text = read.files.shared_text(id);
            let not_tags = || ReadError::NotTags(document.root.span);
            TagFile::of_document(id, &entry.name, &text, &document.root)
                .ok_or_else(|| unusable(&not_tags(), &entry.name, &text))?
        }
        (Content::Broken(error), Some(id)) => {
            return Err(unusable(&ReadError::Syntax(error), &entry.name, &read.files.shared_text(id)).into());
        }
        (Content::Unreadable(why), _) => {
            return Err(FlagError::new(format!("{}: {why}", entry.name), None).into());
        }
        _ => {
            return Err(FlagError::new(format!("{}: this is not a file of service tags", entry.name), None).into());
        }
    };
    Ok((file, read.files))
}

fn unusable(error: &ReadError, name: &str, text: &Arc<str>) -> Unusable {
    let span = error.span();
    // The whole document is no useful place; its start is.
    let (length, label, help) = match error {
        ReadError::Syntax(_) => (span.len(), "here", None),
        ReadError::NotTags(_) => (
            span.len().min(1),
            "another kind of document starts here",
            Some("the list for download, `az network list-service-tags` and `Get-AzNetworkServiceTag` give one"),
        ),
    };
    Unusable {
        message: format!("{}: {error}", clean(name)),
        text: NamedSource::new(clean(name), Arc::clone(text)),
        at: (span.start as usize, length).into(),
        label: label.to_owned(),
        help,
    }
}

/// What is wrong with the file goes to standard error, so that the answer can be piped on.
fn complain(file: &TagFile, files: &Files) {
    for fault in file.faults() {
        let place = files.position(fault.span);
        tell(&format!("{}:{place}: {}", clean(&file.name), clean(&fault.message)));
        if let Some(help) = fault.help {
            tell(&format!("  help: {help}"));
        }
    }
}

/// The file in few words: `public, 2025-10-28`.
fn state(file: &TagFile) -> String {
    match file.cloud {
        Some(cloud) => format!("{cloud}, {}", file.state()),
        None => file.state(),
    }
}

/// Every tag that is no regional form, with how many prefixes and regional forms it has.
fn overview(file: &TagFile) -> String {
    let mut names: Vec<&str> = file.base_names().collect();
    names.sort_by_key(|name| name.to_ascii_lowercase());
    let mut regions: BTreeMap<String, usize> = BTreeMap::new();
    for name in file.tags.names() {
        if let Some((base, _)) = name.rsplit_once('.') {
            *regions.entry(base.to_ascii_lowercase()).or_default() += 1;
        }
    }
    // A name with a dot of its own is counted for the one before the dot as well.
    for name in names.iter().filter_map(|name| name.rsplit_once('.')) {
        regions.entry(name.0.to_ascii_lowercase()).and_modify(|count| *count -= 1);
    }
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).min(WIDTH);
    let mut out = format!("{} ({})\n\n", count(file.tags.len(), "service tag"), state(file));
    let _ = writeln!(out, "{:longest$}  regional forms    IPv4    IPv6", "");
    for name in names {
        let forms = regions.get(&name.to_ascii_lowercase()).copied().unwrap_or(0);
        let numbers = match file.tags.get(name) {
            Some(tag) => {
                let (v4, v6) = families(tag);
                format!("{:>6}  {:>6}", v4.len(), v6.len())
            }
            None => "     ?       ?".to_owned(),
        };
        let _ = writeln!(out, "{:longest$}  {forms:>14}  {numbers}", clean(name));
    }
    out
}

fn text(file: &TagFile, answer: &Answer<'_>) -> String {
    match answer {
        Answer::Tag(tag) => tag_text(file, tag),
        Answer::Addresses(addresses) => address_text(file, addresses),
    }
}

fn tag_text(file: &TagFile, answer: &TagAnswer<'_>) -> String {
    let mut out = format!("{} ({})\n", clean(answer.name), state(file));
    let Some(prefixes) = answer.prefixes else {
        out.push_str("  its prefixes cannot be read\n");
        return out;
    };
    let (v4, v6) = families(prefixes);
    let _ = writeln!(
        out,
        "  {}, {}",
        count_of(v4.len(), "IPv4 prefix", "IPv4 prefixes"),
        count_of(v6.len(), "IPv6 prefix", "IPv6 prefixes")
    );
    let mut line = |title: &str, names: Vec<String>| {
        if !names.is_empty() {
            list(&mut out, title, &names);
        }
    };
    line("inside", answer.containers.iter().map(containment).collect());
    if !answer.regions.is_empty() {
        line("regional forms", vec![answer.regions.len().to_string()]);
    }
    let own: BTreeSet<&str> = answer.regions.iter().copied().collect();
    let others = answer.contents.iter().filter(|other| !own.contains(other.name));
    let (regional, whole): (Vec<_>, Vec<_>) = others.partition(|other| file.is_regional(other.name));
    line("contains", whole.into_iter().map(containment).collect());
    match regional.len() {
        0 => {}
        few @ 1..=MOST => line(
            if few == 1 { "and regional form" } else { "and regional forms" },
            regional.into_iter().map(containment).collect(),
        ),
        many => line("and regional forms", vec![format!("{many} of other tags")]),
    }
    if let Some(rest) = answer.beyond_regions.as_ref().filter(|rest| !rest.is_empty()) {
        line("in none of its regions", rest.prefixes().map(|net| net.to_string()).collect());
    }
    if let Some(tag) = answer.tag {
        let mut uses = vec!["network security groups"];
        uses.extend(tag.is_usable_in_routes().then_some("routes"));
        uses.extend(tag.is_usable_in_firewalls().then_some("firewall destinations"));
        if tag.is_documented() {
            line("usable in", uses.into_iter().map(str::to_owned).collect());
        } else {
            line("usable in", vec!["nothing that is documented; only its addresses are published".to_owned()]);
        }
    }
    out.push('\n');
    for net in v4.iter().chain(&v6) {
        let _ = writeln!(out, "{net}");
    }
    out
}

fn address_text(file: &TagFile, answer: &AddressAnswer<'_>) -> String {
    let asked = shown(answer.asked);
    if answer.holders.is_empty() {
        return format!("{asked} is in none of {} ({})\n", count(file.tags.len(), "service tag"), state(file));
    }
    let whole = answer.holders.iter().filter(|holder| holder.whole).count();
    let part = answer.holders.len() - whole;
    let mut out = format!("{asked} is in {whole} of {}", count(file.tags.len(), "service tag"));
    if part > 0 {
        let _ = write!(out, ", {part} more have a part of it");
    }
    let _ = writeln!(out, " ({})\n", state(file));
    // Those with all of it come first and are never left out.
    let listed = &answer.holders[..whole + part.min(MOST)];
    let longest = listed.iter().map(|holder| holder.name.chars().count()).max().unwrap_or(0).min(WIDTH);
    for holder in listed {
        let how = match holder.prefix {
            Some(prefix) => shown(prefix),
            None if holder.whole => "several prefixes together".to_owned(),
            None => "a part".to_owned(),
        };
        let _ = writeln!(out, "{:longest$}  {how}", clean(holder.name));
    }
    if answer.holders.len() > listed.len() {
        let _ = writeln!(out, "and {} more with a part", answer.holders.len() - listed.len());
    }
    out
}

/// A single address without its length.
fn shown(net: IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
}

/// `Storage`, or `AzureCloud (IPv4 only)`.
fn containment(other: &Containment<'_>) -> String {
    let name = clean(other.name);
    match (other.v4.is_inside(), other.v6.is_inside()) {
        (true, true) => name,
        (true, false) => format!("{name} (IPv4 only)"),
        (false, _) => format!("{name} (IPv6 only)"),
    }
}

/// A title and names behind it, on as many lines as they need.
fn list(out: &mut String, title: &str, names: &[String]) {
    const INDENT: usize = 26;
    let mut line = format!("  {title:24}");
    let rest = names.len().saturating_sub(MOST);
    let more = (rest > 0).then(|| format!("and {rest} more"));
    let count = names.len().min(MOST) + usize::from(more.is_some());
    for (at, name) in names.iter().take(MOST).chain(&more).enumerate() {
        if line.chars().count() + name.chars().count() + 2 > WIDTH && line.trim().len() > title.len() {
            let _ = writeln!(out, "{}", line.trim_end());
            line = " ".repeat(INDENT);
        }
        line.push_str(name);
        line.push_str(if at + 1 < count { ", " } else { "" });
    }
    let _ = writeln!(out, "{}", line.trim_end());
}

fn families(tag: &TagPrefixes) -> (Vec<IpNet>, Vec<IpNet>) {
    tag.prefixes.iter().partition(|net| matches!(net, IpNet::V4(_)))
}

fn count(number: usize, noun: &str) -> String {
    count_of(number, noun, &format!("{noun}s"))
}

fn count_of(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The answers for programs, or every tag; version 1.
fn document(file: &TagFile, files: &Files, answers: Option<&[Answer<'_>]>) -> Value {
    let source = json!({
        "path": file.name,
        "cloud": file.cloud.map(|cloud| cloud.as_str()),
        "change-number": file.change_number,
        "date": file.date,
        "tags": file.tags.len(),
    });
    let fault = |fault: Fault| {
        let place = files.position(fault.span);
        json!({
            "kind": fault.kind.as_str(), "message": fault.message, "tag": fault.tag,
            "place": { "path": file.name, "line": place.line, "column": place.column },
        })
    };
    let mut document = json!({ "version": 1, "file": source });
    match answers {
        Some(answers) => document["answers"] = answers.iter().map(answer_value).collect(),
        None => {
            let tag = |name: &str| json!({ "name": name, "prefixes": file.tags.get(name).map(strings) });
            document["tags"] = file.tags.names().map(tag).collect();
        }
    }
    document["faults"] = file.faults().into_iter().map(fault).collect();
    document
}

fn answer_value(answer: &Answer<'_>) -> Value {
    let contained =
        |other: &Containment<'_>| json!({ "name": other.name, "v4": other.v4.as_str(), "v6": other.v6.as_str() });
    match answer {
        Answer::Tag(tag) => json!({
            "tag": tag.name,
            "prefixes": tag.prefixes.map(strings),
            "inside": tag.containers.iter().map(contained).collect::<Vec<_>>(),
            "contains": tag.contents.iter().map(contained).collect::<Vec<_>>(),
            "regional-forms": tag.regions,
            "in-no-region": tag.beyond_regions.as_ref().map(|rest| rest.prefixes().map(|net| net.to_string()).collect::<Vec<_>>()),
        }),
        Answer::Addresses(answer) => json!({
            "addresses": answer.asked.to_string(),
            "held-by": answer.holders.iter().map(|holder| json!({
                "tag": holder.name, "whole": holder.whole, "prefix": holder.prefix.map(|net| net.to_string()),
            })).collect::<Vec<_>>(),
        }),
    }
}

fn strings(tag: &TagPrefixes) -> Vec<String> {
    tag.prefixes.iter().map(ToString::to_string).collect()
}
