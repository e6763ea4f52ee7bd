//! The semantics of a store, one caller at a time.

use std::sync::Arc;

use mesur_store::{
    COMMIT_BYTES_MAX, COMMIT_KEYS_MAX, Commit, Error, Expect, KEY_BYTES_MAX, KeyRange, Log,
    Position, Store, VALUE_BYTES_MAX, Version, large, requests,
};

pub(crate) type Shared = Arc<dyn Store>;

async fn put(store: &Shared, key: &str, value: &str) -> Version {
    store.commit(Commit::new().put(key, value)).await.unwrap()
}

async fn keys(store: &Shared, range: KeyRange, limit: usize) -> Vec<String> {
    let found = store.scan(range, limit).await.unwrap();
    found
        .into_iter()
        .map(|(key, _)| String::from_utf8(key).unwrap())
        .collect()
}

pub(crate) async fn a_value_carries_the_version_of_the_commit_that_wrote_it(store: Shared) {
    assert_eq!(store.get(b"a").await.unwrap(), None);
    let first = put(&store, "a", "1").await;
    let second = put(&store, "b", "2").await;
    assert!(Version::ZERO < first && first < second);
    assert_eq!(store.get(b"a").await.unwrap().unwrap().version, first);
    let third = store
        .commit(Commit::new().put("a", "3").delete("b"))
        .await
        .unwrap();
    let entry = store.get(b"a").await.unwrap().unwrap();
    assert_eq!(
        (entry.version, entry.value.as_slice()),
        (third, b"3".as_slice())
    );
    assert_eq!(store.get(b"b").await.unwrap(), None);
    let same_again = put(&store, "a", "3").await;
    assert_eq!(store.get(b"a").await.unwrap().unwrap().version, same_again);
}

pub(crate) async fn expectations_hold_or_nothing_is_written(store: Shared) {
    let log = Log::new("events");
    let old = put(&store, "a", "1").await;
    let now = put(&store, "a", "2").await;
    let refused = [
        ("a", Expect::Absent),
        ("a", Expect::At(old)),
        ("b", Expect::At(now)),
    ];
    for (key, expect) in refused {
        let commit = Commit::new()
            .expect("a", Expect::At(now))
            .expect(key, expect)
            .put("a", "3")
            .put("c", "3")
            .append(&log, "3");
        let answer = store.commit(commit).await;
        assert!(matches!(answer, Err(Error::Conflict { key: k }) if k == key.as_bytes()));
    }
    assert_eq!(keys(&store, KeyRange::all(), 9).await, ["a"]);
    assert_eq!(store.get(b"a").await.unwrap().unwrap().version, now);
    assert!(store.read_log(&log, None, 9).await.unwrap().is_empty());
    let commit = Commit::new()
        .expect("a", Expect::At(now))
        .expect("b", Expect::Absent);
    store.commit(commit.put("b", "4")).await.unwrap();
    assert_eq!(keys(&store, KeyRange::all(), 9).await, ["a", "b"]);
}

pub(crate) async fn of_several_writes_to_a_key_in_one_commit_the_last_stands(store: Shared) {
    let commit = Commit::new()
        .put("a", "1")
        .delete("a")
        .put("b", "1")
        .put("b", "2")
        .delete("none");
    store
        .commit(commit.put("c", "1").delete("c"))
        .await
        .unwrap();
    assert_eq!(keys(&store, KeyRange::all(), 9).await, ["b"]);
    assert_eq!(store.get(b"b").await.unwrap().unwrap().value, b"2");
}

pub(crate) async fn a_scan_keeps_order_range_and_limit(store: Shared) {
    let log = Log::new("a");
    for key in ["b", "a", "ab", "aa", "c", ""] {
        store
            .commit(Commit::new().put(key, key).append(&log, key))
            .await
            .unwrap();
    }
    assert_eq!(
        keys(&store, KeyRange::all(), 9).await,
        ["", "a", "aa", "ab", "b", "c"]
    );
    assert_eq!(keys(&store, KeyRange::all(), 2).await, ["", "a"]);
    assert_eq!(keys(&store, KeyRange::all(), 0).await, [""; 0]);
    assert_eq!(
        keys(&store, KeyRange::new("aa", "b"), 9).await,
        ["aa", "ab"]
    );
    assert_eq!(keys(&store, KeyRange::new("b", "aa"), 9).await, [""; 0]);
    assert_eq!(
        keys(&store, KeyRange::prefix("a"), 9).await,
        ["a", "aa", "ab"]
    );
    assert_eq!(
        keys(&store, KeyRange::prefix("a").after(b"a"), 1).await,
        ["aa"]
    );
    assert_eq!(
        keys(&store, KeyRange::prefix("a").after(b"ab"), 9).await,
        [""; 0]
    );
}

