//! From a snapshot to a revision: compiled, worded and kept, so that what is reviewed is what is
//! published. Compiling and rendering take a processor for a while, so they are done beside those that
//! answer readers.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use mesur_access::Grant;
use mesur_catalogue::{Catalogue, ContentHash, Edition};
use mesur_figures::format_quantity;
use mesur_outputs::bundle::Signer;
use mesur_proto::aggregation::v1::Totals;
use mesur_rpc::idempotency::Mutation;
use mesur_store::large::LARGE_BYTES_MAX;
use mesur_store::{Commit, with_retry};
use mesur_wire::{ReleaseName, SnapshotName};
use tokio::task::spawn_blocking;

use super::{Details, FileFacts, Gap, Release, Releases, Snapshot};
use crate::domain::{
    Compiled, Date, Disclosed, Earlier, EarlierValue, Previous, ShownTables, SnapshotIdentity,
    State, UpdateNote, compile, go, is_controlled,
};
use crate::error::Error;
use crate::render::{self, File, render};
use crate::store::{self, Event, Head};
use crate::texts::{Translations, edition_with};

/// What a revision is made from, apart from the edition.
struct Inputs {
    snapshot: Snapshot,
    totals: Totals,
    history: Vec<Earlier>,
    /// The period before, where its edition is known.
    previous: Option<Previous>,
    /// The published revisions, oldest first, where disclosure control asks for them.
    disclosed: Vec<Disclosed>,
    /// From the second revision on: its number, its note, and what was published before.
    update: Option<(u32, UpdateNote, Arc<ShownTables>)>,
    /// The day that stands on it, if it is not the one that the plan states.
    day: Option<Date>,
}

/// A revision as it was made.
struct Made {
    compiled: Compiled,
    titles: [String; 2],
    files: Vec<(FileFacts, Vec<u8>)>,
    tables: ShownTables,
}

impl Made {
    /// The revision that it is, with the digests of its details and its tables.
    fn release(
        &self,
        (name, revision): (&ReleaseName, u32),
        (compiled_details, tables): (String, String),
        (identity, now): (&str, Timestamp),
        note: Option<&UpdateNote>,
    ) -> Release {
        let compiled = &self.compiled;
        Release {
            name: name.clone(),
            revision,
            state: State::Compiled,
            edition_digest: compiled.edition_digest.clone(),
            snapshot: compiled.snapshot.name.clone(),
            snapshot_digest: compiled.snapshot.digest.clone(),
            reference: compiled.reference.clone().unwrap_or_default(),
            titles: self.titles.clone(),
            compiled_details,
            published_details: String::new(),
            tables,
            compiled: now,
            compiled_by: identity.to_owned(),
            approved_by: String::new(),
            scheduled: None,
            published: None,
            published_by: String::new(),
            exception_reason: String::new(),
            update_note: note.cloned(),
        }
    }
}

impl Releases {
    /// Compiles a revision of the release of a snapshot: the one that is worked on anew, or the
    /// next one after the published one.
    pub(crate) async fn compile(
        &self,
        snapshot: &SnapshotName,
        note: Option<&UpdateNote>,
        by: &Grant,
        mutation: &Mutation,
    ) -> Result<Release, Error> {
        let _alone = self.making.lock().await;
        let compiled = with_retry(|| async {
            if let Some(earlier) = self.earlier(mutation).await? {
                return Ok(earlier);
            }
            let files = store::files_version(&*self.store).await?;
            let (found, totals) = self.standing(snapshot).await?;
            let name = ReleaseName(found.edition.clone());
            let current = store::head(&*self.store, &name).await?;
            let (mut head, version) = match current {
                Some((head, version)) => (head, Some(version)),
                None => (Head::default(), None),
            };
            let was_announced = self.begin_revision(&name, &mut head, by).await?;
            let update = self.update(&name, &head, note)?;
            let inputs = Inputs {
                snapshot: found,
                totals,
                history: self.history(&name),
                previous: self.previous(&name),
                disclosed: self.disclosed(&name).await?,
                update,
                day: None,
            };
            let made = self.make(inputs).await?;
            let kept = self.keep(&made).await?;
            let made_by = (by.identity(), self.clock.now());
            let release = made.release((&name, head.latest), kept, made_by, note);
            let event = Event {
                action: "compiled".to_owned(),
                revision: release.revision,
                actor: by.identity().to_owned(),
                time: release.compiled,
                reason: String::new(),
            };
            let commit = store::append_event(Commit::new(), &name, &mut head, &event);
            let commit = store::put_head(commit, &name, &head, version);
            let commit = store::name_files(store::put_revision(commit, &release), files);
            self.store
                .commit(super::changes::remember(commit, mutation, &release))
                .await?;
            if was_announced {
                self.notice(&name).await?;
            }
            Ok::<Release, Error>(release)
        });
        let compiled = compiled.await?;
        self.sweep().await;
        Ok(compiled)
    }

