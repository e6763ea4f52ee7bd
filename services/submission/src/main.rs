//! The submission service as a process of its own.

use std::process::ExitCode;

use clap::Parser;
use mesur_process::Options;
use mesur_submission::{Config, run};

/// Takes in the returns of the authorities.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// Where validation is, such as `http://127.0.0.1:7402`.
    #[arg(long)]
    validation: String,
}

fn main() -> ExitCode {
    let Arguments {
        options,
        validation,
    } = Arguments::parse();
    mesur_process::run("submission", &options, |parts| {
        let config = Config {
            catalogue: parts.catalogue,
            store: parts.store,
            clock: parts.clock,
            validation,
            authenticator: parts.authenticator,
            bearer: parts.bearer,
            limits: mesur_rpc::server::Limits::default(),
        };
        run(config, parts.listener, parts.stop)
    })
}
