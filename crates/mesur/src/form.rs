//! Forms as files: filled with a return, and written in the format that the file's name ends in.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use mesur_catalogue::{AuthorityCode, Catalogue, Edition};
use mesur_forms::{Contents, Format, write_form};
use mesur_proto::types::v1::Observation;
use mesur_returns::{Cells, Finding, Previous, assemble};
use mesur_wire::rows_from_wire;
use mesur_wording::Language;

/// A form of an authority.
pub(crate) struct Form<'a> {
    pub(crate) edition: &'a Edition,
    pub(crate) authority: &'a AuthorityCode,
    pub(crate) language: Language,
    pub(crate) previous: Option<Previous>,
    current: Option<Cells>,
}

impl<'a> Form<'a> {
    /// An empty form.
    pub(crate) fn new(
        edition: &'a Edition,
        authority: &'a AuthorityCode,
        language: Language,
    ) -> Self {
        Self {
            edition,
            authority,
            language,
            previous: None,
            current: None,
        }
    }

    /// Fills in what a return or a draft of the same edition says.
    pub(crate) fn fill(
        &mut self,
        observations: &[Observation],
        catalogue: &Catalogue,
    ) -> anyhow::Result<()> {
        let rows = rows_from_wire(observations);
        let assembly = assemble(self.edition, catalogue, self.authority, rows);
        let draft = assembly.into_draft(self.edition, self.authority);
        let draft = draft.map_err(|findings| {
            let ids = findings.iter().map(|Finding { id, .. }| id.as_str());
            anyhow::anyhow!(
                "the return is not one of this edition: {}",
                ids.collect::<Vec<_>>().join(", ")
            )
        })?;
        self.current = Some(draft.cells().clone());
        Ok(())
    }

    /// Writes it; a file that is there already is replaced.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        let Some(format) = Format::of_extension(&extension) else {
            bail!("{} does not end in .csv, .xlsx or .ods", path.display());
        };
        let contents = Contents {
            edition: self.edition,
            authority: self.authority,
            previous: self.previous.as_ref(),
            current: self.current.as_ref(),
        };
        let bytes = write_form(format, &contents, self.language)?;
        fs::write(path, bytes).with_context(|| format!("writing {}", path.display()))
    }
}
