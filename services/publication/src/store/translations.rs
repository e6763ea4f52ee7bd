//! The translations of an edition's texts that came back.

use std::collections::BTreeMap;

use mesur_catalogue::EditionName;
use mesur_proto::storage::v1::{TranslationRecord, TranslationsRecord};
use mesur_store::{Commit, Expect, Store, large, record};
use prost::Message;

use super::{FORMAT, TRANSLATED, TRANSLATIONS, corrupt, edition_key};
use crate::error::Error;
use crate::texts::Translation;

/// The translations that are held, with what a change of them must expect of the edition.
pub(crate) async fn held(
    store: &dyn Store,
    name: &EditionName,
) -> Result<(BTreeMap<String, Translation>, Expect), Error> {
    let marker = store.get(&edition_key(TRANSLATED, name).build()).await?;
    let Some(marker) = marker else {
        return Ok((BTreeMap::new(), Expect::Absent));
    };
    let bytes = large::get_large(store, &edition_key(TRANSLATIONS, name).build()).await?;
    let problem = |problem: &str| corrupt(&format!("the translations of {name}"), problem);
    let bytes = bytes.ok_or_else(|| problem("they are not there"))?;
    let stored = TranslationsRecord::decode(bytes.as_slice())
        .map_err(|error| problem(&error.to_string()))?;
    let translations = stored.translations.into_iter().map(|one| {
        let TranslationRecord {
            key,
            english,
            welsh,
        } = one;
        (key, Translation { english, welsh })
    });
    Ok((translations.collect(), Expect::At(marker.version)))
}

/// Adds the translations of an edition to a commit, in place of those that `expect` is about.
pub(crate) async fn put(
    store: &dyn Store,
    commit: Commit,
    name: &EditionName,
    translations: &BTreeMap<String, Translation>,
    expect: Expect,
) -> Result<Commit, Error> {
    let stored = translations.iter().map(|(key, one)| TranslationRecord {
        key: key.clone(),
        english: one.english.clone(),
        welsh: one.welsh.clone(),
    });
    let stored = TranslationsRecord {
        translations: stored.collect(),
    };
    let marker = edition_key(TRANSLATED, name).build();
    let commit = commit
        .expect(marker.clone(), expect)
        .put(marker, record::seal_bytes(FORMAT, &[]));
    let key = edition_key(TRANSLATIONS, name).build();
    Ok(large::put_large(store, commit, &key, &stored.encode_to_vec()).await?)
}
