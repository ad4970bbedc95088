//! `aznetlint generate`: the least network that lets a service work, or the facts that have to be said first.

use ipnet::Ipv4Net;
use miette::Result;

use crate::cli::arguments::{GenerateArguments, GenerateForm, LintArguments, ServiceArguments};
use crate::cli::end::{End, FlagError, print_text, tell};
use crate::cli::settings::{Gathered, gather};
use crate::generate::{Failure, Form, MissingFact, Order, generate};
use crate::printable;

pub(crate) fn run(arguments: &GenerateArguments) -> Result<End> {
    let services = ServiceArguments {
        services: vec![arguments.service.clone()],
        region: arguments.region.clone(),
        facts: arguments.facts.clone(),
        ..ServiceArguments::default()
    };
    let lint = LintArguments {
        services,
        select: arguments.select.clone(),
        skip: arguments.skip.clone(),
        rules: arguments.rules.clone(),
        no_default_rules: arguments.no_default_rules,
        config: arguments.config.clone(),
        no_config: arguments.no_config,
        ..LintArguments::default()
    };
    let firewall = arguments.firewall.as_deref().map(subnet).transpose()?;
    if let Some(name) = &arguments.name {
        check_name(name)?;
    }
    let Gathered { pack, settings, .. } = gather(&lint, &[])?;
    let order = Order {
        service: &arguments.service,
        name: arguments.name.as_deref(),
        firewall,
        facts: &settings.requests.facts,
    };
    match generate(&order, &pack) {
        Ok(plan) => {
            print_text(&plan.write(form(arguments.form)))?;
            Ok(End::Clean)
        }
        Err(Failure::Facts(missing)) => {
            ask(&arguments.service, &missing);
            Ok(End::Failed)
        }
        Err(failure) => Err(error(&arguments.service, failure).into()),
    }
}

fn form(form: GenerateForm) -> Form {
    match form {
        GenerateForm::Arm => Form::Arm,
        GenerateForm::Bicep => Form::Bicep,
        GenerateForm::Terraform => Form::Terraform,
        GenerateForm::Az => Form::Az,
        GenerateForm::Request => Form::Request,
    }
}

/// The prefix of a firewall's subnet; Azure takes no smaller one than /26.
fn subnet(written: &str) -> Result<Ipv4Net, FlagError> {
    let wrong = |what: &str| {
        let help = "name the prefix of its subnet, such as 10.0.0.0/26".to_owned();
        FlagError::new(format!("--firewall {written}: {what}"), help)
    };
    let prefix: Ipv4Net = written.parse().map_err(|_| wrong("this is no IPv4 prefix"))?;
    if prefix.prefix_len() > 26 {
        return Err(wrong("the subnet of a firewall is at least a /26"));
    }
    Ok(prefix.trunc())
}

/// A name that all of the resources can end in.
fn check_name(name: &str) -> Result<(), FlagError> {
    let is_taken = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let is_name =
        name.chars().all(is_taken) && name.len() <= 40 && name.ends_with(|last: char| last.is_ascii_alphanumeric());
    if is_name {
        return Ok(());
    }
    let help = "up to 40 letters, digits, `-` and `_`, the last one a letter or digit".to_owned();
    Err(FlagError::new(format!("--name {name}: no resource can be named so"), help))
}

/// Says which facts are to be said, and what they mean.
fn ask(service: &str, missing: &[MissingFact]) {
    let facts =
        if missing.len() == 1 { "1 fact decides".to_owned() } else { format!("{} facts decide", missing.len()) };
    tell(&format!("error: {facts} what {service} needs, and nobody has said them; add what is true:"));
    for fact in missing {
        let flag = match &*fact.name {
            "region" => "--region westeurope".to_owned(),
            name if name.ends_with("prefixes") => format!("--fact {name}=10.0.1.0/24"),
            name => format!("--fact {name}={}", fact.values),
        };
        tell(&format!("  {flag}"));
        let options = textwrap::Options::new(78).word_splitter(textwrap::WordSplitter::NoHyphenation);
        for line in textwrap::wrap(&printable::line(&fact.describe), options) {
            tell(&format!("      {line}"));
        }
    }
}

fn error(service: &str, failure: Failure) -> FlagError {
    match failure {
        Failure::NotJudged(because) => FlagError::new(format!("nothing is asked for {service}: {because}"), None),
        Failure::NoWayOut(rule) => {
            let help = "add `--fact nat-gateway=true` for a NAT gateway, or `--firewall 10.0.0.0/26` for a firewall";
            FlagError::new(format!("{rule} asks for a way out of the subnet"), help.to_owned())
        }
        Failure::Unmet(all) => {
            let told = all.join("\n");
            FlagError::new("rules and routes alone do not meet what is asked for", format!("this stays open:\n{told}"))
        }
        Failure::Facts(_) => FlagError::new("facts are missing", None),
    }
}
