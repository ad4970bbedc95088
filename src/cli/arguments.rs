//! What users can write on the command line. Meaning is given to it by the commands.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::finding::Level;
use crate::report::Format;

/// Decides whether Azure Machine Learning can work in the network your Azure JSON and Bicep describe.
#[derive(Debug, Parser)]
#[command(
    name = "aznetlint",
    version,
    about,
    args_conflicts_with_subcommands = true,
    max_term_width = 110,
    after_help = "Exit status: 0 nothing at or above --fail-on, 1 findings, 2 the run itself failed or an input could not be read."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) check: CheckArguments,

    #[command(flatten)]
    pub(crate) color: colorchoice_clap::Color,
}

/// Headings of the options.
const OUTPUT: &str = "Output";
const GATE: &str = "What fails the run";
const RULES: &str = "Rules and settings";
const FACTS: &str = "What the input does not show";
const TEMPLATES: &str = "Templates";
const FILES: &str = "Files";

/// The commands; without one, `check` is meant.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lint files and folders
    Check(CheckArguments),
    /// List what is judged where, and what is known about it and from where
    Services(ServicesArguments),
    /// Write down the findings there are, so that later only new ones count
    Baseline(BaselineArguments),
    /// Say what a change does: which traffic it opens, closes or leads another way, which requirements turn
    Diff(DiffArguments),
    /// Print edits that settle findings as a patch, or write them; each is tried first
    Fix(FixArguments),
    /// Write the least NSG, route table and firewall policy that let a service work
    Generate(GenerateArguments),
    /// Follow one flow through every layer: which rule decides where, and whether it passes
    Trace(TraceArguments),
    /// Show the routes in effect at a subnet, in the form of Azure's own list
    Routes(ViewArguments),
    /// Show the rules in effect at a subnet or network interface, in the form of Azure's own list
    RulesAt(ViewArguments),
    /// Show what templates deploy, as the linter sees it
    Expand(ExpandArguments),
    /// Say what a rule or service is about: why, how to fix it, where the facts come from
    Explain(ExplainArguments),
    /// List the rules
    Rules(RulesArguments),
    /// Run the cases beside the rules of a folder
    Test(TestArguments),
    /// Look into a file of service tags: what a tag holds, what holds it, and which tags hold an address
    Tags(TagsArguments),
    /// Write a settings file from what is found
    Init(InitArguments),
    /// Serve an editor over standard input and output: findings while you type, fixes, explanations
    Lsp {
        /// Speak over standard input and output, which is the only way
        #[arg(long)]
        stdio: bool,
    },
    /// Print the JSON Schema of settings, rules or reports
    Schema(SchemaArguments),
    /// Print the completions for a shell
    Completions(CompletionsArguments),
    /// Print the manual
    Man(ManArguments),
}

