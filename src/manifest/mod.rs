//! Manifests of Azure Service Operator: told by their content, their bodies as Azure's with references between objects of
//! Kubernetes made ids.

mod read;
mod table;

pub use read::{is_foreign_operator, is_manifest, read};
