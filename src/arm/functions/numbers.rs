//! Functions of numbers: 64-bit integers, checked.

use crate::arm::budget::{Budget, error};
use crate::arm::functions::arguments::{Answer, Args, Outcome, int as whole, value};
use crate::arm::value as values;
use crate::json::Value;

pub(crate) fn add(args: Args<'_>, _: &mut Budget) -> Outcome {
    checked(args, i64::checked_add)
}

pub(crate) fn sub(args: Args<'_>, _: &mut Budget) -> Outcome {
    checked(args, i64::checked_sub)
}

pub(crate) fn mul(args: Args<'_>, _: &mut Budget) -> Outcome {
    checked(args, i64::checked_mul)
}

pub(crate) fn div(args: Args<'_>, _: &mut Budget) -> Outcome {
    if args.int(1)? == 0 {
        return error("the divisor is zero");
    }
    checked(args, i64::checked_div)
}

pub(crate) fn remainder(args: Args<'_>, _: &mut Budget) -> Outcome {
    if args.int(1)? == 0 {
        return error("the divisor is zero");
    }
    checked(args, i64::checked_rem)
}

fn checked(args: Args<'_>, operation: fn(i64, i64) -> Option<i64>) -> Outcome {
    match operation(args.int(0)?, args.int(1)?) {
        Some(number) => whole(number),
        None => error("the result does not fit 64 bits"),
    }
}

pub(crate) fn int(args: Args<'_>, _: &mut Budget) -> Outcome {
    let node = args.node(0);
    match &node.value {
        Value::Number(number) if number.as_i64().is_some() => Ok(Answer::Same(node.clone())),
        Value::Number(number) => {
            let float = number.as_f64().trunc();
            if float.abs() >= 9e18 {
                return error("the number does not fit 64 bits");
            }
            #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
            whole(float as i64)
        }
        Value::Text(text) => match text.trim().parse() {
            Ok(number) => whole(number),
            Err(_) => error(format!("`{}` is not an integer", text.chars().take(40).collect::<String>())),
        },
        _ => args.wrong(0, "an integer or a string"),
    }
}

pub(crate) fn float(args: Args<'_>, _: &mut Budget) -> Outcome {
    let node = args.node(0);
    match &node.value {
        Value::Number(_) => Ok(Answer::Same(node.clone())),
        Value::Text(text) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => value(values::float(number)),
            _ => error("the text is not a number"),
        },
        _ => args.wrong(0, "a number or a string"),
    }
}
