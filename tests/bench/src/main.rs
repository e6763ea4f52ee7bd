//! Measures Mesur beside the least that the hardware and the libraries allow, in the same run.
//!
//! `cargo run --release -p mesur-bench -- [--json] [--row NAME] [--rounds N] [--quick]`. What the
//! rows are and how to read them stands in `docs/performance.md`.
//!
//! What stands beside Mesur does the same work without Mesur: the same bytes over as many
//! connections to a server in a process of its own, or as many writers to a file on the same disk.
//! Nothing here is part of the product, and the product has nothing for it.

mod batch;
mod content;
mod floor;
mod history;
mod invented;
mod load;
mod measure;
mod pages;
mod process;
mod production;
mod raw;
mod report;
mod rows;
mod server;
mod stand;
mod suite;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use rows::{Effort, ROWS};
use server::Serve;

/// That of the command: services that run in this program are measured as they are in that one, and so is what stands
/// beside them.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Measures Mesur beside the least that the hardware and the libraries allow.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Only this row; may be given again.
    #[arg(long = "row", value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(ROWS.iter().map(|(name, _)| *name)))]
    rows: Vec<String>,
    /// Alternating rounds of each row.
    #[arg(long, default_value_t = 5, value_name = "N")]
    rounds: usize,
    /// Short rounds: to see that it runs, not to read figures from.
    #[arg(long)]
    quick: bool,
}

/// What this program is when it is one side of a row.
#[derive(Debug, clap::Subcommand)]
enum Part {
    #[command(flatten)]
    Serve(Serve),
    /// Servers that stand, for other load generators.
    #[command(hide = true)]
    Stand,
    /// The batch task, from the files in one folder into another; prints the kilobytes that it took.
    #[command(hide = true)]
    Batch {
        /// The folder of the files.
        data: PathBuf,
        /// Where failures and totals are written.
        out: PathBuf,
    },
}

impl Part {
    fn run(&self) -> anyhow::Result<()> {
        match self {
            Self::Serve(serve) => serve.run(),
            Self::Stand => stand::run(),
            Self::Batch { data, out } => {
                let peak = batch::run(data, out)?;
                Ok(writeln!(std::io::stdout(), "{}", peak / 1024.0)?)
            }
        }
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody may be reading, which is no reason to panic.
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if let Some(part) = &arguments.part {
        return part.run();
    }
    let effort = Effort {
        rounds: arguments.rounds.max(1),
        window: Duration::from_millis(if arguments.quick { 100 } else { 1_000 }),
    };
    let mut rows = Vec::new();
    for (name, run) in ROWS {
        if arguments.rows.is_empty() || arguments.rows.iter().any(|row| row == name) {
            let _ = writeln!(std::io::stderr(), "{name} …");
            rows.extend(run(effort)?);
        }
    }
    let text = if arguments.json {
        report::json(&rows)?
    } else {
        report::table(&rows)
    };
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
