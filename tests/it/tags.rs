//! Files of service tags: reading lazily is reading wholly, hostile texts are no trouble, and the published lists nest as
//! is documented.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aznetlint::json;
use aznetlint::net::{AddressSet, Cloud, Containment, Inclusion};
use aznetlint::source::FileId;
use aznetlint::tagfile::{self, FaultKind, TagFile, TagFiles};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};

const FILE: FileId = FileId(0);

/// One small file for each schema.
const SAMPLES: [&str; 3] =
    [include_str!("../tags/download.json"), include_str!("../tags/rest.json"), include_str!("../tags/powershell.json")];

/// The folder of published lists beside the project, if it is there.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn published() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("AZNETLINT_SHARED").map_or_else(beside, PathBuf::from).join("data");
    let found = folder.join("ServiceTags_Public.json").is_file();
    if !found {
        eprintln!("skipped: there are no published lists in {}", folder.display());
    }
    found.then_some(folder)
}

fn open(path: &Path) -> (TagFile, Arc<str>) {
    let text: Arc<str> = std::fs::read_to_string(path).unwrap().into();
    (tagfile::read(FILE, &path.to_string_lossy(), &text).unwrap(), text)
}

fn whole(text: &Arc<str>) -> Option<TagFile> {
    TagFile::of_document(FILE, "tags.json", text, &json::parse(FILE, text).ok()?.root)
}

/// Whether both readers say the same of a text.
fn agree(quick: &TagFile, whole: &TagFile) {
    assert_eq!((quick.cloud, quick.change_number), (whole.cloud, whole.change_number));
    assert!(quick.tags.names().eq(whole.tags.names()));
    for (index, name) in quick.tags.names().enumerate() {
        let (one, other) = (quick.tags.at(index), whole.tags.at(index));
        assert_eq!(one.map(|tag| &tag.prefixes), other.map(|tag| &tag.prefixes), "{name}");
        assert_eq!(one.map(|tag| &tag.set), other.map(|tag| &tag.set), "{name}");
    }
    let faults = |file: &TagFile| file.faults().into_iter().map(|fault| (fault.kind, fault.span)).collect::<Vec<_>>();
    assert_eq!(faults(quick), faults(whole));
}

#[test]
fn each_schema_holds_the_same_tags() {
    for sample in SAMPLES {
        let file = tagfile::read(FILE, "tags.json", &Arc::from(sample)).unwrap();
        assert!(tagfile::detect(FILE, "tags.json", &Arc::from(sample)).is_some());
        assert_eq!(file.cloud, Some(Cloud::Public));
        assert_eq!(file.tags.names().collect::<Vec<_>>(), ["AzureMachineLearning", "Storage", "Storage.WestEurope"]);
        assert_eq!(file.tags.get("storage.westeurope").unwrap().prefixes.len(), 3);
        let found = file.tags.containers("Storage.WestEurope").unwrap();
        assert_eq!(found.iter().map(|one| one.name).collect::<Vec<_>>(), ["Storage"]);
        agree(&file, &whole(&Arc::from(sample)).unwrap());
    }
}

#[test]
fn reading_lazily_is_reading_wholly() {
    let Some(folder) = published() else { return };
    for name in ["Public", "Public_20251028", "AzureGovernment", "China"] {
        let (file, text) = open(&folder.join(format!("ServiceTags_{name}.json")));
        assert!(tagfile::detect(FILE, name, &text).is_some(), "{name} is in the plain layout");
        agree(&file, &whole(&text).unwrap());
        assert!(file.faults().is_empty());
        let minified: Arc<str> = text.split_whitespace().collect::<String>().into();
        agree(&tagfile::detect(FILE, name, &minified).unwrap(), &whole(&minified).unwrap());
    }
}

#[test]
fn each_cloud_is_told_and_asked_for_its_own_tags() {
    let Some(folder) = published() else { return };
    let mut all = TagFiles::default();
    for name in ["Public", "Public_20251028", "AzureGovernment", "China"] {
        all.add(open(&folder.join(format!("ServiceTags_{name}.json"))).0, false);
    }
    let file = all.of(Some(Cloud::Public)).unwrap();
    assert_eq!((file.date.as_deref(), file.change_number), (Some("2025-10-28"), Some(375)));
    assert_eq!(all.of(Some(Cloud::Government)).unwrap().change_number, Some(402));
    assert_eq!(all.of(Some(Cloud::China)).unwrap().change_number, Some(405));
    assert!(all.of(None).is_none());
    assert_eq!(all.passed_over().count(), 1);
    // Not in every cloud: such a tag stays a name.
    let has = |cloud| all.of(Some(cloud)).unwrap().tags.get("AzureFrontDoor.FirstParty").is_some();
    assert_eq!(Cloud::ALL.map(has), [true, false, false]);
}

/// The facts of the containment table, one by one.
#[test]
fn the_published_lists_nest_as_documented() {
    let Some(folder) = published() else { return };
    let table = std::fs::read_to_string(folder.join("tag-containment.csv")).unwrap();
    let files: BTreeMap<&str, TagFile> = [("public", "Public"), ("gov", "AzureGovernment"), ("china", "China")]
        .into_iter()
        .map(|(cloud, name)| (cloud, open(&folder.join(format!("ServiceTags_{name}.json"))).0))
        .collect();
    let mut known: BTreeMap<(&str, &str), Vec<Containment<'_>>> = BTreeMap::new();
    let mut facts = 0;
    for line in table.lines().skip(1) {
        let words: Vec<&str> = line.split(',').collect();
        let [cloud, child, parent, v4, v6, ..] = words.as_slice() else { panic!("{line}") };
        let file = &files[if cloud.starts_with("gov") || cloud.contains("Gov") { "gov" } else { cloud }];
        let containers = known.entry((cloud, child)).or_insert_with(|| file.tags.containers(child).unwrap());
        let found = containers.iter().find(|one| one.name == *parent);
        let empty = |set: bool| if set { "empty" } else { "no" };
        let set = &file.tags.get(child).unwrap().set;
        let (own4, own6) = found.map_or_else(
            || (empty(set.v4.is_empty()), empty(set.v6.is_empty())),
            |one| (one.v4.as_str(), one.v6.as_str()),
        );
        assert_eq!((own4, own6), (*v4, *v6), "{line}");
        facts += 1;
    }
    assert!(facts > 10_000, "{facts} facts");
}

