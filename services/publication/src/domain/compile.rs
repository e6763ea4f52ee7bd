//! Putting the parts of a release together.

use mesur_catalogue::Edition;
use mesur_proto::aggregation::v1::Totals;

use super::date::Date;
use super::footnotes::{self, Footnote};
use super::history::Earlier;
use super::languages::{LanguageReport, language_report};
use super::previous::{Previous, YearChanges, withhold_changes};
use super::protect::{Disclosed, protect, restate};
use super::quality::{Quality, quality};
use super::revise::{
    Change, FigureChange, RowGone, ShownTables, UpdateNote, revise, revise_figures, stated,
};
use super::sources::Sources;
use super::statements::{Section, sections};
use super::tables::{Table, tables};
use super::totals::{CheckedTotals, TotalsError};
use super::wordings::Wordings;

/// Why a release could not be compiled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The totals do not belong to the edition.
    #[error("reading the snapshot's totals")]
    Totals(#[from] TotalsError),
    /// A template of the edition cannot be worded.
    #[error("wording the statements")]
    Wording(#[from] mesur_wording::Error),
    /// A row that was published is not in the edition.
    #[error("keeping the rows that were published")]
    RowGone(#[from] RowGone),
    /// The plan's release date is not a date.
    #[error("{text:?} is not a release date")]
    ReleaseDate {
        /// What stands there.
        text: String,
    },
}

/// Which snapshot a release is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SnapshotIdentity {
    /// `snapshots/{snapshot}`.
    pub(crate) name: String,
    /// The digest of its inputs.
    pub(crate) digest: String,
}

/// A release in no language yet: its facts, in the order in which they are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compiled {
    /// The snapshot.
    pub(crate) snapshot: SnapshotIdentity,
    /// The digest of the edition.
    pub(crate) edition_digest: String,
    /// The day of publication that the plan states.
    pub(crate) release_date: Option<Date>,
    /// The main points.
    pub(crate) sections: Vec<Section>,
    /// The footnotes in the order of their marks.
    pub(crate) footnotes: Vec<Footnote>,
    /// The statements that are left out, because they rest on a withheld metric or because a
    /// figure in them cannot be worked out.
    pub(crate) omitted_statements: Vec<String>,
    /// The quality section.
    pub(crate) quality: Quality,
    /// The tables of the published metrics.
    pub(crate) tables: Vec<Table>,
    /// What is held in which language.
    pub(crate) languages: LanguageReport,
    /// What it was made from.
    pub(crate) sources: Sources,
    /// What earlier releases published, oldest first; put in by who reads them.
    pub(crate) history: Vec<Earlier>,
    /// How its cells stand to what is published of the period before.
    pub(crate) year_changes: YearChanges,
    /// The reference, with ` (R)` from the second revision on.
    pub(crate) reference: Option<String>,
    /// The revision of the release, from 1.
    pub(crate) revision: u32,
    /// What changed in this revision and why; from the second on.
    pub(crate) update_note: Option<UpdateNote>,
    /// The values that differ from those published before, in the order of the tables.
    pub(crate) changes: Vec<Change>,
    /// The figures of the main points that differ, in the order of the statements.
    pub(crate) figure_changes: Vec<FigureChange>,
}

impl Compiled {
    /// Makes it the revision of what was published before: marks what changed, keeps every row.
    pub(crate) fn revise(
        &mut self,
        edition: &Edition,
        revision: u32,
        note: UpdateNote,
        before: &ShownTables,
    ) -> Result<(), Error> {
        self.changes = revise(edition, &mut self.tables, before)?;
        self.figure_changes = revise_figures(&mut self.sections, &before.figures);
        self.reference = self.reference.take().map(|text| format!("{text} (R)"));
        self.revision = revision;
        self.update_note = Some(note);
        Ok(())
    }

    /// What it shows, for the revisions and releases after it.
    pub(crate) fn shown(&self, edition: &Edition) -> ShownTables {
        ShownTables {
            figures: stated(&self.sections),
            ..ShownTables::of(edition, &self.tables)
        }
    }
}

/// Compiles the release of an edition from a snapshot's totals; `earlier` are its published
/// revisions, the oldest first, which disclosure control looks at, and `previous` is the period
/// before.
pub(crate) fn compile(
    edition: &Edition,
    snapshot: SnapshotIdentity,
    totals: &Totals,
    earlier: &[Disclosed],
    previous: Option<&Previous>,
) -> Result<Compiled, Error> {
    let sources = Sources::of(totals);
    let sent = totals;
    let mut totals = CheckedTotals::new(edition, sent)?;
    let mut tables = totals.standings.apply(tables(edition, &totals));
    protect(edition, &totals, earlier, &mut tables)?;
    restate(edition, &tables, &mut totals.figures);
    withhold_changes(edition, sent, previous, &mut totals.figures);
    let year_changes = previous.map(|previous| previous.changes(edition, &tables));
    let wordings = Wordings::load(edition)?;
    let plan = edition.release();
    let release_date = match &plan.release_date {
        None => None,
        Some(text) => {
            Some(Date::parse(text).ok_or_else(|| Error::ReleaseDate { text: text.clone() })?)
        }
    };
    let (mut sections, omitted_statements) = sections(edition, &wordings, &totals)?;
    let statements = sections
        .iter_mut()
        .flat_map(|section| &mut section.groups)
        .flat_map(|group| &mut group.statements);
    let figures = statements.flat_map(|statement| &mut statement.figures);
    let footnotes = footnotes::number(plan.footnote_style, figures);
    let quality = quality(edition, &totals);
    let languages = language_report(edition, &wordings, &sections, &quality.populations, &tables);
    Ok(Compiled {
        snapshot,
        edition_digest: edition.digest().to_owned(),
        release_date,
        sections,
        footnotes,
        omitted_statements,
        quality,
        tables,
        languages,
        sources,
        history: Vec::new(),
        year_changes: year_changes.unwrap_or_default(),
        reference: plan.reference.clone(),
        revision: 1,
        update_note: None,
        changes: Vec::new(),
        figure_changes: Vec::new(),
    })
}
