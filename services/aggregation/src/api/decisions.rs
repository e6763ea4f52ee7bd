//! Decisions over gRPC.

use std::collections::BTreeSet;

use mesur_access::Grant;
use mesur_catalogue::{AuthorityCode, Edition, EditionName, MetricCode};
use mesur_proto::aggregation::v1 as pb;
use mesur_proto::aggregation::v1::decision::{Marks, Publishing, Subject as Wire};
use mesur_rpc::idempotency::Mutation;
use mesur_rpc::{Violation, clock};
use mesur_wire::EditionResource;
use prost::Message;

use super::{Api, PAGE};
use crate::decisions::{NewDecision, decision_name};
use crate::domain::{Decision, DecisionReason, Mark, Ruling};
use crate::error::Error;
use crate::message::marks_to_wire;

impl Api {
    pub(super) async fn decide(
        &self,
        grant: &Grant,
        mut message: pb::CreateDecisionRequest,
    ) -> Result<pb::Decision, Error> {
        let parent = EditionResource::parse(&message.parent).map_err(Error::name("parent"))?;
        let edition = self.snapshots.edition(&parent.0)?;
        let id = std::mem::take(&mut message.request_id);
        let mutation =
            Mutation::read(grant, "CreateDecision", &id, &message).map_err(Error::field)?;
        let new = read_decision(edition, message).map_err(Error::InvalidFields)?;
        let by = (grant.identity(), &mutation);
        let decision = self.snapshots.decide(&new, by).await?;
        let in_force = self.snapshots.is_in_force(&parent.0, &decision).await?;
        Ok(decision_message(&parent.0, &decision, in_force))
    }

    pub(super) async fn list_decided(
        &self,
        mut message: pb::ListDecisionsRequest,
    ) -> Result<pb::ListDecisionsResponse, Error> {
        let parent = EditionResource::parse(&message.parent).map_err(Error::name("parent"))?;
        let size = PAGE.apply(message.page_size).map_err(Error::field)?;
        let token = std::mem::take(&mut message.page_token);
        message.page_size = 0;
        let asked = message.encode_to_vec();
        let arguments: [&[u8]; 2] = [b"ListDecisions", &asked];
        let after = self.tokens.read(&arguments, &token).map_err(Error::field)?;
        let after: Option<[u8; 4]> = after.and_then(|key| key.try_into().ok());
        let after = after.map_or(0, u32::from_be_bytes);
        // One more than the page has, to know whether it is the last.
        let wanted = (size.saturating_add(1), message.in_force_only);
        let found = self.snapshots.decisions(&parent.0, after, wanted).await?;
        let (mut decisions, in_force) = found;
        let more = decisions.len() > size;
        decisions.truncate(size);
        let last = decisions.last().filter(|_| more);
        let next = last.map(|last| self.tokens.issue(&arguments, &last.number.to_be_bytes()));
        let decisions = decisions
            .iter()
            .map(|decision| decision_message(&parent.0, decision, in_force.has(decision)));
        Ok(pb::ListDecisionsResponse {
            decisions: decisions.collect(),
            next_page_token: next.unwrap_or_default(),
        })
    }
}

