//! Any spelling of a resource → the REST form: `name`, `id`, `type`, `location`, `properties`, and children likewise.

mod assemble;
mod compute;
mod effective;
mod flat;
mod legacy;
mod powershell;

pub(crate) use assemble::{object, replace};
pub(crate) use flat::normalise;
