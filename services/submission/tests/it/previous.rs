//! Values of earlier periods, recorded or of a return.

use mesur_proto::submission::v1 as pb;
use mesur_proto::types::v1::PreviousValue;
use tonic::Code;

use crate::support::{CONWY, GWYNEDD, NOBODY, Service, fields, id, memory, refused, sample};

const RETURN: &str = "authorities/W06000003/returns/pif-2022-23";

fn values(period: &str, value: i64) -> pb::PreviousValues {
    let named = |metric: &str, category: &str| PreviousValue {
        metric: metric.to_owned(),
        category: category.to_owned(),
        value,
        decimals: 0,
    };
    pb::PreviousValues {
        name: format!("authorities/{CONWY}/previousValues/pif-{period}"),
        values: vec![named("AD/004", ""), named("OLD/1", "")],
    }
}

#[tokio::test]
async fn the_latest_earlier_period_wins_whether_recorded_or_returned() {
    let store = memory();
    let service = Service::start(&store, NOBODY).await;
    let none = service.previous(RETURN).await;
    refused(none, Code::NotFound, "NO_PREVIOUS_VALUES");
    // The return itself and what comes after it are not earlier.
    service
        .submit(sample(CONWY, "2022-23"))
        .await
        .expect("sent");
    for period in ["2022-23", "2023-24"] {
        service
            .record(&values(period, 1), "")
            .await
            .expect("recorded");
    }
    let none = service.previous(RETURN).await;
    refused(none, Code::NotFound, "NO_PREVIOUS_VALUES");

    let oldest = values("2018-19", 2);
    assert_eq!(service.record(&oldest, "").await.expect("recorded"), oldest);
    assert_eq!(service.previous(RETURN).await.expect("held"), oldest);
    // A return of a later period, and of the same period as what was recorded.
    service
        .submit(sample(CONWY, "2020-21"))
        .await
        .expect("sent");
    service
        .record(&values("2020-21", 3), "")
        .await
        .expect("recorded");
    let returned = service.previous(RETURN).await.expect("held");
    assert_eq!(returned.name, values("2020-21", 3).name);
    let sent = sample(CONWY, "2020-21").observations;
    let with_value = sent.iter().filter(|one| one.value.is_some());
    assert_eq!(returned.values.len(), with_value.count());
    for value in &returned.values {
        let mut sent = sent.iter();
        let sent =
            sent.find(|one| (&one.metric, &one.category) == (&value.metric, &value.category));
        assert_eq!(sent.expect("an observation").value, Some(value.value));
    }
    // Recorded again it is replaced, and later than the return it wins.
    let latest = values("2021-22", 4);
    for recorded in [&values("2021-22", 5), &latest] {
        service.record(recorded, "").await.expect("recorded");
    }
    service.stop().await;
    let service = Service::start(&store, NOBODY).await;
    assert_eq!(service.previous(RETURN).await.expect("held"), latest);
    let other = RETURN.replace(CONWY, GWYNEDD);
    refused(
        service.previous(&other).await,
        Code::NotFound,
        "NO_PREVIOUS_VALUES",
    );
    service.stop().await;
}

#[tokio::test]
async fn a_repeat_of_recording_does_not_undo_what_came_after() {
    let service = Service::alone().await;
    let (first, second) = (values("2021-22", 1), values("2021-22", 2));
    service.record(&first, &id(1)).await.expect("recorded");
    assert_eq!(service.previous(RETURN).await.expect("held"), first);
    service.record(&second, &id(2)).await.expect("recorded");
    assert_eq!(
        service.record(&first, &id(1)).await.expect("a repeat"),
        first
    );
    assert_eq!(service.previous(RETURN).await.expect("held"), second);
    let reused = service.record(&second, &id(1)).await;
    refused(reused, Code::InvalidArgument, "REQUEST_ID_REUSED");
    service.stop().await;
}

#[tokio::test]
async fn checking_a_return_compares_with_them_however_large_they_are() {
    let service = Service::alone().await;
    let sent = sample(CONWY, "2022-23");
    for (value, decimals) in [(1, 0), (i64::MAX, 0), (i64::MIN, 6)] {
        let mut recorded = values("2021-22", value);
        recorded.values[0].decimals = decimals;
        service.record(&recorded, "").await.expect("recorded");
        let checked = service.validate(sent.clone(), "").await.expect("checked");
        let compared = |one: &mesur_proto::types::v1::Finding| {
            one.kind == "year_on_year" && one.metric == "AD/004"
        };
        assert!(checked.findings.iter().any(compared), "{value}");
    }
    service.stop().await;
}

#[tokio::test]
async fn so_many_periods_are_recorded_and_one_more_is_refused() {
    let service = Service::alone().await;
    let period = |year: u32| format!("{year}-{:02}", (year + 1) % 100);
    for year in 1800..2000 {
        let recorded = service.record(&values(&period(year), 1), "").await;
        recorded.expect("recorded");
    }
    let again = service.record(&values(&period(1800), 2), "").await;
    again.expect("a period that is held");
    let refused = service.record(&values(&period(2000), 1), "").await;
    let code = refused.expect_err("one period too many").code();
    assert_eq!(code, Code::InvalidArgument);
    service.stop().await;
}

#[tokio::test]
async fn values_that_cannot_be_kept_are_refused_with_their_place() {
    let service = Service::alone().await;
    let good = values("2021-22", 1);
    let changed = |change: fn(&mut pb::PreviousValues)| {
        let mut values = good.clone();
        change(&mut values);
        values
    };
    for (wrong, field) in [
        (
            changed(|one| one.values[1].decimals = 7),
            "previous_values.values[1]",
        ),
        (
            changed(|one| one.values[0].decimals = -1),
            "previous_values.values[0]",
        ),
        (
            changed(|one| one.values[1].metric.clear()),
            "previous_values.values[1]",
        ),
        (
            changed(|one| one.values[0].category = "a b".to_owned()),
            "previous_values.values[0]",
        ),
        (
            changed(|one| one.values[1] = one.values[0].clone()),
            "previous_values.values[1]",
        ),
        // As many as there may be are read, and the second is the same as the first.
        (
            changed(|one| one.values = vec![one.values[0].clone(); 10_000]),
            "previous_values.values[1]",
        ),
        (
            changed(|one| one.values = vec![one.values[0].clone(); 10_001]),
            "previous_values.values",
        ),
        (
            changed(|one| one.name = RETURN.to_owned()),
            "previous_values.name",
        ),
        (pb::PreviousValues::default(), "previous_values.name"),
    ] {
        let status = service.record(&wrong, "").await.expect_err("refused");
        let details = tonic_types::StatusExt::get_error_details(&status);
        assert_eq!(
            (status.code(), fields(&details)),
            (Code::InvalidArgument, vec![field])
        );
    }
    let none = service.previous(RETURN).await;
    refused(none, Code::NotFound, "NO_PREVIOUS_VALUES");
    service.stop().await;
}
