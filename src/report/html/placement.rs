//! One placement: where it is, what is known about it, and every flow it needs with its path as a drawing, its packet and
//! its reasons.

use crate::finding::{
    Decider, DeciderKind, FactReport, Layer, LayerReport, Packet, PlacementReport, RequirementReport, short_name,
};
use crate::report::context::Standing;
use crate::report::html::guide::{Guide, Placed, mark};
use crate::report::markup::Markup;
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
                mark(standing, out);
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
        mark(standing, out);
        out.raw(" <span class=\"what\">").text(&requirement.flow).raw("</span> <span class=\"rule\">");
        out.text(requirement.rule.as_str()).raw("</span></summary><div class=\"detail\">");
        let left = if standing.is_open() { &mut self.troubled } else { &mut self.passing };
        if *left > 0 {
            *left -= 1;
            draw_path(placed.placement, requirement, out);
        }
        if !standing.is_open() {
            out.raw("<p class=\"passes\">").text(&placed.placement.passes_as(requirement)).raw("</p>");
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
fn packet(packet: &Packet) -> String {
    let (source, destination) = packet.ends();
    format!("{} {} {source} → {destination}", packet.direction(), packet.protocol.to_uppercase())
}

/// The size of a station, and the space between two.
const WIDTH: usize = 180;
const HEIGHT: usize = 76;
const GAP: usize = 50;
/// The space around the drawing.
const EDGE: usize = 3;
/// The columns of a name and of the line below it.
const NAME: usize = 20;
const BELOW: usize = 22;

/// Something on the way.
struct Station {
    kind: &'static str,
    name: String,
    below: String,
    /// What it says; `None` for the ends.
    standing: Option<Standing>,
    /// The flow ends here, or may.
    stops: bool,
}

/// Writes the drawing of a requirement's path; nothing when there is none.
fn draw_path(placement: &PlacementReport, requirement: &RequirementReport, out: &mut Markup) {
    if requirement.verdict.is_none() || requirement.path.layers.is_empty() {
        return;
    }
    let stations = stations(placement, requirement);
    let width = stations.len() * WIDTH + (stations.len() - 1) * GAP + 2 * EDGE;
    let height = HEIGHT + 2 * EDGE;
    out.raw("<div class=\"path scroll\" tabindex=\"0\" role=\"group\" aria-label=\"path of the flow\"><svg");
    out.attribute("viewBox", format!("0 0 {width} {height}")).attribute("width", width).attribute("height", height);
    out.raw(" role=\"img\" fill=\"currentColor\"").attribute("aria-label", spoken(&stations)).raw(">");
    let mut stopped = None;
    for (index, station) in stations.iter().enumerate() {
        let x = EDGE + index * (WIDTH + GAP);
        draw(station, x, stopped == Some(Standing::Blocked), out);
        if station.stops {
            stopped = stopped.or(station.standing);
        }
        if index + 1 < stations.len() {
            link(x + WIDTH, stopped, station.stops, out);
        }
    }
    out.raw("</svg></div>");
}

fn stations(placement: &PlacementReport, requirement: &RequirementReport) -> Vec<Station> {
    let path = &requirement.path;
    let kinds = ["subnet", "interface-nsg", "nsg", "route-table", "firewall", "firewall-policy"];
    let placed = kinds.iter().find_map(|kind| placement.on.get_key_value(kind));
    // Its network is named in the heading above.
    let bare = |id: &String| short_name(id).rsplit('/').next().unwrap_or_default().to_owned();
    let near = Station {
        kind: placed.map_or("placement", |(kind, _)| kind_words(kind)),
        name: placed.map_or_else(|| placement.id.service.clone(), |(_, id)| bare(id)),
        below: placement.id.service.clone(),
        standing: None,
        stops: false,
    };
    let far = Station {
        kind: if path.inbound { "source" } else { "destination" },
        name: if path.peer.is_empty() { "the other end".to_owned() } else { path.peer.clone() },
        below: asked(requirement),
        standing: None,
        stops: false,
    };
    let layers = path.layers.iter().map(|layer| station(placement, path.inbound, layer));
    let (first, last) = if path.inbound { (far, near) } else { (near, far) };
    // Inbound, a route decides about the way back: it stands behind the subnet.
    let (on_the_way, back): (Vec<_>, Vec<_>) = layers.partition(|layer| !(path.inbound && layer.kind == REPLY));
    std::iter::once(first).chain(on_the_way).chain([last]).chain(back).collect()
}

const REPLY: &str = "route of the reply";

fn station(placement: &PlacementReport, inbound: bool, layer: &LayerReport) -> Station {
    let kind = match layer.layer {
        Layer::Route if inbound => REPLY,
        other => kind_words(other.resource()),
    };
    let on = placement.on.get(layer.layer.resource()).or_else(|| match layer.layer {
        Layer::Firewall => placement.on.get("firewall-policy"),
        _ => None,
    });
    let name = match (on, layer.layer) {
        (Some(id), _) => short_name(id),
        (None, Layer::Route) => "system routes".to_owned(),
        (None, Layer::Admin) => "network manager".to_owned(),
        (None, Layer::Appliance) => "next hop".to_owned(),
        (None, _) => "not named".to_owned(),
    };
    let built_in = !layer.decided_by.is_empty() && layer.decided_by.iter().all(|by| by.kind == DeciderKind::BuiltIn);
    let standing = match Standing::of_layer(layer.verdict) {
        Standing::Pass if built_in && layer.layer != Layer::Route => Standing::BuiltIn,
        other => other,
    };
    let below = match &layer.decided_by[..] {
        [] => standing.word().to_owned(),
        [one] => one.name.clone(),
        [one, more @ ..] => format!("{} +{}", one.name, more.len()),
    };
    Station { kind, name, below, standing: Some(standing), stops: layer.decides }
}

fn kind_words(kind: &str) -> &'static str {
    match kind {
        "subnet" => "subnet",
        "interface-nsg" => "NSG of the interface",
        "nsg" => "NSG of the subnet",
        "route-table" => "route",
        "firewall" => "firewall",
        "firewall-policy" => "firewall policy",
        "security-admin" => "security admin rules",
        "appliance" => "appliance",
        _ => "placement",
    }
}

