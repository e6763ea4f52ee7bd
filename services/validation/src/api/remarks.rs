//! What is said about findings.

use mesur_access::Grant;
use mesur_proto::types::v1::Finding;
use mesur_proto::validation::v1 as pb;
use mesur_rpc::idempotency::Mutation;
use mesur_wire::{ReportName, ReturnName};
use prost::Message;

use super::{Api, PAGES, convert, number_of, text};
use crate::domain::RemarkKind;
use crate::error::Error;
use crate::remarks::Saying;

/// What the requests that say something about a finding have in common.
struct Words<'a> {
    method: &'static str,
    kind: RemarkKind,
    name: &'a str,
    finding: &'a str,
    /// The field with the words, and the words.
    text: (&'static str, &'a str),
    request_id: &'a str,
    language_code: &'a str,
}

impl Api {
    pub(super) async fn explain(
        &self,
        grant: &Grant,
        mut message: pb::ExplainFindingRequest,
    ) -> Result<Finding, Error> {
        let request_id = std::mem::take(&mut message.request_id);
        let words = Words {
            method: "ExplainFinding",
            kind: RemarkKind::Explanation,
            name: &message.name,
            finding: &message.finding_id,
            text: ("explanation", &message.explanation),
            request_id: &request_id,
            language_code: &message.language_code,
        };
        self.say(grant, words, &message).await
    }

    pub(super) async fn review(
        &self,
        grant: &Grant,
        mut message: pb::ReviewExplanationRequest,
    ) -> Result<Finding, Error> {
        let request_id = std::mem::take(&mut message.request_id);
        let words = Words {
            method: "ReviewExplanation",
            kind: if message.accepted {
                RemarkKind::Acceptance
            } else {
                RemarkKind::Rejection
            },
            name: &message.name,
            finding: &message.finding_id,
            text: ("reason", &message.reason),
            request_id: &request_id,
            language_code: &message.language_code,
        };
        self.say(grant, words, &message).await
    }

    pub(super) async fn let_pass(
        &self,
        grant: &Grant,
        mut message: pb::OverrideFindingRequest,
    ) -> Result<Finding, Error> {
        let request_id = std::mem::take(&mut message.request_id);
        let words = Words {
            method: "OverrideFinding",
            kind: RemarkKind::Override,
            name: &message.name,
            finding: &message.finding_id,
            text: ("reason", &message.reason),
            request_id: &request_id,
            language_code: &message.language_code,
        };
        self.say(grant, words, &message).await
    }

    /// `content` is the request without its id.
    async fn say(
        &self,
        grant: &Grant,
        words: Words<'_>,
        content: &impl Message,
    ) -> Result<Finding, Error> {
        let name = ReportName::parse(words.name).map_err(Error::name("name"))?;
        self.validation.permit(grant, &name.0.data_return).await?;
        let wording = self.wording(words.language_code)?;
        let (field, said) = words.text;
        let saying = Saying {
            name: &name,
            finding: words.finding,
            kind: words.kind,
            text: text(field, said)?,
            by: grant,
            mutation: &Mutation::read(grant, words.method, words.request_id, content)?,
        };
        let (finding, said) = self.validation.say(saying).await?;
        Ok(convert::finding_message(&finding, &said, wording))
    }

    pub(super) async fn remarks(
        &self,
        grant: &Grant,
        mut message: pb::ListRemarksRequest,
    ) -> Result<pb::ListRemarksResponse, Error> {
        const METHOD: &str = "ListRemarks";
        let name = ReturnName::parse(&message.parent).map_err(Error::name("parent"))?;
        self.validation.permit(grant, &name).await?;
        let size = PAGES.apply(message.page_size)?;
        let token = std::mem::take(&mut message.page_token);
        message.page_size = 0;
        let after = number_of(self.page_start(METHOD, &message, &token)?);
        // One more than fits tells whether there is a next page.
        let limit = size.saturating_add(1);
        let reading = self.validation.remarks(&name, after, limit, grant);
        let mut found = reading.await?;
        let more = found.len() > size;
        found.truncate(size);
        let last = found.last().map(|(number, _, _)| number.to_be_bytes());
        let last = last.as_ref().filter(|_| more).map(|key| &key[..]);
        let remarks = found.iter();
        let remarks =
            remarks.map(|(_, remark, lapsed)| convert::remark_message(&name, remark, *lapsed));
        Ok(pb::ListRemarksResponse {
            remarks: remarks.collect(),
            next_page_token: self.page_token(METHOD, &message, last),
        })
    }
}
