//! What a file of service tags answers to a question: a tag's prefixes and neighbours, or who holds an address.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::net::{AddressSet, Containment, Holder, Reading, Tag, TagPrefixes, parse_prefix};
use crate::tagfile::file::TagFile;

/// The answer to one question.
#[derive(Debug)]
pub enum Answer<'f> {
    /// The question was the name of a tag.
    Tag(TagAnswer<'f>),
    /// The question was an address or a prefix.
    Addresses(AddressAnswer<'f>),
}

/// Everything the file tells of a tag.
#[derive(Debug)]
pub struct TagAnswer<'f> {
    /// Its name, as the file writes it.
    pub name: &'f str,
    /// The tag of the catalogue, if that has it.
    pub tag: Option<Tag>,
    /// Its prefixes; `None` when the file is wrong there.
    pub prefixes: Option<&'f TagPrefixes>,
    /// The tags that hold all its addresses of a family, the tightest first.
    pub containers: Vec<Containment<'f>>,
    /// The tags all of whose addresses of a family it holds.
    pub contents: Vec<Containment<'f>>,
    /// Its regional forms in the file.
    pub regions: Vec<&'f str>,
    /// Its addresses that none of the regional forms has; `None` without regional forms, and when one is unknown.
    pub beyond_regions: Option<AddressSet>,
}

/// The tags that hold an address or prefix.
#[derive(Debug)]
pub struct AddressAnswer<'f> {
    /// What was asked for; a single address is a prefix of full length.
    pub asked: IpNet,
    /// Tags with all or some of these addresses, the most specific first.
    pub holders: Vec<Holder<'f>>,
}

/// A name the file does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no {what}")]
pub struct NoSuchTag {
    /// The name.
    pub name: String,
    /// What it was taken for: `service tag of this file`, or what an address or prefix was meant to be.
    pub what: &'static str,
    /// What may be the matter.
    pub help: Option<String>,
}

impl TagFile {
    /// Answers to the name of a tag, an address, or a prefix. Every tag is read for it.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn answer(&self, question: &str) -> Result<Answer<'_>, NoSuchTag> {
        let question = question.trim();
        if let Some(asked) = parse_prefix(question) {
            let holders = self.tags.holders(&AddressSet::prefix(asked));
            return Ok(Answer::Addresses(AddressAnswer { asked, holders }));
        }
        let Some(index) = self.tags.index(question) else {
            let name = question.to_owned();
            if is_like_an_address(question) {
                let help =
                    Some("an address is written 10.0.1.4 or fd00::1, a prefix 10.0.1.0/24 or fd00::/64".to_owned());
                return Err(NoSuchTag { name, what: "address or prefix", help });
            }
            return Err(NoSuchTag { name, what: "service tag of this file", help: self.help(question) });
        };
        let name = self.tags.name(index);
        let regions = self.regions(name);
        Ok(Answer::Tag(TagAnswer {
            name,
            tag: Tag::named(name),
            prefixes: self.tags.at(index),
            containers: self.tags.containers(name).unwrap_or_default(),
            contents: self.tags.contents(name).unwrap_or_default(),
            beyond_regions: if regions.is_empty() { None } else { self.tags.uncovered(name, regions.iter().copied()) },
            regions,
        }))
    }

    /// The tags that are no regional form of another one, in the order of the file.
    pub fn base_names(&self) -> impl Iterator<Item = &str> {
        self.tags.names().filter(|name| !self.is_regional(name))
    }

    /// The regional forms of a tag, in the order of the file.
    pub fn regions(&self, name: &str) -> Vec<&str> {
        let form = |other: &&str| self.base_of(other).is_some_and(|base| base.eq_ignore_ascii_case(name));
        self.tags.names().filter(form).collect()
    }

    /// Whether a name is a regional form of a tag that the file has.
    pub fn is_regional(&self, name: &str) -> bool {
        self.base_of(name).is_some()
    }

    /// The tag that a name is a regional form of. Names with a dot of their own are in the catalogue.
    fn base_of<'n>(&self, name: &'n str) -> Option<&'n str> {
        let (base, _) = name.rsplit_once('.')?;
        if Tag::named(name).is_some_and(Tag::is_base) {
            return None;
        }
        self.tags.index(base).map(|_| base)
    }

    fn help(&self, name: &str) -> Option<String> {
        let here = |name: &str| self.tags.index(name).map(|index| self.tags.name(index));
        match Tag::read(name, self.cloud) {
            Reading::Known(tag) | Reading::Alias { tag, .. } if tag.special().is_some() => {
                Some(format!("`{tag}` has no published prefixes; Azure gives it its meaning"))
            }
            Reading::Known(tag) | Reading::Alias { tag, .. } => match self.cloud {
                Some(cloud) if !tag.is_in(cloud) => {
                    Some(format!("`{tag}` is a service tag, but not of the {cloud} cloud"))
                }
                _ => Some(format!("`{tag}` is a service tag that this file lacks; a newer one may have it")),
            },
            Reading::UnknownRegion { suggestion, .. } | Reading::Unknown { suggestion } => {
                let near = suggestion.as_deref().and_then(here).or_else(|| self.tags.nearest(name));
                near.map(|near| format!("did you mean `{near}`?"))
            }
        }
    }
}

