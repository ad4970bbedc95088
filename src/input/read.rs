//! Reads the files of a run, in parallel, into documents; what cannot be read is an entry as well.
//!
//! Which files there are is the work of `walk`.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::input::content::{Content, Entry, Loaded, content, load_file, load_referred, load_stdin, of_folder};
use crate::input::language::{Language, is_bicep, is_yaml, language_of};
use crate::input::refer::{self, References};
use crate::input::walk::{Asked, Candidate, FoundFiles, NoJson, Options, find, sources_below};
use crate::json::Parser;
use crate::source::{FileId, Files, Origin, STDIN};

/// Everything a run has read.
#[derive(Debug)]
pub struct Input {
    /// The texts of documents and of broken files.
    pub files: Files,
    /// One for each file, sorted by name; behind them the files that they refer to.
    pub entries: Vec<Entry>,
    /// Folders given by name in which neither JSON nor Bicep was found.
    pub empty: Vec<NoJson>,
    /// What Bicep files refer to.
    pub references: References,
}

/// One input and what became of its bytes.
struct Waiting {
    name: String,
    /// The path as the disk has it; empty for standard input without a name and what cannot be found.
    canonical: PathBuf,
    asked: Asked,
    loaded: Loaded,
    is_stdin: bool,
}

/// Reads the files and folders at `paths`; `-` among them reads `stdin`.
///
/// A folder is searched for `*.json`, `*.jsonc`, `*.yaml`, `*.yml`, `*.bicep` and `*.bicepparam`; a file given by name is
/// read whatever its name, as JSON or YAML unless that says Bicep. What Bicep files refer to is read, too. Nothing that goes wrong with one file
/// keeps another from being read.
pub fn read(paths: &[PathBuf], options: &Options, stdin: &mut dyn Read) -> Input {
    let mut found = find(paths, options);
    let empty = std::mem::take(&mut found.empty);
    let mut waiting = loaded(found, options, stdin);
    pass_over_compiled(&mut waiting);
    let mut files = Files::default();
    let ids: Vec<Option<FileId>> = waiting
        .iter()
        .map(|one| match &one.loaded {
            Loaded::Text(text, skipped) => {
                // Named as a file, it stands for that file everywhere.
                let is_nameless = one.is_stdin && options.stdin_name.is_none();
                let origin = if is_nameless { Origin::Stdin } else { Origin::Path };
                Some(files.add_from(origin, one.name.clone(), Arc::clone(text), *skipped))
            }
            Loaded::Irrelevant | Loaded::Compiled(_) | Loaded::Foreign(_) | Loaded::Unreadable(_) => None,
        })
        .collect();
    let most = usize::try_from(options.max_memory).unwrap_or(usize::MAX);
    let (mut entries, paths): (Vec<Entry>, Vec<PathBuf>) = waiting
        .into_par_iter()
        .zip(ids)
        .map_init(
            || Parser::within(most),
            |parser, (Waiting { name, canonical, asked, loaded, is_stdin }, file)| {
                let is_file = file.is_some() && !is_stdin;
                let language = language_of(Path::new(&name));
                let yaml = match &loaded {
                    Loaded::Text(text, _) if language == Language::Yaml && asked == Asked::InFolder => {
                        Some(Arc::clone(text))
                    }
                    _ => None,
                };
                let content = content(language, &name, parser, loaded, file);
                let content = match yaml {
                    Some(text) => of_folder(content, &text),
                    None => content,
                };
                if let (Some(progress), true) = (&options.progress, is_file) {
                    progress.read();
                }
                let (named, beside) = (asked == Asked::ByName, asked == Asked::Not);
                (Entry { name, file, named, beside, content }, canonical)
            },
        )
        .unzip();
    let is_bicep = |entry: &Entry| matches!(entry.content, Content::Bicep(_));
    let references = match entries.iter().any(is_bicep) {
        true => refer::follow(&mut files, &mut entries, paths, options),
        false => References::default(),
    };
    Input { files, entries, empty, references }
}

