//! The project's settings file, `aznetlint.yaml`: the words of the command line, written down.

mod file;

pub use file::{
    AllowSetting, Config, ConfigError, Entries, FILE_NAME, FactSetting, GateSetting, LeastSetting, LevelSetting,
    ParameterSetting, PathSetting, ServiceSetting,
};
