//! `mesur disclosure`: what a reader can work out about the values that are hidden.

use std::process::ExitCode;

use mesur_proto::publication::v1 as publication;
use mesur_wire::place_of;
use mesur_wording::Args;

use crate::connection::{Options, run};
use crate::names::ReleaseArgument;
use crate::output::table::{Table, Tone, cell, plain};
use crate::output::{json, say};
use crate::refusal::WRONG;
use crate::words;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Work out the tightest interval that a reader can derive for every hidden value.
    Audit(Audit),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Audit {
    /// The release, such as pif-2022-23, or a revision of it, such as pif-2022-23/2.
    #[arg(value_name = "RELEASE")]
    name: ReleaseArgument,
    #[command(flatten)]
    options: Options,
}

/// Exit code 1 when something is not as well protected as its policy asks for.
pub(crate) fn run_command(Command::Audit(arguments): &Command) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let request = publication::AuditDisclosureRequest {
            name: arguments.name.0.clone(),
        };
        let mut publication = session.clients.publication.clone();
        let answer = publication.audit_disclosure(request).await;
        let audit = answer.map_err(session.told())?.into_inner();
        if session.json {
            json::print("mesur.publication.v1.AuditDisclosureResponse", &audit)?;
        } else {
            let columns = [
                "col-area",
                "col-cell",
                "#col-least",
                "#col-most",
                "#col-width",
            ];
            let mut table = Table::new(&session.wording, &columns);
            for hidden in &audit.hidden {
                let tone = if hidden.protected {
                    Tone::Plain
                } else {
                    Tone::Bad
                };
                let most = hidden
                    .upper
                    .map_or_else(|| "∞".to_owned(), |upper| upper.to_string());
                table.row([
                    plain(&hidden.area),
                    plain(place_of(&hidden.metric, &hidden.category)),
                    cell(hidden.lower.to_string(), tone),
                    cell(most, tone),
                    plain(hidden.required_width.to_string()),
                ]);
            }
            if !table.is_empty() {
                say!("{}", table.render());
            }
            let args = Args::new()
                .text("exact", &audit.exact_count.to_string())
                .text("rounded", &audit.rounded_count.to_string())
                .text("primary", &audit.primary_count.to_string())
                .text("complementary", &audit.complementary_count.to_string());
            say!("{}", words::text(&session.wording, "audit-summary", &args));
            let verdict = if audit.safe {
                "audit-safe"
            } else {
                "audit-unsafe"
            };
            say!("{}", session.label(verdict));
        }
        Ok(if audit.safe {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(WRONG)
        })
    })
}
