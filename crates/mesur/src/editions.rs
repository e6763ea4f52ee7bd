//! Finding the edition that the user means: a bundled one by name, or a folder.

use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use mesur_catalogue::{Catalogue, Edition, EditionName};

/// The catalogue with the edition that `text` names or whose folder it is.
pub(crate) fn find(text: &str) -> anyhow::Result<(Arc<Catalogue>, Arc<Edition>)> {
    let mut catalogue = Catalogue::bundled()?;
    if let Ok(name) = EditionName::parse(text)
        && let Some(edition) = catalogue.get(&name)
    {
        let edition = Arc::clone(edition);
        return Ok((Arc::new(catalogue), edition));
    }
    if !Path::new(text).exists() {
        let known: Vec<String> = catalogue
            .editions()
            .map(|edition| edition.name().to_string())
            .collect();
        bail!(
            "{text} is neither a folder nor one of the bundled editions: {}",
            known.join(", ")
        );
    }
    let edition = catalogue.add_folder(Path::new(text))?;
    Ok((Arc::new(catalogue), edition))
}
