//! Two who speak at once.

use std::sync::Arc;

use mesur_proto::types::v1::finding::Standing;
use mesur_store::Store;

use crate::held::HeldStore;
use crate::samples::{RETURN, Sample};
use crate::support::{Service, explanation};
use crate::upstream::Upstream;

const FINDINGS: [&str; 2] = ["formula_text:AD/001[a]", "formula_text:AD/001[b]"];

/// The calls of the store that an explanation makes, with its commit.
const CALLS: usize = 8;

#[tokio::test]
async fn of_two_explanations_at_once_neither_is_lost_wherever_one_overtakes_the_other() {
    let (held, upstream) = (Arc::new(HeldStore::default()), Upstream::start().await);
    let store: Arc<dyn Store> = Arc::<HeldStore>::clone(&held);
    let sample = Sample::usual()
        .with_warning()
        .with_comment("AD/001[b]", "=2");
    upstream.submit(&sample.revision(1), sample.message()).await;
    let service = Service::start(&store, &upstream.endpoint).await;
    let name = sample.report(1);
    service.events().await.until_reported(&name).await;
    let open = service.report(&name).await.open_warning_count - 2;
    let (mut one, mut other) = (service.officer(), service.officer());
    for calls in 0..CALLS {
        held.hold_after(calls);
        let text = format!("Overtaken at {calls}.");
        let overtaking = async {
            held.held().await;
            let explain = explanation(&name, FINDINGS[1], &text);
            let explained = other.explain_finding(explain).await;
            held.release();
            explained
        };
        let first = one.explain_finding(explanation(&name, FINDINGS[0], &text));
        let (first, second) = tokio::join!(first, overtaking);
        let remarks = service.remarks(RETURN).await;
        assert_eq!(remarks.len(), 2 * (calls + 1), "both at {calls}");
        for explained in [first.unwrap(), second.unwrap()] {
            let explained = explained.into_inner();
            assert_eq!(explained.standing(), Standing::Explained);
            assert_eq!(service.finding(&name, &explained.id).await, explained);
        }
        assert_eq!(service.report(&name).await.open_warning_count, open);
        let progress = service.collection_of_usual().await;
        assert_eq!(progress.open_warning_count, open);
    }
}
