//! `mesur serve`: one of the four services as a process of its own, as in a container.

use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Take in the returns of the authorities.
    Submission(Box<mesur_submission::process::Arguments>),
    /// Check returns against the rules of their edition.
    Validation(Box<mesur_validation::process::Arguments>),
    /// Add the signed-off returns up and freeze the result.
    Aggregation(Box<mesur_aggregation::process::Arguments>),
    /// Compile releases, publish them and serve them.
    Publication(Box<mesur_publication::process::Arguments>),
}

/// Serves until a signal stops it. How it ended is in the log.
pub(crate) fn run(command: Command) -> ExitCode {
    match command {
        Command::Submission(arguments) => mesur_submission::process::run(*arguments),
        Command::Validation(arguments) => mesur_validation::process::run(*arguments),
        Command::Aggregation(arguments) => mesur_aggregation::process::run(*arguments),
        Command::Publication(arguments) => mesur_publication::process::run(*arguments),
    }
}
