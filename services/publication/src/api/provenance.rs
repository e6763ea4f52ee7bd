//! Saying where a published figure comes from.

use mesur_access::Grant;
use mesur_proto::publication::v1 as pb;
use mesur_rpc::clock;
use mesur_wire::{AnyReleaseName, EditionResource};

use super::Api;
use crate::error::Error;
use crate::releases::{Reader, Subject};

impl Api {
    pub(super) async fn provenance(
        &self,
        by: &Grant,
        message: pb::GetProvenanceRequest,
    ) -> Result<pb::Provenance, Error> {
        let name = AnyReleaseName::parse(&message.name).map_err(Error::name("name"))?;
        let subject = match (message.figure.as_str(), message.metric.as_str()) {
            ("", "") => {
                let problem = "either figure or metric must be set".to_owned();
                return Err(Error::invalid("figure", "INVALID_FIELD", problem));
            }
            ("", _) => Subject::Cell(message.metric, message.category),
            (_, "") => Subject::Figure(message.figure),
            _ => {
                let problem = "figure and metric cannot both be set".to_owned();
                return Err(Error::invalid("metric", "INVALID_FIELD", problem));
            }
        };
        let found = self.releases.provenance(&name, &subject, by).await?;
        let release = found.release;
        if !release.state.is_public() {
            self.releases.told(&by.into(), &release).await?;
        }
        let named = |identity: &String| match Reader::of(by) {
            Reader::Public => String::new(),
            Reader::Staff => identity.clone(),
        };
        let statement = found.statement.map(|[en, cy]| pb::BilingualText { en, cy });
        let returns = found.returns.into_iter().map(|input| pb::ProvenanceReturn {
            authority: input.authority,
            name: input.name,
            digest: input.digest,
            sign_off_time: input.sign_off_time,
        });
        Ok(pb::Provenance {
            release: release.name.revision(release.revision).to_string(),
            statement,
            value: found.value,
            expression: found.expression,
            snapshot: release.snapshot.clone(),
            snapshot_digest: release.snapshot_digest.clone(),
            edition: EditionResource(release.name.0.clone()).to_string(),
            edition_digest: release.edition_digest.clone(),
            returns: returns.collect(),
            decisions: found.decisions,
            compiler: named(&release.compiled_by),
            approver: named(&release.approved_by),
            publish_time: release.published.map(clock::to_proto),
        })
    }
}
