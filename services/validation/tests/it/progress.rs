//! Progress: what is kept beside each commit is what a slow recomputation from everything says.

use std::collections::BTreeMap;

use fastrand::Rng;
use mesur_catalogue::CellId;
use mesur_proto::types::v1::finding::{Severity, Standing};
use mesur_proto::validation::v1 as pb;
use mesur_proto::validation::v1::collection_progress::MetricProgress;
use mesur_proto::validation::v1::collection_progress::authority_progress::State;
use mesur_proto::validation::v1::resolve_query_request::Resolution;
use mesur_returns::{Observation, Observed, Status};

use crate::samples::{EDITION, Sample};
use crate::support::{
    Events, Service, answer_to, explanation, memory, override_of, question, resolution, review,
    round, submitter,
};
use crate::upstream::Upstream;

const AUTHORITIES: [&str; 3] = ["W06000012", "W06000003", "W06000002"];
/// Its reports tell that events before them were taken in.
const MARKER: &str = "W06000001";
const STEPS: usize = 150;

/// What a return is known to be.
struct Known {
    sample: Sample,
    revision: u32,
    state: State,
}

struct World {
    upstream: Upstream,
    service: Service,
    events: Events,
    rng: Rng,
    marker: Known,
    known: BTreeMap<&'static str, Known>,
}

impl World {
    async fn new(seed: u64) -> Self {
        let upstream = Upstream::start().await;
        let service = Service::start(&memory(), &upstream.endpoint).await;
        service.client.clone().open_round(round()).await.unwrap();
        let known = |authority| Known {
            sample: Sample::of(authority, "2022-23"),
            revision: 0,
            state: State::NotSent,
        };
        Self {
            events: service.events().await,
            upstream,
            service,
            rng: Rng::with_seed(seed),
            marker: known(MARKER),
            known: AUTHORITIES
                .map(|authority| (authority, known(authority)))
                .into(),
        }
    }

    /// A random slip, missing value or comment in some cells.
    fn changed(&mut self, sample: Sample) -> Sample {
        let cells = u32::try_from(sample.edition().cells().len()).unwrap();
        let mut changed = sample;
        for _ in 0..self.rng.usize(1..6) {
            let cell = CellId(self.rng.u32(0..cells));
            let value = match self.rng.u8(0..4) {
                0 => Observed::NotApplicable,
                1 => Observed::NotProvided,
                2 => Observed::PartPeriod {
                    value: 7,
                    end: None,
                },
                _ => Observed::Provided(self.rng.i64(0..50_000)),
            };
            let observation = Observation {
                comment: if self.rng.bool() { "=1" } else { "seen" },
                ..Observation::of(value)
            };
            changed = changed.with(&[(cell, observation)]);
        }
        changed
    }

    fn known(&self, authority: &str) -> &Known {
        self.known.get(authority).unwrap()
    }

    async fn step(&mut self) {
        let authority = self.rng.choice(AUTHORITIES).unwrap();
        let state = self.known(authority).state;
        match (self.rng.u8(0..10), state) {
            (0 | 1, State::NotSent | State::Submitted | State::Reopened) | (_, State::NotSent) => {
                self.submit(authority).await;
            }
            (2, State::Submitted | State::Reopened) => {
                let known = self.known.get_mut(authority).unwrap();
                known.state = State::SignedOff;
                let revision = known.sample.revision(known.revision);
                self.upstream.sign_off(&revision).await;
                self.catch_up().await;
            }
            (3..6, State::SignedOff) => {
                let known = self.known.get_mut(authority).unwrap();
                known.state = State::Reopened;
                let revision = known.sample.revision(known.revision);
                self.upstream.reopen(&revision).await;
                self.catch_up().await;
            }
            (3..7, _) => self.say(authority).await,
            (_, _) => self.query(authority).await,
        }
    }

    async fn submit(&mut self, authority: &'static str) {
        let sample = self.known(authority).sample.clone();
        let sample = self.changed(sample);
        let known = self.known.get_mut(authority).unwrap();
        (known.sample, known.state) = (sample, State::Submitted);
        known.revision += 1;
        let (name, report) = (
            known.sample.revision(known.revision),
            known.sample.report(known.revision),
        );
        let mut message = known.sample.message();
        message.late = known.revision.is_multiple_of(2);
        self.upstream.submit(&name, message).await;
        self.events.until_reported(&report).await;
    }

