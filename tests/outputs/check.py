"""Reads the files in the bundle of a release with libraries that are not ours, and compares them with data.csv.

The values of data.csv are the measure: every other file must have each of them, exactly.
"""

import csv
import hashlib
import io
import json
import logging
import shutil
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet
from csvw import CSVW
from pyjstat import pyjstat

NATION = "W92000004"
LANGUAGES = ("en", "cy")


def say(text):
    print(text, flush=True)


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def reference(row):
    return f"{row['metric']}[{row['category']}]" if row["category"] else row["metric"]


class Release:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.rows = rows_of(self.text("data.csv"))
        self.values = {
            (reference(row), row["area_code"]): (row["value"], row["shorthand"])
            for row in self.rows
        }
        assert len(self.values) == len(self.rows), "a fact stands twice"

    def path(self, name):
        return self.folder / name

    def text(self, name):
        return self.path(name).read_text(encoding="utf-8")


def number(text):
    return Decimal(text) if text else None


def json_stat(release):
    for language in LANGUAGES:
        name = f"json-stat.{language}.json"
        dataset = pyjstat.Dataset.read(release.text(name))
        frame = dataset.write("dataframe", naming="id")
        assert len(frame) == len(release.rows), name
        labels = dataset.write("dataframe", naming="label")
        assert labels.isna().sum().drop("value").sum() == 0, name
        # pyjstat makes doubles: what is exact is compared in the text.
        exact = json.loads(release.text(name), parse_float=Decimal, parse_int=Decimal)
        status = exact["status"]
        for place, (cell, area) in enumerate(zip(frame["metric_category"], frame["area"])):
            value, shorthand = release.values[(cell, area)]
            assert exact["value"][place] == number(value), (name, cell, area)
            assert status.get(str(place), "") == shorthand, (name, cell, area)
            seen = frame["value"].iloc[place]
            assert (seen != seen) if not value else seen == float(value), (name, cell, area)
        say(f"{name}: {len(frame)} values by pyjstat, {len(status)} with shorthand")


def parquet(release):
    table = pyarrow.parquet.read_table(release.path("data.parquet")).to_pylist()
    assert len(table) == len(release.rows)
    for row, expected in zip(table, release.rows):
        assert (row["area_code"], row["metric"]) == (expected["area_code"], expected["metric"])
        assert (row["category"] or "") == expected["category"]
        assert row["value"] == number(expected["value"]), row
        assert (row["shorthand"] or "") == expected["shorthand"], row
        for column in ("provided", "expected"):
            assert row[column] == (int(expected[column]) if expected[column] else None), row
    say(f"data.parquet: {len(table)} rows by pyarrow")


def described(release):
    problems = []
    handler = logging.Handler()
    handler.emit = lambda record: problems.append(record.getMessage())
    logging.getLogger("csvw").addHandler(handler)
    document = CSVW(str(release.path("data.csv-metadata.json")), validate=True)
    assert document.is_valid, problems or [str(warning) for warning in document.warnings]
    tables = {str(table.url): table for table in document.tables}
    rows = list(tables["data.csv"].iterdicts())
    assert len(rows) == len(release.rows)
    for row, expected in zip(rows, release.rows):
        assert row["value"] == number(expected["value"]), row
        assert ",".join(row["shorthand"]) == expected["shorthand"], row
    # Keys are checked here by hand: the library leaves a key with an empty text to the reader.
    lookups = {name: rows_of(release.text(name)) for name in tables if name != "data.csv"}
    for name, key in [
        ("areas.csv", ("area_code",)),
        ("metrics.csv", ("metric",)),
        ("categories.csv", ("metric", "category")),
    ]:
        known = [tuple(row[column] for column in key) for row in lookups[name]]
        assert len(known) == len(set(known)), name
        used = {tuple(row[column] for column in key) for row in release.rows}
        assert used == set(known), name
    say(f"data.csv-metadata.json: {len(tables)} tables valid by csvw")


