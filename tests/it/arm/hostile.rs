//! Templates made to harm: each ends, with one trouble. What is not bounded would not end.

use std::fmt::Write as _;

use aznetlint::arm::{Expansion, TroubleKind, Wanted};

use crate::arm::run::Run;

fn expanded(template: &str) -> Expansion {
    Run::of(&[("template.json", template)]).expand(Wanted::All)
}

/// A template whose one output is this expression.
fn output(sections: &str, value: &str) -> Expansion {
    expanded(&format!(
        r#"{{"contentVersion": "1.0.0.0", {sections} "resources": [], "outputs": {{"o": {{"type": "string", "value": {}}}}}}}"#,
        serde_json::Value::from(value)
    ))
}

fn one(expansion: &Expansion, kind: TroubleKind) {
    let kinds: Vec<_> = expansion.troubles.iter().map(|trouble| (trouble.kind, trouble.message.as_str())).collect();
    assert_eq!(kinds.len(), 1, "{kinds:?}");
    assert_eq!(kinds[0].0, kind, "{kinds:?}");
    assert!(!expansion.troubles[0].span.is_empty());
}

#[test]
fn values_that_refer_to_themselves_are_cycles() {
    one(&output(r#""variables": {"a": "[variables('a')]"},"#, "[variables('a')]"), TroubleKind::Cycle);
    let circle = r#""variables": {"a": "[variables('b')]", "b": "[concat(variables('c'))]", "c": "[variables('a')]"},"#;
    one(&output(circle, "[variables('b')]"), TroubleKind::Cycle);
    let parameters = r#""parameters": {"a": {"type": "string", "defaultValue": "[parameters('a')]"}},"#;
    one(&output(parameters, "[parameters('a')]"), TroubleKind::Cycle);
    one(
        &output(
            r#""variables": {"x": {"copy": [{"name": "y", "count": 2, "input": "[variables('x')]"}]}},"#,
            "[string(variables('x').y[0])]",
        ),
        TroubleKind::Cycle,
    );
}

#[test]
fn deployments_that_refer_to_their_own_outputs_are_cycles() {
    let template = r#"{"contentVersion": "1.0.0.0", "resources": [{
        "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "self",
        "properties": {
            "mode": "Incremental", "expressionEvaluationOptions": {"scope": "inner"},
            "parameters": {"p": {"value": "[reference('self').outputs.o.value]"}},
            "template": {"contentVersion": "1.0.0.0", "parameters": {"p": {"type": "string"}}, "resources": [],
                "outputs": {"o": {"type": "string", "value": "[parameters('p')]"}}}}}],
        "outputs": {"o": {"type": "string", "value": "[reference('self').outputs.o.value]"}}}"#;
    let expansion = expanded(template);
    assert!(expansion.troubles.iter().any(|trouble| trouble.kind == TroubleKind::Cycle), "{:?}", expansion.troubles);
}

