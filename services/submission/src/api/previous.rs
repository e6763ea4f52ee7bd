//! Values of earlier periods.

use mesur_access::{Access, Denied, Grant};
use mesur_catalogue::EditionName;
use mesur_proto::submission::v1 as pb;
use mesur_returns::Previous;
use mesur_rpc::audit::{self, Call, Subject};
use mesur_rpc::channel::fits;
use mesur_rpc::idempotency::Mutation;
use mesur_wire::{PREVIOUS_VALUES_MAX, PreviousValuesName, ReturnName, previous_values_from_wire};

use super::Api;
use super::convert::previous_message;
use super::fields::Fields;
use crate::error::{Error, invalid};

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
        let previous = previous.ok_or_else(|| Error::NoPreviousValues {
            name: name.to_string(),
        })?;
        let edition = EditionName {
            period: previous.period.clone(),
            ..name.edition.clone()
        };
        let read = PreviousValuesName {
            authority: name.authority.clone(),
            edition,
        };
        audit::read(&*self.returns.store, &by, &Subject::new(&read)).await?;
        let message = previous_message(&name.edition.collection, &previous);
        if fits(&message) {
            Ok(message)
        } else {
            Err(Error::AnswerTooLarge { name: message.name })
        }
    }
}
