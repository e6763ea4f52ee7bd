//! Breaks Mesur on purpose, and looks whether it keeps its promises: see `docs/durability.md`.
//!
//! `kill` kills the services while many clients work, `replicas` takes replicas and members of their cluster
//! away, `rolling` restarts them one after another, `powercut` cuts the power of the embedded store, on paper, and `points` ends a writer at every step that
//! the store has named. Nothing here is part of the product, and the product has nothing for it.

mod check;
mod checking;
mod kill;
mod points;
mod powercut;
mod replicas;
mod rolling;
mod workload;
mod writer;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;

/// Breaks Mesur on purpose, and looks whether it keeps its promises.
#[derive(Debug, Parser)]
enum Command {
    /// Kills the services while many clients work.
    Kill(kill::Kill),
    /// Takes away replicas of services, and members of the cluster that has their stores.
    Replicas(replicas::Run),
    /// Restarts every replica of every service under a load, and wants no request to fail.
    Rolling(rolling::Rolling),
    /// Cuts the power of the embedded store at many points of a recorded run.
    Powercut(powercut::PowerCut),
    /// Ends a writer at every step that the store has named.
    Points(points::Points),
    /// Writes to a store; what the other commands run.
    #[command(hide = true)]
    Writer(writer::Writer),
    /// Checks a store that a writer left; what the other commands run.
    #[command(hide = true)]
    Check(check::Check),
}

fn main() -> ExitCode {
    let ended = match Command::parse() {
        Command::Kill(kill) => kill.run(),
        Command::Replicas(replicas) => replicas.run(),
        Command::Rolling(rolling) => rolling.run(),
        Command::Powercut(powercut) => powercut.run(),
        Command::Points(points) => points.run(),
        Command::Writer(writer) => writer.run(),
        Command::Check(check) => check.run(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody may be reading, which is no reason to panic.
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}