/// Drops the texts of templates of a folder that are compiled from a Bicep file beside them, which is judged: they are
/// the longest files of most repositories of Bicep. Where another template may link to one of them, they stay.
fn pass_over_compiled(waiting: &mut [Waiting]) {
    let text = |one: &Waiting| match &one.loaded {
        Loaded::Text(text, _) => Some(Arc::clone(text)),
        _ => None,
    };
    let is_source = |one: &&Waiting| one.asked != Asked::Not && is_bicep(Path::new(&one.name)) && text(one).is_some();
    let sources: BTreeSet<&str> = waiting.iter().filter(is_source).map(|one| one.name.as_str()).collect();
    if sources.is_empty() {
        return;
    }
    let source = |one: &Waiting| {
        let text = text(one).filter(|_| one.asked == Asked::InFolder)?;
        let start = &text.as_bytes()[..text.len().min(START)];
        let is_compiled =
            [&b"\"_generator\""[..], b"\"bicep\""].iter().all(|word| memchr::memmem::find(start, word).is_some());
        source_names(&one.name).into_iter().find(|name| is_compiled && sources.contains(name.as_str()))
    };
    let found: Vec<Option<String>> = waiting.iter().map(source).collect();
    let links = |(one, source): (&Waiting, &Option<String>)| {
        let text = text(one).filter(|_| source.is_none() && !is_bicep(Path::new(&one.name)));
        text.is_some_and(|text| memchr::memmem::find(text.as_bytes(), b"templateLink").is_some())
    };
    if waiting.iter().zip(&found).any(links) {
        return;
    }
    for (one, source) in waiting.iter_mut().zip(found) {
        if let Some(source) = source {
            one.loaded = Loaded::Compiled(source);
        }
    }
}

/// The compiler says who it is in the first lines of what it writes.
const START: usize = 2_048;

/// The names of the Bicep files that a template can be compiled from: its own, and `main.bicep` for `azuredeploy.json`.
pub fn source_names(template: &str) -> Vec<String> {
    let (folder, own) = template.rsplit_once('/').map_or(("", template), |(folder, own)| (folder, own));
    let stem = own.rsplit_once('.').map_or(own, |(stem, _)| stem);
    let named = |stem: &str| if folder.is_empty() { format!("{stem}.bicep") } else { format!("{folder}/{stem}.bicep") };
    let main = stem.eq_ignore_ascii_case("azuredeploy").then(|| named("main"));
    std::iter::once(named(stem)).chain(main).collect()
}

/// The bytes of everything found, sorted by name. Of what nobody asked for only texts stay.
fn loaded(found: FoundFiles, options: &Options, stdin: &mut dyn Read) -> Vec<Waiting> {
    let progress = options.progress.as_deref();
    if let Some(progress) = progress {
        progress.found(found.candidates.len());
    }
    let load = |candidate: Candidate| {
        let loaded = match options.instead.get(&candidate.name) {
            Some(text) => Loaded::Text(Arc::clone(text), 0),
            None => load_file(&candidate, options.max_memory),
        };
        if let (Loaded::Irrelevant | Loaded::Foreign(_) | Loaded::Unreadable(_), Some(progress)) = (&loaded, progress) {
            progress.read();
        }
        let Candidate { name, canonical, asked, .. } = candidate;
        Waiting { name, canonical, asked, loaded, is_stdin: false }
    };
    let mut waiting: Vec<Waiting> = found.candidates.into_par_iter().map(load).collect();
    waiting.retain(|one| one.asked != Asked::Not || matches!(one.loaded, Loaded::Text(..)));
    let is_other_yaml = |one: &Waiting| matches!(one.loaded, Loaded::Irrelevant) && is_yaml(Path::new(&one.name));
    waiting.retain(|one| !is_other_yaml(one));
    waiting.extend(found.problems.into_iter().map(|(name, named, message)| {
        let asked = if named { Asked::ByName } else { Asked::InFolder };
        Waiting { name, canonical: PathBuf::new(), asked, loaded: Loaded::Unreadable(message), is_stdin: false }
    }));
    if found.stdin {
        let (name, canonical) = match &options.stdin_name {
            Some(name) => (name.clone(), place_of(Path::new(name))),
            None => (STDIN.to_owned(), PathBuf::new()),
        };
        let loaded = match options.instead.get(&name) {
            Some(text) => Loaded::Text(Arc::clone(text), 0),
            None => load_stdin(stdin, options.max_memory),
        };
        waiting.push(Waiting { name, canonical, asked: Asked::ByName, loaded, is_stdin: true });
    }
    waiting.sort_by(|one, other| one.name.cmp(&other.name));
    waiting
}

/// The path of a file as the disk has it, or would have it. Empty when it lies in no folder there is.
fn place_of(path: &Path) -> PathBuf {
    let folder = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(std::fs::canonicalize(folder).ok()?.join(path.file_name()?))
    };
    std::fs::canonicalize(path).ok().or_else(folder).unwrap_or_default()
}

/// Whether a file can hold anything of interest, or cannot be read.
pub fn is_relevant(path: &Path) -> bool {
    let candidate = Candidate::new(path.to_owned(), String::new(), Asked::InFolder);
    !matches!(load_file(&candidate, Options::default().max_memory), Loaded::Irrelevant)
}

