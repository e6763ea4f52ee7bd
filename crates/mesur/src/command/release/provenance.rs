//! Where a published figure comes from.

use std::process::ExitCode;

use mesur_proto::publication::v1 as publication;

use crate::connection::{Options, run};
use crate::names::{ReleaseArgument, short};
use crate::output::table::{Table, Tone, cell, plain};
use crate::output::{json, printable, say};
use crate::times;

#[derive(Debug, clap::Args)]
pub(crate) struct Where {
    /// The release, such as pif-2022-23, or a revision of it, such as pif-2022-23/2.
    #[arg(value_name = "RELEASE")]
    name: ReleaseArgument,
    /// The id of a figure of a statement.
    #[arg(long, value_name = "ID", conflicts_with = "metric")]
    figure: Option<String>,
    /// For a cell: the metric's code.
    #[arg(long, value_name = "CODE", required_unless_present = "figure")]
    metric: Option<String>,
    /// For a cell: the category's code.
    #[arg(long, value_name = "CODE", requires = "metric")]
    category: Option<String>,
    #[command(flatten)]
    options: Options,
}

/// Says where a figure or a cell comes from.
pub(super) fn whence(arguments: &Where) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let request = publication::GetProvenanceRequest {
            name: arguments.name.0.clone(),
            figure: arguments.figure.clone().unwrap_or_default(),
            metric: arguments.metric.clone().unwrap_or_default(),
            category: arguments.category.clone().unwrap_or_default(),
        };
        let mut publication = session.clients.publication.clone();
        let answer = publication.get_provenance(request).await;
        let found = answer.map_err(session.told())?.into_inner();
        if session.json {
            json::print("mesur.publication.v1.Provenance", &found)?;
            return Ok(ExitCode::SUCCESS);
        }
        let columns = ["col-authority", "col-return", "col-signed", "col-digest"];
        let mut table = Table::new(&session.wording, &columns);
        for one in &found.returns {
            table.row([
                plain(&one.authority),
                plain(short(&one.name)),
                plain(times::shown(one.sign_off_time.as_ref())),
                cell(&one.digest, Tone::Faint),
            ]);
        }
        say!("{}", table.render());
        let decisions: Vec<String> = found.decisions.iter().map(|name| short(name)).collect();
        let facts = [
            ("fact-statement", found.statement.unwrap_or_default().en),
            ("fact-value", found.value),
            ("fact-expression", found.expression),
            ("fact-release", short(&found.release)),
            (
                "fact-snapshot",
                format!("{} {}", short(&found.snapshot), found.snapshot_digest),
            ),
            (
                "fact-edition",
                format!("{} {}", short(&found.edition), found.edition_digest),
            ),
            ("fact-decisions", decisions.join(" ")),
            ("fact-compiler", found.compiler),
            ("fact-approver", found.approver),
            ("fact-published", times::shown(found.publish_time.as_ref())),
        ];
        for (label, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
            say!("{}: {}", session.label(label), printable(value));
        }
        Ok(ExitCode::SUCCESS)
    })
}