#[test]
fn the_tags_of_machine_learning_are_apart_and_exceed_their_regions() {
    let Some(folder) = published() else { return };
    let tags = open(&folder.join("ServiceTags_Public.json")).0.tags;
    let v4 = |name: &str| tags.get(name).unwrap().set.v4.clone();
    let names = [
        "AzureMachineLearning",
        "AzureMachineLearningInference",
        "AzureActiveDirectory",
        "BatchNodeManagement",
        "AzureResourceManager",
        "Storage",
        "AzureKeyVault",
        "AzureContainerRegistry",
        "MicrosoftContainerRegistry",
        "AzureFrontDoor.Frontend",
        "AzureFrontDoor.FirstParty",
        "AzureMonitor",
    ];
    for (at, one) in names.iter().enumerate() {
        for other in &names[..at] {
            assert!(!v4(one).overlaps(&v4(other)), "{one} and {other}");
        }
    }
    // Prefixes that no regional form has (TAG-15).
    for (name, count) in
        [("AzureMachineLearning", 8), ("BatchNodeManagement", 9), ("MicrosoftContainerRegistry", 8), ("Storage", 18)]
    {
        let start = format!("{name}.");
        let regions: Vec<&str> = tags.names().filter(|other| other.starts_with(&start)).collect();
        let rest = tags.uncovered(name, regions).unwrap();
        let tag = tags.get(name).unwrap();
        let outside = tag.prefixes.iter().filter(|net| AddressSet::prefix(**net).overlaps(&rest)).count();
        assert!(!rest.v4.is_empty() && outside >= count, "{name}: {outside}");
    }
    // Who holds an address: from the most specific to the widest.
    let first = tags.get("AzureMachineLearning.WestEurope").unwrap().set.first().unwrap();
    let holders = tags.holders(&AddressSet::address(first));
    let held: Vec<&str> = holders.iter().map(|holder| holder.name).collect();
    for name in ["AzureMachineLearning.WestEurope", "AzureMachineLearning", "AzureCloud.westeurope", "AzureCloud"] {
        assert!(held.contains(&name), "{name} in {held:?}");
    }
    assert_eq!(held.last(), Some(&"AzureCloud"));
    let whole = tags.containers("AzureMachineLearning.WestEurope").unwrap();
    assert!(whole.iter().any(|one| one.name == "AzureMachineLearning" && one.v4 == Inclusion::Proper));
}

/// Pieces that tag files are made of, and others that must not confuse a reader.
fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "//",
        "/*",
        "*/",
        "\n",
        "\u{FEFF}",
        "null",
        "true",
        "0",
        "-1",
        "\"name\":",
        "\"A\"",
        "\"values\":[",
        "\"Properties\":{",
        "\"addressPrefixes\":[",
        "\"20.0.0.0/8\"",
        "\"2603::/32\"",
        "\"20.0.0.0/99\"",
        "\"cloud\":\"Public\"",
        "\"changeNumber\":",
        "\"nextLink\":\"x\"",
        "\"systemService\":\"\"",
    ];
    prop_oneof![9 => proptest::sample::select(fixed.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

/// A sample with a piece put in place of a few bytes here and there.
fn mutated() -> impl Strategy<Value = String> {
    let edits = proptest::collection::vec((any::<proptest::sample::Index>(), 0..12_usize, piece()), 1..4);
    (proptest::sample::select(SAMPLES.to_vec()), edits).prop_map(|(sample, edits)| {
        let mut text = sample.to_owned();
        for (at, length, piece) in edits {
            let at = at.index(text.len() + 1);
            let end = (at + length).min(text.len());
            if text.is_char_boundary(at) && text.is_char_boundary(end) {
                text.replace_range(at..end, &piece);
            }
        }
        text
    })
}

fn hostile() -> impl Strategy<Value = String> {
    let soup = proptest::collection::vec(piece(), 0..60).prop_map(|pieces| pieces.concat());
    prop_oneof![4 => mutated(), 1 => soup, 1 => Just(String::new())]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_hostile_text_is_read_as_the_parser_reads_it_or_not_at_all(text in hostile()) {
        let text: Arc<str> = text.into();
        let quick = tagfile::detect(FILE, "tags.json", &text);
        let _ = tagfile::read(FILE, "tags.json", &text).map(|file| { file.read_all(); file.faults().len() });
        let Some(quick) = quick else { return Ok(()) };
        match (whole(&text), json::parse(FILE, &text)) {
            (Some(whole), _) => agree(&quick, &whole),
            // Only a list that was not read yet may be broken.
            (None, Err(_)) => {
                quick.read_all();
                assert!(quick.faults().iter().any(|fault| fault.kind == FaultKind::BadList), "{text}");
            }
            (None, Ok(_)) => panic!("no file of tags: {text}"),
        }
    }
}