    async fn catch_up(&mut self) {
        self.marker.revision += 1;
        let Known {
            sample, revision, ..
        } = &self.marker;
        let name = sample.revision(*revision);
        self.upstream.submit(&name, sample.message()).await;
        self.events.until_reported(&sample.report(*revision)).await;
    }

    /// Says anything about any finding; what is refused changes nothing.
    async fn say(&mut self, authority: &'static str) {
        let known = self.known(authority);
        let report = known.sample.report(known.revision);
        let findings = self.service.findings(&report, "").await;
        let Some(finding) = self.rng.choice(&findings) else {
            return;
        };
        let mut statistician = self.service.client.clone();
        let mut officer = self.service.caller("a.officer", &submitter(authority));
        let said = match self.rng.u8(0..5) {
            0 | 1 => {
                officer
                    .explain_finding(explanation(&report, &finding.id, "So."))
                    .await
            }
            2 => {
                statistician
                    .review_explanation(review(&report, &finding.id, true))
                    .await
            }
            3 => {
                statistician
                    .review_explanation(review(&report, &finding.id, false))
                    .await
            }
            _ => {
                statistician
                    .override_finding(override_of(&report, &finding.id))
                    .await
            }
        };
        drop(said);
    }

    async fn query(&mut self, authority: &'static str) {
        let parent = self.known(authority).sample.name();
        let mut statistician = self.service.client.clone();
        let mut officer = self.service.caller("a.officer", &submitter(authority));
        let number = self.rng.u32(1..5);
        let name = format!("{parent}/queries/{number}");
        let how = [Resolution::Accept, Resolution::Reject, Resolution::Withdraw];
        let asked = match self.rng.u8(0..4) {
            0 => statistician.raise_query(question(&parent)).await,
            1 | 2 => officer.answer_query(answer_to(&name)).await,
            _ => {
                let how = self.rng.choice(how).unwrap();
                statistician.resolve_query(resolution(&name, how)).await
            }
        };
        let waits = asked.is_ok_and(|query| query.get_ref().state() == pb::query::State::Open);
        let known = self.known.get_mut(authority).unwrap();
        // A return that was asked about is one that was handed in.
        if waits && known.state == State::Reopened {
            known.state = State::Submitted;
        }
    }

    /// What the lists say of an authority.
    async fn recomputed(&self, authority: &str) -> pb::collection_progress::AuthorityProgress {
        let known = self.known(authority);
        let mut expected = pb::collection_progress::AuthorityProgress {
            authority: authority.to_owned(),
            state: known.state.into(),
            revision: i32::try_from(known.revision).unwrap(),
            late: known.revision > 0 && known.revision.is_multiple_of(2),
            ..pb::collection_progress::AuthorityProgress::default()
        };
        if known.revision == 0 {
            return expected;
        }
        let report = known.sample.report(known.revision);
        for finding in self.service.findings(&report, "").await {
            let open = matches!(finding.standing(), Standing::Open | Standing::Rejected);
            match finding.severity() {
                Severity::Error => {
                    expected.error_count += 1;
                    expected.open_error_count += i32::from(open);
                }
                Severity::Warning => {
                    expected.warning_count += 1;
                    expected.open_warning_count += i32::from(open);
                }
                _ => expected.info_count += 1,
            }
        }
        let request = pb::ListQueriesRequest {
            parent: known.sample.name(),
            states: vec![pb::query::State::Open.into()],
            page_size: 1_000,
            page_token: String::new(),
        };
        let open = self.service.client.clone().list_queries(request).await;
        let open = open.unwrap().into_inner().queries.len();
        expected.open_query_count = i32::try_from(open).unwrap();
        if open > 0 && known.state != State::SignedOff {
            expected.state = State::Queried.into();
        }
        let statuses = known.sample.content.cells().statuses();
        let values = statuses.iter().filter(|status| status.has_value());
        expected.value_count = i32::try_from(values.count()).unwrap();
        expected
    }
}