/// What is linted and how it is shown.
#[derive(Debug, Default, Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) lint: LintArguments,

    #[command(flatten)]
    pub(crate) scope: ScopeArguments,

    /// How to print; without it and without --output, as text. For people: text, markdown, html, csv; for editors and
    /// grep: concise; for pipelines: github, azure, gitlab, junit, sarif; for programs: json
    #[arg(long, hide_possible_values = true, help_heading = OUTPUT, value_parser = report_formats(), value_name = "FORMAT")]
    pub(crate) format: Option<ReportFormat>,

    /// Write a report in this format, to FILE or to standard output; can be given several times
    #[arg(long = "output", value_name = "FORMAT[=FILE]", help_heading = OUTPUT)]
    pub(crate) outputs: Vec<String>,

    /// Exit with 1 when a finding is at least this serious [default: error]
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = GATE)]
    pub(crate) fail_on: Option<Gate>,

    /// What a requirement that cannot be decided counts as for --fail-on [default: note]
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = GATE)]
    pub(crate) undecided: Option<UndecidedLevel>,

    /// Show findings from this level up [default: warning]
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = OUTPUT)]
    pub(crate) min_level: Option<LevelChoice>,

    /// Exit with 0 whatever is found; a run that fails still exits with 2
    #[arg(long, help_heading = GATE)]
    pub(crate) exit_zero: bool,

    /// Ignore the findings in this file, which `aznetlint baseline` writes
    #[arg(long, value_name = "FILE", help_heading = GATE)]
    pub(crate) baseline: Option<PathBuf>,

    /// Print, instead of a report, the commands that export from Azure what is named and not shown, or would settle what
    /// is undecided
    #[arg(
        long,
        value_enum,
        value_name = "SHELL",
        help_heading = OUTPUT,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "az",
        conflicts_with_all = ["format", "outputs", "baseline"]
    )]
    pub(crate) what_to_export: Option<Shell>,

    /// Try edits that settle findings, and tell them in every format; each takes one more run
    #[arg(long, help_heading = OUTPUT, conflicts_with = "what_to_export")]
    pub(crate) fixes: bool,

    /// Say more: every file, every fact, every requirement, every rule that was met, and what to paste
    #[arg(short, long, help_heading = OUTPUT)]
    pub(crate) verbose: bool,

    /// Say less: findings that are errors, and the counts
    #[arg(short, long, help_heading = OUTPUT, conflicts_with_all = ["verbose", "min_level"])]
    pub(crate) quiet: bool,

    /// Print how many findings each rule has, instead of the findings
    #[arg(long, help_heading = OUTPUT, conflicts_with_all = ["format", "outputs", "verbose"])]
    pub(crate) statistics: bool,
}

/// What is looked at, as for a check.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 they are listed, 2 the run itself failed or an input could not be read.")]
pub(crate) struct ServicesArguments {
    #[command(flatten)]
    pub(crate) lint: LintArguments,

    /// Say more: every file, every fact, every requirement and who decides it
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// Two states of a network, and how their difference is shown.
#[derive(Debug, Args)]
#[command(
    after_help = "PATHs: BASE HEAD, two files or folders; or PLAN, what Terraform plans, before and after; with --against any paths, as they were where the branch left REF, and as they are.\n\nExit status: 0 nothing that a gate is for, 1 a requirement is violated that was not before, or a gate is met, 2 the run \
                  itself failed or an input could not be read."
)]
pub(crate) struct DiffArguments {
    #[command(flatten)]
    pub(crate) lint: LintArguments,

    /// Compare with this commit or branch of git: the PATHs at REF are the base, as they are now the head
    #[arg(long, value_name = "REF")]
    pub(crate) against: Option<String>,

    /// How to print
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) format: DiffFormat,

    /// Write it in this format to FILE as well; can be given several times
    #[arg(long = "output", value_name = "FORMAT=FILE")]
    pub(crate) outputs: Vec<String>,

    /// Exit with 1 when traffic is opened, or may be: to or from the internet, or any
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) fail_on_opened: Option<OpenedGate>,

    /// Exit with 1 also when a requirement that was satisfied cannot be decided any more
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) fail_on_closed: Option<ClosedGate>,

    /// Exit with 0 whatever is found; a run that fails still exits with 2
    #[arg(long)]
    pub(crate) exit_zero: bool,
}

/// The formats of a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For people
    #[default]
    Text,
    /// For programs, version 1
    Json,
    /// For the comment of a pull request
    Markdown,
    /// What is opened to the internet, for code scanning
    Sarif,
}

/// Which opened traffic fails the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OpenedGate {
    /// What comes from the internet or goes there
    Internet,
    /// All of it
    Any,
}

/// Which closed traffic fails the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClosedGate {
    /// What a requirement asks for
    Required,
}