pub(crate) async fn what_is_over_a_limit_is_refused_and_nothing_written(store: Shared) {
    let longest = vec![7; VALUE_BYTES_MAX];
    let over = vec![7; VALUE_BYTES_MAX + 1];
    let many = |rows: usize| (0..rows).fold(Commit::new(), |c, n| c.put(n.to_be_bytes(), "n"));
    // Rows that come to the limit, and so many bytes more.
    let heavy = |more: usize| {
        let rows = COMMIT_BYTES_MAX / VALUE_BYTES_MAX;
        let last = VALUE_BYTES_MAX - rows * size_of::<usize>() + more;
        (1..rows).fold(Commit::new().put([0; 8], vec![7; last]), |c, n| {
            c.put(n.to_be_bytes(), longest.clone())
        })
    };
    // The name of a log has two bytes behind it.
    let name = "a".repeat(KEY_BYTES_MAX - 2);
    let refused = [
        Commit::new().put("a", over.clone()),
        Commit::new().append(&Log::new("a"), over),
        Commit::new().put(vec![7; KEY_BYTES_MAX + 1], "a"),
        Commit::new().expect(vec![7; KEY_BYTES_MAX + 1], Expect::Absent),
        Commit::new().append(&Log::new(&format!("{name}a")), "a"),
        many(COMMIT_KEYS_MAX + 1),
        heavy(1),
    ];
    for commit in refused {
        let answer = store.commit(commit).await;
        assert!(matches!(answer, Err(Error::TooLarge { .. })), "{answer:?}");
    }
    assert_eq!(keys(&store, KeyRange::all(), 9).await, [""; 0]);
    let key = vec![b'k'; KEY_BYTES_MAX];
    store
        .commit(Commit::new().put(key.clone(), longest.clone()))
        .await
        .unwrap();
    assert_eq!(store.get(&key).await.unwrap().unwrap().value, longest);
    for commit in [
        Commit::new().append(&Log::new(&name), longest.clone()),
        Commit::new().expect(vec![8; KEY_BYTES_MAX], Expect::Absent),
        many(COMMIT_KEYS_MAX),
        heavy(0),
    ] {
        store.commit(commit).await.unwrap();
    }
}

pub(crate) async fn a_log_keeps_the_order_of_commits_and_of_appends_within_one(store: Shared) {
    // Names of which one begins the other must not meet.
    let (log, other) = (Log::new("a"), Log::new("ab"));
    for n in 0..3 {
        let commit = Commit::new()
            .append(&log, format!("{n}x"))
            .append(&other, "no");
        store
            .commit(commit.append(&log, format!("{n}y")))
            .await
            .unwrap();
    }
    let all = store.read_log(&log, None, 99).await.unwrap();
    let values: Vec<_> = all
        .iter()
        .map(|e| std::str::from_utf8(&e.value).unwrap())
        .collect();
    assert_eq!(values, ["0x", "0y", "1x", "1y", "2x", "2y"]);
    assert!(all.is_sorted_by(|a, b| a.position < b.position));
    assert!(all.is_sorted_by(|a, b| a.position.to_bytes() < b.position.to_bytes()));
    for (n, entry) in all.iter().enumerate() {
        let after = Position::from_bytes(&entry.position.to_bytes());
        assert_eq!(after, Some(entry.position));
        assert_eq!(store.read_log(&log, after, 99).await.unwrap(), all[n + 1..]);
        let rest = &all[n + 1..];
        assert_eq!(
            store.read_log(&log, after, 2).await.unwrap(),
            rest[..rest.len().min(2)]
        );
    }
}

