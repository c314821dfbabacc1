//! What the apps have in common: their settings, and which adapter stands at each port because of
//! them.

mod error;
mod help_lines;
mod log;
mod own;
mod parts;
mod prices;
mod service;
mod trust;

#[cfg(feature = "aws")]
mod aws;
#[cfg(not(feature = "aws"))]
#[path = "without_aws.rs"]
mod aws;
#[cfg(feature = "aws")]
mod traced;

#[cfg(feature = "aws")]
pub use aws::sdk_config;
pub use error::{StartError, told};
pub use log::LogFormat;
pub use own::Own;
pub use parts::{Assembly, Check, Found, IndexKind, Part, PartsArgs, Stores, create_table};
pub use service::{Service, ServiceArgs, metrics, number};
pub use trust::{Trust, Trusted, token, token_of};
