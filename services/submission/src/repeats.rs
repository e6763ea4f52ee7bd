//! Send twice, happen once.

use std::future::Future;

use mesur_store::with_retry;

use crate::error::Error;

/// What an earlier request with the same id led to, or else what the attempt leads to, made anew
/// after a conflict.
///
/// A repeat that runs at the same time as the first request may find the state as that one left
/// it, and refuse it. So what was remembered is read again before a refusal is told.
pub(crate) async fn once<T, E, EF, A, AF>(earlier: E, attempt: A) -> Result<T, Error>
where
    E: Fn() -> EF,
    EF: Future<Output = Result<Option<T>, Error>>,
    A: Fn() -> AF,
    AF: Future<Output = Result<T, Error>>,
{
    if let Some(earlier) = earlier().await? {
        return Ok(earlier);
    }
    let attempted = with_retry(attempt).await;
    match attempted {
        Ok(done) => Ok(done),
        Err(refused) => earlier().await?.ok_or(refused),
    }
}
