//! Files in memory, by their digest, within a bound.

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// The most bytes of files that are kept: 128 MiB, so that the largest file there is fits.
pub(crate) const CACHE_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// What is told to the cache of the number of files. It divides its room among pieces, more the more
/// processors there are, each for 32 files at least, and a file larger than its piece is never kept: in
/// one piece all of the room is there for each.
const CACHE_FILES: usize = 32;

/// What takes room for its bytes.
pub(crate) trait Weighty {
    /// How many they are.
    fn bytes(&self) -> usize;
}

impl Weighty for Bytes {
    fn bytes(&self) -> usize {
        self.len()
    }
}

/// Files by their digest; the ones asked for least go when there is no room.
pub(crate) type Files<F> = Cache<String, F, ByBytes>;

/// No files yet.
pub(crate) fn files<F: Weighty + Clone>() -> Files<F> {
    Cache::with_weighter(CACHE_FILES, CACHE_BYTES_MAX, ByBytes)
}

/// How much of the room one takes.
#[derive(Debug, Clone)]
pub(crate) struct ByBytes;

impl<F: Weighty> Weighter<String, F> for ByBytes {
    fn weight(&self, digest: &String, file: &F) -> u64 {
        let bytes = file.bytes().saturating_add(digest.len());
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use mesur_store::large::LARGE_BYTES_MAX;

    use super::files;

    #[test]
    fn the_largest_file_is_kept_beside_smaller_ones() {
        let kept = files::<Bytes>();
        let small = Bytes::from_static(&[0; 1_024]);
        let names: Vec<String> = (0..1_000).map(|n| format!("small {n}")).collect();
        for name in &names {
            kept.insert(name.clone(), small.clone());
        }
        kept.insert("large".to_owned(), Bytes::from(vec![0; LARGE_BYTES_MAX]));
        assert!(kept.get("large").is_some());
        assert!(names.iter().all(|name| kept.get(name).is_some()));
    }
}
