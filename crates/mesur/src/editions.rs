//! Finding the edition that the user means: a bundled one by name, or a folder.

use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use mesur_catalogue::{Catalogue, Edition, EditionName, ReleasePlan};
use mesur_wording::{Language, Wording};

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

/// The bundled editions, the latest first, each with the catalogue of all.
pub(crate) fn bundled() -> anyhow::Result<Vec<(Arc<Catalogue>, Arc<Edition>)>> {
    let catalogue = Arc::new(Catalogue::bundled()?);
    let mut editions: Vec<Arc<Edition>> = catalogue.editions().map(Arc::clone).collect();
    editions.reverse();
    let found = editions.into_iter();
    Ok(found
        .map(|edition| (Arc::clone(&catalogue), edition))
        .collect())
}

/// What would keep the release's words from being read when it is compiled. The catalogue knows
/// the templates' messages, the wording what else a template may not do.
pub(crate) fn template_faults(plan: &ReleasePlan) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for (language, file, text) in [
        (Language::En, "release.en.ftl", &plan.templates_en),
        (Language::Cy, "release.cy.ftl", &plan.templates_cy),
    ] {
        match Wording::new(language, text.as_deref()) {
            Ok(_) => {}
            Err(mesur_wording::Error::Source { faults, .. }) => {
                let faults = faults.iter();
                found.extend(faults.map(|fault| format!("{file}:{}: {}", fault.line, fault.text)));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}