/// What is linted, by which rules, and with what: all that findings depend on.
#[derive(Debug, Default, Args)]
pub(crate) struct LintArguments {
    /// Files and folders; `-` reads standard input; without any, the paths of the settings file
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Run only these rules, by id, family or tag, such as azureml, 'nsg/*' or security
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = RULES)]
    pub(crate) select: Vec<String>,

    /// Do not run these rules, by id, family or tag
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = RULES)]
    pub(crate) skip: Vec<String>,

    #[command(flatten)]
    pub(crate) services: ServiceArguments,

    #[command(flatten)]
    pub(crate) templates: TemplateArguments,

    /// Read the addresses of service tags from this file, as Microsoft publishes it or az network list-service-tags
    /// prints it
    #[arg(long = "service-tags", value_name = "FILE", help_heading = FACTS)]
    pub(crate) service_tags: Vec<PathBuf>,

    /// Judge every endpoint the workspace itself says it needs: a saved answer of outboundNetworkDependenciesEndpoints
    #[arg(long = "dependencies", value_name = "FILE", help_heading = FACTS)]
    pub(crate) dependencies: Vec<PathBuf>,

    /// Read the rules in this folder as well
    #[arg(long = "rules", value_name = "DIR", help_heading = RULES)]
    pub(crate) rules: Vec<PathBuf>,

    /// Leave out the rules that come with the program
    #[arg(long, help_heading = RULES)]
    pub(crate) no_default_rules: bool,

    /// Leave out files that match, in the notation of .gitignore
    #[arg(long, value_name = "GLOB", help_heading = FILES)]
    pub(crate) exclude: Vec<String>,

    /// Apply --exclude and ignore files to files that are named, too
    #[arg(long, help_heading = FILES)]
    pub(crate) force_exclude: bool,

    /// Read the settings from this file instead of looking for aznetlint.yaml
    #[arg(long, value_name = "FILE", conflicts_with = "no_config", help_heading = RULES)]
    pub(crate) config: Option<PathBuf>,

    /// Read no settings file
    #[arg(long, help_heading = RULES)]
    pub(crate) no_config: bool,

    /// Texts that stand in for settings and rule files, by the path that the disk has
    #[arg(skip)]
    pub(crate) open: std::collections::BTreeMap<PathBuf, std::sync::Arc<str>>,
}

/// What commands are printed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// `az` in a POSIX shell
    Az,
    /// PowerShell with the module Az
    Powershell,
}

/// What is linted, and what becomes of the edits that settle findings.
#[derive(Debug, Args)]
#[command(
    after_help = "Each edit is made on a copy and the run repeated: what does not settle its finding, or breaks anything else, is not offered.\nExit status: 0 no error is left, 1 errors are left, or would be without --write, 2 the run itself failed or an input could not be read."
)]
pub(crate) struct FixArguments {
    #[command(flatten)]
    pub(crate) lint: LintArguments,

    /// Write the edits into the files
    #[arg(long, conflicts_with = "shell")]
    pub(crate) write: bool,

    /// Take also edits that may close something, or that only some facts ask for
    #[arg(long = "unsafe")]
    pub(crate) allow_unsafe: bool,

    /// Print the commands that make the same changes in Azure
    #[arg(long, value_enum, value_name = "SHELL", num_args = 0..=1, require_equals = true, default_missing_value = "az")]
    pub(crate) shell: Option<Shell>,

    /// How to print the edits
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "patch", conflicts_with = "shell")]
    pub(crate) format: FixFormat,
}

/// How edits are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FixFormat {
    /// A patch for `git apply`
    Patch,
    /// Edits by line and column, with the findings they settle
    Json,
    /// A review for GitHub, with suggestions to accept
    Review,
}

/// What is linted, and where its findings are written down.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 it is written, 2 the run itself failed or an input could not be read.")]
pub(crate) struct BaselineArguments {
    #[command(flatten)]
    pub(crate) lint: LintArguments,

    /// Write it to this file, not to the one that the settings name; paths in it are seen from its folder
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,

    /// Only drop the entries of the file that are no longer found; add none
    #[arg(long)]
    pub(crate) prune: bool,
}

/// Which service, what is known of its network, and in which form.
#[derive(Debug, Args)]
#[command(
    after_help = "What decides and is not known is asked for: first run it without facts.\n\n  aznetlint generate azureml-studio --as bicep > main.bicep\n  aznetlint generate azureml-compute --region westeurope --fact public-ip=true … --as terraform\n  aznetlint generate azureml-compute … --fact subnet-prefixes=10.0.1.0/24 --firewall 10.0.0.0/26 --as request\n\nWhat is written was judged first, as `check` would. Exit status: 0 it is written, 2 facts are missing, or something asked for cannot be met."
)]
pub(crate) struct GenerateArguments {
    /// The service, such as azureml-compute
    #[arg(value_name = "SERVICE")]
    pub(crate) service: String,

