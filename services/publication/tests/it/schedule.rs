//! Publishing on the day: by itself, whatever happens to the service and its clock, and never early.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{Timestamp, ToSpan as _};
use mesur_proto::publication::v1 as pb;
use mesur_proto::publication::v1::release::State;
use mesur_rpc::clock;
use mesur_store::Store;
use mesur_store::chain::Pages;
use tokio::time::timeout;

use crate::faces::{Told, every_face};
use crate::small;
use crate::support::{NOW, PATIENCE, RELEASE, Service, memory};
use crate::totals::snapshot;
use crate::upstream::Upstream;

const DAY: &str = "2023-10-03";
const NEVER: &str = "releases/pif-2031-32";
/// Readers at the moment of publication.
const READERS: usize = 8;

fn moment() -> Timestamp {
    "2023-10-03T08:30:00Z".parse().expect("a time")
}

/// A service with the release on the calendar.
async fn scheduled(store: &Arc<dyn Store>) -> (Service, Upstream, pb::Release) {
    let (service, upstream) = small::service_on(store).await;
    let approved = service.approved(&snapshot(small::edition(), 10)).await;
    let scheduled = service.schedule(&approved, DAY).await.expect("scheduled");
    assert_eq!(scheduled.state(), State::Scheduled);
    (service, upstream, scheduled)
}

async fn until_published(service: &Service) -> pb::Release {
    let asking = async {
        loop {
            let request = pb::GetReleaseRequest {
                name: RELEASE.to_owned(),
            };
            if let Ok(release) = service.public.clone().get_release(request).await {
                return release.into_inner();
            }
        }
    };
    timeout(PATIENCE, asking).await.expect("in time")
}

#[tokio::test]
async fn nothing_is_there_a_millisecond_before_its_moment_and_all_of_it_at_the_moment() {
    let (service, _upstream, scheduled) = scheduled(&memory()).await;
    let before = moment() - 1.millisecond();
    for instant in [NOW.parse().expect("a time"), before] {
        service.step_to(instant).await;
        let asked = every_face(&service, RELEASE, &scheduled.files).await;
        let never = every_face(&service, NEVER, &scheduled.files).await;
        assert!(asked.iter().all(|told| !told.is_there));
        for (asked, never) in asked.iter().zip(&never) {
            assert_eq!(asked, never);
        }
    }
    service.step(Duration::from_millis(1));
    let published = until_published(&service).await;
    // Whatever is asked next has it: it comes in on every way at once.
    let asked = every_face(&service, RELEASE, &published.files).await;
    let missing: Vec<_> = asked
        .iter()
        .filter(|told| told.is_there != told.is_public)
        .collect();
    assert_eq!(missing, Vec::<&Told>::new());
    assert_eq!(published.publish_time, Some(clock::to_proto(moment())));
    assert_eq!(published.exception_reason, "");
    let staff = service.get(RELEASE).await.expect("it");
    assert_eq!(staff.publisher, "a publisher");
    // What was approved, with the day on it that it came out.
    assert_eq!(staff.files, scheduled.files);
    let page = service.download(RELEASE, "release.en.html").await;
    let page = String::from_utf8(page.expect("a file").concat()).expect("text");
    assert!(page.contains("3 October 2023"), "{page}");
    service.stop().await;
}

