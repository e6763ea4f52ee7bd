//! When returns are due, late and refused.

use mesur_proto::submission::v1 as pb;
use mesur_rpc::clock;
use tonic::{Code, Status};

use crate::support::{
    CONWY, GWYNEDD, NOBODY, Service, amended, day, denied, fields, id, memory, refused, sample,
};
use crate::validation::Validation;

const PERIOD: &str = "2022-23";
const NAME: &str = "collections/pif/editions/2022-23/schedule";

async fn get(service: &Service) -> pb::Schedule {
    let name = NAME.to_owned();
    let schedule = service
        .client
        .clone()
        .get_schedule(pb::GetScheduleRequest { name })
        .await;
    schedule.expect("a schedule").into_inner()
}

async fn set(
    service: &Service,
    etag: &str,
    (due, close): (i64, i64),
    request_id: &str,
) -> Result<pb::Schedule, Status> {
    let request = pb::UpdateScheduleRequest {
        name: NAME.to_owned(),
        etag: etag.to_owned(),
        due_time: Some(days(due)),
        close_time: Some(days(close)),
        reason: format!("due on day {due}"),
        request_id: request_id.to_owned(),
    };
    let response = service
        .statistician
        .clone()
        .update_schedule(request)
        .await?;
    Ok(response.into_inner())
}

async fn extend(
    service: &Service,
    authority: &str,
    due: i64,
    request_id: &str,
) -> Result<pb::Schedule, Status> {
    let request = pb::GrantExtensionRequest {
        name: NAME.to_owned(),
        authority: authority.to_owned(),
        due_time: Some(days(due)),
        reason: format!("new system at {authority}"),
        request_id: request_id.to_owned(),
    };
    let response = service
        .statistician
        .clone()
        .grant_extension(request)
        .await?;
    Ok(response.into_inner())
}

fn days(days: i64) -> prost_types::Timestamp {
    clock::to_proto(day(days))
}

fn at(service: &Service, days: i64) {
    service.clock.set(day(days));
}

#[tokio::test]
async fn what_is_handed_in_after_it_is_due_is_late() {
    let service = Service::alone().await;
    let first = service.submit(sample(GWYNEDD, PERIOD)).await.expect("sent");
    assert!(!first.late);
    set(&service, "", (10, 20), "").await.expect("set");
    extend(&service, CONWY, 15, "").await.expect("extended");
    at(&service, 10);
    assert!(
        !service
            .submit(sample(GWYNEDD, PERIOD))
            .await
            .expect("sent")
            .late
    );
    at(&service, 11);
    let late = service.submit(amended(&sample(GWYNEDD, PERIOD))).await;
    let late = late.expect("sent");
    assert!(
        late.late
            && !service
                .submit(sample(CONWY, PERIOD))
                .await
                .expect("sent")
                .late
    );
    let told = service
        .validate(sample(GWYNEDD, PERIOD), "")
        .await
        .expect("checked");
    assert!(told.data_return.expect("a return").late);
    // A draft is not late before it is handed in.
    let other = service
        .draft(sample("W06000001", PERIOD))
        .await
        .expect("kept");
    assert!(!other.late);
    at(&service, 16);
    assert!(
        service
            .submit(sample(CONWY, PERIOD))
            .await
            .expect("sent")
            .late
    );
    let request = pb::SubmitDraftRequest {
        name: other.name.clone(),
        etag: other.etag.clone(),
        request_id: String::new(),
    };
    let handed_in = service
        .client
        .clone()
        .submit_draft(request)
        .await
        .expect("handed in");
    let handed_in = handed_in.into_inner();
    assert!(handed_in.data_return.expect("a return").late);
    assert!(handed_in.receipt.expect("a receipt").late);
    service.stop().await;
}

#[tokio::test]
async fn from_the_closing_on_only_a_statistician_can_reopen() {
    let validation = Validation::start().await;
    let service = Service::start(&memory(), &validation.address).await;
    let set_up = set(&service, "", (10, 20), "").await.expect("set");
    service.submit(sample(CONWY, PERIOD)).await.expect("sent");
    at(&service, 11);
    let late = service.submit(sample(GWYNEDD, PERIOD)).await.expect("sent");
    extend(&service, CONWY, 15, "").await.expect("extended");
    validation.report(&late, 0, 0);
    let signed = service.sign_off(&late, "").await.expect("signed off");
    assert!(signed.late);

    at(&service, 20);
    let (code, reason) = (Code::FailedPrecondition, "EDITION_CLOSED");
    refused(service.submit(sample(CONWY, PERIOD)).await, code, reason);
    refused(
        service.validate(sample(CONWY, PERIOD), "").await,
        code,
        reason,
    );
    refused(
        service.draft(sample("W06000004", PERIOD)).await,
        code,
        reason,
    );
    let conwy = service
        .get(&sample(CONWY, PERIOD).name)
        .await
        .expect("kept");
    refused(service.sign_off(&conwy, "").await, code, reason);
    refused(service.reopen(&signed, "a slip", "").await, code, reason);
    // A statistician reopens, and gives the authority time for what is then to be sent.
    let request = pb::ReopenReturnRequest {
        name: signed.name.clone(),
        etag: signed.etag.clone(),
        reason: "a figure is out".to_owned(),
        request_id: String::new(),
    };
    let reopened = service.statistician.clone().reopen_return(request).await;
    reopened.expect("reopened");
    refused(service.submit(sample(GWYNEDD, PERIOD)).await, code, reason);
    refused(
        set(&service, &set_up.etag, (10, 30), "").await,
        Code::Aborted,
        "STALE_ETAG",
    );
    let seen = get(&service).await;
    set(&service, &seen.etag, (10, 30), "").await.expect("set");
    assert!(
        service
            .submit(sample(GWYNEDD, PERIOD))
            .await
            .expect("sent")
            .late
    );
    service.stop().await;
}

