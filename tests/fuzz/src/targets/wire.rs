//! Messages of strangers: the reader of returns held against the generated one, and names.

use anyhow::Context as _;
use mesur_proto::submission::v1::{DataReturn, SubmitReturnRequest};
use mesur_proto::types::v1::Observation;
use mesur_wire::{
    AuthorityName, ContentReader, DecisionName, DelegationName, EditionResource,
    PreviousValuesName, ReleaseName, ReportName, ReturnName, RevisionName, ScheduleName,
    SnapshotName, Submitted, content_frames, rows_from_wire,
};
use prost::Message as _;

use super::{Target, outcome};

pub(crate) const SUBMITTED: Target = Target {
    name: "submitted",
    run: read_submitted,
    seeds: || Ok(vec![request().encode_to_vec()]),
    words: &[
        "AD/004",
        "AD/005",
        "\u{a}\u{0}",
        "\u{12}\u{1}",
        "\u{b}\u{c}",
    ],
};

pub(crate) const NAMES: Target = Target {
    name: "names",
    run: read_names,
    seeds: || {
        let names = [
            "authorities/W06000003/returns/pif-2022-23",
            "authorities/W06000003/returns/pif-2022-23/revisions/1",
            "collections/pif/editions/2022-23",
            "snapshots/pif-2022-23-0123456789abcdef",
            "releases/pif-2022-23/revisions/1",
        ];
        Ok(names.map(|name| name.as_bytes().to_vec()).to_vec())
    },
    words: &[
        "authorities/",
        "returns/",
        "revisions/",
        "editions/",
        "collections/",
        "releases/",
        "..",
        "%2f",
        "/",
        "-",
        "W06000003",
        "2022-23",
        "snapshots/",
        "findings/",
        "queries/",
    ],
};

pub(crate) const CONTENT: Target = Target {
    name: "content",
    run: |bytes| {
        let mut reader = ContentReader::new(16);
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        let taken = reader.take(first).and_then(|()| reader.take(rest));
        match taken.and_then(|()| reader.finish()) {
            Ok(cells) => {
                let frames: Vec<u8> = content_frames(&cells).flatten().collect();
                let mut again = ContentReader::new(cells.len());
                let cells_again = again.take(&frames).and_then(|()| again.finish());
                assert_eq!(cells_again.ok(), Some(cells), "what is written is read");
                0
            }
            Err(error) => outcome(error.to_string()),
        }
    },
    seeds: || Ok(vec![content()?]),
    words: &["\u{8}\u{1}", "\u{1}", "\u{2}", "\u{3}"],
};

fn request() -> SubmitReturnRequest {
    let observation = |metric: &str, category: &str, value| Observation {
        metric: metric.to_owned(),
        category: category.to_owned(),
        value: Some(value),
        status: 2,
        comment: "until 31 December".to_owned(),
        reference: "row 1".to_owned(),
        end_date: "2022-12-31".to_owned(),
        reason: "system".to_owned(),
    };
    SubmitReturnRequest {
        data_return: Some(DataReturn {
            name: "authorities/W06000003/returns/pif-2022-23".to_owned(),
            etag: "\"1\"".to_owned(),
            observations: vec![
                observation("AD/004", "", -1),
                observation("AD/005", "b", i64::MAX),
            ],
            ..DataReturn::default()
        }),
        validate_only: true,
        request_id: "0191".to_owned(),
        ..SubmitReturnRequest::default()
    }
}

/// What the generated reader takes, ours takes as the same.
fn read_submitted(bytes: &[u8]) -> u64 {
    let ours = Submitted::read(bytes).and_then(|read| {
        let rows: Result<Vec<_>, _> = read.rows().collect();
        Ok((read, rows?))
    });
    let Ok(theirs) = SubmitReturnRequest::decode(bytes) else {
        return outcome(ours.map(|_| ()).map_err(|error| error.to_string()));
    };
    let (ours, rows) = match ours {
        Ok(ours) => ours,
        Err(error) => panic!("refused what the generated reader takes: {error}"),
    };
    let sent = theirs.data_return.unwrap_or_default();
    assert!(
        rows.into_iter().eq(rows_from_wire(&sent.observations)),
        "two readers, two returns"
    );
    assert_eq!(
        (ours.name, ours.etag, ours.validate_only, ours.draft),
        (
            sent.name.as_str(),
            sent.etag.as_str(),
            theirs.validate_only,
            theirs.draft
        )
    );
    outcome((2, sent.observations.len().min(8)))
}

/// A name that is taken is written as it was.
fn read_names(bytes: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(bytes);
    let mut taken = Vec::new();
    macro_rules! hold {
        ($($name:ty),*) => {$(
            let parsed = <$name>::parse(&text);
            if let Ok(name) = &parsed {
                assert_eq!(name.to_string(), text, stringify!($name));
                assert!(!text.contains("..") && !text.contains('\\'), "a path");
            }
            taken.push(parsed.is_ok());
        )*};
    }
    hold!(
        EditionResource,
        AuthorityName,
        ReturnName,
        RevisionName,
        ReportName,
        DelegationName,
        DecisionName,
        ScheduleName,
        PreviousValuesName,
        SnapshotName,
        ReleaseName
    );
    outcome(taken)
}

/// The cells of the sample return, as they travel.
fn content() -> anyhow::Result<Vec<u8>> {
    let file = super::files::data().join("00-good.csv");
    let cells = super::files::cells(&std::fs::read(file)?);
    let cells = cells.context("the good file is no return")?;
    Ok(content_frames(&cells).flatten().collect())
}
