//! The use cases on queries: a statistician asks, the authority answers, the statistician closes.

use mesur_access::{Access, Grant};
use mesur_catalogue::CellRef;
use mesur_proto::storage::v1::QueryRecord;
use mesur_rpc::audit;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, Key, with_retry};
use mesur_wire::{QueryName, ReportName, ReturnName, ReturnsPattern, RevisionName};

use crate::domain::{
    Query, QueryEvent, QueryState, Remark, RemarkKind, ReturnProgress, ShownState, Subject, Text,
};
use crate::error::{Error, Refusal};
use crate::remarks::{refuse_if_sealed, require_state, state_for};
use crate::reports::Validation;
use crate::store::{self, Event, Made, Versioned};

/// Bytes of queries on a page: a page is closed when it has so many.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// A query with its name, and how many remarks its return had when it was read.
pub(crate) struct Named {
    pub(crate) name: QueryName,
    pub(crate) query: Query,
}

/// One page of queries.
pub(crate) struct QueryPage {
    pub(crate) queries: Vec<Named>,
    /// The key behind which the next page begins; `None` at the end.
    pub(crate) next: Option<Key>,
}

impl Validation {
    /// Asks an authority about cells of its latest return.
    pub(crate) async fn raise(
        &self,
        name: &ReturnName,
        cells: &[String],
        text: Text,
        (by, mutation): (&Grant, &Mutation),
    ) -> Result<Named, Error> {
        let identity = by.identity();
        let prefix = store::request_prefix(identity);
        let text = text.into_string();
        let made = with_retry(|| async {
            if let Some(bytes) = mutation.earlier(&*self.store, &prefix).await? {
                return Made::of_bytes(&bytes);
            }
            let read = store::progress(&*self.store, name).await?;
            let Some(mut progress) = read.value.clone() else {
                return Err(Refusal::ReportNotFound.of(&format!("{name}/report")));
            };
            let state = state_for(by, name, &progress);
            require_state(by.returns().lead(state, ShownState::Queried), name)?;
            refuse_if_sealed(&progress, self.clock.now(), name)?;
            let cells = self.distinct_cells(name, &progress, cells)?;
            let edition = store::edition_progress(&*self.store, &name.edition).await?;
            if edition.value.rounds == 0 {
                let edition = mesur_wire::EditionResource(name.edition.clone());
                return Err(Refusal::NoOpenRound.of(&edition));
            }
            progress.queries = progress.queries.saturating_add(1);
            let query = QueryName {
                data_return: name.clone(),
                number: progress.queries,
            };
            let stored = QueryRecord {
                round: edition.value.rounds,
                cells,
                remarks: Vec::new(),
            };
            let change = Change {
                name: &query,
                read: None,
                stored,
                remark: (RemarkKind::Query, &text, identity),
                moved: (None, QueryState::Open),
            };
            let revision = progress.revision;
            let (commit, made) = self.change(&read, progress, change);
            let subject = audit::Subject::new(&query).revision(revision);
            let commit = mutation.remember(commit, &prefix, &made.to_bytes(), &subject);
            self.store.commit(commit).await?;
            Ok(made)
        })
        .await?;
        self.named(name, made).await
    }

    /// Answers, accepts, rejects or withdraws a query.
    pub(crate) async fn reply(
        &self,
        name: &QueryName,
        kind: RemarkKind,
        text: Text,
        (by, mutation): (&Grant, &Mutation),
    ) -> Result<Named, Error> {
        let identity = by.identity();
        let prefix = store::request_prefix(identity);
        let (of, text) = (&name.data_return, text.into_string());
        let missing = || Refusal::QueryNotFound.of(name);
        let made = with_retry(|| async {
            if let Some(bytes) = mutation.earlier(&*self.store, &prefix).await? {
                return Made::of_bytes(&bytes);
            }
            let read = store::progress(&*self.store, of).await?;
            let progress = read.value.clone().ok_or_else(missing)?;
            let (rules, state) = (by.returns(), state_for(by, of, &progress));
            // It is the one reply that opens something.
            if kind == RemarkKind::AnswerRejected {
                require_state(rules.lead(state, ShownState::Queried), of)?;
                refuse_if_sealed(&progress, self.clock.now(), of)?;
            } else {
                require_state(rules.have(state), of)?;
            }
            let found = store::query(&*self.store, name).await?;
            let found = found.ok_or_else(missing)?;
            let said = store::query_of(&*self.store, name, &found.value, progress.remarks).await?;
            let before = said.state();
            let after = before
                .after(kind)
                .map_err(|refusal| Refusal::from(refusal).of(name))?;
            if !said.takes(kind) {
                return Err(Refusal::TooManyRemarks.of(name));
            }
            let change = Change {
                name,
                read: Some(&found),
                stored: found.value.clone(),
                remark: (kind, &text, identity),
                moved: (Some(before), after),
            };
            let revision = progress.revision;
            let (commit, made) = self.change(&read, progress, change);
            let subject = audit::Subject::new(name).revision(revision);
            let commit = mutation.remember(commit, &prefix, &made.to_bytes(), &subject);
            self.store.commit(commit).await?;
            Ok(made)
        })
        .await?;
        self.named(of, made).await
    }

