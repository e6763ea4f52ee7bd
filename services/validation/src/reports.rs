//! The use cases: read, decide in `domain`, commit with the versions that were relied on.

use std::sync::Arc;

use mesur_catalogue::{AuthorityCode, Catalogue, Edition, EditionName};
use mesur_returns::{Previous, RawObservation};
use mesur_rpc::clock::Clock;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, Store, with_retry};
use mesur_wire::ReportName;

use crate::domain::{Answered, Examined, Explanation, Report, examine};
use crate::error::Error;
use crate::store::{self, Cursor};

/// The reports on all returns.
pub(crate) struct Reports {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Reports {
    /// An edition by name; `digest`, when given, must be its digest.
    pub(crate) fn edition(&self, name: &EditionName, digest: &str) -> Result<&Edition, Error> {
        let edition = self
            .catalogue
            .get(name)
            .ok_or_else(|| Error::EditionNotFound { name: name.clone() })?;
        if digest.is_empty() || digest == edition.digest() {
            return Ok(edition);
        }
        Err(Error::EditionMismatch {
            name: name.clone(),
            ours: edition.digest().to_owned(),
            theirs: digest.to_owned(),
        })
    }

    /// Examines rows and keeps nothing.
    pub(crate) fn examine(
        &self,
        edition: &Edition,
        authority: &AuthorityCode,
        rows: impl IntoIterator<Item = RawObservation>,
        previous: Option<&Previous>,
    ) -> Result<Examined, Error> {
        examine(edition, &self.catalogue, authority, rows, previous)
            .map_err(|findings| Error::InvalidReturn { findings })
    }

    /// How far submission is followed.
    pub(crate) async fn cursor(&self) -> Result<Cursor, Error> {
        store::cursor(&*self.store).await
    }

    /// Notes an event that asks for no report.
    pub(crate) async fn pass_over(&self, from: &Cursor, to: &[u8]) -> Result<(), Error> {
        let commit = store::move_cursor(Commit::new(), from, to);
        self.store.commit(commit).await?;
        Ok(())
    }

    /// Keeps the report that an event asked for.
    pub(crate) async fn make(
        &self,
        name: ReportName,
        examined: Examined,
        previous: Option<&Previous>,
        (from, to): (&Cursor, &[u8]),
    ) -> Result<(), Error> {
        let period = previous.map(|previous| previous.period.clone());
        let report = Report::new(name, examined, period, self.clock.now());
        let commit = store::move_cursor(Commit::new(), from, to);
        let commit = store::append_made(commit, &report);
        let commit = store::put_report(&*self.store, commit, &report, None).await?;
        self.store.commit(commit).await?;
        tracing::debug!(
            report = %report.name,
            errors = report.error_count(),
            warnings = report.warning_count(),
            "validated"
        );
        Ok(())
    }

    /// A report by name.
    pub(crate) async fn get(&self, name: &ReportName) -> Result<Report, Error> {
        let report = store::report(&*self.store, name).await?;
        report.ok_or_else(|| not_found(name))
    }

    /// Explains a warning.
    pub(crate) async fn answer(
        &self,
        name: &ReportName,
        number: i32,
        explanation: &Explanation,
        mutation: &Mutation,
    ) -> Result<Answered, Error> {
        let prefix = store::request_prefix();
        with_retry(|| async {
            if let Some(bytes) = mutation.earlier(&*self.store, &prefix).await? {
                return store::answered_of(&bytes);
            }
            let found = store::guarded_report(&*self.store, name).await?;
            let (report, version) = found.ok_or_else(|| not_found(name))?;
            let (report, answered) = report
                .answer(number, explanation)
                .map_err(Error::refused(name.to_string(), number))?;
            let commit =
                store::put_report(&*self.store, Commit::new(), &report, Some(version)).await?;
            let response = store::answered_bytes(&answered);
            self.store
                .commit(mutation.remember(commit, &prefix, &response))
                .await?;
            Ok(answered)
        })
        .await
    }
}

fn not_found(name: &ReportName) -> Error {
    Error::ReportNotFound {
        name: name.to_string(),
    }
}
