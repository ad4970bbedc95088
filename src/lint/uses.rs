//! Findings inside modules of registries: nobody edits those, so they are shown where a file of the run uses the module.

use std::collections::{BTreeMap, BTreeSet};

use crate::bicep::ReferenceKind;
use crate::finding::{Label, Report};
use crate::input::{References, is_registry};
use crate::source::{FileId, Span};

/// At most so many other uses are shown.
const OTHERS: usize = 3;

/// Moves findings out of modules of registries to the uses of these, the place in the module beside them.
pub(crate) fn at_uses(report: &mut Report, references: &References) {
    let own: BTreeSet<FileId> = report.files.iter().filter_map(|entry| entry.file).collect();
    let uses = uses(references, &own);
    if uses.is_empty() {
        return;
    }
    for finding in &mut report.findings {
        let Some(spans) = uses.get(&finding.at.span.file) else { continue };
        // A value on its way through the use tells which one it is.
        let is_on_the_way = |span: &&Span| finding.related.iter().any(|label| label.span.file == span.file);
        let Some(place) = spans.iter().find(is_on_the_way).or_else(|| spans.first()).copied() else { continue };
        let inside = std::mem::replace(&mut finding.at, Label { span: place, message: "in this module".to_owned() });
        finding.related.insert(0, inside);
        let others = spans.iter().filter(|span| **span != place).take(OTHERS);
        finding.related.extend(others.map(|span| Label { span: *span, message: "used here, too".to_owned() }));
    }
}

/// The places in files of the run that use a module of a registry, by the files of it.
fn uses(references: &References, own: &BTreeSet<FileId>) -> BTreeMap<FileId, Vec<Span>> {
    let mut uses: BTreeMap<FileId, Vec<Span>> = BTreeMap::new();
    let mut inner: BTreeMap<FileId, BTreeSet<FileId>> = BTreeMap::new();
    for (from, referral) in references.all().filter(|(_, referral)| referral.written.kind == ReferenceKind::Module) {
        let Ok(to) = referral.to else { continue };
        if own.contains(&to) {
            continue;
        }
        if !own.contains(&from) {
            inner.entry(from).or_default().insert(to);
        } else if is_registry(&referral.written.path) {
            uses.entry(to).or_default().push(referral.written.span);
        }
    }
    let mut open: Vec<FileId> = uses.keys().copied().collect();
    while let Some(file) = open.pop() {
        let spans = uses[&file].clone();
        for to in inner.remove(&file).into_iter().flatten() {
            let known = uses.entry(to).or_default();
            known.extend(&spans);
            known.sort_unstable();
            known.dedup();
            open.push(to);
        }
    }
    uses
}

#[cfg(test)]
mod tests {
    use crate::input::{Modules, Options};
    use crate::lint::{Settings, lint};
    use crate::rule::Pack;

    #[test]
    fn what_is_wrong_in_a_module_of_a_registry_is_shown_at_its_use() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let nsg = "resource n 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {\n  name: 'n'\n  properties: { securityRules: [{ name: 'r', properties: { access: 'Allow', direction: 'Inbound', priority: 100, protocol: '*', sourceAddressPrefix: 'NoSuchTag', sourcePortRange: '*', destinationAddressPrefix: '*', destinationPortRange: '*' } }] }\n}\n";
        write("mapped/net/main.bicep", "module inner 'nsg.bicep' = {}\n");
        write("mapped/net/nsg.bicep", nsg);
        write("infra/main.bicep", "module a 'br/public:net:1.0.0' = {}\nmodule b 'br/public:net:1.0.0' = {}\n");
        let modules =
            Modules { folders: vec![("br/public:".to_owned(), folder.path().join("mapped"))], ..Modules::default() };
        let settings = Settings { input: Options { modules, ..Options::default() }, ..Settings::default() };
        let pack = Pack::load(true, &[]).unwrap();
        let outcome = lint(&[folder.path().join("infra")], &mut std::io::empty(), &pack, &settings);
        let finding = outcome.report.findings.iter().find(|one| one.rule.as_str() == "tag/tag-unknown").unwrap();
        let shown = |file| outcome.files.name(file).rsplit('/').next().unwrap().to_owned();
        assert_eq!(outcome.files.slice(finding.at.span), "'br/public:net:1.0.0'");
        assert_eq!(shown(finding.at.span.file), "main.bicep");
        assert_eq!(outcome.files.slice(finding.related[0].span), "'NoSuchTag'");
        assert_eq!(finding.related.last().unwrap().message, "used here, too");
    }
}
