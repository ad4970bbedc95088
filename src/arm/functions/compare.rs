//! Functions that compare.

use std::cmp::Ordering;

use crate::arm::budget::{Budget, Failure};
use crate::arm::functions::arguments::{Args, Outcome, maybe, truth};
use crate::arm::value;
use crate::json::Value;

pub(crate) fn equals(args: Args<'_>, budget: &mut Budget) -> Outcome {
    args.sound(0)?;
    args.sound(1)?;
    maybe(value::same(args.node(0), args.node(1), budget)?)
}

pub(crate) fn less(args: Args<'_>, _: &mut Budget) -> Outcome {
    truth(order(args)?.is_lt())
}

pub(crate) fn less_or_equals(args: Args<'_>, _: &mut Budget) -> Outcome {
    truth(order(args)?.is_le())
}

pub(crate) fn greater(args: Args<'_>, _: &mut Budget) -> Outcome {
    truth(order(args)?.is_gt())
}

pub(crate) fn greater_or_equals(args: Args<'_>, _: &mut Budget) -> Outcome {
    truth(order(args)?.is_ge())
}

fn order(args: Args<'_>) -> Result<Ordering, Failure> {
    match (&args.node(0).value, &args.node(1).value) {
        (Value::Number(left), Value::Number(right)) => Ok(value::compare_numbers(left, right)),
        (Value::Text(left), Value::Text(right)) => Ok(value::compare_texts(left, right)),
        (Value::Number(_), _) => args.wrong(1, "a number like the first"),
        (Value::Text(_), _) => args.wrong(1, "a string like the first"),
        _ => args.wrong(0, "a number or a string"),
    }
}
