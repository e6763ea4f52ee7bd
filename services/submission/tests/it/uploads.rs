//! Sending as a file: whole, in chunks, cut off, and too much of it at once.

use std::sync::Arc;
use std::time::Duration;

use mesur_catalogue::ContentHash;
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::data_return::State;
use mesur_proto::submission::v1::upload_return_request::{Header, Part};
use mesur_rpc::server::Limits;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Code, Status};

use crate::support::{
    CATALOGUE, CONWY, Client, GWYNEDD, NOBODY, PATIENCE, SENDER, Service, denied, fields, id,
    memory, refused, return_name, sample, sample_file,
};

const PERIOD: &str = "2022-23";
const CHUNK_BYTES: usize = 4 * 1024;

fn header(file: &[u8]) -> Header {
    Header {
        name: return_name(CONWY, PERIOD),
        size_bytes: i64::try_from(file.len()).expect("a small file"),
        digest: ContentHash::of(file),
        ..Header::default()
    }
}

fn part(part: Part) -> pb::UploadReturnRequest {
    pb::UploadReturnRequest { part: Some(part) }
}

/// The messages of an upload.
fn messages(header: Header, file: &[u8]) -> Vec<pb::UploadReturnRequest> {
    let chunks = file.chunks(CHUNK_BYTES);
    let chunks = chunks.map(|chunk| part(Part::Chunk(chunk.to_vec())));
    std::iter::once(part(Part::Header(header)))
        .chain(chunks)
        .collect()
}

async fn upload(
    client: &Client,
    messages: Vec<pb::UploadReturnRequest>,
) -> Result<pb::SubmitReturnResponse, Status> {
    let stream = tokio_stream::iter(messages);
    Ok(client.clone().upload_return(stream).await?.into_inner())
}

/// An upload whose stream goes on for as long as the sender is kept.
type Open = (
    mpsc::UnboundedSender<pb::UploadReturnRequest>,
    JoinHandle<Result<pb::SubmitReturnResponse, Status>>,
);

fn open_upload(client: &Client, messages: &[pb::UploadReturnRequest]) -> Open {
    let (sender, receiver) = mpsc::unbounded_channel();
    for message in messages {
        sender.send(message.clone()).expect("a receiver");
    }
    let mut client = client.clone();
    let call = tokio::spawn(async move {
        let response = client
            .upload_return(UnboundedReceiverStream::new(receiver))
            .await?;
        Ok(response.into_inner())
    });
    (sender, call)
}

#[tokio::test]
async fn a_file_is_the_same_return_as_a_message() {
    let service = Service::alone().await;
    let file = sample_file(CONWY, PERIOD);
    let rows = sample(CONWY, PERIOD).observations.len();
    let declared = Header {
        row_count: i32::try_from(rows).expect("few"),
        request_id: id(1),
        ..header(&file)
    };
    let check = Header {
        validate_only: true,
        ..declared.clone()
    };
    let checked = upload(&service.client, messages(check, &file))
        .await
        .expect("checked");
    assert_eq!(checked.receipt, None);
    service.expect_nothing_kept().await;
    let response = upload(&service.client, messages(declared.clone(), &file)).await;
    let response = response.expect("taken in");
    let taken = response.data_return.clone().expect("a return");
    assert_eq!(checked.data_return.expect("a return").digest, taken.digest);
    assert_eq!(
        (taken.revision, taken.history[0].identity.as_str()),
        (1, SENDER)
    );
    let receipt = response.receipt.clone().expect("a receipt");
    let counted: i32 = receipt.families.iter().map(|family| family.row_count).sum();
    assert_eq!(counted, declared.row_count);
    let again = upload(&service.client, messages(declared.clone(), &file)).await;
    assert_eq!(again.expect("a repeat"), response);
    let other = Header {
        etag: taken.etag.clone(),
        ..declared
    };
    let other = upload(&service.client, messages(other, &file)).await;
    refused(other, Code::InvalidArgument, "REQUEST_ID_REUSED");
    let sent = service.submit(sample(CONWY, PERIOD)).await.expect("sent");
    assert_eq!(sent.digest, taken.digest);
    assert_eq!(sent.revision, 2);
    service.stop().await;
}

#[tokio::test]
async fn a_stream_that_ends_at_any_message_before_the_last_is_no_return() {
    let service = Service::alone().await;
    let file = sample_file(CONWY, PERIOD);
    let whole = messages(header(&file), &file);
    assert!(whole.len() > 3, "{}", whole.len());
    for kept in 0..whole.len() {
        let refusal = upload(&service.client, whole[..kept].to_vec()).await;
        let (reason, field) = if kept == 0 {
            ("INVALID_FIELD", "header")
        } else {
            ("UPLOAD_INCOMPLETE", "header.size_bytes")
        };
        let details = refused(refusal, Code::InvalidArgument, reason);
        assert_eq!(fields(&details), [field]);
        // A draft may lack cells; a file that was cut off is none all the same.
        let mut draft = whole[..kept].to_vec();
        if let Some(pb::UploadReturnRequest {
            part: Some(Part::Header(header)),
        }) = draft.first_mut()
        {
            header.draft = true;
        }
        refused(
            upload(&service.client, draft).await,
            Code::InvalidArgument,
            reason,
        );
        // The client goes without a word.
        let (sender, call) = open_upload(&service.client, &whole[..kept]);
        call.abort();
        drop(sender);
    }
    service.expect_nothing_kept().await;
    upload(&service.client, whole).await.expect("taken in");
    service.stop().await;
}

