"""The table of docs/permissions.md, walked by a plain Python client: each method as each role, about the
caller's own authority and about another.

Reads the announcement of `mesur up` from standard input. Arguments: the document, and the folder of the
tokens. Ends with an error when a cell does not hold.
"""

import pathlib
import sys
import time

import grpc
from google.protobuf import json_format, message_factory

from mesur.aggregation.v1 import aggregation_service_pb2
from mesur.catalogue.v1 import catalogue_service_pb2
from mesur.operations.v1 import store_service_pb2
from mesur.publication.v1 import publication_service_pb2
from mesur.submission.v1 import submission_service_pb2
from mesur.validation.v1 import validation_service_pb2
from story import addresses, caller

OWN, OTHER = "authorities/W06000003", "authorities/W06000010"
RETURN = "{a}/returns/pif-2022-23"
REPORT = RETURN + "/revisions/1/report"
EDITION = "collections/pif/editions/2022-23"
# The service that answers for each package; every service has the methods of operators.
MODULES = {
    "catalogue": ("submission", catalogue_service_pb2),
    "submission": ("submission", submission_service_pb2),
    "validation": ("validation", validation_service_pb2),
    "aggregation": ("aggregation", aggregation_service_pb2),
    "publication": ("publication", publication_service_pb2),
    "operations": ("aggregation", store_service_pb2),
}
# Requests that name an authority. What is not here names none.
REQUESTS = {
    "SubmitReturn": {"dataReturn": {"name": RETURN}},
    "UploadReturn": {"header": {"name": RETURN}},
    "UpdateObservations": {"name": RETURN},
    "SubmitDraft": {"name": RETURN},
    "GetReturn": {"name": RETURN},
    "ReadReturn": {"name": RETURN},
    "ListReturns": {"parent": "{a}"},
    "ListRevisions": {"parent": RETURN},
    "CompareRevisions": {"from": RETURN + "/revisions/1", "to": RETURN + "/revisions/1"},
    "SignOffReturn": {"name": RETURN},
    "ReopenReturn": {"name": RETURN},
    "RecordPreviousValues": {"previousValues": {"name": "{a}/previousValues/pif-2019-20"}},
    "GetPreviousValues": {"name": RETURN},
    "ReadPreviousValues": {"name": RETURN},
    "CreateDelegation": {"parent": "{a}", "edition": EDITION},
    "RevokeDelegation": {"name": "{a}/delegations/99"},
    "ListDelegations": {"parent": "{a}"},
    "GetReport": {"name": REPORT},
    "ListFindings": {"parent": REPORT},
    "StreamFindings": {"parent": REPORT},
    "ExplainFinding": {"name": REPORT},
    "ListRemarks": {"parent": RETURN},
    "AnswerQuery": {"name": RETURN + "/queries/1"},
    "ListQueries": {"parent": RETURN},
}
TOKENS = {
    "submitter": "W06000003-submitter",
    "approver": "W06000003-approver",
    "supplier": "supplier",
    "statistician": "statistician",
    "publisher": "publisher",
    "reader": "reader",
    "operator": "operator",
    "service": "service",
}
# A stream that has not been refused by then goes on: those that watch have no end.
SECONDS = 0.5


def table(document):
    """Each method with its row: what stands under each heading."""
    service, heads = None, []
    for line in pathlib.Path(document).read_text(encoding="utf-8").splitlines():
        if line.startswith("### mesur."):
            service = line.removeprefix("### ")
        elif service and line.startswith("| method"):
            heads = [cell.strip() for cell in line.strip("|").split("|")]
        elif service and line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            yield service, cells[0].strip("`"), dict(zip(heads[1:], cells[1:]))


def filled(request, authority):
    """The request about an authority."""
    if isinstance(request, dict):
        return {field: filled(value, authority) for field, value in request.items()}
    return request.replace("{a}", authority)


def ask(channel, service, method, authority, metadata, extra=None):
    """The code that a call is answered with; OK for a stream that goes on."""
    module = MODULES[service.split(".")[1]][1]
    described = module.DESCRIPTOR.services_by_name[service.split(".")[-1]].methods_by_name[method]
    request = message_factory.GetMessageClass(described.input_type)()
    fields = filled(REQUESTS.get(method, {}), authority)
    json_format.ParseDict({**fields, **(extra or {})}, request)
    call = channel.stream_stream(
        f"/{service}/{method}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=lambda message: message,
    )
    try:
        for _ in call(iter([request]), metadata=metadata, timeout=SECONDS):
            break
    except grpc.RpcError as error:
        is_endless = method.startswith("Watch")
        if is_endless and error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
            return grpc.StatusCode.OK
        return error.code()
    return grpc.StatusCode.OK


def expected(row, role, reaches):
    if row["everybody"]:
        return None
    if role is None:
        return grpc.StatusCode.UNAUTHENTICATED
    scope = row.get(role, "")
    if scope == "all" or (scope in ("own", "delegated") and reaches):
        return None
    return grpc.StatusCode.PERMISSION_DENIED


def delegate(channels, callers):
    """Has the supplier act for the authority, and waits until both services know."""
    service, supplier = "mesur.submission.v1.SubmissionService", {"supplier": "dev:supplier"}
    channel, approver = channels["submission"], callers["approver"]
    code = ask(channel, service, "CreateDelegation", OWN, approver, supplier)
    assert code == grpc.StatusCode.OK, code
    channel, service = channels["validation"], "mesur.validation.v1.ValidationService"
    until, denied = time.monotonic() + 30, grpc.StatusCode.PERMISSION_DENIED
    while ask(channel, service, "GetReport", OWN, callers["supplier"]) == denied:
        assert time.monotonic() < until, "validation does not learn of the delegation"


def main(document, tokens):
    found = addresses(sys.stdin)
    channels = {name: grpc.insecure_channel(address) for name, address in found.items()}
    callers = {role: caller(f"{tokens}/{name}.token") for role, name in TOKENS.items()}
    callers[None] = []

    delegate(channels, callers)

    wrong, cells = [], 0
    for service, method, row in table(document):
        assert row["states"], f"{method} does not say in which states"
        channel = channels[MODULES[service.split(".")[1]][0]]
        for role, metadata in callers.items():
            for authority in [OWN, OTHER] if method in REQUESTS else [OWN]:
                due = expected(row, role, authority == OWN)
                code = ask(channel, service, method, authority, metadata)
                refusals = (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED)
                unserved = (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNAVAILABLE)
                cells += 1
                if code != due and (due or code in refusals + unserved):
                    wrong.append(f"{role} {service}/{method} {authority}: {code}, {due or 'let in'} is due")
    assert not wrong, "\n".join(wrong)
    assert cells > 850, cells
    print(f"{cells} cells of the table hold")


main(*sys.argv[1:])
