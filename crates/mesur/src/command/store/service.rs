//! The four services, as far as their stores go.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::bail;
use mesur_store::check::{Problem, Report};
use mesur_store::compact::Old;
use mesur_store::{Key, Store};

/// A service with a store of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Service {
    Publication,
    Aggregation,
    Validation,
    Submission,
}

/// Stores by their services.
pub(super) type Stores = BTreeMap<Service, Arc<dyn Store>>;

impl Service {
    /// All of them, who follows before who is followed as far as that goes: submission and validation
    /// follow one another.
    pub(super) const ALL: [Self; 4] = [
        Self::Publication,
        Self::Aggregation,
        Self::Validation,
        Self::Submission,
    ];

    pub(super) fn parse(name: &str) -> anyhow::Result<Self> {
        let found = Self::ALL.into_iter().find(|one| one.name() == name);
        match found {
            Some(service) => Ok(service),
            None => {
                bail!("{name:?} is none of submission, validation, aggregation and publication")
            }
        }
    }

    /// Its name, which its export and its folder have too.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Publication => "publication",
            Self::Aggregation => "aggregation",
            Self::Validation => "validation",
            Self::Submission => "submission",
        }
    }

    /// Looks through its store.
    pub(super) async fn check(self, store: &dyn Store) -> Result<Report, mesur_store::Error> {
        match self {
            Self::Publication => mesur_publication::check_store(store).await,
            Self::Aggregation => mesur_aggregation::check_store(store).await,
            Self::Validation => mesur_validation::check_store(store).await,
            Self::Submission => mesur_submission::check_store(store).await,
        }
    }

    /// Makes its store smaller.
    pub(super) async fn compact(
        self,
        store: &dyn Store,
        old: Old,
    ) -> Result<u64, mesur_store::Error> {
        match self {
            Self::Publication => mesur_publication::compact_store(store, old).await,
            Self::Aggregation => mesur_aggregation::compact_store(store, old).await,
            Self::Validation => mesur_validation::compact_store(store, old).await,
            Self::Submission => mesur_submission::compact_store(store, old).await,
        }
    }

    /// Where the marks of days stand.
    pub(super) fn request_days(self) -> Key {
        match self {
            Self::Publication => mesur_publication::request_days(),
            Self::Aggregation => mesur_aggregation::request_days(),
            Self::Validation => mesur_validation::request_days(),
            Self::Submission => mesur_submission::request_days(),
        }
    }

    /// The kinds of keys that say whom it follows and who follows it.
    pub(super) fn following_kinds(self) -> &'static [u8] {
        match self {
            Self::Publication => mesur_publication::FOLLOWING_KINDS,
            Self::Aggregation => mesur_aggregation::FOLLOWING_KINDS,
            Self::Validation => mesur_validation::FOLLOWING_KINDS,
            Self::Submission => mesur_submission::FOLLOWING_KINDS,
        }
    }

    async fn followed(
        self,
        store: &dyn Store,
    ) -> Result<Vec<(&'static str, Vec<u8>)>, mesur_store::Error> {
        match self {
            Self::Publication => mesur_publication::followed(store).await,
            Self::Aggregation => mesur_aggregation::followed(store).await,
            Self::Validation => mesur_validation::followed(store).await,
            Self::Submission => mesur_submission::followed(store).await,
        }
    }

    async fn has_event(self, store: &dyn Store, cursor: &[u8]) -> Result<bool, mesur_store::Error> {
        match self {
            // Nobody follows it.
            Self::Publication => Ok(false),
            Self::Aggregation => mesur_aggregation::has_event(store, cursor).await,
            Self::Validation => mesur_validation::has_event(store, cursor).await,
            Self::Submission => mesur_submission::has_event(store, cursor).await,
        }
    }
}

/// What does not fit between stores: who follows another from a place that the other does not have, as
/// after a restore of one of them alone, would stand still for ever.
pub(super) async fn misfits(stores: &Stores) -> Result<Vec<Problem>, mesur_store::Error> {
    let mut problems = Vec::new();
    for (service, store) in stores {
        let mut problem = |problem: String| {
            let item = service.name().to_owned();
            problems.push(Problem { item, problem });
        };
        let Some(followed) = readable(service.followed(&**store).await, &mut problem)? else {
            continue;
        };
        for (name, cursor) in followed {
            let upstream = stores.iter().find(|(other, _)| other.name() == name);
            let Some((upstream, of)) = upstream else {
                continue;
            };
            let has_event = upstream.has_event(&**of, &cursor).await;
            if readable(has_event, &mut problem)? == Some(false) {
                problem(format!(
                    "it follows {name} from an event that {name} does not have"
                ));
            }
        }
    }
    Ok(problems)
}

/// What was read, unless it is corrupt, which is a problem as any other.
fn readable<T>(
    read: Result<T, mesur_store::Error>,
    problem: &mut impl FnMut(String),
) -> Result<Option<T>, mesur_store::Error> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error @ mesur_store::Error::Corrupt { .. }) => {
            problem(error.to_string());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
