//! `mesur snapshot`: freeze the totals of an edition, look at them, prove them, compare them.

use std::process::ExitCode;

use mesur_figures::format_quantity;
use mesur_proto::aggregation::v1 as aggregation;
use mesur_proto::aggregation::v1::compare_snapshots_response::Difference;
use mesur_wire::place_of;
use mesur_wording::Args;

use crate::connection::{Options, PAGE_SIZE, Session, pages, request_id, run};
use crate::names::{EditionArgument, SnapshotArgument, short};
use crate::output::table::{Table, Tone, cell, plain};
use crate::output::{json, say};
use crate::refusal::WRONG;
use crate::{times, words};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Freeze the totals of the returns that are signed off now.
    Create(Of),
    /// List the snapshots.
    List(List),
    /// Show what a snapshot holds, metric by metric.
    Show(One),
    /// Add a snapshot up again from its returns, and compare.
    Verify(One),
    /// Show what differs between two snapshots, and why.
    Compare(Compare),
    /// Rank the authorities by a percentage of the release.
    Rank(Rank),
}

/// What takes an edition alone.
#[derive(Debug, clap::Args)]
pub(crate) struct Of {
    /// The edition, such as pif/2022-23.
    #[arg(long, value_name = "EDITION")]
    edition: EditionArgument,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct One {
    /// The snapshot as it is listed.
    #[arg(value_name = "SNAPSHOT")]
    name: SnapshotArgument,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Compare {
    /// The earlier one.
    #[arg(value_name = "FROM")]
    from: SnapshotArgument,
    /// The later one.
    #[arg(value_name = "TO")]
    to: SnapshotArgument,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Rank {
    /// The snapshot as it is listed.
    #[arg(value_name = "SNAPSHOT")]
    name: SnapshotArgument,
    /// The id of a percent figure of the edition.
    #[arg(long, value_name = "ID")]
    figure: String,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run_command(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Create(arguments) => create(arguments),
        Command::List(arguments) => list(arguments),
        Command::Show(arguments) => show(arguments),
        Command::Verify(arguments) => verify(arguments),
        Command::Compare(arguments) => compare(arguments),
        Command::Rank(arguments) => rank(arguments),
    }
}

fn create(arguments: &Of) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let request = aggregation::CreateSnapshotRequest {
            edition: arguments.edition.resource(""),
            returns: Vec::new(),
            request_id: request_id(),
        };
        let mut aggregation = session.clients.aggregation.clone();
        let answer = aggregation.create_snapshot(request).await;
        let snapshot = answer.map_err(session.told())?.into_inner();
        tell(&session, vec![snapshot])
    })
}

fn list(arguments: &List) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let snapshots = pages(async |page_token| {
            let request = aggregation::ListSnapshotsRequest {
                page_size: PAGE_SIZE,
                page_token,
            };
            let mut aggregation = session.clients.aggregation.clone();
            let page = aggregation.list_snapshots(request).await?.into_inner();
            Ok((page.snapshots, page.next_page_token))
        });
        let snapshots = snapshots.await.map_err(session.told())?;
        tell(&session, snapshots)
    })
}

fn tell(session: &Session, mut snapshots: Vec<aggregation::Snapshot>) -> anyhow::Result<ExitCode> {
    if session.json {
        let all = aggregation::ListSnapshotsResponse {
            snapshots,
            next_page_token: String::new(),
        };
        json::print("mesur.aggregation.v1.ListSnapshotsResponse", &all)?;
        return Ok(ExitCode::SUCCESS);
    }
    let columns = ["col-snapshot", "col-made", "col-identity", "col-digest"];
    let mut table = Table::new(&session.wording, &columns);
    snapshots.sort_by_key(|one| one.create_time.as_ref().map(|at| (at.seconds, at.nanos)));
    for snapshot in &snapshots {
        table.row([
            plain(short(&snapshot.name)),
            plain(times::shown(snapshot.create_time.as_ref())),
            plain(&snapshot.creator),
            cell(&snapshot.digest, Tone::Faint),
        ]);
    }
    say!("{}", table.render());
    Ok(ExitCode::SUCCESS)
}

fn show(arguments: &One) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let request = aggregation::GetSnapshotRequest {
            name: arguments.name.0.clone(),
        };
        let mut aggregation = session.clients.aggregation.clone();
        let answer = aggregation.get_snapshot(request).await;
        let snapshot = answer.map_err(session.told())?.into_inner();
        if session.json {
            json::print("mesur.aggregation.v1.Snapshot", &snapshot)?;
            return Ok(ExitCode::SUCCESS);
        }
        let totals = snapshot.totals.clone().unwrap_or_default();
        let columns = ["col-metric", "#col-coverage", "#col-breakdown", "col-state"];
        let mut table = Table::new(&session.wording, &columns);
        for standing in &totals.metrics {
            let (state, tone) = match (standing.national_published, standing.withholding_proposed) {
                (true, false) => ("standing-published", Tone::Good),
                (true, true) => ("standing-doubtful", Tone::Doubt),
                (false, _) => ("standing-withheld", Tone::Faint),
            };
            table.row([
                plain(&standing.metric),
                plain(format!("{}%", standing.total_coverage_percent)),
                plain(format!("{}%", standing.breakdown_coverage_percent)),
                cell(session.label(state), tone),
            ]);
        }
        say!("{}", table.render());
        let args = Args::new()
            .text("snapshot", &short(&snapshot.name))
            .text("edition", &short(&totals.edition))
            .text("returns", &totals.returns.len().to_string())
            .text("missing", &totals.missing_authorities.len().to_string())
            .text("digest", &snapshot.digest)
            .text("content", &snapshot.content_digest);
        say!(
            "{}",
            words::text(&session.wording, "snapshot-summary", &args)
        );
        Ok(ExitCode::SUCCESS)
    })
}

