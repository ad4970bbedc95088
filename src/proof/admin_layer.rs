//! Security admin rules of a Virtual Network Manager as a layer ahead of the network security groups: `Deny` drops,
//! `Allow` hands on to the groups, `AlwaysAllow` passes them by (AVNM-4, AVNM-5).

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::estate::{Access, AdminRule, Direction};
use crate::proof::admin::Applies;
use crate::proof::cell::Clause;
use crate::proof::entry::{Author, Entry};
use crate::proof::flow::Track;
use crate::proof::ground::Ground;
use crate::proof::judgement::Layer;
use crate::proof::name::shown;
use crate::proof::nsg::{Numbered, push};
use crate::proof::stage::Stage;
use crate::proof::symbol::{Doubt, Meaning};

/// The rules as a layer of one direction.
pub(crate) struct AdminLayer<'a> {
    pub(crate) stage: Rc<Stage<'a>>,
    /// For each entry whether what it lets pass meets no group.
    always: Vec<bool>,
}

impl<'a> AdminLayer<'a> {
    /// The layer of a direction; `None` where the input knows of no such rules.
    pub(crate) fn of(ground: &mut Ground<'_, 'a>, direction: Direction) -> Option<Self> {
        let scene = ground.scene;
        if scene.admin.is_empty() {
            return None;
        }
        let mut list = List { ground, direction, entries: Vec::new(), always: Vec::new() };
        let looks =
            |one: &&(&AdminRule, Option<Applies>)| one.0.rule.direction.known().is_none_or(|known| *known == direction);
        let mut ranked: BTreeMap<i64, Vec<Ranked<'_, 'a>>> = BTreeMap::new();
        let mut floating = Vec::new();
        for (index, (one, applies)) in scene.admin.rules.iter().enumerate().filter(|(_, one)| looks(one)) {
            let ranked_rule = Ranked { index, one, applies: applies.as_ref() };
            match one.rule.priority.known() {
                Some(priority) => ranked.entry(*priority).or_default().push(ranked_rule),
                None => floating.push(ranked_rule),
            }
        }
        list.hidden(scene.admin.hidden.as_ref());
        list.undecided_first(&floating, "the priority of security admin rule");
        for same in ranked.values() {
            let differ = same.windows(2).any(|pair| pair[0].effect() != pair[1].effect());
            if differ {
                list.undecided_first(&same[1..], "the order of rules of equal priority is not documented: rule");
            }
            same.iter().for_each(|one| list.push(one, None));
        }
        floating.iter().for_each(|one| list.push(one, None));
        let rest =
            Entry { clause: Clause::full(&list.ground.space), access: Access::Allow, author: Author::NoAdminRule };
        list.entries.push(rest);
        list.always.push(false);
        Some(Self { stage: Rc::new(Stage::new(Layer::Admin, 0, list.entries)), always: list.always })
    }

    /// Whether what met this layer first meets no group.
    pub(crate) fn passes_groups(&self, track: &Track) -> bool {
        track.met.first().and_then(|met| self.always.get(met.first())).is_some_and(|always| *always)
    }
}

/// A rule in its place.
struct Ranked<'x, 'a> {
    index: usize,
    one: &'a AdminRule,
    applies: Option<&'x Applies>,
}

impl Ranked<'_, '_> {
    fn effect(&self) -> (Option<&Access>, bool) {
        (self.one.rule.access.known(), self.one.always)
    }
}

struct List<'g, 's, 'a> {
    ground: &'g mut Ground<'s, 'a>,
    direction: Direction,
    entries: Vec<Entry<'a>>,
    always: Vec<bool>,
}

impl<'a> List<'_, '_, 'a> {
    fn push(&mut self, ranked: &Ranked<'_, 'a>, doubt: Option<Doubt>) {
        let mut guards = Vec::new();
        if let Some(applies) = ranked.applies {
            let meaning = Meaning::World(Arc::clone(&applies.key));
            guards.push(self.ground.symbols.of(meaning, || applies.doubt.clone()).holds());
        }
        if let Some(doubt) = doubt {
            let meaning = Meaning::Packet(Arc::from(format!("first {:p}", ranked.one)));
            guards.push(self.ground.symbols.of(meaning, || doubt).holds());
        }
        let rule = Numbered { rule: &ranked.one.rule, index: ranked.index };
        push(self.ground, false, self.direction, rule, &guards, &mut self.entries);
        self.always.resize(self.entries.len(), ranked.one.always);
    }

    /// Rules each of which may be the first to match, for all that is known.
    fn undecided_first(&mut self, rules: &[Ranked<'_, 'a>], why: &str) {
        for ranked in rules {
            let name = shown(&ranked.one.rule.name);
            self.push(ranked, Some(Doubt::new(format!("{why} `{name}`")).at(ranked.one.rule.priority.span)));
        }
    }

