//! Plans and states → resources in REST form, one small document for each fact.

use crate::json::{Node, Part, parse};
use crate::source::FileId;
use crate::terraform::{Form, form, read, survey};

fn root(text: &str) -> Node {
    parse(FileId(0), text).unwrap_or_else(|error| panic!("{error:?}\n{text}")).root
}

/// A plan of these changes, with these resources in its configuration.
fn plan(changes: &[String], resources: &[&str]) -> Node {
    root(&format!(
        r#"{{"format_version":"1.2","resource_changes":[{}],"configuration":{{"root_module":{{"resources":[{}]}}}}}}"#,
        changes.join(","),
        resources.join(",")
    ))
}

/// A change: the address in the root module, its actions, both sides and what is unknown.
fn change(address: &str, actions: &str, [before, after, unknown]: [&str; 3]) -> String {
    let (block, index) =
        address.split_once('[').map_or((address, None), |(block, rest)| (block, rest.strip_suffix(']')));
    let (kind, name) = block.split_once('.').unwrap();
    let index = index.map_or_else(String::new, |index| format!(r#","index":{index}"#));
    let actions: Vec<String> = actions.split(' ').map(|action| format!("{action:?}")).collect();
    format!(
        r#"{{"mode":"managed","type":"{kind}","name":"{name}"{index},"change":{{"actions":[{}],"before":{before},
            "after":{after},"after_unknown":{unknown}}}}}"#,
        actions.join(",")
    )
}

fn create(address: &str, after: &str, unknown: &str) -> String {
    change(address, "create", ["null", after, unknown])
}

fn configured(block: &str, expressions: &str) -> String {
    format!(r#"{{"address":"{block}","expressions":{expressions}}}"#)
}

/// Texts with holes as `<…>`, other values as they are written in JSON.
fn shown(node: &Node) -> String {
    use crate::json::Value;
    match &node.value {
        Value::Unknown(unknown) if unknown.parts.is_empty() => format!("<{}: {}>", unknown.text, unknown.reason),
        Value::Deferred(_) => unreachable!("nothing here waits for an evaluator"),
        Value::Unknown(unknown) => {
            let part = |part: &Part| match part {
                Part::Text(text) => text.to_string(),
                Part::Hole(hole) => format!("<{}>", hole.text),
            };
            unknown.parts.iter().map(part).collect()
        }
        Value::Text(text) => text.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null => "null".to_owned(),
        Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let member = |one: &crate::json::Member| format!("{}={}", one.key, shown(&one.node));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(" "))
        }
    }
}

/// The value at a path of the resource of this name; `-` where there is none.
fn at(root: &Node, name: &str, path: &str) -> String {
    let found = read(root).resources;
    let named = |node: &&Node| node.get("name").and_then(Node::text) == Some(name);
    let node = found.iter().map(|one| &one.node).find(named).unwrap_or_else(|| panic!("`{name}` is read"));
    let keys: Vec<&str> = path.split('/').collect();
    node.at(&keys).map_or_else(|| "-".to_owned(), shown)
}

const NSG: &str = "/subscriptions/<subscription>/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups";

