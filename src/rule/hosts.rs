//! Host names in a requirement: one list for each cloud, with the rows of the requirement table they answer.
//!
//! Filling in what they leave open is the work of `names`.

use crate::net::Cloud;
use crate::rule::error::RuleError;
use crate::rule::schema::Written;
use crate::rule::value::Template;

/// A host that a service needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName {
    /// The host: `login.microsoftonline.com`, `*.azureml.ms`, `{region}.tundra.azureml.ms`.
    pub name: Template,
    /// The rows of the requirement table that name it.
    pub rows: Vec<String>,
    /// It belongs to others than Azure's services: no tag of one service holds its addresses.
    pub in_no_tag: bool,
}

/// The hosts of a requirement, all of them needed, by cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    by_cloud: Vec<(Cloud, Vec<HostName>)>,
}

impl Hosts {
    /// One host, the same in every cloud.
    pub(crate) fn one(name: Template) -> Self {
        let hosts = vec![HostName { name, rows: Vec::new(), in_no_tag: false }];
        Self { by_cloud: Cloud::ALL.map(|cloud| (cloud, hosts.clone())).to_vec() }
    }

    /// The hosts in a cloud; `None` where the cloud has none.
    pub fn of(&self, cloud: Cloud) -> Option<&[HostName]> {
        self.by_cloud.iter().find(|(of, _)| *of == cloud).map(|(_, hosts)| hosts.as_slice())
    }

    /// The clouds that have any, with their hosts.
    pub fn clouds(&self) -> impl Iterator<Item = (Cloud, &[HostName])> {
        self.by_cloud.iter().map(|(cloud, hosts)| (*cloud, hosts.as_slice()))
    }

    /// The same hosts, known to be others' than Azure's services.
    #[must_use]
    pub(crate) fn in_no_tag(mut self) -> Self {
        self.by_cloud.iter_mut().flat_map(|(_, hosts)| hosts).for_each(|host| host.in_no_tag = true);
        self
    }

    /// Whether there is no host in any cloud.
    pub fn is_empty(&self) -> bool {
        self.by_cloud.is_empty()
    }

    /// The rows of all clouds, each once, in the order written.
    pub fn rows(&self) -> Vec<&str> {
        let mut rows: Vec<&str> = Vec::new();
        for row in self.by_cloud.iter().flat_map(|(_, hosts)| hosts).flat_map(|host| &host.rows) {
            if !rows.contains(&row.as_str()) {
                rows.push(row);
            }
        }
        rows
    }

    /// Reads `{ public: [login.microsoftonline.com], gov: […] }`, or one host or list for every cloud.
    pub(crate) fn read<'k>(
        written: Written<'_>,
        placeholders: impl Iterator<Item = &'k str> + Clone,
    ) -> Result<Self, RuleError> {
        if !written.is_mapping() || written.pairs()?.iter().any(|pair| pair.key == "host") {
            let hosts = read_list(written, placeholders)?;
            return Ok(Self { by_cloud: Cloud::ALL.map(|cloud| (cloud, hosts.clone())).to_vec() });
        }
        let words = Cloud::ALL.map(|cloud| cloud.as_str());
        let keys = written.keys("`hosts`", &words)?;
        let given = Cloud::ALL.into_iter().filter_map(|cloud| keys.get(cloud.as_str()).map(|list| (cloud, list)));
        let by_cloud = given.map(|(cloud, list)| Ok((cloud, read_list(list, placeholders.clone())?)));
        Ok(Self { by_cloud: by_cloud.collect::<Result<_, RuleError>>()? })
    }
}

fn read_list<'k>(
    written: Written<'_>,
    placeholders: impl Iterator<Item = &'k str> + Clone,
) -> Result<Vec<HostName>, RuleError> {
    let items = written.items();
    if items.is_empty() {
        return Err(written.error("the list is empty"));
    }
    items.into_iter().map(|item| HostName::read(item, placeholders.clone())).collect()
}

impl HostName {
    /// Reads `pypi.org`, or `{ host: pypi.org, row: AML-PY-4 }`.
    fn read<'k>(written: Written<'_>, placeholders: impl Iterator<Item = &'k str> + Clone) -> Result<Self, RuleError> {
        if !written.is_mapping() {
            return Ok(Self { name: read_host(written, placeholders)?, rows: Vec::new(), in_no_tag: false });
        }
        let keys = written.keys("a host", &["host", "row"])?;
        let mut rows = Vec::new();
        for item in keys.items("row") {
            let row = item.text()?;
            if !is_row(&row) {
                return Err(item.error(format!("`{row}` is no row")).help("capitals and a number: `AML-PY-4`"));
            }
            rows.push(row.to_string());
        }
        Ok(Self { name: read_host(keys.need("host")?, placeholders)?, rows, in_no_tag: false })
    }
}

/// Reads a host name, which may have facts filled in and an asterisk as its first part.
pub(crate) fn read_host<'k>(
    written: Written<'_>,
    placeholders: impl Iterator<Item = &'k str> + Clone,
) -> Result<Template, RuleError> {
    let template = Template::read(written, placeholders)?;
    let plain = template.fill(|_| Some("x".into())).unwrap_or_default();
    let host = plain.strip_prefix("*.").unwrap_or(&plain);
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    if host.split('.').all(label) {
        return Ok(template);
    }
    Err(written
        .error(format!("`{template}` is not a host name"))
        .help("a host name such as `login.microsoftonline.com`; `*` may only be its first part"))
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

#[cfg(test)]
mod tests {
    use super::Hosts;
    use super::is_row;
    use crate::net::Cloud;
    use crate::rule::error::RuleError;
    use crate::rule::error::Text;
    use crate::rule::schema::Written;
    use crate::rule::schema::tree;

    fn read(content: &str) -> Result<Hosts, RuleError> {
        let text = Text::new("a.yaml", content);
        let yaml = tree(&text)?;
        Hosts::read(Written { text: &text, yaml: &yaml }, ["region"].into_iter())
    }

    #[test]
    fn one_list_is_for_every_cloud() {
        let hosts = read("[pypi.org, { host: '*.pytorch.org', row: AML-PY-7 }]").unwrap();
        assert_eq!(hosts.clouds().count(), 3);
        assert_eq!(hosts.of(Cloud::China).map(<[_]>::len), Some(2));
        assert_eq!(hosts.rows(), ["AML-PY-7"]);
    }

    #[test]
    fn a_cloud_may_have_hosts_of_its_own() {
        let hosts = read("public: ['{region}.tundra.azureml.ms']").unwrap();
        assert_eq!(hosts.of(Cloud::Government), None);
        assert_eq!(hosts.of(Cloud::Public).map(<[_]>::len), Some(1));
    }

    #[test]
    fn mistakes_are_told() {
        let told = |content| read(content).unwrap_err().to_string();
        assert_eq!(told("[]"), "the list is empty");
        assert_eq!(told("['a.*.b']"), "`a.*.b` is not a host name");
        assert_eq!(told("[{ host: a.b, row: first }]"), "`first` is no row");
        assert_eq!(told("['{place}.b']"), "there is nothing called `place` to fill in");
    }

    #[test]
    fn rows_are_capitals_and_a_number() {
        assert!(is_row("AML-OUT-1") && is_row("NSG-21") && is_row("AML-VS-P") && is_row("AML-K8C"));
        assert!(!is_row("security") && !is_row("AML-OUT") && !is_row("AML1") && !is_row("1"));
    }
}
