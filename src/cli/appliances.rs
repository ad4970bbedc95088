//! What the settings and the command line declare of appliances, made into what the proof reads.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use serde_saphyr::Location;

use crate::cli::end::FlagError;
use crate::config::{
    ApplianceSetting, Config, ConfigError, PassSetting, PassesSetting, PortSetting, RestSetting, SnatSetting,
};
use crate::estate::{DeclaredAppliance, DeclaredRule, Passes, Translates};
use crate::net::{AddressSet, PortSet, ProtocolSet, Reading, Tag};
use crate::proof::HostPattern;

/// Those of the command line, then those of the settings: of two for one address the first counts.
pub(crate) fn appliances(flags: &[String], config: &Config) -> miette::Result<Vec<DeclaredAppliance>> {
    let mut all = flags.iter().map(|written| of_flag(written)).collect::<Result<Vec<_>, _>>()?;
    for setting in &config.appliances {
        all.push(of_setting(config, setting)?);
    }
    Ok(all)
}

/// `ADDRESS=all` is short for an appliance that lets everything through.
fn of_flag(written: &str) -> Result<DeclaredAppliance, FlagError> {
    let wrong = |what: &str| {
        let help = "write --appliance 10.0.0.4=all; what it lets through in part is said in the settings".to_owned();
        FlagError::new(format!("--appliance {written}: {what}"), help)
    };
    let (address, word) = written.split_once('=').ok_or_else(|| wrong("it says nothing of what passes"))?;
    if !word.eq_ignore_ascii_case("all") {
        return Err(wrong("`all` is all that can be said here"));
    }
    let address = address.parse().map_err(|_| wrong("this is no address"))?;
    Ok(DeclaredAppliance::open(address))
}

fn of_setting(config: &Config, setting: &ApplianceSetting) -> Result<DeclaredAppliance, ConfigError> {
    let wrong = |at: Location, (message, help): Wrong| config.error(at, format!("appliances: {message}"), Some(help));
    let (mut addresses, mut ids) = (Vec::new(), Vec::new());
    for at in &setting.at {
        match at.value.parse::<IpAddr>() {
            Ok(address) => addresses.push(address),
            Err(_) if at.value.starts_with('/') => ids.push(Arc::from(&*at.value)),
            Err(_) => {
                let message = format!("`{}` is neither an address nor the id of a resource", at.value);
                return Err(wrong(at.defined, (message, "write an address such as 10.0.0.4".to_owned())));
            }
        }
    }
    let Some(first) = setting.at.first() else {
        let message = "`at` names no address".to_owned();
        return Err(wrong(setting.lets_through.defined, (message, "write an address such as 10.0.0.4".to_owned())));
    };
    let passes = passes(&setting.lets_through.value).map_err(|why| wrong(setting.lets_through.defined, why))?;
    if let Some(day) = setting.as_of.as_ref().filter(|day| crate::date::Date::parse(&day.value).is_none()) {
        let message = format!("`{}` is no day", day.value);
        return Err(wrong(day.defined, (message, "write it as 2026-12-31".to_owned())));
    }
    Ok(DeclaredAppliance {
        name: Arc::from(&*setting.name.as_ref().unwrap_or(first).value),
        addresses,
        ids,
        passes,
        drops_rest: setting.rest == RestSetting::Drops,
        translates: match setting.snat {
            SnatSetting::Always => Translates::Always,
            SnatSetting::Public => Translates::Public,
            SnatSetting::Never => Translates::Never,
        },
        as_of: setting.as_of.as_ref().map(|day| Arc::from(&*day.value)),
    })
}

/// What is wrong, and what helps.
type Wrong = (String, String);

fn passes(setting: &PassesSetting) -> Result<Passes, Wrong> {
    match setting {
        PassesSetting::Word(word) if word.eq_ignore_ascii_case("everything") => Ok(Passes::Everything),
        PassesSetting::Word(word) if word.eq_ignore_ascii_case("nothing") => Ok(Passes::Nothing),
        PassesSetting::Word(word) => {
            let help = "write everything, nothing, or a list of what passes".to_owned();
            Err((format!("`{word}` is nothing that an appliance lets through"), help))
        }
        PassesSetting::Only(rules) => rules.iter().map(rule).collect::<Result<_, _>>().map(Passes::Only),
    }
}

fn rule(setting: &PassSetting) -> Result<DeclaredRule, Wrong> {
    let tag = |name: &String| match Tag::read(name, None) {
        Reading::Unknown { suggestion } | Reading::UnknownRegion { suggestion, .. } => {
            let help =
                suggestion.map_or_else(|| "write a service tag".to_owned(), |one| format!("did you mean `{one}`?"));
            Err((format!("there is no service tag `{name}`"), help))
        }
        Reading::Known(_) | Reading::Alias { .. } => Ok(Arc::from(&**name)),
    };
    let host = |name: &String| match HostPattern::read(name) {
        Some(_) => Ok(Arc::from(&**name)),
        None => Err((format!("`{name}` is no host"), "write a name such as pypi.org or *.pypi.org".to_owned())),
    };
    let protocols = match &setting.protocol {
        None => ProtocolSet::ALL,
        Some(word) => ProtocolSet::parse(word)
            .ok_or_else(|| (format!("`{word}` is no protocol"), "write tcp, udp, icmp or any".to_owned()))?,
    };
    Ok(DeclaredRule {
        words: Arc::from(words(setting)),
        tags: setting.tags.iter().map(tag).collect::<Result<_, _>>()?,
        addresses: addresses(&setting.prefixes)?,
        hosts: setting.hosts.iter().map(host).collect::<Result<_, _>>()?,
        protocols,
        ports: ports(&setting.ports)?,
        from: if setting.from.is_empty() { None } else { Some(addresses(&setting.from)?) },
    })
}

