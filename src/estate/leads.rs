//! Where mentions lead among resources of one type, whatever kind it is: for rules that look at two resources at once.

use crate::estate::identity::Id;
use crate::estate::index::Index;
use crate::estate::resource::Header;
use crate::json::{Node, Reason, Unknown};
use crate::source::FileId;

/// An id lies at most this many types deep; keeps the way up from a child short.
const MAX_DEPTH: usize = 8;

/// Resources to which mentions may lead.
#[derive(Debug, Default)]
pub struct Leads {
    index: Index,
}

/// Where a mention leads: places in the order the resources were given in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lead {
    /// To this one.
    To(usize),
    /// To one of these, and nothing tells which.
    Among(Vec<usize>),
    /// To none of them.
    Nowhere,
    /// It is known so little of that it may lead to any.
    Anywhere,
}

impl Leads {
    /// Takes in the resources, in this order.
    pub fn of<'a>(headers: impl IntoIterator<Item = &'a Header>) -> Self {
        let mut index = Index::default();
        headers.into_iter().for_each(|header| index.push(id_of(header), header.span.file));
        Self { index }
    }

    /// Where a value that holds an id leads: to the resource it names, or to the one it lies inside.
    pub fn lead(&self, mention: &Node, from: FileId) -> Lead {
        Id::of_value(mention).map_or(Lead::Nowhere, |id| self.climb(id, from))
    }

    /// The resource that another one lies inside.
    pub fn parent(&self, child: &Header) -> Lead {
        id_of(child).parent().map_or(Lead::Nowhere, |id| self.climb(id, child.span.file))
    }

    fn climb(&self, id: Id, from: FileId) -> Lead {
        if id.last_name().is_none() && !id.says_something() {
            return Lead::Anywhere;
        }
        let mut next = Some(id);
        for _ in 0..MAX_DEPTH {
            let Some(id) = next else { break };
            if let Some(one) = self.index.find(&id, from) {
                return Lead::To(one);
            }
            let several = self.index.meant(&id);
            if !several.is_empty() {
                return Lead::Among(several);
            }
            next = id.parent();
        }
        Lead::Nowhere
    }
}

/// The id of a resource, as shown or as its type and name compose it.
fn id_of(header: &Header) -> Id {
    if let Some(id) = &header.id {
        return Id::of(id);
    }
    let name = header.node.get("name").and_then(|name| match (name.text(), name.unknown()) {
        (Some(text), _) => Some(Ok(text.into())),
        (None, unknown) => unknown.map(|unknown| Err(unknown.clone())),
    });
    let nameless = || {
        Err(std::sync::Arc::new(Unknown {
            reason: Reason::Missing("name".into()),
            text: "".into(),
            span: header.span,
            key: header.key.clone(),
            parts: Vec::new(),
            domain: Vec::new(),
        }))
    };
    Id::composed(&header.type_name, &name.unwrap_or_else(nameless), header.span.file)
}

#[cfg(test)]
mod tests {
    use super::{Lead, Leads};
    use crate::estate::{Options, build, gather};
    use crate::json::parse;
    use crate::source::FileId;

    const REGISTRIES: &str = r#"[
        {"type":"Microsoft.ContainerRegistry/registries","name":"one","properties":{}},
        {"type":"Microsoft.ContainerRegistry/registries","name":"two",
         "id":"/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/two","properties":{}}]"#;

    fn lead(mention: &str) -> Lead {
        let document = parse(FileId(0), REGISTRIES).unwrap();
        let estate = build(gather(&document.root).pieces, Options::default());
        let mention = parse(FileId(0), &format!("\"{mention}\"")).unwrap();
        Leads::of(estate.headers()).lead(&mention.root, FileId(0))
    }

    #[test]
    fn an_id_leads_to_its_resource_and_that_of_a_child_to_the_parent() {
        let two = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/TWO";
        assert_eq!(lead(two), Lead::To(1));
        assert_eq!(lead(&format!("{two}/webhooks/w")), Lead::To(1));
        assert_eq!(
            lead("/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/one"),
            Lead::To(0)
        );
        assert_eq!(
            lead("/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/three"),
            Lead::Nowhere
        );
    }
}
