//! The moment of publication, when the replica that is to publish dies or is paused.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use mesur_proto::publication::v1 as publication;
use mesur_proto::publication::v1::Release;
use mesur_proto::publication::v1::release::State;
use tokio::time::{Instant, sleep};
use tonic::Status;

use super::http;
use super::processes::{LEASE_SECONDS, Replica, Replicas};
use crate::kill::calls::{Caller, reason};
use crate::kill::journal::Published;
use crate::kill::people::Person;
use crate::kill::{refused, say};

/// The duty of publishing, as publication names it.
const DUTY: &str = "duty=\"publishing\"";
/// What the log says of who has a duty, and of who had it.
const HAS_IT: &str = "this replica has it";
const LOST_IT: &str = "lost it to another";
/// What it says when readers need nothing but the replica.
const IN_MEMORY: &str = "all that is published is in memory";
/// How long before the moment the replicas start.
const PRELUDE: Duration = Duration::from_secs(20);
/// How long before the moment the one with the duty goes away.
const GOES_AT: Duration = Duration::from_millis(200);
/// How late a release may come out: when the lease has run out, on a machine with much else to do.
const LATE_MAX: Duration = Duration::from_secs(LEASE_SECONDS + 6);
/// How long something else may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How often something is looked at again.
const INTERVAL: Duration = Duration::from_millis(5);
/// The days in a row on which nothing is published, at the most: Christmas and a weekend.
const DAYS_OFF_MAX: i64 = 7;

/// What becomes of the replica that is to publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is killed.
    Killed,
    /// It is paused for longer than its lease.
    Paused,
}

/// Puts an approved release on the first working day after the one that it was compiled on by the clock of
/// publication, which is behind everything that has happened to a release.
pub(crate) async fn schedule(
    caller: &mut Caller,
    publisher: &Person,
    approved: &Release,
) -> Result<Release, Status> {
    let compiled = approved.compile_time.unwrap_or_default();
    let compiled = Timestamp::new(compiled.seconds, compiled.nanos).unwrap_or_default();
    let today = compiled.to_zoned(TimeZone::UTC).date();
    for days in 1..=DAYS_OFF_MAX {
        let request = publication::ScheduleReleaseRequest {
            name: approved.name.clone(),
            etag: approved.etag.clone(),
            publish_date: today.saturating_add(days.days()).to_string(),
            request_id: caller.request_id(),
        };
        let answer = caller.ask(|| {
            let (mut client, request) = (publisher.publication.clone(), request.clone());
            async move { client.schedule_release(request).await }
        });
        match answer.await {
            Err(status) if reason(&status).as_deref() == Some("NOT_A_WORKING_DAY") => {}
            answer => return answer,
        }
    }
    Err(Status::internal("there is no working day"))
}

/// The moment of a scheduled release.
pub(crate) fn moment(scheduled: &Release) -> anyhow::Result<Timestamp> {
    let time = scheduled.scheduled_time.context("a moment")?;
    Ok(Timestamp::new(time.seconds, time.nanos)?)
}

/// Lets the moment of a scheduled release come, and the replica that is to publish it go away in the
/// second before: the other publishes it, once.
pub(crate) async fn comes(
    pair: &mut [Replicas; 2],
    caller: &mut Caller,
    scheduled: &Release,
    fate: Fate,
) -> anyhow::Result<()> {
    let moment = moment(scheduled)?;
    let ahead = moment.as_second() - Timestamp::now().as_second() - seconds(PRELUDE)?;
    let now = || Ok::<_, anyhow::Error>(Timestamp::now().checked_add(ahead.seconds())?);
    for replicas in pair.iter_mut() {
        replicas.publication()?.start_again(ahead)?;
    }
    for replicas in pair.iter_mut() {
        replicas.publication()?.ready().await?;
    }
    let holder = holder(pair).await?;
    let [first, second] = pair;
    let (holder, other) = if holder == 0 {
        (first, second)
    } else {
        (second, first)
    };
    let until = Duration::try_from(moment.duration_since(now()?)).ok();
    let until = until.and_then(|until| until.checked_sub(GOES_AT));
    let until = until.context("the replicas started too late: the machine is too busy")?;
    sleep(until).await;
    match fate {
        Fate::Killed => holder.publication()?.kill()?,
        Fate::Paused => holder.publication()?.pause(true)?,
    }
    let reader = other.world.person("reader")?;
    let published = loop {
        let looked = now()?;
        let found = get(caller, &reader, &scheduled.name).await?;
        let found = found.filter(|found| found.revision == scheduled.revision);
        if let Some(found) = found.filter(|found| found.state() == State::Published) {
            break found;
        }
        let late = looked.duration_since(moment);
        ensure!(late < LATE_MAX.try_into()?, "not published {late:?} late");
        sleep(INTERVAL).await;
    };
    let at = published.publish_time.context("when it was published")?;
    let late = Timestamp::new(at.seconds, at.nanos)?.duration_since(moment);
    ensure!(!late.is_negative(), "published {late:?} early");
    let gone = if fate == Fate::Killed {
        "killed"
    } else {
        "paused"
    };
    say(&format!(
        "the replica that was to publish was {gone} {} ms before the moment: the other published {} ms after it",
        GOES_AT.as_millis(),
        late.as_millis(),
    ))?;
    back(holder.publication()?, fate, ahead).await?;
    same(caller, holder, &published).await?;
    for replicas in [holder, other] {
        let what = "it does not read what is published";
        says(replicas.publication()?, &[IN_MEMORY], what).await?;
        once(caller, replicas, &published).await?;
        page(replicas, &published.name).await?;
    }
    let files = published.files.into_iter();
    caller.journal().told().published.push(Published {
        name: format!("{}/revisions/{}", published.name, published.revision),
        files: files.map(|file| (file.file_name, file.digest)).collect(),
    });
    Ok(())
}

