//! `mesur`: the one command people type.
//!
//! Each subcommand is a file under `command`. Most of them ask a running service, as one person
//! (`connection`), and print what it answers (`output`). What the demonstration and a rehearsal
//! share, the whole way from return files to a published release, is in `production`.

mod command;
mod connection;
mod editions;
mod files;
mod findings;
mod form;
mod login;
mod names;
mod output;
mod production;
mod refusal;
mod samples;
mod times;
mod trust;
mod words;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The C library keeps most of what a busy hour took. This one gives back within a second what is no longer in use, by
/// a thread of its own; `.cargo/config.toml` says how soon.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Official statistics from local authorities: collect, check, add up, publish.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, after_help = refusal::EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the four services on this machine.
    Up(command::up::Arguments),
    /// Run one service, as a process of its own.
    #[command(subcommand)]
    Serve(command::serve::Command),
    /// Show everything with the bundled sample: 22 returns of two years, two releases.
    Demo(command::demo::Arguments),
    /// Do a whole production run for an edition and a folder of return files.
    Rehearse(command::rehearse::Arguments),
    /// Check, send, look at and sign a return.
    #[command(subcommand)]
    Return(command::data_return::Command),
    /// Write the form that an authority fills in and sends back.
    Form(command::form::Arguments),
    /// List what was found in a return.
    Findings(command::findings::Findings),
    /// Explain a finding, or decide about it.
    #[command(subcommand)]
    Finding(command::findings::Finding),
    /// List everything that was said about a return.
    Remarks(command::findings::Remarks),
    /// Ask an authority about its return, and answer.
    #[command(subcommand)]
    Query(command::query::Command),
    /// Say how far the collection of an edition has come.
    Status(command::status::Arguments),
    /// When returns are due, and when an edition closes.
    #[command(subcommand)]
    Schedule(command::schedule::Command),
    /// Let a supplier's system send for an authority.
    #[command(subcommand)]
    Delegation(command::delegation::Command),
    /// Mark values of single authorities as robust or not.
    #[command(subcommand)]
    Robust(command::robust::Command),
    /// Compare the authorities' values with one another.
    CompareAuthorities(command::robust::Of),
    /// Freeze the totals of an edition, and look at them.
    #[command(subcommand)]
    Snapshot(command::snapshot::Command),
    /// Decide what is published of a metric, and how it is marked.
    #[command(subcommand)]
    Decision(command::decision::Command),
    /// Compile, review, approve and publish releases, and read them.
    #[command(subcommand)]
    Release(command::release::Command),
    /// Say who may see a release before it is published.
    #[command(subcommand)]
    EarlyAccess(command::early_access::Command),
    /// Look at what a reader can work out about hidden values.
    #[command(subcommand)]
    Disclosure(command::disclosure::Command),
    /// Print published values.
    Dataset(command::dataset::Arguments),
    /// Send the words of a release out to be translated, and take them back.
    #[command(subcommand)]
    Texts(command::texts::Command),
    /// List what readers sent with the form of the page.
    Feedback(command::feedback::Arguments),
    /// Back up, restore, move and look through the stores of the services.
    #[command(subcommand)]
    Store(command::store::Command),
    /// Read who did what, and verify that none of it was changed.
    #[command(subcommand)]
    Audit(command::store::audit::Command),
    /// Log in at your organisation's provider of identities.
    Login(command::login::Arguments),
    /// Log out again.
    Logout(command::login::Logout),
    /// Make tokens for trying Mesur out.
    #[command(subcommand)]
    Access(command::access::Command),
    /// Work with editions of the catalogue.
    #[command(subcommand)]
    Catalogue(command::catalogue::Command),
}

fn main() -> ExitCode {
    let ended = match Arguments::parse().command {
        Command::Up(arguments) => command::up::run(&arguments),
        Command::Serve(command) => Ok(command::serve::run(command)),
        Command::Demo(arguments) => command::demo::run(&arguments),
        Command::Rehearse(arguments) => command::rehearse::run(&arguments),
        Command::Return(command) => command::data_return::run(&command),
        Command::Form(arguments) => command::form::run(&arguments),
        Command::Findings(arguments) => command::findings::findings(&arguments),
        Command::Finding(command) => command::findings::finding(&command),
        Command::Remarks(arguments) => command::findings::remarks(&arguments),
        Command::Query(command) => command::query::run_command(&command),
        Command::Status(arguments) => command::status::run_command(&arguments),
        Command::Schedule(command) => command::schedule::run_command(&command),
        Command::Delegation(command) => command::delegation::run_command(&command),
        Command::Robust(command) => command::robust::run_command(&command),
        Command::CompareAuthorities(arguments) => command::robust::compare(&arguments),
        Command::Snapshot(command) => command::snapshot::run_command(&command),
        Command::Decision(command) => command::decision::run_command(&command),
        Command::Release(command) => command::release::run_command(&command),
        Command::EarlyAccess(command) => command::early_access::run_command(&command),
        Command::Disclosure(command) => command::disclosure::run_command(&command),
        Command::Dataset(arguments) => command::dataset::run_command(&arguments),
        Command::Texts(command) => command::texts::run_command(&command),
        Command::Feedback(arguments) => command::feedback::run_command(&arguments),
        Command::Store(command) => command::store::run_command(&command),
        Command::Audit(command) => command::store::audit::run_command(&command),
        Command::Login(arguments) => command::login::run(&arguments),
        Command::Logout(arguments) => command::login::run_logout(&arguments),
        Command::Access(command) => command::access::run(&command),
        Command::Catalogue(command) => command::catalogue::run(&command),
    };
    match ended {
        Ok(_) if output::is_lost() => {
            let _ = writeln!(std::io::stderr(), "mesur: the output could not be written");
            ExitCode::from(refusal::USE)
        }
        Ok(code) => code,
        Err(error) => {
            // Nobody may be reading; the exit code says it too.
            let _ = writeln!(std::io::stderr(), "mesur: {error:#}");
            ExitCode::from(refusal::exit_code(&error))
        }
    }
}
