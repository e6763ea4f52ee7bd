//! The catalogue's public face.

use mesur_proto::catalogue::v1 as pb;
use tonic::Code;

use crate::support::{Service, edition, fields, refused};

const EARLIER: &str = "collections/pif/editions/2020-21";
const LATER: &str = "collections/pif/editions/2022-23";

async fn get(service: &Service, name: &str) -> Result<pb::Edition, tonic::Status> {
    let name = name.to_owned();
    let request = pb::GetEditionRequest { name };
    let response = service.catalogue.clone().get_edition(request).await?;
    Ok(response.into_inner())
}

async fn list(
    service: &Service,
    parent: &str,
    page_size: i32,
    page_token: &str,
) -> Result<pb::ListEditionsResponse, tonic::Status> {
    let request = pb::ListEditionsRequest {
        parent: parent.to_owned(),
        page_size,
        page_token: page_token.to_owned(),
    };
    let response = service.catalogue.clone().list_editions(request).await?;
    Ok(response.into_inner())
}

async fn compare(
    service: &Service,
    from: &str,
    to: &str,
) -> Result<pb::CompareEditionsResponse, tonic::Status> {
    let (from, to) = (from.to_owned(), to.to_owned());
    let request = pb::CompareEditionsRequest { from, to };
    let response = service.catalogue.clone().compare_editions(request).await?;
    Ok(response.into_inner())
}

#[tokio::test]
async fn an_edition_is_given_whole() {
    let service = Service::alone().await;
    for (name, period) in [(EARLIER, "2020-21"), (LATER, "2022-23")] {
        let (known, given) = (edition(period), get(&service, name).await.expect("given"));
        assert_eq!(
            (given.name.as_str(), given.digest.as_str()),
            (name, known.digest())
        );
        assert_eq!(given.authorities.len(), 22);
        let nation = given.nation.expect("a nation");
        assert_eq!(nation.code, "W92000004");
        let cells = given.metrics.iter().flat_map(|metric| {
            let total = metric.has_total.then(String::new);
            let categories = metric.categories.iter().map(|one| one.code.clone());
            total
                .into_iter()
                .chain(categories)
                .map(|category| (metric.code.clone(), category))
        });
        let known_cells = known.cells().iter().map(|cell| {
            let reference = &cell.reference;
            (
                reference.metric.to_string(),
                reference.category_str().to_owned(),
            )
        });
        assert!(cells.eq(known_cells), "every cell in catalogue order");
        assert_eq!(given.rules.len(), known.rules().len());
        let given_reasons = given
            .reasons
            .iter()
            .map(|one| (&one.id, &one.label_en, &one.label_cy));
        let reasons = known.reasons().iter();
        assert!(given_reasons.eq(reasons.map(|one| (&one.id, &one.label_en, &one.label_cy))));
        let severities = ["error", "warning", "info"];
        assert!(
            given
                .rules
                .iter()
                .all(|rule| severities.contains(&rule.severity.as_str()))
        );
    }
    for name in [
        "collections/pif/editions/2021-22",
        "collections/other/editions/2022-23",
    ] {
        refused(
            get(&service, name).await,
            Code::NotFound,
            "EDITION_NOT_FOUND",
        );
    }
    let long = format!("collections/pif/editions/{}", "2".repeat(10_000));
    for name in ["", "collections/../editions/2022-23", "pif/2022-23", &long] {
        let refusal = get(&service, name).await;
        let details = refused(refusal, Code::InvalidArgument, "INVALID_NAME");
        assert_eq!(fields(&details), ["name"]);
    }
    service.stop().await;
}

#[tokio::test]
async fn editions_are_listed_by_page_and_collection() {
    let service = Service::alone().await;
    let names = |page: &pb::ListEditionsResponse| -> Vec<String> {
        page.editions
            .iter()
            .map(|edition| edition.name.clone())
            .collect()
    };
    for parent in ["collections/-", "collections/pif"] {
        for size in [0, 2, i32::MAX] {
            let all = list(&service, parent, size, "").await.expect("a page");
            assert_eq!(
                (names(&all), all.next_page_token.as_str()),
                (vec![EARLIER.into(), LATER.into()], "")
            );
            let bare = |one: &pb::Edition| {
                one.metrics.is_empty() && one.rules.is_empty() && one.reasons.is_empty()
            };
            assert!(all.editions.iter().all(bare));
        }
        let first = list(&service, parent, 1, "").await.expect("a page");
        let rest = list(&service, parent, 1, &first.next_page_token)
            .await
            .expect("a page");
        assert_eq!(
            (names(&first), names(&rest)),
            (vec![EARLIER.into()], vec![LATER.into()])
        );
        assert_eq!(rest.next_page_token, "");
        let other = if parent.ends_with('-') {
            "collections/pif"
        } else {
            "collections/-"
        };
        for (parent, token) in [(other, first.next_page_token.as_str()), (parent, "00")] {
            let refusal = list(&service, parent, 1, token).await;
            refused(refusal, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
        }
    }
    let none = list(&service, "collections/other", 0, "")
        .await
        .expect("a page");
    assert_eq!(names(&none), [""; 0]);
    for parent in [
        "",
        "collections",
        "collections/",
        "collections/../pif",
        "authorities/-",
    ] {
        let refusal = list(&service, parent, 0, "").await;
        let details = refused(refusal, Code::InvalidArgument, "INVALID_FIELD");
        assert_eq!(fields(&details), ["parent"]);
    }
    service.stop().await;
}

#[tokio::test]
async fn a_comparison_says_what_came_went_and_changed() {
    let service = Service::alone().await;
    let forth = compare(&service, EARLIER, LATER)
        .await
        .expect("compared")
        .differences;
    let back = compare(&service, LATER, EARLIER)
        .await
        .expect("compared")
        .differences;
    let count = |differences: &[pb::Difference], kind: &str| {
        differences
            .iter()
            .filter(|one| one.difference == kind)
            .count()
    };
    for (one, other) in [
        ("added", "removed"),
        ("removed", "added"),
        ("changed", "changed"),
    ] {
        assert!(count(&forth, one) > 0, "{one}");
        assert_eq!(count(&forth, one), count(&back, other));
    }
    let [earlier, later] = ["2020-21", "2022-23"].map(|period| {
        let metrics = edition(period).metrics().iter();
        metrics
            .map(|metric| metric.code.to_string())
            .collect::<Vec<_>>()
    });
    for difference in &forth {
        let pb::Difference {
            item,
            code,
            difference,
            fields,
        } = difference;
        assert!(["metric", "category", "rule"].contains(&item.as_str()));
        assert_eq!(difference == "changed", !fields.is_empty());
        assert!(fields.iter().all(|field| field.from != field.to));
        if item == "metric" {
            let was = (earlier.contains(code), later.contains(code));
            let expected = match difference.as_str() {
                "added" => (false, true),
                "removed" => (true, false),
                _ => (true, true),
            };
            assert_eq!(was, expected, "{code}");
        }
    }
    let same = compare(&service, LATER, LATER).await.expect("compared");
    assert_eq!(same.differences, []);
    let unknown = "collections/pif/editions/1999-00";
    for (from, to) in [(unknown, LATER), (LATER, unknown)] {
        refused(
            compare(&service, from, to).await,
            Code::NotFound,
            "EDITION_NOT_FOUND",
        );
    }
    for (from, to, field) in [("", LATER, "from"), (LATER, "../..", "to")] {
        let refusal = compare(&service, from, to).await;
        let details = refused(refusal, Code::InvalidArgument, "INVALID_NAME");
        assert_eq!(fields(&details), [field]);
    }
    service.stop().await;
}
