//! Send twice, happen once.

use std::future::Future;

use mesur_store::{ATTEMPTS_MAX, IsConflict as _};

use crate::error::Error;

/// What the attempt leads to, made anew after a conflict; or else what an earlier request with the
/// same id led to.
///
/// Nearly every request is the first of its id, so the attempt comes first: its commit relies on the
/// id not having been used, and a repeat changes nothing. A repeat may also find the state as the
/// first request left it and refuse it, so what was remembered is read before a refusal is told.
pub(crate) async fn once<T, E, EF, A, AF>(earlier: E, attempt: A) -> Result<T, Error>
where
    E: Fn() -> EF,
    EF: Future<Output = Result<Option<T>, Error>>,
    A: Fn() -> AF,
    AF: Future<Output = Result<T, Error>>,
{
    let mut attempts = 1..=ATTEMPTS_MAX;
    loop {
        attempts.next();
        let refused = match attempt().await {
            Ok(done) => return Ok(done),
            Err(refused) => refused,
        };
        if let Some(earlier) = earlier().await? {
            return Ok(earlier);
        }
        if !refused.is_conflict() || attempts.is_empty() {
            return Err(refused);
        }
    }
}
