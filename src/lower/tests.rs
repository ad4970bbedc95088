use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use crate::arm::{self, Assumptions, Expansion, Inputs, LinkPath, Links, Wanted};
use crate::bicep::tree;
use crate::json::{Document, Node, Part, Value, parse};
use crate::lower::{Sources, parameters, template};
use crate::source::{FileId, Files};

/// Files by their names, which are their paths; every folder is the same.
struct World {
    files: Files,
    ids: BTreeMap<String, FileId>,
    trees: BTreeMap<FileId, tree::File>,
    documents: BTreeMap<FileId, Arc<Document>>,
}

impl World {
    fn new(texts: &[(&str, &str)]) -> Self {
        let mut world =
            Self { files: Files::default(), ids: BTreeMap::new(), trees: BTreeMap::new(), documents: BTreeMap::new() };
        for (name, text) in texts {
            let file = world.files.add(*name, *text);
            world.ids.insert((*name).to_owned(), file);
            if name.contains(".bicep") {
                world.trees.insert(file, crate::bicep::parse(file, text));
            } else if name.ends_with(".json") {
                world.documents.insert(file, Arc::new(parse(file, text).unwrap()));
            }
        }
        world
    }

    fn lowered(&self, file: FileId) -> Option<Arc<Document>> {
        match self.trees.get(&file) {
            Some(tree) => Some(Arc::new(template(&self.files, file, tree, self))),
            None => self.documents.get(&file).cloned(),
        }
    }

    fn expand(&self, name: &str, parameters: Option<&Document>) -> Expansion {
        self.expand_wanted(name, parameters, Wanted::All)
    }

    fn expand_wanted(&self, name: &str, parameters: Option<&Document>, wanted: Wanted<'_>) -> Expansion {
        let file = self.ids[name];
        let assumptions = Assumptions {
            region: Some("westeurope".into()),
            subscription: Some("00000000-0000-0000-0000-000000000001".into()),
            resource_group: Some("rg".into()),
            ..Assumptions::default()
        };
        let inputs =
            Inputs { files: &self.files, parameters, set: &[], assumptions: &assumptions, wanted, links: Some(self) };
        arm::expand(file, &self.lowered(file).unwrap(), &inputs)
    }
}

impl Sources for World {
    fn find(&self, _from: FileId, path: &str) -> Option<FileId> {
        self.ids.get(path).copied()
    }

    fn tree(&self, file: FileId) -> Option<&tree::File> {
        self.trees.get(&file)
    }

    fn document(&self, file: FileId) -> Option<Arc<Document>> {
        self.documents.get(&file).cloned()
    }
}

impl Links for World {
    fn find(&self, _from: FileId, path: &LinkPath) -> Option<(FileId, Arc<Document>)> {
        let LinkPath::Module(path) = path else { return None };
        let file = *self.ids.get(path)?;
        Some((file, self.lowered(file)?))
    }

    fn document(&self, file: FileId) -> Option<Arc<Document>> {
        self.lowered(file)
    }
}

/// A value as JSON; what is unknown in angle brackets, known letters outside of them.
fn shown(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => format!("'{text}'"),
        Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let member = |member: &crate::json::Member| format!("{}:{}", member.key, shown(&member.node));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
        }
        Value::Unknown(unknown) if unknown.parts.is_empty() => format!("<{}>", unknown.text),
        Value::Unknown(unknown) => {
            let part = |part: &Part| match part {
                Part::Text(text) => text.to_string(),
                Part::Hole(hole) => format!("<{}>", hole.text),
            };
            format!("'{}'", unknown.parts.iter().map(part).collect::<String>())
        }
        Value::Deferred(_) => "not evaluated".to_owned(),
    }
}

/// The outputs of a file, `name=value`.
fn outputs(texts: &[(&str, &str)]) -> Vec<String> {
    let world = World::new(texts);
    let expansion = world.expand(texts[0].0, None);
    expansion.outputs.iter().map(|(name, node)| format!("{name}={}", shown(node))).collect()
}