    /// The form: what is deployed, or a request to those who look after the firewall
    #[arg(long = "as", value_enum, value_name = "FORM", default_value_t)]
    pub(crate) form: GenerateForm,

    /// The region, such as westeurope
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,

    /// What is true of the network, such as public-ip=false; nat-gateway=true adds a NAT gateway
    #[arg(long = "fact", value_name = "NAME=VALUE")]
    pub(crate) facts: Vec<String>,

    /// Send what leaves through a new Azure Firewall, whose subnet has this prefix, such as 10.0.0.0/26
    #[arg(long, value_name = "PREFIX")]
    pub(crate) firewall: Option<String>,

    /// What the names of the resources end in, as in nsg-NAME [default: the service]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Meet only these rules, by id, family or tag
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) select: Vec<String>,

    /// Do not meet these rules, by id, family or tag
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,

    /// Read the rules in this folder as well
    #[arg(long = "rules", value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,

    /// Leave out the rules that come with the program
    #[arg(long)]
    pub(crate) no_default_rules: bool,

    /// Read the settings from this file instead of looking for aznetlint.yaml
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub(crate) config: Option<PathBuf>,

    /// Read no settings file
    #[arg(long)]
    pub(crate) no_config: bool,
}

/// The forms that `generate` writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum GenerateForm {
    /// An ARM template
    Arm,
    /// Bicep
    #[default]
    Bicep,
    /// Terraform, for the provider azurerm
    Terraform,
    /// Commands of az for a POSIX shell
    Az,
    /// A request to a firewall team, in Markdown: each rule, why, its source
    Request,
}

/// Which services there are, and what is known about them.
#[derive(Debug, Default, Args)]
pub(crate) struct ServiceArguments {
    /// Judge this service, on the subnets, NSGs, route tables, firewalls or policies whose name or id matches PATTERN
    #[arg(long = "service", value_name = "SERVICE[@PATTERN]", help_heading = FACTS)]
    pub(crate) services: Vec<String>,

    /// The region, such as westeurope
    #[arg(long, value_name = "REGION", help_heading = FACTS)]
    pub(crate) region: Option<String>,

    /// What the input cannot show, such as public-ip=true; `explain SERVICE` lists the names
    #[arg(long = "fact", value_name = "NAME=VALUE", help_heading = FACTS)]
    pub(crate) facts: Vec<String>,

    /// An appliance that is no Azure Firewall lets everything through; `appliances` of the settings says more
    #[arg(long = "appliance", value_name = "ADDRESS=all", help_heading = FACTS)]
    pub(crate) appliances: Vec<String>,
}

/// What templates are evaluated with.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TemplateArguments {
    /// The name that standard input is shown by; one that ends in .bicep or .bicepparam makes it Bicep
    #[arg(long, value_name = "NAME", help_heading = FILES)]
    pub(crate) stdin_name: Option<String>,

    /// Evaluate templates with this parameter file instead of those beside them; several: once with each
    #[arg(long = "parameters", value_name = "FILE", help_heading = TEMPLATES)]
    pub(crate) parameters: Vec<PathBuf>,

    /// Give one template parameter; a value that is JSON is read as such
    #[arg(long = "set", value_name = "NAME=VALUE", help_heading = TEMPLATES)]
    pub(crate) set: Vec<String>,

    /// The subscription the templates are deployed to
    #[arg(long, value_name = "ID", help_heading = TEMPLATES)]
    pub(crate) subscription: Option<String>,

    /// The resource group the templates are deployed to
    #[arg(long, value_name = "NAME", help_heading = TEMPLATES)]
    pub(crate) resource_group: Option<String>,
}

/// Which flow to follow, and where.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 it passes, 1 it is blocked or cannot be told, 2 the run itself failed.")]
pub(crate) struct TraceArguments {
    /// Files and folders; `-` reads standard input
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,

    /// Where it comes from: a subnet (or NSG, route table, firewall) by name or id, an address, or for inbound flows a
    /// service tag, address or `any`
    #[arg(long, value_name = "FROM")]
    pub(crate) from: Option<String>,

