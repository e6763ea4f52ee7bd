//! What a report says, and that validating without keeping says the same.

use mesur_proto::types::v1::Finding;
use mesur_proto::types::v1::PreviousValue;
use mesur_proto::types::v1::finding::{Severity, Standing};
use mesur_proto::validation::v1 as pb;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::samples::{ERROR, Sample, WARNING};
use crate::support::{NOW, Service, memory, reason};
use crate::upstream::Upstream;

/// A report on a return with an error, a warning, and an earlier period to compare with.
struct Reported {
    earlier: Sample,
    sample: Sample,
    service: Service,
    name: String,
}

impl Reported {
    async fn new() -> Self {
        let earlier = Sample::of("W06000012", "2020-21");
        let sample = Sample::of("W06000012", "2022-23")
            .with_error()
            .with_warning();
        let upstream = Upstream::start().await;
        upstream.hold_previous(earlier.previous_message());
        upstream.submit(&sample.revision(1), sample.message()).await;
        let service = Service::start(&memory(), &upstream.endpoint).await;
        let name = sample.report(1);
        service.events().await.until_reported(&name).await;
        Self {
            earlier,
            sample,
            service,
            name,
        }
    }

    /// What a caller sends to have the same checked.
    fn request(&self, language_code: &str) -> pb::ValidateReturnRequest {
        let values = self.earlier.previous_message().values.into_iter();
        let values = values.map(|value| PreviousValue {
            metric: value.metric,
            category: value.category,
            value: value.value,
            decimals: value.decimals,
        });
        pb::ValidateReturnRequest {
            previous_period: "2020-21".to_owned(),
            previous_values: values.collect(),
            language_code: language_code.to_owned(),
            ..self.sample.request()
        }
    }
}

#[tokio::test]
async fn a_report_has_what_the_rows_and_the_rules_say_of_a_return_that_came_in() {
    let Reported {
        sample,
        service,
        name,
        ..
    } = Reported::new().await;
    let report = service.report(&name).await;
    assert_eq!(report.name, name);
    assert_eq!(report.return_digest, sample.content.digest());
    assert_eq!(report.edition_digest, sample.content.edition_digest);
    assert_eq!(report.previous_period, "2020-21");
    let now: jiff::Timestamp = NOW.parse().unwrap();
    let created = report.create_time.map(|time| time.seconds);
    assert_eq!(created, Some(now.as_second()));

    let findings = service.findings(&name, "").await;
    let count = |severity: Severity| {
        let findings = findings.iter().filter(|one| one.severity() == severity);
        i32::try_from(findings.count()).unwrap()
    };
    let counts = [report.error_count, report.warning_count, report.info_count];
    assert_eq!(
        counts,
        [Severity::Error, Severity::Warning, Severity::Info].map(count)
    );
    let open = (report.open_error_count, report.open_warning_count);
    assert_eq!(open, (report.error_count, report.warning_count));
    let of_rules: i32 = report.rules.iter().map(|rule| rule.finding_count).sum();
    assert_eq!(of_rules, counts.iter().sum::<i32>());
    assert_eq!(findings[0].severity(), Severity::Error);
    assert_eq!(findings[0].rule, report.rules[0].rule);
    let formula = findings.iter().find(|one| one.id == WARNING).unwrap();
    assert_eq!(formula.cells, ["AD/001[a]"]);
    let place = (formula.metric.as_str(), formula.category.as_str());
    assert_eq!(place, ("AD/001", "a"));
    let mut compared = findings.iter().filter(|one| one.kind == "year_on_year");
    let compared = compared.next().expect("with the earlier period");
    assert!(
        !compared.previous.is_empty() && compared.effect > 0,
        "{compared:?}"
    );
    let error = findings.iter().find(|one| one.id == ERROR);
    assert_eq!(error.map(Finding::severity), Some(Severity::Error));
    service.stop().await;
}

#[tokio::test]
async fn validating_without_keeping_says_what_the_report_says_in_both_languages() {
    let mut reported = Reported::new().await;
    let mut messages = Vec::new();
    for language_code in ["en", "cy"] {
        let request = reported.request(language_code);
        let client = &mut reported.service.client;
        let validated = client.validate_return(request).await.unwrap();
        let mut findings = reported
            .service
            .findings(&reported.name, language_code)
            .await;
        for finding in &mut findings {
            // What is said belongs to a report alone.
            assert_eq!(finding.standing(), Standing::Open);
            finding.standing = Standing::Unspecified.into();
        }
        assert_eq!(findings, validated.into_inner().findings);
        messages.push(findings.into_iter().map(|one| one.message));
    }
    let (welsh, english) = (messages.pop().unwrap(), messages.pop().unwrap());
    assert!(english.zip(welsh).all(|(english, welsh)| english != welsh));
    reported.service.stop().await;
}

#[tokio::test]
async fn what_cannot_be_validated_is_refused_with_every_reason() {
    let upstream = Upstream::start().await;
    let mut service = Service::start(&memory(), &upstream.endpoint).await;
    let sample = Sample::of("W06000012", "2022-23");

    let mut partial = sample.request();
    partial.observations.truncate(3);
    partial.observations[0].value = None;
    let refused = service.client.validate_return(partial).await.unwrap_err();
    assert_eq!(reason(&refused), "INVALID_RETURN");
    let violations = refused.get_details_bad_request().unwrap().field_violations;
    assert_eq!(violations[0].field, "observations[AD/001[a]]");
    assert!(violations[0].description.starts_with("value_missing"));
    assert!(violations[1].description.starts_with("missing_row"));

    let changed = |change: fn(&mut pb::ValidateReturnRequest)| {
        let mut request = sample.request();
        change(&mut request);
        request
    };
    let foreign = |request: &mut pb::ValidateReturnRequest| {
        request.parent = "authorities/W92000004".to_owned();
    };
    for (request, code, expected) in [
        (changed(foreign), Code::InvalidArgument, "INVALID_FIELD"),
        (
            changed(|request| request.edition = "collections/pif/editions/1999-00".to_owned()),
            Code::NotFound,
            "EDITION_NOT_FOUND",
        ),
        (
            changed(|request| request.edition_digest = "sha256:0".to_owned()),
            Code::FailedPrecondition,
            "EDITION_MISMATCH",
        ),
        (
            changed(|request| request.language_code = "fr".to_owned()),
            Code::InvalidArgument,
            "INVALID_FIELD",
        ),
        (
            changed(|request| request.previous_values = vec![PreviousValue::default()]),
            Code::InvalidArgument,
            "INVALID_FIELD",
        ),
    ] {
        let refused = service.client.validate_return(request).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (code, expected)
        );
    }
    let missing = sample.report(1);
    for (name, expected) in [
        (missing.as_str(), "REPORT_NOT_FOUND"),
        ("x", "INVALID_NAME"),
    ] {
        let refused = service.try_report(name).await.unwrap_err();
        assert_eq!(reason(&refused), expected);
    }
    service.stop().await;
}
