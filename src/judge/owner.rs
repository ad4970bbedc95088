//! The workspaces that resources belong to.

use foldhash::{HashMap, HashMapExt};

use crate::estate::{Compute, Estate, Header};

/// Which resource belongs to which workspace, worked out once for all placements.
#[derive(Debug)]
pub(crate) struct Owners<'a> {
    /// The workspace of every workspace and compute by its key; `None` where it is not shown.
    by_key: HashMap<&'a str, Option<&'a Header>>,
}

impl<'a> Owners<'a> {
    pub(crate) fn of(estate: &'a Estate) -> Self {
        let mut by_key = HashMap::new();
        for workspace in &estate.workspaces {
            by_key.entry(&*workspace.header.key).or_insert(Some(&workspace.header));
        }
        for compute in &estate.computes {
            by_key.entry(&*compute.header.key).or_insert_with(|| workspace_of(estate, compute));
        }
        Self { by_key }
    }

    /// The workspace a resource belongs to: itself, or the one its compute is part of.
    pub(crate) fn workspace(&self, header: &Header) -> Option<&'a Header> {
        self.by_key.get(&*header.key).copied().flatten()
    }

    /// Whether a resource is a workspace.
    pub(crate) fn is_workspace(&self, header: &Header) -> bool {
        self.workspace(header).is_some_and(|workspace| workspace.key == header.key)
    }
}

/// The workspace that a compute is part of, where it is shown.
fn workspace_of<'a>(estate: &'a Estate, compute: &Compute) -> Option<&'a Header> {
    estate.workspaces.get(compute.workspace?).map(|workspace| &workspace.header)
}
