//! One placement: where it is, what is known about it, and every flow it needs with its path, packet and reasons.

use crate::finding::{Decider, FactReport, Packet, RequirementReport};
use crate::report::html::guide::{Guide, Placed};
use crate::report::html::markup::Markup;
use crate::report::html::path;
use crate::report::html::standing::Standing;
use crate::report::opening::short_name;
use crate::report::words::count;

/// The paths drawn on a page: 2 kB each.
const PATHS: usize = 600;
/// The flows that stand open when the page is opened; behind them all are folded.
const UNFOLDED: usize = 24;
/// The rules named as having decided one flow, and the pieces named as not let through.
const NAMED: usize = 8;

/// Writes placements one by one; counts what is bounded over the whole page.
pub(crate) struct Placements<'a, 'l> {
    guide: &'l Guide<'a>,
    /// The paths that may still be drawn, of flows that do not pass and of those that do.
    troubled: usize,
    passing: usize,
    unfolded: usize,
}

impl<'a, 'l> Placements<'a, 'l> {
    /// For the placements of a page.
    pub(crate) fn new(guide: &'l Guide<'a>) -> Self {
        let of = |standing: Standing| guide.placements.iter().map(|placed| placed.count(standing)).sum::<usize>();
        let troubled =
            of(Standing::Blocked) + of(Standing::Conditional) + of(Standing::Advised) + of(Standing::Undecided);
        let troubled = troubled.min(PATHS);
        Self { guide, troubled, passing: PATHS - troubled, unfolded: UNFOLDED }
    }

    /// Writes one placement.
    pub(crate) fn write(&mut self, placed: Placed<'a>, out: &mut Markup) {
        let placement = placed.placement;
        out.raw("<section class=\"placement\"").attribute("id", format!("p{}", placed.number)).raw("><h3>");
        out.text(&self.guide.heading(placed)).raw("</h3><p class=\"tally-line\">");
        for standing in Standing::ALL {
            let count = placed.count(standing);
            if count > 0 {
                out.raw("<span>").count(count).raw(" ");
                standing.mark(out);
                out.raw("</span> ");
            }
        }
        out.raw("</p>");
        if !placement.found.is_empty() {
            out.raw("<p>").prose(&placement.found).raw("</p>");
        }
        if let Some(reason) = &placement.not_judged {
            out.raw("<p class=\"reason\"><strong>Not judged</strong>: ").prose(reason).raw("</p>");
        }
        place(placed, out);
        self.facts(&placement.facts, out);
        let (flows, idle): (Vec<_>, Vec<_>) =
            placed.requirements().partition(|(_, one)| Standing::of(one) != Standing::NotNeeded);
        let mut flows = flows;
        // What needs a look first, else the order of the rules.
        flows.sort_by_key(|(_, one)| !Standing::of(one).is_open());
        if !flows.is_empty() {
            out.raw("<h4>Flows it needs</h4><div class=\"flows\">");
            for (anchor, requirement) in &flows {
                self.flow(placed, anchor, requirement, out);
            }
            out.raw("</div>");
        }
        if !idle.is_empty() {
            out.raw("<h4>Does not need</h4><ul class=\"idle\">");
            for (anchor, requirement) in &idle {
                out.raw("<li").attribute("id", anchor).raw(">").text(&requirement.flow).raw(" <span class=\"rule\">");
                out.text(requirement.rule.as_str()).raw("</span></li>");
            }
            out.raw("</ul>");
        }
        out.raw("</section>");
    }

    fn facts(&self, facts: &[FactReport], out: &mut Markup) {
        let (asked, others): (Vec<_>, Vec<_>) = facts.iter().partition(|fact| fact.asked);
        let unknown = |fact: &&&FactReport| fact.value.is_none();
        let open: Vec<&str> = asked.iter().filter(unknown).map(|fact| fact.name.as_str()).collect();
        if !asked.is_empty() {
            out.raw("<details class=\"facts\"><summary>").text(&count(asked.len(), "fact"));
            out.raw(" on which requirements hang");
            if !open.is_empty() {
                out.raw(", <span class=\"unknown\">? not known: ").text(&open.join(", ")).raw("</span>");
            }
            out.raw("</summary>");
            self.table(&asked, out);
            out.raw("</details>");
        }
        if !others.is_empty() {
            out.raw("<details class=\"facts\"><summary>").text(&count(others.len(), "more fact")).raw("</summary>");
            self.table(&others, out);
            out.raw("</details>");
        }
    }

    fn table(&self, facts: &[&FactReport], out: &mut Markup) {
        out.raw("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"facts\"><table><thead>");
        out.raw("<tr><th scope=\"col\">fact</th><th scope=\"col\">value</th><th scope=\"col\">from</th></tr></thead><tbody>");
        for fact in facts {
            out.element("<tr><th scope=\"row\">", &fact.name, "</th><td>");
            match &fact.value {
                Some(value) => out.element("<code>", &value.to_string(), "</code>"),
                None => out.raw("<span class=\"unknown\">? not known</span>"),
            };
            out.raw("</td><td>");
            if let Some(span) = fact.place {
                self.guide.place(span, out);
            } else if fact.value.is_some() {
                out.text(fact.from);
            }
            out.raw("</td></tr>");
        }
        out.raw("</tbody></table></div>");
    }

