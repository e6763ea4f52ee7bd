//! The catalogue's public face.

use std::sync::Arc;

use mesur_catalogue::{
    Authority, Catalogue, Category, CollectionId, ComparedItem, Difference, Edition, Metric,
    Reason, Rule,
};
use mesur_proto::catalogue::v1 as pb;
use mesur_proto::catalogue::v1::catalogue_service_server::CatalogueService;
use mesur_rpc::page::Tokens;
use mesur_wire::EditionResource;
use tonic::{Request, Response, Status};

use super::convert::within_answer;
use super::{PAGE, answer, open};
use crate::error::{Error, invalid};

/// The most cells of an edition that is given whole. Its metrics and categories would not fit a
/// message either, and everybody may ask for them.
const ANSWERED_CELLS_MAX: usize = 500_000;

/// The most cells of two editions that are compared for anybody who asks.
const COMPARED_CELLS_MAX: usize = 200_000;

/// The gRPC face of the catalogue.
pub(crate) struct CatalogueApi {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) tokens: Tokens,
}

#[tonic::async_trait]
impl CatalogueService for CatalogueApi {
    async fn get_edition(
        &self,
        request: Request<pb::GetEditionRequest>,
    ) -> Result<Response<pb::Edition>, Status> {
        let (_, request) = open(request)?;
        let edition = self.edition("name", &request.name);
        answer(edition.and_then(whole_edition))
    }

    async fn list_editions(
        &self,
        request: Request<pb::ListEditionsRequest>,
    ) -> Result<Response<pb::ListEditionsResponse>, Status> {
        let (_, request) = open(request)?;
        answer(self.list(&request))
    }

    async fn compare_editions(
        &self,
        request: Request<pb::CompareEditionsRequest>,
    ) -> Result<Response<pb::CompareEditionsResponse>, Status> {
        let (_, request) = open(request)?;
        answer(self.compare(&request))
    }
}

impl CatalogueApi {
    fn edition(&self, field: &str, name: &str) -> Result<&Edition, Error> {
        let name = EditionResource::parse(name).map_err(Error::name(field))?.0;
        match self.catalogue.get(&name) {
            Some(edition) => Ok(edition),
            None => Err(Error::EditionNotFound { name }),
        }
    }

    fn compare(
        &self,
        request: &pb::CompareEditionsRequest,
    ) -> Result<pb::CompareEditionsResponse, Error> {
        let from = self.edition("from", &request.from)?;
        let to = self.edition("to", &request.to)?;
        let cells = from.cells().len().saturating_add(to.cells().len());
        fits(from, cells, COMPARED_CELLS_MAX)?;
        let comparison = from.compare(to);
        let mut differences = Vec::new();
        for (item, compared) in [
            ("metric", comparison.metrics),
            ("category", comparison.categories),
            ("rule", comparison.rules),
        ] {
            differences.extend(
                compared
                    .into_iter()
                    .map(|compared| difference(item, compared)),
            );
        }
        Ok(pb::CompareEditionsResponse { differences })
    }

    fn list(&self, request: &pb::ListEditionsRequest) -> Result<pb::ListEditionsResponse, Error> {
        let collection = match request.parent.strip_prefix("collections/") {
            Some("-") => None,
            Some(id) => Some(
                CollectionId::parse(id).map_err(|error| invalid("parent", &error.to_string()))?,
            ),
            None => {
                return Err(invalid("parent", "must be collections/{collection}").into());
            }
        };
        let size = PAGE.apply(request.page_size)?;
        let arguments = [request.parent.as_bytes()];
        let after = self.tokens.read(&arguments, &request.page_token)?;
        let wanted = self.catalogue.editions().filter(|edition| {
            collection
                .as_ref()
                .is_none_or(|id| id == &edition.name().collection)
        });
        let mut rest = wanted.skip_while(|edition| {
            after
                .as_ref()
                .is_some_and(|last| edition.name().to_string().into_bytes() <= *last)
        });
        let editions: Vec<pb::Edition> = rest
            .by_ref()
            .take(size)
            .map(|edition| bare_edition(edition))
            .collect();
        let next_page_token = match (rest.next(), editions.last()) {
            (Some(_), Some(last)) => {
                let last = EditionResource::parse(&last.name).map_err(Error::name("name"))?;
                self.tokens.issue(&arguments, last.0.to_string().as_bytes())
            }
            _ => String::new(),
        };
        Ok(pb::ListEditionsResponse {
            editions,
            next_page_token,
        })
    }
}

