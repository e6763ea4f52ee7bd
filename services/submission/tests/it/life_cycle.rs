//! Every state and every action, over gRPC.

use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::data_return::State;
use mesur_proto::submission::v1::watch_returns_response::Event;
use mesur_proto::validation::v1::watch_reports_response::Event as Report;
use tonic::{Code, Status, Streaming};

use crate::support::{
    NOBODY, SENDER, Service, edition, memory, next, refused, return_name, sample, watch,
};
use crate::validation::Validation;

const PERIOD: &str = "2022-23";

#[derive(Debug, Clone, Copy)]
enum Action {
    SaveDraft,
    Submit,
    Query,
    Settle,
    SignOff,
    Reopen,
}

use Action::{Query, Reopen, SaveDraft, Settle, SignOff, Submit};

const ACTIONS: [Action; 6] = [SaveDraft, Submit, Query, Settle, SignOff, Reopen];

/// What an action leads to: a state, or a refusal with this reason.
type Cell = Result<State, &'static str>;

/// The table as `docs/life-cycle.md` has it. What validation tells is never refused: where the
/// document has a reason for it, the return stays as it is.
fn table() -> [(State, [Cell; 6]); 6] {
    use State::{Draft, Queried, Reopened, SignedOff, Submitted, Unspecified};
    let none = Err("RETURN_NOT_FOUND");
    let unsigned = Err("NOT_SIGNED_OFF");
    let kept = Err("ALREADY_SUBMITTED");
    let signed = Err("ALREADY_SIGNED_OFF");
    let drafted = Err("NOT_SUBMITTED");
    let (draft, submitted, queried) = (Ok(Draft), Ok(Submitted), Ok(Queried));
    let (signed_off, reopened) = (Ok(SignedOff), Ok(Reopened));
    let nothing = Ok(Unspecified);
    [
        (
            Unspecified,
            [draft, submitted, nothing, nothing, none, none],
        ),
        (Draft, [draft, submitted, draft, draft, drafted, unsigned]),
        (
            Submitted,
            [kept, submitted, queried, submitted, signed_off, unsigned],
        ),
        (
            Queried,
            [
                kept,
                submitted,
                queried,
                submitted,
                Err("FINDINGS_OPEN"),
                unsigned,
            ],
        ),
        (
            SignedOff,
            [signed, signed, signed_off, signed_off, signed, reopened],
        ),
        (
            Reopened,
            [kept, submitted, queried, reopened, signed_off, unsigned],
        ),
    ]
}

struct Stage {
    service: Service,
    validation: Validation,
    events: Streaming<pb::WatchReturnsResponse>,
    /// A return by which is seen that what validation told before has had its effect.
    marker: String,
    marker_is_queried: bool,
}

impl Stage {
    async fn set() -> Self {
        let validation = Validation::start().await;
        let service = Service::start(&memory(), &validation.address).await;
        let events = watch(&service.statistician, &[]).await.expect("a stream");
        let sent = sample("W06000024", "2020-21");
        let marker = sent.name.clone();
        service.submit(sent).await.expect("sent");
        Self {
            service,
            validation,
            events,
            marker,
            marker_is_queried: false,
        }
    }

    /// Has validation tell of a return, and waits until that has had its effect.
    async fn tell(&mut self, event: Report, name: &str) {
        self.validation.tell(event, name);
        let (mark, told) = if self.marker_is_queried {
            (Report::Settled, Event::Settled)
        } else {
            (Report::Queried, Event::Queried)
        };
        self.marker_is_queried = !self.marker_is_queried;
        self.validation.tell(mark, &self.marker);
        loop {
            let event = next(&mut self.events).await;
            if event.event() == told && event.name.starts_with(&self.marker) {
                return;
            }
        }
    }

    /// A return of this authority in a state; empty for nothing sent.
    async fn bring(&mut self, authority: &str, state: State) -> pb::DataReturn {
        let sent = sample(authority, PERIOD);
        let name = sent.name.clone();
        if state == State::Unspecified {
            let etag = "0123".to_owned();
            return pb::DataReturn {
                name,
                etag,
                ..pb::DataReturn::default()
            };
        }
        if state == State::Draft {
            return self.service.draft(sent).await.expect("a draft");
        }
        let submitted = self.service.submit(sent).await.expect("sent");
        self.validation.report(&submitted, 0, 0);
        if state == State::Queried {
            self.tell(Report::Queried, &name).await;
        }
        if state == State::SignedOff || state == State::Reopened {
            let signed = self.service.sign_off(&submitted, "").await;
            let signed = signed.expect("signed off");
            if state == State::Reopened {
                let reopened = self.service.reopen(&signed, "a slip", "").await;
                reopened.expect("reopened");
            }
        }
        self.service.get(&name).await.expect("kept")
    }