def statswales(release):
    with zipfile.ZipFile(release.path("statswales.zip")) as archive:
        parts = {name: rows_of(archive.read(name).decode("utf-8")) for name in archive.namelist()}
    data = parts["data.csv"]
    facts = set()
    for row in data:
        fact = (row["YearCode"], row["AreaCode"], row["MetricCode"], row["Measure"])
        assert fact not in facts, f"{fact} stands twice"
        facts.add(fact)
        value, shorthand = release.values[(row["MetricCode"], row["AreaCode"])]
        assert (row["Data"], row["NoteCodes"]) == (value, shorthand), row
        assert row["Data"] or row["NoteCodes"], f"{fact} is not whole"
        assert not row["Data"] or Decimal(row["Data"]).is_finite()
        assert ("t" in row["NoteCodes"].split(",")) == (row["AreaCode"] == NATION), row
    for column in ("AreaCode", "MetricCode", "Measure"):
        lookup = parts[f"lookup-{column}.csv"]
        for language in LANGUAGES:
            own = [row for row in lookup if row["lang"] == language]
            codes = [row["refcode"] for row in own]
            assert len(codes) == len(set(codes)), column
            assert set(codes) == {row[column] for row in data}, column
            descriptions = [row["description"] for row in own]
            assert all(descriptions) and len(set(descriptions)) == len(descriptions), column
            above = {row["hierarchy"] for row in own if row.get("hierarchy")}
            assert above <= set(codes), column
    for row in parts["lookup-Measure.csv"]:
        assert row["type"] == "count" and row["format"] in ("integer", "decimal")
    say(f"statswales.zip: {len(data)} whole facts, every code explained in both languages")


def workbooks(release, work):
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        say("tables.*: not checked, LibreOffice is missing")
        return
    categories = {}
    for row in rows_of(release.text("categories.csv")):
        categories.setdefault(row["metric"], []).append(row["category"])
    for language in LANGUAGES:
        for kind in ("xlsx", "ods"):
            name = f"tables.{language}.{kind}"
            out = Path(work) / name
            # Every sheet as a file of its own, numbers as they are held.
            subprocess.run(
                [
                    office,
                    f"-env:UserInstallation=file://{Path(work).resolve()}/office",
                    "--headless",
                    "--convert-to",
                    "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1",
                    "--outdir",
                    str(out),
                    str(release.path(name)),
                ],
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=600,
            )
            seen = sum(
                sheet(release, out / f"tables.{language}-{metric.replace('/', '_')}.csv", metric, columns)
                for metric, columns in categories.items()
            )
            assert seen == len(release.rows), (name, seen)
            say(f"{name}: {seen} values by LibreOffice")


def sheet(release, path, metric, columns):
    lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    header = next(place for place, line in enumerate(lines) if len([field for field in line if field]) > 2)
    assert all(line[0] and not any(line[1:]) for line in lines[:header]), path
    seen = 0
    for line in lines[header + 1 :]:
        assert all(line), f"{path} has an empty cell"
        for column, category in enumerate(columns, start=2):
            cell = f"{metric}[{category}]" if category else metric
            value, shorthand = release.values[(cell, line[1])]
            letters = [letter for letter in shorthand.split(",") if letter and letter != "t"]
            if value:
                assert Decimal(line[column]) == Decimal(value), (path, line)
            else:
                assert line[column] == "".join(f"[{letter}]" for letter in letters), (path, line)
            seen += 1
    return seen


def unpacked(bundle, work):
    """The files of a bundle, each with the digest that the signed manifest gives it."""
    folder = Path(work) / "bundle"
    with zipfile.ZipFile(bundle) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for entry in manifest["files"]:
        content = (folder / "files" / entry["name"]).read_bytes()
        assert len(content) == entry["size_bytes"], entry
        assert "sha256:" + hashlib.sha256(content).hexdigest() == entry["digest"], entry
    assert manifest["release"]["returns"], "the returns are named"
    say(f"bundle.zip: {len(manifest['files'])} files with their digests")
    if shutil.which("openssl") is None:
        say("bundle.zip: the signature is not checked, OpenSSL is missing")
    else:
        command = "pkeyutl -verify -pubin -inkey signing-key.pem -rawin -in manifest.json -sigfile manifest.sig"
        subprocess.run(
            ["openssl", *command.split()], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        say("bundle.zip: signature checked by OpenSSL")
    return folder / "files"


def main():
    bundle, work = sys.argv[1], sys.argv[2]
    release = Release(unpacked(bundle, work))
    say(f"data.csv: {len(release.rows)} values")
    json_stat(release)
    parquet(release)
    described(release)
    statswales(release)
    workbooks(release, work)


if __name__ == "__main__":
    main()
