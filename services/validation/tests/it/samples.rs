//! Returns for the tests, made of the samples.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use mesur_catalogue::{Catalogue, CellId, CellRef, Edition, EditionName};
use mesur_proto::submission::v1 as submission;
use mesur_proto::types::v1::PreviousValue;
use mesur_proto::validation::v1 as pb;
use mesur_returns::{CellsBuilder, DataReturn, Observation, Observed, Previous, check_file};
use mesur_wire::observations_to_wire;

pub(crate) static CATALOGUE: LazyLock<Arc<Catalogue>> =
    LazyLock::new(|| Arc::new(Catalogue::bundled().unwrap()));

/// The return of most tests.
pub(crate) const RETURN: &str = "authorities/W06000012/returns/pif-2022-23";
/// Its edition.
pub(crate) const EDITION: &str = "collections/pif/editions/2022-23";
/// A finding of a return with a warning.
pub(crate) const WARNING: &str = "formula_text:AD/001[a]";
/// A finding of a return with an error.
pub(crate) const ERROR: &str = "AD/013-based:AD/013";

/// A sample return and its edition, for a test to change.
#[derive(Clone)]
pub(crate) struct Sample {
    edition: EditionName,
    pub(crate) content: DataReturn,
}

impl Sample {
    pub(crate) fn of(authority: &str, period: &str) -> Self {
        let name = EditionName::parse(&format!("pif/{period}")).unwrap();
        let edition = CATALOGUE.get(&name).unwrap();
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/mesur/samples");
        let file = Path::new(samples)
            .join(period)
            .join(format!("{authority}.csv"));
        let checked = check_file(&std::fs::read(file).unwrap(), edition, &CATALOGUE, None);
        let content = checked.data_return().unwrap().clone();
        Self {
            edition: name,
            content,
        }
    }

    /// The return of most tests.
    pub(crate) fn usual() -> Self {
        Self::of("W06000012", "2022-23")
    }

    pub(crate) fn edition(&self) -> &'static Edition {
        CATALOGUE.get(&self.edition).unwrap()
    }

    pub(crate) fn place(&self, cell: &str) -> CellId {
        let cell = CellRef::parse(cell).unwrap();
        self.edition().cell_id(&cell).unwrap()
    }

    pub(crate) fn value(&self, cell: &str) -> i64 {
        let observed = self.content.observed(self.place(cell));
        observed.and_then(Observed::value).unwrap()
    }

    /// With other observations of cells.
    pub(crate) fn with(mut self, changes: &[(CellId, Observation<'_>)]) -> Self {
        let edition = self.edition();
        let mut cells = CellsBuilder::new(edition.cells().len());
        for (cell, observation) in changes {
            cells.set(*cell, *observation);
        }
        let cells = self.content.cells().with(&cells.finish());
        let authority = self.content.authority.clone();
        self.content = DataReturn::new(edition, authority, cells).unwrap();
        self
    }

    /// With another value of a cell.
    pub(crate) fn with_value(self, cell: &str, value: i64) -> Self {
        let place = self.place(cell);
        let observation = Observation::of(Observed::Provided(value));
        self.with(&[(place, observation)])
    }

    /// With a comment on a cell.
    pub(crate) fn with_comment(self, cell: &str, comment: &str) -> Self {
        let place = self.place(cell);
        let value = self.content.observed(place).unwrap();
        let observation = Observation {
            comment,
            ..Observation::of(value)
        };
        self.with(&[(place, observation)])
    }

    /// With a total in which one finding is an error: above the base that it is part of.
    pub(crate) fn with_error(self) -> Self {
        let base = self.value("AD/012");
        self.with_value("AD/013", base + 1)
    }

    /// With a comment that one finding warns of: it begins like a formula.
    pub(crate) fn with_warning(self) -> Self {
        self.with_comment("AD/001[a]", "=1+1")
    }

    /// With a comment on every cell that a finding warns of.
    pub(crate) fn with_many_warnings(self) -> Self {
        let cells = 0..u32::try_from(self.edition().cells().len()).unwrap();
        let content = self.content.clone();
        let changes = cells.map(|cell| {
            let observation = content.observation(CellId(cell)).unwrap();
            let comment = "=1+1";
            let reason = observation.reason;
            let value = observation.value;
            let observation = Observation {
                comment,
                reason,
                ..Observation::of(value)
            };
            (CellId(cell), observation)
        });
        let changes: Vec<_> = changes.collect();
        self.with(&changes)
    }

    /// `authorities/{authority}/returns/{return}/revisions/{revision}`.
    pub(crate) fn revision(&self, revision: u32) -> String {
        format!("{}/revisions/{revision}", self.name())
    }

    /// The name of the report on a revision.
    pub(crate) fn report(&self, revision: u32) -> String {
        format!("{}/report", self.revision(revision))
    }

    pub(crate) fn name(&self) -> String {
        let (authority, period) = (&self.content.authority, &self.edition.period);
        format!("authorities/{authority}/returns/pif-{period}")
    }

    /// As submission gives it.
    pub(crate) fn message(&self) -> submission::DataReturn {
        submission::DataReturn {
            name: self.name(),
            edition_digest: self.content.edition_digest.clone(),
            observations: observations_to_wire(self.edition(), self.content.cells()),
            digest: self.content.digest(),
            ..submission::DataReturn::default()
        }
    }

    /// As submission gives it to compare a later period with.
    pub(crate) fn previous_message(&self) -> submission::PreviousValues {
        let previous = Previous::from_return(self.edition(), &self.content);
        let values = previous.values.iter();
        let values = values.map(|(cell, value)| PreviousValue {
            metric: cell.metric.to_string(),
            category: cell.category_str().to_owned(),
            value: value.value,
            decimals: value.decimals.into(),
        });
        let (authority, period) = (&self.content.authority, &self.edition.period);
        submission::PreviousValues {
            name: format!("authorities/{authority}/previousValues/pif-{period}"),
            values: values.collect(),
        }
    }

    /// As a caller sends it to have it validated.
    pub(crate) fn request(&self) -> pb::ValidateReturnRequest {
        pb::ValidateReturnRequest {
            parent: format!("authorities/{}", self.content.authority),
            edition: format!("collections/pif/editions/{}", self.edition.period),
            edition_digest: self.content.edition_digest.clone(),
            observations: observations_to_wire(self.edition(), self.content.cells()),
            ..pb::ValidateReturnRequest::default()
        }
    }
}
