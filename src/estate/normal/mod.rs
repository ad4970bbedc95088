//! Any spelling of a resource → the REST form: `name`, `id`, `type`, `location`, `properties`, and children likewise.

mod assemble;
mod compute;
mod effective;
mod expression;
mod flat;
mod key;
mod legacy;
mod powershell;
mod row;

pub(crate) use assemble::{member, object, replace};
pub(crate) use effective::EFFECTIVE_ROUTES;
pub(crate) use expression::without_expressions;
pub(crate) use flat::normalise;
pub(crate) use key::with_plain_keys;
