//! The JSON Schema of the JSON format.

/// The JSON Schema of version 1 of the JSON format.
pub const SCHEMA: &str = include_str!("report-v1.schema.json");
