//! A suite as `mesur up` runs it, and the command as somebody with a token uses it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{complained, mesur, printed};

/// Silent clients are let go at once; a slow machine gets some time.
const STOP_WITHIN: Duration = Duration::from_secs(4);

/// A running suite.
pub(crate) struct Up {
    child: Child,
    /// What was announced, by name.
    announced: Vec<(String, String)>,
    pub(crate) ready_in: Duration,
}

/// Starts a suite on ports that the system chooses.
pub(crate) fn up(data: &Path) -> Up {
    up_with(data, &[])
}

/// Starts a suite with further options.
pub(crate) fn up_with(data: &Path, options: &[&str]) -> Up {
    let started = Instant::now();
    let mut command = mesur();
    command.args(["up", "--port", "0", "--data"]).arg(data);
    command.args(options);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut announced = Vec::new();
    let output = BufReader::new(child.stdout.take().expect("standard output"));
    for line in output.lines() {
        let line = line.expect("a line");
        if line.starts_with("ready") {
            break;
        }
        let (name, what) = line.split_once(' ').expect("a name and what it is");
        announced.push((name.to_owned(), what.trim().to_owned()));
    }
    Up {
        child,
        announced,
        ready_in: started.elapsed(),
    }
}

impl Up {
    fn announced(&self, name: &str) -> &str {
        let mut announced = self.announced.iter();
        let (_, what) = announced.find(|(found, _)| found == name).expect(name);
        what
    }

    /// Where a service is, `127.0.0.1:port`.
    pub(crate) fn address(&self, name: &str) -> &str {
        self.announced(name).trim_start_matches("http://")
    }

    /// Where every service and web page is.
    pub(crate) fn services(&self) -> impl Iterator<Item = &str> {
        let announced = self.announced.iter();
        announced.filter_map(|(_, what)| what.strip_prefix("http://"))
    }

    /// The file with somebody's token.
    pub(crate) fn token(&self, who: &str) -> PathBuf {
        Path::new(self.announced("tokens")).join(format!("{who}.token"))
    }

    /// The command as somebody uses it.
    pub(crate) fn command(&self, who: &str, arguments: &[&str]) -> Command {
        let mut command = mesur();
        command.args(arguments);
        for service in ["submission", "validation"] {
            command.arg(format!("--{service}"));
            command.arg(format!("http://{}", self.address(service)));
        }
        command.arg("--token-file").arg(self.token(who));
        command
    }

    /// What somebody is answered.
    pub(crate) fn ask(&self, who: &str, arguments: &[&str]) -> Output {
        let mut command = self.command(who, arguments);
        command.output().expect("the command runs")
    }

    /// What somebody is answered when all goes well.
    pub(crate) fn told(&self, who: &str, arguments: &[&str]) -> String {
        let output = self.ask(who, arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            complained(&output)
        );
        printed(&output)
    }

    /// The same as JSON.
    pub(crate) fn json(&self, who: &str, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        serde_json::from_str(&self.told(who, &arguments)).expect("JSON")
    }

    /// What somebody is refused with.
    pub(crate) fn refused(&self, who: &str, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.ask(who, arguments);
        (output.status.code(), complained(&output))
    }

    /// Waits, by the events that the status follows, until an authority's line says something.
    pub(crate) fn wait_for(&self, authority: &str, is_so: impl Fn(&Value) -> bool) {
        let watch = ["status", "--edition", "pif/2022-23", "--watch", "--json"];
        let mut child = self.command("statistician", &watch);
        let mut child = child.stdout(Stdio::piped()).spawn().expect("it runs");
        let lines = BufReader::new(child.stdout.take().expect("standard output")).lines();
        let found = lines.map(|line| line.expect("a line")).any(|line| {
            let progress: Value = serde_json::from_str(&line).expect("JSON");
            is_so(of_authority(&progress, authority))
        });
        child.kill().expect("killed");
        child.wait().expect("it ends");
        assert!(found, "the watch ended before it was so");
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("it ends");
    }

    /// Ends it with a signal, which it obeys within its time.
    pub(crate) fn stop(mut self, signal: &str) {
        let told = Instant::now();
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([signal, &pid])
            .status()
            .expect("kill runs");
        assert!(sent.success());
        let status = self.child.wait().expect("it ends");
        assert!(told.elapsed() < STOP_WITHIN, "{:?}", told.elapsed());
        assert!(status.success(), "{status}");
    }
}

impl Drop for Up {
    /// A test that fails leaves no suite behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An authority's line of the progress of a collection.
pub(crate) fn of_authority<'a>(progress: &'a Value, authority: &str) -> &'a Value {
    let mut authorities = progress["authorities"].as_array().into_iter().flatten();
    let found = authorities.find(|line| line["authority"] == authority);
    found.expect("the authority has a line")
}