fn bare_edition(edition: &Edition) -> pb::Edition {
    pb::Edition {
        name: EditionResource(edition.name().clone()).to_string(),
        digest: edition.digest().to_owned(),
        period_start_date: edition.settings().period_start.clone(),
        period_end_date: edition.settings().period_end.clone(),
        authorities: edition.authorities().iter().map(authority).collect(),
        nation: Some(authority(edition.nation())),
        metrics: Vec::new(),
        rules: Vec::new(),
        reasons: Vec::new(),
    }
}

fn whole_edition(edition: &Edition) -> Result<pb::Edition, Error> {
    fits(edition, edition.cells().len(), ANSWERED_CELLS_MAX)?;
    let name = EditionResource(edition.name().clone()).to_string();
    Ok(pb::Edition {
        metrics: within_answer(&name, edition.metrics().iter().map(metric))?,
        rules: within_answer(&name, edition.rules().iter().map(rule))?,
        reasons: edition.reasons().iter().map(reason).collect(),
        ..bare_edition(edition)
    })
}

/// Refuses an answer about an edition that rests on more cells than it may.
fn fits(edition: &Edition, cells: usize, cells_max: usize) -> Result<(), Error> {
    if cells > cells_max {
        let name = EditionResource(edition.name().clone()).to_string();
        return Err(Error::AnswerTooLarge { name });
    }
    Ok(())
}

fn authority(authority: &Authority) -> pb::Authority {
    pb::Authority {
        code: authority.code.to_string(),
        display_name_en: authority.name_en.clone(),
        display_name_cy: authority.name_cy.clone(),
    }
}

fn metric(metric: &Metric) -> pb::Metric {
    pb::Metric {
        code: metric.code.to_string(),
        population: metric.population.clone(),
        title_en: metric.title_en.clone(),
        title_cy: metric.title_cy.clone(),
        unit: metric.unit.clone(),
        period_basis: metric.period_basis.clone(),
        has_total: metric.has_total,
        decimals: metric.decimals.into(),
        published: metric.published,
        categories: metric.categories.iter().map(category).collect(),
    }
}

fn category(category: &Category) -> pb::Category {
    pb::Category {
        code: category.code.to_string(),
        dimension: category.words.dimension.clone(),
        label_en: category.words.label_en.clone(),
        label_cy: category.words.label_cy.clone(),
        unknown_remainder: category.is_unknown_remainder,
    }
}

fn rule(rule: &Rule) -> pb::Rule {
    pb::Rule {
        id: rule.id.clone(),
        severity: rule.severity.as_str().to_owned(),
        test: rule.test.describe(),
        basis: rule.basis.clone(),
    }
}

fn reason(reason: &Reason) -> pb::Reason {
    pb::Reason {
        id: reason.id.clone(),
        label_en: reason.label_en.clone(),
        label_cy: reason.label_cy.clone(),
    }
}

fn difference(item: &str, compared: ComparedItem) -> pb::Difference {
    let (difference, fields) = match compared.difference {
        Difference::Added => ("added", Vec::new()),
        Difference::Removed => ("removed", Vec::new()),
        Difference::Changed { fields } => ("changed", fields),
    };
    let fields = fields.into_iter().map(|change| pb::FieldChange {
        field: change.field.to_owned(),
        from: change.from,
        to: change.to,
    });
    pb::Difference {
        item: item.to_owned(),
        code: compared.code,
        difference: difference.to_owned(),
        fields: fields.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_rests_on_so_many_cells_and_no_more() {
        let catalogue = Catalogue::bundled().unwrap();
        let edition = catalogue.editions().next().unwrap();
        for cells_max in [ANSWERED_CELLS_MAX, COMPARED_CELLS_MAX] {
            assert!(fits(edition, cells_max, cells_max).is_ok());
            let refused = fits(edition, cells_max + 1, cells_max);
            assert!(matches!(refused, Err(Error::AnswerTooLarge { .. })));
        }
    }
}