/// The value of an expression beside other declarations.
fn value(declarations: &str, expression: &str) -> String {
    let text = format!("{declarations}\noutput o object = {expression}\n");
    outputs(&[("main.bicep", &text)]).concat().trim_start_matches("o=").to_owned()
}

/// The resources of a file, `type name id`.
fn resources(texts: &[(&str, &str)]) -> Vec<String> {
    let world = World::new(texts);
    let expansion = world.expand(texts[0].0, None);
    let part = |node: &Node, key: &str| node.get(key).map(shown).unwrap_or_default();
    expansion
        .resources
        .iter()
        .map(|resource| {
            format!("{} {} {}", part(&resource.node, "type"), part(&resource.node, "name"), part(&resource.node, "id"))
        })
        .collect()
}

const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg";

#[test]
fn operators_mean_what_their_functions_mean() {
    for (written, expected) in [
        ("'a${1}b${true}'", "'a1bTrue'"),
        ("'{${'x'}}'", "'{x}'"),
        ("true ? 'a' : 'b'", "'a'"),
        ("false && true || true", "true"),
        ("null ?? 'x'", "'x'"),
        ("'a' == 'A'", "false"),
        ("'a' =~ 'A'", "true"),
        ("'a' !~ 'b'", "true"),
        ("1 != 2", "true"),
        ("7 / 2 + -7 % 4", "0"),
        ("-(3 - 5)", "2"),
        ("!(1 < 2)", "false"),
        ("2 >= 2", "true"),
        ("any('x')", "'x'"),
        ("[1, ...[2, 3], 4]", "[1,2,3,4]"),
        ("{ a: 1, ...{ a: 2, b: 3 }, c: 4 }", "{a:2,b:3,c:4}"),
        ("{ ...{ a: 2 }, a: 1 }", "{a:1}"),
        ("{ 'x-y': 1, '${'k'}': 2 }", "{x-y:1,k:2}"),
        ("[1, 2, 3][^1]", "3"),
        ("[1][?5]", "null"),
        ("{ a: { b: 1 } }.a.b", "1"),
        ("{ a: 1 }['a']", "1"),
        ("{}.?a.b.c[0]", "null"),
        ("map([1, 2], (x, i) => x + i)", "[1,3]"),
        ("filter(['a', 'b'], x => x == 'b')", "['b']"),
        ("reduce([1, 2, 3], 0, (sum, x) => sum + x)", "6"),
        ("nameof({ a: 1 }.a)", "'a'"),
        ("[for x in ['a', 'b']: '${x}!']", "['a!','b!']"),
        ("[for (x, i) in ['a', 'b']: { n: x, at: i }]", "[{n:'a',at:0},{n:'b',at:1}]"),
        ("[for x in [[1, 2], [3]]: [for y in x: y + length(x)]]", "[[3,4],[4]]"),
        ("sys.toUpper('a')", "'A'"),
        ("like('Contoso-01', 'contoso*')", "true"),
        ("parseUri('https://a.b:8443/c?d=e').host", "'a.b'"),
        ("buildUri({ scheme: 'https', host: 'a.b', port: 8443, path: 'c' })", "'https://a.b:8443/c'"),
    ] {
        assert_eq!(value("", written), expected, "{written}");
    }
}