    fn flow(&mut self, placed: Placed<'a>, anchor: &str, requirement: &RequirementReport, out: &mut Markup) {
        let standing = Standing::of(requirement);
        let open = standing.is_open() && self.unfolded > 0;
        self.unfolded -= usize::from(open);
        out.raw("<details class=\"flow ").raw(standing.class()).raw("\"").attribute("id", anchor);
        out.raw(if open { " open" } else { "" }).raw("><summary>");
        standing.mark(out);
        out.raw(" <span class=\"what\">").text(&requirement.flow).raw("</span> <span class=\"rule\">");
        out.text(requirement.rule.as_str()).raw("</span></summary><div class=\"detail\">");
        let left = if standing.is_open() { &mut self.troubled } else { &mut self.passing };
        if *left > 0 {
            *left -= 1;
            path::write(placed.placement, requirement, out);
        }
        self.reasons(placed, requirement, standing, out);
        out.raw("</div></details>");
    }

    fn reasons(&self, placed: Placed<'a>, one: &RequirementReport, standing: Standing, out: &mut Markup) {
        out.raw("<dl class=\"remarks\"><dt>verdict</dt><dd>").raw(standing.word()).raw(": ").raw(standing.meaning());
        out.raw("</dd>");
        if let Some(witness) = &one.witness {
            out.raw("<dt>packet</dt><dd class=\"packet\">").text(&packet(witness)).raw("</dd>");
        }
        if !one.decided_by.is_empty() {
            out.raw("<dt>decided by</dt><dd>");
            for (index, decider) in one.decided_by.iter().take(NAMED).enumerate() {
                out.raw(if index > 0 { "<br>" } else { "" });
                self.decider(decider, out);
            }
            more(one.decided_by.len(), out);
            out.raw("</dd>");
        }
        if !one.uncovered.is_empty() {
            out.raw("<dt>not let through</dt><dd>").text(&one.uncovered[..one.uncovered.len().min(NAMED)].join(", "));
            more(one.uncovered.len(), out);
            out.raw("</dd>");
        }
        for why in &one.why {
            out.raw("<dt>why</dt><dd>").prose(why).raw("</dd>");
        }
        for (anchor, group) in self.guide.diagnostics(&placed.placement.id, &one.rule).take(NAMED) {
            let head = group.head();
            out.raw("<dt>").raw(if head.ignored.is_some() { "ignored" } else { "finding" }).raw("</dt><dd><a");
            out.attribute("href", format!("#{anchor}")).raw(">").prose(&head.message).raw("</a></dd>");
        }
        if !one.rows.is_empty() {
            out.raw("<dt>rows</dt><dd>").text(&one.rows.join(", ")).raw("</dd>");
        }
        out.raw("</dl>");
    }

    fn decider(&self, decider: &Decider, out: &mut Markup) {
        out.element("<code>", &decider.name, "</code> ");
        out.raw("<span class=\"faint\">").text(&decider.kind.as_str().replace('-', " ")).raw("</span> ");
        if let Some(span) = decider.place {
            self.guide.place(span, out);
        }
    }
}

fn more(count: usize, out: &mut Markup) {
    if count > NAMED {
        out.raw(" <span class=\"more\">").text(&format!("and {} more", count - NAMED)).raw("</span>");
    }
}

/// Where it is: every resource it is made of, by its short name, the id behind it.
fn place(placed: Placed<'_>, out: &mut Markup) {
    let on = &placed.placement.on;
    if on.is_empty() {
        return;
    }
    out.raw("<dl class=\"on\">");
    let order = ["subnet", "interface-nsg", "nsg", "route-table", "firewall", "firewall-policy"];
    let others = on.keys().copied().filter(|kind| !order.contains(kind));
    for kind in order.into_iter().chain(others) {
        let Some(id) = on.get(kind) else { continue };
        out.raw("<div><dt>").text(&kind.replace('-', " ")).raw("</dt><dd").attribute("title", id).raw(">");
        out.text(&short_name(id)).raw("</dd></div>");
    }
    out.raw("</dl>");
}

/// `outbound TCP 10.20.4.10:50000 → 13.69.40.16:443`.
fn packet(witness: &Packet) -> String {
    let end = |address: &str, port: Option<u16>| match port {
        Some(port) if address.contains(':') => format!("[{address}]:{port}"),
        Some(port) => format!("{address}:{port}"),
        None => address.to_owned(),
    };
    let protocol = witness.protocol.to_uppercase();
    let source = end(&witness.source, witness.source_port);
    let destination = end(&witness.destination, witness.destination_port);
    format!("{} {protocol} {source} → {destination}", witness.direction())
}

#[cfg(test)]
mod tests {
    use super::packet;
    use crate::finding::Packet;

    #[test]
    fn a_packet_reads_from_source_to_destination() {
        let mut witness = Packet {
            inbound: false,
            protocol: "tcp",
            source: "10.0.0.4".to_owned(),
            source_port: Some(50000),
            destination: "2603::1".to_owned(),
            destination_port: Some(443),
        };
        assert_eq!(packet(&witness), "outbound TCP 10.0.0.4:50000 → [2603::1]:443");
        witness.destination_port = None;
        assert_eq!(packet(&witness), "outbound TCP 10.0.0.4:50000 → 2603::1");
    }
}
