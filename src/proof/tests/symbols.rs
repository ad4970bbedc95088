//! What is known of unknown values from their meaning alone.

use std::sync::Arc;

use crate::net::{Cloud, Family, Relation, Tag};
use crate::proof::doubt::Doubt;
use crate::proof::symbol::{Added, End, Meaning, Symbol, Symbols};

/// A meaning at one end.
type AtEnd = fn(End) -> Meaning;

fn symbols() -> Symbols {
    Symbols::new(Family::V4, Some(Cloud::Public))
}

fn tag(name: &str) -> Tag {
    Tag::named(name).unwrap()
}

fn named(end: End, name: &str) -> Meaning {
    Meaning::Tag(end, tag(name))
}

fn regional(end: End, base: &str, key: &str, odd: bool) -> Meaning {
    Meaning::Regional(end, tag(base), Arc::from(key), odd)
}

#[test]
fn what_is_said_of_one_end_says_nothing_of_the_other() {
    let group = |end| Meaning::Group(end, Arc::from("group"));
    let pairs: [(AtEnd, AtEnd, Relation); 10] = [
        (|end| named(end, "Storage"), |end| named(end, "Storage"), Relation::Equal),
        (|end| named(end, "Storage"), |end| named(end, "Sql"), Relation::Disjoint),
        (|end| regional(end, "Storage", "a", false), |end| regional(end, "Storage", "a", false), Relation::Equal),
        (|end| regional(end, "Storage", "a", false), |end| regional(end, "Sql", "a", false), Relation::Disjoint),
        (|end| regional(end, "Storage", "a", false), |end| named(end, "Storage"), Relation::Inside),
        (|end| named(end, "Storage"), |end| regional(end, "Storage", "a", false), Relation::Holds),
        (Meaning::Subnet, Meaning::Network, Relation::Inside),
        (Meaning::Network, Meaning::Subnet, Relation::Holds),
        (|end| named(end, "Storage"), Meaning::Network, Relation::Disjoint),
        (Meaning::Untagged, |end| named(end, "Storage"), Relation::Disjoint),
    ];
    let symbols = symbols();
    for (one, two, relation) in pairs {
        for (near, far) in [(End::Source, End::Destination), (End::Destination, End::Source)] {
            assert_eq!(symbols.meanings(&one(near), &two(near)), relation, "{:?} {:?}", one(near), two(near));
            assert_eq!(symbols.meanings(&one(near), &two(far)), Relation::Open, "{:?} {:?}", one(near), two(far));
        }
    }
    for (end, other) in [(End::Source, End::Destination), (End::Destination, End::Source)] {
        assert_eq!(symbols.meanings(&group(end), &Meaning::Network(end)), Relation::Inside);
        assert_eq!(symbols.meanings(&Meaning::Network(end), &group(end)), Relation::Holds);
        assert_eq!(symbols.meanings(&group(end), &Meaning::Network(other)), Relation::Open);
        assert_eq!(symbols.meanings(&Meaning::Network(end), &named(end, "Sql")), Relation::Disjoint);
        assert_eq!(symbols.meanings(&named(end, "Sql"), &Meaning::Untagged(end)), Relation::Disjoint);
        assert_eq!(symbols.meanings(&named(end, "AzureCloud"), &Meaning::Untagged(end)), Relation::Open);
    }
}

#[test]
fn two_unknown_regions_may_be_one_and_two_odd_ones_are_not() {
    let symbols = symbols();
    let relation = |one: (&str, &str, bool), two: (&str, &str, bool)| {
        let meaning = |(base, key, odd): (&str, &str, bool)| regional(End::Destination, base, key, odd);
        symbols.meanings(&meaning(one), &meaning(two))
    };
    assert_eq!(relation(("Storage", "a", false), ("Storage", "b", false)), Relation::Open);
    assert_eq!(relation(("Storage", "a", false), ("Storage", "mars", true)), Relation::Open);
    assert_eq!(relation(("Storage", "moon", true), ("Storage", "mars", true)), Relation::Disjoint);
    assert_eq!(relation(("Storage", "mars", true), ("Storage", "mars", true)), Relation::Equal);
    assert_eq!(relation(("Storage", "a", false), ("AzureCloud", "a", false)), Relation::Open);
    let tagged = |key: &str, odd, name: &str| {
        symbols.meanings(&regional(End::Destination, "Storage", key, odd), &named(End::Destination, name))
    };
    assert_eq!(tagged("a", false, "Storage.WestEurope"), Relation::Open);
    assert_eq!(tagged("mars", true, "Storage.WestEurope"), Relation::Disjoint);
    assert_eq!(tagged("mars", true, "Storage"), Relation::Inside);
    assert_eq!(tagged("mars", true, "AzureCloud.westeurope"), Relation::Open, "of another tag it may be a part");
}

