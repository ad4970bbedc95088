//! Which cloud a file of service tags is of, and which day: told by its content, its tags and its name.

use crate::net::{Cloud, Tag};

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
        let within =
            |text: &str, low: u16, high: u16| text.parse().is_ok_and(|number: u16| (low..=high).contains(&number));
        let valid = within(year, 2017, 2199) && within(month, 1, 12) && within(day, 1, 31);
        valid.then(|| format!("{year}-{month}-{day}"))
    })
}

fn last(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
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
