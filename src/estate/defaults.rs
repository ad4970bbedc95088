//! What Azure takes for a property that nobody wrote, where that hangs on the version of the interface that makes a
//! resource.

use std::sync::Arc;

use crate::estate::kind::Shape;
use crate::estate::resource::{Field, Header, unknown_value};
use crate::estate::whole::Estate;
use crate::json::Reason;

/// Networks that a later version makes have private subnets where nothing else is written (NEW-1).
const LAST_OPEN: &str = "2026-03-31";

/// Fills in `defaultOutboundAccess` of subnets whose network a template makes. Networks that are there already keep it.
pub(crate) fn default_outbound_access(estate: &mut Estate) {
    let private: Vec<Option<Field<bool>>> =
        estate.networks.iter().map(|network| privately_made(&network.header)).collect();
    for subnet in estate.subnets.iter_mut().filter(|subnet| subnet.default_outbound.is_none()) {
        let made = subnet.network.and_then(|at| private.get(at)?.clone());
        subnet.default_outbound = made.filter(|_| !subnet.header.mentioned);
    }
}

/// That subnets of a network have no default outbound access, at the version that says so; `None` where they have it.
fn privately_made(network: &Header) -> Option<Field<bool>> {
    let version = network.node.get("apiVersion").filter(|_| network.shape == Shape::Template)?;
    let field = |value| Some(Field { value, span: version.span, via: version.via.clone() });
    if let Some(unknown) = version.unknown() {
        return field(Err(Arc::clone(unknown)));
    }
    let text = version.text()?;
    match text.get(..LAST_OPEN.len()).filter(|date| is_date(date)) {
        Some(date) => {
            if date > LAST_OPEN {
                field(Ok(false))
            } else {
                None
            }
        }
        None => {
            let why = Reason::Invalid(Arc::from(format!("`{text}` is no version of an interface")));
            field(Err(unknown_value(why, text, version.span, format!("version of {}", network.key))))
        }
    }
}

fn is_date(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() })
}

#[cfg(test)]
mod tests {
    use crate::estate::extract::Options;
    use crate::estate::kind::Shape;
    use crate::estate::{Piece, build};
    use crate::json::parse;
    use crate::source::FileId;

    /// `defaultOutboundAccess` of the one subnet of a network.
    fn access(version: &str, own: &str, shape: Shape) -> Option<Option<bool>> {
        let text = format!(
            r#"{{"type":"Microsoft.Network/virtualNetworks","apiVersion":"{version}","name":"v","properties":{{"subnets":[{{"name":"s","properties":{{"addressPrefix":"10.0.0.0/24"{own}}}}}]}}}}"#
        );
        let node = parse(FileId(0), &text).unwrap().root;
        let piece = Piece { node, shape, condition: None, listed: false, partial: false };
        let estate = build([piece], Options::default());
        estate.subnets[0].default_outbound.as_ref().map(|field| field.known().copied())
    }

    #[test]
    fn a_network_of_a_later_version_has_private_subnets() {
        let template = |version, own| access(version, own, Shape::Template);
        assert_eq!(template("2026-03-31", ""), None);
        assert_eq!(template("2026-04-01", ""), Some(Some(false)));
        assert_eq!(template("2026-07-01-preview", ""), Some(Some(false)));
        assert_eq!(template("2025-05-01", ""), None);
        assert_eq!(template("latest", ""), Some(None));
        assert_eq!(template("2026-07-01", r#","defaultOutboundAccess":true"#), Some(Some(true)));
        // What an export shows is there already, whichever version was asked for it.
        assert_eq!(access("2026-07-01", "", Shape::Rest), None);
    }
}
