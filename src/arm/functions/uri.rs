//! Addresses: joined, taken apart and put together.

use crate::arm::budget::{Budget, Failure, error};
use crate::arm::functions::arguments::{Answer, Args, Outcome, text, value};
use crate::arm::partial;
use crate::arm::value::{int, object, text as written};
use crate::json::{Member, Node, Part, Reason, Value};

pub(crate) fn uri(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let base = args.pieces(0)?;
    let relative = args.pieces(1)?;
    if let ([Part::Text(base)], Ok(relative)) = (partial::joined(base.clone()).as_slice(), args.plain(1)) {
        budget.text(base.len() + relative.len() + 1)?;
        return text(resolved(base, &relative)?);
    }
    // The last segment of an unknown base is replaced by the relative path: what remains of it is one hole.
    let mut pieces = base;
    if let Some(Part::Text(last)) = pieces.last_mut()
        && let Some(slash) = last.rfind('/')
    {
        *last = last[..=slash].into();
    } else if let Some(Part::Hole(hole)) = pieces.last().cloned() {
        let folder = partial::unknown(hole.reason.clone(), &hole.text, hole.span, format!("folder({})", hole.key));
        let end = pieces.len() - 1;
        pieces[end] = Part::Hole(folder.into());
    }
    pieces.extend(relative);
    Ok(Answer::Pieces(pieces))
}

/// RFC 3986 resolution, for the cases that templates use; a base that ends in `/` is joined with one slash.
fn resolved(base: &str, relative: &str) -> Result<String, Failure> {
    if relative.contains("://") {
        return Ok(relative.to_owned());
    }
    let Some(authority) = base.find("://").map(|at| at + 3) else { return error("the base is not an absolute URI") };
    let path = base[authority..].find('/').map_or(base.len(), |at| authority + at);
    let base_path = base[path..].split(['?', '#']).next().unwrap_or("");
    let joined = if relative.starts_with('/') {
        relative.to_owned()
    } else if relative.is_empty() {
        return Ok(base.to_owned());
    } else {
        let folder = base_path.rfind('/').map_or("", |slash| &base_path[..slash]);
        format!("{folder}/{relative}")
    };
    let (joined, query) = joined.find(['?', '#']).map_or((joined.as_str(), ""), |at| joined.split_at(at));
    let mut segments: Vec<&str> = Vec::new();
    let mut parts = joined.trim_start_matches('/').split('/').peekable();
    while let Some(part) = parts.next() {
        match part {
            "." | ".." => {
                if part == ".." {
                    segments.pop();
                }
                if parts.peek().is_none() {
                    segments.push("");
                }
            }
            part => segments.push(part),
        }
    }
    Ok(format!("{}/{}{query}", &base[..path], segments.join("/")))
}

/// `parseUri`: scheme, host, path and query; the port where it is written, for what Azure says otherwise is not known.
pub(crate) fn parse(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let whole = args.text(0)?;
    budget.text(whole.len())?;
    let Some((scheme, rest)) = whole.split_once("://") else { return error("this is no absolute URI") };
    let rest = rest.split('#').next().unwrap_or(rest);
    let (rest, query) = rest.find('?').map_or((rest, ""), |at| rest.split_at(at));
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, port.parse().ok()),
        _ => (host, None),
    };
    let port = match port {
        Some(port) => Node::new(int(port), args.span),
        None => {
            let key = format!("parseuri({whole}).port");
            partial::node(partial::unknown(Reason::RuntimeFunction("parseUri".into()), args.text, args.span, key))
        }
    };
    let part = |part: &str| Node::new(written(part), args.span);
    let members =
        [("scheme", part(scheme)), ("host", part(host)), ("port", port), ("path", part(path)), ("query", part(query))];
    let members = members.map(|(key, node)| Member { key: key.into(), key_span: args.span, node });
    value(object(members.into()))
}

/// `buildUri`: the address of these parts.
pub(crate) fn build(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let parts = args.node(0);
    if !parts.is_object() {
        return if parts.unknown().is_some() { Err(Failure::Unknown) } else { error("an object is needed") };
    }
    let part = |key: &str| match parts.get(key).map(|node| &node.value) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::Text(text)) => Ok(text.to_string()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(Value::Unknown(_)) => Err(Failure::Unknown),
        Some(_) => error(format!("`{key}` should be a text")),
    };
    let (scheme, host, port, path, query) =
        (part("scheme")?, part("host")?, part("port")?, part("path")?, part("query")?);
    let port = if port.is_empty() { port } else { format!(":{port}") };
    let path = if path.is_empty() || path.starts_with('/') { path } else { format!("/{path}") };
    let query = if query.is_empty() || query.starts_with('?') { query } else { format!("?{query}") };
    let whole = format!("{scheme}://{host}{port}{path}{query}");
    budget.text(whole.len())?;
    text(whole)
}

#[cfg(test)]
mod tests {
    use super::resolved;

    #[test]
    fn the_last_segment_of_the_base_is_replaced() {
        let check = |base: &str, relative: &str| resolved(base, relative).unwrap();
        assert_eq!(check("http://contoso.org/first/a.json", "b.sh"), "http://contoso.org/first/b.sh");
        assert_eq!(check("http://contoso.org/first/", "b.sh"), "http://contoso.org/first/b.sh");
        assert_eq!(check("http://contoso.org/first", "b.sh"), "http://contoso.org/b.sh");
        assert_eq!(check("http://contoso.org/first/", "/b.sh"), "http://contoso.org/b.sh");
        assert_eq!(check("http://contoso.org", "b/../c"), "http://contoso.org/c");
        assert_eq!(check("http://contoso.org/a/b/", "../c?x=1"), "http://contoso.org/a/c?x=1");
    }
}
