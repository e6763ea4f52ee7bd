//! Whether the store is whole: what `mesur store check` asks. Nothing is changed.

use std::collections::BTreeSet;

use mesur_catalogue::{ContentHash, EditionName};
use mesur_proto::storage::v1::{
    EarlyAccessRecord, FeedbackRecord, LookRecord, ReleaseEventRecord, ReleaseRecord,
    ReleaseRevisionRecord, SnapshotRecord,
};
use mesur_store::check::{self, Holds, Kind, Pages, Part, Report};
use mesur_store::{Key, KeyBuilder, KeyReader, Store, large};
use mesur_wire::{ReleaseName, SnapshotName};

use super::events::{CHANGES_LOG, changed};
use super::releases::{head, heads, revisions};
use super::{
    ACCESS, CURSOR, DETAILS, EVENT, FEEDBACK, FILE, FILES, Head, LOOK, OVERTAKEN, PACKED, PAGE_KEY,
    RELEASE, REQUEST, REQUEST_DAYS, REVISION, SNAPSHOT, TABLES, TOO_LARGE, TOTALS, TRANSLATED,
    TRANSLATIONS, content, corrupt, details, edition_key, snapshot, tables, translations,
};
use crate::error::Error;
use crate::releases::Release;

const OF_EDITION: &[Part] = &[Part::Text, Part::Text];
const NUMBERED: &[Part] = &[Part::Text, Part::Text, Part::Number];

const KINDS: &[Kind] = &[
    Kind::of::<ReleaseRecord>(RELEASE, "release", OF_EDITION),
    Kind::new(FILE, "file", &[Part::Text], Holds::Large),
    Kind::new(PACKED, "packed file", &[Part::Text], Holds::Large),
    check::requests(REQUEST, &[Part::Text]),
    Kind::new(
        CURSOR,
        "cursor",
        &[Part::Text],
        Holds::Record(check::is_sealed),
    ),
    Kind::of::<SnapshotRecord>(SNAPSHOT, "snapshot", &[Part::Text]),
    Kind::new(TOTALS, "totals", &[Part::Text], Holds::Large),
    check::page_key(PAGE_KEY),
    Kind::new(
        OVERTAKEN,
        "overtaken",
        OF_EDITION,
        Holds::Record(check::is_sealed),
    ),
    Kind::of::<ReleaseRevisionRecord>(REVISION, "revision", NUMBERED),
    Kind::new(DETAILS, "details", &[Part::Text], Holds::Large),
    Kind::new(TABLES, "tables", &[Part::Text], Holds::Large),
    Kind::of::<ReleaseEventRecord>(EVENT, "event", NUMBERED),
    Kind::of::<EarlyAccessRecord>(ACCESS, "early access", NUMBERED),
    Kind::of::<LookRecord>(
        LOOK,
        "look",
        &[
            Part::Text,
            Part::Text,
            Part::Number,
            Part::Number,
            Part::Text,
        ],
    ),
    Kind::new(
        TRANSLATED,
        "translated",
        OF_EDITION,
        Holds::Record(check::is_sealed),
    ),
    Kind::new(TRANSLATIONS, "translations", OF_EDITION, Holds::Large),
    Kind::of::<FeedbackRecord>(FEEDBACK, "feedback", &[Part::Number, Part::Text]),
    check::request_days(REQUEST_DAYS),
    Kind::new(FILES, "files", &[], Holds::Record(check::is_sealed)),
    Kind::new(
        TOO_LARGE,
        "snapshot too large",
        &[Part::Text],
        Holds::Record(check::is_sealed),
    ),
];

/// The kinds of keys that [`followed`] read, beside the log.
pub const FOLLOWING_KINDS: &[u8] = &[CURSOR];

/// Which services this one follows, and its place in the stream of each; empty before the first event.
pub async fn followed(
    store: &dyn Store,
) -> Result<Vec<(&'static str, Vec<u8>)>, mesur_store::Error> {
    let cursor = check::sealed_bytes(store, &super::snapshots::cursor_key()).await?;
    Ok(vec![("aggregation", cursor)])
}

/// Looks through the whole store of the publication service: that every record can be read, that
/// revisions, events and early access are dense, and that everything a revision names is there with
/// its digest.
pub async fn check_store(store: &dyn Store) -> Result<Report, mesur_store::Error> {
    let change = |entry: &[u8]| changed(entry).map(drop).map_err(|error| error.to_string());
    let mut report = check::walk(store, KINDS, (CHANGES_LOG, change)).await?;
    if let Some(heads) = report.take("the releases", heads(store).await) {
        for (name, head) in heads {
            check_release(store, &mut report, &name, &head).await?;
        }
    }
    check_owners(store, &mut report).await?;
    check_snapshots(store, &mut report).await?;
    for key in check::keys(store, KeyBuilder::new(TRANSLATED).build()).await? {
        if let Some(edition) = report.take("translations", edition_in(&key)) {
            let held = translations::held(store, &edition).await;
            report.take(format!("the translations of {edition}"), held);
        }
    }
    Ok(report)
}

