"""One return from the edition to the sign-off, as a supplier's system would send it.

Reads the announcement of `mesur up` from standard input to find the services. Arguments: a return
file, and the folder of the tokens. Every expectation is an assertion: the script ends with an error
when one does not hold. docs/integrating.md shows pieces of it.
"""

import csv
import hashlib
import pathlib
import sys
import uuid

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from mesur.catalogue.v1 import catalogue_service_pb2 as catalogue
from mesur.catalogue.v1 import catalogue_service_pb2_grpc as catalogue_grpc
from mesur.submission.v1 import submission_service_pb2 as submission
from mesur.submission.v1 import submission_service_pb2_grpc as submission_grpc
from mesur.types.v1 import finding_pb2, observation_pb2
from mesur.validation.v1 import validation_service_pb2 as validation
from mesur.validation.v1 import validation_service_pb2_grpc as validation_grpc

EDITION = "collections/pif/editions/2022-23"
NAME = "authorities/W06000003/returns/pif-2022-23"
CHUNK_BYTES = 64 * 1024


def addresses(announcement):
    """Where the services are: lines such as `submission   http://127.0.0.1:7401`."""
    found = {}
    for line in announcement:
        words = line.split()
        if words and words[0] == "ready":
            return found
        if len(words) == 2:
            found[words[0]] = words[1].removeprefix("http://")
    raise SystemExit("the suite did not say where its services are")


def caller(token_file):
    token = pathlib.Path(token_file).read_text(encoding="ascii").strip()
    return [("authorization", f"Bearer {token}")]


def cells(edition):
    for metric in edition.metrics:
        if metric.has_total:
            yield metric.code, ""
        for category in metric.categories:
            yield metric.code, category.code


def observations(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            observation = observation_pb2.Observation(
                metric=row["metric"],
                category=row["category"],
                status=row["status"].upper(),
                comment=row["comment"],
                reference=f"row {row['metric']}{row['category']}",
            )
            if row["value"]:
                observation.value = int(row["value"])
            yield observation


def upload(content, cut_off=False, **header):
    """The messages of an upload: what the file is, then its bytes."""
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    yield submission.UploadReturnRequest(
        header=submission.UploadReturnRequest.Header(
            name=NAME, size_bytes=len(content), digest=digest, **header
        )
    )
    end = len(content) // 2 if cut_off else len(content)
    for start in range(0, end, CHUNK_BYTES):
        chunk = content[start : min(start + CHUNK_BYTES, end)]
        yield submission.UploadReturnRequest(chunk=chunk)


def refusal(call):
    """The code, the reason and the violations with which a call is refused."""
    try:
        call()
    except grpc.RpcError as error:
        status = rpc_status.from_call(error)
        info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        for detail in status.details if status else []:
            for message in (info, request):
                if detail.Is(message.DESCRIPTOR):
                    detail.Unpack(message)
        return error.code(), info.reason, request.field_violations
    raise AssertionError("the call was not refused")


def check(returns, submitter, data_return):
    request = submission.SubmitReturnRequest(
        data_return=data_return, validate_only=True, language_code="cy"
    )
    findings = returns.SubmitReturn(request, metadata=submitter).findings
    for finding in findings:
        severity = finding_pb2.Finding.Severity.Name(finding.severity)
        print(severity, finding.id, finding.reference, finding.message)
    return findings


def send(returns, submitter, data_return):
    request = submission.SubmitReturnRequest(
        data_return=data_return, request_id=str(uuid.uuid4())
    )
    sent = returns.SubmitReturn(request, metadata=submitter)
    again = returns.SubmitReturn(request, metadata=submitter)
    assert sent == again and sent.data_return.revision == 1, (sent, again)
    assert sent.receipt.digest == sent.data_return.digest
    return sent.data_return


def send_file(returns, submitter, path, earlier):
    content = pathlib.Path(path).read_bytes()
    header = {"etag": earlier.etag, "request_id": str(uuid.uuid4())}
    sent = returns.UploadReturn(upload(content, **header), metadata=submitter)
    print("revision", sent.data_return.revision, "digest", sent.receipt.digest)
    assert sent.data_return.revision == 2, sent

    cut = lambda: returns.UploadReturn(
        upload(content, cut_off=True, etag=sent.data_return.etag), metadata=submitter
    )
    code, reason, _ = refusal(cut)
    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "UPLOAD_INCOMPLETE")
    stale = lambda: returns.UploadReturn(
        upload(content, etag=earlier.etag), metadata=submitter
    )
    code, reason, _ = refusal(stale)
    assert (code, reason) == (grpc.StatusCode.ABORTED, "STALE_ETAG")
    return sent.data_return


def report_of(reports, submitter, revision):
    """Waits until the report on a revision is there."""
    name = f"{NAME}/revisions/{revision}/report"
    events = reports.WatchReports(validation.WatchReportsRequest(), metadata=submitter)
    for event in events:
        if event.name == name and event.event == validation.WatchReportsResponse.REPORTED:
            events.cancel()
            return name
    raise AssertionError("the stream ended before the report came")


def explain(reports, submitter, report):
    request = validation.StreamFindingsRequest(parent=report)
    for finding in reports.StreamFindings(request, metadata=submitter):
        if finding.standing == finding_pb2.Finding.OPEN:
            explained = reports.ExplainFinding(
                validation.ExplainFindingRequest(
                    name=report,
                    finding_id=finding.id,
                    explanation="Wedi'i gyfrif eto: mae'r gwerth yn gywir (ŵ, ŷ).",
                    request_id=str(uuid.uuid4()),
                ),
                metadata=submitter,
            )
            assert explained.standing == finding_pb2.Finding.EXPLAINED, explained
    counts = reports.GetReport(validation.GetReportRequest(name=report), metadata=submitter)
    assert counts.open_error_count == counts.open_warning_count == 0, counts


