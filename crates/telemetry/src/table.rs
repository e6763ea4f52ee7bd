//! The one table of metrics. `docs/observability.md` is written from it, and every name in a dashboard
//! or an alert is looked up in it by a test.
//!
//! A metric is of the process. What one process does for several services, as `mesur up` does, is
//! added up, save where a label tells them apart.

use crate::metric::{Counter, Gauge, Histogram, Kind, Row};

/// A call is answered within a millisecond when it is small and in memory, and is cut after
/// 30 seconds: every bound is two to three times the one before, and the last is the cut.
const CALL_BOUNDS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// A sync takes a tenth of a millisecond on a fast disk, ten on a turning one, and a second on one
/// that is about to be an incident.
const STORE_BOUNDS: &[f64] = &[
    0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
];

/// A group is one commit when nothing waits, and 1024 at most.
const GROUP_BOUNDS: &[f64] = &[
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0,
];

/// A release is to be out within a second of its moment; who waits for it notices half a minute, and
/// the newspapers an hour.
const PUBLICATION_BOUNDS: &[f64] = &[0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0];

macro_rules! table {
    ($($constant:ident: $type:ident<$n:literal> $kind:expr, $name:literal $labels:expr, $help:literal;)+) => {
        $(
            #[doc = $help]
            pub static $constant: $type<$n> = {
                const LABELS: [&str; $n] = $labels;
                $type(Row {
                    name: $name,
                    kind: $kind,
                    labels: &LABELS,
                    help: $help,
                })
            };
        )+

        /// Every metric there is.
        pub static ALL: &[&Row] = &[$(&$constant.0),+];
    };
}

