//! Signals, sent to a process of their own: handlers belong to a whole process.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStderr, Command, Stdio};

use mesur_rpc::shutdown;

/// Set in the child process, where `the_child_waits_for_signals` does something.
const CHILD: &str = "MESUR_RPC_SHUTDOWN_CHILD";

/// In the child: says `ready`, then `stopping` at the first signal, then waits for the second.
#[tokio::test]
async fn the_child_waits_for_signals() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let stop = shutdown::on_signal().unwrap();
    writeln!(std::io::stderr(), "ready").unwrap();
    stop.cancelled().await;
    writeln!(std::io::stderr(), "stopping").unwrap();
    std::future::pending::<()>().await;
}

/// Starts this test binary again as the child.
fn start() -> (Child, BufReader<ChildStderr>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "shutdown::the_child_waits_for_signals",
            "--nocapture",
        ])
        .env(CHILD, "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stderr.take().unwrap());
    (child, said)
}

fn heard(said: &mut BufReader<ChildStderr>) -> String {
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    line.trim().to_owned()
}

fn send(child: &Child, signal: &str) {
    let process = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", signal, &process])
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn the_first_signal_stops_and_the_second_leaves_with_130() {
    for (first, second) in [("TERM", "INT"), ("INT", "TERM")] {
        let (mut child, mut said) = start();
        assert_eq!(heard(&mut said), "ready");
        send(&child, first);
        assert_eq!(heard(&mut said), "stopping");
        send(&child, second);
        let code = child.wait().unwrap().code();
        assert_eq!(
            code,
            Some(shutdown::EXIT_CODE_INTERRUPTED),
            "{first} {second}"
        );
    }
}
