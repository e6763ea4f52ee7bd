//! Values of earlier periods: recording them, and reading them whole or, however many, as a stream.

use std::sync::Arc;

use mesur_access::{Access, Denied, Grant};
use mesur_catalogue::EditionName;
use mesur_proto::submission::v1 as pb;
use mesur_returns::Previous;
use mesur_rpc::audit::{self, Call, Subject};
use mesur_rpc::idempotency::Mutation;
use mesur_rpc::stream::{self, Messages, Outlet};
use mesur_wire::{
    PREVIOUS_VALUES_MAX, PreviousValuesName, ReturnName, previous_values_from_wire,
    previous_values_to_wire,
};

use super::convert::within_answer;
use super::fields::Fields;
use super::{Api, status};
use crate::error::{Error, invalid};
use crate::returns::EarlierReading;

/// The most values of a message of a stream.
const BATCH: usize = 1_000;

/// The messages of the values of one earlier period.
pub(super) type Values = Messages<pb::ReadPreviousValuesResponse>;

impl Api {
    pub(super) async fn record_previous(
        &self,
        grant: Grant,
        mut message: pb::RecordPreviousValuesRequest,
    ) -> Result<pb::PreviousValues, Error> {
        let name = message
            .previous_values
            .as_ref()
            .map(|one| one.name.as_str());
        let field = "previous_values.name";
        let name =
            PreviousValuesName::parse(name.unwrap_or_default()).map_err(Error::name(field))?;
        if grant.on(&name.authority) != Access::Allowed {
            return Err(Denied.into());
        }
        let sight = self.sight(grant).await?;
        let id = std::mem::take(&mut message.request_id);
        let mut fields = Fields::default();
        let mutation = fields.take(Mutation::read(
            sight.grant(),
            "RecordPreviousValues",
            &id,
            &message,
        ));
        let values = message.previous_values.unwrap_or_default();
        if values.values.len() > PREVIOUS_VALUES_MAX {
            let most = format!("has at most {PREVIOUS_VALUES_MAX} values");
            return Err(invalid("previous_values.values", &most).into());
        }
        let cells = previous_values_from_wire(&values.values).map_err(|error| {
            let field = format!("previous_values.values[{}]", error.place);
            invalid(&field, &error.problem)
        });
        let cells = fields.take(cells);
        let (mutation, cells) = fields.finish(mutation.zip(cells))?;
        let previous = Previous {
            authority: name.authority.clone(),
            period: name.edition.period.clone(),
            values: cells,
        };
        self.returns
            .record_previous(&previous, &name.edition, &sight, &mutation)
            .await?;
        Ok(values)
    }

    pub(super) async fn previous(
        &self,
        grant: Grant,
        message: pb::GetPreviousValuesRequest,
    ) -> Result<pb::PreviousValues, Error> {
        let name = ReturnName::parse(&message.name).map_err(Error::name("name"))?;
        let by = Call::from(&grant);
        self.sight(grant).await?.require(&name)?;
        let previous = self.returns.previous(&name).await?;
        let previous = previous.ok_or_else(|| none_of(&name))?;
        let edition = EditionName {
            period: previous.period.clone(),
            ..name.edition.clone()
        };
        let read = PreviousValuesName {
            authority: name.authority.clone(),
            edition,
        };
        audit::read(&*self.returns.store, &by, &Subject::new(&read)).await?;
        let name = read.to_string();
        let values = within_answer(&name, previous_values_to_wire(&previous))?;
        Ok(pb::PreviousValues { name, values })
    }

    pub(super) async fn read_previous(&self, grant: Grant, name: &str) -> Result<Values, Error> {
        let name = ReturnName::parse(name).map_err(Error::name("name"))?;
        let by = Call::from(&grant);
        self.sight(grant).await?.require(&name)?;
        let earlier = self.returns.earlier_period(&name).await?;
        let earlier = earlier.ok_or_else(|| none_of(&name))?;
        self.returns.edition_of_earlier(&earlier)?;
        let ReturnName { authority, edition } = earlier.name().clone();
        let read = PreviousValuesName { authority, edition };
        audit::read(&*self.returns.store, &by, &Subject::new(&read)).await?;
        let first = pb::ReadPreviousValuesResponse {
            previous_values: Some(pb::PreviousValues {
                name: read.to_string(),
                values: Vec::new(),
            }),
            values: Vec::new(),
        };
        let returns = Arc::clone(&self.returns);
        Ok(stream::batches(&self.stop, |outlet| async move {
            if !outlet.send(first).await {
                return Ok(());
            }
            let reading = returns.read_earlier(&earlier).await.map_err(status)?;
            send(reading, &outlet).await.map_err(status)
        }))
    }
}

/// Sends all values, or as many as the caller stays for.
async fn send(
    mut reading: EarlierReading<'_>,
    outlet: &Outlet<pb::ReadPreviousValuesResponse>,
) -> Result<(), Error> {
    while let Some(part) = reading.next().await? {
        let mut rest = part.values().peekable();
        while rest.peek().is_some() {
            let message = pb::ReadPreviousValuesResponse {
                previous_values: None,
                values: rest.by_ref().take(BATCH).collect(),
            };
            if !outlet.send(message).await {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn none_of(name: &ReturnName) -> Error {
    let name = name.to_string();
    Error::NoPreviousValues { name }
}