    /// Where it goes to: a service tag, host, address or subnet, then port and protocol, as in Storage.westeurope:445/tcp
    #[arg(long, value_name = "TO:PORT/PROTOCOL")]
    pub(crate) to: String,

    /// The location of the resource group, such as westeurope
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,

    #[command(flatten)]
    pub(crate) templates: TemplateArguments,

    /// Read the addresses of service tags from this file
    #[arg(long = "service-tags", value_name = "FILE")]
    pub(crate) service_tags: Vec<PathBuf>,

    /// An appliance that is no Azure Firewall lets everything through; `appliances` of the settings says more
    #[arg(long = "appliance", value_name = "ADDRESS=all")]
    pub(crate) appliances: Vec<String>,

    /// Read the settings from this file instead of looking for aznetlint.yaml
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub(crate) config: Option<PathBuf>,

    /// Read no settings file
    #[arg(long)]
    pub(crate) no_config: bool,

    /// How to print
    #[arg(long, value_enum, default_value_t = FormatChoice::Text)]
    pub(crate) format: FormatChoice,
}

/// Where routes or rules are listed, and how.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 they are shown, 2 the run itself failed or an input could not be read.")]
pub(crate) struct ViewArguments {
    /// Files and folders; `-` reads standard input
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,

    /// The subnet, by name or id; for rules also a network interface
    #[arg(long, value_name = "PLACE")]
    pub(crate) at: String,

    /// The location of the resource group, such as westeurope
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,

    #[command(flatten)]
    pub(crate) templates: TemplateArguments,

    /// Read the addresses of service tags from this file
    #[arg(long = "service-tags", value_name = "FILE")]
    pub(crate) service_tags: Vec<PathBuf>,

    /// Read the settings from this file instead of looking for aznetlint.yaml
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub(crate) config: Option<PathBuf>,

    /// Read no settings file
    #[arg(long)]
    pub(crate) no_config: bool,

    /// How to print
    #[arg(long, value_enum, default_value_t = FormatChoice::Text)]
    pub(crate) format: FormatChoice,
}

/// Which templates to show, and how.
#[derive(Debug, Args)]
pub(crate) struct ExpandArguments {
    /// Templates, or folders that hold them; `-` reads standard input
    #[arg(value_name = "TEMPLATE", required = true)]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) templates: TemplateArguments,

    /// The location of the resource group, such as westeurope
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,

    /// Only resources whose type starts with one of these, such as Microsoft.Network/
    #[arg(long = "types", value_name = "TYPE", value_delimiter = ',')]
    pub(crate) types: Vec<String>,

    /// Say at every value where its literal is written and the way it came
    #[arg(long)]
    pub(crate) places: bool,
}

/// What to explain.
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// A rule such as azureml/storage-blocked, a service such as azureml-compute, a family such as azureml, or the text
    /// of an error that a deployment or a job ends with
    #[arg(value_name = "RULE|SERVICE|FAMILY|ERROR")]
    pub(crate) name: String,

    /// Read the rules in this folder as well
    #[arg(long = "rules", value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
}

/// Which rules to list.
#[derive(Debug, Args)]
pub(crate) struct RulesArguments {
    /// Only rules whose id, title or tags, or the errors they are seen as, hold this word
    #[arg(value_name = "WORD")]
    pub(crate) filter: Option<String>,

    /// How to print
    #[arg(long, value_enum, default_value_t = FormatChoice::Text)]
    pub(crate) format: FormatChoice,

    /// Read the rules in this folder as well
    #[arg(long = "rules", value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
}

/// Which cases to run.
#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// The folder that holds the rules and their cases
    #[arg(value_name = "DIR", default_value = "rules")]
    pub(crate) folder: PathBuf,

    /// Only rules whose id holds this word
    #[arg(long, value_name = "WORD")]
    pub(crate) only: Option<String>,
}

/// What to look up in which file.
#[derive(Debug, Args)]
pub(crate) struct TagsArguments {
    /// The file with the service tags, as published, from the REST API or from PowerShell; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Service tags, addresses or prefixes; without one, every tag is listed
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,