    /// What an action on a return leads to.
    async fn act(&mut self, seen: &pb::DataReturn, action: Action) -> Result<State, Status> {
        let authority = seen.name.split('/').nth(1).expect("an authority");
        let sent = sample(authority, PERIOD);
        let after = match action {
            SaveDraft => self.service.draft(sent).await?,
            Submit => self.service.submit(sent).await?,
            SignOff => self.service.sign_off(seen, "").await?,
            Reopen => self.service.reopen(seen, "a slip", "").await?,
            Query | Settle => {
                let event = match action {
                    Query => Report::Queried,
                    _ => Report::Settled,
                };
                self.tell(event, &seen.name).await;
                match self.service.get(&seen.name).await {
                    Ok(kept) => kept,
                    Err(status) if status.code() == Code::NotFound => pb::DataReturn::default(),
                    Err(status) => return Err(status),
                }
            }
        };
        Ok(after.state())
    }
}

#[tokio::test]
async fn every_action_in_every_state_leads_to_what_the_table_says() {
    let mut stage = Stage::set().await;
    // A return for each cell of the table: there are 22 authorities, and a stage for each half.
    let authorities: Vec<_> = edition(PERIOD).authorities().iter().collect();
    let mut free = authorities.iter();
    for (state, row) in table() {
        for (action, expected) in ACTIONS.into_iter().zip(row) {
            if free.len() == 0 {
                stage.service.stop().await;
                stage = Stage::set().await;
                free = authorities.iter();
            }
            let authority = free.next().expect("an authority").code.as_str();
            let before = stage.bring(authority, state).await;
            assert_eq!(before.state(), state);
            let found = stage.act(&before, action).await;
            let cell = format!("{state:?} {action:?}");
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{cell}"),
                (Err(status), Err(reason)) => {
                    let code = if reason == "RETURN_NOT_FOUND" {
                        Code::NotFound
                    } else {
                        Code::FailedPrecondition
                    };
                    refused(Err::<(), _>(status), code, reason);
                    // What is refused leaves no trace.
                    if state != State::Unspecified {
                        let kept = stage.service.get(&before.name).await.expect("kept");
                        assert_eq!(kept.history, before.history, "{cell}");
                    }
                }
                (found, expected) => panic!("{cell}: {found:?}, not {expected:?}"),
            }
        }
    }
    stage.service.stop().await;
}

#[tokio::test]
async fn what_validation_tells_has_its_effect_once_over_a_restart_and_stands_in_the_history() {
    let (validation, store) = (Validation::start().await, memory());
    let service = Service::start(&store, &validation.address).await;
    let mut events = watch(&service.statistician, &[]).await.expect("a stream");
    let authority = "W06000003";
    let sent = service
        .submit(sample(authority, PERIOD))
        .await
        .expect("sent");
    next(&mut events).await;
    let unknown = return_name("W06000001", PERIOD);
    validation.tell(Report::Queried, &unknown);
    validation.tell(
        Report::Reported,
        &format!("{}/revisions/1/report", sent.name),
    );
    validation.tell(Report::Queried, &sent.name);
    // Twice the same is once.
    validation.tell(Report::Queried, &sent.name);
    let queried = next(&mut events).await;
    assert_eq!(queried.event(), Event::Queried);
    assert_eq!(queried.name, format!("{}/revisions/1", sent.name));
    assert_eq!(queried.digest, sent.digest);
    let seen = service.get(&sent.name).await.expect("kept");
    assert_ne!(seen.etag, sent.etag);
    drop(events);
    service.stop().await;

    // While submission is away the answer comes; it goes on behind what it has applied.
    validation.tell(Report::Settled, &sent.name);
    let service = Service::start(&store, &validation.address).await;
    let mut rest = watch(&service.statistician, &queried.cursor)
        .await
        .expect("a stream");
    let settled = next(&mut rest).await;
    assert_eq!(settled.event(), Event::Settled);
    let cursors = validation.cursors();
    assert_eq!(cursors.first(), Some(&Vec::new()));
    assert!(cursors.last().expect("a cursor") >= &vec![3], "{cursors:?}");
    let kept = service.get(&sent.name).await.expect("kept");
    let told = kept
        .history
        .iter()
        .map(|step| (step.state(), step.identity.as_str()));
    let expected = [
        (State::Submitted, SENDER),
        (State::Queried, ""),
        (State::Submitted, ""),
    ];
    assert!(told.eq(expected), "{:?}", kept.history);
    drop(rest);
    service.stop().await;
}

#[tokio::test]
async fn a_query_does_not_keep_an_amendment_out_but_makes_what_was_seen_stale() {
    let mut stage = Stage::set().await;
    let queried = stage.bring("W06000003", State::Queried).await;
    let mut amended = crate::support::amended(&sample("W06000003", PERIOD));
    let before = stage
        .service
        .get(&format!("{}/revisions/1", queried.name))
        .await;
    assert_eq!(before.expect("kept").state(), State::Queried);
    amended.etag = queried.etag;
    let second = stage.service.submit(amended).await.expect("sent");
    assert_eq!((second.state(), second.revision), (State::Submitted, 2));
    let first = stage
        .service
        .get(&format!("{}/revisions/1", queried.name))
        .await;
    assert_eq!(first.expect("kept").state(), State::Queried);
    stage.service.stop().await;
    // Without validation returns are taken in all the same.
    let service = Service::start(&memory(), NOBODY).await;
    service
        .submit(sample("W06000003", PERIOD))
        .await
        .expect("sent");
    service.stop().await;
}
