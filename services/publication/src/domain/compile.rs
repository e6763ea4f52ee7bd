//! Putting the parts of a release together.

use mesur_catalogue::Edition;
use mesur_proto::aggregation::v1::Totals;

use super::date::Date;
use super::footnotes::{self, Footnote};
use super::languages::{LanguageReport, language_report};
use super::quality::{Quality, quality};
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
}

/// Compiles the release of an edition from a snapshot's totals.
pub(crate) fn compile(
    edition: &Edition,
    snapshot: SnapshotIdentity,
    totals: &Totals,
) -> Result<Compiled, Error> {
    let totals = CheckedTotals::new(edition, totals)?;
    let wordings = Wordings::load(edition)?;
    let plan = edition.release();
    let release_date = match &plan.release_date {
        None => None,
        Some(text) => {
            Some(Date::parse(text).ok_or_else(|| Error::ReleaseDate { text: text.clone() })?)
        }
    };
    let (mut sections, omitted_statements) = sections(edition, &wordings, &totals.figures)?;
    let statements = sections
        .iter_mut()
        .flat_map(|section| &mut section.groups)
        .flat_map(|group| &mut group.statements);
    let figures = statements.flat_map(|statement| &mut statement.figures);
    let footnotes = footnotes::number(plan.footnote_style, figures);
    let quality = quality(edition, &totals);
    let tables = tables(edition, &totals, true);
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
    })
}
