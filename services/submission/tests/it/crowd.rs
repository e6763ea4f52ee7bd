//! Many clients at once, who go away and come again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use mesur_proto::submission::v1 as pb;
use mesur_store::{Settings, SledStore, Store};
use tokio::time::timeout;

use crate::support::{CONWY, Client, GWYNEDD, NOBODY, Service, get, id, sample, send};

const CLIENTS: u64 = 256;
const SENDINGS: u64 = 4;

/// `SplitMix64`: the same numbers every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// What a client sent, and the answer that it had in the end.
struct Sent {
    data_return: pb::DataReturn,
    answer: pb::SubmitReturnResponse,
}

/// Sends with one id until there is an answer: gives up half-way, and sends twice at once.
async fn persist(
    client: &Client,
    data_return: &pb::DataReturn,
    request_id: &str,
    random: &mut Random,
) -> pb::SubmitReturnResponse {
    loop {
        let first = send(client, data_return.clone(), request_id, false);
        let patience = Duration::from_micros(random.below(40_000));
        match random.below(3) {
            0 => {
                let second = send(client, data_return.clone(), request_id, false);
                let (first, second) = tokio::join!(first, second);
                let (first, second) = (first.expect("sent"), second.expect("sent"));
                assert_eq!(first, second, "both are answered alike");
                return first;
            }
            1 => {
                if let Ok(answer) = timeout(patience, first).await {
                    return answer.expect("sent");
                }
            }
            _ => return first.await.expect("sent"),
        }
    }
}

async fn run_client(
    service: Arc<Service>,
    samples: Arc<Vec<pb::DataReturn>>,
    seed: u64,
) -> Vec<Sent> {
    let mut random = Random(seed);
    // A connection of its own.
    let roles = ["submitter/W06000003", "submitter/W06000002"];
    let client = service.caller(&format!("client-{seed}"), &roles);
    let mut sent = Vec::new();
    for number in 0..SENDINGS {
        let which = usize::try_from(random.below(4)).expect("few");
        let mut data_return = samples.get(which).expect("four samples").clone();
        // In two cells, so that a mixture of two contents would be seen.
        let observations = &mut data_return.observations;
        for place in [0, observations.len() - 1] {
            let observation = observations.get_mut(place).expect("an observation");
            observation.comment = format!("{seed} {number}");
        }
        let request_id = id(u32::try_from(seed * 100 + number + 1).expect("few"));
        let answer = persist(&client, &data_return, &request_id, &mut random).await;
        // A late repeat changes nothing either.
        if random.below(4) == 0 {
            let repeat = send(&client, data_return.clone(), &request_id, false).await;
            assert_eq!(repeat.expect("a repeat"), answer);
        }
        sent.push(Sent {
            data_return,
            answer,
        });
    }
    sent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_clients_that_give_up_and_repeat_no_revision_is_lost_doubled_or_mixed() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SledStore::open(folder.path(), Settings::default()).expect("a store");
    let store: Arc<dyn Store> = Arc::new(store);
    let service = Arc::new(Service::start(&store, NOBODY).await);
    let samples: Vec<_> = [CONWY, GWYNEDD]
        .into_iter()
        .flat_map(|authority| ["2020-21", "2022-23"].map(|period| sample(authority, period)))
        .collect();
    let samples = Arc::new(samples);
    let clients = (0..CLIENTS)
        .map(|seed| tokio::spawn(run_client(Arc::clone(&service), Arc::clone(&samples), seed)));
    let clients: Vec<_> = clients.collect();
    let mut revisions: BTreeMap<String, BTreeSet<i32>> = BTreeMap::new();
    for client in clients {
        for Sent {
            data_return,
            answer,
        } in client.await.expect("no panic")
        {
            let taken = answer.data_return.expect("a return");
            let receipt = answer.receipt.expect("a receipt");
            let kept = get(&service.client, &receipt.revision).await.expect("kept");
            assert_eq!(kept.observations, data_return.observations, "not mixed");
            assert_eq!(kept.digest, receipt.digest);
            let of_return = revisions.entry(taken.name.clone()).or_default();
            assert!(
                of_return.insert(taken.revision),
                "{} twice",
                receipt.revision
            );
        }
    }
    let answered: usize = revisions.values().map(BTreeSet::len).sum();
    assert_eq!(u64::try_from(answered).expect("few"), CLIENTS * SENDINGS);
    for (name, numbers) in revisions {
        let latest = service.get(&name).await.expect("kept").revision;
        assert!(numbers.into_iter().eq(1..=latest), "{name} has {latest}");
    }
    Arc::into_inner(service).expect("the last").stop().await;
}