#[tokio::test]
async fn every_setting_and_extension_stays_on_record() {
    let store = memory();
    let service = Service::start(&store, NOBODY).await;
    let never = get(&service).await;
    assert_eq!(
        (never.etag.as_str(), never.due_time, never.close_time),
        ("", None, None)
    );
    let nothing_due = extend(&service, CONWY, 15, "").await;
    refused(nothing_due, Code::FailedPrecondition, "NO_DUE_TIME");
    let first = set(&service, "", (10, 20), &id(1)).await.expect("set");
    refused(
        set(&service, "", (10, 20), "").await,
        Code::Aborted,
        "STALE_ETAG",
    );
    let second = extend(&service, CONWY, 15, &id(2)).await.expect("extended");
    extend(&service, GWYNEDD, 16, "").await.expect("extended");
    service.clock.step(std::time::Duration::from_mins(5));
    extend(&service, CONWY, 20, "").await.expect("extended");
    service.stop().await;

    let service = Service::start(&store, NOBODY).await;
    assert_eq!(
        set(&service, "", (10, 20), &id(1)).await.expect("a repeat"),
        first
    );
    assert_eq!(
        extend(&service, CONWY, 15, &id(2)).await.expect("a repeat"),
        second
    );
    let reused = extend(&service, CONWY, 14, &id(2)).await;
    refused(reused, Code::InvalidArgument, "REQUEST_ID_REUSED");
    let all = get(&service).await;
    let extended = all
        .extensions
        .iter()
        .map(|one| (one.authority.as_str(), one.due_time));
    let expected = [
        (CONWY, Some(days(15))),
        (GWYNEDD, Some(days(16))),
        (CONWY, Some(days(20))),
    ];
    assert!(extended.eq(expected), "{:?}", all.extensions);
    let [setting] = all.history.as_slice() else {
        panic!("{:?}", all.history)
    };
    assert_eq!(setting.identity, "sue@wales");
    assert_eq!(
        (setting.due_time, setting.close_time),
        (Some(days(10)), Some(days(20)))
    );
    assert_eq!(
        (setting.reason.as_str(), setting.time),
        ("due on day 10", Some(days(0)))
    );
    // Why another authority was given longer is not for everybody.
    let conwy = service.caller("cat", &["submitter/W06000003"]);
    let name = NAME.to_owned();
    let seen = conwy
        .clone()
        .get_schedule(pb::GetScheduleRequest { name })
        .await;
    let seen = seen.expect("a schedule").into_inner();
    assert_eq!((seen.extensions.len(), &seen.etag), (2, &all.etag));
    service.stop().await;
}

#[tokio::test]
async fn a_schedule_is_set_so_often_and_then_only_to_close_the_edition() {
    let service = Service::alone().await;
    at(&service, 5);
    let mut etag = String::new();
    for _ in 0..200 {
        etag = set(&service, &etag, (10, 20), "").await.expect("set").etag;
    }
    let (code, reason) = (Code::InvalidArgument, "TOO_MANY_CHANGES");
    refused(set(&service, &etag, (10, 20), "").await, code, reason);
    // It is not what an authority is given longer by.
    let extended = extend(&service, CONWY, 15, &id(1)).await.expect("extended");
    refused(
        set(&service, &extended.etag, (10, 20), "").await,
        code,
        reason,
    );
    let closed = set(&service, &extended.etag, (4, 5), "").await;
    let closed = closed.expect("closed");
    refused(set(&service, &closed.etag, (4, 5), "").await, code, reason);
    assert_eq!(closed.history.len(), 201);
    let repeat = extend(&service, CONWY, 15, &id(1)).await;
    assert_eq!(repeat.expect("a repeat"), extended);
    service.stop().await;
}

#[tokio::test]
async fn a_schedule_that_cannot_be_is_refused_with_everything_that_is_wrong() {
    let service = Service::alone().await;
    let wrong = pb::UpdateScheduleRequest {
        name: NAME.to_owned(),
        due_time: Some(days(10)),
        close_time: Some(days(9)),
        request_id: "1".to_owned(),
        ..pb::UpdateScheduleRequest::default()
    };
    let refusal = service
        .statistician
        .clone()
        .update_schedule(wrong.clone())
        .await;
    let details = refused(refusal, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(fields(&details), ["close_time", "reason", "request_id"]);
    denied(service.approver.clone().update_schedule(wrong).await);
    let wrong = pb::GrantExtensionRequest {
        name: NAME.to_owned(),
        ..pb::GrantExtensionRequest::default()
    };
    let refusal = service.statistician.clone().grant_extension(wrong).await;
    let details = refused(refusal, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(fields(&details), ["authority", "due_time", "reason"]);
    set(&service, "", (10, 20), "").await.expect("set");
    for (authority, due, field) in [
        (CONWY, 10, "due_time"),
        (CONWY, 21, "due_time"),
        ("W92000004", 15, "authority"),
    ] {
        let refusal = extend(&service, authority, due, "").await;
        let details = refused(refusal, Code::InvalidArgument, "INVALID_FIELD");
        assert_eq!(fields(&details), [field]);
    }
    let name = NAME.replace(PERIOD, "1999-00");
    let unknown = service
        .client
        .clone()
        .get_schedule(pb::GetScheduleRequest { name })
        .await;
    refused(unknown, Code::NotFound, "EDITION_NOT_FOUND");
    service.stop().await;
}
