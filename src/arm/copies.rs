//! Copy loops: how many rounds, and the values of loops in properties, variables and outputs.

use std::sync::Arc;

use crate::arm::budget::{COPIES, Failure};
use crate::arm::deployment::Env;
use crate::arm::machine::Machine;
use crate::arm::partial;
use crate::arm::trail;
use crate::arm::value;
use crate::json::{How, Member, Node, Reason, Unknown, Value};
use crate::source::Span;

/// Loops of a few possible counts are unrolled up to this many rounds.
const MOST: i64 = 16;

/// How many rounds a loop has.
pub(crate) enum Rounds {
    /// At least and at most so many; why they differ, when they do.
    Between(usize, usize, Option<Arc<Unknown>>),
    /// Only a deployment can tell.
    Unknown(Arc<Unknown>),
}

impl Machine<'_> {
    /// The rounds of a loop object.
    pub(crate) fn rounds(&mut self, looped: &Node, env: &Env) -> Rounds {
        let Some(written) = looped.get("count") else {
            let failure = Failure::Error("the loop has no count".into());
            return unknown(&self.failed(failure, "", "copy", looped.span));
        };
        let count = self.evaluate(written, env);
        match (value::as_int(&count), &count.value) {
            (Some(count @ 0..=COPIES), _) => {
                let count = usize::try_from(count).unwrap_or(0);
                Rounds::Between(count, count, None)
            }
            (Some(0..), _) => unknown(&self.failed(Failure::Limit("800 copies of one loop"), "", "copy", count.span)),
            (None, Value::Unknown(known)) if partial::is_spoiled(known) => Rounds::Unknown(Arc::clone(known)),
            (None, Value::Unknown(open)) => {
                let key = format!("copies({})", open.key);
                let why = Arc::new(partial::unknown(Reason::CopyCount, &open.text, open.span, key));
                let counts: Option<Vec<i64>> = open.domain.iter().map(value::as_int).collect();
                let counts = counts.filter(|counts| counts.iter().all(|count| (0..=MOST).contains(count)));
                match counts.as_deref().and_then(|counts| Some((counts.iter().min()?, counts.iter().max()?))) {
                    Some((least, most)) => {
                        let count = |number: &i64| usize::try_from(*number).unwrap_or(0);
                        Rounds::Between(count(least), count(most), Some(why))
                    }
                    None => Rounds::Unknown(why),
                }
            }
            _ => {
                let failure = Failure::Error("the count of a loop should be a number from 0".into());
                unknown(&self.failed(failure, "", "copy", count.span))
            }
        }
    }

    /// The list that `{"name", "count", "input"}` stands for.
    pub(crate) fn loop_values(&mut self, looped: &Node, env: &Env, fallback: &str) -> Node {
        let name: Arc<str> = looped.get("name").and_then(Node::text).unwrap_or(fallback).into();
        let Some(input) = looped.get("input") else {
            return self.failed(Failure::Error("the loop has no input".into()), "", "copy", looped.span);
        };
        let (least, most, why) = match self.rounds(looped, env) {
            Rounds::Between(least, most, why) => (least, most, why),
            Rounds::Unknown(reason) => {
                // Two loops of as many rounds are two lists.
                let Span { file, start, .. } = looped.span;
                let rounds: String = env.rounds().map(|round| format!("-{:?}", round.index)).collect();
                let place = format!("{}:{start}{rounds}@{}", file.0, env.deployment.id);
                let key = format!("{}{place}{}", reason.key, partial::LIST);
                let list = Unknown {
                    key: partial::short(key),
                    parts: Vec::new(),
                    domain: Vec::new(),
                    ..Unknown::clone(&reason)
                };
                let spoiled = partial::is_spoiled(&reason);
                let list = if spoiled { reason } else { Arc::new(list) };
                return Node::new(Value::Unknown(list), looped.span);
            }
        };
        let mut items = Vec::with_capacity(most);
        for index in 0..most {
            if let Err(failure) = self.budget.values(1) {
                return self.failed(failure, "", "copy", looped.span);
            }
            let round = env.in_loop(&name, Some(index), fallback.is_empty());
            let item = self.evaluate(input, &round);
            let item = trail::through(item, input.span, How::Copy(Arc::clone(&name), index));
            items.push(match &why {
                Some(why) if index >= least => partial::perhaps(&item, why),
                _ => item,
            });
        }
        Node::new(value::list(items), looped.span)
    }

    /// The members of an object with the loops of its `copy` array unrolled; `None` when it has none.
    pub(crate) fn with_copies(&mut self, members: &[Member], env: &Env) -> Option<Vec<Member>> {
        // A loop without its name, input or count is one all the same, and fails.
        let is_loops = |member: &Member| {
            member.key.eq_ignore_ascii_case("copy")
                && !member.node.items().is_empty()
                && member.node.items().iter().all(|item| item.get("count").is_some() || item.get("input").is_some())
        };
        if !members.iter().any(is_loops) {
            return None;
        }
        let mut out = Vec::with_capacity(members.len());
        for member in members {
            if !is_loops(member) {
                out.push(self.member(member, env, false).unwrap_or_else(|| member.clone()));
                continue;
            }
            for looped in member.node.items() {
                let name = looped.member("name").map(|name| (name.node.text().unwrap_or_default(), name.node.span));
                let Some((name, key_span)) = name.filter(|(name, _)| !name.is_empty()) else {
                    let node = self.failed(Failure::Error("the loop has no name".into()), "", "copy", looped.span);
                    out.push(Member { node, ..member.clone() });
                    continue;
                };
                let node = self.loop_values(looped, env, name);
                out.push(Member { key: name.into(), key_span, node });
            }
        }
        Some(out)
    }
}

fn unknown(node: &Node) -> Rounds {
    match &node.value {
        Value::Unknown(unknown) => Rounds::Unknown(Arc::clone(unknown)),
        _ => Rounds::Between(0, 0, None),
    }
}