    /// Makes the number of the revision that is compiled the latest of the head; tells whether it
    /// was announced as it was before.
    async fn begin_revision(
        &self,
        name: &ReleaseName,
        head: &mut Head,
        by: &Grant,
    ) -> Result<bool, Error> {
        let state = match head.latest {
            0 => State::Nothing,
            _ => self.latest(name, head).await?.state,
        };
        go(by.releases(), state, ("compile", State::Compiled))
            .map_err(|illegal| Error::wrong_state(name, illegal))?;
        // What is published stays as it is.
        if matches!(state, State::Nothing | State::Published) {
            head.latest = head.latest.saturating_add(1);
        }
        Ok(state == State::Scheduled)
    }

    /// What a revision updates; the first updates nothing.
    fn update(
        &self,
        name: &ReleaseName,
        head: &Head,
        note: Option<&UpdateNote>,
    ) -> Result<Option<(u32, UpdateNote, Arc<ShownTables>)>, Error> {
        if head.published == 0 {
            return match note {
                None => Ok(None),
                Some(_) => Err(Error::invalid(
                    "update_note",
                    "INVALID_FIELD",
                    format!("{name} was not published, so there is nothing to update"),
                )),
            };
        }
        let note = note.ok_or_else(|| Error::UpdateNoteRequired {
            fields: vec!["update_note"],
        })?;
        let before = self.shelf.revision(name, head.published);
        let before = before.ok_or_else(|| {
            store::corrupt(&name.to_string(), "its published revision is not there")
        })?;
        let tables = Arc::clone(&before.tables);
        Ok(Some((head.latest, note.clone(), tables)))
    }

    /// Makes a revision again for the day on which it is going to be published. It must come out
    /// as it was compiled, but for the day. Answers the digest of its details.
    pub(super) async fn prepare(&self, release: &Release, day: Date) -> Result<String, Error> {
        let name = SnapshotName::parse(&release.snapshot).map_err(Error::name("snapshot"))?;
        let (snapshot, totals) = self.standing(&name).await?;
        let update = match &release.update_note {
            None => None,
            Some(note) => {
                let before = self
                    .shelf
                    .revision(&release.name, release.revision.saturating_sub(1));
                let before = before.ok_or_else(|| {
                    store::corrupt(
                        &release.name.to_string(),
                        "the revision before is not there",
                    )
                })?;
                let tables = Arc::clone(&before.tables);
                Some((release.revision, note.clone(), tables))
            }
        };
        let mut disclosed = self.disclosed(&release.name).await?;
        disclosed.truncate(published_before(release));
        let inputs = |day| Inputs {
            disclosed: disclosed.clone(),
            snapshot: snapshot.clone(),
            totals: totals.clone(),
            history: self.history(&release.name),
            previous: self.previous(&release.name),
            update: update.clone(),
            day,
        };
        let made = self.make(inputs(None)).await?;
        let stated = made.compiled.release_date;
        let (details, tables) = self.keep(&made).await?;
        if (&details, &tables) != (&release.compiled_details, &release.tables) {
            return Err(Error::ReleaseChanged {
                name: release.name.to_string(),
            });
        }
        if stated == Some(day) {
            return Ok(details);
        }
        let made = self.make(inputs(Some(day))).await?;
        Ok(self.keep(&made).await?.0)
    }