/// The decision that is asked for, or everything that is wrong with it.
fn read_decision(
    edition: &Edition,
    message: pb::CreateDecisionRequest,
) -> Result<NewDecision, Vec<Violation>> {
    let asked = message.decision.unwrap_or_default();
    let mut violations = Vec::new();
    let mut wrong = |field: &str, reason, description: String| {
        violations.push(Violation {
            field: format!("decision.{field}"),
            reason,
            description,
        });
    };
    let metric = MetricCode::parse(&asked.metric).ok();
    let metric = metric.filter(|code| edition.metric(code).is_some());
    if metric.is_none() {
        let problem = format!("is not a metric of {}", edition.name());
        wrong("metric", "UNKNOWN_METRIC", problem);
    }
    let authority = match asked.authority.as_str() {
        "" => None,
        code => {
            let known = AuthorityCode::parse(code).ok();
            let known = known.filter(|code| edition.authority(code).is_some());
            if known.is_none() {
                let problem = format!("is not an authority of {}", edition.name());
                wrong("authority", "INVALID_FIELD", problem);
            }
            known
        }
    };
    let marks_one = matches!(asked.subject, Some(Wire::Marks(_)));
    if !asked.authority.is_empty() && !marks_one {
        let problem = "only marks are on the values of one authority";
        wrong("authority", "INVALID_FIELD", problem.to_owned());
    }
    let ruling = match read_ruling(asked.subject, authority) {
        Ok(ruling) => Some(ruling),
        Err((field, problem)) => {
            wrong(field, "INVALID_FIELD", problem.to_owned());
            None
        }
    };
    let reason = match DecisionReason::parse(&asked.reason) {
        Ok(reason) => Some(reason),
        Err(error) => {
            wrong("reason", "INVALID_TEXT", error.to_string());
            None
        }
    };
    match (metric, ruling, reason) {
        (Some(metric), Some(ruling), Some(reason)) if violations.is_empty() => Ok(NewDecision {
            edition: edition.name().clone(),
            metric,
            ruling,
            reason,
            seen: message.etag,
        }),
        _ => Err(violations),
    }
}

/// What is decided, or the field that does not say it.
fn read_ruling(
    subject: Option<Wire>,
    authority: Option<AuthorityCode>,
) -> Result<Ruling, (&'static str, &'static str)> {
    let publish = |field, number| match Publishing::try_from(number) {
        Ok(Publishing::Publish) => Ok(true),
        Ok(Publishing::Withhold) => Ok(false),
        Ok(Publishing::Unspecified) | Err(_) => Err((field, "says neither publish nor withhold")),
    };
    match subject {
        Some(Wire::National(number)) => publish("national", number).map(Ruling::National),
        Some(Wire::Authorities(number)) => publish("authorities", number).map(Ruling::Authorities),
        Some(Wire::Marks(Marks { marks: sent })) => {
            let known = sent.iter().map(|number| {
                let mark = pb::Mark::try_from(*number).ok()?;
                mark_of_wire(mark)
            });
            let marks: Option<BTreeSet<Mark>> = known.collect();
            match marks {
                Some(marks) if marks.len() == sent.len() => Ok(Ruling::Marks { authority, marks }),
                Some(_) => Err(("marks", "has a mark twice")),
                None => Err(("marks", "has a mark that is not known")),
            }
        }
        None => Err(("subject", "nothing is decided")),
    }
}

/// A decision as it is told.
pub(crate) fn decision_message(
    edition: &EditionName,
    decision: &Decision,
    in_force: bool,
) -> pb::Decision {
    let publishing = |published: bool| {
        if published {
            Publishing::Publish.into()
        } else {
            Publishing::Withhold.into()
        }
    };
    let (authority, subject) = match &decision.ruling {
        Ruling::National(published) => (None, Wire::National(publishing(*published))),
        Ruling::Authorities(published) => (None, Wire::Authorities(publishing(*published))),
        Ruling::Marks { authority, marks } => {
            let marks = marks_to_wire(marks);
            (authority.as_ref(), Wire::Marks(Marks { marks }))
        }
    };
    pb::Decision {
        name: decision_name(edition, decision),
        metric: decision.metric.to_string(),
        authority: authority.map(ToString::to_string).unwrap_or_default(),
        subject: Some(subject),
        reason: decision.reason.as_str().to_owned(),
        decider: decision.decider.clone(),
        create_time: Some(clock::to_proto(decision.created)),
        in_force,
    }
}

fn mark_of_wire(mark: pb::Mark) -> Option<Mark> {
    match mark {
        pb::Mark::Unspecified => None,
        pb::Mark::Provisional => Some(Mark::Provisional),
        pb::Mark::LowReliability => Some(Mark::LowReliability),
        pb::Mark::Estimated => Some(Mark::Estimated),
    }
}
