//! The header that every kind of rule shares.

use std::sync::Arc;

use crate::finding::{Level, RuleCard, RuleId, Source};
use crate::rule::error::RuleError;
use crate::rule::schema::{Keys, Written};
use crate::suppress::Date;

/// The keys of the header.
pub(crate) const KEYS: [&str; 9] = ["title", "level", "message", "why", "help", "sources", "tags", "seen-as", "since"];

const LEVELS: [(&str, Level); 3] = [("error", Level::Error), ("warning", Level::Warning), ("note", Level::Note)];

/// Reads the header of the rule `id`.
pub(crate) fn read(id: &RuleId, keys: &Keys<'_>) -> Result<RuleCard, RuleError> {
    let texts = |key: &str| -> Result<Vec<String>, RuleError> {
        keys.items(key).into_iter().map(|item| item.scalar().map(|text| text.to_string())).collect()
    };
    let tags = texts("tags")?;
    for (item, tag) in keys.items("tags").into_iter().zip(&tags) {
        if tag.contains(|letter: char| letter.is_whitespace() || letter == ',') {
            return Err(item.error(format!("tag `{tag}` holds a blank or a comma")));
        }
    }
    Ok(RuleCard {
        id: id.clone(),
        title: line(keys.need("title")?)?.to_string(),
        level: keys.need("level")?.word("level", &LEVELS)?,
        why: keys.need("why")?.text()?.to_string(),
        help: keys.need("help")?.text()?.to_string(),
        sources: read_sources(keys)?,
        tags,
        seen_as: texts("seen-as")?,
        since: keys.get("since").map(Written::scalar).transpose()?.map_or_else(String::new, |text| text.to_string()),
    })
}

/// The rows of the requirement table among the tags: `AML-OUT-1`, `AML-VS-P`.
pub(crate) fn rows(tags: &[String]) -> Vec<String> {
    tags.iter().filter(|tag| is_row(tag)).cloned().collect()
}

/// Whether it is a row: capitals, then capitals and numbers, the last of them a number or a letter.
pub(crate) fn is_row(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let family = parts.next().unwrap_or_default();
    let Some(last) = parts.next_back() else { return false };
    let word =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    !family.is_empty()
        && family.bytes().all(|byte| byte.is_ascii_uppercase())
        && parts.all(word)
        && word(last)
        && (last.len() == 1 || last.bytes().any(|byte| byte.is_ascii_digit()))
}

/// A text of one line.
pub(crate) fn line(written: Written<'_>) -> Result<Arc<str>, RuleError> {
    let text = written.text()?;
    if text.contains('\n') {
        return Err(written.error("this must be one line"));
    }
    Ok(text)
}

/// The sources of a rule or service.
pub(crate) fn read_sources(keys: &Keys<'_>) -> Result<Vec<Source>, RuleError> {
    keys.items("sources").into_iter().map(read_source).collect()
}

fn read_source(written: Written<'_>) -> Result<Source, RuleError> {
    let keys = written.keys("a source", &["title", "section", "url", "read"])?;
    let url = keys.need("url")?;
    let address = url.text()?;
    if !address.starts_with("https://") {
        return Err(url.error("the address of a source starts with https://"));
    }
    let read = keys.need("read")?;
    let date = read.scalar()?;
    if Date::parse(&date).is_none() {
        return Err(read.error(format!("`{date}` is not a day of the calendar")).help("write it as YYYY-MM-DD"));
    }
    Ok(Source {
        title: line(keys.need("title")?)?.to_string(),
        section: keys.text("section")?.map(|text| text.to_string()),
        url: address.to_string(),
        read: date.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::is_row;

    #[test]
    fn rows_are_capitals_and_a_number() {
        assert!(is_row("AML-OUT-1") && is_row("NSG-21") && is_row("AML-VS-P") && is_row("AML-K8C"));
        assert!(!is_row("security") && !is_row("AML-OUT") && !is_row("AML1") && !is_row("1"));
    }
}