/// `TCP 443`: the flow without its direction and its other end.
fn asked(requirement: &RequirementReport) -> String {
    let flow = requirement.flow.as_str();
    let rest = flow.strip_prefix("inbound ").or_else(|| flow.strip_prefix("outbound "));
    let rest = rest.and_then(|rest| rest.split_once(" to ").or_else(|| rest.split_once(" from ")));
    rest.map_or_else(String::new, |(what, _)| what.to_owned())
}

fn spoken(stations: &[Station]) -> String {
    let said: Vec<String> = stations
        .iter()
        .map(|station| match station.standing {
            Some(standing) => format!("{} {}: {} by {}", station.kind, station.name, standing.word(), station.below),
            None => format!("{} {}", station.kind, station.name),
        })
        .collect();
    said.join(" → ")
}

fn draw(station: &Station, x: usize, unreached: bool, out: &mut Markup) {
    out.raw("<g class=\"station ").raw(station.standing.map_or("end", Standing::class));
    out.raw(if station.stops { " stops" } else { "" }).raw(if unreached { " unreached" } else { "" }).raw("\"><title>");
    out.text(&format!("{} {} — {}", station.kind, station.name, station.below))
        .raw("</title><rect rx=\"5\" fill=\"none\" stroke=\"currentColor\"");
    out.attribute("x", x).attribute("y", EDGE).attribute("width", WIDTH).attribute("height", HEIGHT).raw("/>");
    let mut line = |class: &'static str, y: usize, text: &str| {
        out.raw("<text class=\"").raw(class).raw("\"").attribute("x", x + 12).attribute("y", EDGE + y).raw(">");
        out.text(text).raw("</text>");
    };
    line("kind", 20, station.kind);
    line("name", 41, &fit(&station.name, NAME));
    match station.standing {
        Some(standing) => line("by", 61, &format!("{} {}", standing.sign(), fit(&station.below, BELOW - 2))),
        None => line("by", 61, &fit(&station.below, BELOW)),
    }
    out.raw("</g>");
}