/// Whether a text was meant to be an address or a prefix: no tag is made of digits, dots, colons and a slash.
fn is_like_an_address(text: &str) -> bool {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let is_address =
        address.contains(['.', ':']) && address.bytes().all(|byte| byte.is_ascii_hexdigit() || b".:".contains(&byte));
    let is_length = length.is_none_or(|length| length.bytes().all(|byte| byte.is_ascii_digit()));
    is_address && (is_length || address.parse::<IpAddr>().is_ok())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Answer;
    use crate::source::FileId;
    use crate::tagfile::{TagFile, read};

    fn file() -> TagFile {
        let tag = |name: &str, list: &str| {
            format!(r#"{{"name": "{name}", "properties": {{"systemService": "", "addressPrefixes": [{list}]}}}}"#)
        };
        let tags = [
            tag("Storage", r#""20.1.0.0/16", "20.2.0.0/16""#),
            tag("Storage.WestEurope", r#""20.1.0.0/16""#),
            tag("AzureMonitor", r#""20.3.0.0/16""#),
            tag("AzureMonitor.Core", r#""20.3.1.0/24""#),
            tag("Future.Moon", r#""20.4.0.0/16""#),
        ];
        let text = format!(r#"{{"cloud": "Public", "values": [{}]}}"#, tags.join(","));
        read(FileId(0), "tags.json", &Arc::from(text)).unwrap()
    }

    #[test]
    fn a_tag_is_told_with_its_neighbours() {
        let file = file();
        let Ok(Answer::Tag(answer)) = file.answer("STORAGE") else { panic!() };
        assert_eq!((answer.name, answer.regions.as_slice()), ("Storage", ["Storage.WestEurope"].as_slice()));
        let beyond: Vec<_> = answer.beyond_regions.unwrap().prefixes().map(|net| net.to_string()).collect();
        assert_eq!(beyond, ["20.2.0.0/16"]);
        assert_eq!(answer.contents[0].name, "Storage.WestEurope");
        assert!(answer.containers.is_empty());
        let bases: Vec<_> = file.base_names().collect();
        assert_eq!(bases, ["Storage", "AzureMonitor", "AzureMonitor.Core", "Future.Moon"]);
    }

    #[test]
    fn an_address_is_told_with_the_tags_that_hold_it() {
        let file = file();
        for (asked, count) in [("20.1.2.3", 2), ("20.2.0.0/24", 1), ("20.0.0.0/8", 5), ("10.0.0.1", 0), ("::1", 0)] {
            let Ok(Answer::Addresses(answer)) = file.answer(asked) else { panic!("{asked}") };
            assert_eq!(answer.holders.len(), count, "{asked}");
        }
    }

    #[test]
    fn what_is_not_there_gets_help() {
        let file = file();
        let help = |name: &str| file.answer(name).unwrap_err().help;
        assert_eq!(help("Storag").as_deref(), Some("did you mean `Storage`?"));
        assert_eq!(help("Future.Mon").as_deref(), Some("did you mean `Future.Moon`?"));
        assert!(help("Internet").unwrap().contains("no published prefixes"));
        assert!(help("Storage.USGovTexas").unwrap().contains("not of the public cloud"));
        assert!(help("Sql").unwrap().contains("lacks"));
        for slip in ["10.0.0.300", "10.0.0.0/33", "10.0.0/24", "fd00::/129", "10.0.0.0/24x"] {
            assert_eq!(file.answer(slip).unwrap_err().what, "address or prefix", "{slip}");
        }
        assert_eq!(help(""), None);
    }
}
