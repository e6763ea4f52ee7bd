//! Saying what a reader can work out of the values that a release does not show.

use mesur_access::Grant;
use mesur_catalogue::Edition;
use mesur_disclosure::{Area, Derived};
use mesur_proto::publication::v1 as pb;
use mesur_wire::AnyReleaseName;

use super::Api;
use crate::error::Error;

/// The most hidden values of one answer.
const HIDDEN_VALUES_MAX: usize = 50_000;

impl Api {
    pub(super) async fn disclosure(
        &self,
        by: &Grant,
        message: &pb::AuditDisclosureRequest,
    ) -> Result<pb::AuditDisclosureResponse, Error> {
        let name = AnyReleaseName::parse(&message.name).map_err(Error::name("name"))?;
        let release = self.releases.worked_on(&name, by).await?;
        let audit = self.releases.audit(&release).await?;
        self.releases.told(&by.into(), &release).await?;
        let edition = self.texts.catalogue.get(&release.name.0);
        let edition = edition.ok_or_else(|| Error::EditionNotFound {
            name: release.name.0.clone(),
        })?;
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let hidden = narrowest(&audit.derived).iter();
        Ok(pb::AuditDisclosureResponse {
            safe: audit.is_safe(),
            hidden: hidden
                .map(|derived| hidden_value(edition, derived))
                .collect(),
            exact_count: count(audit.exact_count),
            rounded_count: count(audit.rounded_count),
            primary_count: count(audit.primary_count),
            complementary_count: count(audit.complementary_count),
            hidden_count: count(audit.derived.len()),
        })
    }
}

/// As many hidden values as are told, of all of them, the narrowest first.
fn narrowest<T>(all: &[T]) -> &[T] {
    all.get(..HIDDEN_VALUES_MAX).unwrap_or(all)
}

fn hidden_value(edition: &Edition, derived: &Derived) -> pb::HiddenValue {
    let area = match derived.area {
        Area::Nation => Some(edition.nation()),
        Area::Authority(place) => edition.authorities().get(place),
    };
    let cell = edition.cell(derived.cell).map(|cell| &cell.reference);
    let revision = i32::try_from(derived.revision).unwrap_or(i32::MAX);
    pb::HiddenValue {
        area: area.map_or_else(String::new, |area| area.code.to_string()),
        metric: cell.map_or_else(String::new, |cell| cell.metric.to_string()),
        category: cell.map_or_else(String::new, |cell| cell.category_str().to_owned()),
        revision: revision.saturating_add(1),
        lower: derived.lower,
        upper: derived.upper,
        required_width: derived.required_width,
        protected: derived.is_protected,
        complementary: derived.is_complementary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_hidden_values_are_told_and_the_widest_is_left_out() {
        let all: Vec<_> = (0..=HIDDEN_VALUES_MAX).collect();
        let (_, but_the_last) = all.split_last().unwrap();
        assert_eq!(narrowest(&all), but_the_last);
        assert_eq!(narrowest(but_the_last), but_the_last);
    }
}
