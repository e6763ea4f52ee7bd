//! What is of a whole edition: marks of robustness, the comparison, the progress.

use std::cmp::Reverse;

use mesur_access::{Access, Grant};
use mesur_catalogue::AuthorityCode;
use mesur_proto::validation::v1 as pb;
use mesur_proto::validation::v1::collection_progress::authority_progress::State;
use mesur_proto::validation::v1::collection_progress::{AuthorityProgress, MetricProgress};
use mesur_returns::peers::{self, PeerFinding};
use mesur_rpc::idempotency::Mutation;
use mesur_rpc::{audit, clock};
use mesur_wire::{EditionResource, ProgressName, finding_to_wire};

use super::convert::count;
use super::{Api, PAGES, convert, number_of, text};
use crate::domain::{ReturnProgress, ShownState};
use crate::error::Error;
use crate::marks::NewMark;
use crate::progress::CollectionProgress;
use crate::store;

/// The most findings of one comparison.
const PEER_FINDINGS_MAX: usize = 5_000;

/// Refuses a caller to whom not everybody's data belongs.
fn permit_all(grant: &Grant) -> Result<(), Error> {
    if grant.is_of_all() {
        Ok(())
    } else {
        Err(Error::Denied)
    }
}

impl Api {
    pub(super) async fn mark(
        &self,
        grant: &Grant,
        mut message: pb::MarkRobustnessRequest,
    ) -> Result<pb::RobustnessMark, Error> {
        let authority = AuthorityCode::parse(&message.authority)
            .map_err(|error| Error::field("authority", error.to_string()))?;
        if grant.on(&authority) != Access::Allowed {
            return Err(Error::Denied);
        }
        let edition = EditionResource::parse(&message.parent).map_err(Error::name("parent"))?;
        let id = std::mem::take(&mut message.request_id);
        let mutation = Mutation::read(grant, "MarkRobustness", &id, &message)?;
        let new = NewMark {
            authority,
            reason: text("reason", &message.reason)?,
            metric: message.metric,
            robust: message.robust,
        };
        let by = (grant.identity(), &mutation);
        let mark = self.validation.mark_robustness(&edition.0, new, by).await?;
        Ok(convert::mark_message(&mark))
    }

    pub(super) async fn marks(
        &self,
        grant: &Grant,
        mut message: pb::ListRobustnessMarksRequest,
    ) -> Result<pb::ListRobustnessMarksResponse, Error> {
        const METHOD: &str = "ListRobustnessMarks";
        permit_all(grant)?;
        let edition = EditionResource::parse(&message.parent).map_err(Error::name("parent"))?;
        let size = PAGES.apply(message.page_size)?;
        let token = std::mem::take(&mut message.page_token);
        message.page_size = 0;
        let after = number_of(self.page_start(METHOD, &message, &token)?);
        let limit = size.saturating_add(1);
        let mut found = store::marks(&*self.validation.store, &edition.0, after, limit).await?;
        let more = found.len() > size;
        found.truncate(size);
        let last = found.last().map(|(number, _)| number.to_be_bytes());
        let last = last.as_ref().filter(|_| more).map(|key| &key[..]);
        let marks = found.iter().map(|(_, mark)| convert::mark_message(mark));
        Ok(pb::ListRobustnessMarksResponse {
            marks: marks.collect(),
            next_page_token: self.page_token(METHOD, &message, last),
        })
    }

    pub(super) async fn compare(
        &self,
        grant: &Grant,
        message: &pb::CompareAuthoritiesRequest,
    ) -> Result<pb::CompareAuthoritiesResponse, Error> {
        permit_all(grant)?;
        let name = EditionResource::parse(&message.parent).map_err(Error::name("parent"))?;
        let wording = self.wording(&message.language_code)?;
        let edition = self.validation.edition(&name.0, "")?;
        let subject = audit::Subject::new(&name).digest(edition.digest());
        audit::read(&*self.validation.store, &grant.into(), &subject).await?;
        let cells = self.validation.latest_cells(&name.0).await?;
        let returns: Vec<_> = cells.iter().map(|(code, cells)| (code, cells)).collect();
        let found = peers::compare(edition, &returns, |code| edition.population(code));
        let finding_count = count(found.len());
        let found = largest(found);
        let findings = found.iter().map(|one| {
            let finding = finding_to_wire(&one.finding, wording);
            pb::compare_authorities_response::PeerFinding {
                authority: one.authority.to_string(),
                finding: Some(finding),
            }
        });
        Ok(pb::CompareAuthoritiesResponse {
            findings: findings.collect(),
            return_count: count(returns.len()),
            finding_count,
        })
    }

