//! A small edition under the name of a bundled one: what a test does often takes little time with it.

use std::fs;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use mesur_catalogue::{Catalogue, Edition, EditionName};
use mesur_rpc::server::Limits;
use mesur_store::Store;

use crate::support::{NOW, Service, memory};
use crate::totals::snapshot;
use crate::upstream::Upstream;

const SETTINGS: &str = "collection = \"pif\"\nperiod = \"2022-23\"\n";
const AUTHORITIES: &str = "code,name_en,name_cy,kind\n\
W06000001,Isle of Anglesey,Ynys Môn,authority\nW06000002,Gwynedd,,authority\n\
W06000003,Conwy,,authority\nW92000004,Wales,Cymru,nation\n";
const METRICS: &str = "edition,code,code_status,family,population,title_en,title_status,\
title_source,title_cy,period,period_status,unit,answer,has_total,based_on,based_on_status,\
in_release,in_release_status,published,published_status,note,decimals\n\
2022-23,AD/001,printed,AD,adults,Contacts,printed,,Cysylltiadau,during_year,printed,contacts,\
single,yes,,,,,yes,printed,,0\n\
2022-23,AD/002,printed,AD,adults,Hours of advice,printed,,,during_year,printed,hours,none,yes,\
,,,,yes,printed,,1\n";
const CATEGORIES: &str = "edition,code,category,dimension,answer,label_en,label_cy,label_status,\
is_unknown_remainder,note\n2022-23,AD/001,a,by,single,By letter,Drwy lythyr,printed,no,\n\
2022-23,AD/001,b,by,single,By word,Ar lafar,printed,no,\n";
const FIGURES: &str = "figure,kind,numerator,denominator,of,rank,threshold,source_id,note\n\
contacts,count,AD/001,,,,,,\n";
const PLAN: &str = "reference = \"SFR 1/2024\"\nrelease_date = \"2023-09-05\"\n\
[[section]]\nid = \"adults\"\n[[section.group]]\nid = \"year\"\nstatements = [\"s1\"]\n";
const ENGLISH: &str = "title = Contacts\nsection-adults = Adults\ngroup-year = In the year\n\
statement-s1 = There were { $contacts } contacts.\n";
const WELSH: &str = "title = Cysylltiadau\n";

/// The edition's name.
const NAME: &str = "pif/2022-23";

static SMALL: LazyLock<Arc<Catalogue>> = LazyLock::new(|| with_plan(PLAN));

/// The small edition alone, with this plan of its release.
fn with_plan(plan: &str) -> Arc<Catalogue> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("edition.toml", SETTINGS),
        ("authorities.csv", AUTHORITIES),
        ("metrics.csv", METRICS),
        ("categories.csv", CATEGORIES),
        ("figures.csv", FIGURES),
        ("release.toml", plan),
        ("release.en.ftl", ENGLISH),
        ("release.cy.ftl", WELSH),
    ] {
        fs::write(folder.path().join(name), text).expect("written");
    }
    let mut catalogue = Catalogue::default();
    let added = catalogue.add_folder(folder.path());
    added.unwrap_or_else(|error| panic!("{error:?}"));
    Arc::new(catalogue)
}

/// The small edition.
pub(crate) fn edition() -> &'static Edition {
    edition_of(&SMALL)
}

/// The small edition of a catalogue.
pub(crate) fn edition_of(catalogue: &Catalogue) -> &Edition {
    let name = EditionName::parse(NAME).expect("a name");
    catalogue.get(&name).expect("the edition")
}

/// The small edition, which asks for all of its texts in Welsh.
pub(crate) fn that_requires_welsh() -> Arc<Catalogue> {
    with_plan(&format!("require_welsh = true\n{PLAN}"))
}

/// A service with a catalogue, at an instant.
pub(crate) async fn start_at(
    now: Timestamp,
    catalogue: &Arc<Catalogue>,
    store: &Arc<dyn Store>,
    upstream: &Upstream,
) -> Service {
    Service::start_at(now, catalogue, store, &upstream.address, Limits::default()).await
}

/// A service with the small edition, at an instant.
pub(crate) async fn restart_at(
    now: Timestamp,
    store: &Arc<dyn Store>,
    upstream: &Upstream,
) -> Service {
    start_at(now, &SMALL, store, upstream).await
}

/// A service that has received a snapshot of the small edition in which every value is 10.
pub(crate) async fn service() -> (Service, Upstream) {
    service_on(&memory()).await
}

/// The same on a store.
pub(crate) async fn service_on(store: &Arc<dyn Store>) -> (Service, Upstream) {
    let upstream = Upstream::start().await;
    upstream.make(&snapshot(edition(), 10));
    let service = restart_at(NOW.parse().expect("a time"), store, &upstream).await;
    upstream.until_caught_up().await;
    (service, upstream)
}