#[test]
fn text_in_brackets_is_never_an_expression() {
    for (written, expected) in [
        ("'[parameters(\\'x\\')]'", "'[parameters('x')]'"),
        ("'[[a]'", "'[[a]'"),
        ("'[a'", "'[a'"),
        ("'[]'", "'[]'"),
        ("'[${'concat()'}]'", "'[concat()]'"),
        ("{ '[a()]': 1 }", "{[a()]:1}"),
        ("{ copy: [{ name: 'x', count: 2, input: 1 }] }", "{copy:[{name:'x',count:2,input:1}]}"),
    ] {
        assert_eq!(value("", written), expected, "{written}");
    }
    assert_eq!(value("var copy = [{ name: 'x', count: 2, input: 1 }]", "copy"), "[{name:'x',count:2,input:1}]");
    let loaded =
        [("main.bicep", "output o object = loadJsonContent('a.json')\n"), ("a.json", r#"{"x": "[concat('a')]"}"#)];
    assert_eq!(outputs(&loaded), ["o={x:'[concat('a')]'}"]);
}

#[test]
fn yaml_is_loaded_as_json_is() {
    let load = |call: &str| {
        let main = format!("output o object = {call}\n");
        let yaml = "a: 1\nb:\n  - x\n  - '[y()]'\nno: off\nz: {k: 1.5, n: ~, t: true}\n";
        outputs(&[("main.bicep", &main), ("a.yaml", yaml), ("b.yaml", "a: [\n"), ("a.json", r#"{"x": {"y": 7}}"#)])
    };
    assert_eq!(load("loadYamlContent('a.yaml')"), ["o={a:1,b:['x','[y()]'],no:'off',z:{k:1.5,n:null,t:true}}"]);
    assert_eq!(load("loadYamlContent('a.yaml', 'b[1]')"), ["o='[y()]'"]);
    assert_eq!(load("loadYamlContent('b.yaml')"), ["o=<loadYamlContent('b.yaml')>"]);
    for query in ["x.y", ".x.y", "$.x.y"] {
        assert_eq!(load(&format!("loadJsonContent('a.json', '{query}')")), ["o=7"], "{query}");
    }
    assert_eq!(load("loadDirectoryFileInfo('.')"), ["o=<loadDirectoryFileInfo('.')>"]);
}

#[test]
fn a_body_takes_members_from_several_objects_the_later_over_the_earlier() {
    let text = "
param region object = { location: 'north' }
param rest object = { tags: { a: 'b' }, properties: { taken: true } }
resource a 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'a'
  location: 'own'
  properties: { taken: false }
  kind: 'own'
  ...region
  ...rest
  sku: 'last'
}
";
    let world = World::new(&[("main.bicep", text)]);
    let expansion = world.expand("main.bicep", None);
    let node = &expansion.resources[0].node;
    let part = |key: &str| node.get(key).map(shown).unwrap_or_default();
    assert_eq!(
        ["location", "tags", "properties", "kind", "sku"].map(part),
        ["'north'", "{a:'b'}", "{taken:true}", "'own'", "'last'"]
    );
}

#[test]
fn only_modules_that_can_deploy_what_is_asked_for_are_opened() {
    let files = [
        (
            "main.bicep",
            "module a 'a.bicep' = {}\nmodule b 'b.bicep' = {}\nmodule c 'c.json' = {}\nmodule x 'x.bicep' = {}\n",
        ),
        (
            "a.bicep",
            "module inner 'b.bicep' = {}\nmodule nsg 'nsg.bicep' = { params: { name: b.outputs.n } }\nmodule b 'b.bicep' = {}\n",
        ),
        ("b.bicep", "resource s 'Microsoft.Web/sites@2024-04-01' = {\n  name: 's'\n}\noutput n string = 'from b'\n"),
        ("c.json", r#"{"resources": [{"type": "[parameters('t')]", "name": "x"}], "contentVersion": "1.0.0.0"}"#),
        ("x.bicep", "module again 'x.bicep' = {}\n"),
        (
            "nsg.bicep",
            "param name string\nresource n 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {\n  name: name\n}\n",
        ),
    ];
    let world = World::new(&files);
    let expansion = world.expand_wanted("main.bicep", None, Wanted::Types(&["microsoft.network/"]));
    let names: Vec<String> = expansion.resources.iter().filter_map(|one| one.node.get("name").map(shown)).collect();
    assert_eq!(names, ["'from b'"]);
    let opened: Vec<&str> = expansion.linked.iter().map(|file| world.files.name(*file)).collect();
    // What `b` holds is told from its types, and asked for by what `a` is given; a type of `c` may be anything.
    assert_eq!(opened, ["a.bicep", "b.bicep", "c.json", "x.bicep", "nsg.bicep"]);
    let world = World::new(&files[2..3]);
    assert!(world.expand_wanted("b.bicep", None, Wanted::Types(&["microsoft.network/"])).resources.is_empty());
}

#[test]
fn a_selection_after_a_safe_one_is_part_of_it() {
    assert_eq!(value("param p object = {}", "p.?a.b ?? 'none'"), "'none'");
    assert_eq!(value("param p object = { a: {} }", "p.?a!.?b ?? 'none'"), "'none'");
    assert!(value("param p object = {}", "(p.?a).b").starts_with('<'));
}

#[test]
fn names_mean_what_is_nearest() {
    assert_eq!(value("var x = 'file'", "[for x in ['loop']: x]"), "['loop']");
    assert_eq!(value("var x = 'file'", "map(['lambda'], x => x)"), "['lambda']");
    assert_eq!(value("func f(x string) string => '${x}!'\nvar x = 'file'", "f('argument')"), "'argument!'");
    assert_eq!(value("var x = y\nvar y = 'later'", "x"), "'later'");
    // A loop inside a loop over the same name.
    assert_eq!(value("", "[for x in [[1], [2, 3]]: [for x in x: x]]"), "[[1],[2,3]]");
}

#[test]
fn the_id_of_a_resource_is_told_by_its_parents_and_its_scope() {
    let text = "
resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'v'
  resource inner 'subnets' = {
    name: 'a'
  }
}
resource child 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' = {
  parent: vnet
  name: 'b'
}
resource lock 'Microsoft.Authorization/locks@2020-05-01' = {
  scope: child
  name: 'l'
}
resource other 'Microsoft.Network/routeTables@2024-05-01' existing = {
  scope: resourceGroup('x')
  name: 'r'
}
";
    let found = resources(&[("main.bicep", text)]);
    let network = format!("{GROUP}/providers/Microsoft.Network/virtualNetworks/v");
    assert_eq!(
        found,
        [
            format!("'Microsoft.Network/virtualNetworks' 'v' '{network}'"),
            format!("'Microsoft.Network/virtualNetworks/subnets' 'v/a' '{network}/subnets/a'"),
            format!("'Microsoft.Network/virtualNetworks/subnets' 'v/b' '{network}/subnets/b'"),
            format!(
                "'Microsoft.Authorization/locks' 'l' '{network}/subnets/b/providers/Microsoft.Authorization/locks/l'"
            ),
            format!(
                "'Microsoft.Network/routeTables' 'r' '{}/providers/Microsoft.Network/routeTables/r'",
                GROUP.replace("/rg", "/x")
            ),
        ]
    );
    assert_eq!(value(text, "[vnet::inner.id, child.id, other.id, child.name, child.type]"), {
        let table = format!("{}/providers/Microsoft.Network/routeTables/r", GROUP.replace("/rg", "/x"));
        format!(
            "['{network}/subnets/a','{network}/subnets/b','{table}','b','Microsoft.Network/virtualNetworks/subnets']"
        )
    });
}

#[test]
fn a_nested_resource_has_the_condition_of_its_outer_one() {
    let text = |relation: &str| {
        let (inner, outer) = match relation {
            "nested" => ("resource c 'subnets' = {\n    name: 's'\n  }\n", ""),
            _ => (
                "",
                "resource c 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' = {\n  parent: v\n  name: 's'\n}\n",
            ),
        };
        format!(
            "resource v 'Microsoft.Network/virtualNetworks@2024-05-01' = if (false) {{\n  name: 'v'\n  {inner}}}\n{outer}"
        )
    };
    assert_eq!(resources(&[("main.bicep", &text("nested"))]).len(), 0);
    assert_eq!(resources(&[("main.bicep", &text("parent"))]).len(), 1);
}

#[test]
fn one_of_a_loop_is_asked_for_by_its_number() {
    let text = "
param names array = ['x', 'y']
resource nsgs 'Microsoft.Network/networkSecurityGroups@2024-05-01' = [for (name, i) in names: if (name != 'z') {
  name: 'nsg-${name}-${i}'
}]
var picked = [for i in range(0, 2): nsgs[1 - i].name]
";
    assert_eq!(value(text, "nsgs[1].name"), "'nsg-y-1'");
    assert_eq!(value(text, "picked"), "['nsg-y-1','nsg-x-0']");
    assert_eq!(value(text, "[for nsg in nsgs: nsg.name]"), "['nsg-x-0','nsg-y-1']");
    let id = format!("{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg-x-0");
    assert_eq!(value(text, "nsgs[0].id"), format!("'{id}'"));
    // What is known of a name whose number only a deployment can tell.
    let open = format!("param n int\n{text}");
    assert_eq!(value(&open, "nsgs[n].name"), "'nsg-<name>-<n>'");
}

#[test]
fn modules_are_deployed_with_their_own_parameters() {
    let texts = [
        (
            "main.bicep",
            "module a 'net.bicep' = {\n  name: 'one'\n  params: { name: 'x' }\n}\nmodule b 'net.bicep' = {\n  params: { name: 'y' }\n}\noutput o array = [a.outputs.id, b.outputs.id, a.name]\n",
        ),
        (
            "net.bicep",
            "param name string\nresource n 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {\n  name: 'nsg-${name}'\n}\noutput id string = n.id\n",
        ),
    ];
    let id = |name: &str| format!("'{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg-{name}'");
    assert_eq!(outputs(&texts), [format!("o=[{},{},'one']", id("x"), id("y"))]);
    let found = resources(&texts);
    assert_eq!(found.iter().filter(|line| line.contains("networkSecurityGroups")).count(), 2);
}

#[test]
fn a_module_that_is_not_there_leaves_its_outputs_unknown() {
    let text = "module a 'br/public:avm/x:1.0.0' = {\n  name: 'a'\n}\noutput o string = a.outputs.id\n";
    let world = World::new(&[("main.bicep", text)]);
    let expansion = world.expand("main.bicep", None);
    let unknown = expansion.outputs[0].1.unknown().unwrap();
    assert_eq!(&*unknown.text, "a.outputs.id");
    assert!(matches!(&unknown.reason, crate::json::Reason::LinkUnresolved(path) if path.contains("avm")));
}

#[test]
fn an_address_without_a_length_is_no_error() {
    assert_eq!(value("", "cidrSubnet('10.0.0.0', 16, 0)"), "<cidrSubnet('10.0.0.0', 16, 0)>");
    assert_eq!(value("", "cidrSubnet('10.0.0.0/8', 16, 1)"), "'10.1.0.0/16'");
}

#[test]
fn a_token_that_a_pipeline_replaces_is_no_value() {
    let text = "param prefix string = '#_prefix_#'\nresource n 'Microsoft.Network/networkSecurityGroups@1' = {\n  name: 'nsg-${prefix}'\n}\n";
    assert!(resources(&[("main.bicep", text)])[0].contains("'nsg-<#_prefix_#>'"));
}

#[test]
fn a_loop_through_itself_ends() {
    let text = "resource a 'A.B/c@1' = [for x in b: {\n  name: x.name\n}]\nresource b 'A.B/c@1' = [for x in a: {\n  name: x.name\n}]\n";
    let world = World::new(&[("main.bicep", text)]);
    let expansion = world.expand("main.bicep", None);
    assert!(expansion.resources.iter().all(|resource| resource.repeated.is_some()));
}

#[test]
fn a_module_that_uses_itself_ends() {
    let text = "module a 'main.bicep' = {\n  name: 'a'\n}\n";
    let world = World::new(&[("main.bicep", text)]);
    let expansion = world.expand("main.bicep", None);
    assert_eq!(expansion.troubles.len(), 1, "{:?}", expansion.troubles);
}

#[test]
fn what_is_imported_means_what_it_means_in_its_own_file() {
    let texts = [
        (
            "main.bicep",
            "import { prefix as p, make } from 'lib.bicep'\nimport * as lib from 'lib.bicep'\nvar base = 'main'\noutput o array = [p, make('x'), lib.prefix, lib.make('y')]\n",
        ),
        (
            "lib.bicep",
            "var base = 'lib'\n@export()\nvar prefix = '${base}-1'\n@export()\nfunc make(x string) string => '${x}@${base}'\n",
        ),
    ];
    assert_eq!(outputs(&texts), ["o=['lib-1','x@lib','lib-1','y@lib']"]);
}

#[test]
fn a_type_says_what_a_parameter_can_be() {
    let shape = |declarations: &str| {
        let world =
            World::new(&[("main.bicep", declarations), ("t.bicep", "@export()\ntype level = 'low' | 'high'\n")]);
        let document = world.lowered(world.ids["main.bicep"]).unwrap();
        shown(document.root.at(&["parameters", "p"]).unwrap())
    };
    assert_eq!(shape("param p string\n"), "{type:'string'}");
    assert_eq!(shape("@secure()\nparam p string?\n"), "{type:'securestring',nullable:true}");
    assert_eq!(shape("param p 'a' | 'b'?\n"), "{type:'string',nullable:true,allowedValues:['a','b']}");
    assert_eq!(shape("type t = { x: int }\nparam p t[]\n"), "{type:'array'}");
    assert_eq!(
        shape("type t = u\ntype u = bool?\nparam p t = true\n"),
        "{type:'bool',nullable:true,defaultValue:true}"
    );
    assert_eq!(
        shape("import { level } from 't.bicep'\nparam p level\n"),
        "{type:'string',allowedValues:['low','high']}"
    );
    assert_eq!(
        shape("import * as t from 't.bicep'\nparam p t.level\n"),
        "{type:'string',allowedValues:['low','high']}"
    );
    assert_eq!(shape("param p resourceInput<'A.B/c@1'>.properties\n"), "{}");
    assert_eq!(shape("type t = t\nparam p t\n"), "{}");
}

#[test]
fn parameter_files_are_evaluated() {
    let world = World::new(&[
        (
            "main.bicep",
            "param a string\nparam b int\nparam c string\nparam d string = 'default'\noutput o array = [a, b, c, d]\n",
        ),
        ("base.bicepparam", "using none\nvar stage = 'dev'\nparam a = 'base'\nparam c = 'from-${stage}'\n"),
        (
            "main.bicepparam",
            "using 'main.bicep'\nextends 'base.bicepparam'\nvar n = 2\nparam b = n + 1\nparam a = '${base.a}-${b}'\nparam d = readEnvironmentVariable('X')\n",
        ),
    ]);
    let file = world.ids["main.bicepparam"];
    let given = parameters(&world.files, file, &world.trees[&file], &world);
    let expansion = world.expand("main.bicep", Some(&given));
    assert_eq!(shown(&expansion.outputs[0].1), "['base-3',3,'from-dev',<readEnvironmentVariable('X')>]");
    let with_default = World::new(&[("p.bicepparam", "using none\nparam d = readEnvironmentVariable('X', 'y')\n")]);
    let file = with_default.ids["p.bicepparam"];
    let given = parameters(&with_default.files, file, &with_default.trees[&file], &with_default);
    assert_eq!(shown(given.root.at(&["parameters", "d"]).unwrap()), "{value:'y'}");
}

#[test]
fn a_broken_declaration_is_unknown_and_the_rest_is_read() {
    let text = "var broken = (\nresource n 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {\n  name: 'nsg-${broken}'\n}\n";
    assert_eq!(resources(&[("main.bicep", text)]).len(), 1);
    assert!(resources(&[("main.bicep", text)])[0].contains("'nsg-<broken>'"));
}

/// What is written as a literal is pointed at where it is written, through variables, parameters, loops, ternaries and
/// modules.
#[test]
fn the_text_at_a_place_is_the_literal() {
    let world = World::new(&[
        (
            "main.bicep",
            "param port string = '44224'\nvar access = port == '44224' ? 'Allow' : 'Deny'\nmodule m 'net.bicep' = {\n  name: 'm'\n  params: {\n    access: access\n    prefixes: [for p in ['10.0.0.0/8']: p]\n  }\n}\n",
        ),
        (
            "net.bicep",
            "param access string\nparam prefixes array\nresource n 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {\n  name: 'n'\n  properties: {\n    securityRules: [for (p, i) in prefixes: {\n      name: 'r'\n      properties: union({ access: access }, { sourceAddressPrefix: p, protocol: 'Tcp' })\n    }]\n  }\n}\n",
        ),
    ]);
    let expansion = world.expand("main.bicep", None);
    let group = expansion.resources.iter().find(|one| one.node.at(&["properties", "securityRules"]).is_some()).unwrap();
    let rule = &group.node.at(&["properties", "securityRules"]).unwrap().items()[0];
    for (key, file, literal) in [
        ("access", "main.bicep", "'Allow'"),
        ("sourceAddressPrefix", "main.bicep", "'10.0.0.0/8'"),
        ("protocol", "net.bicep", "'Tcp'"),
    ] {
        let node = rule.at(&["properties", key]).unwrap();
        assert_eq!(world.files.slice(node.span), literal, "{key}");
        assert_eq!(world.files.name(node.span.file), file, "{key}");
    }
}

/// What Bicep files are made of, legal and not.
const PIECES: [&str; 64] = [
    "param p string",
    "param q object = {}",
    "var v = ",
    "output o array = ",
    "module m 'main.bicep' = ",
    "resource r 'Microsoft.Network/virtualNetworks@2024-05-01' = ",
    "resource s 'subnets' = ",
    "resource e 'Microsoft.Network/virtualNetworks@2024-05-01' existing = ",
    "import { v as w } from 'main.bicep'",
    "import * as n from 'main.bicep'",
    "func f(a string) string => ",
    "type t = ",
    "using 'main.bicep'",
    "extends 'main.bicep'",
    "@export()",
    "@secure()",
    "extension kubernetes as k",
    "if (",
    "[for x in ",
    "[for (x, i) in ",
    ": ",
    " ? ",
    " ?? ",
    "!",
    "-",
    "1",
    "9223372036854775808",
    "'a'",
    "'${",
    "}'",
    "'''",
    "$'''",
    "'[parameters(\\'p\\')]'",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ",",
    "\n",
    "\n",
    "\n",
    "name: ",
    "parent: ",
    "scope: ",
    "params: ",
    "properties: ",
    "...",
    "p",
    "q",
    "v",
    "r",
    "m",
    "m[0].outputs.o",
    "r::s.id",
    ".?a",
    "[?0]",
    "[^1]",
    ".outputs.o",
    "f(",
    "map(v, x => ",
    "loadJsonContent('a.json'",
    "loadYamlContent('main.bicep'",
];

proptest! {
    // PROPTEST_CASES=1000000 looks longer.
    #[test]
    fn no_text_breaks_reading_lowering_or_evaluation(
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..48),
        noise in ".{0,8}",
    ) {
        let text = pieces.concat() + &noise + &pieces.join(" ");
        let world = World::new(&[("main.bicep", &text), ("a.json", "{}")]);
        let file = world.ids["main.bicep"];
        let tree = &world.trees[&file];
        prop_assert!(tree.errors.iter().all(|error| error.span.end as usize <= text.len()));
        let given = parameters(&world.files, file, tree, &world);
        let expansion = world.expand("main.bicep", Some(&given));
        prop_assert!(expansion.troubles.iter().all(|trouble| trouble.span.end as usize <= text.len()));
        world.expand_wanted("main.bicep", None, Wanted::Types(&["microsoft.network/"]));
    }
}
