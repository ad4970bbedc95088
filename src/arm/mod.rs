//! ARM templates, evaluated: from a template, its parameters and assumptions to plain resource nodes that keep their places.

mod budget;
mod calls;
mod evaluate;
mod expand;
mod expansion;
mod expression;
mod forms;
mod functions;
mod ids;
mod lambdas;
mod machine;
mod named;
mod nested;
mod partial;
mod references;
mod site;
mod value;
mod worth;

pub use expand::{expand, expand_each, is_parameter_file, is_template, strays};
pub use expansion::{Assumptions, Cloud, Expansion, Inputs, LinkPath, Links, Resource, Trouble, TroubleKind, Wanted};
pub(crate) use expression::{Call, Callee, Expression, ExpressionKind, Form, Step, callee};
pub use named::is_bare_parameter_file;