async fn check_release(
    store: &dyn Store,
    report: &mut Report,
    name: &ReleaseName,
    head: &Head,
) -> Result<(), mesur_store::Error> {
    let Some(revisions) = report.take(name, revisions(store, name).await) else {
        return Ok(());
    };
    let numbers = revisions.iter().map(|revision| revision.revision);
    report.require(
        numbers.eq(1..=head.latest),
        name,
        "its revisions are not those that it counts",
    );
    report.require(
        head.published <= head.latest,
        name,
        "a revision is published that is not there",
    );
    for revision in &revisions {
        let item = format!("{name}, revision {}", revision.revision);
        report.take(&item, check_revision(store, revision).await);
        if let Some(snapshot) = report.take(&item, check_snapshot(store, &revision.snapshot).await)
        {
            report.require(snapshot, &item, "its snapshot is missing");
        }
    }
    for (kind, due) in [(EVENT, head.events), (ACCESS, head.accesses)] {
        let keys = check::keys(store, edition_key(kind, &name.0).build()).await?;
        let numbers = keys.iter().map(last_number);
        report.require(
            numbers.eq((1..=due).map(Some)),
            name,
            "its events or early accesses are not those that it counts",
        );
    }
    Ok(())
}

/// That what a revision names is there, each with the digest that it is named by.
async fn check_revision(store: &dyn Store, release: &Release) -> Result<(), Error> {
    let tables_key = KeyBuilder::new(TABLES).text(&release.tables).build();
    digest_of(store, &tables_key, &release.tables).await?;
    tables(store, &release.tables).await?;
    let mut files = BTreeSet::new();
    for (is_compiled, digest) in [
        (true, &release.compiled_details),
        (false, &release.published_details),
    ] {
        if digest.is_empty() {
            continue;
        }
        let key = KeyBuilder::new(DETAILS).text(digest).build();
        digest_of(store, &key, digest).await?;
        let details = details(store, digest).await?;
        // What was published keeps the files that were published.
        if !(is_compiled && release.state.is_public()) {
            files.extend(details.files.into_iter().map(|file| file.digest));
        }
    }
    for digest in files {
        let content = content(store, &digest).await?;
        let content = content.ok_or_else(|| corrupt(&digest, "it is not there"))?;
        of_digest(&ContentHash::of(&content), &digest)?;
    }
    Ok(())
}

async fn digest_of(store: &dyn Store, key: &[u8], digest: &str) -> Result<(), Error> {
    let reader = large::Reader::open(store, key).await?;
    let mut reader = reader.ok_or_else(|| corrupt(digest, "it is not there"))?;
    let mut hash = ContentHash::default();
    while let Some(bytes) = reader.next().await? {
        hash.update(bytes);
    }
    of_digest(&hash.finish(), digest)
}

fn of_digest(found: &str, digest: &str) -> Result<(), Error> {
    if found == digest {
        Ok(())
    } else {
        Err(corrupt(digest, "it has another digest"))
    }
}

async fn check_snapshot(store: &dyn Store, name: &str) -> Result<bool, Error> {
    let name = SnapshotName::parse(name).map_err(|error| corrupt(name, &error.to_string()))?;
    Ok(snapshot(store, &name).await?.is_some())
}

/// That no revision, event, access or look is there of a release that is not.
async fn check_owners(store: &dyn Store, report: &mut Report) -> Result<(), mesur_store::Error> {
    for kind in [REVISION, EVENT, ACCESS, LOOK] {
        let mut last = None;
        let mut pages = Pages::of(KeyBuilder::new(kind).build());
        loop {
            let rows = pages.next(store).await?;
            if rows.is_empty() {
                break;
            }
            for (key, _) in rows {
                let Ok(edition) = edition_in(&key) else {
                    continue;
                };
                if last.as_ref() == Some(&edition) {
                    continue;
                }
                let name = ReleaseName(edition.clone());
                if let Some(head) = report.take(&name, head(store, &name).await) {
                    report.require(head.is_some(), &name, "there is more of it than itself");
                }
                last = Some(edition);
            }
        }
    }
    Ok(())
}

async fn check_snapshots(store: &dyn Store, report: &mut Report) -> Result<(), mesur_store::Error> {
    for key in check::keys(store, KeyBuilder::new(SNAPSHOT).build()).await? {
        let mut reader = KeyReader::new(&key);
        let id = reader.kind().and_then(|_| reader.text());
        let Ok(id) = id else { continue };
        let name = format!("snapshots/{id}");
        report.take(&name, check_snapshot(store, &name).await);
    }
    Ok(())
}

fn edition_in(key: &[u8]) -> Result<EditionName, Error> {
    let mut reader = KeyReader::new(key);
    reader.kind()?;
    let (collection, period) = (reader.text()?, reader.text()?);
    let edition = EditionName::parse(&format!("{collection}/{period}"));
    edition.map_err(|error| corrupt("the key of an edition", &error.to_string()))
}

fn last_number(key: &Key) -> Option<u64> {
    Some(u64::from_be_bytes(*key.last_chunk()?))
}