table! {
    CALLS: Counter<2> Kind::Counter, "mesur_calls_total" ["method", "code"],
        "Calls that ended, by the gRPC code that they ended with; one that was dropped before, because its caller went or waited no longer, is `CANCELLED`.";
    CALL_DURATION: Histogram<1> Kind::Histogram(CALL_BOUNDS), "mesur_call_duration_seconds" ["method"],
        "How long a call took until its response began; a stream lasts on after that.";
    CALLS_AT_WORK: Gauge<1> Kind::Gauge, "mesur_calls_at_work" ["method"],
        "Calls that have not ended, streams that are followed among them.";
    REFUSALS: Counter<2> Kind::Counter, "mesur_refusals_total" ["service", "reason"],
        "Calls that were refused or failed, by the reasons of docs/errors.md.";
    PAGES: Counter<2> Kind::Counter, "mesur_pages_total" ["server", "status"],
        "Requests for pages and files that were answered, by the class of the HTTP status.";
    PAGE_DURATION: Histogram<1> Kind::Histogram(CALL_BOUNDS), "mesur_page_duration_seconds" ["server"],
        "How long a request for a page or a file took until its answer began.";
    CONNECTIONS_OPEN: Gauge<0> Kind::Gauge, "mesur_connections_open" [],
        "gRPC connections that are open.";
    CONNECTIONS: Counter<0> Kind::Counter, "mesur_connections_total" [],
        "gRPC connections that were taken.";
    CONNECTIONS_CUT: Counter<0> Kind::Counter, "mesur_connections_cut_total" [],
        "gRPC connections that were cut at the stop, because their calls took longer than the drain.";
    CERTIFICATE_BEGIN: Gauge<0> Kind::Gauge, "mesur_certificate_begin_timestamp_seconds" [],
        "From when on the certificate counts that was shown last; of a chain, the one that ends first.";
    CERTIFICATE_END: Gauge<0> Kind::Gauge, "mesur_certificate_end_timestamp_seconds" [],
        "When that certificate ends. A file that was replaced is told of with the next connection.";
    RETURN_STEPS: Counter<1> Kind::Counter, "mesur_return_steps_total" ["state"],
        "Steps in the lives of returns, by the state that each led to.";
    COMMITS: Counter<1> Kind::Counter, "mesur_store_commits_total" ["outcome"],
        "Commits that the store answered: `written`, `conflict` (tried again by itself), `away`, `failed`.";
    COMMIT_DURATION: Histogram<0> Kind::Histogram(STORE_BOUNDS), "mesur_store_commit_duration_seconds" [],
        "How long a commit took from its queue to its answer, when it is durable.";
    GROUP_DURATION: Histogram<0> Kind::Histogram(STORE_BOUNDS), "mesur_store_group_duration_seconds" [],
        "How long the store took to check, write and sync the commits of one group.";
    GROUP_COMMITS: Histogram<0> Kind::Histogram(GROUP_BOUNDS), "mesur_store_group_commits" [],
        "How many commits were made durable together.";
    JOURNAL_BYTES: Counter<0> Kind::Counter, "mesur_store_journal_bytes_total" [],
        "Bytes that were written to the journal of an embedded store.";
    STORE_FAILED: Gauge<0> Kind::Gauge, "mesur_store_failed" [],
        "1 when an embedded store takes no more commits until the process is started again.";
    FOLLOWER_CONNECTED: Gauge<2> Kind::Gauge, "mesur_follower_connected" ["service", "upstream"],
        "1 while a service has the stream of events of the one that it follows; 0 while it tries.";
    FOLLOWER_EVENTS: Counter<2> Kind::Counter, "mesur_follower_events_total" ["service", "upstream"],
        "Events of the followed service that had their effect.";
    FOLLOWER_FAILURES: Counter<2> Kind::Counter, "mesur_follower_failures_total" ["service", "upstream"],
        "How often the stream was lost, or an event failed to have its effect; both are tried on.";
    FOLLOWER_LAST: Gauge<2> Kind::Gauge, "mesur_follower_last_event_timestamp_seconds" ["service", "upstream"],
        "When the last event had its effect.";
    FOLLOWER_WAITING: Gauge<2> Kind::Gauge, "mesur_follower_waiting_timestamp_seconds" ["service", "upstream"],
        "Since when the event at hand waits for its effect; 0 when none does.";
    WATCH_WAITING: Gauge<0> Kind::Gauge, "mesur_watch_waiting_events" [],
        "Events that followers of this process have no room for yet, up to 64 for each: how far they are behind.";
    DUTIES_HELD: Gauge<1> Kind::Gauge, "mesur_duties_held" ["duty"],
        "Duties that this replica has; over all replicas of a service each is had once.";
    RELEASES_PUBLISHED: Counter<0> Kind::Counter, "mesur_releases_published_total" [],
        "Revisions of releases that were published.";
    RELEASES_SCHEDULED: Gauge<0> Kind::Gauge, "mesur_releases_scheduled" [],
        "Releases that wait for their moment; told by the replica that has the duty of publishing.";
    RELEASES_OVERDUE: Gauge<0> Kind::Gauge, "mesur_releases_overdue" [],
        "Releases whose moment has come and that could not be published.";
    PUBLICATION_DELAY: Histogram<0> Kind::Histogram(PUBLICATION_BOUNDS), "mesur_release_publication_delay_seconds" [],
        "How long after its moment a scheduled release was published.";
    CLOCK_DISTRUSTED: Gauge<0> Kind::Gauge, "mesur_clock_distrusted" [],
        "1 while the clock on the wall and the time that has passed do not agree, so that nothing is published early.";
    READY: Gauge<0> Kind::Gauge, "mesur_ready" [],
        "1 while the process takes calls; 0 while it starts, and from the first signal on.";
    BUILD: Gauge<1> Kind::Gauge, "mesur_build_info" ["version"],
        "Always 1, with the version of the program.";
    PROCESS_MEMORY: Gauge<0> Kind::Gauge, "process_resident_memory_bytes" [],
        "Memory of the process that is in use.";
    PROCESS_FILES: Gauge<0> Kind::Gauge, "process_open_fds" [],
        "Files and connections that the process has open.";
    PROCESS_FILES_MAX: Gauge<0> Kind::Gauge, "process_max_fds" [],
        "Files and connections that the process may have open.";
    PROCESS_START: Gauge<0> Kind::Gauge, "process_start_time_seconds" [],
        "When the process began.";
}