fn verify(arguments: &One) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let request = aggregation::VerifySnapshotRequest {
            name: arguments.name.0.clone(),
        };
        let mut aggregation = session.clients.aggregation.clone();
        let answer = aggregation.verify_snapshot(request).await;
        let answer = answer.map_err(session.told())?.into_inner();
        if session.json {
            json::print("mesur.aggregation.v1.VerifySnapshotResponse", &answer)?;
        } else {
            for problem in &answer.problems {
                say!("{problem}");
            }
            let told = i32::try_from(answer.problems.len()).unwrap_or(i32::MAX);
            let left_out = answer.problem_count.saturating_sub(told);
            if left_out > 0 {
                say!("… (+{left_out})");
            }
            let verdict = if answer.verified {
                "snapshot-verified"
            } else {
                "snapshot-not-verified"
            };
            let args = Args::new()
                .text("snapshot", &short(&arguments.name.0))
                .text("returns", &answer.return_count.to_string())
                .text("digest", &answer.digest);
            say!("{}", words::text(&session.wording, verdict, &args));
        }
        Ok(if answer.verified {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(WRONG)
        })
    })
}

fn compare(arguments: &Compare) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let request = aggregation::CompareSnapshotsRequest {
            from: arguments.from.0.clone(),
            to: arguments.to.0.clone(),
        };
        let mut aggregation = session.clients.aggregation.clone();
        let answer = aggregation.compare_snapshots(request).await;
        let mut stream = answer.map_err(session.told())?.into_inner();
        let columns = ["col-area", "col-cell", "#col-from", "#col-to", "col-why"];
        let mut table = Table::new(&session.wording, &columns);
        while let Some(one) = stream.message().await.map_err(session.told())? {
            if session.json {
                let value = json::value("mesur.aggregation.v1.CompareSnapshotsResponse", &one)?;
                say!("{value}");
            } else if let Some(difference) = &one.difference {
                table.row(difference_cells(difference));
            }
        }
        if session.json {
        } else if table.is_empty() {
            say!("{}", session.label("no-snapshot-difference"));
        } else {
            say!("{}", table.render());
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn difference_cells(difference: &Difference) -> [crate::output::table::Cell; 5] {
    let number = |units: Option<i64>| units.map_or_else(String::new, |units| units.to_string());
    match difference {
        Difference::Cell(one) => {
            let why: Vec<String> = one.revisions_after.iter().map(|name| short(name)).collect();
            [
                plain(&one.area),
                plain(place_of(&one.metric, &one.category)),
                plain(number(one.before)),
                plain(number(one.after)),
                cell(why.join(" "), Tone::Faint),
            ]
        }
        Difference::Figure(one) => {
            let (before, after) = (one.before.as_ref(), one.after.as_ref());
            let stated = |figure: Option<&aggregation::Figure>| {
                let figure = figure?;
                let decimals = u8::try_from(figure.decimals).ok()?;
                Some(format_quantity(figure.value?, decimals))
            };
            let id = before.or(after).map(|figure| figure.id.clone());
            [
                plain(""),
                plain(id.unwrap_or_default()),
                plain(stated(before).unwrap_or_default()),
                plain(stated(after).unwrap_or_default()),
                cell(one.statements.join(" "), Tone::Faint),
            ]
        }
        Difference::Decision(one) => {
            let decision = one.decision.clone().unwrap_or_default();
            let name = short(&decision.name);
            let (before, after) = if one.in_later {
                (String::new(), name)
            } else {
                (name, String::new())
            };
            [
                plain(&decision.authority),
                plain(&decision.metric),
                plain(before),
                plain(after),
                cell(&decision.reason, Tone::Faint),
            ]
        }
    }
}

fn rank(arguments: &Rank) -> anyhow::Result<ExitCode> {
    run(&arguments.options, async |session| {
        let request = aggregation::RankAuthoritiesRequest {
            name: arguments.name.0.clone(),
            figure: arguments.figure.clone(),
        };
        let mut aggregation = session.clients.aggregation.clone();
        let answer = aggregation.rank_authorities(request).await;
        let answer = answer.map_err(session.told())?.into_inner();
        if session.json {
            json::print("mesur.aggregation.v1.RankAuthoritiesResponse", &answer)?;
            return Ok(ExitCode::SUCCESS);
        }
        let columns = [
            "#col-rank",
            "col-authority",
            "#col-numerator",
            "#col-denominator",
        ];
        let mut table = Table::new(&session.wording, &columns);
        for ranked in &answer.authorities {
            let share = ranked.share.unwrap_or_default();
            table.row([
                plain(ranked.rank.to_string()),
                plain(&ranked.authority),
                plain(share.numerator.to_string()),
                plain(share.denominator.to_string()),
            ]);
        }
        say!("{}", table.render());
        Ok(ExitCode::SUCCESS)
    })
}