    /// The published revisions of a release as disclosure control reads them, oldest first; none
    /// where the edition does without.
    pub(crate) async fn disclosed(&self, name: &ReleaseName) -> Result<Vec<Disclosed>, Error> {
        let mut disclosed = Vec::new();
        if self
            .catalogue
            .get(&name.0)
            .is_none_or(|edition| !is_controlled(edition))
        {
            return Ok(disclosed);
        }
        for published in self.shelf.revisions(name) {
            let snapshot = SnapshotName::parse(&published.release.snapshot);
            let (_, totals) = self
                .snapshot(&snapshot.map_err(Error::name("snapshot"))?)
                .await?;
            let shown = Arc::clone(&published.tables);
            disclosed.push(Disclosed { totals, shown });
        }
        Ok(disclosed)
    }

    /// A revision with those published before it as disclosure control reads them, oldest first.
    pub(crate) async fn disclosed_with(&self, release: &Release) -> Result<Vec<Disclosed>, Error> {
        let mut disclosed = self.disclosed(&release.name).await?;
        disclosed.truncate(published_before(release));
        let snapshot = SnapshotName::parse(&release.snapshot).map_err(Error::name("snapshot"))?;
        let (_, totals) = self.snapshot(&snapshot).await?;
        let shown = Arc::new(store::tables(&*self.store, &release.tables).await?);
        disclosed.push(Disclosed { totals, shown });
        Ok(disclosed)
    }

    async fn make(&self, inputs: Inputs) -> Result<Made, Error> {
        let (catalogue, signer) = (Arc::clone(&self.catalogue), Arc::clone(&self.signer));
        let edition = &inputs.snapshot.edition;
        let (translations, _) = store::translations::held(&*self.store, edition).await?;
        let making = spawn_blocking(move || make(&catalogue, &signer, &translations, inputs));
        making.await.map_err(Error::Task)?
    }

    /// Keeps the files, the details and the tables; answers the digests of the latter two.
    async fn keep(&self, made: &Made) -> Result<(String, String), Error> {
        check_sizes(made.files.iter().map(|(facts, _)| facts))?;
        let contents = made.files.iter();
        let contents: Vec<_> = contents
            .map(|(facts, content)| (facts.digest.as_str(), content.as_slice()))
            .collect();
        store::keep_content(&*self.store, &contents).await?;
        let gaps = made.compiled.languages.gaps.iter().map(|gap| Gap {
            kind: gap.kind.to_owned(),
            item: gap.item.clone(),
        });
        let details = Details {
            files: made.files.iter().map(|(facts, _)| facts.clone()).collect(),
            language_gaps: gaps.collect(),
            omitted_statements: made.compiled.omitted_statements.clone(),
        };
        Ok((
            store::keep_details(&*self.store, &details).await?,
            store::keep_tables(&*self.store, &made.tables).await?,
        ))
    }

    pub(super) async fn snapshot(&self, name: &SnapshotName) -> Result<(Snapshot, Totals), Error> {
        if let Some(found) = store::snapshot(&*self.store, name).await? {
            return Ok(found);
        }
        let name_told = name.to_string();
        Err(if store::is_too_large(&*self.store, name).await? {
            Error::SnapshotTooLarge {
                name: name_told,
                bytes_max: LARGE_BYTES_MAX,
            }
        } else {
            Error::SnapshotNotReceived { name: name_told }
        })
    }

    /// A snapshot whose inputs hold still.
    pub(super) async fn standing(&self, name: &SnapshotName) -> Result<(Snapshot, Totals), Error> {
        let (snapshot, totals) = self.snapshot(name).await?;
        if !snapshot.stands {
            let name = name.to_string();
            return Err(Error::SnapshotOvertaken { name });
        }
        Ok((snapshot, totals))
    }

    /// The period before, with what is published of it.
    fn previous(&self, name: &ReleaseName) -> Option<Previous> {
        let edition = Arc::clone(self.catalogue.previous(&name.0)?);
        let published = self.shelf.current(&ReleaseName(edition.name().clone()));
        let shown = published
            .filter(|published| published.release.edition_digest == edition.digest())
            .map(|published| Arc::clone(&published.tables));
        Some(Previous { edition, shown })
    }

    /// What is published of earlier periods of the collection, oldest first.
    fn history(&self, name: &ReleaseName) -> Vec<Earlier> {
        let published = self.shelf.all().into_iter().filter(|published| {
            let other = &published.release.name.0;
            other.collection == name.0.collection && other.period < name.0.period
        });
        published
            .map(|published| earlier(published.release.name.0.period.as_str(), &published.tables))
            .collect()
    }
}

