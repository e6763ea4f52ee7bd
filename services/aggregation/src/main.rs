//! The aggregation service as a process of its own.

use std::process::ExitCode;

use clap::Parser;
use mesur_aggregation::{Config, run};
use mesur_process::Options;

/// Adds the signed-off returns up and freezes the result.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// Where submission is, such as `http://127.0.0.1:7401`.
    #[arg(long)]
    submission: String,
    /// Where validation is, such as `http://127.0.0.1:7402`.
    #[arg(long)]
    validation: String,
}

fn main() -> ExitCode {
    let Arguments {
        options,
        submission,
        validation,
    } = Arguments::parse();
    mesur_process::run("aggregation", &options, |parts| {
        let config = Config {
            catalogue: parts.catalogue,
            store: parts.store,
            clock: parts.clock,
            submission,
            validation,
            authenticator: parts.authenticator,
            bearer: parts.bearer,
            limits: mesur_rpc::server::Limits::default(),
        };
        run(config, parts.listener, parts.stop)
    })
}
