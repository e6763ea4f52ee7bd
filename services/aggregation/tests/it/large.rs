//! Totals that fit no message, of more values than are kept each.

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use mesur_catalogue::{AuthorityCode, Catalogue, CellId, Edition};
use mesur_proto::aggregation::v1 as pb;
use mesur_proto::aggregation::v1::read_snapshot_response::Part;
use mesur_returns::{CellsBuilder, DataReturn, Observation, Observed};
use tonic::{Code, Streaming};

use crate::support::{Service, memory, refusal};
use crate::upstream::Upstream;

const AUTHORITIES: usize = 4_200;
const METRICS: usize = 1_000;
/// Authorities that sent a return: more than one worker adds them up.
const SENT: usize = 150;

fn code(authority: usize) -> String {
    format!("X{authority:05}")
}

/// An edition of four million cells and more.
fn large_edition(catalogue: &mut Catalogue) -> Arc<Edition> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut authorities = "code,name_en,name_cy,kind\n".to_owned();
    for authority in 0..AUTHORITIES {
        let code = code(authority);
        writeln!(authorities, "{code},{code},{code},authority").expect("text");
    }
    authorities += "Y00001,All,Pawb,nation\n";
    let mut metrics =
        "edition,code,code_status,family,population,title_en,title_status,title_source,\
        title_cy,period,period_status,unit,answer,has_total,based_on,based_on_status,in_release,\
        in_release_status,published,published_status,note\n"
            .to_owned();
    for metric in 0..METRICS {
        writeln!(
            metrics,
            "2031,WA/{metric:03},printed,WA,homes,Used,printed,,,during_year,printed,m3,none,yes,,,,,yes,printed,"
        )
        .expect("text");
    }
    let rules =
        "edition,rule_id,kind,left,operator,right,threshold,severity,basis,basis_status,note\n";
    for (file, text) in [
        (
            "edition.toml",
            "collection = \"water\"\nperiod = \"2031\"\n",
        ),
        ("authorities.csv", &authorities),
        ("metrics.csv", &metrics),
        ("rules.csv", rules),
    ] {
        fs::write(folder.path().join(file), text).expect("a file");
    }
    catalogue.add_folder(folder.path()).expect("an edition")
}

/// The return of an authority: squares, so that the quartiles are not where a straight line has them.
fn squares(edition: &Edition, number: usize) -> DataReturn {
    let mut cells = CellsBuilder::new(METRICS);
    for cell in 0..u32::try_from(METRICS).expect("few") {
        let value = i64::try_from(number * number).expect("few") + i64::from(cell);
        cells.set(CellId(cell), Observation::of(Observed::Provided(value)));
    }
    let authority = AuthorityCode::parse(&code(number)).expect("a code");
    DataReturn::new(edition, authority, cells.finish()).expect("a return")
}

/// The totals of a snapshot, and how many values of authorities come behind them.
async fn read(stream: &mut Streaming<pb::ReadSnapshotResponse>) -> (pb::Totals, usize) {
    let mut totals = pb::Totals::default();
    let mut values = 0;
    while let Some(message) = stream.message().await.expect("no failure") {
        match message.part.expect("a part") {
            Part::Snapshot(first) => totals = first.totals.expect("totals"),
            Part::Totals(_) => panic!("they fit the first message"),
            Part::Authority(authority) => values += authority.values.len(),
        }
    }
    (totals, values)
}

#[tokio::test]
async fn totals_of_any_size_are_frozen_and_read_as_a_stream() {
    let mut catalogue = Catalogue::default();
    let edition = large_edition(&mut catalogue);
    let (store, upstream) = (memory(), Upstream::start().await);
    for number in 0..SENT {
        upstream.sign_off(&edition, &squares(&edition, number), 1);
    }
    let service = Service::start_with(&Arc::new(catalogue), &store, &upstream).await;
    upstream.until_caught_up().await;
    let name = "collections/water/editions/2031".to_owned();
    let mut client = service.client.clone();
    let live = client
        .get_totals(pb::GetTotalsRequest {
            edition: name.clone(),
        })
        .await;
    let request = pb::CreateSnapshotRequest {
        edition: name,
        ..pb::CreateSnapshotRequest::default()
    };
    let snapshot = client
        .create_snapshot(request)
        .await
        .expect("a snapshot")
        .into_inner();
    assert_eq!(snapshot.totals, None);
    let name = snapshot.name.clone();
    let frozen = client
        .get_snapshot(pb::GetSnapshotRequest { name: name.clone() })
        .await;
    for status in [live.expect_err("refused"), frozen.expect_err("refused")] {
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(refusal(&status).0, "SNAPSHOT_TOO_LARGE");
        assert!(
            status.message().contains("ReadSnapshot"),
            "{}",
            status.message()
        );
    }

    let request = pb::ReadSnapshotRequest { name: name.clone() };
    let mut stream = client
        .read_snapshot(request)
        .await
        .expect("a stream")
        .into_inner();
    let (totals, values) = read(&mut stream).await;
    assert_eq!(values, AUTHORITIES * METRICS);
    let last = totals.cells.last().expect("a cell");
    let square = |number: i64| number * number + 999;
    let sum: i64 = (0..150).map(square).sum();
    assert_eq!((last.value, last.provided_count), (Some(sum), 150));
    // The 38th, the 75th and the 113th of 150, by the nearest rank.
    let spread = pb::Spread {
        minimum: square(0),
        lower_quartile: square(37),
        median: square(74),
        upper_quartile: square(112),
        maximum: square(149),
        authority_count: 150,
    };
    assert_eq!(last.spread, Some(spread));
    let request = pb::VerifySnapshotRequest { name };
    let verified = client
        .verify_snapshot(request)
        .await
        .expect("an answer")
        .into_inner();
    assert!(verified.verified, "{:?}", verified.problems);
    service.stop().await;
}
