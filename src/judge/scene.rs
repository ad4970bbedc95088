//! What the layers know of a site: the scene that a proof is asked about.

use crate::estate::Estate;
use crate::judge::site::Site;
use crate::net::TagData;
use crate::proof::{self, Scene};

/// What the layers know of a site.
pub(crate) fn scene_of<'a>(estate: &'a Estate, site: &Site, tags: Option<&'a TagData>) -> Scene<'a> {
    let group = site.nsg.and_then(|at| estate.nsgs.get(at));
    let table = site.route_table.and_then(|at| estate.route_tables.get(at));
    let mut scene = match site.subnet.and_then(|at| Scene::of_subnet(estate, at, tags)) {
        Some(scene) => scene,
        None => match (group, table) {
            (Some(group), table) => {
                let mut scene = Scene::of_group(group, tags);
                scene.routes = table.map(proof::Given::Here);
                scene
            }
            (None, Some(table)) => Scene::of_routes(table, tags),
            (None, None) => Scene { tags, ..Scene::default() },
        },
    };
    if let Some(group) = site.interface_nsg.and_then(|at| estate.nsgs.get(at)) {
        scene = scene.with_interface(group);
    }
    scene.in_estate(estate)
}
