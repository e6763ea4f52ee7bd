//! `mesur`: the one command people type.
//!
//! Each subcommand is a file under `command`. What the demonstration and a rehearsal share, the
//! whole way from return files to a published release over the services' own gRPC, is in
//! `production`.

mod command;
mod editions;
mod files;
mod findings;
mod output;
mod production;
mod samples;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Official statistics from local authorities: collect, check, add up, publish.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the four services on this machine.
    Up(command::up::Arguments),
    /// Show everything with the bundled sample: 22 returns of two years, two releases.
    Demo(command::demo::Arguments),
    /// Do a whole production run for an edition and a folder of return files.
    Rehearse(command::rehearse::Arguments),
    /// Work with a return file.
    #[command(subcommand)]
    Return(command::data_return::Command),
    /// Work with editions of the catalogue.
    #[command(subcommand)]
    Catalogue(command::catalogue::Command),
}

fn main() -> ExitCode {
    let ended = match Arguments::parse().command {
        Command::Up(arguments) => command::up::run(&arguments),
        Command::Demo(arguments) => command::demo::run(&arguments),
        Command::Rehearse(arguments) => command::rehearse::run(&arguments),
        Command::Return(command) => command::data_return::run(&command),
        Command::Catalogue(command) => command::catalogue::run(&command),
    };
    match ended {
        Ok(_) if output::is_lost() => {
            let _ = writeln!(std::io::stderr(), "mesur: the output could not be written");
            ExitCode::from(2)
        }
        Ok(code) => code,
        Err(error) => {
            // Nobody may be reading; the exit code says it too.
            let _ = writeln!(std::io::stderr(), "mesur: {error:#}");
            ExitCode::from(2)
        }
    }
}