    /// The commit of a change of a query: the remark, the query, the progress of its return, and
    /// what is to be told.
    fn change(
        &self,
        read: &Versioned<Option<ReturnProgress>>,
        mut progress: ReturnProgress,
        change: Change<'_>,
    ) -> (Commit, Made) {
        let of = &change.name.data_return;
        let (kind, text, identity) = change.remark;
        let now = self.clock.now();
        let remark = Remark {
            subject: Subject::Query(change.name.number),
            kind,
            identity: identity.to_owned(),
            text: text.to_owned(),
            revision: progress.revision,
            time: now,
        };
        progress.remarks = progress.remarks.saturating_add(1);
        progress.updated = now;
        let (before, after) = change.moved;
        let event = progress.move_query(before, after);
        let mut stored = change.stored;
        stored.remarks.push(progress.remarks);
        let report = ReportName(RevisionName {
            data_return: of.clone(),
            revision: progress.revision,
        });
        let commit = store::put_progress(Commit::new(), of, read, &progress);
        let commit = store::put_remark(commit, of, progress.remarks, &remark);
        let commit = store::put_query(commit, change.name, change.read, &stored);
        let commit = store::append(commit, &Event::Remarked(report));
        let commit = match event {
            Some(QueryEvent::Queried) => store::append(commit, &Event::Queried(of.clone())),
            Some(QueryEvent::Settled) => store::append(commit, &Event::Settled(of.clone())),
            None => commit,
        };
        let made = Made {
            number: progress.remarks,
            query: change.name.number,
            ..Made::default()
        };
        (commit, made)
    }

    /// A query as it stood with the remark that was made.
    async fn named(&self, of: &ReturnName, made: Made) -> Result<Named, Error> {
        let name = QueryName {
            data_return: of.clone(),
            number: made.query,
        };
        let found = store::query(&*self.store, &name).await?;
        let found = found.ok_or_else(|| Refusal::QueryNotFound.of(&name))?;
        let query = store::query_of(&*self.store, &name, &found.value, made.number).await?;
        Ok(Named { name, query })
    }

    /// The cells, each once. Refuses those that the edition of the return does not have.
    fn distinct_cells(
        &self,
        name: &ReturnName,
        progress: &ReturnProgress,
        cells: &[String],
    ) -> Result<Vec<String>, Error> {
        let edition = self.edition(&name.edition, &progress.edition_digest)?;
        let (mut distinct, mut unknown) = (Vec::new(), Vec::new());
        for (place, cell) in cells.iter().enumerate() {
            let problem = match CellRef::parse(cell) {
                Ok(reference) if edition.cell_id(&reference).is_some() => {
                    let cell = reference.to_string();
                    if !distinct.contains(&cell) {
                        distinct.push(cell);
                    }
                    continue;
                }
                Ok(reference) => format!("{reference} is not a cell of {}", edition.name()),
                Err(error) => error.to_string(),
            };
            unknown.push((place, problem));
        }
        if unknown.is_empty() {
            Ok(distinct)
        } else {
            Err(Error::unknown_cells(unknown))
        }
    }

    /// At most `limit` queries of the returns that a pattern stands for, as far as the caller may
    /// see them, in some of these states, behind a key.
    pub(crate) async fn list_queries(
        &self,
        grant: &Grant,
        pattern: &ReturnsPattern,
        states: &[QueryState],
        (after, limit): (Option<Key>, usize),
    ) -> Result<QueryPage, Error> {
        self.permit_pattern(grant, pattern).await?;
        let (mut after, mut queries, mut bytes) = (after, Vec::new(), 0_usize);
        let mut last_shown = None;
        loop {
            let authority = pattern.authority.as_ref();
            let found = store::queries(&*self.store, authority, after.as_deref()).await?;
            if found.is_empty() {
                return Ok(QueryPage {
                    queries,
                    next: None,
                });
            }
            for (key, name, stored) in found {
                after = Some(key.clone());
                let of = &name.data_return;
                if !pattern.matches(of) || !self.may_see(grant, of).await? {
                    continue;
                }
                let query = store::query_of(&*self.store, &name, &stored, u64::MAX).await?;
                if !states.is_empty() && !states.contains(&query.state()) {
                    continue;
                }
                // One more than fits: only now is it known that there is a next page.
                if queries.len() == limit || bytes >= PAGE_BYTES {
                    return Ok(QueryPage {
                        queries,
                        next: last_shown,
                    });
                }
                last_shown = Some(key);
                bytes = bytes.saturating_add(query.bytes());
                queries.push(Named { name, query });
            }
        }
    }

    /// Refuses a caller to whom nothing of what a pattern stands for belongs by its name.
    async fn permit_pattern(&self, grant: &Grant, pattern: &ReturnsPattern) -> Result<(), Error> {
        let Some(authority) = &pattern.authority else {
            return Ok(());
        };
        let permitted = match (grant.on(authority), &pattern.edition) {
            (Access::Allowed, _) => true,
            (Access::Denied, _) => false,
            (Access::IfDelegated, Some(edition)) => {
                let name = ReturnName {
                    authority: authority.clone(),
                    edition: edition.clone(),
                };
                store::may_read(&*self.store, &name, grant.identity()).await?
            }
            (Access::IfDelegated, None) => {
                store::is_delegate_of(&*self.store, authority, grant.identity()).await?
            }
        };
        if permitted {
            Ok(())
        } else {
            Err(Error::Denied)
        }
    }
}

/// A change of one query.
struct Change<'a> {
    name: &'a QueryName,
    read: Option<&'a Versioned<QueryRecord>>,
    stored: QueryRecord,
    remark: (RemarkKind, &'a str, &'a str),
    moved: (Option<QueryState>, QueryState),
}