#[tokio::test]
async fn what_is_no_upload_is_refused_with_the_field_that_is_wrong() {
    let service = Service::alone().await;
    let file = sample_file(CONWY, PERIOD);
    let chunk = |bytes: usize| part(Part::Chunk(vec![b'x'; bytes]));
    let begin = part(Part::Header(header(&file)));
    let nothing = pb::UploadReturnRequest { part: None };
    let long = Header {
        size_bytes: 4 * 1024 * 1024,
        ..header(&file)
    };
    for (messages, field) in [
        (vec![chunk(1)], "chunk"),
        (vec![nothing.clone()], "header"),
        (vec![begin.clone(), begin.clone()], "header"),
        (vec![begin.clone(), nothing], "chunk"),
        (
            vec![part(Part::Header(long.clone())), chunk((1 << 20) + 1)],
            "chunk",
        ),
    ] {
        let refusal = upload(&service.client, messages).await;
        let details = refused(refusal, Code::InvalidArgument, "INVALID_FIELD");
        assert_eq!(fields(&details), [field]);
    }
    // A chunk of the greatest length is taken; the file is not at its end.
    let cut_short = vec![part(Part::Header(long)), chunk(1 << 20)];
    let refusal = upload(&service.client, cut_short).await;
    refused(refusal, Code::InvalidArgument, "UPLOAD_INCOMPLETE");
    let wrong = Header {
        name: return_name(CONWY, PERIOD),
        digest: "sha256:0".to_owned(),
        row_count: -1,
        draft: true,
        validate_only: true,
        ..Header::default()
    };
    let refusal = upload(&service.client, vec![part(Part::Header(wrong))]).await;
    let details = refused(refusal, Code::InvalidArgument, "INVALID_FIELDS");
    let named = [
        "header.size_bytes",
        "header.digest",
        "header.row_count",
        "draft",
    ];
    assert_eq!(fields(&details), named);
    let too_large = Header {
        size_bytes: 16 * 1024 * 1024 + 1,
        ..header(&file)
    };
    let refusal = upload(&service.client, vec![part(Part::Header(too_large))]).await;
    let details = refused(refusal, Code::InvalidArgument, "INVALID_FIELD");
    assert_eq!(fields(&details), ["header.size_bytes"]);

    service.expect_nothing_kept().await;
    service.stop().await;
}

#[tokio::test]
async fn a_file_that_is_not_as_it_was_declared_is_no_return() {
    let service = Service::alone().await;
    let file = sample_file(CONWY, PERIOD);
    let other = ContentHash::of("another file");
    for (declared, sent, field) in [
        (
            header(&file),
            [&file[..], b"x"].concat(),
            "header.size_bytes",
        ),
        (
            Header {
                digest: other,
                ..header(&file)
            },
            file.clone(),
            "header.digest",
        ),
        (
            Header {
                row_count: 1,
                ..header(&file)
            },
            file.clone(),
            "header.row_count",
        ),
    ] {
        let refusal = upload(&service.client, messages(declared, &sent)).await;
        let details = refused(refusal, Code::InvalidArgument, "UPLOAD_INCOMPLETE");
        assert_eq!(fields(&details), [field]);
    }
    service.expect_nothing_kept().await;
    service.stop().await;
}

#[tokio::test]
async fn a_file_of_another_return_or_with_slips_is_refused_with_their_places() {
    let service = Service::alone().await;
    let foreign = sample_file(GWYNEDD, PERIOD);
    let refusal = upload(&service.client, messages(header(&foreign), &foreign)).await;
    let details = refused(refusal, Code::InvalidArgument, "INVALID_RETURN");
    let violations = &details.bad_request().expect("violations").field_violations;
    assert!(
        violations[0].description.starts_with("wrong_authority"),
        "{violations:?}"
    );
    assert_eq!(violations[0].field, "file");
    let to_gwynedd = Header {
        name: return_name(GWYNEDD, PERIOD),
        ..header(&foreign)
    };
    let conwy = service.caller("cat", &["submitter/W06000003"]);
    denied(upload(&conwy, messages(to_gwynedd, &foreign)).await);
    let earlier = sample_file(CONWY, "2020-21");
    let refusal = upload(&service.client, messages(header(&earlier), &earlier)).await;
    refused(refusal, Code::InvalidArgument, "INVALID_RETURN");

    service.expect_nothing_kept().await;
    service.stop().await;
}

