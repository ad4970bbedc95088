//! The register of pure functions: name, number of arguments, how it treats what is unknown.

use std::cmp::Ordering;

use crate::arm::budget::Budget;
use crate::arm::functions::arguments::{Args, Outcome, text, truth, value};
use crate::arm::functions::{arrays, encoding, format, numbers, objects, strings, uri};
use crate::json::Value;

/// One pure function.
pub(crate) struct Function {
    /// Its name in lower case.
    pub(crate) name: &'static str,
    /// The fewest and the most arguments.
    pub(crate) arity: (usize, usize),
    /// What it does beside computing.
    pub(crate) nature: Nature,
    /// What it computes.
    pub(crate) run: fn(Args<'_>, &mut Budget) -> Outcome,
}

/// How a function relates to its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    /// Its value belongs to the call; an unknown argument of few values is tried out.
    Computes,
    /// As `Computes`, and its value is still edited where its first argument is written.
    Converts,
    /// It builds lists and objects around its arguments, known or not.
    Builds,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name)
    }
}

/// The function of a name in lower case.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    TABLE.binary_search_by(|function| function.name.cmp(name)).ok().map(|index| &TABLE[index])
}

const ANY: usize = usize::MAX;

macro_rules! table {
    ($($name:literal $least:literal $most:tt $nature:ident $run:expr;)*) => {
        &[$(Function { name: $name, arity: ($least, $most), nature: Nature::$nature, run: $run }),*]
    };
}

/// In alphabetical order.
#[rustfmt::skip]
static TABLE: &[Function] = table! {
    "add" 2 2 Computes |args, _| numbers::checked(args, i64::checked_add);
    "array" 1 1 Builds arrays::array;
    "base64" 1 1 Converts encoding::base64;
    "base64tojson" 1 1 Computes encoding::base64_to_json;
    "base64tostring" 1 1 Converts encoding::base64_to_string;
    "bool" 1 1 Converts numbers::bool;
    "builduri" 1 1 Computes uri::build;
    "cidrhost" 2 2 Computes numbers::cidr_host;
    "cidrsubnet" 3 3 Computes numbers::cidr_subnet;
    "concat" 0 ANY Computes strings::concat;
    "contains" 2 2 Computes arrays::contains;
    "createarray" 0 ANY Builds arrays::create_array;
    "createobject" 0 ANY Builds objects::create_object;
    "datauri" 1 1 Converts encoding::data_uri;
    "datauritostring" 1 1 Converts encoding::data_uri_to_string;
    "datetimeadd" 2 3 Computes format::add;
    "datetimefromepoch" 1 1 Computes format::from_epoch;
    "datetimetoepoch" 1 1 Computes format::to_epoch;
    "distinct" 1 1 Builds arrays::distinct;
    "div" 2 2 Computes numbers::div;
    "empty" 1 1 Computes arrays::empty;
    "endswith" 2 2 Computes |args, _| strings::edge(args, true);
    "equals" 2 2 Computes numbers::equals;
    "fail" 0 1 Computes strings::fail;
    "false" 0 0 Computes |_, _| truth(false);
    "first" 1 1 Converts |args, _| arrays::end(args, false);
    "flatten" 1 1 Builds arrays::flatten;
    "float" 1 1 Converts numbers::float;
    "format" 1 ANY Computes format::format;
    "greater" 2 2 Computes |args, _| truth(numbers::order(args)?.is_gt());
    "greaterorequals" 2 2 Computes |args, _| truth(numbers::order(args)?.is_ge());
    "guid" 1 ANY Computes |args, _| text(encoding::hashed_guid(&encoding::dashed(args)?));
    "indexfromend" 2 2 Converts arrays::index_from_end;
    "indexof" 2 2 Computes |args, budget| arrays::position(args, budget, false);
    "int" 1 1 Converts numbers::int;
    "intersection" 1 ANY Computes arrays::intersection;
    "items" 1 1 Builds objects::items;
    "join" 2 2 Computes strings::join;
    "json" 1 1 Converts encoding::json;
    "last" 1 1 Converts |args, _| arrays::end(args, true);
    "lastindexof" 2 2 Computes |args, budget| arrays::position(args, budget, true);
    "length" 1 1 Computes arrays::length;
    "less" 2 2 Computes |args, _| truth(numbers::order(args)?.is_lt());
    "lessorequals" 2 2 Computes |args, _| truth(numbers::order(args)?.is_le());
    "like" 2 2 Computes strings::like;
    "max" 1 ANY Computes |args, _| arrays::extreme(args, Ordering::Greater);
    "min" 1 ANY Computes |args, _| arrays::extreme(args, Ordering::Less);
    "mod" 2 2 Computes numbers::remainder;
    "mul" 2 2 Computes |args, _| numbers::checked(args, i64::checked_mul);
    "not" 1 1 Computes numbers::not;
    "null" 0 0 Computes |_, _| value(Value::Null);
    "objectkeys" 1 1 Builds objects::object_keys;
    "padleft" 2 3 Converts strings::pad_left;
    "parsecidr" 1 1 Computes numbers::parse_cidr;
    "parseuri" 1 1 Computes uri::parse;
    "range" 2 2 Computes arrays::range;
    "replace" 3 3 Converts strings::replace;
    "shallowmerge" 1 1 Builds objects::shallow_merge;
    "skip" 2 2 Converts |args, budget| arrays::cut(args, budget, true);
    "split" 2 2 Converts strings::split;
    "startswith" 2 2 Computes |args, _| strings::edge(args, false);
    "string" 1 1 Converts strings::string;
    "sub" 2 2 Computes |args, _| numbers::checked(args, i64::checked_sub);
    "substring" 2 3 Converts strings::substring;
    "take" 2 2 Converts |args, budget| arrays::cut(args, budget, false);
    "tolower" 1 1 Converts |args, budget| strings::mapped(args, budget, "tolower", str::to_lowercase);
    "toupper" 1 1 Converts |args, budget| strings::mapped(args, budget, "toupper", str::to_uppercase);
    "trim" 1 1 Converts strings::trim;
    "true" 0 0 Computes |_, _| truth(true);
    "tryget" 1 ANY Converts objects::try_get;
    "tryindexfromend" 2 2 Converts arrays::try_index_from_end;
    "union" 1 ANY Computes arrays::union;
    "uniquestring" 1 ANY Computes |args, _| text(encoding::hashed_name(&encoding::dashed(args)?));
    "uri" 2 2 Computes uri::uri;
    "uricomponent" 1 1 Converts encoding::component;
    "uricomponenttostring" 1 1 Converts encoding::component_to_string;
};

#[cfg(test)]
mod tests {
    use super::{TABLE, find};

    #[test]
    fn the_table_is_sorted() {
        assert!(TABLE.is_sorted_by(|left, right| left.name < right.name));
        assert!(find("concat").is_some());
        assert!(find("nothing").is_none());
    }
}