#[test]
fn what_is_outside_the_whole_is_outside_its_parts() {
    let mut symbols = symbols();
    let mut of = |name: &str| symbols.of(named(End::Destination, name), || Doubt::new(""));
    let (whole, part, other) = (of("Storage"), of("Storage.WestEurope"), of("Sql"));
    assert_eq!(symbols.adds(&[whole.fails()], part.fails()), Added::Implied);
    assert_eq!(symbols.adds(&[whole.fails()], part.holds()), Added::Impossible);
    assert_eq!(symbols.adds(&[part.fails()], whole.fails()), Added::New);
    assert_eq!(symbols.adds(&[whole.fails()], other.fails()), Added::New);
    assert_eq!(symbols.adds(&[whole.fails()], other.holds()), Added::New);
    // What contradicts one of several is impossible, wherever that one stands.
    assert_eq!(symbols.adds(&[other.fails(), whole.fails()], part.holds()), Added::Impossible);
}

#[test]
fn a_subnet_with_public_addresses_may_be_in_tags() {
    let mut symbols = symbols();
    let relation = |symbols: &Symbols, own: &Meaning| symbols.meanings(&named(End::Source, "Storage"), own);
    let own = [Meaning::Subnet(End::Source), Meaning::Group(End::Source, Arc::from("group"))];
    assert!(own.iter().all(|own| relation(&symbols, own) == Relation::Disjoint));
    symbols.public_network = true;
    assert!(own.iter().all(|own| relation(&symbols, own) == Relation::Open));
    assert_eq!(relation(&symbols, &Meaning::Network(End::Source)), Relation::Disjoint, "the rest of it is private");
}

#[test]
fn symbols_above_others_are_more_symbols() {
    let mut of_first = symbols();
    let ask = |symbols: &mut Symbols, name: &str| -> Symbol {
        symbols.of(named(End::Destination, name), || Doubt::new(name))
    };
    let mut all: Vec<(Symbol, &str)> =
        ["Storage", "Sql", "AzureMonitor"].map(|name| (ask(&mut of_first, name), name)).to_vec();
    let mut of_second = Symbols::above(&Arc::new(of_first));
    all.extend(["AzureKeyVault", "EventHub"].map(|name| (ask(&mut of_second, name), name)));
    let mut of_third = Symbols::above(&Arc::new(of_second));
    all.extend(["ServiceBus", "AppService", "AzureCloud"].map(|name| (ask(&mut of_third, name), name)));
    for (at, (symbol, name)) in all.iter().enumerate() {
        assert_eq!(of_third.meaning(*symbol), &named(End::Destination, name));
        assert_eq!(of_third.doubt(*symbol).message(), *name);
        assert_eq!(ask(&mut of_third, name), *symbol, "asked again it is the same");
        assert!(all[..at].iter().all(|(other, _)| other != symbol), "{name}");
    }
    assert_eq!(of_third.tags(End::Destination).count(), all.len());
    assert_eq!(of_third.tags(End::Source).count(), 0);
}

#[test]
fn unknown_regions_are_found_at_their_own_end() {
    let mut symbols = symbols();
    for meaning in [
        regional(End::Source, "Storage", "a", false),
        regional(End::Destination, "Sql", "b", false),
        regional(End::Destination, "Sql", "mars", true),
        named(End::Destination, "Storage"),
    ] {
        symbols.of(meaning, || Doubt::new(""));
    }
    let at = |end| symbols.regional(end).map(|(_, tag)| tag.to_string()).collect::<Vec<_>>();
    assert_eq!(at(End::Source), ["Storage"]);
    assert_eq!(at(End::Destination), ["Sql"], "a region that is none has no addresses for sure");
}