    pub(super) async fn progress(
        &self,
        grant: &Grant,
        message: &pb::GetCollectionProgressRequest,
    ) -> Result<pb::CollectionProgress, Error> {
        permit_all(grant)?;
        let name = ProgressName::parse(&message.name).map_err(Error::name("name"))?;
        let progress = self.validation.collection_progress(&name.0).await?;
        Ok(progress_message(&name, &progress))
    }
}

/// The largest differences, the largest first.
fn largest(mut found: Vec<PeerFinding>) -> Vec<PeerFinding> {
    found.sort_by_key(|one| Reverse(one.finding.effect));
    found.truncate(PEER_FINDINGS_MAX);
    found
}

fn progress_message(name: &ProgressName, progress: &CollectionProgress) -> pb::CollectionProgress {
    let edition = &progress.edition;
    let authorities = edition.authorities().iter().zip(&progress.returns);
    let authorities =
        authorities.map(|(authority, held)| authority_message(&authority.code, held.as_ref()));
    let metrics = edition.metrics().iter().zip(&progress.metrics);
    let metrics = metrics.map(|(metric, counts)| MetricProgress {
        metric: metric.code.to_string(),
        provided_count: count(counts.provided),
        part_count: count(counts.part),
        missing_count: count(counts.missing),
        not_applicable_count: count(counts.not_applicable),
    });
    pb::CollectionProgress {
        name: name.to_string(),
        edition_digest: edition.digest().to_owned(),
        authorities: authorities.collect(),
        metrics: metrics.collect(),
        cell_count: count(edition.cells().len()),
    }
}

fn authority_message(code: &AuthorityCode, held: Option<&ReturnProgress>) -> AuthorityProgress {
    let Some(held) = held else {
        return AuthorityProgress {
            authority: code.to_string(),
            state: State::NotSent.into(),
            ..AuthorityProgress::default()
        };
    };
    let state = match held.shown() {
        ShownState::Nothing | ShownState::Draft => State::NotSent,
        ShownState::Submitted => State::Submitted,
        ShownState::Queried => State::Queried,
        ShownState::SignedOff => State::SignedOff,
        ShownState::Reopened => State::Reopened,
    };
    AuthorityProgress {
        authority: code.to_string(),
        state: state.into(),
        revision: count(held.revision),
        late: held.late,
        error_count: count(held.counts.errors),
        warning_count: count(held.counts.warnings),
        info_count: count(held.counts.infos),
        open_error_count: count(held.open.errors),
        open_warning_count: count(held.open.warnings),
        open_query_count: count(held.open_queries),
        value_count: count(held.values),
        update_time: Some(clock::to_proto(held.updated)),
    }
}

#[cfg(test)]
mod tests {
    use mesur_catalogue::Severity;
    use mesur_returns::{Finding, FindingKind};

    use super::*;

    fn found(effect: u64) -> PeerFinding {
        PeerFinding {
            authority: AuthorityCode::parse("W06000012").unwrap(),
            finding: Finding {
                id: "AD/010-peers:AD/010".to_owned(),
                severity: Severity::Info,
                metric: "AD/010".to_owned(),
                effect,
                ..Finding::new(FindingKind::ALL[0])
            },
        }
    }

    #[test]
    fn so_many_differences_are_told_the_largest_and_the_smallest_is_left_out() {
        let effects = |differences: u64| {
            let all = (1..=differences).map(found).collect();
            let told = largest(all).into_iter().map(|one| one.finding.effect);
            told.collect::<Vec<_>>()
        };
        let most = u64::try_from(PEER_FINDINGS_MAX).unwrap();
        let expected: Vec<_> = (1..=most).rev().collect();
        assert_eq!(effects(most), expected);
        let expected: Vec<_> = (2..=most + 1).rev().collect();
        assert_eq!(effects(most + 1), expected);
    }
}
