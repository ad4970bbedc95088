//! One file of service tags: what it says of itself, and its tags, each read when a run asks for it.

use std::sync::Arc;

use memchr::memmem;

use crate::date::Date;
use crate::json::{self, Node, SyntaxError};
use crate::net::{Cloud, Tag, TagData};
use crate::source::{FileId, Span};
use crate::tagfile::list::{Fault, FaultKind, Lists};
use crate::tagfile::outline::{self, Outline};

/// A snapshot of the service tags of one cloud.
#[derive(Clone, Debug)]
pub struct TagFile {
    /// The name shown to users.
    pub name: String,
    /// Its text.
    pub file: FileId,
    /// The cloud it is of, when that is plain.
    pub cloud: Option<Cloud>,
    /// Its number, which grows with every change; `None` when it is not known.
    pub change_number: Option<u64>,
    /// The day it was published, as `2025-10-28`, when its name says so.
    pub date: Option<String>,
    /// Its tags.
    pub tags: TagData,
    lists: Arc<Lists>,
    /// What is wrong with the file as a whole.
    faults: Vec<Fault>,
}

/// Why a text gives no service tags.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not JSON.
    #[error("{}", .0.message)]
    Syntax(SyntaxError),
    /// It is something else; the place is that of the whole value.
    #[error("this is not a file of service tags")]
    NotTags(Span),
}

impl ReadError {
    /// Where it goes wrong.
    pub fn span(&self) -> Span {
        match self {
            Self::Syntax(error) => error.span,
            Self::NotTags(span) => *span,
        }
    }
}

/// Reads a text as service tags, in any of their schemas. `name` is that shown to users.
///
/// # Errors
/// When it is no JSON, or other JSON. What is wrong with single tags is not an error: see [`TagFile::faults`].
pub fn read(file: FileId, name: &str, text: &Arc<str>) -> Result<TagFile, ReadError> {
    if let Some(outline) = outline::of_text(file, text) {
        return Ok(TagFile::new(file, name, text, outline));
    }
    let document = json::parse(file, text).map_err(ReadError::Syntax)?;
    let not_tags = || ReadError::NotTags(document.root.span);
    TagFile::of_document(file, name, text, &document.root).ok_or_else(not_tags)
}

/// Reads a text as service tags if it is plainly that; of other texts little more than a search is made. `None` does not
/// say that it holds no tags: an unusual layout is left to [`read`] and [`TagFile::of_document`].
pub fn detect(file: FileId, name: &str, text: &Arc<str>) -> Option<TagFile> {
    // All schemas have these words, in one case or another; nothing else of Azure has the first.
    let has = |word: &str| memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    let outline = (has("ystemService\"") && has("ddressPrefixes\"")).then(|| outline::of_text(file, text))??;
    Some(TagFile::new(file, name, text, outline))
}

impl TagFile {
    /// The service tags in a parsed document; `None` when it holds none. `text` is that of the document.
    pub fn of_document(file: FileId, name: &str, text: &Arc<str>, root: &Node) -> Option<Self> {
        outline::of_tree(root).map(|outline| Self::new(file, name, text, outline))
    }

    fn new(file: FileId, name: &str, text: &Arc<str>, outline: Outline) -> Self {
        let fault =
            |kind, span, message: &str, help| Fault { kind, message: message.to_owned(), span, tag: None, help };
        let mut faults = Vec::new();
        if let Some(span) = outline.next_link {
            let help = Some("follow `nextLink` and add its `values`, or use the file for download");
            faults.push(fault(
                FaultKind::Incomplete,
                span,
                "this is one page of several; other tags are missing",
                help,
            ));
        }
        let nameless = outline.nameless.iter();
        faults.extend(nameless.map(|span| fault(FaultKind::NoName, *span, "this service tag has no name", None)));
        let (tags, lists) = Lists::new(Arc::clone(text), outline.tags);
        Self {
            name: name.to_owned(),
            file,
            cloud: cloud(outline.cloud.as_deref(), tags.names(), name),
            // Files put together from several say 0.
            change_number: outline.change_number.filter(|number| *number > 0),
            date: date(name),
            tags,
            lists,
            faults,
        }
    }

    /// Its state in few words: the day, else the change number.
    pub fn state(&self) -> String {
        match (&self.date, self.change_number) {
            (Some(date), _) => date.clone(),
            (None, Some(number)) => format!("change number {number}"),
            (None, None) => "of unknown date".to_owned(),
        }
    }

    /// What is wrong with the file and with the tags that were asked for so far, in the order of places.
    pub fn faults(&self) -> Vec<Fault> {
        let broken = (0..self.tags.len()).filter(|index| self.tags.is_read(*index) && self.tags.at(*index).is_none());
        let of_tags = broken.flat_map(|index| self.lists.faults(index, self.tags.name(index)));
        let mut all: Vec<Fault> = self.faults.iter().cloned().chain(of_tags).collect();
        all.sort_by_key(|fault| fault.span.start);
        all
    }