pub(crate) async fn a_follower_starts_anywhere_and_then_sees_what_is_new(store: Shared) {
    for start in [None, Some(0), Some(100), Some(199)] {
        let log = Log::new(&format!("events {start:?}"));
        for _ in 0..20 {
            let commit = (0..10u8).fold(Commit::new(), |commit, n| commit.append(&log, [n]));
            store.commit(commit).await.unwrap();
        }
        let all = store.read_log(&log, None, 999).await.unwrap();
        assert_eq!(all.len(), 200);
        let after = start.map(|n: usize| all[n].position);
        let mut watch = store.watch(log.clone(), after).await.unwrap();
        for entry in &all[start.map_or(0, |n| n + 1)..] {
            assert_eq!(watch.next().await.unwrap(), *entry);
        }
        let waiting = tokio::spawn(async move { watch.next().await.unwrap() });
        store
            .commit(Commit::new().append(&Log::new("other"), "no"))
            .await
            .unwrap();
        let version = store
            .commit(Commit::new().append(&log, "live"))
            .await
            .unwrap();
        let entry = waiting.await.unwrap();
        assert_eq!(
            (entry.position.version(), entry.value),
            (version, b"live".to_vec())
        );
    }
}

pub(crate) async fn a_follower_of_a_closed_store_is_told(store: Shared) {
    let mut watch = store.watch(Log::new("events"), None).await.unwrap();
    let waiting = tokio::spawn(async move { watch.next().await });
    drop(store);
    assert!(matches!(waiting.await.unwrap(), Err(Error::Closed)));
}

/// Bytes that repeat nowhere near a chunk's length.
fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let numbers = std::iter::successors(Some(seed), |n| {
        Some(
            n.wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407),
        )
    });
    numbers.map(|n| n.to_be_bytes()[0]).take(length).collect()
}

pub(crate) async fn a_shorter_large_value_replaces_a_longer_one_wholly(store: Shared) {
    put(&store, "neighbour", "n").await;
    assert_eq!(large::get_large(&*store, b"big").await.unwrap(), None);
    let too_long = vec![0; large::LARGE_BYTES_MAX + 1];
    let refused = large::put_large(&*store, Commit::new(), b"big", &too_long).await;
    assert!(matches!(refused, Err(Error::TooLarge { .. })));
    let staged = large::INLINE_BYTES + 1;
    let lengths = [
        staged,
        100_000,
        16 * 1024,
        0,
        large::INLINE_BYTES,
        2 * staged,
        staged,
        7,
    ];
    for (seed, length) in (1..).zip(lengths) {
        let value = bytes(length, seed);
        let commit = large::put_large(&*store, Commit::new(), b"big", &value)
            .await
            .unwrap();
        store.commit(commit.put("beside", "b")).await.unwrap();
        assert_eq!(
            large::get_large(&*store, b"big").await.unwrap(),
            Some(value)
        );
        large::sweep(&*store, b"big").await.unwrap();
        let rows = store
            .scan(KeyRange::prefix("big"), 9999)
            .await
            .unwrap()
            .len();
        assert_eq!(rows, 1 + length.div_ceil(16 * 1024));
    }
    let deleted = large::delete_large(&*store, Commit::new(), b"big").await;
    store.commit(deleted.unwrap()).await.unwrap();
    assert!(keys(&store, KeyRange::prefix("big"), 9).await.is_empty());
    assert_eq!(keys(&store, KeyRange::prefix("n"), 9).await, ["neighbour"]);
}

/// A value of sixty-four mebibytes is written and read a piece at a time.
pub(crate) async fn the_longest_large_value_goes_in_and_comes_out_in_pieces(store: Shared) {
    let piece = |number: usize| vec![u8::try_from(number % 251).unwrap(); large::INLINE_BYTES];
    let pieces = large::LARGE_BYTES_MAX / large::INLINE_BYTES;
    let mut writer = large::Writer::new(&*store, b"big");
    for number in 0..pieces {
        writer.write(&piece(number)).await.unwrap();
    }
    let over = large::Writer::new(&*store, b"other")
        .write(&vec![0; large::LARGE_BYTES_MAX + 1])
        .await;
    assert!(matches!(over, Err(Error::TooLarge { .. })));
    assert!(
        large::Reader::open(&*store, b"big")
            .await
            .unwrap()
            .is_none()
    );
    let commit = writer.finish(Commit::new()).await.unwrap();
    store.commit(commit).await.unwrap();
    let mut reader = large::Reader::open(&*store, b"big").await.unwrap().unwrap();
    for number in 0..pieces {
        let read = reader.next().await.unwrap();
        assert!(read == Some(piece(number)), "piece {number}");
    }
    assert_eq!(reader.next().await.unwrap(), None);
}

