"""Checks and submits one authority's return, as a supplier's system would.

Reads the announcement of `mesur up` from standard input to find the submission service. Every
expectation is an assertion: the script ends with an error when one does not hold.
"""

import csv
import sys
import uuid

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from mesur.catalogue.v1 import catalogue_service_pb2, catalogue_service_pb2_grpc
from mesur.submission.v1 import submission_service_pb2 as submission
from mesur.submission.v1 import submission_service_pb2_grpc
from mesur.types.v1 import finding_pb2, observation_pb2

STATUS = {
    "provided": observation_pb2.Observation.PROVIDED,
    "part_period": observation_pb2.Observation.PART_PERIOD,
    "not_provided": observation_pb2.Observation.NOT_PROVIDED,
    "not_applicable": observation_pb2.Observation.NOT_APPLICABLE,
}


def submission_address(announcement):
    """The address in the line `submission   http://127.0.0.1:7401`."""
    for line in announcement:
        words = line.split()
        if words and words[0] == "submission":
            return words[1].removeprefix("http://")
    raise SystemExit("the suite did not say where submission is")


def observations(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            observation = observation_pb2.Observation(
                metric=row["metric"],
                category=row["category"],
                status=STATUS[row["status"]],
                comment=row["comment"],
                reference=f"row {row['metric']}{row['category']}",
            )
            if row["value"]:
                observation.value = int(row["value"])
            yield observation


def main(path):
    channel = grpc.insecure_channel(submission_address(sys.stdin))
    catalogue = catalogue_service_pb2_grpc.CatalogueServiceStub(channel)
    returns = submission_service_pb2_grpc.SubmissionServiceStub(channel)

    edition = catalogue.GetEdition(
        catalogue_service_pb2.GetEditionRequest(name="collections/pif/editions/2022-23")
    )
    assert len(edition.metrics) == 116, len(edition.metrics)
    assert len(edition.authorities) == 22, len(edition.authorities)

    data_return = submission.DataReturn(
        name="authorities/W06000003/returns/pif-2022-23",
        edition_digest=edition.digest,
        observations=observations(path),
    )
    check = submission.SubmitReturnRequest(
        data_return=data_return, validate_only=True, language_code="cy"
    )
    checked = returns.SubmitReturn(check)
    kinds = {finding.kind: finding for finding in checked.findings}
    assert "usual_range" in kinds, sorted(kinds)
    finding = kinds["usual_range"]
    assert finding.severity == finding_pb2.Finding.WARNING
    assert finding.metric == "CH/012" and finding.reference == "row CH/012", finding
    assert "Rheol" in finding.message, finding.message

    request = submission.SubmitReturnRequest(
        data_return=data_return, request_id=str(uuid.uuid4())
    )
    first = returns.SubmitReturn(request).data_return
    again = returns.SubmitReturn(request).data_return
    assert first.revision == 1 and first == again, (first, again)
    stored = returns.GetReturn(submission.GetReturnRequest(name=data_return.name))
    assert stored.digest == first.digest
    assert len(stored.observations) == len(data_return.observations)

    broken = submission.SubmitReturnRequest(data_return=data_return)
    del broken.data_return.observations[0]
    broken.data_return.observations[0].metric = "AD/999"
    try:
        returns.SubmitReturn(broken)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
        details = {}
        for detail in rpc_status.from_call(error).details:
            for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest):
                if detail.Is(kind.DESCRIPTOR):
                    message = kind()
                    detail.Unpack(message)
                    details[kind.__name__] = message
        assert details["ErrorInfo"].reason == "INVALID_RETURN", details
        assert len(details["BadRequest"].field_violations) == 3, details
    else:
        raise AssertionError("a return that is not whole was taken in")
    print(f"checked and submitted {path.rsplit('/', 1)[-1]}: {len(checked.findings)} finding(s)")


if __name__ == "__main__":
    main(sys.argv[1])
