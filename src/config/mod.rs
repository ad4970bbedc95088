//! The project's settings file, `aznetlint.yaml`: the words of the command line, written down.

mod appliance;
mod declared;
mod file;

pub use appliance::{ApplianceSetting, PassSetting, PassesSetting, PortSetting, RestSetting, SnatSetting};
pub use declared::DnsSetting;
pub use file::{
    AllowSetting, Config, ConfigError, Entries, FILE_NAME, FactSetting, GateSetting, LeastSetting, LevelSetting,
    ParameterSetting, PathSetting, ServiceSetting,
};
