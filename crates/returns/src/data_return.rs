//! A return as it is kept: complete, or a draft in which cells may still be missing.

use mesur_catalogue::{AuthorityCode, CellId, ContentHash, Edition, EditionName};

use crate::cells::{Cells, Status};
use crate::observation::{Observation, Observed};

/// One authority's observations for one collection and period. Every cell of the edition is
/// observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataReturn {
    /// Who reports.
    pub authority: AuthorityCode,
    /// The edition that it answers.
    pub edition: EditionName,
    /// The content digest of that edition.
    pub edition_digest: String,
    cells: Cells,
}

impl DataReturn {
    /// A return, if every cell of the edition is observed.
    pub fn new(edition: &Edition, authority: AuthorityCode, cells: Cells) -> Option<Self> {
        let whole = cells.statuses().iter().all(|status| status.is_observed());
        (whole && cells.len() == edition.cells().len()).then(|| Self {
            authority,
            edition: edition.name().clone(),
            edition_digest: edition.digest().to_owned(),
            cells,
        })
    }

    /// The cells; none of them is missing or erroneous.
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    /// What was observed in a cell; `None` for a number that the edition does not have.
    pub fn observed(&self, cell: CellId) -> Option<Observed> {
        self.cells.observed(cell)
    }

    /// What was observed in a cell, with its texts; `None` for a number that the edition does not
    /// have.
    pub fn observation(&self, cell: CellId) -> Option<Observation<'_>> {
        self.cells.observation(cell)
    }

    /// One observation for each cell of the edition, by cell number.
    pub fn observations(&self) -> impl Iterator<Item = Observation<'_>> {
        self.cells.observations().flatten()
    }

    /// The identity of the content, `sha256:` and 64 hexadecimal digits. The sender's references
    /// are not content: the same figures sent from two systems have one digest.
    pub fn digest(&self) -> String {
        content_digest(
            &self.authority,
            &self.edition,
            &self.edition_digest,
            &self.cells,
        )
    }
}

/// What one authority has put together so far: what is there can be taken, and cells may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Who reports.
    pub authority: AuthorityCode,
    /// The edition that it answers.
    pub edition: EditionName,
    /// The content digest of that edition.
    pub edition_digest: String,
    cells: Cells,
}

impl Draft {
    /// A draft, if no cell is erroneous and the cells are those of the edition.
    pub fn new(edition: &Edition, authority: AuthorityCode, cells: Cells) -> Option<Self> {
        let sound = !cells.statuses().contains(&Status::Erroneous);
        (sound && cells.len() == edition.cells().len()).then(|| Self {
            authority,
            edition: edition.name().clone(),
            edition_digest: edition.digest().to_owned(),
            cells,
        })
    }

    /// The cells; none of them is erroneous.
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    /// The cells that are still missing, in order.
    pub fn missing(&self) -> impl Iterator<Item = CellId> {
        let cells = (0..).zip(self.cells.statuses());
        cells.filter_map(|(cell, status)| (*status == Status::Missing).then_some(CellId(cell)))
    }

    /// The return that the draft has become; `None` while a cell is missing.
    pub fn into_return(self) -> Option<DataReturn> {
        let whole = !self.cells.statuses().contains(&Status::Missing);
        whole.then_some(DataReturn {
            authority: self.authority,
            edition: self.edition,
            edition_digest: self.edition_digest,
            cells: self.cells,
        })
    }

    /// The identity of the content; that of the return once nothing is missing.
    pub fn digest(&self) -> String {
        content_digest(
            &self.authority,
            &self.edition,
            &self.edition_digest,
            &self.cells,
        )
    }
}

impl From<DataReturn> for Draft {
    fn from(data_return: DataReturn) -> Self {
        Self {
            authority: data_return.authority,
            edition: data_return.edition,
            edition_digest: data_return.edition_digest,
            cells: data_return.cells,
        }
    }
}

/// The identity of a content, with or without missing cells, of the edition with this digest.
pub fn content_digest(
    authority: &AuthorityCode,
    edition: &EditionName,
    edition_digest: &str,
    cells: &Cells,
) -> String {
    let mut hash = ContentHash::default();
    hash.update(format!("{authority}\n{edition}\n{edition_digest}\n"));
    cells.say_to(&mut hash);
    hash.finish()
}

#[cfg(test)]
mod tests {
    use mesur_catalogue::Catalogue;

    use super::*;
    use crate::cells::CellsBuilder;
    use crate::date::Date;

    fn data_return(first: Observation<'_>) -> DataReturn {
        let catalogue = Catalogue::bundled().expect("the bundled editions");
        let name = EditionName::parse("pif/2022-23").expect("a name");
        let edition = catalogue.get(&name).expect("an edition");
        let mut cells = CellsBuilder::new(edition.cells().len());
        for cell in (0..).take(edition.cells().len()) {
            cells.set(CellId(cell), Observation::of(Observed::Provided(7)));
        }
        cells.set(CellId(0), first);
        let authority = AuthorityCode::parse("W06000012").expect("a code");
        DataReturn::new(edition, authority, cells.finish()).expect("a whole return")
    }

    #[test]
    fn the_digest_is_of_all_that_is_said_and_not_of_references() {
        let part = |end| {
            Observation::of(Observed::PartPeriod {
                value: 7,
                end: Date::parse(end),
            })
        };
        let seven = Observation::of(Observed::Provided(7));
        let contents = [
            seven,
            Observation {
                comment: "seen",
                ..seven
            },
            Observation {
                reason: "seen",
                ..seven
            },
            part(""),
            part("2022-11-23"),
            part("2022-11-24"),
            Observation::of(Observed::NotProvided),
            Observation::of(Observed::NotApplicable),
            Observation::of(Observed::Provided(8)),
        ];
        let mut digests: Vec<String> = contents
            .iter()
            .map(|content| data_return(*content).digest())
            .collect();
        let referenced = Observation {
            reference: "row 1",
            ..seven
        };
        assert_eq!(digests.first(), Some(&data_return(referenced).digest()));
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), contents.len());
    }
}
