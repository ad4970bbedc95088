//! What the rounds of a run have in common: a network that no parameter file has a say in is one network, however many
//! rounds there are.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{PlacementId, PlacementReport};
use crate::judge::Judged;
use crate::lint::template::Round;
use crate::source::FileId;

/// The placements that every round says the same of, and that are written in no file of a template with several choices
/// of parameters.
pub(crate) fn shared(rounds: &[Round], answers: &[Judged]) -> BTreeSet<PlacementId> {
    let ([first, others @ ..], true) = (answers, answers.len() > 1) else { return BTreeSet::new() };
    let chosen = chosen(rounds);
    let others: Vec<BTreeMap<&PlacementId, &PlacementReport>> = others
        .iter()
        .map(|answer| answer.report.placements.iter().map(|placement| (&placement.id, placement)).collect())
        .collect();
    let is_shared = |placement: &&PlacementReport| {
        placement.place.is_some_and(|place| !chosen.contains(&place.file))
            && others.iter().all(|other| other.get(&placement.id).is_some_and(|one| one == placement))
    };
    first.report.placements.iter().filter(is_shared).map(|placement| placement.id.clone()).collect()
}

/// The files of templates that the rounds evaluate with different parameters.
fn chosen(rounds: &[Round]) -> BTreeSet<FileId> {
    let mut choices: BTreeMap<FileId, BTreeSet<Option<FileId>>> = BTreeMap::new();
    for (template, parameters, _) in rounds.iter().flat_map(|round| &round.expansions) {
        choices.entry(*template).or_default().insert(*parameters);
    }
    let several = |template: &FileId| choices.get(template).is_some_and(|choices| choices.len() > 1);
    rounds.iter().flat_map(Round::files).filter(|(_, template)| several(template)).map(|(file, _)| file).collect()
}
