"""Holds bills of materials to the schema of CycloneDX, and to Cargo.lock.

    python check.py Cargo.lock BILL...
"""

import json
import pathlib
import sys
import tomllib

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


def faults(lock: dict[tuple[str, str], str | None], text: str) -> list[str]:
    invalid = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if invalid is not None:
        return [f"not valid: {invalid}"]
    bill = json.loads(text)
    found = []
    references = {one["bom-ref"] for one in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
    if len(references) != len(bill["components"]) + 1:
        found.append("a package stands in it twice")
    named = {one["ref"] for one in bill["dependencies"]}
    if named != references:
        found.append(f"of these alone it is told what they need, or alone that they are there: {named ^ references}")
    for edge in bill["dependencies"]:
        found += [f"{edge['ref']} needs {other}, which is not there" for other in edge["dependsOn"] if other not in references]
    for one in bill["components"]:
        key = (one["name"], one["version"])
        digest = one.get("hashes", [{}])[0].get("content")
        if key not in lock or lock[key] != digest:
            found.append(f"{one['bom-ref']} is not what Cargo.lock has")
        if digest and "licenses" not in one:
            found.append(f"{one['bom-ref']} has no licence")
    scopes = {one["name"]: one["scope"] for one in bill["components"]}
    if scopes.get("tonic") != "required" or scopes.get("clap_derive") != "excluded":
        found.append("tonic is linked and clap_derive is not, and it says otherwise")
    return found


def main() -> None:
    lock_file, *bills = sys.argv[1:]
    lock = tomllib.loads(pathlib.Path(lock_file).read_text())
    digests = {(one["name"], one["version"]): one.get("checksum") for one in lock["package"]}
    failed = False
    for name in bills:
        text = pathlib.Path(name).read_text()
        found = faults(digests, text)
        for one in found:
            print(f"{pathlib.Path(name).name}: {one}", file=sys.stderr)
        failed = failed or bool(found)
        bill = json.loads(text)
        linked = sum(one["scope"] == "required" for one in bill["components"])
        print(f"{pathlib.Path(name).name}: {linked} packages linked, {len(bill['components']) - linked} at compile time")
    sys.exit(failed)


if __name__ == "__main__":
    main()