fn addresses(texts: &[String]) -> Result<AddressSet, Wrong> {
    texts.iter().try_fold(AddressSet::empty(), |all, text| {
        let prefix = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        let help = || "write an address such as 10.0.1.4, or a prefix such as 10.0.1.0/24".to_owned();
        let prefix = prefix.ok_or_else(|| (format!("`{text}` is neither an address nor a prefix"), help()))?;
        Ok(all.union(&AddressSet::prefix(prefix)))
    })
}

fn ports(settings: &[PortSetting]) -> Result<PortSet, Wrong> {
    if settings.is_empty() {
        return Ok(PortSet::full());
    }
    let read = |setting: &PortSetting| match setting {
        PortSetting::Number(port) => Ok((*port, *port)),
        PortSetting::Text(text) => {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            match (first.trim().parse::<u16>(), last.trim().parse::<u16>()) {
                (Ok(first), Ok(last)) if first <= last => Ok((first, last)),
                _ => Err((format!("`{text}` is no port"), "write 443 or 8080-8090".to_owned())),
            }
        }
    };
    settings.iter().map(read).collect::<Result<Vec<_>, _>>().map(PortSet::from_ranges)
}

/// `AzureMachineLearning, AzureResourceManager TCP 443`.
fn words(setting: &PassSetting) -> String {
    let ends: Vec<&str> =
        setting.tags.iter().chain(&setting.prefixes).chain(&setting.hosts).map(String::as_str).collect();
    let mut all = vec![if ends.is_empty() { "anywhere".to_owned() } else { ends.join(", ") }];
    all.extend(setting.protocol.as_ref().map(|word| word.to_uppercase()));
    let ports: Vec<String> = setting
        .ports
        .iter()
        .map(|port| match port {
            PortSetting::Number(number) => number.to_string(),
            PortSetting::Text(text) => text.clone(),
        })
        .collect();
    all.extend((!ports.is_empty()).then(|| ports.join(", ")));
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::appliances;
    use crate::config::Config;
    use crate::estate::{Passes, Translates};
    use crate::net::ProtocolSet;

    fn read(text: &str) -> miette::Result<Vec<crate::estate::DeclaredAppliance>> {
        appliances(&[], &Config::parse("aznetlint.yaml", text).unwrap())
    }

    #[test]
    fn a_declaration_is_read_as_it_is_written() {
        let all = read(
            "appliances:\n  - at: [10.0.0.4, /a/b]\n    lets-through:\n      - { tags: [Sql], protocol: tcp, ports: [443, 80-90] }\n",
        );
        let all = all.unwrap();
        let one = &all[0];
        assert_eq!((&*one.name, one.addresses.len(), one.ids.len()), ("10.0.0.4", 1, 1));
        assert!(one.drops_rest && one.translates == Translates::Public && one.as_of.is_none());
        let Passes::Only(rules) = &one.passes else { panic!("a list") };
        assert_eq!((&*rules[0].words, rules[0].protocols), ("Sql TCP 443, 80-90", ProtocolSet::TCP));
        assert!(rules[0].ports.contains(85) && rules[0].from.is_none());
    }

    #[test]
    fn mistakes_are_told_where_they_stand() {
        let line = |rest: &str| format!("appliances: [{{ at: [10.0.0.4], {rest} }}]");
        for (text, told) in [
            (line("lets-through: some"), "`some` is nothing"),
            (line("lets-through: [{ tags: [Sqll] }]"), "no service tag `Sqll`"),
            (line("lets-through: [{ prefixes: [10.0.0] }]"), "`10.0.0` is neither"),
            (line("lets-through: [{ protocol: gre }]"), "`gre` is no protocol"),
            (line("lets-through: [{ ports: [9-1] }]"), "`9-1` is no port"),
            (line("lets-through: nothing, as-of: soon"), "`soon` is no day"),
            ("appliances: [{ at: [nva], lets-through: nothing }]".to_owned(), "`nva` is neither"),
            ("appliances: [{ at: [], lets-through: nothing }]".to_owned(), "names no address"),
        ] {
            let error = read(&text).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
        for flag in ["10.0.0.4", "10.0.0.4=some", "nva=all"] {
            assert!(appliances(&[flag.to_owned()], &Config::default()).is_err(), "{flag}");
        }
        let open = appliances(&["10.0.0.4=all".to_owned()], &Config::default()).unwrap();
        assert!(matches!(open[0].passes, Passes::Everything));
    }
}
