//! Read, decide, commit; on a conflict again, within bounds.

use crate::Error;

/// How often a use case is tried before its conflict is given to the caller.
pub const ATTEMPTS_MAX: usize = 16;

/// Tells a conflict, which a fresh attempt may cure, from all other errors.
pub trait IsConflict {
    /// Whether this is a store's conflict.
    fn is_conflict(&self) -> bool;
}

impl IsConflict for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}

/// Runs `attempt` until it does something other than conflict, at most [`ATTEMPTS_MAX`] times.
///
/// There is no pause between attempts: a conflict is answered only when the commit it lost to is
/// durable, so the next attempt reads a newer state and each round lets one contender through.
pub async fn with_retry<T, E, F, Fut>(mut attempt: F) -> Result<T, E>
where
    E: IsConflict,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    for _ in 1..ATTEMPTS_MAX {
        match attempt().await {
            Err(error) if error.is_conflict() => {}
            other => return other,
        }
    }
    attempt().await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn attempts(answer: impl Fn(usize) -> Result<usize, Error>) -> (usize, bool) {
        let mut count = 0;
        let answer = with_retry(|| {
            count += 1;
            std::future::ready(answer(count))
        })
        .await;
        (count, answer.is_ok())
    }

    #[tokio::test]
    async fn only_a_conflict_is_tried_again_and_not_for_ever() {
        let conflict = || Err(Error::Conflict { key: Vec::new() });
        assert_eq!(attempts(|_| conflict()).await, (ATTEMPTS_MAX, false));
        assert_eq!(
            attempts(|n| if n < 3 { conflict() } else { Ok(n) }).await,
            (3, true)
        );
        let until = |last: usize| move |n| if n < last { conflict() } else { Ok(n) };
        assert_eq!(attempts(until(ATTEMPTS_MAX)).await, (ATTEMPTS_MAX, true));
        assert_eq!(
            attempts(until(ATTEMPTS_MAX + 1)).await,
            (ATTEMPTS_MAX, false)
        );
        assert_eq!(attempts(|_| Err(Error::Closed)).await, (1, false));
    }
}
