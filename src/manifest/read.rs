//! Objects of Kubernetes → resources with the ids they get.

use std::sync::Arc;

use foldhash::HashMap;

use crate::json::{Member, Mention, Node, Reason, Unknown, Value};
use crate::manifest::table::{RESOURCE_GROUP, azure_type};

/// Whether a document holds an object of Azure Service Operator that is read.
pub fn is_manifest(root: &Node) -> bool {
    objects(root).iter().any(|object| Object::of(object).is_some())
}

/// Whether a document holds objects of another operator that makes resources of Azure.
pub fn is_foreign_operator(root: &Node) -> bool {
    let is_one = |object: &&Node| {
        let version = object.get("apiVersion").and_then(Node::text).unwrap_or_default();
        let group = version.split('/').next().unwrap_or_default();
        let fronts = [".azure.upbound.io", ".azure.m.upbound.io", ".azure.crossplane.io"];
        object.get("spec").is_some() && fronts.iter().any(|end| group.ends_with(end))
    };
    objects(root).iter().any(is_one)
}

/// The resources of a document, as flat as their manifests are.
pub fn read(root: &Node) -> Vec<Node> {
    let objects = objects(root).into_iter().filter_map(Object::of);
    let all = Objects::new(objects.collect());
    let networked = all.list.iter().filter(|object| object.azure != RESOURCE_GROUP);
    networked.map(|object| all.resource(object)).collect()
}

/// The objects of a document, of several, or of a list as `kubectl get -o yaml` prints it; of several of these.
fn objects(root: &Node) -> Vec<&Node> {
    fn inside(node: &Node) -> &[Node] {
        let is_list = node.get("kind").and_then(Node::text).is_some_and(|kind| kind.ends_with("List"));
        node.get("items").filter(|items| is_list && items.is_list()).map_or(std::slice::from_ref(node), Node::items)
    }
    fn each(node: &Node) -> &[Node] {
        if node.is_list() { node.items() } else { std::slice::from_ref(node) }
    }
    each(root).iter().flat_map(each).flat_map(inside).collect()
}

/// An object of the operator.
struct Object<'n> {
    node: &'n Node,
    spec: &'n Node,
    azure: &'static str,
    /// Its name in Kubernetes.
    own: &'n Node,
    /// Its name in Azure.
    name: &'n Node,
}

impl<'n> Object<'n> {
    fn of(node: &'n Node) -> Option<Self> {
        let version = node.get("apiVersion").and_then(Node::text)?;
        let azure = azure_type(version.split('/').next()?, node.get("kind").and_then(Node::text)?)?;
        let spec = node.get("spec").filter(|spec| spec.is_object())?;
        let own = node.at(&["metadata", "name"]).filter(|name| name.text().is_some())?;
        let name = spec.get("azureName").filter(|name| !name.is_blank()).unwrap_or(own);
        Some(Self { node, spec, azure, own, name })
    }
}

/// All objects of a document, by type and name.
struct Objects<'n> {
    list: Vec<Object<'n>>,
    by_name: HashMap<(&'static str, &'n str), usize>,
}

/// Owners have owners so deep at most, and values nest so deep.
const MAX_OWNERS: usize = 8;
const MAX_DEPTH: usize = 64;

/// What a manifest says to the operator, and not to Azure.
const OWN: &[&str] = &["azureName", "owner", "operatorSpec", "originalVersion"];

impl<'n> Objects<'n> {
    fn new(list: Vec<Object<'n>>) -> Self {
        let named = list.iter().enumerate();
        let by_name = named.filter_map(|(at, one)| Some(((one.azure, one.own.text()?), at))).collect();
        Self { list, by_name }
    }

    fn resource(&self, object: &Object<'_>) -> Node {
        let spec = object.spec;
        let mut members = vec![
            member("name", object.name.clone()),
            member("id", text(object.name, &self.id(object, 0))),
            member("type", text(object.node.get("kind").unwrap_or(object.node), object.azure)),
        ];
        for one in spec.members().iter().filter(|one| !OWN.contains(&&*one.key)) {
            self.add(one, &mut members, 0);
        }
        Node { value: Value::Object(Arc::new(members)), ..spec.clone() }
    }

