//! How the observations of an edition begin on the wire, cell by cell.
//!
//! Nearly every sender goes through the cells in their order and writes each observation with its
//! codes first and its value next. Kept as they are sent, one behind another, the codes of the cell
//! that is due are compared with what came in one go: nothing is read, and nothing is fetched from
//! where the edition has its texts.

use std::collections::BTreeMap;

use mesur_catalogue::{Catalogue, CellId, Edition};
use mesur_proto::types::v1 as pb;
use prost::Message as _;

/// The openings of every edition of a catalogue.
#[derive(Debug)]
pub struct Openings(BTreeMap<String, OfEdition>);

/// Those of one edition.
#[derive(Debug)]
pub(crate) struct OfEdition {
    bytes: Vec<u8>,
    /// Where that of each cell ends.
    ends: Vec<usize>,
}

impl Openings {
    /// Writes them out for every edition that there is.
    pub fn of(catalogue: &Catalogue) -> Self {
        let editions = catalogue.editions();
        let openings =
            editions.map(|edition| (edition.digest().to_owned(), OfEdition::new(edition)));
        Self(openings.collect())
    }

    /// Those of an edition; `None` for one that was not in the catalogue.
    pub(crate) fn get(&self, edition: &Edition) -> Option<&OfEdition> {
        self.0.get(edition.digest())
    }
}

impl OfEdition {
    fn new(edition: &Edition) -> Self {
        let mut bytes = Vec::new();
        let ends = edition.cells().iter().map(|cell| {
            let codes = pb::Observation {
                metric: cell.reference.metric.to_string(),
                category: cell.reference.category_str().to_owned(),
                ..pb::Observation::default()
            };
            bytes.extend(codes.encode_to_vec());
            bytes.len()
        });
        let ends = ends.collect();
        Self { bytes, ends }
    }

    /// What an observation of this cell begins with; `None` beyond the last one.
    #[inline]
    pub(crate) fn of(&self, cell: CellId) -> Option<&[u8]> {
        let before = cell.index().checked_sub(1);
        let start = before.map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.bytes.get(start..*self.ends.get(cell.index())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_of_every_edition_has_its_codes_and_no_other_has_any() {
        let catalogue = Catalogue::bundled().unwrap();
        let openings = Openings::of(&catalogue);
        for edition in catalogue.editions() {
            let openings = openings.get(edition).unwrap();
            for (cell, id) in edition.cells().iter().zip((0..).map(CellId)) {
                let codes = pb::Observation::decode(openings.of(id).unwrap()).unwrap();
                let expected = (
                    cell.reference.metric.as_str(),
                    cell.reference.category_str(),
                );
                assert_eq!((&*codes.metric, &*codes.category), expected);
            }
            let cells = u32::try_from(edition.cells().len()).unwrap();
            assert_eq!(openings.of(CellId(cells)), None);
        }
    }
}
