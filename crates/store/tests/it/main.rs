//! What every store promises, asked of each back end; then what the durable one alone does.

#[cfg(test)]
mod chain;
#[cfg(test)]
mod compact;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod durable;
#[cfg(feature = "etcd")]
#[cfg(test)]
mod etcd;
#[cfg(test)]
mod export;
#[cfg(test)]
mod load;

/// Runs every case against a store made afresh for it. `$open` gives the store and whatever must
/// outlive it.
macro_rules! conformance {
    ($back_end:ident, $open:expr, $($area:ident::{$($case:ident),* $(,)?}),* $(,)?) => {
        #[cfg(test)]
        mod $back_end {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let (store, _kept) = $open;
                    let case = super::$area::$case(store);
                    tokio::time::timeout(std::time::Duration::from_mins(1), case)
                        .await
                        .expect("a store answers within a minute");
                }
            )*)*
        }
    };
}

macro_rules! every_case {
    ($back_end:ident, $open:expr) => {
        conformance!(
            $back_end,
            $open,
            conformance::{
                a_value_carries_the_version_of_the_commit_that_wrote_it,
                expectations_hold_or_nothing_is_written,
                of_several_writes_to_a_key_in_one_commit_the_last_stands,
                a_scan_keeps_order_range_and_limit,
                what_is_over_a_limit_is_refused_and_nothing_written,
                a_log_keeps_the_order_of_commits_and_of_appends_within_one,
                a_follower_starts_anywhere_and_then_sees_what_is_new,
                a_follower_of_a_closed_store_is_told,
                a_shorter_large_value_replaces_a_longer_one_wholly,
                the_longest_large_value_goes_in_and_comes_out_in_pieces,
                a_staged_value_that_was_given_up_is_never_seen_and_is_swept_up,
                of_two_who_stage_a_value_at_once_one_conflicts_and_the_other_is_seen,
                a_large_value_that_was_tampered_with_is_corrupt,
                two_writers_of_one_large_value_conflict,
                a_request_sent_twice_gets_its_first_response,
                a_lease_is_held_by_one_and_nothing_is_written_under_one_that_is_lost,
                many_who_want_a_lease_get_it_one_after_another,
            },
            chain::{
                entries_of_commits_that_run_at_once_are_one_chain,
                a_commit_that_is_refused_leaves_nothing_in_the_chain,
            },
            compact::{
                a_log_made_smaller_brings_everybody_to_the_same_end_from_any_place,
            },
            export::{
                a_store_that_was_exported_and_loaded_cannot_be_told_from_the_first,
            },
            load::{
                followers_miss_and_repeat_nothing_while_sixty_four_tasks_commit,
                concurrent_counters_lose_no_increment,
                two_hundred_and_fifty_six_tasks_commit_long_values_at_once,
                a_reader_never_sees_half_a_commit,
            },
        );
    };
}

every_case!(memory, {
    let store: std::sync::Arc<dyn mesur_store::Store> =
        std::sync::Arc::new(mesur_store::MemoryStore::new());
    (store, ())
});

every_case!(embedded, {
    let folder = tempfile::tempdir().unwrap();
    let store: std::sync::Arc<dyn mesur_store::Store> =
        std::sync::Arc::new(super::durable::open(folder.path()).unwrap());
    (store, super::durable::NoBlobs(folder))
});

#[cfg(feature = "etcd")]
every_case!(etcd_cases, {
    let store: std::sync::Arc<dyn mesur_store::Store> = super::etcd::cluster::shared()
        .open(&super::etcd::cluster::name())
        .await;
    (store, ())
});