/// What is staged is not seen before its last commit, and what an author who went away left is
/// swept up by the next.
pub(crate) async fn a_staged_value_that_was_given_up_is_never_seen_and_is_swept_up(store: Shared) {
    let value = |seed| bytes(3 * large::INLINE_BYTES, seed);
    let rows = async || {
        let rows = store.scan(KeyRange::prefix("big"), 9999).await.unwrap();
        rows.len()
    };
    for seen in [None, Some(value(2)), Some(value(3))] {
        // Given up twice: before the last commit, and half-way.
        let given_up = large::put_large(&*store, Commit::new(), b"big", &value(9)).await;
        let _ = given_up.unwrap();
        let mut half_way = large::Writer::new(&*store, b"big");
        half_way.write(&value(8)).await.unwrap();
        drop(half_way);
        assert_eq!(large::get_large(&*store, b"big").await.unwrap(), seen);
        let next = if seen.is_none() { value(2) } else { value(3) };
        let commit = large::put_large(&*store, Commit::new(), b"big", &next).await;
        store.commit(commit.unwrap()).await.unwrap();
        large::sweep(&*store, b"big").await.unwrap();
        assert_eq!(rows().await, 1 + 3 * large::INLINE_BYTES / (16 * 1024));
    }
}

pub(crate) async fn of_two_who_stage_a_value_at_once_one_conflicts_and_the_other_is_seen(
    store: Shared,
) {
    let long = 2 * large::INLINE_BYTES + 1;
    let staged = async |seed| {
        let commit = large::put_large(&*store, Commit::new(), b"big", &bytes(long, seed)).await;
        commit.unwrap()
    };
    let mut overtaken = large::Writer::new(&*store, b"big");
    overtaken.write(&bytes(long, 1)).await.unwrap();
    let (second, third) = (staged(2).await, staged(3).await);
    let more = overtaken.write(&bytes(long, 1)).await;
    assert!(matches!(more, Err(Error::Conflict { .. })), "{more:?}");
    let refused = store.commit(second).await;
    assert!(
        matches!(refused, Err(Error::Conflict { .. })),
        "{refused:?}"
    );
    // A short value is not staged, and overtakes as well.
    let fourth = large::put_large(&*store, Commit::new(), b"big", &bytes(40, 4)).await;
    store.commit(third).await.unwrap();
    let refused = store.commit(fourth.unwrap()).await;
    assert!(
        matches!(refused, Err(Error::Conflict { .. })),
        "{refused:?}"
    );
    assert_eq!(
        large::get_large(&*store, b"big").await.unwrap(),
        Some(bytes(long, 3))
    );
    let mut reader = large::Reader::open(&*store, b"big").await.unwrap().unwrap();
    reader.next().await.unwrap();
    store.commit(staged(5).await).await.unwrap();
    large::sweep(&*store, b"big").await.unwrap();
    let replaced = async {
        loop {
            match reader.next().await {
                Ok(Some(_)) => {}
                end => return end,
            }
        }
    };
    let end = replaced.await;
    assert!(matches!(end, Err(Error::Conflict { .. })), "{end:?}");
}