    /// Reads every tag, so that [`Self::faults`] tells of all of them.
    pub fn read_all(&self) {
        for index in 0..self.tags.len() {
            self.tags.at(index);
        }
    }
}

/// The cloud, by what the file says of itself, the regions its tags name, and its name.
///
/// The REST answer has been seen to call every cloud `Public`, so regions weigh more.
pub(crate) fn cloud<'n>(stated: Option<&str>, names: impl Iterator<Item = &'n str>, file: &str) -> Option<Cloud> {
    /// Among so many regional tags one at least is of a region that the catalogue knows.
    const ENOUGH: usize = 200;
    let mut regional = names.filter(|name| name.contains('.')).take(ENOUGH);
    let by_region = regional.find_map(|name| Tag::read(name, None).tag()?.cloud());
    by_region.or_else(|| stated.and_then(word)).or_else(|| word(last(file)))
}

fn word(text: &str) -> Option<Cloud> {
    let text = text.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match () {
        () if has(&["government", "usgov"]) => Some(Cloud::Government),
        () if has(&["china"]) => Some(Cloud::China),
        () if has(&["public", "azurecloud"]) => Some(Cloud::Public),
        () => None,
    }
}

/// The day in the name of a file, as `2025-10-28`: the files say nothing of it inside.
pub(crate) fn date(file: &str) -> Option<String> {
    let name = last(file);
    let runs = name.split(|letter: char| !letter.is_ascii_digit() && letter != '-');
    runs.into_iter().find_map(|run| {
        let run = run.trim_matches('-');
        let parts: Vec<&str> = run.split('-').collect();
        let (year, month, day) = match parts.as_slice() {
            [all] if all.len() == 8 => (&all[..4], &all[4..6], &all[6..]),
            [year, month, day] if (year.len(), month.len(), day.len()) == (4, 2, 2) => (*year, *month, *day),
            _ => return None,
        };
        let date = format!("{year}-{month}-{day}");
        (("2017".."2200").contains(&year) && Date::parse(&date).is_some()).then_some(date)
    })
}

