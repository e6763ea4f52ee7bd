//! Schedules.

use mesur_access::Grant;
use mesur_catalogue::AuthorityCode;
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::schedule::{Extension, Setting};
use mesur_rpc::clock;
use mesur_rpc::idempotency::Mutation;
use mesur_wire::{ReturnName, ScheduleName};

use super::Api;
use super::fields::Fields;
use crate::domain::{Change, Schedule};
use crate::error::{Error, invalid};
use crate::schedules::By;
use crate::sight::Sight;

impl Api {
    pub(super) async fn schedule(
        &self,
        grant: Grant,
        message: pb::GetScheduleRequest,
    ) -> Result<pb::Schedule, Error> {
        let name = ScheduleName::parse(&message.name).map_err(Error::name("name"))?;
        let sight = self.sight(grant).await?;
        let schedule = self.schedules.get(&name.0).await?;
        Ok(schedule_message(&schedule, &sight))
    }

    pub(super) async fn update_schedule(
        &self,
        grant: Grant,
        mut message: pb::UpdateScheduleRequest,
    ) -> Result<pb::Schedule, Error> {
        let name = ScheduleName::parse(&message.name).map_err(Error::name("name"))?;
        let sight = self.sight(grant).await?;
        let id = std::mem::take(&mut message.request_id);
        let mut fields = Fields::default();
        let due = fields.time("due_time", message.due_time.as_ref());
        let close = fields.time("close_time", message.close_time.as_ref());
        if due.zip(close).is_some_and(|(due, close)| close < due) {
            fields.fault(invalid("close_time", "must not be before it is due"));
        }
        fields.reason(&message.reason);
        let mutation = fields.take(Mutation::read(
            sight.grant(),
            "UpdateSchedule",
            &id,
            &message,
        ));
        let mutation = fields.finish(mutation)?;
        let by = By {
            identity: sight.identity(),
            reason: &message.reason,
            mutation: &mutation,
        };
        let schedule = self
            .schedules
            .update(&name.0, &message.etag, (due, close), by)
            .await?;
        Ok(schedule_message(&schedule, &sight))
    }

    pub(super) async fn extend(
        &self,
        grant: Grant,
        mut message: pb::GrantExtensionRequest,
    ) -> Result<pb::Schedule, Error> {
        let name = ScheduleName::parse(&message.name).map_err(Error::name("name"))?;
        let sight = self.sight(grant).await?;
        let id = std::mem::take(&mut message.request_id);
        let mut fields = Fields::default();
        let authority = AuthorityCode::parse(&message.authority)
            .map_err(|error| invalid("authority", &error.to_string()));
        let authority = fields.take(authority);
        let due = fields.time("due_time", message.due_time.as_ref());
        if message.due_time.is_none() {
            fields.fault(invalid("due_time", "must be set"));
        }
        fields.reason(&message.reason);
        let mutation = fields.take(Mutation::read(
            sight.grant(),
            "GrantExtension",
            &id,
            &message,
        ));
        let ((authority, due), mutation) = fields.finish(authority.zip(due).zip(mutation))?;
        let by = By {
            identity: sight.identity(),
            reason: &message.reason,
            mutation: &mutation,
        };
        let schedule = self.schedules.extend(&name.0, &authority, due, by).await?;
        Ok(schedule_message(&schedule, &sight))
    }
}

/// A schedule as the caller sees it: why another authority was given longer is not for everybody.
fn schedule_message(schedule: &Schedule, sight: &Sight) -> pb::Schedule {
    let (due, close) = schedule.times();
    let is_shown = |authority: &AuthorityCode| {
        let name = ReturnName {
            authority: authority.clone(),
            edition: schedule.edition.clone(),
        };
        sight.is_statistician() || sight.acts_for(&name)
    };
    let (mut extensions, mut history) = (Vec::new(), Vec::new());
    for made in &schedule.changes {
        let time = Some(clock::to_proto(made.time));
        match &made.change {
            Change::Set { due, close } => history.push(Setting {
                due_time: due.map(clock::to_proto),
                close_time: close.map(clock::to_proto),
                reason: made.reason.clone(),
                identity: made.identity.clone(),
                time,
            }),
            Change::Extend { authority, due } if is_shown(authority) => {
                extensions.push(Extension {
                    authority: authority.to_string(),
                    due_time: Some(clock::to_proto(*due)),
                    reason: made.reason.clone(),
                    identity: made.identity.clone(),
                    time,
                });
            }
            Change::Extend { .. } => {}
        }
    }
    pb::Schedule {
        name: ScheduleName(schedule.edition.clone()).to_string(),
        etag: schedule.etag(),
        due_time: due.map(clock::to_proto),
        close_time: close.map(clock::to_proto),
        extensions,
        history,
    }
}
