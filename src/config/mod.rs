//! The project's settings file, `aznetlint.yaml`: the words of the command line, written down.

mod error;
mod file;
mod value;

pub use error::{ConfigError, Source};
pub use file::{AllowSetting, Config, FILE_NAME, ParameterSetting, PathSetting, ServiceSetting};
pub use value::{Entries, FactSetting, GateSetting, LeastSetting, LevelSetting, Words};