/// A replica that was away soon shows what the other published.
async fn same(caller: &mut Caller, replicas: &Replicas, published: &Release) -> anyhow::Result<()> {
    let reader = replicas.world.person("reader")?;
    let begun = Instant::now();
    while get(caller, &reader, &published.name).await?.as_ref() != Some(published) {
        ensure!(begun.elapsed() < TIMEOUT, "the replicas differ");
        sleep(INTERVAL).await;
    }
    Ok(())
}

/// Has the one that went away back; one that was paused notices that it has lost its duty.
async fn back(holder: &mut Replica, fate: Fate, ahead: i64) -> anyhow::Result<()> {
    if fate == Fate::Killed {
        holder.start_again(ahead)?;
        return holder.ready().await;
    }
    holder.pause(false)?;
    says(holder, &[DUTY, LOST_IT], "it did not notice its loss").await
}

/// Waits until a replica says a line with these words; an error that tells what it means if it does not.
async fn says(replica: &Replica, words: &[&str], otherwise: &str) -> anyhow::Result<()> {
    let begun = Instant::now();
    while replica.said(words)?.is_empty() {
        ensure!(begun.elapsed() < TIMEOUT, "{otherwise}");
        sleep(INTERVAL).await;
    }
    Ok(())
}

/// Which replica of publication has the duty of publishing.
async fn holder(pair: &mut [Replicas; 2]) -> anyhow::Result<usize> {
    let begun = Instant::now();
    while begun.elapsed() < TIMEOUT {
        for (n, replicas) in pair.iter_mut().enumerate() {
            let said = replicas.publication()?.said(&[DUTY])?;
            if said.last().is_some_and(|line| line.contains(HAS_IT)) {
                return Ok(n);
            }
        }
        sleep(INTERVAL).await;
    }
    bail!("nobody took the duty of publishing");
}

/// A release as a reader sees it; none that is not published.
async fn get(caller: &mut Caller, reader: &Person, name: &str) -> anyhow::Result<Option<Release>> {
    let answer = caller.ask(|| {
        let (mut client, name) = (reader.publication.clone(), name.to_owned());
        async move {
            client
                .get_release(publication::GetReleaseRequest { name })
                .await
        }
    });
    match answer.await {
        Err(status) if reason(&status).as_deref() == Some("RELEASE_NOT_FOUND") => Ok(None),
        answer => Ok(Some(answer.map_err(refused)?)),
    }
}

/// The history has the publication of a revision once.
pub(crate) async fn once(
    caller: &mut Caller,
    replicas: &Replicas,
    published: &Release,
) -> anyhow::Result<()> {
    let statistician = replicas.world.person("statistician")?;
    let listed = caller.ask(|| {
        let mut client = statistician.publication.clone();
        let request = publication::ListReleaseEventsRequest {
            name: published.name.clone(),
            page_size: 1_000,
            page_token: String::new(),
        };
        async move { client.list_release_events(request).await }
    });
    let events = listed.await.map_err(refused)?.events.into_iter();
    let times = events
        .filter(|event| event.action == "published" && event.revision == published.revision)
        .count();
    ensure!(times == 1, "published {times} times by its history");
    Ok(())
}

/// The page of a release is there for everybody.
async fn page(replicas: &Replicas, release: &str) -> anyhow::Result<()> {
    http::get(replicas.web, &format!("/{release}/release.en.html"))
        .await
        .map(drop)
}

fn seconds(duration: Duration) -> anyhow::Result<i64> {
    Ok(duration.as_secs().try_into()?)
}