fn last(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{ReadError, TagFile, detect, read};
    use crate::net::Cloud;
    use crate::source::FileId;

    const DOWNLOAD: &str = r#"{"changeNumber": 375, "cloud": "Public", "values": [
        {"name": "Sql", "id": "Sql", "properties": {"changeNumber": 2, "region": "", "regionId": 0, "platform": "Azure",
         "systemService": "AzureSQL", "addressPrefixes": ["20.0.0.0/24"], "networkFeatures": null}},
        {"name": "Sql.WestEurope", "id": "Sql.WestEurope", "properties": {"region": "westeurope",
         "systemService": "AzureSQL", "addressPrefixes": ["20.0.0.0/25", "2603::/48"], "networkFeatures": ["NSG"]}}]}"#;
    const REST: &str = r#"{"name": "public", "id": "/subscriptions/0/x", "type": "Microsoft.Network/serviceTags",
        "changeNumber": "63", "cloud": "Public", "nextLink": "https://example.org/2", "values": [
        {"name": "Sql", "id": "Sql", "properties": {"changeNumber": "13", "region": "", "systemService": "AzureSQL",
         "addressPrefixes": ["20.0.0.7"]}}]}"#;
    const POWERSHELL: &str = r#"{"Name": "Public", "ChangeNumber": "63", "Cloud": "Public", "Values": [
        {"Name": "Sql", "SystemService": "AzureSQL", "Properties": {"ChangeNumber": "1", "AddressPrefixes": ["20.0.0.0/24"]}},
        {"Name": "Storage", "SystemService": "AzureStorage", "Properties": {"AddressPrefixes": "20.1.0.0/24 20.1.1.0/24"}},
        {"Name": "AzureAD", "SystemService": "AzureAD", "Properties": "Microsoft.Azure.Commands.Network.Models.X"}]}"#;

    fn file(text: &str) -> TagFile {
        read(FileId(0), "ServiceTags_Public_20251028.json", &Arc::from(text)).unwrap()
    }

    fn faults(file: &TagFile) -> Vec<(&'static str, Option<String>)> {
        file.faults().into_iter().map(|fault| (fault.kind.as_str(), fault.tag)).collect()
    }

    #[test]
    fn the_file_for_download_is_read() {
        let file = file(DOWNLOAD);
        assert_eq!(
            (file.cloud, file.change_number, file.state()),
            (Some(Cloud::Public), Some(375), "2025-10-28".into())
        );
        assert_eq!(file.tags.get("sql.westeurope").unwrap().prefixes.len(), 2);
        assert!(detect(FileId(0), "x.json", &Arc::from(DOWNLOAD)).is_some());
        assert!(file.faults().is_empty());
    }

    #[test]
    fn the_answer_of_the_api_may_be_a_page() {
        let mut file = file(REST);
        file.date = None;
        assert_eq!(file.state(), "change number 63");
        assert!(file.tags.get("Sql").unwrap().set.contains("20.0.0.7".parse().unwrap()));
        assert_eq!(faults(&file), [("incomplete", None)]);
    }

    #[test]
    fn the_object_of_powershell_is_read_as_deep_as_it_was_written() {
        let file = file(POWERSHELL);
        assert_eq!(file.change_number, Some(63));
        assert!(file.tags.get("Sql").is_some());
        assert_eq!(file.tags.get("Storage").unwrap().prefixes.len(), 2);
        assert!(file.faults().is_empty());
        file.read_all();
        assert_eq!(faults(&file), [("no-prefixes", Some("AzureAD".to_owned()))]);
    }

    #[test]
    fn a_bad_prefix_is_known_once_its_tag_is_asked_for() {
        let file = file(&DOWNLOAD.replace("20.0.0.0/25", "20.0.0.0/44"));
        assert!(file.tags.get("Sql").is_some() && file.faults().is_empty());
        assert!(file.tags.get("Sql.WestEurope").is_none());
        let fault = file.faults().remove(0);
        assert_eq!(fault.message, "`20.0.0.0/44` is no address prefix");
        assert_eq!(&DOWNLOAD.replace("20.0.0.0/25", "20.0.0.0/44")[fault.span.range()], "\"20.0.0.0/44\"");
    }

    #[test]
    fn a_tag_listed_again_is_known_only_if_both_lists_agree() {
        let again = |list: &str| {
            let end = format!(r#", {{"name": "SQL", "properties": {{"addressPrefixes": {list}}}}}]}}"#);
            file(&DOWNLOAD.replace("]}}]}", &format!("]}}}}{end}")))
        };
        let same = again(r#"["20.0.0.0/25", "20.0.0.128/25"]"#);
        assert_eq!(same.tags.len(), 2);
        assert!(same.tags.get("Sql").is_some() && same.faults().is_empty());
        let other = again(r#"["20.0.0.0/25"]"#);
        assert!(other.tags.get("Sql").is_none());
        assert_eq!(faults(&other), [("repeated-tag", Some("Sql".to_owned()))]);
    }

    #[test]
    fn unusual_layouts_are_read_from_the_document() {
        let bare = DOWNLOAD.split_once("\"values\": ").unwrap().1.trim_end_matches('}');
        assert_eq!(file(bare).tags.len(), 2);
        let commented = DOWNLOAD.replace("[\"20.0.0.0/24\"]", "[// ]\n\"20.0.0.0\\/24\",]");
        assert!(file(&commented).tags.get("Sql").is_some());
        assert!(detect(FileId(0), "x.json", &Arc::from(commented)).is_none());
        let nameless = DOWNLOAD.replace("\"name\": \"Sql\"", "\"name\": null");
        assert_eq!(faults(&file(&nameless)), [("no-name", None)]);
    }

    #[test]
    fn what_is_no_file_of_tags_is_an_error() {
        let error = |text: &str| read(FileId(0), "x.json", &Arc::from(text)).unwrap_err();
        assert!(matches!(error("{\"values\": ["), ReadError::Syntax(_)));
        for text in [
            "{}",
            "7",
            "{\"values\": []}",
            r#"[{"name": "snet", "properties": {"addressPrefixes": ["10.0.0.0/24"]}}]"#,
            r#"{"value": [{"name": "snet", "properties": {"addressPrefixes": ["10.0.0.0/24"]}}]}"#,
        ] {
            assert!(matches!(error(text), ReadError::NotTags(_)), "{text}");
        }
        assert_eq!(error(" {}").span().start, 1);
    }
}

#[cfg(test)]
mod origin_tests {
    use super::{cloud, date};
    use crate::net::Cloud;

    #[test]
    fn the_day_stands_in_the_name() {
        assert_eq!(date("data/ServiceTags_Public_20251028.json").as_deref(), Some("2025-10-28"));
        assert_eq!(date("tags-2026-06-26.json").as_deref(), Some("2026-06-26"));
        assert_eq!(date("20251028/ServiceTags_Public.json"), None);
        assert_eq!(date("ServiceTags_20251328.json"), None);
        assert_eq!(date("ServiceTags_120251028.json"), None);
    }

    #[test]
    fn regions_tell_the_cloud_before_words_do() {
        let of = |stated, names: &[&str], file| cloud(stated, names.iter().copied(), file);
        assert_eq!(of(Some("Public"), &["Sql", "Storage.USGovTexas"], "x.json"), Some(Cloud::Government));
        assert_eq!(of(Some("AzureGovernment"), &["Sql"], "x.json"), Some(Cloud::Government));
        assert_eq!(of(Some("China"), &["AzureFrontDoor.Frontend"], "x.json"), Some(Cloud::China));
        assert_eq!(of(None, &["Sql"], "ServiceTags_China_20260720.json"), Some(Cloud::China));
        assert_eq!(of(None, &["Sql"], "tags.json"), None);
    }
}
