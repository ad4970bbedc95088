//! Every requirement against every placement, one table for each service; a cell leads to its detail.

use std::collections::BTreeMap;

use crate::finding::RequirementReport;
use crate::report::html::guide::{Guide, Placed};
use crate::report::html::markup::Markup;
use crate::report::html::standing::Standing;

/// Writes the tables, their legend and the buttons of the filter, which the script brings to life.
pub(crate) fn write(guide: &Guide<'_>, out: &mut Markup) {
    let mut services: BTreeMap<&str, Vec<Placed<'_>>> = BTreeMap::new();
    for placed in guide.placements.iter().filter(|placed| !placed.placement.requirements.is_empty()) {
        services.entry(&placed.placement.id.service).or_default().push(*placed);
    }
    if services.is_empty() {
        return;
    }
    out.raw("<section id=\"matrix\" aria-labelledby=\"matrix-h\"><h2 id=\"matrix-h\">Requirements by placement</h2>");
    filter(guide, out);
    for (service, placements) in services {
        table(guide, service, &placements, out);
    }
    out.raw("</section>");
}

fn filter(guide: &Guide<'_>, out: &mut Markup) {
    out.raw("<div class=\"filter\" hidden role=\"group\" aria-label=\"Show only\"><button type=\"button\" ");
    out.raw("data-show=\"\" aria-pressed=\"true\">all</button>");
    let there = |standing: Standing| guide.placements.iter().any(|placed| placed.count(standing) > 0);
    let shown: Vec<Standing> = Standing::ALL.into_iter().filter(|standing| there(*standing)).collect();
    for standing in &shown {
        out.raw("<button type=\"button\" aria-pressed=\"false\" data-show=\"").raw(standing.class()).raw("\">");
        standing.mark(out);
        out.raw("</button>");
    }
    out.raw("</div><dl class=\"legend\">");
    for standing in shown {
        out.raw("<div><dt>");
        standing.mark(out);
        out.raw("</dt><dd>").raw(standing.meaning()).raw("</dd></div>");
    }
    out.raw("</dl>");
}

fn table(guide: &Guide<'_>, service: &str, placements: &[Placed<'_>], out: &mut Markup) {
    let mut rows = rows(placements);
    // Stable: what no placement needs comes last.
    rows.sort_by_key(|cells| cells.iter().flatten().all(|(_, one)| Standing::of(one) == Standing::NotNeeded));
    out.raw("<div class=\"matrix scroll\" tabindex=\"0\" role=\"group\"");
    out.attribute("aria-label", format!("requirements of {service} by placement"));
    out.raw("><table><caption>").text(service).raw("</caption><thead><tr><th scope=\"col\">requirement</th>");
    for placed in placements {
        out.raw("<th scope=\"col\"><a").attribute("href", format!("#p{}", placed.number));
        out.attribute("title", &placed.placement.id).raw(">");
        for (index, part) in guide.name(*placed).split('/').enumerate() {
            out.raw(if index > 0 { "/<wbr>" } else { "" }).text(part);
        }
        out.raw("</a></th>");
    }
    out.raw("</tr></thead><tbody>");
    for cells in &rows {
        let flows = cells.iter().flatten().map(|(_, one)| one.flow.as_str());
        out.raw("<tr><th scope=\"row\">").text(&common(flows));
        if let Some((_, one)) = cells.iter().flatten().next() {
            out.raw(" <span class=\"rule\">").text(one.rule.as_str()).raw("</span>");
        }
        out.raw("</th>");
        for cell in cells {
            match cell {
                Some((anchor, requirement)) => {
                    let standing = Standing::of(requirement);
                    out.raw("<td class=\"cell ")
                        .raw(standing.class())
                        .raw("\"><a")
                        .attribute("href", format!("#{anchor}"));
                    out.raw(">");
                    standing.mark(out);
                    out.raw("</a></td>");
                }
                None => {
                    out.raw("<td></td>");
                }
            }
        }
        out.raw("</tr>");
    }
    out.raw("</tbody></table></div>");
}

/// A requirement with its anchor, for each placement that has it.
type Row<'a> = Vec<Option<(String, &'a RequirementReport)>>;

/// The requirements by rule, in the order of the report, with the cell of each placement. A rule that asks a placement
/// for several things has a row for each.
fn rows<'a>(placements: &[Placed<'a>]) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    let mut known: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    for (column, placed) in placements.iter().enumerate() {
        let mut nth: BTreeMap<&str, usize> = BTreeMap::new();
        for (anchor, requirement) in placed.requirements() {
            let rule = requirement.rule.as_str();
            let count = nth.entry(rule).or_default();
            let row = *known.entry((rule, *count)).or_insert_with(|| {
                rows.push(vec![None; placements.len()]);
                rows.len() - 1
            });
            *count += 1;
            rows[row][column] = Some((anchor, requirement));
        }
    }
    rows
}

/// What flows have in common, word by word: `outbound TCP 443 to Storage.*`.
fn common<'a>(mut flows: impl Iterator<Item = &'a str>) -> String {
    let Some(first) = flows.next() else { return String::new() };
    let mut words: Vec<String> = first.split(' ').map(str::to_owned).collect();
    for flow in flows {
        let others: Vec<&str> = flow.split(' ').collect();
        if others.len() != words.len() {
            return first.to_owned();
        }
        for (word, other) in words.iter_mut().zip(others) {
            if word != other {
                let bare = word.trim_end_matches('*');
                let same: String =
                    bare.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
                // Names differ by their parts, not by their letters.
                let whole = same.rfind('.').map_or(0, |at| at + 1);
                *word = format!("{}*", &same[..whole]);
            }
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::common;

    #[test]
    fn flows_that_differ_by_region_have_one_row() {
        let flows = ["outbound TCP 443 to Storage.westeurope", "outbound TCP 443 to Storage.westus"];
        assert_eq!(common(flows.into_iter()), "outbound TCP 443 to Storage.*");
        assert_eq!(common([flows[0]].into_iter()), flows[0]);
        assert_eq!(common([flows[0], flows[1], flows[0]].into_iter()), "outbound TCP 443 to Storage.*");
    }
}