/// How many entries of the audit tell of a publication that nobody asked for at that moment.
async fn published_by_itself(store: &dyn Store) -> usize {
    let (mut pages, mut count) = (Pages::default(), 0);
    loop {
        let page = pages.next(store).await.expect("entries");
        if page.is_empty() {
            return count;
        }
        let entries = page
            .iter()
            .map(|linked| String::from_utf8_lossy(&linked.entry));
        let is_own = |entry: &str| entry.contains(r#""method":"publishing on the day""#);
        count += entries.filter(|entry| is_own(entry)).count();
    }
}

/// What is logged, by whoever is on this thread.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_is_logged_before_the_moment_has_no_figure_of_the_release() {
    // A number that is nothing else, and three authorities have it.
    const VALUE: i64 = 7_351_946;
    let logged = Logged::default();
    let writer = logged.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // The services of this test are on its own thread.
    let logging = tracing::subscriber::set_default(subscriber);
    let (service, upstream) = small::service_on(&memory()).await;
    let snapshot = snapshot(small::edition(), VALUE);
    upstream.make(&snapshot);
    upstream.until_caught_up().await;
    let approved = service.approved(&snapshot).await;
    let scheduled = service.schedule(&approved, DAY).await.expect("scheduled");
    service.step_to(moment() - 1.millisecond()).await;
    let asked = every_face(&service, RELEASE, &scheduled.files).await;
    assert!(asked.iter().all(|told| !told.is_there));
    drop(logging);
    let text = String::from_utf8(logged.0.lock().expect("no panic").clone()).expect("text");
    assert!(
        text.contains("TRACE") && text.contains("serving"),
        "nothing is logged"
    );
    for figure in ["7351946", "7,351,946", "735194.6", "735,194.6"] {
        assert!(!text.contains(figure), "{figure}");
    }
    for sum in ["22055838", "22,055,838", "2205583.8", "2,205,583.8"] {
        assert!(!text.contains(sum), "{sum}");
    }
    service.step(Duration::from_millis(1));
    until_published(&service).await;
    let page = service.download(RELEASE, "release.en.html").await;
    let page = String::from_utf8(page.expect("a file").concat()).expect("text");
    assert!(page.contains("22,055,838"), "the figure is another");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_that_hammer_across_the_moment_see_nothing_before_and_everything_after() {
    let (service, _upstream, scheduled) = scheduled(&memory()).await;
    service.step_to(moment() - 1.millisecond()).await;
    let (service, has_come) = (Arc::new(service), Arc::new(AtomicBool::new(false)));
    let files = Arc::new(scheduled.files[..2].to_vec());
    let readers = (0..READERS).map(|_| {
        let (service, files) = (Arc::clone(&service), Arc::clone(&files));
        let has_come = Arc::clone(&has_come);
        tokio::spawn(async move {
            let mut seen = 0;
            loop {
                let is_after = seen > 0;
                let told = every_face(&service, RELEASE, &files).await;
                let told = told.iter().filter(|told| told.is_public);
                let (there, all) = told.fold((0, 0), |(there, all), told| {
                    (there + usize::from(told.is_there), all + 1)
                });
                assert!(there == 0 || has_come.load(Ordering::SeqCst), "too early");
                assert!(!is_after || there == all, "it was there and is not");
                seen = there;
                if is_after {
                    return;
                }
            }
        })
    });
    let readers: Vec<_> = readers.collect();
    has_come.store(true, Ordering::SeqCst);
    service.step(Duration::from_millis(1));
    for reader in readers {
        let read = timeout(PATIENCE, reader).await;
        read.expect("in time").expect("no panic");
    }
    Arc::into_inner(service).expect("the last").stop().await;
}

#[tokio::test]
async fn a_service_that_was_restarted_before_or_after_the_moment_publishes_all_the_same() {
    let store = memory();
    let (service, upstream, _scheduled) = scheduled(&store).await;
    service.step_to(moment() - 2.hours()).await;
    service.stop().await;
    // Before.
    let service = small::restart_at(moment() - 1.hours(), &store, &upstream).await;
    service.step_to(moment() - 1.milliseconds()).await;
    let staff = service.get(RELEASE).await.expect("it");
    assert_eq!(staff.state(), State::Scheduled);
    service.step(Duration::from_millis(1));
    let published = until_published(&service).await;
    assert_eq!(published.publish_time, Some(clock::to_proto(moment())));
    service.stop().await;
    // It stays so.
    let service = small::restart_at(moment() + 1.hours(), &store, &upstream).await;
    assert_eq!(until_published(&service).await, published);
    service.stop().await;
    assert_eq!(published_by_itself(&*store).await, 1);

    // After: at once, and it is told when that was.
    let store = memory();
    let (service, upstream, _scheduled) = scheduled(&store).await;
    service.stop().await;
    let late = moment() + 3.hours();
    let service = small::restart_at(late, &store, &upstream).await;
    let published = until_published(&service).await;
    assert_eq!(published.publish_time, Some(clock::to_proto(late)));
    assert_eq!(published.scheduled_time, Some(clock::to_proto(moment())));
    service.stop().await;
}

#[tokio::test]
async fn a_clock_that_jumps_publishes_nothing_early() {
    let (service, _upstream, _scheduled) = scheduled(&memory()).await;
    let is_scheduled = async || {
        let staff = service.get(RELEASE).await.expect("it");
        staff.state() == State::Scheduled
    };
    let a_minute = Duration::from_mins(1);
    // Forward: the time that has passed does not say so.
    service.clock.set(moment() + 1.hours());
    service.timer.step(a_minute);
    service.timer.until_asleep().await;
    assert!(is_scheduled().await);
    let to_go: Duration = moment()
        .duration_since(NOW.parse().expect("a time"))
        .try_into()
        .expect("later");
    // Back: the time that has passed says so, the wall does not.
    service.clock.set(moment() - 1.hours());
    service.timer.step(to_go);
    service.timer.until_asleep().await;
    assert!(is_scheduled().await);
    // Both.
    service.clock.set(moment());
    service.timer.step(a_minute);
    let published = until_published(&service).await;
    assert_eq!(published.publish_time, Some(clock::to_proto(moment())));
    service.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_behind_what_was_written_down_is_not_believed() {
    let store = memory();
    let (service, upstream, _scheduled) = scheduled(&store).await;
    service.stop().await;
    let begun: Timestamp = NOW.parse().expect("a time");
    let service = small::restart_at(begun - 24.hours(), &store, &upstream).await;
    // Two months pass, but the wall clock is not set.
    service.timer.step(Duration::from_hours(60 * 24));
    service.timer.until_asleep().await;
    let staff = service.get(RELEASE).await.expect("it");
    assert_eq!(staff.state(), State::Scheduled);
    service.clock.set(moment() + 1.hours());
    service.timer.step(Duration::from_mins(1));
    until_published(&service).await;
    service.stop().await;
}
