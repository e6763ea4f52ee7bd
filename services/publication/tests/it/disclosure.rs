//! Disclosure control over gRPC: what is hidden, what the audit says, and what is not approved.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use mesur_catalogue::{Catalogue, Edition, EditionName};
use mesur_proto::aggregation::v1::Snapshot;
use mesur_proto::publication::v1 as pb;
use mesur_rpc::server::Limits;
use tonic::Code;

use crate::support::{NOW, RELEASE, Service, memory, refused};
use crate::totals::snapshot;
use crate::upstream::Upstream;

/// Reviews that were due, of which `SUBSET` are some.
const CONTROLLED: &str = "AD/016";
const SUBSET: &str = "AD/018";

/// The bundled editions, of one of which a metric has a policy.
fn catalogue() -> Arc<Catalogue> {
    let folder = tempfile::tempdir().expect("a folder");
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bundled = bundled.join("../../crates/catalogue/editions/pif/2022-23");
    for file in fs::read_dir(&bundled).expect("a folder") {
        let file = file.expect("a file");
        let name = file.file_name();
        let mut text = fs::read_to_string(file.path()).expect("a text");
        if name == "edition.toml" {
            text += "[[disclosure_policy]]\nid = \"small\"\nthreshold = 5\n";
        } else if name == "metrics.csv" {
            let own = format!("2022-23,{CONTROLLED},");
            let lines = text.lines().enumerate().map(|(number, line)| match number {
                0 => format!("{line},disclosure\n"),
                _ if line.starts_with(&own) => format!("{line},small\n"),
                _ => format!("{line},\n"),
            });
            text = lines.collect();
        }
        fs::write(folder.path().join(name), text).expect("written");
    }
    let mut catalogue = Catalogue::bundled().expect("the bundled editions");
    catalogue.add_folder(folder.path()).expect("an edition");
    Arc::new(catalogue)
}

/// Everybody has 70 in every cell, but the first authority in some.
fn with(edition: &Edition, name: u64, cells: &[(&str, i64)]) -> Snapshot {
    let mut snapshot = snapshot(edition, 70);
    snapshot.name = format!("snapshots/{name:016x}");
    snapshot.digest = format!("sha256:{}", format!("{name:016x}").repeat(4));
    let totals = snapshot.totals.as_mut().expect("totals");
    for (metric, value) in cells {
        let cell = edition.find(metric, "").expect("a cell").index();
        totals.authorities[0].values[cell].value = Some(*value);
        let nation = totals.cells[cell].value.as_mut().expect("a sum");
        *nation += value - 70;
    }
    snapshot
}

async fn audit(service: &Service) -> pb::AuditDisclosureResponse {
    let name = RELEASE.to_owned();
    let request = pb::AuditDisclosureRequest { name };
    let audit = service.statistician.clone().audit_disclosure(request).await;
    audit.expect("an audit").into_inner()
}

#[tokio::test]
async fn a_release_that_gives_a_value_away_with_the_one_before_is_not_approved() {
    let catalogue = catalogue();
    let name = EditionName::parse("pif/2022-23").expect("a name");
    let edition = catalogue.get(&name).expect("the edition");
    let first = with(edition, 1, &[(SUBSET, 3)]);
    let second = with(edition, 2, &[(SUBSET, 3), (CONTROLLED, 4)]);
    let third = with(edition, 3, &[(SUBSET, 0), (CONTROLLED, 4)]);
    let mut withheld = with(edition, 4, &[(SUBSET, 3), (CONTROLLED, 4)]);
    let totals = withheld.totals.as_mut().expect("totals");
    let mut standings = totals.metrics.iter_mut();
    let standing = standings.find(|standing| standing.metric == CONTROLLED);
    let standing = standing.expect("the metric");
    (standing.national_published, standing.authorities_published) = (false, false);
    let upstream = Upstream::start().await;
    for snapshot in [&first, &second, &third, &withheld] {
        upstream.make(snapshot);
    }
    let (now, store) = (NOW.parse().expect("a time"), memory());
    let address = &upstream.address;
    let service = Service::start_at(now, &catalogue, &store, address, Limits::default()).await;
    upstream.until_caught_up().await;

    let compiled = service.compile(&first, "").await.expect("compiled");
    service.publish(&compiled, "").await.expect("published");
    assert_eq!(audit(&service).await.hidden, []);

    // Three of a part were published, so there are at least as many in all. Nothing that could still be
    // hidden would make room for one to four, so nothing is.
    let note = note();
    let update = service
        .compile_update(&second, "", Some(note.clone()))
        .await;
    let submitted = service.submit(&update.expect("compiled")).await;
    let refusal = service.approve(&submitted.expect("submitted")).await;
    let details = refused(refusal, Code::FailedPrecondition, "DISCLOSURE_RISK");
    let told = details.error_info().expect("a reason");
    assert_eq!(told.metadata["metrics"], CONTROLLED);
    let found = audit(&service).await;
    assert!(!found.safe);
    let narrow = &found.hidden[0];
    let about = (
        narrow.metric.as_str(),
        narrow.revision,
        narrow.lower,
        narrow.upper,
    );
    assert_eq!(about, (CONTROLLED, 2, 4, Some(4)));
    assert_eq!((narrow.required_width, narrow.protected), (3, false));

    // The way out: the metric that the refusal names is withheld, from the authorities and from the
    // nation. Its rows stay without values, and the two revisions together tell nothing of it.
    let update = service
        .compile_update(&withheld, "", Some(note.clone()))
        .await;
    let submitted = service.submit(&update.expect("compiled")).await;
    let approved = service.approve(&submitted.expect("submitted")).await;
    approved.expect("approved");
    assert!(audit(&service).await.safe);
    let data = service.get(&format!("{RELEASE}/revisions/2")).await;
    assert_eq!(data.expect("it").snapshot, withheld.name);

    // Or the other values allow it after all.
    let update = service.compile_update(&third, "", Some(note)).await;
    let submitted = service.submit(&update.expect("compiled")).await;
    let approved = service.approve(&submitted.expect("submitted")).await;
    approved.expect("approved");
    let found = audit(&service).await;
    assert!(found.safe);
    assert_eq!((found.primary_count, found.complementary_count), (1, 1));
    let small = found.hidden.iter().find(|hidden| !hidden.complementary);
    let small = small.expect("a small value");
    assert_eq!((small.lower, small.upper, small.revision), (1, Some(4), 2));
    service.stop().await;
}

/// What an update of a test says of itself.
pub(crate) fn note() -> pb::UpdateNote {
    pb::UpdateNote {
        what: Some(both("One value.")),
        why: Some(both("A slip.")),
    }
}

fn both(text: &str) -> pb::BilingualText {
    pb::BilingualText {
        en: text.to_owned(),
        cy: text.to_owned(),
    }
}
