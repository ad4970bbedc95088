//! What is made for a service: asked of the rules, put together, and judged before it is handed out.

use std::collections::BTreeSet;
use std::sync::Arc;

use ipnet::Ipv4Net;

use crate::finding::{Applies, FactReport, FactValue, Level, RuleId, Verdict};
use crate::generate::arm;
use crate::generate::lines::{Lines, lines};
use crate::generate::plan::Plan;
use crate::judge::{Need, Needs, Origin, Request, Requests, Wanted, needs};
use crate::lint::{Settings, lint_texts, lint_texts_keeping};
use crate::rule::{FactKind, Pack, Service};

/// What is ordered.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// The service, by its name.
    pub service: &'a str,
    /// What the names of the resources end in; the name of the service without it.
    pub name: Option<&'a str>,
    /// The prefix of the subnet of a firewall that all traffic to the internet goes through; of up to /26.
    pub firewall: Option<Ipv4Net>,
    /// The facts that are known.
    pub facts: &'a [(String, FactValue, Origin)],
}

/// A fact that has to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingFact {
    /// Its name.
    pub name: Arc<str>,
    /// What it says, in a sentence.
    pub describe: Arc<str>,
    /// How its values are written, `true|false`.
    pub values: String,
    /// The rules that hang on it.
    pub rules: Vec<RuleId>,
}

/// Why nothing was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The service asks for nothing here: why.
    NotJudged(String),
    /// Facts decide what is needed, and nobody said them.
    Facts(Vec<MissingFact>),
    /// A rule asks for a way out of the subnet, and none was ordered.
    NoWayOut(RuleId),
    /// These requirements would not be met by what could be made.
    Unmet(Vec<String>),
}

/// The fact that orders a NAT gateway.
const NAT_GATEWAY: &str = "nat-gateway";

/// Rules may turn on what others made; more rounds than this settle nothing.
const MOST_ROUNDS: usize = 4;

/// Makes the least that meets what the rules of a pack ask for a service. What it hands out was judged by the same rules.
///
/// # Errors
/// When facts are missing, or when some requirement cannot be met by rules and routes.
pub fn generate(order: &Order<'_>, pack: &Pack) -> Result<Plan, Failure> {
    let unknown = || Failure::NotJudged(format!("there is no service `{}`", order.service));
    let service = pack.service(order.service).ok_or_else(unknown)?;
    let mut plan = Plan::bare(order, service);
    let settings = plan.settings(order);
    for _ in 0..MOST_ROUNDS {
        let kept = lint_texts_keeping([plan.text()], pack, &settings);
        let (_, estate) = kept.estates.first().ok_or_else(unknown)?;
        let needs = needs(pack, estate, &settings.requests, order.service).ok_or_else(unknown)?;
        plan.refuse(&needs, service)?;
        let sources = plan.sources();
        let lines = lines(&needs, sources.as_deref());
        plan.told(&needs);
        if lines == plan.lines {
            break;
        }
        plan.lines = lines;
        plan.dns_proxy = plan.lines.network.iter().any(|line| line.value.get("destinationFqdns").is_some());
    }
    plan.prove(pack, &settings)?;
    Ok(plan)
}

impl Plan {
    /// A subnet that lets nothing pass.
    fn bare(order: &Order<'_>, service: &Service) -> Self {
        let said = |name: &str| order.facts.iter().find(|(fact, ..)| fact == name).map(|(_, value, _)| value.clone());
        let mut seen = BTreeSet::new();
        let given = order.facts.iter().filter(|(name, ..)| seen.insert(name.clone()));
        let prefix = match said("subnet-prefixes") {
            Some(FactValue::List(prefixes)) => prefixes.into_iter().next(),
            _ => None,
        };
        Self {
            service: Arc::clone(&service.name),
            title: Arc::clone(&service.title),
            describe: Arc::clone(&service.describe),
            end: order.name.unwrap_or(&service.name).to_owned(),
            lines: Lines::default(),
            firewall: order.firewall,
            dns_proxy: false,
            nat_gateway: said(NAT_GATEWAY) == Some(FactValue::Bool(true)),
            prefix,
            given: given.map(|(name, value, _)| (name.clone(), value.to_string())).collect(),
            facts: Vec::new(),
        }
    }

