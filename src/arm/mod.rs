//! ARM templates, evaluated: from a template, its parameters and assumptions to plain resource nodes that keep their places.

mod budget;
mod calls;
mod context;
mod copies;
mod deployment;
mod evaluate;
mod expand;
mod expansion;
mod expression;
mod forms;
mod functions;
mod grammar;
mod hash;
mod ids;
mod lambdas;
mod machine;
mod named;
mod nested;
mod parameters;
mod partial;
mod place;
mod references;
mod resources;
mod scope;
mod trail;
mod value;

pub use expand::{expand, is_parameter_file, is_template, strays};
pub use expansion::{Expansion, Inputs, LinkPath, Links, NoLinks, Resource, Trouble, TroubleKind, Wanted};
pub use parameters::is_bare_parameter_file;
pub use scope::{Assumptions, Cloud, Level, Scope};