/// How the metrics were provided, from all the cells.
fn metrics(samples: &[&Sample]) -> Vec<MetricProgress> {
    let edition = Sample::usual().edition();
    let all = edition.metrics().iter().enumerate();
    let counted = all.map(|(place, metric)| {
        let mut progress = MetricProgress {
            metric: metric.code.to_string(),
            ..MetricProgress::default()
        };
        for sample in samples {
            let cells = edition
                .cells()
                .iter()
                .zip(sample.content.cells().statuses());
            let own = cells.filter(|(cell, _)| cell.metric == place);
            let statuses: Vec<Status> = own
                .map(|(_, status)| *status)
                .filter(|status| *status != Status::NotApplicable)
                .collect();
            if statuses.is_empty() {
                progress.not_applicable_count += 1;
            } else if statuses.iter().all(|status| *status == Status::Provided) {
                progress.provided_count += 1;
            } else if statuses.iter().any(|status| status.has_value()) {
                progress.part_count += 1;
            } else {
                progress.missing_count += 1;
            }
        }
        progress
    });
    counted.collect()
}

#[tokio::test]
async fn progress_after_a_random_sequence_is_what_a_slow_recomputation_says() {
    for seed in [1, 2, 3] {
        let mut world = World::new(seed).await;
        for step in 0..STEPS {
            world.step().await;
            if step % 10 != 9 {
                continue;
            }
            let progress = world.service.collection().await;
            for authority in AUTHORITIES {
                let mut found = progress.authorities.iter();
                let found = found.find(|one| one.authority == authority).unwrap();
                let found = pb::collection_progress::AuthorityProgress {
                    update_time: None,
                    ..found.clone()
                };
                let expected = world.recomputed(authority).await;
                assert_eq!(found, expected, "seed {seed}, step {step}");
            }
            let known = world.known.values().chain([&world.marker]);
            let sent = known.filter(|known| known.revision > 0);
            let sent: Vec<&Sample> = sent.map(|known| &known.sample).collect();
            assert_eq!(progress.metrics, metrics(&sent));
        }
        let progress = world.service.collection().await;
        let codes: Vec<_> = progress
            .authorities
            .iter()
            .map(|one| &one.authority)
            .collect();
        let edition = Sample::usual().edition();
        let all: Vec<_> = edition
            .authorities()
            .iter()
            .map(|one| one.code.to_string())
            .collect();
        assert!(
            codes.into_iter().eq(&all),
            "every authority in the edition's order"
        );
        assert_eq!(progress.edition_digest, edition.digest());
    }
}

#[tokio::test]
async fn authorities_far_from_the_others_are_told_to_statisticians_the_farthest_first() {
    let upstream = Upstream::start().await;
    let service = Service::start(&memory(), &upstream.endpoint).await;
    let mut events = service.events().await;
    let edition = Sample::usual().edition();
    for authority in edition.authorities() {
        let mut sample = Sample::of(authority.code.as_str(), "2022-23");
        if authority.code.as_str() == AUTHORITIES[0] {
            sample = sample.with_value("AD/010", 1_000_000);
        }
        upstream.submit(&sample.revision(1), sample.message()).await;
        events.until_reported(&sample.report(1)).await;
    }
    let request = pb::CompareAuthoritiesRequest {
        parent: EDITION.to_owned(),
        language_code: String::new(),
    };
    let compared = service.client.clone().compare_authorities(request).await;
    let compared = compared.unwrap().into_inner();
    assert_eq!(
        usize::try_from(compared.return_count).unwrap(),
        edition.authorities().len()
    );
    let effects: Vec<i64> = compared
        .findings
        .iter()
        .map(|one| one.finding.as_ref().unwrap().effect)
        .collect();
    assert_eq!(usize::try_from(compared.finding_count), Ok(effects.len()));
    assert!(effects.is_sorted_by(|one, next| one >= next), "{effects:?}");
    let far = compared.findings.iter().find(|one| {
        let finding = one.finding.as_ref().unwrap();
        one.authority == AUTHORITIES[0] && finding.metric == "AD/010"
    });
    let far = far
        .and_then(|one| one.finding.clone())
        .expect("it is far off");
    assert!(
        !far.message.is_empty() && !far.expected.is_empty(),
        "{far:?}"
    );
}
