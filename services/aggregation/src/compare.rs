//! What differs between two snapshots of one edition, and why.
//!
//! Only returns whose content or marks differ are read, twice: once to know on which returns the
//! differences of the nation rest, and once to tell those of their authorities. One pair of returns
//! is held at a time.

use std::future::Future;

use mesur_catalogue::{AuthorityCode, CellId, EditionName};
use mesur_proto::aggregation::v1 as pb;
use mesur_wire::SnapshotName;

use crate::domain::{Decision, Input, Inputs};
use crate::error::Error;
use crate::frozen::Frozen;
use crate::message::authority_message;
use crate::recount::{Absence, Contents, Held};
use crate::snapshots::Snapshots;

/// One difference.
pub(crate) enum Difference {
    /// A decision that is in force in one alone, and whether that is the later.
    Decision(Box<Decision>, bool),
    /// A cell.
    Cell(pb::CellDifference),
    /// A figure.
    Figure(Box<pb::FigureDifference>),
}

/// Two snapshots of one edition.
pub(crate) struct Pair {
    from: Frozen,
    to: Frozen,
    held: Held,
}

/// The returns of an authority that may differ.
struct Candidate<'a> {
    authority: &'a AuthorityCode,
    inputs: [Option<&'a Input>; 2],
}

impl Candidate<'_> {
    /// The revisions in each, where they are no longer the same.
    fn revisions(&self) -> [Vec<String>; 2] {
        let names = self
            .inputs
            .map(|input| input.map(|input| input.name.to_string()));
        let [from, to] = &names;
        if from == to {
            return [Vec::new(), Vec::new()];
        }
        names.map(|name| name.into_iter().collect())
    }
}

impl Snapshots {
    /// Two snapshots to be compared.
    pub(crate) async fn pair(&self, from: &SnapshotName, to: &SnapshotName) -> Result<Pair, Error> {
        let [one, other] = [self.snapshot(from).await?, self.snapshot(to).await?];
        let [from, to] = [self.frozen(&one).await?, self.frozen(&other).await?];
        if from.edition != to.edition {
            return Err(Error::EditionMismatch {
                name: one.edition,
                ours: from.totals.edition_digest,
                theirs: to.totals.edition_digest,
                item: other.name.to_string(),
            });
        }
        let held = self.held(Absence::Damage);
        Ok(Pair { from, to, held })
    }
}

impl Pair {
    /// The edition of both.
    pub(crate) fn edition(&self) -> &EditionName {
        self.to.edition.name()
    }

    /// Tells every difference, in order, as long as `tell` takes them.
    pub(crate) async fn differences<F, T>(&self, tell: F) -> Result<(), Error>
    where
        F: Fn(Difference) -> T + Send + Sync,
        T: Future<Output = bool> + Send,
    {
        for decision in self.decisions() {
            if !tell(decision).await {
                return Ok(());
            }
        }
        let candidates = self.candidates();
        for difference in self.national(&candidates).await? {
            if !tell(Difference::Cell(difference)).await {
                return Ok(());
            }
        }
        for candidate in &candidates {
            for difference in self.of_authority(candidate).await? {
                if !tell(Difference::Cell(difference)).await {
                    return Ok(());
                }
            }
        }
        for difference in self.figures() {
            if !tell(Difference::Figure(Box::new(difference))).await {
                return Ok(());
            }
        }
        Ok(())
    }

    fn decisions(&self) -> Vec<Difference> {
        let (from, to) = (&self.from.decisions, &self.to.decisions);
        let gone = from.iter().filter(|decision| !to.has(decision));
        let come = to.iter().filter(|decision| !from.has(decision));
        let gone = gone.map(|decision| Difference::Decision(Box::new(decision.clone()), false));
        let come = come.map(|decision| Difference::Decision(Box::new(decision.clone()), true));
        gone.chain(come).collect()
    }

