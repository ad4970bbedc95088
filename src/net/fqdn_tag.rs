//! The FQDN tags of Azure Firewall, and what is known of the hosts behind them (FW-14).
//!
//! Each stands for the hosts of one service. None is one of Azure Machine Learning; Microsoft does not publish all of
//! the hosts, so the endings here are meant to hold more than there are, never less.

/// An FQDN tag.
#[derive(Debug, PartialEq, Eq)]
pub struct FqdnTag {
    /// Its name.
    pub name: &'static str,
    /// Patterns of hosts; every host of the tag matches one of them.
    pub hosts: &'static [&'static str],
}

/// Those of Azure's tags that are known by name.
pub const FQDN_TAGS: [FqdnTag; 13] = {
    const fn tag(name: &'static str, hosts: &'static [&'static str]) -> FqdnTag {
        FqdnTag { name, hosts }
    }
    [
        tag("AppServiceEnvironment", MICROSOFT),
        tag("AzureBackup", BACKUP),
        tag("AzureHDInsight", MICROSOFT),
        tag("AzureKubernetesService", KUBERNETES),
        tag("citrixHdxPlusForWindows365", &["*.citrix.com", "*.cloud.com", "*.citrixworkspacesapi.net", "*.nssvc.net"]),
        tag("HDInsight", MICROSOFT),
        tag("MicrosoftActiveProtectionService", PROTECTION),
        tag("MicrosoftIntune", MICROSOFT),
        tag("Office365", MICROSOFT),
        tag("Windows365", MICROSOFT),
        tag("WindowsDiagnostics", DIAGNOSTICS),
        tag("WindowsUpdate", UPDATE),
        tag("WindowsVirtualDesktop", DESKTOP),
    ]
};

const UPDATE: &[&str] = &[
    "*windowsupdate.com",
    "*windowsupdate.microsoft.com",
    "*update.microsoft.com",
    "*.mp.microsoft.com",
    "*download.microsoft.com",
    "go.microsoft.com",
    "*.windowsupdate.nsatc.net",
    "ntservicepack.microsoft.com",
    "wustat.windows.com",
    "*.prod.do.dsp.mp.microsoft.com",
];
const DIAGNOSTICS: &[&str] = &[
    "*.data.microsoft.com",
    "*.telemetry.microsoft.com",
    "*.events.endpoint.security.microsoft.com",
    "*watcab01.blob.core.windows.net",
    "*watcab02.blob.core.windows.net",
];
const PROTECTION: &[&str] = &["*.wd.microsoft.com", "*.wdcp.microsoft.com", "*prod.blob.core.windows.net"];
const BACKUP: &[&str] = &[
    "*.windowsazure.com",
    "*.windowsazure.us",
    "*.windowsazure.cn",
    "*.core.windows.net",
    "*.storage.azure.net",
    "*.microsoftonline.com",
    "*.login.microsoft.com",
    "login.microsoft.com",
    "login.windows.net",
    "*.microsoftonline.us",
    "*.download.microsoft.com",
    "www.microsoft.com",
];
const KUBERNETES: &[&str] = &[
    "*.azmk8s.io",
    "*.containerservice.azure.us",
    "mcr.microsoft.com",
    "*.data.mcr.microsoft.com",
    "*.mcr-msedge.net",
    "*.mscr.io",
    "management.azure.com",
    "management.usgovcloudapi.net",
    "management.chinacloudapi.cn",
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
    "packages.microsoft.com",
    "go.microsoft.com",
    "*.mp.microsoft.com",
    "acs-mirror.azureedge.net",
    "onegetcdn.azureedge.net",
    "packages.aks.azure.com",
    "*.opinsights.azure.com",
    "*.monitoring.azure.com",
    "*.policy.core.windows.net",
    "*.kubernetesconfiguration.azure.com",
    "*.visualstudio.com",
    "*.ubuntu.com",
    "*nvidia.com",
    "nvidia.github.io",
    "download.docker.com",
    "*.cx.prod.service.azk8s.cn",
    "*.azk8s.cn",
];
const DESKTOP: &[&str] = &[
    "*.wvd.microsoft.com",
    "*.wvd.azure.us",
    "*.microsoftonline.com",
    "*.microsoftonline.us",
    "*.core.windows.net",
    "*.azureedge.net",
    "*.servicebus.windows.net",
    "*.data.microsoft.com",
    "*.microsoft.com",
    "aka.ms",
];

/// Endings of the hosts that Microsoft's own services have.
const MICROSOFT: &[&str] = &[
    "*microsoft.com",
    "*windows.com",
    "*windowsupdate.com",
    "*windows.net",
    "*microsoftonline.com",
    "*.microsoftonline.us",
    "*.microsoftonline.cn",
    "*azure.com",
    "*.azure.net",
    "*.azure.us",
    "*.azure.cn",
    "*azureedge.net",
    "*.azurefd.net",
    "*office.com",
    "*office.net",
    "*office365.com",
    "*live.com",
    "*skype.com",
    "*.msedge.net",
    "*.azmk8s.io",
    "*.msftauth.net",
    "*.msauth.net",
    "*.azurecr.io",
];

/// The tag of a name, whatever its case; `Office365.Skype.Optimize` and its kind are parts of `Office365`. `None`: Azure
/// knows no such tag.
pub fn fqdn_tag(name: &str) -> Option<&'static FqdnTag> {
    let base = name.split_once('.').map_or(name, |(base, _)| base);
    let name = if base.eq_ignore_ascii_case("Office365") { base } else { name };
    FQDN_TAGS.iter().find(|tag| tag.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::{FQDN_TAGS, fqdn_tag};

    #[test]
    fn tags_are_sorted_and_read_without_case() {
        let lower = |at: usize| FQDN_TAGS[at].name.to_ascii_lowercase();
        assert!((1..FQDN_TAGS.len()).all(|at| lower(at - 1) < lower(at)));
        assert_eq!(fqdn_tag("windowsUPDATE").map(|tag| tag.name), Some("WindowsUpdate"));
        assert_eq!(fqdn_tag("Office365.Skype.Optimize").map(|tag| tag.name), Some("Office365"));
        assert_eq!(fqdn_tag("WindowsUpdates"), None);
        assert_eq!(fqdn_tag("WindowsUpdate.Skype"), None);
    }
}