    /// The id an object has, or gets. Without a slash in front its beginning counts as unknown.
    fn id(&self, object: &Object<'_>, depth: usize) -> String {
        if let Some(id) = object.node.at(&["status", "id"]).and_then(Node::text).filter(|id| id.starts_with('/')) {
            return id.to_owned();
        }
        let name = object.name.text().unwrap_or_default();
        if object.azure == RESOURCE_GROUP {
            return format!("resourceGroups/{name}");
        }
        let (front, last) = object.azure.rsplit_once('/').unwrap_or_default();
        let owner = object.spec.get("owner");
        let written = |key: &str| owner.and_then(|owner| owner.get(key)).and_then(Node::text);
        let is_top = !front.contains('/');
        let parent = if is_top { RESOURCE_GROUP } else { front };
        let found = written("name").and_then(|name| self.find(parent, name)).filter(|_| depth < MAX_OWNERS);
        let before = match (written("armId"), found, written("name")) {
            (Some(id), ..) => id.to_owned(),
            (None, Some(owner), _) => self.id(owner, depth + 1),
            (None, None, Some(name)) if is_top => format!("resourceGroups/{name}"),
            (None, None, Some(name)) => format!("providers/{front}/{name}"),
            (None, None, None) => String::new(),
        };
        match (is_top, before.is_empty()) {
            (true, true) => format!("providers/{}/{name}", object.azure),
            (true, false) => format!("{before}/providers/{}/{name}", object.azure),
            (false, _) => format!("{before}/{last}/{name}"),
        }
    }

    fn find(&self, azure: &str, name: &str) -> Option<&Object<'n>> {
        let azure = self.list.iter().find(|one| one.azure == azure)?.azure;
        self.list.get(*self.by_name.get(&(azure, name))?)
    }

    /// Adds a member with its references made ids. `privateLinkServiceReference` becomes `privateLinkServiceId`,
    /// `storageAccountReference` becomes `storageAccount`: which of them Azure knows, it says itself.
    fn add(&self, one: &Member, into: &mut Vec<Member>, depth: usize) {
        let stem = one.key.strip_suffix("Reference").filter(|stem| !stem.is_empty());
        match stem.filter(|_| is_reference(&one.node)) {
            Some(stem) => {
                let id = self.refer(&one.node);
                for key in [stem.to_owned(), format!("{stem}Id")] {
                    into.push(Member { key: Arc::from(key), node: id.clone(), ..one.clone() });
                }
            }
            None => into.push(Member { node: self.value(&one.node, depth + 1), ..one.clone() }),
        }
    }

    fn value(&self, node: &Node, depth: usize) -> Node {
        if depth > MAX_DEPTH {
            return node.clone();
        }
        let value = match &node.value {
            Value::List(items) => Value::List(Arc::new(items.iter().map(|item| self.value(item, depth + 1)).collect())),
            Value::Object(members) => {
                if let [only] = members.as_slice() {
                    // One of several forms, under its name: `amlCompute: { computeType: AmlCompute, … }`.
                    let says_so =
                        |one: &Member| one.node.text().is_some_and(|text| text.eq_ignore_ascii_case(&only.key));
                    if only.node.members().iter().any(says_so) {
                        return self.value(&only.node, depth + 1);
                    }
                    if &*only.key == "reference" && is_reference(&only.node) {
                        let id = Member { key: Arc::from("id"), node: self.refer(&only.node), ..only.clone() };
                        return Node { value: Value::Object(Arc::new(vec![id])), ..node.clone() };
                    }
                }
                let mut all = Vec::with_capacity(members.len());
                members.iter().for_each(|one| self.add(one, &mut all, depth));
                Value::Object(Arc::new(all))
            }
            _ => return node.clone(),
        };
        Node { value, ..node.clone() }
    }

    /// The id that a reference stands for: one of Azure's, or that of another object.
    fn refer(&self, reference: &Node) -> Node {
        if let Some(id) = reference.get("armId").filter(|id| !id.is_blank()) {
            return id.clone();
        }
        let said = |key: &str| reference.get(key).and_then(Node::text).unwrap_or_default();
        let at = reference.get("name").unwrap_or(reference);
        let azure = azure_type(said("group"), said("kind"));
        let found = azure.and_then(|azure| self.find(azure, said("name")));
        match (found, azure) {
            (Some(object), _) => text(at, &self.id(object, 0)),
            // What is shown nowhere is most often called the same in Azure.
            (None, Some(azure)) if azure.matches('/').count() == 1 => {
                text(at, &format!("providers/{azure}/{}", said("name")))
            }
            (None, _) => {
                let mention = Mention {
                    type_name: Arc::from(azure.unwrap_or(said("kind"))),
                    property: Arc::from(""),
                    id: Arc::from(said("name")),
                };
                let unknown = Unknown {
                    reason: Reason::NotShown(Arc::new(mention)),
                    text: Arc::from(said("name")),
                    span: at.span,
                    key: Arc::from(format!("{}/{}/{}", said("group"), said("kind"), said("name"))),
                    parts: Vec::new(),
                    domain: Vec::new(),
                };
                Node::new(Value::Unknown(Arc::new(unknown)), at.span)
            }
        }
    }
}