    /// The authorities whose contents or marks differ.
    fn candidates(&self) -> Vec<Candidate<'_>> {
        let edition = &self.to.edition;
        let before = Inputs::by_place(&self.from.inputs.returns, edition);
        let after = Inputs::by_place(&self.to.inputs.returns, edition);
        let pairs = edition
            .authorities()
            .iter()
            .zip(before.into_iter().zip(after));
        let candidates = pairs.map(|(authority, ((_, from), (_, to)))| Candidate {
            authority: &authority.code,
            inputs: [from, to],
        });
        let differs = |candidate: &Candidate<'_>| {
            let [from, to] = candidate
                .inputs
                .map(|input| input.map(|input| &input.digest));
            let marks = [&self.from, &self.to];
            let [marked, marked_later] =
                marks.map(|side| side.inputs.not_robust.get(candidate.authority));
            from != to || marked != marked_later
        };
        candidates.filter(differs).collect()
    }

    /// The cells of the nation that differ, with the returns that they differ by.
    async fn national(
        &self,
        candidates: &[Candidate<'_>],
    ) -> Result<Vec<pb::CellDifference>, Error> {
        let edition = &self.to.edition;
        let mut by_cell: Vec<Vec<usize>> = vec![Vec::new(); edition.cells().len()];
        for (number, candidate) in candidates.iter().enumerate() {
            let [from, to] = [
                self.content(candidate, 0).await?,
                self.content(candidate, 1).await?,
            ];
            for (cell, differing) in (0..).map(CellId).zip(&mut by_cell) {
                let of = |side: &Option<mesur_returns::DataReturn>| side.as_ref()?.observed(cell);
                if of(&from) != of(&to) {
                    differing.push(number);
                }
            }
        }
        let cells = self.from.totals.cells.iter().zip(&self.to.totals.cells);
        let differing = cells
            .zip(&by_cell)
            .filter(|((from, to), _)| counts(from) != counts(to));
        let nation = edition.nation().code.to_string();
        let differences = differing.map(|((from, to), by)| {
            let revisions = by.iter().filter_map(|number| candidates.get(*number));
            let (before, after): (Vec<_>, Vec<_>) = revisions
                .map(|candidate| {
                    let [before, after] = candidate.revisions();
                    (before, after)
                })
                .unzip();
            pb::CellDifference {
                area: nation.clone(),
                metric: to.metric.clone(),
                category: to.category.clone(),
                before: from.value,
                after: to.value,
                revisions_before: before.concat(),
                revisions_after: after.concat(),
                ..pb::CellDifference::default()
            }
        });
        Ok(differences.collect())
    }

    /// The cells of an authority that differ as they are told.
    async fn of_authority(
        &self,
        candidate: &Candidate<'_>,
    ) -> Result<Vec<pb::CellDifference>, Error> {
        let edition = &self.to.edition;
        let told = async |side: &Frozen, number: usize| {
            let content = self.content(candidate, number).await?;
            let marks = &side.inputs.not_robust;
            let values = authority_message(edition, candidate.authority, content.as_ref(), marks);
            Ok::<_, Error>(values.values)
        };
        let (from, to) = (told(&self.from, 0).await?, told(&self.to, 1).await?);
        let [before, after] = candidate.revisions();
        let cells = edition.cells().iter().zip(from.into_iter().zip(to));
        let differing = cells.filter(|(_, (from, to))| from != to);
        let differences = differing.map(|(cell, (from, to))| pb::CellDifference {
            area: candidate.authority.to_string(),
            metric: cell.reference.metric.to_string(),
            category: cell.reference.category_str().to_owned(),
            before: from.value,
            after: to.value,
            status_before: from.status,
            status_after: to.status,
            revisions_before: before.clone(),
            revisions_after: after.clone(),
        });
        Ok(differences.collect())
    }

    /// The content of a candidate's return, in the earlier snapshot or in the later.
    async fn content(
        &self,
        candidate: &Candidate<'_>,
        side: usize,
    ) -> Result<Option<mesur_returns::DataReturn>, Error> {
        match candidate.inputs.get(side).copied().flatten() {
            Some(input) => {
                let content = self.held.data_return(&self.to.edition, input);
                Ok(Some(content.await?))
            }
            None => Ok(None),
        }
    }

    fn figures(&self) -> Vec<pb::FigureDifference> {
        let figures = self.from.totals.figures.iter().zip(&self.to.totals.figures);
        let differing = figures.filter(|(from, to)| from != to);
        let differences = differing.map(|(from, to)| {
            let statements = self.to.edition.statements_of(&to.id).into_iter();
            pb::FigureDifference {
                before: Some(from.clone()),
                after: Some(to.clone()),
                statements: statements.map(str::to_owned).collect(),
            }
        });
        differences.collect()
    }
}

/// What the national value of a cell is, and of whom.
fn counts(cell: &pb::CellTotal) -> (Option<i64>, [i32; 4]) {
    let counts = [
        cell.provided_count,
        cell.part_period_count,
        cell.not_provided_count,
        cell.not_applicable_count,
    ];
    (cell.value, counts)
}