def ask(reports, statistician):
    """What the statistician does."""
    reports.OpenRound(
        validation.OpenRoundRequest(parent=EDITION, due_date="2023-07-31"),
        metadata=statistician,
    )
    reports.RaiseQuery(
        validation.RaiseQueryRequest(
            parent=NAME, cells=["AD/001[a]"], text="Does this include the out-of-hours team?"
        ),
        metadata=statistician,
    )


def answer(reports, submitter):
    request = validation.ListQueriesRequest(parent=NAME, states=[validation.Query.OPEN])
    queries = reports.ListQueries(request, metadata=submitter).queries
    for query in queries:
        print(query.name, list(query.cells), query.remarks[0].text)
        reports.AnswerQuery(
            validation.AnswerQueryRequest(
                name=query.name, text="Yes, all of it.", request_id=str(uuid.uuid4())
            ),
            metadata=submitter,
        )
    assert len(queries) == 1, queries


def accept(reports, statistician):
    queries = reports.ListQueries(
        validation.ListQueriesRequest(parent=NAME), metadata=statistician
    ).queries
    reports.ResolveQuery(
        validation.ResolveQueryRequest(
            name=queries[0].name, resolution=validation.ResolveQueryRequest.ACCEPT, reason="Clear."
        ),
        metadata=statistician,
    )


def watch(returns, submitter, until, cursor=b""):
    """Reads the events after a cursor up to one kind; gives its cursor, to go on from there."""
    request = submission.WatchReturnsRequest(cursor=cursor)
    events = returns.WatchReturns(request, metadata=submitter)
    seen = []
    for event in events:
        seen.append(event.event)
        if event.event == until:
            events.cancel()
            return event.cursor, seen
    raise AssertionError("the stream ended before the event came")


def sign_off(returns, approver):
    latest = returns.GetReturn(submission.GetReturnRequest(name=NAME), metadata=approver)
    signed = returns.SignOffReturn(
        submission.SignOffReturnRequest(
            name=NAME, etag=latest.etag, request_id=str(uuid.uuid4())
        ),
        metadata=approver,
    )
    assert signed.state == submission.DataReturn.SIGNED_OFF, signed
    return signed


def main(path, tokens):
    found = addresses(sys.stdin)
    tokens = pathlib.Path(tokens)
    submitter = caller(tokens / "W06000003-submitter.token")
    approver = caller(tokens / "W06000003-approver.token")
    statistician = caller(tokens / "statistician.token")

    channel = grpc.insecure_channel(found["submission"])
    editions = catalogue_grpc.CatalogueServiceStub(channel)
    returns = submission_grpc.SubmissionServiceStub(channel)
    reports = validation_grpc.ValidationServiceStub(
        grpc.insecure_channel(found["validation"])
    )

    edition = editions.GetEdition(catalogue.GetEditionRequest(name=EDITION))
    assert len(edition.metrics) == 116 and len(edition.authorities) == 22
    data_return = submission.DataReturn(
        name=NAME,
        edition_digest=edition.digest,
        observations=observations(path),
    )
    asked, given = set(cells(edition)), data_return.observations
    assert asked == {(observation.metric, observation.category) for observation in given}

    kinds = {finding.kind: finding for finding in check(returns, submitter, data_return)}
    assert kinds["usual_range"].reference == "row CH/012", kinds
    assert "Rheol" in kinds["usual_range"].message, kinds
    nobody = lambda: returns.GetReturn(submission.GetReturnRequest(name=NAME))
    assert refusal(nobody)[:2] == (grpc.StatusCode.UNAUTHENTICATED, "NO_TOKEN")

    first = send(returns, submitter, data_return)
    second = send_file(returns, submitter, path, first)
    stored = returns.GetReturn(submission.GetReturnRequest(name=NAME), metadata=submitter)
    assert stored.digest == second.digest == first.digest
    assert len(stored.observations) == len(data_return.observations)

    report = report_of(reports, submitter, second.revision)
    explain(reports, submitter, report)
    ask(reports, statistician)
    cursor, _ = watch(returns, submitter, submission.WatchReturnsResponse.QUERIED)
    answer(reports, submitter)
    accept(reports, statistician)
    cursor, seen = watch(returns, submitter, submission.WatchReturnsResponse.SETTLED, cursor)
    assert submission.WatchReturnsResponse.SUBMITTED not in seen, "it went on after the cursor"

    by_sender = lambda: sign_off(returns, submitter)
    assert refusal(by_sender)[0] == grpc.StatusCode.PERMISSION_DENIED
    sign_off(returns, approver)
    _, seen = watch(returns, submitter, submission.WatchReturnsResponse.SIGNED_OFF, cursor)
    assert seen == [submission.WatchReturnsResponse.SIGNED_OFF], seen

    broken = submission.SubmitReturnRequest(data_return=data_return)
    del broken.data_return.observations[0]
    broken.data_return.observations[0].metric = "AD/999"
    code, reason, violations = refusal(
        lambda: returns.SubmitReturn(broken, metadata=submitter)
    )
    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_RETURN")
    assert len(violations) == 3, violations
    print("the whole story in Python:", stored.digest)


if __name__ == "__main__":
    main(*sys.argv[1:])
