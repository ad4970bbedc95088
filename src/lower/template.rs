//! A Bicep file as a template: its parameters, variables, functions, resources and outputs.

use crate::bicep::tree::{
    Declaration, DeclarationKind, Expression as Written, ExpressionKind as Kind, File, Name, Type,
};
use crate::json::{Deferred, Document, Member, Node, Value};
use crate::lower::build::{list, literal, member, object};
use crate::lower::expression::Scope;
use crate::lower::names::{Unit, argument, has};
use crate::lower::sources::Sources;
use crate::lower::types::{Shape, decorate, word};
use crate::source::{FileId, Files, Span};

/// The namespace of the functions of a file, as the compiler has it.
pub(crate) const NAMESPACE: &str = "__bicep";

/// The template that a Bicep file stands for. What cannot be told from it and the files it refers to is unknown in it.
pub fn template(files: &Files, file: FileId, tree: &File, sources: &dyn Sources) -> Document {
    let unit = Unit::new(files, file, tree, sources);
    let whole = tree.span;
    let mut parameters = Vec::new();
    let mut variables = Vec::new();
    let mut outputs = Vec::new();
    let mut functions = Vec::new();
    let mut metadata = Vec::new();
    let mut level = "resourceGroup";
    let scope = Scope::file();
    for declaration in &tree.declarations {
        match &declaration.kind {
            DeclarationKind::TargetScope(value) => {
                if let Kind::Text(text) = &value.kind {
                    level = text;
                }
            }
            DeclarationKind::Metadata(name, value) => {
                metadata.push(member(&name.text, name.span, unit.node(value, &scope)));
            }
            DeclarationKind::Parameter { name, of_type, value } => {
                parameters.push(unit.parameter(declaration, name, of_type.as_ref(), value.as_ref()));
            }
            DeclarationKind::Variable { name, value } => {
                let mut node = unit.node(value, &scope);
                // A list called so would be loops to ARM.
                if name.text.eq_ignore_ascii_case("copy") {
                    node = Node::new(Value::Deferred(Deferred::new(unit.expression(value, &scope))), value.span);
                }
                variables.push(member(&name.text, name.span, node));
            }
            DeclarationKind::Function { name, parameters, body, .. } => {
                functions.push(unit.declared_function(name, parameters, body, declaration.span));
            }
            DeclarationKind::Output { name, of_type, value } => {
                outputs.push(unit.declared_output(declaration, name, of_type, value));
            }
            _ => {}
        }
    }
    let resources = (0..unit.deployed.len()).map(|of| unit.resource(of)).collect();
    let plain = |key: &str, value: &str| member(key, whole.part(0, 0), literal(value, whole.part(0, 0)));
    let part = |key: &str, members: Vec<Member>| member(key, whole.part(0, 0), object(members, whole));
    let space = object(vec![plain("namespace", NAMESPACE), part("members", functions)], whole);
    let root = vec![
        plain("$schema", schema(level)),
        plain("languageVersion", "2.0"),
        plain("contentVersion", "1.0.0.0"),
        part("metadata", metadata),
        member("functions", whole.part(0, 0), list(vec![space], whole)),
        part("parameters", parameters),
        part("variables", variables),
        part("resources", resources),
        part("outputs", outputs),
    ];
    Document { root: object(root, whole), comments: tree.comments.clone(), duplicates: Vec::new() }
}

/// The schema of a template for a target.
pub(crate) fn schema(level: &str) -> &'static str {
    match level {
        "subscription" => "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
        "managementGroup" => {
            "https://schema.management.azure.com/schemas/2019-08-01/managementGroupDeploymentTemplate.json#"
        }
        "tenant" => "https://schema.management.azure.com/schemas/2019-08-01/tenantDeploymentTemplate.json#",
        _ => "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    }
}

impl Unit<'_> {
    fn parameter(
        &self,
        declaration: &Declaration,
        name: &Name,
        of_type: Option<&Type>,
        value: Option<&Written>,
    ) -> Member {
        let span = declaration.span;
        let place = of_type.map_or(name.span, |of| of.span);
        let mut shape = of_type.map(|of| self.shape(of)).unwrap_or_default();
        decorate(&mut shape, &declaration.decorators);
        let mut members = shape_members(&shape, place);
        for (decorator, key) in
            [("minValue", "minValue"), ("maxValue", "maxValue"), ("minLength", "minLength"), ("maxLength", "maxLength")]
        {
            if let Some(bound) = argument(&declaration.decorators, decorator) {
                members.push(member(key, bound.span, self.node(bound, &Scope::file())));
            }
        }
        if let Some(value) = value {
            members.push(member("defaultValue", value.span, self.node(value, &Scope::file())));
        }
        members.extend(self.description(declaration));
        member(&name.text, name.span, object(members, span))
    }

    fn description(&self, declaration: &Declaration) -> Option<Member> {
        let text = argument(&declaration.decorators, "description")?;
        let inner = object(vec![member("description", text.span, self.node(text, &Scope::file()))], text.span);
        Some(member("metadata", text.span, inner))
    }

    fn declared_output(&self, declaration: &Declaration, name: &Name, of_type: &Type, value: &Written) -> Member {
        let mut shape = self.shape(of_type);
        shape.secure |= has(&declaration.decorators, "secure");
        let mut members = shape_members(&Shape { allowed: Vec::new(), nullable: false, ..shape }, of_type.span);
        members.push(member("value", value.span, self.node(value, &Scope::file())));
        member(&name.text, name.span, object(members, declaration.span))
    }

    fn declared_function(&self, name: &Name, parameters: &[(Name, Type)], body: &Written, span: Span) -> Member {
        let names: Vec<Name> = parameters.iter().map(|(name, _)| name.clone()).collect();
        let declared =
            names.iter().map(|name| object(vec![member("name", name.span, literal(&name.text, name.span))], name.span));
        let file = Scope::file();
        let value = self.node(body, &file.in_function(&names));
        let output = object(vec![member("value", body.span, value)], body.span);
        let members =
            vec![member("parameters", span, list(declared.collect(), span)), member("output", body.span, output)];
        member(&name.text, name.span, object(members, span))
    }
}

fn shape_members(shape: &Shape, place: Span) -> Vec<Member> {
    let mut members = Vec::new();
    if let Some(word) = word(shape) {
        members.push(member("type", place, literal(&word, place)));
    }
    if shape.nullable {
        members.push(member("nullable", place, Node::new(Value::Bool(true), place)));
    }
    if !shape.allowed.is_empty() {
        members.push(member("allowedValues", place, list(shape.allowed.clone(), place)));
    }
    members
}