#[test]
fn copies_are_bounded() {
    let resource = |copy: &str| {
        format!(
            r#"{{"contentVersion": "1.0.0.0", "resources": [{{"type": "A.B/c", "apiVersion": "1", "name": "[concat('x', copyIndex())]", {copy}}}]}}"#
        )
    };
    let many = expanded(&resource(r#""copy": {"name": "c", "count": 2000000000}"#));
    one(&many, TroubleKind::Limit);
    assert_eq!(many.resources.len(), 1);
    assert!(many.resources[0].repeated.is_some());
    let inner = r#"{"name": "e", "count": 800, "input": "x"}"#;
    let nested = format!(
        r#""copy": {{"name": "c", "count": 800}}, "properties": {{"copy": [{{"name": "d", "count": 800, "input": {{"copy": [{inner}]}}}}]}}"#
    );
    one(&expanded(&resource(&nested)), TroubleKind::Limit);
}

#[test]
fn resources_are_bounded() {
    let mut resources = String::new();
    for index in 0..40 {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(
            resources,
            r#"{comma}{{"type": "A.B/c", "apiVersion": "1", "name": "[concat('x', copyIndex())]", "copy": {{"name": "c", "count": 800}}}}"#
        );
    }
    let expansion = expanded(&format!(r#"{{"contentVersion": "1.0.0.0", "resources": [{resources}]}}"#));
    assert_eq!(expansion.resources.len(), 20_000);
    one(&expansion, TroubleKind::Limit);
}

#[test]
fn strings_are_bounded() {
    one(&output("", "[padLeft('x', 2000000000)]"), TroubleKind::Limit);
    one(&output("", "[format('{0,2000000000}', 'x')]"), TroubleKind::Limit);
    one(&output("", "[format('{0:D2000000000}', 1)]"), TroubleKind::Limit);
    let mut variables = r#""v0": "0123456789abcdef""#.to_owned();
    for index in 1..64 {
        let _ = write!(variables, r#", "v{index}": "[concat(variables('v{0}'), variables('v{0}'))]""#, index - 1);
    }
    one(&output(&format!(r#""variables": {{{variables}}},"#), "[variables('v63')]"), TroubleKind::Limit);
    one(
        &output(&format!(r#""variables": {{{variables}}},"#), "[replace(variables('v16'), '0', variables('v16'))]"),
        TroubleKind::Limit,
    );
}

#[test]
fn lists_are_bounded() {
    let mut variables = r#""v0": [1, 2]"#.to_owned();
    for index in 1..64 {
        let _ = write!(variables, r#", "v{index}": "[createArray(variables('v{0}'), variables('v{0}'))]""#, index - 1);
    }
    let sections = format!(r#""variables": {{{variables}}},"#);
    one(&output(&sections, "[string(variables('v63'))]"), TroubleKind::Limit);
    one(&output(&sections, "[equals(variables('v63'), variables('v62'))]"), TroubleKind::Limit);
    let mut variables = r#""v0": [1, 2]"#.to_owned();
    for index in 1..64 {
        let _ = write!(variables, r#", "v{index}": "[concat(variables('v{0}'), variables('v{0}'))]""#, index - 1);
    }
    one(&output(&format!(r#""variables": {{{variables}}},"#), "[length(variables('v63'))]"), TroubleKind::Limit);
    one(&output("", "[range(0, 2000000000)]"), TroubleKind::Limit);
    let squared = "[map(range(0, 10000), lambda('x', map(range(0, 10000), lambda('y', lambdaVariables('y')))))]";
    one(&output("", squared), TroubleKind::Limit);
    let last = "[map(range(0, 10000), lambda('x', map(range(0, 10000), lambda('y', variables('v')[9999]))))]";
    one(&output(r#""variables": {"v": "[range(0, 10000)]"},"#, last), TroubleKind::Limit);
    let nested = "[reduce(range(0, 10000), createArray(), lambda('a', 'b', createArray(lambdaVariables('a'))))]";
    one(&output("", nested), TroubleKind::Limit);
}

#[test]
fn depth_is_bounded() {
    let mut variables = r#""v0": []"#.to_owned();
    for index in 1..3_000 {
        let _ = write!(variables, r#", "v{index}": "[createArray(variables('v{}'))]""#, index - 1);
    }
    let sections = format!(r#""variables": {{{variables}}},"#);
    // The evaluation is too deep, and so is what remains of the value.
    let troubles = output(&sections, "[variables('v2999')]").troubles;
    assert!(troubles.len() <= 2 && troubles.iter().all(|trouble| trouble.kind == TroubleKind::Limit), "{troubles:?}");
    let deep = format!("[{}1{}]", "string(".repeat(100_000), ")".repeat(100_000));
    one(&output("", &deep), TroubleKind::Limit);
    let functions = r#""functions": [{"namespace": "f", "members": {"g": {"parameters": [], "output": {"type": "string", "value": "[f.g()]"}}}}],"#;
    one(&output(functions, "[f.g()]"), TroubleKind::Limit);
}

#[test]
fn deployments_are_bounded() {
    let mut template = r#"{"contentVersion": "1.0.0.0", "resources": []}"#.to_owned();
    for _ in 0..40 {
        template = format!(
            r#"{{"contentVersion": "1.0.0.0", "resources": [{{"type": "Microsoft.Resources/deployments", "apiVersion": "1", "name": "d",
                "properties": {{"expressionEvaluationOptions": {{"scope": "inner"}}, "template": {template}}}}}]}}"#
        );
    }
    one(&expanded(&template), TroubleKind::Limit);
    let linked = r#"{"contentVersion": "1.0.0.0", "resources": [{"type": "Microsoft.Resources/deployments", "apiVersion": "1",
        "name": "d", "properties": {"templateLink": {"relativePath": "template.json"}}}]}"#;
    one(&expanded(linked), TroubleKind::Cycle);
}

#[test]
fn long_expressions_are_bounded() {
    let long = format!("[concat({}'x')]", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaa', ".repeat(320_000));
    one(&output("", &long), TroubleKind::Limit);
    let chain = format!("[createObject('a', 1){}]", ".a".repeat(200_000));
    assert!(!output("", &chain).troubles.is_empty());
}
