//! Of the tag files of a run, the one to ask: each cloud has its own (TAG-11), and of several the newest counts.

use crate::net::Cloud;
use crate::tagfile::file::TagFile;

/// The tag files of a run.
#[derive(Clone, Debug, Default)]
pub struct TagFiles {
    /// The best first.
    files: Vec<(Rank, TagFile)>,
}

/// Greater is better: files the user named before those found among the inputs, newer before older.
type Rank = (bool, Option<String>, Option<u64>);

impl TagFiles {
    /// Adds a file; `named` when the user gave it as a file of tags.
    pub fn add(&mut self, file: TagFile, named: bool) {
        let rank = (named, file.date.clone(), file.change_number);
        let at = self.files.partition_point(|(other, _)| *other >= rank);
        self.files.insert(at, (rank, file));
    }

    /// The file for a cloud; without a cloud the one there is, unless there are several for different clouds.
    ///
    /// A file that does not say its cloud serves every one that has no file of its own.
    pub fn of(&self, cloud: Option<Cloud>) -> Option<&TagFile> {
        let mut files = self.files.iter().map(|(_, file)| file);
        let Some(cloud) = cloud else {
            let first = files.next()?;
            return files.all(|other| other.cloud == first.cloud).then_some(first);
        };
        let own = files.find(|file| file.cloud == Some(cloud));
        own.or_else(|| self.files.iter().map(|(_, file)| file).find(|file| file.cloud.is_none()))
    }

    /// Every file, the best first.
    pub fn all(&self) -> impl Iterator<Item = &TagFile> {
        self.files.iter().map(|(_, file)| file)
    }

    /// The files in use: the best of each cloud.
    pub fn used(&self) -> impl Iterator<Item = &TagFile> {
        self.by_use().filter(|(used, _)| *used).map(|(_, file)| file)
    }

    /// The files that are asked for no cloud, since a better one is at hand.
    pub fn passed_over(&self) -> impl Iterator<Item = &TagFile> {
        self.by_use().filter(|(used, _)| !*used).map(|(_, file)| file)
    }

    fn by_use(&self) -> impl Iterator<Item = (bool, &TagFile)> {
        // At most one of each cloud, and none.
        let mut clouds: Vec<Option<Cloud>> = Vec::new();
        self.all().map(move |file| {
            let first = !clouds.contains(&file.cloud);
            if first {
                clouds.push(file.cloud);
            }
            (first, file)
        })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// What the closing line says of the files in use: `2025-10-28`, or `public 2025-10-28, gov 2026-07-20`.
    pub fn state(&self) -> Option<String> {
        let used: Vec<&TagFile> = self.used().collect();
        match used.as_slice() {
            [] => None,
            [file] if file.cloud.is_none_or(|cloud| cloud == Cloud::Public) => Some(file.state()),
            files => {
                let word = |file: &&TagFile| match file.cloud {
                    Some(cloud) => format!("{cloud} {}", file.state()),
                    None => file.state(),
                };
                Some(files.iter().map(word).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::TagFiles;
    use crate::net::Cloud;
    use crate::source::FileId;
    use crate::tagfile::read;

    fn files(given: &[(&str, &str, bool)]) -> TagFiles {
        let mut all = TagFiles::default();
        for (name, cloud, named) in given {
            let text = format!(r#"{{"changeNumber": 7, "cloud": "{cloud}", "values": []}}"#);
            all.add(read(FileId(0), name, &Arc::from(text)).unwrap(), *named);
        }
        all
    }

    fn chosen(all: &TagFiles, cloud: Option<Cloud>) -> Option<&str> {
        all.of(cloud).map(|file| file.name.as_str())
    }

    #[test]
    fn the_newest_counts_unless_one_is_named() {
        let given =
            [("t_20250101.json", "Public", false), ("t_20260101.json", "Public", false), ("t.json", "Public", false)];
        let all = files(&given);
        assert_eq!(chosen(&all, Some(Cloud::Public)), Some("t_20260101.json"));
        assert_eq!(all.passed_over().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["t_20250101.json", "t.json"]);
        assert_eq!(all.state().as_deref(), Some("2026-01-01"));
        let all = files(&[given[0], given[1], ("t.json", "Public", true)]);
        assert_eq!(chosen(&all, None), Some("t.json"));
    }

    #[test]
    fn each_cloud_has_its_own() {
        let all = files(&[("p_20250101.json", "Public", true), ("g_20260101.json", "AzureGovernment", true)]);
        assert_eq!(chosen(&all, Some(Cloud::Public)), Some("p_20250101.json"));
        assert_eq!(chosen(&all, Some(Cloud::China)), None);
        assert_eq!(chosen(&all, None), None);
        assert_eq!(all.state().as_deref(), Some("gov 2026-01-01, public 2025-01-01"));
        assert_eq!(TagFiles::default().state(), None);
    }

    #[test]
    fn a_file_of_no_cloud_serves_those_without_one() {
        let all = files(&[("x.json", "", true), ("China.json", "", true)]);
        assert_eq!(chosen(&all, Some(Cloud::China)), Some("China.json"));
        assert_eq!(chosen(&all, Some(Cloud::Public)), Some("x.json"));
    }
}
