//! The service as a process: its options, and how it runs with them.

use std::process::ExitCode;

use mesur_process::Options;

use crate::{Config, run as serve};

/// The options of the process.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Those of every service.
    #[command(flatten)]
    pub options: Options,
    /// Where validation is, such as `http://127.0.0.1:7402`.
    #[arg(long)]
    pub validation: String,
}

/// Serves until a signal stops it, and says how it ended.
pub fn run(arguments: Arguments) -> ExitCode {
    let Arguments {
        options,
        validation,
    } = arguments;
    mesur_process::run("submission", &options, |parts| {
        let config = Config {
            catalogue: parts.catalogue,
            store: parts.store,
            clock: parts.clock,
            validation,
            authenticator: parts.authenticator,
            bearer: parts.bearer,
            limits: parts.limits,
        };
        serve(config, parts.listener, parts.stop)
    })
}