    /// Whom the firewall's rules let out.
    fn sources(&self) -> Option<Vec<String>> {
        self.firewall?;
        Some(self.prefix.iter().cloned().collect())
    }

    fn text(&self) -> (String, String) {
        ("generated.json".to_owned(), arm::write(self))
    }

    fn settings(&self, order: &Order<'_>) -> Settings {
        let request =
            Request { service: self.service.to_string(), pattern: Some(self.name("snet")), ..Request::default() };
        let requests = Requests { services: vec![request], facts: order.facts.to_vec(), ..Requests::default() };
        Settings { requests, ..Settings::default() }
    }

    /// Whether something has to be said first.
    fn refuse(&self, needs: &Needs<'_>, service: &Service) -> Result<(), Failure> {
        if let Some(because) = &needs.not_judged {
            return Err(Failure::NotJudged(because.clone()));
        }
        let mut open = needs.open.clone();
        // A firewall's rules name whom they let out.
        if self.firewall.is_some() && self.prefix.is_none() {
            open.entry(Arc::from("subnet-prefixes")).or_default();
        }
        if !open.is_empty() {
            let missing = |(name, rules): (Arc<str>, Vec<RuleId>)| {
                let spec = service.facts.get(&name);
                let values = match spec {
                    Some(spec) if spec.kind == FactKind::Boolean => "true|false".to_owned(),
                    Some(spec) if !spec.values.is_empty() => spec.values.join("|"),
                    _ => "…".to_owned(),
                };
                MissingFact {
                    describe: spec.map(|spec| Arc::clone(&spec.describe)).unwrap_or_default(),
                    name,
                    values,
                    rules,
                }
            };
            return Err(Failure::Facts(open.into_iter().map(missing).collect()));
        }
        let is_egress = |need: &&Need<'_>| matches!(need.wanted, Wanted::Egress);
        match needs.all.iter().find(is_egress) {
            Some(need) if self.firewall.is_none() && !self.nat_gateway => {
                Err(Failure::NoWayOut(need.rule.card.id.clone()))
            }
            _ => Ok(()),
        }
    }

    fn told(&mut self, needs: &Needs<'_>) {
        let facts = needs
            .facts
            .iter()
            .filter(|fact| fact.from == "command line" || fact.from == "settings" || fact.from == "default");
        let told = |fact: &FactReport| {
            let value = fact.value.as_ref().map(ToString::to_string).unwrap_or_default();
            (fact.name.clone(), value, fact.from == "default")
        };
        self.facts = facts.map(told).collect();
    }

    /// Judges what was made: everything asked for is granted, and no error is found.
    fn prove(&self, pack: &Pack, settings: &Settings) -> Result<(), Failure> {
        let outcome = lint_texts([self.text()], pack, settings);
        let mut unmet = self.lines.unsaid.clone();
        for one in outcome.report.placements.iter().flat_map(|placement| &placement.requirements) {
            if one.applies != Applies::No && one.verdict.is_some_and(|verdict| verdict != Verdict::Satisfied) {
                unmet.push(format!("{}: {}", one.rule, one.flow));
            }
        }
        let is_error = |level: Level| level == Level::Error;
        for finding in outcome.report.open().filter(|finding| finding.placement.is_none() && is_error(finding.level)) {
            unmet.push(format!("{}: {}", finding.rule, finding.message));
        }
        if outcome.report.placements.is_empty() {
            unmet.push("the service was found nowhere".to_owned());
        }
        if unmet.is_empty() { Ok(()) } else { Err(Failure::Unmet(unmet)) }
    }
}