pub(crate) async fn a_large_value_that_was_tampered_with_is_corrupt(store: Shared) {
    let value = bytes(50_000, 1);
    let commit = large::put_large(&*store, Commit::new(), b"big", &value)
        .await
        .unwrap();
    store.commit(commit).await.unwrap();
    let rows = store.scan(KeyRange::prefix("big"), 99).await.unwrap();
    let mut damages = vec![Commit::new().put(rows[1].0.clone(), rows[2].1.value.clone())];
    for (key, entry) in &rows {
        let mut flipped = entry.value.clone();
        flipped[3] ^= 1;
        damages.push(Commit::new().put(key.clone(), flipped));
        damages.push(Commit::new().delete(key.clone()));
    }
    for damage in damages {
        store.commit(damage).await.unwrap();
        let answer = large::get_large(&*store, b"big").await;
        assert!(matches!(answer, Err(Error::Corrupt { .. })), "{answer:?}");
        let whole = rows.iter().fold(Commit::new(), |commit, (key, entry)| {
            commit.put(key.clone(), entry.value.clone())
        });
        store.commit(whole).await.unwrap();
    }
    assert_eq!(
        large::get_large(&*store, b"big").await.unwrap(),
        Some(value)
    );
}

pub(crate) async fn two_writers_of_one_large_value_conflict(store: Shared) {
    let one = large::put_large(&*store, Commit::new(), b"big", &bytes(40_000, 1))
        .await
        .unwrap();
    let two = large::put_large(&*store, Commit::new(), b"big", &bytes(20_000, 2))
        .await
        .unwrap();
    store.commit(one).await.unwrap();
    assert!(matches!(
        store.commit(two).await,
        Err(Error::Conflict { .. })
    ));
    assert_eq!(
        large::get_large(&*store, b"big").await.unwrap(),
        Some(bytes(40_000, 1))
    );
}

pub(crate) async fn a_request_sent_twice_gets_its_first_response(store: Shared) {
    let earlier = |id: &'static str, digest: &'static [u8]| {
        let store = Arc::clone(&store);
        async move { requests::earlier_response(&*store, b"r", id, digest).await }
    };
    assert_eq!(earlier("one", b"digest").await.unwrap(), None);
    let first = requests::remember(Commit::new(), b"r", "one", b"digest", b"response");
    let second = first.clone().put("effect", "twice");
    store.commit(first).await.unwrap();
    assert!(matches!(
        store.commit(second).await,
        Err(Error::Conflict { .. })
    ));
    assert_eq!(
        earlier("one", b"digest").await.unwrap(),
        Some(b"response".to_vec())
    );
    assert!(matches!(
        earlier("one", b"other").await,
        Err(Error::RequestReused)
    ));
    assert_eq!(earlier("on", b"digest").await.unwrap(), None);
}

pub(crate) async fn a_lease_is_held_by_one_and_nothing_is_written_under_one_that_is_lost(
    store: Shared,
) {
    let (held, beside) = (store.lease("duty").await, store.lease("duties").await);
    let (held, beside) = (held.unwrap(), beside.unwrap());
    assert_eq!((held.name(), beside.name()), ("duty", "duties"));
    let other = Arc::clone(&store);
    let waiting = tokio::spawn(async move { other.lease("duty").await.unwrap() });
    for lease in [&held, &beside] {
        let commit = Commit::new().put("a", lease.name()).under(lease);
        store.commit(commit).await.unwrap();
    }
    assert!(!waiting.is_finished());
    let late = Commit::new().put("a", "late").under(&held);
    drop(held);
    let refused = store.commit(late.clone()).await;
    assert!(matches!(refused, Err(Error::LeaseLost { name }) if name == "duty"));
    let next = waiting.await.unwrap();
    let refused = store.commit(late).await;
    assert!(matches!(refused, Err(Error::LeaseLost { .. })));
    assert_eq!(store.get(b"a").await.unwrap().unwrap().value, b"duties");
    let commit = Commit::new().put("a", "next").under(&next);
    store.commit(commit).await.unwrap();
}

pub(crate) async fn many_who_want_a_lease_get_it_one_after_another(store: Shared) {
    let contenders = (0..8).map(|_| {
        let store = Arc::clone(&store);
        async move {
            let lease = store.lease("duty").await.unwrap();
            let found = store.get(b"count").await.unwrap();
            let count = found.map_or(0, |entry| entry.value[0]);
            // Nothing but the lease keeps another from writing in between.
            let commit = Commit::new().put("count", [count + 1]).under(&lease);
            store.commit(commit).await.unwrap();
        }
    });
    let contenders: tokio::task::JoinSet<_> = contenders.collect();
    contenders.join_all().await;
    assert_eq!(store.get(b"count").await.unwrap().unwrap().value, [8]);
}