fn is_reference(node: &Node) -> bool {
    let has = |key: &str| node.get(key).and_then(Node::text).is_some();
    has("armId") || has("name") && has("kind")
}

fn member(key: &str, node: Node) -> Member {
    Member { key: Arc::from(key), key_span: node.span, node }
}

fn text(at: &Node, text: &str) -> Node {
    Node { value: Value::Text(Arc::from(text)), ..at.clone() }
}

#[cfg(test)]
mod tests {
    use super::{is_foreign_operator, is_manifest, read};
    use crate::json::{Node, parse_yaml};
    use crate::source::FileId;

    fn root(text: &str) -> Node {
        parse_yaml(FileId(0), text, usize::MAX).unwrap().root
    }

    const NETWORK: &str = "\
apiVersion: network.azure.com/v1api20201101
kind: VirtualNetworksSubnet
metadata: {name: training, namespace: default}
spec:
  owner: {name: vnet}
  azureName: snet
  addressPrefix: 10.0.1.0/24
  networkSecurityGroup: {reference: {group: network.azure.com, kind: NetworkSecurityGroup, name: nsg}}
  routeTable: {reference: {armId: /subscriptions/s/resourceGroups/g/providers/Microsoft.Network/routeTables/rt}}
  natGateway: {reference: {group: network.azure.com, kind: NatGateway, name: elsewhere}}
---
apiVersion: network.azure.com/v1api20201101
kind: VirtualNetwork
metadata: {name: vnet}
spec: {owner: {name: rg}, location: westeurope, addressSpace: {addressPrefixes: [10.0.0.0/16]}}
---
apiVersion: v1
kind: List
items:
- apiVersion: network.azure.com/v1api20201101
  kind: NetworkSecurityGroup
  metadata: {name: nsg}
  spec: {owner: {name: rg}}
  status: {id: /subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/nsg}
- apiVersion: machinelearningservices.azure.com/v1api20210701
  kind: WorkspacesCompute
  metadata: {name: cpu}
  spec:
    owner: {name: ws}
    properties:
      amlCompute: {computeType: AmlCompute, properties: {subnet: {reference: {group: network.azure.com, kind: VirtualNetworksSubnet, name: training}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
";

    #[test]
    fn references_between_objects_are_ids() {
        let root = root(NETWORK);
        assert!(is_manifest(&root));
        let all = read(&root);
        let said = |at: usize, path: &[&str]| all[at].at(path).and_then(Node::text).map(str::to_owned);
        let vnet = "resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet";
        assert_eq!(said(0, &["id"]).unwrap(), format!("{vnet}/subnets/snet"));
        assert_eq!(said(0, &["name"]).unwrap(), "snet");
        assert!(said(0, &["networkSecurityGroup", "id"]).unwrap().starts_with("/subscriptions/s/"));
        assert!(said(0, &["routeTable", "id"]).unwrap().ends_with("routeTables/rt"));
        assert_eq!(said(0, &["natGateway", "id"]).unwrap(), "providers/Microsoft.Network/natGateways/elsewhere");
        assert_eq!(said(1, &["id"]).unwrap(), vnet);
        assert_eq!(said(3, &["properties", "computeType"]).unwrap(), "AmlCompute");
        assert_eq!(said(3, &["properties", "properties", "subnet", "id"]).unwrap(), format!("{vnet}/subnets/snet"));
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn other_manifests_are_none() {
        assert!(!is_manifest(&root("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {}\n")));
        let crossplane = "apiVersion: network.azure.upbound.io/v1beta1\nkind: SecurityGroup\nmetadata: {name: x}\nspec: {forProvider: {}}\n";
        assert!(!is_manifest(&root(crossplane)) && is_foreign_operator(&root(crossplane)));
    }
}
