//! Reports and findings.

use std::sync::Arc;

use mesur_access::{Access, Grant};
use mesur_proto::types::v1::Finding;
use mesur_proto::validation::v1 as pb;
use mesur_rpc::stream::{self, Messages, Outlet};
use mesur_rpc::{audit, channel};
use mesur_wire::{
    AnyReportName, AuthorityName, EditionResource, ReportName, count_violation, finding_to_wire,
    rows_from_wire,
};
use prost::Message as _;
use tonic::Status;

use super::{Api, PAGES, convert, status};
use crate::domain::Filter;
use crate::error::Error;
use crate::reports::Opened;

/// Bytes of findings on a page: a page is closed when it has so many.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

impl Api {
    pub(super) fn validate(
        &self,
        grant: &Grant,
        message: &pb::ValidateReturnRequest,
    ) -> Result<pb::ValidateReturnResponse, Error> {
        let authority = AuthorityName::parse(&message.parent).map_err(Error::name("parent"))?;
        let authority = authority.0;
        if grant.on(&authority) == Access::Denied {
            return Err(Error::Denied);
        }
        let wording = self.wording(&message.language_code)?;
        let name = EditionResource::parse(&message.edition).map_err(Error::name("edition"))?;
        let validation = &self.validation;
        let edition = validation.edition(&name.0, &message.edition_digest)?;
        if edition.authority(&authority).is_none() {
            let problem = format!("{authority} is not an authority of {}", edition.name());
            return Err(Error::field("parent", problem));
        }
        if let Some(violation) =
            count_violation("observations", edition, message.observations.len())
        {
            return Err(violation.into());
        }
        let previous = convert::previous(&authority, message)?;
        let rows = rows_from_wire(&message.observations);
        let examined = validation.examine(edition, &authority, rows, previous.as_ref())?;
        let findings = examined.findings.iter();
        let findings = findings.map(|finding| finding_to_wire(finding, wording));
        let response = pb::ValidateReturnResponse {
            findings: findings.collect(),
        };
        if !channel::fits(&response) {
            let name = message.parent.clone();
            return Err(Error::AnswerTooLarge { name });
        }
        Ok(response)
    }

    pub(super) async fn report(
        &self,
        grant: &Grant,
        message: &pb::GetReportRequest,
    ) -> Result<pb::Report, Error> {
        let name = AnyReportName::parse(&message.name).map_err(Error::name("name"))?;
        self.validation.permit(grant, &name.data_return).await?;
        let opened = self.validation.open(&name, grant).await?;
        let open = self.validation.open_by_rule(&opened).await?;
        Ok(convert::report_message(&opened, &open))
    }

    pub(super) async fn seal(
        &self,
        grant: &Grant,
        message: &pb::SealReportRequest,
    ) -> Result<pb::Report, Error> {
        let name = ReportName::parse(&message.name).map_err(Error::name("name"))?;
        self.validation.permit(grant, &name.0.data_return).await?;
        if message.return_digest.is_empty() {
            let problem = "must be the digest that is to be signed off";
            return Err(Error::field("return_digest", problem));
        }
        let sealed = self.validation.seal(&name, &message.return_digest, grant);
        let sealed = sealed.await?;
        let open = self.validation.open_by_rule(&sealed).await?;
        Ok(convert::report_message(&sealed, &open))
    }

    pub(super) async fn findings(
        &self,
        grant: &Grant,
        mut message: pb::ListFindingsRequest,
    ) -> Result<pb::ListFindingsResponse, Error> {
        const METHOD: &str = "ListFindings";
        let mut name = AnyReportName::parse(&message.parent).map_err(Error::name("parent"))?;
        self.validation.permit(grant, &name.data_return).await?;
        let size = PAGES.apply(message.page_size)?;
        let token = std::mem::take(&mut message.page_token);
        message.page_size = 0;
        let wording = self.wording(&message.language_code)?;
        let filter = convert::filter(message.filter.clone())?;
        let start = self.page_start(METHOD, &message, &token)?;
        let (revision, mut from) = start.as_deref().map_or((None, 0), place);
        // A page goes on in the report that the first page was of.
        name.revision = name.revision.or(revision);
        let opened = self.validation.open(&name, grant).await?;
        self.read(grant, &opened).await?;
        let (mut findings, mut bytes) = (Vec::new(), 0_usize);
        let mut next = None;
        'pages: loop {
            let (passing, further) = self.validation.findings(&opened, &filter, from).await?;
            for (number, finding, said) in passing {
                if findings.len() >= size || bytes >= PAGE_BYTES {
                    next = Some(number);
                    break 'pages;
                }
                let finding = convert::finding_message(&finding, &said, wording);
                bytes = bytes.saturating_add(finding.encoded_len());
                findings.push(finding);
            }
            match further {
                Some(further) => from = further,
                None => break,
            }
        }
        let revision = opened.held.report.name.0.revision;
        let next = next.map(|next| place_key(revision, next));
        let next_page_token = self.page_token(METHOD, &message, next.as_deref());
        Ok(pb::ListFindingsResponse {
            findings,
            next_page_token,
        })
    }

    pub(super) async fn findings_stream(
        &self,
        grant: &Grant,
        message: pb::StreamFindingsRequest,
    ) -> Result<Messages<Finding>, Error> {
        let name = AnyReportName::parse(&message.parent).map_err(Error::name("parent"))?;
        self.validation.permit(grant, &name.data_return).await?;
        self.wording(&message.language_code)?;
        let opened = self.validation.open(&name, grant).await?;
        self.read(grant, &opened).await?;
        let streaming = Streaming {
            api: Self {
                validation: Arc::clone(&self.validation),
                wordings: Arc::clone(&self.wordings),
            },
            opened,
            filter: convert::filter(message.filter)?,
            language_code: message.language_code,
        };
        let tell = |outlet| async move { streaming.send(&outlet).await };
        Ok(stream::entries(&self.validation.stop, tell))
    }
}

impl Api {
    /// Writes down that somebody is about to be told findings, which have figures in them.
    async fn read(&self, grant: &Grant, opened: &Opened) -> Result<(), Error> {
        let report = &opened.held.report;
        let subject = audit::Subject::new(&report.name);
        let subject = subject
            .revision(report.name.0.revision)
            .digest(report.return_digest.as_str());
        Ok(audit::read(&*self.validation.store, &grant.into(), &subject).await?)
    }
}

/// What a stream of findings is made of.
struct Streaming {
    api: Api,
    opened: Opened,
    filter: Filter,
    language_code: String,
}

impl Streaming {
    async fn send(&self, outlet: &Outlet<Finding>) -> Result<(), Status> {
        let wording = self.api.wording(&self.language_code).map_err(status)?;
        let mut from = Some(0);
        while let Some(at) = from {
            let read = self.api.validation.findings(&self.opened, &self.filter, at);
            let (passing, next) = read.await.map_err(status)?;
            for (_, finding, said) in passing {
                let finding = convert::finding_message(&finding, &said, wording);
                if !outlet.send(finding).await {
                    return Ok(());
                }
            }
            from = next;
        }
        Ok(())
    }
}

/// The revision and the number of the first finding of a page.
fn place(key: &[u8]) -> (Option<u32>, u64) {
    let split = key.split_first_chunk::<4>();
    split.map_or((None, 0), |(revision, number)| {
        let number = number.try_into().map_or(0, u64::from_be_bytes);
        (Some(u32::from_be_bytes(*revision)), number)
    })
}

fn place_key(revision: u32, number: u64) -> Vec<u8> {
    [&revision.to_be_bytes()[..], &number.to_be_bytes()[..]].concat()
}