    /// How to print
    #[arg(long, value_enum, default_value_t = FormatChoice::Text)]
    pub(crate) format: FormatChoice,
}

/// A format of the reports of `check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReportFormat(pub(crate) Format);

/// Takes the words of the formats there are, so that a new format needs no line here.
fn report_formats() -> impl TypedValueParser<Value = ReportFormat> {
    let words = PossibleValuesParser::new(Format::ALL.map(Format::as_str));
    words.map(|word| ReportFormat(Format::of(&word).unwrap_or_default()))
}

/// Where to look, and where to write.
#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// The folder or file to look at
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) path: PathBuf,

    /// Print the settings instead of writing aznetlint.yaml into the current folder
    #[arg(long)]
    pub(crate) stdout: bool,

    /// Write over a file that is there
    #[arg(long)]
    pub(crate) force: bool,
}

/// Which shell to complete for.
#[derive(Debug, Args)]
#[command(after_help = "For bash: aznetlint completions bash > ~/.local/share/bash-completion/completions/aznetlint")]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// Where the manual goes.
#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// Write one page for every command into this folder, instead of the first page to standard output
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

/// Which schema to print.
#[derive(Debug, Args)]
pub(crate) struct SchemaArguments {
    /// What it is for
    #[arg(value_enum, value_name = "KIND")]
    pub(crate) kind: SchemaKind,
}

/// What there is a schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaKind {
    /// aznetlint.yaml
    Settings,
    /// A rule
    Rule,
    /// A service.yaml
    Service,
    /// What check --format json prints
    Report,
    /// What diff --format json prints
    Diff,
    /// What fix --format json prints
    Fix,
}

/// The output formats of the other commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatChoice {
    /// For people
    #[default]
    Text,
    /// For programs, version 1
    Json,
}

/// From which level on findings fail the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Gate {
    /// Any finding
    Note,
    /// Warnings and errors
    Warning,
    /// Errors
    #[default]
    Error,
    /// None
    Never,
}

impl Gate {
    /// The least level that fails the run; none does when it is never to fail.
    pub(crate) fn least(self) -> Option<Level> {
        match self {
            Self::Note => Some(Level::Note),
            Self::Warning => Some(Level::Warning),
            Self::Error => Some(Level::Error),
            Self::Never => None,
        }
    }
}

/// A level of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelChoice {
    /// Everything
    Note,
    /// Warnings and errors
    #[default]
    Warning,
    /// Errors only
    Error,
}

impl From<LevelChoice> for Level {
    fn from(choice: LevelChoice) -> Self {
        match choice {
            LevelChoice::Note => Self::Note,
            LevelChoice::Warning => Self::Warning,
            LevelChoice::Error => Self::Error,
        }
    }
}

/// What a requirement that cannot be decided counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum UndecidedLevel {
    /// Shown, never a failure by itself unless --fail-on note
    #[default]
    Note,
    /// As serious as a warning
    Warning,
    /// As serious as an error
    Error,
}

impl From<UndecidedLevel> for Level {
    fn from(level: UndecidedLevel) -> Self {
        match level {
            UndecidedLevel::Note => Self::Note,
            UndecidedLevel::Warning => Self::Warning,
            UndecidedLevel::Error => Self::Error,
        }
    }
}

/// Which changes a check speaks of, and whether it speaks at all.
#[derive(Debug, Default, Args)]
pub(crate) struct ScopeArguments {
    /// The PATHs are what changed: report only what concerns them, and lint the paths of the settings file or the
    /// whole repository. This is how the pre-commit hook runs
    #[arg(long, conflicts_with = "changed_since", help_heading = FILES)]
    pub(crate) changed: bool,

    /// Report only what concerns the files that changed since this commit or branch, uncommitted changes included
    #[arg(long, value_name = "REF", help_heading = FILES)]
    pub(crate) changed_since: Option<String>,

    /// Print every setting that holds and where it comes from, and lint nothing
    #[arg(long, help_heading = RULES)]
    pub(crate) show_settings: bool,

    /// Show no progress; it is only ever shown on a terminal
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) no_progress: bool,
}
