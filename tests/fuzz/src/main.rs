//! Gives every reader of Mesur what nobody meant it to read.
//!
//! `cargo run -p mesur-fuzz -- [TARGET…] [--seconds N] [--seed S]`. A target is one function of bytes
//! ([`targets`]); it must not panic, nor take longer than [`INPUT_TIME_MAX`], and most hold the reader
//! against something: another reader, or what was written. It begins with what our own code writes and
//! what stands in `corpus/TARGET`, and goes on with changes of that ([`mutate`]). What a target answers
//! tells one outcome from another: an input with a new one is kept and changed further.
//!
//! The same seed gives the same inputs. What fails is written to the folder `found`, and run again with
//! `--input FILE`.

mod mutate;
mod targets;

use std::collections::HashSet;
use std::fs;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Parser;
use fastrand::Rng;

use mutate::Mutator;
use targets::{TARGETS, Target};

/// How long one input may take, without optimisation on a busy machine.
const INPUT_TIME_MAX: Duration = Duration::from_mins(1);

/// Inputs that are kept of one target at most.
const KEPT_MAX: usize = 4_096;

/// Gives every reader what nobody meant it to read.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which readers; all without one.
    targets: Vec<String>,
    /// How long each is tried.
    #[arg(long, default_value_t = 5, value_name = "N")]
    seconds: u64,
    /// Where the inputs begin.
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// Gives one target this input alone.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Where inputs that fail are written.
    #[arg(long, default_value = "found", value_name = "FOLDER")]
    found: PathBuf,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Nobody may be reading, which is no reason to panic.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let unknown = |name: &&String| !TARGETS.iter().any(|target| target.name == **name);
    if let Some(name) = arguments.targets.iter().find(unknown) {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        bail!("{name} is none of {}", names.join(", "));
    }
    let chosen = |target: &&Target| {
        arguments.targets.is_empty() || arguments.targets.iter().any(|name| name == target.name)
    };
    for target in TARGETS.iter().filter(chosen) {
        if let Some(file) = &arguments.input {
            let input = fs::read(file).with_context(|| file.display().to_string())?;
            (target.run)(&input);
            continue;
        }
        try_target(target, arguments)?;
    }
    Ok(())
}

/// Inputs of one target, and the outcomes seen.
struct Trial<'a> {
    target: &'a Target,
    found: &'a Path,
    outcomes: HashSet<u64>,
    kept: Vec<Vec<u8>>,
    slowest: Duration,
}

fn try_target(target: &Target, arguments: &Arguments) -> anyhow::Result<()> {
    let mut trial = Trial {
        target,
        found: &arguments.found,
        outcomes: HashSet::new(),
        kept: Vec::new(),
        slowest: Duration::ZERO,
    };
    let start = Instant::now();
    for input in corpus(target)? {
        trial.give(&input)?;
        trial.kept.push(input);
    }
    let seeds = trial.kept.len();
    let mut mutator = Mutator::new(Rng::with_seed(arguments.seed), target.words);
    let mut count = 0_u64;
    while start.elapsed() < Duration::from_secs(arguments.seconds) {
        let input = mutator.change(&trial.kept);
        count = count.saturating_add(1);
        if trial.give(&input)? && trial.kept.len() < KEPT_MAX {
            trial.kept.push(input);
        }
    }
    say(&format!(
        "{}: {seeds} to begin with, {count} more, {} outcomes, the slowest took {} ms",
        target.name,
        trial.outcomes.len(),
        trial.slowest.as_millis()
    ));
    Ok(())
}

impl Trial<'_> {
    /// Gives the target an input; `true` when its outcome is new.
    fn give(&mut self, input: &[u8]) -> anyhow::Result<bool> {
        let start = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.target.run)(input)));
        let took = start.elapsed();
        self.slowest = self.slowest.max(took);
        let Ok(outcome) = outcome else {
            bail!("{} failed; {}", self.target.name, self.keep(input)?);
        };
        if took > INPUT_TIME_MAX {
            bail!("{} took {took:?}; {}", self.target.name, self.keep(input)?);
        }
        Ok(self.outcomes.insert(outcome))
    }

    /// Writes an input that fails, and says how to see it again.
    fn keep(&self, input: &[u8]) -> anyhow::Result<String> {
        fs::create_dir_all(self.found).context("the folder of what was found")?;
        let name = format!("{}-{}", self.target.name, mutate::digest(input));
        let file = self.found.join(name);
        fs::write(&file, input).context("writing what was found")?;
        let file = file.display();
        Ok(format!(
            "see `mesur-fuzz {} --input {file}`",
            self.target.name
        ))
    }
}

/// What a target begins with: what our own code writes, and the files of its folder by name.
fn corpus(target: &Target) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut inputs = (target.seeds)()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target.name);
    if folder.is_dir() {
        let entries = fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path()));
        let mut files = entries.collect::<Result<Vec<_>, _>>()?;
        files.sort();
        for file in files {
            inputs.push(fs::read(&file).with_context(|| file.display().to_string())?);
        }
    }
    if inputs.is_empty() {
        bail!("{} has nothing to begin with", target.name);
    }
    Ok(inputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_takes_what_stands_in_its_corpus_and_some_changes_of_it() {
        for target in &TARGETS {
            let kept = corpus(target).unwrap();
            let mut mutator = Mutator::new(Rng::with_seed(7), target.words);
            for input in &kept {
                (target.run)(input);
            }
            for _ in 0..20 {
                (target.run)(&mutator.change(&kept));
            }
        }
    }
}