/// The arrow behind a station.
fn link(x: usize, stopped: Option<Standing>, here: bool, out: &mut Markup) {
    let y = EDGE + HEIGHT / 2;
    let class = match stopped {
        Some(Standing::Blocked) => "link dead",
        Some(_) => "link open",
        None => "link",
    };
    let (from, to, middle) = (x + 6, x + GAP - 7, x + GAP / 2);
    out.raw("<path fill=\"none\" stroke=\"currentColor\" class=\"").raw(class).raw("\"");
    let head = if class == "link dead" { "" } else { "m-6 -5 l6 5 -6 5" };
    out.attribute("d", format!("M{from} {y}H{to}{head}")).raw("/>");
    if let Some(standing) = stopped.filter(|_| here) {
        out.raw("<g class=\"stop ")
            .raw(standing.class())
            .raw("\"><circle r=\"10\" fill=\"none\" stroke=\"currentColor\"");
        out.attribute("cx", middle).attribute("cy", y).raw("/><text text-anchor=\"middle\"").attribute("x", middle);
        out.attribute("y", y + 4).raw(">").raw(standing.sign()).raw("</text></g>");
    }
}

/// A name in so many columns, the end of it replaced where it is longer. Wide characters take two.
fn fit(name: &str, columns: usize) -> String {
    let wide = |ch: char| if ch >= '\u{1100}' && !('\u{2000}'..='\u{2bff}').contains(&ch) { 2 } else { 1 };
    if name.chars().map(wide).sum::<usize>() <= columns {
        return name.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for ch in name.chars() {
        used += wide(ch);
        if used > columns {
            break;
        }
        kept.push(ch);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::{asked, draw_path, fit};
    use crate::report::markup::Markup;
    use crate::report::sample::sample;

    fn drawn(requirement: usize) -> String {
        let (_, report) = sample();
        let placement = &report.placements[0];
        let mut out = Markup::default();
        draw_path(placement, &placement.requirements[requirement], &mut out);
        out.as_str().to_owned()
    }

    #[test]
    fn the_layer_that_drops_is_marked() {
        let svg = drawn(1);
        assert!(svg.contains("class=\"station blocked stops\""), "{svg}");
        assert!(svg.contains("✕ deny-internet-out"), "{svg}");
        assert!(svg.contains("class=\"link dead\""), "{svg}");
    }

    #[test]
    fn what_passes_by_built_in_rules_says_so() {
        let svg = drawn(4);
        assert!(svg.contains("station builtin"), "{svg}");
        assert!(!svg.contains("stops"), "{svg}");
    }

    #[test]
    fn the_flow_stands_at_the_other_end() {
        let (_, report) = sample();
        assert_eq!(asked(&report.placements[0].requirements[0]), "TCP 44224");
    }

    #[test]
    fn long_names_are_cut_to_the_station() {
        assert_eq!(fit("nsg-training", 12), "nsg-training");
        assert_eq!(fit("nsg-training-2", 12), "nsg-trainin…");
        assert_eq!(fit("网络安全组", 6), "网络…");
    }

    #[test]
    fn a_hostile_name_stays_text() {
        let (_, mut report) = sample();
        let placement = &mut report.placements[0];
        placement.on.insert("nsg", "</title><script>alert(1)</script>".to_owned());
        let mut out = Markup::default();
        draw_path(placement, &placement.requirements[1], &mut out);
        assert!(!out.as_str().contains("<script"), "{}", out.as_str());
    }
}
