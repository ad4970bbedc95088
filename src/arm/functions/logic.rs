//! Functions of truth values.

use crate::arm::budget::{Budget, error};
use crate::arm::functions::arguments::{Args, Outcome, truth, value};
use crate::arm::value as values;
use crate::json::Value;

pub(crate) fn yes(_: Args<'_>, _: &mut Budget) -> Outcome {
    truth(true)
}

pub(crate) fn no(_: Args<'_>, _: &mut Budget) -> Outcome {
    truth(false)
}

pub(crate) fn null(_: Args<'_>, _: &mut Budget) -> Outcome {
    value(Value::Null)
}

pub(crate) fn not(args: Args<'_>, _: &mut Budget) -> Outcome {
    match values::as_bool(args.node(0)) {
        Some(known) => truth(!known),
        None => args.wrong(0, "a boolean"),
    }
}

pub(crate) fn bool(args: Args<'_>, _: &mut Budget) -> Outcome {
    match values::as_bool(args.node(0)) {
        Some(known) => truth(known),
        None if args.node(0).text().is_some() => error("the text is neither `true` nor `false`"),
        None => args.wrong(0, "a boolean, `true` or `false`"),
    }
}
