//! `aznetlint check --what-to-export`: the commands whose answers would settle what is undecided.

use crate::cli::arguments::Shell;
use crate::finding::{Report, Settling};
use crate::judge::EXPORTS_FOLDER;

/// The commands with what is to be done with their answers, as a script in which nothing is written to Azure.
pub(crate) fn script(report: &Report, shell: Shell) -> String {
    let Settling { commands, otherwise } = &report.settling;
    let counts = report.counts();
    let flows = |count: usize| if count == 1 { "1 flow is".to_owned() } else { format!("{count} flows are") };
    let open = [(counts.undecided, "undecided"), (counts.conditional, "blocked and may not be needed")];
    let told = open.into_iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = told.map(|(count, what)| format!("{} {what}", flows(count))).collect();
    let nothing = commands.is_empty() && otherwise.is_empty();
    let mut lines = vec![match told.join(", ") {
        told if told.is_empty() && nothing => "# nothing is undecided, and all that is named is shown".to_owned(),
        told if told.is_empty() => "# not all that is named is shown".to_owned(),
        told if nothing => format!("# {told}, and nothing that could be asked for would settle it"),
        told => format!("# {told}"),
    }];
    if !commands.is_empty() {
        lines.push("# These commands read from Azure and change nothing there.".to_owned());
        lines.push(match shell {
            Shell::Az => format!("mkdir -p {EXPORTS_FOLDER}"),
            Shell::Powershell => format!("New-Item -ItemType Directory -Force {EXPORTS_FOLDER} | Out-Null"),
        });
        for command in commands {
            lines.push(format!("# {}", command.what));
            lines.push(match shell {
                Shell::Az => command.az.clone(),
                Shell::Powershell => command.powershell.clone(),
            });
        }
        lines.push(format!(
            "# Then check once more, with the folder {EXPORTS_FOLDER} among the paths: what it shows may name more.\n# An empty list is an answer too: say with --fact that there is none."
        ));
    }
    if !otherwise.is_empty() {
        lines.push("# What no answer shows can be said:".to_owned());
        lines.extend(otherwise.iter().map(|told| format!("#   {}", crate::printable::line(told))));
    }
    lines.join("\n") + "\n"
}
