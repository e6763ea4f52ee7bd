//! Taking returns in, whatever happens to submission and to the service.

use mesur_returns::Observed;

use crate::support::{Service, edition, memory, samples};
use crate::upstream::Upstream;

const PERIOD: &str = "2022-23";

/// The codes of the authorities whose return is in the totals.
async fn received(service: &Service) -> Vec<String> {
    let totals = service.totals(PERIOD).await;
    totals
        .returns
        .into_iter()
        .map(|input| input.authority)
        .collect()
}

#[tokio::test]
async fn what_was_signed_off_while_either_side_was_away_is_caught_up_with_once() {
    let (edition, returns) = (edition(PERIOD), samples(PERIOD));
    let (store, upstream) = (memory(), Upstream::start().await);
    upstream.set_away(true);
    let first = upstream.sign_off(edition, &returns[0], 1);
    let service = Service::start(&store, &upstream).await;
    upstream.until(|seen| seen.refused >= 2).await;
    assert!(received(&service).await.is_empty());
    upstream.set_away(false);
    upstream.until_caught_up().await;
    let code = |place: usize| returns[place].authority.to_string();
    assert_eq!(received(&service).await, [code(0)]);

    service.stop().await;
    let second = upstream.sign_off(edition, &returns[1], 1);
    let service = Service::start(&store, &upstream).await;
    let seen = upstream.until_caught_up().await;
    assert_eq!(received(&service).await, [code(0), code(1)]);
    // From nothing, behind the first two events, behind all four; idle streams in between.
    let mut cursors = seen.cursors;
    cursors.dedup();
    assert_eq!(cursors, [0, 2, 4]);
    assert_eq!(seen.fetched, [first, second]);
    service.stop().await;
}

#[tokio::test]
async fn a_return_that_is_not_the_one_signed_off_is_never_added_up() {
    let (edition, mut returns) = (edition(PERIOD), samples(PERIOD));
    let signed = returns[0].clone();
    let value = &mut returns[0].observations[0].value;
    *value = Observed::Provided(value.value().expect("a value") + 1);
    let (store, upstream) = (memory(), Upstream::start().await);
    let name = upstream.sign_off(edition, &signed, 1);
    upstream.replace(&name, edition, &returns[0]);
    upstream.sign_off(edition, &returns[1], 1);
    let service = Service::start(&store, &upstream).await;
    let seen = upstream.until(|seen| seen.fetched.len() >= 3).await;
    // It holds up what is behind it, and is tried again and again.
    assert!(seen.fetched.iter().all(|fetched| *fetched == name));
    assert!(received(&service).await.is_empty());

    upstream.replace(&name, edition, &signed);
    upstream.until_caught_up().await;
    assert_eq!(received(&service).await.len(), 2);
    service.stop().await;
}
