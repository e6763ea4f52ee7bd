//! A file that is read again when it changes, such as a key set or a token that is renewed.
//!
//! It is looked at when its content is asked for, at most once in a given time. A file that is gone
//! or makes no sense does not take away what was read before: the log says so once for each change.
//! A change is seen by the length and the time of modification; write the new file beside it and
//! rename it, so that no half is read.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tracing::{info, warn};

/// How long what was read is trusted before the file is looked at again.
pub const RECHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Why a file gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error<E: std::error::Error + 'static> {
    /// It cannot be read.
    #[error("reading {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// It has more bytes than such a file has.
    #[error("{} has more than {bytes_max} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How many it may have.
        bytes_max: usize,
    },
    /// Its content makes no sense.
    #[error("{} is not what it should be", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: E,
    },
}

/// What makes a value of the bytes of a file.
pub type Parse<T, E> = fn(&[u8]) -> Result<T, E>;

/// What makes one value of the bytes of several files, in the order of their paths.
pub type ParseAll<T, E> = Box<dyn Fn(&[Vec<u8>]) -> Result<T, E> + Send + Sync>;

/// The content of a file, as it was when it last made sense.
pub struct WatchedFile<T, E>(WatchedFiles<T, E>);

impl<T, E: std::error::Error + 'static> WatchedFile<T, E> {
    /// Reads a file that must make sense now; it is looked at again after `interval`.
    pub fn open(
        path: &Path,
        bytes_max: usize,
        interval: Duration,
        parse: Parse<T, E>,
    ) -> Result<Self, Error<E>>
    where
        T: 'static,
    {
        let parse = move |files: &[Vec<u8>]| parse(files.first().map_or(&[], Vec::as_slice));
        let path = path.to_owned();
        WatchedFiles::open(vec![path], bytes_max, interval, Box::new(parse)).map(Self)
    }

    /// The content. It reads the file in the caller's thread if it changed, which is rare and small.
    pub fn get(&self) -> Arc<T> {
        self.0.get()
    }
}

/// What several files say together, such as a certificate and its key, as it was when it last made
/// sense. A change of one of them reads them all; while they do not fit together, the old value stays.
pub struct WatchedFiles<T, E> {
    paths: Vec<PathBuf>,
    bytes_max: usize,
    interval: Duration,
    parse: ParseAll<T, E>,
    state: Mutex<State<T>>,
}

/// What tells one content of a file from another; none when it is not there.
type Stamp = Option<(Option<SystemTime>, u64)>;

struct State<T> {
    value: Arc<T>,
    stamps: Vec<Stamp>,
    looked: Instant,
}

impl<T, E: std::error::Error + 'static> WatchedFiles<T, E> {
    /// Reads files, each of at most `bytes_max` bytes, that must make sense now; they are looked at
    /// again after `interval`.
    pub fn open(
        paths: Vec<PathBuf>,
        bytes_max: usize,
        interval: Duration,
        parse: ParseAll<T, E>,
    ) -> Result<Self, Error<E>> {
        let stamps = paths.iter().map(|path| stamp(path)).collect();
        let value = Arc::new(read_all(&paths, bytes_max, &parse)?);
        Ok(Self {
            paths,
            bytes_max,
            interval,
            parse,
            state: Mutex::new(State {
                value,
                stamps,
                looked: Instant::now(),
            }),
        })
    }

    /// What they say. It reads them in the caller's thread if one changed, which is rare and small.
    pub fn get(&self) -> Arc<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.looked.elapsed() >= self.interval {
            state.looked = Instant::now();
            // Before reading: a change in between is then seen the next time.
            let stamps: Vec<_> = self.paths.iter().map(|path| stamp(path)).collect();
            if stamps != state.stamps {
                state.stamps = stamps;
                self.renew(&mut state);
            }
        }
        Arc::clone(&state.value)
    }

    fn renew(&self, state: &mut State<T>) {
        let shown = self.paths.iter().map(|path| path.display().to_string());
        let file = shown.collect::<Vec<_>>().join(", ");
        match read_all(&self.paths, self.bytes_max, &self.parse) {
            Ok(value) => {
                info!(file, "the file changed and was read again");
                state.value = Arc::new(value);
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                let source = error.source().map(ToString::to_string);
                warn!(file, %error, source, "the file changed and was not taken");
            }
        }
    }
}

fn stamp(path: &Path) -> Stamp {
    let found = fs::metadata(path).ok()?;
    Some((found.modified().ok(), found.len()))
}

fn read_all<T, E: std::error::Error + 'static>(
    paths: &[PathBuf],
    bytes_max: usize,
    parse: &ParseAll<T, E>,
) -> Result<T, Error<E>> {
    let files = paths.iter().map(|path| read(path, bytes_max));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    parse(&files).map_err(|source| Error::Parse {
        path: paths.first().cloned().unwrap_or_default(),
        source,
    })
}

fn read<E: std::error::Error + 'static>(
    path: &Path,
    bytes_max: usize,
) -> Result<Vec<u8>, Error<E>> {
    let failed = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    // One more than it may have, to know that there are more.
    let limit = u64::try_from(bytes_max).map_or(u64::MAX, |max| max.saturating_add(1));
    let file = File::open(path).map_err(failed)?;
    file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > bytes_max {
        let path = path.to_owned();
        return Err(Error::TooLarge { path, bytes_max });
    }
    Ok(bytes)
}
