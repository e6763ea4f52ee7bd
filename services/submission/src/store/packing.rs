//! Packing the contents of old revisions: each as what it has that an earlier one of the return has not.
//!
//! The latest revision stays whole, and so does every one that others are packed against: nothing is
//! ever more than one step away. A content that would not become a fourth of its size stays whole, and
//! those behind it are packed against it. What stands outside the row of its revision, over
//! [`INLINE_BYTES`], is left as it is.
//!
//! A packed content is unpacked and compared before it takes the place of the whole one, in one commit
//! that relies on both rows: readers find the one or the other, and whatever ends it on the way, the
//! next time goes on with what is left.

use std::collections::BTreeSet;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use mesur_proto::storage::v1::RevisionRecord;
use mesur_store::check::Pages;
use mesur_store::{Commit, Error, Expect, IsConflict as _, Store, Version, record};
use mesur_wire::{ReturnName, RevisionName};

use super::contents::INLINE_BYTES;
use super::{FORMAT, keys, revisions};

/// A content is packed when it becomes at most one of so many parts.
const PARTS: usize = 4;

/// The content that a packed one was made of; `None` where it was not made against `whole`.
pub(super) fn unpacked(packed: &[u8], whole: &[u8]) -> Option<Vec<u8>> {
    let mut stream = Decompress::new(false);
    stream.set_dictionary(whole).ok()?;
    let mut content = Vec::with_capacity(INLINE_BYTES);
    let end = stream.decompress_vec(packed, &mut content, FlushDecompress::Finish);
    (end.ok()? == Status::StreamEnd).then_some(content)
}

/// A content packed against another, if that makes it much smaller and it comes out again.
fn packed(content: &[u8], whole: &[u8]) -> Option<Vec<u8>> {
    let mut stream = Compress::new(Compression::best(), false);
    stream.set_dictionary(whole).ok()?;
    let mut packed = Vec::with_capacity(content.len() / PARTS);
    let end = stream.compress_vec(content, &mut packed, FlushCompress::Finish);
    let is_packed = end.ok()? == Status::StreamEnd;
    (is_packed && unpacked(&packed, whole)? == content).then_some(packed)
}

/// Packs what is old of every return; answers how many revisions were packed.
pub(super) async fn pack_revisions(store: &dyn Store) -> Result<u64, Error> {
    let mut heads = Pages::of(keys::heads(None, None));
    let mut count = 0_u64;
    loop {
        let rows = heads.next(store).await?;
        if rows.is_empty() {
            return Ok(count);
        }
        for (key, entry) in &rows {
            // What cannot be read is told by a check.
            if let Ok(head) = revisions::read(key, &entry.value) {
                count = count.saturating_add(pack_return(store, &head.name).await?);
            }
        }
    }
}

/// A revision whose content stands whole, with the version of its row.
struct Whole {
    revision: u32,
    version: Version,
    content: Vec<u8>,
}

/// Packs what came before the latest revision of a return.
async fn pack_return(store: &dyn Store, latest: &RevisionName) -> Result<u64, Error> {
    let of = &latest.data_return;
    let mut count = 0;
    if is_packed(store, latest).await? {
        return Ok(count);
    }
    let stay = packed_against(store, of).await?;
    let mut base: Option<Whole> = None;
    let mut pages = Pages::of(keys::revisions(of));
    loop {
        let rows = pages.next(store).await?;
        if rows.is_empty() {
            return Ok(count);
        }
        for (key, entry) in rows {
            let Ok(RevisionName { revision, .. }) = keys::revision_in(&key) else {
                continue;
            };
            let mut stored: RevisionRecord = record::open(FORMAT, &key, &entry.value)?;
            let Some(content) = stored.content.take() else {
                continue;
            };
            if revision >= latest.revision {
                return Ok(count);
            }
            let candidate = base.as_ref().filter(|_| !stay.contains(&revision));
            if let Some(whole) = candidate
                && let Some(packed) = packed(&content, &whole.content)
            {
                stored.packed = Some(packed);
                stored.packed_against = whole.revision;
                let of_base = RevisionName {
                    data_return: of.clone(),
                    revision: whole.revision,
                };
                let commit = Commit::new()
                    .expect(keys::revision(&of_base), Expect::At(whole.version))
                    .expect(key.clone(), Expect::At(entry.version))
                    .put(key, record::seal(FORMAT, &stored));
                match store.commit(commit).await {
                    // Another packs them.
                    Err(error) if error.is_conflict() => return Ok(count),
                    done => done?,
                };
                count += 1;
                continue;
            }
            base = Some(Whole {
                revision,
                version: entry.version,
                content,
            });
        }
    }
}

/// Whether the revision before the latest is packed: then so is all that can be.
async fn is_packed(store: &dyn Store, latest: &RevisionName) -> Result<bool, Error> {
    let Some(revision @ 1..) = latest.revision.checked_sub(1) else {
        return Ok(true);
    };
    let before = RevisionName {
        data_return: latest.data_return.clone(),
        revision,
    };
    let key = keys::revision(&before);
    let Some(entry) = store.get(&key).await? else {
        return Ok(true);
    };
    let stored: RevisionRecord = record::open(FORMAT, &key, &entry.value)?;
    Ok(stored.packed.is_some())
}

/// The revisions of a return that others are packed against.
async fn packed_against(store: &dyn Store, of: &ReturnName) -> Result<BTreeSet<u32>, Error> {
    let mut against = BTreeSet::new();
    let mut pages = Pages::of(keys::revisions(of));
    loop {
        let rows = pages.next(store).await?;
        if rows.is_empty() {
            return Ok(against);
        }
        for (key, entry) in &rows {
            let stored: RevisionRecord = record::open(FORMAT, key, &entry.value)?;
            against.insert(stored.packed_against);
        }
    }
}