#[tokio::test]
async fn slips_in_a_file_are_told_with_their_lines() {
    let service = Service::alone().await;
    let file = sample_file(CONWY, PERIOD);
    let text = String::from_utf8(file).expect("text");
    let mut lines: Vec<&str> = text.lines().collect();
    let slip = lines[11].replace(",provided,", ",perhaps,");
    lines[11] = &slip;
    let dropped = lines.remove(20);
    let broken = lines.join("\n").into_bytes();
    let refusal = upload(&service.client, messages(header(&broken), &broken)).await;
    let details = refused(refusal, Code::InvalidArgument, "INVALID_RETURN");
    let violations = &details.bad_request().expect("violations").field_violations;
    let told: Vec<_> = violations
        .iter()
        .map(|one| one.description.as_str())
        .collect();
    assert!(
        told.iter()
            .any(|one| one.starts_with("line 12: unknown_status")),
        "{told:?}"
    );
    assert!(
        told.iter().any(|one| one.starts_with("missing_row")),
        "{told:?} {dropped}"
    );
    // Checked, the same is data; as a draft the missing row may be missing.
    let check = Header {
        validate_only: true,
        language_code: "cy".to_owned(),
        ..header(&broken)
    };
    let checked = upload(&service.client, messages(check, &broken))
        .await
        .expect("checked");
    let found = checked
        .findings
        .iter()
        .find(|one| one.kind == "unknown_status");
    assert!(found.expect("a finding").place.contains("12"), "{found:?}");
    let unreadable = b"\xff\xfe\x00".to_vec();
    let check = Header {
        validate_only: true,
        ..header(&unreadable)
    };
    let checked = upload(&service.client, messages(check, &unreadable))
        .await
        .expect("checked");
    assert_eq!(checked.data_return.expect("a return").revision, 0);
    assert!(!checked.findings.is_empty());
    service.expect_nothing_kept().await;
    let mended = lines
        .join("\n")
        .replace(",perhaps,", ",provided,")
        .into_bytes();
    let draft = Header {
        draft: true,
        ..header(&mended)
    };
    let kept = upload(&service.client, messages(draft, &mended))
        .await
        .expect("kept");
    assert_eq!(kept.data_return.expect("a return").state(), State::Draft);
    service.stop().await;
}

#[tokio::test]
async fn what_all_files_take_at_once_is_bounded_and_given_back() {
    let service = Service::alone().await;
    let large = Header {
        size_bytes: 16 * 1024 * 1024,
        ..header(b"x")
    };
    let begin = [part(Part::Header(large))];
    // Four of the largest files fill a caller's part of the room: of seventeen some are refused.
    let open: Vec<Open> = (0..17)
        .map(|_| open_upload(&service.client, &begin))
        .collect();
    let (senders, calls): (Vec<_>, Vec<_>) = open.into_iter().unzip();
    let stops: Vec<_> = calls.iter().map(JoinHandle::abort_handle).collect();
    let (told, mut refusals) = mpsc::unbounded_channel();
    for call in calls {
        let told = told.clone();
        tokio::spawn(async move {
            if let Ok(result) = call.await {
                told.send(result).expect("a receiver");
            }
        });
    }
    let refusal = timeout(PATIENCE, refusals.recv()).await.expect("in time");
    let details = refused(
        refusal.expect("a refusal"),
        Code::ResourceExhausted,
        "TOO_MANY_UPLOADS",
    );
    assert!(details.retry_info().is_some());
    // However much one caller holds, there is room for another.
    let other = service.caller("somebody else", &["submitter/W06000003"]);
    let sent = upload(&other, messages(header(b"x"), b"y")).await;
    refused(sent, Code::InvalidArgument, "UPLOAD_INCOMPLETE");
    for stop in stops {
        stop.abort();
    }
    // Once the service has noticed that they are gone there is room again.
    let file = sample_file(CONWY, PERIOD);
    let large = Header {
        size_bytes: 16 * 1024 * 1024,
        ..header(&file)
    };
    let again = async {
        while let Err(status) = upload(&service.client, messages(large.clone(), &file)).await {
            if status.code() != Code::ResourceExhausted {
                return status;
            }
        }
        panic!("an incomplete file was taken in");
    };
    let status = timeout(PATIENCE, again).await.expect("in time");
    refused(
        Err::<(), _>(status),
        Code::InvalidArgument,
        "UPLOAD_INCOMPLETE",
    );
    drop(senders);
    service.expect_nothing_kept().await;
    service.stop().await;
}

#[tokio::test]
async fn a_slow_stream_lasts_no_longer_than_a_call_may() {
    let limits = Limits {
        call_timeout: Duration::from_millis(200),
        ..Limits::default()
    };
    let service = Service::start_with(Arc::clone(&CATALOGUE), &memory(), NOBODY, limits).await;
    let file = sample_file(CONWY, PERIOD);
    let whole = messages(header(&file), &file);
    let (sender, call) = open_upload(&service.client, &whole[..2]);
    let ended = timeout(PATIENCE, call)
        .await
        .expect("in time")
        .expect("no panic");
    refused(ended, Code::DeadlineExceeded, "CALL_TOO_SLOW");
    drop(sender);
    service.expect_nothing_kept().await;
    service.stop().await;
}
