//! Rounds and queries.

use jiff::civil::Date;
use mesur_access::Grant;
use mesur_proto::validation::v1 as pb;
use mesur_proto::validation::v1::resolve_query_request::Resolution;
use mesur_rpc::clock;
use mesur_rpc::idempotency::Mutation;
use mesur_wire::{EditionResource, QueryName, ReturnName, ReturnsPattern, RoundName};

use super::{Api, PAGES, convert, number_of, text};
use crate::domain::{CELLS_MAX, RemarkKind};
use crate::error::Error;
use crate::store::{self, Round};

impl Api {
    pub(super) async fn new_round(
        &self,
        grant: &Grant,
        mut message: pb::OpenRoundRequest,
    ) -> Result<pb::Round, Error> {
        let edition = EditionResource::parse(&message.parent).map_err(Error::name("parent"))?;
        let id = std::mem::take(&mut message.request_id);
        let mutation = Mutation::read(grant, "OpenRound", &id, &message)?;
        let due = message.due_date.parse::<Date>().ok();
        // The parser takes more than one way to write a day.
        let due = due.filter(|due| due.to_string() == message.due_date);
        let problem = "must be a day, such as 2023-06-30";
        let due = due.ok_or_else(|| Error::field("due_date", problem))?;
        let by = (grant.identity(), &mutation);
        let (number, round) = self.validation.open_round(&edition.0, due, by).await?;
        Ok(round_message(&edition, number, &round))
    }

    pub(super) async fn rounds(
        &self,
        mut message: pb::ListRoundsRequest,
    ) -> Result<pb::ListRoundsResponse, Error> {
        const METHOD: &str = "ListRounds";
        let edition = EditionResource::parse(&message.parent).map_err(Error::name("parent"))?;
        let size = PAGES.apply(message.page_size)?;
        let token = std::mem::take(&mut message.page_token);
        message.page_size = 0;
        let after = number_of(self.page_start(METHOD, &message, &token)?);
        let after = u32::try_from(after).unwrap_or(u32::MAX);
        let limit = size.saturating_add(1);
        let mut found = store::rounds(&*self.validation.store, &edition.0, after, limit).await?;
        let more = found.len() > size;
        found.truncate(size);
        let last = found
            .last()
            .map(|(number, _)| u64::from(*number).to_be_bytes());
        let last = last.as_ref().filter(|_| more).map(|key| &key[..]);
        let rounds = found.iter();
        let rounds = rounds.map(|(number, round)| round_message(&edition, *number, round));
        Ok(pb::ListRoundsResponse {
            rounds: rounds.collect(),
            next_page_token: self.page_token(METHOD, &message, last),
        })
    }

    pub(super) async fn raise(
        &self,
        grant: &Grant,
        mut message: pb::RaiseQueryRequest,
    ) -> Result<pb::Query, Error> {
        let name = ReturnName::parse(&message.parent).map_err(Error::name("parent"))?;
        self.validation.permit(grant, &name).await?;
        let id = std::mem::take(&mut message.request_id);
        let mutation = Mutation::read(grant, "RaiseQuery", &id, &message)?;
        if message.cells.len() > CELLS_MAX {
            let problem = format!("has at most {CELLS_MAX} cells");
            return Err(Error::field("cells", problem));
        }
        let question = text("text", &message.text)?;
        let by = (grant, &mutation);
        let raised = self
            .validation
            .raise(&name, &message.cells, question, by)
            .await?;
        Ok(convert::query_message(&raised))
    }

    pub(super) async fn answer(
        &self,
        grant: &Grant,
        mut message: pb::AnswerQueryRequest,
    ) -> Result<pb::Query, Error> {
        let name = QueryName::parse(&message.name).map_err(Error::name("name"))?;
        self.validation.permit(grant, &name.data_return).await?;
        let id = std::mem::take(&mut message.request_id);
        let mutation = Mutation::read(grant, "AnswerQuery", &id, &message)?;
        let words = text("text", &message.text)?;
        let by = (grant, &mutation);
        let kind = RemarkKind::Answer;
        let answered = self.validation.reply(&name, kind, words, by).await?;
        Ok(convert::query_message(&answered))
    }

    pub(super) async fn resolve(
        &self,
        grant: &Grant,
        mut message: pb::ResolveQueryRequest,
    ) -> Result<pb::Query, Error> {
        let name = QueryName::parse(&message.name).map_err(Error::name("name"))?;
        self.validation.permit(grant, &name.data_return).await?;
        let id = std::mem::take(&mut message.request_id);
        let mutation = Mutation::read(grant, "ResolveQuery", &id, &message)?;
        let kind = match message.resolution() {
            Resolution::Accept => RemarkKind::AnswerAccepted,
            Resolution::Reject => RemarkKind::AnswerRejected,
            Resolution::Withdraw => RemarkKind::Withdrawal,
            Resolution::Unspecified => {
                let problem = "must say what becomes of the query";
                return Err(Error::field("resolution", problem));
            }
        };
        let words = text("reason", &message.reason)?;
        let by = (grant, &mutation);
        let resolved = self.validation.reply(&name, kind, words, by).await?;
        Ok(convert::query_message(&resolved))
    }

    pub(super) async fn queries(
        &self,
        grant: &Grant,
        mut message: pb::ListQueriesRequest,
    ) -> Result<pb::ListQueriesResponse, Error> {
        const METHOD: &str = "ListQueries";
        let pattern = ReturnsPattern::parse(&message.parent).map_err(Error::name("parent"))?;
        let size = PAGES.apply(message.page_size)?;
        let token = std::mem::take(&mut message.page_token);
        message.page_size = 0;
        let states = convert::query_states(&message)?;
        let after = self.page_start(METHOD, &message, &token)?;
        let page = (after, size);
        let found = self
            .validation
            .list_queries(grant, &pattern, &states, page)
            .await?;
        Ok(pb::ListQueriesResponse {
            queries: found.queries.iter().map(convert::query_message).collect(),
            next_page_token: self.page_token(METHOD, &message, found.next.as_deref()),
        })
    }
}

fn round_message(edition: &EditionResource, number: u32, round: &Round) -> pb::Round {
    let name = RoundName {
        edition: edition.0.clone(),
        number,
    };
    pb::Round {
        name: name.to_string(),
        due_date: round.due.to_string(),
        identity: round.identity.clone(),
        create_time: Some(clock::to_proto(round.created)),
    }
}
