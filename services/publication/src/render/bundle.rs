//! The signed bundle: everything of the release in one file, with what it was made from.

use std::collections::BTreeSet;

use mesur_catalogue::Edition;
use mesur_outputs::File;
use mesur_outputs::bundle::{self, Facts, Return, Signer};
use mesur_wire::{EditionResource, ReleaseName};

use super::Error;
use super::document::Document;
use crate::domain::Compiled;

/// Writes the bundle of the files.
pub(super) fn write(
    edition: &Edition,
    compiled: &Compiled,
    [en, cy]: [&Document; 2],
    (files, signer): (&[File], &Signer),
) -> Result<File, Error> {
    Ok(bundle::write(
        facts(edition, compiled, [en, cy]),
        files,
        signer,
    )?)
}

fn facts(edition: &Edition, compiled: &Compiled, [en, cy]: [&Document; 2]) -> Facts {
    let returns = compiled.sources.returns.iter().map(|source| Return {
        authority: source.authority.clone(),
        name: source.name.clone(),
        digest: source.digest.clone(),
    });
    let decisions: BTreeSet<String> = compiled
        .sources
        .decisions
        .values()
        .flatten()
        .cloned()
        .collect();
    let welsh = (!cy.title.has_english()).then(|| cy.title.words());
    let release = ReleaseName(edition.name().clone());
    Facts {
        release: format!("{release}/revisions/{}", compiled.revision),
        reference: compiled.reference.clone().unwrap_or_default(),
        revision: compiled.revision,
        title: en.title.words(),
        title_cy: welsh.unwrap_or_default(),
        publish_day: compiled.release_date.map(|date| date.to_string()),
        edition: EditionResource(edition.name().clone()).to_string(),
        edition_digest: compiled.edition_digest.clone(),
        snapshot: compiled.snapshot.name.clone(),
        snapshot_digest: compiled.snapshot.digest.clone(),
        returns: returns.collect(),
        decisions: decisions.into_iter().collect(),
    }
}