/// Whether a Bicep file at or below some paths holds the name of one of these files: it may be made of it.
pub fn is_named_by_bicep<'f>(paths: &[PathBuf], files: impl Iterator<Item = &'f Path>) -> bool {
    let names: Vec<&[u8]> = files.filter_map(|file| Some(file.file_name()?.as_encoded_bytes())).collect();
    let names_one = |path: &PathBuf| {
        let text = load_referred(path, Options::default().max_memory);
        let Loaded::Text(text, _) = text else { return false };
        names.iter().any(|name| memchr::memmem::find(text.as_bytes(), name).is_some())
    };
    let sources = || paths.iter().flat_map(|path| sources_below(path)).filter(|path| is_bicep(path));
    !names.is_empty() && sources().any(|path| names_one(&path))
}

/// Texts as if they were files given by name.
pub fn texts(texts: impl IntoIterator<Item = (String, String)>) -> Input {
    let mut files = Files::default();
    let mut parser = Parser::default();
    let entries = texts.into_iter().map(|(name, text)| {
        let text: Arc<str> = text.into();
        let file = Some(files.add(name.clone(), Arc::clone(&text)));
        let content = content(language_of(Path::new(&name)), &name, &mut parser, Loaded::Text(text, 0), file);
        Entry { name, file, named: true, beside: false, content }
    });
    let entries: Vec<Entry> = entries.collect();
    let references = refer::among(&entries);
    Input { entries, files, empty: Vec::new(), references }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{self, Read};
    use std::path::{Path, PathBuf};

    use tempfile::TempDir;

    use super::{Content, Input, read};
    use crate::input::{Foreign, Options};

    const NSG: &str = r#"{"securityRules": []}"#;

    fn folder(files: &[(&str, &[u8])]) -> TempDir {
        let folder = TempDir::new().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    fn read_all(paths: &[PathBuf], options: &Options) -> Input {
        read(paths, options, &mut io::empty())
    }

    /// `name: what` for each entry, names relative to `folder`.
    fn show(input: &Input, folder: &Path) -> Vec<String> {
        let prefix = format!("{}/", folder.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"));
        let entry = |entry: &super::Entry| {
            let what = match &entry.content {
                Content::Document(_) => "document",
                Content::Bicep(_) => "bicep",
                Content::Text => "text",
                Content::Tags(_) => "tags",
                Content::Irrelevant => "irrelevant",
                Content::Compiled(source) => source,
                Content::Foreign(Foreign::Table) => "table",
                Content::Foreign(Foreign::Packed) => "packed",
                Content::Foreign(Foreign::Yaml) => "yaml",
                Content::Broken(error) => &error.message,
                Content::Unreadable(message) => message,
            };
            format!("{}: {what}", entry.name.replace(&prefix, ""))
        };
        input.entries.iter().map(entry).collect()
    }

    fn walk(folder: &TempDir, options: &Options) -> Vec<String> {
        show(&read_all(&[folder.path().to_owned()], options), folder.path())
    }

    #[test]
    fn what_a_user_may_take_for_an_export_is_not_passed_over() {
        let folder = folder(&[
            ("empty.json", b"[\n]\n"),
            ("empty-utf16.json", b"\xFF\xFE[\0]\0"),
            ("page.json", b"{\"value\": [], \"nextLink\": null}"),
            ("table.json", b"Name  Location\n----  ----------\nnsg   westeurope\n"),
            ("packed.json", b"\x1F\x8B\x08\0"),
            ("other.json", b"{\"data\": [1]}"),
        ]);
        assert_eq!(
            walk(&folder, &Options::default()),
            [
                "empty-utf16.json: document",
                "empty.json: document",
                "other.json: irrelevant",
                "packed.json: packed",
                "page.json: document",
                "table.json: table",
            ]
        );
    }

    #[test]
    fn one_bad_file_hides_no_other() {
        let folder = folder(&[
            ("b/good.json", NSG.as_bytes()),
            ("a.json", b"{\"securityRules\": [}"),
            ("c.JSON", b"{\"securityRules\": \"\xE9\"}"),
            ("package.json", b"{\"name\": }"),
            ("notes.txt", NSG.as_bytes()),
        ]);
        assert_eq!(
            walk(&folder, &Options::default()),
            [
                "a.json: expected `]`, found `}`",
                "b/good.json: document",
                "c.JSON: the text is not UTF-8: byte 0xE9 at offset 19, line 1; save it as UTF-8",
                "package.json: irrelevant",
            ]
        );
    }

    #[test]
    fn a_file_of_service_tags_is_told_from_other_documents() {
        let tags = r#"{"cloud": "Public", "values": [{"name": "Sql", "properties": {"systemService": "AzureSQL", "addressPrefixes": []}}]}"#;
        let wide: Vec<u8> = tags.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let folder = folder(&[
            ("a.json", tags.as_bytes()),
            ("b.json", &[b"\xFF\xFE", &*wide].concat()),
            ("c.json", &[b"\xEF\xBB\xBF", tags.as_bytes()].concat()),
            ("d.json", NSG.as_bytes()),
        ]);
        let found = walk(&folder, &Options::default());
        assert_eq!(found, ["a.json: tags", "b.json: tags", "c.json: tags", "d.json: document"]);
    }

    #[test]
    fn ids_follow_the_order_of_names() {
        let folder = folder(&[("z.json", NSG.as_bytes()), ("a.json", NSG.as_bytes()), ("m.json", b"{}")]);
        let input = read_all(&[folder.path().join("z.json"), folder.path().to_owned()], &Options::default());
        let ids: Vec<_> = input.entries.iter().map(|entry| (entry.file.map(|file| file.0), entry.named)).collect();
        assert_eq!(ids, [(Some(0), false), (None, false), (Some(1), true)]);
        assert!(input.files.name(input.entries[2].file.unwrap()).ends_with("/z.json"));
        assert_eq!(input.files.len(), 2);
    }

    #[test]
    fn a_named_file_is_parsed_whatever_it_holds_and_is_called() {
        let folder = folder(&[("a.txt", b"{}"), ("main.bicep", b"param x string"), ("b.json", b"")]);
        let paths: Vec<_> = ["a.txt", "main.bicep", "b.json", "none.json"].map(|name| folder.path().join(name)).into();
        assert_eq!(
            show(&read_all(&paths, &Options::default()), folder.path()),
            [
                "a.txt: document",
                "b.json: the file is empty",
                "main.bicep: bicep",
                "none.json: there is no such file or folder",
            ]
        );
    }

    #[test]
    fn a_file_under_two_spellings_counts_once() {
        let folder = folder(&[("sub/a.json", NSG.as_bytes())]);
        let spelled = folder.path().join("sub/../sub/./a.json");
        let input = read_all(
            &[spelled.clone(), folder.path().join("sub"), folder.path().join("sub/a.json")],
            &Options::default(),
        );
        assert_eq!(show(&input, folder.path()), ["sub/a.json: document"]);
        assert!(input.entries[0].named);
    }

    #[test]
    fn encodings_are_told_apart_before_the_search() {
        let wide: Vec<u8> = NSG.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let other: Vec<u8> = "{\"name\": 1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [b"\xEF\xBB\xBF", NSG.as_bytes()].concat();
        let folder = folder(&[
            ("a.json", &wide),
            ("b.json", &[b"\xFF\xFE", &*wide].concat()),
            ("c.json", &marked),
            ("d.json", &other),
        ]);
        assert_eq!(
            walk(&folder, &Options::default()),
            ["a.json: document", "b.json: document", "c.json: document", "d.json: irrelevant"]
        );
        let input = read_all(&[folder.path().join("c.json")], &Options::default());
        let Content::Document(document) = &input.entries[0].content else { panic!("not a document") };
        assert_eq!((document.root.span.start, input.files.file_offset(document.root.span)), (0, 3));
    }

    #[test]
    fn standard_input_is_an_entry_once() {
        let paths = [PathBuf::from("-"), PathBuf::from("-")];
        let input = read(&paths, &Options::default(), &mut "WARNING: x\n{}".as_bytes());
        assert_eq!(show(&input, Path::new("/")), ["<stdin>: document"]);
        let small = Options { max_memory: 6, ..Options::default() };
        let input = read(&paths, &small, &mut io::repeat(b' '));
        assert_eq!(show(&input, Path::new("/")), ["<stdin>: it takes more than 6 bytes of memory; export it in parts"]);
    }

    #[test]
    fn a_failing_standard_input_is_an_entry() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("gone"))
            }
        }
        let input = read(&[PathBuf::from("-")], &Options::default(), &mut Failing);
        assert_eq!(show(&input, Path::new("/")), ["<stdin>: it cannot be read: gone"]);
    }

    #[test]
    fn large_files_are_reported_only_when_they_may_matter() {
        let folder = folder(&[
            ("rules.json", NSG.as_bytes()),
            ("data.json", b"[1, 2, 3, 4, 5, 6]"),
            ("named.json", b"[1, 2, 3, 4]"),
        ]);
        let small = Options { max_memory: 18, ..Options::default() };
        // The word ends behind the limit, so only its start is seen.
        assert_eq!(
            walk(&folder, &small),
            ["data.json: irrelevant", "named.json: irrelevant", "rules.json: irrelevant"]
        );
        let small = Options { max_memory: 32, ..Options::default() };
        assert_eq!(
            walk(&folder, &small),
            [
                "data.json: irrelevant",
                "named.json: irrelevant",
                "rules.json: it takes more than 32 bytes of memory; export it in parts"
            ]
        );
        let named = read_all(&[folder.path().join("data.json")], &small);
        assert_eq!(
            show(&named, folder.path()),
            ["data.json: it takes more than 32 bytes of memory; export it in parts"]
        );
    }

    #[test]
    fn a_sparse_gigabyte_costs_no_memory() {
        let folder = folder(&[("a.json", b"")]);
        fs::File::options().write(true).open(folder.path().join("a.json")).unwrap().set_len(1 << 30).unwrap();
        let small = Options { max_memory: 6 << 20, ..Options::default() };
        assert_eq!(walk(&folder, &small), ["a.json: irrelevant"]);
        let named = read_all(&[folder.path().join("a.json")], &Options::default());
        assert_eq!(show(&named, folder.path()), ["a.json: it takes more than 1024 MiB of memory; export it in parts"]);
    }

    #[test]
    fn deep_nesting_is_an_error_of_that_file() {
        let deep = format!("{{\"securityRules\": {}", "[".repeat(100_000));
        let folder = folder(&[("a.json", deep.as_bytes()), ("b.json", NSG.as_bytes())]);
        assert_eq!(
            walk(&folder, &Options::default()),
            ["a.json: more than 256 brackets inside each other", "b.json: document"]
        );
    }

    #[cfg(unix)]
    mod unix {
        use std::fs;
        use std::os::unix::fs::{PermissionsExt, symlink};
        use std::path::PathBuf;
        use std::process::Command;

        use super::{NSG, folder, read_all, show, walk};
        use crate::input::Options;

        #[test]
        fn a_pipe_is_never_opened() {
            let folder = folder(&[("a.json", NSG.as_bytes())]);
            for name in ["pipe.json", ".gitignore"] {
                assert!(Command::new("mkfifo").arg(folder.path().join(name)).status().unwrap().success());
            }
            fs::create_dir(folder.path().join("folder.json")).unwrap();
            assert_eq!(walk(&folder, &Options::default()), ["a.json: document"]);
            let named = read_all(&[folder.path().join("pipe.json")], &Options::default());
            assert_eq!(
                show(&named, folder.path()),
                ["pipe.json: this is not a regular file; `-` reads standard input"]
            );
        }

        #[test]
        fn a_loop_of_links_ends() {
            let folder = folder(&[("sub/a.json", NSG.as_bytes())]);
            symlink(folder.path(), folder.path().join("sub/up")).unwrap();
            symlink("self.json", folder.path().join("self.json")).unwrap();
            assert_eq!(walk(&folder, &Options::default()), ["sub/a.json: document"]);
            let named = read_all(&[folder.path().join("self.json"), folder.path().join("sub/up")], &Options::default());
            assert_eq!(named.entries.len(), 2);
            assert!(named.entries[0].name.ends_with("self.json"), "{:?}", named.entries);
        }

        #[test]
        #[cfg(target_os = "linux")]
        fn names_may_hold_any_byte() {
            let folder = folder(&[("a\nb.json", NSG.as_bytes())]);
            let odd: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"c\xFF.json");
            let odd = folder.path().join(odd);
            fs::write(odd, NSG).unwrap();
            assert_eq!(walk(&folder, &Options::default()), ["a\nb.json: document", "c\u{FFFD}.json: document"]);
        }

        #[test]
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        fn what_may_not_be_read_is_an_entry() {
            let folder =
                folder(&[("a/x.json", NSG.as_bytes()), ("b.json", NSG.as_bytes()), ("c.json", NSG.as_bytes())]);
            let closed: [PathBuf; 2] = ["a", "b.json"].map(|name| folder.path().join(name));
            for path in &closed {
                fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
            }
            let found = walk(&folder, &Options::default());
            for path in &closed {
                fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
            }
            if found.contains(&"b.json: document".to_owned()) {
                eprintln!("skipped: this user may read everything");
                return;
            }
            assert_eq!(
                found,
                ["a: reading it is not permitted", "b.json: reading it is not permitted", "c.json: document"]
            );
        }
    }
}
