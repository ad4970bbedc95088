//! ARM templates, evaluated: from a template, its parameters and assumptions to plain resource nodes that keep their places.

mod budget;
mod expression;
mod functions;
mod grammar;
mod hash;
mod partial;
mod place;
mod trail;
mod value;
