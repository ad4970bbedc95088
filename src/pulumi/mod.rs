//! Stacks of Pulumi as `pulumi stack export` prints them and its backends store them: told by their content. Resources of
//! azure-native have Azure's own properties, flattened as the az CLI flattens them; those of the older `azure` provider are
//! Terraform's, with its words in camel case.

mod read;
mod value;

pub use read::{Reading, is_stack, read};