/// How many revisions were published before this one.
fn published_before(release: &Release) -> usize {
    usize::try_from(release.revision.saturating_sub(1)).unwrap_or(usize::MAX)
}

/// The nation's values of a published release.
fn earlier(period: &str, tables: &ShownTables) -> Earlier {
    let mut values = BTreeMap::new();
    for metric in &tables.metrics {
        for column in &metric.columns {
            let Some(nation) = column.values.first() else {
                continue;
            };
            let value = EarlierValue {
                value: nation
                    .units
                    .map_or_else(String::new, |units| format_quantity(units, metric.decimals)),
                marks: nation.marks,
                provided: column.provided,
                expected: column.expected,
            };
            values.insert((metric.code.clone(), column.category.clone()), value);
        }
    }
    Earlier {
        period: period.to_owned(),
        values,
        breaks: tables.breaks.iter().cloned().collect(),
    }
}

fn make(
    catalogue: &Catalogue,
    signer: &Signer,
    translations: &Translations,
    inputs: Inputs,
) -> Result<Made, Error> {
    let Inputs {
        snapshot,
        totals,
        history,
        previous,
        disclosed,
        update,
        day,
    } = inputs;
    let edition = edition_of(catalogue, &snapshot, &totals)?;
    let edition = &edition_with(edition, translations);
    let identity = SnapshotIdentity {
        name: snapshot.name.to_string(),
        digest: snapshot.digest,
    };
    let compiled = compile(edition, identity, &totals, &disclosed, previous.as_ref());
    let mut compiled = compiled.map_err(Error::Compile)?;
    if let Some((revision, note, before)) = update {
        let revised = compiled.revise(edition, revision, note, &before);
        revised.map_err(Error::Compile)?;
    }
    compiled.history = history;
    compiled.release_date = day.or(compiled.release_date);
    let files = render(edition, &compiled, signer).map_err(Error::Render)?;
    Ok(Made {
        titles: render::titles(edition).map_err(Error::Render)?,
        files: files.into_iter().map(facts_of).collect(),
        tables: compiled.shown(edition),
        compiled,
    })
}

fn edition_of<'a>(
    catalogue: &'a Catalogue,
    snapshot: &Snapshot,
    totals: &Totals,
) -> Result<&'a Edition, Error> {
    let found = catalogue.get(&snapshot.edition);
    let edition = found.ok_or_else(|| Error::EditionNotFound {
        name: snapshot.edition.clone(),
    })?;
    if edition.digest() == totals.edition_digest {
        return Ok(edition);
    }
    Err(Error::EditionMismatch {
        name: snapshot.edition.clone(),
        ours: edition.digest().to_owned(),
        theirs: totals.edition_digest.clone(),
    })
}

fn facts_of(file: File) -> (FileFacts, Vec<u8>) {
    let facts = FileFacts {
        name: file.name,
        media_type: file.media_type.to_owned(),
        size_bytes: u64::try_from(file.content.len()).unwrap_or(u64::MAX),
        digest: ContentHash::of(&file.content),
    };
    (facts, file.content)
}

/// Refuses a release with a file that cannot be kept.
fn check_sizes<'a>(files: impl IntoIterator<Item = &'a FileFacts>) -> Result<(), Error> {
    let bytes_max = u64::try_from(LARGE_BYTES_MAX).unwrap_or(u64::MAX);
    let too_large = files.into_iter().find(|file| file.size_bytes > bytes_max);
    too_large.map_or(Ok(()), |file| {
        Err(Error::FileTooLarge {
            file: file.name.clone(),
            bytes: file.size_bytes,
            bytes_max: LARGE_BYTES_MAX,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_kept_up_to_the_limit_and_told_beyond_it() {
        let file = |name: &str, size_bytes| FileFacts {
            name: name.to_owned(),
            media_type: String::new(),
            size_bytes,
            digest: String::new(),
        };
        let files = [file("a", 64 * 1024 * 1024), file("b", 64 * 1024 * 1024 + 1)];
        assert!(check_sizes(&files[..1]).is_ok());
        let told = check_sizes(&files).unwrap_err().to_string();
        assert!(told.starts_with("the file b has 67108865 bytes"), "{told}");
    }
}
