//! What room is freed, and what is kept.

use std::collections::BTreeSet;
use std::sync::Arc;

use mesur_catalogue::ContentHash;
use mesur_publication::{check_store, compact_store};
use mesur_store::compact::Old;
use mesur_store::large::put_large;
use mesur_store::{Commit, KeyBuilder, KeyRange, KeyReader, Store, Version};

use crate::small;
use crate::support::{RELEASE, Service, memory};
use crate::totals::snapshot;

/// The kinds of the keys of files, as they were written and packed.
const FILE: u8 = 2;
const PACKED: u8 = 21;
/// More rows than a test has.
const ALL: usize = 100_000;

/// The digests of the files that a store has in one of the two forms.
async fn held_as(store: &Arc<dyn Store>, kind: u8) -> BTreeSet<String> {
    let rows = store
        .scan(KeyRange::prefix([kind]), ALL)
        .await
        .expect("rows");
    let digests = rows.iter().map(|(key, _)| {
        let mut reader = KeyReader::new(key);
        reader.kind().expect("a kind");
        reader.text().expect("a digest")
    });
    digests.collect()
}

/// The digests of the files that a store has.
async fn held(store: &Arc<dyn Store>) -> BTreeSet<String> {
    let [mut files, packed] = [held_as(store, FILE).await, held_as(store, PACKED).await];
    assert!(files.is_disjoint(&packed));
    files.extend(packed);
    files
}

/// Makes the store smaller; answers how many bytes its files have then.
async fn compact(store: &Arc<dyn Store>) -> u64 {
    let nothing = Old {
        requests: Version::ZERO,
        entries: Version::ZERO,
    };
    let before = held(store).await;
    compact_store(&**store, nothing).await.expect("packed");
    assert_eq!(held_as(store, FILE).await, BTreeSet::new());
    assert_eq!(held(store).await, before);
    let report = check_store(&**store).await.expect("looked through");
    assert_eq!(report.problems, []);
    report.counts["packed file"].bytes
}

/// Those that the revisions of the release have.
async fn named(service: &Service, revisions: &[u32]) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for revision in revisions {
        let release = service
            .get(&format!("{RELEASE}/revisions/{revision}"))
            .await;
        let files = release.expect("a revision").files;
        named.extend(files.into_iter().map(|file| file.digest));
    }
    named
}

#[tokio::test]
async fn the_files_of_what_was_replaced_before_it_was_published_are_swept_and_no_others() {
    let store = memory();
    let (service, upstream) = small::service_on(&store).await;
    let [first, second] = [10, 11].map(|value| snapshot(small::edition(), value));
    upstream.make(&second);
    upstream.until_caught_up().await;
    service.compile(&first, "").await.expect("compiled");
    let replaced = named(&service, &[1]).await;
    assert_eq!(held(&store).await, replaced);
    // A repeat of the request that made what was replaced is still answered.
    let id = crate::support::id(1);
    let made = service.compile(&first, &id).await.expect("compiled");
    let compiled = service.compile(&second, "").await.expect("compiled");
    let worked_on = named(&service, &[1]).await;
    assert_eq!(held(&store).await, worked_on);
    assert!(!worked_on.is_superset(&replaced));
    assert_eq!(service.compile(&first, &id).await.expect("a repeat"), made);

    // What is published stays, whatever is made after it and put off.
    let published = service.publish(&compiled, "").await.expect("published");
    let kept = named(&service, &[1]).await;
    assert_eq!(held(&store).await, kept);
    let note = crate::disclosure::note();
    let update = service.compile_update(&first, "", Some(note)).await;
    let update = update.expect("compiled");
    let with_update = named(&service, &[1, 2]).await;
    assert_eq!(held(&store).await, with_update);
    let submitted = service.submit(&update).await.expect("submitted");
    let approved = service.approve(&submitted).await.expect("approved");
    let days = ["2023-10-03", "2023-10-04"];
    let scheduled = service.schedule(&approved, days[0]).await.expect("a day");
    let first_day = held(&store).await;
    service.schedule(&scheduled, days[1]).await.expect("a day");
    let second_day = held(&store).await;
    assert!(second_day.is_superset(&kept));
    assert_eq!(
        second_day.len(),
        first_day.len(),
        "one day's files took the other's place"
    );
    assert_ne!(second_day, first_day);
    for file in &published.files {
        service
            .download(RELEASE, &file.file_name)
            .await
            .expect("its content");
    }
    service.stop().await;

    // What a crash left is swept at the next start.
    let key = KeyBuilder::new(FILE).text("sha256:lost").build();
    let commit = put_large(&*store, Commit::new(), &key, b"of what broke off").await;
    store.commit(commit.expect("a commit")).await.expect("kept");
    let now = crate::support::NOW.parse().expect("a time");
    let service = small::restart_at(now, &store, &upstream).await;
    service.get(RELEASE).await.expect("it serves");
    assert_eq!(held(&store).await, second_day);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packed_files_are_read_as_they_were_written_and_swept_like_others() {
    let store = memory();
    let (service, upstream) = small::service_on(&store).await;
    let [first, second] = [10, 11].map(|value| snapshot(small::edition(), value));
    upstream.make(&second);
    upstream.until_caught_up().await;
    service.compile(&first, "").await.expect("compiled");
    compact(&store).await;
    // Some of its files are those of the one before, which are there in the packed form.
    let compiled = service.compile(&second, "").await.expect("compiled");
    assert!(!held_as(&store, PACKED).await.is_empty());
    assert_eq!(held(&store).await, named(&service, &[1]).await);
    let published = service.publish(&compiled, "").await.expect("published");
    let written: i64 = published.files.iter().map(|file| file.size_bytes).sum();
    let packed = compact(&store).await;
    let written = u64::try_from(written).expect("bytes");
    assert!(packed * 2 < written, "{packed} of {written} bytes");
    service.stop().await;

    // Nothing of it is in memory yet.
    let now = crate::support::NOW.parse().expect("a time");
    let service = small::restart_at(now, &store, &upstream).await;
    for file in &published.files {
        let pieces = service.download(RELEASE, &file.file_name).await;
        let content = pieces.expect("its content").concat();
        assert_eq!(ContentHash::of(&content), file.digest);
    }
    assert_eq!(held(&store).await, named(&service, &[1]).await);
    service.stop().await;
}