#[test]
fn documents_are_told_by_their_keys() {
    for (text, expected) in [
        (r#"{"format_version":"1.2","planned_values":{}}"#, Some(Form::Plan)),
        (r#"{"format_version":"0.1","resource_changes":[]}"#, Some(Form::Plan)),
        (r#"{"format_version":"2.0","planned_values":{}}"#, Some(Form::Newer)),
        (r#"{"format_version":"1.0","values":{"root_module":{}}}"#, Some(Form::State)),
        (r#"{"format_version":"1.0"}"#, Some(Form::State)),
        (r#"{"format_version":"1.0","provider_schemas":{}}"#, None),
        (r#"{"version":4,"serial":1,"lineage":"x","resources":[]}"#, Some(Form::StoredState)),
        (r#"{"version":5,"serial":1,"lineage":"x","resources":[]}"#, Some(Form::Newer)),
        (r#"{"version":3,"serial":1,"modules":[]}"#, Some(Form::OldState)),
        (r#"{"version":3,"deployment":{}}"#, None),
        ("[]", None),
    ] {
        assert_eq!(form(&root(text)), expected, "{text}");
    }
}

#[test]
fn what_is_there_after_apply_is_read() {
    let group = |name: &str| format!(r#"{{"name":"{name}","resource_group_name":"g"}}"#);
    for (actions, before, after, is_there) in [
        ("no-op", true, true, true),
        ("create", false, true, true),
        ("update", true, true, true),
        ("delete create", true, true, true),
        ("create delete", true, true, true),
        ("delete", true, false, false),
        // It is in Azure, whatever Terraform knows of it.
        ("forget", true, false, true),
        ("create forget", true, true, true),
    ] {
        let side = |is: bool| if is { group("n") } else { "null".to_owned() };
        let one = change("azurerm_network_security_group.n", actions, [&side(before), &side(after), "{}"]);
        assert_eq!(!read(&plan(&[one], &[])).resources.is_empty(), is_there, "{actions}");
    }
    let data = create("azurerm_subnet.s", &group("s"), "{}").replace("managed", "data");
    let old = create("azurerm_subnet.s", &group("s"), "{}").replacen('{', r#"{"deposed":"1","#, 1);
    assert!(read(&plan(&[data, old], &[])).resources.is_empty());
}

#[test]
fn unknown_values_stand_in_their_places() {
    let rule = r#"{"name":"r","resource_group_name":"g","network_security_group_name":"n","access":"Deny"}"#;
    let unknown = r#"{"id":true,"priority":true,"destination_port_ranges":[false,true]}"#;
    let ports = rule.replace("\"Deny\"", r#""Deny","destination_port_ranges":["80",null]"#);
    let plan = plan(&[create("azurerm_network_security_rule.r", &ports, unknown)], &[]);
    assert_eq!(at(&plan, "r", "id"), format!("{NSG}/n/securityRules/r"));
    assert_eq!(at(&plan, "r", "properties/access"), "Deny");
    assert_eq!(at(&plan, "r", "properties/priority"), "<azurerm_network_security_rule.r.priority: known after apply>");
    assert_eq!(
        at(&plan, "r", "properties/destinationPortRanges"),
        "[80, <azurerm_network_security_rule.r.destination_port_ranges[1]: known after apply>]"
    );
}

#[test]
fn rules_that_nobody_configures_inline_are_those_of_their_own() {
    let group = create(
        "azurerm_network_security_group.n",
        r#"{"name":"n","resource_group_name":"g"}"#,
        r#"{"security_rule":true}"#,
    );
    let block = |expressions: &str| configured("azurerm_network_security_group.n", expressions);
    assert_eq!(at(&plan(std::slice::from_ref(&group), &[&block("{}")]), "n", "properties/securityRules"), "-");
    let given = block(r#"{"security_rule":{"references":["local.rules"]}}"#);
    let rules = at(&plan(std::slice::from_ref(&group), &[&given]), "n", "properties/securityRules");
    assert!(rules.starts_with("<azurerm_network_security_group.n.security_rule"), "{rules}");
    // What is there already may hold anything.
    let changed = group.replace("\"before\":null", r#""before":{}"#);
    assert_ne!(at(&plan(&[changed], &[&block("{}")]), "n", "properties/securityRules"), "-");
}

#[test]
fn a_rule_of_its_own_counts_once_and_a_deleted_one_is_gone() {
    let inline = r#"{"name":"n","resource_group_name":"g","id":"/S/n","security_rule":[
        {"name":"Own","priority":1},{"name":"gone","priority":2},{"name":"inline","priority":3}]}"#;
    let rule =
        |name: &str| format!(r#"{{"name":"{name}","resource_group_name":"G","network_security_group_name":"N"}}"#);
    let changes = [
        change("azurerm_network_security_group.n", "no-op", [inline, inline, "{}"]),
        change("azurerm_network_security_rule.own", "no-op", [&rule("own"), &rule("own"), "{}"]),
        change("azurerm_network_security_rule.gone", "delete", [&rule("gone"), "null", "{}"]),
    ];
    let plan = plan(&changes, &[]);
    assert_eq!(at(&plan, "n", "properties/securityRules"), "[{name=inline properties={priority=3}}]");
    assert_eq!(at(&plan, "own", "id"), "/S/n/securityRules/own");
}

/// What an association sets on subnet `s`, where the group it names is made by `changes`.
fn associated(more: &[String], association: &str, blocks: &[&str]) -> String {
    let mut changes = vec![
        create(
            "azurerm_subnet.s",
            r#"{"name":"s","resource_group_name":"g","virtual_network_name":"v"}"#,
            r#"{"id":true}"#,
        ),
        association.to_owned(),
    ];
    changes.extend_from_slice(more);
    at(&plan(&changes, blocks), "s", "properties/networkSecurityGroup")
}

const ASSOCIATION: &str = "azurerm_subnet_network_security_group_association.a";
const UNKNOWN: &str = r#"{"id":true,"subnet_id":true,"network_security_group_id":true}"#;

fn group(address: &str, name: &str) -> String {
    create(address, &format!(r#"{{"name":"{name}","resource_group_name":"g"}}"#), r#"{"id":true,"security_rule":true}"#)
}

fn references(group: &str) -> String {
    configured(
        ASSOCIATION,
        &format!(
            r#"{{"subnet_id":{{"references":["azurerm_subnet.s.id","azurerm_subnet.s"]}},
                "network_security_group_id":{{"references":[{group}]}}}}"#
        ),
    )
}

#[test]
fn what_is_not_known_yet_is_joined_by_its_references() {
    let association = create(ASSOCIATION, "{}", UNKNOWN);
    let groups = [
        group("azurerm_network_security_group.n", "n"),
        group(r#"azurerm_network_security_group.m["a"]"#, "m-a"),
        group(r#"azurerm_network_security_group.m["b"]"#, "m-b"),
    ];
    let one = format!("{{id={NSG}/");
    for (given, expected) in [
        (r#""azurerm_network_security_group.n.id","azurerm_network_security_group.n""#, format!("{one}n}}")),
        // Before 1.0 the shortest is all there is.
        (r#""azurerm_network_security_group.n""#, format!("{one}n}}")),
        (
            r#""azurerm_network_security_group.m[\"b\"].id","azurerm_network_security_group.m[\"b\"]","azurerm_network_security_group.m""#,
            format!("{one}m-b}}"),
        ),
        // Any of both: the name is not known.
        (
            r#""azurerm_network_security_group.m","var.which""#,
            format!("{one}<{ASSOCIATION}.network_security_group_id>}}"),
        ),
        // Of several resources one of the right type.
        (r#""azurerm_network_security_group.n.id","azurerm_subnet.s.id""#, format!("{one}n}}")),
        // What a local holds does not show: any of the groups.
        (r#""local.group""#, format!("{one}<{ASSOCIATION}.network_security_group_id>}}")),
    ] {
        assert_eq!(associated(&groups, &association, &[&references(given)]), expected, "{given}");
    }
}

#[test]
fn each_instance_is_joined_with_that_of_its_key() {
    let group = |key: &str| group(&format!(r#"azurerm_network_security_group.n["{key}"]"#), &format!("n-{key}"));
    let association = create(&format!(r#"{ASSOCIATION}["b"]"#), "{}", UNKNOWN);
    let block = |refers: &str| {
        let given = references(refers);
        given.replacen('{', r#"{"for_each_expression":{"references":["azurerm_network_security_group.n"]},"#, 1)
    };
    let groups = [group("a"), group("b")];
    for refers in [r#""azurerm_network_security_group.n","each.key""#, r#""each.value.id","each.value""#] {
        assert_eq!(associated(&groups, &association, &[&block(refers)]), format!("{{id={NSG}/n-b}}"), "{refers}");
    }
    // The key of another one.
    let other = r#""azurerm_network_security_group.n","each.value.group""#;
    assert!(associated(&groups, &association, &[&block(other)]).contains("<azurerm"));
}

#[test]
fn joins_lead_through_modules() {
    let inside = |change: String, module: &str| change.replacen('{', &format!(r#"{{"module_address":"{module}","#), 1);
    let text = |value: &str| value.replace('\'', "\"");
    let changes = [
        inside(group("azurerm_network_security_group.this", "n-a"), r#"module.nsg[\"a\"]"#),
        inside(group("azurerm_network_security_group.this", "n-b"), r#"module.nsg[\"b\"]"#),
        inside(
            create(
                "azurerm_subnet.s",
                r#"{"name":"s","resource_group_name":"g","virtual_network_name":"v"}"#,
                r#"{"id":true}"#,
            ),
            "module.net",
        ),
        inside(create(ASSOCIATION, "{}", UNKNOWN), "module.net"),
    ];
    let configuration = text(
        "{'module_calls':{
            'nsg':{'for_each_expression':{'references':['local.all']},'module':{
                'outputs':{'id':{'expression':{'references':['azurerm_network_security_group.this.id','azurerm_network_security_group.this']}}}}},
            'net':{'expressions':{'group':{'references':['module.nsg[\\'b\\'].id','module.nsg[\\'b\\']','module.nsg']}},
                'module':{'resources':[{'address':'azurerm_subnet_network_security_group_association.a','expressions':{
                    'subnet_id':{'references':['azurerm_subnet.s.id']},'network_security_group_id':{'references':['var.group']}}}]}}}}",
    );
    let plan = root(&format!(
        r#"{{"format_version":"1.2","resource_changes":[{}],"configuration":{{"root_module":{configuration}}}}}"#,
        changes.join(",")
    ));
    assert_eq!(at(&plan, "s", "properties/networkSecurityGroup"), format!("{{id={NSG}/n-b}}"));
}

#[test]
fn an_association_goes_with_its_resource() {
    let subnet = |group: &str| {
        format!(
            r#"{{"id":"/V/subnets/s","name":"s","resource_group_name":"g","virtual_network_name":"v","network_security_group_id":{group}}}"#
        )
    };
    let association = |group: &str| format!(r#"{{"subnet_id":"/v/SUBNETS/s","network_security_group_id":"{group}"}}"#);
    let of = |changes: &[String]| at(&plan(changes, &[]), "s", "properties/networkSecurityGroup");
    let kept = |group: &str| change("azurerm_subnet.s", "no-op", [&subnet(group), &subnet(group), "{}"]);
    assert_eq!(of(&[kept("\"/N/old\"")]), "{id=/N/old}");
    let gone = change(ASSOCIATION, "delete", [&association("/N/old"), "null", "{}"]);
    assert_eq!(of(&[kept("\"/N/old\""), gone.clone()]), "-");
    let new = create("azurerm_subnet_network_security_group_association.b", &association("/N/new"), "{}");
    assert_eq!(of(&[new.clone(), kept("\"/N/old\""), gone]), "{id=/N/new}");
    // The subnet is none of the document's.
    let alone = plan(&[new], &[]);
    assert_eq!(at(&alone, "s", "type"), "Microsoft.Network/virtualNetworks/subnets");
    assert!(!read(&alone).resources[0].is_whole);
}

#[test]
fn what_a_network_shows_of_its_subnets_completes_them() {
    let network = r#"{"id":"/V","name":"v","resource_group_name":"g","subnet":[
        {"name":"s","security_group":"/N/n","address_prefixes":["10.0.0.0/24"]},{"name":"t","security_group":""}]}"#;
    let subnet = r#"{"id":"/V/subnets/s","name":"s","resource_group_name":"g","virtual_network_name":"v"}"#;
    let state = root(&format!(
        r#"{{"version":4,"serial":1,"resources":[
            {{"mode":"managed","type":"azurerm_virtual_network","name":"v","instances":[{{"attributes":{network}}}]}},
            {{"mode":"managed","type":"azurerm_subnet","name":"s","instances":[{{"attributes":{subnet}}},
                {{"deposed":"1","attributes":{subnet}}}]}}]}}"#
    ));
    assert_eq!(read(&state).resources.len(), 2);
    assert_eq!(at(&state, "v", "properties/subnets"), "[{name=t}]");
    assert_eq!(at(&state, "s", "properties/networkSecurityGroup"), "{id=/N/n}");
}

#[test]
fn the_address_of_a_firewall_is_the_same_wherever_it_is_read() {
    let firewall = create(
        "azurerm_firewall.f",
        r#"{"name":"f","resource_group_name":"g","ip_configuration":[{"name":"c"}]}"#,
        r#"{"id":true,"ip_configuration":[{"private_ip_address":true}]}"#,
    );
    let route = create(
        "azurerm_route.r",
        r#"{"name":"r","resource_group_name":"g","route_table_name":"t","next_hop_type":"VirtualAppliance"}"#,
        r#"{"id":true,"next_hop_in_ip_address":true}"#,
    );
    for refers in [
        r#""azurerm_firewall.f.ip_configuration[0].private_ip_address","azurerm_firewall.f""#,
        r#""azurerm_firewall.f""#,
    ] {
        let block =
            configured("azurerm_route.r", &format!(r#"{{"next_hop_in_ip_address":{{"references":[{refers}]}}}}"#));
        let plan = plan(&[firewall.clone(), route.clone()], &[&block]);
        let found = read(&plan).resources;
        let own = found[0].node.at(&["properties", "ipConfigurations"]).unwrap().items()[0].clone();
        let own = own.at(&["properties", "privateIPAddress"]).unwrap().unknown().unwrap().clone();
        let hop = found[1].node.at(&["properties", "nextHopIpAddress"]).unwrap().unknown().unwrap().clone();
        assert!(own.is_same_as(&hop), "{refers}");
        assert_eq!(
            hop.reason.to_string(),
            "known after apply, from azurerm_firewall.f.ip_configuration[0].private_ip_address"
        );
    }
}

#[test]
fn arguments_become_properties_in_the_spelling_of_every_version() {
    let one = |kind: &str, arguments: &str, path: &str| {
        let after = format!(r#"{{"name":"x","resource_group_name":"g",{arguments}}}"#);
        at(&plan(&[create(&format!("{kind}.x"), &after, "{}")], &[]), "x", path)
    };
    for (kind, arguments, path, expected) in [
        ("azurerm_subnet", r#""address_prefix":"10.0.0.0/24""#, "addressPrefix", "10.0.0.0/24"),
        (
            "azurerm_subnet",
            r#""service_endpoints":["Microsoft.Storage"]"#,
            "serviceEndpoints",
            "[{service=Microsoft.Storage}]",
        ),
        (
            "azurerm_subnet",
            r#""service_endpoint":[{"service":"Microsoft.Storage"}]"#,
            "serviceEndpoints",
            "[{service=Microsoft.Storage}]",
        ),
        (
            "azurerm_subnet",
            r#""enforce_private_link_endpoint_network_policies":true"#,
            "privateEndpointNetworkPolicies",
            "Disabled",
        ),
        (
            "azurerm_subnet",
            r#""private_endpoint_network_policies_enabled":true,"private_endpoint_network_policies":"Disabled""#,
            "privateEndpointNetworkPolicies",
            "Disabled",
        ),
        (
            "azurerm_subnet",
            r#""delegation":[{"name":"d","service_delegation":[{"name":"A/b","actions":[]}]}]"#,
            "delegations",
            "[{name=d properties={serviceName=A/b}}]",
        ),
        ("azurerm_route_table", r#""disable_bgp_route_propagation":true"#, "disableBgpRoutePropagation", "true"),
        ("azurerm_route_table", r#""bgp_route_propagation_enabled":true"#, "disableBgpRoutePropagation", "false"),
        (
            "azurerm_machine_learning_workspace",
            r#""public_network_access_enabled":false"#,
            "publicNetworkAccess",
            "Disabled",
        ),
        (
            "azurerm_machine_learning_workspace",
            r#""serverless_compute":[{"subnet_id":"/s","public_ip_enabled":false}]"#,
            "serverlessComputeSettings",
            "{serverlessComputeCustomSubnet=/s serverlessComputeNoPublicIP=true}",
        ),
        ("azurerm_machine_learning_workspace", r#""managed_network":[]"#, "managedNetwork", "-"),
        (
            "azurerm_machine_learning_compute_instance",
            r#""ssh":[{"public_key":"k"}]"#,
            "properties",
            "{sshSettings={sshPublicAccess=Enabled}}",
        ),
        (
            "azurerm_firewall",
            r#""dns_servers":["1.1.1.1","1.1.1.2"]"#,
            "additionalProperties",
            "{Network.DNS.Servers=1.1.1.1, 1.1.1.2}",
        ),
        (
            "azurerm_storage_account",
            r#""network_rules":[{"default_action":"Deny","bypass":["Logging","Metrics"],"ip_rules":["1.1.1.1"]}]"#,
            "networkAcls",
            "{defaultAction=Deny bypass=Logging, Metrics ipRules=[{value=1.1.1.1}]}",
        ),
        (
            "azurerm_network_security_group",
            r#""security_rule":[{"name":"r","destination_port_range":443,"source_address_prefix":"","source_address_prefixes":[]}]"#,
            "securityRules",
            "[{name=r properties={destinationPortRange=443}}]",
        ),
    ] {
        assert_eq!(one(kind, arguments, &format!("properties/{path}")), expected, "{kind} {arguments}");
    }
}

#[test]
fn rule_collections_of_policies_and_firewalls_are_found_in_their_places() {
    let changes = [
        create("azurerm_firewall.f", r#"{"name":"f","resource_group_name":"g"}"#, r#"{"id":true}"#),
        create(
            "azurerm_firewall_network_rule_collection.c",
            r#"{"name":"c","resource_group_name":"g","azure_firewall_name":"f","priority":100,"action":"Allow",
                "rule":[{"name":"r","source_addresses":["*"],"protocols":["TCP"]}]}"#,
            "{}",
        ),
        create(
            "azurerm_firewall_policy_rule_collection_group.p",
            r#"{"name":"p","firewall_policy_id":"/P","priority":200,
                "network_rule_collection":[{"name":"n","priority":1,"action":"Deny","rule":[{"name":"r","source_ip_groups":["/I"]}]}],
                "nat_rule_collection":[{"name":"d","priority":2,"action":"Dnat","rule":[{"name":"r","destination_address":"1.1.1.1","translated_port":80}]}]}"#,
            r#"{"id":true}"#,
        ),
    ];
    let plan = plan(&changes, &[]);
    assert_eq!(
        at(&plan, "f", "properties/networkRuleCollections"),
        "[{name=c properties={priority=100 action={type=Allow} rules=[{name=r sourceAddresses=[*] protocols=[TCP]}]}}]"
    );
    assert_eq!(at(&plan, "p", "id"), "/P/ruleCollectionGroups/p");
    assert_eq!(
        at(&plan, "p", "properties/ruleCollections"),
        "[{ruleCollectionType=FirewallPolicyFilterRuleCollection name=n priority=1 action={type=Deny} \
         rules=[{ruleType=NetworkRule name=r sourceIpGroups=[/I]}]}, \
         {ruleCollectionType=FirewallPolicyNatRuleCollection name=d priority=2 action={type=Dnat} \
         rules=[{ruleType=NatRule name=r destinationAddresses=[1.1.1.1] translatedPort=80}]}]"
    );
}

#[test]
fn bodies_of_the_azapi_provider_are_what_azure_is_sent() {
    let of = |body: &str| {
        let after = format!(
            r#"{{"type":"Microsoft.Network/virtualNetworks/subnets@2024-05-01","name":"s","parent_id":"/V","body":{body}}}"#
        );
        let update = r#"{"type":"Microsoft.Network/virtualNetworks/subnets@2024-05-01","resource_id":"/v/subnets/S",
            "body":{"properties":{"natGateway":{"id":"/G"}}}}"#;
        let changes =
            [create("azapi_resource.s", &after, r#"{"id":true}"#), create("azapi_update_resource.u", update, "{}")];
        let plan = plan(&changes, &[]);
        (at(&plan, "s", "id"), at(&plan, "s", "properties"))
    };
    let expected = ("/V/subnets/s".to_owned(), "{addressPrefix=10.0.0.0/24 natGateway={id=/G}}".to_owned());
    assert_eq!(of(r#"{"properties":{"addressPrefix":"10.0.0.0/24"}}"#), expected);
    assert_eq!(of(r#""{\"properties\":{\"addressPrefix\":\"10.0.0.0/24\"}}""#), expected);
}

#[test]
fn the_zones_of_an_endpoint_are_a_resource_below_it() {
    let endpoint = create(
        "azurerm_private_endpoint.p",
        r#"{"name":"p","resource_group_name":"g","private_dns_zone_group":[{"name":"z","private_dns_zone_ids":["/Z",null]}]}"#,
        r#"{"id":true,"private_dns_zone_group":[{"private_dns_zone_ids":[false,true]}]}"#,
    );
    let zone = create("azurerm_private_dns_zone.z", r#"{"name":"a.b","resource_group_name":"g"}"#, r#"{"id":true}"#);
    let link = create(
        "azurerm_private_dns_zone_virtual_network_link.l",
        r#"{"name":"l","private_dns_zone_id":"/Z","virtual_network_id":"/V"}"#,
        "{}",
    );
    let block = configured(
        "azurerm_private_endpoint.p",
        r#"{"private_dns_zone_group":[{"private_dns_zone_ids":{"references":["azurerm_private_dns_zone.z.id"]}}]}"#,
    );
    let plan = plan(&[endpoint, zone, link], &[&block]);
    let network = "/subscriptions/<subscription>/resourceGroups/g/providers/Microsoft.Network";
    assert_eq!(at(&plan, "z", "id"), format!("{network}/privateEndpoints/p/privateDnsZoneGroups/z"));
    assert_eq!(
        at(&plan, "z", "properties/privateDnsZoneConfigs"),
        format!(
            "[{{properties={{privateDnsZoneId=/Z}}}}, {{properties={{privateDnsZoneId={network}/privateDnsZones/a.b}}}}]"
        )
    );
    assert_eq!(at(&plan, "l", "id"), "/Z/virtualNetworkLinks/l");
}

#[test]
fn what_is_not_read_is_counted() {
    let plan = plan(
        &[
            create("azurerm_lb.a", "{}", "{}"),
            create("azurerm_lb.b", "{}", "{}"),
            create("azurerm_linux_virtual_machine.v", "{}", "{}"),
            create("aws_vpc.v", "{}", "{}"),
            create("azurerm_subnet.s", r#"{"name":"s"}"#, r#"{"address_prefixes":true}"#),
        ],
        &[],
    );
    let survey = survey(&plan);
    assert_eq!((survey.read, survey.open, survey.passed_over, survey.foreign), (1, 1, 1, 1));
    assert_eq!(
        survey.not_judged.iter().map(|(kind, count)| (&**kind, *count)).collect::<Vec<_>>(),
        [("azurerm_lb", 2)]
    );
}

#[test]
fn sensitive_values_are_found_wherever_they_are_written() {
    let text = r#"{"format_version":"1.2","variables":{"v":{"value":"one"}},
        "planned_values":{"outputs":{"o":{"sensitive":true,"value":"two"}},"root_module":{"child_modules":[{"resources":[
            {"type":"azurerm_x","name":"x","values":{"a":["three"]},"sensitive_values":{"a":[true]}}]}]}},
        "resource_changes":[{"type":"azurerm_x","name":"x","change":{"actions":["update"],"before":{"a":"four"},"after":{"a":{"b":"five"},"c":"plain"},
            "before_sensitive":{"a":true},"after_sensitive":{"a":true}}}],
        "configuration":{"root_module":{"variables":{"v":{"sensitive":true}}}}}"#;
    let words: Vec<String> = survey(&root(text)).sensitive.iter().map(shown).collect();
    assert_eq!(words, ["four", "{b=five}", "two", "three", "one"]);
    let stored = r#"{"version":4,"serial":1,"outputs":{"o":{"value":"one","sensitive":true}},"resources":[{"type":"azurerm_x","name":"x",
        "instances":[{"attributes":{"a":[{"b":"two"}]},"sensitive_attributes":[[{"type":"get_attr","value":"a"},
            {"type":"index","value":{"value":0,"type":"number"}},{"type":"get_attr","value":"b"}]]}]}]}"#;
    assert_eq!(survey(&root(stored)).sensitive.iter().map(shown).collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn hostile_documents_end() {
    let deep = format!("{}{}", r#"{"a":"#.repeat(200), "1".to_owned() + &"}".repeat(200));
    let masks = format!("{}true{}", r#"{"a":"#.repeat(200), "}".repeat(200));
    for one in [
        create("azurerm_subnet.s", &deep, &masks),
        create("azurerm_subnet.s", r#"{"name":7,"resource_group_name":[],"virtual_network_name":{}}"#, "7"),
        create(
            "azurerm_network_security_group.s",
            r#"{"name":"n","security_rule":7}"#,
            r#"{"security_rule":[[[true]]]}"#,
        ),
        create("azurerm_network_security_group.s", r#"{"name":"n","security_rule":["x",null,[1]]}"#, "[]"),
        create("azapi_resource.s", r#"{"type":"@","body":"{"}"#, "{}"),
        create("azapi_resource.s", r#"{"type":"A/b/c/d@1","parent_id":true,"body":[]}"#, r#"{"name":true}"#),
    ] {
        read(&plan(&[one], &[]));
    }
    // A circle of parents, and of modules.
    let circle = create("azapi_resource.s", r#"{"type":"A.B/c/d@1","name":"n"}"#, r#"{"parent_id":true}"#);
    let block = configured("azapi_resource.s", r#"{"parent_id":{"references":["azapi_resource.s.id"]}}"#);
    assert!(at(&plan(&[circle], &[&block]), "n", "id").ends_with("/d/n"));
    let call = r#""module_calls":{"m":{"expressions":{"x":{"references":["module.m.o"]}},"module":{"outputs":{"o":{"expression":{"references":["var.x"]}}}}}}"#;
    let member = create(
        "azurerm_subnet_network_security_group_association.a",
        "{}",
        r#"{"subnet_id":true,"network_security_group_id":true}"#,
    )
    .replacen('{', r#"{"module_address":"module.m","#, 1);
    let root = root(&format!(
        r#"{{"format_version":"1.2","resource_changes":[{member}],"configuration":{{"root_module":{{{call}}}}}}}"#
    ));
    assert!(read(&root).resources.is_empty());
}

#[test]
fn neighbours_stand_on_the_subnets_that_they_name() {
    let plan = plan(
        &[
            create("azurerm_api_management.own", r#"{"name":"apim","sku_name":"Premium_1"}"#, "{}"),
            create(
                "azurerm_application_gateway.own",
                r#"{"name":"agw","sku":[{"name":"WAF_v2","tier":"WAF_v2","capacity":2}]}"#,
                "{}",
            ),
            create(
                "azurerm_hdinsight_spark_cluster.own",
                r#"{"name":"hdi","roles":[{"head_node":[{"subnet_id":"/subnets/s","virtual_network_id":"/v"}]}]}"#,
                "{}",
            ),
        ],
        &[],
    );
    assert_eq!(at(&plan, "apim", "sku/name"), "Premium");
    assert_eq!(at(&plan, "agw", "properties/sku"), "{name=WAF_v2 tier=WAF_v2}");
    assert_eq!(
        at(&plan, "hdi", "properties/computeProfile/roles"),
        "[{virtualNetworkProfile={id=/v subnet=/subnets/s}}]"
    );
}
