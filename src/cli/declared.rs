//! What the settings declare of DNS servers and of lists of security admin rules, made into what names and the proof read.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_saphyr::Spanned;

use crate::cli::found::Found;
use crate::config::{Config, ConfigError, DnsSetting};
use crate::estate::{Asks, DeclaredServer};
use crate::proof::HostPattern;

/// The address that Azure DNS has in every network.
const AZURE_DNS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(168, 63, 129, 16));

/// What DNS servers are declared to forward.
pub(crate) fn servers(config: &Config) -> Result<Vec<DeclaredServer>, ConfigError> {
    config.dns.iter().map(|setting| server(config, setting)).collect()
}

/// The files of effective security admin rules, and the networks that they are for.
pub(crate) fn admin_lists(found: &Found) -> Vec<(PathBuf, Arc<str>)> {
    let list = |network: &Spanned<String>| Arc::from(network.value.trim());
    found.config.admin_rules.iter().map(|one| (found.below(&one.file.value), list(&one.network))).collect()
}

fn server(config: &Config, setting: &DnsSetting) -> Result<DeclaredServer, ConfigError> {
    let wrong = |at: &Spanned<String>, message: String, help: &str| {
        config.error(at.defined, format!("dns: {message}"), Some(help.to_owned()))
    };
    let address = |written: &Spanned<String>| {
        let read = written.value.parse::<IpAddr>();
        read.map_err(|_| wrong(written, format!("`{}` is no address", written.value), "write it as 10.0.0.4"))
    };
    let at = address(&setting.at)?;
    let asks = match (&setting.forwards_to, &setting.asks_as, &setting.to) {
        (Some(_), Some(network), None) => Asks::Azure(Arc::from(network.value.trim())),
        (None, None, Some(to)) if address(to)? == AZURE_DNS => {
            let help = "write `forwards-to: azure`, and `as` with the network that the server is in";
            return Err(wrong(to, "Azure DNS answers each network by the zones linked to it".to_owned(), help));
        }
        (None, None, Some(to)) => Asks::Server(address(to)?),
        (Some(_), None, None) => {
            let help =
                "`as` names the network that the server is in: Azure DNS answers by the zones linked to that one";
            return Err(wrong(&setting.at, "as which network it asks Azure DNS is not said".to_owned(), help));
        }
        _ => {
            let help = "write `forwards-to: azure` with `as: NETWORK`, or `to: ADDRESS` of another server";
            return Err(wrong(&setting.at, "whom it asks has to be said in one way".to_owned(), help));
        }
    };
    let zone = |written: &Spanned<String>| {
        let name = written.value.trim().trim_start_matches("*.").trim_matches('.').to_ascii_lowercase();
        match HostPattern::read(&name) {
            Some(HostPattern::Exact(_)) => Ok(Arc::from(name)),
            _ => Err(wrong(written, format!("`{}` is no zone", written.value), "write it as blob.core.windows.net")),
        }
    };
    let zones = setting.zones.iter().map(zone).collect::<Result<_, _>>()?;
    Ok(DeclaredServer { at, asks, zones })
}

#[cfg(test)]
mod tests {
    use super::servers;
    use crate::config::Config;
    use crate::estate::{Asks, DeclaredServer};

    fn read(text: &str) -> Result<Vec<DeclaredServer>, String> {
        servers(&Config::parse("aznetlint.yaml", text).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_server_asks_azure_as_a_network_or_another_server() {
        let all = read(
            "dns:\n  - { at: 10.9.0.68, forwards-to: azure, as: vnet-hub }\n  - { at: 10.9.0.68, to: 10.9.0.4, zones: ['*.Blob.core.windows.net.'] }\n",
        );
        let all = all.unwrap();
        assert!(matches!(&all[0].asks, Asks::Azure(network) if &**network == "vnet-hub"));
        assert!(all[0].speaks_of("anything.example"));
        assert!(matches!(all[1].asks, Asks::Server(address) if address.to_string() == "10.9.0.4"));
        assert!(all[1].speaks_of("st.blob.core.windows.net") && !all[1].speaks_of("notblob.core.windows.net"));
    }

    #[test]
    fn mistakes_are_told() {
        for (rest, told) in [
            ("at: here, to: 10.0.0.4", "`here` is no address"),
            ("at: 10.0.0.5, to: here", "`here` is no address"),
            ("at: 10.0.0.5, to: 168.63.129.16", "answers each network"),
            ("at: 10.0.0.5, forwards-to: azure", "as which network"),
            ("at: 10.0.0.5", "in one way"),
            ("at: 10.0.0.5, forwards-to: azure, as: v, to: 10.0.0.4", "in one way"),
            ("at: 10.0.0.5, to: 10.0.0.4, zones: ['a b']", "`a b` is no zone"),
        ] {
            let error = read(&format!("dns: [{{ {rest} }}]")).unwrap_err();
            assert!(error.contains(told), "{rest}: {error}");
        }
    }
}
