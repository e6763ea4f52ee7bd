//! Members of the cluster die, or cannot be reached, while authorities work.

use std::time::Duration;

use anyhow::{Context, ensure};
use mesur_proto::validation::v1 as validation;
use tokio::time::{Instant, sleep, timeout};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::cluster::Cluster;
use super::http;
use super::processes::Replicas;
use crate::kill::calls::Caller;
use crate::kill::journal::Journal;
use crate::kill::{EDITION, say};

/// So many changes have to be acknowledged before everything goes on.
const CHANGES: usize = 16;
/// How long that may take.
const TIMEOUT: Duration = Duration::from_mins(1);
/// How often it is looked.
const INTERVAL: Duration = Duration::from_millis(2);
/// How long a refusal may take: the store's patience is five seconds.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(15);

/// Breaks the cluster in each way, once.
pub(crate) async fn all(
    cluster: &mut Cluster,
    pair: &mut [Replicas; 2],
    caller: &mut Caller,
    release: &str,
) -> anyhow::Result<()> {
    let journal = caller.shared_journal();
    progress(&journal, "with nothing broken").await?;

    let leader = cluster.leader().await?;
    cluster.kill(leader)?;
    progress(&journal, "the leader killed").await?;
    cluster.start_again(leader)?;

    let follower = Cluster::behind(cluster.leader().await?, 1);
    cluster.kill(follower)?;
    progress(&journal, "a follower killed").await?;
    cluster.start_again(follower)?;

    let leader = cluster.leader().await?;
    cluster.reachable(leader, false)?;
    progress(&journal, "the leader cut off from the services").await?;
    cluster.reachable(leader, true)?;
    progress(&journal, "what was on the way to it arriving late").await?;

    let leader = cluster.leader().await?;
    let two = [leader, Cluster::behind(leader, 1)];
    for member in two {
        cluster.kill(member)?;
    }
    for replicas in pair.iter() {
        let took = is_away(replicas, caller).await?;
        let files = all_files(replicas, caller.journal(), release).await?;
        say(&format!(
            "two of three members gone: a change is refused after {} ms, and all {files} files of the release are there",
            took.as_millis()
        ))?;
    }
    for member in two {
        cluster.start_again(member)?;
    }
    progress(&journal, "both members started again").await?;
    for replicas in pair {
        replicas.must_run()?;
    }
    Ok(())
}

/// Waits until authorities are answered again, and says how long they were not.
async fn progress(journal: &Journal, what: &str) -> anyhow::Result<()> {
    let count = || journal.told().acknowledged.values().sum::<usize>();
    let (begun, from) = (Instant::now(), count());
    let (mut last, mut seen, mut longest) = (begun, from, Duration::ZERO);
    while seen < from + CHANGES {
        ensure!(
            begun.elapsed() < TIMEOUT,
            "{what}: no {CHANGES} changes in {TIMEOUT:?}"
        );
        sleep(INTERVAL).await;
        let now = count();
        longest = longest.max(last.elapsed());
        if now > seen {
            (seen, last) = (now, Instant::now());
        }
    }
    say(&format!(
        "{what}: {CHANGES} changes took {} ms, none came for {} ms",
        begun.elapsed().as_millis(),
        longest.as_millis()
    ))
}

/// Everybody gets every file of the release that was published last; how many there are.
async fn all_files(replicas: &Replicas, journal: &Journal, release: &str) -> anyhow::Result<usize> {
    let published = journal.told().published.last().cloned();
    let files = published.context("a release")?.files;
    for (file, _) in &files {
        http::get(replicas.web, &format!("/{release}/{file}")).await?;
    }
    Ok(files.len())
}

/// A change is refused for now, and the refusal says when to come back; how long that took.
async fn is_away(replicas: &Replicas, caller: &mut Caller) -> anyhow::Result<Duration> {
    let request = validation::OpenRoundRequest {
        parent: EDITION.to_owned(),
        due_date: "2099-01-31".to_owned(),
        request_id: caller.request_id(),
    };
    let mut client = replicas.world.person("statistician")?.validation;
    let begun = Instant::now();
    let answer = timeout(REFUSAL_TIMEOUT, client.open_round(request)).await;
    let status = answer.context("no refusal")?.err().context("no majority")?;
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.as_str());
    let retry = details.retry_info().and_then(|retry| retry.retry_delay);
    ensure!(
        status.code() == Code::Unavailable && reason == Some("STORE_AWAY") && retry.is_some(),
        "refused with {status:?}"
    );
    Ok(begun.elapsed())
}