    /// What is not shown may drop anything.
    fn hidden(&mut self, doubt: Option<&Doubt>) {
        let Some(doubt) = doubt else { return };
        let meaning = Meaning::Packet(Arc::from("hidden security admin rules"));
        let drops = self.ground.symbols.of(meaning, || doubt.clone());
        let clause = Clause { guards: vec![drops.holds()], ..Clause::full(&self.ground.space) };
        self.entries.push(Entry { clause, access: Access::Deny, author: Author::Unknown(doubt.clone()) });
        self.always.push(false);
    }
}

#[cfg(test)]
mod tests {
    use crate::estate::{Access, AdminRule};
    use crate::net::{AddressSet, PortSet, ProtocolSet};
    use crate::proof::admin::{AdminRules, Applies};
    use crate::proof::flow::{Flow, Matching};
    use crate::proof::ground::Party;
    use crate::proof::sample::{Dice, header, outbound, security_group};
    use crate::proof::scene::{Given, Level, Scene};
    use crate::proof::symbol::Doubt;
    use crate::proof::verdict::Verdict;

    const PORTS: u16 = 8;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Does {
        Deny,
        Allow,
        AlwaysAllow,
    }

    /// What the rule does, and the ports it does it to.
    type Spec = (Does, u16, u16);

    fn specs(dice: &mut Dice, does: &[Does]) -> Vec<Spec> {
        let number = dice.roll(4);
        let mut port = || u16::try_from(dice.roll(usize::from(PORTS))).unwrap();
        let ranges: Vec<(u16, u16)> = (0..number).map(|_| (port(), port())).collect();
        ranges.into_iter().map(|(one, two)| (dice.one(does), one.min(two), one.max(two))).collect()
    }

    fn first(specs: &[Spec], port: u16) -> Option<Does> {
        specs.iter().find(|(_, first, last)| (*first..=*last).contains(&port)).map(|(does, ..)| *does)
    }

    /// What Azure does with a packet, rule by rule.
    fn passes(admin: &[Spec], group: &[Spec], port: u16) -> bool {
        match first(admin, port) {
            Some(Does::Deny) => false,
            Some(Does::AlwaysAllow) => true,
            Some(Does::Allow) | None => first(group, port) != Some(Does::Deny),
        }
    }

    #[test]
    fn admin_rules_and_groups_do_what_a_replay_does() {
        for seed in 0..300 {
            let dice = &mut Dice::new(seed);
            let admin = specs(dice, &[Does::Deny, Does::Allow, Does::AlwaysAllow]);
            let group = specs(dice, &[Does::Deny, Does::Allow]);
            let deployed = dice.roll(2) == 0;
            let access = |does: Does| if does == Does::Deny { Access::Deny } else { Access::Allow };
            let rule = |at: usize, (does, first, last): Spec| {
                let priority = 100 + i64::try_from(at).unwrap();
                outbound(&format!("r{at}"), priority, access(does), "*", PortSet::range(first, last))
            };
            let rules = |specs: &[Spec]| specs.iter().enumerate().map(|(at, spec)| rule(at, *spec)).collect::<Vec<_>>();
            let always = admin.iter().map(|(does, ..)| *does == Does::AlwaysAllow);
            let list: Vec<AdminRule> = rules(&admin)
                .into_iter()
                .zip(always)
                .map(|(rule, always)| AdminRule { header: header("r"), rule, always, effective: deployed })
                .collect();
            let doubt = || Applies { key: "deployed".into(), doubt: Doubt::new("deployed") };
            let told = list.iter().map(|one| (one, (!deployed).then(doubt))).collect();
            let nsg = security_group(rules(&group));
            let scene = Scene {
                subnet: Some(AddressSet::prefix("10.0.1.0/24".parse().unwrap())),
                groups: vec![(Level::Subnet, Given::Here(&nsg))],
                admin: AdminRules { rules: told, hidden: None },
                ..Scene::default()
            };
            for port in 0..PORTS {
                let flow = Flow {
                    direction: crate::estate::Direction::Outbound,
                    protocols: ProtocolSet::TCP,
                    from: Party::Subnet,
                    to: Party::Addresses(AddressSet::address("20.1.2.3".parse().unwrap())),
                    ports: PortSet::range(port, port),
                    matching: Matching::Effective,
                };
                let worlds = [passes(&admin, &group, port), deployed || passes(&[], &group, port)];
                let worlds = if deployed { &worlds[..1] } else { &worlds[..] };
                let expected = match (worlds.contains(&true), worlds.contains(&false)) {
                    (true, false) => Verdict::Satisfied,
                    (false, true) => Verdict::Violated,
                    _ => Verdict::Undecided,
                };
                let path = scene.path(&flow, None);
                assert_eq!(path.judgement.verdict, expected, "{seed} {port} {admin:?} {group:?} {deployed}");
                assert_eq!(path.assumptions.iter().any(|one| one.contains("admin")), list.is_empty());
            }
        }
    }
}
